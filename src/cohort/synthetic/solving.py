"""How constants of the default world were solved, so that prevalences and means land on their sources."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from cohort.errors import CohortError, Problem
from cohort.synthetic.model import NODES
from cohort.synthetic.node import Array
from cohort.synthetic.scenario import Scenario, load_scenario
from cohort.synthetic.simulate import block_sizes, draw_block


@dataclass(frozen=True)
class Constant:
    """A number of the default world that was solved: what it moves, and the target.

    Parameters
    ----------
    path
        The number.
    node, statistic, target
        The node whose statistic has the target.
    bracket
        Two values between which it lies.
    """

    path: str
    node: str
    target: float
    bracket: tuple[float, float]
    statistic: Callable[[Array], float] = np.mean


def _above(limit: float) -> Callable[[Array], float]:
    return lambda values: float((values > limit).mean())


def _total_at_least(limit: float) -> Callable[[Array], float]:
    return lambda items: float((items.sum(axis=1) >= limit).mean())


def _mean_total(items: Array) -> float:
    return float(items.sum(axis=1).mean())


def _pss_total(items: Array) -> float:
    turned = items.astype(float)
    turned[:, [3, 4, 6, 7]] = 4 - turned[:, [3, 4, 6, 7]]
    return _mean_total(turned)


CONSTANTS: tuple[Constant, ...] = (
    Constant("prenatal_infection.intercept", "prenatal_infection", 0.05, (-4, -2)),
    Constant("paternal_infection.intercept", "paternal_infection", 0.05, (-4, -2)),
    Constant("education.intercept", "education", 0.0, (-0.5, 0.5)),
    Constant("dep_onset.rate", "dep_past", 0.192, (0.05, 0.5)),
    Constant("smoking.intercept", "smoking", 0.20, (-4, 0)),
    Constant("activity.intercept", "activity", 0.0, (-0.5, 0.5)),
    Constant("diet.intercept", "diet", 0.0, (-0.5, 0.5)),
    Constant("bmi.intercept", "bmi", 26.0, (22, 29)),
    Constant("ssri_t0.intercept", "ssri_t0", 0.06, (-6, -2)),
    Constant("type_2_diabetes.intercept", "type_2_diabetes", 0.06, (-5, -2)),
    Constant("statin.intercept", "statin", 0.12, (-5, -1)),
    Constant("cmv.intercept", "cmv", 0.50, (-2, 2)),
    Constant("hsv1.intercept", "hsv1", 0.45, (-2, 2)),
    Constant("toxoplasma.intercept", "toxoplasma", 0.30, (-3, 1)),
    Constant("pelvic_infection.intercept", "pelvic_infection", 0.025, (-5, -1)),
    Constant("early_onset_autoimmune_thyroid_disease.rate", "autoimmune_thyroid_disease", 0.0417, (0.003, 0.05)),
    Constant("early_onset_type_1_diabetes.rate", "type_1_diabetes", 0.006, (0.001, 0.02)),
    Constant("early_onset_multiple_sclerosis.rate", "multiple_sclerosis", 0.0020, (0.0002, 0.01)),
    Constant("early_onset_rheumatoid_arthritis.rate", "rheumatoid_arthritis", 0.0080, (0.0005, 0.02)),
    Constant("early_onset_systemic_lupus_erythematosus.rate", "systemic_lupus_erythematosus", 0.00085, (2e-5, 0.002)),
    Constant("early_onset_psoriasis.rate", "psoriasis", 0.033, (0.005, 0.08)),
    Constant("early_onset_inflammatory_bowel_disease.rate", "inflammatory_bowel_disease", 0.0085, (0.001, 0.03)),
    Constant("early_onset_celiac_disease.rate", "celiac_disease", 0.0024, (0.0002, 0.01)),
    Constant("microbiome.intercept", "microbiome", 0.0, (-0.5, 0.5)),
    Constant("inflam.intercept", "crp_obs", 0.192, (-1, 1), _above(3.0)),
    Constant("dep.intercept", "dep", 0.080, (-6, -2)),
    Constant("phq9.shift", "phq9", 0.081, (-1, 1), _total_at_least(10)),
    Constant("bdi2.shift", "bdi2", 7.0, (-1, 1.5), _mean_total),
    Constant("pss10.shift", "pss10", 13.5, (-1.5, 1.5), _pss_total),
    Constant("accidental_injury.intercept", "accidental_injury", 0.06, (-5, -1)),
    Constant("r_ctq.intercept", "r_ctq", 0.90, (1, 4)),
    Constant("r_blood.intercept", "r_blood", 0.92, (1, 4)),
    Constant("dep_1.intercept", "dep_1", 0.080, (-7, -2)),
    Constant("dep_2.intercept", "dep_2", 0.080, (-7, -2)),
    Constant("retained_1.intercept", "retained_1", 0.87, (0.5, 4)),
)
"""In the order in which they must be solved: causes before effects."""


def solve_constants(
    scenario: Scenario | str, constants: Iterable[Constant] = CONSTANTS, *, n: int = 1_000_000, seed: int = 77
) -> dict[str, float]:
    """Return the values of constants at which their targets are met, each given those before it.

    Parameters
    ----------
    scenario
        The world to start from.
    constants
        What to solve, causes before effects.
    n, seed
        People and seed; rare diseases want a million.
    """
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    found: dict[str, float] = {}
    for constant in constants:
        value = solve_knob(
            world, constant.path, constant.node, constant.target, constant.bracket, statistic=constant.statistic,
            n=n, seed=seed,
        )  # fmt: skip
        world = world.with_changes({constant.path: value})
        found[constant.path] = value
    return found


def solve_knob(
    scenario: Scenario | str,
    path: str,
    node: str,
    target: float,
    bracket: tuple[float, float],
    *,
    statistic: Callable[[Array], float] = np.mean,
    n: int = 200_000,
    seed: int = 77,
) -> float:
    """Return the value of one number of a scenario at which a statistic of a node hits its target.

    The same random numbers serve every trial.

    Parameters
    ----------
    scenario
        The world.
    path
        The number to move, such as ``dep.intercept``.
    node, statistic, target
        The node whose statistic (the mean by default) shall have a value.
    bracket
        Two values of the number between which the answer lies.
    n, seed
        People and seed.

    Raises
    ------
    CohortError
        If the node does not exist or the bracket does not hold an answer.
    """
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    if node not in NODES:
        raise CohortError([Problem("node", f"the model has no node '{node}'.")])
    moved = path.split(".", maxsplit=1)[0]
    needed = world.ancestors([node])
    movable = {name for name, found in NODES.items() if found.settings == moved}
    fixed = world.ancestors(movable) - movable - world.descendants(movable)
    blocks = [
        (b, rows, draw_block(world, seed, b, rows, only=fixed & needed)) for b, rows in enumerate(block_sizes(n, seed))
    ]

    def miss(value: float) -> float:
        changed = world.with_changes({path: float(value)})
        drawn = [draw_block(changed, seed, b, rows, only=needed - fixed, given=v)[node] for b, rows, v in blocks]
        return float(statistic(np.concatenate(drawn))) - target

    try:
        return float(optimize.brentq(miss, *bracket, xtol=1e-4))
    except ValueError as error:
        raise CohortError([Problem(path, f"no value in the bracket gives {target}.", "Widen the bracket.")]) from error
