"""The counts of Table 1: gathered first, protected together, written into the cells at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cohort.disclosure import Cell, Disclosure, Sum, is_told

UNKNOWN: Cell = "unknown"
"""The cell of people whose group is not known; it stands in the note of the table."""


@dataclass(frozen=True)
class CountCell:
    """A count of people with a level, in one column of the table.

    Parameters
    ----------
    count, total
        People with the level, and with any level.
    share
        Their share between 0 and 1, by the survey weights where the table is weighted.
    is_weighted
        Whether it is.
    """

    count: int
    total: int
    share: float
    is_weighted: bool


@dataclass
class CountedCells:
    """Counts of a table while it is made, and which of them add up.

    Parameters
    ----------
    rule
        How counts are protected.
    counts
        By (row, column); ``UNKNOWN`` for people without a group.
    sums
        Which cells add up to which.
    """

    rule: Disclosure
    counts: dict[Cell, float] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)

    def add_people(self, headings: Sequence[str], people: Sequence[int], unknown: int) -> None:
        """Take the first row: everybody, and who is in each group."""
        self.counts |= {(0, heading): count for heading, count in zip(headings, people, strict=True)}
        if len(headings) > 1:
            self.counts[UNKNOWN] = unknown
            self.sums.append(Sum((0, headings[0]), (*((0, name) for name in headings[1:]), UNKNOWN)))

    def add_levels(
        self, first: int, headings: Sequence[str], counts: Sequence[dict[str, CountCell]], *, are_all: bool
    ) -> None:
        """Take the rows of a variable: the count of each level in each column.

        Parameters
        ----------
        first
            Number of the first row.
        headings
            The columns, all people first.
        counts
            By column: the counts of the levels shown.
        are_all
            Whether every level is shown; of yes and no only yes is.
        """
        for heading, cells in zip(headings, counts, strict=True):
            keys: list[Cell] = []
            for row, cell in enumerate(cells.values(), start=first):
                key = (row, heading)
                self.counts[key] = cell.count
                keys.append(key)
            missing: list[Cell] = [(first, "missing")] if heading == headings[0] else []
            has_rest = not are_all or not missing
            self.sums.append(Sum((0, heading), (*keys, *missing), has_rest))
        if len(headings) > 1:
            rows = range(first, first + len(counts[0]))
            has_unknown = self.counts.get(UNKNOWN, 0) > 0
            self.sums += [
                Sum((row, headings[0]), tuple((row, name) for name in headings[1:]), has_unknown) for row in rows
            ]

    def add_missing(self, row: int, heading: str, count: int, *, alone: bool) -> None:
        """Take how many lack a variable; ``alone`` where no level of it is counted."""
        self.counts[row, "missing"] = count
        if alone:
            self.sums.append(Sum((0, heading), ((row, "missing"),), has_rest=True))

    def texts(self) -> dict[Cell, str]:
        """Return the counts as they may be shown."""
        return self.rule.texts(self.counts, self.sums)


def cell_text(cell: CountCell, told: str, rule: Disclosure) -> str:
    """Return count and percentage; a percentage that would give a small count away is left out with it.

    Parameters
    ----------
    cell
        The count.
    told
        How it may be shown.
    rule
        How counts are protected.
    """
    if cell.total == 0:
        return "–"
    shown, whole = rule.rounded(cell.count), rule.rounded(cell.total)
    if shown is None or not is_told(told):
        return f"{told} ({100 * cell.share:.1f} %)" if cell.is_weighted and told.startswith("≈") else told
    if not whole or rule.is_small(cell.total - cell.count):
        return "–"
    # Unweighted, the percentage is made of the counts as shown: the exact one would undo their rounding.
    percent = 100 * cell.share if cell.is_weighted else 100 * shown / whole
    return f"{told} ({min(percent, 100):.1f} %)"


def gives_small_away(groups: Sequence[Sequence[int]], rule: Disclosure) -> bool:
    """Return whether a number made of the shares of groups rests on a small count or a small rest.

    Parameters
    ----------
    groups
        By group: people with each level.
    rule
        How counts are protected.
    """
    counts = [np.asarray(group) for group in groups]
    return any(rule.is_small(int(count)) or rule.is_small(int(g.sum() - count)) for g in counts for count in g)
