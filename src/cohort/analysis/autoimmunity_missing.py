"""Notebook 01 with what is missing imputed, and its exposures side by side under every analysis.

Imputation is that of :mod:`cohort.analysis.imputation`; complete cases stand beside it.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import pandas as pd

from cohort.analysis.autoimmunity import OUTCOME, AdjustmentSets
from cohort.analysis.comorbidity import ANY, diseases_of
from cohort.analysis.contrasts import standardised_contrasts
from cohort.analysis.design import Design, Domain, analysis_domain
from cohort.analysis.firth import INSUFFICIENT
from cohort.analysis.imputation import Imputations, analysed, impute
from cohort.analysis.recruitment import for_population
from cohort.analysis.sensitivity import EValue, e_value
from cohort.analysis.small_cells import odds_ratio_small_cells
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, readable
from cohort.analysis.verdicts import judge_family
from cohort.codebook import load_codebook
from cohort.disclosure import Sum
from cohort.results import Estimate, NotTestable, Result, ResultTable

AUXILIARIES = ("is_antidepressant_user", "bmi_kg_m2", "pss10_total")
"""Not in the analysis; they tell of depression where the questionnaire is missing."""
IMPUTATIONS = 10
"""Enough for a fraction of missing information of a tenth; each result tells its own, and its Monte-Carlo error."""
NUMBER = ".2f"


def imputations_of(
    table: pd.DataFrame,
    design: Design,
    sets: AdjustmentSets,
    *,
    m: int = IMPUTATIONS,
    seed: int = 1,
    domain: Domain = None,
) -> Imputations | NotTestable:
    """Return imputations of the outcome, of every disease of the cohort and of the full adjustment set.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.regression.odds_ratio`.
    sets
        From :func:`cohort.analysis.autoimmunity.adjustment_sets`.
    m, seed
        Number of imputations, and the seed that they are spawned from.
    """
    try:
        inside = analysis_domain(table, design, domain)
        diseases = [name for name in _diseases(table) if len(table[name][inside].dropna().unique()) > 1]
        alone = [] if diseases else [ANY]
        return impute(
            table, [OUTCOME, *alone, *diseases, *sets.full.variables], design=design, domain=domain,
            auxiliaries=[name for name in AUXILIARIES if name in table], m=m, seed=seed,
        )  # fmt: skip
    except InestimableError as reason:
        return NotTestable("imputation", f"no multiple imputation: {reason}")


def _diseases(table: pd.DataFrame) -> list[str]:
    """Return the autoimmune diseases that a table knows of somebody."""
    known = [disease.column for disease in load_codebook().diseases.values() if disease.autoimmune]
    return [name for name in known if name in table and bool(table[name].notna().any())]


def _with_any(filled: pd.DataFrame) -> pd.DataFrame:
    """Return a completed table in which it is known of everybody whether they have any of the diseases."""
    if ANY not in filled:
        return filled
    any_of = filled[_diseases(filled)].astype("boolean").any(axis="columns")
    known = filled[ANY].astype("boolean")
    return filled.assign(**{ANY: known.where(known.notna(), any_of)})


def imputed_odds_ratios(
    table: pd.DataFrame,
    design: Design,
    imputations: Imputations | NotTestable,
    complete: Sequence[Result],
    sets: AdjustmentSets,
    *,
    domain: Domain = None,
    least: int = MINIMUM_CELL,
) -> list[Result]:
    """Return the odds ratio of any disease and of each under the full adjustment, by multiple imputation.

    Parameters
    ----------
    table, design, domain, least
        As in :func:`cohort.analysis.comorbidity.comorbidity`.
    imputations
        From :func:`imputations_of`.
    complete
        Odds ratios of complete cases for any disease and each, from
        :func:`cohort.analysis.autoimmunity.odds_ratios`.
    sets
        From :func:`cohort.analysis.autoimmunity.adjustment_sets`.
    """
    if isinstance(imputations, NotTestable):
        return [dataclasses.replace(imputations, label=one.label, claims=one.claims) for one in complete]
    columns = [ANY, *(disease.column for disease in diseases_of(table))]

    def analyse(filled: pd.DataFrame) -> dict[str, Result]:
        whole = _with_any(filled)
        return {
            column: odds_ratio_small_cells(
                whole, outcome=OUTCOME, exposure=column, adjustment=sets.full.variables, design=design, domain=domain,
                label=one.label, claims=one.claims, estimand=one.estimand, least=least,
                to_be_pooled=True,
            )
            for column, one in zip(columns, complete, strict=True)
        }  # fmt: skip

    pooled = analysed(imputations, analyse)
    return [_plainer(pooled[column], one) for column, one in zip(columns, complete, strict=True)]


def _plainer(filled: Result, complete: Result) -> Result:
    """Return what imputation gives; the reason of complete cases where it is the same, without the imputed tables."""
    if not isinstance(complete, NotTestable):
        return filled
    # So little is known that the intervals of the imputed tables, which are no profiles, cannot be trusted either.
    is_little = complete.reason.startswith(INSUFFICIENT)
    is_same = isinstance(filled, NotTestable) and filled.reason.endswith(complete.reason)
    return complete if is_little or is_same else filled


def exposures_table(
    table: pd.DataFrame,
    design: Design,
    sets: AdjustmentSets,
    found: Mapping[str, Sequence[Result]],
    imputed_results: Sequence[Result],
    *,
    domain: Domain = None,
) -> ResultTable:
    """Return each exposure of the cohort under every analysis: unadjusted, adjusted, imputed, standardised, judged.

    Parameters
    ----------
    table, design, sets, domain
        As in :func:`imputations_of`.
    found
        From :func:`cohort.analysis.autoimmunity.odds_ratios`.
    imputed_results
        From :func:`imputed_odds_ratios`.

    Returns
    -------
    ResultTable
        A row per exposure that the cohort has: odds ratios with their intervals; risk ratio and difference standardised
        to those analysed; E-value of the imputed odds ratio and of its interval; the verdict on it, corrected over the
        diseases. ``any autoimmune disease`` stands first and is no member of that family.
    """
    columns = [ANY, *(disease.column for disease in diseases_of(table))]
    judged_results = [for_population(result, table, design, domain=domain) for result in imputed_results]
    family = judge_family(judged_results[1:], claimed="above", claims=["IP-09"] * (len(columns) - 1))
    alone = judge_family(judged_results[:1], claimed="above", claims=["IP-09"])
    rows: list[dict[str, object]] = []
    for place, (column, verdict) in enumerate(zip(columns, [*alone, *family], strict=True)):
        if column not in table:
            continue
        crude, full, filled = found["crude"][place], found["full"][place], imputed_results[place]
        standard = standardised_contrasts(
            table, outcome=OUTCOME, exposure=column, adjustment=sets.full.variables, design=design, domain=domain
        )
        value = e_value(filled)
        rows.append(
            {
                "exposure": crude.label,
                "people": crude.n if isinstance(crude, Estimate) else math.nan,
                "depressed": crude.events if isinstance(crude, Estimate) else math.nan,
                "unadjusted": _words(crude),
                "adjusted": _words(full),
                "imputed": _words(filled),
                "risk ratio": _words(standard["risk ratio"]),
                "risk difference, %": _words(_in_percent(standard["risk difference"])),
                "E-value": f"{value.point:.2f} ({value.limit:.2f})" if isinstance(value, EValue) else "",
                "verdict": verdict.status,
            }
        )
    numbers = ("unadjusted", "adjusted", "imputed", "risk ratio", "risk difference, %", "E-value")
    data = pd.DataFrame(rows, columns=["exposure", "people", "depressed", *numbers, "verdict"])
    held = ", ".join(readable(name).lower() for name in sets.full.variables) or "nothing"
    return ResultTable(
        "exposures",
        "Depression and each autoimmune exposure under every analysis",
        data,
        counts=("people", "depressed"),
        sums=tuple(Sum((row, "people"), ((row, "depressed"),), has_rest=True) for row in range(len(data))),
        rests_on_counts=numbers,
        note="Odds ratios with 95 % intervals; people and depressed are those of the unadjusted one. Adjusted, imputed "
        f"and standardised over the measured part of the right set: {held}. A dash: not testable. E-value of the "
        "imputed odds ratio, and of its interval. Verdict on the imputed odds ratio; each disease also needs q < 0.05 "
        "over the diseases.",
    )


def _in_percent(result: Result) -> Result:
    if isinstance(result, NotTestable):
        return result
    return dataclasses.replace(result, value=100 * result.value, standard_error=100 * result.standard_error)


def _words(result: Result) -> str:
    if isinstance(result, NotTestable):
        return ""
    low, high = result.interval()
    return f"{result.value:{NUMBER}} ({low:{NUMBER}} to {high:{NUMBER}})"
