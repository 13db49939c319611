"""Does an infection, or obesity, add to what trauma or autoimmune disease does? On both scales, and by the four cells.

A product of odds ratios of 1 can go with an excess of risk beyond the sum: Benros 2013 found 1.45 with autoimmune
disease, 1.62 with infection and 2.35 with both, no interaction of ratios and a synergy of risks.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cohort.analysis.design import Design, Domain, mean, proportion
from cohort.analysis.exposure_columns import exposure_columns
from cohort.analysis.exposures import Adjustment, named, set_for
from cohort.analysis.fitting import fit_linear
from cohort.analysis.interaction import interaction
from cohort.analysis.model_frame import model_frame
from cohort.analysis.modification import additive_interaction
from cohort.analysis.sampling import analysis_domain
from cohort.analysis.variables import InestimableError, binary, require
from cohort.results import Estimate, NotTestable, Result

DEPRESSION, CRP = "has_depression", "ln_crp"
SLOPES = "ratio of slopes"
PRODUCT, BOTH = "product of odds ratios", "both"


@dataclass(frozen=True)
class Pair:
    """Two exposures that may act together.

    Parameters
    ----------
    key
        The pair in words.
    exposure, modifier
        Columns.
    without, with_exposure, alone, together
        The exposure's two levels, and the modifier's, in words.
    """

    key: str
    exposure: str
    modifier: str
    without: str
    with_exposure: str
    alone: str
    together: str


PAIRS = (
    Pair(
        "Childhood trauma with hospital-treated infection", "has_childhood_trauma", "has_hospital_infection",
        "no trauma", "trauma", "no infection", "infection",
    ),
    Pair(
        "Childhood trauma with obesity", "has_childhood_trauma", "is_obese",
        "no trauma", "trauma", "not obese", "obese",
    ),
    Pair(
        "Autoimmune disease with hospital-treated infection", "has_any_autoimmune_disease", "has_hospital_infection",
        "no disease", "disease", "no infection", "infection",
    ),
)  # fmt: skip
"""Pairs whose interaction on depression is asked for."""

SEX = Pair("Sex with body mass index", "is_obese", "is_female", "not obese", "obese", "men", "women")
TRAUMA_BMI = Pair(
    "Childhood trauma with body mass index", "is_obese", "has_childhood_trauma", "not obese", "obese", "no trauma",
    "trauma",
)  # fmt: skip
"""Pairs whose interaction on CRP is asked for, by the slope on BMI."""


def exposure_interactions(
    table: pd.DataFrame, design: Design, *, adjustment: Adjustment, domain: Domain = None
) -> dict[str, dict[str, Result]]:
    """Return the interactions of each pair: on depression by odds ratios and by risks, on CRP by slopes.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.exposures.infection_effects`.
    adjustment
        One set for all, or one for each interaction by its key in the result. A variable of the interaction itself is
        left out of the set.

    Returns
    -------
    dict
        For depression, what :func:`cohort.analysis.interaction.interaction` gives, and attributable proportion and
        synergy index of :func:`cohort.analysis.modification.additive_interaction`, whose interval of the relative
        excess risk keeps its skewness; for CRP the ratio of the slopes on BMI.
    """
    derived = exposure_columns(table)
    found: dict[str, dict[str, Result]] = {}
    for pair in PAIRS:
        held = set_for(pair.key, pair.exposure, adjustment, pair.modifier)
        asked: dict[str, Any] = {
            "outcome": DEPRESSION, "exposure": pair.exposure, "modifier": pair.modifier, "adjustment": held,
            "design": design, "domain": domain, "label": pair.key,
        }  # fmt: skip
        results = interaction(derived, **asked) | additive_interaction(derived, **asked)
        found[pair.key] = {name: named(result) for name, result in results.items()}
    for pair in (TRAUMA_BMI, SEX):
        chosen = set_for(pair.key, pair.modifier, adjustment, "bmi_kg_m2")
        found[pair.key] = {SLOPES: _slope_ratio(derived, pair, chosen, design, domain)}
    return found


def _slope_ratio(table: pd.DataFrame, pair: Pair, adjustment: Sequence[str], design: Design, domain: Domain) -> Result:
    """Return the ratio of the geometric-mean ratios of CRP per SD of BMI, with the modifier against without."""
    measure = "ratio of ratios of geometric means per SD"
    estimand = f"ratio of geometric-mean CRP per SD of BMI with {pair.together}, over the same with {pair.alone}"
    try:
        frame = model_frame(
            table,
            outcome=CRP,
            exposures=[pair.modifier, "bmi_kg_m2"],
            adjustment=adjustment,
            design=design,
            domain=domain,
            kind="continuous",
            per_sd=True,
        )
        centred = frame.matrix[:, 2] - np.average(frame.matrix[:, 2], weights=frame.weights)
        matrix = np.column_stack([frame.matrix, frame.matrix[:, 1] * centred])
        fit = fit_linear(dataclasses.replace(frame, matrix=matrix, names=(*frame.names, "interaction")), design)
    except InestimableError as reason:
        return named(NotTestable(pair.key, str(reason), measure, estimand))
    return Estimate(
        pair.key,
        measure,
        math.exp(fit.coefficients[-1]),
        math.sqrt(fit.covariance[-1, -1]),
        scale="log",
        df=fit.df,
        null=1.0,
        estimand=estimand,
        adjustment=tuple(adjustment),
        n=frame.n,
        details=(("design", design.words),),
    )


def cells_of(
    table: pd.DataFrame, pair: Pair, design: Design, *, outcome: str = DEPRESSION, domain: Domain = None
) -> dict[str, list[Result]]:
    """Return what the people of the four cells have: the share with depression, or the geometric mean of CRP.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.design.proportion`.
    pair
        The exposures.
    outcome
        ``has_depression`` or ``ln_crp``.

    Returns
    -------
    dict
        By level of the modifier: a result for each level of the exposure, whose label names it.
    """
    derived = exposure_columns(table)
    inside = analysis_domain(table, design, domain)
    measure = "prevalence" if outcome == DEPRESSION else "geometric mean of CRP (mg/L)"
    try:
        exposed, modified = (binary(require(derived, name)) for name in (pair.exposure, pair.modifier))
        require(derived, outcome)
    except InestimableError as reason:
        refused: Result = named(NotTestable(pair.key, str(reason), measure))
        return {pair.alone: [refused]}
    found: dict[str, list[Result]] = {}
    for level, words in enumerate((pair.alone, pair.together)):
        found[words] = []
        for value, label in enumerate((pair.without, pair.with_exposure)):
            who = inside & (exposed == value) & (modified == level)
            if outcome == DEPRESSION:
                found[words].append(proportion(derived, DEPRESSION, design, domain=who, label=label))
            else:
                found[words].append(_geometric(mean(derived, outcome, design, domain=who, label=label), measure))
    return found


def _geometric(result: Result, measure: str) -> Result:
    if isinstance(result, NotTestable):
        return dataclasses.replace(result, measure=measure)
    return dataclasses.replace(result, value=math.exp(result.value), scale="log", measure=measure)


def panels(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> Mapping[str, dict[str, list[Result]]]:
    """Return the four cells of each pair: depression, and for sex with obesity CRP.

    Parameters
    ----------
    table, design, domain
        As in :func:`cells_of`.
    """
    found = {pair.key: cells_of(table, pair, design, domain=domain) for pair in PAIRS}
    return found | {SEX.key: cells_of(table, SEX, design, outcome=CRP, domain=domain)}
