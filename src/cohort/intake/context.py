"""What the readers of all entries share while one cohort is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pandas as pd
from pydantic import BaseModel

from cohort.codebook import Codebook
from cohort.intake.cells import read_date
from cohort.intake.entries import Selection, select_rows, settle_repeats
from cohort.intake.record import Record
from cohort.intake.tables import BoolArray, SourceTable
from cohort.study_file import Keep, StudyFile

Entry = TypeVar("Entry", bound=BaseModel)
REFERENCE_DATES = ("entry_date", "exit_date", "visit_date")


@dataclass(frozen=True)
class Context:
    """A study while it is read.

    Parameters
    ----------
    study, codebook
        What columns mean, and what names mean.
    tables
        The files that could be read, by their key.
    record
        Takes all that happens.
    sound
        Places of the entries that can be read.
    references
        Date by participant that ``keep: {nearest: …}`` may name; filled once follow-up and visit dates are known.
    population
        Participants of every row that makes somebody part of the cohort.
    """

    study: StudyFile
    codebook: Codebook
    tables: Mapping[str, SourceTable]
    record: Record
    sound: frozenset[str]
    references: dict[str, pd.Series] = field(default_factory=dict)
    population: list[pd.Series] = field(default_factory=list)

    def readable(self, section: str, name: str, sources: Sequence[Entry]) -> Iterator[tuple[str, Entry]]:
        """Yield the sources of an entry that can be read, each with its place in the study file."""
        for number, source in enumerate(sources):
            place = f"{section}.{name}" + (f".{number}" if len(sources) > 1 else "")
            if place in self.sound:
                yield place, source

    def select(self, entry: Any, target: tuple[str, str]) -> Selection:
        """Return the rows that an entry reads."""
        return select_rows(entry, self.tables[entry.file], self.study.baseline, self.record, target)

    def select_people(self, entry: Any, target: tuple[str, str]) -> Selection:
        """Return the rows that an entry reads; their people belong to the cohort."""
        selection = self.select(entry, target)
        self.population.append(selection.ids)
        return selection

    def participants(self) -> pd.Index:
        """Return everybody in the cohort, in the order in which the files name them."""
        if not self.population:
            return pd.Index([], dtype="str")
        people: pd.Index = pd.Index(pd.concat(self.population, ignore_index=True).unique())
        return people

    def settle(
        self, selection: Selection, has_value: BoolArray, entry: Any, place: str, *, per_visit: bool
    ) -> Selection:
        """Return one row per person (and visit) as the entry's ``keep`` tells."""
        reference = None
        if entry.keep == "all" and not per_visit:
            what = "'keep: all' makes a visit of each row, and here one row per person is expected."
            self.record.problem(place, what, "Use 'keep: first', 'last' or 'nearest'.")
        if isinstance(entry.keep, Keep):
            reference = self._reference(entry, selection, place)
        return settle_repeats(
            selection, has_value, entry.keep, per_visit=per_visit, record=self.record, reference=reference
        )

    def _reference(self, entry: Any, selection: Selection, place: str) -> pd.Series | None:
        named = entry.keep.nearest
        if entry.date is None:
            self.record.problem(place, "'keep: nearest' needs the date of each row.", "Add 'date: {column: …}'.")
            return None
        day = read_date(named)
        if day is not None:
            ids = selection.ids.unique()
            return pd.Series(day, index=pd.Index(ids), dtype="datetime64[us]")
        if named not in self.references:
            fix = f"Name a day such as 2020-05-01, or one of {', '.join(REFERENCE_DATES)} that the study maps."
            self.record.problem(place, f"'{named}' is no date of this study.", fix)
            return None
        return self.references[named]


def conflicts(pieces: pd.DataFrame, keys: Sequence[str], values: Sequence[str]) -> int:
    """Return how many people have different values under the same keys; rows of ``pieces`` hold no missing value."""
    distinct = pieces.drop_duplicates([*keys, *values])
    again = distinct.duplicated(list(keys), keep=False)
    return int(distinct.loc[again, "participant_id"].nunique())
