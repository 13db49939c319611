"""Keys of rows as numbers: identifiers and labels are kept once while rules run, and written out at the end.

Comparing ten million texts is slow and comparing their numbers is not, so that text columns are categories between
:func:`coded` and :class:`CleanTables`. The identifiers of all tables share one list of categories, and a person has the
same number everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cohort.cleaning.rule import Column, Tables
from cohort.codebook import Codebook

IntArray = npt.NDArray[np.int64]
Codes = npt.NDArray[np.integer[Any]]
PERSON = "participant_id"
_DENSE = 16
"""A table of all possible keys may have this many times the rows that there are; beyond it, keys are hashed."""

_PART = 2**17
"""Rows that are looked at at once where one part may tell: so many fit into a processor's own memory."""
_ROW_GROUP = 2**20
"""Rows of one group of a parquet file, as pyarrow has them unless told otherwise."""


def coded(tables: Tables, codebook: Codebook) -> dict[str, pd.DataFrame]:
    """Return tables whose text columns are categories, those of identifiers with one list of categories for all.

    Does not modify the original.

    Parameters
    ----------
    tables
        Canonical tables with ``string`` columns or categories.
    codebook
        Which columns are text.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> people = pd.DataFrame({"participant_id": pd.array(["b", "a"], dtype="string")})
    >>> visits = pd.DataFrame({"participant_id": pd.array(["a", "b"], dtype="string"), "visit": ["t0", "t0"]})
    >>> tables = coded({"participants": people, "visits": visits}, load_codebook())
    >>> [table["participant_id"].cat.codes.tolist() for table in tables.values()]
    [[0, 1], [1, 0]]
    """
    ids = _shared([frame[PERSON] for frame in tables.values()])
    result = {}
    for (name, frame), own in zip(tables.items(), ids, strict=True):
        texts = {column: frame[column].astype("category") for column in _texts(frame, name, codebook)}
        result[name] = frame.assign(**{**texts, PERSON: own.set_axis(frame.index)})
    return result


