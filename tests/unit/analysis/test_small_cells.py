"""Odds ratios of small cells: the method follows the cells, exact limits equal R's, and nothing is ever infinite."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.regression import odds_ratio
from cohort.analysis.small_cells import (
    BOUNDLESS,
    EXACT,
    MAXIMUM_LIKELIHOOD,
    PENALISED,
    WIDEST,
    odds_ratio_small_cells,
)
from cohort.results import Estimate, NotTestable, Result


def found(table: pd.DataFrame, exposure: str, adjustment: tuple[str, ...] = ()) -> Result:
    return odds_ratio_small_cells(table, outcome="y", exposure=exposure, adjustment=adjustment, design=design_of(table))


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def method(result: Result) -> str:
    return dict(estimate(result).details)["method"]


def cells(exposed_ill: int, exposed_well: int, ill: int, well: int) -> pd.DataFrame:
    counts = [exposed_ill, exposed_well, ill, well]
    table = pd.DataFrame({"x": np.repeat([1, 1, 0, 0], counts), "y": np.repeat([1, 0, 1, 0], counts)})
    return table.assign(z=np.arange(len(table)) % 7)


def test_large_cells_take_the_usual_regression() -> None:
    table = cells(30, 40, 60, 200)
    result = found(table, "x", ("z",))
    usual = odds_ratio(table, outcome="y", exposure="x", adjustment=["z"], design=design_of(table))
    assert method(result) == MAXIMUM_LIKELIHOOD
    assert estimate(result).interval() == estimate(usual).interval()
    assert "cells" not in dict(estimate(result).details)


def test_unadjusted_small_cells_are_exact(
    r_data: Callable[[str], pd.DataFrame], incidence_pins: dict[str, Any]
) -> None:
    pin = incidence_pins["exact"]
    result = estimate(found(r_data("sparse"), "w"))
    assert method(result) == EXACT
    assert result.value == pytest.approx(pin["estimate"], rel=1e-4)  # fisher.test itself stops at four digits
    assert result.interval() == pytest.approx((pin["lower"], pin["upper"]), rel=1e-4)
    assert dict(result.details)["p of its own test"] == f"{pin['p']:.2g}"
    assert dict(result.details)["cells"] == "one has fewer than 5 people"


def test_adjusted_small_cells_are_penalised(
    r_data: Callable[[str], pd.DataFrame], incidence_pins: dict[str, Any]
) -> None:
    pin = incidence_pins["firth"]["sparse"]
    result = estimate(found(r_data("sparse"), "w", ("z",)))
    assert method(result) == PENALISED
    assert math.log(result.value) == pytest.approx(pin["estimate"][1], rel=1e-8)
    assert np.log(result.interval()) == pytest.approx((pin["lower"][1], pin["upper"][1]), rel=1e-6)


def test_an_estimate_on_few_real_people_is_not_given(r_data: Callable[[str], pd.DataFrame]) -> None:
    table = r_data("sparse")
    design = design_of(table)
    real = odds_ratio_small_cells(table, outcome="y", exposure="w", adjustment=["z"], design=design, least=5)
    assert isinstance(real, NotTestable)
    assert real.reason == "fewer than 5 people in a cell of exposure by outcome"
    synthetic = odds_ratio_small_cells(table, outcome="y", exposure="w", adjustment=["z"], design=design, least=1)
    assert isinstance(synthetic, Estimate)


def test_few_outcomes_for_many_terms_are_penalised() -> None:
    table = cells(6, 20, 6, 60).assign(a=lambda t: t.index % 3, b=lambda t: (t.index**2) % 5, c=lambda t: t.index % 11)
    terms = ["a", "b", "c"]
    usual = odds_ratio(table, outcome="y", exposure="x", adjustment=terms, design=design_of(table))
    assert isinstance(usual, Estimate)
    assert method(found(table, "x", ("a", "b", "c"))) == PENALISED


def test_separation_gives_a_finite_interval_or_none() -> None:
    everyone = found(cells(9, 0, 60, 200), "x")
    assert method(everyone) == PENALISED
    low, high = estimate(everyone).interval()
    assert 1 < low < estimate(everyone).value < high < math.inf
    nothing = found(cells(5, 0, 60, 8), "x")
    assert isinstance(nothing, NotTestable)
    assert nothing.reason.startswith("insufficient information")


def test_no_interval_is_ever_boundless() -> None:
    rng = np.random.default_rng(5)
    told = 0
    for _ in range(30):
        counts = [int(count) for count in rng.integers(0, 7, 2)]
        result = found(cells(*counts, *(int(count) for count in rng.integers(0, 40, 2))), "x", ("z",))
        if isinstance(result, Estimate):
            told += 1
            low, high = result.interval()
            assert 0 < low <= result.value <= high < math.inf
            assert high / low <= (WIDEST if low <= 1 <= high else BOUNDLESS)
    assert told > 10


def test_too_few_people_and_surveys_have_no_fallback() -> None:
    assert isinstance(found(cells(1, 2, 40, 60), "x"), NotTestable)  # three exposed
    few = found(cells(2, 20, 2, 60), "x")
    assert isinstance(few, NotTestable)
    assert few.reason == "fewer than 5 people with or without the outcome"
    survey = cells(3, 20, 30, 60).assign(survey_weight=1.5)
    result = found(survey, "x")
    assert isinstance(result, NotTestable)
    assert "fewer than 5" in result.reason
    absent = found(cells(9, 9, 9, 9).drop(columns="y"), "x")
    assert isinstance(absent, NotTestable)
    assert absent.reason == "this cohort has no variable 'y'"
    assert isinstance(found(cells(9, 9, 9, 9), "z"), NotTestable)


def test_exact_intervals_hold_the_null_and_recover() -> None:
    rng = np.random.default_rng(9)
    missed, held = 0, 0
    for _ in range(70):
        x = np.arange(100) < 12
        y = rng.random(100) < 0.15
        result = found(pd.DataFrame({"x": x, "y": y}), "x")
        if isinstance(result, Estimate):
            held += 1
            low, high = result.interval()
            missed += not low <= 1 <= high
    assert held > 40
    assert missed / held < 0.05 + 3 * np.sqrt(0.05 * 0.95 / held)


def test_one_of_many_imputed_tables_needs_no_profile() -> None:
    people = pd.DataFrame({"ms": [1] * 12 + [0] * 88, "ill": [1] * 3 + [0] * 9 + [1] * 10 + [0] * 78})
    people = people.assign(age=np.random.default_rng(2).uniform(20, 70, len(people)))
    asked = {"outcome": "ill", "exposure": "ms", "adjustment": ["age"], "design": design_of(people)}
    whole, part = odds_ratio_small_cells(people, **asked), odds_ratio_small_cells(people, **asked, to_be_pooled=True)
    assert isinstance(whole, Estimate)
    assert isinstance(part, Estimate)
    assert (part.value, part.standard_error) == (whole.value, whole.standard_error)
    assert part.bounds is None
    assert whole.bounds is not None
    alone = odds_ratio_small_cells(people, **{**asked, "adjustment": []}, to_be_pooled=True)
    assert isinstance(alone, Estimate)
    assert dict(alone.details)["method"].startswith("Firth")
