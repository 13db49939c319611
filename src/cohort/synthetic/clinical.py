"""Nodes of layers 5 and 6: tryptophan, serotonin, cortisol; depression, its severity, and what goes with it."""

from __future__ import annotations

import numpy as np

from cohort.synthetic.history import DISEASES
from cohort.synthetic.node import Array, Knobs, Noise, Parents, node

# --- layer 5: neurochemistry ------------------------------------------------------------------------------------


@node("inflam", unit="ln umol/mmol")
def kyn_trp(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Kynurenine per tryptophan: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("kyn_trp", "diet", unit="ln umol/L")
def trp(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Tryptophan: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("platelets", "httlpr", "ssri_t0", unit="ln nmol/10^9")
def platelet_5ht(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Serotonin of platelets: linear; an SSRI empties them."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("trauma", unit="SD")
def cortisol(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Cortisol at a fixed hour of the day: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


# --- layer 6: depression ----------------------------------------------------------------------------------------


@node(
    "sex", "age", "u_fam", "prs_dep", "ancestry", "education", "trauma", "prenatal_infection", "prenatal_stress", "bmi",
    "smoking", "activity", "diet", "hosp_infection", "pelvic_infection", "cmv", "hsv1", "toxoplasma", "ebv_titre",
    *DISEASES, "pain", "inflam", "trp", "kyn_trp", "microbiome", "platelet_5ht", "cortisol", "httlpr", "dep_past"
)  # fmt: skip
def dep(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Depression in the last twelve months, after everything above: logistic."""
    by_ancestry = np.log(np.array([1.0, knob["odds_ratio_african"], knob["odds_ratio_east_asian"]]))
    by_age = knob["age_squared"] * of.centred("age") ** 2
    both = knob["trauma_by_inflam"] * of.trauma * of.inflam
    return noise.event(knob.log_odds(of) + by_ancestry[of.ancestry] + by_age + both)


@node("dep", "ssri_t0", unit="SD")
def severity(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Severity of depressive symptoms: one normal for everybody, shifted up in depression, down by treatment."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("severity", "inflam", "acute_infection", unit="SD")
def sev_somatic(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Severity of the somatic symptoms (sleep, fatigue, appetite, psychomotor): linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("severity", "sex", "trauma", unit="SD")
def perceived_stress(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Stress as felt in the last month: linear; without effects of its own."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("ssri_t0", "severity", "u_help")
def ssri_t2(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on an antidepressant after baseline: logistic."""
    return noise.event(knob.log_odds(of))


@node("sex", "age", "ses_parent", "education", "smoking", "u_person")
def accidental_injury(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Treated for an accident in the last twelve months: logistic; no immune cause (a negative-control outcome)."""
    return noise.event(knob.log_odds(of))
