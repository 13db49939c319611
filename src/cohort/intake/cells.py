"""What stands in a cell, whatever the format of its file: a code, a number with its censoring, a date."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

DateOrder = Literal["ymd", "dmy", "mdy"]

BELOW, EXACT, ABOVE = -1, 0, 1
"""How a number stands to the true value: the truth is below it, is it, or is above it."""

_WHOLE = re.compile(r"([+-]?\d+)\.0+")
_EXACT_INTEGERS = 2**53


def code_text(value: Any) -> str | None:
    """Return a cell as the text that codes are compared by; None for an empty cell.

    1, 1.0, '1' and ' 1 ' are the same code. Leading zeros of texts stay.

    Examples
    --------
    >>> [code_text(value) for value in (1, 1.0, " 1 ", "1.0", "007", "1.5", " ", float("nan"), True)]
    ['1', '1', '1', '1', '007', '1.5', None, None, 'true']
    """
    if value is None or value is pd.NaT or value is pd.NA:
        return None
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        if math.isnan(value):
            return None
        number = float(value)
        return str(int(number)) if number.is_integer() and abs(number) < _EXACT_INTEGERS else repr(number)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time.min else value.isoformat(sep=" ")
    text = value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)
    text = text.strip()
    match = _WHOLE.fullmatch(text)
    return (match.group(1) if match else text) or None


@dataclass(frozen=True)
class Distinct:
    """A column as its distinct cells and where they stand: what a cell means is found once for each distinct one.

    Parameters
    ----------
    positions
        Number of the distinct cell of each row, -1 where the cell is missing.
    cells
        The distinct cells.
    """

    positions: npt.NDArray[np.integer[Any]]
    cells: npt.NDArray[Any]

    def each(self, function: Callable[[Any], Any], missing: Any, dtype: Any) -> npt.NDArray[Any]:
        """Return the function of each row's cell, and ``missing`` where there is none."""
        results = np.empty(len(self.cells) + 1, dtype=dtype)
        for index, value in enumerate(self.cells):
            results[index] = function(value)
        results[-1] = missing
        return np.asarray(results[self.positions])


def distinct_cells(column: pd.Series) -> Distinct:
    """Return a column as its distinct cells and where they stand."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return Distinct(column.cat.codes.to_numpy(), column.cat.categories.to_numpy(dtype=object))
    positions, cells = pd.factorize(column, use_na_sentinel=True)
    kept = cells if isinstance(cells, np.ndarray) else cells.to_numpy(dtype=object)
    return Distinct(positions.astype(np.int32), kept)


def codes_of(column: pd.Series) -> pd.Series:
    """Return a column as codes (see :func:`code_text`), with pandas' missing value for an empty cell."""
    if isinstance(column.array, pd.arrays.ArrowStringArray):  # hardly any identifier occurs twice
        texts = _trimmed(pa.array(column.array)).cast(pa.large_string())
        return pd.Series(pd.arrays.ArrowStringArray(texts)).astype("str")
    found = distinct_cells(column)
    return pd.Series(np.array([*code_texts(found.cells), None], dtype=object)[found.positions], dtype="str")


