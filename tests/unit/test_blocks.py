"""Cleaning block by block gives what cleaning in one go gives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cohort.blocks import clean_in_blocks
from cohort.errors import InputDataError
from cohort.study import open_study
from cohort.synthetic import load_scenario, write_cohort

LEDGER_WITHOUT = ("duplicate_near", "status_merge")
"""Rules that unite two rows: which of them is called the kept one hangs on the order of the rows."""


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dirty")
    write_cohort(load_scenario("dirty_data"), 120, 5, folder, with_truth=False)
    return folder / "study.yaml"


@pytest.fixture(scope="module")
def in_one_go(dirty: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("one") / "clean"
    open_study(dirty).write(folder)
    return folder


def rows_of(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    """Return a table as text, in an order of its own."""
    texts = frame.reindex(columns=columns).astype("object").map(lambda cell: "" if pd.isna(cell) else str(cell))
    return texts.sort_values(columns, ignore_index=True)


@pytest.mark.parametrize(("people", "workers"), [(50, 1), pytest.param(70, 2, marks=pytest.mark.slow)])
def test_blocks_of_any_size_give_the_clean_tables_of_one_go(
    dirty: Path, in_one_go: Path, tmp_path: Path, people: int, workers: int
) -> None:
    out = clean_in_blocks(dirty, tmp_path / "blocks", people_per_block=people, workers=workers)
    whole = sorted(path.name for path in in_one_go.iterdir())
    assert sorted(path.name for path in out.iterdir()) == whole
    for path in in_one_go.glob("*.parquet"):
        if path.stem == "ledger":
            continue
        wanted, found = pd.read_parquet(path), pd.read_parquet(out / path.name)
        assert list(found.columns) == list(wanted.columns), path.stem
        pd.testing.assert_frame_equal(
            rows_of(found, list(wanted.columns)), rows_of(wanted, list(wanted.columns)), obj=path.stem
        )
        assert found.dtypes.astype(str).tolist() == wanted.dtypes.astype(str).tolist(), path.stem
    flows = [json.loads((folder / "flow.json").read_text(encoding="utf-8")) for folder in (out, in_one_go)]
    assert flows[0] == flows[1]
    counts = []
    for folder in (in_one_go, out):
        ledger = pd.read_parquet(folder / "ledger.parquet")
        ledger = ledger[~ledger["rule"].isin(LEDGER_WITHOUT)]
        counts.append(ledger.groupby(["rule", "action", "table", "column"], dropna=False)["count"].sum())
    pd.testing.assert_series_equal(counts[0], counts[1])


def test_a_file_whose_identifiers_lost_their_zeros_is_seen_across_blocks(tmp_path: Path) -> None:
    ids = [f"{number:04d}" for number in range(1, 9)]
    (tmp_path / "a.csv").write_text("id,sex\n" + "".join(f"{text},1\n" for text in ids), encoding="utf-8")
    (tmp_path / "b.csv").write_text("id,age\n" + "".join(f"{int(text)},40\n" for text in ids), encoding="utf-8")
    study = (
        "cohort_study: 1\nname: zeros\ntitle: Zeros\nsynthetic: true\nid: id\n"
        "files: {a: {path: a.csv}, b: {path: b.csv}}\n"
        "variables:\n  sex: {file: a, column: sex, codes: {1: male}}\n  age_years: {file: b, column: age}\n"
    )
    (tmp_path / "study.yaml").write_text(study, encoding="utf-8")
    with pytest.raises(InputDataError, match="leading zeros"):
        clean_in_blocks(tmp_path / "study.yaml", tmp_path / "out", people_per_block=3)
    assert not (tmp_path / "out").exists()


def test_nothing_is_left_beside_the_result(dirty: Path, tmp_path: Path) -> None:
    out = clean_in_blocks(dirty, tmp_path / "blocks", people_per_block=1000)
    assert not (out / "work").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["blocks"]
    assert np.all([path.stat().st_size for path in out.rglob("*") if path.is_file()])


def test_a_file_that_cannot_be_read_is_told_in_blocks_as_in_one_go(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("", encoding="utf-8")
    study = tmp_path / "study.yaml"
    study.write_text(
        "cohort_study: 1\nname: x\ntitle: X\nsynthetic: true\nid: id\nfiles: {people: {path: people.csv}}\n"
        "variables:\n  age_years: {file: people, column: age}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputDataError) as in_one_go:
        open_study(study)
    with pytest.raises(InputDataError) as in_blocks:
        clean_in_blocks(study, tmp_path / "out")
    assert str(in_blocks.value) == str(in_one_go.value)
    assert not (tmp_path / "out").exists()
