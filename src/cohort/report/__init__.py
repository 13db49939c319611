"""Run the notebooks on a study and gather what they show into one offline HTML report."""

from cohort.report.page import Page
from cohort.report.suite import run_suite

__all__ = ["Page", "run_suite"]
