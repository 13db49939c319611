"""A result folder appears whole or not at all, and nothing of others is overwritten."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from cohort.errors import CohortError
from cohort.output import check_outside_git, fresh_folder, safe_csv, write_json


def fill(folder: Path, text: str) -> None:
    write_json(folder / "provenance.json", {"cohort_version": "x"})
    (folder / "a.txt").write_text(text, encoding="utf-8")


def test_the_folder_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with fresh_folder(target) as partial:
        fill(partial, "1")
        assert not target.exists()
    assert (target / "a.txt").read_text(encoding="utf-8") == "1"
    assert [p.name for p in target.parent.iterdir()] == ["out"]


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), fresh_folder(tmp_path / "out") as partial:  # noqa: PT012
        fill(partial, "1")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_an_error_keeps_the_earlier_result(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "out") as partial:
        fill(partial, "1")
    with pytest.raises(RuntimeError), fresh_folder(tmp_path / "out") as partial:  # noqa: PT012
        fill(partial, "2")
        raise RuntimeError
    assert (tmp_path / "out" / "a.txt").read_text(encoding="utf-8") == "1"


def test_an_earlier_result_is_replaced(tmp_path: Path) -> None:
    for text in ("1", "2"):
        with fresh_folder(tmp_path / "out") as partial:
            fill(partial, text)
    assert (tmp_path / "out" / "a.txt").read_text(encoding="utf-8") == "2"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(CohortError, match="did not make"), fresh_folder(tmp_path):
        pass
    assert (tmp_path / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_file_as_target_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(CohortError, match="is a file"), fresh_folder(tmp_path / "out"):
        pass


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    if shutil.which("git") is None:
        pytest.skip("there is no git here")
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "init", "--quiet", str(tmp_path / "tree")], check=True, env=environment)
    (tmp_path / "tree" / ".gitignore").write_text("kept-out/\n*.secret\n", encoding="utf-8")
    return tmp_path / "tree"


@pytest.mark.parametrize("place", ["out", "deep/er/out", ".", "kept-out-not"])
def test_a_folder_that_git_would_track_is_refused_with_the_way_out(tree: Path, place: str) -> None:
    with pytest.raises(CohortError, match=r"must not be committed.*\.gitignore.*--allow-git"):
        check_outside_git(tree / place)


@pytest.mark.parametrize("place", ["kept-out", "kept-out/inside", "deep/kept-out", "x.secret", "../beside"])
def test_an_ignored_folder_and_one_outside_are_fine(tree: Path, place: str) -> None:
    check_outside_git(tree / place)


def test_a_link_does_not_lead_back_into_the_repository(tree: Path) -> None:
    try:
        (tree.parent / "link").symlink_to(tree, target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    with pytest.raises(CohortError, match="must not be committed"):
        check_outside_git(tree.parent / "link" / "out")


def test_without_git_nobody_can_tell_and_it_is_refused(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cohort.output.shutil.which", lambda _: None)
    with pytest.raises(CohortError, match="must not be committed"):
        check_outside_git(tree / "kept-out")


def test_a_variable_of_git_in_the_environment_does_not_change_the_answer(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_DIR", str(tree.parent / "nowhere"))
    check_outside_git(tree / "kept-out")


DANGEROUS = ["=cmd|'/c calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "- none", "=1"]


def test_no_text_of_a_table_is_taken_for_a_formula() -> None:
    frame = pd.DataFrame({"=head": DANGEROUS, "kind": pd.Categorical(DANGEROUS), "n": range(len(DANGEROUS))})
    rows = list(csv.reader(io.StringIO(safe_csv(frame), newline="")))
    assert rows[0] == ["'=head", "kind", "n"]
    assert all(cell.startswith("'") for row in rows[1:] for cell in row[:2])


def test_numbers_stay_numbers() -> None:
    frame = pd.DataFrame({"value": [-1.5, 2.0], "text": ["-1.5", "+2"], "many": ["-1,234", "–"], "n": [-1, 3]})
    assert safe_csv(frame) == 'value,text,many,n\n-1.5,-1.5,"-1,234",-1\n2.0,+2,–,3\n'
    assert frame["text"].tolist() == ["-1.5", "+2"], "the table itself is left alone"
