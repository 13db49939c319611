"""What all entries of a study share: the columns they name, the rows they select, which repeated rows they keep."""

from __future__ import annotations

import functools
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from cohort.intake.cells import Numbers, constant_text, dates_of, no_dates, read_date
from cohort.intake.conditions import columns_in, holds, is_blank
from cohort.intake.record import Record
from cohort.intake.tables import BoolArray, IntArray, SourceTable
from cohort.study_file import ByColumn, Keep, RegisterCode, Source, StudyFile, UnitColumn
from cohort.study_file.vocabulary import nearest

_VALUES = ("column", "cases", "visits", "items", "present", "absent", "unknown", "code", "relative", "kind")
_CONDITIONS = ("where", "present", "absent", "unknown", "below", "above")


def columns_of(entry: BaseModel, keys: Collection[str] | None = None) -> list[str]:
    """Return every column that an entry names, in any of its keys or in some of them."""
    found: list[str] = []
    for key in type(entry).model_fields if keys is None else [k for k in keys if k in type(entry).model_fields]:
        value = getattr(entry, key)
        if key == "column" and isinstance(value, str):
            found.append(value)
        elif key in _CONDITIONS and isinstance(value, list):
            found += columns_in(value)
        elif key == "cases" and value:
            found += [column for condition in value.values() for column in columns_in(condition)]
        elif key == "visits" and value:
            found += value.values()
        elif key == "items":
            found += value if isinstance(value, list) else [item for items in value.values() for item in items]
        elif isinstance(value, (UnitColumn, RegisterCode)):
            found.append(value.column)
        elif isinstance(value, ByColumn):
            found.append(value.by)
        elif key == "kind" and isinstance(value, Source):
            found += columns_of(value)
    return list(dict.fromkeys(found))


def value_columns(entry: BaseModel) -> list[str]:
    """Return the columns that hold what an entry asks for, not those that pick or describe its rows."""
    return columns_of(entry, _VALUES)


def entries_of(study: StudyFile) -> Iterator[tuple[str, Any]]:
    """Yield every entry of a study that names a file, with its place in the study file."""
    for section in ("variables", "instruments", "labs", "diagnoses", "medications"):
        for name, sources in getattr(study, section).items():
            for number, source in enumerate(sources):
                yield f"{section}.{name}" + (f".{number}" if len(sources) > 1 else ""), source
    for number, relation in enumerate(study.relations):
        yield f"relations.{number}", relation
    for section in ("follow_up", "design"):
        group = getattr(study, section)
        if group is not None:
            for key in type(group).model_fields:
                if getattr(group, key) is not None:
                    yield f"{section}.{key}", getattr(group, key)


def check_columns(study: StudyFile, tables: Mapping[str, SourceTable], record: Record) -> frozenset[str]:
    """Return the places of entries that can be read: their file was read and has all columns that they name.

    Parameters
    ----------
    study, tables
        The study and the files that were read.
    record
        Takes a problem for each column that does not exist, with the nearest name.
    """
    sound: list[str] = []
    for place, entry in entries_of(study):
        if entry.file not in study.files:
            near = nearest(entry.file, study.files)
            record.problem(place, f"there is no file '{entry.file}'.", f"Did you mean '{near}'?" if near else "")
        elif entry.file in tables and _has_columns(place, entry, tables[entry.file], record):
            sound.append(place)
    return frozenset(sound)


def _has_columns(place: str, entry: BaseModel, table: SourceTable, record: Record) -> bool:
    is_sound = True
    folder = table.declared.format in ("bids", "redcap")
    for column in columns_of(entry):
        lacking = [name for name, columns in table.columns.items() if column not in columns]
        if not lacking or column == "source" or (folder and len(lacking) < len(table.columns)):
            continue
        near = nearest(column, table.frame.columns)
        fix = f"Did you mean '{near}'?" if near else "Look at the header of the file."
        if near == column:
            fix = "Stacked files must have the same columns; name the file as an entry of its own."
        path = ", ".join(table.declared.sources()[name] for name in lacking if name in table.declared.sources())
        record.problem(
            f"{place}, file '{table.name}' ({path or table.declared.path})", f"there is no column '{column}'.", fix
        )
        is_sound = False
    return is_sound


