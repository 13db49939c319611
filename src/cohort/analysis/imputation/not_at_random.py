"""What if values are not missing at random? A delta is added to imputed values until the conclusion changes.

The delta is added in every round, so that it reaches the variables imputed from the one shifted (van Buuren 2018,
Flexible Imputation of Missing Data, section 3.8). How large a delta is believable is for the reader to judge, in the
unit of the variable or as a log odds ratio.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from cohort.analysis.imputation.analysing import imputed
from cohort.analysis.imputation.coding import Variable
from cohort.analysis.sampling import Design
from cohort.results import Estimate, NotTestable, Result, ResultTable


def side_of_null(result: Estimate) -> str:
    """Return on which side of no effect the 95 % interval lies: above, below, or includes no effect.

    Examples
    --------
    >>> side_of_null(Estimate("RA", "odds ratio", 1.5, 0.1, scale="log", null=1.0))
    'above'
    """
    if result.null is None:
        return ""
    lower, upper = result.interval()
    return "above" if lower > result.null else "below" if upper < result.null else "includes no effect"


def tipping_points(
    table: pd.DataFrame,
    analysis: Callable[[pd.DataFrame], Result],
    variables: Sequence[str | Variable],
    *,
    variable: str,
    deltas: Sequence[float],
    design: Design,
    seed: int,
    name: str = "tipping_points",
    title: str = "",
    **options: Any,
) -> ResultTable:
    """Return the pooled result for each of several deltas added to the imputed values of one variable.

    All deltas share their random numbers, so that rows differ by the delta and not by chance. The tipping point is the
    smallest delta to either side of zero with which the interval lies on another side of no effect than without.

    Parameters
    ----------
    table, analysis, variables, design, seed
        As in :func:`cohort.analysis.imputation.imputed`; the analysis returns one result.
    variable
        Whose imputed values are shifted.
    deltas
        What is added: in its unit (its logarithm where ``log``), or to the logit of yes/no. Zero is added to them.
    name, title
        For the table.
    options
        Further arguments of :func:`cohort.analysis.imputation.imputed`.
    """
    rows: list[dict[str, Any]] = []
    for delta in sorted({0.0, *(float(one) for one in deltas)}):
        shift = {variable: delta} if delta else None
        found = imputed(table, analysis, variables, design=design, seed=seed, delta=shift, **options)
        if isinstance(found, NotTestable):
            rows.append({"delta": delta, "reason": found.reason})
            continue
        lower, upper = found.interval()
        details = dict(found.details)
        rows.append(
            {
                "delta": delta,
                "n": found.n,
                "estimate": found.value,
                "lower": lower,
                "upper": upper,
                "p": found.p_value(),
                "interval": side_of_null(found),
                "missing information": details.get("fraction of missing information", ""),
                "reason": "",
            }
        )
    columns = ["delta", "n", "estimate", "lower", "upper", "p", "interval", "missing information", "reason"]
    data = pd.DataFrame(rows, columns=columns)
    data["n"] = data["n"].astype("Int64")
    return ResultTable(
        name,
        title or f"If those without '{variable}' differ from what the others suggest",
        data,
        counts=("n",),
        formats={"delta": "+.2f", "estimate": ".2f", "lower": ".2f", "upper": ".2f", "p": ".3f"},
        note=_tipping_words(data, variable),
    )


def _tipping_words(data: pd.DataFrame, variable: str) -> str:
    """Return between which deltas the conclusion holds, in a sentence."""
    told = data[data["interval"].notna() & (data["reason"] == "")]
    base = told.loc[told["delta"] == 0, "interval"]
    if base.empty:
        return "There is no result without a delta."
    changed = told.loc[told["interval"] != base.iloc[0], "delta"]
    beyond = [changed[changed < 0].max(), changed[changed > 0].min()]
    found = " and ".join(f"{delta:+g}" for delta in beyond if pd.notna(delta))
    if not found:
        return f"No delta shown, added to imputed values of '{variable}', changes the side of no effect."
    return f"The interval changes its side of no effect with {found} added to imputed values of '{variable}'."
