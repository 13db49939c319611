"""Nodes of layer 7: what questionnaires make of severity, stress and childhood; items are graded responses."""

from __future__ import annotations

import numpy as np

from cohort.synthetic.background import SUBSCALES
from cohort.synthetic.node import Array, Knobs, Noise, Parents, node, ordinal

PHQ9_SOMATIC = (3, 4, 5, 8)
BDI2_SOMATIC = (15, 16, 18, 20, 21)
HAMD17_SOMATIC = (4, 5, 6, 12, 13, 14, 16)
HAMD17_SHORT = (4, 5, 6, 12, 13, 14, 16, 17)
"""Items of the HAM-D that end at 2 points; the others end at 4."""
PSS10_REVERSED = (4, 5, 7, 8)
CTQ_ITEMS = {
    "emotional_abuse": (3, 8, 14, 18, 25),
    "physical_abuse": (9, 11, 12, 15, 17),
    "sexual_abuse": (20, 21, 23, 24, 27),
    "emotional_neglect": (5, 7, 13, 19, 28),
    "physical_neglect": (1, 2, 4, 6, 26),
}
CTQ_REVERSED = (2, 5, 7, 13, 19, 26, 28)
CTQ_MINIMISATION = (10, 16, 22)


def graded_items(severity: Array, somatic: Array, somatic_items: tuple[int, ...], knob: Knobs, error: Array) -> Array:
    """Return items 0, 1, 2, ... that respond to severity, some of them to its somatic side.

    Parameters
    ----------
    severity, somatic
        Latent severity and its somatic side, one per person.
    somatic_items
        Numbers of the items that respond to the somatic side, from 1.
    knob
        ``loading``, ``severity_sd`` (so that the loading is one in the population), ``shift``, ``item_threshold`` (one
        per item) and ``step`` (distance of each further level).
    error
        Standard normals, shape (n, items).
    """
    loading = knob["loading"]
    cause = np.repeat(severity[:, None], error.shape[1], axis=1)
    cause[:, [item - 1 for item in somatic_items]] = somatic[:, None]
    latent = loading * cause / knob["severity_sd"] + np.sqrt(1 - loading**2) * error
    return ordinal(latent, knob["shift"] + np.add.outer(knob.numbers("item_threshold"), knob.numbers("step")))


@node("severity", "sev_somatic", columns=9)
def phq9(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Nine items, 0 to 3: graded response to severity; items 3, 4, 5 and 8 to its somatic side."""
    return graded_items(of.severity, of.sev_somatic, PHQ9_SOMATIC, knob, noise.normal(9))


@node("severity", "sev_somatic", columns=21)
def bdi2(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Twenty-one items of the BDI-II, 0 to 3: as the PHQ-9; items 15, 16, 18, 20 and 21 are somatic."""
    return graded_items(of.severity, of.sev_somatic, BDI2_SOMATIC, knob, noise.normal(21))


@node("severity", "sev_somatic", columns=17)
def hamd17(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Seventeen items of the HAM-D as a clinician rates them, 0 to 4 or 0 to 2, with an error of the rater."""
    rater = knob["rater_sd"] * noise.normal()
    items = graded_items(of.severity + rater, of.sev_somatic + rater, HAMD17_SOMATIC, knob, noise.normal(17))
    short = [item - 1 for item in HAMD17_SHORT]
    items[:, short] = (items[:, short] + 1) // 2
    return items


@node("perceived_stress", columns=10)
def pss10(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """Ten items of the PSS-10, 0 to 4, as ticked: items 4, 5, 7 and 8 say how well things go (reversed)."""
    items = graded_items(of.perceived_stress, of.perceived_stress, (), knob, noise.normal(10))
    turned = [item - 1 for item in PSS10_REVERSED]
    items[:, turned] = 4 - items[:, turned]
    return items


@node("dep")
def md_denial(of: Parents, knob: Knobs, noise: Noise) -> Array:
    """How many of the three minimisation items were answered with the extreme, 0 to 3."""
    denies = noise.event(knob.log_odds(of))
    return (denies * (1 + np.searchsorted(knob.numbers("cumulative_share"), noise.uniform()))).astype(np.int8)


@node("trauma_latent", "dep", "md_denial", columns=28)
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
