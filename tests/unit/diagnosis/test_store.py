"""Chunks on disk: whole or not there, for these parameters or not at all."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from cohort.diagnosis.store import ChunkStore, code_version, fingerprint, modules_behind
from cohort.errors import CohortError

ROWS = [{"seed": 1, "method": "m", "estimate": 0.1 + 0.2, "lower": math.nan, "verdict": "supported", "reason": None}]


def only_chunk(store: ChunkStore) -> Path:
    return next(store.folder.glob("chunk-*.json"))


def test_what_was_saved_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    store = ChunkStore.open(tmp_path, "s", {"seed": 1})
    store.save(0, [1], ROWS)
    found = store.load(0, [1])
    assert found is not None
    assert found[0]["estimate"] == ROWS[0]["estimate"]
    assert math.isnan(found[0]["lower"])
    assert found[0]["reason"] is None


def test_a_chunk_cut_short_changed_or_of_other_seeds_is_not_taken(tmp_path: Path) -> None:
    store = ChunkStore.open(tmp_path, "s", {"seed": 1})
    store.save(0, [1], ROWS)
    assert store.load(0, [2]) is None
    assert store.load(1, [1]) is None
    path = only_chunk(store)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("0.30000000000000004", "0.31"), encoding="utf-8")
    assert store.load(0, [1]) is None
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    assert store.load(0, [1]) is None
    path.write_text("[]", encoding="utf-8")
    assert store.load(0, [1]) is None


def test_nothing_half_written_bears_the_name_of_a_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ChunkStore.open(tmp_path, "s", {"seed": 1})

    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", dies)
    with pytest.raises(KeyboardInterrupt):
        store.save(0, [1], ROWS)
    assert list(store.folder.glob("chunk-*")) == []


def test_other_parameters_lie_apart_and_say_what_they_are(tmp_path: Path) -> None:
    one, two = (ChunkStore.open(tmp_path, "s", {"seed": seed}) for seed in (1, 2))
    assert one.folder != two.folder
    assert json.loads((two.folder / "study.json").read_text(encoding="utf-8")) == {"seed": 2}


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CohortError, match="is a file"):
        ChunkStore.open(tmp_path / "file", "s", {})


def test_the_version_of_the_code_moves_with_what_a_replicate_rests_on_and_with_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "analysis").mkdir()
    (tmp_path / "analysis" / "__init__.py").write_bytes(b"")
    for name, text in (("a", b"from cohort.analysis.b import x\n"), ("b", b"x = 1\n"), ("c", b"y = 1\n")):
        (tmp_path / "analysis" / f"{name}.py").write_bytes(text)
    monkeypatch.setattr("cohort.diagnosis.store._PACKAGE", tmp_path)
    monkeypatch.setattr("cohort.diagnosis.store._ROOTS", ("cohort.analysis.a",))
    assert set(modules_behind(["cohort.analysis.a"])) == {"cohort.analysis.a", "cohort.analysis.b"}

    def version() -> str:
        return code_version.__wrapped__()

    before = version()
    (tmp_path / "analysis" / "c.py").write_bytes(b"y = 2\n")
    (tmp_path / "analysis" / "b.py").write_bytes(b"x = 1\r\n")
    assert version() == before  # nobody imports c, and how git writes lines on this computer changes nothing
    (tmp_path / "analysis" / "b.py").write_bytes(b"x = 2\n")
    assert version() != before


def test_what_methods_rest_on_is_all_there_and_what_shows_results_is_not() -> None:
    behind = set(modules_behind(["cohort.diagnosis.running"]))
    needed = ("synthetic.simulate", "analysis.fitting", "traps.estimators", "cleaning.pipeline", "diagnosis.methods")
    assert {f"cohort.{name}" for name in needed} <= behind
    assert not [name for name in behind if name.startswith(("cohort.plots", "cohort.report", "cohort.cli"))]
    assert code_version(from_files=True) != code_version(from_files=False)


def test_a_fingerprint_does_not_rest_on_the_order_of_keys() -> None:
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
