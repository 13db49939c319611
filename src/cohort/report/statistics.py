"""Aggregate statistics of a real study, made inside the building, so that a synthetic twin can be drawn outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cohort.codebook import Codebook, load_codebook
from cohort.errors import InputDataError
from cohort.intake.record import Record
from cohort.intake.sources import read_sources
from cohort.intake.tables import SourceTable
from cohort.progress import progress
from cohort.study import Study, open_study
from cohort.study_file import (
    ByColumn,
    Comparison,
    InstrumentSource,
    RegisterCode,
    StudyFile,
    UnitColumn,
    load_study_file,
)
from cohort.synthetic.defects.raw_text import columns_in
from cohort.synthetic.twin import (
    ColumnStatistics,
    FileStatistics,
    GroupStatistics,
    Statistics,
    VariableStatistics,
)
from cohort.synthetic.twin.columns import CONDITIONS, Entry, columns_of, columns_of_study, entries_of
from cohort.synthetic.twin.naming import canonical_name

LEAST_COUNT = 5
"""Nothing rests on fewer people, whatever the study's own policy says."""

MOST_CODES = 40
"""A column with more different codes than this holds no codes but texts or numbers, and none of them is told."""

LONGEST_CODE = 20
PROBABILITIES = (0.01, 0.02, *(k / 20 for k in range(1, 20)), 0.98, 0.99)
SIGNIFICANT_DIGITS = 3
MOST_WHOLE_NUMBERS = 60
MOST_DECIMALS = 6


def summarise(study: str | Path, *, root: str | Path | None = None) -> Statistics:
    """Return aggregate statistics of a study, protected so that they may leave the building.

    Parameters
    ----------
    study
        A ``study.yaml``.
    root
        Where the data files lie, if not where the study file says.

    Raises
    ------
    CohortError
        If the study file or the data fall short; all problems at once.

    Notes
    -----
    No count is told. A share rests on counts that are rounded to a multiple of ``round_to``; a category or a number of
    empty cells under ``minimum_count`` (never less than 5) is left out. A quantile is the mean of as many values as the
    minimum, has at least that many people on either side, and three significant digits: neither the smallest nor the
    largest value, nor any single one, can be read from it. Texts and identifiers are never told, codes only where a
    column has few.
    """
    codebook = load_codebook()
    path = Path(study)
    study_file = load_study_file(path, codebook)
    with progress(2, "reading and cleaning") as step:
        opened = open_study(path, root=root)
        step(opened.name)
        folder = Path(root) if root is not None else path.parent / study_file.root
        record = Record()
        tables, _ = read_sources(study_file, folder, record)
        step("raw files")
    if record.problems:
        raise InputDataError(record.problems)
    protect = _Protection(max(LEAST_COUNT, study_file.disclosure.minimum_count), max(1, study_file.disclosure.round_to))
    summary = _Summary(study_file, codebook, opened, tables, protect)
    people = opened.person_table
    groups = {
        name: summary.group(people.loc[members, "participant_id"], len(people))
        for name, members in _groups(people, study_file, protect)
    }
    return Statistics(study_file.name, groups, protect.rounded(len(people)), protect.minimum)


def _groups(people: pd.DataFrame, study: StudyFile, protect: _Protection) -> list[tuple[str, pd.Series]]:
    """Return who is eligible and who is not, or everybody where one of these would be too small a group."""
    eligible = people["is_eligible"].fillna(value=False).astype(bool)
    enough = min(int(eligible.sum()), int((~eligible).sum())) >= 4 * protect.minimum
    if study.eligible and enough:
        return [("eligible", eligible), ("not_eligible", ~eligible)]
    return [("all", pd.Series(True, index=people.index))]


