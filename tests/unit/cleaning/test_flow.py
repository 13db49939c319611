"""Who is eligible, who is not and why, and who has which measure."""

from __future__ import annotations

import itertools

import pandas as pd
import pytest

from cohort.cleaning import Flow, clean_cohort
from cohort.codebook import Codebook
from cohort.errors import InputDataError
from cohort.study_file import Eligibility

Tables = dict[str, pd.DataFrame]

STEPS = (
    Eligibility(variable="age_years", at_least=25, below=60, label="Adults from 25 to 59"),
    Eligibility(variable="smoking", values=["never", "current"]),
)


def test_each_step_tells_who_left_and_missing_apart_from_not_fulfilled(good: Tables, codebook: Codebook) -> None:
    visits = good["visits"].copy()
    visits.loc[5, "smoking"] = pd.NA
    clean = clean_cohort({**good, "visits": visits}, codebook, eligible=STEPS)
    # 4 is 60 and 5 is 20; 6 has no answer on smoking; 3 is a former smoker.
    told = [(step.label, step.n, step.excluded, step.reason) for step in clean.flow.steps]
    assert told == [
        ("People in the source files", 6, 0, ""),
        ("Adults from 25 to 59", 4, 2, "not: Adults from 25 to 59"),
        ("Smoking known", 3, 1, "Smoking is missing"),
        ("Smoking never or current", 2, 1, "not: Smoking never or current"),
        ("Eligible", 2, 0, ""),
    ]
    eligible = clean.tables["person_table"].set_index("participant_id")["is_eligible"]
    assert eligible.loc[eligible].index.tolist() == ["1", "2"]
    assert dict(clean.exclusions.to_numpy())["6"] == "Smoking is missing"
    assert len(clean.tables["person_table"]) == 6


def test_the_steps_add_up(good: Tables, codebook: Codebook) -> None:
    steps = clean_cohort(good, codebook, eligible=STEPS).flow.steps
    for before, after in itertools.pairwise(steps):
        assert before.n - after.excluded == after.n


def test_people_whose_records_contradict_each_other_leave_before_eligibility(good: Tables, codebook: Codebook) -> None:
    twin = good["participants"].iloc[[0]].assign(birth_year=pd.array([1971], dtype="Int64"))
    people = pd.concat([good["participants"], twin], ignore_index=True)
    flow = clean_cohort({**good, "participants": people}, codebook).flow
    assert [(s.label, s.n, s.excluded) for s in flow.steps[:2]] == [
        ("People in the source files", 6, 0),
        ("With one undisputed record", 5, 1),
    ]


def test_branches_count_the_measures_of_the_eligible(good: Tables, codebook: Codebook) -> None:
    flow = clean_cohort(good, codebook, eligible=STEPS[:1]).flow
    branches = {branch.label: (branch.n, branch.excluded) for branch in flow.branches}
    assert branches["PHQ-9 total"] == (4, 0)
    assert branches["CTQ-SF total"] == (0, 4)
    assert branches["Age, sex, BMI and smoking"] == (3, 1)  # 3 has no BMI
    assert branches["All of these that the cohort has"] == (3, 1)
    (absent,) = [branch for branch in flow.branches if branch.label == "CTQ-SF total"]
    assert absent.reason == "not in this cohort: ctq_total"


def test_people_without_a_sampling_weight_are_told_apart(good: Tables, codebook: Codebook) -> None:
    good["participants"]["survey_weight"] = [1.0, 0.0, 2.0, 0.0, 3.0, 1.0]
    flow = clean_cohort(good, codebook).flow
    assert flow.branches[0].label == "With a sampling weight above zero"
    assert (flow.branches[0].n, flow.branches[0].excluded) == (4, 2)
    good["participants"]["survey_weight"] = 1.0
    assert "weight" not in clean_cohort(good, codebook).flow.branches[0].label


def test_truth_values_and_numbers_may_be_named_in_a_step(good: Tables, codebook: Codebook) -> None:
    for word in (False, "false"):
        step = Eligibility(variable="is_pregnant", values=[word])
        eligible = clean_cohort(good, codebook, eligible=[step]).tables["person_table"]["is_eligible"]
        assert eligible.tolist() == [True, True, False, False, True, True]
    step = Eligibility(variable="birth_year", values=[1970, 1980.0])
    eligible = clean_cohort(good, codebook, eligible=[step]).tables["person_table"]["is_eligible"]
    assert eligible.tolist() == [True, False, True, False, False, False]


def test_a_step_on_a_variable_that_the_cohort_lacks_is_an_error_that_names_it(good: Tables, codebook: Codebook) -> None:
    steps = [Eligibility(variable="ctq_total", at_least=30), Eligibility(variable="il6_pg_ml", below=10)]
    with pytest.raises(InputDataError) as caught:
        clean_cohort(good, codebook, eligible=steps)
    assert [problem.what for problem in caught.value.problems] == [
        "the variable 'ctq_total' is not in this cohort.",
        "the variable 'il6_pg_ml' is not in this cohort.",
    ]


def test_a_flow_survives_storage_and_becomes_a_table(good: Tables, codebook: Codebook) -> None:
    flow = clean_cohort(good, codebook, eligible=STEPS).flow
    assert Flow.from_dict(flow.to_dict()) == flow
    frame = flow.to_frame()
    assert frame.columns.tolist() == ["kind", "label", "n", "excluded", "reason"]
    assert frame["kind"].value_counts().to_dict() == {"branch": len(flow.branches), "step": len(flow.steps)}
