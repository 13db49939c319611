"""Notebook 03: dose and response, along trauma and body mass index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cohort.analysis.adversity import CRP, DEPRESSION, held_for
from cohort.analysis.adversity_effects import Effects
from cohort.analysis.causal import AdjustmentSet
from cohort.analysis.design import analysis_domain
from cohort.analysis.dose_response import DoseResponse, dose_response_curve
from cohort.results import NotTestable, ResultTable

QUESTIONS = (
    ("Trauma score and CRP", "ctq_total", CRP, "trauma", 25.0, (36.0, 56.0, 72.0)),
    ("Trauma score and depression", "ctq_total", DEPRESSION, "trauma", 25.0, (36.0, 56.0, 72.0)),
    ("Body mass index and CRP", "bmi_kg_m2", CRP, "bmi_kg_m2", 22.0, (18.5, 25.0, 30.0, 35.0)),
    ("Body mass index and depression", "bmi_kg_m2", DEPRESSION, "bmi_kg_m2", 22.0, (18.5, 25.0, 30.0, 35.0)),
)
"""Title, exposure, outcome, set, reference and values: cut-offs of the WHO; CTQ-SF totals from its floor of 25."""

Curve = DoseResponse | NotTestable


def curves(effects: Effects, sets: Mapping[str, AdjustmentSet]) -> dict[str, Curve]:
    """Return the curves of CRP and depression along the trauma score and along BMI, by title.

    Parameters
    ----------
    effects
        From :func:`cohort.analysis.adversity_effects.effects_of`.
    sets
        From :func:`cohort.analysis.adversity.adjustment_sets`.
    """
    found: dict[str, Curve] = {}
    for title, exposure, outcome, chosen, reference, values in QUESTIONS:
        held = [name for name in held_for(sets, effects.derived, chosen) if name != exposure]
        for knots in (4, 3):
            curve = dose_response_curve(
                effects.derived, outcome=outcome, exposure=exposure, adjustment=held, design=effects.design,
                domain=effects.domain, knots=knots, reference=reference, values=values, label=title,
            )  # fmt: skip
            if not isinstance(curve, NotTestable):
                break
        found[title] = curve
    return found


def curves_table(found: Mapping[str, Curve]) -> ResultTable:
    """Return the contrasts along each curve, and both tests of each; a curve that cannot be had says why.

    Parameters
    ----------
    found
        From :func:`curves`.
    """
    rows: list[dict[str, object]] = []
    for title, curve in found.items():
        if isinstance(curve, NotTestable):
            rows.append({"curve": title, "contrast": f"not testable: {curve.reason}"})
            continue
        for place, one in enumerate(curve.contrasts):
            low, high = one.interval()
            row: dict[str, object] = {
                "curve": title, "contrast": one.label, "people": one.n, "estimate": one.value, "lower": low,
                "upper": high,
            }  # fmt: skip
            if place == 0:
                row |= {"association": curve.any_association.words, "bend": curve.non_linearity.words}
            rows.append(row)
    columns = ["curve", "contrast", "people", "estimate", "lower", "upper", "association", "bend"]
    return ResultTable(
        "curves", "Dose and response", pd.DataFrame(rows, columns=columns), counts=("people",),
        formats=dict.fromkeys(("estimate", "lower", "upper"), ".2f"), rests_on_counts=("estimate", "lower", "upper"),
        note="Differences in mean ln CRP, odds ratios of depression. Restricted cubic splines; association: test that "
        "the curve is level; bend: test that it is no straight line.",
    )  # fmt: skip


def exposures_shown(effects: Effects, found: Mapping[str, Curve]) -> dict[str, pd.Series]:
    """Return the values of the exposure of each curve, for the histogram at its foot.

    Parameters
    ----------
    effects
        From :func:`cohort.analysis.adversity_effects.effects_of`.
    found
        From :func:`curves`.
    """
    shown = effects.derived[analysis_domain(effects.derived, effects.design, effects.domain)]
    wanted: Sequence[tuple[str, Curve]] = tuple(found.items())
    return {title: shown[curve.exposure] for title, curve in wanted if not isinstance(curve, NotTestable)}
