"""Measures: what one column holds, or several columns of one measure at several waves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cohort.draft.columns import Column
from cohort.draft.files import DraftFile
from cohort.draft.proposal import FileShape


@dataclass(frozen=True, eq=False)
class Measure:
    """One measure of a file.

    Parameters
    ----------
    file
        Key of the file.
    name
        Name of its column, or what the names of its columns share.
    column
        A sample of it, under that name.
    waves
        Column of each wave; empty for a single column.
    """

    file: str
    name: str
    column: Column
    waves: Mapping[str, str] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the columns of the file that hold it."""
        return tuple(self.waves.values()) or (self.name,)

    def place(self) -> dict[str, Any]:
        """Return the keys of a source that say where its values stand."""
        return {"visits": dict(self.waves)} if self.waves else {"column": self.name}

    def first(self) -> str:
        """Return its column, of several that of the first wave."""
        return self.columns[0]


def measures_of(file: DraftFile, shape: FileShape) -> list[Measure]:
    """Return the measures of a file, identifiers and visits left out.

    Parameters
    ----------
    file, shape
        The file and how its rows are organised.
    """
    wave_of = {name: base for base, waves in shape.waves.items() for name in waves.values()}
    found: dict[str, Measure] = {}
    for name, column in file.columns.items():
        if name in (shape.id, shape.visit) or (column.filled == 0 and name not in wave_of):
            continue
        base = wave_of.get(name)
        if base is None:
            found[name] = Measure(file.key, name, column)
        elif base not in found:
            found[base] = Measure(file.key, base, replace(column, name=base), shape.waves[base])
    return list(found.values())
