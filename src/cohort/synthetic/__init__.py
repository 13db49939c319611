"""Synthetic cohorts with known truth: a causal model, scenarios, measurement, raw files, and truth by intervention."""

from __future__ import annotations

from cohort.synthetic.calibration import calibration_table, calibration_text
from cohort.synthetic.demo import draw_demo
from cohort.synthetic.intervention import Shift
from cohort.synthetic.population import population_values
from cohort.synthetic.scenario import Scenario, list_scenarios, load_scenario, parse_settings
from cohort.synthetic.simulate import SyntheticCohort, intervene, simulate
from cohort.synthetic.solving import solve_constants, solve_knob
from cohort.synthetic.tables import person_table
from cohort.synthetic.truth import contrast, true_effects
from cohort.synthetic.writing import write_cohort

__all__ = [
    "Scenario",
    "Shift",
    "SyntheticCohort",
    "calibration_table",
    "calibration_text",
    "contrast",
    "draw_demo",
    "intervene",
    "list_scenarios",
    "load_scenario",
    "parse_settings",
    "person_table",
    "population_values",
    "simulate",
    "solve_constants",
    "solve_knob",
    "true_effects",
    "write_cohort",
]
