"""The NHANES template reads the real files as the official documentation pages count them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cohort.codebook import load_codebook
from cohort.intake import RawCohort, read_cohort
from cohort.study_file import load_study_file

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def raw(nhanes: Path, repository: Path) -> RawCohort:
    codebook = load_codebook()
    study = load_study_file(repository / "data_schema" / "studies" / "nhanes-2017-2020.yaml", codebook)
    return read_cohort(study, nhanes, codebook)


def page_counts(nhanes: Path, page: str, column: str) -> dict[str, int]:
    """Return the count of each code or range that a documentation page states for a column."""
    text = (nhanes / "codebook" / f"{page}.md").read_text(encoding="utf-8")
    section = re.split(r"^### ", text, flags=re.MULTILINE)
    (entry,) = (part for part in section if part.lower().startswith(f"{column.lower()} - "))
    found = re.findall(r"^(\S[^|\n]*?) \| [^|\n]* \| (\d+) \| \d+ \|", entry, flags=re.MULTILINE)
    return {code: int(count) for code, count in found}


def status_counts(raw: RawCohort, disease: str) -> dict[str, int]:
    diagnoses = raw.tables["diagnoses"]
    return diagnoses.loc[diagnoses["disease"] == disease, "status"].value_counts().to_dict()


@pytest.mark.parametrize(
    ("disease", "page", "column", "present", "absent"),
    [
        ("thyroid_disease", "P_MCQ", "MCQ160m", ["1"], ["2"]),
        ("diabetes", "P_DIQ", "DIQ010", ["1"], ["2", "3"]),
        ("pelvic_infection", "P_RHQ", "RHQ078", ["1"], ["2"]),
    ],
)
def test_a_disease_is_present_and_absent_as_often_as_the_page_counts(
    raw: RawCohort, nhanes: Path, disease: str, page: str, column: str, present: list[str], absent: list[str]
) -> None:
    stated, found = page_counts(nhanes, page, column), status_counts(raw, disease)
    assert found["present"] == sum(stated[code] for code in present)
    assert found["absent"] == sum(stated[code] for code in absent)
    assert sum(found.values()) == 15_560


def test_arthritis_counts_follow_the_skip_pattern(raw: RawCohort, nhanes: Path) -> None:
    any_kind, kind = page_counts(nhanes, "P_MCQ", "MCQ160a"), page_counts(nhanes, "P_MCQ", "MCQ195")
    rheumatoid, psoriatic = status_counts(raw, "rheumatoid_arthritis"), status_counts(raw, "psoriatic_arthritis")
    assert rheumatoid["present"] == kind["2"] == 574
    assert rheumatoid["absent"] == any_kind["2"] + kind["1"] + kind["3"] + kind["4"]
    assert psoriatic["present"] == kind["3"] == 45
    assert psoriatic["absent"] == any_kind["2"] + kind["1"] + kind["2"] + kind["4"]
    # Who does not know the kind of arthritis, or was not asked, is neither with it nor free of it.
    assert rheumatoid["unknown"] == 15_560 - rheumatoid["present"] - rheumatoid["absent"]


def test_autoimmune_hepatitis_is_absent_only_for_those_who_were_asked(raw: RawCohort, nhanes: Path) -> None:
    adults, youth = page_counts(nhanes, "P_MCQ", "MCQ160l"), page_counts(nhanes, "P_MCQ", "MCQ500")
    found = status_counts(raw, "autoimmune_hepatitis")
    assert found["present"] == page_counts(nhanes, "P_MCQ", "MCQ510e")["5"] == 20
    free = adults["2"] + youth["2"]
    with_other_kinds = found["absent"] - free
    assert 0 < with_other_kinds < adults["1"] + youth["1"] - 20


def test_thyroid_disease_is_reported_by_1080_people(raw: RawCohort) -> None:
    assert status_counts(raw, "thyroid_disease")["present"] == 1_080


def test_crp_keeps_its_largest_value_and_is_censored_where_the_survey_flags_it(raw: RawCohort, nhanes: Path) -> None:
    crp = raw.tables["labs"].query("analyte == 'crp'")
    flags = page_counts(nhanes, "P_HSCRP", "LBDHRPLC")
    censoring = crp["censoring"].value_counts().to_dict()
    assert crp["value"].max() == 246.86
    assert censoring == {"none": flags["0"], "below": flags["1"], "above": 0}
    assert crp.loc[crp["censoring"] == "below", ["value", "limit"]].drop_duplicates().to_numpy().tolist() == [
        [0.15, 0.15]
    ]
    assert crp.loc[crp["censoring"] == "none", "value"].min() >= 0.15


def test_blood_counts_are_as_many_as_the_pages_state(raw: RawCohort, nhanes: Path) -> None:
    columns = {
        "leukocytes": "LBXWBCSI", "neutrophils": "LBDNENO", "lymphocytes": "LBDLYMNO",
        "monocytes": "LBDMONO", "platelets": "LBXPLTSI",
    }  # fmt: skip
    counted = raw.tables["labs"]["analyte"].value_counts()
    for analyte, column in columns.items():
        assert counted[analyte] == sum(n for code, n in page_counts(nhanes, "P_CBC", column).items() if code != ".")
    leukocytes = raw.tables["labs"].query("analyte == 'leukocytes'")
    assert leukocytes.loc[leukocytes["censoring"] == "above", "limit"].tolist() == [400.0]


def test_items_of_the_phq9_have_the_answers_that_the_page_counts(raw: RawCohort, nhanes: Path) -> None:
    for number in range(1, 10):
        stated = page_counts(nhanes, "P_DPQ", f"DPQ0{number}0")
        answers = raw.tables["visits"][f"phq9_{number}"].value_counts().to_dict()
        assert answers == {answer: stated[str(answer)] for answer in range(4)}
        missing = raw.ledger.entries.query(f"rule == 'declared_missing' and column == 'phq9_{number}'")
        assert missing["count"].sum() == stated["7"] + stated["9"]


def test_smoking_of_those_who_were_not_asked_the_second_question_is_never(raw: RawCohort, nhanes: Path) -> None:
    first, second = page_counts(nhanes, "P_SMQ", "SMQ020"), page_counts(nhanes, "P_SMQ", "SMQ040")
    found = raw.tables["visits"]["smoking"].value_counts().to_dict()
    assert found == {"never": first["2"], "former": second["3"], "current": second["1"] + second["2"]}


def test_people_have_text_ids_and_a_design(raw: RawCohort) -> None:
    people = raw.tables["participants"]
    assert len(people) == 15_560
    assert people["participant_id"].str.fullmatch(r"\d{6}").all()
    assert people["survey_stratum"].nunique() == 24
    assert people["survey_weight"].notna().all()
    assert (people["survey_weight"] == 0).sum() == 15_560 - 14_300
    assert people["sex"].value_counts().to_dict() == {"female": 7_839, "male": 7_721}


def test_no_row_is_lost_and_none_is_quarantined(raw: RawCohort) -> None:
    assert raw.rows["status"].value_counts().to_dict() == {"used": sum(source.rows for source in raw.sources)}
    assert raw.quarantine.empty
    assert sum(source.rows for source in raw.sources) == 112_792
