"""Input that cannot be read right is refused in clear messages, all problems at once, without a value of a person."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from cohort.codebook import load_codebook
from cohort.errors import InputDataError
from cohort.intake import RawCohort, read_cohort
from cohort.intake.xport import transport_fault
from cohort.study_file import StudyFile

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "studies"
PEOPLE = "id,sex,bmi\na,1,22.5\nb,2,31.0\n"


def study(**more: Any) -> StudyFile:
    """Return a study of one file of people, with further entries."""
    base: dict[str, Any] = {
        "cohort_study": 1,
        "name": "test",
        "title": "Test",
        "id": "id",
        "files": {"people": {"path": "people.csv"}},
        "variables": {
            "sex": {"file": "people", "column": "sex", "codes": {1: "male", 2: "female"}},
            "bmi_kg_m2": {"file": "people", "column": "bmi"},
        },
    }
    return StudyFile.model_validate({**base, **more})


def read(folder: Path, content: str | bytes = PEOPLE, **more: Any) -> RawCohort:
    """Return what intake makes of one file of people."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8")
    (folder / "people.csv").write_bytes(raw)
    return read_cohort(study(**more), folder, load_codebook())


def messages(folder: Path, content: str | bytes = PEOPLE, **more: Any) -> list[str]:
    """Return the problems that intake finds in one file of people."""
    with pytest.raises(InputDataError) as caught:
        read(folder, content, **more)
    return [str(problem) for problem in caught.value.problems]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = messages(
        tmp_path,
        PEOPLE.replace("b,2", "b,3"),
        files={"people": {"path": "people.csv"}, "lab": {"path": "peoples.csv"}, "empty": {"path": "empty.csv"}},
        labs={"crp": {"file": "people", "column": "bmi", "unit": "parsec"}},
        diagnoses={"psoriasis": {"file": "people", "present": {"psoriais": [1]}}},
    )
    assert len(found) == 5
    assert found[0] == "file 'lab' (peoples.csv): the file does not exist. Did you mean 'people.csv'?"
    assert found[1].startswith("file 'empty' (empty.csv): the file does not exist.")
    assert found[2].startswith("diagnoses.psoriasis, file 'people' (people.csv): there is no column 'psoriais'.")
    assert "1 rows hold a code without a meaning; codes with one are 1, 2." in found[3]
    assert found[4].startswith("labs.crp, unit 'parsec': ")


def test_a_misspelt_column_gets_the_nearest_name(tmp_path: Path) -> None:
    (found,) = messages(tmp_path, variables={"bmi_kg_m2": {"file": "people", "column": "bmii"}})
    assert found == ("variables.bmi_kg_m2, file 'people' (people.csv): there is no column 'bmii'. Did you mean 'bmi'?")


def test_an_id_that_is_not_unique_is_told_with_its_count_and_not_its_value(tmp_path: Path) -> None:
    (found,) = messages(tmp_path, PEOPLE + "b,2,29.5\n")
    assert found == (
        "file 'people' (people.csv): id is not unique: 1 ids occur more than once, with different rows. "
        "Say which row counts with 'keep:' or 'where:', tell rows apart with 'visit:', or mend the file."
    )


def test_an_exact_copy_of_a_row_is_merged_and_counted(tmp_path: Path) -> None:
    raw = read(tmp_path, PEOPLE + "b,2,31.0\n")
    assert raw.rows["status"].tolist() == ["used", "used", "merged"]
    assert raw.ledger.entries.query("rule == 'exact_copy'")["row"].tolist() == [3]


def test_a_code_without_a_meaning_is_not_printed(tmp_path: Path) -> None:
    (found,) = messages(tmp_path, PEOPLE + "c,77,30\nd,78,30\n")
    assert "2 rows hold 2 codes without a meaning" in found
    assert "77" not in found


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "the file is empty."),
        (b"\xef\xbb\xbf\n", "the file is empty."),
        ("id,sex,bmi\n", "the file has a header and no rows."),
        ("id,sex,sex\na,1,2\n", "the header names 'sex' more than once."),
        ('id,sex,bmi\na,1,"22\n', "the text cannot be read from line"),
        (b"id,sex,bmi\na,1,\x00\x01\xff\n", "it is no text: byte 15 is zero, which no text holds."),
        (gzip.compress(PEOPLE.encode(), mtime=0)[:-9], "the compressed file is damaged or cut short."),
        ("nr,sex,bmi\na,1,22\n", "it has no column 'id' of identifiers."),
    ],
)
def test_a_damaged_text_file_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    (found,) = messages(tmp_path, content)
    assert found.startswith("file 'people' (people.csv): ")
    assert message in found


def test_the_encoding_that_the_study_declares_is_used(tmp_path: Path) -> None:
    files = {"people": {"path": "people.csv", "encoding": "cp1252"}}
    raw = read(tmp_path, "id,sex,bmi\nØ,1,22\n".encode("cp1252"), files=files)
    assert raw.tables["participants"]["participant_id"].tolist() == ["Ø"]


