"""Whether mediation analysis finds effects that are known by intervention: bias and coverage, with and without gaps.

Two worlds in which natural effects are identified, one in which they are not, with continuous and yes/no outcomes; in
the first two a fifth of a mediator and a fifth of a covariate are missing at random as well.
``OMP_NUM_THREADS=1 python scripts/diagnose_mediation.py`` writes ``docs/diagnosis/mediation.csv`` anew, and
``python scripts/write_mediation_page.py`` the page from it. Seeds and rules stood here before the method was
looked at; sizes were cut for the sake of time as the page says.
"""

from __future__ import annotations

import argparse
import functools
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from scipy import special
from threadpoolctl import threadpool_limits

from cohort.analysis.imputation import imputed
from cohort.analysis.mediation import interventional_effects, natural_effects
from cohort.analysis.sampling import design_of
from cohort.analysis.variables import readable
from cohort.output import write_text
from cohort.results import Estimate, Result
from cohort.synthetic import load_scenario, simulate, true_effects
from cohort.synthetic.scenario import Scenario
from cohort.synthetic.simulate import block_sizes, draw_block

ROOT = Path(__file__).resolve().parent.parent
SEED = 20261124
REPLICATES = {"complete": 500, "missing": 300, "not identified": 100}
ROUNDS = 5
TRUTH_PEOPLE = 2**19
METHODS = ("complete data", "complete cases", "imputed", "imputed by exposure")
EFFECTS = ("total effect", "natural direct effect", "natural indirect effect")
MEASURES = {"continuous": ("mean difference",), "binary": ("risk difference", "risk ratio")}
TABLE = ROOT / "docs" / "diagnosis" / "mediation.csv"
PAGE = ROOT / "docs" / "mediation.md"
FIRST = ROOT / "docs" / "diagnosis" / "mediation_first.csv"
STORED_FIRST = 2
"""Cohorts whose estimates are stored one by one, for a test to draw them again."""
_CHUNK = 10


@dataclass(frozen=True)
class World:
    """People of whom the effects are known, and how they are analysed.

    Parameters
    ----------
    draw
        From a number of people and a seed to a table without gaps: ``exposed``, ``y`` (continuous), ``ill`` (yes/no),
        mediators and covariates.
    truth
        From an outcome's kind to effects by name.
    n
        People in each cohort.
    mediators, adjustment
        Columns.
    incomplete
        What a fifth of people lack: a mediator and a covariate.
    by_exposure
        Whether people are imputed within exposed and unexposed as well.
    identified
        Whether the assumptions hold.
    bootstrap
        Samples: of complete data, of complete cases (none: not analysed), and of each imputed table. Fewer where there
        are more people, for the sake of time.
    imputations
        Imputed tables.
    outcomes
        Kinds of outcome that are analysed.
    """

    draw: Callable[[int, np.random.SeedSequence], pd.DataFrame]
    truth: Callable[[], Mapping[str, tuple[float, float]]]
    n: int
    mediators: tuple[str, ...]
    adjustment: tuple[str, ...]
    incomplete: tuple[str, ...] = ()
    by_exposure: bool = False
    identified: bool = True
    bootstrap: tuple[int, int, int] = (200, 100, 25)
    imputations: int = 10
    outcomes: tuple[str, ...] = ("continuous", "binary")


# --- a world with a strong interaction of exposure and mediator, in which the models hold exactly -------------------


def _interacting(c1: np.ndarray, c2: np.ndarray, exposed: np.ndarray, m: np.ndarray) -> dict[str, np.ndarray]:
    both = exposed * m
    return {
        "continuous": 0.3 * exposed + 0.4 * m + 0.3 * both + 0.3 * c1 + 0.3 * c2,
        "binary": special.expit(-1 + 0.4 * exposed + 0.5 * m + 0.4 * both + 0.3 * c1 + 0.3 * c2),
    }


def _mediator(c1: np.ndarray, c2: np.ndarray, exposed: np.ndarray | float) -> np.ndarray:
    return np.asarray(0.8 * exposed + 0.4 * c1 + 0.4 * c2)


