"""The way through cleaning: structure in, guarantee out, ledger continued, input untouched."""

from __future__ import annotations

import dataclasses
from typing import Any

import pandas as pd
import pytest

from cohort.cleaning import RULES, CleanCohort, Finding, Rule, clean_cohort
from cohort.cleaning.validation import check_output, conform
from cohort.codebook import Codebook
from cohort.errors import CohortError, InputDataError
from cohort.ledger import Ledger

Tables = dict[str, pd.DataFrame]


def changes(clean: CleanCohort) -> list[str]:
    """Return the rules in the ledger, without the note on who is not at risk."""
    return [rule for rule in clean.ledger.entries["rule"] if rule != "not_at_risk"]


def test_the_structure_is_checked_and_every_problem_told_at_once_without_values(
    good: Tables, codebook: Codebook
) -> None:
    broken = {
        **good,
        "visits": good["visits"].drop(columns="visit").assign(bmi_kg_m2="heavy-secret", shoe_size=43),
        "labs": good["labs"].assign(analyte=range(6)),
        "wearables": pd.DataFrame({"participant_id": ["1"]}),
    }
    with pytest.raises(InputDataError) as caught:
        clean_cohort(broken, codebook)
    text = str(caught.value)
    assert "table wearables: is not a canonical table" in text
    assert "table visits: the codebook has no column 'shoe_size'" in text
    assert "table visits: lacks the column 'visit'" in text
    assert "table visits, column bmi_kg_m2: does not hold numbers" in text
    assert "table labs, column analyte: does not hold text" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("table", "column", "values"),
    [
        ("visits", "visit_date", ["2010-07-01"] * 6),
        ("visits", "is_pregnant", [1.0, 0.0] * 3),
        ("visits", "age_years", [True, False] * 3),
        ("participants", "participant_id", [1, 2, 3, 4, 5, 6]),
    ],
)
def test_a_column_of_another_kind_is_refused(
    good: Tables, codebook: Codebook, table: str, column: str, values: list[Any]
) -> None:
    frame = good[table].assign(**{column: values})
    with pytest.raises(InputDataError, match=f"table {table}, column {column}: does not hold"):
        clean_cohort({**good, table: frame}, codebook)


def test_a_column_without_any_value_is_welcome_in_any_dtype(good: Tables, codebook: Codebook) -> None:
    visits = good["visits"].assign(bmi_kg_m2=None, smoking=float("nan"))
    table = clean_cohort({**good, "visits": visits}, codebook).tables["person_table"]
    assert table[["bmi_kg_m2", "smoking"]].isna().all(axis=None)


def test_tables_without_rows_or_absent_come_back_with_their_keys(good: Tables, codebook: Codebook) -> None:
    clean = clean_cohort({"participants": good["participants"], "labs": good["labs"].iloc[:0]}, codebook).tables
    for name in ("follow_up", "relations", "visits", "labs", "diagnoses", "medications", "visit_table", "risk_table"):
        assert clean[name].empty
        assert set(codebook.primary_keys[name]) <= set(clean[name].columns)


def test_a_cohort_without_anybody_is_cleaned_too(codebook: Codebook) -> None:
    clean = clean_cohort({}, codebook)
    assert clean.tables["person_table"].empty
    assert clean.flow.steps[0].n == 0


def test_plain_dtypes_of_other_readers_become_canonical(good: Tables, codebook: Codebook) -> None:
    visits = good["visits"].assign(
        smoking=good["visits"]["smoking"].astype("object"),
        phq9_1=good["visits"]["phq9_1"].astype("int64"),
        phq9_2=good["visits"]["phq9_2"].astype("float64"),
        is_hormonal_contraceptive_user=good["visits"]["is_hormonal_contraceptive_user"].astype("bool"),
    )
    clean = clean_cohort({**good, "visits": visits}, codebook)
    expected = clean_cohort(good, codebook)
    assert not changes(clean)
    for name, frame in clean.tables.items():
        pd.testing.assert_frame_equal(frame, expected.tables[name])


