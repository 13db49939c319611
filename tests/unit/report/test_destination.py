"""Results of real people are not written where git would track them; those of a synthetic study may go anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cohort.cli import main
from cohort.errors import CohortError
from cohort.report.destination import check_destination

STUDY = """\
cohort_study: 1
name: tiny
title: A tiny study
synthetic: {synthetic}
id: pid
files: {{people: {{path: people.csv}}}}
variables: {{sex: {{file: people, column: sex}}}}
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree" / ".git").mkdir(parents=True)
    (tmp_path / "tree" / "people.csv").write_text("pid,sex\n1,male\n2,female\n", encoding="utf-8")
    for synthetic in ("true", "false"):
        (tmp_path / "tree" / f"{synthetic}.yaml").write_text(STUDY.format(synthetic=synthetic), encoding="utf-8")
    return tmp_path / "tree"


def test_only_a_real_study_inside_a_repository_is_refused(tree: Path) -> None:
    check_destination(None, tree / "out")
    check_destination("demo", tree / "out")
    check_destination(tree / "true.yaml", tree / "out")
    check_destination(tree / "false.yaml", tree.parent / "out")
    check_destination(tree / "false.yaml", tree / "out", allow_git=True)
    with pytest.raises(CohortError, match="must not be committed"):
        check_destination(tree / "false.yaml", tree / "out")


@pytest.mark.parametrize("content", [{"study": {"synthetic": False}}, {"study": {}}, {}, None])
def test_a_clean_folder_counts_as_real_unless_it_says_otherwise(content: object, tree: Path) -> None:
    clean = tree.parent / "clean"
    clean.mkdir()
    (clean / "provenance.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(CohortError, match="must not be committed"):
        check_destination(clean, tree / "out")
    (clean / "provenance.json").write_text('{"study": {"synthetic": true}}', encoding="utf-8")
    check_destination(clean, tree / "out")


@pytest.mark.parametrize("command", ["clean", "run", "lab"])
def test_the_commands_refuse_before_anything_is_written(command: str, tree: Path) -> None:
    before = sorted(tree.rglob("*"))
    more = ["--no-browser"] if command == "lab" else []
    run = CliRunner().invoke(main, [command, str(tree / "false.yaml"), "--out", str(tree / "out"), *more])
    assert run.exit_code == 1
    assert "--allow-git" in run.output
    assert sorted(tree.rglob("*")) == before


def test_the_way_round_is_loud(tree: Path) -> None:
    arguments = ["clean", str(tree / "false.yaml"), "--out", str(tree / "out"), "--allow-git"]
    run = CliRunner().invoke(main, arguments)
    assert run.exit_code == 0, run.output
    assert "commit none of them" in run.output
    assert (tree / "out" / "person_table.parquet").is_file()
