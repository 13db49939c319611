"""Bad input: one clear message for each mistake, exit code 1, nothing written, no traceback."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

STUDY = """\
cohort_study: 1
name: small
title: A small study
synthetic: true
id: person
files:
  people: {path: people.csv}
  blood: {path: blood.csv}
variables:
  sex: {file: people, column: sex, codes: {1: male, 2: female}}
  age_years: {file: people, column: age}
labs:
  crp: {file: blood, column: crp, unit: mg/L, limit: 0.15}
"""
PEOPLE = "person,sex,age\n" + "".join(f"{i},{1 + i % 2},{30 + i}\n" for i in range(1, 21))
BLOOD = "person,crp\n" + "".join(f"{i},{0.5 * i}\n" for i in range(1, 21))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "blood.csv").write_text(BLOOD, encoding="utf-8")
    return tmp_path


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def check_refused(cohort, folder: Path, *expected: str, study: str = "study.yaml") -> str:
    """Run ``cohort clean`` and check that it refuses with one message of the expected words and writes nothing."""
    before = sorted(p.name for p in folder.iterdir())
    done = cohort("clean", folder / study, "--out", folder / "out")
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    for word in expected:
        assert word in lines[0], done.stderr
    assert sorted(p.name for p in folder.iterdir()) == before
    return lines[0]


def test_the_small_study_is_accepted_as_it_is(cohort_here, folder: Path) -> None:
    done = cohort_here("clean", folder / "study.yaml", "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    table = pd.read_parquet(folder / "out" / "person_table.parquet")
    assert len(table) == 20
    assert table["crp_mg_l"].notna().all()


def test_a_missing_file(cohort_here, folder: Path) -> None:
    (folder / "blood.csv").unlink()
    check_refused(cohort_here, folder, "blood.csv")


def test_a_misspelt_column(cohort_here, folder: Path) -> None:
    change(folder / "study.yaml", "column: age", "column: agee")
    check_refused(cohort_here, folder, "agee", "'age'")


def test_an_unknown_unit(cohort_here, folder: Path) -> None:
    change(folder / "study.yaml", "unit: mg/L", "unit: mg/Q")
    check_refused(cohort_here, folder, "line 13", "mg/Q")


def test_a_code_without_meaning(cohort_here, folder: Path) -> None:
    change(folder / "study.yaml", "codes: {1: male, 2: female}", "codes: {1: male}")
    message = check_refused(cohort_here, folder, "sex", "10")
    assert "people" in message


def test_an_empty_file(cohort_here, folder: Path) -> None:
    (folder / "blood.csv").write_text("", encoding="utf-8")
    check_refused(cohort_here, folder, "blood.csv", "empty")


def test_a_truncated_xpt(cohort_here, folder: Path) -> None:
    frame = pd.read_csv(folder / "blood.csv")
    long = pd.concat([frame] * 30, ignore_index=True)
    pyreadstat.write_xport(long, str(folder / "blood.xpt"), file_format_version=5)
    whole = (folder / "blood.xpt").read_bytes()
    change(folder / "study.yaml", "blood.csv", "blood.xpt")
    (folder / "blood.xpt").write_bytes(whole[: int(len(whole) * 0.6) // 80 * 80 + 37])
    check_refused(cohort_here, folder, "blood.xpt", "cut short")


def test_an_id_that_is_not_unique(cohort_here, folder: Path) -> None:
    change(folder / "people.csv", "7,2,37", "8,2,37")
    message = check_refused(cohort_here, folder, "people.csv", "unique")
    assert "37" not in message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  people: {path", "\tpeople: {path", ("line 7", "tab")),
        ("name: small\n", "name: small\nname: large\n", ("line 3", "line 2", "name")),
        ("title: A small", "titel: x\ntitle: A small", ("line 3", "titel", "'title'")),
        ("title: A small study", "title: !!python/object/apply:os.system ['true']", ("line 3", "tag")),
    ],
    ids=["tab", "duplicate key", "unknown key", "object tag"],
)
def test_a_faulty_study_file(cohort_here, folder: Path, old: str, new: str, words: tuple[str, ...]) -> None:
    change(folder / "study.yaml", old, new)
    check_refused(cohort_here, folder, *words)


def test_a_folder_as_study(cohort_here, folder: Path) -> None:
    (folder / "inner").mkdir()
    check_refused(cohort_here, folder, "folder", study="inner")


def test_wrong_usage_exits_with_2(cohort_here) -> None:
    assert cohort_here("run").returncode == 2
    assert cohort_here("nonsense").returncode == 2


def test_a_mistake_ends_the_process_with_1_and_no_traceback(cohort, folder: Path) -> None:
    (folder / "blood.csv").unlink()
    check_refused(cohort, folder, "blood.csv")


def test_an_xpt_cut_between_two_rows_is_noticed_by_its_declared_rows(cohort_here, folder: Path) -> None:
    frame = pd.read_csv(folder / "blood.csv")
    pyreadstat.write_xport(pd.concat([frame] * 5, ignore_index=True), str(folder / "blood.xpt"), file_format_version=5)
    whole = (folder / "blood.xpt").read_bytes()
    (folder / "blood.xpt").write_bytes(whole[:-400])
    change(folder / "study.yaml", "path: blood.csv", "path: blood.xpt, rows: 100")
    check_refused(cohort_here, folder, "blood.xpt", "100")


def test_no_value_of_a_person_stands_in_a_message(cohort_here, folder: Path) -> None:
    change(folder / "people.csv", "7,2,37", "7,987654,37")
    assert "987654" not in check_refused(cohort_here, folder, "sex")


def test_a_broken_gzip_is_refused(cohort_here, folder: Path) -> None:
    whole = gzip.compress(BLOOD.encode())
    (folder / "blood.csv.gz").write_bytes(whole[: len(whole) // 2])
    change(folder / "study.yaml", "blood.csv", "blood.csv.gz")
    check_refused(cohort_here, folder, "blood.csv.gz")


def test_all_problems_come_at_once(cohort_here, folder: Path) -> None:
    change(folder / "study.yaml", "column: age", "column: agee")
    change(folder / "study.yaml", "column: crp", "column: crpp")
    shutil.copy(folder / "study.yaml", folder / "two.yaml")
    done = cohort_here("clean", folder / "two.yaml", "--out", folder / "out")
    assert done.returncode == 1
    assert "agee" in done.stderr
    assert "crpp" in done.stderr
    assert "2 problems" in done.stderr
