"""SHAPE, step 5 of the gate: whether two groups fit people along the axis better than the best single-peaked curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CUTS = (0.30, 0.60, 0.80)
_POINTS = 400  # places on which the curves are fitted when there are more people than these
_EM_STEPS = (60, 240)
_SIMPLEX_STEPS = 400
_TOLERANCE = 1e-7
_LOG_ROOT_TWO_PI = 0.5 * np.log(2 * np.pi)


@dataclass(frozen=True)
class ShapeTests:
    """Vuong's comparison of two groups with one skewed, heavy- or light-tailed peak, for each run.

    Parameters
    ----------
    z
        Standard normal score per run, positive when two groups fit better; cut to [-3, 4].
    mixture
        Share of the upper group, its mean, the mean of the lower one, and their common standard deviation; shape
        (runs, 4).
    curve
        Location, log scale, skewness and log tail weight of the sinh-arcsinh curve; shape (runs, 4).
    centre, spread
        Mean and standard deviation that the places were standardised with.
    """

    z: FloatArray
    mixture: FloatArray
    curve: FloatArray
    centre: FloatArray
    spread: FloatArray


def shape_tests(samples: FloatArray) -> ShapeTests:
    """Return Vuong's test between a mixture of two Gaussians with equal variance and the best sinh-arcsinh curve.

    Both have four parameters, so the difference of their log-likelihoods carries no penalty. With more than 400 people
    in a row the parameters are found on 400 weighted places, the likelihoods that are compared always on all people.

    Parameters
    ----------
    samples
        Places along the axis, shape (runs, people).

    References
    ----------
    Vuong QH (1989). Likelihood ratio tests for model selection and non-nested hypotheses. Econometrica 57:307-333.
    Jones MC, Pewsey A (2009). Sinh-arcsinh distributions. Biometrika 96:761-780.
    """
    centre, spread = samples.mean(axis=1), samples.std(axis=1)
    standard = (samples - centre[:, None]) / np.maximum(spread, np.finfo(float).tiny)[:, None]
    places, weights = _grouped(standard)
    mixture = _fit_mixture(places, weights, standard)
    curve = _fit_curve(places, weights)
    difference = mixture_log_density(standard, mixture) - curve_log_density(standard, curve)
    scale = np.sqrt(samples.shape[1]) * np.maximum(difference.std(axis=1), np.finfo(float).eps)
    z = np.clip(difference.sum(axis=1) / scale, -3.0, 4.0)
    return ShapeTests(z, mixture, curve, centre, spread)


def mixture_log_density(places: FloatArray, mixture: FloatArray) -> FloatArray:
    """Return the log density of mixtures of two Gaussians with equal variance at places of shape (runs, places)."""
    share, upper, lower, deviation = (column[:, None] for column in mixture.T)
    parts = np.logaddexp(
        np.log(share) - 0.5 * ((places - upper) / deviation) ** 2,
        np.log1p(-share) - 0.5 * ((places - lower) / deviation) ** 2,
    )
    return np.asarray(parts - np.log(deviation) - _LOG_ROOT_TWO_PI)


def curve_log_density(places: FloatArray, curve: FloatArray) -> FloatArray:
    """Return the log density of sinh-arcsinh curves at places of shape (runs, places).

    Examples
    --------
    With location 0, log scale 0, skewness 0 and log tail weight 0 it is the standard normal.

    >>> f"{curve_log_density(np.zeros((1, 1)), np.zeros((1, 4)))[0, 0]:.4f}"
    '-0.9189'
    """
    location, log_scale, skewness, log_tail = (column[:, None] for column in curve.T)
    reduced = (places - location) * np.exp(-log_scale)
    angle = np.exp(log_tail) * np.arcsinh(reduced) - skewness
    np.clip(angle, -30.0, 30.0, out=angle)
    grown = np.exp(angle)
    shrunk = 1.0 / grown
    hyperbolic = 0.5 * (grown - shrunk)
    return np.asarray(
        log_tail
        - log_scale
        + np.log((grown + shrunk) / (2 * np.sqrt(1 + reduced**2)))
        - 0.5 * hyperbolic**2
        - _LOG_ROOT_TWO_PI
    )


def _grouped(standard: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return places and weights that sum to one: the people themselves, or 400 places that share them out."""
    runs, people = standard.shape
    if people <= _POINTS:
        return standard, np.full((runs, people), 1 / people)
    low, high = standard.min(axis=1), standard.max(axis=1)
    width = (high - low) / (_POINTS - 1)
    place = (standard - low[:, None]) / width[:, None]
    left = np.minimum(place.astype(np.int64), _POINTS - 2)
    fraction = place - left
    flat = (left + np.arange(0, runs * _POINTS, _POINTS)[:, None]).ravel()
    weights = np.bincount(flat, minlength=runs * _POINTS).astype(float)
    moved = np.bincount(flat, weights=fraction.ravel(), minlength=runs * _POINTS)
    weights -= moved
    weights[1:] += moved[:-1]
    grid = low[:, None] + width[:, None] * np.arange(_POINTS)
    return grid, weights.reshape(runs, _POINTS) / people


