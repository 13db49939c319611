"""Claims about drawing numbers: the posterior is that of the textbook, donors are the nearest and none is favoured."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from cohort.analysis.imputation.linear import draw_donors, draw_linear


def sums(x: np.ndarray, y: np.ndarray, chains: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return np.stack([x.T @ x] * chains), np.stack([x.T @ y] * chains), np.full(chains, y @ y)


def generators(chains: int, seed: int = 1) -> list[np.random.Generator]:
    return [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(chains)]


@pytest.fixture
def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    x = sm.add_constant(rng.normal(size=(40, 2)))
    return x, x @ [0.5, 1.0, -1.0] + rng.normal(size=40)


def test_draws_have_the_mean_and_covariance_of_the_posterior(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    chains = 6000
    drawn = draw_linear(*sums(x, y, chains), 40, generators(chains))
    fit = sm.OLS(y, x).fit()
    np.testing.assert_allclose(drawn.estimate[0], fit.params, rtol=1e-9)
    np.testing.assert_allclose(drawn.coefficients.mean(axis=0), fit.params, atol=4 * fit.bse.max() / np.sqrt(chains))
    # A t distribution with 37 degrees of freedom is a little wider than its scale.
    np.testing.assert_allclose(np.cov(drawn.coefficients.T), fit.cov_params() * 37 / 35, rtol=0.08, atol=1.2e-3)
    assert np.mean(drawn.sigma**2) == pytest.approx(fit.scale * 37 / 35, rel=0.02)


def test_a_collinear_column_draws_nothing_wild(data: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = data
    doubled = np.column_stack([x, 2 * x[:, 1]])
    drawn = draw_linear(*sums(doubled, y, 200), 40, generators(200))
    plain = draw_linear(*sums(x, y, 1), 40, generators(1))
    np.testing.assert_allclose(doubled @ drawn.estimate[0], x @ plain.estimate[0], atol=1e-7)
    assert np.abs(drawn.coefficients).max() < 5


def test_donors_are_the_nearest() -> None:
    rng = np.random.default_rng(2)
    known, wanted = rng.normal(size=(3, 50)), rng.normal(size=(3, 400))
    found = draw_donors(known, wanted, 5, generators(3))
    for chain in range(3):
        nearest = np.argsort(np.abs(known[chain] - wanted[chain][:, None]), axis=1)[:, :5]
        assert (found[chain][:, None] == nearest).any(axis=1).all()
        counts = (found[chain][:, None] == nearest).mean(axis=0)
        np.testing.assert_allclose(counts, 0.2, atol=0.08)


def test_donors_at_the_ends_and_fewer_than_asked_for() -> None:
    found = draw_donors(np.array([[1.0, 2.0, 3.0]]), np.array([[-9.0, 9.0] * 50]), 5, generators(1))
    assert set(found[0]) == {0, 1, 2}
    found = draw_donors(np.array([[1.0, 2.0, 3.0]]), np.array([[-9.0, 9.0] * 50]), 2, generators(1))
    assert set(found[0, ::2]) == {0, 1}
    assert set(found[0, 1::2]) == {1, 2}


def test_among_equal_predictions_everybody_can_be_a_donor() -> None:
    known = np.repeat([0.0, 1.0], 100)[None]
    found = draw_donors(known, np.full((1, 5000), 1.0), 5, generators(1))[0]
    counts = np.bincount(found, minlength=200)
    # At the border of the block the window may reach over it by less than its own width.
    assert counts[:100].sum() < 0.05 * 5000
    assert (counts[100:] > 0).all()
    assert counts.max() < 4 * 50