@dataclass(frozen=True, eq=False)
class Selection:
    """The rows of a table that one entry reads.

    Parameters
    ----------
    table
        The table.
    positions
        The rows, ascending.
    visit
        Visit of each of these rows.
    date
        Date of each of these rows; missing where the entry names none.
    """

    table: SourceTable
    positions: IntArray
    visit: pd.Series
    date: pd.Series

    @functools.cached_property
    def is_whole(self) -> bool:
        """Return whether these are all rows of the table."""
        return len(self.positions) == len(self.table.frame)

    @functools.cached_property
    def person(self) -> IntArray:
        """Return the number of the participant of each row."""
        return self.table.person if self.is_whole else self.table.person[self.positions]

    @property
    def ids(self) -> pd.Series:
        """Return the participant of each row."""
        return self.table.ids.iloc[self.positions].reset_index(drop=True)

    def codes(self, column: str) -> pd.Series:
        """Return the codes of a column in these rows."""
        codes = self.table.codes(column)
        return codes if self.is_whole else codes.iloc[self.positions].reset_index(drop=True)

    def numbers(self, column: str) -> Numbers:
        """Return a column as numbers with their censoring, in these rows."""
        found = self.table.numbers(column)
        return found if self.is_whole else found.rows(self.positions)

    def present(self, column: str, missing: Mapping[str, str]) -> pd.Series:
        """Return the codes of a column in these rows, with those that are declared missing set missing."""
        codes = self.codes(column)
        return codes.mask(codes.isin(list(self.table.declared_missing(column, missing))))

    def filled(self, columns: Sequence[str]) -> BoolArray:
        """Return which rows hold anything in some of the columns."""
        filled = np.zeros(len(self.positions), dtype=bool)
        for column in columns:
            own = self.table.is_filled(column)
            filled |= own if self.is_whole else own[self.positions]
        return filled

    @functools.cached_property
    def keys(self) -> IntArray:
        """Return a number for each row that is the same for rows of one person and visit."""
        visits, labels = pd.factorize(self.visit)
        return np.asarray(self.person * (len(labels) + 1) + visits, dtype=np.int64)

    @functools.cached_property
    def has_repeated_visits(self) -> bool:
        """Return whether two rows share person and visit."""
        return bool(pd.Index(self.keys).has_duplicates)

    @functools.cached_property
    def has_repeated_people(self) -> bool:
        """Return whether two rows share their person."""
        return bool(pd.Index(self.person).has_duplicates)

    def take(self, chosen: IntArray, visit: pd.Series | None = None) -> Selection:
        """Return some of the rows, with other visits if given."""
        visits = self.visit if visit is None else visit
        return Selection(
            self.table,
            self.positions[chosen],
            visits.iloc[chosen].reset_index(drop=True),
            self.date.iloc[chosen].reset_index(drop=True),
        )


def select_rows(entry: Any, table: SourceTable, baseline: str, record: Record, target: tuple[str, str]) -> Selection:
    """Return the rows that an entry reads, with their visits and dates, before repeated rows are settled.

    Parameters
    ----------
    entry
        An entry with some of ``where``, ``visit``, ``date``, ``missing``.
    table
        The file it names.
    baseline
        Visit of rows whose entry names none.
    record
        Takes dates that cannot be read and rows whose visit is blank.
    target
        Canonical table and column, for the ledger.
    """
    chosen = np.ones(len(table.frame), dtype=bool)
    if entry.where is not None:
        chosen &= holds(table, entry.where)
    if len(table.columns) > 1:
        chosen &= in_sources_with(table, value_columns(entry))
    visit, date = getattr(entry, "visit", None), getattr(entry, "date", None)
    if isinstance(visit, UnitColumn):
        blank = is_blank(table, visit.column, {}) & chosen
        asked = value_columns(entry)  # in a row without any of them, a blank visit loses nothing
        says_something = np.any([table.is_filled(column) for column in asked], axis=0) if asked else True
        record.quarantine_cells(
            table,
            np.flatnonzero(blank & says_something),
            [visit.column],
            rule="missing_visit",
            reason="the visit is blank",
            target=target,
        )
        chosen &= ~blank
    positions = np.flatnonzero(chosen)
    if isinstance(visit, UnitColumn):
        visits = table.codes(visit.column).iloc[positions].reset_index(drop=True)
    else:
        visits = constant_text(visit or baseline, len(positions))
    selection = Selection(table, positions, visits, no_dates(len(positions)))
    if isinstance(date, UnitColumn):
        return Selection(table, positions, visits, read_dates(selection, date.column, entry.missing, record, target))
    if isinstance(date, str) and (day := read_date(date)) is not None:
        return Selection(table, positions, visits, pd.Series(day, index=range(len(positions)), dtype="datetime64[us]"))
    return selection


