"""Estimators and verdicts: functions of a person table and its design; they cannot see the truth of a synthetic cohort.

The estimand first: :mod:`~cohort.analysis.causal` says what to adjust for and :mod:`~cohort.analysis.questions`
which sets tempt; :mod:`~cohort.analysis.design`, :mod:`~cohort.analysis.regression` and
:mod:`~cohort.analysis.comorbidity` estimate; :mod:`~cohort.analysis.sensitivity` and :mod:`~cohort.analysis.power`
say how much to trust it, and :mod:`~cohort.analysis.verdicts` what the numbers say of a claim. In time and in families:
:mod:`~cohort.analysis.rates`, :mod:`~cohort.analysis.hazards`, :mod:`~cohort.analysis.families`. What a cohort cannot
give comes back as :class:`~cohort.results.NotTestable`.
"""

from cohort.analysis.causal import AdjustmentSet, adjustment_set, backdoor_open, load_graph, measured_in, objections
from cohort.analysis.comorbidity import comorbidity, comorbidity_by_adjustment, comorbidity_table
from cohort.analysis.description import missingness, table_one
from cohort.analysis.design import Design, design_of, mean, proportion, proportions_by, standard_deviation
from cohort.analysis.dose import odds_ratios_by_count
from cohort.analysis.families import familial_association, families_of, family_design
from cohort.analysis.hazards import hazard_ratio
from cohort.analysis.modification import additive_interaction, by_stratum, contrast_of_strata
from cohort.analysis.onset_question import Question
from cohort.analysis.onsets import life_table
from cohort.analysis.power import (
    detectable_odds_ratio,
    minimum_detectable_difference,
    minimum_detectable_odds_ratio,
    n_needed,
)
from cohort.analysis.rate_ratio import incidence_rate_ratio
from cohort.analysis.rates import age_specific_rates, incidence_rates
from cohort.analysis.regression import interaction, mean_difference, odds_ratio, standardised_contrasts
from cohort.analysis.sensitivity import EValue, e_value
from cohort.analysis.small_cells import odds_ratio_small_cells
from cohort.analysis.stratified import mantel_haenszel
from cohort.analysis.verdicts import difference_bounds, judge_direction, judge_family, judge_size, verdict_table
from cohort.analysis.within_siblings import within_siblings

__all__ = [
    "AdjustmentSet",
    "Design",
    "EValue",
    "Question",
    "additive_interaction",
    "adjustment_set",
    "age_specific_rates",
    "backdoor_open",
    "by_stratum",
    "comorbidity",
    "comorbidity_by_adjustment",
    "comorbidity_table",
    "contrast_of_strata",
    "design_of",
    "detectable_odds_ratio",
    "difference_bounds",
    "e_value",
    "familial_association",
    "families_of",
    "family_design",
    "hazard_ratio",
    "incidence_rate_ratio",
    "incidence_rates",
    "interaction",
    "judge_direction",
    "judge_family",
    "judge_size",
    "life_table",
    "load_graph",
    "mantel_haenszel",
    "mean",
    "mean_difference",
    "measured_in",
    "minimum_detectable_difference",
    "minimum_detectable_odds_ratio",
    "missingness",
    "n_needed",
    "objections",
    "odds_ratio",
    "odds_ratio_small_cells",
    "odds_ratios_by_count",
    "proportion",
    "proportions_by",
    "standard_deviation",
    "standardised_contrasts",
    "table_one",
    "verdict_table",
    "within_siblings",
]
