"""Incidence rates: exact limits equal R's poisson.test; by age; weighted in a survey; refused in words."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.onset_question import Question
from cohort.analysis.rates import STATES, age_specific_rates, incidence_rates, poisson_limits
from cohort.results import Estimate, NotTestable

QUESTION = Question("lifetime_depression", "any_autoimmune_disease")
Cohort = tuple[pd.DataFrame, pd.DataFrame]


def test_crude_rates_equal_r(risk_cohort: Cohort, incidence_pins: dict[str, Any]) -> None:
    intervals, people = risk_cohort
    found = incidence_rates(intervals, people, QUESTION, design=design_of(people))
    for result, pin, state in zip(found, incidence_pins["rates"], (0, 1), strict=True):
        assert isinstance(result, Estimate)
        assert result.value == pytest.approx(1000 * pin["rate"], rel=1e-12)
        assert result.interval() == pytest.approx((1000 * pin["lower"], 1000 * pin["upper"]), rel=1e-9)
        own = intervals[intervals["is_exposed"] == state]
        assert (result.n, result.events) == (own["participant_id"].nunique(), own["event"].sum())
        assert result.label == f"depression after any autoimmune disease: {STATES[state]}"
        assert "person-years" in dict(result.details)


def test_weights_count_in_a_survey(risk_cohort: Cohort) -> None:
    intervals, people = risk_cohort
    people = people.rename(columns={"weight": "survey_weight", "stratum": "survey_stratum", "psu": "survey_psu"})
    weighted = incidence_rates(intervals, people, QUESTION, design=design_of(people))[0]
    equal = incidence_rates(
        intervals, people.assign(survey_weight=3.0), QUESTION, design=design_of(people.assign(survey_weight=3.0))
    )[0]
    plain = incidence_rates(intervals, people, QUESTION, design=design_of(people[["participant_id"]]))[0]
    assert isinstance(weighted, Estimate)
    assert isinstance(equal, Estimate)
    assert isinstance(plain, Estimate)
    rows = intervals.merge(people, on="participant_id")[lambda t: t["is_exposed"] == 0]
    weight = rows["survey_weight"]
    expected = (weight * rows["event"]).sum() / (weight * (rows["stop"] - rows["start"])).sum()
    assert weighted.value == pytest.approx(1000 * expected)
    assert equal.value == pytest.approx(plain.value)
    assert equal.standard_error == pytest.approx(plain.standard_error, rel=0.25)
    assert weighted.df == 35.0  # 40 units less 5 strata


def test_rates_by_age_add_up(risk_cohort: Cohort) -> None:
    intervals, people = risk_cohort
    design = design_of(people)
    found = age_specific_rates(intervals, people, QUESTION, design=design, step=20)
    for state, words in enumerate(STATES):
        estimates = [result for result in found[words] if isinstance(result, Estimate)]
        own = intervals[intervals["is_exposed"] == state]
        assert sum(result.events or 0 for result in estimates) == own["event"].sum()
        years = sum((result.events or 0) / result.value * 1000 for result in estimates if result.value)
        assert years == pytest.approx((own["stop"] - own["start"]).sum(), rel=0.05)
    assert [result.label for result in found[STATES[0]]] == ["20–39", "40–59", "60–79"]
    few = age_specific_rates(intervals, people, QUESTION, design=design, step=5)
    none = next(r for r in [*few[STATES[0]], *few[STATES[1]]] if isinstance(r, Estimate) and not r.value)
    assert none.value == 0
    assert none.interval()[0] == 0
    assert 0 < none.interval()[1] < math.inf


def test_a_cohort_without_onsets_says_so() -> None:
    people = pd.DataFrame({"participant_id": ["a"]})
    results = incidence_rates(pd.DataFrame(), people, QUESTION, design=design_of(people))
    assert len(results) == 2
    for result in results:
        assert isinstance(result, NotTestable)
        assert result.reason == "this cohort has no dated onsets of both depression and any autoimmune disease"
    by_age = age_specific_rates(pd.DataFrame(), people, QUESTION, design=design_of(people))
    assert all(isinstance(results[0], NotTestable) for results in by_age.values())


def test_exact_limits_cover_at_least_as_often_as_they_say() -> None:
    for mean in (0.7, 3.0, 12.0):
        counts = np.arange(0, 80)
        mass = np.exp(counts * math.log(mean) - mean - np.array([math.lgamma(k + 1) for k in counts]))
        held = [low <= mean <= high for low, high in map(poisson_limits, (int(k) for k in counts))]
        assert mass @ np.array(held) >= 0.95
