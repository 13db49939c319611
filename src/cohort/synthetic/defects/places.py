"""Where the rows of a table come from: the sites, plates or blocks that share a mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from cohort.study_file import ByColumn, LabSource, StudyFile, UnitColumn
from cohort.synthetic.defects.fields import Cells, Field, file_of, id_column
from cohort.synthetic.defects.raw_text import SOURCE, Flags, Texts, codes_of

BLOCKS = 60
"""Runs of rows that stand for sites where a study names none; so many that a mistake of one hardly moves the whole."""


class Places:
    """The sites of the rows of every table.

    Parameters
    ----------
    tables
        Cells by table and column.
    study
        What the columns mean.
    """

    def __init__(self, tables: Mapping[str, Cells], study: StudyFile) -> None:
        self.tables, self.study = tables, study
        self._labels: dict[tuple[str, str], Texts] = {}

    def sites(self, one: Field) -> list[Flags]:
        """Return the rows of each site of a field: of its laboratory or study site, its file, or a run of rows."""
        labels = self._site_labels(one)
        return [rows for name in np.unique(labels.astype(str)) if (rows := (labels == name) & one.rows).any()]

    def plates(self, one: Field) -> list[Flags]:
        """Return the rows of each plate of a laboratory field; nothing where the study names no plates."""
        plate = getattr(one.entry, "plate", None)
        if plate is None or plate.column not in self.tables[one.table]:
            return []
        labels = codes_of(self.tables[one.table][plate.column])
        return [rows for name in np.unique(labels.astype(str)) if name and (rows := (labels == name) & one.rows).any()]

    def _site_labels(self, one: Field) -> Texts:
        cells = self.tables[one.table]
        size = len(one.rows)
        for column in _site_columns(one.entry):
            if column in cells:
                return codes_of(cells[column])
        if one.table not in {name for name, _ in self._labels}:
            self._labels[one.table, ""] = self._labels_of_people(one.table)
        labels = self._labels[one.table, ""]
        if len(set(labels.tolist())) > 1:
            return labels
        if len([name for name in self.tables if file_of(name) == file_of(one.table)]) > 1:
            return np.full(size, "all", dtype=object)
        run = np.minimum(np.arange(size) * BLOCKS // max(size, 1), BLOCKS - 1)
        return np.array([f"{number:02d}" for number in run], dtype=object)

    def _labels_of_people(self, table: str) -> Texts:
        """Return the study site of the person of each row; the empty text where it is not known."""
        size = len(next(iter(self.tables[table].values())))
        nowhere = np.full(size, "", dtype=object)
        own = id_column(self.study, file_of(table))
        if own is None or own not in self.tables[table]:
            return nowhere
        site: dict[str, str] = {}
        for source in self.study.variables.get("site", []):
            for name, cells in self.tables.items():
                ids = id_column(self.study, file_of(name))
                if file_of(name) == source.file and source.column in cells and ids in cells:
                    site |= dict(zip(cells[str(ids)], cells[str(source.column)], strict=True))
        return np.array([site.get(text, "") for text in self.tables[table][own]], dtype=object)


def _site_columns(entry: Any) -> Iterator[str]:
    """Yield the columns that an entry itself names as the site, the most telling first."""
    if isinstance(entry, LabSource) and isinstance(entry.site, UnitColumn):
        yield entry.site.column
    for key in ("unit", "limit", "multiply"):
        value = getattr(entry, key, None)
        if isinstance(value, ByColumn) and value.by != SOURCE:
            yield value.by
