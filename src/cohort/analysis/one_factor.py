"""One factor behind the items of a questionnaire, and how each person moves what is computed from it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from scipy import optimize
from statsmodels.multivariate.factor import Factor

from cohort.analysis.sampling import FloatArray
from cohort.analysis.variables import InestimableError

LEAST_UNIQUENESS = 1e-4
"""Share of an item's variance; less is an improper solution (Heywood 1931)."""


@dataclass(frozen=True)
class OneFactor:
    """A one-factor model of a covariance matrix.

    Parameters
    ----------
    loadings, unique
        Loadings and unique variances, in the units of the items.
    srmr
        Standardised root mean square residual: of correlations, over the lower triangle with its diagonal.
    """

    loadings: FloatArray
    unique: FloatArray
    srmr: float

    @property
    def omega(self) -> float:
        """Return the share of the variance of the sum of the items that the factor explains."""
        common = float(self.loadings.sum()) ** 2
        return common / (common + float(self.unique.sum()))


def fit_one_factor(covariance: FloatArray, n: int) -> OneFactor:
    """Return the one-factor model that is most likely for a covariance matrix.

    Parameters
    ----------
    covariance
        Of the items.
    n
        Number of people.

    Raises
    ------
    InestimableError
        If an item does not vary, or the model has no proper solution.
    """
    spread = np.sqrt(np.diag(covariance))
    if not (spread > 0).all():
        raise InestimableError("an item has the same answer from everybody")
    correlation = covariance / np.outer(spread, spread)
    np.fill_diagonal(correlation, 1.0)
    first = np.linalg.eigh(correlation)[1][:, -1]
    first = first * np.sign(first.sum() or 1.0)
    # A start of our own: the library would draw one at random.
    loading = np.clip(first * np.sqrt(len(spread)) * 0.6, -0.9, 0.9)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = Factor(corr=correlation, n_factor=1, method="ml", nobs=n)
        model.fit(start=(loading[:, None], 1 - loading**2), opt={"gtol": 1e-9, "maxiter": 500})
    loading, unique = np.asarray(model.loadings)[:, 0], np.asarray(model.uniqueness)
    if not np.isfinite(loading).all() or unique.min() < LEAST_UNIQUENESS:
        raise InestimableError("the one-factor model has no proper solution: one item carries no error of its own")
    residual = (correlation - np.outer(loading, loading) - np.diag(unique))[np.tril_indices(len(spread))]
    return OneFactor(loading * spread, unique * spread**2, float(np.sqrt((residual**2).mean())))


def _score(parameters: FloatArray, covariance: FloatArray) -> FloatArray:
    """Return half the gradient of the discrepancy ln|Σ| + tr(S Σ⁻¹) in the loadings and unique variances."""
    k = len(covariance)
    loadings, unique = parameters[:k], parameters[k:]
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(unique))
    lack = inverse - inverse @ covariance @ inverse
    return np.concatenate([lack @ loadings, np.diag(lack) / 2])


def omega_influence(model: OneFactor, covariance: FloatArray, centred: FloatArray) -> FloatArray:
    """Return each person's influence on omega, through the estimating equations of the factor model.

    The equations are differentiated as they are, not at their expectation, so that the variance also holds where one
    factor is not the truth.

    Parameters
    ----------
    model
        The fitted model.
    covariance
        What it was fitted to.
    centred
        Answers less their mean, people × items, whose (weighted) mean products are the covariance.
    """
    k = len(covariance)
    at = np.concatenate([model.loadings, model.unique])
    slope = optimize.approx_fprime(at, _score, 1e-6, covariance)
    inverse = np.linalg.inv(np.outer(model.loadings, model.loadings) + np.diag(model.unique))
    pulled = centred @ inverse
    own = np.column_stack([pulled * (pulled @ model.loadings)[:, None], pulled**2 / 2])
    common, errors = float(model.loadings.sum()), float(model.unique.sum())
    whole = (common**2 + errors) ** 2
    gradient = np.concatenate([np.full(k, 2 * common * errors / whole), np.full(k, -(common**2) / whole)])
    return np.asarray(own @ np.linalg.solve(slope.T, gradient), dtype=np.float64)
