"""Rows of one person and visit that stand in a file twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from cohort.codebook import load_codebook
from cohort.errors import InputDataError
from cohort.intake import RawCohort, read_cohort
from cohort.study_file import load_study_file

STUDY = """
cohort_study: 1
name: repeats
title: Repeats
synthetic: true
id: id
files: {people: {path: people.csv}}
variables:
  sex: {file: people, column: sex, codes: {1: male, 2: female}}
  age_years: {file: people, column: age}
  bmi_kg_m2: {file: people, column: bmi}
  parental_ses_sd: {file: people, column: ses}
  diet_quality_sd: {file: people, column: diet}
"""


def read(folder: Path, *more: str, people: int = 100) -> RawCohort:
    """Return a cohort of people alike but for their numbers, with some more rows at the end of the file."""
    rows = [f"{i},{1 + i % 2},{20 + i % 60},{20 + i % 15}.5,{i % 7 - 3},{i % 5}" for i in range(1, people + 1)]
    (folder / "people.csv").write_text("\n".join(["id,sex,age,bmi,ses,diet", *rows, *more]) + "\n", encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    codebook = load_codebook()
    return read_cohort(load_study_file(folder / "study.yaml", codebook), folder, codebook)


def statuses(raw: RawCohort) -> dict[str, int]:
    return {str(status): int(count) for status, count in raw.rows["status"].value_counts().items()}


def visit_of(raw: RawCohort, person: str) -> pd.Series:
    visits = raw.tables["visits"]
    return visits[visits["participant_id"] == person].iloc[0]


def test_a_second_entry_with_one_other_value_is_merged_and_that_value_is_missing(tmp_path: Path) -> None:
    raw = read(tmp_path, "7,2,27,99.5,-3,2")
    assert statuses(raw) == {"used": 100, "merged": 1}
    assert pd.isna(visit_of(raw, "7")["bmi_kg_m2"])
    assert visit_of(raw, "7")["age_years"] == 27
    lines = raw.ledger.entries
    lines = lines[lines["rule"] == "duplicate_near"]
    assert sorted(zip(lines["action"], lines["column"], lines["row"], strict=True)) == [
        ("merge", "", 101),
        ("quarantine", "bmi", 7),
        ("quarantine", "bmi", 101),
    ]
    assert raw.quarantine["rule"].tolist() == ["duplicate_near"] * 2


def test_a_second_entry_fills_what_the_first_lacks(tmp_path: Path) -> None:
    raw = read(tmp_path, "101,1,,,2,3", "101,1,44,23.5,2,3")
    assert statuses(raw) == {"used": 101, "merged": 1}
    assert visit_of(raw, "101")["age_years"] == 44
    assert visit_of(raw, "101")["bmi_kg_m2"] == 23.5


def test_the_row_of_another_person_is_set_aside_with_the_one_that_has_its_identifier(tmp_path: Path) -> None:
    raw = read(tmp_path, "7,1,71,31.5,1,0")
    assert statuses(raw) == {"used": 99, "quarantined": 2}
    assert "7" not in raw.tables["participants"]["participant_id"].tolist()
    assert raw.quarantine["rule"].tolist() == ["duplicate_conflicting"] * 2
    assert set(raw.rows.loc[raw.rows["status"] == "quarantined", "row"]) == {7, 101}


def test_a_file_in_which_many_occur_twice_is_long_and_refused(tmp_path: Path) -> None:
    with pytest.raises(InputDataError, match="id is not unique: 3 ids occur more than once"):
        read(tmp_path, "1,1,80,20.5,0,0", "2,2,81,21.5,0,0", "3,1,82,22.5,0,0")


def test_the_limits_are_those_of_the_codebook() -> None:
    limits = load_codebook().intake_rules["duplicate_near"].limits
    assert {name: limit.value for name, limit in limits.items()} == {"differing_share": 0.2, "repeated_share": 0.02}
