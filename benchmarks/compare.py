"""Speed as ratios, measured in one run on one core: what we do against what a user would pick instead.

Run with ``OMP_NUM_THREADS=1 python benchmarks/compare.py``. Ratios, not seconds: machines differ. Never a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import statsmodels.api as sm
from threadpoolctl import threadpool_limits

from cohort.analysis import design_of, odds_ratio
from cohort.cleaning import clean_cohort
from cohort.codebook import load_codebook
from cohort.intake import read_cohort
from cohort.shipped import shipped_folder
from cohort.study import read_study_file
from cohort.synthetic import load_scenario, person_table, simulate

ADJUSTMENT = ("age_years", "sex", "bmi_kg_m2", "smoking")


def seconds(call: Callable[[], object], times: int = 3) -> float:
    """Return the shortest of some runs."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        call()
        spent.append(time.perf_counter() - start)
    return min(spent)


def generation(people: int = 100_000) -> tuple[str, float]:
    """Return the time to simulate a cohort over that of drawing one normal for each of its numbers."""
    scenario = load_scenario("literature_like")
    cohort = simulate(scenario, people, 1)
    cells = sum(np.size(values) for values in cohort.nodes.values())
    rng = np.random.default_rng(1)
    ratio = seconds(lambda: simulate(scenario, people, 1)) / seconds(lambda: rng.standard_normal(cells))
    return f"simulate {people:,} people / draw {cells:,} normals", ratio


def regression(people: int = 100_000) -> tuple[str, float]:
    """Return the time of our adjusted odds ratio over that of statsmodels' Logit with a formula-free design."""
    table = person_table(simulate(load_scenario("literature_like"), people, 1))
    design = design_of(table)

    def ours() -> object:
        return odds_ratio(
            table, outcome="has_depression", exposure="has_any_autoimmune_disease", adjustment=ADJUSTMENT, design=design
        )

    def theirs() -> object:
        columns = ["has_depression", "has_any_autoimmune_disease", *ADJUSTMENT]
        complete = table[columns].dropna()
        matrix = pd.get_dummies(complete[columns[1:]], columns=["sex", "smoking"], drop_first=True).astype(float)
        return sm.Logit(complete["has_depression"].astype(float), sm.add_constant(matrix)).fit(disp=0)

    return f"adjusted odds ratio, {people:,} people / statsmodels Logit", seconds(ours) / seconds(theirs)


def intake_and_cleaning() -> tuple[str, float]:
    """Return the time to read and clean the demo over that of pandas' own reading of its files."""
    path = shipped_folder("synthetic_data") / "demo" / "study.yaml"
    study, codebook = read_study_file(path), load_codebook()

    def ours() -> object:
        raw = read_cohort(study, path.parent, codebook)
        return clean_cohort(raw.tables, codebook, eligible=study.eligible, ledger=raw.ledger)

    def theirs() -> object:
        return [pd.read_csv(file) for file in path.parent.glob("*.csv")]

    return "read and clean the demo / pandas reads its files", seconds(ours) / seconds(theirs)


def main() -> None:
    """Print one line per comparison."""
    with threadpool_limits(1):
        for measure in (generation, regression, intake_and_cleaning):
            name, ratio = measure()
            print(f"{name:<70} {ratio:6.2f}")


if __name__ == "__main__":
    main()
