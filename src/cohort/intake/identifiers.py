"""Direct identifiers on their way in: refused unless the study declares them, and ids as hashes when it asks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from cohort.intake.entries import columns_of, entries_of
from cohort.intake.record import Record
from cohort.intake.tables import RawCohort, SourceTable
from cohort.ledger import Ledger
from cohort.privacy import KeyedHash, find_identifiers
from cohort.study_file import StudyFile

_ID_COLUMNS = ("participant_id", "relative_id")
_LIKE_A_VALUE = re.compile(r"\d{6}|@|^\W*\d")


def refuse_identifiers(study: StudyFile, tables: Mapping[str, SourceTable], record: Record) -> dict[str, SourceTable]:
    """Return the tables without declared identifiers that nothing maps; an identifier not declared is a problem.

    Parameters
    ----------
    study
        What it declares under ``privacy:`` and which columns it maps.
    tables
        The files as they were read.
    record
        Takes a problem for each column, mapped or not, with its kind and never with a value.
    """
    mapped = mapped_columns(study)
    kept: dict[str, SourceTable] = {}
    for name, table in tables.items():
        declared = set(study.privacy.declared.get(name, ()))
        identifier = table.declared.id or study.id
        for absent in sorted(declared - set(map(str, table.frame.columns))):
            where = f"privacy.declared.{name}"
            record.problem(where, f"the file has no column '{absent}'.", "Remove it from the list.")
        for found in find_identifiers(table.frame, identifier):
            if found.column in declared or (found.column == identifier and study.privacy.hash_ids is not None):
                continue
            shown = _safe_name(found.column, table.frame)
            told = "is called so" if found.why == "name" else f"{100 * found.share:.0f} % of its values look like one"
            record.problem(
                f"file '{name}' ({', '.join(table.declared.sources().values())}), column {shown}",
                f"a direct identifier: {found.title} ({told}).",
                _id_fix(name, shown) if found.column == identifier else _fix(name, shown),
            )
        unread = sorted(declared - mapped.get(name, set()) - {str(identifier)})
        kept[name] = _without(table, unread) if unread else table
    return kept


def _fix(file: str, column: str) -> str:
    return (
        "Remove the column before the file comes here, or declare it: "
        f"'privacy: {{declared: {{{file}: [{_plain(column)}]}}}}'; "
        "a declared column that nothing maps is not read further."
    )


def _id_fix(file: str, column: str) -> str:
    return (
        "Use a study number as the id, have ids hashed with 'privacy: {hash_ids: {key_file: …}}', or declare it: "
        f"'privacy: {{declared: {{{file}: [{_plain(column)}]}}}}'."
    )


def _safe_name(column: str, frame: pd.DataFrame) -> str:
    """Return the name of a column, or its number where the name looks like a value: a file without a header."""
    if _LIKE_A_VALUE.search(column):
        return f"number {[str(name) for name in frame.columns].index(column) + 1}"
    return f"'{column}'"


def _plain(shown: str) -> str:
    """Return the name of a column as the study file has it, or a word that stands for it."""
    return shown.strip("'") if shown.startswith("'") else "name of the column"


def mapped_columns(study: StudyFile) -> dict[str, set[str]]:
    """Return the columns that the entries of a study name, by file."""
    named: dict[str, set[str]] = {}
    for _, entry in entries_of(study):
        named.setdefault(entry.file, set()).update(columns_of(entry))
    return named


def _without(table: SourceTable, columns: list[str]) -> SourceTable:
    frame = table.frame.drop(columns=[name for name in columns if name in table.frame])
    left = {source: names - set(columns) for source, names in table.columns.items()}
    return replace(table, frame=frame, columns=left)


def pseudonymise(raw: RawCohort, study: StudyFile, key: bytes | None) -> RawCohort:
    """Return a cohort with ids as keyed hashes, and without declared identifiers in what was set aside.

    Parameters
    ----------
    raw
        The cohort as it was read.
    study
        What it declares under ``privacy:``.
    key
        The key of the hash; None leaves ids as they are.

    Notes
    -----
    The same id has the same hash in every table, the ledger, the quarantine and the account of rows. A row that does
    not fit its header cannot be told apart into columns; where ids are hashed or identifiers declared, only the number
    of its fields is kept.
    """
    hashed = KeyedHash(key) if key is not None else None
    quarantine = _scrubbed(raw.quarantine, study, hashed)
    if hashed is None:
        return replace(raw, quarantine=quarantine)
    tables = {name: _with_hashes(table, hashed) for name, table in raw.tables.items()}
    entries = _with_hashes(raw.ledger.entries, hashed)
    about_ids = entries["column"].isin(_ID_COLUMNS).fillna(value=False).to_numpy(dtype=bool)
    for column in ("before", "after"):
        texts = entries[column].copy()
        texts[about_ids] = hashed.of(texts[about_ids])
        entries[column] = texts
    rows = _with_hashes(raw.rows, hashed)
    quarantine = _with_hashes(quarantine, hashed)
    hashed.check_collisions()
    return replace(raw, tables=tables, rows=rows, quarantine=quarantine, ledger=Ledger(entries))


def _with_hashes(table: pd.DataFrame, hashed: KeyedHash) -> pd.DataFrame:
    there = [name for name in _ID_COLUMNS if name in table]
    return table.assign(**{name: hashed.of(table[name]) for name in there})


def _scrubbed(quarantine: pd.DataFrame, study: StudyFile, hashed: KeyedHash | None) -> pd.DataFrame:
    """Return a quarantine whose content holds no declared identifier, and no id where ids are hashed."""
    files = set(quarantine["file"].dropna()) if hashed is not None else set(study.privacy.declared)
    concerned = np.flatnonzero(quarantine["file"].isin(files).to_numpy())
    if not len(concerned):
        return quarantine
    ids = _columns_of_ids(study)
    content = quarantine["content"].astype("object").to_numpy(copy=True)
    for position in concerned:
        file, cells = str(quarantine["file"].iloc[position]), json.loads(content[position])
        dropped = set(study.privacy.declared.get(file, ()))
        content[position] = json.dumps(_cells(cells, dropped, ids.get(file, set()), hashed), ensure_ascii=False)
    return quarantine.assign(content=pd.array(content, dtype="string"))


def _cells(cells: Any, dropped: set[str], ids: set[str], hashed: KeyedHash | None) -> Any:
    if not isinstance(cells, dict):
        return {"fields": len(cells) if isinstance(cells, list) else 1}
    kept = {column: value for column, value in cells.items() if column not in dropped - ids}
    if hashed is None:
        return {column: value for column, value in kept.items() if column not in dropped}
    return {c: hashed.one(str(value)) if c in ids and value is not None else value for c, value in kept.items()}


def _columns_of_ids(study: StudyFile) -> dict[str, set[str]]:
    """Return the columns of ids of each file: its own, and those of relatives."""
    ids = {name: {str(file.id or study.id)} for name, file in study.files.items()}
    for name, file in study.files.items():
        if file.format in ("bids", "redcap"):
            ids[name] |= {"participant_id", "record_id"}
    for relation in study.relations:
        ids.setdefault(relation.file, set()).add(relation.relative.column)
    return ids
