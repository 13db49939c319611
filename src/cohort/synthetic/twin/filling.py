"""Filling one raw file: every entry that reads it gets cells that mean what its people have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cohort.study_file import Comparison, UnitColumn
from cohort.synthetic.defects.raw_text import SOURCE, column_holds, day_texts
from cohort.synthetic.twin.asking import ask_entries, ask_flag, note_answers
from cohort.synthetic.twin.coded import write_other_rows
from cohort.synthetic.twin.columns import Entry
from cohort.synthetic.twin.context import Context
from cohort.synthetic.twin.domains import domain_of
from cohort.synthetic.twin.laboratory import Results, read_results, write_results
from cohort.synthetic.twin.questions import Question
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.registers import Records, ask_records, read_records, write_record_days
from cohort.synthetic.twin.rows import REPEAT, Positions, Slot
from cohort.synthetic.twin.solver import solve
from cohort.synthetic.twin.writing import shared_columns, turn_of, write_slot


@dataclass(frozen=True)
class RegisterRows:
    """Records of a register, and the rows of the file where they stand."""

    records: Records
    rows: Positions


def fill(
    context: Context, table: RawTable, entries: Sequence[Entry], identifier: str, register: RegisterRows | None
) -> None:
    """Write all cells of a file, and note what they tell.

    Parameters
    ----------
    context, table
        The twin and the file.
    entries
        All entries that read it.
    identifier
        Column of identifiers.
    register
        Records that stand in the file, if any.
    """
    rows = table.rows
    table.write(identifier, np.arange(len(table)), context.people.ids[rows.person])
    of_values = np.flatnonzero(rows.set_of < _first_other_set(rows.slots, rows.set_of))
    for column in rows.visit_columns:
        table.write(column, of_values, [label.removesuffix(REPEAT) for label in rows.visit[of_values]])
    shared = shared_columns(entries)
    results: list[Results] = []
    for slot in sorted(rows.slots, key=lambda one: turn_of(one, shared)):
        write_slot(context, table, slot, shared)
        if slot.entry.section == "labs":
            results.append(write_results(context, table, slot, context.codebook.analytes[slot.entry.name]))
    if register is not None:
        write_record_days(table, _registers(entries), register.rows, register.records)
    for number, where in rows.wheres.items():
        _keep_to(context, table, where, np.flatnonzero(rows.set_of == number))
    _settle(context, table, entries, shared, results, register)
    _fill_other_rows(context, table, identifier)


def _registers(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry.is_register]


def _first_other_set(slots: Sequence[Slot], set_of: Positions) -> int:
    """Return the number of the first set of rows that no entry of values reads: records and pairs of relatives."""
    read = [int(set_of[slot.rows].max()) for slot in slots if len(slot.rows)]
    return max(read) + 1 if read else 0


def _keep_to(context: Context, table: RawTable, where: Any, rows: Positions) -> None:
    """Change what is written already in the rows of a condition so that it holds there: days, numbers, visits."""
    rng = context.people.rng(f"condition {table.key} {rows[:1]}")
    for column, wanted in where[0].items():
        if not table.has(column):
            continue
        wrong = rows[~column_holds(table.cells(column)[rows], wanted, {}, table.order)]
        if isinstance(wanted, Comparison):
            table.overwrite(column, wrong, _within(wanted, len(wrong), table, rng))
        elif isinstance(wanted, list):
            codes = np.array([code or "" for code in wanted], dtype=object)
            table.overwrite(column, wrong, rng.choice(codes, size=len(wrong)))


def _within(wanted: Comparison, size: int, table: RawTable, rng: np.random.Generator) -> list[str]:
    """Return texts that a comparison holds for: a little beyond its lower end, or a little below its upper one."""
    bound = wanted.at_least if wanted.at_least is not None else wanted.below
    is_lower = wanted.at_least is not None
    if bound is None:
        return [str(start) for start in rng.choice(np.array(wanted.starts_with, dtype=object), size=size)]
    if isinstance(bound, str):
        room = 300
        if is_lower and wanted.below is not None:
            room = int((np.datetime64(str(wanted.below), "D") - np.datetime64(bound, "D")).astype(int))
        steps = rng.integers(0, room, size=size) if is_lower else -rng.integers(1, room, size=size)
        return list(day_texts(np.datetime64(bound, "D") + steps.astype("timedelta64[D]"), table.order))
    return [f"{bound if is_lower else bound - 1:.12g}".replace(".", table.decimal)] * size


def _settle(
    context: Context,
    table: RawTable,
    entries: Sequence[Entry],
    shared: set[str],
    results: Sequence[Results],
    register: RegisterRows | None,
) -> None:
    """Settle all columns of conditions and shared codes, and note what the file tells."""
    asked = ask_entries(context, table, entries, shared)
    records = (
        ask_records(context, table, _registers(entries), register.rows, register.records)
        if register is not None
        else []
    )
    flags = [
        (ask_flag(context, table, one.slot, one.slot.entry.source.below, one.is_below),
         ask_flag(context, table, one.slot, one.slot.entry.source.above, one.is_above))
        for one in results
    ]  # fmt: skip
    of_flags = [question for pair in flags for question in pair if question is not None]
    questions = [*of_flags, *(one.question for one in asked), *(question for _, _, question in records)]
    answers = dict(zip(map(id, questions), _solved(context, table, questions), strict=True))
    for one in asked:
        if one.purpose != "selection":
            note_answers(context, table, one, answers[id(one.question)])
    for result, pair in zip(results, flags, strict=True):
        told = [None if q is None else np.asarray(answers[id(q)][result.slot.rows] == True) for q in pair]  # noqa: E712
        read_results(context, table, result, *told)
    for entry, key, question in records:
        if key == "code":
            absent = next((answers[id(q)] for other, k, q in records if other is entry and k == "absent"), None)
            read_records(context, table, entry, answers[id(question)], absent)


def _solved(context: Context, table: RawTable, questions: Sequence[Question]) -> list[Any]:
    """Return the answers of all questions, once their cells are written."""
    groups = context.people.statistics.groups
    columns = dict.fromkeys(column for question in questions for column in question.columns if column != SOURCE)
    domains = {
        column: domain_of(column, questions, groups, table.key, table.decimal, table.order) for column in columns
    }
    rng = context.people.rng(f"combinations {table.key}")
    answers, missed = solve(table, questions, domains, context.people.group[table.rows.person], rng)
    if missed:
        context.notes.append(
            f"file '{table.key}': {missed:,} rows could not say all that was drawn for them, such as two answers to "
            "one question; they say what the study file can express."
        )
    return list(answers)


def _fill_other_rows(context: Context, table: RawTable, identifier: str) -> None:
    """Fill the rows that ``keep:`` passes over."""
    rows = table.rows
    for number in dict.fromkeys(rows.set_of[~rows.kept].tolist()):
        inside = np.flatnonzero(rows.set_of == number)
        entries = [slot.entry for slot in rows.slots if len(slot.rows) and np.isin(slot.rows[0], inside)]
        dates = [e.source.date.column for e in entries if isinstance(getattr(e.source, "date", None), UnitColumn)]
        fixed = [identifier, *rows.visit_columns]
        write_other_rows(context, table, entries[0].source.keep, number, dates, fixed)
