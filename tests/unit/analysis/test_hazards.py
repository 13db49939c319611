"""Hazard ratios from a risk table: pinned to R, recovered with exposure in time, refused in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.families import family_design
from cohort.analysis.hazards import hazard_ratio
from cohort.analysis.onset_question import Question
from cohort.results import Estimate, NotTestable, Result

QUESTION = Question("lifetime_depression", "any_autoimmune_disease")
ADJUSTMENT = ("age_years", "z", "female")
MakeOnsets = Callable[..., tuple[pd.DataFrame, pd.DataFrame]]
Cohort = tuple[pd.DataFrame, pd.DataFrame]


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_hazard_ratio_equals_coxph(risk_cohort: Cohort, incidence_pins: dict[str, Any], ties: Any) -> None:
    intervals, people = risk_cohort
    pin = incidence_pins["cox"][ties]
    result = estimate(
        hazard_ratio(intervals, people, QUESTION, adjustment=ADJUSTMENT, design=design_of(people), ties=ties)
    )
    assert math.log(result.value) == pytest.approx(pin["estimate"][0], rel=1e-9)
    assert result.standard_error == pytest.approx(pin["se"][0], rel=1e-9)
    assert dict(result.details)["proportional hazards"] == f"not rejected, p = {pin['proportionality'][0]:.2g}"
    assert result.adjustment == ADJUSTMENT
    assert (result.n, result.events) == (len(people), intervals["event"].sum())


def test_families_as_units_equal_coxph_with_clusters(risk_cohort: Cohort, incidence_pins: dict[str, Any]) -> None:
    intervals, people = risk_cohort
    units = family_design(design_of(people), people["family"].to_numpy())
    result = estimate(hazard_ratio(intervals, people, QUESTION, adjustment=ADJUSTMENT, design=units))
    families = people["family"].nunique()
    robust = incidence_pins["cox"]["efron"]["robust_family"][0] * math.sqrt(families / (families - 1))
    assert result.standard_error == pytest.approx(robust, rel=1e-9)
    assert result.df == families - 1 - 3


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_survey_hazard_ratio_equals_svycoxph(risk_cohort: Cohort, incidence_pins: dict[str, Any], ties: Any) -> None:
    intervals, people = risk_cohort
    people = people.rename(columns={"weight": "survey_weight", "stratum": "survey_stratum", "psu": "survey_psu"})
    pin = incidence_pins["survey_cox"][ties]
    result = estimate(
        hazard_ratio(intervals, people, QUESTION, adjustment=ADJUSTMENT, design=design_of(people), ties=ties)
    )
    assert math.log(result.value) == pytest.approx(pin["estimate"][0], rel=1e-9)
    assert result.standard_error == pytest.approx(pin["se"][0], rel=1e-8)
    assert result.df == pin["degf"] - 3


def test_the_truth_is_recovered_and_the_null_held(check_ratio: Callable[..., None]) -> None:
    check_ratio(hazard_ratio, QUESTION)


def test_a_lag_takes_out_what_is_found_because_a_doctor_looked(simulate_onsets: MakeOnsets) -> None:
    rows, people = simulate_onsets(np.random.default_rng(1), 6000, 0.0, detection=0.1)
    at_once = estimate(hazard_ratio(rows, people, QUESTION, adjustment=["z"], design=design_of(people)))
    asked = Question(QUESTION.outcome, QUESTION.exposure, lag=1, lag_time="excluded")
    later = estimate(hazard_ratio(rows, people, asked, adjustment=["z"], design=design_of(people)))
    assert at_once.interval()[0] > 1.1
    assert later.interval()[0] < 1 < later.interval()[1]


def test_exposure_taken_as_fixed_is_biased_and_as_time_varying_it_is_not(simulate_onsets: MakeOnsets) -> None:
    rows, people = simulate_onsets(np.random.default_rng(2), 6000, 0.0)
    right = estimate(hazard_ratio(rows, people, QUESTION, adjustment=["z"], design=design_of(people)))
    ever = rows.groupby("participant_id")["is_exposed"].transform("any")
    wrong = estimate(
        hazard_ratio(rows.assign(is_exposed=ever), people, QUESTION, adjustment=["z"], design=design_of(people))
    )
    assert right.interval()[0] < 1 < right.interval()[1]
    assert wrong.interval()[1] < 0.8  # immortal time


def test_hazards_that_change_with_age_are_said(simulate_onsets: MakeOnsets) -> None:
    rows, people = simulate_onsets(np.random.default_rng(3), 3000, 1.2)
    older = rows["stop"] > 55
    rows = rows[~(older & rows["is_exposed"] & rows["event"])]
    result = estimate(hazard_ratio(rows, people, QUESTION, design=design_of(people)))
    assert dict(result.details)["proportional hazards"].startswith("violated: the ratio changes with age")


def test_what_cannot_be_answered_is_refused_in_words(risk_cohort: Cohort) -> None:
    intervals, people = risk_cohort
    other = Question("psoriasis", "lifetime_depression")
    refused = hazard_ratio(intervals, people, other, design=design_of(people))
    assert isinstance(refused, NotTestable)
    assert refused.reason == "this cohort has no dated onsets of both psoriasis and depression"
    assert refused.label == "psoriasis after depression"
    absent = hazard_ratio(intervals, people, QUESTION, adjustment=["bmi_kg_m2"], design=design_of(people))
    assert isinstance(absent, NotTestable)
    assert absent.reason == "this cohort has no variable 'bmi_kg_m2'"
    two = family_design(design_of(people), (np.arange(len(people)) % 2).astype(np.intp))
    units = hazard_ratio(intervals, people, QUESTION, adjustment=ADJUSTMENT, design=two)
    assert isinstance(units, NotTestable)
    assert "too few units" in units.reason
