"""The order of day, month and year: decided once for a file from all its dates, never for one cell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cohort.intake.cells import DateOrder
from cohort.intake.entries import entries_of
from cohort.study_file import Comparison, Condition, StudyFile, UnitColumn

_LOOKS = r"^\s*[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ][0-9]{4}(?:[T ].*)?\s*$"
_PARTS = re.compile(r"\s*(\d{1,2})[-/. ](\d{1,2})[-/. ]\d{4}")
_MONTHS, _DAYS = 12, 31
_DATE_VARIABLES = ("visit_date", "birth_year")


def date_columns(study: StudyFile, file: str) -> list[str]:
    """Return the columns of a file that a study reads as dates.

    Parameters
    ----------
    study
        The study.
    file
        Key of the file.
    """
    found: list[str] = []
    for place, entry in entries_of(study):
        if entry.file != file:
            continue
        for key in ("date", "start", "stop"):
            if isinstance(column := getattr(entry, key, None), UnitColumn):
                found.append(column.column)
        for key in ("where", "present", "absent", "unknown", "below", "above"):
            found += _compared_with_days(getattr(entry, key, None))
        if place.startswith(("follow_up.entry", "follow_up.exit")) or place.split(".")[1] in _DATE_VARIABLES:
            found += [entry.column] if entry.column else []
            found += (entry.visits or {}).values()
        for condition in (getattr(entry, "cases", None) or {}).values():
            found += _compared_with_days(condition)
    return list(dict.fromkeys(found))


def _compared_with_days(condition: Condition | Any) -> Iterator[str]:
    """Yield the columns that a condition compares with a day."""
    for alternative in condition if isinstance(condition, list) else []:
        for column, wanted in alternative.items():
            if isinstance(wanted, Comparison) and any(isinstance(end, str) for end in (wanted.at_least, wanted.below)):
                yield column


@dataclass(frozen=True)
class OrderEvidence:
    """What the dates of a file say of their order.

    Parameters
    ----------
    day_first, month_first
        How many cells can only be read day first, and only month first.
    undecided
        How many cells can be read both ways, and differ.
    alike
        How many cells are the same day both ways.
    """

    day_first: int = 0
    month_first: int = 0
    undecided: int = 0
    alike: int = 0

    @property
    def order(self) -> DateOrder | None:
        """Return the one order that fits all cells; None when no cell asks for one, or no order fits."""
        if self.day_first and not self.month_first:
            return "dmy"
        if self.month_first and not self.day_first:
            return "mdy"
        return "dmy" if self.alike and not (self.undecided or self.day_first) else None

    @property
    def fault(self) -> str | None:
        """Return in words why no order can be told; None when one can, or none is needed."""
        if self.day_first and self.month_first:
            return (
                f"{self.day_first:,} dates can only be read day first, and {self.month_first:,} only month first: "
                "which order is meant is not guessed."
            )
        if self.undecided and self.order is None:
            return (
                f"{self.undecided:,} dates can be read day first and month first, and no date of the file tells which: "
                "the order is not guessed."
            )
        return None


def order_evidence(columns: Iterable[pd.Series]) -> OrderEvidence:
    """Return what the dates of some columns say of their order.

    Parameters
    ----------
    columns
        Cells as read. Dates that begin with the year, and cells that are dates already, say nothing.

    Examples
    --------
    >>> order_evidence([pd.Series(["03/04/2021", "2021-12-24", "24/12/2021"])])
    OrderEvidence(day_first=1, month_first=0, undecided=1, alike=0)
    """
    counts = {"day_first": 0, "month_first": 0, "undecided": 0, "alike": 0}
    for column in columns:
        if column.dtype.kind in "biufMm":
            continue
        for text, count in _texts(column).items():
            match = _PARTS.match(text)
            kind = _kind(int(match.group(1)), int(match.group(2))) if match else None
            if kind is not None:
                counts[kind] += count
    return OrderEvidence(**counts)


def _texts(column: pd.Series) -> dict[str, int]:
    """Return the distinct texts that look like a date with its year at the end, and how often each occurs."""
    cells = column[column.map(lambda cell: isinstance(cell, str))] if column.dtype == object else column.dropna()
    texts = pa.array(cells, pa.large_string())
    found = texts.filter(pc.match_substring_regex(texts, _LOOKS))
    counted = pc.value_counts(found)
    return {str(item["values"]): int(item["counts"]) for item in counted.to_pylist()}


def _kind(first: int, second: int) -> str | None:
    if not (1 <= first <= _DAYS and 1 <= second <= _DAYS) or min(first, second) > _MONTHS:
        return None  # no day in either order
    if first > _MONTHS:
        return "day_first"
    if second > _MONTHS:
        return "month_first"
    return "alike" if first == second else "undecided"
