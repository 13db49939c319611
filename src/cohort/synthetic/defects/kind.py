"""The shape of a kind of defect, and the tables it is planted in, with the record of every planted cell and row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cohort.codebook import Codebook
from cohort.study_file import StudyFile
from cohort.synthetic.defects.fields import Cells, Field, Role, fields_of
from cohort.synthetic.defects.places import Places
from cohort.synthetic.defects.raw_text import Flags, Texts, codes_of

Rows: TypeAlias = npt.NDArray[np.int64]
Unit: TypeAlias = Literal["cell", "row", "column at site", "questionnaire of a person"]


class NotApplicableError(Exception):
    """A kind of defect that a study gives no occasion for; the text says why."""


@dataclass(frozen=True)
class Kind:
    """A kind of defect.

    Parameters
    ----------
    id, what
        Its name, and what it does, in words.
    unit
        What its rate counts.
    detectable
        Whether cleaning could find it in principle, declared before any rule of cleaning is looked at.
    why_not
        Why not, where it cannot.
    refused_by_intake
        Whether it is left out unless all kinds are asked for: a study that holds much of it is refused as a whole,
        since a file in which many ids have two different rows is another kind of file. A little of it is resolved.
    plant
        Plants it at a rate.
    """

    id: str
    what: str
    unit: Unit
    detectable: bool
    why_not: str
    refused_by_intake: bool
    plant: Callable[[Bench, float], None]


def kind(
    unit: Unit, *, undetectable: str = "", refused_by_intake: bool = False
) -> Callable[[Callable[[Bench, float], None]], Kind]:
    """Return a decorator that makes a kind of a function; its name becomes the id, its first line what it does."""

    def make(function: Callable[[Bench, float], None]) -> Kind:
        what = (function.__doc__ or "").strip().splitlines()[0]
        return Kind(function.__name__, what, unit, not undetectable, undetectable, refused_by_intake, function)

    return make


@dataclass(frozen=True)
class Edit:
    """One cell that a defect changed."""

    table: str
    row: int
    column: str
    kind: str
    before: str
    after: str


@dataclass(frozen=True)
class Copy:
    """A row that stands a second time, right after the first, perhaps with other cells."""

    table: str
    row: int
    kind: str
    changes: Mapping[str, str] = field(default_factory=dict)


class Bench:
    """Tables in which defects are planted; a cell takes one defect at most.

    Parameters
    ----------
    tables
        Cells by table and column; they are changed in place.
    study, codebook
        What the columns mean.
    unit_factors, sentinels
        As in :class:`~cohort.synthetic.defects.DefectPlan`.
    """

    def __init__(
        self,
        tables: dict[str, Cells],
        study: StudyFile,
        codebook: Codebook,
        unit_factors: Mapping[str, Sequence[float]],
        sentinels: Sequence[str],
    ) -> None:
        self.tables, self.study, self.codebook = tables, study, codebook
        self.unit_factors, self.sentinels = unit_factors, sentinels
        self.places = Places(tables, study)
        self.rng = np.random.Generator(np.random.PCG64(0))
        self.kind = ""
        self.edits: list[Edit] = []
        self.copies: list[Copy] = []
        self._fields = fields_of(tables, study, codebook)
        self._taken: dict[tuple[str, str], Flags] = {}
        self._filled: dict[int, Flags] = {}

    def fields(self, *roles: Role, text_only: bool = False) -> list[Field]:
        """Return the fields of some roles; with ``text_only`` those of files that hold any text.

        Raises
        ------
        NotApplicableError
            If there are none.
        """
        found = [one for one in self._fields if one.role in roles and (one.is_text or not text_only)]
        if not found:
            what = {"number": "numbers", "lab": "laboratory results", "item": "questionnaire items", "code": "codes",
                    "date": "dates", "id": "identifiers"}  # fmt: skip
            where = " in a text file" if text_only else ""
            raise NotApplicableError(f"the study has no column of {' or '.join(what[role] for role in roles)}{where}")
        return found

    def cells(self, one: Field) -> Texts:
        """Return the cells of a field's column, as they are now."""
        return self.tables[one.table][one.column]

    def values(self, one: Field) -> Flags:
        """Return the rows of a field that hold a value which no defect has touched: neither empty nor missing."""
        key = self._fields.index(one)
        if key not in self._filled:  # a cell that changes is taken, so that what was filled at first need be known only
            codes = codes_of(self.cells(one))
            self._filled[key] = one.rows & ~np.isin(codes, ["", *one.missing])
        return np.asarray(self._filled[key] & ~self.taken(one.table, one.column), dtype=bool)

    def taken(self, table: str, column: str) -> Flags:
        """Return the cells of a column that a defect has changed already."""
        size = len(self.tables[table][column])
        return self._taken.setdefault((table, column), np.zeros(size, dtype=bool))

    def untouched_rows(self, table: str) -> Flags:
        """Return the rows of a table without any planted cell and without a planted copy."""
        size = len(next(iter(self.tables[table].values())))
        free = np.ones(size, dtype=bool)
        for (name, _), taken in self._taken.items():
            if name == table:
                free &= ~taken
        free[[copy.row for copy in self.copies if copy.table == table]] = False
        return free

    def count(self, total: int, rate: float) -> int:
        """Return how many of some units are hit: their share, rounded up or down by chance, and never none."""
        return min(total, max(1, int(rate * total + self.rng.random()))) if total else 0

    def pick(self, candidates: Sequence[tuple[int, int]] | Rows, rate: float) -> Rows:
        """Return the positions of the candidates that are hit, ascending.

        Raises
        ------
        NotApplicableError
            If there is no candidate.
        """
        total = len(candidates)
        if not total:
            raise NotApplicableError("no cell of the data gives an occasion for it")
        return np.sort(self.rng.choice(total, size=self.count(total, rate), replace=False))

    def pick_cells(self, found: Iterable[tuple[Field, Flags]], rate: float) -> list[tuple[Field, Rows]]:
        """Return cells that are hit, by field: a share of all eligible cells of all fields together.

        Raises
        ------
        NotApplicableError
            If no cell is eligible.
        """
        eligible = [(one, np.flatnonzero(rows)) for one, rows in found]
        ends = np.cumsum([len(rows) for _, rows in eligible])
        total = int(ends[-1]) if len(ends) else 0
        hit = self.pick(np.arange(total), rate)
        chosen = []
        for (one, rows), end in zip(eligible, ends, strict=True):
            inside = hit[(hit >= end - len(rows)) & (hit < end)] - (end - len(rows))
            if len(inside):
                chosen.append((one, rows[inside]))
        return chosen

    def change(self, table: str, column: str, rows: Rows, after: Iterable[str]) -> int:
        """Write new texts into some cells and record them; return how many changed. Taken cells stay as they are."""
        cells, taken = self.tables[table][column], self.taken(table, column)
        changed = 0
        for row, text in zip(rows.tolist(), after, strict=True):
            if taken[row] or cells[row] == text:
                continue
            self.edits.append(Edit(table, row, column, self.kind, str(cells[row]), text))
            cells[row], taken[row] = text, True
            changed += 1
        return changed

    def copy(self, table: str, row: int, changes: Mapping[str, str] | None = None) -> None:
        """Note that a row stands twice; the second one may hold other texts."""
        self.copies.append(Copy(table, row, self.kind, changes or {}))
