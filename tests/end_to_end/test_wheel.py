"""The built wheel, installed in another folder, runs the main job from there.

The quick test runs the notebooks that it ships on a study of few people, the slow one on the demo that it ships.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


SMALL = ROOT / "tests" / "fixtures" / "studies" / "long_laboratory" / "study.yaml"


@pytest.mark.parametrize(
    "study", [pytest.param(str(SMALL), id="small"), pytest.param("demo", id="demo", marks=pytest.mark.slow)]
)
def test_the_installed_wheel_runs_the_main_job(study: str, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run(
        [*pip, "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)], check=True
    )
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(tmp_path / "site"), str(wheel)], check=True)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "OMP_NUM_THREADS": "1"}
    where = subprocess.run(
        [sys.executable, "-c", "import cohort; print(cohort.__file__)"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert Path(where.stdout.strip()).is_relative_to(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-m", "cohort.cli", "run", study, "--out", str(tmp_path / "out")],
        cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "index.html").is_file()
