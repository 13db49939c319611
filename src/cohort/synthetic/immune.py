"""Nodes of layers 3 and 4: infections, eight autoimmune diseases that arise in time, and inflammation."""

from __future__ import annotations

import numpy as np

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
WAITING = tuple(f"waiting_for_{disease}" for disease in DISEASES)
SUBGROUPS = ("uninflamed", "metabolic", "lymphoid")

# --- layer 3: infections ----------------------------------------------------------------------------------------


@node("age", "sex", "ancestry", "ses_parent")
def cmv(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Infected with cytomegalovirus: logistic."""
    return noise.event(knob.log_odds(of) + np.log(knob["odds_ratio_not_european"]) * (of.ancestry > 0))


@node("age", "sex", "smoking", unit="ln AU/mL")
def ebv_titre(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Antibody against Epstein-Barr virus: log-normal in the infected, near zero in the few who are not."""
    infected = noise.uniform() < knob["share_infected"]
    z = knob["sd"] * noise.normal()
    return np.where(infected, knob.linear(of) + z, knob["uninfected_mean"] + z)


@node("ses_parent", "smoking", "u_fam", "dep_past")
def hosp_infection(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """How many infections were treated in hospital before baseline: Poisson."""
    return noise.count(np.exp(knob.log_rate(of)))


@node("season")
def acute_infection(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Ill with an infection when blood is drawn: logistic, more often from December to February."""
    winter = np.isin(of.season, (12, 1, 2))
    return noise.event(knob["intercept"] + np.log(knob["odds_ratio_winter"]) * winter)


# --- layer 4: autoimmune disease --------------------------------------------------------------------------------


def _waiting(disease: str) -> Node:
    extra = ("ebv_titre",) if disease == "multiple_sclerosis" else ()
    causes = ("sex", "age", "prs_aid", "u_fam", "smoking", "hosp_infection", "dep_past", *extra)

    @node(*causes, name=f"waiting_for_{disease}", stands_for="aid")
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Weibull waiting time as a share of the person's age: below 1, the disease began before baseline."""
        hazard = np.exp(knob.log_rate(of)) * (of.age / knob["reference_age"]) ** knob["age_shape"]
        return (noise.exponential() / hazard) ** (1 / knob["age_shape"])

    return draw


def _present(disease: str) -> Node:
    @node(f"waiting_for_{disease}", name=disease, stands_for="aid")
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Whether the disease began before baseline."""
        return of[f"waiting_for_{disease}"] < 1

    return draw


waiting = tuple(_waiting(disease) for disease in DISEASES)
diseases = tuple(_present(disease) for disease in DISEASES)


@node(*DISEASES)
def aid(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """At least one of the eight autoimmune diseases."""
    return np.asarray(np.any([of[disease] for disease in DISEASES], axis=0))


# --- layer 4: inflammation --------------------------------------------------------------------------------------


@node()
def subgroup(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Immune subgroup 0 (uninflamed), 1 (metabolic) or 2 (lymphoid); without any effect while the separation is 0."""
    u = noise.uniform()
    return (u < knob["share_metabolic"] + knob["share_lymphoid"]).astype(np.int8) + (u < knob["share_lymphoid"])


@node(
    "age", "sex", "bmi", "smoking", "activity", "diet", "education", "prs_il6", "cmv", "hosp_infection", "trauma",
    "prenatal_infection", *DISEASES, unit="ln"
)  # fmt: skip
def inflam(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Chronic inflammation, as its contribution to ln CRP: linear; BMI weighs more in women."""
    women_bmi = knob["sex_by_bmi"] * of.sex * of.centred("bmi")
    return knob.linear(of) + women_bmi + knob["sd"] * noise.normal()


@node("inflam", "prs_crp", "oc_use", "acute_infection", unit="ln mg/L")
def crp_true(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """C-reactive protein averaged over weeks: inflammation, genes, contraceptives (by the liver), acute infection."""
    acute = knob["acute_low"] + (knob["acute_high"] - knob["acute_low"]) * noise.uniform()
    return knob.linear(of) + acute * of.acute_infection + knob["sd"] * noise.normal()


@node("inflam", unit="ln pg/mL")
def il6_true(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Interleukin-6 averaged over weeks: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("inflam", unit="ln pg/mL")
def tnf_true(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Tumour necrosis factor alpha averaged over weeks: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("inflam", "smoking", unit="ln ratio", stands_for="wbc_nlr")
def nlr_true(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Neutrophils to lymphocytes: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("inflam", "smoking", "nlr_true", unit="ln 10^9/L", stands_for="wbc_nlr")
def wbc_true(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """White cells: linear; the ratio counts because neutrophils are most of them."""
    return knob.linear(of) + knob["sd"] * noise.normal()
