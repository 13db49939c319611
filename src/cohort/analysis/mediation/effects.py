"""Through what does an exposure act? Its total effect split into a direct part and parts through mediators.

G-computation: models of the mediators and of the outcome are fitted, and the mean outcome is computed with the exposure
set to one value and the mediators distributed as under the same value or another. Every effect is a contrast of such
means, so that the parts add up (differences) or multiply (ratios) to the total exactly. Intervals are bootstrapped.

Natural effects: Robins & Greenland 1992 (Epidemiology 3:143), Pearl 2001; several mediators at once: VanderWeele &
Vansteelandt 2014 (Epidemiol Methods 2:95). Interventional effects: Vansteelandt & Daniel 2017 (Epidemiology 28:258).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from cohort.analysis.mediation.estimation import Models, fit_models, refit_models
from cohort.analysis.mediation.integration import (
    Integration,
    integration_for,
    mean_outcome,
    mediator_points,
    own_points,
)
from cohort.analysis.mediation.models import People
from cohort.analysis.mediation.preparation import contrast_of, contrast_words, people_of
from cohort.analysis.mediation.reporting import Asked, effect_keys, refusals, results_of
from cohort.analysis.resampling import bootstrap_together, units_of
from cohort.analysis.sampling import CodeArray, Design, Domain, FloatArray
from cohort.analysis.variables import InestimableError, is_binary, readable, require
from cohort.results import Result

REPLICATES = 500

NATURAL: Mapping[str, tuple[int, ...]] = {
    "total effect": (-1, 0, 0, 1),
    "natural direct effect": (-1, 1, 0, 0),
    "natural indirect effect": (0, -1, 0, 1),
    "total direct effect": (0, 0, -1, 1),
    "pure indirect effect": (-1, 0, 1, 0),
}
"""Each effect as a contrast of the means with (exposure, mediators) at (0, 0), (1, 0), (0, 1) and (1, 1)."""


def interventional_contrasts(mediators: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return each interventional effect as a contrast of means.

    The means: exposure and joint distribution of the mediators at (0, 0), (1, 0) and (1, 1); then exposure 1 with
    mediators drawn from their own distributions, the first 0, 1, … of them under exposure.

    Parameters
    ----------
    mediators
        Their names, in order.

    Examples
    --------
    >>> interventional_contrasts(["bmi"])
    {'total effect': (-1, 0, 1), 'interventional direct effect': (-1, 1, 0), 'interventional indirect effect through \
bmi': (0, -1, 1)}
    """
    count = len(mediators)
    zero = (0,) * (count + 1 if count > 1 else 0)
    found = {"total effect": (-1, 0, 1, *zero), "interventional direct effect": (-1, 1, 0, *zero)}
    if count == 1:
        return found | {f"interventional indirect effect through {mediators[0]}": (0, -1, 1)}
    for place, name in enumerate(mediators):
        step = [0] * (count + 1)
        step[place], step[place + 1] = -1, 1
        found[f"interventional indirect effect through {name}"] = (0, 0, 0, *step)
    found["effect through the dependence of the mediators"] = (0, -1, 1, 1, *(0,) * (count - 1), -1)
    return found


@dataclass(frozen=True, eq=False)
class _Means:
    """From how often each row counts in each sample to the means that effects are contrasts of."""

    people: People
    fitted: Models
    how: Integration
    contrast: tuple[float, float]
    kind: Literal["natural", "interventional"]

    def __call__(self, multipliers: FloatArray) -> FloatArray:
        weights = self.people.sample_weights(multipliers)
        models = refit_models(self.people, self.fitted, weights)
        size = self.how.samples_at_once(self.people, own=self.kind == "interventional")
        parts = [slice(start, start + size) for start in range(0, len(weights), size)]
        return np.concatenate([self.means(models.of(part), weights[part]) for part in parts])

    def means(self, fitted: Models, weights: FloatArray) -> FloatArray:
        """Return the means in each sample, shape (samples, means)."""
        people, how, models, outcome = self.people, self.how, fitted.mediators, fitted.outcome
        low, high = self.contrast
        count = len(people.mediators)
        unexposed, exposed = (mediator_points(people, models, value, how) for value in (low, high))
        arms = [(low, unexposed), (high, unexposed), (high, exposed)]
        if self.kind == "natural":
            arms.insert(2, (low, exposed))
        means = [mean_outcome(people, weights, outcome, value, points) for value, points in arms]
        if self.kind == "interventional" and count > 1:
            for first in range(count + 1):
                under = [high] * first + [low] * (count - first)
                means.append(mean_outcome(people, weights, outcome, high, own_points(people, models, under, how)))
        return np.column_stack(means)