@dataclass(frozen=True)
class _Protection:
    """How counts and values are protected."""

    minimum: int
    round_to: int

    def rounded(self, count: float) -> int:
        return int(self.round_to * round(count / self.round_to)) if self.round_to > 1 else int(count)

    def share(self, count: int, total: int) -> float:
        """Return a share of rounded counts; 0 for a count that is too small to tell."""
        if count < self.minimum or total < self.minimum:
            return 0.0
        return round(min(1.0, self.rounded(count) / max(self.rounded(total), 1)), 4)

    def shares(self, counts: Mapping[str, int], total: int, blank: int = 0) -> tuple[float, dict[str, float]]:
        """Return the share of empty cells, and those of the counts that are great enough.

        Rounding must not take their sum above 1, so that all rest on the same whole.
        """
        told = {word: count for word, count in counts.items() if count >= self.minimum}
        empty = blank if blank >= self.minimum else 0
        whole = max(self.rounded(total), sum(self.rounded(count) for count in [*told.values(), empty]), 1)
        found = {word: round(self.rounded(count) / whole, 4) for word, count in told.items()}
        return round(self.rounded(empty) / whole, 4), found

    def quantiles(self, values: np.ndarray) -> dict[float, float]:
        """Return quantiles, each the mean of as many values around it as the minimum."""
        ordered, size = np.sort(values), len(values)
        found: dict[float, float] = {}
        for probability in PROBABILITIES:
            first = round(probability * size - self.minimum / 2)
            if first < self.minimum or first + self.minimum > size - self.minimum:
                continue
            mean = float(ordered[first : first + self.minimum].mean())
            found[round(probability, 3)] = float(f"{mean:.{SIGNIFICANT_DIGITS}g}")
        return dict(zip(found, np.maximum.accumulate(list(found.values())).tolist(), strict=True)) if found else {}


