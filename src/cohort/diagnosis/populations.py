"""Truths that no declared exposure tells: effects of other nodes, and facts of a population that lost nobody."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from cohort.errors import CohortError, Problem
from cohort.synthetic import Scenario, Shift, contrast
from cohort.synthetic.node import Array
from cohort.synthetic.simulate import block_sizes, draw_block
from cohort.traps.markers import OBESE_FROM
from cohort.traps.people import form_trauma
from cohort.traps.trap import Truth

Setting: TypeAlias = tuple[tuple[str, float | Shift], ...]
"""An intervention as pairs, so that it can be the key of a cache."""


class TruthFinder(Protocol):
    """From a world, a number of people and a seed to a truth on the natural scale."""

    def __call__(self, world: Scenario, people: int, seed: int) -> Truth:
        """Return the truth with its Monte-Carlo standard error."""


@dataclass(frozen=True)
class Effect:
    """What one node does to another by intervention, the same people in both worlds.

    Parameters
    ----------
    exposed, unexposed
        What is set in each world; empty is nature.
    node
        The outcome.
    measure
        "odds ratio", "risk difference" or "mean difference".
    """

    exposed: Setting
    unexposed: Setting
    node: str
    measure: str

    def __call__(self, world: Scenario, people: int, seed: int) -> Truth:
        """Return the effect in people of a seed.

        Raises
        ------
        CohortError
            If the outcome has no such measure.
        """
        found = contrast(world, dict(self.exposed), dict(self.unexposed), self.node, n=people, seed=seed)
        row = found[found["measure"] == self.measure]
        if len(row) != 1:
            told = f"'{self.node}' has no {self.measure}."
            raise CohortError([Problem(f"scenario '{world.name}'", told, "Take another measure.")])
        return Truth(float(row["value"].iloc[0]), float(row["monte_carlo_se"].iloc[0]))


@dataclass(frozen=True)
class Fact:
    """A number that everybody of a population gives, whoever takes part or answers.

    Parameters
    ----------
    nodes
        What it is made of.
    sums
        From a block of people to sums over them.
    of
        From the sums over all people to the number and its Monte-Carlo standard error.
    do
        What some nodes are set to.
    """

    nodes: tuple[str, ...]
    sums: Callable[[Mapping[str, Array]], Array]
    of: Callable[[Array], Truth]
    do: Setting = ()

    def __call__(self, world: Scenario, people: int, seed: int) -> Truth:
        """Return the number, block by block, so that millions never stand in memory."""
        needed = world.ancestors(self.nodes)
        total: Array = np.zeros(1)
        for block, rows in enumerate(block_sizes(people, seed)):
            total = total + self.sums(draw_block(world, seed, block, rows, do=dict(self.do), only=needed))
        return self.of(total)


def odds_ratio_of_cells(cells: Array) -> Truth:
    """Return the odds ratio of a two-by-two table with Woolf's standard error, of the ratio itself.

    Parameters
    ----------
    cells
        People without exposure and outcome, with the outcome alone, with the exposure alone, with both.

    Examples
    --------
    >>> odds_ratio_of_cells(np.array([40.0, 10.0, 20.0, 20.0])).value
    4.0
    """
    value = float(cells[3] * cells[0] / (cells[1] * cells[2]))
    return Truth(value, value * math.sqrt(float((1 / cells).sum())))


def share_of_sums(sums: Array) -> Truth:
    """Return a share, from how many have something and how many there are.

    Examples
    --------
    >>> share_of_sums(np.array([20.0, 100.0]))
    Truth(value=0.2, standard_error=0.04)
    """
    share = float(sums[0] / sums[1])
    return Truth(share, math.sqrt(share * (1 - share) / float(sums[1])))


def difference_of_sums(sums: Array) -> Truth:
    """Return the difference in a mean, from number, sum and sum of squares in those exposed, then in the others.

    Examples
    --------
    >>> difference_of_sums(np.array([2.0, 6, 20, 2, 2, 4])).value
    2.0
    """
    n, total, squares = sums.reshape(2, 3).T
    mean = total / n
    variance = (squares / n - mean**2) / n
    return Truth(float(mean[0] - mean[1]), math.sqrt(float(variance.sum())))


def _cells(exposed: Array, ill: Array) -> Array:
    return np.bincount(2 * exposed.astype(int) + ill, minlength=4).astype(float)


def _moments(values: Array, group: Array) -> Array:
    parts = [values[chosen].astype(float) for chosen in (group, ~group)]
    return np.array([total for part in parts for total in (len(part), part.sum(), (part**2).sum())])


def _counted(yes: Array) -> Array:
    return np.array([float(yes.sum()), float(len(yes))])


TRAUMA_BY_FORM = Fact(
    ("ctq_obs", "dep"), lambda v: _cells(form_trauma(v["ctq_obs"]), v["dep"]), odds_ratio_of_cells, (("md_denial", 0),)
)
"""Odds ratio of depression for trauma by the form, had everybody filled it in and nobody minimised."""
CHANGED_BY_DEPRESSION = Fact(
    ("phq9_2", "dep"), lambda v: _moments(v["phq9_2"].sum(axis=1), v["dep"].astype(bool)), difference_of_sums
)
"""Difference in PHQ-9 at the last wave between those depressed at baseline and the others, had nobody left."""
DEPRESSED_AT_LAST = Fact(("phq9_2",), lambda v: _counted(v["phq9_2"].sum(axis=1) >= 10), share_of_sums)
"""Share with a PHQ-9 of 10 or more at the last wave, had nobody left."""
OBESE_WOMEN = Fact(("sex", "bmi"), lambda v: _counted((v["sex"] == 1) & (v["bmi"] >= OBESE_FROM)), share_of_sums)
"""Share of obese women, which is also theirs among the acutely ill: infections strike whatever the weight."""
