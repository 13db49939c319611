"""What entries ask of several columns of a row at once, with the answer that each row shall give."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from cohort.study_file import Comparison, Condition
from cohort.synthetic.defects.raw_text import Flags, Texts, begins, codes_of, columns_in, holds
from cohort.synthetic.twin.canonical import ABSENT, PRESENT, UNKNOWN

Cells: TypeAlias = Mapping[str, Texts]
Answers: TypeAlias = npt.NDArray[np.object_]

INVALID = "<invalid>"
"""Answer of cells that intake would refuse: two cases at once, a code without a meaning."""

ANY = "<any>"
"""Wanted where every answer will do."""

EMPTY = "<empty>"
"""Wanted where the entry reads nothing: its cells stay empty unless something else needs them."""


@dataclass(frozen=True, eq=False)
class Question:
    """One question to the cells of a row.

    Parameters
    ----------
    columns
        The columns that the answer rests on.
    conditions
        The conditions in it, from which the cells worth trying follow.
    answer
        Returns the answer of each row of some cells.
    wanted
        The answer that each row of the file shall give.
    missing
        Codes that count as blank.
    """

    columns: tuple[str, ...]
    conditions: tuple[Condition, ...]
    answer: Callable[[Cells], Answers]
    wanted: Answers
    missing: Mapping[str, str]


def _columns(*conditions: Condition) -> tuple[str, ...]:
    return tuple(dict.fromkeys(column for condition in conditions for column in columns_in(condition)))


def _as_answers(flags: Flags) -> Answers:
    return np.where(flags, True, False).astype(object)


def ask_condition(condition: Condition, wanted: Answers, missing: Mapping[str, str], order: str | None) -> Question:
    """Return the question whether a condition holds.

    Parameters
    ----------
    condition, missing, order
        The condition, codes that count as blank, and the order of the parts of a day.
    wanted
        True, False, ``ANY`` or ``EMPTY`` for each row.
    """
    return Question(
        _columns(condition),
        (condition,),
        lambda cells: _as_answers(holds(cells, condition, missing, order)),
        wanted,
        missing,
    )


def ask_cases(
    cases: Mapping[str, Condition],
    typed: Mapping[str, Any],
    wanted: Answers,
    missing: Mapping[str, str],
    order: str | None,
) -> Question:
    """Return the question which case a row is; None for none of them.

    Parameters
    ----------
    cases, typed
        Condition and canonical value of each case.
    wanted
        Canonical value, None, or ``EMPTY`` for each row.
    missing, order
        As in :func:`ask_condition`.
    """

    def answer(cells: Cells) -> Answers:
        found = [(typed[name], holds(cells, condition, missing, order)) for name, condition in cases.items()]
        answers = np.full(len(found[0][1]), None, dtype=object)
        for value, here in found:
            answers[here] = value
        answers[np.sum([here for _, here in found], axis=0) > 1] = INVALID
        return answers

    conditions = tuple(cases.values())
    return Question(_columns(*conditions), conditions, answer, wanted, missing)


def ask_status(source: Any, wanted: Answers, missing: Mapping[str, str], order: str | None) -> Question:
    """Return the question whether a row says that a disease or a drug is present, absent, or neither.

    Parameters
    ----------
    source
        An entry with ``present`` and perhaps ``absent`` and ``unknown``.
    wanted
        A status or ``EMPTY`` for each row.
    missing, order
        As in :func:`ask_condition`.
    """
    named = {PRESENT: source.present, ABSENT: source.absent, UNKNOWN: getattr(source, "unknown", None)}
    conditions = {status: condition for status, condition in named.items() if isinstance(condition, list)}

    def answer(cells: Cells) -> Answers:
        found = {status: holds(cells, condition, missing, order) for status, condition in conditions.items()}
        answers = np.full(len(next(iter(found.values()))), UNKNOWN, dtype=object)
        for status, here in found.items():
            answers[here] = status
        answers[np.sum(list(found.values()), axis=0) > 1] = INVALID
        return answers

    return Question(_columns(*conditions.values()), tuple(conditions.values()), answer, wanted, missing)


def ask_meaning(column: str, meanings: Mapping[str, Any], wanted: Answers, missing: Mapping[str, str]) -> Question:
    """Return the question what a code means; None for a missing one.

    Parameters
    ----------
    column, meanings, missing
        The column, what its codes mean, and codes that count as blank.
    wanted
        A meaning, None, or ``EMPTY`` for each row.
    """

    def answer(cells: Cells) -> Answers:
        codes = codes_of(cells[column])
        answers = np.array([meanings.get(code, INVALID) for code in codes], dtype=object)
        answers[np.isin(codes, ["", *missing])] = None
        return answers

    return Question((column,), ([{column: list(meanings)}],), answer, wanted, missing)


def ask_register(source: Any, wanted: Answers, missing: Mapping[str, str], order: str | None) -> Question:
    """Return the question whether a row of a register is one of the codes that an entry counts.

    Parameters
    ----------
    source
        An entry with ``code`` and perhaps ``where``.
    wanted
        True, False or ``EMPTY`` for each row.
    missing, order
        As in :func:`ask_condition`.
    """
    column, beginnings, where = source.code.column, source.code.starts_with, source.where

    def answer(cells: Cells) -> Answers:
        found = begins(codes_of(cells[column]), beginnings)
        return _as_answers(found & holds(cells, where, {}, order) if where is not None else found)

    coded: Condition = [{column: Comparison(starts_with=beginnings)}]
    conditions = (coded,) if where is None else (coded, where)
    return Question(_columns(*conditions), conditions, answer, wanted, missing)
