"""Logistic regression with Firth's penalty, which stays finite when an outcome is separated, and its profile intervals.

The log-likelihood is penalised by half the log determinant of the information (Jeffreys' prior), which removes the bias
of order 1/n (Firth 1993, Biometrika 80:27). Intervals are those of the profile of the penalised likelihood, since it is
far from symmetric in small samples (Heinze & Schemper 2002, Stat Med 21:2409).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, special, stats

from cohort.analysis.conditioning import invert, solve_positive
from cohort.analysis.sampling import FloatArray
from cohort.analysis.variables import InestimableError

MOST_STEPS = 200
INSUFFICIENT = "insufficient information"
"""How every reason begins that is given where an interval would span everything."""
_WIDEST = 40.0
"""A log odds ratio per SD beyond this is no limit of an interval any more."""


@dataclass(frozen=True, eq=False)
class FirthFit:
    """A penalised fit.

    Parameters
    ----------
    coefficients
        One per column of the model matrix.
    covariance
        Inverse of the information at the estimate.
    log_likelihood
        Penalised log-likelihood.
    """

    coefficients: FloatArray
    covariance: FloatArray
    log_likelihood: float


def _scale(matrix: FloatArray) -> FloatArray:
    return np.asarray(np.sqrt((matrix**2).mean(axis=0)))


def _penalised(matrix: FloatArray, outcome: FloatArray, beta: FloatArray) -> float:
    predictor = matrix @ beta
    spread = special.expit(predictor) * special.expit(-predictor)
    sign, log_determinant = np.linalg.slogdet(matrix.T @ (matrix * spread[:, None]))
    if sign <= 0:
        return -math.inf
    return float(outcome @ predictor + special.log_expit(-predictor).sum() + log_determinant / 2)


def _maximise(
    matrix: FloatArray, outcome: FloatArray, start: FloatArray, held: int | None = None
) -> tuple[FloatArray, float]:
    """Return the coefficients at which the penalised likelihood is highest, one of them held, and its value."""
    free = np.array([place for place in range(matrix.shape[1]) if place != held], dtype=np.intp)
    beta, value = start.copy(), _penalised(matrix, outcome, start)
    if not math.isfinite(value):
        raise InestimableError("the variables of the model are too nearly collinear")
    for _ in range(MOST_STEPS):
        fitted = special.expit(matrix @ beta)
        spread = fitted * (1 - fitted)
        information = matrix.T @ (matrix * spread[:, None])
        try:
            leverage = spread * np.einsum("ij,ij->i", matrix, solve_positive(information, matrix.T).T)
            score = (matrix.T @ (outcome - fitted + leverage * (0.5 - fitted)))[free]
            step = solve_positive(information[np.ix_(free, free)], score)
        except linalg.LinAlgError as error:
            what = "the variables of the model are too nearly collinear, or predict the outcome nearly perfectly"
            raise InestimableError(what) from error
        step *= min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-300))
        if float(np.abs(step).max()) < 1e-11:
            return beta, value
        for _halving in range(30):
            tried = beta.copy()
            tried[free] += step
            reached = _penalised(matrix, outcome, tried)
            if reached >= value - 1e-12 * abs(value):
                break
            step = step / 2
        settled = float(np.abs(step).max()) < 1e-9
        beta, value = tried, reached
        if settled:
            return beta, value
    raise InestimableError("the penalised model did not converge")


def fit_firth(matrix: FloatArray, outcome: FloatArray) -> FirthFit:
    """Return a logistic regression with Firth's penalty.

    Equal to R's ``logistf`` and to ``brglm2`` with ``type = "AS_mean"``. Assumes what logistic regression does.

    Parameters
    ----------
    matrix
        Model matrix with its intercept, shape (n, p).
    outcome
        Zeros and ones, shape (n,).

    Raises
    ------
    InestimableError
        If the columns are collinear or the iteration does not settle.

    Examples
    --------
    >>> x = np.column_stack([np.ones(8), [0, 0, 0, 0, 1, 1, 1, 1]])
    >>> fit = fit_firth(x, np.array([0.0, 0, 0, 1, 1, 1, 1, 1]))  # everybody exposed has the outcome
    >>> f"{math.exp(fit.coefficients[1]):.1f}"  # (4.5 x 3.5) / (0.5 x 1.5): a half is added to each cell
    '21.0'
    """
    scale = _scale(matrix)
    scaled = matrix / scale
    beta, value = _maximise(scaled, outcome, np.zeros(matrix.shape[1]))
    fitted = special.expit(scaled @ beta)
    inverse = invert(scaled.T @ (scaled * (fitted * (1 - fitted))[:, None]))
    value -= float(np.log(1 / scale).sum())
    return FirthFit(np.asarray(beta / scale), np.asarray(inverse / np.outer(scale, scale)), value)


def profile_interval(
    matrix: FloatArray, outcome: FloatArray, fit: FirthFit, place: int, level: float = 0.95
) -> tuple[float, float]:
    """Return the interval of one coefficient by the profile of the penalised likelihood.

    Its ends are where twice the fall of the penalised likelihood, the others maximised, is the quantile of chi-squared
    with one degree of freedom, as ``logistf(pl = TRUE)``.

    Parameters
    ----------
    matrix, outcome
        As in :func:`fit_firth`.
    fit
        Its result.
    place
        Number of the column.
    level
        Confidence level.

    Raises
    ------
    InestimableError
        If an end lies beyond any odds ratio worth the name.
    """
    scale = _scale(matrix)
    scaled, centre = matrix / scale, fit.coefficients * scale
    allowed = _penalised(scaled, outcome, centre) - float(stats.chi2.ppf(level, 1)) / 2
    error = math.sqrt(fit.covariance[place, place]) * float(scale[place])
    warm = centre

    def above(value: float) -> float:
        nonlocal warm
        start = warm.copy()
        start[place] = value
        warm, reached = _maximise(scaled, outcome, start, held=place)
        return reached - allowed

    ends = []
    for side in (-1.0, 1.0):
        warm, near, reach = centre, float(centre[place]), 2 * error
        far = near + side * reach
        while above(far) > 0:
            near, reach = far, 1.5 * reach
            far = near + side * reach
            if abs(far) > _WIDEST * max(1.0, error):
                raise InestimableError(f"{INSUFFICIENT}: the interval has no end within reach")
        ends.append(optimize.brentq(above, near, far, xtol=1e-9, rtol=1e-11) / float(scale[place]))
    return min(ends), max(ends)


def penalised_ratio_p(matrix: FloatArray, outcome: FloatArray, fit: FirthFit, place: int) -> float:
    """Return the p value of no effect by the ratio of penalised likelihoods, the others maximised."""
    scale = _scale(matrix)
    scaled, start = matrix / scale, fit.coefficients * scale
    full = _penalised(scaled, outcome, start)
    start = start.copy()
    start[place] = 0.0
    _, reached = _maximise(scaled, outcome, start, held=place)
    return float(stats.chi2.sf(max(2 * (full - reached), 0.0), 1))
