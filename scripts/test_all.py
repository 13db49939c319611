"""Run the whole test suite: the tests on all cores, then the stored outputs of the notebooks.

One command for the README, for pre-commit's users and for CI. Warnings are errors, also Python's own about files opened
without an encoding, which would read otherwise on Windows.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Return the exit code: 0 when everything passed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNDEFAULTENCODING": "1", "PYTHONHASHSEED": "0"}
    workers = ["-n", "2", "--dist", "loadfile"]
    python = [sys.executable, "-m", "pytest"]
    # A user's warning filters must not decide what is checked.
    environment.pop("PYTHONWARNINGS", None)
    tests = subprocess.call([*python, *workers, *sys.argv[1:]], cwd=ROOT, env=environment)
    notebooks = subprocess.call(
        [
            *python,
            "--nbval-lax",
            "--nbval-current-env",
            "-p",
            "no:doctest",
            "-o",
            "addopts=",
            "-o",
            "filterwarnings=",
            *workers,
            "notebooks",
        ],
        cwd=ROOT,
        # The kernels of the notebooks are libraries' business: their warnings of encodings would stand in the outputs.
        env={name: value for name, value in environment.items() if name != "PYTHONWARNDEFAULTENCODING"},
    )
    return tests or notebooks


if __name__ == "__main__":
    sys.exit(main())
