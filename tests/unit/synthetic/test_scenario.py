"""Scenarios are small changes of one file, and a wrong one is refused with every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohort.errors import CohortError
from cohort.synthetic import list_scenarios, load_scenario, parse_settings, simulate

SHIPPED = {
    "total_null": "S0", "no_autoimmune_effect": "S1", "continuum_only": "S2", "bmi_confounding": "S3",
    "clinic_selection": "S4", "screened_controls": "S5", "trauma_not_at_random": "S6", "reverse_causation": "S7",
    "true_three_subgroups": "S8", "three_subgroups_near": "S8", "three_subgroups_far": "S8", "batch_effects": "S9",
    "literature_like": "S10", "seed_claims": "S11", "cytomegalovirus_confounding": "S12",
    "epstein_barr_near_constant": "S13", "stratified_gene": "S14", "serotonin_null": "S15", "prenatal_familial": "S16",
    "acute_infections": "S17", "contraceptive_artefact": "S18", "differential_self_report": "S19",
    "diabetes_mix_up": "S20", "additive_synergy": "S21", "dirty_data": "S24", "attrition": "S25",
}  # fmt: skip


def _write(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_shipped_scenario_loads_says_what_is_true_in_it_and_draws_people() -> None:
    found = list_scenarios()
    assert {scenario.name: scenario.id for scenario in found} == SHIPPED
    for scenario in found:
        assert len(scenario.title) > 20
        assert "dag.md" in scenario.source
        assert len(scenario.shows) > 20
        assert simulate(scenario, 20, 1).n == 20


def test_a_scenario_changes_what_it_says_and_nothing_else() -> None:
    default, claims = load_scenario("default"), load_scenario("seed_claims")
    for path, value in claims.changes:
        assert claims.knob(path) == value
        if path != "severity.slope.inflam":  # a cause that the default does not have
            assert default.knob(path) != value
    assert claims.added == {"severity": ("inflam",)}
    assert default.with_changes(dict(claims.changes)).knobs == claims.knobs


def test_an_analyst_can_write_her_own(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "cohort_scenario: 1\nid: mine\ntitle: More smoking\nextends: seed_claims\n"
        "change:\n  smoking:\n    intercept: 0.0\n",
    )
    scenario = load_scenario(path)
    assert scenario.name == "mine"
    assert scenario.knob("smoking.intercept") == 0.0
    assert scenario.knob("dep.odds_ratio.multiple_sclerosis") == 3.33


def test_all_mistakes_are_told_at_once_with_file_and_line(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "cohort_scenario: 1\nid: bad\ntitle: Wrong\nextends: default\nchange:\n"
        "  dep.odds_ratio.bmmi: 2\n  inflam.sd: -1\n  sex.share_female: 1.5\n  dep.odds_ratio.sex: 0\n"
        "  il6_obs.subgroup_shift: [1, 2]\n  cmv.intercept: high\n  trauma.moderate_at: 3\n",
    )
    with pytest.raises(CohortError) as caught:
        load_scenario(path)
    told = {problem.where.split(", ")[1]: problem for problem in caught.value.problems}
    assert list(told) == [f"line {line}" for line in range(6, 13)]
    assert "Did you mean 'bmi'?" in told["line 6"].fix
    assert "standard deviation" in told["line 7"].what
    assert "probability" in told["line 8"].what
    assert "not above 0" in told["line 9"].what
    assert "needs 3 numbers" in told["line 10"].what
    assert "not a number" in told["line 11"].what
    assert "list takes the place" in told["line 12"].what
    assert all(problem.where.startswith("mine.yaml, line ") for problem in caught.value.problems)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- 1\n", "is not a scenario"),
        ("cohort_scenario: 1\n\tid: x\n", "line 2: is not valid YAML"),
        ("cohort_scenario: 1\nid: x\ntitle: y\nextend: default\n", "Did you mean 'extends'"),
        ("cohort_scenario: 1\nid: x\nid: y\ntitle: z\nextends: default\n", "stands twice"),
        ("cohort_scenario: 1\nid: x\ntitle: y\n", "extends nothing"),
        ("cohort_scenario: 1\nid: x\ntitle: y\nextends: mine\n", "circle"),
        ("cohort_scenario: 1\nid: x\ntitle: y\nextends: nowhere\n", "there is no scenario 'nowhere'"),
        ("cohort_scenario: 2\nid: x\ntitle: y\nextends: default\n", "only version 1"),
        ("cohort_scenario: 1\ntitle: y\nextends: default\n", "the key 'id' is missing"),
        ("cohort_scenario: 1\nid: !!python/name:os.system x\ntitle: y\nextends: default\n", "not a number, a text"),
    ],
)
def test_a_broken_file_gives_one_clear_message(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        load_scenario(_write(tmp_path, text))


def test_a_misspelt_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(CohortError, match="Did you mean 'total_null'"):
        load_scenario("total_nul")


def test_a_scenario_may_add_a_cause_and_draws_it(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "cohort_scenario: 1\nid: mine\ntitle: Injuries inflame\nextends: default\n"
        "change:\n  cortisol.slope.accidental_injury: 5.0\n",
    )
    scenario = load_scenario(path)
    assert scenario.added == {"cortisol": ("accidental_injury",)}
    assert "dep" in scenario.descendants(["accidental_injury"])
    nodes = simulate(scenario, 20_000, 1, nodes=["cortisol", "accidental_injury", "dep"]).nodes
    hurt = nodes["accidental_injury"]
    assert nodes["cortisol"][hurt].mean() - nodes["cortisol"][~hurt].mean() == pytest.approx(5, abs=0.15)
    assert nodes["dep"][hurt].mean() > nodes["dep"][~hurt].mean()


def test_cycles_unknown_nodes_and_wrong_units_are_refused_all_at_once(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "cohort_scenario: 1\nid: bad\ntitle: Wrong\nextends: default\nchange:\n"
        "  bmi.slope.dep: 1.0\n"  # dep is an effect of bmi
        "  bmi.slope.sunshine: 1.0\n"
        "  sunshine.intercept: 1.0\n"
        "  bmi.slope.ctq_obs: 1.0\n"
        "  inflam.sd: -1\n"
        "  recruitment.share_clinic: 1.2\n"
        "  crp_obs.limit: 0.15 mmol/L\n"
        "  crp_true.intercept: 3 mg/L\n"
        "  dep.odds_ratio.sex: 2 mg/L\n"
        "  age.mean: .nan\n"
        "  cortisol.slope.severity: 0.1\n",  # closes a circle through dep
    )
    with pytest.raises(CohortError) as caught:
        load_scenario(path)
    told = {problem.where.split(", ")[1]: problem for problem in caught.value.problems}
    assert list(told) == [f"line {line}" for line in range(6, 17)]
    assert "that would be a cycle, bmi ->" in told["line 6"].what
    assert "no node 'sunshine'" in told["line 7"].what
    assert "no node 'sunshine'" in told["line 8"].what
    assert "several values per person" in told["line 9"].what
    assert "below 0" in told["line 10"].what
    assert "probability" in told["line 11"].what
    assert "'mmol/L' does not fit 'mg/L'" in told["line 12"].what
    assert "a logarithm and takes no unit" in told["line 13"].what
    assert "has no unit" in told["line 14"].what
    assert "not a finite number" in told["line 15"].what
    assert "cycle, cortisol -> dep -> severity -> cortisol" in told["line 16"].what


def test_two_additions_that_close_a_circle_together_are_refused(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        "cohort_scenario: 1\nid: bad\ntitle: Wrong\nextends: default\nchange:\n"
        "  activity.slope.diet: 0.1\n  diet.slope.activity: 0.1\n",
    )
    with pytest.raises(CohortError, match=r"line 7, .*cycle, diet -> activity -> diet"):
        load_scenario(path)


def test_a_number_may_carry_a_unit_that_is_converted() -> None:
    world = load_scenario("default").with_changes({"crp_obs.limit": "0.03 mg/dL", "age.mean": "600 months"})
    assert world.knob("crp_obs.limit") == pytest.approx(0.3)
    assert world.knob("age.mean") == pytest.approx(50, rel=1e-3)


def test_settings_of_the_command_line_are_read_as_yaml_and_refused_together() -> None:
    assert parse_settings(["a.b=1", "c = [1, 2]"]) == {"a.b": 1, "c": [1, 2]}
    with pytest.raises(CohortError) as caught:
        parse_settings(["a.b", "=1", "c=", "d=[1"])
    assert len(caught.value.problems) == 4


def test_a_scenario_plants_defects_of_its_own_and_a_wrong_kind_is_refused_with_its_line(tmp_path: Path) -> None:
    head = "cohort_scenario: 1\nid: mine\ntitle: Dirty\nextends: default\n"
    plan = load_scenario(_write(tmp_path, f"{head}defects: {{sentinel: 0.5}}\n")).defect_plan()
    assert plan.rates["sentinel"] == 0.5
    assert plan.rates["whitespace"] == 0
    assert load_scenario("literature_like").defect_plan().rates["sentinel"] == 0
    assert load_scenario("dirty_data").defect_plan().rates["duplicate_id_conflict"] > 0
    path = _write(tmp_path, f"{head}defects:\n  kinds: some\n  sentinl: 0.5\n  whitespace: 3\n")
    with pytest.raises(CohortError) as caught:
        load_scenario(path)
    told = {problem.where.split(", ")[1]: problem for problem in caught.value.problems}
    assert list(told) == ["line 6", "line 7", "line 8"]
    assert "'some' is not a set of kinds" in told["line 6"].what
    assert "sentinel" in told["line 7"].fix
