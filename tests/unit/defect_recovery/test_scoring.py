"""Scoring catches what is caught and, more to the point, what is not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from cohort.cleaning import RULES, Finding, apply_rules
from cohort.cleaning.validation import conform
from cohort.codebook import Codebook, load_codebook
from cohort.defect_recovery import OUTCOMES, by_kind, recover, simulate_pair, studies
from cohort.defect_recovery.scoring import Recovery
from cohort.defect_recovery.targets import targets_of
from cohort.intake import read_cohort
from cohort.study_file import load_study_file

SEED, PEOPLE = 7, 260
"""Not one of the seeds of the score: these were looked at while the rules were written."""


@pytest.fixture(scope="module")
def codebook() -> Codebook:
    return load_codebook()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return simulate_pair(tmp_path_factory.mktemp("pair"), SEED, people=PEOPLE)


@pytest.fixture(scope="module")
def recovery(pair: tuple[Path, Path], codebook: Codebook) -> Recovery:
    return recover(*pair, codebook)


def test_nearly_all_detectable_defects_are_caught_and_nearly_nothing_else_changes(recovery: Recovery) -> None:
    table = by_kind(recovery.planted).set_index("kind")
    whole = table.loc["all detectable kinds"]
    assert whole["planted"] > 1000
    assert whole["share"] >= 0.95
    assert whole["wrong_repair"] == 0
    assert recovery.share_changed < 0.005
    sites = ["unit_mix_up", "unreversed_items", "shifted_coding", "decimal_comma"]
    assert (table.loc[[kind for kind in sites if kind in table.index], "share"] > 0.9).all()


def test_every_defect_has_one_outcome(recovery: Recovery) -> None:
    assert set(recovery.planted["outcome"]) <= set(OUTCOMES)
    table = by_kind(recovery.planted)
    assert (table[list(OUTCOMES)].sum(axis=1) == table["planted"]).all()
    assert table["low"].between(0, table["share"]).all()


@pytest.mark.slow
def test_a_missing_rule_misses_its_kind_a_wrong_repair_is_a_miss_and_a_spoilt_cell_is_counted(
    pair: tuple[Path, Path], codebook: Codebook, monkeypatch: pytest.MonkeyPatch, recovery: Recovery
) -> None:
    def guess(tables: Mapping[str, pd.DataFrame], codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
        visits = tables["visits"]
        rows = visits.index[visits["bmi_kg_m2"].gt(100).to_numpy(dtype=bool, na_value=False)]
        if not len(rows):
            return []  # the clean twin
        at = visits.index[:50]
        return [
            Finding("visits", rows, "a guess", "bmi_kg_m2", pd.Series(33.3, index=rows)),
            Finding("visits", at, "a guess", "diet_quality_sd", pd.Series(0.123, index=at)),
        ]

    off = {"coding_shifted", "censored_coarse", "copy_forward", "sentinel_number"}
    wrong = replace(RULES[0], id="guess", severity="error", action="repair", function=guess)
    rules = [wrong, *(rule for rule in RULES if rule.id not in off)]
    clean = studies.clean_cohort
    monkeypatch.setattr(studies, "clean_cohort", lambda *args, **named: clean(*args, **{**named, "rules": rules}))
    worse = recover(*pair, codebook)
    share = by_kind(recovery.planted).set_index("kind")["share"]
    without = by_kind(worse.planted).set_index("kind")["share"]
    for kind in ("censored_text", "copy_forward"):
        assert without[kind] < 0.2 < share[kind]
    assert without["shifted_coding"] < share["shifted_coding"]
    bad = worse.planted.loc[worse.planted["outcome"] == "wrong_repair"]
    assert "bmi" in set(bad["column"])
    assert "impossible_value" in set(bad["kind"])
    assert worse.changed >= recovery.changed + 40


def test_the_cells_of_a_row_are_found_in_the_clean_tables(pair: tuple[Path, Path], codebook: Codebook) -> None:
    feeds = targets_of(load_study_file(pair[0] / "study.yaml", codebook), codebook)
    named = {(target.table, target.column) for target in feeds["participants", "recruited_as"]}
    assert named == {("participants", "recruitment"), ("participants", "is_screened_control")}
    assert {target.subject for target in feeds["laboratory", "drawn"]} >= {"crp", "il6", "cortisol"}
    assert [target.column for target in feeds["questionnaires", "pss4"]] == ["pss10_4"]
    assert [target.column for target in feeds["diagnoses", "thyroid_age"]] == ["onset_age_years"]
    assert [target.subject for target in feeds["visits", "ssri"]] == ["ssri"]
    assert [target.table for target in feeds["relations", "kind"]] == ["relations"]


def test_rules_that_look_at_single_people_find_the_same_in_blocks_of_people(
    pair: tuple[Path, Path], codebook: Codebook
) -> None:
    study = load_study_file(pair[0] / "study.yaml", codebook)
    raw = read_cohort(study, pair[0], codebook).tables
    tables = {name: conform(frame, name, codebook) for name, frame in raw.items()}
    rules = [rule for rule in RULES if not rule.needs_all_rows]
    people = pd.unique(pd.concat([frame["participant_id"] for frame in tables.values()]))

    def lines(some: Iterable[str]) -> list[str]:
        block = {name: frame.loc[frame["participant_id"].isin(list(some))] for name, frame in tables.items()}
        entries = apply_rules(block, codebook, rules).ledger.entries
        return entries.astype("string").fillna("").agg("|".join, axis=1).tolist()

    whole, halves = lines(people), lines(people[::2]) + lines(people[1::2])
    assert len({line.split("|")[0] for line in whole}) > 8
    assert sorted(whole) == sorted(halves)


@pytest.mark.slow
@pytest.mark.parametrize("seed", studies.SEEDS)
def test_the_score_of_the_fixed_seeds(seed: int, tmp_path: Path, codebook: Codebook) -> None:
    found = recover(*simulate_pair(tmp_path, seed), codebook)
    whole = by_kind(found.planted).iloc[-1]
    assert whole["share"] >= 0.95
    assert found.share_changed <= 0.005
