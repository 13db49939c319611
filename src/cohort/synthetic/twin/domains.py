"""The texts that are worth trying in a column, and how often each should come up."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cohort.study_file import Comparison
from cohort.synthetic.defects.raw_text import DAY_FORMATS, Floats
from cohort.synthetic.twin.questions import Question
from cohort.synthetic.twin.statistics import GroupStatistics

BLANK_WEIGHT, MISSING_WEIGHT, OTHER_WEIGHT = 0.2, 0.05, 1.0
"""How often an empty cell, a missing code and any other text come up where the statistics tell nothing."""

UNSEEN_WEIGHT = 1e-4
"""The same for a text that the statistics do not count: it is there for those whom nothing else would fit."""

ELSEWHERE = ("Z00.0", "V03AX01")
"""Codes of a register that have nothing to do with any disease or drug of the codebook."""


@dataclass(frozen=True)
class Domain:
    """Texts of one column, with their weights in each group of people."""

    texts: tuple[str, ...]
    weights: Mapping[str, Floats]


def domain_of(
    column: str,
    questions: Sequence[Question],
    groups: Mapping[str, GroupStatistics],
    file: str,
    decimal: str,
    order: str | None,
) -> Domain:
    """Return the texts worth trying in a column: those that its conditions tell apart, and an empty cell.

    Parameters
    ----------
    column
        The column.
    questions
        Every question to the file.
    groups, file
        Statistics by group, and the key of the file in them.
    decimal, order
        How the file writes numbers and days.
    """
    missing = {code for question in questions if column in question.columns for code in question.missing}
    found: dict[str, None] = {"": None}
    bounds: list[float | str] = []
    for wanted in _wanted(column, questions):
        if isinstance(wanted, Comparison):
            bounds += [bound for bound in (wanted.at_least, wanted.below) if bound is not None]
            found |= dict.fromkeys(text for start in wanted.starts_with or [] for text in _beginning_with(start))
            found |= dict.fromkeys(ELSEWHERE if wanted.starts_with else ())
        elif isinstance(wanted, list):
            found |= dict.fromkeys(code for code in wanted if code is not None)
    found |= dict.fromkeys(_around([b for b in bounds if not isinstance(b, str)], decimal))
    found |= dict.fromkeys(_days_around([b for b in bounds if isinstance(b, str)], order))
    found |= dict.fromkeys(missing)
    for group in groups.values():
        found |= dict.fromkeys(group.column(file, column).codes)
    texts = tuple(found)
    return Domain(texts, {name: _weights(texts, missing, group, file, column) for name, group in groups.items()})


def _wanted(column: str, questions: Sequence[Question]) -> Iterable[object]:
    for question in questions:
        for condition in question.conditions:
            yield from (alternative[column] for alternative in condition if column in alternative)


def _beginning_with(start: str) -> list[str]:
    """Return codes of a classification that begin with a text, the more usual ones in full length.

    Examples
    --------
    >>> _beginning_with("E10"), _beginning_with("N06A"), _beginning_with("L40.5")
    (['E10.9', 'E10'], ['N06AX01', 'N06A'], ['L40.5'])
    """
    if re.fullmatch(r"[A-Z]\d\d[A-Z]{1,2}", start):
        return [start + ("X01" if len(start) == 4 else "01"), start]
    return [f"{start}.9", start] if re.fullmatch(r"[A-Z]\d\d", start) else [start]


def _around(bounds: Sequence[float], decimal: str) -> list[str]:
    """Return numbers at, between and beyond some bounds.

    Examples
    --------
    >>> _around([1, 3], ".")
    ['0', '1', '2', '3', '4']
    """
    if not bounds:
        return []
    ends = sorted(set(bounds))
    between = [(low + high) / 2 for low, high in itertools.pairwise(ends)]
    return [f"{number:.12g}".replace(".", decimal) for number in sorted([ends[0] - 1, *ends, *between, ends[-1] + 1])]


def _days_around(bounds: Sequence[str], order: str | None) -> list[str]:
    days = [datetime.date.fromisoformat(bound) for bound in bounds]
    shifts = (datetime.timedelta(days=shift) for shift in (-100, -1, 0, 100))
    return [(day + shift).strftime(DAY_FORMATS[order or "ymd"]) for shift in shifts for day in days]


def _weights(texts: Sequence[str], missing: set[str], group: GroupStatistics, file: str, column: str) -> Floats:
    known = group.column(file, column)
    if known.blank is not None or known.codes:
        shares = {"": known.blank or 0.0, **known.codes}
        return np.array([max(shares.get(text, 0.0), UNSEEN_WEIGHT) for text in texts])
    weight = {"": BLANK_WEIGHT, **dict.fromkeys(missing, MISSING_WEIGHT)}
    return np.array([weight.get(text, OTHER_WEIGHT) for text in texts])
