"""Claims about SHAPE: both curves are at their maximum likelihood, and the sign says which fits better."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, optimize
from sklearn.mixture import GaussianMixture

from cohort.analysis.subgroups.shape import curve_log_density, mixture_log_density, shape_tests


def samples(people: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.stack(
        [
            rng.gamma(3, size=people),
            rng.standard_t(4, size=people),
            rng.standard_normal(people) + 2.6 * (rng.random(people) < 0.4),
        ]
    )


@pytest.mark.parametrize("people", [300, 2000])
def test_both_fits_reach_the_likelihood_of_independent_optimisers(people: int) -> None:
    rows = samples(people)
    found = shape_tests(rows)
    standard = (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True)
    for row, values in enumerate(standard):

        def loss(point: np.ndarray, values: np.ndarray = values) -> float:
            return -float(curve_log_density(values[None, :], np.asarray(point)[None, :]).sum())

        starts = ([0, 0, 0, 0], [-0.5, -0.3, 0.5, 0], [0.5, -0.3, -0.5, 0], [0, -0.5, 0, -0.5])
        best = min(optimize.minimize(loss, start, method="BFGS").fun for start in starts)
        assert loss(found.curve[row]) == pytest.approx(best, abs=0.01)
        share, upper, lower, deviation = found.mixture[row]
        mine = mixture_log_density(values[None, :], found.mixture[row][None, :]).sum()
        elsewhere = GaussianMixture(2, covariance_type="tied", tol=1e-9, max_iter=5000, reg_covar=0, random_state=1)
        assert mine > elsewhere.fit(values[:, None]).score(values[:, None]) * people - 0.01
        continued = GaussianMixture(
            2,
            covariance_type="tied",
            tol=1e-9,
            max_iter=5000,
            reg_covar=0,
            weights_init=[share, 1 - share],
            means_init=[[upper], [lower]],
            precisions_init=[[1 / deviation**2]],
        )
        assert mine == pytest.approx(continued.fit(values[:, None]).score(values[:, None]) * people, abs=0.01)


def test_two_groups_win_on_two_groups_and_lose_on_one_skewed_peak() -> None:
    z = shape_tests(samples(2000)).z
    assert z[0] < -2
    assert z[2] > 2


def test_one_very_long_tail_is_not_two_groups() -> None:
    """The climb to the best curve does not stop half-way, where two groups would look better than one peak."""
    rows = np.random.default_rng(8).exponential(size=(12, 500)) ** 2
    assert shape_tests(rows).z.max() < -2


def test_the_score_is_the_sum_of_differences_over_its_standard_error_and_is_cut() -> None:
    rows = samples(300)
    found = shape_tests(rows)
    standard = (rows - found.centre[:, None]) / found.spread[:, None]
    difference = mixture_log_density(standard, found.mixture) - curve_log_density(standard, found.curve)
    by_hand = difference.sum(axis=1) / (np.sqrt(300) * difference.std(axis=1))
    np.testing.assert_allclose(found.z, np.clip(by_hand, -3, 4))
    apart = np.random.default_rng(1).standard_normal(400) + 9 * (np.arange(400) < 200)
    assert shape_tests(apart[None, :]).z[0] == 4.0


def test_the_curve_is_a_density_for_any_parameters() -> None:
    places = np.linspace(-300, 300, 600_001)
    for point in ([0.0, 0.0, 0.0, 0.0], [0.5, -0.4, 0.8, 0.3], [-1.0, 0.2, -0.6, -0.4]):
        density = np.exp(curve_log_density(places[None, :], np.array([point])))[0]
        assert integrate.trapezoid(density, places) == pytest.approx(1, abs=1e-3)


def test_the_score_does_not_depend_on_unit_or_direction() -> None:
    rows = samples(400)
    np.testing.assert_allclose(shape_tests(rows).z, shape_tests(5 - 3 * rows).z, atol=0.02)
