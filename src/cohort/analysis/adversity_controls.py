"""Notebook 03: designs that remove, or show, what no adjustment reaches.

Siblings share a family. An infection of the father in the pregnancy cannot reach the child's brain by way of the womb,
and trauma or infection do not cause accidents by way of inflammation: an association there is confounding that the
adjustment leaves (Lipsitch, Tchetgen Tchetgen & Cohen 2010, Epidemiology 21:383).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cohort.analysis.adversity import DEPRESSION, held_for
from cohort.analysis.adversity_effects import Effects
from cohort.analysis.causal import AdjustmentSet
from cohort.analysis.exposures import named, set_for
from cohort.analysis.regression import odds_ratio
from cohort.analysis.within_siblings import within_siblings
from cohort.results import Result

EVER, INJURY = "has_lifetime_depression", "has_accidental_injury"
MOTHER, FATHER = "has_prenatal_infection", "has_paternal_infection"


def siblings(effects: Effects, sets: Mapping[str, AdjustmentSet], tables: Mapping[str, pd.DataFrame]) -> list[Result]:
    """Return the odds ratio of depression ever for infection in pregnancy, among all and within sets of siblings.

    Parameters
    ----------
    effects
        From :func:`cohort.analysis.adversity_effects.effects_of`.
    sets
        From :func:`cohort.analysis.adversity.adjustment_sets`.
    tables
        The clean tables of a study; ``relations`` says who is whose sibling.
    """
    table, relations = effects.derived, tables.get("relations", pd.DataFrame())
    among_all = odds_ratio(
        table, outcome=EVER, exposure=MOTHER, adjustment=held_for(sets, table, "prenatal"), design=effects.design,
        domain=effects.domain, label="Infection in pregnancy, depression ever, all",
    )  # fmt: skip
    held = [name for name in ("age_years", "sex") if name in table]
    within = within_siblings(
        table, relations, outcome=EVER, exposure=MOTHER, adjustment=held, design=effects.design, domain=effects.domain,
        label="Infection in pregnancy, depression ever, within siblings",
    )  # fmt: skip
    return [among_all, within]


def negative_exposure(effects: Effects, sets: Mapping[str, AdjustmentSet]) -> list[Result]:
    """Return the odds ratio of depression for an infection of the mother and of the father in the pregnancy.

    Parameters
    ----------
    effects, sets
        As in :func:`siblings`.
    """
    held = held_for(sets, effects.derived, "prenatal")
    given: dict[str, Any] = {"outcome": DEPRESSION, "design": effects.design, "domain": effects.domain}
    return [
        odds_ratio(effects.derived, exposure=MOTHER, adjustment=held, label="Infection of the mother", **given),
        odds_ratio(
            effects.derived, exposure=FATHER, adjustment=held, label="Infection of the father (negative control)",
            **given,
        ),
    ]  # fmt: skip


def negative_outcome(effects: Effects, sets: Mapping[str, AdjustmentSet]) -> list[Result]:
    """Return the odds ratios of depression and of accidental injury for trauma and for hospital-treated infection.

    Parameters
    ----------
    effects, sets
        As in :func:`siblings`.
    """
    asked = (
        ("Childhood trauma", "has_childhood_trauma", "trauma"),
        ("Hospital-treated infection", "has_hospital_infection", "has_hospital_infection"),
        ("Obesity", "is_obese", "is_obese"),
    )
    return [
        named(
            odds_ratio(
                effects.derived, outcome=outcome, exposure=exposure,
                adjustment=set_for(exposure, exposure, held_for(sets, effects.derived, chosen)), design=effects.design,
                domain=effects.domain, label=f"{label}, {words}",
            )
        )
        for label, exposure, chosen in asked
        for outcome, words in ((DEPRESSION, "depression"), (INJURY, "accidental injury (negative control)"))
    ]  # fmt: skip
