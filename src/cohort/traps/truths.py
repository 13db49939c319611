"""The truth that a row of the table is held against: by intervention, or in a population without error.

The people of the truth are others than those of the analysis: they are drawn from another seed.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cohort.synthetic import Scenario, contrast, true_effects
from cohort.synthetic.node import Array
from cohort.synthetic.simulate import Intervention, block_sizes, draw_block
from cohort.traps.trap import Truth

LEAST_PEOPLE = 65_536
_APART = 1_000_003
"""Distance of the seed of the truth from that of the analysis."""


def truth_people(n: int) -> int:
    """Return how many people a truth is found in: as many as are analysed, and at least a fair number."""
    return max(n, LEAST_PEOPLE)


def effect(
    world: Scenario, exposed: Intervention, unexposed: Intervention, outcome: str, measure: str, n: int, seed: int
) -> Truth:
    """Return the effect of an intervention on a node, the same people in both worlds.

    Parameters
    ----------
    world, exposed, unexposed, outcome
        As in :func:`cohort.synthetic.contrast`.
    measure
        "odds ratio", "risk ratio", "risk difference" or "mean difference".
    n, seed
        Size and seed of the analysis.
    """
    found = contrast(world, exposed, unexposed, outcome, n=truth_people(n), seed=seed + _APART)
    row = found[found["measure"] == measure]
    return Truth(float(row["value"].iloc[0]), float(row["monte_carlo_se"].iloc[0]))


def declared_effect(
    world: Scenario, exposures: Iterable[str], outcome: str, measures: Iterable[str], n: int, seed: int
) -> list[Truth]:
    """Return declared truths of one exposure, or of two exposures together, one for each measure.

    Parameters
    ----------
    world, exposures
        As in :func:`cohort.synthetic.true_effects`; two exposures give their joint effect.
    outcome, measures
        As in its table.
    n, seed
        Size and seed of the analysis.
    """
    names = list(exposures)
    found = true_effects(world, truth_people(n), seed + _APART, exposures=names, with_paths=len(names) > 1)
    of_these = found[(found["exposure"] == " and ".join(names)) & (found["outcome"] == outcome)].set_index("measure")
    values = of_these["value"].to_dict()
    errors = of_these["monte_carlo_se"].to_dict()
    return [Truth(float(values[measure]), float(errors[measure])) for measure in measures]


def population(
    world: Scenario, nodes: Iterable[str], n: int, seed: int, do: Intervention | None = None
) -> dict[str, Array]:
    """Return nodes of everybody in the population of the truth, whoever is recruited, under an intervention if any.

    Parameters
    ----------
    world
        The scenario.
    nodes
        The nodes wanted.
    n, seed
        Number of people; seed of the analysis.
    do
        What some nodes are set to.
    """
    wanted = tuple(nodes)
    needed = world.ancestors(wanted)
    blocks = [draw_block(world, seed + _APART, b, rows, do=do, only=needed) for b, rows in enumerate(block_sizes(n, 0))]
    return {name: np.concatenate([block[name] for block in blocks]) for name in wanted}


def odds_ratio_of_worlds(exposed: Array, unexposed: Array) -> Truth:
    """Return the odds ratio of an outcome in two worlds of the same people, with its Monte-Carlo standard error.

    Parameters
    ----------
    exposed, unexposed
        The outcome of each person in each world.

    Examples
    --------
    >>> odds_ratio_of_worlds(np.array([1, 1, 1, 0]), np.array([1, 0, 0, 0])).value
    9.0
    """
    p, q = float(exposed.mean()), float(unexposed.mean())
    value = p * (1 - q) / (q * (1 - p))
    influence = (exposed - p) / (p * (1 - p)) - (unexposed - q) / (q * (1 - q))
    return Truth(value, value * float(influence.std()) / np.sqrt(len(influence)))


def odds_ratio_in_population(exposure: Array, outcome: Array) -> Truth:
    """Return the odds ratio between two yes/no facts of a population, with its Monte-Carlo standard error.

    Parameters
    ----------
    exposure, outcome
        Booleans, one per person.
    """
    cells = np.bincount(2 * exposure.astype(int) + outcome, minlength=4).astype(float)
    value = float(cells[3] * cells[0] / (cells[1] * cells[2]))
    return Truth(value, value * float(np.sqrt((1 / cells).sum())))


def share_in_population(yes: Array) -> Truth:
    """Return the share of a population, with its Monte-Carlo standard error."""
    share = float(yes.mean())
    return Truth(share, float(np.sqrt(share * (1 - share) / len(yes))))


def difference_in_population(value: Array, group: Array) -> Truth:
    """Return the difference in means between two groups of a population, with its Monte-Carlo standard error."""
    inside, outside = value[group], value[~group]
    error = np.sqrt(inside.var() / len(inside) + outside.var() / len(outside))
    return Truth(float(inside.mean() - outside.mean()), float(error))
