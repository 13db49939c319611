"""Run the notebooks on a study and gather what they show into one offline HTML report."""

from cohort.report.adversity_figures import (
    curves_figure,
    interactions_figure,
    open_paths_figure,
    over_adjusted_figure,
    paths_figure,
    paths_truth_table,
)
from cohort.report.figures import (
    adjustment_figure,
    axis_figure,
    gap_figure,
    interaction_figure,
    strata_figure,
)
from cohort.report.page import Page
from cohort.report.subgroup_figures import (
    calibration_figure,
    marker_map_figure,
    profile_intervals_figure,
    ridges_figure,
)
from cohort.report.suite import SEED, run_suite
from cohort.report.tables import (
    claims_table,
    flow_table,
    ledger_table,
    quarantine_table,
    rows_table,
    sources_table,
    structure_truth_table,
    truth_table,
)
from cohort.report.variables import (
    changes,
    depression_prevalence,
    key_variables,
    missingness_table,
    shown_variables,
)

__all__ = [
    "SEED",
    "Page",
    "adjustment_figure",
    "axis_figure",
    "calibration_figure",
    "changes",
    "claims_table",
    "curves_figure",
    "depression_prevalence",
    "flow_table",
    "gap_figure",
    "interaction_figure",
    "interactions_figure",
    "key_variables",
    "ledger_table",
    "marker_map_figure",
    "missingness_table",
    "open_paths_figure",
    "over_adjusted_figure",
    "paths_figure",
    "paths_truth_table",
    "profile_intervals_figure",
    "quarantine_table",
    "ridges_figure",
    "rows_table",
    "run_suite",
    "shown_variables",
    "sources_table",
    "strata_figure",
    "structure_truth_table",
    "truth_table",
]
