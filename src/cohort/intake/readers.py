"""One dispatch table from a file format to its reader; a reader returns cells untouched."""

from __future__ import annotations

import gzip
import hashlib
import io
import tempfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat

from cohort.errors import InputDataError, Problem
from cohort.intake.cells import code_text
from cohort.intake.tables import RawFile
from cohort.intake.text_files import read_text_file
from cohort.intake.xport import transport_fault
from cohort.study_file import DataFile

Reader = Callable[[bytes, str, DataFile], RawFile]


def _raw(frame: pd.DataFrame, **more: Any) -> RawFile:
    frame = frame.reset_index(drop=True)
    frame.columns = pd.Index([str(name) for name in frame.columns], dtype="object")
    return RawFile(frame=frame, row=np.arange(1, len(frame) + 1, dtype=np.int64), **more)


def _tsv(content: bytes, path: str, declared: DataFile) -> RawFile:
    return read_text_file(content, path, declared, delimiter="\t")


def _parquet(content: bytes, path: str, declared: DataFile) -> RawFile:
    del path, declared
    frame = pd.read_parquet(io.BytesIO(content)).reset_index(drop=True)
    levels = frame.select_dtypes("category").columns
    return _raw(frame.astype(dict.fromkeys(levels, "object")))


def _xlsx(content: bytes, path: str, declared: DataFile) -> RawFile:
    try:
        frame = pd.read_excel(
            io.BytesIO(content), sheet_name=declared.sheet or 0, dtype=object, keep_default_na=False, engine="openpyxl"
        )
    except ImportError as error:
        fix = "Install openpyxl, or save the sheet as CSV."
        raise InputDataError([Problem(path, "reading xlsx needs the package openpyxl.", fix)]) from error
    return _raw(frame)


def _from_disk(content: bytes, ending: str, read: Callable[[str], tuple[pd.DataFrame, Any]]) -> Any:
    """Return what a reader that wants a path makes of bytes that were read once, so that hash and content agree."""
    with tempfile.TemporaryDirectory(prefix="cohort-") as folder:
        path = Path(folder) / f"file.{ending}"
        path.write_bytes(content)
        return read(str(path))


def _value_labels(meta: Any) -> dict[str, dict[str, str]]:
    return {
        column: {code: str(label).strip() for value, label in labels.items() if (code := code_text(value)) is not None}
        for column, labels in meta.variable_value_labels.items()
    }


def _xpt(content: bytes, path: str, declared: DataFile) -> RawFile:
    fault = transport_fault(content)
    if fault:
        raise InputDataError([Problem(path, fault, "Copy or download the file again.")])
    frame, _ = _from_disk(content, "xpt", lambda p: pyreadstat.read_xport(p, encoding=declared.encoding))
    return _raw(frame)


def _sas7bdat(content: bytes, path: str, declared: DataFile) -> RawFile:
    del path
    frame, meta = _from_disk(content, "sas7bdat", lambda p: pyreadstat.read_sas7bdat(p, encoding=declared.encoding))
    return _raw(frame, encoding=meta.file_encoding)


def _dta(content: bytes, path: str, declared: DataFile) -> RawFile:
    del path
    frame, meta = _from_disk(content, "dta", lambda p: pyreadstat.read_dta(p, encoding=declared.encoding))
    return _raw(frame, labels=_value_labels(meta), encoding=meta.file_encoding)


def _sav(content: bytes, path: str, declared: DataFile) -> RawFile:
    del path
    frame, meta = _from_disk(
        content, "sav", lambda p: pyreadstat.read_sav(p, encoding=declared.encoding, user_missing=True)
    )
    labels = _value_labels(meta)
    return _raw(frame, labels=labels, missing=_user_missing(frame, meta, labels), encoding=meta.file_encoding)


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


FORMATS: dict[str, Reader] = {
    "csv": read_text_file,
    "tsv": _tsv,
    "parquet": _parquet,
    "xpt": _xpt,
    "sas7bdat": _sas7bdat,
    "sav": _sav,
    "dta": _dta,
    "xlsx": _xlsx,
}
"""The reader of each format of a single file; a new format is one entry here."""

_ENDINGS = {"txt": "csv", "zsav": "sav", "pq": "parquet", "xport": "xpt"}


def format_of(path: str) -> str | None:
    """Return the format that the ending of a path tells, ``.gz`` apart; None for an unknown one.

    Examples
    --------
    >>> format_of("P_DEMO.XPT"), format_of("lab.csv.gz"), format_of("notes.docx")
    ('xpt', 'csv', None)
    """
    name = path.lower().removesuffix(".gz")
    ending = name.rsplit(".", 1)[-1] if "." in name else ""
    ending = _ENDINGS.get(ending, ending)
    return ending if ending in FORMATS else None


def read_file(file: Path, path: str, declared: DataFile, file_format: str | None = None) -> tuple[RawFile, str, str]:
    """Return the content of one file, the format it was read as, and the SHA-256 of its bytes.

    Parameters
    ----------
    file
        Where it lies.
    path
        Its path as the study writes it, for messages.
    declared
        What the study says of it.
    file_format
        The format, when neither the study nor the ending of the path tells it.

    Raises
    ------
    InputDataError
        If the file is missing, empty, cut short, or not what its format says.
    """
    chosen = file_format or declared.format or format_of(path)
    if chosen not in FORMATS:
        fix = f"Declare one with 'format:', one of {', '.join(FORMATS)}."
        raise InputDataError([Problem(path, "its ending tells no known format.", fix)])
    content = _bytes_of(file, path)
    digest = hashlib.sha256(content).hexdigest()
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(content, path)
    if not content:
        raise InputDataError([Problem(path, "the file is empty.", "Copy or export it again.")])
    try:
        raw = FORMATS[chosen](content, path, declared)
    except InputDataError:
        raise
    except Exception as error:  # each library raises errors of its own for a damaged file
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        what = f"it cannot be read as {chosen} ({reason.rstrip('.')})."
        raise InputDataError([Problem(path, what, "It may be cut short or of another format.")]) from error
    if raw.frame.empty and not raw.ragged:
        raise InputDataError([Problem(path, "the file has no rows.", "Export it again.")])
    return raw, chosen, digest


def _bytes_of(file: Path, path: str) -> bytes:
    if file.is_dir():
        fix = "Name a file in it, or declare 'format: bids' or 'format: redcap'."
        raise InputDataError([Problem(path, "it is a folder, and a file is expected.", fix)])
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputDataError([Problem(path, f"the file cannot be opened ({error.strerror}).")]) from error


def _unpacked(content: bytes, path: str) -> bytes:
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        what = "the compressed file is damaged or cut short."
        raise InputDataError([Problem(path, what, "Copy or download it again.")]) from error
