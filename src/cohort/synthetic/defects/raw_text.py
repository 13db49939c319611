"""Raw tables as text, read by the grammar of a study file: codes, numbers, days, and which rows fulfil a condition.

Intake reads files and stands on a floor that the generator does not see; what is here says the same of cells that the
generator itself has written.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.study_file import ColumnCondition, Comparison, Condition, DataFile

Texts: TypeAlias = npt.NDArray[np.object_]
"""Cells of one column, each a text; an empty cell is the empty text."""
Flags: TypeAlias = npt.NDArray[np.bool_]
Floats: TypeAlias = npt.NDArray[np.float64]
Days: TypeAlias = npt.NDArray[np.datetime64]

SOURCE = "source"
"""Column that every stacked file has without writing it: the name of the file."""

_WHOLE = re.compile(r"([+-]?\d+)[.,]0+")
_NUMBER = re.compile(r"(?:<=|>=|[<>≤≥]?)\s*([+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?)")
DAY_FORMATS = {"ymd": "%Y-%m-%d", "dmy": "%d-%m-%Y", "mdy": "%m/%d/%Y"}
"""How a day is written in each order of its parts."""


def over_distinct(cells: Texts, function: Callable[[str], Any], dtype: Any = object) -> Any:
    """Return the function of each cell, called once for each distinct text."""
    where, distinct = pd.factorize(cells)
    results = np.empty(len(distinct), dtype=dtype)
    for index, text in enumerate(distinct):
        results[index] = function(str(text))
    return results[where]


def code_of(text: str) -> str:
    """Return a cell as the code that it stands for.

    Examples
    --------
    >>> [code_of(text) for text in (" 1 ", "1.0", "007", "1.5")]
    ['1', '1', '007', '1.5']
    """
    stripped = text.strip()
    match = _WHOLE.fullmatch(stripped)
    return match.group(1) if match else stripped


def codes_of(cells: Texts) -> Texts:
    """Return cells as codes."""
    codes: Texts = over_distinct(cells, code_of)
    return codes


def number_of(text: str) -> float:
    """Return the number in a cell, its sign of censoring left out; NaN where there is none.

    Examples
    --------
    >>> number_of("<0,15"), number_of(" 12.5 "), number_of("none")
    (0.15, 12.5, nan)
    """
    match = _NUMBER.fullmatch(text.strip())
    return float(match.group(1).replace(",", ".")) if match else float("nan")


def numbers_of(cells: Texts) -> Floats:
    """Return cells as numbers, NaN where there is none."""
    numbers: Floats = over_distinct(cells, number_of, np.float64)
    return numbers


def day_of(text: str, order: str | None = None) -> datetime.date | None:
    """Return the day in a cell, or None where there is none.

    Examples
    --------
    >>> day_of("03-04-2021", "dmy").isoformat(), day_of("2021-04-03", "dmy").isoformat(), day_of("40-13-2021", "dmy")
    ('2021-04-03', '2021-04-03', None)
    """
    parts = re.split(r"[-/. T]", text.strip())[:3]
    if len(parts) < 3 or not all(part.isdigit() for part in parts):
        return None
    first, second, third = (int(part) for part in parts)
    if len(parts[0]) == 4:
        year, month, day = first, second, third
    else:
        year, (day, month) = third, (first, second) if order == "dmy" else (second, first)
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def days_of(cells: Texts, order: str | None = None) -> Days:
    """Return cells as days, NaT where there is none."""

    def day(text: str) -> np.datetime64:
        found = day_of(text, order)
        return np.datetime64("NaT") if found is None else np.datetime64(found, "D")

    days: Days = over_distinct(cells, day, "datetime64[D]")
    return days


def day_texts(days: Days, order: str | None = None) -> Texts:
    """Return days as text, in the order of their parts that a file has; empty where there is none."""
    written = DAY_FORMATS[order or "ymd"]
    distinct, where = np.unique(days.astype("datetime64[D]"), return_inverse=True)
    texts = np.array(["" if np.isnat(day) else day.item().strftime(written) for day in distinct], dtype=object)
    return texts[where]


def missing_codes(file: DataFile, entry: Any) -> dict[str, str]:
    """Return the codes that mean missing in a column: those of the file and those of the entry, with their reasons."""
    return {**file.missing, **getattr(entry, "missing", {})}


def columns_in(condition: Condition | None) -> Iterator[str]:
    """Yield the columns that a condition looks at."""
    for alternative in condition or []:
        yield from alternative


def holds(
    cells: Mapping[str, Texts], condition: Condition, missing: Mapping[str, str], order: str | None = None
) -> Flags:
    """Return where a condition holds: any of a list, all of one mapping.

    Parameters
    ----------
    cells
        The columns that the condition looks at.
    condition
        What they must hold.
    missing
        Codes that count as blank.
    order
        Order of the parts of a day.

    Examples
    --------
    >>> cells = {"smq": np.array(["1", "2", "", "9"], dtype=object)}
    >>> holds(cells, [{"smq": "blank"}], {"9": "do not know"}).tolist()
    [False, False, True, True]
    """
    size = len(next(iter(cells.values())))
    any_holds = np.zeros(size, dtype=bool)
    for alternative in condition:
        all_hold = np.ones(size, dtype=bool)
        for column, wanted in alternative.items():
            all_hold &= column_holds(cells[column], wanted, missing, order)
        any_holds |= all_hold
    return any_holds


def column_holds(cells: Texts, wanted: ColumnCondition, missing: Mapping[str, str], order: str | None = None) -> Flags:
    """Return where one column holds what a condition wants of it."""
    codes = codes_of(cells)
    blank = np.isin(codes, ["", *missing]).astype(bool)
    if wanted == "blank":
        return blank
    if isinstance(wanted, Comparison):
        return ~blank & _compares(cells, codes, wanted, order)
    found = np.isin(codes, [code for code in wanted if code is not None]).astype(bool) & (codes != "")
    return np.asarray(found | blank if None in wanted else found, dtype=bool)


def _compares(cells: Texts, codes: Texts, wanted: Comparison, order: str | None) -> Flags:
    found = np.ones(len(cells), dtype=bool)
    if wanted.starts_with is not None:
        found &= begins(codes, wanted.starts_with)
    for bound, is_lower in ((wanted.at_least, True), (wanted.below, False)):
        if bound is None:
            continue
        values: Any = days_of(cells, order) if isinstance(bound, str) else numbers_of(cells)
        limit: Any = np.datetime64(bound, "D") if isinstance(bound, str) else float(bound)
        with np.errstate(invalid="ignore"):
            found &= (values >= limit) if is_lower else (values < limit)
    return found


def begins(codes: Texts, beginnings: list[str]) -> Flags:
    """Return which codes of a classification begin with one of some texts, dots and letter case apart."""
    wanted = tuple(text.replace(".", "").upper() for text in beginnings)
    flags: Flags = over_distinct(codes, lambda code: code.replace(".", "").upper().startswith(wanted), bool)
    return flags
