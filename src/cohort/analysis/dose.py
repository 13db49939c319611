"""Does more of an exposure go with more of the outcome? Odds ratios of one, two or more against none, and a trend."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cohort.analysis.regression import odds_ratio
from cohort.analysis.sampling import BoolArray, Design, Domain, analysis_domain
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, numeric, readable, require
from cohort.results import Estimate, NotTestable, Result

MEASURE = "odds ratio"
TREND = "odds ratio per further one"


def odds_ratios_by_count(
    table: pd.DataFrame,
    *,
    outcome: str,
    count: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    most: int = 2,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> list[Result]:
    """Return the odds ratio of each number of exposures against none, then the trend per further one.

    The numbers come from one logistic model with a term for each; the top category holds all with ``most`` or more,
    and the trend counts it as ``most``. The trend assumes equal steps on the log-odds scale; the categories do not.

    Parameters
    ----------
    table, outcome, adjustment, design, domain, claims
        As in :func:`cohort.analysis.regression.odds_ratio`.
    count
        A column of counts, such as ``autoimmune_disease_count``.
    most
        Where the top category begins, 2 or more.
    label
        What is counted; default the codebook's name of the count.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> people = pd.DataFrame({"autoimmune_disease_count": [0] * 60 + [1] * 30 + [2] * 30,
    ...                        "ill": [1] * 10 + [0] * 50 + [1] * 10 + [0] * 20 + [1] * 15 + [0] * 15})
    >>> found = odds_ratios_by_count(people, outcome="ill", count="autoimmune_disease_count", design=design_of(people))
    >>> [f"{result.label.split(':')[1]} {result.value:.2f}" for result in found]
    [' 1 2.50', ' 2 or more 5.00', ' trend 2.24']
    """
    label = label or readable(count)
    names = [f"{label}: {number}" for number in range(1, most)] + [f"{label}: {most} or more"]
    estimand = f"conditional odds ratio of {readable(outcome)} by {readable(count).lower()}"
    try:
        dose = np.minimum(numeric(require(table, count)), float(most))
    except InestimableError as reason:
        rows = [*((name, MEASURE) for name in names), (f"{label}: trend", TREND)]
        return [NotTestable(name, str(reason), measure, estimand, claims) for name, measure in rows]
    inside = analysis_domain(table, design, domain) & ~np.isnan(dose)
    for name in (outcome, *adjustment):
        inside &= table[name].notna().to_numpy() if name in table else True
    has = {f"_dose_{number}": np.where(np.isnan(dose), np.nan, dose == number) for number in range(1, most + 1)}
    made = table.assign(**has, _dose=dose)
    few = [number for number in range(1, most + 1) if _cell(made, outcome, dose == number, inside) < MINIMUM_CELL]
    usable = [number for number in range(1, most + 1) if number not in few]
    # Who has a number that too few have says nothing of the others' odds ratio.
    kept = inside & ~np.isin(dose, few)
    found: list[Result] = []
    for number, name in enumerate(names, start=1):
        if number in few:
            why = f"fewer than {MINIMUM_CELL} people with this number, with or without the outcome"
            found.append(NotTestable(name, why, MEASURE, estimand, claims))
            continue
        others = [f"_dose_{other}" for other in usable if other != number]
        result = odds_ratio(
            made, outcome=outcome, exposure=f"_dose_{number}", adjustment=(*others, *adjustment), design=design,
            domain=kept, label=name, claims=claims, estimand=f"{estimand}: {number} against none",
        )  # fmt: skip
        found.append(_told(result, adjustment, MEASURE))
    trend = odds_ratio(
        made, outcome=outcome, exposure="_dose", adjustment=adjustment, design=design, domain=inside,
        label=f"{label}: trend", claims=claims, estimand=f"{estimand}: trend",
    )  # fmt: skip
    return [*found, _told(trend, adjustment, TREND)]


def _cell(
    table: pd.DataFrame,
    outcome: str,
    has: BoolArray,
    inside: BoolArray,
) -> int:
    """Return how many have the outcome, or have not, among those with a number: the fewer of both."""
    if outcome not in table:
        return MINIMUM_CELL  # the regression says what is missing
    known = table[outcome].astype("Float64")[has & inside].dropna()
    return int(min(known.sum(), len(known) - known.sum()))


def _told(found: Result, adjustment: Sequence[str], measure: str) -> Result:
    """Return a result that names the adjustment asked for, not the other numbers."""
    if isinstance(found, Estimate):
        return dataclasses.replace(found, adjustment=tuple(adjustment), measure=measure)
    return dataclasses.replace(found, measure=measure)
