"""Mantel-Haenszel: pinned to mantelhaen.test, recovered with many small strata, and heterogeneity is said."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.families import family_design
from cohort.analysis.regression import odds_ratio
from cohort.analysis.stratified import homogeneity_p, mantel_haenszel
from cohort.results import Estimate, NotTestable, Result


def pooled(table: pd.DataFrame, *strata: str, **bands: Any) -> Result:
    return mantel_haenszel(table, outcome="y", exposure="x", strata=strata, design=design_of(table), **bands)


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def p_of(result: Result, name: str) -> float:
    return float(dict(estimate(result).details)[name].split()[2])


def test_estimate_interval_and_tests_equal_r(
    r_data: Callable[[str], pd.DataFrame], incidence_pins: dict[str, Any]
) -> None:
    table, pin = r_data("siblings"), incidence_pins["mantel_haenszel"]
    result = estimate(pooled(table.assign(band=table["band"].astype(str)), "band"))
    assert result.value == pytest.approx(pin["estimate"], rel=1e-12)
    assert result.interval() == pytest.approx((pin["lower"], pin["upper"]), rel=1e-10)
    assert p_of(result, "no association") == pytest.approx(pin["p"], rel=0.05)
    assert p_of(result, "same odds ratio in all strata") == pytest.approx(pin["homogeneity"], rel=0.02)
    assert (result.n, result.events) == (len(table), table["y"].sum())
    counts = table.groupby(["band", "x", "y"]).size().to_numpy().reshape(-1, 2, 2)[:, ::-1, ::-1].astype(float)
    assert homogeneity_p(counts, pin["estimate"]) == pytest.approx(pin["homogeneity"], rel=1e-9)
    numbers = pooled(table, "band", bands={"band": (1, 2, 3, 4, 5)})
    assert estimate(numbers).value == pytest.approx(result.value, rel=1e-12)


def test_strata_that_compare_nobody_add_nothing(r_data: Callable[[str], pd.DataFrame]) -> None:
    table = r_data("siblings").assign(band=lambda t: t["band"].astype(str))
    alone = pd.DataFrame({"x": [1] * 30, "y": [0, 1] * 15, "band": "only exposed"})
    both = estimate(pooled(pd.concat([table, alone], ignore_index=True), "band"))
    assert both.value == pytest.approx(estimate(pooled(table, "band")).value, rel=1e-12)
    assert both.n == len(table)


def simulated(rng: np.random.Generator, strata: int, size: int, log_ratio: float) -> pd.DataFrame:
    stratum = np.repeat(np.arange(strata), size)
    shared = rng.normal(size=strata)[stratum]
    x = rng.random(len(stratum)) < 1 / (1 + np.exp(0.5 - shared))
    y = rng.random(len(stratum)) < 1 / (1 + np.exp(1.0 - log_ratio * x - shared))
    return pd.DataFrame({"x": x, "y": y, "stratum": stratum.astype(str)})


def test_many_small_strata_are_recovered_where_leaving_them_out_is_biased() -> None:
    rng = np.random.default_rng(41)
    logs, covered, crude, rejected = [], 0, [], 0
    for _ in range(80):
        table = simulated(rng, 150, 4, 0.7)
        result = estimate(pooled(table, "stratum"))
        logs.append(math.log(result.value))
        low, high = result.interval()
        covered += low < math.exp(0.7) < high
        crude.append(math.log(estimate(odds_ratio(table, outcome="y", exposure="x", design=design_of(table))).value))
        low, high = estimate(pooled(simulated(rng, 150, 4, 0.0), "stratum")).interval()
        rejected += not low < 1 < high
    assert abs(np.mean(logs) - 0.7) < 3 * np.std(logs) / np.sqrt(80) + 0.02  # bias of order 1/n, not of the method
    allowed = 0.015 + 3 * np.sqrt(0.95 * 0.05 / 80)
    assert abs(covered / 80 - 0.95) < allowed
    assert rejected / 80 < 0.05 + allowed
    assert np.mean(crude) > 0.7 + 0.2


def test_a_ratio_that_differs_between_strata_is_said() -> None:
    rng = np.random.default_rng(6)
    table = pd.concat(
        [simulated(rng, 1, 1500, effect).assign(stratum=name) for name, effect in (("a", 0.0), ("b", 1.5))]
    ).reset_index(drop=True)
    assert p_of(pooled(table, "stratum"), "same odds ratio in all strata") < 0.001


def test_what_cannot_be_pooled_is_refused(r_data: Callable[[str], pd.DataFrame]) -> None:
    table = r_data("siblings")
    absent = pooled(table, "site")
    assert isinstance(absent, NotTestable)
    assert absent.reason == "this cohort has no variable 'site'"
    survey = pooled(table.assign(survey_weight=1.0), "band")
    assert isinstance(survey, NotTestable)
    assert "survey weights" in survey.reason
    lone = pooled(table.assign(own=table.index.astype(str)), "own")
    assert isinstance(lone, NotTestable)
    assert "fewer than 5" in lone.reason
    families = family_design(design_of(table), table["family"].to_numpy())
    result = mantel_haenszel(table, outcome="y", exposure="x", strata=["band"], design=families)
    assert isinstance(result, Estimate)
