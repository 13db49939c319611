"""Reasons of missing values: they and the filled ones add up, items count together, small counts stay hidden."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from cohort.codebook import load_codebook
from cohort.disclosure import Disclosure
from cohort.ledger import Ledger
from cohort.report.missing import KINDS, missing_reasons, missing_reasons_table
from cohort.study import Study


@pytest.fixture
def lacking(study: Study) -> Study:
    """Return 103 people of whom 20 have no BMI, for three reasons, and 100 CRP results with losses of their own."""
    ids = study.person_table["participant_id"]
    visits = pd.DataFrame(
        {
            "participant_id": ids,
            "visit": "t0",
            "bmi_kg_m2": [float("nan")] * 20 + [25.0] * 83,
            **{f"phq9_{item}": pd.array([pd.NA] * 3 + [1] * 100, dtype="Int64") for item in range(1, 10)},
        }
    )
    labs = pd.DataFrame({"participant_id": ids.head(90), "visit": "t0", "analyte": "crp", "value": 1.0})
    ledger = Ledger.of(
        [
            {"rule": "blank", "severity": "info", "action": "flag", "table": "visits", "column": "bmi_kg_m2",
             "count": 8},
            {"rule": "declared_missing", "severity": "info", "action": "set_missing", "table": "visits",
             "column": "bmi_kg_m2", "reason": "refused", "count": 6},
            {"rule": "declared_missing", "severity": "info", "action": "set_missing", "table": "visits",
             "column": "bmi_kg_m2", "reason": "not measured", "count": 1},
            {"rule": "range_hard", "severity": "error", "action": "set_missing", "table": "visits",
             "column": "bmi_kg_m2", "participant_id": ["p1", "p2"], "reason": "beyond the hard limits"},
            {"rule": "range_hard", "severity": "error", "action": "set_missing", "table": "labs", "column": "value",
             "participant_id": ["p1", "p2", "p3"], "reason": "beyond the hard limits of crp"},
            {"rule": "not_a_number", "severity": "warning", "action": "quarantine", "table": "labs", "column": "crp",
             "participant_id": ["p4"], "reason": "'crp' does not hold a result"},
            {"rule": "date_sentinel", "severity": "error", "action": "set_missing", "table": "labs", "column": "date",
             "participant_id": ["p4"], "reason": "a day that stands for an unknown one"},
        ]
    )  # fmt: skip
    tables = {"person_table": study.person_table, "visits": visits, "labs": labs}
    return replace(study, tables=tables, ledger=ledger)


def line(study: Study, variable: str) -> dict[str, object]:
    return missing_reasons(study).set_index("variable").loc[variable].to_dict()


def test_filled_values_and_reasons_add_up(lacking: Study) -> None:
    found = missing_reasons(lacking)
    assert (found["filled"] + found[list(KINDS)].sum(axis=1) == found["possible"]).all()
    bmi = line(lacking, "bmi_kg_m2")
    assert [bmi[kind] for kind in ("possible", "filled", *KINDS)] == [103, 83, 8, 7, 0, 2, 3]
    assert bmi["words"] == [("not measured", 1), ("refused", 6)]


def test_results_of_the_laboratory_are_told_by_analyte_and_their_dates_are_no_results(lacking: Study) -> None:
    crp = line(lacking, "crp")
    assert [crp[kind] for kind in ("possible", "filled", *KINDS)] == [94, 90, 0, 0, 1, 3, 0]
    assert set(missing_reasons(lacking)["variable"]) == {"bmi_kg_m2", "phq9", "crp"}


def test_items_of_a_questionnaire_count_together(lacking: Study) -> None:
    phq9 = line(lacking, "phq9")
    assert (phq9["label"], phq9["possible"], phq9["filled"]) == ("PHQ-9 items", 9 * 103, 9 * 100)


def test_small_counts_are_hidden_and_cannot_be_worked_out(lacking: Study) -> None:
    exact = replace(lacking, disclosure=Disclosure(5, 1))
    shown = missing_reasons_table(exact).data.set_index("variable").loc["Body mass index"]
    assert shown["set missing by a rule"] == "<5"
    assert "not measured <5" in shown["declared as"]
    # 7 declared missing less 6 refused would give the one away.
    assert "refused 6" not in shown["declared as"] or shown["declared missing"] != "7"


def test_a_study_without_a_codebook_s_variable_has_no_line(study: Study) -> None:
    assert missing_reasons(study).empty
    assert load_codebook().tables
