"""Pass rules: what passes, what does not, and what a file of them may say."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd
import pytest

from cohort.diagnosis import DIAGNOSANDS, check, load_plan, load_rules, planned_settings
from cohort.diagnosis.rules import Limit, StudyRule
from cohort.errors import CohortError


def tidy(scale: str = "log", **values: tuple[float, float]) -> pd.DataFrame:
    names = {"type_I_error": "type I error", "not_testable": "not testable"}
    rows = [(names.get(name, name), value, error) for name, (value, error) in values.items()]
    table = pd.DataFrame(rows, columns=["diagnosand", "value", "monte_carlo_se"])
    return table.assign(study="S", method="standardised", scale=scale)


def rule(**must: object) -> StudyRule:
    names = {"type_I_error": "type I error", "not_testable": "not testable"}
    demands = {names.get(name, name): demand for name, demand in must.items()}
    method = {"method": "standardised", "part": "right", "must": demands}
    return StudyRule.model_validate({"scenario": "total_null", "why": "a test", "methods": [method]})


@pytest.mark.parametrize(
    ("coverage", "error", "passes"),
    [(0.95, 0.0, True), (0.935, 0.0, True), (0.934, 0.0, False), (0.966, 0.0, False), (0.92, 0.006, True),
     (0.92, 0.004, False), (math.nan, math.nan, False)],
)  # fmt: skip
def test_nominal_coverage(coverage: float, error: float, passes: bool) -> None:
    found = check(tidy(truth=(0, 0), coverage=(coverage, error)), "S", rule(coverage="nominal"))
    assert found["passes"].tolist() == [passes]


@pytest.mark.parametrize(
    ("bias", "truth", "scale", "passes"),
    [
        (0.029, 0.0, "log", True), (-0.029, 0.0, "log", True), (0.031, 0.0, "log", False),
        (0.1, math.log(3), "log", True), (0.12, math.log(3), "log", False),
        (0.02, 0.28, "identity", True), (0.029, 0.28, "identity", False), (math.nan, 0.0, "log", False),
    ],
)  # fmt: skip
def test_small_bias(bias: float, truth: float, scale: str, passes: bool) -> None:
    found = check(tidy(scale, truth=(truth, 0), bias=(bias, 0.01)), "S", rule(bias="small"))
    assert found["passes"].tolist() == [passes]


def test_limits_and_what_they_say() -> None:
    limit = Limit(at_least=0.1, at_most=0.3)
    assert [limit.holds(value) for value in (0.05, 0.1, 0.3, 0.31, math.nan)] == [False, True, True, False, False]
    assert limit.words == "at least 0.1 and at most 0.3"
    strict = Limit(above=0.1, below=0.3)
    assert [strict.holds(value) for value in (0.1, 0.2, 0.3)] == [False, True, False]
    found = check(tidy(truth=(0, 0), type_I_error=(0.08, 0.01)), "S", rule(type_I_error={"at_most": 0.07}))
    assert found.loc[0, "demand"] == "type I error at most 0.07"
    assert not found.loc[0, "passes"]


def test_a_diagnosand_that_was_not_found_does_not_pass() -> None:
    assert not check(tidy(truth=(0, 0)), "S", rule(not_testable={"at_most": 1.0}))["passes"].any()


def test_what_a_file_may_not_say_is_told_all_at_once(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text("cohort_pass_rules: 1\nstudies: {S0: {scenario: total_null, methods: [{method: x, part: odd}]}}\n",
                    encoding="utf-8")  # fmt: skip
    with pytest.raises(CohortError) as error:
        load_rules(path)
    told = str(error.value)
    assert "studies.S0.why" in told
    assert "studies.S0.methods.0.part" in told
    with pytest.raises(CohortError, match="is not there"):
        load_rules(tmp_path / "none.yaml")
    path.write_text("a: [", encoding="utf-8")
    with pytest.raises(CohortError, match="cannot be read as YAML"):
        load_rules(path)


def test_the_shipped_rules_name_scenarios_methods_and_diagnosands_that_exist() -> None:
    for name, study in load_rules().items():
        chosen = study.chosen()  # unknown names are refused here
        assert len({one.label for one in chosen}) == len(chosen), name
        known = set(DIAGNOSANDS) | {f"interval above {value:g}" for value in study.above}
        if study.claimed_size is not None:
            known |= {"wrong verdicts on size", f"size {study.claimed_size:g}: supported"}
        for one, method in zip(study.methods, chosen, strict=True):
            assert set(one.must) <= known, name
            assert one.part == method.method.part or (name, method.label) in RIGHT_ELSEWHERE


RIGHT_ELSEWHERE = {
    ("S19", "standardised[exposure=has_autoimmune_thyroid_disease, record=self-report]"),
    ("S3", "inflammation_adjusted[without=BMI and earlier depression]"),
    ("S6", "trauma_imputed[delta=none]"),
    ("S17", "obese_women_left_out[left_out=CRP above 10 mg/L]"),
}
"""Methods that are right but for the option or the data that a study gives them, and stand there as naive."""


def test_the_committed_plan_covers_the_scenarios_of_the_acceptance(repository: Path) -> None:
    plan = load_plan(repository / "docs" / "diagnosis" / "comorbidity.yaml")
    settings = planned_settings(plan, load_rules())
    assert {s.scenario.id for s in settings.values()} == {"S0", "S1", "S4", "S5", "S11", "S19", "S20", "S21"}
    assert all(s.replicates >= 500 for s in settings.values())
    assert len({s.seed for s in settings.values()}) == len(settings)
    parts = {s.scenario.id: {one.part for one in load_rules()[n].methods} for n, s in settings.items() if "_" not in n}
    assert all(found == {"naive", "right"} for found in parts.values())


def test_the_plan_on_adversity_covers_the_scenarios_of_its_acceptance(repository: Path) -> None:
    plan = load_plan(repository / "docs" / "diagnosis" / "adversity.yaml")
    settings, rules = planned_settings(plan, load_rules()), load_rules()
    # S21, interaction, stands in the other plan.
    assert {s.scenario.id for s in settings.values()} == {"S3", "S6", "S7", "S12", "S13", "S16", "S17", "S25"}
    assert all(s.replicates >= 500 for s in settings.values())
    assert all({one.part for one in rules[name].methods} == {"naive", "right"} for name in settings)
    assert all(one.must for name in settings for one in rules[name].methods)


def test_every_committed_plan_can_be_read(repository: Path) -> None:
    plans = sorted((repository / "docs" / "diagnosis").glob("*.yaml"))
    seeds = [s.seed for path in plans for s in planned_settings(load_plan(path), load_rules()).values()]
    assert len(set(seeds)) == len(seeds)


def test_a_plan_without_rules_or_a_study_that_it_lacks_is_told(repository: Path) -> None:
    plan = load_plan(repository / "docs" / "diagnosis" / "comorbidity.yaml")
    with pytest.raises(CohortError, match="the plan has no study 'S99'"):
        planned_settings(plan, load_rules(), ["S99"])
    with pytest.raises(CohortError, match="no pass rules for 'S0'"):
        planned_settings(plan, {})
