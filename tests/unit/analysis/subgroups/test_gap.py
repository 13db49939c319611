"""Claims about GAP: densities, peaks and bandwidths as by direct calculation, and its error rate on one peak."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from cohort.analysis.subgroups.gap import (
    NEGLIGIBLE_PEAK,
    count_modes,
    critical_bandwidth,
    gap_tests,
    kernel_density,
    smooth_draws,
)


def direct_modes(sample: np.ndarray, bandwidth: float) -> int:
    """Return the number of peaks on a fine grid without bins or transform."""
    grid = np.linspace(sample.min() - 3 * bandwidth, sample.max() + 3 * bandwidth, 500)
    density = stats.norm.pdf((grid[:, None] - sample) / bandwidth).mean(axis=1)
    middle = density[1:-1]
    return int(np.sum((middle > density[:-2]) & (middle >= density[2:]) & (middle > NEGLIGIBLE_PEAK * density.max())))


def test_the_binned_density_agrees_with_the_direct_sum() -> None:
    rng = np.random.default_rng(4)
    samples = np.stack([rng.gamma(2, size=400), rng.standard_normal(400)])
    bandwidth = np.array([0.3, 0.5])
    grid, density = kernel_density(samples, bandwidth)
    for row in range(2):
        direct = stats.norm.pdf((grid[row][:, None] - samples[row]) / bandwidth[row]).mean(axis=1) / bandwidth[row]
        np.testing.assert_allclose(density[row], direct, atol=0.004 * direct.max())


def test_small_peaks_don_t_count() -> None:
    just_below, just_above = 0.99 * NEGLIGIBLE_PEAK, 1.01 * NEGLIGIBLE_PEAK
    density = np.array([[0, 1, 0, just_below, 0], [0, 1, 0, just_above, 0], [0, 1, 1, 0.5, 0]])
    np.testing.assert_array_equal(count_modes(density), [1, 2, 1])


@pytest.mark.parametrize("seed", [1, 2])
def test_the_critical_bandwidth_agrees_with_a_search_by_direct_calculation(seed: int) -> None:
    rng = np.random.default_rng(seed)
    sample = rng.standard_normal(300)
    sample[:110] += 2.5
    bandwidths = np.geomspace(0.1, 1.2, 90) * sample.std()
    several = [direct_modes(sample, bandwidth) > 1 for bandwidth in bandwidths]
    searched = bandwidths[np.flatnonzero(several).max() + 1]
    assert critical_bandwidth(sample[None, :])[0] == pytest.approx(searched, rel=0.03)


def test_smooth_draws_keep_mean_and_variance() -> None:
    sample = np.random.default_rng(1).gamma(3, size=500)
    drawn = smooth_draws(sample, 0.5, 400, np.random.default_rng(2))
    assert drawn.mean() == pytest.approx(sample.mean(), abs=0.02)
    assert drawn.std(axis=1).mean() == pytest.approx(sample.std(), rel=0.02)


def test_one_peak_is_rarely_called_two_and_two_peaks_nearly_always() -> None:
    rng = np.random.default_rng(9)
    one = np.concatenate([rng.standard_normal((40, 250)), rng.gamma(3, size=(40, 250))])
    two = rng.standard_normal((20, 250)) + 4 * (rng.random((20, 250)) < 0.4)
    assert np.mean([test.p <= 0.05 for test in gap_tests(one, rng, 59)]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 80)
    assert np.mean([test.p <= 0.05 for test in gap_tests(two, rng, 59)]) >= 0.9


def test_the_score_is_the_normal_quantile_of_the_p_value_and_finite_at_both_ends() -> None:
    rng = np.random.default_rng(3)
    rows = np.stack([rng.standard_normal(200), rng.standard_normal(200) + 8 * (np.arange(200) < 100)])
    one, two = gap_tests(rows, rng, 59)
    assert two.p == pytest.approx(1 / 60)
    assert two.z == pytest.approx(stats.norm.isf(0.5 / 60))
    assert one.z == pytest.approx(stats.norm.isf(one.p - 0.5 / 60))
