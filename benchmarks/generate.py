"""How fast synthetic cohorts are drawn and written: python benchmarks/generate.py [--large] [--sdv PYTHON].

Prints, in one run on one core: the processor time for a million people with all instruments and laboratory results
as Parquet, as a ratio to drawing one standard normal for each cell of the output; how it grows with people; peak
memory; and, if the Python of another environment has SDV, rows per second beside its Gaussian copula.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from cohort.synthetic import load_scenario, person_table, simulate, write_cohort

SYNTHEA_PATIENTS_PER_SECOND = 1000 / 60
"""Synthea's published figure: about a thousand patients a minute, with whole clinical histories."""

_SDV = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import pandas as pd
from sdv.metadata import Metadata
from sdv.single_table import GaussianCopulaSynthesizer
table = pd.read_parquet(sys.argv[1])
metadata = Metadata.detect_from_dataframes({"people": table})
model = GaussianCopulaSynthesizer(metadata)
start = time.perf_counter(); model.fit({"people": table.head(20000)}); fitted = time.perf_counter()
model.sample(20000); done = time.perf_counter()
print(json.dumps({"columns": table.shape[1], "fit": fitted - start, "rows_per_second": 20000 / (done - fitted)}))
"""


def write(people: int, folder: Path) -> dict[str, float]:
    """Return time, cells and peak memory of writing a cohort in this process."""
    write_cohort("literature_like", 5000, 1, folder / "warm", ending="parquet", with_truth=False)
    start, clock = time.process_time(), time.perf_counter()
    write_cohort("literature_like", people, 2, folder / "cohort", ending="parquet", with_truth=False)
    taken, passed = time.process_time() - start, time.perf_counter() - clock
    files = [pq.ParquetFile(path) for path in (folder / "cohort").glob("*.parquet")]
    cells = sum(file.metadata.num_rows * file.metadata.num_columns for file in files)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"people": people, "seconds": taken, "passed": passed, "cells": cells, "gigabytes": peak}


def normals(cells: int) -> float:
    """Return the time that drawing one standard normal per cell takes, ten million at a time."""
    rng = np.random.default_rng(1)
    start = time.process_time()
    for _ in range(cells // 10_000_000):
        rng.standard_normal(10_000_000)
    rng.standard_normal(cells % 10_000_000)
    return time.process_time() - start


def measured(people: int) -> dict[str, float]:
    """Return what :func:`write` measures in a process of its own, so that its memory is its own."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--write", str(people), "--folder", folder]
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return dict(json.loads(done.stdout))


def beside_sdv(python: str) -> None:
    """Print rows per second of a table with as many columns as ours, drawn by SDV and by us."""
    table = person_table(simulate("literature_like", 20_000, 1))
    table = table.drop(columns=["participant_id", "baseline_date"])
    for name in table:
        kind = str(table[name].dtype)
        if kind in {"boolean", "Int64"}:
            table[name] = table[name].astype("Float64").astype(float)
        elif kind in {"category", "string", "str"}:
            table[name] = table[name].astype(object).where(table[name].notna(), None)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "people.parquet"
        table.to_parquet(path)
        done = subprocess.run([python, "-c", _SDV, str(path)], check=True, capture_output=True, text=True)
    sdv = json.loads(done.stdout.strip().splitlines()[-1])
    world = load_scenario("literature_like")
    start = time.perf_counter()
    person_table(simulate(world, 100_000, 3))
    ours = 100_000 / (time.perf_counter() - start)
    print(f"\nrows of a person table with {sdv['columns']} columns, per second")
    print(f"  this package         {ours:>10,.0f}")
    print(f"  SDV Gaussian copula  {sdv['rows_per_second']:>10,.0f}   ({ours / sdv['rows_per_second']:.1f} times fewer;"
          f" and {sdv['fit']:.0f} s to fit)")  # fmt: skip
    print(
        f"  Synthea, published   {SYNTHEA_PATIENTS_PER_SECOND:>10,.0f}   (whole clinical histories, on another machine)"
    )


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", action="store_true", help="also ten million people")
    parser.add_argument("--sdv", metavar="PYTHON", help="the Python of an environment that has SDV")
    parser.add_argument("--only-sdv", action="store_true", help="nothing but the comparison with SDV")
    parser.add_argument("--write", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.write:
        print(json.dumps(write(asked.write, asked.folder)))
        return
    if asked.only_sdv:
        beside_sdv(asked.sdv)
        return
    sizes = [100_000, 1_000_000, *([10_000_000] if asked.large else [])]
    print(f"{'people':>12}{'CPU s':>10}{'passed, s':>11}{'cells':>16}{'normals, s':>12}{'ratio':>8}{'peak GB':>9}")
    found = []
    for size in sizes:
        row = measured(size)
        drawn = normals(int(row["cells"]))
        found.append(row)
        print(f"{size:>12,}{row['seconds']:>10.1f}{row['passed']:>11.1f}{row['cells']:>16,.0f}{drawn:>12.2f}"
              f"{row['seconds'] / drawn:>8.1f}{row['gigabytes']:>9.2f}", flush=True)  # fmt: skip
    first, last = found[0], found[-1]
    exponent = math.log(last["seconds"] / first["seconds"]) / math.log(last["people"] / first["people"])
    print(f"growth of processor time with people, {first['people']:,} to {last['people']:,}: exponent {exponent:.3f}")
    if asked.sdv:
        beside_sdv(asked.sdv)


if __name__ == "__main__":
    main()
