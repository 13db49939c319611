"""Writing codes, words, days and answers to questionnaires: from a canonical value to a text that means it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cohort.codebook import Instrument, Variable
from cohort.study_file import Keep, UnitColumn
from cohort.synthetic.defects.raw_text import Days, Flags, Floats, Texts, code_of, codes_of, day_texts, days_of
from cohort.synthetic.twin.context import Context
from cohort.synthetic.twin.items import answers_of
from cohort.synthetic.twin.people import scores_of
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.rows import Slot

DAYS_TO_OTHER_ROW = (40, 400)
"""How far the days of several rows lie apart of which one counts."""


def meanings_of(source: Any, variable: Variable) -> dict[str, Any]:
    """Return what the codes of a column mean, in the type of the variable; empty where any text stands for itself.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> from cohort.study_file import Source
    >>> meanings_of(Source(file="a", column="b"), load_codebook().mappable["sex"])
    {'female': 'female', 'male': 'male'}
    """
    if source.codes is not None:
        if variable.type in ("number", "integer"):
            return {code: float(meaning) for code, meaning in source.codes.items()}
        if variable.type == "boolean":
            return {code: str(meaning).casefold() in ("true", "1", "yes") for code, meaning in source.codes.items()}
        return {code: code_of(str(meaning)) for code, meaning in source.codes.items()}
    if variable.type == "boolean":
        return {"1": True, "0": False}
    return {word: word for word in variable.categories}


def write_coded(context: Context, table: RawTable, slot: Slot, variable: Variable) -> None:
    """Write the codes of a variable; of several with the same meaning, as often as the statistics tell.

    Parameters
    ----------
    context, table
        The twin and the file.
    slot
        The rows, with one column.
    variable
        The canonical variable.
    """
    (column,) = slot.columns
    meanings = meanings_of(slot.entry.source, variable)
    values = context.values(slot)
    if values.dtype.kind == "f" and meanings:
        values = nearest_meaning(values, meanings)
    texts, can = _texts(context, slot, column, values, meanings)
    known = slot.known & can
    context.write_missing(table, slot, column, ~known)
    table.write(column, slot.rows[known], texts[known])
    codes = codes_of(table.cells(column)[slot.rows[known]])
    read = [meanings.get(code) if meanings else code for code in codes]
    if variable.name == "survey_stratum" and len(table.sources) > 1:
        names = np.array(table.sources, dtype=object)[table.part[slot.rows[known]]]
        read = [f"{name}:{value}" for name, value in zip(names, read, strict=True)]
    context.canonical.add(variable, slot.person[known], slot.visit if variable.table == "visits" else "", read)


def nearest_meaning(values: Floats, meanings: dict[str, Any]) -> Floats:
    """Return the number among some meanings that is nearest to each value."""
    known = np.array(sorted(set(meanings.values())), dtype=float)
    return np.asarray(known[np.abs(values[:, None] - known[None, :]).argmin(axis=1)])


def _texts(context: Context, slot: Slot, column: str, values: Any, meanings: dict[str, Any]) -> tuple[Texts, Flags]:
    """Return a code for each value, and where there is one."""
    if not meanings:
        return values.astype(object), np.ones(len(values), dtype=bool)
    texts, can = np.full(len(values), "", dtype=object), np.zeros(len(values), dtype=bool)
    rng = context.people.rng(f"codes {slot.entry.place} {slot.visit}")
    groups = context.people.group[slot.person]
    for meaning in dict.fromkeys(meanings.values()):
        codes = [code for code, known in meanings.items() if known == meaning]
        for name, group in context.people.statistics.groups.items():
            here = (values == meaning) & (groups == name)
            shares = group.column(slot.entry.source.file, column).codes
            weights = np.array([shares.get(code, 0.0) for code in codes])
            weights = weights if weights.sum() > 0 else np.ones(len(codes))
            texts[here] = rng.choice(np.array(codes, dtype=object), size=int(here.sum()), p=weights / weights.sum())
            can |= here
    return texts, can


def write_days(context: Context, table: RawTable, slot: Slot, variable: Variable) -> None:
    """Write the days of a variable that is a date."""
    (column,) = slot.columns
    days = context.values(slot)
    context.write_missing(table, slot, column, ~slot.known)
    table.write(column, slot.rows[slot.known], day_texts(days[slot.known], table.order))
    read = days_of(table.cells(column)[slot.rows[slot.known]], table.order).astype("datetime64[us]")
    visit = slot.visit if variable.table == "visits" else ""
    context.canonical.add(variable, slot.person[slot.known], visit, list(map(np.datetime64, read)))


def write_form_days(context: Context, table: RawTable, slot: Slot) -> None:
    """Write the day of each row, where an entry names a column for it: of the visit, or one that ``keep`` wants."""
    date = getattr(slot.entry.source, "date", None)
    if not isinstance(date, UnitColumn) or slot.entry.section in ("diagnoses", "medications"):
        return
    days: Days = context.people.value("baseline_date", slot.visit)[slot.person]
    keep = getattr(slot.entry.source, "keep", None)
    if isinstance(keep, Keep):
        if keep.nearest in ("entry_date", "exit_date"):
            days = context.people.value(keep.nearest)[slot.person]
        elif keep.nearest != "visit_date":
            days = np.full(len(slot.rows), np.datetime64(keep.nearest, "D"))
    table.write(date.column, slot.rows, day_texts(days, table.order))


def write_other_rows(
    context: Context, table: RawTable, keep: Any, set_number: int, dates: list[str], fixed: list[str]
) -> None:
    """Fill the rows that ``keep:`` passes over: the cells of somebody else, and a day that counts less.

    Parameters
    ----------
    context, table
        The twin and the file.
    keep
        The rule of the entries that read these rows.
    set_number
        Number of the set of rows.
    dates, fixed
        Columns of days that the rule goes by, and columns that are the person's own: identifier and visit.
    """
    rows = table.rows
    others = np.flatnonzero((rows.set_of == set_number) & ~rows.kept)
    counting = np.flatnonzero((rows.set_of == set_number) & rows.kept)
    if not len(others):
        return
    rng = context.people.rng(f"other rows {table.key} {set_number}")
    model = rng.choice(counting, size=len(others))
    own = {int(rows.person[row]): row for row in counting}
    twin = np.array([own[int(person)] for person in rows.person[others]])
    shift = rng.integers(*DAYS_TO_OTHER_ROW, size=len(others)).astype("timedelta64[D]")
    for column in table.columns:
        cells = table.cells(column)
        if column in dates:
            days = days_of(cells[twin], table.order)
            table.overwrite(column, others, day_texts(days - shift if keep == "last" else days + shift, table.order))
        elif column not in fixed:  # where the row that counts is empty, a filled one beside it would count instead
            table.overwrite(column, others, np.where(cells[twin] == "", "", cells[model]))


def write_items(context: Context, table: RawTable, slot: Slot, instrument: Instrument) -> None:
    """Write the answers to a questionnaire.

    Parameters
    ----------
    context, table
        The twin and the file.
    slot
        The rows, with a column for each item.
    instrument
        The questionnaire.
    """
    columns, source, people = slot.columns, slot.entry.source, context.people
    scales = [instrument.total.column, *(s.column for s in (*instrument.subscales, *instrument.validity))]
    observed = context.observed.get((instrument.total.column, slot.visit), np.ones(len(people), dtype=bool))
    scores = {name: value[slot.person] for name, value in scores_of(people, scales, slot.visit, observed).items()}
    rng = people.rng(f"answers {slot.entry.place} {slot.visit}")
    answers = answers_of(scores, instrument, _item_weights(context, slot, instrument), rng)
    back = {meaning: code for code, meaning in (source.codes or {}).items()}
    blank_of_form = _blank_of_form(context, slot)
    variables = context.codebook.tables["visits"]
    for number, column in enumerate(columns):
        texts = np.array([back.get(int(a), str(int(a)) if not back else "") for a in answers[:, number]], dtype=object)
        known = slot.known & ~context.split_codes(slot, column, slot.known, blank_of_form) & (texts != "")
        table.write(column, slot.rows[slot.asked & ~slot.known], [""] * int((slot.asked & ~slot.known).sum()))
        context.write_missing(table, slot, column, slot.known & ~known, blank_of_form)
        table.write(column, slot.rows[known], texts[known])
        codes = codes_of(table.cells(column)[slot.rows[known]])
        read = [float(source.codes[code]) if source.codes else float(code) for code in codes]
        context.canonical.add(variables[instrument.columns[number]], slot.person[known], slot.visit, read)


def _blank_of_form(context: Context, slot: Slot) -> dict[str, float]:
    """Return the share of empty questionnaires that the statistics imply, by group: the lowest of any of its items."""
    found = {}
    for name, group in context.people.statistics.groups.items():
        blanks = [group.column(slot.entry.source.file, column).blank for column in slot.columns]
        known = [blank for blank in blanks if blank is not None]
        if known:
            found[name] = min(known)
    return found


def _item_weights(context: Context, slot: Slot, instrument: Instrument) -> Floats | None:
    """Return how readily each item takes a point: its mean above the lowest answer, where the statistics tell it."""
    meanings = slot.entry.source.codes or {str(a): a for a in range(instrument.minimum, instrument.maximum + 1)}
    means = np.zeros(len(slot.columns))
    told = np.zeros(len(slot.columns), dtype=bool)
    for group in context.people.statistics.groups.values():
        for number, column in enumerate(slot.columns):
            codes = group.column(slot.entry.source.file, column).codes
            low, high = instrument.item_limits[number]
            told[number] |= bool(codes)
            for code, meaning in meanings.items():
                turned = low + high - meaning if number + 1 in instrument.reversed else meaning
                means[number] += group.share * codes.get(code, 0.0) * (turned - low)
    if not told.any() or means.sum() <= 0:
        return None
    return np.where(told, means, means[told].mean())