def _trimmed(texts: pa.Array) -> pa.Array:
    """Return texts as codes: no blanks around them, no zeros alone behind a point; null where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(texts)
    plain = pc.replace_substring_regex(trimmed, pattern=r"^([+-]?[0-9]+)\.0+$", replacement=r"\1")
    return pc.if_else(pc.equal(plain, ""), None, plain)


def code_texts(cells: npt.NDArray[Any]) -> npt.NDArray[np.object_]:
    """Return what :func:`code_text` gives for each of some cells; texts are read all at once.

    Examples
    --------
    >>> code_texts(np.array([" 1.0", "x", " "], dtype=object)).tolist()
    ['1', 'x', None]
    """
    if not len(cells) or pd.api.types.infer_dtype(cells, skipna=False) != "string":
        return np.array([code_text(cell) for cell in cells], dtype=object)
    return np.asarray(_trimmed(pa.array(cells, pa.string())).to_numpy(zero_copy_only=False))


def as_codes(found: Distinct) -> pd.Series:
    """Return the codes of a column as a category: every question about a code is asked once for each distinct one.

    Examples
    --------
    >>> codes = as_codes(distinct_cells(pd.Series(["1", "1.0", " ", "x"])))
    >>> codes.tolist(), codes.cat.categories.tolist()
    (['1', '1', nan, 'x'], ['1', 'x'])
    """
    number, words = pd.factorize(code_texts(found.cells))
    kind = pd.CategoricalDtype(pd.Index(words, dtype="str"))
    is_alike = len(words) == len(found.cells)  # each distinct cell is a code of its own
    codes = found.positions if is_alike else np.append(number, -1).astype(np.int32)[found.positions]
    return pd.Series(pd.Categorical.from_codes(codes, dtype=kind, validate=False), copy=False)


def constant_text(text: str, length: int) -> pd.Series:
    """Return one text many times, as a category: it is kept once."""
    return pd.Series(pd.Categorical.from_codes(np.zeros(length, dtype=np.int8), pd.Index([text], dtype="str")))


def no_dates(length: int) -> pd.Series:
    """Return a missing date many times."""
    return pd.Series(np.full(length, np.datetime64("NaT", "us")))


@dataclass(frozen=True, eq=False)
class Numbers:
    """Cells read as numbers, each distinct cell once; of a million rows only what is asked for is made.

    Parameters
    ----------
    numbers, signs, faults
        What :attr:`number`, :attr:`censoring` and :attr:`is_bad` give, of the distinct cells; the last one is a missing
        cell.
    positions
        Number of the distinct cell of each row; None when every row is a distinct cell.
    """

    numbers: npt.NDArray[np.float64]
    signs: npt.NDArray[np.int8]
    faults: npt.NDArray[np.bool_]
    positions: npt.NDArray[np.integer[Any]] | None = None

    @property
    def number(self) -> npt.NDArray[np.float64]:
        """Return the numbers, NaN where there is none."""
        return self.numbers if self.positions is None else np.asarray(self.numbers[self.positions])

    @property
    def censoring(self) -> npt.NDArray[np.int8]:
        """Return ``BELOW`` for a text such as ``<0.15``, ``ABOVE`` for ``>200``, ``EXACT`` otherwise."""
        return self.signs if self.positions is None else np.asarray(self.signs[self.positions])

    @property
    def is_bad(self) -> npt.NDArray[np.bool_]:
        """Return where a cell is not empty and yet no number."""
        return self.faults if self.positions is None else np.asarray(self.faults[self.positions])

    @property
    def are_exact(self) -> bool:
        """Return whether no cell is censored, and none is filled with anything but a number."""
        return not self.faults.any() and not (self.signs != EXACT).any()

    @property
    def are_whole(self) -> bool:
        """Return whether no number has a fraction."""
        return bool((np.isnan(self.numbers) | (self.numbers == np.floor(self.numbers))).all())

    def rows(self, chosen: npt.NDArray[np.int64]) -> Numbers:
        """Return the numbers of some rows."""
        if self.positions is None:
            return Numbers(self.numbers[chosen], self.signs[chosen], self.faults[chosen])
        return Numbers(self.numbers, self.signs, self.faults, self.positions[chosen])


_NUMBER = r"([+-]?(?:\d+(?:\{0}\d*)?|\{0}\d+)(?:[eE][+-]?\d+)?)"
_SIGNS = {"": EXACT, "<": BELOW, "<=": BELOW, "≤": BELOW, ">": ABOVE, ">=": ABOVE, "≥": ABOVE}


def _number_reader(decimal: str) -> Callable[[Any], tuple[float, int] | None]:
    pattern = re.compile(r"(<=|>=|[<>≤≥]?)\s*" + _NUMBER.format(decimal))

    def read(value: Any) -> tuple[float, int] | None:
        if isinstance(value, str):
            match = pattern.fullmatch(value.strip())
            return (float(match.group(2).replace(decimal, ".")), _SIGNS[match.group(1)]) if match else None
        try:
            return float(value), EXACT
        except (TypeError, ValueError):
            return None

    return read


def numbers_of(column: pd.Series, decimal: str = ".", found: Distinct | None = None) -> Numbers:
    """Return a column as numbers; ``<0.15`` and ``>200`` are censored at the number they name.

    Parameters
    ----------
    column
        Cells as they were read.
    decimal
        The decimal sign of texts. A sign that groups thousands is not a number: its meaning would be a guess.
    found
        The distinct cells of the column, where they are known already.

    Examples
    --------
    >>> read = numbers_of(pd.Series(["1,5", "<0,15", "haemolytic", ""]), decimal=",")
    >>> read.number.tolist(), read.censoring.tolist(), read.is_bad.tolist()
    ([1.5, 0.15, nan, nan], [0, -1, 0, 0], [False, False, True, False])
    """
    if pd.api.types.is_numeric_dtype(column.dtype) and not pd.api.types.is_bool_dtype(column.dtype):
        values = column.to_numpy(dtype=np.float64, na_value=np.nan)
        return Numbers(values, np.zeros(len(values), dtype=np.int8), np.isinf(values))
    found = distinct_cells(column) if found is None else found
    # One more than the distinct cells: the last stands for a missing cell.
    values = np.full(len(found.cells) + 1, np.nan)
    censoring = np.zeros(len(values), dtype=np.int8)
    is_bad = np.zeros(len(values), dtype=bool)
    plain, numbers = _plain_numbers(found.cells, decimal)
    values[:-1][plain] = numbers
    read = _number_reader(decimal)
    for index in np.flatnonzero(~plain):
        cell = read(found.cells[index])
        if cell is not None:
            values[index], censoring[index] = cell
        else:
            is_bad[index] = code_text(found.cells[index]) is not None
    is_bad |= np.isinf(values)  # such as 1e400, which is beyond any number that a computer has
    return Numbers(values, censoring, is_bad, found.positions)


def _plain_numbers(cells: npt.NDArray[Any], decimal: str) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.float64]]:
    """Return which cells are texts of a plain number, and these numbers, read all at once."""
    nothing = np.zeros(len(cells), dtype=bool), np.empty(0)
    if not len(cells) or pd.api.types.infer_dtype(cells, skipna=False) != "string":
        return nothing
    texts = pc.utf8_trim_whitespace(pa.array(cells, pa.string()))
    plain = pc.match_substring_regex(texts, pattern=rf"^-?[0-9]+(\{decimal}[0-9]+)?([eE][+-]?[0-9]+)?$")
    numbers = pc.replace_substring(texts.filter(plain), decimal, ".").cast(pa.float64())
    return plain.to_numpy(zero_copy_only=False), numbers.to_numpy(zero_copy_only=False)


_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_PARTS = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})(?:[T ].*)?")
_COMPACT = re.compile(r"\d{8}")
_YEAR = re.compile(r"1[89]|2[01]")


def read_date(text: str, order: DateOrder = "ymd") -> datetime.datetime | None:
    """Return the day that a text names, or None when it names none in this order.

    A date that begins with four digits of the year is read as year, month, day in every order, also one of eight digits
    whose last four are no year; years of two digits are never read.

    Examples
    --------
    >>> read_date("03/04/2021", "dmy").isoformat()
    '2021-04-03T00:00:00'
    >>> read_date("03/04/2021") is None
    True
    """
    match = _ISO.fullmatch(text)
    if match:
        year, month, day = match.groups()
    elif order != "ymd" and (match := _PARTS.fullmatch(text)):
        first, second, year = match.groups()
        day, month = (first, second) if order == "dmy" else (second, first)
    elif _COMPACT.fullmatch(text) and (order == "ymd" or not _YEAR.match(text, 4)):
        year, month, day = text[:4], text[4:6], text[6:]
    elif _COMPACT.fullmatch(text):
        day, month = (text[:2], text[2:4]) if order == "dmy" else (text[2:4], text[:2])
        year = text[4:]
    else:
        return None
    try:
        return datetime.datetime(int(year), int(month), int(day))
    except ValueError:
        return None


def dates_of(codes: pd.Series, order: DateOrder = "ymd") -> tuple[pd.Series, npt.NDArray[np.bool_]]:
    """Return codes read as days (``datetime64[us]``), and where a code that is not empty names none."""

    def read(text: str) -> np.datetime64:
        day = read_date(text, order)
        return np.datetime64("NaT", "us") if day is None else np.datetime64(day, "us")

    days = pd.Series(distinct_cells(codes).each(read, np.datetime64("NaT", "us"), "datetime64[us]"))
    return days, (codes.notna().to_numpy() & days.isna().to_numpy())


_CLOCK = re.compile(r"(\d{1,2})[:.h](\d{2})(?::\d{2}(?:\.\d+)?)?")


def hours_of(codes: pd.Series, decimal: str = ".") -> npt.NDArray[np.float64]:
    """Return the hour of the day that codes such as ``8:30``, ``2021-05-01 08:30`` or ``8.5`` name; NaN for others."""

    def read(text: str) -> float:
        match = _CLOCK.fullmatch(text.rsplit(" ", 1)[-1].rsplit("T", 1)[-1]) if ":" in text or "h" in text else None
        if match:
            hour, minute = int(match.group(1)), int(match.group(2))
            return hour + minute / 60 if hour < 24 and minute < 60 else math.nan
        try:
            hour_number = float(text.replace(decimal, "."))
        except ValueError:
            return math.nan
        return hour_number if 0 <= hour_number <= 24 else math.nan

    return np.asarray(distinct_cells(codes).each(read, math.nan, np.float64), dtype=np.float64)
