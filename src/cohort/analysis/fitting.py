"""Maximum likelihood and least squares on arrays, with the influence of each person on each coefficient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, special

from cohort.analysis.conditioning import invert, solve_positive
from cohort.analysis.model_frame import ModelFrame
from cohort.analysis.sampling import Design, FloatArray
from cohort.analysis.variables import InestimableError

MOST_STEPS = 60


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted regression.

    Parameters
    ----------
    coefficients
        One per column of the model matrix.
    covariance
        Their covariance: from the design, or from the information matrix in a simple sample.
    influence
        Weighted influence of each person on each coefficient; its columns sum to zero.
    fitted
        Fitted mean of each person.
    df
        Degrees of freedom for intervals; infinite for the normal.
    """

    coefficients: FloatArray
    covariance: FloatArray
    influence: FloatArray
    fitted: FloatArray
    df: float


def residual_df(design: Design, frame: ModelFrame) -> float:
    """Return PSUs minus strata minus covariates, as R's ``summary.svyglm`` and ``confint.svyglm`` use.

    Raises
    ------
    InestimableError
        If none is left.
    """
    df = design.degrees_of_freedom(frame.domain) - (frame.matrix.shape[1] - 1)
    if df < 1:
        raise InestimableError("the survey has too few primary sampling units for so many model terms")
    return float(df)


def is_separated(matrix: FloatArray, outcome: FloatArray) -> bool:
    """Return whether some combination of covariates predicts the outcome perfectly for part of the people.

    Then no finite maximum-likelihood estimate exists. Found by linear programming (Konis 2007, DPhil thesis,
    Oxford): the data are separated when a direction exists along which nobody is predicted worse and somebody better.

    Examples
    --------
    >>> x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]])
    >>> is_separated(x, np.array([0.0, 0, 0, 0, 1, 1])), is_separated(x, np.array([0.0, 0, 1, 0, 1, 1]))
    (True, False)
    """
    signed = np.unique(matrix * (2 * outcome - 1)[:, None], axis=0)
    signed = signed / np.abs(signed).max(axis=0)
    solved = optimize.linprog(-signed.sum(axis=0), A_ub=-signed, b_ub=np.zeros(len(signed)), bounds=(-1, 1))
    return solved.fun is not None and bool(-solved.fun > 1e-6)


def logistic_coefficients(matrix: FloatArray, outcome: FloatArray, weights: FloatArray) -> FloatArray:
    """Return weighted maximum-likelihood coefficients of a logistic regression, by Newton's method (IRLS).

    Equal to ``statsmodels`` ``Logit`` without weights and to R's ``glm`` and ``svyglm`` coefficients.

    Raises
    ------
    InestimableError
        If the outcome is separated or the iteration does not settle.
    """
    scale = np.sqrt((matrix**2).mean(axis=0))
    scaled = matrix / scale
    beta = np.zeros(matrix.shape[1])
    settled = False
    for _ in range(MOST_STEPS):
        mean = special.expit(scaled @ beta)
        information = scaled.T @ (scaled * (weights * mean * (1 - mean))[:, None])
        try:
            step = solve_positive(information, scaled.T @ (weights * (outcome - mean)))
        except linalg.LinAlgError:
            break
        beta = beta + step * min(1.0, 5.0 / max(np.abs(step).max(), 1e-300))
        settled = bool(np.abs(step).max() < 1e-10)
        if settled or np.abs(beta).max() > 1e4:
            break
    extreme = np.abs(scaled @ beta).max() > 12
    if (extreme or not settled) and is_separated(matrix, outcome):
        raise InestimableError("the variables predict the outcome perfectly for some people (separation)")
    if not settled or not np.isfinite(beta).all():
        raise InestimableError("the model did not converge")
    return np.asarray(beta / scale)


def fit_logistic(frame: ModelFrame, design: Design) -> Fit:
    """Return a logistic regression: pseudo-likelihood with a linearised sandwich in a survey, else maximum likelihood.

    Raises
    ------
    InestimableError
        If there is no finite estimate, or a standard error is not finite.
    """
    beta = logistic_coefficients(frame.matrix, frame.outcome, frame.weights)
    fitted = special.expit(frame.matrix @ beta)
    information = frame.matrix.T @ (frame.matrix * (frame.weights * fitted * (1 - fitted))[:, None])
    inverse = _inverse(information)
    influence = (frame.matrix * (frame.weights * (frame.outcome - fitted))[:, None]) @ inverse
    if design.kind == "survey":
        covariance = design.covariance(influence, frame.domain)
        return _checked(Fit(beta, covariance, influence, fitted, residual_df(design, frame)))
    return _checked(Fit(beta, inverse, influence, fitted, float("inf")))


def fit_linear(frame: ModelFrame, design: Design) -> Fit:
    """Return a linear regression with a linearised sandwich in a survey, else with the HC1 sandwich (n/(n-p)).

    HC1 needs no equal variances (MacKinnon & White 1985, J Econometrics 29:305).
    """
    weighted = frame.matrix * frame.weights[:, None]
    inverse = _inverse(frame.matrix.T @ weighted)
    beta = inverse @ (weighted.T @ frame.outcome)
    # One step of refinement removes what the explicit inverse loses.
    beta = beta + inverse @ (weighted.T @ (frame.outcome - frame.matrix @ beta))
    fitted = frame.matrix @ beta
    influence = (weighted * (frame.outcome - fitted)[:, None]) @ inverse
    if design.kind == "survey":
        covariance = design.covariance(influence, frame.domain)
        return _checked(Fit(beta, covariance, influence, fitted, residual_df(design, frame)))
    df = frame.n - frame.matrix.shape[1]
    return _checked(Fit(beta, influence.T @ influence * (frame.n / df), influence, fitted, float(df)))


def _inverse(information: FloatArray) -> FloatArray:
    """Return the inverse of an information matrix, scaled to a unit diagonal first for the sake of precision."""
    root = np.sqrt(np.diag(information))
    try:
        inverse = invert(information / np.outer(root, root))
    except linalg.LinAlgError as error:
        raise InestimableError("the variables of the model are too nearly collinear") from error
    return np.asarray(inverse / np.outer(root, root))


def _checked(fit: Fit) -> Fit:
    variances = np.diag(fit.covariance)
    if not (np.isfinite(fit.coefficients).all() and np.isfinite(variances).all() and (variances > 0).all()):
        raise InestimableError("the standard errors are not finite")
    return fit
