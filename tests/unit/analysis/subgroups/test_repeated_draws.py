"""Claims about repeated draws: the correlation is recovered, falling back follows from it, lnCVR is metafor's."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.subgroups.repeated_draws import (
    Retest,
    falling_back,
    log_ratio_of_variation,
    retest_of_crp,
    retest_table,
)
from cohort.results import Estimate, NotTestable


def visits(rng: np.random.Generator, people: int, icc: float, mean: float = 0.3, sd: float = 1.1) -> pd.DataFrame:
    """Return two or three draws a person with a normal ln CRP."""
    person = sd * math.sqrt(icc) * rng.standard_normal((people, 1))
    ln = mean + person + sd * math.sqrt(1 - icc) * rng.standard_normal((people, 3))
    table = pd.DataFrame(
        {"participant_id": np.repeat([f"p{i}" for i in range(people)], 3), "visit": np.tile([0, 1, 2], people),
         "crp_mg_l": np.exp(ln).ravel()}
    )  # fmt: skip
    table.loc[(table["visit"] == 2) & (rng.random(len(table)) < 0.5), "crp_mg_l"] = np.nan
    return table


def retested(table: pd.DataFrame, **kwargs: Any) -> dict[str, Estimate]:
    found = retest_of_crp(table, rng=np.random.default_rng(1), resamples=200, **kwargs)
    results = dict(zip(("icc", "fallen", "implied", "stays"), found.results, strict=True))
    assert all(isinstance(result, Estimate) for result in results.values())
    return {name: result for name, result in results.items() if isinstance(result, Estimate)}


@pytest.mark.parametrize("icc", [0.0, 0.62, 0.9])
def test_correlation_and_falling_back_are_recovered(icc: float) -> None:
    found = retested(visits(np.random.default_rng(2), 2500, icc))
    low, high = found["icc"].interval()
    assert low <= icc + 0.001
    assert icc - 0.001 <= high
    truth = falling_back(icc, 0.3, 1.1)
    for name in ("fallen", "implied"):
        assert found[name].value == pytest.approx(truth, abs=0.05)
    assert found["fallen"].interval()[0] < found["implied"].value < found["fallen"].interval()[1]
    assert found["stays"].value < (1 - found["fallen"].value)


def test_people_who_really_differ_in_kind_fall_back_less_than_a_normal_logarithm_implies() -> None:
    rng = np.random.default_rng(3)
    high = rng.random((1500, 1)) < 0.15
    ln = np.where(high, 2.5, -0.3) + 0.4 * rng.standard_normal((1500, 2))
    table = pd.DataFrame(
        {"participant_id": np.repeat(np.arange(1500).astype(str), 2), "visit": np.tile([0, 1], 1500),
         "crp_mg_l": np.exp(ln).ravel()}
    )  # fmt: skip
    found = retested(table)
    # The failing assumption: a mixture is no normal distribution, and the two shares part.
    assert found["fallen"].interval()[1] < found["implied"].interval()[0]


def test_infected_draws_are_left_out() -> None:
    table = visits(np.random.default_rng(4), 1200, 0.7)
    infected = np.random.default_rng(5).random(len(table)) < 0.1
    table["has_acute_infection"] = pd.Series(infected).astype("boolean")
    table.loc[infected, "crp_mg_l"] *= 20
    assert retested(table)["icc"].value == pytest.approx(0.7, abs=0.05)
    assert retested(table, without_infection=False)["icc"].value < 0.6


def test_the_log_ratio_of_variation_is_that_of_metafor(model_pins: dict[str, Any]) -> None:
    found = log_ratio_of_variation((2.4, 1.9), (2.1, 2.0), (80, 120))
    assert math.log(found.value) == pytest.approx(model_pins["cvr"][0], rel=1e-12)
    assert found.standard_error**2 == pytest.approx(model_pins["cvr"][1], rel=1e-12)


def test_the_error_of_the_log_ratio_is_right_for_normal_and_too_small_for_log_normal_values() -> None:
    rng = np.random.default_rng(6)

    def ratio(values: np.ndarray) -> tuple[float, float]:
        logs = []
        for one, two in values:
            found = log_ratio_of_variation((one.mean(), two.mean()), (one.std(ddof=1), two.std(ddof=1)), (200, 200))
            logs.append(math.log(found.value))
        return float(np.std(logs)), found.standard_error

    seen, stated = ratio(10 + 3 * rng.standard_normal((300, 2, 200)))
    assert stated == pytest.approx(seen, rel=0.15)
    seen, stated = ratio(np.exp(1.1 * rng.standard_normal((300, 2, 200))))
    assert stated < 0.7 * seen


def test_single_draws_cannot_be_compared() -> None:
    table = visits(np.random.default_rng(7), 200, 0.5).query("visit == 0")
    found = retest_of_crp(table, rng=np.random.default_rng(1))
    assert isinstance(found, Retest)
    assert all(isinstance(result, NotTestable) for result in found.results)
    assert retest_table(found).data["not testable"].iloc[0] == "fewer than 50 people have CRP of two draws"
