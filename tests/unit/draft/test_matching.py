"""What each column may be, with the entry that it would make."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from cohort.draft import Draft
from cohort.draft.proposal import Proposal
from cohort.study_file import StudyFile

MakeDraft = Callable[..., Draft]
Load = Callable[[Draft], StudyFile]
RANDOM = np.random.default_rng(1)


def found(made: Draft, target: str) -> Proposal:
    (proposal,) = [p for p in made.proposals if p.target == target]
    return proposal


def test_a_disease_and_its_age_at_onset_are_one_entry(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    has = RANDOM.random(60) < 0.1
    table = people.assign(psoriasis=np.where(has, "ja", "nee"), psoriasis_leeftijd=np.where(has, 30.0, np.nan))
    (case,) = loaded(draft({"x": table})).diagnoses["psoriasis"]
    assert (case.present, case.absent) == ([{"psoriasis": ["ja"]}], [{"psoriasis": ["nee"]}])
    assert case.onset_age is not None
    assert case.onset_age.column == "psoriasis_leeftijd"


def test_a_drug_at_several_visits_counts_at_baseline(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    table = pd.concat([people.assign(visit=v, uses_statin=RANDOM.choice(["yes", "no"], 60)) for v in ("t0", "t1")])
    (use,) = loaded(draft({"x": table})).medications["statin"]
    assert use.where == [{"visit": ["t0"]}]


def test_a_measure_of_a_visit_carries_its_visit_and_one_of_a_person_is_kept_once(
    draft: MakeDraft, loaded: Load, people: pd.DataFrame
) -> None:
    table = pd.concat([people.assign(visit=v, bmi=RANDOM.normal(26, 3, 60)) for v in ("t0", "t1")])
    study = loaded(draft({"x": table}))
    assert study.variables["bmi_kg_m2"][0].visit is not None
    assert study.variables["sex"][0].keep == "first"


def test_wide_waves_become_visits(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    table = people.assign(bmi_t0=RANDOM.normal(26, 3, 60), bmi_t1=RANDOM.normal(26, 3, 60))
    assert loaded(draft({"x": table})).variables["bmi_kg_m2"][0].visits == {"t0": "bmi_t0", "t1": "bmi_t1"}


def test_a_way_of_recruitment_tells_screened_controls_by_its_labels(
    draft: MakeDraft, loaded: Load, people: pd.DataFrame
) -> None:
    table = people.assign(recruitment=RANDOM.choice(["clinic", "population", "screened control"], 60))
    study = loaded(draft({"x": table}))
    assert study.variables["recruitment"][0].codes == {
        "clinic": "clinic",
        "population": "population",
        "screened control": "population",
    }
    assert study.variables["is_screened_control"][0].codes == {
        "clinic": False,
        "population": False,
        "screened control": True,
    }


def test_activity_without_a_word_for_its_unit_is_a_question(draft: MakeDraft, people: pd.DataFrame) -> None:
    made = draft({"x": people.assign(physical_activity=RANDOM.integers(5, 90, 60))})
    assert "MET*hour/week" in found(made, "activity_met_h_week").questions[0]


def test_results_share_the_columns_of_their_sample(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    table = people.assign(
        il6=np.round(np.exp(RANDOM.normal(0.3, 0.5, 60)), 2),
        sample_date="2020-03-01",
        plate=RANDOM.choice(["P1", "P2"], 60),
        site=RANDOM.choice(["A", "B"], 60),
    )
    (lab,) = loaded(draft({"x": table})).labs["il6"]
    assert (lab.unit, lab.plate.column, lab.site.column) == ("pg/mL", "plate", "site")  # type: ignore[union-attr]


def test_a_survey_weight_is_no_body_weight(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    table = people.assign(weight_kg=RANDOM.normal(75, 9, 60), surveyweight=RANDOM.uniform(1e3, 1e5, 60))
    design = loaded(draft({"x": table})).design
    assert design is not None
    assert design.weights.column == "surveyweight"


def test_strata_without_weights_wait_for_a_decision(draft: MakeDraft, people: pd.DataFrame) -> None:
    made = draft({"x": people.assign(stratum=RANDOM.integers(1, 9, 60))})
    assert "weights" in found(made, "strata").questions[0]
