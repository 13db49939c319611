"""Reading delimited text: encoding, delimiter and decimal sign, declared or recognised, and rows that don't fit."""

from __future__ import annotations

import csv
import io
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from cohort.errors import InputDataError, Problem
from cohort.intake.dialect import (
    DecimalSigns,
    decimal_notes,
    recognised_decimals,
    recognised_delimiter,
    stated_delimiter,
)
from cohort.intake.tables import IntArray, RawFile
from cohort.intake.text_encoding import accents, decode
from cohort.study_file import DataFile

Rename: TypeAlias = Callable[[list[str]], list[str]]
_Rows: TypeAlias = tuple[pd.DataFrame, IntArray, list[tuple[int, list[str]]]]

_QUOTE = '"'
_CHUNK = 100_000
_BLOCK = 4_000_000
"""Bytes that Arrow reads at a time; each block brings dictionaries of its own, to be made one."""
_PROBE = 1_000_000
_UNLIKE = 0.8
"""A column with more distinct cells than this share of its first rows is kept as text."""
_HEAD = 1_000_000
"""So much of a text is looked at for its header; a header without quotation marks that is longer is not one."""


def read_text_file(
    content: bytes, path: str, declared: DataFile, delimiter: str | None = None, rename: Rename | None = None
) -> RawFile:
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
    rename
        What becomes of the names of the header, where a folder's data dictionary knows them better.

    Raises
    ------
    InputDataError
        If the text can't be decoded, has no header, or a quotation mark is never closed.
    """
    decoded = decode(content, path, declared.encoding)
    stated, text = stated_delimiter(decoded.text)
    decoded = replace(decoded, text="")  # a large text is held once
    if not text or text.isspace():
        raise InputDataError([Problem(path, "the file is empty.", "Export it again.")])
    stated = declared.delimiter or stated or delimiter
    delimiter = stated or recognised_delimiter(text)
    header, lines = _first_record(text, path, delimiter, rename)
    seen = accents(text) if decoded.is_recognised else ""
    whole = None
    if _QUOTE not in text:
        if not (decoded.encoding == "utf-8" and len(text) == len(content)):
            content = text.encode("utf-8")
        text = ""  # a large text is held once
        whole = _unquoted(content, delimiter, header, lines)
        text = content.decode("utf-8") if whole is None else ""
    if whole is None:
        records = _records(text, path, delimiter)
        next(records)
        whole = _checked(records, header)
    frame, row, ragged = whole
    if not len(frame) and not ragged:
        raise InputDataError([Problem(path, "the file has a header and no rows.", "Export it again.")])
    decimals = DecimalSigns(declared.decimal) if declared.decimal else recognised_decimals(frame)
    sniffed = {"encoding": not decoded.is_recognised, "delimiter": stated, "decimal": declared.decimal}
    return RawFile(
        frame=frame,
        row=row,
        ragged=tuple(ragged),
        encoding=decoded.encoding,
        delimiter=delimiter,
        decimal=decimals.sign,
        decimals=decimals.columns,
        sniffed=tuple(name for name, is_given in sniffed.items() if not is_given),
        notes=_notes(decoded.encoding, seen, decimals),
    )


def _notes(encoding: str, accents_seen: str, decimals: DecimalSigns) -> tuple[str, ...]:
    """Return what an analyst should look at, since it was recognised and may be wrong."""
    notes = []
    if accents_seen:
        notes.append(
            f"the text is not UTF-8 and was read as {encoding}: see whether these are its letters: {accents_seen}"
        )
    return (*notes, *decimal_notes(decimals))


def _first_record(text: str, path: str, delimiter: str, rename: Rename | None) -> tuple[list[str], int]:
    """Return the names of the header, and how many lines it takes to pass it: blank ones before it count."""
    start = text[:_HEAD]
    header = next(_records(start if _QUOTE not in start else text, path, delimiter))
    blank = itertools.takewhile(lambda line: not line.strip("\r\n"), io.StringIO(start, newline=""))
    return _header(header, path, rename), sum(1 for _ in blank) + 1


def _unquoted(content: bytes, delimiter: str, header: list[str], lines: int) -> _Rows | None:
    """Return the rows of a text without quotation marks, read by Arrow; None when some row does not fit the header.

    Many times as fast as :func:`_checked`, which then tells the rows that do not fit. Columns are categories, so that a
    cell that occurs a million times is held, and later read, once; but for columns in which hardly any cell repeats.
    """
    names = [str(index) for index in range(len(header))]
    try:
        kinds = _arrow_kinds(content[:_PROBE].rpartition(b"\n")[0], delimiter, names, lines)
        table = _arrow_table(content, delimiter, names, lines, kinds)
    except pa.ArrowInvalid:
        return None
    columns = {}
    for name in names:
        columns[name] = _as_column(table.column(name))
        table = table.drop_columns(name)  # its memory is free again
    pa.default_memory_pool().release_unused()  # Arrow keeps what it frees; of a large file that is much
    frame = pd.DataFrame(columns, copy=False)
    frame.columns = pd.Index(header, dtype="object")
    return frame, np.arange(1, len(frame) + 1, dtype=np.int64), []


def _arrow_table(
    content: bytes, delimiter: str, names: list[str], lines: int, kinds: dict[str, pa.DataType]
) -> pa.Table:
    return arrow_csv.read_csv(
        pa.BufferReader(content),
        read_options=arrow_csv.ReadOptions(column_names=names, skip_rows=lines, block_size=_BLOCK),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, quote_char=False),
        convert_options=arrow_csv.ConvertOptions(column_types=kinds, strings_can_be_null=False),
    )


def _arrow_kinds(start: bytes, delimiter: str, names: list[str], lines: int) -> dict[str, pa.DataType]:
    """Return the Arrow type of each column: text where the start of the file hardly repeats a cell, else a dictionary.

    Reading gives the same cells either way.
    """
    texts = dict.fromkeys(names, pa.string())
    coded = pa.dictionary(pa.int32(), pa.string())
    if start.count(b"\n") <= lines:
        return dict.fromkeys(names, coded)
    sample = _arrow_table(start, delimiter, names, lines, texts)
    return {
        name: pa.string() if pc.count_distinct(sample.column(name)).as_py() > _UNLIKE * sample.num_rows else coded
        for name in names
    }


def _as_column(cells: pa.ChunkedArray) -> pd.Series:
    """Return a column of an Arrow table as text, or as a category of texts."""
    if not pa.types.is_dictionary(cells.type):
        return pd.Series(pd.arrays.ArrowStringArray(cells.cast(pa.large_string()))).astype("str")
    cells = cells.unify_dictionaries()
    words = pd.Index(cells.chunk(0).dictionary.to_pandas() if cells.num_chunks else [], dtype="str")
    codes = [chunk.indices.to_numpy() for chunk in cells.chunks]
    kind = pd.CategoricalDtype(words)
    whole = np.concatenate(codes) if codes else np.empty(0, dtype=np.int32)
    return pd.Series(pd.Categorical.from_codes(whole, dtype=kind, validate=False))


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


def _header(record: list[str], path: str, rename: Rename | None) -> list[str]:
    names = [name.strip() for name in record]
    names = names if rename is None else rename(names)
    repeated = [name for name, count in Counter(names).items() if count > 1 and name]
    if repeated:
        what = f"the header names {', '.join(repr(name) for name in repeated[:5])} more than once."
        raise InputDataError([Problem(path, what, "Give each column a name of its own.")])
    return [name or f"unnamed_{index}" for index, name in enumerate(names, start=1)]
