"""Codes that differ from a named one only in letter case or blanks."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohort.codebook import load_codebook
from cohort.errors import InputDataError
from cohort.intake import RawCohort, read_cohort
from cohort.study_file import load_study_file

HEAD = """
cohort_study: 1
name: spelling
title: Spelling
synthetic: true
id: id
files: {people: {path: people.csv}}
"""


def read(folder: Path, cells: list[str], study: str) -> RawCohort:
    rows = [f"{number},{cell}" for number, cell in enumerate(cells, start=1)]
    (folder / "people.csv").write_text("\n".join(["id,answer", *rows]) + "\n", encoding="utf-8")
    (folder / "study.yaml").write_text(HEAD + study, encoding="utf-8")
    codebook = load_codebook()
    return read_cohort(load_study_file(folder / "study.yaml", codebook), folder, codebook)


def repaired(raw: RawCohort) -> list[int]:
    lines = raw.ledger.entries
    return lines.loc[lines["rule"] == "letter_case", "row"].tolist()


def test_codes_in_another_letter_case_or_with_more_blanks_are_read_as_the_declared_one(tmp_path: Path) -> None:
    study = "variables: {sex: {file: people, column: answer, codes: {Man: male, Een vrouw: female}}}\n"
    raw = read(tmp_path, ["Man", "MAN", "Een  vrouw", "een vrouw"], study)
    assert raw.tables["participants"]["sex"].tolist() == ["male", "male", "female", "female"]
    assert repaired(raw) == [2, 3, 4]


def test_words_of_the_codebook_and_conditions_are_held_to_the_same(tmp_path: Path) -> None:
    study = (
        "variables: {sex: {file: people, column: answer}}\n"
        "diagnoses: {psoriasis: {file: people, present: {answer: [female]}, absent: {answer: [male]}}}\n"
    )
    raw = read(tmp_path, ["male", "Female", "female"], study)
    assert raw.tables["participants"]["sex"].tolist() == ["male", "female", "female"]
    assert raw.tables["diagnoses"]["status"].tolist() == ["absent", "present", "present"]
    assert repaired(raw) == [2]


def test_a_code_like_two_declared_ones_is_not_guessed(tmp_path: Path) -> None:
    study = "variables: {sex: {file: people, column: answer, codes: {m: male, M: female}}}\n"
    assert repaired(read(tmp_path, ["m", "M"], study)) == []
    with pytest.raises(InputDataError, match="without a meaning"):
        read(tmp_path, ["m", "X"], study)


def test_a_missing_code_in_another_letter_case_is_missing(tmp_path: Path) -> None:
    study = "variables: {sex: {file: people, column: answer, codes: {1: male}, missing: {NB: not known}}}\n"
    raw = read(tmp_path, ["1", "nb", "NB"], study)
    assert raw.tables["participants"]["sex"].isna().tolist() == [False, True, True]
    assert repaired(raw) == [2]
