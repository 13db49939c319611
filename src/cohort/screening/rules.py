"""What is looked for in texts and tables before they leave: identifiers, rows of people, small counts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from cohort.privacy import find_identifiers
from cohort.privacy.patterns import passes_eleven_test

Kind = Literal["identifier", "id of the study", "rows of people", "small count", "not looked into"]

_ID_NAMES = re.compile(
    r"^(participant|patient|subject|person|record|respondent|proband|relative)[ _-]?(id|nr|no|number)$|"
    r"^(id|pid|seqn|eid|src_subject_id)$",
    re.I,
)
_COUNT_NAMES = re.compile(
    r"^(n|count|counts|people|persons|patients|cases|events|controls|freq|frequency|rows|values|entries|excluded|"
    r"missing|aantal|all|total|size|used|ineligible|quarantined|merged|source rows)$|^(n|no|number)[ _](of[ _])?\w+$|"
    r"(: (yes|no)$)|\bcount$",
    re.I,
)
_FRAME_SIZE = re.compile(r"\[?(\d+) rows (?:x|×) \d+ columns\]?")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*[a-zA-Z]{2,}")
_IN_TEXT = {
    "e-mail address": _EMAIL,
    "bank account": re.compile(r"\b[A-Z]{2}\d{2}[A-Z]{4}\d{10}\b"),
    "social security number": re.compile(r"(?<![\d-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\d-])"),
    "date of birth": re.compile(
        r"(?i)\b(?:geboortedatum|geboren|date of birth|birth ?date|dob)\W{1,4}\d{1,4}[-/. ]\d{1,2}[-/. ]\d{1,4}"
    ),
}  # fmt: skip
_NINE_DIGITS = re.compile(r"(?<![\d.,\w-])\d{9}(?![\d.,\w-])")
_WORD = re.compile(r"(?<![\w-])(?<!\d[.,])[\w-]+(?![\w-])(?![.,]\d)")
"""A word that may be an id: no part of a number such as 112,345.6."""
_PEOPLE_ROWS = 8
"""A table with a column of ids, or of bare row numbers and as many rows as this, is a table of people."""
SYNTHETIC = ("Synthetic cohort: what follows", "Verdicts on this synthetic cohort")
_COUNT_IN_NOTE = re.compile(r"\bn ?= ?([1-9]\d*)\b(?![.,]\d)")


@dataclass(frozen=True)
class Finding:
    """Something in a file that a person must look at before the file leaves; never the value itself.

    Parameters
    ----------
    file, place
        The file, and where in it: the cell of a notebook, the table of a page.
    kind, what
        What kind of thing, and in words.
    counts
        Whether it makes the file fail; what cannot be looked into is only told.
    """

    file: str
    place: str
    kind: Kind
    what: str
    counts: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Table:
    """A table as text: names of its columns, and its rows."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Looking:
    """What is looked for: ids of the study, counts under a minimum, and whether people are made up."""

    ids: frozenset[str]
    minimum: int
    synthetic: bool


def in_text(name: str, place: str, text: str, rule: Looking) -> Iterator[Finding]:
    """Yield what a text holds: the forms of identifiers, ids of the study, small counts after 'n ='."""
    for what, pattern in _IN_TEXT.items():
        if pattern.search(text):
            yield Finding(name, place, "identifier", f"something with the form of a {what}")
    numbers = sorted(set(_NINE_DIGITS.findall(text)))
    # One number of nine digits in eleven passes by chance; so does one in 121 of two.
    if numbers and passes_eleven_test(numbers).sum() >= max(2, 0.5 * len(numbers)):
        yield Finding(name, place, "identifier", "numbers that pass the eleven-test of the Dutch citizen number (BSN)")
    if rule.ids:
        hits = rule.ids & set(_WORD.findall(text))
        if hits:
            yield Finding(name, place, "id of the study", f"{_some(len(hits))} of the study")
    if not rule.synthetic and any(int(n) < rule.minimum for n in _COUNT_IN_NOTE.findall(text)):
        yield Finding(name, place, "small count", f"'n =' with a number under {rule.minimum}")


def _some(count: int) -> str:
    return "an id" if count == 1 else "several ids"


def in_table(name: str, place: str, table: Table, rule: Looking) -> Iterator[Finding]:
    """Yield what a table holds: columns of ids and identifiers, rows of people, small counts."""
    if not table.rows or not table.columns:
        return
    width = max(len(table.columns), *(len(row) for row in table.rows))
    columns = [*table.columns, *[""] * (width - len(table.columns))]
    rows = [[*row, *[""] * (width - len(row))] for row in table.rows]
    frame = pd.DataFrame(rows, columns=[f"{place}\n{text}" for place, text in enumerate(columns)], dtype="object")
    for place_, title in enumerate(columns):
        if _ID_NAMES.match(title.strip()) and frame.iloc[:, place_].str.strip().ne("").sum() > 1:
            yield Finding(name, place, "rows of people", f"a column of ids ('{title.strip()}')")
    named = frame.set_axis([text or f"column {place_ + 1}" for place_, text in enumerate(columns)], axis="columns")
    for found in find_identifiers(named.replace("", pd.NA)):
        yield Finding(name, place, "identifier", f"a column with the form of a {found.title}")
    if _looks_like_people(columns, rows):
        yield Finding(name, place, "rows of people", "row numbers on the left: a table as it is stored, not a summary")
    if rule.ids:
        hits = [cell for row in rows for cell in row if cell.strip() in rule.ids]
        if hits:
            yield Finding(name, place, "id of the study", f"{_some(len(set(hits)))} of the study")
    if not rule.synthetic:
        yield from _small_counts(name, place, columns, rows, rule.minimum)


def _looks_like_people(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Return whether a table has bare row numbers as its index, as a displayed DataFrame has, and many rows."""
    index = [row[0].strip() for row in rows if row[0].strip() not in ("", "...", "…")]
    if columns[0].strip() or len(index) < _PEOPLE_ROWS or not all(text.isdigit() for text in index):
        return False
    numbers = [int(text) for text in index]
    return numbers == sorted(numbers) and numbers[-1] - numbers[0] >= len(numbers) - 1


def _small_counts(
    name: str, place: str, columns: Sequence[str], rows: Sequence[Sequence[str]], minimum: int
) -> Iterator[Finding]:
    counted = [number for number, title in enumerate(columns) if _COUNT_NAMES.search(title.strip())]
    kinds = [row[columns.index("statistic")] if "statistic" in columns else "n" for row in rows]
    for number in counted:
        cells = [row[number].strip() for row, kind in zip(rows, kinds, strict=True) if kind.startswith("n")]
        if any(_is_small(cell, minimum) for cell in cells):
            yield Finding(
                name, place, "small count", f"a number under {minimum} in the column '{columns[number].strip()}'"
            )


def _is_small(cell: str, minimum: int) -> bool:
    found = re.match(r"^(\d+)(?:\.0)?(?: ?\(.*\))?$", cell)
    return found is not None and 0 < int(found[1]) < minimum


def frame_size(name: str, place: str, text: str) -> Iterator[Finding]:
    """Yield that a DataFrame of many rows was displayed, of which pandas tells the size."""
    sizes = [int(size) for size in _FRAME_SIZE.findall(text)]
    if any(size >= _PEOPLE_ROWS for size in sizes):
        yield Finding(name, place, "rows of people", "a DataFrame of many rows was displayed")
