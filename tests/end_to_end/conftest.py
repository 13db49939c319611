"""Running the command line as a user does, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from cohort.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def cohort() -> Run:
    """Return a function that runs ``cohort`` with arguments and returns what it printed and its exit code."""

    def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "cohort.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            cwd=cwd,
            # Warnings of encodings in libraries would stand among the messages that the tests read.
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNDEFAULTENCODING": ""},
        )

    return run


@pytest.fixture(scope="session")
def cohort_here() -> Run:
    """Return the same without a process of its own, for tests of many small runs."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        error = "" if done.exception is None or isinstance(done.exception, SystemExit) else repr(done.exception)
        return subprocess.CompletedProcess([], done.exit_code, done.stdout, done.stderr + error)

    return run


@pytest.fixture(scope="session")
def demo_report(cohort: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that ``cohort run`` writes for the demo; made once."""
    out = tmp_path_factory.mktemp("report") / "out"
    done = cohort("run", "--out", out)
    assert done.returncode == 0, done.stderr
    return out
