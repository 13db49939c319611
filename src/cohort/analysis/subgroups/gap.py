"""GAP, step 4 of the gate: two peaks along the axis among people it was not learnt on (critical bandwidth)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

BINS = 144
_TRANSFORM = (
    256  # length of the Fourier transform: the bins and at least as much room that the kernel does not wrap into
)
NEGLIGIBLE_PEAK = 0.03
BISECTIONS = 12
NARROWEST, WIDEST = 0.03, 1.5


@dataclass(frozen=True)
class BandwidthTest:
    """Silverman's test that a sample has one peak.

    Parameters
    ----------
    bandwidth
        Critical bandwidth of the sample: the smallest under which its kernel density has one peak.
    p
        Share of smooth bootstrap draws from the one-peaked density that show more peaks at that bandwidth.
    z
        The p value as a standard normal score.
    """

    bandwidth: float
    p: float
    z: float


def kernel_density(samples: FloatArray, bandwidth: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return grid and Gaussian kernel density of each sample, both of shape (samples, 144).

    Values are shared between the two nearest of 144 bins over minimum - 3 h to maximum + 3 h; the kernel is applied by
    Fourier transform.

    Parameters
    ----------
    samples
        One sample per row, shape (samples, people).
    bandwidth
        Standard deviation h of the kernel for each sample.

    Examples
    --------
    >>> grid, density = kernel_density(np.array([[-1.0, 0.0, 1.0]]), np.array([0.5]))
    >>> f"{np.sum(density) * (grid[0, 1] - grid[0, 0]):.2f}"
    '1.00'
    """
    number, people = samples.shape
    low = samples.min(axis=1) - 3 * bandwidth
    width = (samples.max(axis=1) + 3 * bandwidth - low) / (BINS - 1)
    width = np.maximum(width, np.finfo(float).tiny)
    place = (samples - low[:, None]) / width[:, None]
    left = np.minimum(place.astype(np.int64), BINS - 2)
    fraction = place - left
    left += np.arange(0, number * BINS, BINS)[:, None]
    flat = left.ravel()
    counts = np.bincount(flat, minlength=number * BINS).astype(float)
    moved = np.bincount(flat, weights=fraction.ravel(), minlength=number * BINS)
    counts -= moved
    counts[1:] += moved[:-1]
    frequency = 2 * np.pi * np.arange(_TRANSFORM // 2 + 1) / _TRANSFORM
    kernel = np.exp(-0.5 * (frequency * (bandwidth / width)[:, None]) ** 2)
    smooth = np.fft.irfft(np.fft.rfft(counts.reshape(number, BINS), _TRANSFORM) * kernel, _TRANSFORM)[:, :BINS]
    grid = low[:, None] + width[:, None] * np.arange(BINS)
    return grid, np.asarray(smooth / (people * width)[:, None])


def count_modes(density: FloatArray) -> IntArray:
    """Return the number of peaks of each row that reach 3 % of its highest point.

    Examples
    --------
    >>> count_modes(np.array([[0.0, 1.0, 0.5, 0.8, 0.0], [0.0, 1.0, 0.0, 0.02, 0.0]]))
    array([2, 1])
    """
    middle = density[:, 1:-1]
    peak = (middle > density[:, :-2]) & (middle >= density[:, 2:])
    high = middle > NEGLIGIBLE_PEAK * density.max(axis=1, keepdims=True)
    return np.asarray(np.sum(peak & high, axis=1))


def critical_bandwidth(samples: FloatArray) -> FloatArray:
    """Return the smallest bandwidth under which each sample's density has one peak, shape (samples,).

    Found by twelve bisections on the log scale between 0.03 and 1.5 standard deviations.
    """
    spread = samples.std(axis=1)
    low, high = np.log(NARROWEST * spread), np.log(WIDEST * spread)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        single = count_modes(kernel_density(samples, np.exp(middle))[1]) <= 1
        high = np.where(single, middle, high)
        low = np.where(single, low, middle)
    return np.asarray(np.exp(high))


def smooth_draws(sample: FloatArray, bandwidth: float, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return draws from the kernel density of a sample, shrunk to the sample's variance; shape (draws, people)."""
    centre, spread = sample.mean(), sample.std()
    picked = sample[rng.integers(sample.size, size=(draws, sample.size))]
    picked += bandwidth * rng.standard_normal((draws, sample.size))
    picked -= centre
    picked /= np.sqrt(1 + (bandwidth / spread) ** 2)
    picked += centre
    return np.asarray(picked)


def gap_tests(samples: FloatArray, rng: np.random.Generator, draws: int) -> list[BandwidthTest]:
    """Return Silverman's test for each row of people placed along an axis.

    Parameters
    ----------
    samples
        Places along the axis, shape (runs, people).
    rng
        Source of the bootstrap draws.
    draws
        Number of draws.

    References
    ----------
    Silverman BW (1981). Using kernel density estimates to investigate multimodality. J R Stat Soc B 43:97-99.
    """
    tests = []
    for sample, bandwidth in zip(samples, critical_bandwidth(samples), strict=True):
        drawn = smooth_draws(sample, bandwidth, draws, rng)
        modes = count_modes(kernel_density(drawn, np.full(draws, bandwidth))[1])
        p = float((1 + np.sum(modes > 1)) / (draws + 1))
        half = 0.5 / (draws + 1)
        z = float(stats.norm.isf(np.clip(p - half, half, 1 - half)))
        tests.append(BandwidthTest(float(bandwidth), p, z))
    return tests
