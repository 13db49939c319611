"""Small counts are suppressed, the others rounded, and what would give a suppressed one away is withheld too.

A suppressed count is told apart from zero: it reads ``<5`` where 5 is the minimum, and a zero stays ``0``. A count that
is withheld for the sake of another reads ``≈1,250``, rounded far more, or ``≥5``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from cohort.disclosure.memory import Memory, renamed
from cohort.disclosure.sums import ROUGH, Cell, Shown, Sum, small_cells, withhold

MINIMUM_COUNT = 5
ROUND_TO = 5
NOT_SHOWN = "not shown"
NOTHING: Mapping[Cell, str] = {}


@dataclass(frozen=True)
class Disclosure:
    """How counts of people are protected.

    Parameters
    ----------
    minimum_count
        Counts above zero and under this number are suppressed.
    round_to
        Other counts are rounded to a multiple of this number; 1 rounds nothing.
    memory
        What has been shown of the study before; None judges each table alone.

    Examples
    --------
    >>> Disclosure(5, 5).text(3), Disclosure(5, 5).text(0), Disclosure(5, 5).text(1234)
    ('<5', '0', '1,235')
    """

    minimum_count: int = MINIMUM_COUNT
    round_to: int = ROUND_TO
    memory: Memory | None = field(default=None, compare=False, repr=False)

    @classmethod
    def off(cls) -> Disclosure:
        """Return a policy that shows every count as it is; for synthetic data only."""
        return cls(0, 1)

    @property
    def is_on(self) -> bool:
        """Return whether any count is changed."""
        return self.minimum_count > 1 or self.round_to > 1

    @property
    def least(self) -> int:
        """Return the smallest count above zero that may be shown: the minimum, or what would not be rounded to zero.

        Examples
        --------
        >>> Disclosure(5, 5).least, Disclosure(5, 20).least
        (5, 11)
        """
        return max(self.minimum_count, self.round_to // 2 + 1 if self.round_to > 1 else 0)

    def is_small(self, count: float) -> bool:
        """Return whether a count must be suppressed."""
        return bool(0 < count < self.least)

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
        return f"<{self.least}" if shown is None else f"{shown:,}"

    def rough_text(self, count: float) -> str:
        """Return a count in a sentence: rounded so far that it tells nothing of the counts that it sums up.

        Examples
        --------
        >>> Disclosure(5, 5).rough_text(1231), Disclosure(5, 5).rough_text(7), Disclosure.off().rough_text(1231)
        ('about 1,250', 'fewer than 50', '1,231')
        """
        if not self.is_on or count == 0:
            return self.text(count)
        base = ROUGH * self.least
        return f"about {base * round(count / base):,}" if count >= base else f"fewer than {base}"

    def shown(self, count: float) -> Shown:
        """Return what a reader learns from the text of a count: the smallest and the largest number it can be.

        Examples
        --------
        >>> Disclosure(5, 5).shown(3), Disclosure(5, 5).shown(101)
        (Shown(low=1, high=4), Shown(low=98, high=102))
        """
        if self.is_small(count):
            return Shown(1, self.least - 1)
        seen = self.rounded(count)
        if seen is None or seen == 0 or self.round_to == 1:
            return Shown(int(count), int(count))
        near = range(seen - self.round_to, seen + self.round_to + 1)
        same = [number for number in near if number >= self.least and self.rounded(number) == seen]
        return Shown(same[0], same[-1])

    def texts(
        self,
        counts: Mapping[Cell, float],
        sums: Sequence[Sum] = (),
        unseen: Collection[Cell] = (),
        names: Mapping[Cell, str] = NOTHING,
    ) -> dict[Cell, str]:
        """Return the counts of a table as texts from which no small one can be worked out.

        Parameters
        ----------
        counts
            The counts by cell.
        sums
            Which cells add up to which. Where what is shown would narrow a small count, shown or implied, to less than
            "1 to minimum - 1", another cell of the sum is withheld: it reads ``≈1,250`` (rounded to ten times the
            minimum) where that is enough, else ``≥minimum``, or ``not shown`` if it is small itself.
        unseen
            Cells that belong to sums and are not shown; their text is empty.
        names
            Names of cells that stand in other tables of the study as well. Such a cell reads the same everywhere, and
            with a memory what was shown before is part of what a reader knows.

        Examples
        --------
        >>> sums = [Sum("all", ("women", "men"))]
        >>> Disclosure(5, 1).texts({"all": 20, "women": 17, "men": 3}, sums)
        {'all': '20', 'women': '≥5', 'men': '<5'}
        """
        plain = {cell: "" if cell in unseen else self.text(count) for cell, count in counts.items()}
        if self.least <= 1 or not (sums or names):
            return plain
        memory = self.memory if self.memory is not None else Memory()
        # A text in a sum that is no cell of this table is the name of people whom other tables may count.
        cells = [*counts, *(c for one in sums for c in (one.whole, *one.parts) if not isinstance(c, str))]
        own = memory.own_names(cells, {c: name for c, name in names.items() if self._fits(counts.get(c), name)})
        known = {own[cell]: float(count) for cell, count in counts.items() if not pd.isna(count)}
        ties = list(dict.fromkeys([*memory.sums, *(renamed(one, own) for one in sums)]))
        seen = {own[cell] for cell in counts if cell not in unseen and own[cell] in known}
        shown = {cell: self.shown(known[cell]) for cell in seen} | memory.shown
        small = list(dict.fromkeys([*small_cells(known, ties, self.least), *memory.small]))
        free = {cell: count for cell, count in known.items() if cell not in memory.shown}
        hidden = withhold(free, ties, shown, small, self.least)
        told = {own[cell]: text for cell, text in plain.items() if own[cell] in seen}
        told |= {cell: self._told(what) for cell, what in hidden.items()} | {
            cell: memory.texts[cell] for cell in seen if cell in memory.texts
        }
        memory.add({cell: hidden.get(cell, shown[cell]) for cell in seen}, told, ties, small)
        return {cell: told.get(own[cell], text) if cell not in unseen else "" for cell, text in plain.items()}

    def _fits(self, count: float | None, name: str) -> bool:
        """Return whether a named cell can be what was shown under its name: other people may have been chosen since."""
        if self.memory is None or name not in self.memory.shown or count is None or pd.isna(count):
            return True
        low, high = self.memory.shown[name]
        text = self.memory.texts.get(name, "")
        return text == self.text(count) or (not is_told(text) and low <= count <= (high or count))

    def _told(self, told: Shown) -> str:
        if told.high is not None:
            return f"≈{(told.low + told.high) // 2:,}"
        return f"≥{self.least}" if told.low else NOT_SHOWN

    def protect(
        self,
        table: pd.DataFrame,
        counts: Sequence[str],
        sums: Sequence[Sum] = (),
        names: Mapping[Cell, str] = NOTHING,
    ) -> pd.DataFrame:
        """Return a copy of a table in which the named columns of counts are protected text.

        Does not modify the original.

        Parameters
        ----------
        table
            The table.
        counts
            Its columns of counts.
        sums, names
            As in :meth:`texts`; a cell is (number of the row, name of the column).
        """
        shown = table.copy()
        cells: dict[Cell, float] = {
            (row, column): value for column in counts for row, value in enumerate(table[column].to_list())
        }
        texts = self.texts(cells, sums, names=names)
        for column in counts:
            shown[column] = [texts[row, column] for row in range(len(table))]
        return shown


def is_told(*texts: str) -> bool:
    """Return whether texts of counts tell a number that a share may be made of: none is suppressed or withheld.

    Examples
    --------
    >>> is_told("1,235", "0"), is_told("10", "<5"), is_told("≥5"), is_told("≈1,250")
    (True, False, False, False)
    """
    return not any(text.startswith(("≥", "≈", "<", NOT_SHOWN)) for text in texts)
