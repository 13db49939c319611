"""The table of traps: naive analyses err as declared, right ones find the truth."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from cohort.cli import main
from cohort.errors import CohortError
from cohort.results import Estimate, NotTestable
from cohort.synthetic.scenario import scenario_names
from cohort.traps import Trap, Truth, as_markdown, as_text, trap_table
from cohort.traps.registry import TRAPS, WITHOUT_EFFECT
from cohort.traps.text import counts


@pytest.fixture(scope="module")
def batch() -> pd.DataFrame:
    return trap_table(20_000, seed=2, scenarios=["batch_effects"])


def test_a_clinic_turns_an_odds_ratio_of_one_and_a_half_around() -> None:
    weights, population = trap_table(20_000, seed=2, scenarios=["S4"]).to_dict("records")
    assert weights["naive_upper"] < 0.4
    assert 1.4 < weights["truth"] < 1.6
    assert weights["right_lower"] < weights["truth"] < weights["right_upper"]
    assert population["right_lower"] < population["truth"] < population["right_upper"]


@pytest.mark.slow
def test_siblings_show_that_a_familial_odds_ratio_is_no_effect() -> None:
    mother, father = trap_table(120_000, seed=2, scenarios=["S16"]).to_dict("records")
    for row in (mother, father):
        assert row["truth"] == 1
        assert row["naive_lower"] > 1
        assert row["right_lower"] < 1 < row["right_upper"]
        assert row["right_estimate"] < row["naive_estimate"]


def test_plates_make_a_marker_of_depression_and_their_means_unmake_it(batch: pd.DataFrame) -> None:
    row = batch.iloc[0]
    assert row["truth"] == 0
    assert row["naive_lower"] > 0.2
    assert row["right_lower"] < 0 < row["right_upper"]
    assert bool(row["naive_misses"])
    assert bool(row["right_holds"])


def test_cytomegalovirus_shares_its_causes_with_depression() -> None:
    row = trap_table(40_000, seed=2, scenarios=["S12"]).iloc[0]
    assert row["naive_lower"] > 1.1
    assert row["truth"] == pytest.approx(1, abs=0.01)
    assert row["right_lower"] < row["truth"] < row["right_upper"]


def test_every_scenario_has_a_row_or_has_no_effect_to_estimate() -> None:
    named = [name for name, _ in TRAPS]
    assert sorted([*named, *WITHOUT_EFFECT]) == scenario_names()
    assert len(set(named)) == len(named)


def _trap(naive: float, truth: float, right: float, error: float, scale: str = "log", tolerance: float = 0.03) -> Trap:
    of = [Estimate("", "", value, error, scale=scale) for value in (naive, right)]  # type: ignore[arg-type]
    return Trap("", "", of[0], Truth(truth), "", of[1], "", tolerance=tolerance)


def test_the_pass_rule_by_hand() -> None:
    assert _trap(2.0, 1.0, 1.02, 0.001).naive_misses
    assert _trap(2.0, 1.0, 1.02, 0.001).right_holds  # off by 0.0198 on the log scale
    assert not _trap(2.0, 1.0, 1.04, 0.001).right_holds  # off by 0.0392
    assert _trap(2.0, 1.0, 1.04, 0.03).right_holds  # the interval reaches from 0.98 to 1.10
    assert not _trap(1.05, 1.0, 1.0, 0.03).naive_misses
    assert _trap(1.0, 3.0, 3.3, 0.001).right_holds  # off by 0.095, a tenth of ln 3 is 0.110
    assert not _trap(1.0, 1.5, 1.58, 0.001).right_holds  # off by 0.052, a tenth of ln 1.5 is 0.041
    assert not _trap(0.0, 0.2, 0.225, 0.001, scale="identity", tolerance=0.0).right_holds
    assert _trap(0.0, 0.2, 0.215, 0.001, scale="identity", tolerance=0.0).right_holds


def test_an_analysis_without_a_number_neither_misses_nor_holds() -> None:
    nothing = NotTestable("", "nobody")
    trap = Trap("", "", nothing, Truth(1.0), "", nothing, "")
    assert not trap.naive_misses
    assert not trap.right_holds


def test_unknown_scenarios_and_those_without_an_effect_are_told_apart() -> None:
    with pytest.raises(CohortError) as caught:
        trap_table(20_000, scenarios=["S8", "nonsense"])
    words = [str(problem) for problem in caught.value.problems]
    assert "no effect to estimate" in words[0]
    assert "no trap is called 'nonsense'" in words[1]
    with pytest.raises(CohortError, match="at least 1,000"):
        trap_table(999)


def test_readers_are_told_what_does_not_hold(batch: pd.DataFrame) -> None:
    assert "misses the truth" in as_text(batch)
    assert "| S9 |" in as_markdown(batch, n=20_000, seed=2, command="it")
    failed = batch.assign(naive_misses=False, right_holds=False)
    assert "DOES NOT HOLD the truth" in as_text(failed)
    assert "does not hold in S9" in counts(failed)
    assert "| **no** | **no** |" in as_markdown(failed, n=20_000, seed=2, command="it")


def test_the_command_prints_and_writes_the_same_numbers(batch: pd.DataFrame, tmp_path: Path) -> None:
    target = tmp_path / "traps.csv"
    arguments = ["traps", "S9", "--n", "20000", "--seed", "2", "--workers", "1", "--json", "--out", str(target)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.stdout)
    written = pd.read_csv(target)
    for column in ("naive_estimate", "truth", "right_estimate"):
        assert told[column] == pytest.approx(batch[column].iloc[0])
        assert written[column].iloc[0] == pytest.approx(batch[column].iloc[0])
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.slow
def test_the_whole_table(repository: Path) -> None:
    table = trap_table(200_000, seed=1, workers=2)
    assert set(table["scenario"]) == {name for name, _ in TRAPS}
    assert table["naive_misses"].mean() > 0.9
    assert table["right_holds"].sum() >= len(table) - 2  # intervals hold the truth in 95 of 100
    assert counts(table) in (repository / "docs" / "traps.md").read_text(encoding="utf-8")
    few = trap_table(20_000, seed=1, scenarios=["S9", "S18"], workers=2)
    pd.testing.assert_frame_equal(few, trap_table(20_000, seed=1, scenarios=["S9", "S18"]))
