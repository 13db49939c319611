"""Columns of a table as numbers, with the reason in words when a column cannot serve an analysis."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.codebook import load_codebook
from cohort.disclosure import MINIMUM_COUNT

MINIMUM_CELL = MINIMUM_COUNT
"""A cell of fewer people is too small to estimate from, and to show."""

FloatArray = npt.NDArray[np.float64]


class InestimableError(Exception):
    """The reason why this cohort cannot give a number; every public function turns it into a NotTestable."""


def readable(name: str) -> str:
    """Return the label of a variable without its unit or cut-off, as the codebook has it.

    Examples
    --------
    >>> readable("has_rheumatoid_arthritis")
    'Rheumatoid arthritis'
    """
    return load_codebook().label(name).split(" (")[0]


def require(table: pd.DataFrame, name: str) -> pd.Series:
    """Return a column of the table.

    Raises
    ------
    InestimableError
        If the table does not have it or it is missing for everybody.
    """
    if name not in table:
        raise InestimableError(f"this cohort has no variable '{name}'")
    column = table[name]
    if not bool(column.notna().any()):
        raise InestimableError(f"'{name}' is missing for everybody")
    return column


def numeric(column: pd.Series) -> FloatArray:
    """Return a boolean or numeric column as floats, missing as NaN.

    Raises
    ------
    InestimableError
        If the column holds words, dates or an infinite value.
    """
    if not (pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype)):
        raise InestimableError(f"'{column.name}' does not hold numbers")
    values = np.asarray(column.astype("Float64").to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
    if np.isinf(values).any():
        raise InestimableError(f"'{column.name}' has infinite values")
    return values


def levels(column: pd.Series) -> list[Any] | None:
    """Return the levels of a column of words in their order, None for a column of numbers or booleans."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return list(column.dtype.categories)
    if pd.api.types.is_bool_dtype(column.dtype) or pd.api.types.is_numeric_dtype(column.dtype):
        return None
    return sorted(column.dropna().unique())


def binary(column: pd.Series) -> FloatArray:
    """Return a yes/no column as 0 and 1, missing as NaN: boolean, 0/1, or the second of two levels against the first.

    Raises
    ------
    InestimableError
        If it has other values.

    Examples
    --------
    >>> binary(pd.Series([True, None, False], dtype="boolean"))
    array([ 1., nan,  0.])
    """
    words = levels(column)
    if words is not None:
        present = [level for level in words if bool((column == level).any())]
        if len(present) > 2:
            raise InestimableError(f"'{column.name}' has {len(present)} levels, not two")
        upper = words[1] if len(words) == 2 else present[-1]
        return np.where(column.isna(), np.nan, column.eq(upper).fillna(False).to_numpy(dtype=np.float64))
    values = numeric(column)
    if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise InestimableError(f"'{column.name}' is not a yes/no variable")
    return values


def yes_no(table: pd.DataFrame, name: str) -> None:
    """Refuse an exposure that the table has but that is not yes/no.

    Raises
    ------
    InestimableError
        If it has more than two values.
    """
    if name in table and not is_binary(table[name]):
        raise InestimableError(f"'{name}' is not a yes/no exposure")


def is_binary(column: pd.Series) -> bool:
    """Return whether a column can be read as yes/no."""
    try:
        binary(column)
    except InestimableError:
        return False
    return True
