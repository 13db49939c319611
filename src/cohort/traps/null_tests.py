"""The trap of many tests: where nothing has an effect, shared causes and chance still give p values below 0.05."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from cohort.results import Estimate
from cohort.synthetic import Scenario
from cohort.synthetic.node import Array
from cohort.traps.estimators import crude_odds_ratio, difference, over_cohorts
from cohort.traps.people import ANCESTRY_COLUMN, people
from cohort.traps.trap import Trap, Truth, in_words

LEVEL = 0.05
COHORT_SIZE = 5000
MOST_COHORTS = 10
EXPOSURES = (
    "is_cmv_seropositive", "is_hsv1_seropositive", "is_toxoplasma_seropositive", "ln_ebv_igg",
    "hospital_infection_count", "has_any_autoimmune_disease", "has_autoimmune_thyroid_disease", "has_psoriasis",
    "pain_sd", "ln_crp", "ln_il6", "ln_tnf", "ln_nlr", "ln_tryptophan", "ln_kynurenine", "ln_platelet_serotonin",
    "ln_platelets", "ln_cortisol", "microbiome_sd", "has_acute_infection",
)  # fmt: skip
OUTCOMES = ("has_current_depression", "phq9_total")
CAUSES = (
    "age_years", "age_squared", "is_female", ANCESTRY_COLUMN, "parental_ses_sd", "education_sd", "prs_depression_sd",
    "has_childhood_trauma", "has_prenatal_infection", "prenatal_stress_sd", "bmi_kg_m2", "is_current_smoker",
    "activity_sd", "diet_quality_sd", "has_lifetime_depression", "is_antidepressant_user",
)  # fmt: skip


def many_tests(world: Scenario, n: int, seed: int) -> Trap:
    """Return the share of tests called a discovery: crude, and adjusted with a controlled false discovery rate.

    Parameters
    ----------
    world, n, seed
        A world without effects; people, cut into cohorts of 5,000.
    """
    table = people(world, n, seed, (*EXPOSURES, *OUTCOMES, *CAUSES))
    size = min(COHORT_SIZE, max(n // 2, 1))
    cohorts = [table.iloc[start : start + size] for start in range(0, n - size + 1, size)][:MOST_COHORTS]
    crude = np.array([_p_values(cohort, ()) for cohort in cohorts])
    adjusted = np.array([_p_values(cohort, CAUSES) for cohort in cohorts])
    controlled = np.array([stats.false_discovery_control(row) for row in adjusted])
    tests = crude.shape[1]
    return Trap(
        f"share of {tests} tests called a discovery where nothing has an effect, in cohorts of {size:,}",
        f"crude, p < {LEVEL}",
        over_cohorts((crude < LEVEL).mean(axis=1)),
        Truth(0.0),
        f"given the measured causes of depression, q < {LEVEL} (Benjamini and Hochberg)",
        over_cohorts((controlled < LEVEL).mean(axis=1)),
        "some p < 0.05 among 40 tests; at most 5 % discoveries when the false discovery rate is controlled",
        tolerance=LEVEL,
        note=f"Adjusted without control of the false discovery rate: "
        f"{in_words(over_cohorts((adjusted < LEVEL).mean(axis=1)))}. {len(cohorts)} cohorts.",
    )


def _p_values(table: pd.DataFrame, adjustment: Sequence[str]) -> Array:
    """Return the p value of each exposure on each outcome; 1 where a cohort cannot test it."""
    found = []
    for outcome in OUTCOMES:
        regression = crude_odds_ratio if outcome == OUTCOMES[0] else difference
        for exposure in EXPOSURES:
            result = regression(table, exposure, outcome, adjustment)
            found.append(result.p_value() if isinstance(result, Estimate) else 1.0)
    return np.array(found)