@dataclass(frozen=True)
class _Summary:
    """A study while it is summarised."""

    study_file: StudyFile
    codebook: Codebook
    study: Study
    tables: Mapping[str, SourceTable]
    protect: _Protection

    def group(self, ids: pd.Series, everybody: int) -> GroupStatistics:
        """Return the statistics of some people."""
        members = pd.Index(ids.astype("object"))
        share = round(self.protect.rounded(len(members)) / max(self.protect.rounded(everybody), 1), 4)
        files = {name: self.file(table, members) for name, table in self.tables.items()}
        variables = {name: self.variable(name, members) for name in self.names()}
        return GroupStatistics(min(share, 1.0), files, {name: found for name, found in variables.items() if found})

    def entries(self) -> list[Entry]:
        return entries_of(self.study_file, self.codebook)

    def names(self) -> list[str]:
        """Return the names that a twin asks statistics of."""
        found: dict[str, None] = {}
        for entry in self.entries():
            if entry.section == "instruments":
                instrument = self.codebook.instruments[entry.name]
                parts = (instrument.total, *instrument.subscales, *instrument.validity)
                found |= dict.fromkeys(score.column for score in parts)
            elif entry.section not in ("relations", "design") or entry.name == "survey_weight":
                found[canonical_name(entry, self.codebook)] = None
        return list(found)

    # --- raw files --------------------------------------------------------------------------------------------

    def file(self, table: SourceTable, members: pd.Index[Any]) -> FileStatistics:
        inside = table.ids.isin(members).to_numpy(dtype=bool)
        rows, people = int(inside.sum()), int(table.ids[inside].nunique())
        share = self.protect.share(people, len(members))
        if rows < self.protect.minimum:
            return FileStatistics(0.0)
        columns = {
            column: self.column(table, column, inside)
            for column in columns_of_study(self.study_file)[table.name]
            if table.has_column(column)
        }
        return FileStatistics(share, round(rows / max(people, 1), 2), columns)

    def column(self, table: SourceTable, column: str, inside: np.ndarray) -> ColumnStatistics:
        codes = table.codes(column)[inside]
        rows = len(codes)
        counts = {str(code): int(count) for code, count in codes.value_counts().items()}
        wanted = self.coded(table.name, column)
        if wanted is None and len(counts) <= MOST_CODES:
            told = {code: count for code, count in counts.items() if len(code) <= LONGEST_CODE}
        else:
            told = {code: counts[code] for code in wanted or () if code in counts}
        blank, shares = self.protect.shares(told, rows, int(codes.isna().sum()))
        return ColumnStatistics(blank, shares, self.decimals(table, column, inside))

    def coded(self, file: str, column: str) -> list[str] | None:
        """Return the codes of a column that may be told: None for all of a column of codes, a list for any other."""
        listed: dict[str, None] = {}
        is_coded = False
        for entry in self.entries():
            source = entry.source
            if source.file != file:
                continue
            if column in set(columns_of(source)):
                listed |= dict.fromkeys([*self.study_file.files[file].missing, *getattr(source, "missing", {})])
            is_coded |= column in _code_columns(entry)
            for wanted in _conditions_on(source, column):
                listed |= dict.fromkeys(code for code in wanted if code) if isinstance(wanted, list) else {}
                is_coded |= isinstance(wanted, list) and not _is_number_column(self.entries(), file, column)
        return None if is_coded and not _is_number_column(self.entries(), file, column) else list(listed)

    def decimals(self, table: SourceTable, column: str, inside: np.ndarray) -> int | None:
        """Return how many decimals nearly all numbers of a column get by with."""
        if not _is_number_column(self.entries(), table.name, column):
            return None
        numbers = table.numbers(column).number[inside]
        numbers = numbers[np.isfinite(numbers)]
        if len(numbers) < self.protect.minimum:
            return None
        for decimals in range(MOST_DECIMALS):
            if np.mean(np.abs(numbers - np.round(numbers, decimals)) > 1e-9 * np.maximum(1, np.abs(numbers))) < 0.01:
                return decimals
        return MOST_DECIMALS

    # --- canonical variables ----------------------------------------------------------------------------------

    def variable(self, name: str, members: pd.Index[Any]) -> VariableStatistics | None:
        values = self.values(name)
        if values is None:
            return None
        values = values.reindex(members)
        known = values.dropna()
        missing = self.protect.share(int(values.isna().sum()), len(members))
        if len(known) < self.protect.minimum:
            return VariableStatistics(missing=1.0)
        if isinstance(known.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(known.dtype):
            words = {str(word): int(count) for word, count in known.astype("object").value_counts().items()}
            return VariableStatistics(
                missing, self.protect.shares(words, len(known))[1] if self.is_closed(name) else {}
            )
        if pd.api.types.is_bool_dtype(known.dtype):
            counts = {"true": int(known.sum()), "false": int((~known.astype(bool)).sum())}
            return VariableStatistics(missing, self.protect.shares(counts, len(known))[1])
        if pd.api.types.is_datetime64_any_dtype(known.dtype):
            return VariableStatistics(missing, quantiles=self.days(known))
        return self.number(name, known.to_numpy(dtype=float), missing, members)

    def is_closed(self, name: str) -> bool:
        """Return whether a variable of text has categories that the codebook knows."""
        return any(name in table and table[name].categories for table in self.codebook.tables.values())

    def number(self, name: str, known: np.ndarray, missing: float, members: pd.Index[Any]) -> VariableStatistics:
        variable = self.codebook.tables["person_table"].get(name)
        is_count = variable is not None and (variable.type == "integer" or bool(variable.instrument))
        distinct = np.unique(known)
        if (
            is_count
            and name != "birth_year"
            and len(distinct) <= MOST_WHOLE_NUMBERS
            and (distinct == np.round(distinct)).all()
        ):
            counts = {f"{value:g}": int((known == value).sum()) for value in distinct}
            return VariableStatistics(missing, self.protect.shares(counts, len(known))[1])
        below, above = self.beyond(name, members, len(known))
        zero = self.protect.share(int((known == 0).sum()), len(known)) or None
        quantiles = self.protect.quantiles(known)
        return VariableStatistics(missing, quantiles=quantiles, zero=zero, below=below, above=above)

    def days(self, known: pd.Series) -> dict[float, float]:
        """Return quantiles of days, as the first of their month."""
        numbers = known.to_numpy().astype("datetime64[D]").astype(float)
        ordered, size, least = np.sort(numbers), len(numbers), self.protect.minimum
        found = {}
        for probability in PROBABILITIES:
            first = round(probability * size - least / 2)
            if first >= least and first + least <= size - least:
                mean = np.datetime64(int(ordered[first : first + least].mean()), "D")
                found[round(probability, 3)] = float(mean.astype("datetime64[M]").astype("datetime64[D]").astype(int))
        return found

    def beyond(self, name: str, members: pd.Index[Any], known: int) -> tuple[float | None, float | None]:
        """Return the shares of results below and above the limits; None for what is no laboratory result."""
        analyte = next((a.id for a in self.codebook.analytes.values() if a.column == name), None)
        if analyte is None:
            return None, None
        labs = self.study.tables["labs"]
        baseline = self.study_file.baseline
        here = labs[(labs["analyte"] == analyte) & (labs["visit"] == baseline) & labs["participant_id"].isin(members)]
        counts = here["censoring"].astype("object").value_counts()
        return tuple(self.protect.share(int(counts.get(word, 0)), known) for word in ("below", "above"))  # type: ignore[return-value]

    def values(self, name: str) -> pd.Series | None:
        """Return the clean values of everybody at baseline; None for what the study does not hold."""
        people = self.study.person_table
        if name in people:
            return people.set_index(people["participant_id"].astype("object"))[name]
        follow_up = self.study.tables["follow_up"]
        if name in follow_up:
            return follow_up.set_index(follow_up["participant_id"].astype("object"))[name]
        drug = name.removeprefix("is_").removesuffix("_user")
        if drug in self.codebook.drugs:
            rows = self.study.tables["medications"].query("drug == @drug")
            status = rows["status"].astype("object").map({"present": True, "absent": False}).astype("boolean")
            return status.set_axis(rows["participant_id"].astype("object"))
        return None


def _code_columns(entry: Entry) -> Iterator[str]:
    """Yield the columns whose codes an entry gives a meaning to, and those that tell a visit, a unit or a level."""
    source = entry.source
    if isinstance(source, InstrumentSource):
        yield from (
            source.items if isinstance(source.items, list) else [c for items in source.items.values() for c in items]
        )
        return
    is_coded = entry.variable is not None and (
        bool(getattr(source, "codes", None)) or entry.variable.type == "boolean" or bool(entry.variable.categories)
    )
    if is_coded:
        yield from [source.column] if source.column else list((source.visits or {}).values())
    for key in ("visit", "unit"):
        value = getattr(source, key, None)
        if isinstance(value, UnitColumn):
            yield value.column
    for key in ("unit", "limit", "multiply"):
        value = getattr(source, key, None)
        if isinstance(value, ByColumn):
            yield value.by


def _conditions_on(source: Any, column: str) -> Iterator[object]:
    """Yield what the conditions of an entry want of a column."""
    conditions = [getattr(source, key, None) for key in CONDITIONS] + list(
        (getattr(source, "cases", None) or {}).values()
    )
    for condition in conditions:
        if isinstance(condition, list) and column in set(columns_in(condition)):
            yield from (alternative[column] for alternative in condition if column in alternative)


def _is_number_column(entries: list[Entry], file: str, column: str) -> bool:
    """Return whether a column holds numbers, days or free codes, of which only those that are listed may be told."""
    for entry in entries:
        source = entry.source
        if source.file != file:
            continue
        numeric = entry.section == "labs" or (
            entry.variable is not None
            and entry.variable.type in ("number", "integer", "date")
            and getattr(source, "codes", None) is None
            and getattr(source, "cases", None) is None
        )
        named = [getattr(source, "column", None), *(getattr(source, "visits", None) or {}).values()]
        others = [
            getattr(source, key, None)
            for key in ("date", "start", "stop", "onset_age", "code", "limit", "time", "plate")
        ]
        beside = [other.column for other in others if isinstance(other, (UnitColumn, RegisterCode))]
        if (numeric and column in named) or column in beside:
            return True
        if any(isinstance(wanted, Comparison) for wanted in _conditions_on(source, column)):
            return True
    return False
