"""Rows of one person and visit that stand in a file twice: entered twice, or under another person's identifier."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from cohort.codebook import Codebook
from cohort.intake.cells import code_text
from cohort.intake.conditions import columns_in
from cohort.intake.entries import columns_of, entries_of
from cohort.intake.record import Record
from cohort.intake.tables import BoolArray, IntArray, SourceTable, rows_of_table
from cohort.study_file import StudyFile, UnitColumn

_REPEATING = ("code", "relative")
"""Keys of entries whose rows are events: a person may have any number of them."""

_REDCAP = ("redcap_event_name", "redcap_repeat_instrument", "redcap_repeat_instance")
_OF_FOLDERS = {"bids": ("source",), "redcap": ("source", *_REDCAP)}
"""Columns that tell rows of a folder apart, whether or not the study names them."""


@dataclass(frozen=True)
class _Shape:
    """What tells the rows of a file apart, and which columns hold its values; None when any number may be alike."""

    key: tuple[str, ...]
    held: tuple[str, ...]


def resolve_repeats(
    study: StudyFile, codebook: Codebook, tables: Mapping[str, SourceTable], record: Record
) -> dict[str, SourceTable]:
    """Return the tables with a few repeated rows resolved: near copies merged, contradictory rows set aside.

    Where many people occur more than once the file is long, and the study must say what tells its rows apart: nothing
    is done, and intake reports it.

    Parameters
    ----------
    study
        Which columns tell rows apart (``visit``, ``where``), and which hold values.
    codebook
        The limits of the rules ``duplicate_near`` and ``duplicate_conflicting``.
    tables
        The files.
    record
        Takes the ledger, the quarantine and the account of rows.

    Notes
    -----
    Two rows are near when they differ in at most ``differing_share`` of the cells that both fill. The first of them is
    kept; a cell that it lacks is taken from the other, a cell in which they differ is set missing.
    """
    limits = codebook.intake_rules["duplicate_near"].limits
    shapes = _shapes(study, tables)
    return {
        name: _resolved(table, shapes[name], limits["repeated_share"].value, limits["differing_share"].value, record)
        if name in shapes
        else table
        for name, table in tables.items()
    }


def _shapes(study: StudyFile, tables: Mapping[str, SourceTable]) -> dict[str, _Shape]:
    """Return the shape of every file in which a person and visit have one row."""
    keys: dict[str, list[str]] = {}
    values: dict[str, list[str]] = {}
    barred: set[str] = set()
    for _, entry in entries_of(study):
        name = entry.file
        if getattr(entry, "keep", None) is not None or any(getattr(entry, k, None) is not None for k in _REPEATING):
            barred.add(name)
        if name not in tables:
            continue
        visit = getattr(entry, "visit", None)
        telling = [visit.column] if isinstance(visit, UnitColumn) else []
        telling += list(columns_in(getattr(entry, "where", None)))
        keys.setdefault(name, []).extend(telling)
        values.setdefault(name, []).extend(c for c in columns_of(entry) if c not in telling)
    shapes = {}
    for name, telling in keys.items():
        if name in barred:
            continue
        known = tables[name].frame.columns
        wanted = [*telling, *_OF_FOLDERS.get(str(tables[name].declared.format), ())]
        key = tuple(dict.fromkeys(column for column in wanted if tables[name].has_column(column)))
        held = tuple(c for c in dict.fromkeys(values[name]) if c in known and c not in key)
        shapes[name] = _Shape(key, held)
    return shapes


def _resolved(
    table: SourceTable, shape: _Shape, repeated_share: float, differing_share: float, record: Record
) -> SourceTable:
    people, names = pd.factorize(table.ids)
    if len(names) == len(people):
        return table
    keys = [people, *(table.codes(column).cat.codes.to_numpy() for column in shape.key)]
    filled = np.zeros(len(people), dtype=bool)
    for column in shape.held:
        filled |= table.is_filled(column)
    numbers = _numbered(keys)
    rows = np.flatnonzero(filled)
    again = rows[pd.Index(numbers[rows]).duplicated(keep=False)]
    if not len(again) or len(np.unique(people[again])) > repeated_share * len(names):
        return table
    cells = pd.DataFrame({column: table.codes(column).iloc[again].cat.codes.to_numpy() for column in shape.held})
    cells = cells.where(cells >= 0)
    group = pd.factorize(numbers[again])[0]
    grouped = cells.groupby(group)
    distinct = grouped.nunique().to_numpy()
    shared = (grouped.count() > 1).to_numpy()
    differs = distinct > 1
    share = differs.sum(axis=1) / np.maximum(shared.sum(axis=1), 1)
    is_near = share <= differing_share
    apart = ~is_near[group]
    _set_aside(table, again[apart], record)
    keep = np.ones(len(people), dtype=bool)
    keep[again[apart]] = False
    near = ~apart
    if near.any():
        second = pd.Series(group[near]).duplicated().to_numpy()
        _merge(table, again[near][second], record)
        keep[again[near][second]] = False
        table = _united(table, shape, again[near], group[near], differs, record)
    return rows_of_table(table, np.flatnonzero(keep))


def _numbered(keys: Iterable[Any]) -> IntArray:
    """Return a number for each row that rows share which agree in every key."""
    frame = pd.DataFrame(dict(enumerate(keys)))
    if frame.shape[1] == 1:
        return np.asarray(frame[0].to_numpy(), dtype=np.int64)
    return np.asarray(frame.groupby(list(frame.columns), sort=False).ngroup().to_numpy(), dtype=np.int64)


def _set_aside(table: SourceTable, rows: IntArray, record: Record) -> None:
    """Set whole rows aside that share their person and visit and differ in much."""
    if not len(rows):
        return
    reason = "rows of one person and visit differ in much: one of them is another person's"
    content = table.frame.iloc[rows].to_dict(orient="records")
    for source in pd.unique(table.source.iloc[rows]):
        here = rows[(table.source.iloc[rows] == source).to_numpy()]
        ids = table.ids.iloc[here].to_list()
        record.settle(table.name, source, table.row[here], ids=ids, status="quarantined", reason=reason)
    record.quarantine(
        file=table.name,
        source=table.source.iloc[rows].to_list(),
        row=table.row[rows],
        ids=table.ids.iloc[rows].to_list(),
        rule="duplicate_conflicting",
        reason=reason,
        content=[{str(column): code_text(value) for column, value in line.items()} for line in content],
    )
    record.note(
        rule="duplicate_conflicting",
        severity="error",
        action="quarantine",
        table="",
        participant_id=table.ids.iloc[rows].to_list(),
        reason=reason,
        file=table.name,
        row=table.row[rows].tolist(),
    )


def _merge(table: SourceTable, rows: IntArray, record: Record) -> None:
    reason = "a second entry of an earlier row: the same but for a few cells"
    for source in pd.unique(table.source.iloc[rows]):
        here = rows[(table.source.iloc[rows] == source).to_numpy()]
        ids = table.ids.iloc[here].to_list()
        record.settle(table.name, source, table.row[here], ids=ids, status="merged", reason=reason)
    record.note(
        rule="duplicate_near",
        severity="warning",
        action="merge",
        table="",
        participant_id=table.ids.iloc[rows].to_list(),
        reason=reason,
        file=table.name,
        row=table.row[rows].tolist(),
    )


def _united(
    table: SourceTable, shape: _Shape, rows: IntArray, group: IntArray, differs: BoolArray, record: Record
) -> SourceTable:
    """Return the table whose first row of each pair has the cells of both; cells that differ are empty."""
    frame, codes = table.frame.copy(), dict(table.codes_known())
    first = ~pd.Series(group).duplicated().to_numpy()
    for number, column in enumerate(shape.held):
        torn = differs[group, number] & table.is_filled(column)[rows]
        record.quarantine_cells(
            table,
            rows[torn],
            [column],
            rule="duplicate_near",
            reason=f"two entries of one row differ in '{column}'",
            target=("", column),
        )
        cells = frame[column].iloc[rows].reset_index(drop=True)
        cells = cells.where(table.is_filled(column)[rows])
        known = cells.groupby(group).transform("first")
        new = known.mask(differs[group, number]).to_numpy(dtype=object)[first]
        if isinstance(frame[column].dtype, pd.CategoricalDtype):
            frame[column] = frame[column].astype("object")
        changed = frame[column].to_numpy(dtype=object).copy()
        changed[rows[first]] = new
        frame[column] = pd.Series(changed, index=frame.index, dtype=frame[column].dtype)
        codes[column] = _united_codes(table.codes(column), rows, group, differs[:, number])
    return replace(table, frame=frame, _codes=codes, _numbers={}, _distinct={})


def _united_codes(codes: pd.Series, rows: IntArray, group: IntArray, differs: BoolArray) -> pd.Series:
    """Return the codes of a column with those of each first row made those of both."""
    numbers = codes.cat.codes.to_numpy().astype(np.int64)
    own = pd.Series(numbers[rows])
    known = own.where(own >= 0).groupby(group).transform("first").fillna(-1).to_numpy(dtype=np.int64)
    numbers[rows] = np.where(differs[group], -1, known)
    return pd.Series(pd.Categorical.from_codes(numbers, codes.cat.categories))
