"""Making a twin: people from the causal model, given the marginals of a study, written as that study's raw files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd

from cohort.codebook import Codebook
from cohort.errors import CohortError, Problem
from cohort.study_file import StudyFile, UnitColumn
from cohort.synthetic.defects.fields import id_column
from cohort.synthetic.scenario import Scenario
from cohort.synthetic.simulate import simulate
from cohort.synthetic.tables import person_table
from cohort.synthetic.twin.canonical import Canonical
from cohort.synthetic.twin.coded import meanings_of
from cohort.synthetic.twin.columns import (
    Entry,
    coded_columns,
    columns_of,
    columns_of_study,
    entries_of,
    same_files,
)
from cohort.synthetic.twin.context import Context
from cohort.synthetic.twin.filling import RegisterRows, fill
from cohort.synthetic.twin.formats import write_bids, write_file, write_redcap
from cohort.synthetic.twin.naming import canonical_name
from cohort.synthetic.twin.people import People
from cohort.synthetic.twin.presence import Presence
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.registers import draw_records
from cohort.synthetic.twin.relatives import write_relatives
from cohort.synthetic.twin.rows import FileRows, no_rows, rows_of_file, visits_of, with_rows
from cohort.synthetic.twin.statistics import Statistics
from cohort.synthetic.twin.study_text import twin_study

FIRST_ID = 9_000_001
SCENARIO = "literature_like"


@dataclass(frozen=True)
class Twin:
    """A twin of a study.

    Parameters
    ----------
    study
        Its study file: the analyst's, marked as synthetic.
    tables
        Raw tables of text by their key under ``files:``; a part of a stacked file or of a folder as ``demo/c2017``.
    canonical
        The canonical tables that these files tell.
    units
        Units of columns that only a sidecar tells, by key of the file.
    notes
        What a user should know of it.
    """

    study: StudyFile
    tables: dict[str, pd.DataFrame]
    canonical: dict[str, pd.DataFrame]
    units: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def with_rows(self, rows: Mapping[str, int]) -> Twin:
        """Return the same twin with the number of rows of each table written into its study file, where it states one.

        Parameters
        ----------
        rows
            Rows of each table.
        """
        first = same_files(self.study)
        counts = {
            key: sum(count for name, count in rows.items() if name.split("/")[0] == first[key])
            for key in self.study.files
        }
        return replace(self, study=twin_study(self.study, counts))


def make_twin(
    study: StudyFile,
    codebook: Codebook,
    *,
    n: int,
    seed: int,
    statistics: Statistics | None = None,
    scenario: Scenario | str = SCENARIO,
) -> Twin:
    """Return a twin of a study: its files, columns, codes, units and limits, filled with people of the causal model.

    No file that the study names is opened: all that is known of the real data stands in the study file and in the
    statistics.

    Parameters
    ----------
    study, codebook
        What the columns and the names mean.
    n, seed
        Number of people, and seed.
    statistics
        Aggregate statistics of the study; without them the marginals are those of the causal model.
    scenario
        The world that the people are drawn from.

    Raises
    ------
    CohortError
        If two entries of ``files:`` read one path under different identifiers, or so few people are drawn that a file
        has no row.
    """
    known = statistics or Statistics.unknown()
    entries = entries_of(study, codebook)
    model = person_table(simulate(scenario, n, seed), codebook=codebook)
    visits = visits_of(study, entries, known)
    people = People(
        model, codebook, known, visits, _allowed(entries, codebook), _identifiers(study, n), seed, _bounds(study)
    )
    context = Context(study, codebook, people, Canonical(codebook, people.ids))
    presence = Presence(people, study, entries)
    first = same_files(study)
    rows = {key: _value_rows(entries, presence, key) for key in study.files if first[key] == key}
    _observe(context, rows)
    columns = columns_of_study(study)
    tables: dict[str, pd.DataFrame] = {}
    units: dict[str, Mapping[str, str]] = {}
    seen = np.zeros(n, dtype=bool)
    for key, its_rows in rows.items():
        named = dict.fromkeys(column for other, same in first.items() if same == key for column in columns[other])
        table = _filled(context, presence, [entry for entry in entries if entry.file == key], key, its_rows)
        for column in named:
            table.cells(column)
        tables |= _parts(table, entries, [_identifier(study, key), *its_rows.visit_columns, *named])
        units[key] = table.units
        seen[table.rows.person] = True
    if not context.canonical.participants.any():
        context.canonical.participants[:] = seen
    empty = [name for name, table in tables.items() if not len(table)]
    if empty:
        what = f"none of {n:,} people has a row in it, and intake takes a file without rows for a mistake."
        raise CohortError([Problem(f"file '{name}'", what, "Draw more people with --n.") for name in empty])
    notes = tuple(dict.fromkeys([*context.notes, *_unwritable(study)]))
    twin = Twin(twin_study(study, {}), tables, context.canonical.tables(), units, notes)
    return twin.with_rows({name: len(table) for name, table in tables.items()})


def write_tables(twin: Twin, tables: Mapping[str, pd.DataFrame], folder: Path) -> None:
    """Write raw tables of a twin to the paths that its study file names.

    Parameters
    ----------
    twin
        The twin.
    tables
        Its tables, clean or with defects.
    folder
        Where to.
    """
    first = same_files(twin.study)
    books: dict[str, dict[str, pd.DataFrame]] = {}
    for key, file in twin.study.files.items():
        if first[key] != key:
            continue
        own = {name.partition("/")[2]: table for name, table in tables.items() if name.split("/")[0] == key}
        (path, *_), sources = file.sources().values(), file.sources()
        if file.format == "bids":
            write_bids(folder / path, own, twin.units.get(key, {}))
        elif file.format == "redcap":
            write_redcap(folder / path, next(iter(own.values())))
        elif path.lower().endswith(".xlsx") or file.format == "xlsx":
            sheet = str(file.sheet) if isinstance(file.sheet, str) else f"Sheet{int(file.sheet or 0) + 1}"
            books.setdefault(path, {})[sheet] = own[""]
            write_file(folder / path, dict(sorted(books[path].items())), file, path)
        else:
            for source, place in sources.items():
                table = own[source if len(sources) > 1 else ""]
                write_file(folder / place, {"": table}, file, place, coded_columns(twin.study, key))


def _identifiers(study: StudyFile, n: int) -> np.ndarray:
    prefix = "sub-" if any(file.format == "bids" for file in study.files.values()) else ""
    return np.array([f"{prefix}{FIRST_ID + number}" for number in range(n)], dtype=object)


def _identifier(study: StudyFile, key: str) -> str:
    """Return the column of identifiers of a file; a REDCap export without one has its usual name."""
    return id_column(study, key) or "record_id"


def _allowed(entries: list[Entry], codebook: Codebook) -> dict[str, list[str]]:
    """Return the categories that the study can express, of each variable."""
    found: dict[str, dict[str, None]] = {}
    for entry in entries:
        if entry.variable is None or entry.variable.type != "string":
            continue
        name, source = canonical_name(entry, codebook), entry.source
        words = (
            [str(case) for case in source.cases] if source.cases else list(meanings_of(source, entry.variable).values())
        )
        words = [str(source.constant)] if source.constant is not None else words
        found.setdefault(name, {}).update(dict.fromkeys(words))
    return {name: list(words) for name, words in found.items() if words}


def _bounds(study: StudyFile) -> dict[str, dict[str, tuple[float, float]]]:
    """Return the range of each variable among those who are eligible, and of the one that decides it in the others."""
    inside: dict[str, tuple[float, float]] = {}
    for step in study.eligible:
        if step.values is None:  # noqa: PD011 - the values of a step, no table
            low, high = inside.get(step.variable, (-np.inf, np.inf))
            least = -np.inf if step.at_least is None else float(step.at_least)
            most = np.inf if step.below is None else float(step.below) - _step_of(step.variable)
            inside[step.variable] = (max(low, least), min(high, most))
    outside: dict[str, tuple[float, float]] = {}
    if len(study.eligible) == 1 and len(inside) == 1:
        ((name, (low, high)),) = inside.items()
        if np.isinf(low) != np.isinf(high):
            outside[name] = (-np.inf, low - _step_of(name)) if np.isinf(high) else (high + _step_of(name), np.inf)
    return {"eligible": inside, "not_eligible": outside}


def _step_of(name: str) -> float:
    """Return how far below a limit a value must lie so that rounding does not take it there: ages are whole."""
    return 1.0 if name in ("age_years", "birth_year") else 0.1


def _value_rows(entries: list[Entry], presence: Presence, key: str) -> FileRows:
    """Return the rows of a file for its entries of values."""
    own = [entry for entry in entries if entry.file == key]
    of_values = [entry for entry in own if not entry.is_register and entry.section != "relations"]
    return rows_of_file(of_values, presence, key) if of_values or not own else no_rows()


def _observe(context: Context, rows: Mapping[str, FileRows]) -> None:
    """Write down who has a value that can be seen, of each variable at each visit, and who takes part."""
    for its_rows in rows.values():
        for slot in its_rows.slots:
            key = (canonical_name(slot.entry, context.codebook), slot.visit)
            seen = context.observed.setdefault(key, np.zeros(len(context.people), dtype=bool))
            seen[slot.person[slot.known]] = True
            context.canonical.participants[slot.person] = True


def _filled(context: Context, presence: Presence, entries: list[Entry], key: str, rows: FileRows) -> RawTable:
    """Return the finished table of one file."""
    study, file = context.study, context.study.files[key]
    registers = [entry for entry in entries if entry.is_register]
    register = None
    if registers:
        records = draw_records(context, registers)
        register = RegisterRows(records, len(rows) + np.arange(len(records.person)))
        rows = with_rows(rows, records.person, study.baseline)
    relations = [entry for entry in entries if entry.section == "relations"]
    table = RawTable(key, file, rows, presence.part(len(file.sources()))[rows.person])
    if relations:
        table = write_relatives(context, table, relations, _identifier(study, key))
    fill(context, table, entries, _identifier(study, key), register)
    return table


def _parts(table: RawTable, entries: list[Entry], order: list[str]) -> dict[str, pd.DataFrame]:
    """Return the tables of a file: one, or one for each stacked file or part of a folder."""
    parts = table.parts(order)
    if table.file.format == "redcap":
        return {f"{table.key}/data": next(iter(parts.values()))}
    if table.file.format == "bids":
        whole, identifier = next(iter(parts.values())), order[0]
        visits = table.rows.visit_columns
        own = [entry for entry in entries if entry.file == table.key]
        per_visit = {
            c for e in own if isinstance(getattr(e.source, "visit", None), UnitColumn) for c in columns_of(e.source)
        }
        fixed = [column for column in whole if column not in per_visit and column not in visits]
        baseline = np.unique(table.rows.person, return_index=True)[1]
        found = {f"{table.key}/participants": whole.iloc[np.sort(baseline)][fixed].reset_index(drop=True)}
        if per_visit:
            found[f"{table.key}/measures"] = whole[[identifier, *(c for c in whole if c not in fixed)]]
        return found
    return {table.key if len(parts) == 1 else f"{table.key}/{name}": part for name, part in parts.items()}


def _unwritable(study: StudyFile) -> list[str]:
    """Return notes on files of a format that cannot be written."""
    return [
        f"file '{name}' ({path}): sas7bdat cannot be written; the twin has it as a SAS transport file (.xpt)."
        for name, file in study.files.items()
        for path in file.sources().values()
        if file.format == "sas7bdat" or path.lower().removesuffix(".gz").endswith(".sas7bdat")
    ]
