"""Who has a disease, by conditions or by register rows: present, absent, or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from cohort.intake.assembly import as_canonical
from cohort.intake.cells import constant_text, no_dates
from cohort.intake.conditions import holds, starts_with
from cohort.intake.context import Context
from cohort.intake.entries import Selection, in_sources_with, read_dates, value_columns
from cohort.intake.tables import BoolArray, IntArray
from cohort.study_file import DiagnosisSource, RegisterCode

_KEYS = ["participant_id", "disease", "source", "status"]
UNKNOWN, ABSENT, PRESENT = 0, 1, 2
WORDS = pd.Index(["unknown", "absent", "present"], dtype="str")


def add_people(context: Context) -> None:
    """Make the people of every entry with conditions part of the cohort; register rows make nobody part of it."""
    for section in ("diagnoses", "medications"):
        for name, sources in getattr(context.study, section).items():
            readable = [source for _, source in context.readable(section, name, sources)]
            context.population.extend(rows_of(context, source).person for source in readable if source.code is None)


@dataclass(frozen=True)
class Population:
    """Numbers of everybody in the cohort, and of those whose follow-up is known; without follow-up, everybody."""

    people: IntArray
    followed: IntArray


def read_diagnoses(context: Context, population: Population) -> pd.DataFrame:
    """Return the table ``diagnoses``: one row per person, disease and kind of source.

    Parameters
    ----------
    context
        The study.
    population
        Who is in the cohort, and who was followed.
    """
    frames: list[pd.DataFrame] = []
    for name, sources in context.study.diagnoses.items():
        by_kind: dict[str, list[Evidence]] = {}
        for place, source in context.readable("diagnoses", name, sources):
            evidence = _read_source(context, source, place, population)
            if evidence is not None:
                by_kind.setdefault(source.source, []).append(evidence)
        for kind, found in by_kind.items():
            table = unite(context, found, population.people, f"diagnoses.{name}")
            size = len(table)
            frames.append(table.assign(disease=constant_text(name, size), source=constant_text(kind, size)))
    return statements(context, "diagnoses", frames, _KEYS)


def statements(context: Context, name: str, frames: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Return the statements of all diseases or drugs as one table, in the canonical dtypes.

    Parameters
    ----------
    context
        The study.
    name
        The canonical table.
    frames
        One frame per disease or drug, with the number of each person.
    keys
        Columns that the table has whatever the study maps.
    """
    variables = context.codebook.tables[name]
    table: dict[str, pd.Series] = {}
    for column, variable in variables.items():
        if column == "participant_id":
            people = [frame["person"].to_numpy() for frame in frames]
            table[column] = context.people.named(np.concatenate(people) if people else np.empty(0, dtype=np.int64))
        elif column in keys or any(column in frame for frame in frames):
            blank = [pd.Series(np.full(len(frame), None, dtype=object)) for frame in frames]
            parts = [frame.get(column, none) for frame, none in zip(frames, blank, strict=True)]
            if parts and all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
                values = pd.Series(union_categoricals(parts))
            else:
                values = pd.concat(parts, ignore_index=True).astype("object") if parts else pd.Series(dtype="object")
            table[column] = as_canonical(values, variable)
    return pd.DataFrame(table)


@dataclass(frozen=True)
class Evidence:
    """What one source tells of people.

    Parameters
    ----------
    person, status
        ``PRESENT``, ``ABSENT`` or ``UNKNOWN`` for each of these people, once or several times.
    details
        Further columns for those with the disease, on the numbers of the people.
    """

    person: IntArray
    status: IntArray
    details: pd.DataFrame


def unite(context: Context, found: list[Evidence], people: IntArray, place: str) -> pd.DataFrame:
    """Return one status per person from all sources; present here and absent there is a problem, not a choice.

    Parameters
    ----------
    found
        What the sources tell.
    people
        Numbers of everybody in the cohort; who is in no source is unknown.
    """
    person = np.concatenate([evidence.person for evidence in found])
    status = np.concatenate([evidence.status for evidence in found])
    is_present, is_absent = (np.zeros(len(context.people.ids), dtype=bool) for _ in range(2))
    is_present[person[status == PRESENT]] = True
    is_absent[person[status == ABSENT]] = True
    torn = int((is_present & is_absent).sum())
    if torn:
        context.record.problem(
            place,
            f"{torn:,} people match 'present' and 'absent'.",
            "Make the conditions exclude each other, or pick one row per person with 'where:'.",
        )
    levels = np.where(is_present[people], PRESENT, np.where(is_absent[people], ABSENT, UNKNOWN))
    table = pd.DataFrame({"person": people, "status": pd.Categorical.from_codes(levels, WORDS)})
    details = pd.concat([evidence.details for evidence in found])
    if details.columns.size:
        details = details[~details.index.duplicated()]
        for column in details.columns:
            table[column] = details[column].reindex(people).array
    return table


