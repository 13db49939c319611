"""What may be shown of a real study: results and tables after disclosure control, numbers without spare digits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from cohort.disclosure import NOT_SHOWN, Cell, Disclosure, Sum, found_sums, is_told, people_named
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
    names: dict[Cell, str] = {}
    for row, result in enumerate(results):
        if isinstance(result, Estimate) and result.counted is not None:
            names |= {(row, name): told for name, told in zip(COUNTS, result.counted, strict=True) if told}
            base, _, condition = result.counted[0].partition("; ")
            if ";" not in condition and condition.endswith(" known"):
                sums.append(Sum(base, ((row, "n"), people_named(base, condition.replace(" known", " missing")))))
    texts = rule.texts(cells, sums, unseen, names)
    for row, result in enumerate(results):
        hidden = not all(is_told(texts[row, name]) for name in COUNTS)
        if hidden and isinstance(result, Estimate) and _is_share_of_counts(result):
            gone = NotTestable(result.label, _GIVES_AWAY, result.measure, result.estimand, result.claims)
            shown[row], texts[row, "n"], texts[row, "events"] = gone, "", ""
    columns = {name: [texts[row, name] for row in range(len(results))] for name in COUNTS}
    return ProtectedResults(tuple(shown), columns, tuple(sums))


def for_figure(results: Sequence[Result], rule: Disclosure) -> list[Result]:
    """Return results as a figure may draw them: protected, and without counts that a table would withhold.

    A vector graphic holds positions to six digits, so that a figure must not be drawn from exact shares.

    Parameters
    ----------
    results
        All results of the figure.
    rule
        How counts are protected.
    """
    if not rule.is_on:
        return list(results)
    found = protect_results(results, rule)
    drawn: list[Result] = []
    for row, result in enumerate(found.results):
        if isinstance(result, Estimate) and not is_told(found.texts["n"][row]):
            drawn.append(replace(result, n=0, events=None))
        elif isinstance(result, Estimate) and not is_told(found.texts["events"][row]):
            drawn.append(replace(result, events=None))
        else:
            drawn.append(result)
    return drawn


def withheld_note(shown: pd.DataFrame, note: str, rule: Disclosure) -> str:
    """Return the note of a table with a sentence on withheld counts, where it has any.

    Parameters
    ----------
    shown
        The table, counts as text.
    note
        Its note.
    rule
        How counts are protected.
    """
    if not rule.is_on:
        return note
    texts = {str(cell) for column in shown for cell in shown[column]}
    rough = ["≈"] if any(text.startswith("≈") for text in texts) else []
    marks = rough + [mark for mark in (f"≥{rule.least}", NOT_SHOWN) if mark in texts]
    if not marks:
        return note
    why = f"{' and '.join(marks)}: told no closer, since a count under {rule.least} could be worked out from it."
    return f"{note} {why}".strip()


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
        return replace(
            verdict, status="not testable with this cohort", reason=told.reason, evidence=told, n_needed=None
        )
    if verdict.n_needed is None:
        return verdict
    # The n that would decide follows from the standard error; two digits say as much as anybody needs.
    return replace(verdict, n_needed=int(float(f"{verdict.n_needed:.1e}")))


def protect_table(table: ResultTable, rule: Disclosure) -> pd.DataFrame:
    """Return the rows of a table as they may be shown: counts as protected text, and no number that gives one away.

    Parameters
    ----------
    table
        The table.
    rule
        How counts are protected.
    """
    counts = [name for name in table.counts if name in table.data]
    # A table without columns of counts has protected those in its texts itself.
    shown = rule.protect(table.data, counts, table.sums, table.names) if counts else table.data.copy()
    if not rule.is_on:
        return shown
    for column, (part, whole) in table.percentages.items():
        parts, wholes = (map(rule.rounded, table.data[name]) for name in (part, whole))
        told = zip(parts, wholes, shown[part], shown[whole], _small_rests(table, rule), strict=True)
        shown[column] = [
            100 * min(above / below, 1.0)
            if above is not None and below and is_told(one, other) and not rest
            else math.nan
            for above, below, one, other, rest in told
        ]
    small = table.data[counts].map(lambda count: rule.is_small(0 if pd.isna(count) else count)).any(axis=1)
    small = small | pd.Series(_small_rests(table, rule), index=small.index)
    for column in table.rests_on_counts:
        shown[column] = shown[column].mask(small)
    return shown


def _small_rests(table: ResultTable, rule: Disclosure) -> list[bool]:
    """Return the rows of a table in which the rest of a sum is small."""
    found = [False] * len(table.data)
    for one in table.sums:
        if one.has_rest:
            cells = [_value(table.data, cell) for cell in (one.whole, *one.parts)]
            if not any(math.isnan(cell) for cell in cells) and rule.is_small(cells[0] - sum(cells[1:])):
                found[_row(one.whole)] = True
    return found


def _value(data: pd.DataFrame, cell: Cell) -> float:
    if not isinstance(cell, tuple) or cell[1] not in data:
        return math.nan
    value: Any = data[cell[1]].iloc[cell[0]]
    return math.nan if isinstance(value, str) or pd.isna(value) else float(value)


def structure(table: ResultTable) -> dict[str, Any]:
    """Return which columns of a table are counts and which cells add up, for those who check a report.

    Parameters
    ----------
    table
        The table.
    """
    return {
        "counts": [name for name in table.counts if name in table.data],
        "names": [[*cell, name] if isinstance(cell, tuple) else [cell, name] for cell, name in table.names.items()],
        "sums": [{"whole": one.whole, "parts": list(one.parts), "has_rest": one.has_rest} for one in table.sums],
    }
