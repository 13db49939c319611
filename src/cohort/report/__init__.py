"""Run the notebooks on a study and gather what they show into one offline HTML report."""

from cohort.report.figures import (
    adjustment_figure,
    axis_figure,
    gap_figure,
    interaction_figure,
    profiles_figure,
    strata_figure,
)
from cohort.report.page import Page
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
    "changes",
    "claims_table",
    "depression_prevalence",
    "flow_table",
    "gap_figure",
    "interaction_figure",
    "key_variables",
    "ledger_table",
    "missingness_table",
    "profiles_figure",
    "quarantine_table",
    "rows_table",
    "run_suite",
    "shown_variables",
    "sources_table",
    "strata_figure",
    "structure_truth_table",
    "truth_table",
]
