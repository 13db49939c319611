"""Estimators and verdicts: functions of a person table and its design; they cannot see the truth of a synthetic cohort.

The estimand first: :mod:`~cohort.analysis.causal` says what to adjust for and :mod:`~cohort.analysis.questions`
which sets tempt; :mod:`~cohort.analysis.design`, :mod:`~cohort.analysis.regression` and
:mod:`~cohort.analysis.comorbidity` estimate; :mod:`~cohort.analysis.sensitivity` and :mod:`~cohort.analysis.power`
say how much to trust it, and :mod:`~cohort.analysis.verdicts` what the numbers say of a claim. What a cohort cannot
give comes back as :class:`~cohort.results.NotTestable`.
"""

from cohort.analysis.causal import AdjustmentSet, adjustment_set, backdoor_open, load_graph, measured_in, objections
from cohort.analysis.comorbidity import comorbidity, comorbidity_by_adjustment, comorbidity_table
from cohort.analysis.description import missingness, table_one
from cohort.analysis.design import Design, design_of, mean, proportion, proportions_by, standard_deviation
from cohort.analysis.power import (
    detectable_odds_ratio,
    minimum_detectable_difference,
    minimum_detectable_odds_ratio,
    n_needed,
)
from cohort.analysis.regression import interaction, mean_difference, odds_ratio, standardised_contrasts
from cohort.analysis.sensitivity import EValue, e_value
from cohort.analysis.verdicts import difference_bounds, judge_direction, judge_family, judge_size, verdict_table

__all__ = [
    "AdjustmentSet",
    "Design",
    "EValue",
    "adjustment_set",
    "backdoor_open",
    "comorbidity",
    "comorbidity_by_adjustment",
    "comorbidity_table",
    "design_of",
    "detectable_odds_ratio",
    "difference_bounds",
    "e_value",
    "interaction",
    "judge_direction",
    "judge_family",
    "judge_size",
    "load_graph",
    "mean",
    "mean_difference",
    "measured_in",
    "minimum_detectable_difference",
    "minimum_detectable_odds_ratio",
    "missingness",
    "n_needed",
    "objections",
    "odds_ratio",
    "proportion",
    "proportions_by",
    "standard_deviation",
    "standardised_contrasts",
    "table_one",
    "verdict_table",
]
