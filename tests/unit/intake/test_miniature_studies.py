"""Six miniature studies, each in the form of a real kind of source, give the tables that were worked out by hand."""

from __future__ import annotations

import functools
from pathlib import Path

import pandas as pd
import pytest

from cohort.codebook import load_codebook
from cohort.intake import RawCohort, read_cohort
from cohort.study_file import load_study_file

STUDIES = Path(__file__).resolve().parents[2] / "fixtures" / "studies"
NAMES = sorted(path.parent.name for path in STUDIES.glob("*/study.yaml"))


@functools.cache
def read(name: str) -> RawCohort:
    """Return the raw cohort of a miniature study."""
    codebook = load_codebook()
    study = load_study_file(STUDIES / name / "study.yaml", codebook)
    return read_cohort(study, STUDIES / name, codebook)


def as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table as the text that a person would write, blank for missing."""

    def cell(value: object) -> str:
        if pd.isna(value):
            return ""
        if isinstance(value, pd.Timestamp):
            return value.date().isoformat()
        return f"{value:.8g}" if isinstance(value, float) else str(value)

    return pd.DataFrame({column: [cell(value) for value in table[column]] for column in table}, dtype="str")


def test_there_are_six_miniature_studies() -> None:
    assert len(NAMES) == 6


@pytest.mark.parametrize("name", NAMES)
def test_a_miniature_study_gives_the_tables_worked_out_by_hand(name: str) -> None:
    raw = read(name)
    expected = sorted((STUDIES / name / "expected").glob("*.csv"))
    assert len(expected) >= 2
    for path in expected:
        wanted = pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8")
        pd.testing.assert_frame_equal(as_text(raw.tables[path.stem]), wanted, obj=f"{name}/{path.stem}")


@pytest.mark.parametrize("name", NAMES)
def test_a_table_has_only_columns_of_the_codebook_in_canonical_types(name: str) -> None:
    codebook = load_codebook()
    raw = read(name)
    assert set(raw.tables) == {"participants", "follow_up", "relations", "visits", "labs", "diagnoses", "medications"}
    for table, frame in raw.tables.items():
        for column in frame:
            variable = codebook.tables[table][column]
            # Intake may keep the texts of a column once, as a category; cleaning writes them out.
            allowed = {variable.dtype, "category"} if variable.type == "string" else {variable.dtype}
            assert frame[column].dtype.name in allowed, (table, column)
        key = list(codebook.primary_keys[table])
        assert not frame.duplicated([column for column in key if column in frame]).any(), table


@pytest.mark.parametrize("name", NAMES)
def test_every_source_row_is_accounted_for_once(name: str) -> None:
    raw = read(name)
    counted = raw.rows.groupby(["file", "source"]).size()
    read_rows = {(file.name, file.source): file.rows for file in raw.sources if file.format != "description"}
    assert counted.to_dict() == read_rows
    assert not raw.rows.duplicated(["file", "source", "row"]).any()
    assert set(raw.rows["status"]) <= {"used", "ineligible", "quarantined", "merged"}
    assert raw.rows.loc[raw.rows["status"] != "used", "reason"].ne("").all()
    whole = raw.quarantine[raw.quarantine["rule"].isin(["ragged_row", "missing_id"])]
    assert len(whole) == (raw.rows["status"] == "quarantined").sum()


def test_stacked_cycles_keep_their_units_limits_and_strata_apart() -> None:
    raw = read("nhanes_cycles")
    conversions = raw.ledger.entries.query("rule == 'unit_conversion'")
    assert conversions[["before", "after", "count"]].to_numpy().tolist() == [["mg/dL", "mg/L", 2]]
    # The two codes 9 and 0 of the smoking question, and the combination "never, but quit", have reasons of their own.
    smoking = raw.ledger.entries.query("column == 'smoking'")
    assert dict(zip(smoking["reason"], smoking["count"], strict=True)) == {"do not know": 1, "no case matches": 1}


def test_register_rows_of_strangers_and_of_other_diseases_are_ineligible() -> None:
    rows = read("register_extract").rows.query("file == 'contacts'")
    assert rows.groupby("status").size().to_dict() == {"ineligible": 3, "merged": 1, "used": 5}
    assert rows.loc[rows["participant_id"] == "999", "reason"].tolist() == ["the person is not in the cohort"]


def test_dates_that_no_calendar_has_are_quarantined_with_their_text() -> None:
    quarantine = read("register_extract").quarantine
    assert quarantine["rule"].tolist() == ["not_a_date", "not_a_date"]
    assert quarantine["content"].tolist() == ['{"inn": "31.02.2008"}', '{"innlagt": "40.13.2011"}']


def test_delimiter_and_decimal_are_recognised_and_reported() -> None:
    raw = read("register_extract")
    people = next(source for source in raw.sources if source.name == "people")
    assert (people.delimiter, people.decimal, people.encoding) == (";", ",", "utf-8")
    reasons = raw.ledger.entries.query("rule == 'text_form' and file == 'people'")["reason"].tolist()
    assert reasons == ["people.csv: delimiter semicolon, decimal comma recognised, not declared"]


def test_missing_codes_of_the_spss_file_itself_are_counted_with_their_labels() -> None:
    entries = read("spss_waves").ledger.entries.query("rule == 'declared_missing'")
    found = {(row.column, row.before): row.reason for row in entries.itertuples()}
    assert found[("sex", "9")] == "onbekend"
    assert found[("smoking", "9")] == "geen antwoord"
    assert found[("bmi_kg_m2", "999")] == "not measured"


def test_a_wave_without_any_answer_makes_no_visit() -> None:
    visits = read("spss_waves").tables["visits"]
    assert not ((visits["participant_id"] == "1004") & (visits["visit"] == "t1")).any()


def test_rows_of_a_long_table_are_quarantined_merged_or_not_kept_each_with_a_reason() -> None:
    raw = read("long_laboratory")
    rows = raw.rows.query("file == 'lab'").set_index("row")
    assert rows.loc[[1, 5, 7, 12, 13], "status"].tolist() == [
        "ineligible", "ineligible", "merged", "quarantined", "quarantined",
    ]  # fmt: skip
    assert rows.loc[1, "reason"] == "another row of the same person was kept"
    cells = raw.quarantine.set_index("row")
    assert cells.loc[[8, 9, 11, 12, 13], "rule"].tolist() == [
        "not_a_time", "unknown_unit", "not_a_number", "missing_id", "ragged_row",
    ]  # fmt: skip
    assert cells.loc[9, "content"] == '{"result": "7.7", "unit": "parsec"}'


def test_hashes_tell_which_bytes_were_read() -> None:
    sources = read("bids_study").sources
    assert {source.path for source in sources} >= {"dataset/participants.tsv", "dataset/phenotype/blood.json"}
    assert all(len(source.sha256) == 64 for source in sources)
