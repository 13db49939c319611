"""How delimited text was written: its delimiter, and the decimal sign of its numbers, column by column."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

DELIMITERS = ",;\t|"
_STATED = re.compile(r'^"?sep=(.|\\t)"?[ \t]*(\r\n|\r|\n)', re.IGNORECASE)
_COMMA_NUMBER = re.compile(r"[<>≤≥]?=?\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?")
_POINT_NUMBER = re.compile(r"[<>≤≥]?=?\s*[+-]?\d*\.\d+(?:[eE][+-]?\d+)?")
_COMMA_GROUPS = re.compile(r"[<>≤≥]?=?\s*[+-]?[1-9]\d{0,2}(,\d{3})+")
_POINT_GROUPS = re.compile(r"[<>≤≥]?=?\s*[+-]?[1-9]\d{0,2}(\.\d{3})+")
_LIST = re.compile(r"\d+(,\d+){2,}")
_SAMPLE = 2_000
_ENOUGH = 3
_NAMED = 10


def stated_delimiter(text: str) -> tuple[str | None, str]:
    r"""Return the delimiter that a first line ``sep=;`` states, as Excel writes and reads it, and the text after it.

    Examples
    --------
    >>> stated_delimiter("sep=;\nid;bmi\n"), stated_delimiter("id;bmi\n")
    ((';', 'id;bmi\n'), (None, 'id;bmi\n'))
    """
    match = _STATED.match(text)
    if match is None:
        return None, text
    return match.group(1).replace("\\t", "\t"), text[match.end() :]


def recognised_delimiter(text: str) -> str:
    """Return the sign of ``, ; tab |`` that splits the first lines into the same number of fields, the most of them."""
    lines = text[:65_536].splitlines()[:50]
    complete = lines if len(text) <= 65_536 or len(lines) < 2 else lines[:-1]

    def score(delimiter: str) -> tuple[float, int]:
        widths = [len(record) for record in csv.reader(complete, delimiter=delimiter) if record]
        if not widths or widths[0] < 2:
            return 0.0, 1
        return sum(width == widths[0] for width in widths) / len(widths), widths[0]

    return max(DELIMITERS, key=score)


@dataclass(frozen=True)
class DecimalSigns:
    """Decimal signs of a file.

    Parameters
    ----------
    sign
        That of the file as a whole.
    columns
        The sign of each column that was seen to write one alone.
    mixed
        Columns that hold numbers of both signs.
    is_seen
        Whether any number with decimals was seen.
    """

    sign: str
    columns: dict[str, str] = field(default_factory=dict)
    mixed: tuple[str, ...] = ()
    is_seen: bool = False

    @property
    def others(self) -> dict[str, str]:
        """Return the columns that write another sign than the file."""
        return {column: sign for column, sign in self.columns.items() if sign != self.sign}


def recognised_decimals(frame: pd.DataFrame) -> DecimalSigns:
    """Return the decimal signs of a table whose study declares none.

    Parameters
    ----------
    frame
        Cells as read; only texts are looked at. Of a long table, rows from everywhere in it.

    Notes
    -----
    A column says comma when it holds a number such as ``12,5``, and says point when it holds ``12.5``. A cell such as
    ``1,234`` says neither, since the sign may group thousands, and so does a column with lists such as ``1,2,3``. The
    file has the sign that more columns say, the point when equally many do. A column with three different numbers of
    the other sign, and none of the file's, is read with its own; elsewhere a number that is not written with the sign
    of the file cannot be read, which is told for every cell.
    """
    sample = _sample(frame)
    said = {str(column): signs for column in sample if (signs := _signs(sample[column]))}
    votes = Counter(sign for signs in said.values() if len(signs) == 1 for sign in signs)
    sign = "," if votes[","] > votes["."] else "."
    columns = {
        column: own
        for column, signs in said.items()
        for own, count in signs.items()
        if len(signs) == 1 and (own == sign or count >= _ENOUGH)
    }
    mixed = tuple(column for column, signs in said.items() if len(signs) > 1)
    return DecimalSigns(sign, columns, mixed, is_seen=bool(said))


def decimal_notes(decimals: DecimalSigns) -> tuple[str, ...]:
    """Return what an analyst should know of a file whose columns do not agree on the decimal sign."""
    notes = []
    words = {",": "comma", ".": "point"}
    if decimals.others:
        other = words[next(iter(decimals.others.values()))]
        notes.append(f"decimal {other}, unlike the rest of the file, in {_listed(decimals.others)}")
    if decimals.mixed:
        word = words[decimals.sign]
        notes.append(f"decimal points and commas both in {_listed(decimals.mixed)}: only those with a {word} are read")
    return tuple(notes)


def _listed(columns: Iterable[str]) -> str:
    names = [f"'{name}'" for name in columns]
    return ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")


def _sample(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the first rows and as many from everywhere below."""
    if len(frame) <= 2 * _SAMPLE:
        return frame
    below = np.linspace(_SAMPLE, len(frame) - 1, _SAMPLE).astype(np.int64)
    return frame.iloc[np.concatenate([np.arange(_SAMPLE), below])]


def _signs(column: pd.Series) -> dict[str, int]:
    """Return how many different numbers of a column are written with each decimal sign."""
    if column.dtype.kind in "biufMm":
        return {}
    cells = [cell.strip() for cell in column.unique() if isinstance(cell, str)]
    if any(_LIST.fullmatch(cell) and not _COMMA_GROUPS.fullmatch(cell) for cell in cells):
        return {}
    counts = {
        sign: sum(1 for cell in cells if number.fullmatch(cell) and not groups.fullmatch(cell))
        for sign, number, groups in ((",", _COMMA_NUMBER, _COMMA_GROUPS), (".", _POINT_NUMBER, _POINT_GROUPS))
    }
    return {sign: count for sign, count in counts.items() if count}