def draw_interacting(n: int, seed: np.random.SeedSequence) -> pd.DataFrame:
    """Return people with covariates c1 and c2, an exposure, a mediator m and two outcomes."""
    rng = np.random.default_rng(seed)
    c1 = rng.normal(size=n)
    c2 = 0.4 * c1 + rng.normal(size=n)
    exposed = (rng.random(n) < special.expit(0.5 * c1 + 0.3 * c2)).astype(float)
    m = _mediator(c1, c2, exposed) + rng.normal(size=n)
    mean = _interacting(c1, c2, exposed, m)
    y, ill = mean["continuous"] + rng.normal(size=n), rng.random(n) < mean["binary"]
    return pd.DataFrame({"c1": c1, "c2": c2, "exposed": exposed, "m": m, "y": y, "ill": ill})


def truth_interacting() -> dict[str, tuple[float, float]]:
    """Return the effects by intervention: everybody's outcome with exposure and mediator set, the same errors."""
    rng, people = np.random.default_rng([SEED, 0]), 2 * TRUTH_PEOPLE
    c1 = rng.normal(size=people)
    c2 = 0.4 * c1 + rng.normal(size=people)
    errors = rng.normal(size=people)
    arms = [
        _interacting(c1, c2, np.full(people, a), _mediator(c1, c2, b) + errors)
        for a, b in ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))
    ]
    found = {}
    for effect, (low, high) in zip(EFFECTS, ((0, 2), (0, 1), (1, 2)), strict=True):
        for kind, measures in MEASURES.items():
            one, other = arms[high][kind], arms[low][kind]
            for measure in measures:
                if measure == "risk ratio":
                    each = one / one.mean() - other / other.mean()
                    found[f"{effect}, {measure}"] = (math.log(one.mean() / other.mean()), _error(each))
                else:
                    found[f"{effect}, {measure}"] = (float((one - other).mean()), _error(one - other))
    return found


def _error(each: np.ndarray) -> float:
    return float(each.std() / math.sqrt(len(each)))


# --- the generator's world: trauma, smoking and body mass index, CRP and depression ---------------------------------

NODES = ("age", "sex", "ses_parent", "u_fam", "education", "dep_past", "activity", "diet", "trauma", "smoking", "bmi")
THROUGH = "interventional indirect effect through {}, mean difference"


def literature(*, identified: bool) -> Scenario:
    """Return the world of literature; identified: education and past depression are no consequences of trauma."""
    world = load_scenario("literature_like")
    if not identified:
        return world
    return world.with_changes({"education.slope.trauma": 0.0, "dep_onset.rate_ratio.trauma": 1.0})


def draw_literature(n: int, seed: np.random.SeedSequence, *, identified: bool) -> pd.DataFrame:
    """Return people of the generator as they are, without errors of measurement."""
    number = int(seed.generate_state(1)[0])
    people = simulate(literature(identified=identified), n, number, nodes=[*NODES, "crp_true", "dep"]).latent
    numbers = people[[name for name in NODES if name not in ("trauma", "smoking", "dep_past")]].astype(float)
    yes_no = people[["smoking", "dep_past"]].astype(bool)
    return pd.concat([numbers, yes_no], axis=1).assign(
        exposed=people["trauma"].astype(float), y=people["crp_true"].astype(float), ill=people["dep"].astype(bool)
    )


def truth_literature(*, identified: bool) -> dict[str, tuple[float, float]]:
    """Return the effects by intervention in the generator, nested ones with mediators held as without trauma."""
    world = literature(identified=identified)
    table = true_effects(world, TRUTH_PEOPLE, SEED, exposures=["has_childhood_trauma"])
    words = {
        "average effect of the exposure in the whole population, by intervention": EFFECTS[0],
        "natural direct effect, not by BMI and smoking": EFFECTS[1],
        "natural indirect effect, by BMI and smoking": EFFECTS[2],
    }
    found = {}
    for row in table.itertuples():
        if row.estimand not in words or row.outcome not in ("ln_crp_latent", "depression_latent"):
            continue
        value, error = float(row.value), float(row.monte_carlo_se)
        if row.measure == "risk ratio":
            value, error = math.log(value), error / value
        found[f"{words[row.estimand]}, {row.measure}"] = (value, error)
    return found | (truth_interventional(world) if identified else {})