def in_sources_with(table: SourceTable, columns: Sequence[str]) -> BoolArray:
    """Return the rows whose file has a column of the entry: a row of another part of a folder says nothing of it."""
    wanted = set(columns) - {"source"}
    sources = [name for name, own in table.columns.items() if not wanted or wanted & own]
    return table.source.isin(sources).to_numpy(dtype=bool)


def read_dates(
    selection: Selection, column: str, missing: Mapping[str, str], record: Record, target: tuple[str, str]
) -> pd.Series:
    """Return the dates of selected rows; a cell that names no day is quarantined."""
    table = selection.table
    codes = selection.present(column, missing)
    order = table.date_order
    dates, is_bad = dates_of(codes, order)
    reason = f"'{column}' names no day in the order {order}"
    record.quarantine_cells(
        table, selection.positions[is_bad], [column], rule="not_a_date", reason=reason, target=target
    )
    return dates


def settle_repeats(
    selection: Selection,
    has_value: BoolArray,
    keep: Any,
    *,
    per_visit: bool,
    record: Record,
    reference: pd.Series | None = None,
) -> Selection:
    """Return one row per person, or per person and visit, as the entry tells; mark all others as not kept.

    Parameters
    ----------
    selection
        The rows of the entry.
    has_value
        Which of them hold anything for the entry; blank rows beside a filled one do not count as repeats.
    keep
        The rule of the entry: first, last, all, nearest to a date, or None.
    per_visit
        Whether rows are told apart by visit.
    record
        Takes the account of rows, and the problem of an id that is not unique.
    reference
        Date by participant, for ``nearest``.

    Notes
    -----
    First and last go by date where the entry names one, else by the order in the file. Under ``all`` the second row
    of a visit gets the visit ``t0_2``, the third ``t0_3``, and so on.
    """
    table = selection.table
    if not (selection.has_repeated_visits if per_visit else selection.has_repeated_people):
        record.select(table, _mask(table, selection.positions))
        return selection
    keys = pd.DataFrame({"person": selection.person, "visit": selection.visit.astype("str") if per_visit else ""})
    everything = _mask(table, selection.positions)
    full_again = keys[has_value].duplicated(keep=False)
    is_ambiguous = np.zeros(len(keys), dtype=bool)
    is_ambiguous[np.flatnonzero(has_value)[full_again.to_numpy()]] = True
    if is_ambiguous.any() and keep is None:
        record.not_unique(table, keys.loc[is_ambiguous, "person"].nunique())
    order = np.lexsort((np.arange(len(keys)), _distance(selection, keep, reference), ~has_value))
    if keep == "last":
        latest = selection.date.to_numpy().astype("int64")
        latest[selection.date.isna().to_numpy()] = np.iinfo(np.int64).min
        order = np.lexsort((-np.arange(len(keys)), -(latest.astype(float)), ~has_value))
    ordered = keys.iloc[order]
    if keep == "all":
        number = ordered.groupby(["person", "visit"], sort=False).cumcount().sort_index()
        wanted = (number == 0).to_numpy() | has_value
        label = selection.visit.astype("str") + ("_" + (number + 1).astype("str")).where(number > 0, "")
        chosen = np.flatnonzero(wanted)
        record.select(table, everything, _mask(table, selection.positions[chosen]))
        return selection.take(chosen, label)
    chosen = np.sort(order[~ordered.duplicated().to_numpy()])
    record.select(table, everything, _mask(table, selection.positions[chosen]))
    return selection.take(chosen)


def _distance(selection: Selection, keep: Any, reference: pd.Series | None) -> IntArray:
    """Return the rank of rows: by date, or by distance to the reference date of the person; undated rows last."""
    dates = selection.date
    if isinstance(keep, Keep) and reference is not None:
        dates = pd.Series((dates - reference.reindex(selection.person).to_numpy()).abs())
    ranks = dates.to_numpy().astype("int64")
    ranks[dates.isna().to_numpy()] = np.iinfo(np.int64).max
    return np.asarray(ranks, dtype=np.int64)


def _mask(table: SourceTable, positions: IntArray) -> BoolArray:
    if len(positions) == len(table.frame):
        return np.ones(len(positions), dtype=bool)
    mask = np.zeros(len(table.frame), dtype=bool)
    mask[positions] = True
    return mask
