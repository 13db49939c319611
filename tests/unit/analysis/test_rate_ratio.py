"""Ratios of incidence rates: pinned to R, recovered with exposure in time, biased by age left out, refused in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.families import family_design
from cohort.analysis.onset_question import Question
from cohort.analysis.rate_ratio import incidence_rate_ratio
from cohort.results import Estimate, NotTestable, Result

QUESTION = Question("lifetime_depression", "any_autoimmune_disease")
ADJUSTMENT = ("age_years", "z", "female")
MakeOnsets = Callable[..., tuple[pd.DataFrame, pd.DataFrame]]
Cohort = tuple[pd.DataFrame, pd.DataFrame]


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def test_rate_ratio_equals_poisson_regression_of_split_person_time(
    risk_cohort: Cohort, incidence_pins: dict[str, Any]
) -> None:
    intervals, people = risk_cohort
    pin = incidence_pins["poisson"]
    result = estimate(
        incidence_rate_ratio(intervals, people, QUESTION, adjustment=ADJUSTMENT, design=design_of(people))
    )
    assert math.log(result.value) == pytest.approx(pin["estimate"], rel=1e-8)
    assert result.standard_error == pytest.approx(pin["se"], rel=1e-7)
    units = family_design(design_of(people), people["family"].to_numpy())
    clustered = estimate(incidence_rate_ratio(intervals, people, QUESTION, adjustment=ADJUSTMENT, design=units))
    assert clustered.standard_error == pytest.approx(pin["robust_family"], rel=1e-7)


def test_the_truth_is_recovered_and_the_null_held(check_ratio: Callable[..., None]) -> None:
    check_ratio(incidence_rate_ratio, QUESTION)


def test_bands_too_wide_leave_age_in_the_ratio(simulate_onsets: MakeOnsets) -> None:
    rows, people = simulate_onsets(np.random.default_rng(5), 4000, 0.0)
    narrow, wide = (
        estimate(
            incidence_rate_ratio(rows, people, QUESTION, adjustment=["z"], design=design_of(people), age_step=years)
        )
        for years in (5.0, 100.0)
    )
    assert narrow.interval()[0] < 1 < narrow.interval()[1]
    assert wide.value > 1.08 * narrow.value  # the exposed are older
    assert dict(narrow.details)["age bands"] == "5 years"


def test_what_cannot_be_answered_is_refused_in_words(risk_cohort: Cohort) -> None:
    intervals, people = risk_cohort
    other = Question("psoriasis", "lifetime_depression")
    refused = incidence_rate_ratio(intervals, people, other, design=design_of(people))
    assert isinstance(refused, NotTestable)
    assert refused.reason == "this cohort has no dated onsets of both psoriasis and depression"
    assert refused.label == "psoriasis after depression"
    absent = incidence_rate_ratio(intervals, people, QUESTION, adjustment=["bmi_kg_m2"], design=design_of(people))
    assert isinstance(absent, NotTestable)
    assert absent.reason == "this cohort has no variable 'bmi_kg_m2'"
    two = family_design(design_of(people), (np.arange(len(people)) % 2).astype(np.intp))
    units = incidence_rate_ratio(intervals, people, QUESTION, adjustment=ADJUSTMENT, design=two)
    assert isinstance(units, NotTestable)
    assert "too few units" in units.reason