def rows_of(context: Context, source: Any) -> Selection:
    """Return the rows that an entry reads: those of its ``where``, or all."""
    table = context.tables[source.file]
    chosen = np.ones(len(table.frame), dtype=bool)
    if source.where is not None:
        chosen = holds(table, source.where)
    if len(table.columns) > 1:
        chosen &= in_sources_with(table, value_columns(source))
    positions = np.flatnonzero(chosen)
    return Selection(table, positions, constant_text("", len(positions)), no_dates(len(positions)))


def condition_status(context: Context, selection: Selection, source: Any, place: str) -> IntArray:
    """Return the status that conditions give to each row; a row that is present and absent at once is a problem."""
    table, positions = selection.table, selection.positions
    found: dict[str, BoolArray] = {}
    for key in ("present", "absent", "unknown"):
        condition = getattr(source, key, None)
        found[key] = np.zeros(len(positions), dtype=bool)
        if isinstance(condition, list):
            found[key] = holds(table, condition, source.missing)[positions]
    for first, second in (("present", "absent"), ("present", "unknown"), ("absent", "unknown")):
        if count := int((found[first] & found[second]).sum()):
            context.record.problem(
                place, f"{count:,} rows match '{first}' and '{second}'.", "Make the conditions exclude each other."
            )
    return np.where(found["present"], PRESENT, np.where(found["absent"], ABSENT, UNKNOWN)).astype(np.int64)


def _read_source(context: Context, source: DiagnosisSource, place: str, population: Population) -> Evidence | None:
    if source.code is not None:
        return _register(context, source, source.code, place, population)
    if source.present is None:
        context.record.problem(place, "it does not say who has the disease.", "Give 'present:' or 'code:'.")
        return None
    selection = rows_of(context, source)
    mark_used(context, selection, np.ones(len(selection.positions), dtype=bool))
    status = condition_status(context, selection, source, place)
    details = pd.DataFrame(index=pd.Index(selection.person))
    if source.date is not None:
        dates = read_dates(selection, source.date.column, source.missing, context.record, ("diagnoses", "onset_date"))
        details["onset_date"] = dates.to_numpy()
    if source.onset_age is not None:
        cells = selection.numbers(source.onset_age.column)
        reasons = selection.table.declared_missing(source.onset_age.column, source.missing)
        known = ~selection.codes(source.onset_age.column).isin(list(reasons)).to_numpy(dtype=bool)
        details["onset_age_years"] = np.where(known, cells.number, np.nan)
    return Evidence(selection.person, status, details[status == PRESENT])


def mark_used(context: Context, selection: Selection, chosen: BoolArray) -> None:
    """Mark chosen rows of a selection as used."""
    mask = np.zeros(len(selection.table.frame), dtype=bool)
    mask[selection.positions[chosen]] = True
    context.record.select(selection.table, mask)


def _register(
    context: Context, source: DiagnosisSource, wanted: RegisterCode, place: str, population: Population
) -> Evidence:
    """Return what coded rows tell: enough records are present; no record in follow-up is absent, if the study says so.

    Somebody with some records, yet fewer than the study asks for, is neither.
    """
    selection = rows_of(context, source)
    codes = selection.codes(wanted.column)
    matching = starts_with(codes, wanted.starts_with)
    inside = np.isin(selection.person, population.people)
    mark_used(context, selection, matching & inside)
    outside = np.zeros(len(selection.table.frame), dtype=bool)
    outside[selection.positions[~inside]] = True
    context.record.outside(selection.table, outside)
    records = pd.DataFrame({"person": selection.person, "code": codes.astype("object")})[matching & inside]
    if source.date is not None:
        used = selection.take(np.flatnonzero(matching & inside))
        target = ("diagnoses", "onset_date")
        records["onset_date"] = read_dates(used, source.date.column, source.missing, context.record, target).to_numpy()
        records = records.sort_values("onset_date", kind="stable", na_position="last")
    grouped = records.groupby("person", sort=False)
    count = grouped.size()
    cases = count.index[count >= source.minimum_records]
    person = count.index.to_numpy(dtype=np.int64)
    status = np.where(count >= source.minimum_records, PRESENT, UNKNOWN)
    few = int((count < source.minimum_records).sum())
    if few:
        context.record.note(
            rule="too_few_records",
            severity="info",
            action="flag",
            table="diagnoses",
            column=place.split(".")[1],
            file=selection.table.name,
            reason=f"fewer than {source.minimum_records} records: neither present nor absent",
            count=few,
        )
    if source.absent == "no_record_in_follow_up":
        free = population.followed[~np.isin(population.followed, person)]
        person, status = np.concatenate([person, free]), np.concatenate([status, np.full(len(free), ABSENT)])
    elif isinstance(source.absent, list):
        person = np.concatenate([person, selection.person])
        status = np.concatenate([status, condition_status(context, selection, source, place)])
    first = grouped.first().loc[cases]
    details = pd.DataFrame({"code_system": wanted.system, "code": first["code"]}, index=first.index)
    if "onset_date" in first:
        details["onset_date"] = first["onset_date"]
    details["record_count"] = count[cases]
    return Evidence(person, status, details)
