"""What all tests share: where the repository lies, and where the real NHANES files are, if anywhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


def nhanes_folder() -> Path | None:
    """Return the folder of the NHANES files named by COHORT_REAL_DATA or lying beside the repository, if it exists."""
    named = os.environ.get("COHORT_REAL_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data" / "nhanes_2017_2020"
    return folder if (folder / "P_DEMO.XPT").is_file() else None


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the repository."""
    return REPOSITORY


@pytest.fixture(scope="session")
def nhanes() -> Path:
    """Return the folder of the NHANES files, or skip the test when they are not there."""
    folder = nhanes_folder()
    if folder is None:
        pytest.skip("REAL DATA ABSENT: set COHORT_REAL_DATA to the folder of the NHANES 2017-2020 files")
    return folder


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that the tests on real data did not run."""
    skipped = [r for r in terminalreporter.stats.get("skipped", []) if "REAL DATA ABSENT" in str(r.longrepr)]
    if skipped:
        terminalreporter.section("REAL DATA NOT TESTED", sep="!")
        terminalreporter.write_line(
            f"{len(skipped)} tests on NHANES were skipped: no files in COHORT_REAL_DATA or ../shared/data."
        )
