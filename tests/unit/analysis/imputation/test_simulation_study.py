"""The stored simulation study: its page says what its table says, what passes passes, and a rerun gives the same."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[4]
DECLARED = {("linear", 2000, "skewed"), ("linear", 2000, "complete"), ("logistic", 2000, "skewed")}
"""Model, size and coefficient whose bias does not pass; docs/imputation.md says why."""


@pytest.fixture(scope="module")
def study() -> ModuleType:
    path = ROOT / "scripts" / "diagnose_imputation.py"
    spec = importlib.util.spec_from_file_location("diagnose_imputation", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def table(study: ModuleType) -> pd.DataFrame:
    return study.read_table(study.TABLE)


def test_page_holds_the_stored_table(study: ModuleType, table: pd.DataFrame) -> None:
    page = study.PAGE.read_text(encoding="utf-8")
    assert study.as_markdown(table) in page
    assert study.TABLE.read_text(encoding="utf-8").startswith("# python scripts/diagnose_imputation.py --replicates ")


def test_every_coefficient_was_diagnosed_often_enough(study: ModuleType, table: pd.DataFrame) -> None:
    sizes = table.groupby(["model", "n", "method", "coefficient"]).size()
    assert len(sizes) == len(study.TRUTH) * len(study.SIZES) * len(study.METHODS) * len(study.COVARIATES)
    assert (table["replicates"] >= 500).all()


def test_marks_follow_from_the_numbers_by_the_rule(table: pd.DataFrame) -> None:
    error = np.sqrt(0.95 * 0.05 / table["replicates"])
    assert ((table["coverage"] - 0.95).abs() <= 0.015 + 3 * error).eq(table["coverage_passes"]).all()
    assert (table["bias"].abs() <= 3 * table["bias_mc_se"]).eq(table["bias_passes"]).all()


def test_imputation_covers_everywhere_and_complete_cases_are_biased(table: pd.DataFrame) -> None:
    imputed = table[table["method"] == "imputed"]
    assert imputed["coverage_passes"].all()
    failing = imputed.loc[~imputed["bias_passes"], ["model", "n", "coefficient"]]
    assert {tuple(row) for row in failing.to_numpy().tolist()} == DECLARED
    complete = table[table["method"] == "complete cases"].set_index(["model", "n", "coefficient"])
    assert not complete.loc["linear", "bias_passes"].any()
    assert not complete.loc[[("logistic", 500, "censored"), ("logistic", 2000, "censored")], "bias_passes"].any()


@pytest.mark.slow
@pytest.mark.parametrize("n", [500, 2000])
@pytest.mark.parametrize("model", ["linear", "logistic"])
def test_a_rerun_gives_the_stored_numbers(study: ModuleType, table: pd.DataFrame, model: str, n: int) -> None:
    stored = table[(table["model"] == model) & (table["n"] == n)].reset_index(drop=True)
    again = study.run(model, n, int(stored["replicates"].max()), workers=-1).reset_index(drop=True)
    # Another processor may match another donor here and there, which moves a mean by less than its error.
    assert (abs(again["bias"] - stored["bias"]) < 0.3 * stored["bias_mc_se"]).all()
    assert (abs(again["coverage"] - stored["coverage"]) <= stored["coverage_mc_se"]).all()
