"""What this many people could show, and how many it would take."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from cohort.analysis.design import Design, Domain, analysis_domain, standard_deviation
from cohort.analysis.regression import mean_difference, odds_ratio
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, binary, readable, require
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable

LARGEST_ODDS_RATIO = 1e4


@dataclass(frozen=True)
class MinimumDetectable:
    """The smallest odds ratio that a cohort would find with a given probability, and what it rests on.

    Parameters
    ----------
    label
        The exposure.
    odds_ratio
        Infinite when no odds ratio is large enough.
    n
        People with exposure and outcome known.
    exposure_prevalence, outcome_risk
        Share of them exposed, and share with the outcome among those not exposed.
    design_effect
        Variance of the log odds ratio under the design over that of a simple sample.
    power, alpha
        Probability of finding it, and two-sided level.
    """

    label: str
    odds_ratio: float
    n: int
    exposure_prevalence: float
    outcome_risk: float
    design_effect: float
    power: float
    alpha: float


def _quantiles(power: float, alpha: float) -> float:
    if not (0 < power < 1 and 0 < alpha < 1):
        raise AnalysisError("power and alpha lie between 0 and 1.")
    return float(stats.norm.ppf(1 - alpha / 2) + stats.norm.ppf(power))


def _log_odds_ratio_variance(ratio: float, n: float, exposed: float, risk: float) -> float:
    """Return the variance of a log odds ratio in a two by two table of expected counts (Woolf 1955)."""
    risk_exposed = ratio * risk / (1 - risk + ratio * risk)
    return 1 / (n * exposed * risk_exposed * (1 - risk_exposed)) + 1 / (n * (1 - exposed) * risk * (1 - risk))


def minimum_detectable_odds_ratio(
    n: float,
    *,
    exposure_prevalence: float,
    outcome_risk: float,
    power: float = 0.8,
    alpha: float = 0.05,
    design_effect: float = 1.0,
) -> float:
    """Return the smallest odds ratio above 1 that n people would show, infinite when none would.

    Solves ln OR = (z(1 - alpha/2) + z(power)) sqrt(deff Var(ln OR)), the two-sided Wald test, with Woolf's variance
    at the expected counts; the chance of significance on the wrong side is left out. It is a little optimistic with
    few exposed (with 300 of 1500 exposed the power is 0.77 in place of 0.80), and adjustment costs some power beyond
    this.

    Parameters
    ----------
    n
        Number of people.
    exposure_prevalence
        Share exposed.
    outcome_risk
        Share with the outcome among those not exposed.
    power, alpha
        Probability of finding it, and two-sided level.
    design_effect
        Factor on the variance.

    Raises
    ------
    AnalysisError
        If a share, the power or the level does not lie between 0 and 1, or n is not positive.

    Examples
    --------
    >>> round(minimum_detectable_odds_ratio(3000, exposure_prevalence=0.1, outcome_risk=0.08), 2)
    1.69
    """
    if not (0 < exposure_prevalence < 1 and 0 < outcome_risk < 1 and n > 0 and design_effect > 0):
        raise AnalysisError("shares lie between 0 and 1, and n and the design effect are positive.")
    z = _quantiles(power, alpha)

    def lack(log_ratio: float) -> float:
        variance = _log_odds_ratio_variance(math.exp(log_ratio), n, exposure_prevalence, outcome_risk)
        return log_ratio - z * math.sqrt(design_effect * variance)

    # The variance grows again for huge odds ratios, so that the first crossing is looked for on a grid.
    grid = np.linspace(1e-6, math.log(LARGEST_ODDS_RATIO), 2000)
    enough = np.flatnonzero([lack(float(point)) > 0 for point in grid])
    if not len(enough):
        return math.inf
    first = int(enough[0])
    return math.exp(optimize.brentq(lack, float(grid[first - 1]), float(grid[first]))) if first else math.exp(grid[0])


def detectable_odds_ratio(
    table: pd.DataFrame,
    design: Design,
    *,
    outcome: str,
    exposure: str,
    domain: Domain = None,
    power: float = 0.8,
    alpha: float = 0.05,
    label: str = "",
) -> MinimumDetectable | NotTestable:
    """Return the smallest odds ratio that this cohort would show for this exposure and outcome.

    The design effect is that of the crude log odds ratio where it can be estimated, else Kish's 1 + CV² of the weights.

    Parameters
    ----------
    table, design, outcome, exposure, domain, label
        As in :func:`cohort.analysis.regression.odds_ratio`; the exposure is yes/no.
    power, alpha
        As in :func:`minimum_detectable_odds_ratio`.
    """
    label = label or readable(exposure)
    try:
        ill, exposed = binary(require(table, outcome)), binary(require(table, exposure))
        inside = analysis_domain(table, design, domain) & ~np.isnan(ill) & ~np.isnan(exposed)
        ill, exposed, weight = ill[inside], exposed[inside], design.weight()[inside]
        smallest = min((min(side.sum(), len(side) - side.sum()) for side in (ill, exposed)), default=0)
        _refuse(smallest < MINIMUM_CELL, f"fewer than {MINIMUM_CELL} people with or without exposure or outcome")
        _refuse(ill[exposed == 0].min() == ill[exposed == 0].max(), "no variation of the outcome without exposure")
    except InestimableError as reason:
        return NotTestable(label, str(reason), "minimum detectable odds ratio")
    n = len(ill)
    prevalence = float(np.average(exposed, weights=weight))
    risk = float(np.average(ill[exposed == 0], weights=weight[exposed == 0]))
    effect = 1.0
    if design.kind == "survey":
        crude = odds_ratio(table, outcome=outcome, exposure=exposure, design=design, domain=domain)
        effect = float(n * (weight**2).sum() / weight.sum() ** 2)
        if isinstance(crude, Estimate):
            effect = crude.standard_error**2 / _log_odds_ratio_variance(crude.value, n, prevalence, risk)
    found = minimum_detectable_odds_ratio(
        n, exposure_prevalence=prevalence, outcome_risk=risk, power=power, alpha=alpha, design_effect=effect
    )
    return MinimumDetectable(label, found, n, prevalence, risk, effect, power, alpha)


def _refuse(fault: bool, reason: str) -> None:
    if fault:
        raise InestimableError(reason)


def minimum_detectable_difference(
    n: float,
    *,
    exposure_prevalence: float,
    sd: float = 1.0,
    power: float = 0.8,
    alpha: float = 0.05,
    design_effect: float = 1.0,
) -> float:
    """Return the smallest difference of means that n people would show, in the unit of ``sd``.

    (z(1 - alpha/2) + z(power)) sd sqrt(deff (1/n1 + 1/n0)), equal spread in both groups.

    Parameters
    ----------
    n, exposure_prevalence, power, alpha, design_effect
        As in :func:`minimum_detectable_odds_ratio`.
    sd
        Standard deviation within groups; 1 gives the answer in SD.

    Examples
    --------
    >>> round(minimum_detectable_difference(400, exposure_prevalence=0.5), 3)
    0.28
    """
    if not (0 < exposure_prevalence < 1 and n > 0 and sd > 0 and design_effect > 0):
        raise AnalysisError("the share exposed lies between 0 and 1; n, sd and the design effect are positive.")
    groups = 1 / (n * exposure_prevalence) + 1 / (n * (1 - exposure_prevalence))
    return _quantiles(power, alpha) * sd * math.sqrt(design_effect * groups)


@dataclass(frozen=True)
class SmallestEffect:
    """The smallest difference, or odds ratio per SD, that a cohort would find, and what it rests on.

    Parameters
    ----------
    label
        The exposure.
    measure
        Of what: ``difference``, in the unit of the outcome, or ``odds ratio``.
    value
        The smallest effect, above 0 or above 1.
    in_sd
        The difference in standard deviations of the outcome; NaN for an odds ratio.
    n
        People with exposure and outcome known.
    power, alpha
        Probability of finding it, and two-sided level.
    """

    label: str
    measure: str
    value: float
    in_sd: float
    n: int
    power: float
    alpha: float


def _reach(estimate: Estimate, power: float, alpha: float) -> float:
    """Return the effect, on the scale of the standard error, that is found with this power: (t(α) + t(power)) SE."""
    _quantiles(power, alpha)
    df = estimate.df if math.isfinite(estimate.df) else 1e9
    return float(stats.t.ppf(1 - alpha / 2, df) + stats.t.ppf(power, df)) * estimate.standard_error


def smallest_difference(
    table: pd.DataFrame,
    design: Design,
    *,
    outcome: str,
    exposure: str,
    domain: Domain = None,
    per_sd: bool = False,
    power: float = 0.8,
    alpha: float = 0.05,
    label: str = "",
) -> SmallestEffect | NotTestable:
    """Return the smallest difference in a mean that this cohort would show for this exposure and outcome.

    (t(1 - alpha/2) + t(power)) times the standard error of the crude difference, which in a linear model does not
    depend on the effect; weights, strata and primary sampling units are honoured. Adjustment costs some power beyond.

    Parameters
    ----------
    table, design, outcome, exposure, domain, per_sd, label
        As in :func:`cohort.analysis.regression.mean_difference`.
    power, alpha
        As in :func:`minimum_detectable_odds_ratio`.
    """
    label = label or readable(exposure)
    crude = mean_difference(
        table, outcome=outcome, exposure=exposure, design=design, domain=domain, per_sd=per_sd, label=label
    )
    if isinstance(crude, NotTestable):
        return crude
    value = _reach(crude, power, alpha)
    spread = standard_deviation(table, outcome, design, domain=domain)
    return SmallestEffect(label, "difference", value, value / spread, crude.n, power, alpha)


def smallest_odds_ratio_per_sd(
    table: pd.DataFrame,
    design: Design,
    *,
    outcome: str,
    exposure: str,
    domain: Domain = None,
    power: float = 0.8,
    alpha: float = 0.05,
    label: str = "",
) -> SmallestEffect | NotTestable:
    """Return the smallest odds ratio per SD of a measured exposure that this cohort would show.

    From the standard error of the crude log odds ratio as it is; it would be a little larger under a larger effect.

    Parameters
    ----------
    table, design, outcome, exposure, domain, power, alpha, label
        As in :func:`smallest_difference`.
    """
    label = label or readable(exposure)
    crude = odds_ratio(
        table, outcome=outcome, exposure=exposure, design=design, domain=domain, per_sd=True, label=label
    )
    if isinstance(crude, NotTestable):
        return crude
    ratio = math.exp(_reach(crude, power, alpha))
    return SmallestEffect(label, "odds ratio", ratio, math.nan, crude.n, power, alpha)


def n_needed(
    result: Estimate,
    *,
    equivalence: tuple[float, float] | None = None,
    size_range: tuple[float, float] | None = None,
    tests: int = 1,
) -> int | None:
    """Return how many people would decide what this estimate leaves open, if the estimate stayed and each told as much.

    The standard error shrinks with the root of n, so n' = n (q SE / distance)²: the distance on the scale of the
    interval from the estimate to no effect (q of the 95 % interval), or, when it lies inside the equivalence bounds,
    to the nearer bound (q of the 90 % interval), whichever takes fewer people; for a claimed size, to the nearer end
    of its range. A study of that size would decide in about half of the cases, even if the estimate were the truth.
    Rounded up to two digits; None when no number would do.

    Parameters
    ----------
    result
        The estimate, with n.
    equivalence
        Bounds within which an effect is irrelevant, on the natural scale.
    size_range
        For a claimed size: the range that supports it, in place of the question of direction.
    tests
        Number of tests of a family: the 95 % quantile is taken at level 0.05 / tests.

    Examples
    --------
    >>> n_needed(Estimate("RA", "odds ratio", 1.5, 0.3, scale="log", null=1.0, n=1000), equivalence=(0.8, 1.25))
    2200
    """

    def on_scale(value: float) -> float:
        return math.log(value) if result.scale == "log" else value

    def quantile(level: float) -> float:
        return float(stats.t.ppf(level, result.df) if math.isfinite(result.df) else stats.norm.ppf(level))

    place = on_scale(result.value)
    strict, loose = quantile(1 - 0.025 / tests), quantile(1 - 0.05 / tests)
    if size_range is not None:
        reaches = [(strict, min(abs(place - on_scale(end)) for end in size_range))]
    else:
        reaches = [(strict, abs(place - on_scale(result.null)))] if result.null is not None else []
        if equivalence is not None and equivalence[0] < result.value < equivalence[1]:
            reaches.append((loose, min(abs(place - on_scale(end)) for end in equivalence)))
    people = [result.n * (q * result.standard_error / distance) ** 2 for q, distance in reaches if distance > 1e-9]
    if not people or not math.isfinite(min(people)) or result.n == 0:
        return None
    fewest = max(min(people), result.n + 1)
    step = 10 ** max(math.floor(math.log10(fewest)) - 1, 0)
    return int(math.ceil(fewest / step) * step)
