"""The stored simulation study: its page is made of its table, marks follow the rule, first cohorts drawn anew agree."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[4]
KEYS = ["world", "outcome", "replicate", "method", "effect"]


def script(name: str) -> ModuleType:
    path = ROOT / "scripts" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # the page's script imports the study's, whose dataclass looks itself up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def study() -> ModuleType:
    return script("diagnose_mediation")


@pytest.fixture(scope="module")
def table(study: ModuleType) -> pd.DataFrame:
    return study.read_table(study.TABLE)


@pytest.mark.usefixtures("study")
def test_page_is_made_of_the_stored_table(table: pd.DataFrame) -> None:
    page = script("write_mediation_page")
    assert (ROOT / "docs" / "mediation.md").read_text(encoding="utf-8") == page.page(table)


def test_every_setting_was_diagnosed_often_enough(study: ModuleType, table: pd.DataFrame) -> None:
    whole = table[(table["method"] == "complete data") & (table["world"] != "not identified")]
    whole = whole[~whole["effect"].str.startswith("interventional")]
    assert (whole["replicates"] + whole["without_estimate"] >= 500).all()
    imputed = table[table["method"].str.startswith("imputed")]
    assert (imputed["replicates"] + imputed["without_estimate"] >= 300).all()
    assert (table["without_estimate"] <= 0.02 * table["replicates"]).all()
    settings = {(name, kind) for name in ("interaction", "literature") for kind in study.WORLDS[name].outcomes}
    for part in (whole, imputed):
        assert set(zip(part["world"], part["outcome"], strict=True)) == settings
    assert {("interaction", "continuous"), ("interaction", "binary")} <= settings


def test_marks_follow_from_the_numbers_by_the_rule(table: pd.DataFrame) -> None:
    error = np.sqrt(0.95 * 0.05 / table["replicates"])
    assert ((table["coverage"] - 0.95).abs() <= 0.015 + 3 * error).eq(table["coverage_passes"]).all()
    small = (table["bias"].abs() <= 3 * table["bias_mc_se"]) | (table["bias"].abs() < 0.1 * table["truth"].abs())
    assert small.eq(table["bias_passes"]).all()


def test_complete_data_and_imputation_by_exposure_pass_and_the_naive_ways_do_not(table: pd.DataFrame) -> None:
    passes = (table["bias_passes"] & table["coverage_passes"]).groupby([table["world"], table["method"]]).all()
    assert passes["interaction", "complete data"]
    assert passes["interaction", "imputed by exposure"]
    assert passes["literature", "complete data"]
    assert not passes["interaction", "complete cases"]
    assert not passes["not identified", "complete data"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["continuous", "binary"])
@pytest.mark.parametrize("world", ["interaction", "literature", "not identified"])
def test_first_cohorts_drawn_anew_have_the_stored_estimates(study: ModuleType, world: str, kind: str) -> None:
    if kind not in study.WORLDS[world].outcomes:
        pytest.skip("not in the study")
    stored = study.read_table(study.FIRST)
    stored = stored[(stored["world"] == world) & (stored["outcome"] == kind)].set_index(KEYS)
    again = study.draws(world, kind, study.STORED_FIRST).assign(world=world, outcome=kind).set_index(KEYS)
    assert len(again) == len(stored)
    whole = stored.index.get_level_values("method").isin(["complete data", "complete cases"])
    near = again.loc[stored.index, ["estimate", "low", "high"]] - stored[["estimate", "low", "high"]]
    assert (near[whole].abs() < 1e-5).all(axis=None)
    # Another processor may match another donor here and there, which moves an estimate by less than half its error.
    assert (near[~whole].abs().max(axis=1) < 0.5 * stored.loc[~whole, "standard_error"]).all()
