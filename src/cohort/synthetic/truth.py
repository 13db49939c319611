"""The truth: effects by intervention in the same people, and population values without measurement error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.synthetic.immune import DISEASES
from cohort.synthetic.model import ancestors, descendants
from cohort.synthetic.node import Array
from cohort.synthetic.scenario import Scenario, load_scenario
from cohort.synthetic.simulate import block_sizes, draw_block

COLUMNS = ("estimand", "exposure", "outcome", "measure", "value", "monte_carlo_se", "n")
CAUSAL = "average effect of the exposure in the whole population, by intervention"
CLASSES = "groups of people with their own mean of the immune markers"


@dataclass(frozen=True)
class _Outcome:
    """An outcome: its name, the nodes it is made of, and how."""

    name: str
    nodes: tuple[str, ...]
    of: Callable[[Mapping[str, Array]], Array]


def _ln_crp(scenario: Scenario) -> Callable[[Mapping[str, Array]], Array]:
    limit, decimals = scenario.knob("crp_obs.limit"), int(scenario.knob("crp_obs.decimals"))
    return lambda v: np.log(np.maximum(np.round(v["crp_obs"], decimals), limit))


def _outcomes(scenario: Scenario) -> dict[str, _Outcome]:
    return {
        "has_depression": _Outcome("has_depression", ("phq9",), lambda v: v["phq9"].sum(axis=1) >= 10),
        "depression_latent": _Outcome("depression_latent", ("dep",), lambda v: v["dep"]),
        "ln_crp": _Outcome("ln_crp", ("crp_obs",), _ln_crp(scenario)),
        "ln_crp_latent": _Outcome("ln_crp_latent", ("crp_true",), lambda v: v["crp_true"]),
    }


def _questions() -> list[tuple[str, str, tuple[str, ...]]]:
    """Return which node is set, the canonical name of the exposure, and the outcomes asked for."""
    both = ("has_depression", "depression_latent")
    return [
        ("aid", "has_any_autoimmune_disease", (*both, "ln_crp")),
        *((disease, f"has_{disease}", both) for disease in DISEASES),
        ("trauma", "has_childhood_trauma", (*both, "ln_crp", "ln_crp_latent")),
        ("cmv", "is_cmv_seropositive", (*both, "ln_crp")),
    ]


def true_effects(scenario: Scenario | str, n: int = 262_144, seed: int = 1) -> pd.DataFrame:
    """Return the true average effects: everybody exposed against nobody exposed, the same people in both worlds.

    Each person keeps all random numbers in both worlds (common random numbers), so the difference between the worlds is
    the effect and little else. Outcomes are depression as measured (``has_depression``: PHQ-9 of at least 10, all nine
    items answered) and as it is (``depression_latent``), and ln CRP as measured and as it is. The exposure is always
    the true one: trauma as it happened, infection as it was.

    Parameters
    ----------
    scenario
        A scenario or its name.
    n
        Number of simulated people; the Monte-Carlo error falls with its root.
    seed
        Seed.

    Returns
    -------
    DataFrame
        ``estimand``, ``exposure``, ``outcome``, ``measure`` (risk ratio, risk difference, marginal odds ratio, mean
        difference), ``value``, ``monte_carlo_se`` (of the value), ``n``.
    """
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    outcomes = _outcomes(world)
    needed = ancestors(node for outcome in outcomes.values() for node in outcome.nodes)
    tally = _Tally()
    for block, rows in enumerate(block_sizes(n, seed)):
        nature = draw_block(world, seed, block, rows, only=needed)
        for node, exposure, names in _questions():
            asked = ancestors(target for name in names for target in outcomes[name].nodes)
            set_nodes = set(DISEASES) if node == "aid" else {node}
            moved = (descendants(set_nodes) | set_nodes) & asked
            exposed, unexposed = (
                draw_block(world, seed, block, rows, do={node: value}, only=moved, given=nature) for value in (1, 0)
            )
            for name in names:
                tally.add((exposure, name), outcomes[name].of(exposed), outcomes[name].of(unexposed))
    rows_out = [row for (exposure, name), sums in tally.sums.items() for row in _contrast(exposure, name, sums)]
    return pd.DataFrame(rows_out, columns=list(COLUMNS))


class _Tally:
    """Sums of paired outcomes over blocks: n, y1, y0, y1^2, y0^2, y1*y0."""

    def __init__(self) -> None:
        self.sums: dict[tuple[str, str], Array] = {}

    def add(self, key: tuple[str, str], exposed: Array, unexposed: Array) -> None:
        a, b = exposed.astype(float), unexposed.astype(float)
        new = np.array([len(a), a.sum(), b.sum(), a @ a, b @ b, a @ b])
        self.sums[key] = self.sums.get(key, np.zeros(6)) + new


def _contrast(exposure: str, outcome: str, sums: Array) -> list[tuple[str, str, str, str, float, float, int]]:
    n, a, b, aa, bb, ab = sums
    p, q = a / n, b / n
    var_p, var_q, cov = (aa / n - p * p) / n, (bb / n - q * q) / n, (ab / n - p * q) / n

    def se(gradient_p: float, gradient_q: float) -> float:
        """Return the standard error by the delta method, with the covariance of the two worlds."""
        variance = gradient_p**2 * var_p + gradient_q**2 * var_q + 2 * gradient_p * gradient_q * cov
        return float(np.sqrt(max(variance, 0.0)))

    if outcome.startswith("ln_"):
        found = [("mean difference", p - q, se(1.0, -1.0))]
    else:
        ratio, odds = p / q, p / (1 - p) * (1 - q) / q
        found = [
            ("odds ratio", odds, odds * se(1 / (p * (1 - p)), -1 / (q * (1 - q)))),
            ("risk ratio", ratio, ratio * se(1 / p, -1 / q)),
            ("risk difference", p - q, se(1.0, -1.0)),
        ]
    return [(CAUSAL, exposure, outcome, measure, value, error, int(n)) for measure, value, error in found]


def population_values(scenario: Scenario | str, n: int = 262_144, seed: int = 1) -> pd.DataFrame:
    """Return error-free descriptive values of the population: prevalences, and the odds of disease by depression.

    Descriptive claims ("threefold more frequent") are about these, not about effects.

    Parameters
    ----------
    scenario, n, seed
        As in :func:`true_effects`.

    Returns
    -------
    DataFrame
        The columns of :func:`true_effects`.
    """
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    needed = ancestors(("aid", "phq9", "trauma", "cmv", "dep"))
    parts = []
    for block, rows in enumerate(block_sizes(n, seed)):
        v = draw_block(world, seed, block, rows, only=needed)
        parts.append(
            {
                **{f"has_{disease}": v[disease] for disease in DISEASES},
                "has_any_autoimmune_disease": v["aid"],
                "has_childhood_trauma": v["trauma"],
                "is_cmv_seropositive": v["cmv"],
                "has_lifetime_depression": v["dep_past"],
                "depression_latent": v["dep"],
                "has_depression": v["phq9"].sum(axis=1) >= 10,
            }
        )
    people = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    rows_out: list[tuple[str, str, str, str, float, float, int]] = []
    for name in people:
        share = float(people[name].mean())
        rows_out.append(
            ("share of the population", str(name), "", "prevalence", share, np.sqrt(share * (1 - share) / n), n)
        )
    for outcome in ("has_depression", "depression_latent"):
        for exposure in people.columns.drop(["has_depression", "depression_latent"]):
            ill, low = people[exposure].to_numpy(), people[outcome].to_numpy()
            cells = np.array(
                [(ill & low).sum(), (ill & ~low).sum(), (~ill & low).sum(), (~ill & ~low).sum()], dtype=float
            )
            odds = cells[0] * cells[3] / (cells[1] * cells[2])
            error = odds * np.sqrt((1 / np.maximum(cells, 0.5)).sum())
            rows_out.append(
                ("association in the population, not adjusted", str(exposure), outcome, "odds ratio", odds, error, n)
            )
    rows_out.append((CLASSES, "", "immune markers", "number of subgroups", float(latent_subgroups(world)), 0.0, n))
    return pd.DataFrame(rows_out, columns=list(COLUMNS))


def latent_subgroups(scenario: Scenario) -> int:
    """Return how many immune subgroups differ in any marker; 1 where no scenario shifts them apart.

    Examples
    --------
    >>> latent_subgroups(load_scenario("literature_like")), latent_subgroups(load_scenario("true_three_subgroups"))
    (1, 3)
    """
    markers = ("crp_obs", "il6_obs", "tnf_obs", "blood_count")
    shifts = np.array([scenario.knob(f"{marker}.subgroup_shift") for marker in markers], dtype=float)
    return len(np.unique(shifts, axis=1).T)
