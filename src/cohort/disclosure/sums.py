"""Which counts add up to which, and what must be withheld so that no small one can be worked out from the others.

What a reader knows of a table is a system of linear equations over whole numbers: each text bounds its count, each sum
ties counts together. A small count is protected when both 1 and the minimum less one remain possible for it, so that
the table tells no more of it than the text ``<minimum`` does (Hundepool et al., Statistical Disclosure Control, Wiley
2012, ch. 4: a cell is exposed when its feasibility interval is narrower than its protection interval).
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

Cell: TypeAlias = Hashable
"""What names a cell: (row, column) in a table, a text in a list of counts."""

ROUGH = 10
"""A count that would give another one away is rounded to this many times the minimum, where that is enough."""


class Shown(NamedTuple):
    """What a reader knows of a count from its text; ``high`` is None where there is no upper limit."""

    low: int
    high: int | None


@dataclass(frozen=True)
class Sum:
    """Cells that add up to another one.

    Parameters
    ----------
    whole
        The total.
    parts
        Its parts, none of which overlap.
    has_rest
        Whether others belong to the whole that no cell shows: people without the event beside those with it.
    """

    whole: Cell
    parts: tuple[Cell, ...]
    has_rest: bool = False


def rest_of(one: Sum) -> Cell:
    """Return the cell of those of a whole that no part holds."""
    return ("rest", one)


def cells_of(one: Sum) -> tuple[Cell, ...]:
    """Return the cells of a sum, its rest among them."""
    return (one.whole, *one.parts, *([rest_of(one)] if one.has_rest else []))


class _System:
    """The equations that bear on a cell, with what is known of each cell in them."""

    def __init__(self, sums: Sequence[Sum], shown: Mapping[Cell, Shown]) -> None:
        self.cells = {cell: place for place, cell in enumerate(dict.fromkeys(c for one in sums for c in cells_of(one)))}
        self._matrix = np.zeros((len(sums), len(self.cells)))
        for row, one in enumerate(sums):
            for cell in cells_of(one):
                self._matrix[row, self.cells[cell]] += 1 if cell == one.whole else -1
        self._low, self._high = np.zeros(len(self.cells)), np.full(len(self.cells), np.inf)
        for cell, place in self.cells.items():
            if cell in shown:
                known = shown[cell]
                self._low[place], self._high[place] = known.low, np.inf if known.high is None else known.high

    def can_be(self, cell: Cell, value: int) -> bool:
        """Return whether a count can have a value, given all that is shown."""
        low, high, place = self._low.copy(), self._high.copy(), self.cells[cell]
        if not low[place] <= value <= high[place]:
            return False
        low[place] = high[place] = value
        zero = np.zeros(self._matrix.shape[0])
        found = milp(
            np.zeros(len(self.cells)),
            integrality=np.ones(len(self.cells), dtype=np.int64),
            bounds=Bounds(low, high),
            constraints=LinearConstraint(self._matrix, zero, zero),
            # What is not proved possible counts as exposed; a limit of time would make results depend on the machine.
            options={"node_limit": 10_000},
        )
        return bool(found.status == 0)


def is_covered(cell: Cell, sums: Sequence[Sum], shown: Mapping[Cell, Shown], least: int) -> bool:
    """Return whether a small count stays hidden: 1 and ``least`` - 1 are both possible, given all that is shown.

    Parameters
    ----------
    cell
        The cell; :func:`rest_of` names the rest of a sum.
    sums
        The sums that bear on it.
    shown
        What is known of each cell.
    least
        The smallest count that may be shown.
    """
    system = _System(sums, shown)
    return all(system.can_be(cell, value) for value in {1, least - 1})


def small_cells(counts: Mapping[Cell, float], sums: Sequence[Sum], least: int) -> list[Cell]:
    """Return the cells of sums, and the rests, whose count is small; a sum over an unknown count has no known rest."""
    small = [cell for cell in dict.fromkeys(c for one in sums for c in (one.whole, *one.parts))
             if 0 < counts.get(cell, 0) < least]  # fmt: skip
    for one in sums:
        if one.has_rest and all(cell in counts for cell in (one.whole, *one.parts)):
            rest = counts[one.whole] - sum(counts[part] for part in one.parts)
            small += [rest_of(one)] if 0 < rest < least else []
    return small


def withhold(
    counts: Mapping[Cell, float],
    sums: Sequence[Sum],
    shown: Mapping[Cell, Shown],
    small: Sequence[Cell],
    least: int,
) -> dict[Cell, Shown]:
    """Return the cells that must be withheld so that every small count stays hidden, with what is still told of them.

    Parameters
    ----------
    counts
        The true counts of cells about to be shown, which may still be withheld.
    sums
        Which cells add up to which.
    shown
        What a reader learns of each cell from its text, cells shown before among them.
    small
        The small cells, and rests of sums, shown or not.
    least
        The smallest count that may be shown.

    Notes
    -----
    Small cells are taken one by one. For one that is exposed, the smallest cell that covers it when it is told only
    roughly is taken, parts before wholes, then one of which is told only that it is no small one. Either only widens
    what is possible, so a cell once covered stays covered. Where small cells expose each other (1 + 2 = 3, all of them
    under the minimum), nothing is told of the neighbours.
    """
    known = dict(shown)
    hidden: dict[Cell, Shown] = {}
    wholes = {one.whole for one in sums}
    for target in small:
        near, bearing = _near(target, sums)
        if not any(cell in counts for cell in near):
            continue  # nothing new bears on it
        while not is_covered(target, bearing, known, least):
            left = [c for c in near if c in counts and c in known and c != target and c not in hidden and counts[c] > 0]
            left.sort(key=lambda c: (counts[c] < least, near[c], c in wholes, counts[c], repr(c)))
            if not left:
                break
            ways = [(c, roughly(counts[c], least)) for c in left if counts[c] >= 4 * ROUGH * least]
            ways += [(c, Shown(least if counts[c] >= least else 0, None)) for c in left]
            covers = (way for way in ways if is_covered(target, bearing, {**known, way[0]: way[1]}, least))
            chosen, told = next(covers, ways[-len(left)])
            hidden[chosen] = known[chosen] = told
    return hidden


def _near(target: Cell, sums: Sequence[Sum]) -> tuple[dict[Cell, int], list[Sum]]:
    """Return the cells that sums tie to one, with the number of sums on the way, and these sums."""
    members = [(one, frozenset(cells_of(one))) for one in sums]
    found: dict[Cell, int] = {target: 0}
    bearing: dict[Sum, None] = {}
    step, border = 0, {target}
    while border:
        step += 1
        touched = [(one, group) for one, group in members if group & border]
        bearing |= dict.fromkeys(one for one, _ in touched)
        border = {cell for _, group in touched for cell in group} - set(found)
        found |= dict.fromkeys(border, step)
    return found, list(bearing)


def roughly(count: float, least: int) -> Shown:
    """Return what is told of a count that is rounded to ten times the minimum.

    Examples
    --------
    >>> roughly(1231, 5)
    Shown(low=1226, high=1274)
    """
    base = ROUGH * least
    middle = base * round(count / base)
    return Shown(middle - (base - 1) // 2, middle + (base - 1) // 2)


def flow_sums(steps: int, branches: int, people: str = "n") -> list[Sum]:
    """Return the sums of a flow of people; cells are (number of the box, ``n`` or ``excluded``), branches last.

    Parameters
    ----------
    steps
        Number of steps, one after the other: who is left and who was excluded make the step before.
    branches
        Number of parts of the last step; who lacks it stands beside each.
    people
        What the column of people is called in place of ``n``.
    """
    if not steps:
        return []
    above = [*range(steps - 1), *[steps - 1] * branches]
    return [
        Sum((whole, people), ((row, people), (row, "excluded")))
        for whole, row in zip(above, range(1, steps + branches), strict=True)
    ]


def found_sums(numbers: Mapping[str, Sequence[float]], most: int = 8) -> list[Sum]:
    """Return the sums that hold between the rows of a table, found in the true counts themselves.

    Parameters
    ----------
    numbers
        Columns of counts, such as people and events, NaN where a row has none.
    most
        Rows of one sum at most.

    Notes
    -----
    A whole and neighbouring rows that add up to it in every column (all, women, men) are one sum for each column; so
    are neighbouring rows with the same people whose events add up to them (strata). A sum that holds by chance only
    makes more be withheld.

    Examples
    --------
    >>> found_sums({"n": [100, 60, 40], "events": [30, 20, 10]})[0]
    Sum(whole=(0, 'n'), parts=((1, 'n'), (2, 'n')), has_rest=False)
    """
    names = list(numbers)
    table = np.array([[float(v) for v in numbers[name]] for name in names])
    rows = table.shape[1] if names else 0
    sums: list[Sum] = []
    for first in range(rows):
        for last in range(first + 1, min(first + most, rows)):
            block = table[:, first : last + 1]
            if np.isnan(block).any() or (block == 0).any():
                continue
            total = block.sum(axis=1)
            for row in _outside(rows, first, last):
                if (table[:, row] == total).all():
                    sums += [Sum((row, n), tuple((k, n) for k in range(first, last + 1))) for n in names]
            if len(names) == 2 and len(set(block[0])) == 1 and math.isclose(total[1], block[0, 0]):
                sums.append(Sum((first, names[0]), tuple((k, names[1]) for k in range(first, last + 1))))
                sums += [Sum((first, names[0]), ((k, names[0]),)) for k in range(first + 1, last + 1)]
    return sums


def _outside(rows: int, first: int, last: int) -> Iterable[int]:
    return (row for row in range(rows) if not first <= row <= last)
