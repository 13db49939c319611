"""Files on their way to tables: what was recognised is told, and what cannot be read is set aside with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest
from openpyxl import Workbook

from cohort.codebook import load_codebook
from cohort.errors import InputDataError
from cohort.intake import RawCohort, read_cohort
from cohort.study_file import StudyFile

BMI = {"bmi_kg_m2": {"file": "people", "column": "bmi"}}


def read(folder: Path, variables: dict[str, Any] = BMI, **files: Any) -> RawCohort:
    """Return the cohort of some files."""
    study = {"cohort_study": 1, "name": "test", "title": "Test", "id": "id", "files": files, "variables": variables}
    return read_cohort(StudyFile.model_validate(study), folder, load_codebook())


def problems(folder: Path, variables: dict[str, Any] = BMI, **files: Any) -> list[str]:
    """Return the problems of some files."""
    with pytest.raises(InputDataError) as caught:
        read(folder, variables, **files)
    return [str(problem) for problem in caught.value.problems]


def write(folder: Path, name: str, text: str, encoding: str = "utf-8") -> None:
    """Write a text file."""
    (folder / name).write_bytes(text.encode(encoding))


def bmi(raw: RawCohort) -> list[float | None]:
    """Return the body mass indices, None for missing."""
    return [None if pd.isna(value) else value for value in raw.tables["visits"]["bmi_kg_m2"]]


def forms(raw: RawCohort) -> list[tuple[str, str]]:
    """Return what the ledger tells of the form of files: severity and reason."""
    lines = raw.ledger.entries.query("rule == 'text_form'")
    return list(zip(lines["severity"], lines["reason"], strict=True))


def test_what_was_recognised_stands_in_the_ledger_and_beside_the_hash(tmp_path: Path) -> None:
    write(tmp_path, "people.csv", "sep=|\r\nid|bmi|plaats\r\na|22,5|Ø\r\nb|31,0|æ\r\n", "cp1252")
    raw = read(tmp_path, people={"path": "people.csv"})
    assert bmi(raw) == [22.5, 31.0]
    (source,) = raw.sources
    assert (source.encoding, source.delimiter, source.decimal) == ("cp1252", "|", ",")
    assert source.recognised == ("encoding", "decimal")
    assert forms(raw) == [
        ("info", "people.csv: encoding cp1252, decimal comma recognised, not declared"),
        ("warning", "people.csv: the text is not UTF-8 and was read as cp1252: see whether these are its letters: Ø æ"),
    ]


def test_what_the_study_declares_is_not_called_recognised(tmp_path: Path) -> None:
    write(tmp_path, "people.csv", "id;bmi\na;22,5\n", "cp1252")
    declared = {"path": "people.csv", "encoding": "cp1252", "delimiter": ";", "decimal": ","}
    raw = read(tmp_path, people=declared)
    assert raw.sources[0].recognised == ()
    assert forms(raw) == []


def test_a_column_with_the_other_decimal_sign_is_read_with_its_own(tmp_path: Path) -> None:
    write(tmp_path, "people.csv", "id;bmi;a;b\np;22.5;1,5;0,1\nq;31.25;2,5;0,2\nr;18.5;<3,5;0,3\n")
    raw = read(tmp_path, {**BMI, "diet_quality_sd": {"file": "people", "column": "b"}}, people={"path": "people.csv"})
    assert bmi(raw) == [22.5, 31.25, 18.5]
    assert raw.tables["visits"]["diet_quality_sd"].tolist() == [0.1, 0.2, 0.3]
    assert forms(raw)[1] == ("warning", "people.csv: decimal point, unlike the rest of the file, in 'bmi'")


def test_in_a_column_of_both_signs_the_other_one_is_set_aside_cell_by_cell(tmp_path: Path) -> None:
    write(tmp_path, "people.csv", "id;bmi;a\np;22.5;1.5\nq;31,2;2.5\n")
    raw = read(tmp_path, people={"path": "people.csv"})
    assert bmi(raw) == [22.5, None]
    assert raw.quarantine["content"].tolist() == ['{"bmi": "31,2"}']
    assert forms(raw)[1][1].endswith("decimal points and commas both in 'bmi': only those with a point are read")


def test_stacked_files_that_write_a_column_with_different_decimal_signs_are_a_problem(tmp_path: Path) -> None:
    write(tmp_path, "a.csv", "id;bmi\np;22,5\nq;23,5\n")
    write(tmp_path, "b.csv", "id;bmi\nr;22.5\ns;23.5\n")
    (found,) = problems(tmp_path, people={"path": ["a.csv", "b.csv"]})
    assert "its files write decimals of 'bmi' with different signs." in found
    write(tmp_path, "b.csv", "id;bmi\nr;22\ns;23\n")
    assert bmi(read(tmp_path, people={"path": ["a.csv", "b.csv"]})) == [22.5, 23.5, 22.0, 23.0]


def test_a_word_for_missing_is_nobody_s_identifier_and_a_number_may_be(tmp_path: Path) -> None:
    write(tmp_path, "people.csv", "id,bmi\np,22\nonbekend,23\n-,24\n999,25\n")
    missing = {"onbekend": "not known", "-": "left open", 999: "not measured"}
    raw = read(tmp_path, people={"path": "people.csv", "missing": missing})
    assert raw.tables["visits"]["participant_id"].tolist() == ["p", "999"]
    assert raw.quarantine["rule"].tolist() == ["missing_id", "missing_id"]


def test_errors_of_formulas_are_set_aside_and_the_rest_of_their_row_is_used(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["id", "bmi", "site"], ["001", "#DIV/0!", "A"], ["002", 22.5, "#REF!"], [None, 23, "#N/A"]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "people.xlsx")
    raw = read(tmp_path, {**BMI, "site": {"file": "people", "column": "site"}}, people={"path": "people.xlsx"})
    assert bmi(raw) == [None, 22.5]
    assert raw.tables["participants"]["site"].astype(object).where(lambda s: s.notna(), None).tolist() == ["A", None]
    cells = raw.quarantine.query("rule == 'cell_error'")
    assert cells[["row", "content"]].to_numpy().tolist() == [
        [1, '{"bmi": "#DIV/0!"}'],
        [2, '{"site": "#REF!"}'],
        [3, '{"site": "#N/A"}'],
    ]
    assert cells["participant_id"].tolist()[:2] == ["001", "002"]
    assert raw.ledger.entries.query("rule == 'cell_error'")["action"].tolist() == ["quarantine"] * 3
    assert raw.rows["status"].tolist() == ["used", "used", "quarantined"]


def test_ids_that_lost_their_zeros_in_a_workbook_are_told(tmp_path: Path) -> None:
    book = Workbook()
    for row in (["id", "bmi"], [1, 22.5], [2, 23.5]):
        book.worksheets[0].append(row)
    book.save(tmp_path / "people.xlsx")
    write(tmp_path, "lab.csv", "id,crp\n001,1\n002,2\n")
    found = problems(tmp_path, people={"path": "people.xlsx"}, lab={"path": "lab.csv"})
    assert all("agree with those of the other files only without leading zeros" in text for text in found)


def test_labels_of_the_file_stand_in_the_message_of_a_code_without_a_meaning(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "g": [1.0, 2.0]})
    pyreadstat.write_sav(frame, str(tmp_path / "p.sav"), variable_value_labels={"g": {1: "man", 2: "vrouw"}})
    (found,) = problems(tmp_path, {"sex": {"file": "people", "column": "g"}}, people={"path": "p.sav"})
    assert found.endswith("Add them to 'codes:' or to 'missing:'. The file labels them 1 = man, 2 = vrouw.")


def test_missing_words_hold_for_plate_site_time_limit_and_visit(tmp_path: Path) -> None:
    header = "id,when,crp,unit,plate,site,clock,lod\n"
    rows = "a,t0,1.5,mg/L,P1,A,08:30,0.2\nb,t0,2.5,mg/L,NA,NA,NA,NA\nc,NA,3.5,mg/L,P1,A,,\n"
    write(tmp_path, "lab.csv", header + rows)
    lab = {
        "file": "lab", "column": "crp", "unit": {"column": "unit"}, "visit": {"column": "when"},
        "plate": {"column": "plate"}, "site": {"column": "site"}, "time": {"column": "clock"},
        "limit": {"column": "lod"},
    }  # fmt: skip
    study = {"cohort_study": 1, "name": "test", "title": "Test", "id": "id", "labs": {"crp": lab}}
    files = {"lab": {"path": "lab.csv", "missing": {"NA": "not available"}}}
    raw = read_cohort(StudyFile.model_validate({**study, "files": files}), tmp_path, load_codebook())
    labs = raw.tables["labs"]
    assert labs["value"].tolist() == [1.5, 2.5]
    for column, first in (("plate", "P1"), ("site", "A"), ("sampling_hour", 8.5)):
        assert labs[column].astype(object).where(labs[column].notna(), None).tolist() == [first, None], column
    assert raw.quarantine[["row", "rule"]].to_numpy().tolist() == [[3, "missing_visit"]]


def test_a_limit_that_the_file_declares_missing_is_no_limit(tmp_path: Path) -> None:
    write(tmp_path, "lab.csv", "id,crp,lod\na,1.5,999\n")
    lab = {"file": "lab", "column": "crp", "unit": "mg/L", "limit": {"column": "lod"}, "missing": {999: "not stated"}}
    study = {"cohort_study": 1, "name": "test", "title": "Test", "id": "id", "labs": {"crp": lab}}
    raw = read_cohort(
        StudyFile.model_validate({**study, "files": {"lab": {"path": "lab.csv"}}}), tmp_path, load_codebook()
    )
    assert raw.tables["labs"]["censoring"].tolist() == ["none"]
