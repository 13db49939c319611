"""Items of questionnaires, in the order of the instrument."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from cohort.codebook import Instrument
from cohort.intake.assembly import Piece
from cohort.intake.context import Context
from cohort.intake.values import Field, present_codes, read_numbers, translate
from cohort.intake.variables import visit_date_pieces
from cohort.study_file import InstrumentSource


def read_questionnaires(context: Context) -> list[Piece]:
    """Return the items of every entry of ``instruments``."""
    pieces: list[Piece] = []
    for name, sources in context.study.instruments.items():
        instrument = context.codebook.instruments[name]
        for place, source in context.readable("instruments", name, sources):
            pieces += _read_source(context, source, instrument, place)
    return pieces


def _read_source(context: Context, source: InstrumentSource, instrument: Instrument, place: str) -> Iterator[Piece]:
    waves = source.items if isinstance(source.items, dict) else {"": source.items}
    wrong = [len(items) for items in waves.values() if len(items) != instrument.items]
    if wrong:
        what = f"{instrument.title} has {instrument.items} items, and {wrong[0]} columns are named."
        context.record.problem(place, what, "Name one column per item, in the order of the instrument.")
        return
    is_wide = isinstance(source.items, dict)
    selection = context.select_people(source, ("visits", instrument.columns[0]))
    columns = [column for items in waves.values() for column in items]
    filled = selection.filled(columns)
    chosen = context.settle(selection, filled, source, place, per_visit=not is_wide)
    for wave, items in waves.items():
        visit = context.constant(wave, len(chosen.visit)) if is_wide else chosen.visit
        took_place = chosen.filled(items)
        if not is_wide or wave == context.study.baseline:
            took_place = context.everyone(len(took_place))
        for column, name in zip(items, instrument.columns, strict=True):
            values = _read_item(Field(context, chosen, column, ("visits", name), place), source)
            variable = context.codebook.tables["visits"][name]
            yield Piece(variable, chosen.person, visit, values, took_place, place)
    if not is_wide:
        yield from visit_date_pieces(context, chosen, place)


def _read_item(field: Field, source: InstrumentSource) -> pd.Series:
    """Return the answers to one item; an answer beyond the instrument's range is left for cleaning to judge."""
    codes = present_codes(field, source.missing)
    if source.codes is not None:
        return translate(field, source.codes, codes)
    return pd.Series(read_numbers(field, codes.notna().to_numpy(), "a whole number"))
