"""Columns that name single people, recognised by what they are called or by what stands in them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.privacy.patterns import passes_eleven_test, passes_nhs_test, shares_of_forms, years_of_exact_dates
from cohort.privacy.words import Kind, Words, load_words, name_parts

_AGE_NAMES = frozenset({"age", "leeftijd", "lft", "ageyears", "agey"})
_NATIONAL = {"bsn": (8, 9), "nhs_number": (10, 10)}
_ALWAYS = frozenset({"email"})
"""Forms of which a single one gives somebody away; the others must be the form of the column."""


@dataclass(frozen=True)
class IdentifierColumn:
    """A column that holds a direct identifier.

    Parameters
    ----------
    column
        Its name.
    kind, title
        Key of the kind in ``data_schema/identifiers.yaml``, and its words.
    why
        ``name``: the column is called so; ``values``: its values have the form.
    share
        Share of the distinct values looked at that have the form; 1 where the name told.
    """

    column: str
    kind: str
    title: str
    why: Literal["name", "values"]
    share: float


def find_identifiers(frame: pd.DataFrame, id_column: str | None = None) -> list[IdentifierColumn]:
    """Return the columns of a file that hold direct identifiers: names, addresses, national ids, birth dates and more.

    Parameters
    ----------
    frame
        A file as it was read, cells untouched.
    id_column
        The column of participants' ids: it may be called a patient number, but must not be a national id or an address.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["1", "2"], "E-mail": ["a@b.nl", "c@d.nl"], "crp": ["0.3", "1.2"]})
    >>> [(found.column, found.kind) for found in find_identifiers(frame, "id")]
    [('E-mail', 'email')]

    Notes
    -----
    A column of names under a name that says nothing is not recognised: words are words. Initials in an id, or a rare
    disease in a small place, are not direct identifiers and are not looked for.
    """
    words = load_words()
    step = max(1, -(-len(frame) // words.sampled_rows))
    sample = frame.iloc[::step]
    people = sample[id_column].nunique() if id_column is not None and id_column in sample else len(sample)
    return list(_found(sample, id_column, people, words))


def _found(sample: pd.DataFrame, id_column: str | None, people: int, words: Words) -> Iterator[IdentifierColumn]:
    ages = _ages(sample)
    for place, column in enumerate(str(name) for name in sample.columns):
        cells = sample.iloc[:, place]
        values = _distinct(cells, words.sampled_values)
        if not values:
            continue
        is_id = column == id_column
        named = words.kind_of(column)
        if named is not None and not (is_id and not named[0].national) and _fits(named[0], values):
            kind, of_people = named
            if not of_people or cells.nunique() > 0.5 * people:
                yield IdentifierColumn(column, kind.name, kind.title, "name", 1.0)
                continue
        told = _by_values(values, words, is_id=is_id) or _by_ages(cells, ages, words)
        if told is not None:
            yield IdentifierColumn(column, told[0], words.kinds[told[0]].title, "values", round(told[1], 3))


def _distinct(cells: pd.Series, most: int) -> list[str]:
    """Return distinct values as text, whole numbers without decimals; blanks are left out."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype("object")
    if pd.api.types.is_bool_dtype(cells.dtype):
        return []
    if pd.api.types.is_float_dtype(cells.dtype):
        numbers = cells.dropna().unique()[:most]
        return [str(int(n)) if float(n).is_integer() and abs(n) < 1e15 else str(n) for n in numbers]
    texts = (str(value).strip() for value in cells.dropna().unique()[:most])
    return [text for text in texts if text]


def _fits(kind: Kind, values: list[str]) -> bool:
    """Return whether values can be what the name of their column says."""
    if kind.letters:
        return sum(any(letter.isalpha() for letter in value) for value in values) > len(values) / 2
    if kind.dates:
        years = sum(len(value) == 4 and value.isdigit() for value in values)
        months = sum(len(value) == 7 and value[4:5] in "-/." for value in values)
        return years + months < len(values) / 2 and not set(values) <= {"0", "1", "2", "8", "9"}
    return True


def _by_values(values: list[str], words: Words, *, is_id: bool) -> tuple[str, float] | None:
    """Return the kind of identifier whose form the values have, with their share."""
    for kind, (shortest, longest) in _NATIONAL.items():
        digits = [value for value in values if value.isascii() and value.isdigit()]
        numbers = [number for number in digits if shortest <= len(number) <= longest]
        if len(numbers) >= max(words.fewest_values, words.check_digit_share * len(values)):
            passed = passes_eleven_test(numbers) if kind == "bsn" else passes_nhs_test(numbers)
            share = float(passed.sum()) / len(values)
            if share >= words.check_digit_share:
                return kind, share
    for kind, share in shares_of_forms(values).items():
        if is_id and kind in ("phone", "postcode"):  # ids of ten digits and plates look alike
            continue
        if kind in _ALWAYS or (share >= words.pattern_share and len(values) >= 3):
            return kind, share
    return None


def _ages(sample: pd.DataFrame) -> npt.NDArray[np.float64] | None:
    """Return the ages of a file, in years, where a column is called so."""
    for place, column in enumerate(sample.columns):
        if "".join(name_parts(str(column))) in _AGE_NAMES:
            cells = sample.iloc[:, place]
            ages = pd.to_numeric(cells.astype("object"), errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
            if np.nanstd(ages) > 2 if np.isfinite(ages).any() else False:
                return np.asarray(ages)
    return None


def _by_ages(cells: pd.Series, ages: npt.NDArray[np.float64] | None, words: Words) -> tuple[str, float] | None:
    """Return ``birth_date`` for exact dates that lie about as long ago as people are old."""
    if ages is None or pd.api.types.is_numeric_dtype(cells.dtype):
        return None
    first = next((str(value) for value in cells if not pd.isna(value)), "")
    if not np.isfinite(years_of_exact_dates([first[:10]])).any():
        return None
    years = years_of_exact_dates([str(value)[:10] for value in cells])
    known = np.isfinite(years) & np.isfinite(ages)
    if known.sum() < words.fewest_values:
        return None
    long_ago = np.nanmax(years) - np.median(years[known]) > words.birth_date_years
    low, high = np.quantile(years[known] + ages[known], [0.05, 0.95])
    # Within a year or two of recruitment, year of birth and age add up to the year of recruitment.
    share = float(np.isfinite(years).mean())
    spread = np.std(years[known])
    return ("birth_date", share) if long_ago and spread > 2 and high - low <= max(3.0, 0.2 * spread) else None
