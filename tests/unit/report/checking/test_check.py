"""The dry run of a study: what maps and what does not, all problems at once, a stable shape for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cohort.codebook import load_codebook
from cohort.report.checking import Check, check_study, check_text
from cohort.report.checking.text import WIDTH

STUDY = """cohort_study: 1
name: tiny
title: A tiny cohort
synthetic: {synthetic}
id: pid
files: {{people: {{path: people.csv}}, blood: {{path: blood.csv}}}}
eligible:
  - {{variable: age_years, at_least: 21}}
variables:
  sex: {{file: people, column: sex, codes: {{1: male, 2: female}}, missing: {{9: refused, 8: not asked}}}}
  age_years: {{file: people, column: age, unit: year}}
instruments:
  phq9: {{file: people, items: [q1, q2, q3, q4, q5, q6, q7, q8, q9]}}
labs:
  crp: {{file: blood, column: crp, unit: mg/L, limit: 0.2}}
diagnoses:
  multiple_sclerosis: {{file: people, present: {{ms: [1]}}, absent: {{ms: [0]}}}}
  psoriasis: {{file: people, present: {{pso: [1]}}, absent: {{pso: [0]}}}}
"""


def write_study(folder: Path, *, synthetic: bool = True) -> Path:
    """Write a small study with two unmapped columns, refusals, an age that cannot be, and results below the limit."""
    rng = np.random.default_rng(2)
    n = 300
    trait = rng.normal(size=n)
    items = np.clip(np.round(1 + trait[:, None] + rng.normal(0, 0.7, (n, 9))), 0, 3).astype(int)
    heads = ["pid", "sex", "age", *(f"q{k}" for k in range(1, 10)), "ms", "pso", "bmi", "shoe_size"]
    sexes = [9 if i < 6 else 8 if i == 6 else 1 + i % 2 for i in range(n)]
    ages = [263 if i == 9 else 20 + i % 60 for i in range(n)]
    ends = [(int(i < 2), int(i % 7 == 0), 20 + i % 20, 36 + i % 9) for i in range(n)]
    rows = [[f"p{i:03}", sexes[i], ages[i], *items[i], *ends[i]] for i in range(n)]
    lines = [",".join(map(str, row)) for row in [heads, *rows]]
    (folder / "people.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    blood = [f"p{i:03},{'<0.2' if i % 9 == 0 else round(float(np.exp(0.5 * trait[i])), 2)}" for i in range(250)]
    (folder / "blood.csv").write_text("\n".join(["pid,crp", *blood, blood[4]]) + "\n", encoding="utf-8")
    path = folder / "study.yaml"
    path.write_text(STUDY.format(synthetic=str(synthetic).lower()), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def check(tmp_path_factory: pytest.TempPathFactory) -> Check:
    return check_study(write_study(tmp_path_factory.mktemp("tiny")))


@pytest.fixture(scope="module")
def told(check: Check) -> dict[str, Any]:
    return json.loads(json.dumps(check.to_dict()))


def entry(told: dict[str, Any], place: str) -> dict[str, Any]:
    return next(one for one in told["mapping"] if one["place"] == place)


def test_each_entry_tells_what_it_fills_and_why_the_rest_is_missing(told: dict[str, Any]) -> None:
    sex = entry(told, "variables.sex")
    assert (sex["file"], sex["columns"], sex["variable"]) == ("people", ["sex"], "sex")
    assert (sex["filled"], sex["possible"]) == ("293", "300")
    assert sex["missing"] == {"declared missing": "7"}
    assert sex["declared"] == {"refused": "6", "not asked": "1"}
    assert entry(told, "diagnoses.psoriasis")["declared"] == {"present": "43", "absent": "257"}
    assert entry(told, "instruments.phq9")["possible"] == str(f"{9 * 300:,}")


def test_what_is_rejected_is_told_by_column_with_rule_and_reason(told: dict[str, Any]) -> None:
    age = entry(told, "variables.age_years")
    assert [(one["rule"], one["action"], one["count"]) for one in age["touched"]] == [
        ("range_hard", "set_missing", "1")
    ]
    assert entry(told, "variables.sex")["touched"] == []


def test_columns_that_nothing_maps_are_told_with_what_they_may_be(told: dict[str, Any]) -> None:
    unmapped = {one["column"]: one for one in told["unmapped"]}
    assert list(unmapped) == ["bmi", "shoe_size"]
    assert unmapped["bmi"]["near"][0].endswith("bmi_kg_m2")
    assert unmapped["shoe_size"]["near"] == []


def test_all_claims_are_told_with_what_each_lacks(told: dict[str, Any], check: Check) -> None:
    assert len(told["claims"]) == len(load_codebook().claims) == sum(one["claims"] for one in told["families"])
    claims = {one["claim"]: one for one in told["claims"]}
    assert "smoking" in claims["IP-01"]["missing"]
    assert not claims["IP-01"]["complete"]
    assert claims["IP-12"]["too_few"] == ["has_multiple_sclerosis"]
    assert "Fewer than 5 people" in claims["IP-12"]["reason"]
    untested = [one for one in told["claims"] if one["notebook"] is None]
    assert all(one["reason"] for one in untested)
    filled = {layer.layer for layer in check.layers if layer.filled}
    assert filled == {"background", "clinical", "immune", "measurement"}


def test_the_smallest_effects_are_told_or_why_there_is_none(told: dict[str, Any]) -> None:
    effects = {(one["exposure"], one["outcome"], one["measure"]): one for one in told["effects"]}
    psoriasis = effects["Psoriasis", "Depression", "odds ratio"]
    assert 2 < psoriasis["smallest"] < 6
    sclerosis = effects["Multiple sclerosis", "Depression", "odds ratio"]
    assert (sclerosis["smallest"], "fewer than 5" in sclerosis["reason"]) == (None, True)
    crp = effects["Depression", "C-reactive protein", "ratio of geometric means"]
    assert 1 < crp["smallest"] < 1.5
    assert 0.2 < crp["in_sd"] < 0.6
    assert effects["CTQ-SF total", "Depression", "odds ratio per SD"]["reason"] == "not measured: ctq_total"


def test_questionnaires_rows_and_cleaning_are_told(told: dict[str, Any]) -> None:
    phq9 = next(one for one in told["instruments"] if one["score"] == "phq9_total")
    assert phq9["alpha"]["lower"] < phq9["alpha"]["value"] < phq9["alpha"]["upper"]
    assert {row["file"]: row["source_rows"] for row in told["rows"]} == {"people": "300", "blood": "251"}
    assert told["cleaning"]["look_first"][0]["rule"] == "range_hard"
    assert (told["people"], told["is_ready"], told["format"]) == ("300", True, 1)


def test_the_text_fits_a_terminal_and_names_the_main_things(check: Check) -> None:
    text = check_text(check)
    assert max(len(line) for line in text.splitlines()) <= WIDTH
    for words in ("What maps", "range_hard 1", "shoe_size", "Coverage of the codebook", "IP-12", "80 % power", "alpha"):
        assert words in text, words


def test_small_counts_of_a_real_study_are_hidden(tmp_path: Path) -> None:
    check = check_study(write_study(tmp_path, synthetic=False))
    told = check.to_dict()
    sex = entry(told, "variables.sex")
    assert sex["declared"]["not asked"] == "<5"
    assert (sex["filled"], sex["possible"]) == ("295", "300")
    assert entry(told, "diagnoses.multiple_sclerosis")["declared"]["present"] == "<5"
    assert entry(told, "variables.age_years")["touched"][0]["count"] == "<5"
    assert check.cleaning["look_first"][0]["values"] == "<5"


def test_all_problems_come_at_once_with_what_could_be_read(tmp_path: Path) -> None:
    path = write_study(tmp_path)
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("column: age,", "column: agee,").replace("column: crp", "column: crpp"), encoding="utf-8"
    )
    check = check_study(path)
    assert not check.is_ready
    assert [problem.fix for problem in check.problems] == ["Did you mean 'age'?", "Did you mean 'crp'?"]
    assert [file["rows"] for file in check.to_dict()["files"]] == ["300", "251"]
    assert {"age", "crp", "bmi"} <= {one.column for one in check.unmapped}
    assert "not ready, 2 problems" in check_text(check)


def test_a_study_file_that_is_wrong_or_absent_is_a_problem_and_no_error(tmp_path: Path) -> None:
    assert "does not exist" in check_study(tmp_path / "study.yaml").problems[0].what
    (tmp_path / "study.yaml").write_text("varables: {}", encoding="utf-8")
    told = check_study(tmp_path / "study.yaml").to_dict()
    assert not told["is_ready"]
    assert set(told) == set(Check().to_dict())
