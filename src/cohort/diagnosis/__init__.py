"""Methods against scenarios with known truth: bias, coverage, error rates and verdicts, each with its own error.

:mod:`~cohort.diagnosis.methods` names the analyses, :mod:`~cohort.diagnosis.sample` draws cohorts,
:mod:`~cohort.diagnosis.truth` finds what is true by intervention, :mod:`~cohort.diagnosis.running` runs replicates,
:mod:`~cohort.diagnosis.performance` sums them up, and :mod:`~cohort.diagnosis.rules` says what passes.
"""

from cohort.diagnosis.method import Chosen, Estimand, Method, choose, parse_options
from cohort.diagnosis.methods import METHODS
from cohort.diagnosis.performance import DIAGNOSANDS, summarise
from cohort.diagnosis.plan import Plan, PlanResult, load_plan, planned_settings, run_plan, setting_of_rule
from cohort.diagnosis.rules import check, load_rules
from cohort.diagnosis.running import Diagnosis, Setting, diagnose, setting_of
from cohort.diagnosis.sample import SOURCE_WORDS, SOURCES, Sample, draw
from cohort.diagnosis.truth import KnownTruth, truth_of
from cohort.diagnosis.wrong import is_wrong

__all__ = [
    "DIAGNOSANDS",
    "METHODS",
    "SOURCES",
    "SOURCE_WORDS",
    "Chosen",
    "Diagnosis",
    "Estimand",
    "KnownTruth",
    "Method",
    "Plan",
    "PlanResult",
    "Sample",
    "Setting",
    "check",
    "choose",
    "diagnose",
    "draw",
    "is_wrong",
    "load_plan",
    "load_rules",
    "parse_options",
    "planned_settings",
    "run_plan",
    "setting_of",
    "setting_of_rule",
    "summarise",
    "truth_of",
]
