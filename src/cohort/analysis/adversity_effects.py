"""Notebook 03: each exposure side by side under every analysis, and on every outcome.

Unadjusted, with the set that the graph wants, with what is missing imputed, as standardised risks, and how strong an
unmeasured cause would have to be; the estimators are those of the package.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cohort.analysis.adversity import CRP, DEPRESSION, held_for
from cohort.analysis.causal import AdjustmentSet
from cohort.analysis.design import Design, Domain, analysis_domain
from cohort.analysis.exposure_columns import BURDEN, SOURCES, exposure_columns
from cohort.analysis.exposures import named, set_for
from cohort.analysis.imputation import Imputations, analysed, impute
from cohort.analysis.joint_shrinkage import joint_effects
from cohort.analysis.regression import mean_difference, odds_ratio
from cohort.analysis.trauma_score import KINDS, SUBSCALES
from cohort.analysis.variables import InestimableError
from cohort.results import NotTestable, Result

IMPUTATIONS = 10
"""Enough for a fraction of missing information of a tenth to a fifth; the Monte-Carlo error is in the details."""
ROUNDS = 5
AUXILIARIES = ("is_antidepressant_user", "pss10_total", "has_any_autoimmune_disease", "ctq_minimisation")
"""Not in the analysis; they tell of depression or of trauma where a questionnaire is missing."""
FEWEST_KNOWN = 0.6
"""A variable that fewer have is not imputed: it was asked of a part of the people only, or is mostly model."""


@dataclass(frozen=True)
class Exposure:
    """A row of the tables.

    Parameters
    ----------
    label
        For readers.
    column
        Of the table with derived columns.
    adjustment
        Name of its adjustment set.
    """

    label: str
    column: str
    adjustment: str


EXPOSURES = (
    Exposure("Childhood trauma, yes or no", "has_childhood_trauma", "trauma"),
    Exposure("Childhood trauma score, per SD", "ctq_total", "trauma"),
    Exposure("Kinds of trauma, per SD", KINDS, "trauma"),
    Exposure("Infection in pregnancy", "has_prenatal_infection", "prenatal"),
    Exposure("Stress in pregnancy, per SD", "prenatal_stress_sd", "prenatal"),
    Exposure("Cytomegalovirus", "is_cmv_seropositive", "is_cmv_seropositive"),
    Exposure("Epstein-Barr titre, per SD", "ln_ebv_igg", "ln_ebv_igg"),
    Exposure("Toxoplasma", "is_toxoplasma_seropositive", "is_toxoplasma_seropositive"),
    Exposure("Herpes simplex virus 1", "is_hsv1_seropositive", "is_hsv1_seropositive"),
    Exposure("Pathogen burden, per SD", BURDEN, BURDEN),
    Exposure("Hospital infection, any", "has_hospital_infection", "has_hospital_infection"),
    Exposure("Hospital infections, per SD", "hospital_infection_count", "hospital_infection_count"),
    Exposure("Pelvic infection", "has_pelvic_infection", "has_pelvic_infection"),
    Exposure("Acute infection", "has_acute_infection", "has_acute_infection"),
    Exposure("Body mass index, per SD", "bmi_kg_m2", "bmi_kg_m2"),
    Exposure("Obesity", "is_obese", "is_obese"),
    Exposure("Smoking, current or never", "is_current_smoker", "is_current_smoker"),
)
OUTCOMES: Mapping[str, str] = {
    CRP: "CRP",
    "ln_il6": "IL-6",
    "ln_tnf_alpha": "TNF-alpha",
    "ln_nlr": "NLR",
    "ln_cortisol": "cortisol",
    DEPRESSION: "depression",
}


def asked_in(derived: pd.DataFrame) -> list[Exposure]:
    """Return the exposures of which somebody in the cohort is known."""
    return [one for one in EXPOSURES if one.column in derived and bool(derived[one.column].notna().any())]


def _effect(
    derived: pd.DataFrame, exposure: Exposure, outcome: str, held: Sequence[str], design: Design, domain: Domain
) -> Result:
    """Return the odds ratio of depression, or the ratio of geometric means of a marker."""
    chosen = set_for(exposure.column, exposure.column, held)
    given: dict[str, Any] = {
        "outcome": outcome, "exposure": exposure.column, "adjustment": chosen, "design": design, "domain": domain,
        "per_sd": True, "label": exposure.label,
    }  # fmt: skip
    result = odds_ratio(derived, **given) if outcome == DEPRESSION else mean_difference(derived, ratio=True, **given)
    return named(result)


@dataclass(frozen=True, eq=False)
class Effects:
    """The results of a cohort on every outcome.

    Parameters
    ----------
    derived
        The person table with derived columns.
    design, domain
        How people were sampled, and whom it is about.
    held
        Variables of the adjustment set, by column of the exposure.
    crude, adjusted
        Results by (column of the exposure, outcome).
    """

    derived: pd.DataFrame
    design: Design
    domain: Domain
    held: Mapping[str, tuple[str, ...]]
    crude: Mapping[tuple[str, str], Result]
    adjusted: Mapping[tuple[str, str], Result]


def effects_of(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> Effects:
    """Return the effect of each exposure on every marker, as a ratio of geometric means, and on depression.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.regression.odds_ratio`.
    sets
        From :func:`cohort.analysis.adversity.adjustment_sets`.
    """
    derived = exposure_columns(table)
    asked = asked_in(derived)
    held = {one.column: held_for(sets, table, one.adjustment) for one in asked}
    adjusted = {
        (one.column, outcome): _effect(derived, one, outcome, held[one.column], design, domain)
        for one in asked
        for outcome in OUTCOMES
    }
    crude = {
        (one.column, outcome): _effect(derived, one, outcome, (), design, domain)
        for one in asked
        for outcome in (CRP, DEPRESSION)
    }
    return Effects(derived, design, domain, held, crude, adjusted)


def imputations_of(effects: Effects, *, m: int = IMPUTATIONS, seed: int = 1) -> Imputations | NotTestable:
    """Return imputations of exposures, outcomes and adjustment sets; derived columns are made of them afterwards.

    Parameters
    ----------
    effects
        From :func:`effects_of`.
    m, seed
        Number of imputations, and the seed that they are spawned from.
    """
    derived, asked = effects.derived, asked_in(effects.derived)
    made = {*SOURCES, BURDEN}
    wanted = [CRP, DEPRESSION, "phq9_total", "is_cmv_seropositive", "is_ebv_seropositive"]
    wanted += [SOURCES.get(one.column, one.column) for one in asked if one.column not in (KINDS, BURDEN)]
    wanted += [name for one in asked for name in effects.held[one.column]]
    try:
        inside = derived[analysis_domain(derived, effects.design, effects.domain)]
        names = [name for name in dict.fromkeys(wanted) if name not in made and _serves(inside, name)]
        return impute(
            derived, names, design=effects.design, domain=effects.domain,
            auxiliaries=[name for name in AUXILIARIES if name in derived], m=m, iterations=ROUNDS, seed=seed,
        )  # fmt: skip
    except InestimableError as reason:
        return NotTestable("imputation", f"no multiple imputation: {reason}")


def _serves(inside: pd.DataFrame, name: str) -> bool:
    if name not in inside:
        return False
    known = inside[name].dropna()
    return len(known) >= FEWEST_KNOWN * len(inside) and len(known.unique()) > 1


def imputed_effects(effects: Effects, imputations: Imputations | NotTestable) -> dict[tuple[str, str], Result]:
    """Return the adjusted effect of each exposure on CRP and on depression, pooled over imputed tables.

    Parameters
    ----------
    effects
        From :func:`effects_of`.
    imputations
        From :func:`imputations_of`.
    """
    # A count of kinds is not imputed with the total that holds it; who lacks one stays out.
    asked = [one for one in asked_in(effects.derived) if one.column != KINDS]
    keys = [(one, outcome) for one in asked for outcome in (CRP, DEPRESSION)]
    if isinstance(imputations, NotTestable):
        return {(one.column, outcome): dataclasses.replace(imputations, label=one.label) for one, outcome in keys}
    analyse: Callable[[pd.DataFrame], dict[str, Result]] = lambda filled: {  # noqa: E731
        f"{one.column} {outcome}": _effect(whole, one, outcome, effects.held[one.column], effects.design,
                                           effects.domain)
        for whole in [exposure_columns(filled)]
        for one, outcome in keys
    }  # fmt: skip
    pooled = analysed(imputations, analyse)
    return {(one.column, outcome): pooled[f"{one.column} {outcome}"] for one, outcome in keys}


def side_by_side(found: Mapping[str, Sequence[Result]]) -> list[Result]:
    """Return both estimates of each subscale below one another, labelled; what cannot be tested stands there once.

    Parameters
    ----------
    found
        From :func:`cohort.analysis.joint_shrinkage.joint_effects`.
    """
    plain, drawn = (list(results) for results in found.values())
    if any(isinstance(result, NotTestable) for result in plain):
        return plain
    pairs = zip(plain, drawn, strict=False)
    rows: list[Result] = [
        one.with_label(f"{one.label}{words}")
        for pair in pairs
        for one, words in zip(pair, ("", ", drawn to the mean"), strict=True)
    ]
    return [*rows, *drawn[len(plain) :]]


def subscales(effects: Effects, sets: Mapping[str, AdjustmentSet]) -> dict[str, dict[str, list[Result]]]:
    """Return the subscales of childhood trauma together, on ln CRP and on depression.

    Parameters
    ----------
    effects
        From :func:`effects_of`.
    sets
        From :func:`cohort.analysis.adversity.adjustment_sets`.
    """
    held = held_for(sets, effects.derived, "trauma")
    return {
        outcome: joint_effects(
            effects.derived, outcome=outcome, exposures=SUBSCALES, adjustment=held, design=effects.design,
            domain=effects.domain,
        )
        for outcome in (CRP, DEPRESSION)
    }  # fmt: skip
