"""One dispatch table from a file format to its reader; a reader returns cells untouched."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cohort.errors import InputDataError, Problem
from cohort.intake.dialect import decimal_notes, recognised_decimals
from cohort.intake.spreadsheets import read_xlsx
from cohort.intake.statistical_files import read_dta, read_sas7bdat, read_sav, read_xpt
from cohort.intake.tables import RawFile, raw_file
from cohort.intake.text_files import Rename, read_text_file
from cohort.study_file import DataFile

Reader = Callable[[bytes, str, DataFile], RawFile]


def _tsv(content: bytes, path: str, declared: DataFile) -> RawFile:
    return read_text_file(content, path, declared, delimiter="\t")


def _parquet(content: bytes, path: str, declared: DataFile) -> RawFile:
    del path, declared
    frame = pd.read_parquet(io.BytesIO(content)).reset_index(drop=True)
    levels = frame.select_dtypes("category").columns
    return raw_file(frame.astype(dict.fromkeys(levels, "object")))


FORMATS: dict[str, Reader] = {
    "csv": read_text_file,
    "tsv": _tsv,
    "parquet": _parquet,
    "xpt": read_xpt,
    "sas7bdat": read_sas7bdat,
    "sav": read_sav,
    "dta": read_dta,
    "xlsx": read_xlsx,
}
"""The reader of each format of a single file; a new format is one entry here."""

_ENDINGS = {"txt": "csv", "zsav": "sav", "pq": "parquet", "xport": "xpt", "xlsm": "xlsx", "tab": "tsv"}


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


def read_file(
    file: Path, path: str, declared: DataFile, file_format: str | None = None, rename: Rename | None = None
) -> tuple[RawFile, str, str]:
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
    rename
        What becomes of the names in the header of a text file.

    Raises
    ------
    InputDataError
        If the file is missing, empty, cut short, or not what its format says.
    """
    chosen = file_format or declared.format or format_of(path)
    if chosen not in FORMATS:
        fix = f"Declare one with 'format:', one of {', '.join(FORMATS)}."
        if path.lower().endswith((".xls", ".ods")):
            fix = "Save the workbook as xlsx."
        raise InputDataError([Problem(path, "its ending tells no known format.", fix)])
    content = _bytes_of(file, path)
    digest = hashlib.sha256(content).hexdigest()
    if content[:2] == b"\x1f\x8b":
        content = _unpacked(content, path)
    if not content:
        raise InputDataError([Problem(path, "the file is empty.", "Copy or export it again.")])
    try:
        if rename is not None and chosen == "csv":
            raw = read_text_file(content, path, declared, rename=rename)
        else:
            raw = _with_decimals(FORMATS[chosen](content, path, declared), declared)
    except InputDataError:
        raise
    except Exception as error:  # each library raises errors of its own for a damaged file
        reason = str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__
        what = f"it cannot be read as {chosen} ({reason.rstrip('.')})."
        raise InputDataError([Problem(path, what, "It may be cut short or of another format.")]) from error
    if raw.frame.empty and not raw.ragged:
        raise InputDataError([Problem(path, "the file has no rows.", "Export it again.")])
    return raw, chosen, digest


def _with_decimals(raw: RawFile, declared: DataFile) -> RawFile:
    """Return a file with the decimal sign of its texts, where its reader did not look for it already."""
    if raw.decimal is not None:
        return raw
    if declared.decimal is not None:
        return replace(raw, decimal=declared.decimal)
    decimals = recognised_decimals(raw.frame)
    if not decimals.is_seen:
        return raw
    notes = (*raw.notes, *decimal_notes(decimals))
    sniffed = (*raw.sniffed, "decimal")
    return replace(raw, decimal=decimals.sign, decimals=decimals.columns, sniffed=sniffed, notes=notes)


def _bytes_of(file: Path, path: str) -> bytes:
    if file.is_dir():
        fix = "Name a file in it, or declare 'format: bids' or 'format: redcap'."
        raise InputDataError([Problem(path, "it is a folder, and a file is expected.", fix)])
    if not file.is_file():  # a pipe or a device may never end
        raise InputDataError([Problem(path, "it is no regular file.", "Name a file with data.")])
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
