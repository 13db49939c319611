"""Claims about drawing levels: maximum likelihood and its information, finite under separation."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from cohort.analysis.imputation.categories import LevelModel, draw_levels, fit_levels


def generators(chains: int, seed: int = 1) -> list[np.random.Generator]:
    return [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(chains)]


def model_of(codes: np.ndarray, p: int, known: np.ndarray | None = None, prior: float = 0.0) -> LevelModel:
    targets = (codes[:, None] == np.arange(1, codes.max() + 1)).astype(float)
    precision = np.append(0.0, np.full(p - 1, prior))
    return LevelModel(np.arange(p), targets, np.ones(len(codes)) if known is None else known, precision)


@pytest.fixture
def design() -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.asarray(sm.add_constant(rng.normal(size=(300, 2))))


def test_two_levels_agree_with_logit(design: np.ndarray) -> None:
    rng = np.random.default_rng(6)
    codes = (rng.random(300) < 1 / (1 + np.exp(1 - design[:, 1]))).astype(int)
    beta, root = fit_levels(np.stack([design] * 2), model_of(codes, 3))
    reference = sm.Logit(codes, design).fit(disp=0, tol=1e-14)
    np.testing.assert_allclose(beta[1, :, 0], reference.params, rtol=1e-6)
    np.testing.assert_allclose(root[1] @ root[1].T, reference.cov_params(), rtol=1e-5)


def test_three_levels_agree_with_mnlogit(design: np.ndarray) -> None:
    rng = np.random.default_rng(6)
    codes = np.digitize(design[:, 1] + rng.logistic(size=300), [-1.0, 1.0])
    beta, root = fit_levels(design[None], model_of(codes, 3))
    reference = sm.MNLogit(codes, design).fit(disp=0, tol=1e-14)
    np.testing.assert_allclose(beta[0], reference.params, rtol=5e-6)
    np.testing.assert_allclose(root[0] @ root[0].T, reference.cov_params(), rtol=1e-5)


def test_a_search_that_starts_elsewhere_ends_at_the_same_place(design: np.ndarray) -> None:
    rng = np.random.default_rng(6)
    codes = np.digitize(design[:, 1] + rng.logistic(size=300), [-1.0, 1.0])
    first, again = model_of(codes, 3), model_of(codes, 3)
    fit_levels(design[None], first)
    fit_levels(design[None] + 0.3, again)
    beta, root = fit_levels(design[None], again)
    np.testing.assert_allclose(beta, first.coefficients, atol=2e-6)
    assert first.root is not None
    np.testing.assert_allclose(root, first.root, atol=1e-6)


def test_a_search_that_overshoots_turns_back() -> None:
    for seed in range(10):
        rng = np.random.default_rng(seed)
        x = np.exp(1.5 * rng.normal(size=(150, 3)))
        design = np.column_stack([np.ones(150), (x - x.mean(axis=0)) / x.std(axis=0)])
        codes = (rng.random(150) < 1 / (1 + np.exp(1 - design[:, 1]))).astype(int)
        model = model_of(codes, 4, prior=0.4)
        settled = fit_levels(design[None], model)[0].copy()
        # Far out, and with a few values far from all others, Newton's steps would swing from side to side for ever.
        model.coefficients = settled + 6 * rng.normal(size=settled.shape)
        np.testing.assert_allclose(fit_levels(design[None], model)[0], settled, atol=5e-6)


def test_the_prior_penalises_slopes_and_leaves_the_intercept_free(design: np.ndarray) -> None:
    rng = np.random.default_rng(6)
    codes = (rng.random(300) < 0.1).astype(int)
    beta, root = fit_levels(design[None], model_of(codes, 3, prior=4.0))
    fitted = 1 / (1 + np.exp(-design @ beta[0, :, 0]))
    assert fitted.mean() == pytest.approx(codes.mean(), rel=1e-6)
    np.testing.assert_allclose(design[:, 1:].T @ (codes - fitted), 4.0 * beta[0, 1:, 0], rtol=1e-5, atol=1e-6)
    information = design.T @ (design * (fitted * (1 - fitted))[:, None]) + np.diag([0.0, 4.0, 4.0])
    np.testing.assert_allclose(root[0] @ root[0].T, np.linalg.inv(information), rtol=1e-6)


def test_a_separated_level_has_a_finite_slope_with_a_finite_error() -> None:
    exposed = np.repeat([0.0, 1.0], 100)
    codes = np.where(exposed == 1, np.arange(200) % 2, 0)
    design = np.column_stack([np.ones(200), exposed - 0.5])
    beta, root = fit_levels(design[None], model_of(codes, 2, prior=0.25 / 1.5**2))
    error = np.sqrt((root[0] @ root[0].T)[1, 1])
    assert 3 < beta[0, 1, 0] < 8
    # Hardly any draw of the slope falls on the wrong side.
    assert beta[0, 1, 0] > 2.5 * error


def intercept_only(codes: np.ndarray, wanted: int) -> tuple[np.ndarray, LevelModel]:
    full = np.append(codes, np.zeros(wanted, dtype=int))
    return np.ones((4, len(full), 1)), model_of(full, 1, np.repeat([1.0, 0.0], [len(codes), wanted]))


def test_drawn_levels_have_the_probabilities_of_their_model() -> None:
    rows, model = intercept_only(np.repeat([0, 1, 2], [500, 300, 200]), 5000)
    drawn = draw_levels(rows, np.arange(1000, 6000), model, generators(4))
    shares = [(drawn == code).mean() for code in range(3)]
    np.testing.assert_allclose(shares, [0.5, 0.3, 0.2], atol=0.04)


def test_a_shift_changes_the_logit() -> None:
    rows, model = intercept_only(np.repeat([0, 1], 2000), 5000)
    drawn = draw_levels(rows, np.arange(4000, 9000), model, generators(4), shift=1.0)
    assert drawn.mean() == pytest.approx(1 / (1 + np.exp(-1)), abs=0.03)
