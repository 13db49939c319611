"""The truth that a method is held against: by intervention, in other people than those of the replicates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cohort.diagnosis.method import Estimand
from cohort.diagnosis.sample import ANY, Source, vocabulary
from cohort.errors import CohortError, Problem
from cohort.synthetic import Scenario, contrast, true_effects
from cohort.traps.truths import odds_ratio_of_worlds, population

TRUTH_PEOPLE = 400_000
_NULL_WITHIN = 3.0
"""A truth is one of no effect when it lies within so many of its own standard errors of it."""
_ROUNDING = 1e-9


@dataclass(frozen=True)
class KnownTruth:
    """A true value on the scale of analysis (the logarithm of a ratio), known with some error.

    Parameters
    ----------
    value
        On the scale of analysis.
    error
        Its Monte-Carlo standard error on that scale.
    is_log
        Whether that scale is the logarithm.
    """

    value: float
    error: float
    is_log: bool

    @property
    def natural(self) -> float:
        """Return the value on the natural scale."""
        return math.exp(self.value) if self.is_log else self.value

    @property
    def is_null(self) -> bool:
        """Return whether there is no effect, as far as the truth is known."""
        return abs(self.value) <= _NULL_WITHIN * self.error + _ROUNDING


def truth_of(world: Scenario, estimand: Estimand, source: Source, people: int, seed: int) -> KnownTruth:
    """Return the true value of an estimand in a world.

    Parameters
    ----------
    world
        The scenario, with whatever was changed of it.
    estimand
        What is asked for.
    source
        The kind of data: whether depression is that of an interview or that of a questionnaire.
    people, seed
        Number of people in whom it is found, and their seed.

    Raises
    ------
    CohortError
        If the world does not declare such a truth.
    """
    if estimand.measure == "share of discoveries":
        return KnownTruth(0.0, 0.0, False)
    if estimand.finder is not None:
        own = estimand.finder(world, people, seed)
        return _on_scale(own.value, own.standard_error, estimand.is_log)
    outcome = vocabulary(source).true_outcome if estimand.outcome == "depression" else estimand.outcome
    if estimand.among == "first episodes":
        return _in_first_episodes(world, people, seed)
    latent = outcome == "depression_latent" and " and " not in estimand.exposure
    if latent:
        node = "aid" if estimand.exposure == ANY else estimand.exposure.removeprefix("has_")
        found = contrast(world, {node: 1}, {node: 0}, "dep", n=people, seed=seed)
        rows = found[found["measure"] == estimand.measure]
    else:
        names = estimand.exposure.split(" and ")
        found = true_effects(world, people, seed, exposures=names, with_paths=len(names) > 1)
        rows = found[
            (found["exposure"] == estimand.exposure)
            & (found["outcome"] == outcome)
            & (found["measure"] == estimand.measure)
        ]
        if len(names) == 1:
            rows = rows.iloc[:1]
    if len(rows) != 1:
        told = f"no truth is declared for {estimand.words}."
        raise CohortError([Problem(f"scenario '{world.name}'", told, "Take another method or option.")])
    return _on_scale(float(rows["value"].iloc[0]), float(rows["monte_carlo_se"].iloc[0]), estimand.is_log)


def _in_first_episodes(world: Scenario, people: int, seed: int) -> KnownTruth:
    """Return the odds ratio of depression for any autoimmune disease in those who had no earlier depression."""
    ill, well = (population(world, ("dep", "dep_past"), people, seed, do={"aid": given}) for given in (1, 0))
    fresh = np.asarray(~ill["dep_past"])
    found = odds_ratio_of_worlds(ill["dep"][fresh], well["dep"][fresh])
    return _on_scale(found.value, float(found.standard_error), True)


def _on_scale(value: float, error: float, is_log: bool) -> KnownTruth:
    return KnownTruth(math.log(value), error / value, True) if is_log else KnownTruth(value, error, False)
