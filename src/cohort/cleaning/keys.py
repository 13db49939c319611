"""Keys of rows as numbers: identifiers and labels are kept once while rules run, and written out at the end.

Comparing ten million texts is slow and comparing their numbers is not, so that text columns are categories between
:func:`coded` and :func:`written_out`. The identifiers of all tables share one list of categories, and a person has the
same number everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from cohort.cleaning.rule import Column, Tables
from cohort.codebook import Codebook

IntArray = npt.NDArray[np.int64]
PERSON = "participant_id"
_DENSE = 16
"""A table of all possible keys may have this many times the rows that there are; beyond it, keys are hashed."""


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


def written_out(tables: Tables, codebook: Codebook) -> dict[str, pd.DataFrame]:
    """Return tables whose text columns are text again; does not modify the original."""
    wanted = [(name, column) for name, frame in tables.items() for column in _texts(frame, name, codebook)]
    with ThreadPoolExecutor() as pool:  # Arrow works without Python's lock
        texts = dict(zip(wanted, pool.map(lambda at: as_text(tables[at[0]][at[1]]), wanted), strict=True))
    return {
        name: frame.assign(**{column: texts[name, column] for column in _texts(frame, name, codebook)})
        for name, frame in tables.items()
    }


def as_text(column: Column) -> Column:
    """Return a category of words as ``string``; any other column as it is."""
    if not isinstance(column.dtype, pd.CategoricalDtype):
        return column
    codes = column.cat.codes.to_numpy()
    words = pa.array(column.cat.categories.astype("object"), pa.large_string())
    texts = words.take(pa.array(codes.astype(np.int32), mask=codes < 0))
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
    numbers = np.zeros(len(frame), dtype=np.int64)
    size = 1
    for name in key:
        codes, levels = _codes(frame[name])
        if size * (levels + 1) > np.iinfo(np.int64).max // 4:  # too many combinations: number those that occur
            numbers, found = pd.factorize(numbers)
            size = len(found)
        numbers = numbers * (levels + 1) + codes + 1
        size *= levels + 1
    return np.asarray(numbers, dtype=np.int64)


def _codes(column: Column) -> tuple[IntArray, int]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.int64), len(column.cat.categories)
    codes, words = pd.factorize(column)
    return codes.astype(np.int64), len(words)


def repeats(frame: pd.DataFrame, key: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return which rows share their key with another row.

    Examples
    --------
    >>> repeats(pd.DataFrame({"a": ["x", "y", "x"], "b": [1, 1, 1]}), ["a", "b"]).tolist()
    [True, False, True]
    """
    # Tables often stand in the order of their key, or of its last part first: then one look tells.
    if len(key) > 1 and bool((np.diff(key_numbers(frame, list(key)[::-1])) > 0).all()):
        return np.zeros(len(frame), dtype=bool)
    numbers = key_numbers(frame, key)
    if bool((np.diff(numbers) > 0).all()):
        return np.zeros(len(frame), dtype=bool)
    if int(numbers.max()) < _DENSE * len(numbers):
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
