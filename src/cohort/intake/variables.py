"""Variables of people and visits, and the sampling design."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cohort.codebook import Variable
from cohort.intake.assembly import Piece
from cohort.intake.cells import dates_of
from cohort.intake.conditions import columns_in
from cohort.intake.context import Context
from cohort.intake.entries import Selection, read_dates
from cohort.intake.factors import read_measure
from cohort.intake.values import Field, canonical, check_meanings, read_cases, read_words
from cohort.study_file import Source

_DESIGN = {"weights": "survey_weight", "strata": "survey_stratum", "psu": "survey_psu"}


def read_variables(context: Context) -> list[Piece]:
    """Return the values of ``variables`` and ``design``; visit dates come first, as ``keep: nearest`` may need them."""
    pieces: list[Piece] = []
    study, codebook = context.study, context.codebook
    for name in sorted(study.variables, key=lambda n: n != "visit_date"):
        variable = codebook.mappable[name]
        for place, source in context.readable("variables", name, study.variables[name]):
            pieces += read_source(context, source, variable, place)
        if name == "visit_date":
            _refer_to_visit_dates(context, pieces)
    for key, name in _DESIGN.items():
        part: Source | None = getattr(study.design, key) if study.design is not None else None
        if part is not None and f"design.{key}" in context.sound:
            pieces += read_source(context, part, codebook.tables["participants"][name], f"design.{key}")
    return pieces


def read_source(context: Context, source: Source, variable: Variable, place: str) -> Iterator[Piece]:
    """Yield the values that one source gives for a variable, one piece per visit of a wide table.

    Parameters
    ----------
    context
        The study.
    source
        Where the values stand.
    variable
        The canonical variable; one of the table ``visits`` has a value per visit, any other one per person.
    place
        The entry, for messages.
    """
    per_visit = variable.table == "visits"
    if not _is_sound(context, source, variable, place, per_visit=per_visit):
        return
    target = (variable.table, variable.name)
    selection = context.select_people(source, target)
    columns = list(source.visits.values()) if source.visits else _value_columns(source)
    filled = selection.filled(columns)
    chosen = context.settle(selection, filled, source, place, per_visit=per_visit and not source.visits)
    everyone = context.everyone(len(chosen.positions))
    if source.visits:
        for wave, column in source.visits.items():
            values = _read_column(Field(context, chosen, column, target, place), source, variable)
            visit = context.constant(wave, len(values))
            took_place = everyone if wave == context.study.baseline else chosen.filled([column])
            yield Piece(variable, chosen.person, visit, values, took_place, place)
        return
    if source.cases is not None:
        values = read_cases(context, chosen, source, variable, place)
    elif source.column is not None:
        values = _read_column(Field(context, chosen, source.column, target, place), source, variable)
    else:
        values = pd.Series(np.full(len(everyone), canonical(source.constant, variable), dtype=object))
    if variable.name == "survey_stratum" and chosen.table.is_stacked:
        values = _prefixed(chosen, values)
    visit = chosen.visit if per_visit else context.constant("", len(values))
    yield Piece(variable, chosen.person, visit, values, everyone, place)
    if per_visit:
        yield from visit_date_pieces(context, chosen, place)


def _read_column(field: Field, source: Source, variable: Variable) -> pd.Series:
    if variable.name == "birth_year" and _holds_dates(field, source):
        return _years(field, source)
    if variable.type in ("number", "integer"):
        return read_measure(field, source, variable)
    return read_words(field, source, variable)


def _holds_dates(field: Field, source: Source) -> bool:
    """Return whether a column of birth holds days and not one year."""
    codes = field.selection.present(field.column, source.missing)
    days, _ = dates_of(codes, field.table.date_order)
    is_number = ~np.isnan(field.selection.numbers(field.column).number)
    return source.codes is None and bool(days.notna().any()) and not (is_number & codes.notna().to_numpy()).any()


def _years(field: Field, source: Source) -> pd.Series:
    """Return the years of a column of dates of birth; the day and the month are read nowhere else."""
    days = read_dates(field.selection, field.column, source.missing, field.context.record, field.target)
    reason = f"the year of the day in '{field.column}'"
    field.note("year_of_birth_date", int(days.notna().sum()), reason, action="map")
    return pd.Series(days.dt.year.to_numpy(dtype=np.float64, na_value=np.nan))


def _value_columns(source: Source) -> list[str]:
    if source.cases is not None:
        return list(dict.fromkeys(c for condition in source.cases.values() for c in columns_in(condition)))
    return [source.column] if source.column is not None else []


def _is_sound(context: Context, source: Source, variable: Variable, place: str, *, per_visit: bool) -> bool:
    """Return whether a source makes sense for its variable; note a problem where it does not."""
    ways = [source.column, source.visits, source.cases, source.constant]
    if sum(way is not None for way in ways) != 1:
        fix = "Give exactly one of 'column:', 'visits:', 'cases:' and 'constant:'."
        context.record.problem(place, "it does not say in one way where the values stand.", fix)
        return False
    if not per_visit and source.visits is not None:
        fix = "Name one column."
        context.record.problem(place, f"{variable.name} has one value per person, not one per visit.", fix)
        return False
    meanings = [*(source.codes or {}).values(), *(source.cases or {})]
    if source.constant is not None:
        meanings.append(source.constant)
    return check_meanings(context, [canonical(meaning, variable) for meaning in meanings], variable, place)


def _prefixed(selection: Selection, values: pd.Series) -> pd.Series:
    """Return strata with the name of their file before them: stratum 1 of one cycle is not stratum 1 of another."""
    source = selection.table.source.iloc[selection.positions].reset_index(drop=True)
    return (source + ":" + values.astype("str")).where(values.notna(), None).astype("object")


def visit_date_pieces(context: Context, selection: Selection, place: str) -> Iterator[Piece]:
    """Yield the dates of an entry as visit dates, where the study maps none."""
    if "visit_date" not in context.study.variables and selection.date.notna().any():
        variable = context.codebook.tables["visits"]["visit_date"]
        everyone = context.everyone(len(selection.positions))
        yield Piece(variable, selection.person, selection.visit, selection.date, everyone, place)


def _refer_to_visit_dates(context: Context, pieces: list[Piece]) -> None:
    """Make the dates of the baseline visit known to ``keep: {nearest: visit_date}``."""
    frames = [piece.frame() for piece in pieces if piece.variable.name == "visit_date"]
    if frames:
        dates = pd.concat(frames, ignore_index=True)
        dates = dates[dates["visit"] == context.study.baseline].drop_duplicates("person")
        context.references["visit_date"] = dates.set_index("person")["value"].astype("datetime64[us]")


def earliest_visit_dates(pieces: list[Piece], *, is_mapped: bool) -> list[Piece]:
    """Return the pieces with the dates of all forms of a visit made one: the first of them.

    The forms of one visit are often filled in on several days. A visit date that the study maps itself is left as it
    is, so that different ones are a conflict.

    Parameters
    ----------
    pieces
        All values of people and visits.
    is_mapped
        Whether the study maps ``visit_date``.
    """
    dated = [piece for piece in pieces if piece.variable.name == "visit_date"]
    if is_mapped or not dated:
        return pieces
    frame = pd.concat([piece.frame() for piece in dated], ignore_index=True)
    first = frame.groupby(["person", "visit"], sort=False)["value"].min().reset_index()
    everyone, person = np.ones(len(first), dtype=bool), first["person"].to_numpy(dtype=np.int64)
    one = Piece(dated[0].variable, person, first["visit"], first["value"], everyone, dated[0].place)
    return [piece for piece in pieces if piece.variable.name != "visit_date"] + [one]
