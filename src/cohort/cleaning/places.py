"""Where rows come from: the site of each row, and what a group of rows is called in a reason."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.cleaning.people import look_up, one_row_each
from cohort.cleaning.rule import Column, Tables

IntArray = npt.NDArray[np.int64]
Codes = npt.NDArray[np.integer[Any]]
_FEW_GROUPS = 32


@dataclass(frozen=True)
class Groups:
    """Rows sorted into groups by number.

    Parameters
    ----------
    codes
        The number of the group of each row; -1 for a row of no group.
    words
        What each group is called in a reason, such as ``at site B``.
    """

    codes: IntArray
    words: tuple[str, ...]

    @property
    def size(self) -> int:
        """Return how many groups there are."""
        return len(self.words)

    def rows(self, group: int) -> npt.NDArray[np.bool_]:
        """Return which rows belong to a group."""
        return np.asarray(self.codes == group)


def labels(column: Column) -> tuple[IntArray, tuple[str, ...]]:
    """Return the number of each label, -1 for a missing one, and the labels.

    Examples
    --------
    >>> labels(pd.Series(["B", None, "A", "B"], dtype="string"))
    (array([ 0, -1,  1,  0]), ('B', 'A'))
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy().astype(np.int64), tuple(map(str, column.cat.categories))
    codes, words = pd.factorize(column)
    return codes.astype(np.int64), tuple(map(str, words))


def short_labels(column: Column) -> tuple[Codes, tuple[str, ...]]:
    """Return what :func:`labels` returns, the numbers in as few bytes as they need: to compare, not to reckon with."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), tuple(map(str, column.cat.categories))
    return labels(column)


def sites(tables: Tables, table: str) -> Groups:
    """Return the site of each row of a table: its own where it has one, else that of its person.

    A study without sites is one place; rows whose site is not known are of no group where others have one.

    Parameters
    ----------
    tables
        Canonical tables.
    table
        The table whose rows are sorted.
    """
    frame = tables[table]
    if "site" in frame and table != "participants":
        codes, names = labels(frame["site"])
        if (codes >= 0).any():
            return Groups(codes, tuple(f"at site {name}" for name in names))
    of_people = one_row_each(tables, "participants", "site")
    if of_people is not None and of_people["site"].notna().any():
        found = look_up(frame["participant_id"], of_people, "site")
        if (
            found.isna().any() and "site" in tables["labs"]
        ):  # whose own row lacks the site may have it in the laboratory
            known = tables["labs"].dropna(subset=["site"]).drop_duplicates("participant_id")
            found = found.astype("string").fillna(look_up(frame["participant_id"], known, "site").astype("string"))
        codes, names = labels(found)
        return Groups(codes, tuple(f"at site {name}" for name in names))
    return Groups(np.zeros(len(frame), dtype=np.int64), ("in the whole study",))


def at_visits(groups: Groups, visit: Column) -> Groups:
    """Return groups split by visit."""
    codes, names = labels(visit)
    both = np.where((groups.codes < 0) | (codes < 0), -1, groups.codes * len(names) + codes)
    words = tuple(f"{word}, visit {name}" for word in groups.words for name in names)
    return Groups(both, words)


def each(codes: Codes, size: int) -> Iterator[npt.NDArray[np.intp]]:
    """Yield the positions of the rows of each group; of many groups, rows are sorted once for all.

    Examples
    --------
    >>> [rows.tolist() for rows in each(np.array([1, -1, 0, 1]), 2)]
    [[2], [0, 3]]
    """
    if bool((codes[1:] >= codes[:-1]).all()):  # the rows of a group stand together
        ends = np.searchsorted(codes, np.arange(size + 1, dtype=codes.dtype))
        yield from (np.arange(begin, end) for begin, end in itertools.pairwise(ends))
    elif size <= _FEW_GROUPS:  # the rows of one group at a time take less memory than those of all
        yield from (np.flatnonzero(codes == group) for group in range(size))
    else:
        order = np.argsort(codes, kind="stable")
        ends = np.searchsorted(codes[order], np.arange(size + 1))
        yield from (order[begin:end] for begin, end in itertools.pairwise(ends))


def numbers(frame: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    """Return a column as numbers, NaN where missing."""
    values: Any = frame[column]
    return np.asarray(values.to_numpy(dtype="float64", na_value=np.nan))
