"""Notebook 03: each exposure side by side under every analysis, and on every outcome.

Unadjusted, with the set that the graph wants, with what is missing imputed, as standardised risks, and how strong an
unmeasured cause would have to be; the estimators are those of the package.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cohort.analysis.adversity import CRP, DEPRESSION, held_for
from cohort.analysis.causal import AdjustmentSet
from cohort.analysis.censored import censored_mean_difference
from cohort.analysis.contrasts import standardised_contrasts
from cohort.analysis.design import Design, Domain, analysis_domain, standard_deviation
from cohort.analysis.exposure_columns import BURDEN, SOURCES, exposure_columns
from cohort.analysis.exposures import named, set_for
from cohort.analysis.imputation import Imputations, analysed, impute
from cohort.analysis.joint_shrinkage import joint_effects
from cohort.analysis.regression import mean_difference, odds_ratio
from cohort.analysis.sensitivity import EValue, e_value
from cohort.analysis.trauma_score import KINDS, SUBSCALES
from cohort.analysis.variables import InestimableError, is_binary
from cohort.analysis.verdicts import difference_bounds, judge_family
from cohort.disclosure import Sum
from cohort.results import Estimate, NotTestable, Result, ResultTable

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
_LIMIT = "Censored: adjusted, values below the limit of the assay as censored. "
MISSING, MONTE_CARLO = "fraction of missing information", "Monte-Carlo error of the imputation"
_TEXTS = ("unadjusted", "adjusted", "imputed", "censored", "risk difference, %", "E-value")


def _asked(derived: pd.DataFrame) -> list[Exposure]:
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
    asked = _asked(derived)
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


def outcomes_table(effects: Effects) -> ResultTable:
    """Return one row per exposure and one column per outcome: ratio of geometric means, odds ratio of depression.

    Parameters
    ----------
    effects
        From :func:`effects_of`.
    """
    rows: list[dict[str, object]] = []
    for one in _asked(effects.derived):
        found = {name: effects.adjusted[one.column, outcome] for outcome, name in OUTCOMES.items()}
        smallest = [result.n for result in found.values() if isinstance(result, Estimate)]
        texts = {name: _words(result) for name, result in found.items()}
        rows.append({"exposure": one.label, "people": min(smallest, default=math.nan), **texts})
    absent = [one.label for one in EXPOSURES if one not in _asked(effects.derived)]
    columns = ["exposure", "people", *OUTCOMES.values()]
    return ResultTable(
        "outcomes",
        "Each exposure on every outcome, adjusted as the graph wants",
        pd.DataFrame(rows, columns=columns),
        counts=("people",),
        rests_on_counts=tuple(OUTCOMES.values()),
        note="Ratios of geometric means of markers, odds ratios of depression, with 95 % intervals. People: of the "
        "smallest analysis in the row. A dash: not testable." + (_absent_words(absent)),
    )


def _absent_words(absent: Sequence[str]) -> str:
    names = dict.fromkeys(label.split(",")[0] for label in absent)
    return f" Not in this cohort: {'; '.join(names)}." if absent else ""


def imputations_of(effects: Effects, *, m: int = IMPUTATIONS, seed: int = 1) -> Imputations | NotTestable:
    """Return imputations of exposures, outcomes and adjustment sets; derived columns are made of them afterwards.

    Parameters
    ----------
    effects
        From :func:`effects_of`.
    m, seed
        Number of imputations, and the seed that they are spawned from.
    """
    derived, asked = effects.derived, _asked(effects.derived)
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
    asked = [one for one in _asked(effects.derived) if one.column != KINDS]
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


def exposures_table(effects: Effects, imputed: Mapping[tuple[str, str], Result], outcome: str) -> ResultTable:
    """Return each exposure under every analysis on one outcome: unadjusted, adjusted, imputed, as risks, judged.

    Parameters
    ----------
    effects
        From :func:`effects_of`.
    imputed
        From :func:`imputed_effects`.
    outcome
        ``ln_crp`` or ``has_depression``.

    Returns
    -------
    ResultTable
        The verdict rests on the adjusted estimate and is corrected over the rows.
    """
    asked = _asked(effects.derived)
    is_depression = outcome == DEPRESSION
    bounds, spread = None, None
    if not is_depression and outcome in effects.derived:
        spread = standard_deviation(effects.derived, outcome, effects.design, domain=effects.domain)
        low, high = difference_bounds(spread)
        bounds = (math.exp(low), math.exp(high))
    adjusted = [effects.adjusted[one.column, outcome] for one in asked]
    judged = judge_family(adjusted, claimed="above", claims=["IP-26"] * len(asked), equivalence=bounds)
    rows: list[dict[str, object]] = []
    for one, full, verdict in zip(asked, adjusted, judged, strict=True):
        crude, filled = effects.crude[one.column, outcome], imputed.get((one.column, outcome))
        row: dict[str, object] = {
            "exposure": one.label,
            "people": full.n if isinstance(full, Estimate) else math.nan,
            "unadjusted": _words(crude),
            "adjusted": _words(full),
            "imputed": _words(filled) if filled is not None else "",
            "E-value": _strength(full, spread),
            "verdict": verdict.status,
        }
        if is_depression:
            row["depressed"] = full.events if isinstance(full, Estimate) else math.nan
            row["risk difference, %"] = _risk_difference(effects, one)
        else:
            row["censored"] = _words(_censored(effects, one, outcome))
        rows.append(row)
    columns = ["exposure", "people", "depressed", *_TEXTS, "verdict"]
    left_out = {"censored"} if is_depression else {"depressed", "risk difference, %"}
    data = pd.DataFrame(rows, columns=[name for name in columns if name not in left_out])
    counts = ("people", "depressed") if is_depression else ("people",)
    sums = [Sum((row, "people"), ((row, "depressed"),), has_rest=True) for row in range(len(data))]
    what = "Odds ratios of depression" if is_depression else "Ratios of geometric-mean CRP"
    return ResultTable(
        f"exposures_{'depression' if is_depression else 'crp'}",
        f"{'Depression' if is_depression else 'CRP'} and each exposure under every analysis",
        data,
        counts=counts,
        sums=tuple(sums) if is_depression else (),
        rests_on_counts=tuple(name for name in _TEXTS if name in data),
        note=f"{what} with 95 % intervals; people are those of the adjusted one. Each row has its own adjustment set. "
        + ("Risk difference: everybody exposed against nobody, standardised. " if is_depression else _LIMIT)
        + "E-value of the adjusted estimate, and of its interval (VanderWeele and Ding 2017). The verdict on it also "
        f"needs q < 0.05 over the rows. A dash: not testable. {_imputed_words(imputed)}",
    )


def _imputed_words(imputed: Mapping[tuple[str, str], Result]) -> str:
    """Return why nothing was imputed, or how much of the information was missing and the Monte-Carlo error."""
    refused = [result for result in imputed.values() if isinstance(result, NotTestable)]
    estimates = [result for result in imputed.values() if isinstance(result, Estimate)]
    if not estimates:
        return refused[0].reason + "." if refused else ""
    told = [(result, dict(result.details)) for result in estimates]
    shares = [float(details[MISSING]) for _, details in told if MISSING in details]
    errors = [float(details[MONTE_CARLO]) / one.standard_error for one, details in told if MONTE_CARLO in details]
    if not shares:
        return ""
    return (
        f"Imputed {IMPUTATIONS} times: at most {max(shares):.0%} of the information is missing; drawn anew, an "
        f"estimate would move by about {max(errors):.2f} of its standard error at most."
    ).replace("%", " %")


def _censored(effects: Effects, exposure: Exposure, outcome: str) -> Result:
    """Return the adjusted ratio with values below the limit of the assay as censored, in place of at the limit."""
    held = set_for(exposure.column, exposure.column, effects.held[exposure.column])
    return censored_mean_difference(
        effects.derived, outcome=outcome, exposure=exposure.column, adjustment=held, design=effects.design,
        domain=effects.domain, per_sd=True, ratio=True,
    )  # fmt: skip


def _risk_difference(effects: Effects, exposure: Exposure) -> str:
    if not is_binary(effects.derived[exposure.column]):
        return ""
    held = set_for(exposure.column, exposure.column, effects.held[exposure.column])
    found = standardised_contrasts(
        effects.derived, outcome=DEPRESSION, exposure=exposure.column, adjustment=held, design=effects.design,
        domain=effects.domain,
    )["risk difference"]  # fmt: skip
    if isinstance(found, NotTestable):
        return ""
    low, high = found.interval()
    return f"{100 * found.value:.2f} ({100 * low:.2f} to {100 * high:.2f})"


def _strength(result: Result, sd: float | None) -> str:
    """Return the E-value of a result and of its interval as text; a ratio of means counts by its difference."""
    if isinstance(result, Estimate) and sd is not None:
        ends = [math.log(end) for end in result.interval()]
        result = dataclasses.replace(
            result, value=math.log(result.value), scale="identity", null=0.0, bounds=(ends[0], ends[1])
        )
    value = e_value(result, sd=sd)
    return f"{value.point:.2f} ({value.limit:.2f})" if isinstance(value, EValue) else ""


def _words(result: Result) -> str:
    if isinstance(result, NotTestable):
        return ""
    low, high = result.interval()
    return f"{result.value:.2f} ({low:.2f} to {high:.2f})"


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
