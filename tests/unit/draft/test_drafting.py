"""A whole draft: it loads, is read by `cohort check`, shows no participant, and never overwrites."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from cohort.cli import main
from cohort.draft import Draft
from cohort.study import open_study
from cohort.study_file import StudyFile
from cohort.synthetic import write_cohort

MakeDraft = Callable[..., Draft]
RANDOM = np.random.default_rng(1)


@pytest.fixture(scope="module")
def scoring(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_draft", repository / "scripts" / "score_draft.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_no_value_of_a_participant_stands_in_a_draft(draft: MakeDraft, people: pd.DataFrame) -> None:
    table = people.assign(
        email=[f"person{k}@example.org" for k in range(60)],
        remark=[f"remark number {k}" for k in range(60)],
        visit_date=pd.to_datetime(RANDOM.integers(15000, 18000, 60), unit="D").strftime("%Y-%m-%d"),
        smoking=["never", "former", "current"] * 19 + ["stopped when her sister died", "never", "never"],
    )
    text = draft({"x": table}).text + json.dumps(draft({"x": table}).to_dict())
    for cells in (table["record_id"], table["email"], table["remark"], table["visit_date"]):
        assert not any(value in text for value in cells)
    assert "sister" not in text


def test_identifiers_are_listed_on_top_and_not_mapped(draft: MakeDraft, people: pd.DataFrame) -> None:
    made = draft({"x": people.assign(email=[f"person{k}@example.org" for k in range(60)])})
    assert [(item.file, item.column) for item in made.identifiers] == [("x", "email")]
    assert "# privacy: {declared: {x: [email]}}" in made.text
    assert made.text.index("email") < made.text.index("cohort_study: 1")


def test_every_column_has_one_fate(draft: MakeDraft, people: pd.DataFrame) -> None:
    table = people.assign(email=[f"p{k}@example.org" for k in range(60)], shoe=42.0, smoking=[1, 2, 3] * 20)
    (report,) = draft({"x": table}).reports
    fates = [*report.mapped, *report.to_decide, *report.identifiers, *report.ignored]
    assert sorted(fates) == sorted(table.columns)
    assert (report.to_decide, report.identifiers, report.ignored) == (("smoking",), ("email",), ("shoe",))


def test_a_second_source_of_the_same_measure_is_a_question(draft: MakeDraft, people: pd.DataFrame) -> None:
    items = {f"phq{k}": RANDOM.integers(0, 4, 60) for k in range(1, 10)}
    made = draft({"first": people.assign(**items), "second": people.assign(**items)})
    assert [p.is_live for p in made.proposals if p.target == "phq9"] == [True, False]


def test_a_draft_of_nothing_known_loads(
    draft: MakeDraft, loaded: Callable[[Draft], StudyFile], people: pd.DataFrame
) -> None:
    study = loaded(draft({"x": pd.DataFrame({"zzz": people["record_id"], "qqq": 1})}))
    assert study.variables == {}


@pytest.mark.parametrize("style", ["dutch_spss", "sas_terse", "verbose_csv"])
def test_an_export_under_other_names_is_drafted_right_and_can_be_read(
    style: str, scoring: ModuleType, tmp_path: Path, repository: Path, small_cohort: Path
) -> None:
    renaming = scoring.read_renaming(repository / "tests" / "fixtures" / "draft" / f"{style}.yaml")
    reference = scoring.renamed_export(renaming, small_cohort, tmp_path)
    result = CliRunner().invoke(main, ["draft", str(tmp_path), "--out", str(tmp_path / "study.yaml")])
    assert result.exit_code == 0, result.output
    score = scoring.score_file(style, tmp_path / "study.yaml", reference)
    assert score.share("right") >= 0.8
    assert score.without_items().share("right") >= 0.8
    assert score.share("wrong") == 0
    if style == "dutch_spss":
        table = open_study(tmp_path / "study.yaml").person_table
        assert table["sex"].notna().all()
        assert table["phq9_total"].notna().mean() > 0.8


@pytest.fixture(scope="module")
def small_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    write_cohort("literature_like", 600, 4, folder, with_truth=False)
    return folder


@pytest.mark.slow
def test_every_renaming_reaches_the_share_that_the_issue_asks_for(
    scoring: ModuleType, repository: Path, tmp_path: Path
) -> None:
    write_cohort("literature_like", 3000, 4, tmp_path, with_truth=False)
    for renaming in sorted((repository / "tests" / "fixtures" / "draft").glob("*.yaml")):
        score = scoring.score_renaming(renaming, tmp_path)
        assert score.share("right") >= 0.8, renaming.name
        assert score.share("wrong") <= 0.02, renaming.name


def test_the_command_prints_or_writes_and_never_overwrites(tmp_path: Path, people: pd.DataFrame) -> None:
    source, out = tmp_path / "x.csv", tmp_path / "study.yaml"
    people.to_csv(source, index=False)
    printed = CliRunner().invoke(main, ["draft", str(source)])
    assert (printed.exit_code, "cohort_study: 1" in printed.output) == (0, True)
    written = CliRunner().invoke(main, ["draft", str(source), "--out", str(out)])
    assert (written.exit_code, "mapped" in written.output) == (0, True)
    before = out.read_bytes()
    again = CliRunner().invoke(main, ["draft", str(source), "--out", str(out)])
    assert again.exit_code == 1
    assert "exists already" in again.output
    assert out.read_bytes() == before
    told = json.loads(CliRunner().invoke(main, ["draft", str(source), "--json"]).output)
    assert told["id"] == "record_id"
    assert {p["target"] for p in told["proposals"] if p["state"] == "live"} == {"age_years", "sex"}


def test_a_file_that_is_not_there_is_a_message(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["draft", str(tmp_path / "absent.csv")])
    assert result.exit_code == 1
    assert "no such file" in result.output
    assert "Traceback" not in result.output


def test_the_same_files_give_the_same_draft(draft: MakeDraft, people: pd.DataFrame) -> None:
    assert draft({"x": people}).text == draft({"x": people}).text