def natural_effects(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    mediators: Sequence[str],
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    contrast: tuple[float, float] | None = None,
    interaction: bool = True,
    cluster: str | None = None,
    replicates: int = REPLICATES,
    draws: int | None = None,
    seed: int,
    workers: int = 1,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> dict[str, Result]:
    """Return the total effect and its natural direct and indirect parts, through all mediators together.

    The natural direct effect compares exposed with unexposed, each person's mediators being as if unexposed; the
    natural indirect effect compares, among the exposed, mediators as if exposed with mediators as if unexposed. Both
    make the total. "Total direct" and "pure indirect" are the other way to split it, and differ where exposure and
    mediator interact.

    Assumes that the adjustment set leaves no common causes of exposure and outcome, of exposure and mediators, and of
    mediators and outcome; that **no common cause of a mediator and the outcome is itself a consequence of the
    exposure**, unless it is among the mediators; and that the models hold.

    Parameters
    ----------
    table
        One row per person.
    outcome
        A yes/no column, or a number.
    exposure
        A yes/no column, or a number.
    mediators
        Columns in their order: each may act on later ones. Numbers are modelled as linear with normal residuals, yes/no
        as logistic, ordered categories by proportional odds, others as multinomial.
    adjustment
        Columns that all models hold.
    design, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`. In a survey weights enter models and means, and primary
        sampling units are drawn within strata.
    contrast
        The two values of the exposure; default no and yes, or the mean and one SD above it.
    interaction
        Whether models hold the products of exposure and mediators.
    cluster
        A column of clusters that are drawn whole (families), in a simple sample.
    replicates
        Bootstrap replicates.
    draws
        Random draws of the mediators for each person; default none where few points give the average exactly.
    seed
        Of draws and bootstrap; the numbers are the same for any ``workers``.
    workers
        Processes.

    Returns
    -------
    dict
        Results under "total effect, mean difference" and so on: for a number its mean difference, for yes/no the risk
        difference, risk ratio and odds ratio of each effect; and "proportion mediated". The standard error is that of
        the bootstrap, so that Rubin's rules can pool them; intervals are percentiles.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> rng = np.random.default_rng(1)
    >>> abused = rng.integers(2, size=400)
    >>> bmi = 25 + 2 * abused + rng.normal(size=400)
    >>> people = pd.DataFrame({"abused": abused, "bmi": bmi, "ln_crp": 0.1 * bmi + rng.normal(size=400)})
    >>> found = natural_effects(people, outcome="ln_crp", exposure="abused", mediators=["bmi"],
    ...                         design=design_of(people), replicates=25, seed=1)
    >>> parts = [found[f"{name}, mean difference"].value for name in list(NATURAL)[:3]]
    >>> bool(np.isclose(parts[0], parts[1] + parts[2]))
    True
    """
    return _effects(
        table, "natural", NATURAL, _asked(table, outcome, exposure, mediators, adjustment, contrast, label, claims),
        design=design, domain=domain, contrast=contrast, interaction=interaction, cluster=cluster,
        replicates=replicates, draws=draws, seed=seed, workers=workers,
    )  # fmt: skip


def interventional_effects(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    mediators: Sequence[str],
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    contrast: tuple[float, float] | None = None,
    interaction: bool = True,
    cluster: str | None = None,
    replicates: int = REPLICATES,
    draws: int | None = None,
    seed: int,
    workers: int = 1,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> dict[str, Result]:
    """Return the total effect, and what of it passes each mediator, were mediators drawn at random given covariates.

    The direct effect compares exposed with unexposed, mediators being drawn from their joint distribution among the
    unexposed with the same covariates. The effect through a mediator compares draws from its distribution among the
    exposed and the unexposed, earlier mediators being drawn as if exposed and later ones as if unexposed, each
    independently. What passes an earlier mediator and then this one counts to this one. The rest of the total is due
    to a change of the dependence among mediators. All parts add up to the total.

    Assumes that the adjustment set leaves no common causes of exposure and outcome, of exposure and mediators, and of
    mediators and outcome, and that the models hold. Unlike natural effects a part may be read of one mediator even if
    the others are its causes, or share unmeasured causes with it. The whole is the total effect if nothing but the
    mediators is both a consequence of the exposure and a cause of mediator and outcome.

    Parameters
    ----------
    table, outcome, exposure, mediators, adjustment, design, domain, contrast, interaction, cluster, replicates, \
draws, seed, workers, label, claims
        As in :func:`natural_effects`.

    Returns
    -------
    dict
        As in :func:`natural_effects`, under the names of :func:`interventional_contrasts`.
    """
    return _effects(
        table, "interventional", interventional_contrasts([readable(name) for name in mediators]),
        _asked(table, outcome, exposure, mediators, adjustment, contrast, label, claims), design=design, domain=domain,
        contrast=contrast, interaction=interaction, cluster=cluster, replicates=replicates, draws=draws, seed=seed,
        workers=workers,
    )  # fmt: skip


def _asked(
    table: pd.DataFrame,
    outcome: str,
    exposure: str,
    mediators: Sequence[str],
    adjustment: Sequence[str],
    contrast: tuple[float, float] | None,
    label: str,
    claims: tuple[str, ...],
) -> Asked:
    binary_outcome = outcome in table and is_binary(table[outcome])
    return Asked(
        outcome, exposure, tuple(mediators), tuple(adjustment), binary_outcome,
        label or contrast_words(exposure, contrast), claims,
    )  # fmt: skip


def _cluster(table: pd.DataFrame, design: Design, name: str | None) -> CodeArray | None:
    """Return the cluster of each row; people of no known cluster stand alone."""
    if name is None or design.kind == "survey":
        return None
    codes, found = pd.factorize(require(table, name))
    alone = codes < 0
    codes[alone] = len(found) + np.arange(int(alone.sum()))
    return codes.astype(np.intp)


def _effects(
    table: pd.DataFrame,
    kind: Literal["natural", "interventional"],
    contrasts: Mapping[str, tuple[int, ...]],
    asked: Asked,
    *,
    design: Design,
    domain: Domain,
    contrast: tuple[float, float] | None,
    interaction: bool,
    cluster: str | None,
    replicates: int,
    draws: int | None,
    seed: int,
    workers: int,
) -> dict[str, Result]:
    for_draws, for_bootstrap = np.random.SeedSequence(seed).spawn(2)
    try:
        people = people_of(
            table, outcome=asked.outcome, exposure=asked.exposure, mediators=asked.mediators,
            adjustment=asked.adjustment, design=design, domain=domain, interaction=interaction,
        )  # fmt: skip
        fitted, ends = fit_models(people), contrast_of(people, contrast)
        how = integration_for(people, fitted, ends, draws=draws, seed=for_draws, own=kind == "interventional")
        means = _Means(people, fitted, how, ends, kind)
        units = units_of(design, _cluster(table, design, cluster))
        point = means.means(means.fitted, people.weights[None])[0]
        drawn, failed = bootstrap_together(means, units, replicates=replicates, seed=for_bootstrap, workers=workers)
    except InestimableError as reason:
        return refusals(asked, effect_keys(asked, contrasts), str(reason))
    details = (
        ("design", design.words),
        ("models", ", ".join(f"{one.name} {one.form}" for one in people.mediators)),
        ("exposure-mediator interaction", "in the models" if interaction else "left out"),
        ("average over mediators", how.words),
        ("bootstrap", f"{replicates} samples of {units.words}" + (f", {failed} without estimate" if failed else "")),
    )
    df = design.degrees_of_freedom(people.domain) if design.kind == "survey" else float("inf")
    return results_of(asked, contrasts, point, drawn, n=len(people.outcome), events=people.outcome, df=df,
                      details=details)  # fmt: skip
