"""Reading delimited text: encoding, delimiter and decimal sign, declared or recognised, and rows that don't fit."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from cohort.errors import InputDataError, Problem
from cohort.intake.tables import IntArray, RawFile
from cohort.study_file import DataFile

_Rows: TypeAlias = tuple[pd.DataFrame, IntArray, list[tuple[int, list[str]]]]

_QUOTE = '"'
_CHUNK = 100_000
_SAMPLE = 2_000
_DELIMITERS = ",;\t"
_COMMA_NUMBER = re.compile(r"[<>]?=?\s*[+-]?\d*,\d+")
_POINT_NUMBER = re.compile(r"[<>]?=?\s*[+-]?\d*\.\d+")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+")


def read_text_file(content: bytes, path: str, declared: DataFile, delimiter: str | None = None) -> RawFile:
    """Return the content of a CSV or TSV file; every cell is text.

    Parameters
    ----------
    content
        The bytes, already unpacked.
    path
        Name of the file in messages.
    declared
        What the study says of the file.
    delimiter
        Delimiter that the format implies.

    Raises
    ------
    InputDataError
        If the text can't be decoded, has no header, or a quotation mark is never closed.
    """
    text = _decoded(content, path, declared.encoding)
    if not text.strip():
        raise InputDataError([Problem(path, "the file is empty.", "Export it again.")])
    stated = declared.delimiter or delimiter
    delimiter = stated or _recognised_delimiter(text)
    records = _records(text, path, delimiter)
    header = _header(next(records), path)
    whole = None if _QUOTE in text else _unquoted(text, delimiter, header)
    frame, row, ragged = _checked(records, header) if whole is None else whole
    if not len(frame) and not ragged:
        raise InputDataError([Problem(path, "the file has a header and no rows.", "Export it again.")])
    sniffed = [name for name, given in (("delimiter", stated), ("decimal", declared.decimal)) if not given]
    return RawFile(
        frame=frame,
        row=row,
        ragged=tuple(ragged),
        encoding=declared.encoding or "utf-8",
        delimiter=delimiter,
        decimal=declared.decimal or _recognised_decimal(frame.head(_SAMPLE)),
        sniffed=tuple(sniffed),
    )


def _unquoted(text: str, delimiter: str, header: list[str]) -> _Rows | None:
    """Return the rows of a text without quotation marks, read by Arrow; None when some row does not fit the header.

    Five times as fast as :func:`_checked`, which then tells the rows that do not fit.
    """
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(text.encode("utf-8")),
            read_options=arrow_csv.ReadOptions(column_names=header, skip_rows=_header_lines(text)),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    frame = table.to_pandas(types_mapper={pa.string(): pd.StringDtype(na_value=np.nan)}.get)
    return frame, np.arange(1, len(frame) + 1, dtype=np.int64), []


def _header_lines(text: str) -> int:
    """Return how many lines to skip to pass the header: blank ones before it count."""
    blank = itertools.takewhile(lambda line: not line.strip("\r\n"), io.StringIO(text, newline=""))
    return sum(1 for _ in blank) + 1


def _checked(records: Iterator[list[str]], header: list[str]) -> _Rows:
    """Return the rows that have as many fields as the header, their numbers, and those that have not."""
    width, number = len(header), 0
    chunks: list[pd.DataFrame] = []
    rows: list[IntArray] = []
    ragged: list[tuple[int, list[str]]] = []
    while chunk := list(itertools.islice(records, _CHUNK)):
        numbers = np.arange(number + 1, number + 1 + len(chunk), dtype=np.int64)
        number += len(chunk)
        fits = np.array([len(record) == width for record in chunk])
        ragged += [(int(numbers[i]), chunk[i]) for i in np.flatnonzero(~fits)]
        kept = list(itertools.compress(chunk, fits))
        columns = zip(*kept, strict=True) if kept else [[] for _ in header]
        chunks.append(pd.DataFrame({i: pd.Series(c, dtype="str") for i, c in enumerate(columns)}))
        rows.append(numbers[fits])
    if not chunks:
        return pd.DataFrame(columns=header, dtype="str"), np.empty(0, dtype=np.int64), []
    frame = pd.concat(chunks, ignore_index=True)
    frame.columns = pd.Index(header, dtype="object")
    return frame, np.concatenate(rows), ragged


def _decoded(content: bytes, path: str, encoding: str | None) -> str:
    try:
        return content.decode(encoding or "utf-8-sig")
    except LookupError as error:
        fix = "Use a name such as utf-8, cp1252 or latin-1."
        raise InputDataError([Problem(path, f"'{encoding}' is no known encoding.", fix)]) from error
    except UnicodeDecodeError as error:
        what = f"the text is not {encoding or 'utf-8'} (byte {error.start:,} cannot be read)."
        raise InputDataError([Problem(path, what, "Declare its encoding, such as 'encoding: cp1252'.")]) from error


def _records(text: str, path: str, delimiter: str) -> Iterator[list[str]]:
    """Yield the records that are not blank lines."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        for record in reader:
            if record:
                yield record
    except csv.Error as error:
        what = f"the text cannot be read from line {reader.line_num:,} on ({error})."
        fix = "A quotation mark may not be closed, or the file was cut short: export it again."
        raise InputDataError([Problem(path, what, fix)]) from error


def _header(record: list[str], path: str) -> list[str]:
    names = [name.strip() for name in record]
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated:
        what = f"the header names {', '.join(repr(name) for name in repeated[:5])} more than once."
        raise InputDataError([Problem(path, what, "Give each column a name of its own.")])
    return [name or f"unnamed_{index}" for index, name in enumerate(names, start=1)]


def _recognised_delimiter(text: str) -> str:
    """Return the sign of ``, ; tab`` that splits the first lines into the same number of fields, the most of them."""
    lines = text[:65_536].splitlines()[:50]
    complete = lines if len(text) <= 65_536 or len(lines) < 2 else lines[:-1]

    def score(delimiter: str) -> tuple[float, int]:
        widths = [len(record) for record in csv.reader(complete, delimiter=delimiter) if record]
        return (sum(width == widths[0] for width in widths) / len(widths), widths[0]) if widths[0] > 1 else (0.0, 1)

    return max(_DELIMITERS, key=score)


def _recognised_decimal(sample: pd.DataFrame) -> str:
    """Return the decimal sign of a sample of rows; a point unless commas alone occur, and not as thousands."""
    cells = {str(cell).strip() for column in sample for cell in sample[column].unique()}
    if any(_POINT_NUMBER.fullmatch(cell) for cell in cells):
        return "."
    commas = [cell for cell in cells if _COMMA_NUMBER.fullmatch(cell)]
    return "," if any(not _THOUSANDS.fullmatch(cell) for cell in commas) else "."
