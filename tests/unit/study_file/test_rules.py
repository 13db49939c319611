"""``rules:`` of a study file: what may be changed, and every mistake with its line and the nearest name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cohort.codebook import Codebook
from cohort.errors import Problem
from cohort.study_file import load_study_file
from cohort.study_file.rule_settings import RuleChange

START = "cohort_study: 1\nname: x\ntitle: X\nid: id\nfiles: {a: {path: a.csv}}\nrules:\n"


@pytest.mark.parametrize("word", ["off", "'off'", "false"])
def test_a_rule_is_turned_off_in_any_spelling_that_yaml_makes_of_it(
    tmp_path: Path, codebook: Codebook, word: str
) -> None:
    (tmp_path / "study.yaml").write_text(f"{START}  copy_forward: {word}\n", encoding="utf-8")
    assert load_study_file(tmp_path / "study.yaml", codebook).rules == {"copy_forward": "off"}


def test_action_limits_and_ranges_are_taken_over(tmp_path: Path, codebook: Codebook) -> None:
    text = "  age_against_birth_year: {action: set_missing, limits: {years: 3}}\n"
    text += "  range_hard: {variables: {bmi_kg_m2: {minimum: 12}}, analytes: {crp: {maximum: 400}}}\n"
    (tmp_path / "study.yaml").write_text(START + text, encoding="utf-8")
    rules = load_study_file(tmp_path / "study.yaml", codebook).rules
    change = rules["age_against_birth_year"]
    assert isinstance(change, RuleChange)
    assert (change.action, change.limits) == ("set_missing", {"years": 3})
    ranges = rules["range_hard"]
    assert isinstance(ranges, RuleChange)
    assert (ranges.variables["bmi_kg_m2"].minimum, ranges.analytes["crp"].maximum) == (12, 400)


@pytest.mark.parametrize(
    ("line", "where", "said"),
    [
        ("straight_lining: of", "straight_lining", "a rule is 'off', or a mapping of what changes. Write 'off'"),
        ("straight_lining: true", "straight_lining", "a rule is 'off', or a mapping of what changes."),
        ("unit_by_sit: off", "unit_by_sit", "unknown rule 'unit_by_sit'. Did you mean 'unit_by_site'?"),
        ("orphan: off", "orphan", "cannot be turned off: every row of a clean table belongs to a participant."),
        ("range_hard: {action: flag}", "range_hard.action", "does not allow 'flag': clean tables keep the hard limits"),
        ("visit_order: {action: repair}", "visit_order.action", "It allows 'flag' or 'set_missing'."),
        ("visit_order: {action: sett_missing}", "visit_order.action", "Did you mean 'set_missing'?"),
        ("lab_before_entry: {limits: {day: 3}}", "lab_before_entry.limits.day", "Did you mean 'days'?"),
        ("lab_before_entry: {limits: {days: -3}}", "lab_before_entry.limits.days", "the limit is below 0."),
        ("lab_before_entry: {limit: {days: 3}}", "lab_before_entry.limit", "Did you mean 'limits'?"),
        ("visit_order: {limits: {days: 3}}", "visit_order.limits.days", "The rule has no limits."),
        ("range_plausible: {limits: {bmi: 3}}", "range_plausible.limits.bmi", "It reads the limits of variables"),
        ("visit_order: {}", "visit_order", "the entry changes nothing."),
        ("visit_order:", "visit_order", "there is no value."),
        ("range_hard: {variables: {bmi: {maximum: 90}}}", "range_hard.variables.bmi", "Did you mean 'bmi_kg_m2'?"),
        ("range_hard: {variables: {sex: {maximum: 90}}}", "range_hard.variables.sex", "no such number as 'sex'"),
        ("range_hard: {analytes: {crpp: {maximum: 9}}}", "range_hard.analytes.crpp", "Did you mean 'crp'?"),
        ("crp_zero: {analytes: {crp: {maximum: 9}}}", "crp_zero.analytes", "reads no limits of variables"),
        ("range_hard: {analytes: {crp: {maximum: 1, minimum: 2}}}", "range_hard.analytes.crp", "Exchange them."),
    ],
)
def test_a_mistake_is_told_with_its_place_and_the_nearest_name(
    problems_of: Callable[[str], list[Problem]], line: str, where: str, said: str
) -> None:
    (problem,) = problems_of(f"{START}  {line}\n")
    assert problem.where == f"study.yaml, line 7, rules.{where}"
    assert said in f"{problem.what} {problem.fix}"
