"""Normal regression for values of which some are known only to lie below a limit (Tobit), by maximum likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from cohort.analysis.design import Design, Domain
from cohort.analysis.fitting import residual_df
from cohort.analysis.model_frame import model_frame
from cohort.analysis.variables import InestimableError, is_binary, readable, require
from cohort.codebook import load_codebook
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable, Result

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_STEPS = 100
_TOLERANCE = 1e-10
_UNSETTLED = "the censored regression did not converge; some covariate may have all its values below the limit."


@dataclass(frozen=True, eq=False)
class CensoredFit:
    """A fitted normal regression with left-censored values.

    Parameters
    ----------
    coefficients
        One per column of the design matrix.
    sigma
        Standard deviation of the uncensored values about their mean.
    covariance
        Covariance of the coefficients and, in the last row and column, of the logarithm of sigma.
    log_likelihood
        Weighted log-likelihood at the maximum.
    """

    coefficients: FloatArray
    sigma: float
    covariance: FloatArray
    log_likelihood: float


def fit_censored_normal(
    values: FloatArray,
    below: BoolArray,
    matrix: FloatArray,
    *,
    design: Design | None = None,
    domain: BoolArray | None = None,
) -> CensoredFit:
    """Return the maximum-likelihood normal regression of values of which some lie below their limit.

    A simple sample gets the inverse of the observed information as covariance; a survey the pseudo-likelihood with
    linearised (sandwich) variance.

    Parameters
    ----------
    values
        The value, or the limit where ``below``; one per person of the domain.
    below
        True where the value is only known to lie below the limit.
    matrix
        Design matrix with its intercept, shape (people, columns), of full rank.
    design
        Sampling design of the whole table; a simple sample when None.
    domain
        True for the rows of the table that the people are; needed with ``design``.

    Raises
    ------
    AnalysisError
        If nobody has a value above the limit, or the maximum was not found.

    Notes
    -----
    Assumes that the values are normal about their mean, below the limit too: with a heavier lower tail the estimates
    are biased, and nothing above the limit shows it. With Olsen's parameters (coefficients / sigma, 1 / sigma) the
    log-likelihood is concave, so Newton's method finds the one maximum.

    References
    ----------
    Tobin J (1958). Econometrica 26:24-36. Olsen RJ (1978). Econometrica 46:1211-1215.

    Examples
    --------
    >>> fit = fit_censored_normal(np.array([1.0, 2.0, 3.0]), np.array([False, False, False]), np.ones((3, 1)))
    >>> f"{fit.coefficients[0]:.3f} {fit.sigma:.3f}"
    '2.000 0.816'
    """
    if below.all():
        raise AnalysisError("no value lies above the detection limit.")
    weights = np.ones(len(values))
    if design is not None and domain is not None:
        weights = design.weight()[domain]
        weights = weights * (np.count_nonzero(weights) / weights.sum())
    rows = np.column_stack([-matrix, values])
    olsen, log_likelihood, information = _newton(rows, below, weights)
    precision = olsen[-1]
    coefficients, sigma = olsen[:-1] / precision, 1 / precision
    # Derivatives of (coefficients, ln sigma) with respect to (coefficients / sigma, 1 / sigma).
    jacobian = np.eye(len(olsen)) * sigma
    jacobian[:-1, -1] = -coefficients * sigma
    jacobian[-1, -1] = -sigma
    bread = jacobian @ np.linalg.inv(information)
    if design is not None and domain is not None and design.kind == "survey":
        scores = _scores(rows, below, olsen) * weights[:, None]
        covariance = design.covariance(scores @ bread.T, domain)
    else:
        covariance = bread @ jacobian.T
    return CensoredFit(coefficients, float(sigma), covariance, log_likelihood)


def draw_below(fit: CensoredFit, limits: FloatArray, matrix: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return draws from the fitted normal distribution below each limit, one per row of the design matrix."""
    mean = matrix @ fit.coefficients
    log_share = special.log_ndtr((limits - mean) / fit.sigma)
    log_uniform = np.log1p(-rng.random(len(limits)))
    return np.asarray(mean + fit.sigma * special.ndtri_exp(log_uniform + log_share))


def _newton(rows: FloatArray, below: BoolArray, weights: FloatArray) -> tuple[FloatArray, float, FloatArray]:
    """Return Olsen's parameters at the maximum, the log-likelihood there and the observed information.

    ``rows`` holds the negative design matrix and the value, so that ``rows @ parameters`` is the standardised
    residual.
    """
    seen = ~below
    start, *_ = np.linalg.lstsq(rows[:, :-1], -rows[:, -1], rcond=None)
    deviation = max(float(np.std(rows[:, -1] + rows[:, :-1] @ start)), 1e-8)
    parameters = np.append(start, 1.0) / deviation
    current = _log_likelihood(rows, seen, weights, parameters)
    for _ in range(_STEPS):
        score = _scores(rows, below, parameters).T @ weights
        information = _information(rows, below, weights, parameters)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError as error:
            raise AnalysisError(_UNSETTLED) from error
        length = 1.0
        while length > 1e-8:
            proposed = parameters + length * step
            value = _log_likelihood(rows, seen, weights, proposed)
            if value >= current - 1e-12 * abs(current):
                break
            length /= 2
        parameters, current = proposed, value
        if float(score @ step) < _TOLERANCE:
            return parameters, current, _information(rows, below, weights, parameters)
    raise AnalysisError(_UNSETTLED)


