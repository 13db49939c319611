"""The axis along which two groups would lie, learnt on one half of the people: step 3 of the gate.

A mixture of two Gaussians with one common covariance matrix is fitted to the learning half; its discriminant is the
axis. All runs (splits x directions) and all starts are fitted together as one stack of arrays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

STARTS = 6
LLOYD_STEPS = 6
FIRST_STEPS = 12
ALL_STEPS = 80
RIDGE = 1e-3
CLIP = 4.0
_SMALLEST_SHARE = 1e-6


def random_halves(people: int, splits: int, rng: np.random.Generator) -> IntArray:
    """Return row numbers of random halves, shape (splits, 2, people // 2).

    With an odd number of people one of them, another in each split, stays out, so that both halves have the same size.

    Examples
    --------
    >>> random_halves(11, 3, np.random.default_rng(1)).shape
    (3, 2, 5)
    """
    half = people // 2
    orders = np.stack([rng.permutation(people)[: 2 * half] for _ in range(splits)])
    return orders.reshape(splits, 2, half)


def separating_axes(learning: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the unit axis that best separates two Gaussian groups in each learning half, shape (runs, markers).

    Six k-means++ starts, six Lloyd and twelve EM steps each; the start with the highest likelihood is continued to
    eighty EM steps. The axis is the discriminant of the fitted mixture, the inverse covariance times the difference of
    the means, and points to the side where the markers are higher on the whole.

    Parameters
    ----------
    learning
        Scaled markers of the learning halves, shape (runs, people, markers); clipped to +-4 here.
    rng
        Source of the starts.

    Notes
    -----
    With one covariance matrix for both groups, the covariance within groups is the total covariance less the part
    between the means. In coordinates where the total covariance is the identity, a step of EM therefore needs no
    matrix inverse.
    """
    values = np.clip(learning, -CLIP, CLIP)
    centred = values - values.mean(axis=1, keepdims=True)
    people, markers = values.shape[1:]
    total = centred.swapaxes(1, 2) @ centred / people + RIDGE * np.eye(markers)
    whitening = np.linalg.inv(np.linalg.cholesky(total)).swapaxes(1, 2)
    white = centred @ whitening
    second = _two_means(centred, rng)
    for _ in range(FIRST_STEPS):
        slope, offset, *_ = _maximise(white, second)
        second = _expit(white @ slope + offset)
    best = np.argmax(_log_likelihood(white, second), axis=1)
    second = np.take_along_axis(second, best[:, None, None], axis=2)
    for _ in range(ALL_STEPS - FIRST_STEPS):
        slope, offset, *_ = _maximise(white, second)
        second = _expit(white @ slope + offset)
    slope, *_ = _maximise(white, second)
    axes = (whitening @ slope)[:, :, 0]
    axes /= np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), np.finfo(float).tiny)
    direction = np.where(axes.sum(axis=1, keepdims=True) < 0, -1.0, 1.0)
    return np.asarray(axes * direction)


def _expit(values: FloatArray) -> FloatArray:
    """Return the logistic function, in the memory of the values; below -40 it is 0 to working precision."""
    np.negative(values, out=values)
    np.minimum(values, 40.0, out=values)
    np.exp(values, out=values)
    values += 1.0
    return np.asarray(np.reciprocal(values, out=values))


def _two_means(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return memberships of the second of two k-means groups (0 or 1) per start, shape (runs, people, starts)."""
    runs, people, _ = values.shape
    lengths = np.einsum("rnd,rnd->rn", values, values)
    row = np.arange(runs)[:, None]
    first = values[row, rng.integers(people, size=(runs, STARTS))]
    distances = lengths[:, None, :] - 2 * first @ values.swapaxes(1, 2) + np.sum(first**2, axis=2)[:, :, None]
    cumulative = np.cumsum(np.maximum(distances, 0.0), axis=2)
    drawn = rng.random((runs, STARTS, 1)) * cumulative[:, :, -1:]
    second = values[row, np.minimum(np.sum(cumulative < drawn, axis=2), people - 1)]
    for _ in range(LLOYD_STEPS + 1):
        cut = (np.sum(second**2, axis=2) - np.sum(first**2, axis=2)) / 2
        member = (values @ (second - first).swapaxes(1, 2) > cut[:, None, :]).astype(float)
        size = member.sum(axis=1)[:, :, None]
        sums = member.swapaxes(1, 2) @ values
        rest = values.sum(axis=1)[:, None, :] - sums
        first = np.where(people - size > 0, rest / np.maximum(people - size, 1), first)
        second = np.where(size > 0, sums / np.maximum(size, 1), second)
    return np.asarray(member)


def _maximise(
    white: FloatArray, second: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return slope and offset of the log odds of the second group, its share, the first mean and the between part.

    ``white`` has the identity as its (ridged) total covariance and mean zero; ``second`` holds the probabilities of
    the second group, shape (runs, people, starts).
    """
    people = white.shape[1]
    share = np.clip(second.mean(axis=1), _SMALLEST_SHARE, 1 - _SMALLEST_SHARE)
    sums = white.swapaxes(1, 2) @ second / people
    mean_second = sums / share[:, None, :]
    mean_first = -sums / (1 - share)[:, None, :]
    difference = mean_second - mean_first
    between = share * (1 - share) * np.sum(difference**2, axis=1)
    within = np.maximum(1 - between, RIDGE)
    slope = difference / within[:, None, :]
    middle = (mean_first + mean_second) / 2
    offset = -np.sum(slope * middle, axis=1) + np.log(share / (1 - share))
    return slope, offset[:, None, :], share, mean_first, within


def _log_likelihood(white: FloatArray, second: FloatArray) -> FloatArray:
    """Return the log-likelihood of the mixture per run and start, up to a constant of the run."""
    slope, offset, share, mean_first, within = _maximise(white, second)
    odds = white @ slope + offset
    # Along the axis of the difference the variance within groups is `within`, across it 1: the covariance matrix is
    # the identity less a matrix of rank one.
    length = np.maximum(np.linalg.norm(slope, axis=1), np.finfo(float).tiny)
    along = white @ (slope / length[:, None, :]) - np.sum(mean_first * slope, axis=1)[:, None, :] / length[:, None, :]
    square = np.sum(white**2, axis=2)[:, :, None] - 2 * white @ mean_first + np.sum(mean_first**2, axis=1)[:, None, :]
    distance = square + along**2 * (1 / within - 1)[:, None, :]
    log_first = -0.5 * distance - 0.5 * np.log(within)[:, None, :] + np.log1p(-share)[:, None, :]
    return np.asarray(np.sum(log_first + np.logaddexp(0.0, odds), axis=1))
