"""Correction for measurement error and agreement: against R, recovery, null, and errors that are shared or differ."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special

from cohort.analysis.measurement_error import answer_agreement, regression_calibration
from cohort.analysis.sampling import design_of
from cohort.results import Estimate, NotTestable, Result

HERE = Path(__file__).resolve().parent


@pytest.fixture(scope="module")
def pins() -> dict[str, Any]:
    """Return what r/measurement_error.R printed: R 4.2.2, sandwich 3.0-2, psych as named there."""
    return dict(json.loads((HERE / "r" / "measurement_error.json").read_text(encoding="utf-8")))


@pytest.fixture
def people() -> pd.DataFrame:
    table = pd.read_csv(HERE / "mediation" / "r" / "mediation.csv", encoding="utf-8")
    row = np.arange(len(table))
    return table.assign(again=(table["bmi"] * 0.8 + 5 + 2 * np.sin(row)).round(3).where(row < 150))


def calibrated(table: pd.DataFrame, **options: Any) -> dict[str, Result]:
    given = {"outcome": "y", "exposure": "w", "second": "w2", "adjustment": ["z"]}
    return regression_calibration(table, design=design_of(table), **(given | options))


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


@pytest.mark.parametrize(("kind", "outcome"), [("linear", "crp"), ("logistic", "depressed")])
def test_calibration_agrees_with_r(people: pd.DataFrame, pins: dict[str, Any], kind: str, outcome: str) -> None:
    found = calibrated(people, outcome=outcome, exposure="bmi", second="again", adjustment=["age"])
    corrected, naive = estimate(found["corrected"]), estimate(found["as measured"])
    values = [one.value if kind == "linear" else np.log(one.value) for one in (naive, corrected)]
    assert values == pytest.approx([pins[kind]["naive"], pins[kind]["corrected"]], abs=1e-9)
    assert corrected.standard_error == pytest.approx(pins[kind]["se"], rel=1e-6)
    assert estimate(found["calibration slope"]).value == pytest.approx(pins["slope"], abs=1e-9)


def error_world(
    rng: np.random.Generator, n: int, effect: float, *, shared: float = 0.0, differs: float = 0.0, yes: bool = False
) -> pd.DataFrame:
    """Return a world in which half of what is measured is error, a third is measured twice, and z confounds."""
    z = rng.normal(size=n)
    x = 0.6 * z + 0.8 * rng.normal(size=n)
    score = effect * x + 0.5 * z
    y = (rng.random(n) < special.expit(score - 1)).astype(float) if yes else score + rng.normal(size=n)
    common = shared * rng.normal(size=n) + differs * y
    w, w2 = (x + common + np.sqrt(max(1 - shared**2, 0)) * rng.normal(size=n) for _ in range(2))
    return pd.DataFrame({"z": z, "w": w, "w2": np.where(rng.random(n) < 1 / 3, w2, np.nan), "y": y})


@pytest.mark.parametrize("yes", [False, True])
def test_recovers_what_error_dilutes(yes: bool) -> None:
    found = calibrated(error_world(np.random.default_rng(1), 12_000, 0.5, yes=yes))
    corrected, naive = estimate(found["corrected"]), estimate(found["as measured"])
    truth = np.exp(0.5) if yes else 0.5
    low, high = corrected.interval()
    assert low < truth < high
    assert naive.interval()[1] < truth


def covered(worlds: int, n: int, effect: float) -> float:
    """Return in what share of worlds the corrected interval holds the truth."""
    inside = 0
    for one in np.random.SeedSequence(3).spawn(worlds):
        corrected = estimate(calibrated(error_world(np.random.default_rng(one), n, effect))["corrected"])
        low, high = corrected.interval()
        inside += low <= effect <= high
    return inside / worlds


def test_finds_no_effect_where_there_is_none() -> None:
    assert covered(60, 1500, 0.0) >= 0.95 - 0.015 - 3 * np.sqrt(0.05 * 0.95 / 60)


@pytest.mark.slow
@pytest.mark.parametrize("effect", [0.0, 0.5])
def test_intervals_cover(effect: float) -> None:
    assert abs(covered(1000, 1500, effect) - 0.95) <= 0.015 + 3 * np.sqrt(0.05 * 0.95 / 1000)


def test_errors_that_both_measurements_share_are_not_corrected() -> None:
    found = calibrated(error_world(np.random.default_rng(1), 12_000, 0.5, shared=0.9))
    assert estimate(found["corrected"]).interval()[1] < 0.5


def test_recall_that_depends_on_the_outcome_makes_an_effect_of_none() -> None:
    found = calibrated(error_world(np.random.default_rng(1), 6000, 0.0, differs=0.5))
    assert estimate(found["corrected"]).interval()[0] > 0


def test_kappa_agrees_with_r(people: pd.DataFrame, pins: dict[str, Any]) -> None:
    kappa = estimate(answer_agreement(people, "abused", "smoker", design_of(people))["Cohen's kappa"])
    assert kappa.value == pytest.approx(pins["kappa"]["value"], abs=1e-9)
    # Fleiss divides by n, linearisation by n - 1.
    assert kappa.standard_error * np.sqrt(399 / 400) == pytest.approx(pins["kappa"]["se"], rel=1e-6)


def test_agreement_by_chance_alone_is_no_agreement() -> None:
    rng = np.random.default_rng(2)
    table = pd.DataFrame({"one": rng.random(3000) < 0.3, "other": rng.random(3000) < 0.2})
    found = answer_agreement(table, "one", "other", design_of(table))
    low, high = estimate(found["Cohen's kappa"]).interval()
    assert low < 0 < high
    assert estimate(found["observed agreement"]).value == pytest.approx(0.62, abs=0.03)
    assert estimate(found["agreement on yes"]).value == pytest.approx(2 * 0.06 / 0.5, abs=0.04)


def test_agreement_of_a_survey_is_that_of_the_population() -> None:
    table = pd.DataFrame({"one": [1] * 20 + [0] * 80, "other": [1] * 10 + [0] * 10 + [1] * 10 + [0] * 70})
    times = np.arange(100) % 3 + 1
    repeated = table.loc[np.repeat(np.arange(100), times)].reset_index(drop=True)
    weighted = table.assign(survey_weight=times)
    values = [
        estimate(answer_agreement(t, "one", "other", design_of(t))["Cohen's kappa"]).value for t in (repeated, weighted)
    ]
    assert values[0] == pytest.approx(values[1])


def test_says_why_there_is_no_correction(people: pd.DataFrame) -> None:
    noise = np.random.default_rng(1).normal(size=len(people))
    cases = {
        "no variable": {"second": "bmi2"},
        "yes/no": {"exposure": "smoker"},
        "fewer than 30": {"table": people.assign(again=people["again"].where(people.index < 20))},
        "hardly go together": {"table": people.assign(again=noise)},
    }
    for reason, options in cases.items():
        given = {"table": people, "outcome": "crp", "exposure": "bmi", "second": "again", "adjustment": ["age"]}
        found = calibrated(**(given | options))
        assert all(isinstance(result, NotTestable) and reason in result.reason for result in found.values()), reason
    rare = people.assign(abused=(people.index < 2).astype(int))
    refused = answer_agreement(rare, "abused", "smoker", design_of(rare))["Cohen's kappa"]
    assert isinstance(refused, NotTestable)
