"""Reading files of statistical packages: SPSS, Stata and SAS, with their value labels and missing values."""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat

from cohort.errors import InputDataError, Problem
from cohort.intake.cells import code_text
from cohort.intake.sav_dictionary import dictionary_fault
from cohort.intake.tables import RawFile, raw_file
from cohort.intake.text_encoding import accents
from cohort.intake.xport import special_missing, transport_fault
from cohort.study_file import DataFile

_WESTERN = "cp1252"
_STATA_WITH_UTF8 = 118
_STATA_RELEASE = re.compile(rb"<stata_dta><header><release>(\d+)</release>")


def read_sav(content: bytes, path: str, declared: DataFile) -> RawFile:
    """Return the content of an SPSS file; codes that it declares missing itself keep their label as the reason."""
    fault = dictionary_fault(content)
    if fault:
        raise InputDataError([Problem(path, fault, "Copy it again, or export it again.")])
    frame, meta = _from_disk(
        content, "sav", lambda p: pyreadstat.read_sav(p, encoding=declared.encoding, user_missing=True)
    )
    labels = _value_labels(meta)
    encoding = declared.encoding or _name_of(meta.file_encoding)
    return raw_file(frame, labels=labels, missing=_user_missing(frame, meta, labels), encoding=encoding)


def read_dta(content: bytes, path: str, declared: DataFile) -> RawFile:
    """Return the content of a Stata file; extended missing values stand as ``.a`` to ``.z``, with labels as reasons.

    Notes
    -----
    Stata has stored text as UTF-8 since release 14. An older file does not tell its encoding; cp1252 is assumed, and
    that is told when there are letters beyond ASCII.
    """
    del path
    frame, meta = _from_disk(
        content, "dta", lambda p: pyreadstat.read_dta(p, encoding=declared.encoding, user_missing=True)
    )
    labels = _value_labels(meta, extended=True)
    frame, missing = _extended_missing(frame, meta, labels)
    if declared.encoding is None and _stata_release(content) < _STATA_WITH_UTF8:
        return raw_file(frame, labels=labels, missing=missing, **_assumed(frame, labels))
    return raw_file(frame, labels=labels, missing=missing, encoding=declared.encoding or "utf-8")


def read_sas7bdat(content: bytes, path: str, declared: DataFile) -> RawFile:
    """Return the content of a SAS data set; special missing values stand as ``.A`` to ``.Z``."""
    del path
    frame, meta = _from_disk(
        content, "sas7bdat", lambda p: pyreadstat.read_sas7bdat(p, encoding=declared.encoding, user_missing=True)
    )
    frame, missing = _extended_missing(frame, meta, {})
    return raw_file(frame, missing=missing, encoding=declared.encoding or _name_of(meta.file_encoding))


def read_xpt(content: bytes, path: str, declared: DataFile) -> RawFile:
    """Return the content of a SAS transport file; special missing values stand as ``.A`` to ``.Z``.

    A transport file does not tell its encoding: text that is not UTF-8 is read as cp1252, and that is told.
    """
    fault = transport_fault(content)
    if fault:
        raise InputDataError([Problem(path, fault, "Copy or download the file again.")])
    more: dict[str, Any] = {"encoding": declared.encoding}
    try:
        frame, _ = _from_disk(content, "xpt", lambda p: pyreadstat.read_xport(p, encoding=declared.encoding))
    except UnicodeDecodeError:
        if declared.encoding is not None:
            raise
        frame, _ = _from_disk(content, "xpt", lambda p: pyreadstat.read_xport(p, encoding=_WESTERN))
        more = _assumed(frame, {})
    missing: dict[str, dict[str, str]] = {}
    for number, rows, marks in special_missing(content, len(frame)):
        name = frame.columns[number]
        frame[name] = _with_marks(frame[name], rows, marks)
        missing[str(name)] = {mark: _reason(mark) for mark in dict.fromkeys(marks)}
    return raw_file(frame, missing=missing, **more)


