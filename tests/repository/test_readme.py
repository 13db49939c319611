"""What README promises is what happens: its study of ten lines cleans, and CI calls its test command."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from cohort.study import open_study


@pytest.fixture(scope="module")
def readme() -> str:
    return (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


def test_the_study_of_ten_lines_cleans(readme: str, tmp_path: Path) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", readme, flags=re.DOTALL)
    assert len(text.strip().splitlines()) <= 11
    rng = np.random.default_rng(1)
    visit = pd.DataFrame(
        {"person_id": range(1, 41), "geslacht": rng.integers(1, 3, 40), "leeftijd": rng.integers(20, 70, 40)}
    )
    for item in range(1, 10):
        visit[f"p{item}"] = rng.choice([0, 1, 2, 3, 9], 40)
    visit.to_csv(tmp_path / "visit.csv", index=False)
    blood = pd.DataFrame({"person_id": np.arange(1.0, 41), "CRP": rng.uniform(0.05, 1.0, 40)})
    pyreadstat.write_sav(blood, str(tmp_path / "blood.sav"))
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    table = open_study(tmp_path / "study.yaml").person_table
    assert len(table) == 40
    assert table["crp_mg_l"].to_numpy() == pytest.approx(10 * blood["CRP"].to_numpy())
    assert set(table["sex"].dropna().unique()) <= {"female", "male"}


def test_ci_runs_the_test_command_of_the_readme(readme: str, repository: Path) -> None:
    assert "make test" in readme
    assert "make test" in (repository / ".ci" / "run").read_text(encoding="utf-8")
    assert "scripts/test_all.py" in (repository / "Makefile").read_text(encoding="utf-8")


def test_every_command_of_the_readme_exists(readme: str) -> None:
    from cohort.cli import main

    told = set(re.findall(r"^\| `cohort (\w+)", readme, flags=re.MULTILINE))
    assert told == set(main.commands)


def test_every_target_of_the_makefile_that_is_told_exists(readme: str, repository: Path) -> None:
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    for target in set(re.findall(r"\bmake ([a-z-]+)\b", readme)):
        assert f"\n{target}:" in makefile, target