def test_a_folder_where_a_file_is_expected_is_refused_and_the_other_way_round(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    files = {"people": {"path": "people.csv", "format": "bids"}, "lab": {"path": "folder.csv"}}
    found = messages(tmp_path, files=files)
    assert "it is a file, and 'format: bids' takes a folder." in found[0]
    assert "it is a folder, and a file is expected." in found[1]


def test_an_unknown_ending_asks_for_the_format(tmp_path: Path) -> None:
    (tmp_path / "people.docx").write_text(PEOPLE, encoding="utf-8")
    (found,) = messages(tmp_path, files={"people": {"path": "people.docx"}})
    assert "its ending tells no known format. Declare one with 'format:'" in found


@pytest.mark.parametrize("ending", ["sav", "parquet", "xpt", "dta"])
def test_a_binary_file_that_is_cut_anywhere_is_refused(tmp_path: Path, ending: str) -> None:
    frame = pd.DataFrame({"id": [f"p{i:03}" for i in range(60)], "sex": [1.0, 2.0] * 30, "bmi": [22.5] * 60})
    path = tmp_path / f"whole.{ending}"
    writers: dict[str, Any] = {
        "sav": pyreadstat.write_sav, "xpt": pyreadstat.write_xport, "dta": pyreadstat.write_dta,
        "parquet": lambda data, place: data.to_parquet(place),
    }  # fmt: skip
    writers[ending](frame, str(path))
    files = {"people": {"path": f"cut.{ending}"}}
    content = path.read_bytes()
    (tmp_path / f"cut.{ending}").write_bytes(content)
    assert len(read(tmp_path, files=files).tables["participants"]) == 60
    for share in (0.02, 0.3, 0.7, 0.9, 0.99):
        (tmp_path / f"cut.{ending}").write_bytes(content[: int(len(content) * share) | 1])
        (found,) = messages(tmp_path, files=files)
        assert found.startswith(f"file 'people' (cut.{ending}): ")


def test_a_transport_file_that_is_cut_is_found_unless_the_cut_falls_between_two_rows() -> None:
    content = (FIXTURES / "nhanes_cycles" / "demo_2009.xpt").read_bytes()
    body, row = 1_600, 48  # the three rows of six numbers begin after the header
    assert transport_fault(content) is None
    missed = [cut for cut in range(len(content)) if transport_fault(content[:cut]) is None]
    assert all(cut % 80 == 0 and cut >= body for cut in missed)
    assert missed == [cut for cut in range(body, len(content), 80) if (cut - body) % row == 0]


def test_a_csv_file_named_as_transport_file_is_no_transport_file() -> None:
    assert transport_fault(PEOPLE.encode()) == "it is not a SAS transport file."


def test_text_that_is_no_number_is_quarantined_and_counted_not_guessed(tmp_path: Path) -> None:
    raw = read(tmp_path, "id,sex,bmi\na,1,obese\nb,2,<20\nc,1,24\n")
    assert raw.tables["visits"]["bmi_kg_m2"].isna().tolist() == [True, True, False]
    assert raw.quarantine["content"].tolist() == ['{"bmi": "obese"}', '{"bmi": "<20"}']
    assert raw.ledger.entries.query("rule == 'not_a_number'")["participant_id"].tolist() == ["a", "b"]
    assert raw.rows["status"].eq("used").all()


def test_rows_without_an_id_and_ragged_rows_are_quarantined_whole(tmp_path: Path) -> None:
    raw = read(tmp_path, PEOPLE + ",2,30\nc,1\nd,1,2,3\n")
    assert raw.rows["status"].tolist() == ["used", "used", "quarantined", "quarantined", "quarantined"]
    assert raw.quarantine.sort_values("row")["rule"].tolist() == ["missing_id", "ragged_row", "ragged_row"]
    assert raw.quarantine.sort_values("row")["content"].tolist()[1] == '["c", "1"]'


def test_ids_that_agree_only_without_leading_zeros_are_refused(tmp_path: Path) -> None:
    (tmp_path / "lab.csv").write_text("id,crp\n1,2.5\n2,1.5\n", encoding="utf-8")
    files = {"people": {"path": "people.csv"}, "lab": {"path": "lab.csv"}}
    found = messages(tmp_path, "id,sex,bmi\n001,1,22\n002,2,23\n", files=files)
    assert all("agree with those of the other files only without leading zeros" in text for text in found)


def test_two_sources_that_contradict_each_other_are_a_problem_and_two_that_agree_are_not(tmp_path: Path) -> None:
    sources = [{"file": "people", "column": "bmi"}, {"file": "people", "column": "bmi2"}]
    agreeing = "id,sex,bmi,bmi2\na,1,22,\nb,2,,31\nc,1,24,24\n"
    raw = read(tmp_path, agreeing, variables={"bmi_kg_m2": sources})
    assert raw.tables["visits"]["bmi_kg_m2"].tolist() == [22, 31, 24]
    (found,) = messages(tmp_path, agreeing.replace("24,24", "24,25"), variables={"bmi_kg_m2": sources})
    assert "1 people have two different values of bmi_kg_m2 for the same visit." in found


def test_a_person_who_is_present_and_absent_at_once_is_a_problem(tmp_path: Path) -> None:
    entry = {"psoriasis": {"file": "people", "present": {"sex": [1]}, "absent": {"bmi": {"at_least": 20}}}}
    found = messages(tmp_path, diagnoses=entry)
    assert (
        found[0] == "diagnoses.psoriasis: 1 rows match 'present' and 'absent'. Make the conditions exclude each other."
    )


def test_cases_that_overlap_are_a_problem(tmp_path: Path) -> None:
    cases = {"never": {"sex": [1, 2]}, "current": {"sex": [2]}}
    (found,) = messages(tmp_path, variables={"smoking": {"file": "people", "cases": cases}})
    assert "1 rows match more than one case." in found


def test_a_missing_sidecar_value_in_a_folder_without_participants_is_told(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "bids_study" / "dataset", tmp_path / "dataset")
    (tmp_path / "dataset" / "participants.tsv").unlink()
    (found,) = messages(tmp_path, files={"people": {"path": "dataset", "format": "bids"}})
    assert "a BIDS folder holds a file participants.tsv; this one does not." in found
