"""Tables about a study as a whole."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pandas as pd
import pytest

from cohort.report.tables import ledger_table, quarantine_table, rows_table, sources_table, truth_of, truth_table
from cohort.results import Estimate, NotTestable
from cohort.study import Study


def with_truth(study: Study) -> Study:
    truth = pd.DataFrame(
        {
            "estimand": ["average effect", "association in the population"],
            "exposure": ["x", "x"],
            "outcome": ["y", "y"],
            "measure": ["odds ratio", "odds ratio"],
            "value": [1.5, 9.0],
        }
    )
    return dataclasses.replace(study, truth=truth, synthetic=True)


def test_the_items_of_a_questionnaire_are_one_row_of_the_ledger(study: Study) -> None:
    ledger = study.ledger
    for item in range(1, 10):
        ledger = ledger.add(rule="blank", severity="info", action="flag", table="visits", column=f"phq9_{item}",
                            count=10)  # fmt: skip
    table = ledger_table(dataclasses.replace(study, ledger=ledger)).data
    assert table["values"].tolist() == [90, 3]
    assert "items of" in table.loc[0, "where"]


def test_an_empty_quarantine_says_so(study: Study) -> None:
    assert quarantine_table(study).data["reason"].tolist() == ["nothing was set aside"]


def test_rows_add_up(study: Study) -> None:
    row = rows_table(study).data.iloc[0]
    assert row["source rows"] == row[["used", "ineligible", "quarantined", "merged"]].sum() == 103


@pytest.mark.parametrize(("value", "inside"), [(1.5, "yes"), (3.0, "no")])
def test_an_interval_is_held_against_the_truth_by_intervention(study: Study, value: float, inside: str) -> None:
    found = Estimate("X", "standardised odds ratio", value, 0.1, scale="log", null=1.0)
    table = truth_table(with_truth(study), [found], exposure="x", outcome="y").data
    assert table.loc[0, "truth"] == 1.5
    assert table.loc[0, "inside"] == inside


def test_a_real_cohort_has_no_truth(study: Study) -> None:
    assert truth_of(study, exposure="x", outcome="y", measure="odds ratio") is None
    found = Estimate("X", "odds ratio", 2.0, 0.1, scale="log", null=1.0)
    table = truth_table(study, [found, NotTestable("Z", "absent")], exposure="x", outcome="y").data
    assert table["inside"].tolist() == ["no truth is known", "absent"]


def test_the_table_of_sources_tells_what_was_recognised() -> None:
    asked = {"name": "lab", "source": "lab", "format": "csv", "rows": 9, "columns": 3, "sha256": "0" * 64}
    text = {"encoding": "cp1252", "delimiter": ";", "decimal": ",", "date_order": "dmy", "sheet": None}
    inputs = [{**asked, **text, "recognised": ["encoding", "date_order"]}, asked]
    table = sources_table(SimpleNamespace(provenance={"inputs": inputs}))
    assert table.data["read as"].tolist() == [
        "encoding 'cp1252' (recognised), delimiter ';', decimal ',', date order 'dmy' (recognised)",
        "",
    ]
