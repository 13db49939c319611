"""Notebook 03's tables of exposures: each on every outcome, and each under every analysis, judged."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import pandas as pd

from cohort.analysis.adversity import DEPRESSION
from cohort.analysis.adversity_effects import EXPOSURES, IMPUTATIONS, OUTCOMES, Effects, Exposure, asked_in
from cohort.analysis.censored import censored_mean_difference
from cohort.analysis.contrasts import standardised_contrasts
from cohort.analysis.design import standard_deviation
from cohort.analysis.exposures import set_for
from cohort.analysis.sensitivity import EValue, e_value
from cohort.analysis.variables import is_binary
from cohort.analysis.verdicts import difference_bounds, judge_family
from cohort.disclosure import Sum
from cohort.results import Estimate, NotTestable, Result, ResultTable

_LIMIT = "Censored: adjusted, values below the limit of the assay as censored. "
MISSING, MONTE_CARLO = "fraction of missing information", "Monte-Carlo error of the imputation"
_TEXTS = ("unadjusted", "adjusted", "imputed", "censored", "risk difference, %", "E-value")


def outcomes_table(effects: Effects) -> ResultTable:
    """Return one row per exposure and one column per outcome: ratio of geometric means, odds ratio of depression.

    Parameters
    ----------
    effects
        From :func:`cohort.analysis.adversity_effects.effects_of`.
    """
    rows: list[dict[str, object]] = []
    for one in asked_in(effects.derived):
        found = {name: effects.adjusted[one.column, outcome] for outcome, name in OUTCOMES.items()}
        smallest = [result.n for result in found.values() if isinstance(result, Estimate)]
        texts = {name: _words(result) for name, result in found.items()}
        rows.append({"exposure": one.label, "people": min(smallest, default=math.nan), **texts})
    absent = [one.label for one in EXPOSURES if one not in asked_in(effects.derived)]
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


def exposures_table(effects: Effects, imputed: Mapping[tuple[str, str], Result], outcome: str) -> ResultTable:
    """Return each exposure under every analysis on one outcome: unadjusted, adjusted, imputed, as risks, judged.

    Parameters
    ----------
    effects
        From :func:`cohort.analysis.adversity_effects.effects_of`.
    imputed
        From :func:`cohort.analysis.adversity_effects.imputed_effects`.
    outcome
        ``ln_crp`` or ``has_depression``.

    Returns
    -------
    ResultTable
        The verdict rests on the adjusted estimate and is corrected over the rows.
    """
    asked = asked_in(effects.derived)
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
