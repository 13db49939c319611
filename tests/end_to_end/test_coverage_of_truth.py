"""On replicate synthetic cohorts the adjusted interval covers the truth at its nominal rate, the crude one does not.

A fast look at every change, on the person table with its missing values; cohorts, number and seed were fixed before the
method was run on them. The study of all scenarios is stored in ``docs/diagnosis`` and rerun in part by a slow test.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from cohort.cli import main
from cohort.diagnosis import Diagnosis, check, diagnose, load_plan, load_rules, planned_settings, setting_of, summarise

REPLICATES, PEOPLE, SEED = 100, 5000, 20261122
METHODS = [("crude_odds_ratio", {}), ("standardised", {}), ("standardised", {"measure": "risk difference"})]
STORED = Path("docs") / "diagnosis"


@pytest.fixture(scope="module")
def found() -> Diagnosis:
    return diagnose(
        setting_of("literature_like", METHODS, source="clean", people=PEOPLE, replicates=REPLICATES, seed=SEED,
                   truth_people=200_000)
    )  # fmt: skip


def test_the_adjusted_interval_covers_the_truth_at_its_nominal_rate(found: Diagnosis) -> None:
    for method in ("standardised", "standardised[measure=risk difference]"):
        coverage, error = found.value("coverage", method), found.error("coverage", method)
        assert abs(coverage - 0.95) <= 0.015 + 3 * error
        assert found.value("not testable", method) == 0


def test_the_crude_interval_does_not(found: Diagnosis) -> None:
    coverage, error = found.value("coverage"), found.error("coverage")
    assert coverage + 3 * error < 0.95 - 0.015
    assert found.value("bias") > 3 * found.error("bias")


def test_a_biased_method_is_seen_to_be_biased(found: Diagnosis) -> None:
    own = found.estimates[found.estimates["method"] == "standardised"]
    moved = own.assign(**{name: own[name] + 0.5 for name in ("estimate", "lower", "upper")})
    truth = found.truths["standardised"]
    before, after = (summarise(e, truth).set_index("diagnosand")["value"] for e in (own, moved))
    assert after["bias"] - before["bias"] == pytest.approx(0.5)
    assert after["coverage"] < 0.6 < before["coverage"]


PAGES = {"comorbidity": "diagnosis.md", "adversity": "diagnosis_adversity.md", "synergy": "diagnosis_synergy.md"}
STUDIES = {
    "comorbidity": ("S0", "S1", "S4", "S4_population", "S5", "S11", "S19", "S20", "S21", "S0_many_tests"),
    "adversity": ("S13", "S12", "S25", "S16", "S17", "S3", "S6", "S7"),
    "synergy": ("S21_larger",),
}


def stored(repository: Path, plan: str, name: str) -> pd.DataFrame:
    return pd.read_csv(repository / STORED / plan / name)


@pytest.mark.parametrize("plan", PAGES)
def test_the_stored_study_is_that_of_the_plan_and_its_checks_follow_from_it(repository: Path, plan: str) -> None:
    settings = planned_settings(load_plan(repository / STORED / f"{plan}.yaml"), load_rules())
    assert tuple(settings) == STUDIES[plan]
    table = stored(repository, plan, "performance.csv")
    told = table.drop_duplicates(["study", "method"]).groupby("study", sort=False)
    assert list(told.groups) == list(settings)
    for name, rows in told:
        setting = settings[str(name)]
        assert rows["method"].tolist() == [one.label for one in setting.methods]
        expected = (setting.people, setting.replicates, setting.seed)
        assert {tuple(row) for row in rows[["people", "replicates", "seed"]].to_numpy().tolist()} == {expected}
    again = pd.concat([check(table, name, load_rules()[name]) for name in settings], ignore_index=True)
    pd.testing.assert_frame_equal(again, stored(repository, plan, "checks.csv"))


@pytest.mark.parametrize("plan", PAGES)
def test_the_page_names_every_demand_that_does_not_hold_with_its_reason(repository: Path, plan: str) -> None:
    page = (repository / "docs" / PAGES[plan]).read_text(encoding="utf-8")
    checks = stored(repository, plan, "checks.csv")
    assert f"{int(checks['passes'].sum())} of {len(checks)} demands hold" in page
    for row in checks[~checks["passes"]].itertuples():
        assert f"| {row.study} | {row.method} | {row.demand} |" in page
    assert "not understood" not in page


@pytest.mark.slow
@pytest.mark.parametrize(("plan", "study"), [(plan, study) for plan, names in STUDIES.items() for study in names])
def test_the_first_replicates_of_the_stored_study_come_out_again(repository: Path, plan: str, study: str) -> None:
    """The first 25 replicates, drawn anew, are those whose estimates are stored; on another processor to 9 digits."""
    few = load_plan(repository / STORED / f"{plan}.yaml").model_copy(update={"replicates": 25})
    one = few.studies[study].model_copy(update={"replicates": None, "truth_people": 5000})
    few = few.model_copy(update={"studies": {study: one}})
    again = diagnose(planned_settings(few, load_rules())[study]).estimates
    kept = stored(repository, plan, "estimates.csv")
    first = kept[(kept["study"] == study) & (kept["replicate"] < 25)].reset_index(drop=True)
    assert again["seed"].tolist() == first["seed"].tolist()
    assert again["verdict"].fillna("").tolist() == first["verdict"].fillna("").tolist()
    numbers = ["estimate", "standard_error", "lower", "upper"]
    np.testing.assert_allclose(again[numbers].to_numpy(float), first[numbers].to_numpy(float), rtol=1e-9, atol=1e-12)


def test_the_command_tells_methods_results_and_mistakes(tmp_path: Path) -> None:
    run = CliRunner()
    told = run.invoke(main, ["diagnose", "--list"])
    assert told.exit_code == 0
    assert "selection_weighted (right)" in told.output
    assert "S4: clinic_selection" in told.output
    assert set(json.loads(run.invoke(main, ["diagnose", "--list", "--json"]).output)) == {"methods", "studies"}
    small = ["--n", "400", "--replicates", "2", "--workers", "1", "--truth-n", "2000"]
    text = run.invoke(main, ["diagnose", "total_null", *small, "--out", str(tmp_path / "out")])
    assert text.exit_code == 0, text.output
    assert "type I error" in text.output
    assert "demands hold" in text.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "performance.csv", "checks.csv", "estimates.csv", "performance.png", "provenance.json"
    }  # fmt: skip
    plain = run.invoke(main, ["diagnose", "literature_like", "--method", "standardised", "--option",
                              "measure=risk ratio", *small, "--json"])  # fmt: skip
    assert json.loads(plain.output)["methods"][0]["method"] == "standardised[measure=risk ratio]"
    for wrong, message in (
        (["atlantis"], "atlantis"),
        (["total_null", "--method", "magic"], "there is no method 'magic'"),
        (["total_null", "--method", "standardised", "--replicates", "1"], "at least 2 replicates"),
        (["total_null", "--method", "standardised", "--n", "3"], "at least 50 people"),
        (["total_null", "--method", "standardised", "--option", "colour"], "'colour' is not KEY=VALUE"),
        (["total_null", "--method", "same_screen", "--from", "raw"], "needs what raw data do not hold"),
        (["batch_effects"], "declare no method for 'batch_effects'"),
        (["--plan", str(tmp_path / "none.yaml")], "is not there"),
    ):
        refused = run.invoke(main, ["diagnose", *wrong])
        assert refused.exit_code == 1, wrong
        assert message in refused.output
        assert "Traceback" not in refused.output
    assert run.invoke(main, ["diagnose"]).exit_code == 2
