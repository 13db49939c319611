"""Which rows of a table fulfil a condition of the study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from cohort.intake.cells import dates_of, read_date
from cohort.intake.tables import BoolArray, SourceTable
from cohort.study_file import ColumnCondition, Comparison, Condition


def holds(table: SourceTable, condition: Condition, missing: Mapping[str, str] | None = None) -> BoolArray:
    """Return where a condition holds: any of a list, all of one mapping.

    Parameters
    ----------
    table
        The rows.
    condition
        Conditions on columns of the table.
    missing
        Codes that the entry declares missing, beside those of the file.

    Notes
    -----
    A code that is declared missing is no value: it is ``blank``, and no comparison holds for it. A list that names
    the code itself still matches it, so that ``unknown: {X: [9]}`` works beside ``missing: {9: do not know}``.
    """
    any_holds = np.zeros(len(table.frame), dtype=bool)
    for alternative in condition:
        all_hold = np.ones(len(table.frame), dtype=bool)
        for column, wanted in alternative.items():
            all_hold &= _column_holds(table, column, wanted, missing or {})
        any_holds |= all_hold
    return any_holds


def columns_in(condition: Condition | None) -> Iterator[str]:
    """Yield the columns that a condition looks at."""
    for alternative in condition or []:
        yield from alternative


def is_blank(table: SourceTable, column: str, missing: Mapping[str, str]) -> BoolArray:
    """Return where a column holds no value: an empty cell or a code that is declared missing."""
    declared = table.codes(column).isin(list(table.declared_missing(column, missing))).to_numpy(dtype=bool)
    return np.asarray(~table.is_filled(column) | declared)


def plain_code(codes: pd.Series) -> pd.Series:
    """Return codes of a classification without dots and in capitals, so that ``e10.9`` and ``E109`` are the same."""
    return codes.str.replace(".", "", regex=False).str.upper()


def starts_with(codes: pd.Series, beginnings: list[str]) -> BoolArray:
    """Return which codes begin with one of some texts, dots and letter case apart."""
    wanted = tuple(text.replace(".", "").upper() for text in beginnings)
    levels = pd.Series(codes.cat.categories, dtype="str")
    found = np.append(plain_code(levels).str.startswith(wanted).to_numpy(dtype=bool), False)
    return np.asarray(found[codes.cat.codes.to_numpy()])


def _column_holds(table: SourceTable, column: str, wanted: ColumnCondition, missing: Mapping[str, str]) -> BoolArray:
    if wanted == "blank":
        return is_blank(table, column, missing)
    if isinstance(wanted, Comparison):
        return _comparison_holds(table, column, wanted, missing)
    named = [table.resolve(column, code) for code in wanted if code is not None]
    found = table.codes(column).isin(named).to_numpy(dtype=bool)
    return found | is_blank(table, column, missing) if None in wanted else found


def _comparison_holds(table: SourceTable, column: str, wanted: Comparison, missing: Mapping[str, str]) -> BoolArray:
    found = ~is_blank(table, column, missing)
    if wanted.starts_with is not None:
        found &= starts_with(table.codes(column), wanted.starts_with)
    for bound, is_lower in ((wanted.at_least, True), (wanted.below, False)):
        if bound is not None:
            found &= _beyond(table, column, bound, is_lower)
    return found


def _beyond(table: SourceTable, column: str, bound: float | str, is_lower: bool) -> BoolArray:
    """Return where a column is at least a bound, or below it; a cell that is neither number nor date never is."""
    day = read_date(bound) if isinstance(bound, str) else None
    if day is not None:
        dates, _ = dates_of(table.codes(column), table.date_order)
        return ((dates >= day) if is_lower else (dates < day)).to_numpy(dtype=bool)
    number = table.numbers(column).number
    with np.errstate(invalid="ignore"):
        beyond = number >= float(bound) if is_lower else number < float(bound)
    return np.asarray(beyond, dtype=bool)
