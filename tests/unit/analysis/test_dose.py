"""Dose: categories from one model, the trend, and what few people do to them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cohort.analysis.design import design_of
from cohort.analysis.dose import MEASURE, TREND, odds_ratios_by_count
from cohort.results import Estimate, NotTestable, Result

COUNT = "autoimmune_disease_count"


def simulated(rng: np.random.Generator, n: int, per_one: float) -> pd.DataFrame:
    z = rng.normal(size=n)
    count = rng.poisson(0.35 * np.exp(0.4 * z))
    ill = rng.random(n) < 1 / (1 + np.exp(1.5 - per_one * np.minimum(count, 2) - 0.6 * z))
    return pd.DataFrame({COUNT: pd.array(count, dtype="Int64"), "z": z, "ill": ill})


def found(table: pd.DataFrame, *adjustment: str) -> list[Result]:
    return odds_ratios_by_count(table, outcome="ill", count=COUNT, adjustment=adjustment, design=design_of(table))


def logs(results: list[Result]) -> list[float]:
    return [math.log(result.value) if isinstance(result, Estimate) else math.nan for result in results]


def test_categories_are_the_terms_of_one_model() -> None:
    table = simulated(np.random.default_rng(1), 3000, 0.4)
    dose = table[COUNT].clip(upper=2).astype(float)
    matrix = sm.add_constant(np.column_stack([dose == 1, dose == 2, table["z"]]).astype(float))
    fit = sm.Logit(table["ill"].astype(float).to_numpy(), matrix).fit(disp=0, tol=1e-12)
    results = found(table, "z")
    assert logs(results)[:2] == pytest.approx(fit.params[1:3], rel=1e-7)
    errors = [result.standard_error for result in results[:2] if isinstance(result, Estimate)]
    assert errors == pytest.approx(fit.bse[1:3], rel=1e-6)
    trend = sm.Logit(table["ill"].astype(float).to_numpy(), sm.add_constant(np.column_stack([dose, table["z"]]))).fit(
        disp=0, tol=1e-12
    )
    assert logs(results)[2] == pytest.approx(trend.params[1], rel=1e-7)
    assert [result.measure for result in results] == [MEASURE, MEASURE, TREND]
    assert all(isinstance(result, Estimate) and result.adjustment == ("z",) for result in results)


def test_truth_is_recovered_the_null_held_and_confounding_seen() -> None:
    rng = np.random.default_rng(2)
    values, crude, rejected = [], [], 0
    for _ in range(25):
        table = simulated(rng, 1500, 0.5)
        values.append(logs(found(table, "z")))
        crude.append(logs(found(table)))
        null = found(simulated(rng, 1500, 0.0), "z")[2]
        assert isinstance(null, Estimate)
        rejected += not null.interval()[0] < 1 < null.interval()[1]
    mean, error = np.mean(values, axis=0), np.std(values, axis=0) / math.sqrt(25)
    assert (np.abs(mean - [0.5, 1.0, 0.5]) < 3 * error + 0.01).all()
    assert (np.mean(crude, axis=0) > mean + 0.1).all()
    assert rejected / 25 < 0.05 + 0.015 + 3 * math.sqrt(0.95 * 0.05 / 25)


def test_a_number_that_few_have_keeps_its_row_and_leaves_the_others_alone() -> None:
    table = simulated(np.random.default_rng(3), 800, 0.4)
    table.loc[table[COUNT] >= 2, COUNT] = 1
    table.loc[:3, COUNT] = 2
    results = found(table, "z")
    assert isinstance(results[0], Estimate)
    assert isinstance(results[1], NotTestable)
    assert results[1].reason == "fewer than 5 people with this number, with or without the outcome"
    alone = found(table[table[COUNT] < 2].reset_index(drop=True), "z")
    assert logs(results)[0] == pytest.approx(logs(alone)[0], rel=1e-9)


def test_a_cohort_without_the_count_says_so() -> None:
    table = simulated(np.random.default_rng(3), 50, 0.4).drop(columns=COUNT)
    results = found(table)
    assert len(results) == 3
    assert {result.reason for result in results if isinstance(result, NotTestable)} == {
        f"this cohort has no variable '{COUNT}'"
    }
    assert all(isinstance(result, NotTestable) for result in found(simulated(np.random.default_rng(3), 50, 0.4), "q"))
