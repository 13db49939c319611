"""From the files of a study to source tables: reading, stacking, hashing, identifiers, and exact copies of rows."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from cohort.errors import InputDataError
from cohort.intake.cells import DateOrder, code_text, codes_of
from cohort.intake.date_order import date_columns, order_evidence
from cohort.intake.folders import FOLDERS, read_folder
from cohort.intake.forms import report_form, report_unreadable
from cohort.intake.readers import read_file
from cohort.intake.record import Record
from cohort.intake.tables import RawFile, SourceFile, SourceTable
from cohort.intake.text_files import Rename
from cohort.study_file import DataFile, StudyFile
from cohort.study_file.vocabulary import nearest


@dataclass(frozen=True)
class _Part:
    """One physical file with what was read of it."""

    file: SourceFile
    raw: RawFile


def read_sources(study: StudyFile, root: Path, record: Record) -> tuple[dict[str, SourceTable], tuple[SourceFile, ...]]:
    """Return the table of each entry of ``files``, and the files that were read.

    Parameters
    ----------
    study
        The study.
    root
        Folder that paths are relative to.
    record
        Takes every problem (a file that is missing, empty, cut short, …), quarantined and merged rows. An entry with a
        problem has no table.
    """
    tables: dict[str, SourceTable] = {}
    files: list[SourceFile] = []
    for name, declared in study.files.items():
        before = len(record.problems)
        parts, folder_id = _read_parts(name, declared, root, record)
        identifier = declared.id or study.id or folder_id
        if identifier is None:
            record.problem(
                f"file '{name}'", "no column of identifiers is named.", "Give 'id:' to the study or the file."
            )
        parts, order = _with_date_order(name, study, parts, record)
        files += [part.file for part in parts]
        for part in parts:
            report_form(part.file, part.raw, record)
        _check_rows(name, declared, parts, record, complete=len(record.problems) == before)
        parts = [part for part in parts if part.raw.frame.columns.size]
        if identifier is not None and len(record.problems) == before:
            table = _stacked(name, declared, identifier, parts, order, record)
            if table is not None:
                tables[name] = table
                record.add_table(table)
    return tables, tuple(files)


def _check_rows(name: str, declared: DataFile, parts: list[_Part], record: Record, *, complete: bool) -> None:
    """Record a problem when the files were read and do not have the declared number of rows."""
    found = sum(part.file.rows for part in parts)
    if complete and declared.rows is not None and found != declared.rows:
        paths = ", ".join(declared.sources().values())
        record.problem(
            f"file '{name}' ({paths})",
            f"there are {found:,} rows where 'rows:' says {declared.rows:,}: truncated, or another version.",
            "Get the file again, or correct 'rows:'.",
        )


def _read_parts(name: str, declared: DataFile, root: Path, record: Record) -> tuple[list[_Part], str | None]:
    """Return the physical files of one entry, and the column of identifiers that a folder's form implies."""
    parts: list[_Part] = []
    folder_id = None
    for source, path in declared.sources().items():
        place = root / path
        try:
            if not os.path.exists(place):  # noqa: PTH110 - Path.exists raises for a name that is too long
                _missing(record, name, path, place)
            elif declared.format in FOLDERS:
                folder = read_folder(place, path, str(declared.format))
                folder_id = folder.id
                for item in folder.parts:
                    part = _read(
                        (name, item.source),
                        place / item.path,
                        f"{path}/{item.path}",
                        declared,
                        item.format,
                        item.rename,
                    )
                    parts.append(replace(part, raw=item.describe(part.raw)))
                parts += [
                    _description(name, place / described, f"{path}/{described}") for described in folder.described_by
                ]
            else:
                parts.append(_read((name, source), place, path, declared))
        except InputDataError as error:
            record.problems += [replace(p, where=f"file '{name}' ({p.where})") for p in error.problems]
    return parts, folder_id


def _missing(record: Record, name: str, path: str, place: Path) -> None:
    folder = place.parent
    if os.path.isdir(folder):  # noqa: PTH112 - as above
        there = [item.name for item in folder.iterdir()]
        near = nearest(place.name, there)
        fix = f"Did you mean '{near}'?" if near else "Check the path and the root folder (--root)."
    else:
        fix = "Its folder does not exist either: check the path and the root folder (--root)."
    record.problem(f"file '{name}' ({path})", "the file does not exist.", fix)


