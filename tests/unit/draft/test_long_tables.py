"""A row per result, and a row per record of a register."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from cohort.draft import Draft
from cohort.study_file import StudyFile

MakeDraft = Callable[..., Draft]
Load = Callable[[Draft], StudyFile]
RANDOM = np.random.default_rng(1)


def days(n: int) -> pd.Series:
    return pd.Series(pd.to_datetime(RANDOM.integers(15000, 18000, n), unit="D").strftime("%Y-%m-%d"))


def test_a_table_with_a_row_per_result_gives_each_analyte(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    lab = pd.DataFrame(
        {
            "record_id": RANDOM.choice(people["record_id"], 600),
            "bepaling": RANDOM.choice(["CRP", "hsCRP", "IL-6", "Natrium"], 600),
            "uitslag": np.round(RANDOM.uniform(0.5, 9, 600), 2),
            "afnamedatum": days(600),
        }
    )
    lab["eenheid"] = lab["bepaling"].map({"CRP": "mg/L", "hsCRP": "mg/dL", "IL-6": "pg/mL", "Natrium": "mmol/L"})
    study = loaded(draft({"people": people, "lab": lab}))
    (crp,) = study.labs["crp"]
    assert crp.column == "uitslag"
    assert crp.where == [{"bepaling": ["hsCRP", "CRP"]}] or crp.where == [{"bepaling": ["CRP", "hsCRP"]}]
    assert crp.unit is not None
    assert crp.unit.column == "eenheid"  # type: ignore[union-attr]
    assert crp.date is not None
    assert set(study.labs) == {"crp", "il6"}


def test_a_long_table_without_units_is_a_question(draft: MakeDraft, people: pd.DataFrame) -> None:
    lab = pd.DataFrame(
        {
            "record_id": RANDOM.choice(people["record_id"], 300),
            "test": RANDOM.choice(["CRP", "IL-6"], 300),
            "value": np.round(RANDOM.uniform(0.5, 9, 300), 2),
        }
    )
    made = draft({"people": people, "lab": lab})
    assert [p.is_live for p in made.proposals if p.section == "labs"] == [False, False]


def register(codes: list[str], people: pd.DataFrame) -> pd.DataFrame:
    ids = RANDOM.choice(people["record_id"], 300)
    return pd.DataFrame({"record_id": ids, "code": RANDOM.choice(codes, 300), "datum": days(300)})


def test_register_codes_give_diseases_and_drugs(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    diseases = register(["E10.9", "M05.9", "F32.1", "J18.9"], people)
    drugs = register(["N06AB04", "C10AA01", "R03AC02"], people)
    study = loaded(draft({"people": people, "register": diseases, "pharmacy": drugs}))
    assert {"type_1_diabetes", "rheumatoid_arthritis", "lifetime_depression"} <= set(study.diagnoses)
    assert set(study.medications) == {"antidepressant", "ssri", "statin"}
    (case,) = study.diagnoses["type_1_diabetes"]
    assert case.code is not None
    assert (case.code.system, case.code.starts_with) == ("ICD-10", ["E10"])
    assert case.absent is None


def test_no_record_means_absent_only_where_people_were_followed(
    draft: MakeDraft, loaded: Load, people: pd.DataFrame
) -> None:
    followed = people.assign(date_of_enrolment="2010-01-01", date_of_exit="2020-01-01")
    study = loaded(draft({"people": followed, "register": register(["E10.9", "M05.9", "F32.1"], people)}))
    assert study.follow_up is not None
    assert study.diagnoses["type_1_diabetes"][0].absent == "no_record_in_follow_up"


def test_codes_of_the_danish_register_keep_their_letter(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    study = loaded(draft({"people": people, "lpr": register(["DE109", "DM059", "DF321"], people)}))
    code = study.diagnoses["rheumatoid_arthritis"][0].code
    assert code is not None
    assert code.starts_with == ["DM05", "DM06.0"]
