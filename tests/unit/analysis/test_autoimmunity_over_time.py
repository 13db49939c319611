"""Notebook 01 in time and in families: the source of person-time chosen and said, and every cohort gets an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis import autoimmunity_in_families as families
from cohort.analysis import autoimmunity_over_time as question
from cohort.analysis.design import design_of
from cohort.analysis.families import FamilyDesign
from cohort.analysis.onsets import ANY_AUTOIMMUNE, DEPRESSION
from cohort.codebook import load_codebook
from cohort.results import Estimate, NotTestable, Result

FORWARD, BACKWARD = question.DIRECTIONS
AUTOIMMUNE = [name for name, disease in load_codebook().diseases.items() if disease.autoimmune]


def tables(seed: int = 3, families: int = 900, effect: float = 0.7, spread: float = 0.6) -> dict[str, pd.DataFrame]:
    """Return families of two siblings and a parent: psoriasis, then depression at ``exp(effect)`` times the rate."""
    rng = np.random.default_rng(seed)
    family = np.repeat(np.arange(families), 3)
    n = len(family)
    is_parent = np.arange(n) % 3 == 2
    age = np.where(is_parent, rng.uniform(55, 75, n), rng.uniform(25, 45, n))
    shared = spread * rng.normal(size=families)[family]
    psoriasis = rng.exponential(140 * np.exp(-shared))
    left = rng.exponential(120 * np.exp(-shared))
    depression = np.where(left < psoriasis, left, psoriasis + (left - psoriasis) / np.exp(effect))
    ids = pd.Series([f"p{i}" for i in range(n)])
    ill, sad = psoriasis < age, depression < age
    current = rng.random(n) < np.where(sad, 0.5, 0.08) + 0.1 * ill
    people = pd.DataFrame(
        {
            "participant_id": ids,
            "age_years": age,
            "sex": pd.Categorical(np.where(rng.random(n) < 0.5, "female", "male")),
            "parental_ses_sd": rng.normal(size=n),
            "hospital_infection_count": rng.poisson(0.4, n),
            "has_psoriasis": pd.array(ill, dtype="boolean"),
            "has_any_autoimmune_disease": pd.array(ill, dtype="boolean"),
            "autoimmune_disease_count": ill + 1 * (ill & (rng.random(n) < 0.3)),
            "has_lifetime_depression": pd.array(sad, dtype="boolean"),
            "has_depression": pd.array(current, dtype="boolean"),
        }
    )
    said = [
        pd.DataFrame({"participant_id": ids[has], "disease": name, "status": "present", "onset_age_years": at[has]})
        for name, has, at in (("psoriasis", ill, psoriasis), (DEPRESSION, sad, depression))
    ]
    one, other, parent = (ids[np.arange(n) % 3 == place].to_numpy() for place in (0, 1, 2))
    kinds = ((one, other, "sibling"), (one, parent, "parent"), (other, parent, "parent"))
    relations = pd.concat([pd.DataFrame({"participant_id": a, "relative_id": b, "kind": kind}) for a, b, kind in kinds])
    diagnoses = pd.concat(said, ignore_index=True)
    return {"person_table": people, "diagnoses": diagnoses, "relations": relations.reset_index(drop=True)}


@pytest.fixture(scope="module")
def cohort() -> question.OverTime:
    made = tables()
    return question.over_time(made, design_of(made["person_table"]))


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def everything(cohort: question.OverTime) -> list[Result]:
    lists: list[Any] = [question.rates(cohort), families.familial(cohort), families.dose(cohort, ("age_years", "sex"))]
    for direction in question.DIRECTIONS:
        found: Mapping[str, Any] = question.ratios(cohort, direction)
        lists += [*found.values(), *question.by_age(cohort, direction).values()]
        lists += question.ratios(cohort, direction, measure="incidence rate ratio", lags=[0]).values()
    lists += families.modification(cohort, ("age_years", "sex")).values()
    return [result for results in lists for result in results]


def test_the_past_is_used_where_follow_up_recorded_nothing(cohort: question.OverTime) -> None:
    assert cohort.source == question.LIFE
    assert cohort.why.startswith("Follow-up: this cohort has no dated onsets")
    assert "life before the interview" in cohort.why
    assert isinstance(cohort.design, FamilyDesign)
    # What came later in life may have been shaped by what came first.
    assert set(cohort.adjustment.values()) == {("sex", "parental_ses_sd")}


def test_follow_up_is_used_where_it_recorded_onsets() -> None:
    made = tables()
    people = made["person_table"]
    n = len(people)
    followed = pd.DataFrame(
        {
            "participant_id": people["participant_id"], "outcome": DEPRESSION, "exposure": ANY_AUTOIMMUNE,
            "start": people["age_years"], "stop": people["age_years"] + 1 + np.arange(n) % 7,
            "event": np.arange(n) % 9 == 0, "is_exposed": people["has_psoriasis"].astype(bool),
        }
    )  # fmt: skip
    cohort = question.over_time(made | {"risk_table": followed}, design_of(people))
    assert cohort.source == question.FOLLOW_UP
    # All of this was measured before the time at risk.
    assert cohort.adjustment[FORWARD] == ("sex", "parental_ses_sd", "hospital_infection_count")
    assert cohort.adjustment[BACKWARD] == ("sex", "parental_ses_sd")
    result = estimate(question.ratios(cohort, FORWARD)["no lag"][0])
    assert dict(result.details)["person-time"] == "follow-up"
    # The lag of people exposed before entry starts at their onset, which is known, not at entry.
    later = question.ratios(cohort, FORWARD)["lag 1 y"][0]
    assert estimate(later).value == pytest.approx(result.value, rel=0.1)


def test_both_directions_with_and_without_a_lag(cohort: question.OverTime) -> None:
    forward, backward = question.ratios(cohort, FORWARD), question.ratios(cohort, BACKWARD)
    assert list(forward) == ["no lag", "lag 1 y"]
    assert [result.label for result in forward["no lag"]][:2] == [
        "Any autoimmune disease",
        "Autoimmune thyroid disease",
    ]
    assert len(forward["no lag"]) == len(AUTOIMMUNE) + 1
    # The shared cause, unmeasured, makes more of both.
    assert estimate(forward["no lag"][0]).interval()[0] > np.exp(0.7)
    assert estimate(backward["no lag"][0]).interval()[0] > 1
    assert estimate(backward["no lag"][0]).claims == ("SL-04",)


def test_without_a_shared_cause_the_truth_is_recovered_one_way_and_nothing_found_the_other() -> None:
    made = tables(spread=0.0)
    cohort = question.over_time(made, design_of(made["person_table"]))
    low, high = estimate(question.ratios(cohort, FORWARD)["no lag"][0]).interval()
    assert low < np.exp(0.7) < high
    low, high = estimate(question.ratios(cohort, BACKWARD)["no lag"][0]).interval()
    assert low < 1 < high


def test_familial_results_name_whose_disease_it_is(cohort: question.OverTime) -> None:
    found = families.familial(cohort)
    assert len(found) == 14  # 4 x 2 odds ratios, 2 x 2 risk ratios, children, within siblings
    labels = [result.label for result in found]
    assert labels[0] == "Depression before baseline, a sibling has any autoimmune disease"
    assert labels[4].endswith("the relative's depression held")
    assert labels[-1] == "Depression before baseline and own autoimmune disease, within siblings"
    assert {claim for result in found for claim in result.claims} == {"IP-14", "IP-15"}
    assert estimate(found[0]).interval()[0] > 1  # the shared cause
    assert dict(estimate(found[0]).details)["design"] == "simple sample, families as units"
    assert estimate(found[4]).adjustment[-2:] == ("depression before baseline of the relative", "age of the relative")
    children = found[-2]
    assert estimate(children).measure == "hazard ratio"


def test_modification_is_on_both_scales(cohort: question.OverTime) -> None:
    found = families.modification(cohort, ("age_years", "sex", "hospital_infection_count"))
    # The count would hold what the strata are made of.
    assert [estimate(found["odds ratio"][place]).adjustment for place in (0, 3)] == [
        ("age_years", "hospital_infection_count"), ("age_years", "sex"),
    ]  # fmt: skip
    assert estimate(found["additive interaction"][0]).adjustment == ("age_years", "sex")
    assert [result.label for result in found["odds ratio"]] == [
        "Sex: female", "Sex: male", "Sex: male against female", "Infection in hospital: no",
        "Infection in hospital: yes", "Infection in hospital: yes against no",
    ]  # fmt: skip
    assert found["odds ratio"][2].measure == "ratio of odds ratios"
    assert found["risk difference"][2].measure == "difference of risk differences"
    assert len(found["additive interaction"]) == 6


@pytest.mark.parametrize("lacking", ["all", "diagnoses", "relations", "variables"])
def test_a_cohort_that_lacks_tables_or_variables_gets_reasons_and_no_error(lacking: str) -> None:
    made = tables(families=120)
    if lacking == "all":
        made = {"person_table": made["person_table"][["participant_id"]]}
    elif lacking == "variables":
        keep = ["participant_id", "age_years", "has_psoriasis", "has_any_autoimmune_disease", "has_depression"]
        made["person_table"] = made["person_table"][keep]
    else:
        del made[lacking]
    cohort = question.over_time(made, design_of(made["person_table"]))
    results = everything(cohort)
    assert all(isinstance(result, Estimate) or result.reason for result in results)
    if lacking == "all":
        assert all(isinstance(result, NotTestable) for result in results)
    if lacking == "relations":
        reasons = {result.reason for result in families.familial(cohort) if isinstance(result, NotTestable)}
        assert reasons == {"this cohort records no relatives"}


def test_a_survey_keeps_its_own_units() -> None:
    made = tables(families=150)
    people = made["person_table"].assign(survey_weight=1.0 + np.arange(450) % 3)
    cohort = question.over_time(made | {"person_table": people}, design_of(people))
    assert not isinstance(cohort.design, FamilyDesign)
    within = families.familial(cohort)[-1]
    assert isinstance(within, NotTestable)
    assert within.reason == "conditional logistic regression knows no survey weights"


def test_assumptions_and_verdicts_are_told(cohort: question.OverTime) -> None:
    backward = question.ratios(cohort, BACKWARD)
    told = question.assumptions_table(backward).data
    assert told["version"].tolist() == ["no lag", "no lag", "lag 1 y", "lag 1 y"]  # any, and psoriasis
    assert told["proportional hazards"].str.contains("p = ").all()
    assert told["lag"].tolist()[-1] == "1 y; time in it counts as unexposed"
    verdicts = question.verdicts(backward, families.familial(cohort), synthetic=True)
    assert [verdict.claim for verdict in verdicts] == ["SL-04", "IP-14", "IP-15"]
    assert verdicts[1].evidence.label.endswith("a sibling has any autoimmune disease, the relative's depression held")
    assert all(verdict.synthetic for verdict in verdicts)
    assert verdicts[0].evidence.measure == "hazard ratio"
    nothing = question.over_time({"person_table": cohort.people[["participant_id"]]}, design_of(cohort.people))
    empty = question.ratios(nothing, BACKWARD)
    none = question.assumptions_table(empty).data
    assert none["why"].tolist() == ["this cohort has no dated onsets of both any autoimmune disease and depression"]
    statuses = {verdict.status for verdict in question.verdicts(empty, families.familial(nothing), synthetic=False)}
    assert statuses == {"not testable with this cohort"}
