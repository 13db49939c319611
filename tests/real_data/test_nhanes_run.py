"""The main job on NHANES: a report, with small counts protected, and the tracked files left alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

TEMPLATE = Path(__file__).resolve().parents[2] / "data_schema" / "studies" / "nhanes-2017-2020.yaml"
COUNTS = {"n", "events", "people", "missing", "used", "ineligible", "quarantined", "merged", "values", "rows"}
pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def report(nhanes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("nhanes") / "out"
    done = subprocess.run(
        [sys.executable, "-m", "cohort.cli", "run", str(TEMPLATE), "--root", str(nhanes), "--out", str(out)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr
    return out


def test_the_report_says_that_trauma_is_absent(report: Path) -> None:
    verdicts = json.loads((report / "verdicts" / "03_trauma_and_infection.json").read_text(encoding="utf-8"))
    status = {v["claim"]: v["status"] for v in verdicts}
    assert status["IP-26"] == "not testable with this cohort"
    assert status["IP-30"] == "supported"


def test_the_report_shows_the_weighted_prevalence(report: Path) -> None:
    table = pd.read_csv(report / "tables" / "00_cohort_and_data_quality__depression.csv")
    row = table.set_index("label").loc["All, all nine items answered"]
    # Files of a real study hold few digits; the unrounded estimate is pinned in test_nhanes_results.py.
    assert f"{100 * row['estimate']:.2f} ({100 * row['standard_error']:.3f})" == "8.45 (0.471)"


def test_counts_of_people_are_rounded_or_suppressed(report: Path) -> None:
    for path in (report / "tables").glob("*.csv"):
        table = pd.read_csv(path, dtype="string")
        for column in COUNTS & set(table.columns):
            for cell in table[column].dropna():
                number = cell.replace(",", "")
                assert number == "<5" or float(number) % 5 == 0, (path.name, column)


def test_no_identifier_of_a_person_stands_in_the_report(report: Path) -> None:
    ids = set(pd.read_parquet(report / "clean" / "participants.parquet")["participant_id"].head(3000))
    page = (report / "index.html").read_text(encoding="utf-8")
    visible = re.sub(r"base64,[A-Za-z0-9+/=\s]+", "", page)
    # A number with decimals is a statistic, such as a BIC; an identifier has none.
    assert not ids & set(re.findall(r"(?<![\d.])\d{6}(?![\d.])", visible))
