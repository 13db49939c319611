"""The cleaning report: what it says is computed, protected, and the same bytes each time."""

from __future__ import annotations

import hashlib
import html.parser
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cohort.cleaning import Flow
from cohort.cleaning.flow import FlowStep
from cohort.ledger import Ledger
from cohort.report.cleaning_report import write_cleaning_report
from cohort.report.cleaning_summary import plain_words
from cohort.report.cleaning_tables import changed_rules, first_look, quarantine_by_rule_table, rules_done_table
from cohort.study import Study, open_study
from cohort.synthetic import load_scenario, write_cohort

CHANGED = "visit_order is turned off by the study"
FORM = "a.csv: dates day first"
STUDY = """cohort_study: 1
name: tiny
title: A tiny cohort
synthetic: true
id: pid
files: {people: {path: people.csv}}
variables:
  sex: {file: people, column: sex, codes: {1: male, 2: female}}
  age_years: {file: people, column: age, unit: year}
labs:
  crp: {file: people, column: crp, unit: mg/dL, limit: 0.02}
"""


@pytest.fixture
def cleaned(study: Study) -> Study:
    """Return a small real study in which rules found something."""
    bmi = {"table": "visits", "column": "bmi_kg_m2"}
    ledger = Ledger.of(
        [
            {"rule": "blank", "severity": "info", "action": "flag", **bmi, "count": 40},
            {"rule": "rule_changed", "severity": "info", "action": "map", "table": "", "reason": CHANGED},
            {"rule": "text_form", "severity": "info", "action": "flag", "table": "", "reason": FORM, "count": 900},
            {
                "rule": "range_plausible",
                "severity": "warning",
                "action": "flag",
                "table": "labs",
                "column": "value",
                "participant_id": [f"p{i}" for i in range(30)],
                "before": "99.125",
                "reason": "beyond the plausible limits of crp",
            },
            {
                "rule": "range_hard",
                "severity": "error",
                "action": "set_missing",
                **bmi,
                "participant_id": ["p1", "p2", "p3"],
                "before": "263.5",
                "reason": "beyond the hard limits",
            },
        ]
    )
    quarantine = pd.DataFrame(
        {
            "file": ["a", "a", pd.NA],
            "table": [pd.NA, pd.NA, "visits"],
            "column": [pd.NA, pd.NA, "bmi_kg_m2"],
            "participant_id": ["p1", "p2", "p1"],
            "rule": ["not_a_number", "not_a_number", "range_hard"],
            "reason": ["'crp' does not hold a result", "'crp' does not hold a result", "beyond the hard limits"],
            "content": ['{"crp": "=cmd"}', '{"crp": "?"}', '{"bmi_kg_m2": 263.5}'],
        }
    ).astype("string")
    rows = pd.DataFrame(
        [["a", "a", "used", "", 98], ["a", "a", "merged", "an exact copy", 9]],
        columns=["file", "source", "status", "reason", "rows"],
    )
    flow = Flow((FlowStep("People in the source files", 103, 0, ""), FlowStep("Eligible", 103, 0, "")), ())
    return replace(study, ledger=ledger, quarantine=quarantine, rows=rows, flow=flow)


class _Links(html.parser.HTMLParser):
    """Collect what a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_needs_nothing_from_elsewhere_and_tells_no_value_of_a_person(cleaned: Study, tmp_path: Path) -> None:
    (tmp_path / "quarantine").mkdir()
    page = write_cleaning_report(tmp_path, cleaned)
    text = page.read_text(encoding="utf-8")
    links = _Links()
    links.feed(text)
    outside = [link for link in links.found if not link.startswith(("data:", "#"))]
    assert outside
    assert all((tmp_path / link).is_file() for link in outside)
    for secret in ("263.5", "99.125", "=cmd", str(tmp_path)):
        assert secret not in text
    for heading in ("In plain words", "What to look at first", "What became of every row", "Questionnaires", "Privacy"):
        assert heading in text
    assert CHANGED in text
    assert FORM in text


def test_ledger_and_quarantine_are_written_for_a_spreadsheet_without_formulas(cleaned: Study, tmp_path: Path) -> None:
    (tmp_path / "quarantine").mkdir()
    write_cleaning_report(tmp_path, cleaned)
    assert len(pd.read_csv(tmp_path / "ledger.csv")) == len(cleaned.ledger.entries)
    assert len(pd.read_csv(tmp_path / "quarantine" / "quarantine.csv")) == 3


def test_the_summary_is_made_of_protected_numbers(cleaned: Study) -> None:
    told = " ".join(plain_words(cleaned))
    assert "105 rows of one source file were read, and each is accounted for" in told
    assert "<5 set missing by a rule" not in told or "altered" in told
    assert "1 rule found what cannot be true; 1 rule found what is doubtful." in told
    assert "The study changed 1 rule" in told
    assert changed_rules(cleaned.ledger) == [CHANGED]


def test_errors_come_first_and_then_doubts_by_their_number(cleaned: Study) -> None:
    looked = first_look(cleaned)
    assert looked["rule"].tolist() == ["range_hard", "range_plausible"]
    assert looked["where"].tolist() == ["visits: bmi_kg_m2", "labs: crp"]
    assert rules_done_table(cleaned).data["rule"].tolist() == ["range_hard", "range_plausible"]
    assert rules_done_table(cleaned).data["what it finds and does"].str.len().min() > 20


def test_the_quarantine_is_told_by_rule_with_place_and_reason(cleaned: Study) -> None:
    data = quarantine_by_rule_table(cleaned).data
    assert data["rule"].tolist() == ["not_a_number", "range_hard"]
    assert data["where"].tolist() == ["file a", "visits: bmi_kg_m2"]
    assert data["entries"].tolist() == [2, 1]


def test_a_study_in_which_nothing_was_found_says_so(study: Study, tmp_path: Path) -> None:
    quiet = replace(study, ledger=Ledger.empty())
    (tmp_path / "quarantine").mkdir()
    text = write_cleaning_report(tmp_path, quiet).read_text(encoding="utf-8")
    for sentence in ("No rule found an error or a doubt.", "nothing was set aside", "No unit was converted."):
        assert sentence in text


def _hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _cleaned_twice(study_file: Path, folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    found = []
    for name in ("one", "another place"):
        (folder / name).mkdir()
        study = open_study(study_file)
        study.write_into(folder / name)
        write_cleaning_report(folder / name, study)
        found.append(_hashes(folder / name))
    return found[0], found[1]


def test_cleaning_twice_gives_the_same_bytes_in_every_file(tmp_path: Path) -> None:
    rows = [f"{i},{1 + i % 2},{20 + i % 60 if i else 263},{'<0.02' if i % 7 == 0 else 0.1 * i}" for i in range(80)]
    (tmp_path / "people.csv").write_text("\n".join(["pid,sex,age,crp", *rows, rows[5]]) + "\n", encoding="utf-8")
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    first, second = _cleaned_twice(tmp_path / "study.yaml", tmp_path)
    assert first == second
    assert {Path(name).suffix for name in first} == {".parquet", ".json", ".html", ".svg", ".png", ".csv"}


@pytest.mark.slow
def test_cleaning_a_dirty_cohort_twice_gives_the_same_bytes_in_every_file(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    write_cohort(load_scenario("dirty_data"), 1000, 3, tmp_path / "raw", with_truth=False)
    first, second = _cleaned_twice(tmp_path / "raw" / "study.yaml", tmp_path)
    assert first == second
