"""Nodes of layers 3 and 4: infections, eight autoimmune diseases that arise in time, their drugs, and inflammation."""

from __future__ import annotations

import numpy as np

from cohort.synthetic.history import DISEASES, REFERENCE_AGE
from cohort.synthetic.node import Array, Knobs, Node, Noise, Parents, node

ONSETS = tuple(f"onset_{disease}" for disease in DISEASES)
_NEVER = 1e4
"""An age that nobody reaches, in years, where an age without an end would make the arithmetic undefined."""
SUBGROUPS = ("uninflamed", "metabolic", "lymphoid")

# --- layer 3: infections ----------------------------------------------------------------------------------------


def _infection(name: str) -> Node:
    @node("age", "sex", "ancestry", "ses_parent", name=name)
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Infected: logistic."""
        return noise.event(knob.log_odds(of) + np.log(knob["odds_ratio_not_european"]) * (of.ancestry > 0))

    return draw


cmv = _infection("cmv")
hsv1 = _infection("hsv1")
toxoplasma = _infection("toxoplasma")


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


@node("sex", "age", "ses_parent", "u_fam", "smoking", "dep_past")
def pelvic_infection(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Ever treated for a pelvic infection, women only: logistic."""
    return np.asarray(noise.event(knob.log_odds(of)) & (of.sex == 1))


@node("season")
def acute_infection(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Ill with an infection when blood is drawn: logistic, more often from December to February."""
    winter = np.isin(of.season, (12, 1, 2))
    return noise.event(knob["intercept"] + np.log(knob["odds_ratio_winter"]) * winter)


# --- layer 4: autoimmune disease --------------------------------------------------------------------------------


def _onset(disease: str) -> Node:
    extra = ("ebv_titre",) if disease == "multiple_sclerosis" else ()
    causes = (f"early_onset_{disease}", "landmark", "dep_onset", "smoking", "hosp_infection", *extra)

    @node(*causes, name=f"onset_{disease}", unit="year", stands_for="aid", settings=f"early_onset_{disease}")
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Age at onset: the clock of the early onset, faster after depression and, since the landmark, by lifestyle."""
        shape = knob["age_shape"]

        def clock(years: Array) -> Array:
            return np.asarray((years / REFERENCE_AGE) ** shape)

        after_depression = knob["rate_ratio_after_depression"]
        lately = np.exp(knob.log_ratios(of, "rate_ratio_after_landmark"))
        first = np.minimum(of.dep_onset, of.landmark)
        second = np.maximum(of.dep_onset, of.landmark)
        between = np.where(of.dep_onset < of.landmark, after_depression, lately)
        left, at_first = clock(of[f"early_onset_{disease}"]), clock(first)
        at_second = clock(np.minimum(second, _NEVER))
        stretch = at_second - at_first
        beyond = left - at_first - stretch * between
        reading = np.where(
            left <= at_first,
            left,
            np.where(
                beyond <= 0,
                at_first + (left - at_first) / between,
                at_second + beyond / (after_depression * lately),
            ),
        )
        return REFERENCE_AGE * reading ** (1 / shape)

    return draw


def _present(disease: str) -> Node:
    @node(f"onset_{disease}", "age", name=disease, stands_for="aid")
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Whether the disease began before baseline."""
        return of[f"onset_{disease}"] < of.age

    return draw


onsets = tuple(_onset(disease) for disease in DISEASES)
diseases = tuple(_present(disease) for disease in DISEASES)


@node(*DISEASES)
def aid(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """At least one of the eight autoimmune diseases."""
    return np.asarray(np.any([of[disease] for disease in DISEASES], axis=0))


@node("aid", unit="SD")
def pain(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Pain: linear; a mediator."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("pain", "age")
def nsaid(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on a non-steroidal anti-inflammatory drug: logistic."""
    return noise.event(knob.log_odds(of))


@node("rheumatoid_arthritis", "systemic_lupus_erythematosus", "inflammatory_bowel_disease", "multiple_sclerosis", "age")
def glucocorticoid(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on a systemic glucocorticoid: logistic."""
    return noise.event(knob.log_odds(of))


@node("autoimmune_thyroid_disease", "sex", "age")
def levothyroxine(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on levothyroxine: most with autoimmune thyroid disease, few others (logistic)."""
    return noise.event(knob.log_odds(of))


@node("type_1_diabetes", "type_2_diabetes")
def insulin(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether on insulin: all with type 1 diabetes, some with type 2, nobody else."""
    return (noise.uniform() < knob["share_type_2"]) & of.type_2_diabetes | of.type_1_diabetes


# --- layer 4: inflammation --------------------------------------------------------------------------------------


@node()
def subgroup(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Immune subgroup 0 (uninflamed), 1 (metabolic) or 2 (lymphoid); without any effect while the separation is 0."""
    u = noise.uniform()
    return (u < knob["share_metabolic"] + knob["share_lymphoid"]).astype(np.int8) + (u < knob["share_lymphoid"])


@node("diet", "bmi", "transit", "ssri_t0", unit="SD")
def microbiome(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Diversity of the gut microbiome some time before blood was drawn: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node(
    "age", "sex", "bmi", "smoking", "activity", "diet", "education", "prs_il6", "cmv", "hosp_infection", "trauma",
    "prenatal_infection", "microbiome", "glucocorticoid", *DISEASES, unit="ln"
)  # fmt: skip
def inflam(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Chronic inflammation, as its contribution to ln CRP: linear; BMI weighs more in women."""
    women_bmi = knob["sex_by_bmi"] * of.sex * of.centred("bmi")
    return knob.linear(of) + women_bmi + knob["sd"] * noise.normal()


@node("inflam", "prs_crp", "oc_use", "acute_infection", "statin", "nsaid", unit="ln mg/L")
def crp_true(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """C-reactive protein averaged over weeks: inflammation, genes, drugs, contraceptives (by the liver), infection."""
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


@node("age", "smoking", unit="ln g/L")
def igg_true(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Immunoglobulin G: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()


@node("age", "smoking", "inflam", unit="ln umol/L")
def glutathione_true(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Glutathione of whole blood: linear."""
    return knob.linear(of) + knob["sd"] * noise.normal()
