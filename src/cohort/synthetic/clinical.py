"""Nodes of layer 6: pain, depression, its severity and its somatic side."""

from __future__ import annotations

import numpy as np

from cohort.synthetic.immune import DISEASES
from cohort.synthetic.node import Array, Knobs, Noise, Parents, node


@node("aid", unit="SD")
def pain(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Pain: linear; a mediator."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node(
    "sex", "age", "u_fam", "prs_dep", "ancestry", "education", "trauma", "prenatal_infection", "prenatal_stress", "bmi",
    "smoking", "activity", "diet", "hosp_infection", "cmv", "ebv_titre", *DISEASES, "pain", "inflam", "dep_past"
)  # fmt: skip
def dep(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Depression in the last twelve months, after everything above: logistic."""
    foreign = np.log(knob["odds_ratio_not_european"]) * (of.ancestry > 0)
    by_age = knob["age_squared"] * of.centred("age") ** 2
    return noise.event(knob.log_odds(of) + foreign + by_age)


@node("dep", "ssri_t0", unit="SD")
def severity(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Severity of depressive symptoms: one normal for everybody, shifted up in depression, down by treatment."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("severity", "inflam", unit="SD")
def sev_somatic(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Severity of the somatic symptoms (sleep, fatigue, appetite, psychomotor): linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()
