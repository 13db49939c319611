"""Defects of whole rows and people: rows that stand twice, questionnaires answered alike, results carried forward."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

import numpy as np

from cohort.study_file import UnitColumn
from cohort.synthetic.defects.blocks import recoded
from cohort.synthetic.defects.fields import Field, file_of, id_column
from cohort.synthetic.defects.kind import Bench, NotApplicableError, kind
from cohort.synthetic.defects.raw_text import codes_of, number_of


@kind("row")
def duplicate_exact(bench: Bench, rate: float) -> None:
    """Let a row stand twice, the same in every cell."""
    for table, row in _pick_rows(bench, rate):
        bench.copy(table, row)


@kind("row", refused_by_intake=True)
def duplicate_near(bench: Bench, rate: float) -> None:
    """Let a row stand twice with one value that differs: a second entry of the same form."""
    for table, row in _pick_rows(bench, rate):
        found = [one for one in bench.fields("number", "lab", "item") if one.table == table and bench.values(one)[row]]
        if found:
            one = found[int(bench.rng.integers(len(found)))]
            bench.copy(table, row, {one.column: _next(str(bench.cells(one)[row]), one)})
    if not any(copy.kind == bench.kind for copy in bench.copies):
        raise NotApplicableError("no row that was drawn holds a number")


def _next(text: str, one: Field) -> str:
    """Return a cell with a neighbouring value."""
    if one.role == "item":
        other = recoded(text, one, lambda answer: answer - 1 if answer > 1 else answer + 1)
        return other if other != text else f"{text} "
    number = number_of(text)
    return f"{number + 1:.6g}".replace(".", one.decimal)


@kind("row", refused_by_intake=True)
def duplicate_id_conflict(bench: Bench, rate: float) -> None:
    """Give the identifier of one person to a row of another, so that it stands twice with different rows."""
    for table, row in _pick_rows(bench, rate):
        column = str(id_column(bench.study, file_of(table)))
        ids = bench.tables[table][column]
        others = np.flatnonzero((ids != ids[row]) & (ids != ""))
        if len(others):
            bench.copy(table, row, {column: str(ids[int(bench.rng.choice(others))])})


def _pick_rows(bench: Bench, rate: float) -> list[tuple[str, int]]:
    """Return rows that are hit, among those that no other defect has touched, of all tables together."""
    free = [
        (table, int(row))
        for table, cells in bench.tables.items()
        if id_column(bench.study, file_of(table)) in cells
        for row in np.flatnonzero(bench.untouched_rows(table))
    ]
    return [free[index] for index in bench.pick(np.arange(len(free)), rate)]


@kind("questionnaire of a person", undetectable="some people truly answer every item alike")
def straight_lining(bench: Bench, rate: float) -> None:
    """Answer all items of a questionnaire alike, those that ask the opposite among them."""
    forms: dict[tuple[str, str, str], list[Field]] = {}
    for one in bench.fields("item"):
        forms.setdefault((one.table, one.name, one.visit), []).append(one)
    whole = []
    for fields in forms.values():
        complete = np.logical_and.reduce([bench.values(one) for one in fields])
        whole += [(fields, int(row)) for row in np.flatnonzero(complete)]
    for index in bench.pick(np.arange(len(whole)), rate):
        fields, row = whole[index]
        limits = bench.codebook.instruments[fields[0].name].item_limits
        answer = int(bench.rng.integers(max(low for low, _ in limits), min(high for _, high in limits) + 1))
        for one in fields:
            text = recoded(str(bench.cells(one)[row]), one, partial(_same, answer))
            bench.change(one.table, one.column, np.array([row]), [text])


def _same(answer: int, _: int) -> int:
    return answer


@kind("row")
def copy_forward(bench: Bench, rate: float) -> None:
    """Repeat the laboratory results of an earlier visit at a later one, to the last digit."""
    pairs = [*_wide_pairs(bench), *_long_pairs(bench)]
    if not pairs:
        raise NotApplicableError("no analyte is measured at two visits")
    for index in bench.pick(np.arange(len(pairs)), rate):
        later, row, text = pairs[index]
        bench.change(later.table, later.column, np.array([row]), [text])


def _wide_pairs(bench: Bench) -> Iterable[tuple[Field, int, str]]:
    """Yield results of a later wave, with the result of the first wave beside them."""
    waves: dict[tuple[str, str], list[Field]] = {}
    for one in bench.fields("lab"):
        if one.visit:
            waves.setdefault((one.table, one.name), []).append(one)
    for first, *later in waves.values():
        for one in later:
            both = bench.values(first) & bench.values(one) & (bench.cells(first) != bench.cells(one))
            yield from ((one, int(row), str(bench.cells(first)[row])) for row in np.flatnonzero(both))


def _long_pairs(bench: Bench) -> Iterable[tuple[Field, int, str]]:
    """Yield results of later rows of a person, with the result of the first row in the same unit."""
    for one in bench.fields("lab"):
        cells = bench.tables[one.table]
        column = id_column(bench.study, file_of(one.table))
        if column is None or column not in cells:
            continue
        unit = getattr(one.entry, "unit", None)
        has_unit = isinstance(unit, UnitColumn) and unit.column in cells
        units = codes_of(cells[unit.column]) if has_unit and unit else np.full(len(one.rows), "", dtype=object)
        first: dict[tuple[str, str], str] = {}
        for row in np.flatnonzero(bench.values(one)):
            text = str(bench.cells(one)[row])
            before = first.setdefault((str(cells[column][row]), str(units[row])), text)
            if before != text:
                yield one, int(row), before


PERSON_KINDS = (straight_lining, copy_forward)
DUPLICATE_KINDS = (duplicate_exact, duplicate_near, duplicate_id_conflict)