def _from_disk(content: bytes, ending: str, read: Callable[[str], tuple[pd.DataFrame, Any]]) -> Any:
    """Return what a reader that wants a path makes of bytes that were read once, so that hash and content agree."""
    with tempfile.TemporaryDirectory(prefix="cohort-") as folder:
        path = Path(folder) / f"file.{ending}"
        path.write_bytes(content)
        with warnings.catch_warnings():
            # The reader gives the second of two columns of one name another name; no sound file has such columns.
            warnings.filterwarnings("error", message=".*is duplicated", category=UserWarning)
            return read(str(path))


def _value_labels(meta: Any, *, extended: bool = False) -> dict[str, dict[str, str]]:
    """Return the label of each code; those of extended missing values under ``.a``."""
    return {
        column: {
            f".{value}" if extended and isinstance(value, str) else code: str(label).strip()
            for value, label in labels.items()
            if (code := code_text(value)) is not None
        }
        for column, labels in meta.variable_value_labels.items()
    }


def _user_missing(frame: pd.DataFrame, meta: Any, labels: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the codes that an SPSS file itself declares missing, with their labels as reasons."""
    found: dict[str, dict[str, str]] = {}
    for column, ranges in meta.missing_ranges.items():
        for value in pd.unique(frame[column].dropna()):
            code = code_text(value)
            if code is not None and any(_within(value, bounds["lo"], bounds["hi"]) for bounds in ranges):
                found.setdefault(column, {})[code] = labels.get(column, {}).get(code, "declared missing in the file")
    return found


def _within(value: Any, low: Any, high: Any) -> bool:
    if isinstance(value, str) or isinstance(low, str):
        return str(value).strip() == str(low).strip()
    return bool(low <= value <= high)


def _extended_missing(
    frame: pd.DataFrame, meta: Any, labels: Mapping[str, Mapping[str, str]]
) -> tuple[pd.DataFrame, dict[str, dict[str, str]]]:
    """Return a table in which extended missing values are written as the package does, and the reason of each."""
    missing: dict[str, dict[str, str]] = {}
    for column in meta.missing_user_values:
        is_mark = frame[column].map(lambda cell: isinstance(cell, str)).to_numpy(dtype=bool)
        marks = [f".{letter}" for letter in frame[column][is_mark]]
        if marks:
            frame[column] = _with_marks(frame[column], is_mark.nonzero()[0], marks)
            own = labels.get(column, {})
            missing[column] = {mark: own.get(mark, _reason(mark)) for mark in dict.fromkeys(marks)}
    return frame, missing


def _with_marks(column: pd.Series, rows: Any, marks: Iterable[str]) -> pd.Series:
    cells = column.astype(object).to_numpy(copy=True)
    cells[rows] = list(marks)
    return pd.Series(cells, index=column.index, dtype=object)


def _reason(mark: str) -> str:
    return f"missing value {mark} of the file"


def _name_of(encoding: str | None) -> str | None:
    return None if encoding is None else encoding.lower().replace("windows-", "cp")


def _stata_release(content: bytes) -> int:
    match = _STATA_RELEASE.match(content)
    return int(match.group(1)) if match else content[0]


def _assumed(frame: pd.DataFrame, labels: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return how text without a declared encoding was read; nothing to tell when it is all ASCII."""
    texts = [str(label) for meanings in labels.values() for label in meanings.values()]
    for column in frame.columns:
        if frame[column].dtype.kind not in "biufMm":
            texts += [cell for cell in frame[column].unique() if isinstance(cell, str)]
    letters = accents("".join(texts))
    if not letters:
        return {"encoding": None}
    note = f"the file tells no encoding and was read as {_WESTERN}: see whether these are its letters: {letters}"
    return {"encoding": _WESTERN, "sniffed": ("encoding",), "notes": (note,)}
