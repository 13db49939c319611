"""Rubin's rules: one estimate from those of many completed tables.

Rubin 1987 (Multiple Imputation for Nonresponse in Surveys); degrees of freedom for data sets of any size by Barnard &
Rubin 1999 (Biometrika 86:948); the Wald test of several coefficients by Li, Raghunathan & Rubin 1991 (J Am Stat Assoc
86:1065) with the degrees of freedom of Reiter 2007 (Biometrika 94:502) where those of the complete data are finite.
Numbers agree with ``pool``, ``pool.scalar`` and ``D1`` of R's mice.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import stats

from cohort.analysis.imputation.coding import FloatArray
from cohort.results import Estimate, NotTestable, Result


@dataclass(frozen=True)
class Pooled:
    """A pooled number with what its imputation costs.

    Parameters
    ----------
    estimate
        Mean of the estimates.
    within, between, total
        Variances: mean within imputations, between them, and together.
    m
        Number of imputations.
    complete_df
        Degrees of freedom that the complete data would have.
    """

    estimate: float
    within: float
    between: float
    total: float
    m: int
    complete_df: float

    @property
    def relative_increase(self) -> float:
        """Return the relative increase in variance due to what is missing (r)."""
        return (1 + 1 / self.m) * self.between / self.within if self.within > 0 else math.inf

    @property
    def share_missing(self) -> float:
        """Return the share of the variance that is due to what is missing (lambda)."""
        return (1 + 1 / self.m) * self.between / self.total if self.total > 0 else 0.0

    @property
    def df(self) -> float:
        """Return Barnard and Rubin's degrees of freedom; those of the complete data where nothing varies."""
        share = self.share_missing
        old = (self.m - 1) / share**2 if share > 0 else math.inf
        if math.isinf(self.complete_df):
            return old
        seen = (self.complete_df + 1) / (self.complete_df + 3) * self.complete_df * (1 - share)
        return seen if math.isinf(old) else old * seen / (old + seen)

    @property
    def missing_information(self) -> float:
        """Return the fraction of missing information (gamma), corrected for the number of imputations."""
        r, df = self.relative_increase, self.df
        return 1.0 if math.isinf(r) else (r + (2 / (df + 3) if math.isfinite(df) else 0.0)) / (1 + r)

    @property
    def relative_efficiency(self) -> float:
        """Return the efficiency against infinitely many imputations, in units of variance."""
        return 1 / (1 + self.missing_information / self.m)

    @property
    def monte_carlo_error(self) -> float:
        """Return by how much the estimate would vary over other draws of as many imputations."""
        return math.sqrt(self.between / self.m)


def pool_numbers(estimates: npt.ArrayLike, variances: npt.ArrayLike, complete_df: float = math.inf) -> Pooled:
    """Return the pooled estimate of a number.

    Assumes that the estimates are normal on the scale they come in (logarithms of ratios).

    Parameters
    ----------
    estimates, variances
        One of each per imputation, at least two.
    complete_df
        Degrees of freedom of the complete data.

    Examples
    --------
    >>> pooled = pool_numbers([1.0, 1.2, 0.8], [0.04, 0.04, 0.04], 50)
    >>> f"{pooled.total:.4f} {pooled.df:.2f} {pooled.missing_information:.3f}"
    '0.0933 4.72 0.682'
    """
    values, spreads = np.asarray(estimates, dtype=np.float64), np.asarray(variances, dtype=np.float64)
    if values.shape != spreads.shape or values.ndim != 1 or len(values) < 2:
        raise ValueError("one estimate and one variance per imputation are needed, of at least two imputations")
    within, between = float(spreads.mean()), float(values.var(ddof=1))
    m = len(values)
    return Pooled(float(values.mean()), within, between, within + (1 + 1 / m) * between, m, complete_df)


@dataclass(frozen=True)
class WaldTest:
    """A pooled test that several coefficients are all zero.

    Parameters
    ----------
    statistic
        Follows an F distribution.
    df1, df2
        Its degrees of freedom.
    relative_increase
        Average relative increase in variance due to what is missing.
    """

    statistic: float
    df1: int
    df2: float
    relative_increase: float

    @property
    def p_value(self) -> float:
        """Return the p value."""
        return float(stats.f.sf(self.statistic, self.df1, self.df2))


