"""What a page may show of a real study: results and tables after disclosure control, and numbers without spare digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cohort.disclosure import Cell, Disclosure, Sum, found_sums
from cohort.results import Estimate, NotTestable, Result, ResultTable, Verdict, disclosed

COUNTS = ("n", "events")
DIGITS = 3
"""Significant digits of an estimate, its interval and error in the files of a real study."""
_GIVES_AWAY = "withheld: it would give a small count away"


@dataclass(frozen=True)
class ProtectedResults:
    """Results as they may be shown, the texts of their counts, and which of these add up to which.

    Parameters
    ----------
    results
        The results, some withheld.
    texts
        By column, ``n`` and ``events``: one text for each result.
    sums
        Which cells add up to which.
    """

    results: tuple[Result, ...]
    texts: dict[str, list[str]]
    sums: tuple[Sum, ...]


def protect_results(results: Sequence[Result], rule: Disclosure) -> ProtectedResults:
    """Return results as they may be shown: see :func:`cohort.results.disclosed`; counts are protected together.

    Parameters
    ----------
    results
        Estimates and not-testable results, one row each.
    rule
        How counts are protected.
    """
    shown = [disclosed(result, rule) for result in results]
    counts = {name: [_count(result, name) for result in results] for name in COUNTS}
    cells: dict[Cell, float] = {(row, name): count for name in COUNTS for row, count in enumerate(counts[name])}
    sums = [
        Sum((row, "n"), ((row, "events"),), has_rest=True)
        for row, (people, events) in enumerate(zip(*counts.values(), strict=True))
        if not math.isnan(people) and not math.isnan(events)
    ]
    unseen = {cell for cell in cells if isinstance(shown[_row(cell)], NotTestable)}
    if rule.is_on:
        sums = [*found_sums(counts), *sums]
    texts = rule.texts(cells, sums, unseen)
    for row, result in enumerate(results):
        hidden = [texts[row, name][:1] in ("≥", "n") for name in COUNTS]
        if any(hidden) and isinstance(result, Estimate) and _is_share_of_counts(result):
            gone = NotTestable(result.label, _GIVES_AWAY, result.measure, result.estimand, result.claims)
            shown[row], texts[row, "n"], texts[row, "events"] = gone, "", ""
    columns = {name: [texts[row, name] for row in range(len(results))] for name in COUNTS}
    return ProtectedResults(tuple(shown), columns, tuple(sums))


def _row(cell: Cell) -> int:
    assert isinstance(cell, tuple)
    return int(cell[0])


def _count(result: Result, name: str) -> float:
    value = getattr(result, name, None)
    return math.nan if value is None else float(value)


def _is_share_of_counts(result: Estimate) -> bool:
    return bool(result.n and result.events is not None) and math.isclose(
        result.value, (result.events or 0) / result.n, rel_tol=1e-9
    )


def shown_numbers(data: pd.DataFrame, formats: dict[str, str], rule: Disclosure) -> pd.DataFrame:
    """Return a table for a file: for a real study, numbers have the digits that the page shows and no more.

    With all its digits a share tells its numerator and denominator, and so does the odds ratio of four counts.

    Parameters
    ----------
    data
        The table.
    formats
        Format of a column of numbers; another column keeps four significant digits, as on the page.
    rule
        How counts are protected; nothing is done where it is off.
    """
    if not rule.is_on:
        return data
    shown = data.copy()
    for column in data.columns:
        if pd.api.types.is_float_dtype(data[column].dtype):
            pattern = formats.get(str(column), ".4g")
            shown[column] = [_with_digits(value, pattern) for value in data[column]]
    return shown


def _with_digits(value: Any, pattern: str) -> float:
    return float(format(value, pattern).replace(",", "")) if not pd.isna(value) else math.nan


def protect_verdict(verdict: Verdict, rule: Disclosure) -> Verdict:
    """Return a verdict as it may be shown: one that rests on a withheld estimate says so and gives no number.

    Parameters
    ----------
    verdict
        What a rule made of a result.
    rule
        How counts are protected.
    """
    evidence = verdict.evidence
    if not rule.is_on or not isinstance(evidence, Estimate):
        return verdict
    told = disclosed(evidence, rule)
    if isinstance(told, NotTestable):
        status, synthetic = "not testable with this cohort", verdict.synthetic
        return Verdict(verdict.claim, verdict.question, status, told.reason, told, None, synthetic)
    return verdict


def structure(table: ResultTable) -> dict[str, Any]:
    """Return which columns of a table are counts and which cells add up, for those who check a report.

    Parameters
    ----------
    table
        The table.
    """
    return {
        "counts": [name for name in table.counts if name in table.data],
        "sums": [{"whole": one.whole, "parts": list(one.parts), "has_rest": one.has_rest} for one in table.sums],
    }
