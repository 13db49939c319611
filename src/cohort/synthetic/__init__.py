"""Synthetic cohorts with known truth: a causal model, scenarios, measurement, raw files, and truth by intervention."""

from __future__ import annotations

from cohort.synthetic.calibration import calibration_table, solve_knob
from cohort.synthetic.demo import draw_demo
from cohort.synthetic.export import write_cohort
from cohort.synthetic.scenario import Scenario, list_scenarios, load_scenario
from cohort.synthetic.simulate import SyntheticCohort, intervene, simulate
from cohort.synthetic.tables import person_table
from cohort.synthetic.truth import population_values, true_effects

__all__ = [
    "Scenario",
    "SyntheticCohort",
    "calibration_table",
    "draw_demo",
    "intervene",
    "list_scenarios",
    "load_scenario",
    "person_table",
    "population_values",
    "simulate",
    "solve_knob",
    "true_effects",
    "write_cohort",
]