def _log_likelihood(rows: FloatArray, seen: BoolArray, weights: FloatArray, parameters: FloatArray) -> float:
    if parameters[-1] <= 0:
        return -np.inf
    residual = rows @ parameters
    single = np.where(
        seen, np.log(parameters[-1]) - 0.5 * residual**2 - 0.5 * np.log(2 * np.pi), special.log_ndtr(residual)
    )
    return float(weights @ single)


def _hazard(residual: FloatArray) -> FloatArray:
    """Return the normal density over the normal distribution function, stable far below zero."""
    return np.asarray(np.exp(-0.5 * residual**2 - 0.5 * np.log(2 * np.pi) - special.log_ndtr(residual)))


def _scores(rows: FloatArray, below: BoolArray, parameters: FloatArray) -> FloatArray:
    """Return the derivative of each person's log-likelihood."""
    residual = rows @ parameters
    scores = rows * np.where(below, _hazard(residual), -residual)[:, None]
    scores[~below, -1] += 1 / parameters[-1]
    return np.asarray(scores)


def _information(rows: FloatArray, below: BoolArray, weights: FloatArray, parameters: FloatArray) -> FloatArray:
    """Return the negative second derivative of the weighted log-likelihood."""
    residual = rows @ parameters
    hazard = _hazard(residual)
    curvature = np.where(below, hazard * (hazard + residual), 1.0) * weights
    information = rows.T @ (rows * curvature[:, None])
    information[-1, -1] += weights[~below].sum() / parameters[-1] ** 2
    return np.asarray(information)


def censored_mean_difference(
    table: pd.DataFrame,
    *,
    outcome: str = "ln_crp",
    exposure: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    censoring: str = "crp_censoring",
    label: str = "",
    claims: tuple[str, ...] = (),
    estimand: str = "",
    per_sd: bool = False,
    ratio: bool = False,
) -> Result:
    """Return the difference in the mean of ln CRP when values below the limit are taken as no more than that.

    The estimate beside :func:`cohort.analysis.regression.mean_difference`, which takes the limit as the value. Simple
    sample: as R's ``survreg(dist = "gaussian")``; survey: as ``svysurvreg``. Normal quantiles in a simple sample, else
    t.

    Parameters
    ----------
    table, exposure, adjustment, design, domain, label, claims, estimand, per_sd, ratio
        As in :func:`cohort.analysis.regression.mean_difference`.
    outcome
        A column that holds the limit itself where the value lies below it.
    censoring
        A column that says ``below`` where it does.

    Notes
    -----
    Assumes normal residuals with one variance for everybody; see :func:`fit_censored_normal`.
    """
    kind = "ratio of geometric means" if ratio else f"difference in mean {readable(outcome)}"
    unit = "" if exposure not in table or is_binary(table[exposure]) else " per SD" if per_sd else " per unit"
    measure = f"{kind}{unit}"
    label = label or readable(exposure)
    estimand = estimand or f"conditional {kind} for {readable(exposure)}, values below the limit censored"
    try:
        frame = model_frame(
            table,
            outcome=outcome,
            exposures=[exposure],
            adjustment=adjustment,
            design=design,
            domain=domain,
            kind="continuous",
            per_sd=per_sd,
        )
        below = (require(table, censoring) == "below").fillna(value=False).to_numpy(dtype=bool)[frame.domain]
        df = residual_df(design, frame) if design.kind == "survey" else math.inf
        fit = fit_censored_normal(frame.outcome, below, frame.matrix, design=design, domain=frame.domain)
    except (InestimableError, AnalysisError) as reason:
        return NotTestable(label, str(reason).removeprefix("cohort: "), measure, estimand, claims)
    slope = float(fit.coefficients[1])
    return Estimate(
        label,
        measure,
        math.exp(slope) if ratio else slope,
        math.sqrt(fit.covariance[1, 1]),
        scale="log" if ratio else "identity",
        df=df,
        null=1.0 if ratio else 0.0,
        estimand=estimand,
        adjustment=tuple(adjustment),
        n=frame.n,
        claims=claims,
        details=(("design", design.words), ("below the limit", "censored")),
    )


def limit_columns(marker: str) -> tuple[str, str]:
    """Return the columns that say whether a marker lies beyond a limit, and which: those of its analyte.

    Parameters
    ----------
    marker
        Column of the person table.

    Examples
    --------
    >>> limit_columns("crp_mg_l"), limit_columns("il6_pg_ml")
    (('crp_censoring', 'crp_limit_mg_l'), ('il6_censoring', 'il6_limit_pg_ml'))
    >>> limit_columns("bmi_kg_m2")
    ('', '')
    """
    for name, analyte in load_codebook().analytes.items():
        if analyte.column == marker:
            return f"{name}_censoring", f"{name}_limit_{marker.removeprefix(f'{name}_')}"
    return "", ""
