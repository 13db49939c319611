"""Rules about days: days that stand for none, days far from all others, and days in the wrong order."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from cohort.cleaning import RULES, apply_rules
from cohort.cleaning.rule import Applied
from cohort.codebook import Codebook

Build = Callable[..., pd.DataFrame]
Tables = dict[str, pd.DataFrame]


def apply(tables: Tables, codebook: Codebook, *rules: str) -> Applied:
    return apply_rules(tables, codebook, [rule for rule in RULES if rule.id in rules])


def dated(tables: Tables, table: str, column: str, days: dict[int, str]) -> Tables:
    frame = tables[table].copy()
    for row, day in days.items():
        frame.loc[row, column] = pd.Timestamp(day).as_unit("us")
    return {**tables, table: frame}


@pytest.mark.parametrize("day", ["1900-01-01", "1582-10-14", "1899-12-30", "9999-12-31", "1960-01-01", "1970-01-01"])
def test_a_day_that_stands_for_none_is_set_missing(good: Tables, codebook: Codebook, day: str) -> None:
    applied = apply(dated(good, "visits", "visit_date", {2: day}), codebook, "date_sentinel")
    (line,) = applied.ledger.entries.to_dict("records")
    assert (line["participant_id"], line["action"], line["before"]) == ("3", "set_missing", day)
    assert applied.tables["visits"]["visit_date"].isna().to_numpy().tolist() == [
        False,
        False,
        True,
        False,
        False,
        False,
    ]


def test_a_prescription_may_begin_on_a_day_that_no_study_has(good: Tables, codebook: Codebook) -> None:
    tables = dated(good, "medications", "start_date", {0: "1970-01-01"})
    assert apply(tables, codebook, "date_sentinel").ledger.entries.empty
    tables = dated(good, "medications", "start_date", {0: "1900-01-01"})
    assert len(apply(tables, codebook, "date_sentinel").ledger.entries) == 1


@pytest.fixture
def hundred(good: Tables, build: Build) -> Tables:
    ids = [f"p{number:03d}" for number in range(100)]
    days = pd.date_range("2010-01-01", periods=100, freq="7D").strftime("%Y-%m-%d").tolist()
    empty = {table: frame.iloc[:0] for table, frame in good.items()}
    visits = build("visits", participant_id=ids, visit=["t0"] * 100, visit_date=days)
    return {**empty, "participants": build("participants", participant_id=ids), "visits": visits}


def test_days_beyond_a_gap_are_set_missing(hundred: Tables, codebook: Codebook) -> None:
    tables = dated(hundred, "visits", "visit_date", {3: "1891-05-04", 50: "2031-01-01"})
    applied = apply(tables, codebook, "date_isolated")
    assert applied.ledger.entries["participant_id"].tolist() == ["p003", "p050"]
    assert applied.tables["visits"]["visit_date"].isna().sum() == 2


def test_days_within_the_gap_or_too_many_beyond_it_stay(hundred: Tables, codebook: Codebook) -> None:
    near = dated(hundred, "visits", "visit_date", {3: "2004-05-04", 50: "2019-01-01"})
    assert apply(near, codebook, "date_isolated").ledger.entries.empty
    another_wave = dated(hundred, "visits", "visit_date", dict.fromkeys(range(10), "1985-05-04"))
    assert apply(another_wave, codebook, "date_isolated").ledger.entries.empty
    few = {**hundred, "visits": near["visits"].iloc[:20]}
    assert apply(few, codebook, "date_isolated").ledger.entries.empty


def test_a_birth_year_after_all_dates_is_the_one_that_is_wrong(good: Tables, codebook: Codebook) -> None:
    people = good["participants"].copy()
    people.loc[0, "birth_year"] = 2029
    rules = ("birth_after_dates", "visit_before_birth", "follow_up_before_birth")
    applied = apply({**good, "participants": people}, codebook, *rules)
    assert applied.ledger.entries[["rule", "participant_id", "before"]].to_numpy().tolist() == [
        ["birth_after_dates", "1", "2029"]
    ]
    assert pd.isna(applied.tables["participants"].loc[0, "birth_year"])
    pd.testing.assert_frame_equal(applied.tables["visits"], good["visits"])


@pytest.mark.parametrize(
    ("table", "column", "rule"),
    [
        ("visits", "visit_date", "visit_before_birth"),
        ("follow_up", "entry_date", "follow_up_before_birth"),
        ("labs", "date", "sample_before_birth"),
    ],
)
def test_a_single_date_before_birth_is_the_one_that_is_wrong(
    good: Tables, codebook: Codebook, table: str, column: str, rule: str
) -> None:
    labs = good["labs"].assign(date=pd.Series([pd.Timestamp("2010-07-01")] * 6, dtype="datetime64[us]"))
    tables = dated({**good, "labs": labs}, table, column, {1: "1900-03-04"})
    applied = apply(tables, codebook, "birth_after_dates", rule)
    assert applied.ledger.entries[["rule", "participant_id", "action"]].to_numpy().tolist() == [
        [rule, "2", "set_missing"]
    ]
    assert pd.isna(applied.tables[table].loc[1, column])


def test_visits_in_the_wrong_order_are_flagged_both(good: Tables, build: Build, codebook: Codebook) -> None:
    visits = build(
        "visits",
        participant_id=["1", "1", "2", "2", "3", "3", "4"],
        visit=["t1", "t0", "t0", "t1", "t0", "t1", "t1"],
        visit_date=["2012-01-01", "2010-01-01", "2010-02-01", "2009-02-01", "2010-03-01", None, "2013-01-01"],
    )
    applied = apply({**good, "visits": visits}, codebook, "visit_order")
    lines = applied.ledger.entries
    assert list(zip(lines["participant_id"], lines["visit"], strict=True)) == [("2", "t0"), ("2", "t1")]
    assert set(lines["action"]) == {"flag"}


def test_a_sample_long_before_entry_is_flagged_and_one_at_the_screening_is_not(
    good: Tables, codebook: Codebook
) -> None:
    days = ["2010-04-10", "2009-07-01", None, "2010-07-01", "2011-07-01", None]
    labs = good["labs"].assign(date=pd.to_datetime(pd.Series(days)).astype("datetime64[us]"))
    applied = apply({**good, "labs": labs}, codebook, "lab_before_entry")
    assert applied.ledger.entries["participant_id"].tolist() == ["2"]
