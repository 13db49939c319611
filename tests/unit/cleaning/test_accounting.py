"""Nothing is lost: rows of source files, and rows of tables."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohort.cleaning import RULES, account_rows, apply_rules, clean_cohort, count_rows
from cohort.cleaning.validation import canonical_tables, conform
from cohort.codebook import Codebook, load_codebook
from cohort.errors import CohortError
from cohort.study_file import Eligibility

Tables = dict[str, pd.DataFrame]


@pytest.fixture
def source_rows() -> pd.DataFrame:
    """Return an account as intake gives it: two files, of six rows and seven."""
    ids = ["1", "2", "3", "4", "5", "6"]
    first = pd.DataFrame({"file": "people", "source": "a", "row": range(1, 7), "participant_id": ids})
    second = pd.DataFrame({"file": "blood", "source": "b", "row": range(1, 8), "participant_id": [*ids, "99"]})
    rows = pd.concat([first, second], ignore_index=True).assign(status="used", reason="")
    rows.loc[2, ["status", "reason"]] = ["merged", "copy of row 1"]
    rows.loc[10, ["status", "reason"]] = ["merged", "copy of row 1"]
    rows.loc[8, ["status", "reason"]] = ["quarantined", "ragged"]
    return rows.astype({"participant_id": "string", "status": "string", "reason": "string", "row": "Int64"})


def test_used_rows_become_ineligible_or_quarantined_with_their_person_and_others_keep_their_status(
    good: Tables, codebook: Codebook, source_rows: pd.DataFrame
) -> None:
    twin = good["participants"].iloc[[0]].assign(birth_year=pd.array([1971], dtype="Int64"))
    tables = {**good, "participants": pd.concat([good["participants"], twin], ignore_index=True)}
    clean = clean_cohort(tables, codebook, eligible=[Eligibility(variable="age_years", at_least=25)])
    account = account_rows(source_rows, clean)
    status = account.set_index(["file", "row"])["status"]
    assert status["people"].tolist() == ["quarantined", "used", "merged", "used", "ineligible", "used"]
    assert status["blood"].tolist() == [
        "quarantined",
        "used",
        "quarantined",
        "used",
        "merged",
        "used",
        "quarantined",
    ]
    reason = account.set_index(["file", "row"])["reason"]
    assert reason["people", 1] == "duplicate_conflicting"
    assert reason["people", 5] == "not: Age (year) at least 25"
    assert reason["people", 3] == "copy of row 1"
    assert reason["blood", 7] == "no undisputed row among the participants"
    counted = count_rows(account)
    assert (counted[["used", "ineligible", "quarantined", "merged"]].sum(axis=1) == counted["total"]).all()
    assert counted.set_index("file")["total"].to_dict() == {"blood": 7, "people": 6}


def test_accounting_does_not_modify_its_input(good: Tables, codebook: Codebook, source_rows: pd.DataFrame) -> None:
    before = source_rows.copy(deep=True)
    account_rows(source_rows, clean_cohort(good, codebook))
    pd.testing.assert_frame_equal(source_rows, before)


def test_an_account_that_does_not_add_up_is_an_error(
    good: Tables, codebook: Codebook, source_rows: pd.DataFrame
) -> None:
    clean = clean_cohort(good, codebook)
    lost = source_rows.copy()
    lost.loc[0, "status"] = "dropped"
    twice = pd.concat([source_rows, source_rows.iloc[[6]]], ignore_index=True)
    with pytest.raises(CohortError, match="file people, source a: 1 rows have no status"):
        account_rows(lost, clean)
    with pytest.raises(CohortError, match="file blood, source b: 1 rows are counted twice"):
        account_rows(twice, clean)


few = st.sampled_from(["1", "2", "3", None])
rows_of = {
    "participants": st.tuples(few, st.sampled_from(["female", "male"])),
    "visits": st.tuples(few, st.sampled_from(["t0", "t1"]), st.sampled_from([22.0, 900.0, None])),
    "diagnoses": st.tuples(
        few, st.sampled_from(["psoriasis", "gout"]), st.sampled_from(["present", "absent", "unknown", "maybe"]),
        st.sampled_from([20.0, 300.0, None]),
    ),
}  # fmt: skip
columns_of = {
    "participants": ["participant_id", "sex"],
    "visits": ["participant_id", "visit", "bmi_kg_m2"],
    "diagnoses": ["participant_id", "disease", "status", "onset_age_years"],
}


@st.composite
def cohorts(draw: st.DrawFn) -> Tables:
    tables = {}
    for name, row in rows_of.items():
        frame = pd.DataFrame(draw(st.lists(row, max_size=7)), columns=columns_of[name])
        numbers = {"bmi_kg_m2", "onset_age_years"} & set(frame.columns)
        frame = frame.astype({column: "float64" if column in numbers else "string" for column in frame})
        tables[name] = frame.assign(source=pd.array(["register"] * len(frame), dtype="string")) if (
            name == "diagnoses") else frame  # fmt: skip
    return tables


def canonical(tables: Tables, codebook: Codebook) -> Tables:
    names = canonical_tables(codebook)
    return {name: conform(tables.get(name, pd.DataFrame()), name, codebook) for name in names}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cohorts())
def test_of_any_table_every_row_is_kept_quarantined_or_merged_and_the_input_stays(tables: Tables) -> None:
    codebook = load_codebook()
    raw = canonical(tables, codebook)
    before = {name: frame.copy(deep=True) for name, frame in raw.items()}
    applied = apply_rules(raw, codebook, RULES)
    ledger, aside = applied.ledger.entries, applied.quarantine
    for name, frame in raw.items():
        whole = (aside["table"] == name) & (aside["column"] == "")
        merged = (ledger["table"] == name) & (ledger["action"] == "merge")
        assert len(frame) == len(applied.tables[name]) + int(whole.sum()) + int(merged.sum())
        pd.testing.assert_frame_equal(frame, before[name])


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cohorts())
def test_any_table_gives_a_person_table_of_its_participants_and_cleaning_it_again_changes_nothing(
    tables: Tables,
) -> None:
    codebook = load_codebook()
    clean = clean_cohort(tables, codebook)
    assert set(clean.tables["person_table"]["participant_id"]) == set(clean.tables["participants"]["participant_id"])
    once = canonical(clean.tables, codebook)
    again = apply_rules(once, codebook, RULES)
    assert set(again.ledger.entries["action"]) <= {"flag"}
    for name, frame in once.items():
        pd.testing.assert_frame_equal(again.tables[name], frame)
