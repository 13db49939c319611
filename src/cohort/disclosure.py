"""Disclosure control: small counts are suppressed, the others rounded, before anything is shown.

A suppressed count is told apart from zero: it reads ``<5`` where 5 is the minimum; a zero stays ``0``.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

MINIMUM_COUNT = 5
ROUND_TO = 5


@dataclass(frozen=True)
class Disclosure:
    """How counts of people are protected.

    Parameters
    ----------
    minimum_count
        Counts above zero and under this number are suppressed.
    round_to
        Other counts are rounded to a multiple of this number; 1 rounds nothing.

    Examples
    --------
    >>> Disclosure(5, 5).text(3), Disclosure(5, 5).text(0), Disclosure(5, 5).text(1234)
    ('<5', '0', '1,235')
    """

    minimum_count: int = MINIMUM_COUNT
    round_to: int = ROUND_TO

    @classmethod
    def off(cls) -> Disclosure:
        """Return a policy that shows every count as it is; for synthetic data only."""
        return cls(0, 1)

    @property
    def is_on(self) -> bool:
        """Return whether any count is changed."""
        return self.minimum_count > 1 or self.round_to > 1

    def is_small(self, count: float) -> bool:
        """Return whether a count must be suppressed."""
        return bool(0 < count < self.minimum_count)

    def rounded(self, count: float) -> int | None:
        """Return the count as it may be shown, or None where it is suppressed or missing."""
        if pd.isna(count) or self.is_small(count):
            return None
        return int(self.round_to * round(count / self.round_to)) if self.round_to > 1 else int(count)

    def text(self, count: float) -> str:
        """Return the count as text; a suppressed one reads ``<minimum``."""
        if pd.isna(count):
            return ""
        shown = self.rounded(count)
        return f"<{self.minimum_count}" if shown is None else f"{shown:,}"

    def protect(self, table: pd.DataFrame, counts: list[str]) -> pd.DataFrame:
        """Return a copy of a table in which the named columns of counts are protected text.

        Does not modify the original.
        """
        shown = table.copy()
        for column in counts:
            shown[column] = [self.text(value) for value in table[column]]
        return shown
