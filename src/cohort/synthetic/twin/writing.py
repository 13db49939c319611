"""Writing the cells of one entry at one visit, those left for later that hang together with others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from cohort.codebook import Variable
from cohort.study_file import Source
from cohort.synthetic.defects.raw_text import code_of, columns_in, day_texts, days_of
from cohort.synthetic.twin.canonical import ABSENT, PRESENT, UNKNOWN
from cohort.synthetic.twin.coded import meanings_of, write_coded, write_days, write_form_days, write_items
from cohort.synthetic.twin.columns import CONDITIONS, Entry
from cohort.synthetic.twin.context import Context
from cohort.synthetic.twin.naming import canonical_name
from cohort.synthetic.twin.numbers import number_texts, write_numbers
from cohort.synthetic.twin.questions import Answers
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.registers import present_people
from cohort.synthetic.twin.rows import Slot

NUMBERS = ("number", "integer")


def shared_columns(entries: Sequence[Entry]) -> set[str]:
    """Return the columns of codes that several entries or some condition look at, so that they are settled together.

    Parameters
    ----------
    entries
        All entries of a file.
    """
    coded = Counter(e.source.column for e in entries if isinstance(e.source, Source) and e.source.column)
    found = {column for column, times in coded.items() if times > 1}
    for entry in entries:
        conditions = [getattr(entry.source, key, None) for key in CONDITIONS]
        conditions += (getattr(entry.source, "cases", None) or {}).values()
        for condition in conditions:
            found |= set(columns_in(condition)) if isinstance(condition, list) else set()
    return found


def turn_of(slot: Slot, shared: set[str]) -> int:
    """Return the turn of an entry: days first, then what settles sites and units, then items, then codes."""
    variable = slot.entry.variable
    if variable is not None and variable.type == "date":
        return 0
    if slot.entry.section == "labs":
        return 1
    if variable is not None and variable.type in NUMBERS:
        return 2
    return 3 if slot.entry.section == "instruments" else 4 + bool(set(slot.columns) & shared)


def write_slot(context: Context, table: RawTable, slot: Slot, shared: set[str]) -> None:
    """Write what can be written of an entry by itself; laboratory results have a writer of their own.

    Parameters
    ----------
    context, table, slot
        The twin, the file, and the entry at one visit.
    shared
        Columns that are settled later.
    """
    entry = slot.entry
    write_form_days(context, table, slot)
    _note_form_days(context, table, slot)
    if entry.section == "instruments":
        write_items(context, table, slot, context.codebook.instruments[entry.name])
    elif entry.section == "diagnoses":
        _write_onset(context, table, slot)
    elif entry.section == "medications":
        _write_use(context, table, slot)
    elif entry.variable is not None and entry.source.constant is not None:
        _note_constant(context, slot, entry.variable)
    elif entry.variable is not None and entry.source.cases is None and entry.section != "labs":
        _write_column(context, table, slot, entry.variable, shared)


def _write_column(context: Context, table: RawTable, slot: Slot, variable: Variable, shared: set[str]) -> None:
    if variable.type in NUMBERS and slot.entry.source.codes is None:
        write_numbers(context, table, slot, variable)
    elif variable.type == "date":
        write_days(context, table, slot, variable)
    elif not meanings_of(slot.entry.source, variable) or not set(slot.columns) & shared:
        write_coded(context, table, slot, variable)


def _note_constant(context: Context, slot: Slot, variable: Variable) -> None:
    constant: Any = slot.entry.source.constant
    if variable.type in NUMBERS:
        constant = float(constant)
    elif variable.type != "boolean":
        constant = code_of(str(constant))
    context.canonical.add(
        variable, slot.person, slot.visit if variable.table == "visits" else "", [constant] * len(slot.person)
    )


def _note_form_days(context: Context, table: RawTable, slot: Slot) -> None:
    """Note the days of forms; they are the days of the visit where the study maps none."""
    source, variable = slot.entry.source, slot.entry.variable
    date = getattr(source, "date", None)
    per_visit = slot.entry.section == "instruments" or (variable is not None and variable.table == "visits")
    is_wide = bool(getattr(source, "visits", None)) or isinstance(getattr(source, "items", None), dict)
    if date is None or not per_visit or is_wide:
        return
    days: Any = np.full(len(slot.rows), np.datetime64(date, "us")) if isinstance(date, str) else None
    if days is None:
        days = days_of(table.cells(date.column)[slot.rows], table.order).astype("datetime64[us]")
    context.canonical.add_form_dates(slot.person, slot.visit, days)


def statuses(context: Context, slot: Slot) -> Answers:
    """Return what each row of a slot shall say of a disease or a drug: present, absent, or neither.

    Parameters
    ----------
    context, slot
        The twin, and the rows of the entry.
    """
    name = canonical_name(slot.entry, context.codebook)
    if not isinstance(slot.entry.source.absent, list):
        has = present_people(context.people, name)[slot.person]
        return np.where(has & slot.asked, PRESENT, UNKNOWN).astype(object)
    has = context.values(slot)
    return np.where(slot.known, np.where(has, PRESENT, ABSENT), UNKNOWN).astype(object)


def _write_onset(context: Context, table: RawTable, slot: Slot) -> None:
    """Write when a disease began, for those who have it."""
    source, people = slot.entry.source, context.people
    ill = statuses(context, slot) == PRESENT
    lived = people.rng(f"onset {slot.entry.place}").beta(2.0, 1.5, size=len(people))[slot.person]
    age = np.floor(people.value("age_years")[slot.person])
    if source.onset_age is not None:
        texts = number_texts(np.floor(lived * age), 0, table.decimal, context.missing_for(slot))
        table.write(source.onset_age.column, slot.rows, np.where(ill, texts, ""))
    if source.date is not None:
        back = ((1 - lived) * age * 365).astype(int).astype("timedelta64[D]")
        days = people.value("baseline_date")[slot.person] - back
        days[~ill] = np.datetime64("NaT")
        table.write(source.date.column, slot.rows, day_texts(days, table.order))


def _write_use(context: Context, table: RawTable, slot: Slot) -> None:
    """Write since when and until when a drug is taken, by those who take it."""
    source, people = slot.entry.source, context.people
    takes = statuses(context, slot) == PRESENT
    rng = people.rng(f"use {slot.entry.place}")
    begin = people.value("baseline_date") - rng.integers(30, 1500, size=len(people)).astype("timedelta64[D]")
    end = people.value("baseline_date") + rng.integers(30, 700, size=len(people)).astype("timedelta64[D]")
    end[rng.random(len(people)) < 0.5] = np.datetime64("NaT")
    for column, days in ((source.start, begin), (source.stop, end)):
        if column is not None:
            written = days[slot.person]
            written[~takes] = np.datetime64("NaT")
            table.write(column.column, slot.rows, day_texts(written, table.order))
