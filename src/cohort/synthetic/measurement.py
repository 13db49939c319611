"""Nodes of layer 7: what questionnaires, assays and interviews make of the truth, and what is missing."""

from __future__ import annotations

import numpy as np

from cohort.synthetic.background import SUBSCALES
from cohort.synthetic.immune import DISEASES
from cohort.synthetic.node import BLOCK_SIZE, Array, Knobs, Noise, Parents, node, ordinal

PHQ9_SOMATIC = (3, 4, 5, 8)
CTQ_ITEMS = {
    "emotional_abuse": (3, 8, 14, 18, 25),
    "physical_abuse": (9, 11, 12, 15, 17),
    "sexual_abuse": (20, 21, 23, 24, 27),
    "emotional_neglect": (5, 7, 13, 19, 28),
    "physical_neglect": (1, 2, 4, 6, 26),
}
CTQ_REVERSED = (2, 5, 7, 13, 19, 26, 28)
CTQ_MINIMISATION = (10, 16, 22)
SITES = ("A", "B", "C")
PLATE_SIZE = 80
PLATES_PER_SITE = -(-BLOCK_SIZE // PLATE_SIZE)
"""Plates that one site can fill in one block of people, at most."""
FORM_FIELDS = ("parental_ses_sd", "education", "bmi_kg_m2", "smoking", "activity_met_h_week", "diet_quality_sd")

# --- questionnaires ---------------------------------------------------------------------------------------------


@node("severity", "sev_somatic")
def phq9(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Nine items, 0 to 3: graded response to severity; items 3, 4, 5 and 8 to its somatic side."""
    loading = knob["loading"]
    cause = np.repeat(of.severity[:, None], 9, axis=1)
    cause[:, [item - 1 for item in PHQ9_SOMATIC]] = of.sev_somatic[:, None]
    latent = loading * cause / knob["severity_sd"] + np.sqrt(1 - loading**2) * noise.normal(9)
    return ordinal(latent, knob["shift"] + np.add.outer(knob.numbers("item_threshold"), knob.numbers("step")))


@node("dep")
def md_denial(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """How many of the three minimisation items were answered with the extreme, 0 to 3."""
    denies = noise.event(knob.log_odds(of))
    return (denies * (1 + np.searchsorted(knob.numbers("cumulative_share"), noise.uniform()))).astype(np.int8)


@node("trauma_latent", "dep", "md_denial")
def ctq_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Twenty-eight items, 1 to 5, as ticked (reversed items not turned): what is remembered and told, not what was."""
    loading = knob["loading"]
    style = knob["error_shared_loading"]
    report = style * noise.normal()[:, None] + np.sqrt(1 - style**2) * noise.normal(len(SUBSCALES))
    told = loading * of.trauma_latent + np.sqrt(1 - loading**2) * report
    told += (knob["denial"] * (of.md_denial > 0) + knob["recall_when_depressed"] * of.dep)[:, None]
    error = noise.normal(28)
    items = np.ones((noise.rows, 28), dtype=np.int8)
    steps = np.arange(4)
    for k, subscale in enumerate(SUBSCALES):
        columns = [item - 1 for item in CTQ_ITEMS[subscale]]
        reliability = knob.numbers("item_loading")[k]
        latent = reliability * told[:, [k]] + np.sqrt(1 - reliability**2) * error[:, columns]
        first, step = knob.numbers("first_threshold")[k], knob.numbers("step")[k]
        items[:, columns] += ordinal(latent, np.tile(first + step * steps, (len(columns), 1)))
    turned = [item - 1 for item in CTQ_REVERSED]
    items[:, turned] = 6 - items[:, turned]
    denial = [item - 1 for item in CTQ_MINIMISATION]
    ordinary = np.clip(np.floor(2.6 + error[:, denial]), 1, 4).astype(np.int8)
    items[:, denial] = np.where(np.arange(3) < of.md_denial[:, None], 5, ordinary)
    return items


# --- laboratory -------------------------------------------------------------------------------------------------


@node()
def centre(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Site 0, 1 or 2 by their shares."""
    return np.searchsorted(np.cumsum(knob.numbers("share"))[:-1], noise.uniform(), side="right")


@node("centre")
def plate(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Assay plate: each site fills its own plates in the order in which people come, cases and controls alike."""
    number = np.zeros(noise.rows, dtype=np.int64)
    for site in range(len(SITES)):
        here = of.centre == site
        number[here] = site * PLATES_PER_SITE + np.arange(here.sum()) // PLATE_SIZE
    return noise.block * PLATES_PER_SITE * len(SITES) + number


def plate_labels(centre: Array, plate: Array) -> Array:
    """Return the labels of plates: the letter of the site and a number that counts up within the site."""
    block, rest = np.divmod(plate, PLATES_PER_SITE * len(SITES))
    number = block * PLATES_PER_SITE + rest % PLATES_PER_SITE + 1
    return np.char.add(np.asarray(SITES)[centre], np.char.zfill(number.astype(str), 3))


def _plate_in_block(of: Parents) -> Array:
    return np.asarray(of.plate % (PLATES_PER_SITE * len(SITES)))


@node("crp_true", "plate", "centre", "subgroup", unit="mg/L")
def crp_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """One sample: day-to-day variation, plate, site and assay error on the log scale; not yet cut at the limit."""
    batch = knob["plate_sd"] * noise.normal_shared(_plate_in_block(of)) + knob.numbers("centre_shift")[of.centre]
    group = knob.numbers("subgroup_shift")[of.subgroup]
    return np.exp(of.crp_true + batch + group + knob["within_sd"] * noise.normal() + knob["cv"] * noise.normal())


@node("il6_true", "plate", "subgroup", unit="pg/mL")
def il6_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """One sample: as CRP, with more variation from day to day and plate to plate."""
    batch = knob["plate_sd"] * noise.normal_shared(_plate_in_block(of))
    group = knob.numbers("subgroup_shift")[of.subgroup]
    return np.exp(of.il6_true + batch + group + knob["within_sd"] * noise.normal() + knob["cv"] * noise.normal())


@node("tnf_true", "plate", "subgroup", unit="pg/mL")
def tnf_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """One sample: as interleukin-6."""
    batch = knob["plate_sd"] * noise.normal_shared(_plate_in_block(of))
    group = knob.numbers("subgroup_shift")[of.subgroup]
    return np.exp(of.tnf_true + batch + group + knob["within_sd"] * noise.normal() + knob["cv"] * noise.normal())


@node("wbc_true", "nlr_true", "subgroup", unit="10^9/L")
def blood_count(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """White cells, neutrophils, lymphocytes, monocytes and platelets: the parts follow from the whole and the ratio."""
    white = np.exp(of.wbc_true + knob["wbc_within_sd"] * noise.normal())
    group = knob.numbers("subgroup_shift")[of.subgroup]
    ratio = np.exp(of.nlr_true + group + knob["nlr_within_sd"] * noise.normal())
    monocytes = white * knob["monocyte_share"] * np.exp(knob["monocyte_sd"] * noise.normal())
    both = np.maximum(white * (1 - knob["eosinophil_share"]) - monocytes, 0.5)
    platelets = np.exp(knob["platelet_mean"] + knob["platelet_sd"] * noise.normal())
    return np.column_stack([white, both * ratio / (1 + ratio), both / (1 + ratio), monocytes, platelets])


@node("cmv", unit="AU/mL")
def cmv_igg(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Antibody against cytomegalovirus: one log-normal for the infected, a low one for the others."""
    z = noise.normal()
    infected = knob["mean_infected"] + knob["sd_infected"] * z
    return np.exp(np.where(of.cmv, infected, knob["mean_uninfected"] + knob["sd_uninfected"] * z))


@node("ebv_titre", unit="AU/mL")
def ebv_igg(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Antibody against Epstein-Barr virus as the assay reads it."""
    return np.exp(of.ebv_titre + knob["cv"] * noise.normal())


# --- interview --------------------------------------------------------------------------------------------------


@node(*DISEASES, "dep", stands_for="aid_selfreport")
def diagnosis(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Each disease as recorded: sensitivity in the ill, 1 - specificity in the others, there by odds if depressed."""
    ill = np.column_stack([of[disease] for disease in DISEASES])
    odds = (1 - knob["specificity"]) / max(knob["specificity"], 1e-12)
    odds_by_person = odds * np.where(of.dep, knob["false_positive_odds_ratio_depressed"], 1.0)
    wrong = (odds_by_person / (1 + odds_by_person))[:, None]
    return noise.uniform(len(DISEASES)) < np.where(ill, knob["sensitivity"], wrong)


# --- what is missing --------------------------------------------------------------------------------------------


@node("severity", "trauma_severe")
def r_ctq(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Whether the trauma form came back: logistic."""
    return noise.event(knob.log_odds(of))


@node("severity")
def r_blood(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Blood was drawn: logistic."""
    return noise.event(knob.log_odds(of))


@node()
def r_cytokine(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Cytokines were measured: a sub-study at random, among those with blood."""
    return noise.uniform() < knob["share"]


@node()
def r_diagnosis(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Which diseases were asked for, at random."""
    return noise.uniform(len(DISEASES)) >= knob["missing"]


@node()
def r_items(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Which of nine PHQ-9 and twenty-eight CTQ-SF items were answered, at random; the last PHQ-9 item less often."""
    missing = np.full(37, knob["missing_per_item"])
    missing[8] = knob["missing_item_9"]
    answered: Array = noise.uniform(37) >= missing
    answered[:, :9] &= noise.uniform()[:, None] < knob["share_phq9"]
    return answered


@node()
def r_form(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Which fields of the visit's form were filled in, at random."""
    return noise.uniform(len(FORM_FIELDS)) >= knob.numbers("missing")
