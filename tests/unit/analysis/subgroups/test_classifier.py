"""Claims about telling people apart: the area in new people is right, and nothing leaks into the outer folds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy import stats
from sklearn.linear_model import LogisticRegression

from cohort.analysis.subgroups.classifier import Comparison, Predictors, cross_validated
from cohort.analysis.subgroups.discrimination import auc_influence
from cohort.analysis.subgroups.rules import PENALTIES, ridge_path
from cohort.results import NotTestable


def shifted(rng: np.random.Generator, n: int, apart: float, columns: int = 3) -> tuple[np.ndarray, np.ndarray]:
    outcome = (rng.random(n) < 0.4).astype(float)
    values = rng.standard_normal((n, columns))
    values[:, 0] += apart * outcome
    return outcome, values


def panel(values: np.ndarray, name: str = "panel") -> Predictors:
    return Predictors(name, values, tuple(f"m{i}" for i in range(values.shape[1])))


def test_the_area_of_a_gaussian_shift_is_recovered_with_calibration() -> None:
    outcome, values = shifted(np.random.default_rng(1), 1500, 1.0)
    found = cross_validated(outcome, [panel(values)], seed=1, repeats=1)
    assert isinstance(found, Comparison)
    each = found.performances["panel"]
    truth = float(stats.norm.cdf(1 / np.sqrt(2)))
    low, high = each.auc.interval()
    assert low < truth < high
    assert high - low < 0.06
    assert each.slope.value == pytest.approx(1, abs=0.15)
    assert each.intercept.value == pytest.approx(0, abs=0.15)
    assert each.brier < each.brier_of_prevalence


def test_noise_is_worth_a_coin_in_new_people_although_not_in_those_that_made_the_rule() -> None:
    areas, apparent = [], []
    for seed in range(6):
        outcome, values = shifted(np.random.default_rng(seed), 200, 0.0, 10)
        found = cross_validated(outcome, [panel(values)], seed=seed, repeats=1)
        assert isinstance(found, Comparison)
        areas.append(found.performances["panel"].auc.value)
        apparent.append(found.performances["panel"].apparent)
        assert found.performances["panel"].optimism == pytest.approx(apparent[-1] - areas[-1])
    assert np.mean(areas) == pytest.approx(0.5, abs=0.05)
    assert np.mean(apparent) > 0.56


def test_choosing_markers_outside_the_folds_is_optimistic_and_inside_is_not() -> None:
    rng = np.random.default_rng(3)
    outcome, values = shifted(rng, 160, 0.0, 400)
    distance = np.abs(stats.ttest_ind(values[outcome == 1], values[outcome == 0]).statistic)
    chosen = values[:, np.argsort(-distance)[:8]]
    outside = cross_validated(outcome, [panel(chosen)], seed=1, repeats=1)
    inside = cross_validated(outcome, [panel(values)], seed=1, repeats=1, keep=8)
    assert isinstance(outside, Comparison)
    assert isinstance(inside, Comparison)
    assert outside.performances["panel"].auc.value > 0.7
    assert inside.performances["panel"].auc.value < 0.6


def test_a_set_that_adds_is_told_from_one_that_does_not_and_boosting_sees_what_a_line_cannot() -> None:
    rng = np.random.default_rng(5)
    outcome, values = shifted(rng, 600, 0.8)
    values[:, 1] *= 1 + 2 * outcome
    sets = [panel(values[:, [0]], "one"), panel(values[:, [0, 2]], "noise"), panel(values, "all")]
    gains = [("noise", "one"), ("all", "one")]
    line = cross_validated(outcome, sets, seed=2, repeats=1, gains=gains)
    trees = cross_validated(outcome, sets[::2], seed=2, repeats=1, gains=gains[1:], method="boosting")
    assert isinstance(line, Comparison)
    assert isinstance(trees, Comparison)
    low, high = line.gains["noise", "one"].interval()
    assert low < 0.01
    assert high - low < 0.06
    assert line.gains["all", "one"].interval()[0] < 0.02
    assert trees.gains["all", "one"].interval()[0] > 0.03


@pytest.mark.parametrize("backend", ["threading", pytest.param("loky", marks=pytest.mark.slow)])
def test_two_workers_give_the_numbers_of_one_and_another_seed_gives_others(backend: str) -> None:
    outcome, values = shifted(np.random.default_rng(7), 140, 0.7)
    values[::7, 1] = np.nan
    with parallel_config(backend=backend):
        one, two, other = (
            cross_validated(outcome, [panel(values)], seed=seed, repeats=1, folds=3, workers=workers)
            for seed, workers in ((1, 1), (1, 2), (2, 1))
        )
    assert isinstance(one, Comparison)
    assert isinstance(two, Comparison)
    assert isinstance(other, Comparison)
    np.testing.assert_array_equal(one.performances["panel"].predicted, two.performances["panel"].predicted)
    assert one.performances["panel"].auc == two.performances["panel"].auc
    assert one.performances["panel"].auc != other.performances["panel"].auc


def test_all_penalties_at_once_are_those_of_scikit_learn_one_by_one() -> None:
    outcome, values = shifted(np.random.default_rng(9), 120, 1.0, 5)
    for strength, line in zip(PENALTIES, ridge_path(values, outcome), strict=True):
        model = LogisticRegression(C=strength, tol=1e-10, solver="newton-cholesky").fit(values, outcome)
        np.testing.assert_allclose(line, np.r_[model.intercept_, model.coef_[0]], atol=1e-6)


def test_few_people_with_the_outcome_are_refused() -> None:
    outcome = np.r_[np.ones(20), np.zeros(200)]
    found = cross_validated(outcome, [panel(np.zeros((220, 1)))], seed=1, label="depression")
    assert isinstance(found, NotTestable)
    assert found.reason == "fewer than 50 people with or without depression"


@pytest.mark.slow
def test_intervals_of_the_area_in_new_people_cover_what_the_trained_rules_get() -> None:
    covered = []
    for seed in range(200):
        rng = np.random.default_rng(1000 + seed)
        outcome, values = shifted(rng, 300, 0.7)
        found = cross_validated(outcome, [panel(values)], seed=seed, repeats=2)
        assert isinstance(found, Comparison)
        low, high = found.performances["panel"].auc.interval()
        new, there = shifted(rng, 20_000, 0.7)
        # What the rule is worth, close to the best possible one with three markers.
        truth = auc_influence(new, there[:, 0])[0]
        covered.append(low < truth < high)
    # The rule loses a little against the best one, hence less than the nominal 95 %.
    assert np.mean(covered) > 0.88
    assert pd.Series(covered).notna().all()
