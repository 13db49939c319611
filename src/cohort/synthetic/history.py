"""Nodes of layer 2: life before baseline, unfolded in time, and how people live at baseline.

Autoimmune disease and depression feed each other over life. Here that is acyclic because it is unfolded: each disease
has an age at which it would begin if nothing sped it up (``early_onset_...``). A disease that began before a landmark,
some years before baseline, raises the hazard of a first depression from its onset on (``dep_onset``). Depression raises
the hazard of the diseases that have not begun yet from its onset on; smoking and infections do after the landmark
(``onset_...`` in ``immune.py``). Hazards are piecewise Weibull and inverted in closed form, so onset ages are exact.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from cohort.synthetic.node import Array, Knobs, Node, Noise, Parents, node

DISEASES = (
    "autoimmune_thyroid_disease",
    "type_1_diabetes",
    "multiple_sclerosis",
    "rheumatoid_arthritis",
    "systemic_lupus_erythematosus",
    "psoriasis",
    "inflammatory_bowel_disease",
    "celiac_disease",
)
EARLY = tuple(f"early_onset_{disease}" for disease in DISEASES)
PAST = tuple(f"past_onset_{disease}" for disease in DISEASES)
REFERENCE_AGE = 48.0
"""Age at which the hazards of the autoimmune diseases are stated."""


def _early_onset(disease: str) -> Node:
    @node(
        "sex", "prs_aid", "u_fam", "aid_susceptibility", name=f"early_onset_{disease}", unit="year",
        stands_for="aid_clock",
    )  # fmt: skip
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Age at which the disease would begin if nothing later sped it up: Weibull.

        Part of its chance is what all diseases of a person share (a Gaussian copula, so that its risk stays as it is).
        """
        share = knob["share_susceptibility"]
        chance = np.sqrt(1 - share) * noise.normal() - np.sqrt(share) * of.aid_susceptibility
        return REFERENCE_AGE * (noise.exponential_of(chance) / np.exp(knob.log_rate(of))) ** (1 / knob["age_shape"])

    return draw


early_onsets = tuple(_early_onset(disease) for disease in DISEASES)


@node("age", unit="year", stands_for="age")
def landmark(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Age at which the past ends and the present begins: some years before baseline."""
    return np.maximum(of.age - knob["years_before_baseline"], 0.0)


def _past_onset(disease: str) -> Node:
    @node(f"early_onset_{disease}", "landmark", name=f"past_onset_{disease}", unit="year", stands_for="aid_past")
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Age at onset of a disease that began before the landmark; infinite for none."""
        early = of[f"early_onset_{disease}"]
        return np.where(early < of.landmark, early, np.inf)

    return draw


past_onsets = tuple(_past_onset(disease) for disease in DISEASES)


@node(*PAST)
def aid_past(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether an autoimmune disease began before the landmark, unhurried by anything."""
    return np.asarray(np.any([np.isfinite(of[name]) for name in PAST], axis=0))


@node("ses_parent", "trauma", unit="SD")
def education(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Education as a continuum: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node(
    "sex", "age", "u_fam", "prs_dep", "ancestry", "trauma", "prenatal_infection", "prenatal_stress", "education",
    "role", *PAST, unit="year", stands_for="dep_past"
)  # fmt: skip
def dep_onset(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Age at the first depression, infinite for never: hazard on a log-normal clock, raised from each onset of disease.

    Its chance is correlated in families beyond the causes named here; the risk of each person stays as it is.
    """
    ancestry_effect = np.log(np.array([1.0, knob["rate_ratio_african"], knob["rate_ratio_east_asian"]]))
    speed = np.exp(knob.log_rate(of) + ancestry_effect[of.ancestry])
    chance = noise.normal_kin(of.role, knob["sibling"], knob["parent"], 0.0)
    left = noise.exponential_of(chance) / speed
    spread, median = knob["onset_spread"], np.log(knob["onset_median"])
    reached = left.copy()
    began = np.column_stack([of[name] for name in PAST])
    ratios = np.array([knob.group("rate_ratio_after")[disease] for disease in DISEASES])
    ill = np.isfinite(began).any(axis=1) & (ratios.max() != 1.0)
    if ill.any():
        clock = special.ndtr((np.log(began[ill]) - median) / spread)
        reached[ill] = _hurried(left[ill], clock, ratios)
    ages = np.full(noise.rows, np.inf)
    ever = reached < 1
    ages[ever] = np.exp(median + spread * special.ndtri(reached[ever]))
    return ages


def _hurried(left: Array, begin: Array, ratios: Array) -> Array:
    """Return when a clock has run a given distance if its speed is multiplied by a ratio from each beginning on.

    Parameters
    ----------
    left
        Distance to run, shape (n,).
    begin
        Reading of the clock at each beginning, shape (n, k); 1 or more for never.
    ratios
        Factor of each beginning, shape (k,).
    """
    order = np.argsort(begin, axis=1, kind="stable")
    at = np.take_along_axis(begin, order, axis=1)
    speed = np.ones(len(left))
    reading = np.zeros(len(left))
    left = left.copy()
    done = np.full(len(left), np.inf)
    for k in range(at.shape[1] + 1):
        end = at[:, k] if k < at.shape[1] else np.full(len(left), np.inf)
        distance = (end - reading) * speed
        here = np.isinf(done) & (left <= distance)
        done[here] = reading[here] + left[here] / speed[here]
        left -= distance
        reading = end
        if k < at.shape[1]:
            speed = speed * ratios[order[:, k]]
    return done


@node("dep_onset", "age")
def dep_past(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether there was a first depression before baseline."""
    return np.asarray(of.dep_onset < of.age)


# --- lifestyle at baseline --------------------------------------------------------------------------------------


@node("education", "trauma", "dep_past")
def smoking(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Smokes now: logistic."""
    return noise.event(knob.log_odds(of))


@node("age", "smoking")
def smoked_before(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Smoked once and stopped, among those who do not smoke now; without effects of its own."""
    return noise.event(knob.log_odds(of)) & ~of.smoking


@node("education", "dep_past", unit="SD")
def activity(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Physical activity: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("education", "dep_past", unit="SD")
def diet(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Quality of the diet: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("age", "prs_bmi", "trauma", "education", "diet", "activity", "dep_past", unit="kg/m^2")
def bmi(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Body mass index: linear, with a residual that is skewed to the right (shifted log-normal) and has mean 0."""
    skew = knob["skew"]
    residual = np.exp(skew * noise.normal() - skew**2 / 2) - 1
    spread = knob["sd"] / np.sqrt(np.expm1(skew**2))
    return np.asarray(np.clip(knob.linear(of) + spread * residual, 14.5, 60.0))


@node("sex", "age")
def oc_use(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on a combined hormonal contraceptive: women only, one share up to 45 years, none from 50."""
    fade = np.clip((50 - of.age) / 5, 0, 1)
    return np.asarray((noise.uniform() < knob["share_women_18_45"] * fade) & (of.sex == 1))


@node("dep_past", "u_help")
def ssri_t0(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on an antidepressant at baseline: logistic."""
    return noise.event(knob.log_odds(of))


@node("age", "bmi")
def type_2_diabetes(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Type 2 diabetes at baseline: logistic."""
    return noise.event(knob.log_odds(of))


@node("age", "sex", "bmi", "type_2_diabetes")
def statin(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on a statin: logistic."""
    return noise.event(knob.log_odds(of))