def pool_vectors(estimates: FloatArray, covariances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return pooled coefficients and their total covariance.

    Parameters
    ----------
    estimates, covariances
        Shapes (imputations, k) and (imputations, k, k).
    """
    m = len(estimates)
    deviations = estimates - estimates.mean(axis=0)
    between = deviations.T @ deviations / (m - 1)
    return np.asarray(estimates.mean(axis=0)), np.asarray(covariances.mean(axis=0) + (1 + 1 / m) * between)


def pool_wald(estimates: FloatArray, covariances: FloatArray, complete_df: float = math.inf) -> WaldTest:
    """Return the test that all of several coefficients are zero (D1).

    Assumes that what is missing increases the variance of all of them alike.

    Parameters
    ----------
    estimates, covariances
        Shapes (imputations, k) and (imputations, k, k), on the scale of analysis.
    complete_df
        Degrees of freedom of the complete data.
    """
    m, k = estimates.shape
    within = covariances.mean(axis=0)
    deviations = estimates - estimates.mean(axis=0)
    between = deviations.T @ deviations / (m - 1)
    increase = (1 + 1 / m) * float(np.trace(np.linalg.solve(within, between))) / k
    mean = estimates.mean(axis=0)
    statistic = float(mean @ np.linalg.solve(within, mean)) / (k * (1 + increase))
    return WaldTest(statistic, k, _wald_df(m, k, increase, complete_df), increase)


def _wald_df(m: int, k: int, increase: float, complete_df: float) -> float:
    """Return the denominator degrees of freedom of D1: Reiter's where the complete data have finite ones."""
    t = k * (m - 1)
    if increase <= 0:
        return complete_df
    if math.isinf(complete_df) or t <= 4:
        large = 4 + (t - 4) * (1 + (1 - 2 / t) / increase) ** 2
        few = t * (1 + 1 / k) * (1 + 1 / increase) ** 2 / 2
        return min(large if t > 4 else few, complete_df)
    shrunk = (complete_df + 1) / (complete_df + 3) * complete_df
    a = increase * t / (t - 2)
    c0 = 1 / (t - 4)
    c1 = shrunk - 2 * (1 + a)
    c2 = shrunk - 4 * (1 + a)
    z = (
        1 / c2
        + c0 * (a**2 * c1 / ((1 + a) ** 2 * c2))
        + c0 * (8 * a**2 * c1 / ((1 + a) * c2**2) + 4 * a**2 / ((1 + a) * c2))
        + c0 * (4 * a**2 / (c2 * c1) + 16 * a**2 * c1 / c2**3)
        + c0 * (8 * a**2 / c2**2)
    )
    return 4 + 1 / z


def _on_scale(result: Estimate) -> float:
    return math.log(result.value) if result.scale == "log" else result.value


def _common_details(estimates: Sequence[Estimate]) -> tuple[tuple[str, str], ...]:
    """Return details that all share; numbers that differ are averaged, with as many decimals."""
    kept = []
    for name, text in estimates[0].details:
        texts = [dict(one.details).get(name, "") for one in estimates]
        if all(other == text for other in texts):
            kept.append((name, text))
            continue
        try:
            mean = statistics.fmean(float(other) for other in texts)
        except ValueError:
            continue
        kept.append((name, f"{mean:.{len(text.partition('.')[2])}f}"))
    return tuple(kept)


def pool(results: Sequence[Result], *, most_failures: float = 0.0) -> Result:
    """Return one result from those of the completed tables, by Rubin's rules on the scale of analysis.

    Ratios are pooled as logarithms. ``n`` is the smallest, ``events`` the mean. Where an imputation gives no estimate,
    nor does the whole: those that do are no random choice. Intervals that were not made from a standard error are not
    carried over, nor are names of the people counted: those of complete cases are others.

    Parameters
    ----------
    results
        One per imputation.
    most_failures
        Share of imputations that may fail and are then left out.

    Examples
    --------
    >>> both = [Estimate("RA", "odds ratio", v, 0.2, scale="log", null=1.0, n=90) for v in (1.5, 2.0)]
    >>> pooled = pool(both)
    >>> f"{pooled.value:.3f} {pooled.standard_error:.3f}", dict(pooled.details)["imputations"]
    ('1.732 0.319', '2')
    """
    estimates = [one for one in results if isinstance(one, Estimate)]
    failed = [one for one in results if isinstance(one, NotTestable)]
    if failed and (len(failed) > most_failures * len(results) or len(estimates) < 2):
        count = f"{len(failed)} of {len(results)} imputed tables"
        return replace(failed[0], reason=f"the analysis fails in {count}: {failed[0].reason}")
    found = pool_numbers(
        [_on_scale(one) for one in estimates],
        [one.standard_error**2 for one in estimates],
        min(one.df for one in estimates),
    )
    first = estimates[0]
    events = [one.events for one in estimates if one.events is not None]
    details = (
        *_common_details(estimates),
        ("imputations", str(found.m)),
        ("fraction of missing information", f"{found.missing_information:.2f}"),
        ("Monte-Carlo error of the imputation", f"{found.monte_carlo_error:.2g}"),
    )
    return replace(
        first,
        value=math.exp(found.estimate) if first.scale == "log" else found.estimate,
        standard_error=math.sqrt(found.total),
        df=found.df,
        n=min(one.n for one in estimates),
        events=round(statistics.fmean(events)) if events else None,
        bounds=None,
        counted=None,
        details=details,
    )


def pool_each(results: Sequence[Mapping[str, Result]], *, most_failures: float = 0.0) -> dict[str, Result]:
    """Return the pooled results under each name.

    Parameters
    ----------
    results
        One mapping per imputation, all of the same names.
    most_failures
        As in :func:`pool`.
    """
    return {name: pool([one[name] for one in results], most_failures=most_failures) for name in results[0]}
