"""The counts of Table 1: gathered first, protected together, written into the cells at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cohort.disclosure import Cell, Disclosure, Sum, is_told, people_named

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
    headings
        The columns, all people first.
    base, by, groups
        How disclosure control calls the people, the grouping variable and the groups; no base leaves cells unnamed.
    counts
        By (row, column); ``UNKNOWN`` for people without a group.
    sums, names, unseen
        Which cells add up to which, which stand in other tables too, and which are in no column of this one.
    """

    rule: Disclosure
    headings: Sequence[str]
    base: str = ""
    by: str = ""
    groups: Sequence[str] = ()
    counts: dict[Cell, float] = field(default_factory=dict)
    sums: list[Sum] = field(default_factory=list)
    names: dict[Cell, str] = field(default_factory=dict)
    unseen: set[Cell] = field(default_factory=set)

    def add_people(self, people: Sequence[int], unknown: int) -> None:
        """Take the first row: everybody, and who is in each group."""
        self.counts |= {(0, heading): count for heading, count in zip(self.headings, people, strict=True)}
        self.counts[0, "missing"] = 0
        self._name(0, ())
        if len(self.headings) > 1:
            self.counts[UNKNOWN] = unknown
            if self.base:
                self.names[UNKNOWN] = people_named(self.base, f"{self.by} missing")
            known = self._hidden(f"{self.by} known", people[0] - unknown)
            self.sums.append(Sum((0, self.headings[0]), (known, UNKNOWN)))
            self.sums.append(Sum(known, tuple((0, name) for name in self.headings[1:])))

    def add_levels(
        self, first: int, name: str, counts: Sequence[dict[str, CountCell]], *, missing: int, are_all: bool
    ) -> None:
        """Take the rows of a variable: the count of each level in each column.

        Parameters
        ----------
        first, name
            Number of the first row, and the variable.
        counts
            By column: the counts of the levels shown.
        missing
            How many of all lack the variable.
        are_all
            Whether every level is shown; of yes and no only yes is.
        """
        known = self.add_missing(first, name, missing)
        for place, (heading, cells) in enumerate(zip(self.headings, counts, strict=True)):
            keys = [(row, heading) for row in range(first, first + len(cells))]
            self.counts |= {key: cell.count for key, cell in zip(keys, cells.values(), strict=True)}
            whole: Cell = (0, heading) if place else known
            self.sums.append(Sum(whole, tuple(keys), has_rest=bool(place) or not are_all))
        has_unknown = self.counts.get(UNKNOWN, 0) > 0
        for row, level in enumerate(counts[0], start=first):
            self._name(row, (f"{name}={level}",))
            if len(self.headings) > 1:
                both = self._hidden(f"{name}={level}", sum(cells[level].count for cells in counts[1:]), self.by)
                self.sums.append(Sum((row, self.headings[0]), (both,), has_rest=has_unknown))
                self.sums.append(Sum(both, tuple((row, heading) for heading in self.headings[1:])))

    def add_missing(self, row: int, name: str, count: int) -> Cell:
        """Take how many lack a variable, and return the cell of those who do not."""
        self.counts[row, "missing"] = count
        if self.base:
            self.names[row, "missing"] = people_named(self.base, f"{name} missing")
        known = self._hidden(f"{name} known", self.counts[0, self.headings[0]] - count)
        self.sums.append(Sum((0, self.headings[0]), (known, (row, "missing"))))
        return known

    def _hidden(self, condition: str, count: float, by: str = "") -> Cell:
        """Return a cell that is in no column of this table; other tables may show it."""
        name = people_named(self.base, *(part for part in (condition, f"{by} known" if by else "") if part))
        cell: Cell = name or f"{condition} {by}"
        self.counts[cell] = count
        self.unseen.add(cell)
        if name:
            self.names[cell] = name
        return cell

    def _name(self, row: int, conditions: tuple[str, ...]) -> None:
        if self.base:
            self.names[row, self.headings[0]] = people_named(self.base, *conditions)
            for heading, group in zip(self.headings[1:], self.groups, strict=True):
                self.names[row, heading] = people_named(self.base, f"{self.by}={group}", *conditions)

    def texts(self) -> dict[Cell, str]:
        """Return the counts as they may be shown."""
        return self.rule.texts(self.counts, self.sums, self.unseen, self.names)


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
        # A weighted percentage tells nothing of the count beside it, unless the weights are all but equal.
        apart = cell.is_weighted and abs(cell.share * cell.total - cell.count) > rule.least
        return f"{told} ({100 * cell.share:.1f} %)" if apart and told.startswith("≈") else told
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
