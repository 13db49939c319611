"""Siblings compared with one another: equal to clogit, free of what they share, refused in words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.families import is_survey
from cohort.analysis.regression import odds_ratio
from cohort.analysis.within_siblings import within_siblings
from cohort.results import Estimate, NotTestable, Result


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def with_relations(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return people with identifiers and the pairs that join each to the first of the family."""
    people = table.assign(participant_id=[f"p{i}" for i in range(len(table))])
    first = people.groupby("family")["participant_id"].transform("first")
    pairs = pd.DataFrame({"participant_id": first, "relative_id": people["participant_id"], "kind": "sibling"})
    return people, pairs[first != people["participant_id"]].reset_index(drop=True)


def test_within_siblings_equals_clogit(r_data: Callable[[str], pd.DataFrame], incidence_pins: dict[str, Any]) -> None:
    people, pairs = with_relations(r_data("siblings"))
    pin = incidence_pins["clogit"]
    result = estimate(
        within_siblings(people, pairs, outcome="y", exposure="x", adjustment=["z"], design=design_of(people))
    )
    assert math.log(result.value) == pytest.approx(pin["estimate"][0], rel=1e-9)
    assert result.standard_error == pytest.approx(pin["se"][0], rel=1e-9)


def simulated(
    rng: np.random.Generator, families: int, *, effect: float, shared: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return pairs of siblings with a shared cause of exposure and outcome."""
    family = np.repeat(np.arange(families), 2)
    u = shared * rng.normal(size=families)[family]
    x = rng.random(2 * families) < 1 / (1 + np.exp(0.7 - u))
    y = rng.random(2 * families) < 1 / (1 + np.exp(1.0 - effect * x - u))
    table = pd.DataFrame({"family": family, "has_ra": x, "has_depression": y})
    return with_relations(table.assign(age_years=40 + rng.normal(size=2 * families), z=rng.normal(size=2 * families)))


def test_siblings_free_of_what_they_share_where_people_at_large_are_not() -> None:
    people, pairs = simulated(np.random.default_rng(5), 2500, effect=0.0, shared=1.2)
    within = estimate(
        within_siblings(
            people, pairs, outcome="has_depression", exposure="has_ra", adjustment=[], design=design_of(people)
        )
    )
    crude = estimate(odds_ratio(people, outcome="has_depression", exposure="has_ra", design=design_of(people)))
    assert within.interval()[0] < 1 < within.interval()[1]
    assert crude.interval()[0] > 1.3
    effect, pairs = simulated(np.random.default_rng(6), 2500, effect=0.8, shared=1.2)
    found = estimate(
        within_siblings(
            effect, pairs, outcome="has_depression", exposure="has_ra", adjustment=["z"], design=design_of(effect)
        )
    )
    low, high = found.interval()
    assert low < math.exp(0.8) < high


def test_siblings_that_differ_one_way_only_are_too_few() -> None:
    people, pairs = simulated(np.random.default_rng(5), 40, effect=0.0, shared=1.0)
    people["has_depression"] = people["has_ra"]
    result = within_siblings(
        people, pairs, outcome="has_depression", exposure="has_ra", adjustment=[], design=design_of(people)
    )
    assert isinstance(result, NotTestable)
    assert result.reason == "fewer than 5 sets of siblings that differ in exposure and outcome either way"


def test_what_cannot_be_compared_is_refused_in_words() -> None:
    table, pairs = simulated(np.random.default_rng(5), 30, effect=0.0, shared=1.0)
    table["y"] = table["has_depression"]
    none = pairs.iloc[:0]
    lone = within_siblings(table, none, outcome="y", exposure="has_ra", design=design_of(table))
    assert isinstance(lone, NotTestable)
    assert lone.reason == "this cohort records no relatives"
    survey = table.assign(survey_weight=1.0 + np.arange(len(table)) % 2)
    weighted = within_siblings(survey, pairs, outcome="y", exposure="has_ra", design=design_of(survey))
    assert isinstance(weighted, NotTestable)
    assert is_survey(design_of(survey))
    strangers = pd.DataFrame({"participant_id": ["p0"], "relative_id": ["zz"], "kind": ["sibling"]})
    alone = within_siblings(table, strangers, outcome="y", exposure="has_ra", design=design_of(table))
    assert isinstance(alone, NotTestable)
    assert alone.reason == "nobody in this cohort has a sibling in it"


def test_the_null_is_held_with_larger_families() -> None:
    rng = np.random.default_rng(21)
    rejected = 0
    for _ in range(60):
        family = np.repeat(np.arange(200), rng.integers(2, 5, 200))
        u = rng.normal(size=200)[family]
        x, y = (rng.random(len(family)) < 1 / (1 + np.exp(0.6 - u)) for _ in range(2))
        people, pairs = with_relations(pd.DataFrame({"family": family, "x": x, "y": y}))
        result = estimate(
            within_siblings(people, pairs, outcome="y", exposure="x", adjustment=[], design=design_of(people))
        )
        rejected += not result.interval()[0] < 1 < result.interval()[1]
    assert rejected / 60 < 0.05 + 0.015 + 3 * math.sqrt(0.95 * 0.05 / 60)


def test_a_covariate_that_tells_the_outcome_and_a_set_too_large_are_refused() -> None:
    people, pairs = simulated(np.random.default_rng(5), 300, effect=0.0, shared=1.0)
    people["z"] = people["has_depression"] + 0.0
    result = within_siblings(
        people, pairs, outcome="has_depression", exposure="has_ra", adjustment=["z"], design=design_of(people)
    )
    assert isinstance(result, NotTestable)
    assert "separation" in result.reason
    crowd = pd.DataFrame({"family": np.repeat(np.arange(40), 24), "x": np.arange(960) % 2})
    crowd["y"] = np.arange(960) // 2 % 2
    people, pairs = with_relations(crowd)
    large = within_siblings(people, pairs, outcome="y", exposure="x", adjustment=[], design=design_of(people))
    assert isinstance(large, NotTestable)
    assert large.reason == "a set of siblings is too large for the exact conditional likelihood"
