"""Claim: order of clusters, labels and printed numbers are the same on one and two threads and on other processors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PRINTED = Path(__file__).resolve().parent / "printed.py"
MACHINES = {
    "one thread": {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    "two threads": {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
    "Nehalem": {"OMP_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Nehalem"},
    "Haswell": {"OMP_NUM_THREADS": "1", "OPENBLAS_CORETYPE": "Haswell"},
    "Haswell, two threads": {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2", "OPENBLAS_CORETYPE": "Haswell"},
}


def printed(settings: dict[str, str]) -> str:
    """Return what a process of its own prints under some settings of the numerical libraries."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OMP_", "OPENBLAS_"))}
    done = subprocess.run(
        [sys.executable, str(PRINTED)], env=clean | settings | {"PYTHONIOENCODING": "utf-8"}, capture_output=True,
        encoding="utf-8", check=False, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_tables_labels_and_words_do_not_hang_on_threads_or_the_processor() -> None:
    first, *others = (printed(settings) for settings in MACHINES.values())
    assert "tier" in first
    assert "At least" in first
    for name, other in zip(list(MACHINES)[1:], others, strict=True):
        different = [pair for pair in zip(first.splitlines(), other.splitlines(), strict=True) if pair[0] != pair[1]]
        assert not different, f"{name}: {len(different)} lines differ, first {different[0]}"
