"""Each rule catches what it should, leaves the good alone, and writes what it did into the ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.cleaning import RULES, apply_rules
from cohort.cleaning.rule import Applied
from cohort.cleaning.rules import rules_of
from cohort.codebook import Codebook
from cohort.errors import CodebookError

Tables = dict[str, pd.DataFrame]


def put(tables: Tables, table: str, column: str, row: int, value: Any) -> Tables:
    """Return the tables with one cell replaced."""
    frame = tables[table].copy()
    if isinstance(frame[column].dtype, pd.CategoricalDtype) and value not in frame[column].cat.categories:
        frame[column] = frame[column].astype("string")
    if frame[column].dtype == "Int64" and isinstance(value, float):
        frame[column] = frame[column].astype("float64")
    frame.loc[row, column] = value
    return {**tables, table: frame}


def add_row(tables: Tables, table: str, row: int, **changed: Any) -> Tables:
    """Return the tables with a copy of one row at the end, changed in some columns."""
    frame = tables[table]
    extra = frame.iloc[[row]].copy()
    for name, value in changed.items():
        extra[name] = pd.Series([value], index=extra.index).astype(frame[name].dtype)
    return {**tables, table: pd.concat([frame, extra], ignore_index=True)}


def run(tables: Tables, codebook: Codebook) -> Applied:
    return apply_rules(tables, codebook, RULES)


def entries(applied: Applied, rule: str) -> list[dict[str, Any]]:
    lines = applied.ledger.entries
    return lines.loc[lines["rule"] == rule].to_dict("records")


def test_a_good_cohort_passes_every_rule_unchanged(good: Tables, codebook: Codebook) -> None:
    applied = run(good, codebook)
    assert applied.ledger.entries.empty
    assert applied.quarantine.empty
    for name, frame in good.items():
        pd.testing.assert_frame_equal(applied.tables[name], frame)


CELLS = [
    # table, column, row, bad value, rule, text before
    ("visits", "bmi_kg_m2", 0, 263.0, "range_hard", "263.0"),
    ("visits", "bmi_kg_m2", 0, float("inf"), "range_hard", "inf"),
    ("visits", "age_years", 1, -3.0, "range_hard", "-3.0"),
    ("diagnoses", "onset_age_years", 0, -1.0, "range_hard", "-1.0"),
    ("labs", "value", 1, 501.0, "range_hard", "501.0"),
    ("labs", "limit", 0, float("inf"), "range_hard", "inf"),  # a column without limits
    ("visits", "phq9_4", 2, 4, "item_range", "4"),
    ("visits", "phq9_4", 2, 1.5, "not_whole", "1.5"),
    ("participants", "birth_year", 3, 1950.5, "not_whole", "1950.5"),
    ("visits", "smoking", 0, "sometimes", "category_unknown", "sometimes"),
    ("visits", "is_pregnant", 1, True, "pregnant_male", "True"),
    ("visits", "is_hormonal_contraceptive_user", 1, True, "contraceptive_male", "True"),
    ("visits", "visit_date", 0, pd.Timestamp("1969-12-31"), "visit_before_birth", "1969-12-31"),
    ("diagnoses", "onset_age_years", 0, 51.5, "onset_after_last_observed", "51.5"),
]


@pytest.mark.parametrize(("table", "column", "row", "value", "rule", "before"), CELLS)
def test_a_cell_that_cannot_be_true_is_set_missing_and_kept_in_quarantine(
    good: Tables, codebook: Codebook, table: str, column: str, row: int, value: Any, rule: str, before: str
) -> None:
    applied = run(put(good, table, column, row, value), codebook)
    clean = applied.tables[table]
    assert pd.isna(clean.loc[row, column])
    (entry,) = entries(applied, rule)
    person = good[table].loc[row, "participant_id"]
    assert (entry["participant_id"], entry["table"], entry["column"]) == (person, table, column)
    assert entry["action"] == "set_missing"
    assert entry["before"] == before
    assert pd.isna(entry["after"])
    kept = applied.quarantine.loc[applied.quarantine["rule"] == rule].to_dict("records")
    assert [(line["participant_id"], line["column"]) for line in kept] == [(person, column)]
    assert column in json.loads(kept[0]["content"])
    others = clean.drop(columns=[column])
    pd.testing.assert_frame_equal(others, good[table].drop(columns=[column]))
    intact = clean[column].drop(index=row)
    assert intact.astype("string").equals(
        good[table][column].astype(clean[column].dtype).drop(index=row).astype("string")
    )


@pytest.mark.parametrize(
    ("table", "column", "row", "value"),
    [
        ("visits", "bmi_kg_m2", 0, 100.0),
        ("labs", "value", 1, 500.0),
        ("visits", "phq9_4", 2, 3),
        ("visits", "visit_date", 0, pd.Timestamp("1970-12-31")),
        ("diagnoses", "onset_age_years", 0, 50.9),  # in the fiftieth year at exit: completed years
        ("follow_up", "exit_date", 1, pd.Timestamp("2010-07-01")),
    ],
)
def test_a_value_on_the_limit_is_left_alone(
    good: Tables, codebook: Codebook, table: str, column: str, row: int, value: Any
) -> None:
    applied = run(put(good, table, column, row, value), codebook)
    assert applied.tables[table].loc[row, column] == value
    assert set(applied.ledger.entries["action"]) <= {"flag"}


@pytest.mark.parametrize(
    ("table", "column", "row", "value", "rule"),
    [
        ("visits", "bmi_kg_m2", 0, 65.0, "range_plausible"),
        ("visits", "age_years", 0, 43.0, "age_against_birth_year"),
        ("labs", "value", 1, 250.0, "range_plausible"),
        ("labs", "value", 1, 0.0, "crp_zero"),
    ],
)
def test_a_doubtful_value_is_flagged_and_stays(
    good: Tables, codebook: Codebook, table: str, column: str, row: int, value: Any, rule: str
) -> None:
    applied = run(put(good, table, column, row, value), codebook)
    assert applied.tables[table].loc[row, column] == value
    (entry,) = entries(applied, rule)
    assert (entry["action"], entry["before"], entry["after"]) == ("flag", str(value), str(value))
    assert applied.quarantine.empty


def test_an_age_two_years_from_the_birth_year_is_not_flagged(good: Tables, codebook: Codebook) -> None:
    assert not entries(run(put(good, "visits", "age_years", 0, 42.0), codebook), "age_against_birth_year")


def test_parts_above_the_white_cells_are_flagged_beyond_measurement_error(
    good: Tables, build: Any, codebook: Codebook
) -> None:
    ids, analytes = ["1"] * 3 + ["2"] * 3, ["leukocytes", "neutrophils", "lymphocytes"] * 2
    labs = build("labs", participant_id=ids, visit=["t0"] * 6, analyte=analytes, value=[5.0, 4.0, 1.6, 5.0, 4.0, 1.4])
    applied = run({**good, "labs": labs}, codebook)
    (entry,) = entries(applied, "cells_exceed_leukocytes")
    assert (entry["participant_id"], entry["before"]) == ("1", "5.0")


def test_an_onset_before_the_birth_year_is_set_missing(good: Tables, build: Any, codebook: Codebook) -> None:
    diagnoses = build(
        "diagnoses", participant_id=["1", "2"], disease=["psoriasis"] * 2, source=["register"] * 2,
        status=["present"] * 2, onset_date=["1969-06-01", "1960-01-01"],
    )  # fmt: skip
    applied = run({**good, "diagnoses": diagnoses}, codebook)
    assert applied.tables["diagnoses"]["onset_date"].isna().tolist() == [True, False]
    (entry,) = entries(applied, "onset_before_birth")
    assert entry["before"] == "1969-06-01"


def test_without_follow_up_an_onset_is_held_against_the_age_at_the_visit_but_not_in_a_register(
    good: Tables, codebook: Codebook
) -> None:
    alone = {**good, "follow_up": good["follow_up"].iloc[:0]}
    applied = run(alone, codebook)
    assert [e["participant_id"] for e in entries(applied, "onset_after_last_observed")] == ["1", "1"]
    source = pd.Series(["register"] * 12).astype(good["diagnoses"]["source"].dtype)
    registered = {**alone, "diagnoses": good["diagnoses"].assign(source=source)}
    assert not entries(run(registered, codebook), "onset_after_last_observed")


def test_medication_that_stops_before_it_starts_loses_both_dates(good: Tables, codebook: Codebook) -> None:
    applied = run(put(good, "medications", "stop_date", 0, pd.Timestamp("2008-01-01")), codebook)
    row = applied.tables["medications"].loc[0]
    assert row[["start_date", "stop_date"]].isna().all()
    assert row["status"] == "present"
    assert [e["column"] for e in entries(applied, "stop_before_start")] == ["start_date", "stop_date"]


ROWS = [
    ("follow_up", "exit_date", 2, pd.Timestamp("2009-01-01"), "exit_before_entry"),
    ("visits", "participant_id", 2, pd.NA, "key_missing"),
    ("labs", "analyte", 2, pd.NA, "key_missing"),
    ("labs", "analyte", 2, "ferritin", "identifier_unknown"),
    ("diagnoses", "disease", 2, "gout", "identifier_unknown"),
    ("medications", "drug", 2, "aspirin", "identifier_unknown"),
    ("diagnoses", "status", 2, "maybe", "category_unknown"),
    ("labs", "unit", 2, "mg/dL", "lab_unit"),
    ("visits", "participant_id", 2, "77", "orphan"),
]


@pytest.mark.parametrize(("table", "column", "row", "value", "rule"), ROWS)
def test_a_row_that_cannot_be_used_is_set_aside_whole(
    good: Tables, codebook: Codebook, table: str, column: str, row: int, value: Any, rule: str
) -> None:
    applied = run(put(good, table, column, row, value), codebook)
    expected = good[table].drop(index=row).reset_index(drop=True)
    assert applied.tables[table]["participant_id"].tolist() == expected["participant_id"].tolist()
    (entry,) = entries(applied, rule)
    assert (entry["action"], entry["table"], entry["column"]) == ("quarantine", table, "")
    (kept,) = applied.quarantine.to_dict("records")
    assert (kept["table"], kept["rule"], kept["column"]) == (table, rule, "")
    assert set(json.loads(kept["content"])) == set(good[table].columns)


def test_an_exact_duplicate_is_merged(good: Tables, codebook: Codebook) -> None:
    for table in good:
        applied = run(add_row(good, table, 0), codebook)
        pd.testing.assert_frame_equal(applied.tables[table], good[table])
        (entry,) = entries(applied, "duplicate_exact")
        assert (entry["action"], entry["table"], entry["participant_id"]) == ("merge", table, "1")
        assert applied.quarantine.empty


def test_rows_that_share_a_key_and_differ_are_all_set_aside_and_nothing_is_guessed(
    good: Tables, codebook: Codebook
) -> None:
    other = {"bmi_kg_m2": 23.0, "phq9_1": 3, "smoking": "current"}
    applied = run(add_row(good, "visits", 0, **other), codebook)
    assert applied.tables["visits"]["participant_id"].tolist() == ["2", "3", "4", "5", "6"]
    kept = [json.loads(text)["bmi_kg_m2"] for text in applied.quarantine["content"]]
    assert sorted(kept) == [22.5, 23.0]
    assert len(entries(applied, "duplicate_conflicting")) == 2


def test_a_form_entered_twice_with_a_slip_becomes_one_row_without_the_cell_that_differs(
    good: Tables, codebook: Codebook
) -> None:
    tables = put(good, "visits", "smoking", 0, None)
    applied = run(add_row(tables, "visits", 0, phq9_3=2, smoking="former"), codebook)
    row = applied.tables["visits"].iloc[0]
    assert len(applied.tables["visits"]) == 6
    assert pd.isna(row["phq9_3"])
    assert row["smoking"] == "former"
    assert row["bmi_kg_m2"] == 22.5
    kept = [json.loads(text) for text in applied.quarantine["content"]]
    assert sorted(line["phq9_3"] for line in kept) == [0, 2]
    actions = [e["action"] for e in entries(applied, "duplicate_near")]
    assert sorted(actions) == ["merge", "repair", "set_missing", "set_missing"]


def test_a_person_with_contradictory_rows_takes_the_rows_of_other_tables_into_quarantine(
    good: Tables, codebook: Codebook
) -> None:
    applied = run(add_row(good, "participants", 0, sex="male"), codebook)
    for frame in applied.tables.values():
        assert "1" not in set(frame["participant_id"])
    assert {e["table"] for e in entries(applied, "orphan")} == set(good) - {"participants"}


def test_present_and_absent_from_one_source_becomes_unknown(good: Tables, codebook: Codebook) -> None:
    applied = run(add_row(good, "diagnoses", 0, status="absent", onset_age_years=None), codebook)
    row = applied.tables["diagnoses"].loc[0]
    assert row["status"] == "unknown"
    assert pd.isna(row["onset_age_years"])
    assert len(applied.tables["diagnoses"]) == 12
    lines = [(e["before"], e["after"]) for e in entries(applied, "status_conflict") if e["column"] == "status"]
    assert lines == [("present", "unknown"), ("absent", "unknown")]
    kept = [json.loads(text) for text in applied.quarantine["content"]]
    assert {line.get("status") for line in kept} >= {"present", "absent"}
    assert any(line.get("onset_age_years") == 44.0 for line in kept)


def test_present_and_absent_from_two_sources_both_stay(good: Tables, codebook: Codebook) -> None:
    applied = run(add_row(good, "diagnoses", 0, status="absent", source="register", onset_age_years=None), codebook)
    assert len(applied.tables["diagnoses"]) == 13
    assert applied.ledger.entries.empty


def test_rows_that_agree_on_the_status_are_merged_and_a_differing_onset_is_set_missing(
    good: Tables, codebook: Codebook
) -> None:
    applied = run(add_row(good, "diagnoses", 0, onset_age_years=41.0), codebook)
    row = applied.tables["diagnoses"].loc[0]
    assert row["status"] == "present"
    assert pd.isna(row["onset_age_years"])
    assert [e["before"] for e in entries(applied, "detail_conflict")] == ["44.0", "41.0"]
    assert len(applied.tables["diagnoses"]) == 12


def test_a_known_status_and_a_detail_fill_what_another_row_of_the_source_leaves_open(
    good: Tables, codebook: Codebook
) -> None:
    # Row 3 says unknown; the added row of the same source says present since 50.
    applied = run(add_row(good, "diagnoses", 3, status="present", onset_age_years=50.0), codebook)
    row = applied.tables["diagnoses"].loc[3]
    assert (row["status"], row["onset_age_years"]) == ("present", 50.0)
    lines = {(e["column"], e["action"]): (e["before"], e["after"]) for e in entries(applied, "status_merge")}
    assert lines[("status", "repair")] == ("unknown", "present")
    assert lines[("onset_age_years", "repair")] == (pd.NA, "50.0") or lines[("onset_age_years", "repair")][1] == "50.0"
    assert ("", "merge") in lines


def test_rules_that_need_not_all_rows_find_the_same_in_blocks_of_people(good: Tables, codebook: Codebook) -> None:
    dirty = good
    for table, column, row, value, _, _ in CELLS[2:]:
        dirty = put(dirty, table, column, row, value)
    rules = [rule for rule in RULES if not rule.needs_all_rows]
    whole = apply_rules(dirty, codebook, rules)
    blocks = [
        apply_rules(
            {name: frame.loc[frame["participant_id"].isin(ids)] for name, frame in dirty.items()}, codebook, rules
        )
        for ids in (["1", "2", "3"], ["4", "5", "6"])
    ]
    assert len(whole.ledger.entries) > 5

    def lines(*parts: Applied) -> list[str]:
        frame = pd.concat([part.ledger.entries for part in parts])
        return sorted(frame.astype("string").fillna("").agg("|".join, axis=1))

    assert lines(whole) == lines(*blocks)


def test_the_input_is_never_modified(good: Tables, codebook: Codebook) -> None:
    dirty = add_row(put(good, "visits", "bmi_kg_m2", 0, 263.0), "diagnoses", 0, onset_age_years=41.0)
    before = {name: frame.copy(deep=True) for name, frame in dirty.items()}
    run(dirty, codebook)
    for name, frame in dirty.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_rules_are_those_of_the_codebook_in_its_order(codebook: Codebook) -> None:
    assert [rule.id for rule in RULES] == list(codebook.rules)
    for rule in RULES:
        entry = codebook.rules[rule.id]
        assert (rule.severity, rule.action, rule.needs_all_rows) == (entry.severity, entry.action, entry.needs_all_rows)
        assert rule.limits == {name: limit.value for name, limit in entry.limits.items()}
        assert all(limit.unit and limit.source for limit in entry.limits.values())
        assert entry.action in entry.actions
        assert rule.function.__doc__


def test_a_rule_without_a_function_is_no_rule(codebook: Codebook) -> None:
    extra = replace(codebook.rules["orphan"], id="orphans")
    with pytest.raises(CodebookError, match="do not agree about orphans"):
        rules_of(replace(codebook, rules={**codebook.rules, "orphans": extra}))


def test_no_reason_holds_a_value_of_a_participant(good: Tables, codebook: Codebook) -> None:
    secret = 263.987
    applied = run(put(good, "visits", "bmi_kg_m2", 0, secret), codebook)
    assert not applied.ledger.entries["reason"].str.contains("263").any()
    assert np.isclose(json.loads(applied.quarantine["content"].iloc[0])["bmi_kg_m2"], secret)
