"""What the readers of all entries share while one cohort is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
import pandas as pd
from pydantic import BaseModel

from cohort.codebook import Codebook
from cohort.intake.cells import constant_text, read_date
from cohort.intake.conditions import is_blank
from cohort.intake.entries import Selection, select_rows, settle_repeats, value_columns
from cohort.intake.record import Record
from cohort.intake.tables import BoolArray, IntArray, People, SourceTable
from cohort.study_file import Keep, StudyFile, UnitColumn

Entry = TypeVar("Entry", bound=BaseModel)
_SELECTING = ("file", "where", "visit", "date", "missing")
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
    people
        Everybody whom some file names, by number.
    references
        Date by number of the participant that ``keep: {nearest: …}`` may name; filled once follow-up and visit dates
        are known.
    population
        Numbers of the participants of every row that makes somebody part of the cohort.
    """

    study: StudyFile
    codebook: Codebook
    tables: Mapping[str, SourceTable]
    record: Record
    sound: frozenset[str]
    people: People
    references: dict[str, pd.Series] = field(default_factory=dict)
    population: list[IntArray] = field(default_factory=list)
    _constants: dict[tuple[str, int], pd.Series] = field(default_factory=dict, repr=False, compare=False)
    _masks: dict[int, BoolArray] = field(default_factory=dict, repr=False, compare=False)
    _selections: dict[str, Selection] = field(default_factory=dict, repr=False, compare=False)

    def readable(self, section: str, name: str, sources: Sequence[Entry]) -> Iterator[tuple[str, Entry]]:
        """Yield the sources of an entry that can be read, each with its place in the study file."""
        for number, source in enumerate(sources):
            place = f"{section}.{name}" + (f".{number}" if len(sources) > 1 else "")
            if place in self.sound:
                yield place, source

    def constant(self, text: str, length: int) -> pd.Series:
        """Return one text many times; the same object whenever it is asked for, so that pieces share their keys."""
        if (text, length) not in self._constants:
            self._constants[text, length] = constant_text(text, length)
        return self._constants[text, length]

    def everyone(self, length: int) -> BoolArray:
        """Return a mask of all rows; the same object whenever it is asked for."""
        if length not in self._masks:
            self._masks[length] = np.ones(length, dtype=bool)
        return self._masks[length]

    def select(self, entry: Any, target: tuple[str, str]) -> Selection:
        """Return the rows that an entry reads; entries that ask alike get the same rows, so that keys are made once."""
        asked = repr([getattr(entry, key, None) for key in _SELECTING])
        table = self.tables[entry.file]
        if len(table.columns) > 1 or _has_blank_visits(table, entry):
            asked += repr(value_columns(entry))  # which stacked files count, and what is set aside, depends on them
        if asked in self._selections:
            return self._selections[asked]
        known = self.record.size
        selection = select_rows(entry, table, self.study.baseline, self.record, target)
        if self.record.size == known:  # a row set aside stands in the ledger of each variable
            self._selections[asked] = selection
        return selection

    def select_people(self, entry: Any, target: tuple[str, str]) -> Selection:
        """Return the rows that an entry reads; their people belong to the cohort."""
        selection = self.select(entry, target)
        if not any(person is selection.person for person in self.population):
            self.population.append(selection.person)
        return selection

    def participants(self) -> IntArray:
        """Return the numbers of everybody in the cohort, in the order in which the entries name them."""
        if not self.population:
            return np.empty(0, dtype=np.int64)
        return np.asarray(pd.unique(np.concatenate(self.population)), dtype=np.int64)

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
            return pd.Series(day, index=pd.Index(np.unique(selection.person)), dtype="datetime64[us]")
        if named not in self.references and self._is_mapped(named):
            return pd.Series(dtype="datetime64[us]")  # nobody has it, of these people
        if named not in self.references:
            fix = f"Name a day such as 2020-05-01, or one of {', '.join(REFERENCE_DATES)} that the study maps."
            self.record.problem(place, f"'{named}' is no date of this study.", fix)
            return None
        return self.references[named]

    def _is_mapped(self, named: str) -> bool:
        """Return whether the study says where a reference date stands; in a block of people nobody may have it."""
        if named in ("entry_date", "exit_date"):
            return self.study.follow_up is not None
        entries = [*self.study.variables.values(), *self.study.instruments.values()]
        sources: list[Any] = [source for entry in entries for source in cast("list[Any]", entry)]
        has_dates = any(source.date is not None for source in sources)
        return named == "visit_date" and (has_dates or "visit_date" in self.study.variables)


def _has_blank_visits(table: SourceTable, entry: Any) -> bool:
    visit = getattr(entry, "visit", None)
    return isinstance(visit, UnitColumn) and bool(is_blank(table, visit.column, {}).any())


def conflicts(pieces: pd.DataFrame, keys: Sequence[str], values: Sequence[str]) -> int:
    """Return how many people have different values under the same keys; rows of ``pieces`` hold no missing value."""
    distinct = pieces.drop_duplicates([*keys, *values])
    again = distinct.duplicated(list(keys), keep=False)
    return int(distinct.loc[again, keys[0]].nunique())
