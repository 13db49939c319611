"""A longitudinal REDCap project of three events and two repeating instruments, exported as codes and as labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cohort.codebook import load_codebook
from cohort.errors import InputDataError
from cohort.intake import RawCohort, read_cohort
from cohort.intake.redcap import redcap_folder
from cohort.study_file import StudyFile

DICTIONARY = """\
"Variable / Field Name","Form Name","Field Type","Field Label","Choices, Calculations, OR Slider Labels"
record_id,intake,text,"Record ID",
sex,intake,radio,"<b>Sex</b>","1, Male | 2, Female"
history,intake,checkbox,"Ever told","1, Psoriasis | -9, Not sure"
intro,visit,descriptive,"Welcome to the visit",
day,visit,text,Date,
bmi,visit,text,"BMI (kg/m2)",
fever,visit,yesno,Fever,
smoke,visit,dropdown,Smoking,"1, Never | 2, Former | 3, Current | 9, Unknown, or refused"
atc,drugs,text,"ATC code",
started,drugs,text,Date,
crp,blood,text,"CRP (mg/L)",
drawn,blood,text,Date,
"""

EVENT = {"baseline_arm_1": "Baseline (Arm 1: Cohort)", "year_2_arm_1": "Year 2 (Arm 1: Cohort)"}
CODES = """\
record_id|redcap_event_name|redcap_repeat_instrument|redcap_repeat_instance|sex|history___1|history____9|intake_complete|day|bmi|fever|smoke|visit_complete|atc|started|drugs_complete|crp|drawn|blood_complete
1|baseline_arm_1|||2|1|0|2|2021-03-01|22.5|0|1|2||||||
1|baseline_arm_1|drugs|1||||||||||N06AB03|2020-01-01|2|||
1|baseline_arm_1|drugs|2||||||||||N06AB04|2019-06-01|2|||
1|baseline_arm_1|blood|1|||||||||||||1.5|2021-03-01|2
1|baseline_arm_1|blood|2|||||||||||||2.5|2021-03-08|2
1|year_2_arm_1|||||||2023-03-01|23|1|UNK|2||||||
1|year_2_arm_1|blood|1|||||||||||||<0.5|2023-03-01|2
2|baseline_arm_1|||1|0|0|2|2021-04-01|31|UNK|9|2||||||
2|unscheduled_arm_1|blood|1|||||||||||||8|2022-01-01|2
"""
HEADINGS = (
    "Record ID|Event Name|Repeat Instrument|Repeat Instance|Sex|Ever told (choice=Psoriasis)"
    "|Ever told (choice=Not sure)|Complete?|Date|BMI (kg/m2)|Fever|Smoking|Complete?"
    "|ATC code|Date|Complete?|CRP (mg/L)|Date|Complete?"
)
WORDS: dict[str, dict[str, str]] = {
    "sex": {"1": "Male", "2": "Female"},
    "history___1": {"1": "Checked", "0": "Unchecked"},
    "history____9": {"1": "Checked", "0": "Unchecked"},
    "fever": {"0": "No", "1": "Yes"},
    "smoke": {"1": "Never", "9": "Unknown, or refused"},
    "redcap_repeat_instrument": {"drugs": "Drugs", "blood": "Blood"},
} | {f"{form}_complete": {"2": "Complete"} for form in ("intake", "visit", "drugs", "blood")}

STUDY: dict[str, Any] = {
    "cohort_study": 1,
    "name": "redcap",
    "title": "REDCap",
    "baseline": "baseline_arm_1",
    "files": {"redcap": {"path": "export", "format": "redcap", "missing": {"UNK": "unknown"}}},
    "variables": {
        "sex": {"file": "redcap", "column": "sex", "codes": {2: "female", "Male": "male"}},
        "bmi_kg_m2": {
            "file": "redcap",
            "column": "bmi",
            "visit": {"column": "redcap_event_name"},
            "date": {"column": "day"},
        },
        "has_acute_infection": {
            "file": "redcap",
            "column": "fever",
            "visit": {"column": "redcap_event_name"},
            "codes": {"Yes": True, 0: False},
        },
        "smoking": {
            "file": "redcap",
            "column": "smoke",
            "visit": {"column": "redcap_event_name"},
            "codes": {1: "never", 2: "former", "Current": "current"},
            "missing": {9: "refused"},
        },
    },
    "labs": {
        "crp": {
            "file": "redcap",
            "column": "crp",
            "unit": "mg/L",
            "where": {"redcap_repeat_instrument": ["blood"]},
            "visit": {"column": "redcap_event_name"},
            "date": {"column": "drawn"},
            "keep": "first",
        }
    },
    "diagnoses": {
        "psoriasis": {
            "file": "redcap",
            "where": {"redcap_event_name": ["baseline_arm_1"]},
            "present": {"history___1": ["Checked"]},
            "absent": {"history___1": [0], "intake_complete": [2]},
        }
    },
    "medications": {
        "ssri": {
            "file": "redcap",
            "where": {"redcap_repeat_instrument": ["Drugs"]},
            "code": {"column": "atc", "system": "ATC", "starts_with": "N06AB"},
            "start": {"column": "started"},
        }
    },
}


def export(folder: Path, data: str, dictionary: str = DICTIONARY) -> Path:
    """Write an export; bars become commas."""
    place = folder / "export"
    place.mkdir()
    text = "\n".join(
        ",".join(f'"{cell}"' if "," in cell else cell for cell in line.split("|")) for line in _lines(data)
    )
    (place / "Project_DATA_2021.csv").write_text(text, encoding="utf-8-sig", newline="")
    (place / "Project_DataDictionary_2021.csv").write_text(dictionary, encoding="utf-8", newline="")
    return place


def _lines(data: str) -> list[str]:
    return data.strip().splitlines()


def with_labels(events: dict[str, str]) -> str:
    """Return the export of labels: headings in place of names, words in place of codes."""
    names, *rows = [line.split("|") for line in _lines(CODES)]
    words = {**WORDS, "redcap_event_name": events}
    lines = [[words.get(name, {}).get(cell, cell) for name, cell in zip(names, row, strict=True)] for row in rows]
    return "\n".join([HEADINGS, *("|".join(line) for line in lines)])


def read(folder: Path) -> RawCohort:
    """Return the cohort of the export."""
    return read_cohort(StudyFile.model_validate(STUDY), folder, load_codebook())


def rows_of(table: pd.DataFrame, *columns: str) -> list[list[Any]]:
    """Return some columns of a table as lists, None for missing."""
    return table[list(columns)].astype(object).where(table[list(columns)].notna(), None).to_numpy().tolist()


@pytest.mark.parametrize("data", [CODES, with_labels({})], ids=["codes", "labels"])
def test_events_checkboxes_and_repeating_instruments_are_read(data: str, tmp_path: Path) -> None:
    export(tmp_path, data)
    raw = read(tmp_path)
    assert rows_of(raw.tables["participants"], "participant_id", "sex") == [["1", "female"], ["2", "male"]]
    measures = ("participant_id", "visit", "bmi_kg_m2", "has_acute_infection", "smoking")
    assert rows_of(raw.tables["visits"].dropna(subset=["bmi_kg_m2"]), *measures) == [
        ["1", "baseline_arm_1", 22.5, False, "never"],
        ["1", "year_2_arm_1", 23.0, True, None],
        ["2", "baseline_arm_1", 31.0, None, None],
    ]
    assert rows_of(raw.tables["labs"], "participant_id", "visit", "value", "censoring") == [
        ["1", "baseline_arm_1", 1.5, "none"],
        ["1", "year_2_arm_1", 0.5, "below"],
        ["2", "unscheduled_arm_1", 8.0, "none"],
    ]
    assert rows_of(raw.tables["diagnoses"], "participant_id", "status") == [["1", "present"], ["2", "absent"]]
    (drug,) = rows_of(raw.tables["medications"].query("status == 'present'"), "participant_id", "start_date")
    assert drug == ["1", pd.Timestamp("2019-06-01")]
    assert raw.quarantine.empty
    noted = raw.ledger.entries.query("rule == 'declared_missing'")
    assert set(zip(noted["column"], noted["reason"], strict=True)) == {
        ("has_acute_infection", "unknown"),
        ("smoking", "unknown"),
        ("smoking", "refused"),
    }


def test_an_export_of_labels_is_told(tmp_path: Path) -> None:
    export(tmp_path, with_labels(EVENT))
    reasons = read_reasons(tmp_path)
    assert [text for text in reasons if "labels in place of codes" in text] == [
        "export/Project_DATA_2021.csv: it holds labels in place of codes: "
        "each was read as its code in the dictionary, in 10 columns"
    ]


def read_reasons(folder: Path) -> list[str]:
    """Return what the ledger tells of the form of the files of an export whose events have labels."""
    study = {**STUDY, "baseline": EVENT["baseline_arm_1"], "diagnoses": {}}
    raw = read_cohort(StudyFile.model_validate(study), folder, load_codebook())
    reasons: list[str] = raw.ledger.entries.query("rule == 'text_form'")["reason"].tolist()
    return reasons


def test_a_heading_that_stands_several_times_is_the_next_field_of_the_dictionary(tmp_path: Path) -> None:
    (part,) = redcap_folder(export(tmp_path, CODES), "export").parts
    assert part.rename is not None
    names = _lines(CODES)[0].split("|")
    assert part.rename(HEADINGS.split("|")) == names
    assert part.rename(names) == names
    assert part.rename(["Record ID", "Survey Timestamp", "Sex", "Shoe size"]) == [
        "record_id",
        "intake_timestamp",
        "sex",
        "Shoe size",
    ]


def test_a_label_of_two_codes_is_not_guessed(tmp_path: Path) -> None:
    dictionary = DICTIONARY.replace("1, Male | 2, Female", "1, Male | 2, Other | 3, Other")
    (part,) = redcap_folder(export(tmp_path, CODES, dictionary), "export").parts
    assert part.codes["sex"] == {"Male": "1"}


def test_a_dictionary_of_the_programming_interface_or_saved_by_excel_is_read_too(tmp_path: Path) -> None:
    names = "field_name;form_name;field_type;field_label;select_choices_or_calculations"
    dictionary = f"{names}\nrecord_id;intake;text;Record;\nsex;intake;radio;Geslacht;1, Man | 2, Vrouw\n"
    folder = redcap_folder(export(tmp_path, CODES, dictionary), "export")
    assert folder.id == "record_id"
    assert folder.parts[0].labels["sex"] == {"1": "Man", "2": "Vrouw"}


@pytest.mark.parametrize(
    ("dictionary", "message"),
    [
        ("a,b\n1,2\n", "a REDCap folder holds one data dictionary and the data, as CSV; found 0 and 2."),
        (_lines(DICTIONARY)[0] + "\n", "the data dictionary describes no field."),
    ],
)
def test_a_folder_without_a_dictionary_is_refused(dictionary: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputDataError) as caught:
        redcap_folder(export(tmp_path, CODES, dictionary), "export")
    assert [problem.what for problem in caught.value.problems] == [message]


def test_a_row_of_a_repeating_instrument_is_no_second_entry_of_the_row_beside_it(tmp_path: Path) -> None:
    header = _lines(CODES)[0]
    people = [f"{number}|baseline_arm_1|||2|0|0|2|2021-03-01|2{number % 9}|0|1|2||||||" for number in range(1, 401)]
    blood = "7|baseline_arm_1|blood|1|||||||||||||1.5|2021-03-01|2"
    export(tmp_path, "\n".join([header, *people, blood]))
    lab = {"file": "redcap", "column": "crp", "unit": "mg/L", "visit": {"column": "redcap_event_name"}}
    variables = {name: STUDY["variables"][name] for name in ("sex", "bmi_kg_m2")}
    study = {**STUDY, "variables": variables, "labs": {"crp": lab}, "diagnoses": {}, "medications": {}}
    raw = read_cohort(StudyFile.model_validate(study), tmp_path, load_codebook())
    assert set(raw.rows["status"]) <= {"used", "ineligible"}
    assert raw.quarantine.empty
    assert raw.tables["labs"]["value"].tolist() == [1.5]
    assert len(raw.tables["visits"]) == 400
