"""Nodes of layer 7: who comes into the cohort, what a diagnosis on record says, and what is missing."""

from __future__ import annotations

import numpy as np
from scipy import special

from cohort.synthetic.history import DISEASES
from cohort.synthetic.node import Array, Knobs, Noise, Parents, node

RECRUITMENT = ("population", "clinic", "volunteer", "control")
FORM_FIELDS = ("parental_ses_sd", "education", "bmi_kg_m2", "smoking", "activity_met_h_week", "diet_quality_sd")
TYPE_1 = DISEASES.index("type_1_diabetes")

# --- selection --------------------------------------------------------------------------------------------------


@node("dep", "aid", "u_help", stands_for="s_clinic")
def clinic_probability(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Probability of being seen in a clinic: a union of reasons (help, depression, disease), never a product."""
    for_other_reasons = special.expit(
        special.logit(knob["probability"]) + np.log(knob["odds_ratio_u_help"]) * of.u_help
    )
    not_for_depression = 1 - knob["probability_by_depression"] * of.dep
    not_for_disease = 1 - knob["probability_by_disease"] * of.aid
    seen: Array = 1 - (1 - for_other_reasons) * not_for_depression * not_for_disease
    return seen


@node("clinic_probability")
def s_clinic(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Seen in a clinic."""
    return noise.uniform() < of.clinic_probability


@node("severity", "education")
def s_volunteer(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Would volunteer: logistic; the healthier and the better educated do."""
    return noise.event(knob.log_odds(of))


@node("aid")
def passes_screen(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Would pass a screen for other illness: many with an autoimmune disease would not."""
    return ~((noise.uniform() < knob["share_of_diseased_screened_out"]) & of.aid)


@node("passes_screen", "dep", "dep_past")
def s_control(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Would be taken as a control: never depressed, and passes the screen ("super-normal")."""
    return ~of.dep & ~of.dep_past & of.passes_screen


@node("s_clinic", "s_volunteer", "s_control", "dep")
def recruitment(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """How a person came into the cohort: 0 population, 1 clinic, 2 volunteer, 3 screened control; -1 not at all.

    Each way has a share of those whom it could recruit; the later of this list wins where several would. ``share_case``
    recruits the depressed of the population as cases of a clinic, whatever else they have.
    """
    u = noise.uniform(5)
    found = np.full(noise.rows, -1, dtype=np.int8)
    found[u[:, 0] < knob["share_population"]] = 0
    found[(u[:, 1] < knob["share_volunteer"]) & of.s_volunteer] = 2
    found[(u[:, 2] < knob["share_control"]) & of.s_control] = 3
    found[(u[:, 3] < knob["share_case"]) & of.dep] = 1
    found[(u[:, 4] < knob["share_clinic"]) & of.s_clinic] = 1
    return found


# --- diagnoses on record ----------------------------------------------------------------------------------------


@node("type_2_diabetes", "age", unit="year", stands_for="type_2_diabetes")
def onset_type_2_diabetes(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Age at onset of type 2 diabetes: some years before baseline; infinite for those without it."""
    began = np.maximum(of.age - knob["years"] * noise.exponential(), np.minimum(knob["minimum"], of.age - 0.5))
    return np.where(of.type_2_diabetes, began, np.inf)


@node(*DISEASES, "dep", "type_2_diabetes", stands_for="aid_selfreport", columns=8)
def diagnosis(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Each disease as recorded: sensitivity in the ill, 1 - specificity in the others, there by odds if depressed.

    Some people with type 2 diabetes are recorded with type 1.
    """
    ill = np.column_stack([of[disease] for disease in DISEASES])
    odds = (1 - knob["specificity"]) / max(knob["specificity"], 1e-12)
    odds_by_person = odds * np.where(of.dep, knob["false_positive_odds_ratio_depressed"], 1.0)
    wrong = np.repeat((odds_by_person / (1 + odds_by_person))[:, None], len(DISEASES), axis=1)
    mixed_up = of.type_2_diabetes & ~ill[:, TYPE_1]
    wrong[mixed_up, TYPE_1] = np.maximum(wrong[mixed_up, TYPE_1], knob["share_type_2_recorded_as_type_1"])
    return noise.uniform(len(DISEASES)) < np.where(ill, knob["sensitivity"], wrong)


# --- what is missing --------------------------------------------------------------------------------------------


@node("severity", "trauma_severe", "age", "education")
def r_ctq(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether the trauma form came back: logistic."""
    return noise.event(knob.log_odds(of))


@node("severity", "age", "education", "crp_true")
def r_blood(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Blood was drawn: logistic."""
    return noise.event(knob.log_odds(of))


@node()
def r_cytokine(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Cytokines were measured: a sub-study at random, among those with blood."""
    return noise.uniform() < knob["share"]


@node()
def r_metabolite(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Cortisol, tryptophan, kynurenine, serotonin, glutathione and IgG were measured: a sub-study at random."""
    return noise.uniform() < knob["share"]


@node()
def r_genotype(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Genotyped: at random."""
    return noise.uniform() >= knob["missing"]


@node("phq9", "recruitment")
def r_interview(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Rated by a clinician (HAM-D): patients of a clinic, and those of the others who scored high on the PHQ-9."""
    asked = (of.phq9.sum(axis=1) >= knob["score_at_least"]) | (of.recruitment == 1)
    rated: Array = asked & (noise.uniform() < knob["share"])
    return rated


@node(columns=8)
def r_diagnosis(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Which diseases were asked for, at random."""
    return noise.uniform(len(DISEASES)) >= knob["missing"]


@node(columns=37)
def r_items(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Which of nine PHQ-9 and twenty-eight CTQ-SF items were answered, at random; the last PHQ-9 item less often."""
    missing = np.full(37, knob["missing_per_item"])
    missing[8] = knob["missing_item_9"]
    answered: Array = noise.uniform(37) >= missing
    answered[:, :9] &= noise.uniform()[:, None] < knob["share_phq9"]
    return answered


@node(columns=48)
def r_scales(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Which of twenty-one BDI-II, seventeen HAM-D and ten PSS-10 items were answered, at random."""
    return noise.uniform(48) >= knob["missing_per_item"]


@node(columns=6)
def r_form(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Which fields of the visit's form were filled in, at random."""
    return noise.uniform(len(FORM_FIELDS)) >= knob.numbers("missing")
