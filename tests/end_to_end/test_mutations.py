"""Ten thousand mutated studies: none ends in a traceback, a leaked cell, a stray warning or a hang.

``tests/mutations/run.py`` makes and opens them,
and replays a single one by its number. ``COHORT_MUTATIONS`` is how many
run; ``COHORT_MUTATIONS_SEED`` draws others.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).resolve().parents[1] / "mutations" / "run.py"
CASES = int(os.environ.get("COHORT_MUTATIONS", "10000"))
SEED = os.environ.get("COHORT_MUTATIONS_SEED", "4")
AT_THE_TERMINAL = 30


def mutations(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(RUN), "--seed", SEED, *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "PYTHONWARNDEFAULTENCODING": ""},
    )


def check_none_failed(done: subprocess.CompletedProcess[str], cases: int) -> dict[str, int]:
    """Return how many were opened and refused; each failure is told with its number, with which it can be replayed."""
    assert done.stdout.strip(), done.stderr
    *failures, counts = map(json.loads, done.stdout.splitlines())
    told = [f"case {one['case']} ({one['base']}; {', '.join(one['mutations'])}): {one['why']}" for one in failures]
    assert not failures, "\n\n".join(told[:20])
    assert counts["cases"] == counts["opened"] + counts["refused"] == cases
    return counts


def test_a_few_mutated_studies_are_opened_or_refused() -> None:
    check_none_failed(mutations("--cases", 5, "--workers", 1), 5)


@pytest.mark.slow
def test_the_run_tells_a_study_that_fails() -> None:
    done = mutations("--cases", 1, "--first", 1, "--workers", 1, "--limit", 0.001)
    *failures, counts = map(json.loads, done.stdout.splitlines())
    assert done.returncode == 1
    assert counts["failed"] == 1
    assert failures[0]["case"] == 1
    assert "the process died" in failures[0]["why"]


@pytest.mark.slow
def test_ten_thousand_mutated_studies_are_opened_or_refused() -> None:
    counts = check_none_failed(mutations("--cases", CASES, "--workers", os.cpu_count() or 1), CASES)
    assert min(counts["opened"], counts["refused"]) >= CASES / 10


@pytest.fixture(scope="module")
def mutated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of mutated studies, each in a folder named by its number."""
    folder = tmp_path_factory.mktemp("mutated")
    done = mutations("--cases", AT_THE_TERMINAL, "--keep", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("case", range(AT_THE_TERMINAL))
def test_a_mutated_study_at_the_command_line(cohort, case: int, mutated: Path) -> None:
    done = cohort("check", mutated / str(case) / "study.yaml")
    assert done.returncode in {0, 1}
    assert "Traceback" not in done.stdout + done.stderr
    assert "GEHEIM" not in done.stdout + done.stderr
    assert bool(done.stderr) == (done.returncode == 1)
    told = [line for line in done.stderr.splitlines() if not line.startswith("error: ")]
    assert all("problems; nothing was written." in line for line in told), told
