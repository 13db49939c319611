"""Latent classes of numbers and categories together: a mixture in which all variables are independent within a class.

With numbers alone this is latent profile analysis, a Gaussian mixture with diagonal covariances; with categories alone
latent class analysis. A person's missing variables are left out of their likelihood, which assumes that they are
missing at random given the others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort.errors import AnalysisError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LEAST_VARIANCE = 1e-4
"""Of a standardised number; keeps a class from shrinking onto equal values."""
_LEAST_PROBABILITY = 1e-10


@dataclass(frozen=True, eq=False)
class LatentClasses:
    """A mixture of classes with independent variables, in the order of the first number (or first category).

    Parameters
    ----------
    weights
        Share of each class.
    means, variances
        Of the numbers, shape (classes, numbers).
    probabilities
        For each categorical variable its category probabilities, shape (classes, categories).
    posterior
        Probability of each class for each person.
    log_likelihood, parameters
        For information criteria.
    converged
        Whether EM stopped before its last step.
    """

    weights: FloatArray
    means: FloatArray
    variances: FloatArray
    probabilities: tuple[FloatArray, ...]
    posterior: FloatArray
    log_likelihood: float
    parameters: int
    converged: bool

    @property
    def labels(self) -> IntArray:
        """Return the most probable class of each person, from 0."""
        return np.asarray(np.argmax(self.posterior, axis=1))

    def bic(self) -> float:
        """Return the Bayesian information criterion; smaller is better."""
        return float(self.parameters * np.log(len(self.posterior)) - 2 * self.log_likelihood)


@dataclass(frozen=True, eq=False)
class _Data:
    """Numbers with NaN as 0 and a mask of those known; categories as indicators, all zero where unknown."""

    numbers: FloatArray
    known: FloatArray
    indicators: tuple[FloatArray, ...]


def latent_classes(
    numbers: FloatArray,
    categories: IntArray | None,
    classes: int,
    rng: np.random.Generator,
    *,
    starts: int = 10,
    steps: int = 1000,
    tolerance: float = 1e-8,
) -> LatentClasses:
    """Return the latent classes of highest likelihood among several starts of EM.

    Parameters
    ----------
    numbers
        Shape (people, numbers), about standardised; NaN where missing. May have no column.
    categories
        Shape (people, categorical variables), codes from 0; -1 where missing. None without any.
    classes
        Number of classes.
    rng
        Source of the starts: random posteriors.
    starts, steps, tolerance
        Starts, most EM steps in each, and the gain in log-likelihood per person at which a start ends.

    Raises
    ------
    AnalysisError
        If there is no variable, or somebody has none of them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> ill = rng.random(400) < 0.3
    >>> found = latent_classes(rng.normal(4.0 * ill)[:, None], (rng.random(400) < 0.2 + 0.6 * ill)[:, None] * 1, 2, rng)
    >>> bool(abs(found.weights[1] - 0.3) < 0.06)
    True
    """
    data = _read(numbers, categories)
    people = len(data.numbers)
    best: LatentClasses | None = None
    for _ in range(starts if classes > 1 else 1):
        found = _maximise(data, rng.dirichlet(np.ones(classes), size=people), steps, tolerance)
        # A margin, so that rounding on another processor doesn't choose another of two equal starts.
        if best is None or found.log_likelihood > best.log_likelihood + 1e-6 * people:
            best = found
    assert best is not None
    return _ordered(best)


def _read(numbers: FloatArray, categories: IntArray | None) -> _Data:
    """Return the data for EM."""
    codes = np.empty((len(numbers), 0), dtype=np.int64) if categories is None else np.asarray(categories)
    known = ~np.isnan(numbers)
    if numbers.shape[1] + codes.shape[1] == 0:
        raise AnalysisError("latent classes need a variable.")
    if not (known.any(axis=1) | (codes >= 0).any(axis=1)).all():
        raise AnalysisError("latent classes need people with at least one variable.")
    indicators = tuple((column[:, None] == np.arange(column.max() + 1)).astype(float) for column in codes.T)
    return _Data(np.where(known, numbers, 0.0), known.astype(float), indicators)


def _maximise(data: _Data, posterior: FloatArray, steps: int, tolerance: float) -> LatentClasses:
    """Return the local maximum that EM reaches from a posterior."""
    people, classes = posterior.shape
    before = -np.inf
    converged = False
    for _ in range(steps):
        weights = posterior.mean(axis=0)
        mass = np.maximum(posterior.T @ data.known, 1e-12)
        means = posterior.T @ data.numbers / mass
        variances = np.maximum(posterior.T @ data.numbers**2 / mass - means**2, LEAST_VARIANCE)
        probabilities = tuple(_shares(posterior.T @ indicator) for indicator in data.indicators)
        joint = np.log(np.maximum(weights, 1e-300)) + _log_density(data, means, variances, probabilities)
        top = joint.max(axis=1, keepdims=True)
        each = top[:, 0] + np.log(np.exp(joint - top).sum(axis=1))
        posterior = np.exp(joint - each[:, None])
        total = float(each.sum())
        if total - before < tolerance * people:
            converged = True
            break
        before = total
    free = classes - 1 + 2 * means.size + classes * sum(p.shape[1] - 1 for p in probabilities)
    return LatentClasses(weights, means, variances, probabilities, posterior, total, free, converged)


def _shares(count: FloatArray) -> FloatArray:
    count = np.maximum(count, _LEAST_PROBABILITY)
    return np.asarray(count / count.sum(axis=1, keepdims=True))


def _log_density(
    data: _Data, means: FloatArray, variances: FloatArray, probabilities: tuple[FloatArray, ...]
) -> FloatArray:
    """Return the log density of each person's known variables in each class."""
    inverse = 1 / variances
    constant = -0.5 * (np.log(2 * np.pi * variances) + means**2 * inverse)
    found = data.known @ constant.T + data.numbers @ (means * inverse).T - 0.5 * data.numbers**2 @ inverse.T
    for indicator, probability in zip(data.indicators, probabilities, strict=True):
        found = found + indicator @ np.log(probability).T
    return np.asarray(found)


def _ordered(found: LatentClasses) -> LatentClasses:
    """Return the classes in the order of their means, without numbers of their category probabilities."""
    keys = found.means if found.means.shape[1] else np.hstack([p[:, 1:] for p in found.probabilities])
    order = np.lexsort(keys.T[::-1])
    return LatentClasses(
        found.weights[order],
        found.means[order],
        found.variances[order],
        tuple(p[order] for p in found.probabilities),
        found.posterior[:, order],
        found.log_likelihood,
        found.parameters,
        found.converged,
    )
