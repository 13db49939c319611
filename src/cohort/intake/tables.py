"""What intake works on and what it hands over: source files, source tables and the raw cohort."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.intake.cells import Numbers, codes_of, numbers_of
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
    encoding, delimiter, decimal
        How its text was read; None for binary formats.
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
        Which of encoding, delimiter and decimal were recognised rather than declared.
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
    decimal
        Decimal sign of texts.
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
    _codes: dict[str, pd.Series] = field(default_factory=dict, repr=False, compare=False)
    _numbers: dict[str, Numbers] = field(default_factory=dict, repr=False, compare=False)

    @property
    def is_stacked(self) -> bool:
        """Return whether the entry has several files."""
        return len(self.columns) > 1

    def codes(self, column: str) -> pd.Series:
        """Return a column as codes; ``source`` names the file of a row unless the file has a column of that name."""
        if column not in self._codes:
            own = column in self.frame.columns
            codes = codes_of(self.frame[column] if own else self.source)
            if self.decimal == ",":
                codes = codes.str.replace(_WHOLE_WITH_COMMA, r"\1", regex=True)
            self._codes[column] = codes
        return self._codes[column]

    def numbers(self, column: str) -> Numbers:
        """Return a column as numbers with their censoring."""
        if column not in self._numbers:
            self._numbers[column] = numbers_of(self.frame[column], self.decimal)
        return self._numbers[column]

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
