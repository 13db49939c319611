"""Claims about values with limits: the Tobit maximum, derivatives, and draws that keep within their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from cohort.analysis.censored import fit_censored_normal
from cohort.analysis.imputation import limits
from cohort.analysis.imputation.limits import LimitModel, draw_between, draw_limits, fit_limits, log_between


def generators(chains: int, seed: int = 1) -> list[np.random.Generator]:
    return [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(chains)]


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    x = np.column_stack([np.ones(400), rng.normal(size=(400, 2))])
    return x, x @ [0.3, 0.5, -0.4] + rng.normal(size=400)


def model_of(y: np.ndarray, low: np.ndarray, high: np.ndarray) -> LimitModel:
    return LimitModel(np.arange(3), np.where(low == high, y, np.nan), low, high, np.array([0.0, 1.0, 1.0]))


def test_maximum_is_that_of_the_tobit_regression_of_the_package(data: tuple[np.ndarray, np.ndarray]) -> None:
    # fit_censored_normal is pinned to R's survreg.
    x, y = data
    below = y < -0.3
    reference = fit_censored_normal(np.where(below, -0.3, y), below, x)
    olsen, _ = fit_limits(np.stack([x, x]), model_of(y, np.where(below, -np.inf, y), np.where(below, -0.3, y)))
    np.testing.assert_allclose(olsen[1, :-1] / olsen[1, -1], reference.coefficients, rtol=1e-8)
    assert 1 / olsen[1, -1] == pytest.approx(reference.sigma, rel=1e-8)


def test_values_above_a_limit_are_the_mirror_of_values_below(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    below = y < -0.3
    left, _ = fit_limits(x[None], model_of(y, np.where(below, -np.inf, y), np.where(below, -0.3, y)))
    right, _ = fit_limits(x[None], model_of(-y, np.where(below, 0.3, -y), np.where(below, np.inf, -y)))
    np.testing.assert_allclose(left[0, :-1], -right[0, :-1], rtol=1e-7)


def test_derivatives_are_those_of_the_likelihood(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    low = np.where(y < -0.3, -np.inf, np.where(y < 0.3, -0.3, np.where(y > 1.5, 1.5, y)))
    high = np.where(y < -0.3, -0.3, np.where(y < 0.3, 0.3, np.where(y > 1.5, np.inf, y)))
    model = model_of(y, low, high)
    olsen, _ = fit_limits(x[None], model)
    known, place, step = limits._known(x[None], model), olsen + 0.1, 1e-6
    score, information = limits._score_and_information(known, place)
    for number in range(4):
        aside = step * np.eye(4)[number]
        slope = limits._log_likelihood(known, place + aside) - limits._log_likelihood(known, place - aside)
        assert score[0, number] == pytest.approx(slope[0] / (2 * step), rel=1e-6)
        bend = (
            limits._score_and_information(known, place + aside)[0]
            - limits._score_and_information(known, place - aside)[0]
        )
        np.testing.assert_allclose(information[0, number], -bend[0] / (2 * step), rtol=1e-5, atol=1e-5)


def test_log_probability_is_precise_in_both_tails() -> None:
    low, high = np.array([-np.inf, 30.0, -31.0, -1.0, -np.inf]), np.array([-30.0, np.inf, -30.0, 1.0, np.inf])
    found = log_between(low, high)
    assert found[0] == found[1] == pytest.approx(special.log_ndtr(-30.0))
    assert found[2] == pytest.approx(special.log_ndtr(-30.0), abs=1e-10)
    assert found[3:] == pytest.approx([np.log(stats.norm.cdf(1) - stats.norm.cdf(-1)), 0.0])


def test_draws_between_bounds_follow_the_truncated_normal() -> None:
    chance = np.random.default_rng(1).random(20_000)
    for low, high in ((-np.inf, -1.0), (0.5, np.inf), (-0.5, 2.0), (6.0, 7.0)):
        drawn = draw_between(np.full(20_000, low), np.full(20_000, high), chance)
        assert ((drawn >= low) & (drawn <= high)).all()
        assert stats.kstest(drawn, stats.truncnorm(low, high).cdf).pvalue > 0.01


def test_bounded_values_keep_within_bounds_and_missing_ones_do_not(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    low, high = np.where(y < -0.3, -np.inf, y), np.where(y < -0.3, -0.3, y)
    low[:100], high[:100] = -np.inf, np.inf
    wanted = np.flatnonzero(low != high)
    drawn = draw_limits(np.stack([x] * 50), wanted, model_of(y, low, high), generators(50))
    assert (drawn <= high[wanted]).all()
    missing = drawn[:, wanted < 100]
    # The true values of those without any bound are known here.
    assert missing.mean() == pytest.approx(y[:100].mean(), abs=0.2)
    assert (missing > -0.3).any()


def test_a_site_with_all_values_below_its_limit_is_drawn_near_it() -> None:
    rng = np.random.default_rng(8)
    site = np.repeat([0.0, 1.0], [300, 100])
    x = np.column_stack([np.ones(400), rng.normal(size=400), site - 0.25])
    y = x @ [0.0, 0.5, 0.0] + rng.normal(size=400)
    # Its assay sees nothing of what its people have; half of them were not even measured.
    low, high = np.where(site == 1, -np.inf, y), np.where(site == 1, 0.5, y)
    low[300:350], high[300:350] = -np.inf, np.inf
    spread = np.array([0.0, 1.0, np.sqrt(0.25 * 0.75)])
    model = LimitModel(np.arange(3), np.where(low == high, y, np.nan), low, high, spread)
    for _ in range(2):
        drawn = draw_limits(np.stack([x] * 200), np.flatnonzero(low != high), model, generators(200))
        assert (drawn[:, 50:] <= 0.5).all()
        # The likelihood alone would put them without end below; how far they are is not known, and that shows.
        assert -5 < np.median(drawn[:, :50]) < 0.5
        assert 1.0 < drawn[:, :50].mean(axis=1).std() < 4