def truth_interventional(world: Scenario) -> dict[str, tuple[float, float]]:
    """Return the interventional effects on CRP: each mediator drawn anew, by noise of its own, from its own causes."""
    needed = world.ancestors(["crp_true"])
    sums: dict[str, list[np.ndarray]] = {}
    for block, rows in enumerate(block_sizes(TRUTH_PEOPLE // 4, SEED)):
        nature = draw_block(world, SEED, block, rows, only=needed)

        def drawn(
            mediator: str, trauma: int, block: int = block, rows: int = rows, nature: dict = nature
        ) -> np.ndarray:
            given = nature | {"trauma": np.full(rows, trauma)}
            return draw_block(world, SEED + 1, block, rows, only=[mediator], given=given)[mediator]

        def outcome(
            trauma: int, bmi: int, smoking: int, block: int = block, rows: int = rows, nature: dict = nature
        ) -> np.ndarray:
            do = {"trauma": trauma, "bmi": drawn("bmi", bmi), "smoking": drawn("smoking", smoking)}
            moved = (world.descendants(do) | set(do)) & needed
            return draw_block(world, SEED, block, rows, do=do, only=moved, given=nature)["crp_true"]

        neither, direct = outcome(0, 0, 0), outcome(1, 0, 0)
        smoked, all_of_it = outcome(1, 0, 1), outcome(1, 1, 1)
        for name, each in (
            ("interventional direct effect, mean difference", direct - neither),
            (THROUGH.format("smoking"), smoked - direct),
            (THROUGH.format("bmi"), all_of_it - smoked),
        ):
            sums.setdefault(name, []).append(each)
    return {name: (float(np.concatenate(parts).mean()), _error(np.concatenate(parts))) for name, parts in sums.items()}


BASELINE = ("age", "sex", "ses_parent", "u_fam")
WORLDS: Mapping[str, World] = {
    "interaction": World(
        draw_interacting, truth_interacting, 500, ("m",), ("c1", "c2"), incomplete=("m", "c2"), by_exposure=True
    ),
    "literature": World(
        functools.partial(draw_literature, identified=True),
        functools.partial(truth_literature, identified=True),
        1000,
        ("smoking", "bmi"),
        (*BASELINE, "education", "dep_past", "activity", "diet"),
        incomplete=("bmi", "education"),
        bootstrap=(100, 0, 20),
        imputations=5,
    ),
    "not identified": World(
        functools.partial(draw_literature, identified=False),
        functools.partial(truth_literature, identified=False),
        1000,
        ("smoking", "bmi"),
        BASELINE,
        identified=False,
        bootstrap=(100, 0, 0),
    ),
}
OUTCOMES = {"continuous": "y", "binary": "ill"}


def hide(people: pd.DataFrame, world: World, kind: str, rng: np.random.Generator) -> pd.DataFrame:
    """Return the people with a fifth of a mediator and of a covariate missing at random, by exposure and outcome."""
    seen = people.copy()
    exposed = people["exposed"].to_numpy(dtype=float)
    outcome = people[OUTCOMES[kind]].to_numpy(dtype=float)
    outcome = (outcome - outcome.mean()) / (outcome.std() if kind == "continuous" else 1.0)
    pushed = 0.6 * (exposed - exposed.mean()) + 0.6 * outcome
    for place, name in enumerate(world.incomplete):
        # The sign turns, so that both are seldom missing together; the intercepts make it a fifth.
        share = special.expit((-1.51 if kind == "continuous" else -1.43) + (1, -1)[place] * pushed)
        seen.loc[rng.random(len(seen)) < share, name] = math.nan
    return seen


def effects(table: pd.DataFrame, world: World, kind: str, *, replicates: int, seed: int) -> dict[str, Result]:
    """Return natural effects, and in the generator's world the interventional ones on CRP as well."""
    given = {"outcome": OUTCOMES[kind], "exposure": "exposed", "mediators": world.mediators,
             "adjustment": world.adjustment, "replicates": replicates, "seed": seed}  # fmt: skip
    return natural_effects(table, design=design_of(table), **given)


def parts_of(table: pd.DataFrame, world: World, *, replicates: int, seed: int) -> dict[str, Result]:
    """Return the interventional effects on the continuous outcome, part by part."""
    found = interventional_effects(
        table, outcome="y", exposure="exposed", mediators=world.mediators, adjustment=world.adjustment,
        design=design_of(table), replicates=replicates, seed=seed,
    )  # fmt: skip
    spoken = {THROUGH.format(readable(name)): THROUGH.format(name) for name in world.mediators}
    return {spoken.get(key, key): result for key, result in found.items() if key.startswith("interventional")}


def analyses(
    world: World, kind: str, people: pd.DataFrame, rng: np.random.Generator, *, gaps: bool
) -> dict[str, Mapping[str, Result]]:
    """Return the results of all methods on one cohort."""
    seed = int(rng.integers(2**32))
    size, of_cases, of_each = world.bootstrap
    whole = effects(people, world, kind, replicates=size, seed=seed)
    if gaps and len(world.mediators) > 1 and kind == "continuous":
        whole |= parts_of(people, world, replicates=size, seed=seed)
    found: dict[str, Mapping[str, Result]] = {"complete data": whole}
    if not gaps:
        return found
    seen = hide(people, world, kind, rng)
    if of_cases:
        found["complete cases"] = effects(seen, world, kind, replicates=of_cases, seed=seed)
    variables = ["exposed", OUTCOMES[kind], *world.mediators, *world.adjustment]

    def by_imputation(names: Sequence[str], by: str | None) -> Mapping[str, Result]:
        return imputed(
            seen, lambda table: effects(table, world, kind, replicates=of_each, seed=seed), names,
            by=by, design=design_of(seen), m=world.imputations, iterations=ROUNDS, seed=seed,
        )  # fmt: skip

    found["imputed"] = by_imputation(variables, None)
    if world.by_exposure:
        found["imputed by exposure"] = by_imputation(variables[1:], "exposed")
    return found


def one_replicate(name: str, kind: str, seed: np.random.SeedSequence, *, gaps: bool) -> list[dict[str, object]]:
    """Return the estimates of all methods on one draw of people, on the scale on which they are normal."""
    world = WORLDS[name]
    of_people, of_the_rest = seed.spawn(2)
    people = world.draw(world.n, of_people)
    wanted = {f"{effect}, {measure}" for effect in EFFECTS for measure in MEASURES[kind]}
    rows: list[dict[str, object]] = []
    for method, results in analyses(world, kind, people, np.random.default_rng(of_the_rest), gaps=gaps).items():
        for effect, result in results.items():
            if effect not in wanted and not effect.startswith("interventional"):
                continue
            if isinstance(result, Estimate):
                ends, value, error = result.interval(), result.value, result.standard_error
            else:
                ends, value, error = (math.nan, math.nan), math.nan, math.nan
            if effect.endswith("risk ratio"):
                value, ends = math.log(value), (math.log(ends[0]), math.log(ends[1]))
            rows.append({"method": method, "effect": effect, "estimate": value, "standard_error": error,
                         "low": ends[0], "high": ends[1]})  # fmt: skip
    return rows


def _chunk(
    name: str, kind: str, seeds: Sequence[np.random.SeedSequence], gaps: Sequence[bool]
) -> list[dict[str, object]]:
    with threadpool_limits(1):
        return [
            row | {"replicate": seed.spawn_key[-1]}
            for seed, missing in zip(seeds, gaps, strict=True)
            for row in one_replicate(name, kind, seed, gaps=missing)
        ]


def replicates_of(name: str) -> tuple[int, int]:
    """Return how many cohorts are drawn in a world, and in how many of them values are hidden."""
    if not WORLDS[name].identified:
        return REPLICATES["not identified"], 0
    return REPLICATES["complete"], REPLICATES["missing"]


def draws(name: str, kind: str, first: int | None = None, workers: int = 1) -> pd.DataFrame:
    """Return the estimates of all methods in all cohorts, or in the first of them."""
    count, hidden = replicates_of(name)
    seeds = np.random.SeedSequence([SEED, list(WORLDS).index(name), len(kind)]).spawn(count)[:first]
    gaps = [place < hidden for place in range(len(seeds))]
    parts = Parallel(n_jobs=workers)(
        delayed(_chunk)(name, kind, seeds[start : start + _CHUNK], gaps[start : start + _CHUNK])
        for start in range(0, len(seeds), _CHUNK)
    )
    return pd.DataFrame([row for part in parts for row in part])


def summary(name: str, kind: str, drawn: pd.DataFrame, truth: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Return one row per method and effect: bias, coverage, and whether both pass their rule.

    Parameters
    ----------
    name, kind
        World, and kind of the outcome.
    drawn
        What :func:`draws` returned.
    truth
        Effects with their Monte-Carlo standard error, risk ratios as logarithms.
    """
    rows = []
    for (method, effect), part in drawn.groupby(["method", "effect"], sort=False):
        value, of_truth = truth[str(effect)]
        usable = part.dropna(subset=["estimate"])
        count = len(usable)
        empirical = float(usable["estimate"].std())
        bias = float(usable["estimate"].mean()) - value
        bias_error = math.hypot(empirical / math.sqrt(count), of_truth)
        coverage = float(usable["low"].le(value).mul(usable["high"].ge(value)).mean())
        coverage_error = math.sqrt(0.95 * 0.05 / count)
        rows.append(
            {
                "world": name,
                "outcome": kind,
                "n": WORLDS[name].n,
                "method": method,
                "effect": effect,
                "replicates": count,
                "without_estimate": len(part) - count,
                "truth": value,
                "truth_mc_se": of_truth,
                "bias": bias,
                "bias_mc_se": bias_error,
                "bias_passes": abs(bias) <= 3 * bias_error or abs(bias) < 0.1 * abs(value),
                "coverage": coverage,
                "coverage_mc_se": coverage_error,
                "coverage_passes": abs(coverage - 0.95) <= 0.015 + 3 * coverage_error,
                "empirical_se": empirical,
                "model_se": float(np.sqrt((usable["standard_error"] ** 2).mean())),
            }
        )
    return pd.DataFrame(rows)


def read_table(path: Path) -> pd.DataFrame:
    """Return a stored table."""
    return pd.read_csv(path, comment="#", encoding="utf-8")


def truth_of(name: str, kept: Path | None = None) -> dict[str, tuple[float, float]]:
    """Return the effects in a world by intervention, from a file if it is there."""
    if kept is not None and kept.exists():
        table = read_table(kept)
        return {row.effect: (row.value, row.error) for row in table.itertuples()}
    truth = dict(WORLDS[name].truth())
    if kept is not None:
        rows = [{"effect": effect, "value": value, "error": error} for effect, (value, error) in truth.items()]
        pd.DataFrame(rows).to_csv(kept, index=False, lineterminator="\n")
    return truth


def main() -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--first", type=int, default=None, help="only the first cohorts, and nothing is written")
    parser.add_argument("--draws", type=Path, default=None, help="where estimates are kept for a run that goes on")
    options = parser.parse_args()
    parts, firsts = [], []

    def kept(name: str) -> Path | None:
        return options.draws and options.draws / f"{name.replace(' ', '_')}.csv"

    for name in WORLDS:
        truth = truth_of(name, kept(f"{name} truth"))
        for kind in WORLDS[name].outcomes:
            file = kept(f"{name} {kind}")
            if file is not None and file.exists():
                drawn = read_table(file)
            else:
                drawn = draws(name, kind, options.first, options.workers)
                if file is not None:
                    drawn.to_csv(file, index=False, lineterminator="\n")
            parts.append(summary(name, kind, drawn, truth))
            firsts.append(drawn[drawn["replicate"] < STORED_FIRST].assign(world=name, outcome=kind))
            print(parts[-1].to_string(index=False, float_format="{:.4f}".format), flush=True)
    if options.first is None:
        for path, tables, digits in ((TABLE, parts, "%.6g"), (FIRST, firsts, "%.10g")):
            path.parent.mkdir(parents=True, exist_ok=True)
            stored = pd.concat(tables).to_csv(index=False, float_format=digits, lineterminator="\n")
            write_text(path, f"# python scripts/diagnose_mediation.py (seed {SEED})\n{stored}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