class CleanTables(Mapping[str, pd.DataFrame]):
    """Tables whose texts are text to whoever asks for one, and numbers until then.

    Text of a million people takes a gigabyte and is asked for by an analysis, not by the writing of files, which makes
    it for some rows at a time.

    Parameters
    ----------
    tables
        Tables as :func:`coded` made them.
    codebook
        Which columns are text.
    """

    def __init__(self, tables: Tables, codebook: Codebook) -> None:
        self._coded = dict(tables)
        self._texts = {name: _texts(frame, name, codebook) for name, frame in tables.items()}
        self._written: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table with its texts written out."""
        if name not in self._written:
            frame = self._coded[name]
            self._written[name] = frame.assign(**{column: as_text(frame[column]) for column in self._texts[name]})
        return self._written[name]

    def __iter__(self) -> Iterator[str]:
        """Return the names of the tables."""
        return iter(self._coded)

    def __len__(self) -> int:
        """Return how many tables there are."""
        return len(self._coded)

    def columns(self, name: str) -> list[str]:
        """Return the columns of a table."""
        return list(self._coded[name].columns)

    def write(self, name: str, path: Path) -> None:
        """Write a table as parquet, the same file as :meth:`pandas.DataFrame.to_parquet` makes of it."""
        frame = self._coded[name]
        texts = {column: frame[column] for column in self._texts[name]}
        words = {
            column: _words(cells) for column, cells in texts.items() if isinstance(cells.dtype, pd.CategoricalDtype)
        }
        writer: pq.ParquetWriter | None = None
        for start in range(0, max(len(frame), 1), _ROW_GROUP):
            part = frame.iloc[start : start + _ROW_GROUP]
            part = part.assign(**{column: _taken(part[column], own) for column, own in words.items()})
            content = pa.Table.from_pandas(part, preserve_index=False)
            writer = pq.ParquetWriter(path, content.schema) if writer is None else writer
            writer.write_table(content, row_group_size=_ROW_GROUP)
        if writer is not None:
            writer.close()


def as_text(column: Column) -> Column:
    """Return a category of words as ``string``; any other column as it is."""
    return _taken(column, _words(column)) if isinstance(column.dtype, pd.CategoricalDtype) else column


def _words(column: Column) -> pa.Array:
    """Return the categories of a column."""
    words = pa.array(column.cat.categories, pa.large_string())
    return words.combine_chunks() if isinstance(words, pa.ChunkedArray) else words  # as those of many blocks are


def _taken(column: Column, words: pa.Array) -> Column:
    """Return the word of each cell of a category as ``string``."""
    codes = column.cat.codes.to_numpy()
    texts = words.take(pa.array(codes.astype(np.int32, copy=False), mask=codes < 0))
    return pd.Series(pd.arrays.ArrowStringArray(texts), index=column.index)


def _texts(frame: pd.DataFrame, table: str, codebook: Codebook) -> list[str]:
    free = {v.name for v in codebook.tables[table].values() if v.type == "string" and not v.categories}
    return [column for column in frame.columns if column in free]


def _shared(columns: Sequence[Column]) -> list[Column]:
    """Return columns as categories of one list."""
    filled = [column for column in columns if len(column)]
    if filled and all(isinstance(column.dtype, pd.CategoricalDtype) for column in filled):
        levels = filled[0].cat.categories
        if all(column.cat.categories is levels or column.cat.categories.equals(levels) for column in filled):
            nobody = pd.Series(pd.Categorical.from_codes([], levels))
            return [column.cat.set_categories(levels) if len(column) else nobody for column in columns]
    texts = pd.concat([as_text(column).astype("string") for column in columns], ignore_index=True)
    codes, words = pd.factorize(texts)
    ends = np.cumsum([len(column) for column in columns])[:-1]
    labels = pd.Index(words, dtype="str")
    return [pd.Series(pd.Categorical.from_codes(part, labels)) for part in np.split(codes, ends)]


def key_numbers(frame: pd.DataFrame, key: Sequence[str]) -> IntArray:
    """Return a number for each row that two rows share when, and only when, they agree in all columns of the key.

    Missing agrees with missing.
    """
    return _numbers([_codes(frame[name]) for name in key], len(frame))


def _numbers(key: Sequence[tuple[Codes, int]], length: int) -> IntArray:
    numbers = np.zeros(length, dtype=np.int64)
    size = 1
    for codes, levels in key:
        if size * (levels + 1) > np.iinfo(np.int64).max // 4:  # too many combinations: number those that occur
            numbers, found = pd.factorize(numbers)
            size = len(found)
        numbers *= levels + 1
        numbers += codes
        numbers += 1
        size *= levels + 1
    return np.asarray(numbers, dtype=np.int64)


def _ascend(key: Sequence[tuple[Codes, int]]) -> bool:
    """Return whether every row has a higher number than the one before; a part is looked at at a time."""
    if math.prod(levels + 1 for _, levels in key) > np.iinfo(np.int64).max // 4:
        return False
    last, length = -1, len(key[0][0])
    for start in range(0, length, _PART):
        numbers = _numbers(
            [(codes[start : start + _PART], levels) for codes, levels in key], min(_PART, length - start)
        )
        if numbers[0] <= last or not bool((numbers[1:] > numbers[:-1]).all()):
            return False
        last = int(numbers[-1])
    return True


def _codes(column: Column) -> tuple[Codes, int]:
    """Return the number of each word, -1 for a missing one, and how many words there are."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), len(column.cat.categories)
    codes, words = pd.factorize(column)
    return codes, len(words)


def repeats(frame: pd.DataFrame, key: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which rows share their key with another row.

    Examples
    --------
    >>> repeats(pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 1, 1]}), ["a", "b"]).tolist()
    [True, False, True]
    """
    # Tables often stand in the order of their key, or of its last part first: then one look tells.
    codes = [_codes(frame[name]) for name in key]
    if _ascend(codes) or (len(key) > 1 and _ascend(codes[::-1])):
        return np.zeros(len(frame), dtype=bool)
    numbers = _numbers(codes, len(frame))
    if int(numbers.max()) < _DENSE * len(numbers):
        occurs = np.zeros(int(numbers.max()) + 1, dtype=bool)
        occurs[numbers] = True
        if np.count_nonzero(occurs) == len(numbers):
            return np.zeros(len(frame), dtype=bool)
        del occurs
        return np.asarray(np.bincount(numbers)[numbers] > 1)
    return np.asarray(pd.Index(numbers).duplicated(keep=False))


def has_repeats(frame: pd.DataFrame, key: Sequence[str]) -> bool:
    """Return whether two rows share their key."""
    return bool(repeats(frame, key).any())


def same_people(first: Column, second: Column) -> bool:
    """Return whether two columns of identifiers are categories of one list, so that their numbers can be compared."""
    both = all(isinstance(column.dtype, pd.CategoricalDtype) for column in (first, second))
    return both and first.cat.categories is second.cat.categories


def text_lookup(column: Column, meanings: Mapping[str, Any], missing: Any) -> npt.NDArray[Any]:
    """Return the meaning of each word of a column, looked up once for each distinct word."""
    codes, _ = _codes(column)
    is_category = isinstance(column.dtype, pd.CategoricalDtype)
    words = column.cat.categories if is_category else pd.factorize(column)[1]
    return np.array([*(meanings.get(str(word), missing) for word in words), missing])[codes]
