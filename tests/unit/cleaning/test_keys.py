"""Keys as numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort.cleaning import keys
from cohort.cleaning.keys import CleanTables, as_text, coded, has_repeats, key_numbers, repeats, text_lookup
from cohort.codebook import Codebook

CELLS = st.sampled_from(["a", "b", "c", None])
ROWS = st.lists(st.tuples(CELLS, CELLS, st.sampled_from([1, 2, None])), max_size=30)


@given(rows=ROWS, as_category=st.booleans())
def test_rows_share_a_number_when_and_only_when_they_agree(rows: list[tuple[object, ...]], as_category: bool) -> None:
    frame = pd.DataFrame(rows, columns=["x", "y", "z"]).astype({"x": "string", "y": "string", "z": "Int64"})
    if as_category:
        frame = frame.astype({"x": "category", "y": "category"})
    expected = frame.astype("object").duplicated(["x", "y", "z"], keep=False).to_numpy()
    np.testing.assert_array_equal(repeats(frame, ["x", "y", "z"]), expected)
    assert has_repeats(frame, ["x", "y", "z"]) == expected.any()
    numbers = key_numbers(frame, ["x", "y", "z"])
    assert len(set(numbers.tolist())) == len(set(rows))


def test_so_many_combinations_that_they_do_not_fit_a_number_are_numbered_again() -> None:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({f"c{i}": rng.permutation(5000) for i in range(8)})
    frame = pd.concat([frame, frame.iloc[[17]]], ignore_index=True)
    assert np.flatnonzero(repeats(frame, list(frame.columns))).tolist() == [17, 5000]


def test_texts_come_back_as_they_were(codebook: Codebook) -> None:
    people = pd.DataFrame({"participant_id": pd.array(["b", "a", "c"], dtype="string")})
    visits = pd.DataFrame(
        {
            "participant_id": pd.array(["a", "b", None], dtype="string"),
            "visit": pd.array(["t1", None, "t0"], dtype="string"),
        },
        index=[5, 6, 7],
    )
    tables = {"participants": people, "visits": visits}
    kept = coded(tables, codebook)
    assert kept["visits"]["participant_id"].cat.categories is kept["participants"]["participant_id"].cat.categories
    back = CleanTables(kept, codebook)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(back[name], frame)


@pytest.mark.parametrize("rows", [0, 3, 8])
def test_a_table_is_written_as_pandas_writes_its_texts(
    codebook: Codebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    monkeypatch.setattr(keys, "_ROW_GROUP", 3)
    visits = pd.DataFrame(
        {
            "participant_id": pd.array(["b", "a", None, "c", "a", "b", "b", "d"], dtype="string"),
            "visit": pd.array(["t0", None, "t1", "t0", "t1", "t0", "t1", "t0"], dtype="string"),
            "smoking": pd.Categorical(["never", None] * 4, ["never", "former", "current"]),
            "phq9_1": pd.array([1, None] * 4, dtype="Int64"),
        }
    ).head(rows)
    tables = CleanTables(coded({"visits": visits}, codebook), codebook)
    tables.write("visits", tmp_path / "ours.parquet")
    visits.to_parquet(tmp_path / "pandas.parquet", index=False, row_group_size=3)
    assert (tmp_path / "ours.parquet").read_bytes() == (tmp_path / "pandas.parquet").read_bytes()


def test_repeats_are_found_wherever_a_part_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "_PART", 2)
    people = pd.Categorical(list("aabbcc"))
    visits = pd.DataFrame({"participant_id": people, "visit": pd.Categorical(["t0", "t1", "t0", "t1", "t0", "t1"])})
    assert not repeats(visits, ["participant_id", "visit"]).any()
    visits.loc[2, "visit"] = "t1"
    assert repeats(visits, ["participant_id", "visit"]).tolist() == [False, False, True, True, False, False]
    swapped = pd.DataFrame({"participant_id": pd.Categorical(["a", "b", "b", "c"])})
    assert repeats(swapped, ["participant_id"]).tolist() == [False, True, True, False]


def test_a_column_that_is_no_category_stays(codebook: Codebook) -> None:
    column = pd.Series([1.5, None])
    assert as_text(column) is column


def test_the_meaning_of_words_is_looked_up_for_texts_and_categories() -> None:
    words = pd.Series(["a", "b", None, "x"], dtype="string")
    for column in (words, words.astype("category")):
        assert text_lookup(column, {"a": 1, "b": 2}, -1).tolist() == [1, 2, -1, -1]
