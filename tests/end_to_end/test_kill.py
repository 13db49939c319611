"""A killed run leaves no half file in the output folder."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

STUDY = Path(__file__).resolve().parents[2] / "synthetic_data" / "demo" / "study.yaml"


def start(out: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "cohort.cli", "clean", str(STUDY), "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def check_whole_or_absent(out: Path) -> bool:
    if not out.exists():
        return False
    assert (out / "provenance.json").is_file()
    assert len(pd.read_parquet(out / "person_table.parquet")) > 5000
    for path in out.rglob("*.parquet"):
        pd.read_parquet(path)
    return True


def wait_for_writing(process: subprocess.Popen[bytes], out: Path) -> None:
    """Return when the run has begun to write, or has ended."""
    while process.poll() is None and not list(out.parent.glob(f".{out.name}.partial-*")):
        time.sleep(0.002)


def kill_at_random_moments(times: int, folder: Path) -> tuple[int, int, int]:
    """Return how many runs left a whole result, none, and a partial folder beside it; every second one dies writing."""
    began = time.monotonic()
    process = start(folder / "timing")
    assert process.wait() == 0
    lasts = time.monotonic() - began
    moments = random.Random(20261122)
    whole = absent = interrupted = 0
    for number in range(times):
        out = folder / f"out{number}"
        process = start(out)
        if number % 2:
            time.sleep(lasts * moments.uniform(0.05, 1.05))
        else:
            wait_for_writing(process, out)
            time.sleep(moments.uniform(0.0, 0.15))
        process.kill()
        process.wait()
        interrupted += bool(list(folder.glob(f".{out.name}.partial-*")))
        if check_whole_or_absent(out):
            whole += 1
        else:
            absent += 1
    return whole, absent, interrupted


def test_a_kill_leaves_no_half_file(tmp_path: Path) -> None:
    whole, absent, _ = kill_at_random_moments(1, tmp_path)
    assert whole + absent == 1


@pytest.mark.slow
def test_twenty_kills_leave_no_half_file(tmp_path: Path) -> None:
    whole, absent, interrupted = kill_at_random_moments(20, tmp_path)
    assert whole + absent == 20
    assert interrupted > 0, "no run was killed while it wrote"
