"""The smaller commands, from outside."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pandas as pd
import pytest


def test_a_simulated_cohort_goes_the_same_way_as_a_real_one(cohort_here, tmp_path: Path) -> None:
    done = cohort_here("simulate", "no_autoimmune_effect", "--n", "300", "--seed", "4", "--out", tmp_path / "raw")
    assert done.returncode == 0, done.stderr
    done = cohort_here("clean", tmp_path / "raw" / "study.yaml", "--out", tmp_path / "clean")
    assert done.returncode == 0, done.stderr
    assert len(pd.read_parquet(tmp_path / "clean" / "person_table.parquet")) == 300
    assert "Every source row" in done.stdout
    made = json.loads((tmp_path / "raw" / "provenance.json").read_text(encoding="utf-8"))
    assert (made["scenario"], made["people"], made["seed"]) == ("no_autoimmune_effect", 300, 4)


def test_scenarios_are_told_in_words(cohort_here) -> None:
    told = cohort_here("simulate", "--list").stdout
    assert "literature_like" in told
    assert "S11" in told


def test_a_simulation_without_a_place_is_wrong_usage(cohort_here) -> None:
    assert cohort_here("simulate", "literature_like").returncode == 2


def test_check_writes_nothing_and_speaks_to_programs(cohort_here, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    study = Path(__file__).resolve().parents[2] / "synthetic_data" / "demo" / "study.yaml"
    told = json.loads(cohort_here("check", study, "--json").stdout)
    assert {claim["claim"] for claim in told["claims"] if claim["complete"]} >= {"IP-09", "IP-10", "IP-26"}
    assert list(tmp_path.iterdir()) == []


def test_the_laboratory_opens_without_asking_the_network(cohort_here, tmp_path: Path, monkeypatch) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(subprocess, "call", lambda command: calls.append(command) or 0)
    done = cohort_here("lab", "--out", tmp_path / "lab")
    assert done.returncode == 0, done.stderr
    ((*_, news, updates, extensions),) = calls
    assert (news, extensions) == ("--LabApp.news_url=None", "--LabApp.extension_manager=readonly")
    assert updates.endswith("NeverCheckForUpdate")
    assert len(list((tmp_path / "lab").glob("*.ipynb"))) == 4


def test_a_diagnosis_prints_errors_with_its_numbers(cohort_here) -> None:
    done = cohort_here("diagnose", "literature_like", "--method", "crude_odds_ratio", "--n", "1500",
                       "--replicates", "6", "--workers", "1", "--json")  # fmt: skip
    assert done.returncode == 0, done.stderr
    (method,) = json.loads(done.stdout)["methods"]
    told = {row["diagnosand"]: row for row in method["diagnosands"]}
    assert {"bias", "coverage", "power", "wrong verdicts", "not testable"} <= set(told)
    assert all(told[name]["monte_carlo_se"] >= 0 for name in ("bias", "coverage", "power"))


@pytest.mark.parametrize("command", ["run", "clean", "simulate"])
def test_a_folder_of_somebody_else_is_refused_before_any_work(cohort_here, tmp_path: Path, command: str) -> None:
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    study = Path(__file__).resolve().parents[2] / "synthetic_data" / "demo" / "study.yaml"
    done = cohort_here(command, "literature_like" if command == "simulate" else study, "--out", tmp_path)
    assert done.returncode == 1
    assert "did not make" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
