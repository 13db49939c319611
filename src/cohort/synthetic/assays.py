"""Nodes of layer 7: what a laboratory makes of the truth: one sample, on a plate, of a site, at an hour of the day."""

from __future__ import annotations

import numpy as np

from cohort.synthetic.node import BLOCK_SIZE, Array, Knobs, Node, Noise, Parents, node

SITES = ("A", "B", "C")
PLATE_SIZE = 80
PLATES_PER_SITE = 2 * -(-BLOCK_SIZE // PLATE_SIZE)
"""Plates that one site can fill in one block of people, at most, in two series."""
SEROLOGIES = ("cmv", "hsv1", "toxoplasma")


@node()
def centre(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Site 0, 1 or 2 by their shares."""
    return np.searchsorted(np.cumsum(knob.numbers("share"))[:-1], noise.uniform(), side="right")


@node("centre", "dep")
def plate(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Assay plate: each site fills two series of plates in the order in which people come.

    By default chance decides the series; in a world of batches the depressed lie on one and the others on the other.
    """
    share = np.where(of.dep, knob["share_depressed_in_second_series"], knob["share_others_in_second_series"])
    series = noise.uniform() < share
    number = np.zeros(noise.rows, dtype=np.int64)
    for site in range(len(SITES)):
        for second in (False, True):
            here = (of.centre == site) & (series == second)
            number[here] = site * PLATES_PER_SITE + 2 * (np.arange(here.sum()) // PLATE_SIZE) + second
    return noise.block * PLATES_PER_SITE * len(SITES) + number


def plate_labels(centre: Array, plate: Array) -> Array:
    """Return the labels of plates: the letter of the site and a number that counts up within the site."""
    block, rest = np.divmod(plate, PLATES_PER_SITE * len(SITES))
    number = block * PLATES_PER_SITE + rest % PLATES_PER_SITE + 1
    return np.char.add(np.asarray(SITES)[centre], np.char.zfill(number.astype(str), 4))


def _batch(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Return the shift of each person's plate: chance, and what its series has in common."""
    in_block = np.asarray(of.plate % (PLATES_PER_SITE * len(SITES)))
    shift: Array = knob["plate_sd"] * noise.normal_shared(in_block) + knob.numbers("series_shift")[of.plate % 2]
    return shift


def _one_sample(truth: Array, knob: Knobs, noise: Noise) -> Array:
    """Return the logarithm of a sample: the person's own level, variation within her, and the error of the assay."""
    return truth + knob["within_sd"] * noise.normal() + knob["cv"] * noise.normal()


@node(unit="hour")
def sampling_hour(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Hour of the day at which blood was drawn: uniform over the morning."""
    return np.round(knob["earliest"] + (knob["latest"] - knob["earliest"]) * noise.uniform(), 1)


@node("crp_true", "plate", "centre", "subgroup", unit="mg/L")
def crp_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """One sample: day-to-day variation, plate, site and assay error on the log scale; not yet cut at the limits."""
    batch = _batch(of, knob, noise) + knob.numbers("centre_shift")[of.centre]
    group = knob["separation"] * knob.numbers("subgroup_shift")[of.subgroup]
    return np.exp(_one_sample(of.crp_true + batch + group, knob, noise))


def _cytokine(name: str, truth: str) -> Node:
    @node(truth, "plate", "subgroup", name=name, unit="pg/mL")
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """One sample: as CRP, with more variation from plate to plate."""
        group = knob["separation"] * knob.numbers("subgroup_shift")[of.subgroup]
        return np.exp(_one_sample(of[truth] + _batch(of, knob, noise) + group, knob, noise))

    return draw


il6_obs = _cytokine("il6_obs", "il6_true")
tnf_obs = _cytokine("tnf_obs", "tnf_true")


@node("wbc_true", "nlr_true", "platelets", "subgroup", unit="10^9/L", columns=5)
def blood_count(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """White cells, neutrophils, lymphocytes, monocytes and platelets: the parts follow from the whole and the ratio."""
    white = np.exp(of.wbc_true + knob["wbc_within_sd"] * noise.normal())
    group = knob["separation"] * knob.numbers("subgroup_shift")[of.subgroup]
    ratio = np.exp(of.nlr_true + group + knob["nlr_within_sd"] * noise.normal())
    monocytes = white * knob["monocyte_share"] * np.exp(knob["monocyte_sd"] * noise.normal())
    both = np.maximum(white * (1 - knob["eosinophil_share"]) - monocytes, 0.5)
    platelets = np.exp(of.platelets + knob["platelet_within_sd"] * noise.normal())
    return np.column_stack([white, both * ratio / (1 + ratio), both / (1 + ratio), monocytes, platelets])


def _serology(agent: str) -> Node:
    @node(agent, name=f"{agent}_igg", unit="AU/mL")
    def draw(of: Parents, knob: Knobs, noise: Noise) -> Array:
        """Antibody: one log-normal for the infected, a low one for the others."""
        z = noise.normal()
        infected = knob["mean_infected"] + knob["sd_infected"] * z
        return np.exp(np.where(of[agent], infected, knob["mean_uninfected"] + knob["sd_uninfected"] * z))

    return draw


serologies = tuple(_serology(agent) for agent in SEROLOGIES)


@node("ebv_titre", unit="AU/mL")
def ebv_igg(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Antibody against Epstein-Barr virus as the assay reads it."""
    return np.exp(of.ebv_titre + knob["cv"] * noise.normal())


@node("cortisol", "sampling_hour", "oc_use", "glucocorticoid", unit="nmol/L")
def cortisol_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """One sample: falls by the hour, is doubled by the pill's binding globulin, lowered by glucocorticoids."""
    return np.exp(_one_sample(knob.linear(of), knob, noise))


@node("trp", unit="umol/L")
def trp_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Tryptophan of one sample."""
    return np.exp(_one_sample(of.trp, knob, noise))


@node("trp", "kyn_trp", unit="umol/L")
def kyn_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Kynurenine of one sample: tryptophan times the ratio, which is in micromoles per millimole."""
    return np.exp(_one_sample(of.trp + of.kyn_trp - np.log(1000), knob, noise))


@node("platelet_5ht", unit="nmol/10^9")
def serotonin_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Serotonin per 10^9 platelets of one sample."""
    return np.exp(_one_sample(of.platelet_5ht, knob, noise))


@node("igg_true", unit="g/L")
def igg_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Immunoglobulin G of one sample."""
    return np.exp(_one_sample(of.igg_true, knob, noise))


@node("glutathione_true", "plate", unit="umol/L")
def glutathione_obs(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Glutathione of one sample; it falls while the sample waits, which is a matter of the plate."""
    return np.exp(_one_sample(of.glutathione_true + _batch(of, knob, noise), knob, noise))