def _fit_mixture(places: FloatArray, weights: FloatArray, standard: FloatArray) -> FloatArray:
    """Return maximum-likelihood mixtures by EM from cuts at 30, 60 and 80 %: share, upper and lower mean, deviation."""
    cuts = np.quantile(standard, CUTS, axis=1).T
    x, w = places[:, None, :], weights[:, None, :]
    member = (x > cuts[:, :, None]).astype(float)
    for _ in range(_EM_STEPS[0]):
        share, upper, lower, variance = _mixture_moments(x, w, member)
        member = _membership(x, share, upper, lower, variance)
    share, upper, lower, variance = _mixture_moments(x, w, member)
    fits = np.stack([share, upper, lower, np.sqrt(variance)], axis=-1)
    repeated = np.repeat(places, len(CUTS), axis=0)
    likelihood = mixture_log_density(repeated, fits.reshape(-1, 4)).reshape(*cuts.shape, -1)
    best = np.argmax(np.sum(likelihood * w, axis=2), axis=1)[:, None]
    share, upper, lower, variance = (np.take_along_axis(a, best, axis=1) for a in (share, upper, lower, variance))
    for _ in range(_EM_STEPS[1]):
        before = upper - lower
        member = _membership(x, share, upper, lower, variance)
        share, upper, lower, variance = _mixture_moments(x, w, member)
        if np.max(np.abs(upper - lower - before)) < _TOLERANCE:
            break
    return np.concatenate([share, upper, lower, np.sqrt(variance)], axis=1)


def _mixture_moments(x: FloatArray, w: FloatArray, member: FloatArray) -> tuple[FloatArray, ...]:
    """Return share, upper mean, lower mean and common variance given the memberships of the upper group."""
    weighted = w * member
    share = np.clip(weighted.sum(axis=2), 1e-6, 1 - 1e-6)
    mean = np.sum(w * x, axis=2)
    total = np.sum(w * x**2, axis=2) - mean**2
    part = np.sum(weighted * x, axis=2)
    upper, lower = part / share, (mean - part) / (1 - share)
    variance = np.maximum(total - share * (1 - share) * (upper - lower) ** 2, 1e-4)
    return share, upper, lower, variance


def _membership(
    x: FloatArray, share: FloatArray, upper: FloatArray, lower: FloatArray, variance: FloatArray
) -> FloatArray:
    """Return the probabilities of the upper group."""
    slope = (upper - lower) / variance
    offset = np.log(share / (1 - share)) - slope * (upper + lower) / 2
    odds = np.clip(x * slope[:, :, None] + offset[:, :, None], -40.0, 40.0)
    return np.asarray(1 / (1 + np.exp(-odds)))


def _fit_curve(places: FloatArray, weights: FloatArray) -> FloatArray:
    """Return maximum-likelihood sinh-arcsinh curves, the better of two Nelder-Mead starts per run."""
    runs = places.shape[0]
    lean = np.sign(np.sum(weights * places**3, axis=1))
    lean[lean == 0] = 1.0
    plain = np.zeros((runs, 4))
    leaning = np.column_stack([-0.4 * lean, np.full(runs, -0.3), 0.5 * lean, np.full(runs, -0.2)])
    starts = np.concatenate([plain, leaning])
    found, loss = _nelder_mead(starts, np.concatenate([places, places]), np.concatenate([weights, weights]))
    first = loss[:runs] <= loss[runs:]
    return np.where(first[:, None], found[:runs], found[runs:])


def _loss(points: FloatArray, places: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the mean negative log-likelihood of one curve per row."""
    return np.asarray(-np.einsum("rp,rp->r", curve_log_density(places, points), weights))


def _nelder_mead(starts: FloatArray, places: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the minima and their losses of many problems at once by the simplex method of Nelder and Mead (1965).

    Every problem walks its own simplex; those that have converged leave the stack.
    """
    problems, size = starts.shape
    simplex = np.repeat(starts[:, None, :], size + 1, axis=1)
    simplex[:, np.arange(1, size + 1), np.arange(size)] += 0.25
    losses = np.stack([_loss(simplex[:, corner], places, weights) for corner in range(size + 1)], axis=1)
    active = np.arange(problems)
    for _ in range(_SIMPLEX_STEPS):
        order = np.argsort(losses[active], axis=1, kind="stable")
        s = np.take_along_axis(simplex[active], order[:, :, None], axis=1)
        f = np.take_along_axis(losses[active], order, axis=1)
        simplex[active], losses[active] = _step(s, f, places[active], weights[active])
        spread = losses[active].max(axis=1) - losses[active].min(axis=1)
        active = active[spread > _TOLERANCE]
        if active.size == 0:
            break
    best = np.argmin(losses, axis=1)
    rows = np.arange(problems)
    return simplex[rows, best], losses[rows, best]


def _step(s: FloatArray, f: FloatArray, places: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return simplices and losses after one step: reflection, then expansion or contraction, else shrinking."""
    centre, worst = s[:, :-1].mean(axis=1), s[:, -1]
    reflected = 2 * centre - worst
    f_reflected = _loss(reflected, places, weights)
    expand = f_reflected < f[:, 0]
    accept = ~expand & (f_reflected < f[:, -2])
    outside = ~expand & ~accept & (f_reflected < f[:, -1])
    reach = np.where(expand, 2.0, np.where(outside, 0.5, -0.5))[:, None]
    second = centre + reach * (centre - worst)
    f_second = np.where(accept, np.inf, _loss(second, places, weights))
    use_second = f_second < np.where(expand | outside, f_reflected, f[:, -1])
    use_reflected = accept | (expand & ~use_second)
    s, f = s.copy(), f.copy()
    s[:, -1] = np.where(use_second[:, None], second, np.where(use_reflected[:, None], reflected, worst))
    f[:, -1] = np.where(use_second, f_second, np.where(use_reflected, f_reflected, f[:, -1]))
    shrink = np.flatnonzero(~use_second & ~use_reflected)
    if shrink.size:
        s[shrink, 1:] = (s[shrink, :1] + s[shrink, 1:]) / 2
        for corner in range(1, s.shape[1]):
            f[shrink, corner] = _loss(s[shrink, corner], places[shrink], weights[shrink])
    return s, f
