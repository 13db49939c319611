"""Replicates per second of a simulation study, on one process and on two, and where the time goes.

Run with ``OMP_NUM_THREADS=1 python benchmarks/diagnose.py`` (1,000 replicates of 5,000 people; ``--replicates`` for
fewer). Three ways to a person table: ``clean`` (what perfect cleaning would give), ``complete`` (measured columns of
everybody, as in the stored study), and ``raw`` (files written, read and cleaned; a twentieth of the replicates). The
main model is the marginal odds ratio of depression for any autoimmune disease, adjusted for the measured back-door set.
Seconds are those of this machine; the shares travel. Never a test.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from cohort.diagnosis import METHODS, choose, diagnose, draw, setting_of
from cohort.study import open_study
from cohort.synthetic import load_scenario, person_table, simulate, write_cohort

SCENARIO = "literature_like"
RAW_SHARE = 20


def replicates_per_second(source: str, people: int, replicates: int, workers: int) -> float:
    """Return how many replicates a second a study makes, the truth and the start of the processes left out."""
    setting = setting_of(SCENARIO, [("standardised", {})], source=source, people=people, replicates=replicates,
                         truth_people=5000)  # fmt: skip
    diagnose(setting_of(SCENARIO, [("standardised", {})], source=source, people=people, replicates=10,
                        truth_people=5000), workers=workers)  # fmt: skip
    start = time.perf_counter()
    diagnose(setting, workers=workers)
    return replicates / (time.perf_counter() - start)


def clock(steps: dict[str, Callable[[], object]], seconds: dict[str, float]) -> None:
    """Add the seconds of each step."""
    for name, step in steps.items():
        start = time.perf_counter()
        step()
        seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start


def shares_clean(people: int, replicates: int) -> dict[str, float]:
    """Return the seconds of generating, of making the person table, and of fitting."""
    world, method = load_scenario(SCENARIO), choose(METHODS, "standardised", {}, "clean")
    seconds: dict[str, float] = {}
    made: dict[str, object] = {}
    with threadpool_limits(1):
        for seed in range(replicates):
            clock(
                {
                    "generate": lambda s=seed: made.update(cohort=simulate(world, people, s)),
                    "person table": lambda: made.update(table=person_table(made["cohort"])),
                },
                seconds,
            )
            sample = draw("clean", world, 50, 1, ())
            sample = type(sample)(made["table"], sample.outcome, sample.adjustment)
            clock({"fit": lambda s=sample: method.analyse(s)}, seconds)
    return seconds


def shares_complete(people: int, replicates: int) -> dict[str, float]:
    """Return the seconds of generating the columns that the model needs, and of fitting."""
    world, method = load_scenario(SCENARIO), choose(METHODS, "standardised", {}, "complete")
    seconds: dict[str, float] = {}
    made: dict[str, object] = {}
    with threadpool_limits(1):
        for seed in range(replicates):
            clock(
                {
                    "generate": lambda s=seed: made.update(sample=draw("complete", world, people, s, method.columns)),
                    "fit": lambda: method.analyse(made["sample"]),
                },
                seconds,
            )
    return seconds


def shares_raw(people: int, replicates: int) -> dict[str, float]:
    """Return the seconds of generating and writing files, of reading and cleaning them, and of fitting."""
    world, method = load_scenario(SCENARIO), choose(METHODS, "standardised", {}, "raw")
    seconds: dict[str, float] = {}
    made: dict[str, object] = {}
    names = draw("clean", world, 50, 1, ())
    with threadpool_limits(1):
        for seed in range(replicates):
            with tempfile.TemporaryDirectory() as folder:
                clock(
                    {
                        "generate and write": lambda s=seed, f=folder: write_cohort(
                            world, people, s, Path(f), with_truth=False
                        ),
                        "read and clean": lambda f=folder: made.update(study=open_study(Path(f) / "study.yaml")),
                    },
                    seconds,
                )
            sample = type(names)(made["study"].person_table, names.outcome, names.adjustment)
            clock({"fit": lambda s=sample: method.analyse(s)}, seconds)
    return seconds


def main() -> None:
    """Print replicates per second and the shares of the time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--replicates", type=int, default=1000)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    asked = parser.parse_args()
    ways = {"clean": shares_clean, "complete": shares_complete, "raw": shares_raw}
    print(f"{asked.replicates:,} replicates of {asked.people:,} people, {os.cpu_count()} processors")
    for source, shares in ways.items():
        count = max(asked.replicates // RAW_SHARE, 4) if source == "raw" else asked.replicates
        for workers in asked.workers:
            Parallel(n_jobs=workers)(delayed(abs)(i) for i in range(workers))
            rate = replicates_per_second(source, asked.people, count, workers)
            print(f"{source:9} {workers} process{'es' if workers > 1 else '  '} {rate:7.2f} replicates/s ({count:,})")
        seconds = shares(asked.people, max(count // 5, 4))
        whole = sum(seconds.values())
        print(f"{source:9} " + ", ".join(f"{name} {part / whole:.0%}" for name, part in seconds.items()))


if __name__ == "__main__":
    main()
