"""A raw file while it is being written: text in every cell, and which cells are settled."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from cohort.study_file import DataFile
from cohort.synthetic.defects.fields import is_text_file
from cohort.synthetic.defects.raw_text import Flags, Texts
from cohort.synthetic.twin.rows import FileRows, Positions


class RawTable:
    """Cells of one file; who writes a cell first settles it.

    Parameters
    ----------
    key, file
        Key of the file in the study, and what the study says of it.
    rows
        Its rows.
    part
        Number of the stacked file that each row stands in.
    """

    def __init__(self, key: str, file: DataFile, rows: FileRows, part: Positions) -> None:
        self.key, self.file, self.rows, self.part = key, file, rows, part
        self.sources = list(file.sources())
        self.is_folder = file.format in ("bids", "redcap")
        self.is_text = is_text_file(file, next(iter(file.sources().values())))
        self.decimal = file.decimal or "."
        self.units: dict[str, str] = {}
        self._cells: dict[str, Texts] = {}
        self._taken: dict[str, Flags] = {}

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    @property
    def order(self) -> str | None:
        """Return the order of the parts of a day."""
        return self.file.date_order

    @property
    def columns(self) -> list[str]:
        """Return the columns that something was written in."""
        return list(self._cells)

    def cells(self, column: str) -> Texts:
        """Return all cells of a column; empty ones where nothing was written."""
        if column not in self._cells:
            self._cells[column] = np.full(len(self), "", dtype=object)
            self._taken[column] = np.zeros(len(self), dtype=bool)
        return self._cells[column]

    def taken(self, column: str) -> Flags:
        """Return which cells of a column are settled."""
        self.cells(column)
        return self._taken[column]

    def has(self, column: str) -> bool:
        """Return whether any cell of a column is settled."""
        return column in self._taken and bool(self._taken[column].any())

    def write(self, column: str, rows: Positions, texts: Iterable[str]) -> None:
        """Settle some cells; those that are settled already stay."""
        cells, taken = self.cells(column), self._taken[column]
        new = np.asarray(list(texts), dtype=object)
        free = ~taken[rows]
        cells[rows[free]] = new[free]
        taken[rows[free]] = True

    def overwrite(self, column: str, rows: Positions, texts: Iterable[str]) -> None:
        """Settle some cells anew."""
        cells, taken = self.cells(column), self._taken[column]
        cells[rows] = np.asarray(list(texts), dtype=object)
        taken[rows] = True

    def parts(self, order: list[str]) -> dict[str, pd.DataFrame]:
        """Return the tables of text by stacked file; ``order`` comes first among the columns."""
        first = [column for column in order if column in self._cells]
        columns = first + [column for column in self._cells if column not in first]
        whole = pd.DataFrame({column: self._cells[column] for column in columns}, dtype="str")
        if self.is_folder or len(self.sources) < 2:
            return {self.sources[0]: whole}
        return {name: whole[self.part == number].reset_index(drop=True) for number, name in enumerate(self.sources)}