def _read(
    key: tuple[str, str],
    place: Path,
    path: str,
    declared: DataFile,
    file_format: str | None = None,
    rename: Rename | None = None,
) -> _Part:
    raw, chosen, digest = read_file(place, path, declared, file_format, rename)
    count, columns = len(raw.frame) + len(raw.ragged), len(raw.frame.columns)
    file = SourceFile(
        *key,
        path=path,
        format=chosen,
        rows=count,
        columns=columns,
        sha256=digest,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        decimal=raw.decimal,
        sheet=raw.sheet,
        recognised=raw.sniffed,
    )
    return _Part(file, raw)


def _description(name: str, place: Path, path: str) -> _Part:
    """Return a sidecar or data dictionary: hashed like the data, without rows of participants."""
    digest = hashlib.sha256(place.read_bytes()).hexdigest()
    file = SourceFile(name, place.stem, path, "description", 0, 0, digest)
    return _Part(file, RawFile(pd.DataFrame(), np.empty(0, dtype=np.int64)))


def _stacked(
    name: str, declared: DataFile, identifier: str, parts: list[_Part], order: DateOrder, record: Record
) -> SourceTable | None:
    """Return the files of one entry as one table; None when a file lacks the column of identifiers."""
    lacking = [part for part in parts if identifier not in part.raw.frame.columns]
    for part in lacking:
        near = nearest(identifier, part.raw.frame.columns)
        fix = f"Did you mean '{near}'?" if near else "Name the column of identifiers with 'id:'."
        record.problem(f"file '{name}' ({part.file.path})", f"it has no column '{identifier}' of identifiers.", fix)
    if lacking or not parts:
        return None
    frames, ids, sources, rows = [], [], [], []
    for part in parts:
        keep, id_codes = _rows_with_an_id(part, identifier, declared, record)
        frames.append(part.raw.frame if len(keep) == len(part.raw.frame) else part.raw.frame.iloc[keep])
        ids.append(id_codes.iloc[keep])
        sources.append(pd.Series(part.file.source, index=range(len(keep)), dtype="str"))
        rows.append(part.raw.row[keep])
    decimal, decimals = _decimals_of(name, parts, record)
    return SourceTable(
        name=name,
        declared=declared,
        frame=_one_below_the_other(frames),
        ids=pd.concat(ids, ignore_index=True),
        source=pd.concat(sources, ignore_index=True),
        row=np.concatenate(rows),
        columns={part.file.source: frozenset(part.raw.frame.columns) for part in parts},
        labels=_joined([part.raw.labels for part in parts]),
        units={column: unit for part in parts for column, unit in part.raw.units.items()},
        missing=_joined([part.raw.missing for part in parts]),
        decimal=decimal,
        decimals=decimals,
        date_order=order,
    )


def _one_below_the_other(frames: list[pd.DataFrame]) -> pd.DataFrame:
    """Return stacked files as one table; columns that are categories in all of them stay so, with the words of all."""
    if len(frames) == 1:
        return frames[0].reset_index(drop=True)
    shared = [
        name
        for name in frames[0]
        if all(name in frame and isinstance(frame[name].dtype, pd.CategoricalDtype) for frame in frames)
    ]
    words = {name: [frame[name] for frame in frames] for name in shared}
    rest = [
        frame.drop(columns=shared).astype(
            {name: "str" for name in frame if name not in shared and isinstance(frame[name].dtype, pd.CategoricalDtype)}
        )
        for frame in frames
    ]
    stacked = pd.concat(rest, ignore_index=True)
    joined = stacked.assign(**{str(name): union_categoricals(cells) for name, cells in words.items()})
    return joined[list(dict.fromkeys(name for frame in frames for name in frame))]


def _decimals_of(name: str, parts: list[_Part], record: Record) -> tuple[str, dict[str, str]]:
    """Return the decimal sign of stacked files, and of their columns; a column that differs by file is a problem."""
    columns: dict[str, str] = {}
    for part in parts:
        for column, sign in part.raw.decimals.items():
            if columns.setdefault(column, sign) != sign:
                what = f"its files write decimals of '{column}' with different signs."
                record.problem(f"file '{name}'", what, "Make each file an entry of its own under 'files:'.")
    signs = {part.raw.decimal for part in parts if part.raw.decimals or "decimal" not in part.raw.sniffed} - {None}
    return "," if signs == {","} else ".", columns


