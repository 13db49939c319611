"""What the columns of raw tables hold, as far as defects are concerned; found through the entries of a study file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from cohort.codebook import Codebook, Variable
from cohort.study_file import DataFile, InstrumentSource, LabSource, Source, StudyFile, UnitColumn
from cohort.synthetic.defects.raw_text import Flags, Texts, holds, missing_codes

Role: TypeAlias = Literal["number", "lab", "item", "code", "date", "id"]
Cells: TypeAlias = dict[str, Texts]

_TEXT_ENDINGS = ("csv", "txt", "tsv", "xlsx")
_NUMBERS = ("number", "integer")


@dataclass(frozen=True, eq=False)
class Field:
    """Cells of one column that one entry of the study reads.

    Parameters
    ----------
    table, column
        Where they stand.
    role
        What they are: numbers, laboratory results, items of a questionnaire, codes, days, or identifiers.
    name
        Canonical variable, analyte, instrument or disease.
    rows
        The rows of the table that the entry reads.
    missing, meanings
        Codes that are declared missing, and meaning by code where the study gives one.
    is_text
        Whether the file can hold any text in any cell; a column of numbers in a statistical format cannot.
    decimal, order
        Decimal sign of the file, and order of the parts of its days.
    visit
        The visit that the column belongs to, where the study names it.
    item
        Number of the item in its instrument, from 1.
    """

    table: str
    column: str
    role: Role
    name: str
    rows: Flags
    entry: Any
    missing: frozenset[str] = frozenset()
    meanings: Mapping[str, Any] = field(default_factory=dict)
    is_text: bool = True
    decimal: str = "."
    order: str | None = None
    visit: str = ""
    item: int = 0


def is_text_file(file: DataFile, path: str) -> bool:
    """Return whether a file holds text in its cells, so that a number may be written in any way.

    Examples
    --------
    >>> is_text_file(DataFile(path="lab.csv.gz"), "lab.csv.gz"), is_text_file(DataFile(path="demo.xpt"), "demo.xpt")
    (True, False)
    """
    if file.format is not None:
        return file.format in ("csv", "tsv", "xlsx", "bids", "redcap")
    return path.lower().removesuffix(".gz").rsplit(".", 1)[-1] in _TEXT_ENDINGS


def file_of(table: str) -> str:
    """Return the key under ``files:`` that a table belongs to; ``demo/c2017`` is a part of ``demo``."""
    return table.split("/", 1)[0]


def id_column(study: StudyFile, key: str) -> str | None:
    """Return the column of identifiers of a file, as far as the study names it."""
    named = study.files[key].id or study.id
    return named if named is not None or study.files[key].format != "bids" else "participant_id"


def fields_of(tables: Mapping[str, Cells], study: StudyFile, codebook: Codebook) -> list[Field]:
    """Return every field of some tables, identifiers first, in the order of the study file.

    Parameters
    ----------
    tables
        Cells by table and column; a table is a file of the study, or one of its stacked parts (``demo/c2017``).
    study, codebook
        What the columns mean.
    """
    found: list[Field] = []
    for table, cells in tables.items():
        column = id_column(study, file_of(table))
        if column in cells:
            found.append(_field(study, table, cells, str(column), "id", "participant_id", None))
    for name, entry, variable in _entries(study, codebook):
        for table, cells in tables.items():
            if file_of(table) == entry.file:
                found += _of_entry(study, table, cells, name, entry, variable)
    return _without_repeats(found)


def _without_repeats(fields: list[Field]) -> list[Field]:
    """Return fields that no earlier one of the same column and rows repeats."""
    kept: list[Field] = []
    for one in fields:
        if not any(
            (other.table, other.column) == (one.table, one.column) and bool((other.rows & one.rows).any())
            for other in kept
        ):
            kept.append(one)
    return kept


def _entries(study: StudyFile, codebook: Codebook) -> Iterator[tuple[str, Any, Variable | None]]:
    """Yield every entry that reads values, with its canonical name and variable."""
    for name, sources in study.variables.items():
        yield from ((name, source, codebook.mappable[name]) for source in sources)
    for section in (study.instruments, study.labs):
        for name, entries in section.items():
            yield from ((name, entry, None) for entry in entries)
    if study.follow_up is not None:
        for key, name in (("entry", "entry_date"), ("exit", "exit_date")):
            yield name, getattr(study.follow_up, key), codebook.tables["follow_up"][name]
    for name, diagnoses in study.diagnoses.items():
        yield from ((name, entry, None) for entry in diagnoses)
    for name, drugs in study.medications.items():
        yield from ((name, entry, None) for entry in drugs)


def _of_entry(
    study: StudyFile, table: str, cells: Cells, name: str, entry: Any, variable: Variable | None
) -> Iterator[Field]:
    """Yield the fields of one entry in one table."""
    if isinstance(entry, InstrumentSource):
        waves = entry.items if isinstance(entry.items, dict) else {"": entry.items}
        for visit, columns in waves.items():
            for number, column in enumerate(columns, start=1):
                if column in cells:
                    yield _field(study, table, cells, column, "item", name, entry, visit=visit, item=number)
        return
    if isinstance(entry, Source):
        role: Role = "lab" if isinstance(entry, LabSource) else _role(entry, variable)
        columns_by_visit = entry.visits or ({"": entry.column} if entry.column else {})
        for visit, column in columns_by_visit.items():
            if column in cells:
                yield _field(study, table, cells, column, role, name, entry, visit=visit)
    for key in ("date", "start", "stop"):
        named = getattr(entry, key, None)
        if isinstance(named, UnitColumn) and named.column in cells:
            yield _field(study, table, cells, named.column, "date", name, entry)


def _role(entry: Source, variable: Variable | None) -> Role:
    if variable is not None and variable.type == "date":
        return "date"
    is_number = variable is not None and variable.type in _NUMBERS and entry.codes is None
    return "number" if is_number else "code"


def _field(
    study: StudyFile,
    table: str,
    cells: Cells,
    column: str,
    role: Role,
    name: str,
    entry: Any,
    *,
    visit: str = "",
    item: int = 0,
) -> Field:
    file = study.files[file_of(table)]
    size = len(next(iter(cells.values())))
    where = getattr(entry, "where", None)
    rows = np.ones(size, dtype=bool)
    if where and all(part in cells for alternative in where for part in alternative):
        rows = holds(cells, where, missing_codes(file, entry), file.date_order)
    sources = file.sources()
    path = sources.get(table.partition("/")[2], next(iter(sources.values())))
    return Field(
        table=table,
        column=column,
        role=role,
        name=name,
        rows=rows,
        entry=entry,
        missing=frozenset(missing_codes(file, entry)),
        meanings=dict(getattr(entry, "codes", None) or {}),
        is_text=is_text_file(file, path),
        decimal=file.decimal or ".",
        order=file.date_order,
        visit=visit,
        item=item,
    )
