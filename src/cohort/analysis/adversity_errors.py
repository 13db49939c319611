"""Notebook 03: trauma and CRP are measured with error, some forms play trauma down, and some never came back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cohort.analysis.adversity import CRP, DEPRESSION, held_for
from cohort.analysis.adversity_effects import Effects
from cohort.analysis.adversity_over_time import Followed
from cohort.analysis.causal import AdjustmentSet
from cohort.analysis.design import analysis_domain
from cohort.analysis.measurement_error import CALIBRATED, NAIVE, SLOPE, regression_calibration
from cohort.analysis.regression import mean_difference, odds_ratio
from cohort.analysis.tipping_map import TippingMap, tipping_map
from cohort.analysis.trauma_score import LATENT, latent_trauma
from cohort.results import Estimate, NotTestable, Result, ResultTable

TRAUMA, SCORE = "has_childhood_trauma", "ctq_total"
MINIMISATION = "ctq_minimisation"
TELLS_OF_TRAUMA = ("pss10_total", "bmi_kg_m2", "ln_crp", "has_lifetime_depression")


def _both(table: pd.DataFrame, exposure: str, words: str, per_sd: str, given: Mapping[str, Any]) -> list[Result]:
    """Return the effect on ln CRP and on depression, their measures with what they are counted in."""
    effects: list[Result] = [
        mean_difference(table, outcome=CRP, exposure=exposure, label=f"ln CRP: {words}", **given),
        odds_ratio(table, outcome=DEPRESSION, exposure=exposure, label=f"depression: {words}", **given),
    ]
    return [dataclasses.replace(one, measure=one.measure.replace(" per unit", per_sd)) for one in effects]


def measured_with_error(
    effects: Effects, sets: Mapping[str, AdjustmentSet], followed: Followed | NotTestable
) -> list[Result]:
    """Return effects as measured, and corrected for the error of measurement as far as the cohort tells of it.

    The trauma score beside the factor that its subscales share; trauma among people who play nothing down; and ln CRP
    of one sample, corrected by the next wave, on the PHQ-9 total.

    Parameters
    ----------
    effects
        From :func:`cohort.analysis.adversity_effects.effects_of`.
    sets
        From :func:`cohort.analysis.adversity.adjustment_sets`.
    followed
        From :func:`cohort.analysis.adversity_over_time.followed`.
    """
    table, design = effects.derived, effects.design
    given: dict[str, Any] = {
        "adjustment": held_for(sets, table, "trauma"), "design": design, "domain": effects.domain,
    }  # fmt: skip
    rows = _both(table, SCORE, "trauma score, as measured", " per SD", {**given, "per_sd": True})
    latent = latent_trauma(table, design, domain=effects.domain)
    if isinstance(latent, NotTestable):
        rows.append(latent)
    else:
        with_score = table.assign(**{LATENT: latent.score})
        words = f"latent trauma (reliability of its score {latent.reliability:.2f})"
        rows += _both(with_score, LATENT, words, " per SD of the latent trauma", given)
    rows += _both(table, TRAUMA, "trauma, all", "", given)
    rows += _not_played_down(table, given, effects)
    return [*rows, *_one_sample(effects, sets, followed)]


def _not_played_down(table: pd.DataFrame, given: Mapping[str, Any], effects: Effects) -> list[Result]:
    words = "trauma, nothing played down"
    if MINIMISATION not in table:
        return [NotTestable(words, f"this cohort has no variable '{MINIMISATION}'")]
    inside = analysis_domain(table, effects.design, effects.domain)
    plain = (table[MINIMISATION] == 0).fillna(value=False).to_numpy(dtype=bool)
    return _both(table, TRAUMA, words, "", {**given, "domain": inside & plain})


def _one_sample(effects: Effects, sets: Mapping[str, AdjustmentSet], followed: Followed | NotTestable) -> list[Result]:
    label = "PHQ-9 total: ln CRP of one sample"
    if isinstance(followed, NotTestable):
        return [NotTestable(label, followed.reason)]
    first, second = followed.endings[:2]
    held = [name for name in held_for(sets, effects.derived, "inflammation") if name != CRP]
    found = regression_calibration(
        followed.people, outcome=f"phq9_total_{first}", exposure=f"ln_crp_{first}", second=f"ln_crp_{second}",
        adjustment=held, design=effects.design, domain=effects.domain, label=label,
    )  # fmt: skip
    corrected = found[CALIBRATED].with_label("PHQ-9 total: usual ln CRP, corrected by the next wave")
    slope = found[SLOPE].with_label("ln CRP of one sample: what of a difference is still there at the next wave")
    rows: list[Result] = [found[NAIVE]]
    rows += [corrected, slope] if isinstance(corrected, Estimate) else []
    return [dataclasses.replace(one, measure=one.measure.replace(f"phq9_total_{first}", "PHQ-9 total")) for one in rows]


def not_returned(effects: Effects, sets: Mapping[str, AdjustmentSet], *, seed: int = 1) -> TippingMap | NotTestable:
    """Return the odds ratio of depression for trauma, were those who returned no form unlike those who did.

    Parameters
    ----------
    effects, sets
        As in :func:`measured_with_error`.
    seed
        Of the imputations.
    """
    return tipping_map(
        effects.derived, outcome=DEPRESSION, exposure=TRAUMA, adjustment=held_for(sets, effects.derived, "trauma"),
        auxiliaries=TELLS_OF_TRAUMA, design=effects.design, domain=effects.domain, seed=seed,
    )  # fmt: skip


def tipping_table(found: TippingMap | NotTestable) -> ResultTable:
    """Return corners, sides and middle of the map, or why there is none.

    Parameters
    ----------
    found
        From :func:`not_returned`.
    """
    if isinstance(found, NotTestable):
        rows = pd.DataFrame([{"trauma and depression": f"not testable: {found.reason}"}])
        return ResultTable("tipping_map", "Were those who returned no form unlike the others", rows)
    return found.table()


def returned_share(effects: Effects) -> str:
    """Return in a sentence how many forms came back, with and without depression, in tens of per cent."""
    table = effects.derived
    if TRAUMA not in table or DEPRESSION not in table:
        return "This cohort has no form on childhood trauma."
    inside = analysis_domain(table, effects.design, effects.domain)
    shares = [
        np.average(table[TRAUMA].notna()[who], weights=effects.design.weight()[who])
        for value in (True, False)
        if (who := inside & (table[DEPRESSION] == value).fillna(value=False).to_numpy(dtype=bool)).any()
    ]
    # Whole per cent of a small group would give its count away.
    words = " and ".join(f"{100 * round(share, 1):.0f} %" for share in shares)
    return f"The form on trauma came back from {words} of people with and without depression."
