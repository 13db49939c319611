"""Worlds with and without groups that the gate is tried on: six positive markers per person, and the true groups.

Each world takes a generator and a number of people (worlds of groups also their distance) and draws people anew. What
a world is stands in words in docs/diagnosis/gate/plan.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
World = Callable[[np.random.Generator, int], FloatArray]
Groups = Callable[[np.random.Generator, int, float], tuple[FloatArray, IntArray]]

NAMES = ("a", "b", "c", "d", "e", "f")
_MARKERS = len(NAMES)
_LOADING = 0.5
_LOG_SD = 0.5
_TILT = np.array([1.0, 0.8, 1.1, 0.6, 0.9, 0.7])


def frame(values: FloatArray) -> pd.DataFrame:
    """Return markers as a table."""
    return pd.DataFrame(values, columns=list(NAMES))


def _noise(rng: np.random.Generator, n: int) -> FloatArray:
    return rng.standard_normal((n, _MARKERS))


def _raised(rng: np.random.Generator, cause: FloatArray) -> FloatArray:
    """Return log-normal markers that a cause of variance one raises as much as noise does, unequally."""
    return np.asarray(np.exp(_LOG_SD * (cause[:, None] * _TILT + _noise(rng, len(cause)))))


def frank(rng: np.random.Generator, n: int) -> FloatArray:
    """Return people: frank copula by its logarithmic frailty (Marshall and Olkin 1988, JASA 83:834)."""
    theta = 2.92  # Kendall's tau 0.3
    frailty = rng.logseries(-np.expm1(-theta), size=(n, 1))
    uniform = -np.log1p(np.exp(-rng.exponential(size=(n, _MARKERS)) / frailty) * np.expm1(-theta)) / theta
    return np.asarray(np.exp(0.4 * special.logit(np.clip(uniform, 1e-9, 1 - 1e-9))))


def uniform_cause(rng: np.random.Generator, n: int) -> FloatArray:
    """Return people: an unmeasured cause, uniform between two bounds."""
    return _raised(rng, rng.uniform(-np.sqrt(3), np.sqrt(3), n))


def composition(rng: np.random.Generator, n: int) -> FloatArray:
    """Return people: counts that share a total."""
    shares = rng.dirichlet([12.0, 6.0, 3.0, 2.0, 1.5, 1.0], size=n)
    return np.asarray(np.maximum(shares, 1e-6) * np.exp(0.4 * rng.standard_normal((n, 1))))


def sampling_hour(rng: np.random.Generator, n: int) -> FloatArray:
    """Return people: the hour of sampling, uniform over the day."""
    hour = rng.uniform(0, 2 * np.pi, n)
    peak = np.array([0.0, 0.4, 0.8, 0.0, 2.0, 3.1])
    return np.asarray(np.exp(_LOG_SD * (0.7 * np.cos(hour[:, None] - peak) + _noise(rng, n))))


def coarse_assay(rng: np.random.Generator, n: int) -> FloatArray:
    """Return people: few digits, and a limit of detection."""
    values = np.exp(0.9 * (0.6 * rng.standard_normal((n, 1)) + 0.8 * _noise(rng, n)))
    values = np.round(values * [10, 10, 5, 20, 4, 10]) / [10, 10, 5, 20, 4, 10]
    limits = np.exp(0.9 * special.ndtri(0.1))
    values[:, :2] = np.where(values[:, :2] < limits, 0.0, values[:, :2])
    return np.asarray(values)


def twelve_sites(rng: np.random.Generator, n: int) -> FloatArray:
    """Return people: unmeasured sites, each with its own shifts."""
    site = rng.choice(12, size=n, p=rng.dirichlet(np.full(12, 3.0)))
    moved = 0.35 * rng.standard_normal((12, _MARKERS))
    return np.asarray(np.exp(_LOG_SD * (moved[site] + 0.5 * rng.standard_normal((n, 1)) + _noise(rng, n))))


def product(rng: np.random.Generator, n: int) -> FloatArray:
    """Return people: the product of two independent causes."""
    return _raised(rng, rng.standard_normal(n) * rng.standard_normal(n))


def laplace(rng: np.random.Generator, n: int) -> FloatArray:
    """Return people: asymmetric Laplace margins under a Gaussian copula."""
    uniform = special.ndtr(np.sqrt(0.4) * rng.standard_normal((n, 1)) + np.sqrt(0.6) * _noise(rng, n))
    below = 0.35
    low = 0.5 * np.log(np.maximum(uniform / below, 1e-12))
    high = -np.log(np.maximum((1 - uniform) / (1 - below), 1e-12))
    return np.asarray(np.exp(0.4 * np.where(uniform < below, low, high)))


def disease_count(rng: np.random.Generator, n: int) -> FloatArray:
    """Return people: a count of diseases, each adding a step."""
    return np.asarray(np.exp(_LOG_SD * (0.45 * rng.poisson(1.2, (n, 1)) + _noise(rng, n))))


def _covariance() -> FloatArray:
    return np.asarray((1 - _LOADING**2) * np.eye(_MARKERS) + _LOADING**2)


def _within(rng: np.random.Generator, n: int) -> FloatArray:
    """Return log markers within a group: variance one, one shared factor."""
    return np.asarray(_LOADING * rng.standard_normal((n, 1)) + np.sqrt(1 - _LOADING**2) * _noise(rng, n))


def _shift(direction: FloatArray, apart: float) -> FloatArray:
    """Return the shift along a direction whose Mahalanobis length is ``apart``."""
    return np.asarray(apart * direction / np.sqrt(direction @ np.linalg.solve(_covariance(), direction)))


_FIRST = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])


def _drawn(rng: np.random.Generator, n: int, shares: list[float]) -> IntArray:
    return np.asarray(rng.choice(len(shares), size=n, p=shares))


def two(rng: np.random.Generator, n: int, apart: float) -> tuple[FloatArray, IntArray]:
    """Return people: two groups, by distance."""
    group = _drawn(rng, n, [0.6, 0.4])
    return np.exp(_LOG_SD * (_within(rng, n) + group[:, None] * _shift(_FIRST, apart))), group


def two_skewed(rng: np.random.Generator, n: int, apart: float) -> tuple[FloatArray, IntArray]:
    """Return people: two skewed groups, by distance."""
    group = _drawn(rng, n, [0.6, 0.4])
    own = np.sqrt(0.5) * (_within(rng, n) + rng.exponential(size=(n, _MARKERS)))
    return np.exp(_LOG_SD * (own + group[:, None] * _shift(_FIRST, apart))), group


def two_unequal(rng: np.random.Generator, n: int, apart: float) -> tuple[FloatArray, IntArray]:
    """Return people: two groups of unequal variance, by distance."""
    group = _drawn(rng, n, [0.75, 0.25])
    own = _within(rng, n) * np.where(group == 1, np.sqrt(2), 1.0)[:, None]
    return np.exp(_LOG_SD * (own + group[:, None] * _shift(_FIRST, apart))), group


def two_severity(rng: np.random.Generator, n: int, apart: float) -> tuple[FloatArray, IntArray]:
    """Return people: two groups, and a skewed severity within them."""
    group = _drawn(rng, n, [0.6, 0.4])
    own = _within(rng, n) + 0.6 * rng.exponential(size=(n, 1)) * np.array([0.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    return np.exp(_LOG_SD * (own + group[:, None] * _shift(_FIRST, apart))), group


def two_by_marker(rng: np.random.Generator, n: int, apart: float) -> tuple[FloatArray, IntArray]:
    """Return people: two groups, by the shift of three markers."""
    group = _drawn(rng, n, [0.6, 0.4])
    return np.exp(_LOG_SD * (_within(rng, n) + apart * group[:, None] * _FIRST)), group


def three_by_marker(rng: np.random.Generator, n: int, apart: float) -> tuple[FloatArray, IntArray]:
    """Return people: three groups, each other one shifted in three markers of its own."""
    group = _drawn(rng, n, [0.5, 0.3, 0.2])
    centres = apart * np.stack([np.zeros(_MARKERS), _FIRST, 1 - _FIRST])
    return np.exp(_LOG_SD * (_within(rng, n) + centres[group])), group


def equilateral(rng: np.random.Generator, n: int, apart: float) -> tuple[FloatArray, IntArray]:
    """Return people: three groups, every two equally far apart."""
    group = _drawn(rng, n, [0.4, 0.35, 0.25])
    root = np.linalg.cholesky(_covariance())
    corners = np.zeros((3, _MARKERS))
    corners[1, 0], corners[2, :2] = apart, (apart / 2, apart * np.sqrt(3) / 2)
    return np.exp(_LOG_SD * (_within(rng, n) + (corners @ root.T)[group])), group


def in_a_row(rng: np.random.Generator, n: int, apart: float) -> tuple[FloatArray, IntArray]:
    """Return people: three groups on one line."""
    group = _drawn(rng, n, [0.4, 0.35, 0.25])
    return np.exp(_LOG_SD * (_within(rng, n) + group[:, None] * _shift(_FIRST, apart))), group


ONE_POPULATION: Mapping[str, World] = {
    world.__name__: world
    for world in (
        frank, uniform_cause, composition, sampling_hour, coarse_assay, twelve_sites, product, laplace, disease_count,
    )
}  # fmt: skip
GROUPS: Mapping[str, Groups] = {
    world.__name__: world for world in (
        two, two_by_marker, two_skewed, two_unequal, two_severity, three_by_marker, equilateral, in_a_row,
    )
}  # fmt: skip
