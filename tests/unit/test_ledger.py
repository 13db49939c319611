"""The ledger: append-only, one line per value, summed by rule."""

from __future__ import annotations

import pandas as pd
import pytest

from cohort.ledger import COLUMNS, Ledger


def two_lines() -> Ledger:
    return Ledger.empty().add(
        rule="range_hard", severity="error", action="set_missing", table="visits", column="bmi_kg_m2",
        participant_id=["1", "2"], before=["263.0", "1.0"], reason="beyond the hard limits",
    )  # fmt: skip


def test_an_empty_ledger_has_all_columns_with_their_dtypes() -> None:
    entries = Ledger.empty().entries
    assert entries.empty
    assert {name: str(dtype) for name, dtype in entries.dtypes.items()} == COLUMNS


def test_lists_make_one_line_each_and_scalars_repeat() -> None:
    entries = two_lines().entries
    assert entries["participant_id"].tolist() == ["1", "2"]
    assert entries["reason"].tolist() == ["beyond the hard limits"] * 2
    assert entries["count"].tolist() == [1, 1]
    assert {name: str(dtype) for name, dtype in entries.dtypes.items()} == COLUMNS


def test_adding_returns_a_new_ledger_and_leaves_the_old_one() -> None:
    first = two_lines()
    second = first.add(rule="unit", severity="info", action="map", table="labs", column="value", count=500)
    assert (len(first.entries), len(second.entries)) == (2, 3)
    assert second.entries["count"].tolist() == [1, 1, 500]


def test_empty_lists_add_nothing() -> None:
    ledger = two_lines()
    added = ledger.add(rule="x", severity="info", action="flag", table="visits", participant_id=[], before=[])
    assert len(added.entries) == 2


def test_missing_stays_missing_and_is_not_the_word_nan() -> None:
    ledger = Ledger.empty().add(
        rule="x", severity="info", action="repair", table="visits", before=pd.Series([pd.NA, "2"], dtype="string")
    )
    assert ledger.entries["before"].isna().tolist() == [True, False]


def test_an_unknown_column_or_lists_of_two_lengths_are_refused() -> None:
    with pytest.raises(TypeError, match="no column"):
        Ledger.empty().add(rule="x", severity="info", action="flag", table="visits", person="1")
    with pytest.raises(TypeError, match="differ in length"):
        Ledger.empty().add(rule="x", severity="info", action="flag", table="t", before=["1"], after=["1", "2"])


def test_two_ledgers_join_in_order() -> None:
    joined = two_lines() + Ledger.empty() + two_lines()
    assert joined.entries["participant_id"].tolist() == ["1", "2", "1", "2"]
    assert joined.entries.index.tolist() == [0, 1, 2, 3]


def test_the_summary_adds_the_counts_of_each_rule_most_first() -> None:
    ledger = two_lines().add(rule="unit", severity="info", action="map", table="labs", column="value", count=500)
    summary = ledger.summary()
    assert summary["rule"].tolist() == ["unit", "range_hard"]
    assert summary["count"].tolist() == [500, 2]


def test_the_summary_of_an_empty_ledger_has_its_columns() -> None:
    assert Ledger.empty().summary().columns.tolist() == ["rule", "severity", "action", "table", "column", "count"]


def test_the_summary_keeps_lines_about_whole_rows() -> None:
    ledger = Ledger.empty().add(
        rule="orphan", severity="error", action="quarantine", table="labs", participant_id=["1"]
    )
    assert ledger.summary()["count"].tolist() == [1]
