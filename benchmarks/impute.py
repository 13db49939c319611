"""Multiple imputation: our time beside that of statsmodels MICE and R's mice, measured in one run on one core.

Run with ``OMP_NUM_THREADS=1 python benchmarks/impute.py``. What counts are ratios, not seconds: machines differ. Never
a test. Each tool imputes the same table by chained equations, the same number of times with the same number of rounds:

- R's mice by its own defaults for these columns: predictive mean matching (5 donors) for numbers, ``logreg`` for
  yes/no, ``polyreg`` for words; ours the same methods. Run where ``Rscript`` finds mice.
- statsmodels MICE has predictive mean matching alone: there it gets numbers only (yes/no as 0 and 1, words left out),
  and so do we, by matching. It has one chain, so that as many rounds as ours has in all chains together are counted
  (20 × 5 = 100), without a burn-in and without fitting an analysis. Its donors are 20 by default; we ask for 5.

Reading and writing of the table are not counted. Processor seconds are of the process that imputes.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
from r_program import said_by_r
from statsmodels.imputation.mice import MICEData
from threadpoolctl import threadpool_limits

from cohort.analysis.imputation import Variable, impute

_MICE = """
suppressPackageStartupMessages(library(mice))
d <- read.csv(commandArgs(TRUE)[1], stringsAsFactors = TRUE, na.strings = "")
for (name in grep("^yes_no", names(d), value = TRUE)) d[[name]] <- factor(d[[name]])
m <- as.integer(commandArgs(TRUE)[2]); maxit <- as.integer(commandArgs(TRUE)[3])
spent <- system.time(found <- mice(d, m = m, maxit = maxit, seed = 1, printFlag = FALSE))
cpu <- spent[["user.self"]] + spent[["sys.self"]]
methods <- paste(unique(found$method[found$method != ""]), collapse = ", ")
cat(sprintf('{"cpu": %.3f, "wall": %.3f, "version": "%s", "methods": "%s"}', cpu, spent[["elapsed"]],
            packageVersion("mice"), methods))
"""


def people(n: int, columns: int, seed: int = 20261124) -> pd.DataFrame:
    """Return correlated columns (half numbers, a third yes/no, the rest words) of which a fifth is missing each."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 4))
    table = {}
    for number in range(columns):
        value = factors @ rng.normal(scale=0.5, size=4) + rng.normal(size=n)
        if number % 6 in {0, 2, 4}:
            name, column = f"number_{number}", pd.Series(np.exp(value) if number % 6 == 4 else value)
        elif number % 6 == 5:
            codes = np.digitize(value, [-0.5, 0.8])
            name, column = f"words_{number}", pd.Series(pd.Categorical.from_codes(codes, ["a", "b", "c"]))
        else:
            name, column = f"yes_no_{number}", pd.Series(value > 0.4, dtype="boolean")
        table[name] = column.mask(rng.random(n) < 0.2)
    return pd.DataFrame(table)


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Return processor seconds and wall seconds of a call."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return time.process_time() - cpu, time.perf_counter() - wall


def ours(table: pd.DataFrame, m: int, rounds: int, matching: bool = False) -> tuple[float, float]:
    """Return the time of our imputation, by default methods or by matching alone."""
    variables = [Variable(name, "predictive mean matching") if matching else Variable(name) for name in table]
    return timed(lambda: impute(table, variables, m=m, iterations=rounds, seed=1))


def statsmodels_mice(table: pd.DataFrame, m: int, rounds: int) -> tuple[float, float]:
    """Return the time of as many rounds by statsmodels."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = MICEData(table, k_pmm=5)
        return timed(lambda: data.update_all(m * rounds))


def r_mice(table: pd.DataFrame, m: int, rounds: int) -> tuple[float, float, str] | None:
    """Return the time of R's mice and what it did, or None where there is none."""
    told = said_by_r(_MICE, table, m, rounds)
    if told is None:
        return None
    return float(str(told["cpu"])), float(str(told["wall"])), f"mice {told['version']}: {told['methods']}"


def main() -> None:
    """Print the times and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--columns", type=int, default=30)
    parser.add_argument("--imputations", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    m, rounds = options.imputations, options.rounds
    table = people(options.people, options.columns)
    numbers = table.drop(columns=[name for name in table if str(name).startswith("words")]).astype("Float64")
    numbers = numbers.astype("float64")
    print(f"{options.people:,} people, {m} imputations of {rounds} rounds, a fifth of each column missing, one core")
    with threadpool_limits(1):
        mixed, matched = ours(table, m, rounds), ours(numbers, m, rounds, matching=True)
        rows = [(f"ours, matching alone, {numbers.shape[1]} columns", *matched, 1.0)]
        theirs = statsmodels_mice(numbers, m, rounds)
        rows.append((f"statsmodels MICE, matching, {numbers.shape[1]} columns", *theirs, theirs[0] / matched[0]))
        rows.append((f"ours, matching, logistic, multinomial, {table.shape[1]} columns", *mixed, 1.0))
        reference = r_mice(table, m, rounds)
    if reference is not None:
        cpu, wall, words = reference
        rows.append((f"R {words}, {table.shape[1]} columns", cpu, wall, cpu / mixed[0]))
    print(f"{'':<66}{'processor s':>12}{'wall s':>9}{'ratio':>8}")
    for name, cpu, wall, ratio in rows:
        print(f"{name:<66}{cpu:>12.1f}{wall:>9.1f}{ratio:>8.1f}")
    if reference is None:
        print("R's mice is not installed: not compared")


if __name__ == "__main__":
    main()
