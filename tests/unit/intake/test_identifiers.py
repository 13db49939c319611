"""Direct identifiers don't come in undeclared; ids become hashes everywhere; no message or output holds a value."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pandas as pd
import pytest

from cohort.errors import CohortError, InputDataError
from cohort.study import Study, open_study

STUDY = """\
cohort_study: 1
name: small
title: A small study
synthetic: false
id: pid
files:
  people: {{path: people.csv}}
  pairs: {{path: pairs.csv}}
variables:
  sex: {{file: people, column: sex, codes: {{1: male, 2: female}}}}
  age_years: {{file: people, column: age}}
  bmi_kg_m2: {{file: people, column: bmi}}
relations:
  - {{file: pairs, relative: {{column: brother}}, kind: sibling}}
{more}"""


def write(folder: Path, people: pd.DataFrame, more: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    people.to_csv(folder / "people.csv", index=False)
    pairs = pd.DataFrame({"pid": people["pid"].iloc[:2], "brother": people["pid"].iloc[2:4].to_list()})
    pairs.to_csv(folder / "pairs.csv", index=False)
    (folder / "study.yaml").write_text(STUDY.format(more=more), encoding="utf-8")
    return folder / "study.yaml"


@pytest.fixture
def people() -> pd.DataFrame:
    n = 40
    return pd.DataFrame(
        {
            "pid": [f"P{100 + i}" for i in range(n)],
            "sex": [1 + i % 2 for i in range(n)],
            "age": [str(20 + i) for i in range(n)],
            "bmi": ["25.1"] * n,
            "achternaam": [f"Geheim{i}" for i in range(n)],
        }
    )


def everything(study: Study, folder: Path) -> str:
    """Return all that a study writes, as text."""
    study.write(folder)
    parts = [path.read_text(encoding="utf-8") for path in folder.rglob("*.json")]
    parts += [pd.read_parquet(path).to_csv() for path in folder.rglob("*.parquet")]
    return "\n".join(parts)


def test_an_undeclared_identifier_is_refused_with_file_column_kind_and_fix(
    people: pd.DataFrame, tmp_path: Path
) -> None:
    with pytest.raises(InputDataError) as refused:
        open_study(write(tmp_path, people))
    (problem,) = refused.value.problems
    assert problem.where == "file 'people' (people.csv), column 'achternaam'"
    assert "name of a person" in problem.what
    assert "privacy: {declared: {people: [achternaam]}}" in problem.fix
    assert "Geheim" not in str(refused.value)


def test_a_declared_column_that_nothing_maps_goes_nowhere(people: pd.DataFrame, tmp_path: Path) -> None:
    people.loc[3, "pid"] = None  # a row without an id is set aside whole
    text = "privacy: {declared: {people: [achternaam]}}\n"
    study = open_study(write(tmp_path / "in", people, text))
    written = everything(study, tmp_path / "out")
    assert len(study.quarantine) == 1
    assert "25.1" in study.quarantine["content"].iloc[0], "the rest of the row is kept"
    assert "Geheim" not in written


def test_declaring_what_is_not_there_is_a_mistake(people: pd.DataFrame, tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="no column 'voornaam'"):
        open_study(write(tmp_path, people, "privacy: {declared: {people: [achternaam, voornaam]}}\n"))
    with pytest.raises(CohortError, match="Did you mean 'people'"):
        open_study(write(tmp_path, people, "privacy: {declared: {peopel: [achternaam]}}\n"))


def test_a_file_without_a_header_is_not_quoted(people: pd.DataFrame, tmp_path: Path) -> None:
    people = people.drop(columns="achternaam").assign(**{"jan@example.org": [f"a{i}@example.org" for i in range(40)]})
    with pytest.raises(InputDataError) as refused:
        open_study(write(tmp_path, people))
    assert "column number 5" in str(refused.value)
    assert "@" not in str(refused.value)


HASHED = "privacy: {declared: {people: [achternaam]}, hash_ids: {key_file: secret.key}}\n"


def test_ids_are_hashed_everywhere_and_the_same_in_all_files(people: pd.DataFrame, tmp_path: Path) -> None:
    people.loc[5, "age"] = "GEEN-LEEFTIJD"
    people.loc[39] = people.loc[38]
    path = write(tmp_path / "in", people, HASHED)
    text = (tmp_path / "in" / "people.csv").read_text(encoding="utf-8")
    (tmp_path / "in" / "people.csv").write_text(text + "P777,1,40,25,x,one field too many\n", encoding="utf-8")
    (tmp_path / "in" / "secret.key").write_bytes(b"sleutel-van-het-huis-0001")
    study = open_study(path)
    written = everything(study, tmp_path / "out")
    assert not [pid for pid in [*people["pid"].dropna(), "P777"] if pid in written]
    assert "sleutel" not in written
    relations = study.tables["relations"]
    ids = set(study.person_table["participant_id"])
    assert set(relations["participant_id"]) | set(relations["relative_id"]) <= ids
    assert all(len(text) == 20 for text in ids)
    plain = open_study(write(tmp_path / "plain", people, "privacy: {declared: {people: [achternaam]}}\n"))
    assert len(plain.person_table) == len(study.person_table)
    assert set(study.ledger.entries["participant_id"].dropna()) <= ids


def test_ids_that_are_national_numbers_must_be_hashed_or_declared(people: pd.DataFrame, tmp_path: Path) -> None:
    valid = ["111222333", "123456782", "100000009", "100000010", "100000022", "100000034", "100000046", "100000058",
             "100000071", "100000083", "100000095", "100000101"]  # fmt: skip
    people = people.drop(columns="achternaam").head(len(valid)).assign(pid=valid)
    with pytest.raises(InputDataError, match="citizen service number") as refused:
        open_study(write(tmp_path / "a", people))
    assert "hash_ids" in str(refused.value)
    assert not any(number in str(refused.value) for number in valid)
    path = write(tmp_path / "b", people, "privacy: {hash_ids: {key_file: secret.key}}\n")
    with pytest.raises(InputDataError, match="key cannot be read"):
        open_study(path)
    (tmp_path / "b" / "secret.key").write_bytes(b"sleutel-van-het-huis-0001")
    assert len(open_study(path).person_table) == len(valid)


MARK = "GEHEIM-123"


@pytest.mark.parametrize(
    ("column", "rows"),
    [("pid", [0, 1]), ("sex", [2]), ("age", [3]), ("bmi", [4]), ("bmi", list(range(40))), ("sex", list(range(40)))],
    ids=str,
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_no_message_and_no_log_holds_a_value(
    column: str, rows: list[int], encoding: str, people: pd.DataFrame, tmp_path: Path,
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    people = people.drop(columns="achternaam").astype(str)
    people.loc[rows, column] = MARK
    path = write(tmp_path / "in", people)
    (tmp_path / "in" / "people.csv").write_bytes(people.to_csv(index=False).encode(encoding))
    said = ""
    with caplog.at_level(logging.DEBUG):
        try:
            open_study(path)
        except CohortError as error:
            said = f"{error}{error!r}{json.dumps([str(problem) for problem in error.problems])}"
    captured = capsys.readouterr()
    assert MARK not in said + captured.out + captured.err + caplog.text
    assert "GEHEIM" not in said.upper()
