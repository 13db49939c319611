"""The smallest effects that a study could see, for the questions that the notebooks ask."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cohort.analysis.power import (
    MinimumDetectable,
    SmallestEffect,
    detectable_odds_ratio,
    smallest_difference,
    smallest_odds_ratio_per_sd,
)
from cohort.analysis.variables import readable
from cohort.results import NotTestable
from cohort.study import Study

POWER, ALPHA = 0.8, 0.05
_YES_NO = (
    ("has_depression", "has_any_autoimmune_disease"),
    ("has_depression", "has_childhood_trauma"),
    ("has_depression", "is_cmv_seropositive"),
)
_PER_SD_OF_ODDS = (("has_depression", "ctq_total"), ("has_depression", "ln_crp"))
_OF_LN_CRP = (
    ("has_depression", False),
    ("has_any_autoimmune_disease", False),
    ("ctq_total", True),
    ("bmi_kg_m2", True),
)


@dataclass(frozen=True)
class VisibleEffect:
    """The smallest effect that would be found with 80 % power at the two-sided 5 % level, or why none can be told.

    Parameters
    ----------
    outcome, exposure
        Their labels.
    measure
        ``odds ratio``, ``odds ratio per SD``, ``ratio of geometric means`` or the same per SD.
    smallest
        The effect, above 1; None when the cohort cannot tell, infinite effects included.
    in_sd
        For a difference: the same in standard deviations of the outcome.
    people
        People with exposure and outcome known, protected.
    reason
        Why there is none; empty when there is one.
    """

    outcome: str
    exposure: str
    measure: str
    smallest: float | None
    in_sd: float | None
    people: str
    reason: str


def smallest_effects(study: Study) -> tuple[VisibleEffect, ...]:
    """Return the smallest effects: of autoimmune diseases, trauma and infection on depression, and on CRP.

    Parameters
    ----------
    study
        The study, read and cleaned. Diseases that it does not have are left out, others that are too rare say so.
    """
    table, design = study.person_table, study.design
    found: list[VisibleEffect] = []
    pairs = list(_YES_NO)
    pairs[1:1] = [
        ("has_depression", d.column) for d in study.codebook.diseases.values() if d.autoimmune and d.column in table
    ]
    for outcome, exposure in pairs:
        result = detectable_odds_ratio(table, design, outcome=outcome, exposure=exposure, power=POWER, alpha=ALPHA)
        found.append(_effect(study, outcome, exposure, "odds ratio", result))
    for outcome, exposure in _PER_SD_OF_ODDS:
        per_sd = smallest_odds_ratio_per_sd(table, design, outcome=outcome, exposure=exposure, power=POWER, alpha=ALPHA)
        found.append(_effect(study, outcome, exposure, "odds ratio per SD", per_sd))
    for exposure, is_per_sd in _OF_LN_CRP:
        shift = smallest_difference(
            table, design, outcome="ln_crp", exposure=exposure, per_sd=is_per_sd, power=POWER, alpha=ALPHA
        )
        measure = f"ratio of geometric means{' per SD' if is_per_sd else ''}"
        found.append(_effect(study, "crp_mg_l", exposure, measure, shift))
    return tuple(found)


def _effect(
    study: Study, outcome: str, exposure: str, measure: str, found: MinimumDetectable | SmallestEffect | NotTestable
) -> VisibleEffect:
    """Return a result as it is told; a difference of logarithms as the ratio of geometric means."""
    names = (readable(outcome), readable(exposure), measure)
    if isinstance(found, NotTestable):
        absent = [name for name in (outcome, exposure) if name not in study.person_table]
        reason = f"not measured: {', '.join(absent)}" if absent else found.reason
        return VisibleEffect(*names, None, None, "", reason)
    in_sd = None
    if isinstance(found, MinimumDetectable):
        value = found.odds_ratio
    elif found.measure == "difference":
        value, in_sd = math.exp(found.value), round(found.in_sd, 3)
    else:
        value = found.value
    people = study.disclosure.text(found.n)
    if not math.isfinite(value):
        return VisibleEffect(*names, None, None, people, "no effect would be large enough")
    return VisibleEffect(*names, round(value, 2), in_sd, people, "")
