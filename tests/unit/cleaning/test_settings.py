"""What a study changes of the rules: it is done, it is told, and what it does not change stays."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cohort.cleaning import RULES, clean_cohort
from cohort.cleaning.pipeline import CleanCohort
from cohort.cleaning.settings import rules_of_study, rules_table
from cohort.codebook import Codebook
from cohort.errors import StudyFileError
from cohort.study_file.rule_settings import Range, RuleChange

Tables = dict[str, pd.DataFrame]


def clean(tables: Tables, codebook: Codebook, settings: dict[str, Any]) -> CleanCohort:
    study = rules_of_study(settings, codebook)
    return clean_cohort(tables, study.codebook, rules=study.rules, ledger=study.ledger)


def with_bmi(good: Tables, value: float) -> Tables:
    visits = good["visits"].copy()
    visits.loc[0, "bmi_kg_m2"] = value
    return {**good, "visits": visits}


def rules_in(cohort: CleanCohort) -> list[str]:
    return cohort.ledger.entries["rule"].tolist()


def test_without_settings_the_rules_are_those_of_the_codebook(codebook: Codebook) -> None:
    study = rules_of_study({}, codebook)
    assert study.rules == RULES
    assert study.codebook == codebook
    assert study.ledger.entries.empty


def test_a_rule_that_is_off_does_nothing_and_the_ledger_says_so(good: Tables, codebook: Codebook) -> None:
    tables = with_bmi(good, 70.0)
    assert "range_plausible" in rules_in(clean(tables, codebook, {}))
    cohort = clean(tables, codebook, {"range_plausible": "off"})
    assert "range_plausible" not in rules_in(cohort)
    (line,) = (e for e in cohort.ledger.entries.to_dict("records") if e["rule"] == "rule_changed")
    assert (line["severity"], line["reason"]) == ("info", "range_plausible was changed by the study: turned off")


def test_another_action_is_taken(good: Tables, codebook: Codebook) -> None:
    cohort = clean(with_bmi(good, 70.0), codebook, {"range_plausible": RuleChange(action="set_missing")})
    assert pd.isna(cohort.tables["visits"].loc[0, "bmi_kg_m2"])
    assert cohort.quarantine["rule"].tolist() == ["range_plausible"]


def test_another_limit_of_a_rule_counts(good: Tables, codebook: Codebook) -> None:
    visits = good["visits"].copy()
    visits.loc[0, "age_years"] = 42.5
    tables = {**good, "visits": visits}
    assert "age_against_birth_year" in rules_in(clean(tables, codebook, {}))
    changed = {"age_against_birth_year": RuleChange(limits={"years": 3})}
    assert "age_against_birth_year" not in rules_in(clean(tables, codebook, changed))


def test_other_hard_limits_of_a_variable_count_in_every_table(good: Tables, codebook: Codebook) -> None:
    narrower = {"range_hard": RuleChange(variables={"bmi_kg_m2": Range(maximum=60)})}
    assert pd.isna(clean(with_bmi(good, 70.0), codebook, narrower).tables["visits"].loc[0, "bmi_kg_m2"])
    wider = {"range_hard": RuleChange(variables={"bmi_kg_m2": Range(minimum=5, maximum=150)})}
    cohort = clean(with_bmi(good, 120.0), codebook, wider)  # the guarantee at the end knows the wider limits too
    assert cohort.tables["person_table"].loc[0, "bmi_kg_m2"] == 120.0


def test_other_limits_of_an_analyte_count(good: Tables, codebook: Codebook) -> None:
    labs = good["labs"].copy()
    labs.loc[1, "value"] = 600.0
    wider = {"range_hard": RuleChange(analytes={"crp": Range(maximum=1000)})}
    cohort = clean({**good, "labs": labs}, codebook, wider)
    assert cohort.tables["person_table"].set_index("participant_id").loc["2", "crp_mg_l"] == 600.0
    soft = {"range_plausible": RuleChange(analytes={"crp": Range(maximum=2)})}
    lines = clean(good, codebook, soft).ledger.entries
    assert (lines["rule"] == "range_plausible").sum() == 3


def test_limits_between_which_nothing_lies_are_refused(codebook: Codebook) -> None:
    with pytest.raises(StudyFileError, match=r"rules.range_hard.variables.bmi_kg_m2: no value lies between"):
        rules_of_study({"range_hard": RuleChange(variables={"bmi_kg_m2": Range(minimum=200)})}, codebook)


def test_the_table_of_rules_says_what_is_in_force_and_what_was_changed(codebook: Codebook) -> None:
    table = rules_table(
        {
            "visit_order": "off",
            "lab_before_entry": RuleChange(action="set_missing", limits={"days": 30}),
            "range_hard": RuleChange(analytes={"crp": Range(maximum=400)}),
        }
    ).set_index("rule")
    assert list(table.index) == list(codebook.rules)
    assert table.loc["visit_order", ["action", "changed"]].tolist() == ["off", "turned off"]
    assert table.loc["lab_before_entry", "limits"] == "days 30 day"
    assert table.loc["lab_before_entry", "changed"] == "action set_missing in place of flag; days 30 in place of 90"
    assert table.loc["range_hard", "changed"] == "crp at most 400"
    assert table["is_changed"].sum() == 3
    assert (table.loc[~table["is_changed"], "changed"] == "").all()
