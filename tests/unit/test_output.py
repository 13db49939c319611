"""A result folder appears whole or not at all, and nothing of others is overwritten."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohort.errors import CohortError
from cohort.output import fresh_folder, write_json


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