def test_the_ledger_of_intake_is_continued(good: Tables, codebook: Codebook) -> None:
    before = Ledger.empty().add(rule="unit", severity="info", action="map", table="labs", column="value", count=6)
    visits = good["visits"].assign(bmi_kg_m2=900.0)
    entries = clean_cohort({**good, "visits": visits}, codebook, ledger=before).ledger.entries
    assert entries["rule"].tolist()[:7] == ["unit"] + ["range_hard"] * 6
    assert len(before.entries) == 1


def test_neither_tables_nor_dtypes_of_the_input_are_modified(good: Tables, codebook: Codebook) -> None:
    dirty = {**good, "visits": good["visits"].assign(bmi_kg_m2=900.0, smoking="sometimes")}
    before = {name: frame.copy(deep=True) for name, frame in dirty.items()}
    clean_cohort(dirty, codebook)
    for name, frame in dirty.items():
        pd.testing.assert_frame_equal(frame, before[name])


def test_the_same_input_gives_the_same_output(good: Tables, codebook: Codebook) -> None:
    dirty = {**good, "visits": good["visits"].assign(bmi_kg_m2=900.0)}
    first, second = clean_cohort(dirty, codebook), clean_cohort(dirty, codebook)
    pd.testing.assert_frame_equal(first.ledger.entries, second.ledger.entries)
    pd.testing.assert_frame_equal(first.quarantine, second.quarantine)


def test_a_rule_can_be_left_out_or_given_another_limit(good: Tables, codebook: Codebook) -> None:
    visits = good["visits"].copy()
    visits.loc[0, "age_years"] = 42.5
    tables = {**good, "visits": visits}
    assert "age_against_birth_year" in set(clean_cohort(tables, codebook).ledger.entries["rule"])
    looser = [
        dataclasses.replace(rule, limits={"years": 3.0}) if rule.id == "age_against_birth_year" else rule
        for rule in RULES
    ]
    assert not changes(clean_cohort(tables, codebook, rules=looser))
    without = [rule for rule in RULES if rule.id != "age_against_birth_year"]
    assert not changes(clean_cohort(tables, codebook, rules=without))


def test_a_rule_that_leaves_a_clean_table_broken_is_caught_at_the_end(good: Tables, codebook: Codebook) -> None:
    def heavier(tables: Any, codebook: Any, limits: Any) -> list[Finding]:
        rows = tables["visits"].index[:1]
        return [Finding("visits", rows, "a wrong repair", "bmi_kg_m2", pd.Series([5000.0], index=rows))]

    wrong = Rule("wrong", "error", "repair", "visits", "Repairs wrongly.", heavier)
    with pytest.raises(CohortError, match="table visits, column bmi_kg_m2: breaks the check in_range"):
        clean_cohort(good, codebook, rules=[*RULES, wrong])


@pytest.mark.parametrize("rule", ["duplicate_exact", "category_unknown", "range_hard", "not_whole", "key_missing"])
def test_the_guarantee_at_the_end_stands_without_the_rule_that_should_keep_it(
    good: Tables, codebook: Codebook, rule: str
) -> None:
    visits = good["visits"].assign(smoking=good["visits"]["smoking"].astype("string")).astype({"phq9_1": "float64"})
    visits.loc[0, ["smoking", "bmi_kg_m2", "phq9_1"]] = ["sometimes", 900.0, 1.5]
    visits = pd.concat([visits, visits.iloc[[1]], visits.iloc[[2]].assign(visit=pd.NA)], ignore_index=True)
    tables = {**good, "visits": visits}
    clean_cohort(tables, codebook)
    kept_out = {rule, "duplicate_near", "duplicate_conflicting"} if rule == "duplicate_exact" else {rule}
    with pytest.raises(CohortError, match="table visits"):
        clean_cohort(tables, codebook, rules=[r for r in RULES if r.id not in kept_out])


def test_output_that_breaks_the_codebook_is_named_without_values(good: Tables, codebook: Codebook) -> None:
    people = conform(good["participants"], "participants", codebook)
    twice = pd.concat([people, people.iloc[[0]]], ignore_index=True)
    with pytest.raises(CohortError, match="table participants: has several rows with one key"):
        check_output({"participants": twice}, codebook)
