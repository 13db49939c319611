"""Diagnosands and their Monte-Carlo errors against numbers worked out by hand and by simulation of simulations."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from cohort.diagnosis import DIAGNOSANDS, KnownTruth, summarise

HALF = KnownTruth(0.5, 0.0, is_log=False)
NOTHING = KnownTruth(0.0, 0.0, is_log=False)


@pytest.fixture
def estimates() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "estimate": [0.0, 1.0, 2.0, np.nan],
            "standard_error": [1.0, 1.0, 2.0, np.nan],
            "lower": [-2.0, 0.5, 1.5, np.nan],
            "upper": [0.4, 3.0, 6.0, np.nan],
            "null": [0.0, 0.0, 0.0, np.nan],
            "verdict": ["inconclusive", "supported", "supported", "not testable with this cohort"],
            "size_verdict": ["inconclusive", "supported", "contradicted", "not testable with this cohort"],
        }
    )


def value(table: pd.DataFrame, name: str, column: str = "value") -> float:
    return float(table.set_index("diagnosand")[column].loc[name])


def error(table: pd.DataFrame, name: str) -> float:
    return value(table, name, "monte_carlo_se")


def test_bias_and_relative_bias(estimates: pd.DataFrame) -> None:
    found = summarise(estimates, HALF)
    assert value(found, "bias") == pytest.approx(0.5)
    assert error(found, "bias") == pytest.approx(1 / math.sqrt(3))
    assert value(found, "relative bias") == pytest.approx(1.0)
    assert error(found, "relative bias") == pytest.approx(2 / math.sqrt(3))
    assert math.isnan(value(summarise(estimates, NOTHING), "relative bias"))


def test_standard_errors_empirical_and_reported(estimates: pd.DataFrame) -> None:
    found = summarise(estimates, HALF)
    assert value(found, "empirical SE") == pytest.approx(1.0)
    assert error(found, "empirical SE") == pytest.approx(1 / 2)
    assert value(found, "model SE") == pytest.approx(math.sqrt(2))
    # Var(se^2) = 3, hence sqrt(3 / (4 * 3 * 2)).
    assert error(found, "model SE") == pytest.approx(math.sqrt(3 / 24))
    assert value(found, "relative error of model SE") == pytest.approx(math.sqrt(2) - 1)
    assert error(found, "relative error of model SE") == pytest.approx(math.sqrt(2) * math.sqrt(3 / 48 + 1 / 4))


def test_mean_squared_error(estimates: pd.DataFrame) -> None:
    found = summarise(estimates, HALF)
    assert value(found, "root mean squared error") == pytest.approx(math.sqrt((0.25 + 0.25 + 2.25) / 3))
    of_square = np.std([0.25, 0.25, 2.25], ddof=1) / math.sqrt(3)
    assert error(found, "root mean squared error") == pytest.approx(of_square / (2 * math.sqrt(2.75 / 3)))


def test_coverage_counts_the_intervals_that_hold_the_truth(estimates: pd.DataFrame) -> None:
    found = summarise(estimates, HALF)
    assert value(found, "coverage") == pytest.approx(1 / 3)
    assert error(found, "coverage") == pytest.approx(math.sqrt(2 / 9 / 3))
    assert value(found, "bias-eliminated coverage") == pytest.approx(1 / 3)  # the mean, 1, lies in the second
    elsewhere = summarise(estimates, KnownTruth(2.0, 0.0, is_log=False))
    assert value(elsewhere, "coverage") == pytest.approx(2 / 3)
    assert value(elsewhere, "bias-eliminated coverage") == pytest.approx(1 / 3)


def test_rejection_is_power_with_an_effect_and_type_i_error_without(estimates: pd.DataFrame) -> None:
    with_effect, without = summarise(estimates, HALF), summarise(estimates, NOTHING)
    assert value(with_effect, "power") == pytest.approx(2 / 3)
    assert math.isnan(value(with_effect, "type I error"))
    assert value(without, "type I error") == pytest.approx(2 / 3)
    assert math.isnan(value(without, "power"))


def test_the_longest_interval_is_told_and_an_endless_one_shows(estimates: pd.DataFrame) -> None:
    assert value(summarise(estimates, HALF), "longest interval") == pytest.approx(4.5)
    endless = summarise(estimates.assign(upper=[np.inf, 3.0, 6.0, np.nan]), HALF)
    assert value(endless, "longest interval") == np.inf
    assert math.isnan(error(endless, "longest interval"))


def test_verdicts_are_counted_over_all_replicates(estimates: pd.DataFrame) -> None:
    found = summarise(estimates, NOTHING)
    assert value(found, "wrong verdicts") == pytest.approx(2 / 4)
    assert value(found, "verdict: supported") == pytest.approx(2 / 4)
    assert value(found, "not testable") == pytest.approx(1 / 4)
    assert value(found, "verdict: not testable with this cohort") == pytest.approx(1 / 4)


def test_values_that_whole_intervals_exceed_and_a_claimed_size(estimates: pd.DataFrame) -> None:
    found = summarise(estimates, KnownTruth(math.log(3), 0.0, is_log=True), above=(1.0, 3.0), claimed_size=3.0)
    assert value(found, "interval above 1") == pytest.approx(2 / 3)
    assert value(found, "interval above 3") == pytest.approx(1 / 3)
    assert value(found, "size 3: supported") == pytest.approx(1 / 4)
    assert value(found, "wrong verdicts on size") == pytest.approx(1 / 4)  # the truth is 3, and one contradicts it


def test_the_error_of_the_truth_is_added_where_a_diagnosand_rests_on_it(estimates: pd.DataFrame) -> None:
    sure, unsure = summarise(estimates, HALF), summarise(estimates, KnownTruth(0.5, 0.05, is_log=False))
    assert error(unsure, "bias") == pytest.approx(math.hypot(1 / math.sqrt(3), 0.05))
    assert error(unsure, "coverage") > error(sure, "coverage")  # 0.55 lies in an interval, 0.45 in none
    for name in ("empirical SE", "model SE", "power", "bias-eliminated coverage"):
        assert error(unsure, name) == error(sure, name)


def test_a_method_that_could_never_be_used_is_told_as_not_testable_and_nothing_else() -> None:
    rows = pd.DataFrame(
        {"estimate": [np.nan] * 4, "standard_error": np.nan, "lower": np.nan, "upper": np.nan, "null": np.nan,
         "verdict": "not testable with this cohort"}
    )  # fmt: skip
    told = summarise(rows, NOTHING).set_index("diagnosand")["value"]
    assert told["not testable"] == 1
    assert told["wrong verdicts"] == 0
    of_numbers = [name for name in told.index if not name.startswith(("verdict", "wrong", "not testable", "truth"))]
    assert told[of_numbers].isna().all()


def test_a_method_without_intervals_has_a_bias_and_no_coverage() -> None:
    rows = pd.DataFrame(
        {"estimate": [0.0, 0.1], "standard_error": np.nan, "lower": np.nan, "upper": np.nan, "null": np.nan,
         "verdict": ["inconclusive", "supported"]}
    )  # fmt: skip
    told = summarise(rows, NOTHING).set_index("diagnosand")["value"]
    assert told["bias"] == pytest.approx(0.05)
    assert told["wrong verdicts"] == pytest.approx(0.5)
    assert told[["coverage", "type I error", "power", "model SE"]].isna().all()


def test_monte_carlo_errors_are_the_spread_over_repeated_studies() -> None:
    """Two hundred and fifty studies of two hundred replicates: the errors told are those that are seen."""
    draw = np.random.default_rng(7)
    found = []
    for _ in range(250):
        estimate = draw.normal(0.3, 0.5, 200)
        se = 0.5 * np.sqrt(draw.chisquare(40, 200) / 40)
        rows = pd.DataFrame(
            {"estimate": estimate, "standard_error": se, "lower": estimate - 1.96 * se, "upper": estimate + 1.96 * se,
             "null": 0.0, "verdict": np.where(estimate > 1.96 * se, "supported", "inconclusive")}
        )  # fmt: skip
        found.append(summarise(rows, KnownTruth(0.2, 0.0, is_log=False)).assign(study=len(found)))
    wide = pd.concat(found).pivot_table(index="study", columns="diagnosand", values=["value", "monte_carlo_se"])
    for name in ("bias", "empirical SE", "model SE", "relative error of model SE", "root mean squared error",
                 "coverage", "power", "verdict: supported"):  # fmt: skip
        seen, told = wide["value"][name].std(), wide["monte_carlo_se"][name].mean()
        assert told == pytest.approx(seen, rel=0.2), name


def test_every_diagnosand_is_described(estimates: pd.DataFrame) -> None:
    assert set(summarise(estimates, HALF)["diagnosand"]) <= set(DIAGNOSANDS)
