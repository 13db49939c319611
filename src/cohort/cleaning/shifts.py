"""By how much the results of one group lie above those of others, found from the whole shape of their distribution.

A median is a poor witness where results have two peaks, as antibodies have: a site with somewhat more people who ever
had the infection can have a median ten times that of another, with the same assay. The likelihood of a shift given the
density of the others is not misled by that, and it is the sharpest witness that there is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter1d

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

WIDTH = 0.05
"""Width of a bin in ln units, and the step of shifts: 5 %."""

_FLOOR = 0.01
"""Share of the density that lies evenly over all bins, so that no single result decides."""


def counts(logs: FloatArray, groups: IntArray, size: int) -> FloatArray:
    """Return how many results of each group fall into each bin: an array of groups by bins.

    Parameters
    ----------
    logs
        Natural logarithms of results, all finite.
    groups
        The group of each result, from 0.
    size
        How many groups there are.
    """
    bins = np.floor((logs - logs.min()) / WIDTH).astype(np.int64)
    number = int(bins.max()) + 1
    flat = np.bincount(groups * number + bins, minlength=size * number)
    return flat.reshape(size, number).astype(np.float64)


def log_density(histogram: FloatArray) -> FloatArray:
    """Return the logarithm of the smoothed density of one or several histograms, by bin.

    Silverman's width of the kernel (1986, Density Estimation, 3.31) is halved: it is made for one peak.
    """
    table = np.atleast_2d(histogram)
    number = table.shape[1]
    total = np.maximum(table.sum(axis=1, keepdims=True), 1)
    place = np.arange(number)
    mean = (table * place).sum(axis=1, keepdims=True) / total
    spread = np.sqrt((table * (place - mean) ** 2).sum(axis=1, keepdims=True) / total)
    smooth = np.empty_like(table)
    for row, width in enumerate((0.45 * spread * total**-0.2)[:, 0]):
        smooth[row] = gaussian_filter1d(table[row], max(float(width), 1.0), mode="constant")
    density = (1 - _FLOOR) * smooth / np.maximum(smooth.sum(axis=1, keepdims=True), 1e-12) + _FLOOR / number
    return np.asarray(np.log(density).reshape(histogram.shape))


def best_shifts(histograms: FloatArray, density: FloatArray, reach: float) -> tuple[FloatArray, FloatArray]:
    """Return for each group the shift against a density that makes its results most likely, and how sure it is.

    Parameters
    ----------
    histograms
        Groups by bins, as :func:`counts` gives them.
    density
        Logarithm of the density of the others, by bin; or one for each group.
    reach
        The largest shift that is tried, in ln units.

    Returns
    -------
    tuple
        The shift of each group in ln units, and the square root of twice the gain in log-likelihood over no shift,
        which is a standard normal score where there is no shift.

    Examples
    --------
    >>> draw = np.random.default_rng(1)
    >>> logs = np.concatenate([draw.normal(size=2000), 1 + draw.normal(size=200)])
    >>> table = counts(logs, np.repeat([0, 1], [2000, 200]), 2)
    >>> shift, score = best_shifts(table[1:], log_density(table[0]), 2.0)
    >>> bool(abs(shift[0] - 1) < 0.25), bool(score[0] > 5)
    (True, True)
    """
    steps = round(reach / WIDTH)
    number = histograms.shape[1]
    floor = density.min(axis=-1, keepdims=True)
    padded = np.concatenate([np.repeat(floor, steps, axis=-1), density, np.repeat(floor, steps, axis=-1)], axis=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, number, axis=-1)
    # Window k holds the density that bin b would have were its results steps - k bins higher than the others'.
    likelihood = histograms @ windows.T if density.ndim == 1 else np.einsum("gb,gkb->gk", histograms, windows)
    best = likelihood.argmax(axis=1)
    gain = likelihood[np.arange(len(best)), best] - likelihood[:, steps]
    return (steps - best) * WIDTH, np.sqrt(2 * np.maximum(gain, 0))
