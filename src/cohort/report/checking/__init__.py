"""The dry run of a study: what maps, what is rejected, which claims it tests, and what effects it could see."""

from cohort.report.checking.check import Check, check_study
from cohort.report.checking.text import check_text

__all__ = ["Check", "check_study", "check_text"]
