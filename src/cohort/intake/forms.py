"""What is told of the form of a file: how its text was recognised, and which rows and cells could not be read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cohort.intake.record import Record
from cohort.intake.tables import RawFile, SourceFile

_SIGNS = {"\t": "tab", ",": "comma", ";": "semicolon", ".": "point", "|": "bar", " ": "blank"}
_NOTED_APART = ("sheet",)


def report_form(file: SourceFile, raw: RawFile, record: Record) -> None:
    """Write into the ledger how a file was recognised, and quarantine rows that do not fit its header.

    Parameters
    ----------
    file, raw
        The file and its content.
    record
        Takes the lines of the ledger, and the rows.
    """
    found = [f"{item} {_written(getattr(file, item))}" for item in file.recognised if item not in _NOTED_APART]
    if found:
        _note(file, f"{', '.join(found)} recognised, not declared", "info", record)
    for text in raw.notes:
        _note(file, text, "warning", record)
    if raw.ragged:
        row = np.array([number for number, _ in raw.ragged], dtype=np.int64)
        reason = "the row has another number of fields than the header"
        content = [fields for _, fields in raw.ragged]
        record.quarantine(
            file=file.name, source=file.source, row=row, ids=None, rule="ragged_row", reason=reason, content=content
        )
        record.settle(file.name, file.source, row, ids=None, status="quarantined", reason=reason)
        record.note(
            rule="ragged_row",
            severity="error",
            action="quarantine",
            table="",
            reason=reason,
            file=file.name,
            row=row.tolist(),
        )


def report_unreadable(file: SourceFile, raw: RawFile, ids: pd.Series, record: Record) -> None:
    """Quarantine cells that hold an error of the program that wrote them; the rest of their row stays.

    Parameters
    ----------
    file, raw
        The file and its content.
    ids
        Participant of each row of the content.
    record
        Takes cells and lines of the ledger.
    """
    if not raw.unreadable:
        return
    person: Mapping[int, str] = dict(zip(raw.row.tolist(), ids.tolist(), strict=True))
    numbers = np.array([number for number, _, _ in raw.unreadable], dtype=np.int64)
    people = [None if pd.isna(person[number]) else person[number] for number in numbers.tolist()]
    reason = "the cell holds an error of a formula in place of a value"
    record.quarantine(
        file=file.name,
        source=file.source,
        row=numbers,
        ids=people,
        rule="cell_error",
        reason=reason,
        content=[{column: text} for _, column, text in raw.unreadable],
    )
    record.note(
        rule="cell_error",
        severity="warning",
        action="quarantine",
        table="",
        reason=reason,
        file=file.name,
        participant_id=people,
        row=numbers.tolist(),
    )


def _note(file: SourceFile, text: str, severity: str, record: Record) -> None:
    record.note(
        rule="text_form",
        severity=severity,
        action="flag",
        table="",
        reason=f"{file.path}: {text}",
        file=file.name,
        count=file.rows,
    )


def _written(sign: str | None) -> str:
    return _SIGNS.get(str(sign), str(sign))
