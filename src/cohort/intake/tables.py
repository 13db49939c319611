"""What intake works on and what it hands over: source files, source tables and the raw cohort."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.intake.cells import DateOrder, Distinct, Numbers, as_codes, distinct_cells, numbers_of
from cohort.ledger import Ledger
from cohort.study_file import DataFile

_WHOLE_WITH_COMMA = re.compile(r"^([+-]?\d+),0+$")
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SourceFile:
    """One physical file as it was read.

    Parameters
    ----------
    name
        Key of the entry in ``files`` of the study.
    source
        Name of the file within that entry; tells stacked files apart.
    path
        As written in the study, relative to its root.
    format
        Format it was read as.
    rows, columns
        Its size, header not counted.
    sha256
        Hash of its bytes.
    encoding, delimiter, decimal, date_order, sheet
        How its text was read, and which sheet of a workbook; None where the format or the file has none.
    recognised
        Which of these were recognised in the file rather than declared.
    """

    name: str
    source: str
    path: str
    format: str
    rows: int
    columns: int
    sha256: str
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    date_order: str | None = None
    sheet: str | None = None
    recognised: tuple[str, ...] = ()

    @property
    def has_rows(self) -> bool:
        """Return whether it holds rows of participants, and is no sidecar or data dictionary."""
        return self.format != "description"


@dataclass(frozen=True)
class RawCohort:
    """A cohort under canonical names, units and codes, not cleaned yet.

    Parameters
    ----------
    tables
        The seven canonical tables by name: ``participants``, ``follow_up``, ``relations``, ``visits``, ``labs``,
        ``diagnoses``, ``medications``. A table holds its keys and the columns that the study maps.
    rows
        One line per source row: file, source, row (counted from 1), participant_id, status (``used``, ``ineligible``,
        ``quarantined``, ``merged``) and reason.
    quarantine
        Rows and cells that could not be read: file, source, row, participant_id, rule, reason, content (JSON).
    ledger
        What mapping changed or set missing.
    sources
        The files that were read.
    """

    tables: dict[str, pd.DataFrame]
    rows: pd.DataFrame
    quarantine: pd.DataFrame
    ledger: Ledger
    sources: tuple[SourceFile, ...]


@dataclass(frozen=True)
class RawFile:
    """The content of one physical file, cells untouched.

    Parameters
    ----------
    frame
        Columns as read; rows are numbered by ``row``.
    row
        Number of each row of ``frame`` among the data rows of the file, from 1.
    ragged
        Row number and fields of rows whose number of fields differs from the header's.
    labels
        Label of each code, by column.
    units
        Unit that the file itself states for a column (sidecar of BIDS).
    missing
        Reason of each code that the file itself declares missing, by column.
    sniffed
        Which of encoding, delimiter, decimal and sheet were recognised rather than declared.
    decimals
        Decimal sign of each column that was seen to write one.
    unreadable
        Row number, column and text of cells that hold an error instead of a value; they are blank in ``frame``.
    notes
        What else the reader found worth a line in the ledger.
    """

    frame: pd.DataFrame
    row: IntArray
    ragged: tuple[tuple[int, list[str]], ...] = ()
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    encoding: str | None = None
    delimiter: str | None = None
    decimal: str | None = None
    sniffed: tuple[str, ...] = ()
    sheet: str | None = None
    decimals: Mapping[str, str] = field(default_factory=dict)
    unreadable: tuple[tuple[int, str, str], ...] = ()
    notes: tuple[str, ...] = ()


def raw_file(frame: pd.DataFrame, **more: Any) -> RawFile:
    """Return a table as the content of a file whose rows are numbered from 1; ``more`` are its other fields."""
    frame = frame.reset_index(drop=True)
    frame.columns = pd.Index([str(name) for name in frame.columns], dtype="object")
    return RawFile(frame=frame, row=np.arange(1, len(frame) + 1, dtype=np.int64), **more)


@dataclass(frozen=True)
class SourceTable:
    """All files of one entry of ``files``, stacked; only rows that have an id and are no exact copies.

    Parameters
    ----------
    name
        Key of the entry.
    declared
        The entry.
    frame
        The rows, numbered from 0.
    ids, source, row
        Participant, name of the file and row number in that file, aligned with ``frame``.
    columns
        Columns of each source.
    decimal, decimals
        Decimal sign of texts, and of each column that was seen to write one.
    date_order
        Order of day, month and year in its dates.
    person
        Number of the participant of each row among all participants of the study (see :func:`number_people`).
    """

    name: str
    declared: DataFile
    frame: pd.DataFrame
    ids: pd.Series
    source: pd.Series
    row: IntArray
    columns: Mapping[str, frozenset[str]]
    labels: Mapping[str, Mapping[str, str]]
    units: Mapping[str, str]
    missing: Mapping[str, Mapping[str, str]]
    decimal: str = "."
    decimals: Mapping[str, str] = field(default_factory=dict)
    date_order: DateOrder = "ymd"
    person: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int64), repr=False)
    _distinct: dict[str, Distinct] = field(default_factory=dict, repr=False, compare=False)
    _codes: dict[str, pd.Series] = field(default_factory=dict, repr=False, compare=False)
    _numbers: dict[str, Numbers] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_stacked(self) -> bool:
        """Return whether the entry has several files."""
        return len(self.columns) > 1

    def codes(self, column: str) -> pd.Series:
        """Return a column as codes, a category; ``source`` names the file of a row unless a column is called so."""
        if column not in self._codes:
            codes = as_codes(self._distinct_cells(column))
            if self.decimals.get(column, self.decimal) == ",":
                codes = _without_zero_decimals(codes)
            self._codes[column] = codes
        return self._codes[column]

    def codes_known(self) -> dict[str, pd.Series]:
        """Return the codes of the columns that were looked at so far."""
        return dict(self._codes)

    def set_codes(self, column: str, codes: pd.Series) -> None:
        """Put other codes, a category, in the place of those of a column; its cells stay as they are."""
        self._codes[column] = codes

    def is_filled(self, column: str) -> BoolArray:
        """Return where a column holds anything."""
        return np.asarray(self.codes(column).cat.codes.to_numpy() >= 0)

    def numbers(self, column: str) -> Numbers:
        """Return a column as numbers with their censoring."""
        if column not in self._numbers:
            self._numbers[column] = numbers_of(
                self.frame[column], self.decimals.get(column, self.decimal), self._distinct_cells(column)
            )
        return self._numbers[column]

    def _distinct_cells(self, column: str) -> Distinct:
        if column not in self._distinct:
            own = column in self.frame.columns
            self._distinct[column] = distinct_cells(self.frame[column] if own else self.source)
        return self._distinct[column]

    def has_column(self, column: str) -> bool:
        """Return whether a column exists, ``source`` among them."""
        return column in self.frame.columns or column == "source"

    def resolve(self, column: str, code: str) -> str:
        """Return the code that a study means by a code or by its value label."""
        labels = self.labels.get(column, {})
        if code in labels:
            return code
        return next((known for known, label in labels.items() if label == code), code)

    def declared_missing(self, column: str, more: Mapping[str, str]) -> dict[str, str]:
        """Return the reason of each missing code of a column: of the file itself, its entry, and a source of values."""
        stated = {**self.missing.get(column, {})}
        for code, reason in {**self.declared.missing, **more}.items():
            stated[self.resolve(column, code)] = reason
        return stated


def _without_zero_decimals(codes: pd.Series) -> pd.Series:
    """Return codes with ``1,0`` written as ``1``, as code_text does where the decimal sign is a point."""
    plain = [_WHOLE_WITH_COMMA.sub(r"\1", text) for text in codes.cat.categories]
    words, number = np.unique(np.array(plain, dtype=object), return_inverse=True) if plain else (np.array([]), None)
    if number is None or len(words) == 0:
        return codes
    small = np.append(number, -1)
    return pd.Series(pd.Categorical.from_codes(small[codes.cat.codes.to_numpy()], pd.Index(words, dtype="str")))


def rows_of_table(table: SourceTable, rows: IntArray) -> SourceTable:
    """Return some rows of a table."""
    return replace(
        table,
        frame=pd.DataFrame({name: _some(table.frame[name], rows) for name in table.frame}),
        ids=table.ids.iloc[rows].reset_index(drop=True),
        source=table.source.iloc[rows].reset_index(drop=True),
        row=table.row[rows],
        _codes={name: _some(codes, rows) for name, codes in table.codes_known().items()},
        _numbers={},
        _distinct={},
    )


def _some(column: pd.Series, rows: IntArray) -> pd.Series:
    """Return some cells of a column; of a category, with the words that occur in them when these are the fewer."""
    some = column.iloc[rows].reset_index(drop=True)
    is_category = isinstance(some.dtype, pd.CategoricalDtype)
    return some.cat.remove_unused_categories() if is_category and len(some.cat.categories) > len(some) else some


@dataclass(frozen=True)
class People:
    """Everybody whom some file names, by number: tables are joined by numbers, and ids written out at the end.

    Parameters
    ----------
    ids
        The identifiers, in the order in which the files name them.
    """

    ids: pd.Index

    def named(self, person: npt.NDArray[Any]) -> pd.Series:
        """Return the identifiers of people, a category: every identifier is kept once."""
        return pd.Series(pd.Categorical.from_codes(person, self.ids))

    def numbers(self, ids: pd.Series) -> IntArray:
        """Return the number of each identifier, -1 for one that no file names."""
        return np.asarray(self.ids.get_indexer(pd.Index(ids)), dtype=np.int64)


def number_people(tables: Mapping[str, SourceTable]) -> tuple[dict[str, SourceTable], People]:
    """Return the tables with the number of each row's participant, and everybody by number."""
    if not tables:
        return {}, People(pd.Index([], dtype="str"))
    codes, ids = pd.factorize(pd.concat([table.ids.astype("str") for table in tables.values()], ignore_index=True))
    ends = np.cumsum([len(table.ids) for table in tables.values()])
    parts = np.split(codes.astype(np.int64), ends[:-1])
    numbered = {name: replace(table, person=part) for (name, table), part in zip(tables.items(), parts, strict=True)}
    return numbered, People(pd.Index(ids))
