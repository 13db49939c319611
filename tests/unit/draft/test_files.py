"""All data files of a folder are found, BIDS and REDCap folders are one file, and what cannot be read is told."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cohort.draft.files import read_files
from cohort.errors import InputDataError

ROWS = 100


def test_a_folder_gives_its_data_files_and_passes_over_the_rest(tmp_path: Path, people: pd.DataFrame) -> None:
    people.to_csv(tmp_path / "Base-Line.csv", index=False)
    people.to_parquet(tmp_path / "labResults.parquet")
    (tmp_path / "notes.docx").write_bytes(b"x")
    found = read_files([tmp_path], ROWS)
    assert {file.key: file.path for file in found.files} == {
        "base_line": "Base-Line.csv",
        "lab_results": "labResults.parquet",
    }
    assert found.passed_over == ("notes.docx",)
    assert found.root == tmp_path


def test_files_of_one_name_get_different_keys_and_paths_from_their_common_root(
    tmp_path: Path, people: pd.DataFrame
) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        people.to_csv(tmp_path / folder / "x.csv", index=False)
    found = read_files([tmp_path / "a" / "x.csv", tmp_path / "b" / "x.csv"], ROWS)
    assert [(file.key, file.path) for file in found.files] == [("x", "a/x.csv"), ("x_2", "b/x.csv")]


def test_only_the_first_rows_are_kept_and_all_are_counted(tmp_path: Path, people: pd.DataFrame) -> None:
    people.to_csv(tmp_path / "x.csv", index=False)
    (file,) = read_files([tmp_path / "x.csv"], 10).files
    assert (file.columns["age"].rows, file.rows) == (10, 60)


def test_what_cannot_be_read_is_told_and_the_rest_is_drafted(tmp_path: Path, people: pd.DataFrame) -> None:
    people.to_csv(tmp_path / "x.csv", index=False)
    (tmp_path / "broken.xlsx").write_bytes(b"no workbook")
    found = read_files([tmp_path], ROWS)
    assert [file.key for file in found.files] == ["x"]
    assert "broken.xlsx" in str(found.problems[0])


def test_nothing_to_read_is_an_error_with_every_reason(tmp_path: Path) -> None:
    (tmp_path / "empty.csv").write_bytes(b"")
    with pytest.raises(InputDataError) as told:
        read_files([tmp_path / "empty.csv", tmp_path / "absent.csv"], ROWS)
    assert len(told.value.problems) == 2
    with pytest.raises(InputDataError, match="no data file"):
        read_files([], ROWS)


def test_a_bids_folder_is_one_file_with_its_sidecars(tmp_path: Path) -> None:
    (tmp_path / "phenotype").mkdir()
    (tmp_path / "participants.tsv").write_text("participant_id\tsex\nsub-1\tM\nsub-2\tF\n", encoding="utf-8")
    (tmp_path / "phenotype" / "blood.tsv").write_text("participant_id\tx1\nsub-1\t1.5\n", encoding="utf-8")
    sidecar = '{"x1": {"Description": "C-reactive protein", "Units": "mg/L"}}'
    (tmp_path / "phenotype" / "blood.json").write_text(sidecar, encoding="utf-8")
    (file,) = read_files([tmp_path], ROWS).files
    assert (file.folder_format, file.id) == ("bids", "participant_id")
    assert (file.columns["x1"].label, file.columns["x1"].unit) == ("C-reactive protein", "mg/L")
