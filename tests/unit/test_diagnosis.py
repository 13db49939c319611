"""Diagnosands against numbers worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from cohort.diagnosis import summarise


@pytest.fixture
def estimates() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "estimate": [0.0, 1.0, 2.0, np.nan],
            "standard_error": [1.0, 1.0, 2.0, np.nan],
            "lower": [-2.0, 0.5, 1.5, np.nan],
            "upper": [0.5, 3.0, 6.0, np.nan],
            "null": [0.0, 0.0, 0.0, np.nan],
        }
    )


def value(table: pd.DataFrame, name: str, column: str = "value") -> float:
    return float(table.set_index("diagnosand")[column].loc[name])


def test_bias_and_its_error(estimates: pd.DataFrame) -> None:
    found = summarise(estimates, 0.5)
    assert value(found, "bias") == pytest.approx(0.5)
    assert value(found, "bias", "monte_carlo_se") == pytest.approx(1 / math.sqrt(3))
    assert value(found, "empirical SE") == pytest.approx(1.0)


def test_coverage_counts_the_intervals_that_hold_the_truth(estimates: pd.DataFrame) -> None:
    found = summarise(estimates, 0.5)
    assert value(found, "coverage") == pytest.approx(2 / 3)
    assert value(found, "coverage", "monte_carlo_se") == pytest.approx(math.sqrt(2 / 3 * 1 / 3 / 3))


def test_rejection_and_what_could_not_be_tested(estimates: pd.DataFrame) -> None:
    found = summarise(estimates, 0.5)
    assert value(found, "rejects no effect") == pytest.approx(2 / 3)
    assert value(found, "not testable") == pytest.approx(0.25)
    assert value(found, "root mean squared error") == pytest.approx(math.sqrt((0.25 + 0.25 + 2.25) / 3))
    assert value(found, "model SE") == pytest.approx(math.sqrt(2))


def test_a_method_that_could_never_be_used_is_told_as_not_testable_and_nothing_else() -> None:
    rows = pd.DataFrame(
        {"estimate": [np.nan] * 4, "standard_error": np.nan, "lower": np.nan, "upper": np.nan, "null": 0.0}
    )
    told = summarise(rows, 0.0).set_index("diagnosand")["value"]
    assert told["not testable"] == 1
    assert told.drop("not testable").isna().all()
