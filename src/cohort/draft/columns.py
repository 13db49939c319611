"""What a column holds, in numbers that name nobody: how full it is, which codes it has, how its numbers spread."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.intake.cells import ABOVE, BELOW, Numbers, codes_of, numbers_of

_UNIT_IN_LABEL = re.compile(r"[(\[]\s*([^()\[\]]{1,30}?)\s*[)\]]")
_LOOKS_LIKE_A_DAY = r"^\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[T ].*)?\s*$"
_MOST_ARE = 0.9


@dataclass(frozen=True, eq=False)
class Column:
    """A column of a file, its labels, and a sample of its cells.

    Parameters
    ----------
    file, name
        Key of the file in the draft, and name of the column.
    cells
        The first rows.
    label
        Label of the column; empty for none.
    meanings
        Label of each code.
    declared_missing
        Reason of each code that the file itself declares missing.
    unit
        Unit that the file itself states.
    decimal
        Decimal sign of texts.
    """

    file: str
    name: str
    cells: pd.Series = field(repr=False)
    label: str = ""
    meanings: Mapping[str, str] = field(default_factory=dict)
    declared_missing: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    decimal: str = "."

    @functools.cached_property
    def codes(self) -> pd.Series:
        """Return the cells as codes, ``1,0`` as ``1`` where the decimal sign is a comma, as intake reads them."""
        codes = codes_of(self.cells)
        return codes.str.replace(r"^([+-]?\d+),0+$", r"\1", regex=True) if self.decimal == "," else codes

    @functools.cached_property
    def counts(self) -> dict[str, int]:
        """Return how often each code stands there, the most frequent first."""
        return {str(code): int(count) for code, count in self.codes.value_counts().items()}

    @property
    def rows(self) -> int:
        """Return how many rows were looked at."""
        return len(self.cells)

    @functools.cached_property
    def filled(self) -> int:
        """Return how many of these rows hold anything."""
        return int(self.codes.notna().sum())

    @property
    def distinct(self) -> int:
        """Return how many different codes there are."""
        return len(self.counts)

    @functools.cached_property
    def numbers(self) -> Numbers:
        """Return the cells as numbers."""
        return numbers_of(self.cells, self.decimal)

    @functools.cached_property
    def is_date(self) -> bool:
        """Return whether most cells name a day."""
        if pd.api.types.is_datetime64_any_dtype(self.cells.dtype):
            return True
        if pd.api.types.is_numeric_dtype(self.cells.dtype) or not self.filled:
            return False
        return bool(self.codes.dropna().str.match(_LOOKS_LIKE_A_DAY).mean() >= _MOST_ARE)

    @functools.cached_property
    def is_numeric(self) -> bool:
        """Return whether most cells that hold anything are numbers."""
        if not self.filled or self.is_date:
            return False
        return bool(np.isfinite(self.numbers.number).sum() >= _MOST_ARE * self.filled)

    @functools.cached_property
    def is_whole(self) -> bool:
        """Return whether all numbers are whole."""
        numbers = self.numbers.number[np.isfinite(self.numbers.number)]
        return bool(self.is_numeric and (numbers == np.round(numbers)).all())

    def values(self, without: frozenset[str] = frozenset()) -> npt.NDArray[np.float64]:
        """Return the numbers, some codes and all missing ones left out.

        Parameters
        ----------
        without
            Codes that stand for no answer.
        """
        numbers = self.numbers.number
        keep = np.isfinite(numbers)
        if without:
            keep &= ~self.codes.isin(list(without)).to_numpy()
        return numbers[keep]

    @property
    def texts_below(self) -> int:
        """Return how many cells are written as ``<0.15``."""
        return int((self.numbers.censoring == BELOW).sum())

    @property
    def texts_above(self) -> int:
        """Return how many cells are written as ``>200``."""
        return int((self.numbers.censoring == ABOVE).sum())

    @functools.cached_property
    def stated_unit(self) -> str:
        """Return the unit in a sidecar, or the last text in brackets of the label; empty for none."""
        found = _UNIT_IN_LABEL.findall(self.label)
        return self.unit or (found[-1].strip() if found else "")

    @functools.cached_property
    def label_text(self) -> str:
        """Return the label without what stands in brackets at its end."""
        return re.sub(r"\s*[(\[][^()\[\]]*[)\]]\s*$", "", self.label) or self.label
