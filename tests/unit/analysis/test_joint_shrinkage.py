"""Several exposures of one kind drawn to their common mean: right under the prior, wrong where one stands alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.joint_shrinkage import JOINT, SHRUNK, drawn_to_mean, joint_effects
from cohort.results import Estimate, NotTestable

NAMES = [f"x{place}" for place in range(4)]


def drawn(rng: np.random.Generator, effects: np.ndarray, people: int = 400) -> pd.DataFrame:
    shared = rng.normal(size=(people, 1))
    values = 0.7 * shared + rng.normal(size=(people, len(effects)))
    values = values / values.std(axis=0, ddof=1)
    table = pd.DataFrame(values, columns=NAMES)
    return table.assign(y=values @ effects + rng.normal(size=people))


def test_estimates_agree_with_r() -> None:
    """R 4.2.2, base: r/joint_shrinkage.R."""
    shrunk, covariance, mean, error = drawn_to_mean(
        np.array([0.1, 0.5]), np.array([[0.04, 0.01], [0.01, 0.09]]), np.sqrt(0.05)
    )
    weights = np.linalg.inv(np.array([[0.09, 0.01], [0.01, 0.14]]))
    assert mean == pytest.approx((weights @ [0.1, 0.5]).sum() / weights.sum(), rel=1e-12)
    assert error == pytest.approx(weights.sum() ** -0.5, rel=1e-12)
    assert shrunk == pytest.approx([0.157142857142857, 0.347619047619048], rel=1e-12)
    assert covariance.ravel() == pytest.approx(
        [0.0357142857142857, 0.0214285714285714, 0.0214285714285714, 0.0595238095238095], rel=1e-12
    )


def test_effects_from_the_prior_are_covered_and_closer_to_the_truth_than_without_it() -> None:
    rng = np.random.default_rng(4)
    covered, losses = [], {JOINT: 0.0, SHRUNK: 0.0}
    for _ in range(120):
        truth = rng.normal(0.1, 0.05, 4)
        table = drawn(rng, truth)
        found = joint_effects(table, outcome="y", exposures=NAMES, design=design_of(table), tau=0.05)
        for kind in losses:
            estimates = [one for one in found[kind][:4] if isinstance(one, Estimate)]
            losses[kind] += sum((one.value - true) ** 2 for one, true in zip(estimates, truth, strict=True))
        ends = [one.interval() for one in found[SHRUNK][:4] if isinstance(one, Estimate)]
        covered += [low <= true <= high for (low, high), true in zip(ends, truth, strict=True)]
    assert abs(np.mean(covered) - 0.95) <= 0.015 + 3 * np.sqrt(0.95 * 0.05 / len(covered))
    assert losses[SHRUNK] < 0.8 * losses[JOINT]


def test_without_effects_one_interval_in_twenty_excludes_none() -> None:
    rng = np.random.default_rng(5)
    wrong = []
    for _ in range(60):
        table = drawn(rng, np.zeros(4))
        found = joint_effects(table, outcome="y", exposures=NAMES, design=design_of(table), tau=0.05)
        wrong += [not one.interval()[0] < 0 < one.interval()[1] for one in found[SHRUNK] if isinstance(one, Estimate)]
    assert np.mean(wrong) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(wrong))


def test_an_effect_that_stands_alone_is_drawn_too_far() -> None:
    table = drawn(np.random.default_rng(6), np.array([0.6, 0.0, 0.0, 0.0]), 2000)
    found = joint_effects(table, outcome="y", exposures=NAMES, design=design_of(table), tau=0.02)
    alone, pulled = found[JOINT][0], found[SHRUNK][0]
    assert isinstance(alone, Estimate)
    assert isinstance(pulled, Estimate)
    assert alone.interval()[0] < 0.6 < alone.interval()[1]
    assert pulled.interval()[1] < 0.6


def test_a_yes_no_outcome_gives_odds_ratios_and_an_absent_subscale_a_reason() -> None:
    table = drawn(np.random.default_rng(7), np.full(4, 0.3))
    table["ill"] = table["y"] > 0
    found = joint_effects(table, outcome="ill", exposures=NAMES, design=design_of(table))
    assert all(isinstance(one, Estimate) and one.measure == "odds ratio per SD" for one in found[SHRUNK])
    assert [one.n for one in found[JOINT] if isinstance(one, Estimate)] == [400] * 4
    refused = joint_effects(table, outcome="ill", exposures=[*NAMES, "absent"], design=design_of(table))
    assert all(isinstance(one, NotTestable) and "absent" in one.reason for one in refused[SHRUNK])
