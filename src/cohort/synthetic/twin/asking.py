"""What the entries of a file ask of its cells together, and what its finished cells tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from cohort.study_file import Condition, LabSource, Source, UnitColumn
from cohort.synthetic.defects.raw_text import Flags, days_of
from cohort.synthetic.twin.canonical import PRESENT
from cohort.synthetic.twin.coded import meanings_of, nearest_meaning
from cohort.synthetic.twin.columns import Entry
from cohort.synthetic.twin.context import Context
from cohort.synthetic.twin.questions import (
    ANY,
    EMPTY,
    Answers,
    Question,
    ask_cases,
    ask_condition,
    ask_meaning,
    ask_status,
)
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.rows import Slot
from cohort.synthetic.twin.writing import NUMBERS, statuses


@dataclass(frozen=True)
class Asked:
    """A question, who asks it, and what for."""

    entry: Entry
    purpose: Literal["status", "value", "selection"]
    question: Question


def ask_entries(context: Context, table: RawTable, entries: Sequence[Entry], shared: set[str]) -> list[Asked]:
    """Return the questions of entries that several columns answer, or whose column several entries read.

    Parameters
    ----------
    context, table
        The twin and the file.
    entries
        All entries of the file.
    shared
        Columns of codes that are settled together.
    """
    asked: list[Asked] = []
    order, wheres = table.order, table.rows.wheres
    for entry, slots in by_entry(table.rows.slots):
        missing, source = context.missing_for(slots[0]), entry.source
        if entry.section in ("diagnoses", "medications"):
            wanted = nothing_wanted(table)
            for slot in slots:
                wanted[slot.rows] = statuses(context, slot)
            asked.append(Asked(entry, "status", ask_status(source, wanted, missing, order)))
        elif isinstance(source, Source) and not isinstance(source, LabSource):
            asked += _ask_values(context, table, entry, slots, shared)
        if getattr(source, "where", None) is not None and source.where not in wheres.values():
            chosen = nothing_wanted(table)
            for slot in slots:
                chosen[slot.rows] = np.where(slot.known, True, ANY).astype(object)
            asked.append(Asked(entry, "selection", ask_condition(source.where, chosen, {}, order)))
    of_values = np.isin(table.rows.set_of, [0, *wheres])
    for number, where in wheres.items():
        chosen = nothing_wanted(table)
        chosen[of_values] = (table.rows.set_of == number)[of_values]
        asked.append(Asked(entries[0], "selection", ask_condition(where, chosen, {}, order)))
    return asked


def by_entry(slots: Sequence[Slot]) -> list[tuple[Entry, list[Slot]]]:
    """Return the slots of each entry."""
    found: dict[int, tuple[Entry, list[Slot]]] = {}
    for slot in slots:
        found.setdefault(id(slot.entry), (slot.entry, []))[1].append(slot)
    return list(found.values())


def nothing_wanted(table: RawTable) -> Answers:
    """Return that no row shall answer anything."""
    return np.full(len(table), EMPTY, dtype=object)


def ask_flag(
    context: Context, table: RawTable, slot: Slot, condition: Condition | None, flags: Flags
) -> Question | None:
    """Return the question whether results are flagged as beyond a limit; None where the study has no such flag."""
    if condition is None:
        return None
    wanted = nothing_wanted(table)
    wanted[slot.rows] = flags
    return ask_condition(condition, wanted, context.missing_for(slot), table.order)


def _ask_values(
    context: Context, table: RawTable, entry: Entry, slots: Sequence[Slot], shared: set[str]
) -> list[Asked]:
    """Return the question which case a row is, or what a shared code in it means."""
    source, variable = entry.source, entry.variable
    if variable is None:
        return []
    missing, wanted = context.missing_for(slots[0]), nothing_wanted(table)
    if source.cases is not None:
        typed = meanings_of(Source(file=source.file, codes={case: case for case in source.cases}), variable)
        for slot in slots:
            _want(context, wanted, slot, typed)
        return [Asked(entry, "value", ask_cases(source.cases, typed, wanted, missing, table.order))]
    meanings = meanings_of(source, variable)
    is_plain = variable.type == "date" or (variable.type in NUMBERS and source.codes is None) or not meanings
    columns = [source.column] if source.column else list((source.visits or {}).values())
    if is_plain:
        return []
    asked = []
    for column in columns:
        if column not in shared:
            continue
        own = nothing_wanted(table)
        for slot in (one for one in slots if one.columns == (column,)):
            _want(context, own, slot, meanings)
        asked.append(Asked(entry, "value", ask_meaning(column, meanings, own, missing)))
    return asked


def _want(context: Context, wanted: Answers, slot: Slot, meanings: dict[str, Any]) -> None:
    """Write into the wanted answers what the people of a slot have; None for a missing value."""
    values = context.values(slot)
    if values.dtype.kind == "f":
        values = nearest_meaning(values, meanings)
    can = np.isin(values.astype(object).astype(str), [str(meaning) for meaning in meanings.values()])
    found = np.array(values.tolist(), dtype=object)
    found[~(slot.known & can)] = None
    wanted[slot.rows] = np.where(slot.asked, found, EMPTY)


def note_answers(context: Context, table: RawTable, asked: Asked, answers: Answers) -> None:
    """Note what the finished rows tell of an entry.

    Parameters
    ----------
    context, table
        The twin and the file.
    asked, answers
        The question, and the answer of each row of the file.
    """
    for slot in table.rows.slots:
        if slot.entry is not asked.entry or not set(slot.columns) <= set(asked.question.columns):
            continue
        if asked.purpose == "status":
            _note_status(context, table, slot, answers[slot.rows])
        elif asked.purpose == "value" and slot.entry.variable is not None:
            visit = slot.visit if slot.entry.variable.table == "visits" else ""
            context.canonical.add(slot.entry.variable, slot.person, visit, answers[slot.rows])


def _note_status(context: Context, table: RawTable, slot: Slot, status: Answers) -> None:
    entry, source = slot.entry, slot.entry.source
    ill = status == PRESENT
    details: dict[str, Any] = {}
    named = {"start": "start_date", "stop": "stop_date"} if entry.section == "medications" else {"date": "onset_date"}
    if getattr(source, "onset_age", None) is not None:
        cells = table.cells(source.onset_age.column)[slot.rows]
        details["onset_age_years"] = [float(c) if c and i else np.nan for c, i in zip(cells, ill, strict=True)]
    for key, name in named.items():
        column = getattr(source, key)
        if isinstance(column, UnitColumn):
            days = days_of(table.cells(column.column)[slot.rows], table.order).astype("datetime64[us]")
            days[~ill] = np.datetime64("NaT")
            details[name] = days
    kind = getattr(source, "source", "")
    context.canonical.add_status(entry.section, entry.name, kind, slot.person, status, details)
