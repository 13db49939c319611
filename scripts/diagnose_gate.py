"""Error rates, power and number of groups of the gate for discrete subgroups, beside what is in use.

``OMP_NUM_THREADS=1 python scripts/diagnose_gate.py`` draws what docs/diagnosis/gate/plan.yaml fixes and is not stored
yet, cell by cell (a world at a size), and writes docs/subgroup_gate.md and its figure anew from the stored cells;
``--only type_1`` draws one part, ``--only page`` nothing. A row of a stored table holds every replicate as one digit:
the tier (1 for 1 or 0), whether a criterion finds groups (0, 1), or the number of groups told.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from gate_page import write_page
from gate_worlds import GROUPS, NAMES, ONE_POPULATION, frame
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from cohort.analysis.subgroups.clusterings import adjusted_rand, bootstrap_jaccard, crossed, k_means
from cohort.analysis.subgroups.gate import discrete_subgroups, tier_of_groups
from cohort.analysis.subgroups.mixtures import MixtureDescription, describe_mixtures
from cohort.analysis.subgroups.models import SILHOUETTE_LINE, STABLE
from cohort.analysis.subgroups.preparation import PreparedMarkers, prepare_markers
from cohort.analysis.subgroups.recursion import GroupsNumber, number_of_groups
from cohort.output import write_text
from cohort.synthetic import person_table, simulate

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "diagnosis" / "gate"
CRITERIA = ("silhouette", "gap", "bic_raw", "stability")
_BATCH = 25
_REFERENCES, _RESAMPLES = 20, 20

Drawn = tuple[pd.DataFrame, "np.ndarray | None", np.random.Generator]


def load_plan(path: Path = FOLDER / "plan.yaml") -> dict[str, Any]:
    """Return the plan."""
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def cells(plan: Mapping[str, Any], part: str) -> Iterator[tuple[str, float, int, int]]:
    """Return world, distance (0 where there is none), size, and the place of the world in the plan for each cell."""
    told = plan[part]
    names = [name for kind in ("worlds", "two_groups", "three_groups", "scenarios") for name in told.get(kind, [])]
    fixed = told.get("scenarios", [])
    for place, name in enumerate(names):
        distances = told.get("separations", [0.0])
        if name in fixed:
            distances = [fixed[name]] if isinstance(fixed, dict) else [0.0]
        for apart in distances:
            for n in told["sizes"]:
                yield name, float(apart), n, place


def draw_cell(seed: int, cell: tuple[str, float, int, int], replicates: int) -> Iterator[Drawn]:
    """Return the replicates of a cell one by one: table, true groups where there are any, and a generator."""
    name, apart, n, place = cell
    generators = [np.random.default_rng([seed, place, n, int(10 * apart), number]) for number in range(replicates)]
    if name in ONE_POPULATION:
        yield from ((frame(ONE_POPULATION[name](rng, n)), None, rng) for rng in generators)
    elif name in GROUPS:
        for rng in generators:
            values, group = GROUPS[name](rng, n, apart)
            yield frame(values), group, rng
    else:
        yield from _draw_scenario(name, n, seed, generators)


def _draw_scenario(name: str, n: int, seed: int, generators: list[np.random.Generator]) -> Iterator[Drawn]:
    """Return cohorts of n people who have all markers and covariates, cut out of greater cohorts of the scenario."""
    for start in range(0, len(generators), _BATCH):
        cohort = simulate(name, int(1.75 * _BATCH * n) + 4096, seed + start * 10 + n)
        table = person_table(cohort)
        complete = prepare_markers(table, rng=np.random.default_rng(seed)).index.to_numpy()
        group = cohort.nodes.get("subgroup")
        for number, rng in enumerate(generators[start : start + _BATCH]):
            rows = complete[number * n : (number + 1) * n]
            if len(rows) < n:
                raise SystemExit(f"{name}: fewer complete people than {n} for replicate {start + number}")
            yield table.loc[rows].reset_index(drop=True), None if group is None else np.asarray(group)[rows], rng


def prepared_from(table: pd.DataFrame, rng: np.random.Generator) -> PreparedMarkers:
    """Return the markers of a replicate, prepared as the package does."""
    return prepare_markers(table, NAMES, (), rng=rng) if "a" in table else prepare_markers(table, rng=rng)


def tiers(plan: Mapping[str, Any], part: str, cell: tuple[str, float, int, int]) -> dict[str, Any]:
    """Return the tier in each replicate of a cell."""
    digits, sizes = [], []
    for table, _, rng in draw_cell(plan[part]["seed"], cell, plan[part]["replicates"][cell[2]]):
        prepared = prepared_from(table, rng)
        sizes.append(prepared.n)
        digits.append(tier_of_groups(prepared, rng=rng, **plan["gate"]))
    return {"analysed": int(np.median(sizes)), "tiers": "".join(map(str, digits))}


def by_others(plan: Mapping[str, Any], part: str, cell: tuple[str, float, int, int]) -> dict[str, Any]:
    """Return whether each criterion in use finds groups in the first replicates of a cell of one population."""
    found = []
    for table, _, rng in draw_cell(plan[part]["seed"], cell, plan["others"]["replicates"][cell[2]]):
        prepared = prepared_from(table, rng)
        raw = table.loc[prepared.index, list(prepared.markers)].to_numpy(dtype=float)
        found.append(_criteria(raw, prepared.scalings["log"], rng))
    return {name: "".join("1" if one[name] else "0" for one in found) for name in CRITERIA}


def _criteria(raw: np.ndarray, logs: np.ndarray, rng: np.random.Generator) -> dict[str, bool]:
    """Return whether groups are found: silhouette and BIC on standardised raw values, the others on prepared logs."""
    raw = (raw - raw.mean(axis=0)) / raw.std(axis=0)
    silhouettes = [silhouette_score(raw, KMeans(k, n_init=2, random_state=0).fit_predict(raw)) for k in (2, 3, 4)]
    bic = [GaussianMixture(k, reg_covar=1e-4, random_state=0).fit(raw).bic(raw) for k in (1, 2, 3)]
    centred = logs - logs.mean(axis=0)
    placed = centred @ np.linalg.svd(centred, full_matrices=False)[2].T
    low, high = placed.min(axis=0), placed.max(axis=0)
    uniform = low + (high - low) * rng.random((_REFERENCES, *logs.shape))
    within = [np.log(k_means(uniform, k, rng, starts=1).within) for k in (1, 2)]
    own = [k_means(logs[None], k, rng, starts=4) for k in (1, 2)]
    gap = [float(drawn.mean() - np.log(one.within[0])) for drawn, one in zip(within, own, strict=True)]
    error = float(within[1].std() * np.sqrt(1 + 1 / _REFERENCES))
    jaccard = bootstrap_jaccard(logs, own[1].labels[0], 2, rng, draws=_RESAMPLES, starts=2)
    return {
        "silhouette": max(silhouettes) > SILHOUETTE_LINE,
        "gap": gap[0] < gap[1] - error,
        "bic_raw": min(bic[1:]) < bic[0],
        "stability": bool(jaccard.mean(axis=0).min() >= STABLE),
    }


def power(plan: Mapping[str, Any], part: str, cell: tuple[str, float, int, int]) -> dict[str, Any]:
    """Return the tier in each replicate of a cell with groups, and how well mixture classes are the groups."""
    digits, agreement = [], []
    for table, group, rng in draw_cell(plan[part]["seed"], cell, plan[part]["replicates"][cell[2]]):
        prepared = prepared_from(table, rng)
        start = rng.bit_generator.state
        tier = tier_of_groups(prepared, rng=rng, **plan["gate"])
        digits.append(tier)
        if tier == 3 and len(agreement) < plan[part]["ari_replicates"]:
            rng.bit_generator.state = start
            gate = discrete_subgroups(prepared, rng=rng, **plan["gate"])
            described = describe_mixtures(prepared, gate, rng=rng, most_classes=4, starts=2, shapes=("tied",))
            if isinstance(described, MixtureDescription) and group is not None:
                agreement.append(_rand(described.assignment, np.asarray(group)))
    ari = f"{np.mean(agreement):.4f}" if agreement else ""
    return {"tiers": "".join(map(str, digits)), "ari": ari, "ari_replicates": len(agreement)}


def _rand(named: pd.Series, group: np.ndarray) -> float:
    first, second = named.to_numpy(dtype=np.int64) - 1, group[named.index].astype(np.int64)
    most = int(max(first.max(), second.max())) + 1
    return float(adjusted_rand(crossed(first[None], second[None], most))[0])


def number(plan: Mapping[str, Any], part: str, cell: tuple[str, float, int, int]) -> dict[str, Any]:
    """Return the number of groups told in each replicate, and how well the parts are the groups at two and more."""
    digits, agreement = [], []
    for table, group, rng in draw_cell(plan[part]["seed"], cell, plan[part]["replicates"][cell[2]]):
        prepared = prepared_from(table, rng)
        gate = discrete_subgroups(prepared, rng=rng, **plan["gate"])
        found = number_of_groups(prepared, gate, rng=rng)
        said = found.at_least if isinstance(found, GroupsNumber) else 1
        digits.append(min(said, 9))
        if isinstance(found, GroupsNumber) and found.assignment is not None and group is not None:
            agreement.append(_rand(found.assignment, np.asarray(group)))
    ari = f"{np.mean(agreement):.4f}" if agreement else ""
    return {"said": "".join(map(str, digits)), "ari": ari, "ari_replicates": len(agreement)}


Work = Callable[[Mapping[str, Any], str, tuple[str, float, int, int]], dict[str, Any]]
PARTS: Mapping[str, tuple[str, Work]] = {
    "type_1": ("type_1", tiers),
    "others": ("type_1", by_others),
    "power": ("power", power),
    "number": ("number", number),
}
"""Which worlds of the plan each part draws, and what it does with a cell."""


def read_cells(part: str) -> pd.DataFrame:
    """Return the stored cells of a part; rows of digits as text."""
    path = FOLDER / f"{part}.csv"
    if not path.exists():
        return pd.DataFrame()
    text = dict.fromkeys(("tiers", "said", *CRITERIA), "str")
    return pd.read_csv(path, comment="#", encoding="utf-8", dtype=text)


def draw_part(plan: Mapping[str, Any], part: str, size: int | None = None, until: float = np.inf) -> None:
    """Draw the cells of a part that are not stored, and store each when it is done."""
    section, work = PARTS[part]
    stored = read_cells(part)
    for cell in cells(plan, section):
        name, apart, n, _ = cell
        if size not in {None, n}:
            continue
        if len(stored) and ((stored["world"] == name) & (stored["apart"] == apart) & (stored["n"] == n)).any():
            continue
        if time.time() > until:
            break
        start = time.process_time()
        with threadpool_limits(limits=1):
            row = {"world": name, "apart": apart, "n": n, **work(plan, section, cell)}
        stored = pd.concat([stored, pd.DataFrame([row])], ignore_index=True)
        told = f"# python scripts/diagnose_gate.py --only {part} (plan.yaml)\n"
        write_text(FOLDER / f"{part}.csv", told + stored.to_csv(index=False, lineterminator="\n"))
        print(part, row, f"{time.process_time() - start:.0f} s", flush=True)


def main() -> int:
    """Draw what is not stored and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=[*PARTS, "page"])
    parser.add_argument("--size", type=int, help="draw only cells of this size")
    parser.add_argument("--minutes", type=float, default=np.inf, help="begin no cell later than this")
    options = parser.parse_args()
    plan, until = load_plan(), time.time() + 60 * options.minutes
    for part in PARTS:
        if options.only in {None, part}:
            draw_part(plan, part, options.size, until)
    if options.only in {None, "page"}:
        write_page(plan, {part: read_cells(part) for part in PARTS}, FOLDER.parent.parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