def _with_date_order(name: str, study: StudyFile, parts: list[_Part], record: Record) -> tuple[list[_Part], DateOrder]:
    """Return the files with the order of their dates, and the one order of all; what cannot be told is a problem."""
    declared = study.files[name].date_order
    if declared is not None:
        return [_with_order(part, declared, part.file.recognised) for part in parts], declared
    wanted, found, orders = date_columns(study, name), [], set()
    for part in parts:
        columns = [column for column in wanted if column in part.raw.frame.columns]
        evidence = order_evidence(part.raw.frame[column] for column in columns)
        if evidence.fault is not None:
            where = f"file '{name}' ({part.file.path}), {_columns(columns)}"
            fix = "Declare 'date_order: dmy' or 'date_order: mdy' for the file; dates that do not fit are set aside."
            record.problem(where, evidence.fault, fix)
        if evidence.order is None:
            found.append(part)
            continue
        orders.add(evidence.order)
        found.append(_with_order(part, evidence.order, (*part.file.recognised, "date_order")))
    if len(orders) > 1:
        what = "its files write dates in different orders."
        record.problem(f"file '{name}'", what, "Make each file an entry of its own under 'files:'.")
    return found, next(iter(sorted(orders)), "ymd")


def _with_order(part: _Part, order: DateOrder, recognised: tuple[str, ...]) -> _Part:
    if not part.raw.frame.columns.size:
        return part
    return replace(part, file=replace(part.file, date_order=order, recognised=recognised))


def _columns(names: list[str]) -> str:
    return ("column " if len(names) == 1 else "columns ") + ", ".join(f"'{name}'" for name in names)


def _joined(parts: list[Mapping[str, Mapping[str, str]]]) -> dict[str, dict[str, str]]:
    joined: dict[str, dict[str, str]] = {}
    for part in parts:
        for column, meanings in part.items():
            joined.setdefault(column, {}).update(meanings)
    return joined


def _words_for_missing(part: _Part, identifier: str, declared: DataFile) -> list[str]:
    """Return what stands for a missing id; a plain number such as 999, missing elsewhere, may be somebody's number."""
    return [code for code in {**declared.missing, **part.raw.missing.get(identifier, {})} if not code.isdigit()]


def _rows_with_an_id(part: _Part, identifier: str, declared: DataFile, record: Record) -> tuple[np.ndarray, pd.Series]:
    """Return the rows that have an id and are no exact copy of an earlier row, and all ids."""
    file, frame, row = part.file, part.raw.frame, part.raw.row
    ids = codes_of(frame[identifier])
    report_unreadable(file, part.raw, ids, record)
    blank = ids.isna().to_numpy() | ids.isin(_words_for_missing(part, identifier, declared)).to_numpy()
    if blank.any():
        reason = f"the identifier '{identifier}' is blank"
        content = [
            {str(column): code_text(value) for column, value in record_.items()}
            for record_ in frame[blank].to_dict(orient="records")
        ]
        record.quarantine(
            file=file.name,
            source=file.source,
            row=row[blank],
            ids=None,
            rule="missing_id",
            reason=reason,
            content=content,
        )
        record.settle(file.name, file.source, row[blank], ids=None, status="quarantined", reason=reason)
        record.note(
            rule="missing_id",
            severity="error",
            action="quarantine",
            table="",
            reason=reason,
            file=file.name,
            row=row[blank].tolist(),
        )
    copy = _copies(frame, ids) & ~blank
    if copy.any():
        reason = "an exact copy of an earlier row of the same person"
        record.settle(file.name, file.source, row[copy], ids=ids[copy].to_list(), status="merged", reason=reason)
        record.note(
            rule="exact_copy",
            severity="warning",
            action="merge",
            table="",
            reason=reason,
            file=file.name,
            row=row[copy].tolist(),
            participant_id=ids[copy].to_list(),
        )
    return np.flatnonzero(~blank & ~copy), ids


def _copies(frame: pd.DataFrame, ids: pd.Series) -> np.ndarray:
    """Return which rows repeat an earlier row in every column; only rows of repeated people are compared."""
    person, _ = pd.factorize(ids, use_na_sentinel=False)
    repeated = np.bincount(person)[person] > 1
    found = np.zeros(len(frame), dtype=bool)
    if repeated.any():
        found[repeated] = frame[repeated].astype("object").duplicated().to_numpy()
    return found
