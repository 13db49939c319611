"""Prevalences and means under a survey design, pinned to R survey (r/pins.R), and the rules around them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import Design, design_of, mean, proportion, proportions_by, standard_deviation
from cohort.analysis.sampling import analysis_domain
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable

TIGHT = 1e-9


def test_design_is_a_survey_only_when_weights_are_there(survey_people: pd.DataFrame) -> None:
    assert design_of(survey_people).kind == "survey"
    assert design_of(survey_people.drop(columns="survey_weight")).kind == "simple"
    assert design_of(survey_people.assign(survey_weight=np.nan)).kind == "simple"


def test_mean_equals_svymean_in_a_domain(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    design = design_of(survey_people)
    for pin, variable, domain in (
        ("mean_bmi", "bmi", None),
        ("mean_crp_women", "ln_crp", survey_people["is_eligible"] & survey_people["female"]),
    ):
        result = mean(survey_people, variable, design, domain=domain)
        assert isinstance(result, Estimate)
        expected = pins[pin]
        assert (result.value, result.standard_error) == pytest.approx((expected["mean"], expected["se"]), rel=TIGHT)
        assert (result.df, result.n) == (expected["df"], expected["n"])
        assert result.interval() == pytest.approx((expected["lower"], expected["upper"]), rel=TIGHT)


def test_proportion_equals_svyciprop_logit(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    result = proportion(survey_people, "ill", design_of(survey_people))
    assert isinstance(result, Estimate)
    expected = pins["share_ill"]
    assert (result.value, result.standard_error) == pytest.approx((expected["share"], expected["se"]), rel=TIGHT)
    assert result.interval() == pytest.approx((expected["lower"], expected["upper"]), rel=1e-8)
    assert dict(result.details)["interval"] == "logit"


def test_each_level_is_a_domain_of_the_whole_design(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    results = proportions_by(survey_people, "ill", "smoking", design_of(survey_people))
    assert [result.label for result in results] == ["never", "former", "current"]
    for result in results:
        expected = pins["share_ill_by_smoking"][result.label]
        assert isinstance(result, Estimate)
        assert (result.value, result.standard_error) == pytest.approx((expected["share"], expected["se"]), rel=TIGHT)
        assert result.interval() == pytest.approx((expected["lower"], expected["upper"]), rel=1e-8)


def test_a_domain_is_not_a_filter_because_empty_units_still_count(survey_people: pd.DataFrame) -> None:
    inside = (survey_people["survey_stratum"] != 4) | (survey_people["survey_psu"] <= 2)
    inside &= survey_people["is_eligible"].astype(bool)
    kept = mean(survey_people, "bmi", design_of(survey_people), domain=inside)
    filtered = survey_people[inside]
    dropped = mean(filtered, "bmi", design_of(filtered))
    assert isinstance(kept, Estimate)
    assert isinstance(dropped, Estimate)
    assert kept.value == pytest.approx(dropped.value)
    assert abs(kept.standard_error / dropped.standard_error - 1) > 1e-3


def test_a_lone_unit_is_centred_at_the_grand_mean_and_said(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    table = survey_people.drop(columns="is_eligible")
    table["survey_stratum"], table["survey_psu"] = table["lone_stratum"], table["lone_psu"]
    design = design_of(table)
    result = mean(table, "bmi", design)
    assert isinstance(result, Estimate)
    expected = pins["lone_mean_bmi"]
    assert (result.value, result.standard_error) == pytest.approx((expected["mean"], expected["se"]), rel=TIGHT)
    assert design.lone_psu_strata == 1
    assert "1 strata with one PSU" in dict(result.details)["design"]


def test_simple_proportion_has_wilson_interval() -> None:
    # Newcombe 1998, Statistics in Medicine 17:857, table I: 81 of 263 gives 0.2553 to 0.3662 by the score method.
    table = pd.DataFrame({"ill": [True] * 81 + [False] * 182})
    result = proportion(table, "ill", design_of(table))
    assert isinstance(result, Estimate)
    assert result.interval() == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_simple_mean_has_the_textbook_interval() -> None:
    table = pd.DataFrame({"bmi": [21.0, 25.0, 30.0, 28.0, 24.0, None]})
    result = mean(table, "bmi", design_of(table))
    assert isinstance(result, Estimate)
    values = table["bmi"].dropna()
    assert (result.value, result.standard_error) == pytest.approx((values.mean(), values.sem()))
    assert (result.n, result.df) == (5, 4)
    assert standard_deviation(table, "bmi", design_of(table)) == pytest.approx(values.std())


def test_people_without_weight_are_outside_every_domain(survey_people: pd.DataFrame) -> None:
    domain = analysis_domain(survey_people, design_of(survey_people))
    assert domain.sum() == (survey_people["is_eligible"].astype(bool) & (survey_people["survey_weight"] > 0)).sum()
    assert domain.sum() < survey_people["is_eligible"].sum()


@pytest.mark.parametrize(
    ("column", "reason"),
    [
        ("absent", "no variable 'absent'"),
        ("nobody", "missing for everybody"),
        ("few", "fewer than 5 people"),
        ("words", "3 levels"),
        ("endless", "infinite"),
    ],
)
def test_proportion_says_why_it_cannot_be(column: str, reason: str) -> None:
    table = pd.DataFrame({
        "nobody": pd.array([None] * 60, dtype="boolean"),
        "few": [True] * 4 + [False] * 56,
        "words": ["a", "b", "c"] * 20,
        "endless": [np.inf] * 60,
    })  # fmt: skip
    result = proportion(table, column, design_of(table))
    assert isinstance(result, NotTestable)
    assert reason in result.reason
    assert "4" not in result.reason


def test_design_faults_are_errors_all_at_once() -> None:
    table = pd.DataFrame({"survey_weight": [1.0, -2.0], "survey_stratum": ["a", None], "survey_psu": [None, None]})
    table.loc[1, "survey_weight"] = np.inf
    with pytest.raises(AnalysisError, match="negative or infinite") as caught:
        design_of(table)
    assert len(caught.value.problems) == 2


def test_a_design_or_domain_of_another_table_is_an_error(survey_people: pd.DataFrame) -> None:
    design = design_of(survey_people)
    with pytest.raises(AnalysisError, match="another table"):
        analysis_domain(survey_people.head(10), design)
    with pytest.raises(AnalysisError, match="another index"):
        analysis_domain(survey_people, design, survey_people["is_eligible"].iloc[::-1])
    with pytest.raises(AnalysisError, match="one entry per row"):
        analysis_domain(survey_people, design, np.array([True]))


def test_units_are_read_within_their_stratum() -> None:
    table = pd.DataFrame({"survey_weight": 1.0, "survey_stratum": [1, 1, 2, 2], "survey_psu": [1, 2, 1, 2]})
    assert design_of(table).degrees_of_freedom() == 2
    without = design_of(table.drop(columns=["survey_stratum", "survey_psu"]))
    assert (without.strata, without.psu, without.degrees_of_freedom()) == (None, None, 3)


def test_interval_of_a_clustered_prevalence_covers_and_ignoring_the_clusters_does_not() -> None:
    rng = np.random.default_rng(11)
    covered = np.zeros((300, 2))
    for replicate in range(300):
        risk = np.clip(rng.beta(2, 8, size=24), 0.01, 0.99)
        psu = np.repeat(np.arange(24), 40)
        table = pd.DataFrame({
            "ill": rng.random(960) < risk[psu], "survey_weight": 1.0, "survey_stratum": psu % 4, "survey_psu": psu,
        })  # fmt: skip
        naive = Design(None, None, None, 960)
        for place, design in enumerate((design_of(table), naive)):
            result = proportion(table, "ill", design)
            assert isinstance(result, Estimate)
            low, high = result.interval()
            covered[replicate, place] = low <= 0.2 <= high
    survey, simple = covered.mean(axis=0)
    assert abs(survey - 0.95) <= 0.015 + 3 * np.sqrt(0.95 * 0.05 / 300)
    assert simple < 0.75


def test_units_that_carry_no_weight_give_no_degrees_of_freedom() -> None:
    table = pd.DataFrame({"survey_weight": [1.0, 1, 1, 0], "survey_stratum": 1, "survey_psu": [1, 2, 3, 4]})
    assert design_of(table).degrees_of_freedom() == 2


def test_an_empty_table_is_refused_and_not_an_error() -> None:
    table = pd.DataFrame({"ill": pd.array([], dtype="boolean"), "survey_weight": pd.Series([], dtype=float)})
    for result in (proportion(table, "ill", design_of(table)), mean(table, "ill", design_of(table))):
        assert isinstance(result, NotTestable)
