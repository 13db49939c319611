"""Scenarios are small changes of one file, and a wrong one is refused with every mistake at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from cohort.errors import CohortError
from cohort.synthetic import list_scenarios, load_scenario, simulate

SHIPPED = {
    "total_null": "S0", "no_autoimmune_effect": "S1", "continuum_only": "S2", "true_three_subgroups": "S8",
    "literature_like": "S10", "seed_claims": "S11",
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
        assert simulate(scenario, 20, 1).n == 20


def test_a_scenario_changes_what_it_says_and_nothing_else() -> None:
    default, claims = load_scenario("default"), load_scenario("seed_claims")
    for path, value in claims.changes:
        assert claims.knob(path) == value != default.knob(path)
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
    assert scenario.knob("dep.odds_ratio.multiple_sclerosis") == 3.42


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
    assert "Did you mean 'dep.odds_ratio.bmi'?" in told["line 6"].fix
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
