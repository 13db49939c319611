"""Estimates know their intervals; results without a number keep their row."""

from __future__ import annotations

import math

import pytest
from scipy import stats

from cohort.results import Estimate, NotTestable, tidy


def test_a_ratio_has_an_interval_symmetric_on_the_log_scale() -> None:
    lower, upper = Estimate("a", "odds ratio", 2.0, 0.2, scale="log", null=1.0).interval()
    assert math.log(upper) - math.log(2) == pytest.approx(stats.norm.ppf(0.975) * 0.2)
    assert lower * upper == pytest.approx(4.0)


def test_few_degrees_of_freedom_widen_the_interval() -> None:
    wide = Estimate("a", "mean difference", 1.0, 0.5, df=5).interval()
    narrow = Estimate("a", "mean difference", 1.0, 0.5).interval()
    assert wide[1] - wide[0] == pytest.approx(2 * 0.5 * stats.t.ppf(0.975, 5))
    assert wide[0] < narrow[0]


def test_the_90_percent_interval_lies_within_the_95_percent_one() -> None:
    estimate = Estimate("a", "odds ratio", 1.3, 0.1, scale="log")
    (low95, high95), (low90, high90) = estimate.interval(), estimate.interval(0.90)
    assert low95 < low90 < high90 < high95


def test_p_value_is_two_sided_against_the_null() -> None:
    estimate = Estimate("a", "odds ratio", math.exp(1.96 * 0.3), 0.3, scale="log", null=1.0)
    assert estimate.p_value() == pytest.approx(0.05, abs=1e-4)
    assert math.isnan(Estimate("a", "prevalence", 0.1, 0.01).p_value())


def test_given_bounds_win_over_the_standard_error() -> None:
    assert Estimate("a", "prevalence", 0.1, 0.01, bounds=(0.05, 0.2)).interval() == (0.05, 0.2)


def test_tidy_keeps_a_row_for_what_cannot_be_tested() -> None:
    frame = tidy([Estimate("a", "odds ratio", 2.0, 0.2, scale="log", null=1.0, n=10), NotTestable("b", "absent")])
    assert list(frame["label"]) == ["a", "b"]
    assert frame.loc[1, "reason"] == "absent"
    assert math.isnan(frame.loc[1, "estimate"])
