"""The table of traps: for every scenario with an effect, the naive estimate, the truth and the right estimate."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Sequence

import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from cohort.errors import CohortError, Problem
from cohort.progress import progress
from cohort.results import Estimate, Result
from cohort.synthetic import load_scenario
from cohort.traps.registry import TRAPS, WITHOUT_EFFECT
from cohort.traps.trap import Trap, decimals_for

LEAST_PEOPLE = 1000


def trap_table(
    n: int = 200_000, seed: int = 1, scenarios: Iterable[str] | None = None, workers: int = 1
) -> pd.DataFrame:
    """Return what a naive analysis, the truth and a right analysis say, one row per question, the scenarios in order.

    The numbers are the same for any number of workers.

    Parameters
    ----------
    n
        People whom each scenario recruits.
    seed
        Seed of the people; those in whom the truth is found are others.
    scenarios
        Names or numbers (``S4``) of scenarios; all with an effect to estimate by default.
    workers
        Processes, each of which takes a scenario at a time.

    Returns
    -------
    DataFrame
        ``scenario_id``, ``scenario``, ``estimand``; ``naive_analysis``, ``naive_estimate``, ``naive_lower``,
        ``naive_upper`` (95 % interval); ``truth``, ``truth_monte_carlo_se``; ``right_analysis``, ``right_estimate``,
        ``right_lower``, ``right_upper``; ``declared`` (what the blueprint declares); ``naive_misses`` (the naive
        interval excludes the truth); ``right_holds`` (the right interval holds it, or the bias passes the rule: below
        a tenth of the truth or 0.03 on the log scale); ``right_bias`` and ``allowed_bias`` (on the log scale for
        ratios); ``decimals`` (for readers) and ``note``.

    Raises
    ------
    CohortError
        If there are too few people, or a scenario does not exist or has no effect to estimate.
    """
    if n < LEAST_PEOPLE:
        raise CohortError([Problem("n", f"the traps need at least {LEAST_PEOPLE:,} people.", "Ask for more.")])
    names = _asked(scenarios)
    rows: list[dict[str, object]] = []
    with progress(len(names), "traps") as step, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "A worker stopped while some jobs", UserWarning)  # joblib, when it renews one
        jobs = (delayed(_rows)(name, n, seed) for name in names)
        found = (
            (_rows(name, n, seed) for name in names)
            if workers == 1
            else Parallel(n_jobs=workers, return_as="generator")(jobs)
        )
        for name, of_scenario in zip(names, found, strict=True):
            rows += of_scenario
            step(name)
    return pd.DataFrame(rows)


def _asked(scenarios: Iterable[str] | None) -> list[str]:
    """Return the names of the scenarios asked for, in the order of the table."""
    known = [name for name, _ in TRAPS]
    asked = [] if scenarios is None else list(scenarios)
    if not asked:
        return known
    by_number = {} if set(asked) <= set(known) else {_number(name): name for name in (*known, *WITHOUT_EFFECT)}
    found = [by_number.get(one.lower(), one) for one in asked]
    problems = []
    for one, name in zip(asked, found, strict=True):
        if name in WITHOUT_EFFECT:
            problems.append(Problem("scenario", f"'{one}' has no effect to estimate.", "It has no row in this table."))
        elif name not in known:
            problems.append(Problem("scenario", f"no trap is called '{one}'.", f"There are: {', '.join(known)}."))
    if problems:
        raise CohortError(problems)
    return [name for name in known if name in found]


def _number(name: str) -> str:
    return load_scenario(name).id.lower()


def _rows(name: str, n: int, seed: int) -> list[dict[str, object]]:
    world = load_scenario(name)
    with threadpool_limits(1):
        return [_row(world.id, name, trap) for trap in dict(TRAPS)[name](world, n, seed)]


def _row(number: str, name: str, trap: Trap) -> dict[str, object]:
    naive, right = _numbers(trap.naive), _numbers(trap.right)
    refused = [r.reason for r in (trap.naive, trap.right) if not isinstance(r, Estimate)]
    return {
        "scenario_id": number,
        "scenario": name,
        "estimand": trap.estimand,
        "naive_analysis": trap.naive_analysis,
        "naive_estimate": naive[0],
        "naive_lower": naive[1],
        "naive_upper": naive[2],
        "truth": trap.truth.value,
        "truth_monte_carlo_se": trap.truth.standard_error,
        "right_analysis": trap.right_analysis,
        "right_estimate": right[0],
        "right_lower": right[1],
        "right_upper": right[2],
        "declared": trap.declared,
        "naive_misses": trap.naive_misses,
        "right_holds": trap.right_holds,
        "right_bias": trap.right_bias,
        "allowed_bias": trap.allowed_bias,
        "decimals": max(decimals_for(trap.naive), decimals_for(trap.right)),
        "note": " ".join([*(f"Not estimable: {reason}." for reason in refused), trap.note]).strip(),
    }


def _numbers(result: Result) -> Sequence[float]:
    return (result.value, *result.interval()) if isinstance(result, Estimate) else (math.nan, math.nan, math.nan)
