"""The gate for discrete subgroups: its time beside what a user would run in R, measured in one run on one core.

Run with ``OMP_NUM_THREADS=1 python benchmarks/gate.py``. What counts are ratios, not seconds: machines differ. Never a
test. Both get the same 2,000 people with 10 log-normal markers that share a factor:

- ours: ``prepare_markers`` and ``discrete_subgroups`` with their defaults (10 splits, 99 draws, two scalings), and the
  same for people in three groups, where ``number_of_groups`` is added;
- R: ``mclust::mclustBIC`` with 1 to 8 groups and its 14 models, then ``fpc::clusterboot`` with 100 bootstrap resamples
  of k-means with two clusters (``kmeansCBI``, its cheapest method) on log markers. Run where ``Rscript`` finds both.

Reading and writing of the table are not counted. Processor seconds are of the process that works.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from r_program import said_by_r
from threadpoolctl import threadpool_limits

from cohort.analysis.subgroups import discrete_subgroups, prepare_markers
from cohort.analysis.subgroups.recursion import number_of_groups

_R = """
suppressPackageStartupMessages({library(mclust); library(fpc)})
d <- log(as.matrix(read.csv(commandArgs(TRUE)[1])))
most <- as.integer(commandArgs(TRUE)[2]); resamples <- as.integer(commandArgs(TRUE)[3])
set.seed(1)
first <- system.time(bic <- mclustBIC(d, G = 1:most, verbose = FALSE))
second <- system.time(boot <- clusterboot(d, B = resamples, bootmethod = "boot", clustermethod = kmeansCBI, krange = 2,
                                          count = FALSE))
cpu <- function(spent) spent[["user.self"]] + spent[["sys.self"]]
cat(sprintf('{"mclust": %.3f, "clusterboot": %.3f, "wall": %.3f,
             "versions": "mclust %s, fpc %s", "said": "%s", "jaccard": "%s"}',
            cpu(first), cpu(second), first[["elapsed"]] + second[["elapsed"]], packageVersion("mclust"),
            packageVersion("fpc"), names(summary(bic))[1], paste(round(boot$bootmean, 2), collapse = " and ")))
"""


def people(n: int, markers: int, apart: float, seed: int = 20261124) -> pd.DataFrame:
    """Return log-normal markers that share a factor, of one population or of three groups."""
    rng = np.random.default_rng(seed)
    centres = np.zeros((3, markers))
    centres[1, ::2], centres[2, 1::2] = apart, apart
    logs = 0.5 * rng.standard_normal((n, 1)) + rng.standard_normal((n, markers)) + centres[rng.integers(3, size=n)]
    return pd.DataFrame(np.exp(0.5 * logs), columns=[f"marker_{number}" for number in range(markers)])


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return processor seconds and wall seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def ours(table: pd.DataFrame, *, number: bool = False) -> None:
    """Ask the gate, and for the number of groups."""
    rng = np.random.default_rng(1)
    prepared = prepare_markers(table, tuple(table), (), rng=rng)
    gate = discrete_subgroups(prepared, rng=rng)
    if number:
        number_of_groups(prepared, gate, rng=rng)


def main() -> None:
    """Print the times and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--markers", type=int, default=10)
    parser.add_argument("--groups", type=int, default=8)
    parser.add_argument("--resamples", type=int, default=100)
    options = parser.parse_args()
    one, three = (people(options.people, options.markers, apart) for apart in (0.0, 3.0))
    print(f"{options.people:,} people, {options.markers} markers, one core")
    with threadpool_limits(1):
        ours(one.head(300))  # what is imported and planned at the first call is not counted
        gate, number = timed(lambda: ours(one)), timed(lambda: ours(three, number=True))
    rows = [("ours, one population", *gate, 1.0), ("ours, three groups and their number", *number, number[0] / gate[0])]
    told = said_by_r(_R, one, options.groups, options.resamples)
    if told is not None:
        mclust, boot = float(str(told["mclust"])), float(str(told["clusterboot"]))
        rows += [
            (f"R mclust BIC, 1 to {options.groups} groups", mclust, float("nan"), mclust / gate[0]),
            (f"R clusterboot, {options.resamples} resamples of k-means", boot, float("nan"), boot / gate[0]),
            (f"R both ({told['versions']})", mclust + boot, float(str(told["wall"])), (mclust + boot) / gate[0]),
        ]
    print(f"{'':<50}{'processor s':>12}{'wall s':>9}{'ratio':>8}")
    for name, cpu, wall, ratio in rows:
        print(f"{name:<50}{cpu:>12.2f}{'' if np.isnan(wall) else f'{wall:.2f}':>9}{ratio:>8.1f}")
    if told is None:
        print("R's mclust and fpc are not installed: not compared")
    else:
        print(f"in one population mclust prefers {told['said']} (model, groups); mean Jaccard {told['jaccard']}")


if __name__ == "__main__":
    main()
