"""Keys as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from cohort.cleaning.keys import as_text, coded, has_repeats, key_numbers, repeats, text_lookup, written_out
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
    back = written_out(kept, codebook)
    for name, frame in tables.items():
        pd.testing.assert_frame_equal(back[name], frame)


def test_a_column_that_is_no_category_stays(codebook: Codebook) -> None:
    column = pd.Series([1.5, None])
    assert as_text(column) is column


def test_the_meaning_of_words_is_looked_up_for_texts_and_categories() -> None:
    words = pd.Series(["a", "b", None, "x"], dtype="string")
    for column in (words, words.astype("category")):
        assert text_lookup(column, {"a": 1, "b": 2}, -1).tolist() == [1, 2, -1, -1]
