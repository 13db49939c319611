"""Canonical tables in; clean tables, ledger, quarantine, flow and derived tables out.

Rules find and one place acts on what they find, so that no value changes without a line in the ledger. Everything works
on tables of all people or of one block of people, except the rules that say ``needs_all_rows``.
"""

from __future__ import annotations

from cohort.cleaning.accounting import account_rows, count_rows
from cohort.cleaning.flow import Flow, FlowStep
from cohort.cleaning.instruments import score_instrument
from cohort.cleaning.pipeline import CleanCohort, clean_cohort
from cohort.cleaning.rule import Finding, Rule, apply_rules, empty_quarantine
from cohort.cleaning.rules import RULES

__all__ = [
    "RULES",
    "CleanCohort",
    "Finding",
    "Flow",
    "FlowStep",
    "Rule",
    "account_rows",
    "apply_rules",
    "clean_cohort",
    "count_rows",
    "empty_quarantine",
    "score_instrument",
]
