"""Where a raw cell ends up: the cells of the clean tables that are made of it, found through the study file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cohort.codebook import Codebook
from cohort.study_file import LabSource, Source, StudyFile, UnitColumn

PERSON = "participant_id"


@dataclass(frozen=True)
class Target:
    """A column of a clean table that one raw column feeds.

    Parameters
    ----------
    table, column
        The clean cell's table and column.
    visit
        A fixed visit, the raw column that names it, or None in a table without visits.
    subject
        Analyte, disease or drug of the row, or the raw column that names the relative; else empty.
    """

    table: str
    column: str
    visit: str | UnitColumn | None = None
    subject: str | UnitColumn = ""


SUBJECTS = {"labs": "analyte", "diagnoses": "disease", "medications": "drug", "relations": "relative_id"}
"""The column that tells what a row of a table is about."""


def targets_of(study: StudyFile, codebook: Codebook) -> dict[tuple[str, str], list[Target]]:
    """Return what each raw column feeds, by file and column.

    Parameters
    ----------
    study, codebook
        What the columns mean.
    """
    found: dict[tuple[str, str], list[Target]] = {}
    for file, column, target in _all(study, codebook):
        known = found.setdefault((file, column), [])
        if target not in known:
            known.append(target)
    return found


def _all(study: StudyFile, codebook: Codebook) -> Iterator[tuple[str, str, Target]]:
    for name, sources in study.variables.items():
        table = codebook.mappable[name].table
        for source in sources:
            yield from _of_source(source, Target(table, name), study.baseline if table == "visits" else None)
    for name, results in study.labs.items():
        for result in results:
            yield from _of_source(result, Target("labs", "value", subject=name), study.baseline)
            yield from _circumstances(result, name, study.baseline)
    for key, column in (("entry", "entry_date"), ("exit", "exit_date"), ("reason", "exit_reason")):
        part = getattr(study.follow_up, key, None)
        if part is not None:
            yield from _of_source(part, Target("follow_up", column), None)
    for relation in study.relations:
        if isinstance(relation.kind, Source):
            yield from _of_source(relation.kind, Target("relations", "kind", subject=relation.relative), None)
    yield from _forms(study, codebook)
    yield from _statements(study)


def _forms(study: StudyFile, codebook: Codebook) -> Iterator[tuple[str, str, Target]]:
    for name, forms in study.instruments.items():
        columns = codebook.instruments[name].columns
        for form in forms:
            waves: Mapping[Any, Sequence[str]] = form.items if isinstance(form.items, dict) else {None: form.items}
            for wave, items in waves.items():
                visit = wave or form.visit or study.baseline
                for item, column in zip(items, columns, strict=True):
                    yield form.file, item, Target("visits", column, visit)


def _statements(study: StudyFile) -> Iterator[tuple[str, str, Target]]:
    """Yield what feeds the tables of diseases and drugs."""
    dates = {
        "diagnoses": {"onset_age": "onset_age_years", "date": "onset_date"},
        "medications": {"start": "start_date", "stop": "stop_date"},
    }
    for table, sections in (("diagnoses", study.diagnoses), ("medications", study.medications)):
        for name, entries in sections.items():
            for entry in entries:
                said = [getattr(entry, key, None) for key in ("present", "absent", "unknown")]
                for column in _columns_in([condition for condition in said if isinstance(condition, list)]):
                    yield entry.file, column, Target(table, "status", subject=name)
                for key, column in dates[table].items():
                    part = getattr(entry, key)
                    if part is not None:
                        yield entry.file, part.column, Target(table, column, subject=name)


def _of_source(source: Source, target: Target, baseline: str | None) -> Iterator[tuple[str, str, Target]]:
    """Yield the columns of one source with the visit of each."""

    def at(visit: str | UnitColumn | None) -> Target:
        return Target(target.table, target.column, visit, target.subject)

    visit = None if baseline is None else source.visit or baseline
    if source.visits:
        yield from ((source.file, column, at(wave)) for wave, column in source.visits.items())
    elif source.column is not None:
        yield source.file, source.column, at(visit)
    for column in _columns_in(list((source.cases or {}).values())):
        yield source.file, column, at(visit)


def _circumstances(result: LabSource, name: str, baseline: str) -> Iterator[tuple[str, str, Target]]:
    for key, column in (("date", "date"), ("plate", "plate"), ("site", "site"), ("time", "sampling_hour")):
        part = getattr(result, key)
        if isinstance(part, UnitColumn):
            for visit in result.visits or [result.visit or baseline]:
                yield result.file, part.column, Target("labs", column, visit, name)
    if isinstance(result.unit, UnitColumn):
        yield result.file, result.unit.column, Target("labs", "value", result.visit or baseline, name)


def _columns_in(conditions: Sequence[Any]) -> list[str]:
    """Return the columns that some conditions look at."""
    return sorted({column for condition in conditions for alternative in condition or [] for column in alternative})


def id_column(study: StudyFile, file: str) -> str:
    """Return the column of identifiers of a file."""
    return str(study.files[file].id or study.id)


def true_ids(raw: pd.DataFrame, planted: pd.DataFrame, column: str) -> np.ndarray:
    """Return the identifier that each row of a dirty file had before any defect.

    Parameters
    ----------
    raw
        The dirty file as text.
    planted
        What was planted in it: ``row``, ``column``, ``before``.
    column
        The column of identifiers.
    """
    ids = raw[column].to_numpy(dtype=object).copy()
    own = planted.loc[planted["column"] == column]
    ids[own["row"].to_numpy()] = own["before"].to_numpy()
    return ids


def clean_cells(
    study: StudyFile, codebook: Codebook, raw: Mapping[str, pd.DataFrame], planted: pd.DataFrame
) -> pd.DataFrame:
    """Return the clean cells that the planted raw cells feed: one line for each pair.

    Parameters
    ----------
    study, codebook
        What the columns mean.
    raw
        The dirty files as text, by their key in the study.
    planted
        What was planted: ``table``, ``row`` (from 0), ``column``, ``before``; an empty column or that of the
        identifier stands for all cells of the row.

    Returns
    -------
    pd.DataFrame
        ``planted`` (the label of the line), ``table``, ``column``, ``participant_id``, ``visit``, ``subject``. A line
        about a whole row leaves out the cells of the row that have a defect of their own.
    """
    feeds = targets_of(study, codebook)
    parts: list[pd.DataFrame] = []
    for file, lines in planted.groupby("table"):
        frame, own = raw[str(file)], id_column(study, str(file))
        ids = true_ids(frame, lines, own)
        for column, some in lines.groupby("column"):
            whole = column in ("", own)
            names = [name for name in frame.columns if name != own] if whole else [column]
            for name in names:
                hit = set(lines.loc[lines["column"] == name, "row"]) if whole else set()
                free = some.loc[~some["row"].isin(hit)]
                for target in feeds.get((str(file), str(name)), []):
                    parts.append(_cells(target, frame, ids, free))
    columns = ["planted", "table", "column", PERSON, "visit", "subject"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def _cells(target: Target, frame: pd.DataFrame, ids: np.ndarray, lines: pd.DataFrame) -> pd.DataFrame:
    rows = lines["row"].to_numpy()

    def read(part: str | UnitColumn | None) -> Any:
        if isinstance(part, UnitColumn):
            return frame[part.column].str.strip().to_numpy(dtype=object)[rows]
        return part or ""

    return pd.DataFrame(
        {
            "planted": lines.index,
            "table": target.table,
            "column": target.column,
            PERSON: ids[rows],
            "visit": read(target.visit),
            "subject": read(target.subject),
        }
    )
