"""The outcome along an exposure: a curve against a reference value, and a test that it is no straight line.

The curve is a restricted cubic spline (:mod:`cohort.analysis.splines`) in the package's own regressions.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, stats

from cohort.analysis.fitting import Fit, fit_linear, fit_logistic
from cohort.analysis.imputation.pooling import pool, pool_numbers, pool_vectors, pool_wald
from cohort.analysis.model_frame import ModelFrame, model_frame
from cohort.analysis.sampling import Design, Domain, FloatArray
from cohort.analysis.splines import place_knots, spline_basis
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, is_binary, numeric, readable, require
from cohort.results import Estimate, NotTestable, ResultTable, Scale

CURVE_POINTS = 101
_BEYOND = 0.002
_NEARLY_NONE = 1e-300
"""In place of the variance at the reference itself, which is none."""


@dataclass(frozen=True)
class WaldTest:
    """A test that several coefficients are zero.

    Parameters
    ----------
    statistic
        F statistic where ``df2`` is finite, else chi-square over ``df1``.
    df1, df2
        Degrees of freedom.
    p
        P value.
    """

    statistic: float
    df1: int
    df2: float
    p: float

    @property
    def words(self) -> str:
        """Return the test in words."""
        p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.3f}"
        if math.isfinite(self.df2):
            return f"F({self.df1}, {self.df2:.0f}) = {self.statistic:.2f}, {p}"
        return f"chi-square({self.df1}) = {self.statistic * self.df1:.2f}, {p}"


@dataclass(frozen=True, eq=False)
class DoseResponse:
    """The outcome along an exposure, against a reference value.

    Parameters
    ----------
    label, measure, estimand
        As in :class:`cohort.results.Estimate`.
    scale
        ``log`` for odds ratios.
    exposure, outcome
        Columns.
    adjustment
        What the model holds besides.
    reference
        The value that the curve compares with.
    knots
        Values of the exposure.
    curve
        Columns ``exposure``, ``estimate``, ``lower``, ``upper``: 95 % intervals at each value by itself.
    any_association, non_linearity
        Wald tests that all spline coefficients are zero, and that all but the first are.
    contrasts
        Estimates at the values asked for.
    n, events
        People, and those with a yes/no outcome.
    claims
        Identifiers of the claims it bears on.
    design
        In words.
    coefficients, covariance
        Of the spline terms.
    df
        Degrees of freedom for intervals.
    """

    label: str
    measure: str
    estimand: str
    scale: Scale
    exposure: str
    outcome: str
    adjustment: tuple[str, ...]
    reference: float
    knots: tuple[float, ...]
    curve: pd.DataFrame
    any_association: WaldTest
    non_linearity: WaldTest
    contrasts: tuple[Estimate, ...]
    n: int
    events: int | None
    claims: tuple[str, ...]
    design: str
    coefficients: FloatArray
    covariance: FloatArray
    df: float

    def table(self) -> ResultTable:
        """Return the estimates at the values asked for, with both tests in the note."""
        rows = []
        for one in self.contrasts:
            low, high = one.interval()
            rows.append({"contrast": one.label, "estimate": one.value, "lower": low, "upper": high, "n": one.n})
        data = pd.DataFrame(rows, columns=["contrast", "estimate", "lower", "upper", "n"])
        knots = ", ".join(f"{knot:.3g}" for knot in self.knots)
        return ResultTable(
            f"dose_response_{self.exposure}", f"{self.label}: {self.measure}", data, counts=("n",),
            formats={"estimate": ".2f", "lower": ".2f", "upper": ".2f"},
            note=f"Restricted cubic spline, knots at {knots}. Any association: {self.any_association.words}. "
            f"Departure from a straight line: {self.non_linearity.words}.",
        )  # fmt: skip


def wald_test(fit: Fit, places: Sequence[int]) -> WaldTest:
    """Return the Wald test that coefficients are zero, with the design's degrees of freedom.

    In a survey the covariance has few degrees of freedom: F with PSUs - strata - terms, as R's ``regTermTest``.

    Parameters
    ----------
    fit
        The regression.
    places
        Which coefficients.
    """
    chosen = list(places)
    beta, covariance = fit.coefficients[chosen], fit.covariance[np.ix_(chosen, chosen)]
    try:
        statistic = float(beta @ linalg.solve(covariance, beta, assume_a="pos")) / len(chosen)
    except (linalg.LinAlgError, linalg.LinAlgWarning) as error:
        raise InestimableError("the survey has too few primary sampling units for so many spline terms") from error
    if math.isfinite(fit.df):
        p = float(stats.f.sf(statistic, len(chosen), fit.df))
    else:
        p = float(stats.chi2.sf(statistic * len(chosen), len(chosen)))
    return WaldTest(statistic, len(chosen), fit.df, p)


def _with_splines(frame: ModelFrame, knots: Sequence[float], exposure: str) -> ModelFrame:
    bent = spline_basis(frame.matrix[:, 1], knots)[:, 1:]
    names = tuple(f"{exposure}, bend {place + 1}" for place in range(bent.shape[1]))
    matrix = np.column_stack([frame.matrix[:, :2], bent, frame.matrix[:, 2:]])
    return dataclasses.replace(frame, matrix=matrix, names=(*frame.names[:2], *names, *frame.names[2:]))


def _shown_range(values: FloatArray) -> tuple[float, float]:
    """Return where the curve begins and ends: not at a single person, at least five lie beyond."""
    ordered = np.sort(values)
    beyond = min(max(MINIMUM_CELL, math.ceil(_BEYOND * len(ordered))), (len(ordered) - 1) // 2)
    return float(ordered[beyond]), float(ordered[-1 - beyond])


def _against(values: FloatArray, reference: float, knots: Sequence[float]) -> FloatArray:
    return np.asarray(spline_basis(values, knots) - spline_basis([reference], knots))


def dose_response_curve(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    knots: int | Sequence[float] = 4,
    reference: float | None = None,
    values: Sequence[float] = (),
    label: str = "",
    claims: tuple[str, ...] = (),
) -> DoseResponse | NotTestable:
    """Return the curve of an outcome along a numeric exposure, with a test of non-linearity.

    A yes/no outcome gets the odds ratio against the reference value by logistic regression, a number the difference of
    means by linear regression, with the standard errors of :func:`cohort.analysis.regression.odds_ratio` and
    ``mean_difference``: survey designs are honoured. The curve ends where fewer than five people lie beyond. Assumes
    that the adjustment suffices, and that a curve with so few bends can follow the truth.

    Parameters
    ----------
    table, outcome, adjustment, design, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`.
    exposure
        A number.
    knots
        How many, at Harrell's quantiles, or the values themselves (imputed tables need the same knots in each).
    reference
        The value to compare with; default the median.
    values
        Where estimates are wanted; default the outer knots.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> rng = np.random.default_rng(1)
    >>> bmi = rng.uniform(18, 40, 300)
    >>> people = pd.DataFrame({"bmi": bmi, "ln_crp": 0.01 * (bmi - 25) ** 2 + rng.normal(size=300)})
    >>> found = dose_response_curve(people, outcome="ln_crp", exposure="bmi", design=design_of(people), values=[40])
    >>> found.non_linearity.p < 0.05, len(found.contrasts)
    (True, 1)
    """
    label = label or readable(exposure)
    yes = outcome in table and is_binary(table[outcome])
    measure = "odds ratio" if yes else f"difference in mean {readable(outcome)}"
    estimand = f"conditional {measure} of {readable(outcome)} along {readable(exposure)}"
    try:
        _require_number(table, exposure)
        frame = model_frame(
            table, outcome=outcome, exposures=[exposure], adjustment=adjustment, design=design, domain=domain,
            kind="binary" if yes else "continuous",
        )  # fmt: skip
        measured = frame.matrix[:, 1]
        weights = frame.weights if design.kind == "survey" else None
        at = place_knots(measured, knots, weights) if isinstance(knots, int) else tuple(float(k) for k in knots)
        bent = _with_splines(frame, at, exposure)
        fit = (fit_logistic if yes else fit_linear)(bent, design)
        terms = list(range(1, len(at)))
        tests = wald_test(fit, terms), wald_test(fit, terms[1:])
    except InestimableError as reason:
        return NotTestable(label, str(reason), measure, estimand, claims)
    start = float(np.interp(0.5, *_middle(measured, frame.weights))) if reference is None else float(reference)
    scale: Scale = "log" if yes else "identity"
    template = Estimate(
        label, measure, 1.0, 1.0, scale=scale, df=fit.df, null=1.0 if yes else 0.0, estimand=estimand,
        adjustment=tuple(adjustment), n=frame.n, events=frame.events if yes else None, claims=claims,
        details=(("design", design.words), ("knots", ", ".join(f"{knot:.3g}" for knot in at)),
                 ("test of non-linearity", tests[1].words)),
    )  # fmt: skip
    beta, covariance = fit.coefficients[terms], fit.covariance[np.ix_(terms, terms)]
    grid = np.linspace(*_shown_range(measured), CURVE_POINTS)
    wanted = np.asarray(values or [knot for knot in (at[0], at[-1]) if knot != start], dtype=np.float64)
    contrasts = [
        dataclasses.replace(template, label=f"{value:.3g} against {start:.3g}", value=found[0], standard_error=found[1])
        for value, found in zip(wanted, _estimates(_against(wanted, start, at), beta, covariance, scale), strict=True)
        if value != start
    ]
    along = _curve(grid, _estimates(_against(grid, start, at), beta, covariance, scale), scale, fit.df)
    return DoseResponse(
        label, measure, estimand, scale, exposure, outcome, tuple(adjustment), start, at, along, *tests,
        tuple(contrasts), frame.n, template.events, claims, design.words, beta, covariance, fit.df,
    )  # fmt: skip


def _require_number(table: pd.DataFrame, exposure: str) -> None:
    """Refuse an exposure along which there is no curve."""
    if exposure in table and is_binary(table[exposure]):
        raise InestimableError(f"'{exposure}' has two values: there is no curve along it")
    numeric(require(table, exposure))


def _middle(values: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order]) - weights[order] / 2
    return share / weights.sum(), values[order]


def _estimates(
    basis: FloatArray, coefficients: FloatArray, covariance: FloatArray, scale: Scale
) -> list[tuple[float, float]]:
    """Return value and standard error of each row of a basis."""
    values = basis @ coefficients
    errors = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", basis, covariance, basis), 0))
    shown = np.exp(values) if scale == "log" else values
    return [(float(value), float(error)) for value, error in zip(shown, errors, strict=True)]


def _curve(grid: FloatArray, found: Sequence[tuple[float, float]], scale: Scale, df: float) -> pd.DataFrame:
    values, errors = np.asarray(found).T
    reach = (float(stats.t.ppf(0.975, df)) if math.isfinite(df) else float(stats.norm.ppf(0.975))) * errors
    if scale == "log":
        lower, upper = values * np.exp(-reach), values * np.exp(reach)
    else:
        lower, upper = values - reach, values + reach
    return pd.DataFrame({"exposure": grid, "estimate": values, "lower": lower, "upper": upper})


def pooled_dose_response(curves: Sequence[DoseResponse | NotTestable]) -> DoseResponse | NotTestable:
    """Return one curve from those of imputed tables, by Rubin's rules; its tests are Li, Raghunathan & Rubin's D1.

    Parameters
    ----------
    curves
        One per imputed table, at least two, with the same knots and reference.

    Raises
    ------
    ValueError
        If knots or reference differ, so that coefficients mean different things.
    """
    failed = [one for one in curves if isinstance(one, NotTestable)]
    if failed:
        reason = f"the analysis fails in {len(failed)} of {len(curves)} imputed tables: {failed[0].reason}"
        return dataclasses.replace(failed[0], reason=reason)
    found = [one for one in curves if isinstance(one, DoseResponse)]
    first = found[0]
    if any(one.knots != first.knots or one.reference != first.reference for one in found):
        raise ValueError("the curves of imputed tables need the same knots and the same reference")
    betas = np.stack([one.coefficients for one in found])
    covariances = np.stack([one.covariance for one in found])
    beta, covariance = pool_vectors(betas, covariances)
    tests = []
    for start in (0, 1):
        test = pool_wald(betas[:, start:], covariances[:, start:, start:], first.df)
        tests.append(WaldTest(test.statistic, test.df1, test.df2, test.p_value))
    grid = first.curve["exposure"].to_numpy()
    basis = _against(grid, first.reference, first.knots)
    rows = []
    for place in range(len(grid)):
        # Each value by itself has its own fraction of missing information.
        spread = np.einsum("j,mjk,k->m", basis[place], covariances, basis[place])
        pooled = pool_numbers(betas @ basis[place], np.maximum(spread, _NEARLY_NONE), first.df)
        reach = float(stats.t.ppf(0.975, pooled.df)) * math.sqrt(pooled.total)
        rows.append((pooled.estimate, pooled.estimate - reach, pooled.estimate + reach))
    shown = np.exp(rows) if first.scale == "log" else np.asarray(rows)
    curve = pd.DataFrame(np.column_stack([grid, shown]), columns=["exposure", "estimate", "lower", "upper"])
    contrasts = [pool([one.contrasts[place] for one in found]) for place in range(len(first.contrasts))]
    return dataclasses.replace(
        first, curve=curve, any_association=tests[0], non_linearity=tests[1],
        contrasts=tuple(one for one in contrasts if isinstance(one, Estimate)), coefficients=beta,
        covariance=covariance, n=min(one.n for one in found),
    )  # fmt: skip
