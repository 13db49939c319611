"""The rows of a raw file before anything is written in them: whose they are, of which visit, and who reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cohort.study_file import Condition, InstrumentSource, Keep, Source, StudyFile, UnitColumn
from cohort.synthetic.defects.raw_text import Flags, Texts, columns_in
from cohort.synthetic.twin.columns import Entry
from cohort.synthetic.twin.naming import canonical_name
from cohort.synthetic.twin.presence import MEASURED_AGAIN, Presence
from cohort.synthetic.twin.statistics import Statistics

Positions = npt.NDArray[np.int64]
REPEAT = "_2"


@dataclass(frozen=True)
class Slot:
    """One entry at one visit.

    Parameters
    ----------
    entry, visit
        The entry and the label of the visit.
    columns
        The raw columns of the answer; of a questionnaire, its items in order.
    rows, person
        Rows of the file that hold the answer, and whose they are.
    asked, known
        In which of these rows there could be an answer, and in which there is one.
    """

    entry: Entry
    visit: str
    columns: tuple[str, ...]
    rows: Positions
    person: Positions
    asked: Flags
    known: Flags


@dataclass
class FileRows:
    """The rows of one file.

    Parameters
    ----------
    person, visit
        Whose they are (a position among the people), and the label of their visit.
    kept
        False for rows that stand beside one that counts more (``keep:``).
    set_of
        Number of the set of rows that they belong to.
    visit_columns
        The columns that tell the visit.
    wheres
        The condition that all rows of a set fulfil and no row of any other set.
    slots
        What is read from them.
    """

    person: Positions
    visit: Texts
    kept: Flags
    set_of: Positions
    visit_columns: tuple[str, ...] = ()
    wheres: dict[int, Condition] = field(default_factory=dict)
    slots: list[Slot] = field(default_factory=list)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.person)


@dataclass(frozen=True)
class _Set:
    """Rows that were made together: of the whole file, or of one condition of a long table."""

    entries: tuple[Entry, ...]
    person: Positions
    visit: Texts
    kept: Flags
    where: Condition | None = None


def visits_of(study: StudyFile, entries: Sequence[Entry], statistics: Statistics) -> list[str]:
    """Return the labels of all visits of a study that are known, the baseline first.

    A visit is known when the study file names it, or the statistics of a column of visits do. Where ``keep: all`` makes
    a visit of each row, a second measure ``t0_2`` follows each visit.
    """
    found = {study.baseline: None}
    again = False
    for entry in entries:
        source = entry.source
        named = getattr(source, "items", None) or getattr(source, "visits", None)
        visit = getattr(source, "visit", None)
        found |= dict.fromkeys(named if isinstance(named, dict) else [visit] if isinstance(visit, str) else [])
        if isinstance(visit, UnitColumn):
            found |= dict.fromkeys(_labels(entries, entry.file, visit.column, statistics))
        again |= getattr(source, "keep", None) == "all"
    labels = list(found)
    return labels + [label + REPEAT for label in labels] if again else labels


def _labels(entries: Sequence[Entry], file: str, column: str, statistics: Statistics) -> Iterator[str]:
    """Yield the labels that conditions and statistics name for a column of visits."""
    for entry in entries:
        if entry.file == file:
            yield from _codes_wanted(entry.source, column)
    for group in statistics.groups.values():
        yield from (code for code, share in group.column(file, column).codes.items() if share > 0)


def rows_of_file(entries: Sequence[Entry], presence: Presence, key: str) -> FileRows:
    """Return the rows of a file for all entries that read values in it; register rows come later.

    Parameters
    ----------
    entries
        The entries of the file, those of registers and relations left out.
    presence
        Who has a row, and who lacks which value.
    key
        Key of the file.
    """
    plain = [entry for entry in entries if getattr(entry.source, "where", None) is None]
    chosen = [entry for entry in entries if getattr(entry.source, "where", None) is not None]
    wide = bool(plain) and not _is_long(chosen)
    sets: list[_Set] = []
    if plain or not entries:
        sets.append(_main_set([*plain, *(chosen if wide else [])], presence, key))
    if not wide:
        for condition in _distinct([entry.source.where for entry in chosen]):
            alike = tuple(entry for entry in chosen if entry.source.where == condition)
            sets.append(_long_set(alike, presence, condition))
    made = FileRows(
        person=np.concatenate([one.person for one in sets]),
        visit=np.concatenate([one.visit for one in sets]),
        kept=np.concatenate([one.kept for one in sets]),
        set_of=np.repeat(np.arange(len(sets)), [len(one.person) for one in sets]),
        visit_columns=tuple(dict.fromkeys(_visit_columns(entries))),
        wheres={number: one.where for number, one in enumerate(sets) if one.where is not None},
    )
    for number, one in enumerate(sets):
        for entry in one.entries:
            made.slots += _slots(entry, made, np.flatnonzero((made.set_of == number) & made.kept), presence)
    return made


def _is_long(chosen: Sequence[Entry]) -> bool:
    """Return whether entries read the same column under different conditions, so that each has rows of its own."""
    seen: dict[str, Condition] = {}
    return any(
        seen.setdefault(entry.source.column, entry.source.where) != entry.source.where
        for entry in chosen
        if getattr(entry.source, "column", None) is not None
    )


def _distinct(conditions: Sequence[Condition]) -> list[Condition]:
    return [condition for number, condition in enumerate(conditions) if condition not in conditions[:number]]


def _visit_columns(entries: Sequence[Entry]) -> Iterator[str]:
    for entry in entries:
        visit = getattr(entry.source, "visit", None)
        if isinstance(visit, UnitColumn):
            yield visit.column


def _main_set(entries: Sequence[Entry], presence: Presence, key: str) -> _Set:
    """Return a row for each person, or for each person and visit where a column tells the visit."""
    visits, columns = presence.people.visits, list(_visit_columns(entries))
    keeps = [getattr(entry.source, "keep", None) for entry in entries]
    keep = keeps[0] if keeps and all(one == keeps[0] for one in keeps) else None
    labels = [label for label in visits if not label.endswith(REPEAT)] if columns else [visits[0]]
    labels += [label + REPEAT for label in labels] if keep == "all" else []
    present, person, visit = presence.in_file(key), [], []
    for label in labels:
        here = np.flatnonzero(present & presence.attended(label, key, columns[0] if columns else ""))
        person.append(here)
        visit.append(np.full(len(here), label, dtype=object))
    one = _Set(
        tuple(entries), np.concatenate(person), np.concatenate(visit), np.ones(sum(map(len, person)), dtype=bool)
    )
    return _with_others(_sorted(one), keep, presence, key)


def _long_set(entries: tuple[Entry, ...], presence: Presence, where: Condition) -> _Set:
    """Return the rows of one condition of a long table: only people with a value have one."""
    person, visit = [], []
    for label in dict.fromkeys(label for entry in entries for label in _labels_of(entry, presence)):
        any_known = np.zeros(len(presence.people), dtype=bool)
        for entry in entries:
            if label in _labels_of(entry, presence):
                name = canonical_name(entry, presence.people.codebook)
                candidates = presence.attended(label) & presence.of_source(entry)
                candidates &= _measured_before(presence, entry, name, label, candidates)
                any_known |= presence.known(entry, name, label, [], candidates)
        here = np.flatnonzero(any_known)
        person.append(here)
        visit.append(np.full(len(here), label, dtype=object))
    kept = np.ones(sum(map(len, person)), dtype=bool)
    one = _Set(entries, np.concatenate(person), np.concatenate(visit), kept, where)
    return _with_others(_sorted(one), getattr(entries[0].source, "keep", None), presence, entries[0].place)


def _measured_before(presence: Presence, entry: Entry, name: str, label: str, candidates: Flags) -> Flags:
    """Return who has a first measure at a visit, before a second one can follow; everybody for a first one."""
    if not label.endswith(REPEAT):
        return np.ones(len(candidates), dtype=bool)
    return presence.known(entry, name, label.removesuffix(REPEAT), [], candidates)


def _labels_of(entry: Entry, presence: Presence) -> list[str]:
    """Return the visits whose values an entry reads, one row each."""
    source, visits = entry.source, presence.people.visits
    visit = getattr(source, "visit", None)
    if isinstance(visit, UnitColumn):
        chosen = list(_codes_wanted(source, visit.column))
        labels = [label for label in visits if not label.endswith(REPEAT) and (not chosen or label in chosen)]
    else:
        labels = [getattr(source, "visit", None) or visits[0]]
    return labels + [label + REPEAT for label in labels] if getattr(source, "keep", None) == "all" else labels


def _with_others(one: _Set, keep: Any, presence: Presence, purpose: str) -> _Set:
    """Return the rows with further ones of the same people, which ``keep:`` passes over."""
    if keep not in ("first", "last") and not isinstance(keep, Keep):
        return one
    again = np.flatnonzero(presence.people.rng(f"other rows {purpose}").random(len(one.person)) < MEASURED_AGAIN)
    person = np.concatenate([one.person, one.person[again]])
    kept = np.concatenate([one.kept, np.zeros(len(again), dtype=bool)])
    visit = np.concatenate([one.visit, one.visit[again]])
    # Without dates the order in the file decides: the row that counts comes last under 'last', and first otherwise.
    rank = kept if keep == "last" else ~kept
    order = np.lexsort((rank, person))
    return _Set(one.entries, person[order], visit[order], kept[order], one.where)


def _sorted(one: _Set) -> _Set:
    order = np.argsort(one.person, kind="stable")
    return _Set(one.entries, one.person[order], one.visit[order], one.kept[order], one.where)


def _slots(entry: Entry, rows: FileRows, inside: Positions, presence: Presence) -> Iterator[Slot]:
    """Yield the entry at each of its visits, in the rows that count of its set."""
    source, visits = entry.source, presence.people.visits
    name = canonical_name(entry, presence.people.codebook)
    for visit, columns in _waves(source):
        for label, chosen in _chosen_rows(entry, visit, rows, inside, visits):
            candidates = np.zeros(len(presence.people), dtype=bool)
            candidates[rows.person[chosen]] = True
            candidates &= presence.of_source(entry) & presence.attended(label)
            candidates &= _measured_before(presence, entry, name, label, candidates)
            known = presence.known(entry, name, label, list(columns), candidates)
            person = rows.person[chosen]
            yield Slot(entry, label, tuple(columns), chosen, person, candidates[person], known[person])


def _waves(source: Any) -> Iterator[tuple[str | None, list[str]]]:
    """Yield the visits that an entry names itself, with their columns; None where the row or nothing tells it."""
    if isinstance(source, InstrumentSource):
        waves = source.items.items() if isinstance(source.items, dict) else [(None, source.items)]
        yield from ((visit, list(columns)) for visit, columns in waves)
    elif isinstance(source, Source) and source.visits is not None:
        yield from ((visit, [column]) for visit, column in source.visits.items())
    else:
        column = getattr(source, "column", None)
        yield (
            None,
            [column]
            if column is not None
            else list(
                dict.fromkeys(c for cases in (getattr(source, "cases", None) or {}).values() for c in columns_in(cases))
            ),
        )


def _chosen_rows(
    entry: Entry, wave: str | None, rows: FileRows, inside: Positions, visits: Sequence[str]
) -> Iterator[tuple[str, Positions]]:
    """Yield visits and the rows that hold their answers."""
    source = entry.source
    at = rows.visit[inside]
    if wave is not None:
        yield wave, inside[at == visits[0]]
    elif isinstance(getattr(source, "visit", None), UnitColumn):
        yield from ((label, inside[at == label]) for label in dict.fromkeys(at))
    elif entry.section in ("diagnoses", "medications"):
        yield "", inside
    else:
        fixed = getattr(source, "visit", None) or visits[0]
        wanted = [label for label in _where_labels(source, rows) if label in visits][:1] or [visits[0], fixed]
        if getattr(source, "keep", None) == "all":
            yield from ((label, inside[at == label]) for label in dict.fromkeys(at))
        else:
            yield fixed, inside[np.isin(at, wanted)]


def _where_labels(source: Any, rows: FileRows) -> Iterator[str]:
    """Yield the visits to which a condition on the column of visits restricts an entry."""
    for column in rows.visit_columns:
        yield from _codes_wanted(source, column)


def _codes_wanted(source: Any, column: str) -> Iterator[str]:
    """Yield the codes of a column that the condition of an entry lists."""
    for alternative in getattr(source, "where", None) or []:
        wanted = alternative.get(column)
        yield from (code for code in wanted if code is not None) if isinstance(wanted, list) else ()


def with_rows(rows: FileRows, person: Positions, visit: str) -> FileRows:
    """Return the rows with a further set of rows behind them, which no entry of values reads."""
    size = len(person)
    return FileRows(
        person=np.concatenate([rows.person, person]),
        visit=np.concatenate([rows.visit, np.full(size, visit, dtype=object)]),
        kept=np.concatenate([rows.kept, np.ones(size, dtype=bool)]),
        set_of=np.concatenate([rows.set_of, np.full(size, int(rows.set_of.max(initial=-1)) + 1)]),
        visit_columns=rows.visit_columns,
        wheres=rows.wheres,
        slots=rows.slots,
    )


def no_rows() -> FileRows:
    """Return rows of nobody."""
    nothing = np.empty(0, dtype=np.int64)
    return FileRows(nothing, np.empty(0, dtype=object), np.empty(0, dtype=bool), nothing)
