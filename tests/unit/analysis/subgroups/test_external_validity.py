"""Claims about external validity: a class adds only where the outcome depends on it, and no test is circular."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.subgroups.external_validity import Added, class_beyond_markers, class_difference
from cohort.analysis.subgroups.preparation import PreparedMarkers, prepare_markers
from cohort.results import Estimate, NotTestable

NAMES = ("a", "b", "c")


def people(rng: np.random.Generator, n: int, apart: float) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    upper = rng.random(n) < 0.4
    values = rng.standard_normal((n, 3)) + apart * upper[:, None] * np.array([1, 1, 0])
    return pd.DataFrame(np.exp(0.4 * values), columns=list(NAMES)), values, upper


def ready(table: pd.DataFrame) -> PreparedMarkers:
    return prepare_markers(table, NAMES, (), rng=np.random.default_rng(1))


def added(table: pd.DataFrame, outcome: str, given: str = "squares") -> Estimate:
    found = class_beyond_markers(
        table, ready(table), outcome, rng=np.random.default_rng(2), given="linear" if given == "linear" else "squares",
        splits=3,
    )  # fmt: skip
    assert isinstance(found, Added)
    assert isinstance(found.test, Estimate)
    return found.test


def test_an_outcome_of_the_class_is_found_beyond_the_markers_on_both_scales() -> None:
    rng = np.random.default_rng(3)
    table, _, upper = people(rng, 900, 3.0)
    table["score"] = 1.5 * upper + rng.standard_normal(900)
    table["ill"] = rng.random(900) < np.where(upper, 0.7, 0.2)
    score, ill = added(table, "score"), added(table, "ill")
    assert score.interval()[0] < 1.5 < score.interval()[1]
    assert score.p_value() < 0.001
    truth = np.log(0.7 / 0.3) - np.log(0.2 / 0.8)
    assert ill.interval()[0] < truth < ill.interval()[1]
    assert ill.interval()[0] > 0


@pytest.mark.parametrize(("times", "most"), [(5, 0.4), pytest.param(200, 0.05 + 2 * 0.0154, marks=pytest.mark.slow)])
def test_an_outcome_of_the_markers_alone_is_not_laid_to_the_class(times: int, most: float) -> None:
    p = []
    for seed in range(times):
        rng = np.random.default_rng(100 + seed)
        table, values, _ = people(rng, 400, 2.5)
        table["score"] = values @ np.array([0.5, 0.5, 0.2]) + rng.standard_normal(400)
        p.append(added(table, "score", "linear").p_value())
    assert np.mean(np.array(p) < 0.05) <= most


def test_a_curved_outcome_fools_the_straight_test_and_not_the_one_with_squares() -> None:
    straight, curved = [], []
    for seed in range(4):
        rng = np.random.default_rng(200 + seed)
        table, values, _ = people(rng, 500, 2.0)
        table["score"] = 0.4 * (values[:, 0] + values[:, 1]) ** 2 + rng.standard_normal(500)
        straight.append(added(table, "score", "linear").p_value())
        curved.append(added(table, "score").p_value())
    assert np.mean(np.array(straight) < 0.05) > 0.7
    assert np.mean(np.array(curved) < 0.05) <= 0.25


def test_the_class_difference_is_corrected_and_says_what_it_was_before() -> None:
    rng = np.random.default_rng(5)
    table, _, upper = people(rng, 1500, 1.8)
    table["score"] = 1.0 * upper + rng.standard_normal(1500)
    found = class_difference(table, ready(table), "score", rng=rng)
    assert isinstance(found, Estimate)
    assert found.interval()[0] < 1.0 < found.interval()[1]
    assert float(dict(found.details)["without correction"]) < found.value - 0.05


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [("a", "circular"), ("absent", "no variable"), ("rare", "fewer than 30 people"), ("unknown", "fewer than 200")],
)
def test_what_cannot_be_tested_says_why(outcome: str, reason: str) -> None:
    rng = np.random.default_rng(6)
    table, _, _ = people(rng, 300, 1.0)
    table["rare"] = np.arange(300) < 10
    table["unknown"] = np.where(np.arange(300) < 150, rng.standard_normal(300), np.nan)
    found = class_beyond_markers(table, ready(table), outcome, rng=rng)
    assert isinstance(found, NotTestable)
    assert reason in found.reason
    assert isinstance(class_difference(table, ready(table), outcome, rng=rng), NotTestable)
