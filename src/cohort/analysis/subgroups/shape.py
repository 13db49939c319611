"""SHAPE, step 5 of the gate: whether two groups fit people along the axis better than the best single-peaked curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

CUTS = (0.30, 0.60, 0.80)
_POINTS = 200  # places on which the curves are fitted when there are more people than these
_EM_STEPS = (60, 240)
_SMALLEST_MOVE = 1e-6
_CLIMB_STEPS = 100
_TOLERANCE = 1e-9  # gain in mean log-likelihood that the next step of the climb promises
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

    Both have four parameters, so the difference of their log-likelihoods carries no penalty. With more than 200 people
    in a row the parameters are found on 200 weighted places, the likelihoods that are compared always on all people.

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
    """Return places and weights that sum to one: the people themselves, or 200 places that share them out."""
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
    runs, starts = len(places), len(CUTS)
    cuts = np.quantile(standard, CUTS, axis=1).T.ravel()
    mean = np.einsum("rp,rp->r", weights, places)
    variance = np.einsum("rp,rp->r", weights, places**2) - mean**2
    sums = np.stack([weights, weights * places], axis=2)
    x, sums, mean, variance = (np.repeat(a, starts, axis=0) for a in (places, sums, mean, variance))
    found = _mixture_moments(sums, mean, variance, (x > cuts[:, None]).astype(float))
    for _ in range(_EM_STEPS[0]):
        found = _mixture_moments(sums, mean, variance, _membership(x, found))
    likelihood = (mixture_log_density(x, found)[:, None, :] @ sums[:, :, :1]).reshape(runs, starts)
    found = np.asarray(found.reshape(runs, starts, 4)[np.arange(runs), np.argmax(likelihood, axis=1)])
    active, x, sums, mean, variance = np.arange(runs), places, sums[::starts], mean[::starts], variance[::starts]
    for _ in range(_EM_STEPS[1]):
        before = found[active]
        new = _mixture_moments(sums, mean, variance, _membership(x, before))
        found[active] = new
        moving = np.abs(new - before).max(axis=1) > _SMALLEST_MOVE
        if not moving.all():
            active, x, sums, mean, variance = (a[moving] for a in (active, x, sums, mean, variance))
            if active.size == 0:
                break
    return found


def _membership(places: FloatArray, mixture: FloatArray) -> FloatArray:
    """Return the probability of the upper group at places of shape (runs, places)."""
    share, upper, lower, deviation = mixture.T
    slope = (upper - lower) / deviation**2
    offset = np.log(share / (1 - share)) - slope * (upper + lower) / 2
    # Minus the log odds; beyond 40 the probability is 0 to working precision and the exponential need not overflow.
    odds = places * -slope[:, None]
    odds -= offset[:, None]
    np.minimum(odds, 40.0, out=odds)
    np.exp(odds, out=odds)
    odds += 1
    return np.asarray(np.reciprocal(odds, out=odds))


def _mixture_moments(sums: FloatArray, mean: FloatArray, total: FloatArray, member: FloatArray) -> FloatArray:
    """Return share and mean of the upper group, the lower mean and the common deviation, given memberships.

    ``sums`` holds weight and weight times place, shape (runs, places, 2); ``mean`` and ``total`` (variance) are those
    of all places.
    """
    share, part = (member[:, None, :] @ sums)[:, 0].T
    share = np.clip(share, 1e-6, 1 - 1e-6)
    upper, lower = part / share, (mean - part) / (1 - share)
    variance = np.maximum(total - share * (1 - share) * (upper - lower) ** 2, 1e-4)
    return np.column_stack([share, upper, lower, np.sqrt(variance)])


def _fit_curve(places: FloatArray, weights: FloatArray) -> FloatArray:
    """Return maximum-likelihood sinh-arcsinh curves, the better of two climbs per run."""
    runs = places.shape[0]
    lean = np.sign(np.sum(weights * places**3, axis=1))
    lean[lean == 0] = 1.0
    plain = np.zeros((runs, 4))
    leaning = np.column_stack([-0.4 * lean, np.full(runs, -0.3), 0.5 * lean, np.full(runs, -0.2)])
    starts = np.concatenate([plain, leaning])
    doubled = np.concatenate([places, places]), np.concatenate([weights, weights])
    found, likelihood = _climb(starts, *doubled)
    first = likelihood[:runs] >= likelihood[runs:]
    return np.where(first[:, None], found[:runs], found[runs:])


def _curve_scores(places: FloatArray, point: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log density and scores of sinh-arcsinh curves by location, log scale, skewness and log tail weight."""
    location, log_scale, skewness, log_tail = (column[:, None] for column in point.T)
    precision, tail = np.exp(-log_scale), np.exp(log_tail)
    reduced = (places - location) * precision
    rooted = 1 + reduced**2
    root = np.sqrt(rooted)
    angle = np.arcsinh(reduced)
    grown = np.exp(np.clip(tail * angle - skewness, -30.0, 30.0))
    shrunk = 1 / grown
    hyperbolic, even = 0.5 * (grown - shrunk), 0.5 * (grown + shrunk)
    density = log_tail - log_scale + np.log(even / root) - 0.5 * hyperbolic**2 - _LOG_ROOT_TWO_PI
    by_angle = hyperbolic / even - hyperbolic * even
    by_place = by_angle * tail / root - reduced / rooted
    scores = np.empty((*places.shape[:1], 4, places.shape[1]))
    scores[:, 0] = -by_place * precision
    scores[:, 1] = -by_place * reduced - 1
    scores[:, 2] = -by_angle
    scores[:, 3] = by_angle * tail * angle + 1
    return density, scores


def _climb(starts: FloatArray, places: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the curves of highest weighted mean log density of many problems at once, and that mean.

    Steps solve the sum of the scores' outer products, an estimate of the information that needs no second derivative
    (Berndt, Hall, Hall and Hausman 1974, Ann Econ Soc Meas 3:653), damped as by Levenberg and Marquardt: a step that
    does not gain is taken back and the damping grows. Problems that have converged leave the stack.
    """
    point, damping = starts.copy(), np.full(len(starts), 1e-2)
    density, scores = _curve_scores(places, point)
    likelihood = np.einsum("rp,rp->r", density, weights)
    active, x, w = np.arange(len(starts)), places, weights
    diagonal = np.arange(starts.shape[1])
    for _ in range(_CLIMB_STEPS):
        weighted = scores * w[:, None, :]
        slope = weighted.sum(axis=2)
        information = weighted @ scores.swapaxes(1, 2)
        information[:, diagonal, diagonal] *= 1 + damping[active, None]
        information[:, diagonal, diagonal] += 1e-9
        step = np.linalg.solve(information, slope[:, :, None])[:, :, 0]
        going = (np.sum(slope * step, axis=1) > _TOLERANCE) & (damping[active] < 1e6)
        if not going.any():
            break
        if not going.all():
            active, x, w, scores, step = active[going], x[going], w[going], scores[going], step[going]
        tried = point[active] + np.clip(step, -1.0, 1.0)
        density, new_scores = _curve_scores(x, tried)
        gained = np.einsum("rp,rp->r", density, w)
        better = gained > likelihood[active]
        point[active[better]], likelihood[active[better]] = tried[better], gained[better]
        scores = np.where(better[:, None, None], new_scores, scores)
        damping[active] *= np.where(better, 0.2, 5.0)
    return point, likelihood
