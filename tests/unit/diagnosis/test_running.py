"""Replicates: the same numbers on one worker or two, killed or not, alone or beside other methods."""

from __future__ import annotations

import dataclasses
import math
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from cohort.diagnosis import METHODS, Setting, diagnose, draw, setting_of
from cohort.diagnosis.running import row_of
from cohort.errors import CohortError
from cohort.results import Estimate
from cohort.synthetic import load_scenario

BOTH = [("crude_odds_ratio", {}), ("standardised", {})]


def small(**changes: object) -> Setting:
    made = setting_of("no_autoimmune_effect", BOTH, people=1500, replicates=12, seed=3, truth_people=4096)
    return dataclasses.replace(made, **changes)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def whole() -> pd.DataFrame:
    return diagnose(small()).estimates


def test_workers_do_not_change_the_numbers(whole: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(diagnose(small(), workers=2).estimates, whole, check_exact=True)


def test_methods_on_the_same_cohorts_get_what_each_gets_alone(whole: pd.DataFrame) -> None:
    alone = diagnose(small(methods=small().methods[1:])).estimates
    beside = whole[whole["method"] == "standardised"].reset_index(drop=True)
    pd.testing.assert_frame_equal(alone, beside, check_exact=True)


def test_fewer_replicates_are_the_first_of_more(whole: pd.DataFrame) -> None:
    few = diagnose(small(replicates=4)).estimates
    pd.testing.assert_frame_equal(few, whole.iloc[:8], check_exact=True)


def test_another_seed_gives_other_people(whole: pd.DataFrame) -> None:
    other = diagnose(small(seed=4, replicates=2)).estimates
    assert not set(other["estimate"]) & set(whole["estimate"])


def test_a_second_run_takes_what_lies_in_the_store(
    whole: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    diagnose(small(), store=tmp_path)
    chunk = sorted(tmp_path.glob("*/chunk-*.json"))[1]
    chunk.write_text(chunk.read_text(encoding="utf-8")[:100], encoding="utf-8")  # half written
    drawn = []
    import cohort.diagnosis.running as running

    real = running.draw
    monkeypatch.setattr(running, "draw", lambda *a: drawn.append(a[3]) or real(*a))
    pd.testing.assert_frame_equal(diagnose(small(), store=tmp_path).estimates, whole, check_exact=True)
    assert drawn == list(dict.fromkeys(whole["seed"]))[5:10]  # the damaged chunk and no other
    drawn.clear()
    diagnose(small(people=1501, replicates=2), store=tmp_path)
    assert len(drawn) == 2  # other people: nothing of the first study is taken


def test_a_run_that_was_killed_goes_on_and_ends_with_the_same_numbers(tmp_path: Path) -> None:
    asked = "diagnose no_autoimmune_effect --method standardised --from complete --n 1500 --replicates 40 --seed 3"
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "cohort.cli",
        *asked.split(),
        "--workers",
        "1",
        "--truth-n",
        "4096",
    ]
    command += ["--store", str(tmp_path / "store")]
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(list((tmp_path / "store").glob("*/chunk-*"))) < 2:
        assert time.monotonic() < deadline
        assert running.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    running.kill()
    assert running.wait() in (-getattr(signal, "SIGKILL", 9), 1)
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").glob("*/chunk-*")}
    assert 2 <= len(kept) < 8
    setting = setting_of("no_autoimmune_effect", BOTH[1:], people=1500, replicates=40, seed=3, truth_people=4096)
    resumed = diagnose(setting, store=tmp_path / "store").estimates
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # nothing was drawn twice
    pd.testing.assert_frame_equal(resumed, diagnose(setting).estimates, check_exact=True)


def test_a_share_has_an_interval_and_no_verdict_and_a_share_of_discoveries_has_neither() -> None:
    share = row_of(Estimate("", "prevalence", 0.2, 0.05, bounds=(0.12, 0.31)))
    assert (share["estimate"], share["standard_error"], share["lower"], share["upper"]) == (0.2, 0.05, 0.12, 0.31)
    assert share["verdict"] is None
    assert math.isnan(share["null"])
    discoveries = row_of(Estimate("", "share of discoveries", 0.2, math.nan))
    assert discoveries["verdict"] == "supported"
    assert math.isnan(discoveries["lower"])


def test_methods_get_the_seed_of_the_people() -> None:
    sample = draw("complete", load_scenario("total_null"), 60, 7, ["has_current_depression", "family_number"])
    assert sample.seed == 7
    assert sample.table["family_number"].value_counts().unique().tolist() == [4]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"people": 10}, "at least 50 people"),
        ({"replicates": 1}, "at least 2 replicates"),
        ({"seed": -1}, "at least 0"),
        ({"methods": ()}, "no method was asked for"),
        ({"methods": (*small().methods, small().methods[0])}, "asked for twice"),
    ],
)
def test_what_cannot_be_run_is_told(changes: dict[str, object], told: str) -> None:
    with pytest.raises(CohortError, match=told):
        diagnose(small(**changes))


def test_an_unknown_scenario_method_option_value_or_source_is_told_with_those_that_exist() -> None:
    with pytest.raises(CohortError, match="no scenario"):
        setting_of("atlantis", BOTH)
    with pytest.raises(CohortError, match="There are: crude_odds_ratio, standardised"):
        setting_of("total_null", [("magic", {})])
    with pytest.raises(CohortError) as error:
        setting_of("total_null", [("standardised", {"colour": "blue", "measure": "hazard ratio"})])
    told = str(error.value)
    assert "no option 'colour'" in told
    assert "It can be: odds ratio, risk ratio, risk difference" in told
    with pytest.raises(CohortError, match="Take --from complete"):
        setting_of("screened_controls", [("same_screen", {})], source="raw")
    assert "magic" not in METHODS
