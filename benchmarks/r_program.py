"""R beside us: one script on one table, in a process of its own, for the benchmarks that compare with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pandas as pd


def said_by_r(script: str, table: pd.DataFrame, *arguments: int) -> dict[str, object] | None:
    """Return the JSON that an R script prints last, or None where R or a package of the script is missing.

    Parameters
    ----------
    script
        Its first argument is the path of the table as CSV, the others follow.
    table
        Written without its index.
    arguments
        Further arguments.
    """
    program = shutil.which("Rscript")
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path, source = Path(folder) / "people.csv", Path(folder) / "script.R"
        table.to_csv(path, index=False)
        source.write_text(script, encoding="utf-8")
        command = [program, str(source), str(path), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    if done.returncode:
        return None
    return dict(json.loads(done.stdout[done.stdout.index("{") :]))
