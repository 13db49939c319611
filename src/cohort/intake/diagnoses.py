"""Who has a disease, by conditions or by register rows: present, absent, or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cohort.intake.assembly import as_canonical
from cohort.intake.conditions import holds, starts_with
from cohort.intake.context import Context
from cohort.intake.entries import Selection, read_dates
from cohort.intake.tables import BoolArray
from cohort.study_file import DiagnosisSource, RegisterCode

_KEYS = ["participant_id", "disease", "source", "status"]
UNKNOWN, ABSENT, PRESENT = 0, 1, 2
WORDS = np.array(["unknown", "absent", "present"], dtype=object)


def add_people(context: Context) -> None:
    """Make the people of every entry with conditions part of the cohort; register rows make nobody part of it."""
    for section in ("diagnoses", "medications"):
        for name, sources in getattr(context.study, section).items():
            readable = [source for _, source in context.readable(section, name, sources)]
            context.population.extend(rows_of(context, source).ids for source in readable if source.code is None)


@dataclass(frozen=True)
class Population:
    """Everybody in the cohort, and those among them whose follow-up is known; without follow-up, everybody."""

    people: pd.Index
    followed: pd.Index


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
            frames.append(table.assign(disease=name, source=kind))
    variables = context.codebook.tables["diagnoses"]
    columns = [c for c in variables if c in _KEYS or any(c in frame for frame in frames)]
    diagnoses = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_KEYS)
    return pd.DataFrame({c: as_canonical(diagnoses[c].astype("object"), variables[c]) for c in columns})


@dataclass(frozen=True)
class Evidence:
    """What one source tells of people.

    Parameters
    ----------
    status
        ``PRESENT``, ``ABSENT`` or ``UNKNOWN`` for each person of the index, once or several times.
    details
        Further columns for those with the disease, aligned with ``status``.
    """

    status: pd.Series
    details: pd.DataFrame


def unite(context: Context, found: list[Evidence], people: pd.Index, place: str) -> pd.DataFrame:
    """Return one status per person from all sources; present here and absent there is a problem, not a choice.

    Parameters
    ----------
    found
        What the sources tell.
    people
        Everybody in the cohort; who is in no source is unknown.
    """
    status = pd.concat([evidence.status for evidence in found])
    present = pd.Index(status.index[status == PRESENT])
    absent = pd.Index(status.index[status == ABSENT])
    torn = present.intersection(absent)
    if len(torn):
        context.record.problem(
            place,
            f"{torn.nunique():,} people match 'present' and 'absent'.",
            "Make the conditions exclude each other, or pick one row per person with 'where:'.",
        )
    # Looked up by hash: ``isin`` compares texts one by one, for each of many diseases.
    is_present, is_absent = (said.unique().get_indexer(people) >= 0 for said in (present, absent))
    levels = np.where(is_present, PRESENT, np.where(is_absent, ABSENT, UNKNOWN))
    table = pd.DataFrame({"participant_id": people.to_numpy(dtype=object), "status": WORDS[levels]})
    details = pd.concat([evidence.details for evidence in found])
    if details.columns.size:
        details = details[~details.index.duplicated()]
        for column in details.columns:
            table[column] = details[column].reindex(people).to_numpy(dtype=object)
    return table


def rows_of(context: Context, source: Any) -> Selection:
    """Return the rows that an entry reads: those of its ``where``, or all."""
    table = context.tables[source.file]
    chosen = np.ones(len(table.frame), dtype=bool)
    if source.where is not None:
        chosen = holds(table, source.where)
    positions = np.flatnonzero(chosen)
    blank = pd.Series("", index=range(len(positions)), dtype="str")
    dates = pd.Series(pd.NaT, index=range(len(positions)), dtype="datetime64[us]")
    return Selection(table, positions, blank, dates)


def condition_status(context: Context, selection: Selection, source: Any, place: str) -> pd.Series:
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
    levels = np.where(found["present"], PRESENT, np.where(found["absent"], ABSENT, UNKNOWN))
    return pd.Series(levels, index=pd.Index(selection.ids))


def _read_source(context: Context, source: DiagnosisSource, place: str, population: Population) -> Evidence | None:
    if source.code is not None:
        return _register(context, source, source.code, place, population)
    if source.present is None:
        context.record.problem(place, "it does not say who has the disease.", "Give 'present:' or 'code:'.")
        return None
    selection = rows_of(context, source)
    mark_used(context, selection, np.ones(len(selection.positions), dtype=bool))
    status = condition_status(context, selection, source, place)
    details = pd.DataFrame(index=status.index)
    if source.date is not None:
        dates = read_dates(selection, source.date.column, source.missing, context.record, ("diagnoses", "onset_date"))
        details["onset_date"] = dates.to_numpy()
    if source.onset_age is not None:
        cells = selection.table.numbers(source.onset_age.column)
        reasons = selection.table.declared_missing(source.onset_age.column, source.missing)
        known = ~selection.codes(source.onset_age.column).isin(list(reasons)).to_numpy(dtype=bool)
        details["onset_age_years"] = np.where(known, cells.number[selection.positions], np.nan)
    return Evidence(status, details[(status == PRESENT).to_numpy()])


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
    inside = selection.ids.isin(population.people).to_numpy(dtype=bool)
    mark_used(context, selection, matching & inside)
    outside = np.zeros(len(selection.table.frame), dtype=bool)
    outside[selection.positions[~inside]] = True
    context.record.outside(selection.table, outside)
    records = pd.DataFrame({"id": selection.ids, "code": codes})[matching & inside]
    if source.date is not None:
        used = selection.take(np.flatnonzero(matching & inside))
        target = ("diagnoses", "onset_date")
        records["onset_date"] = read_dates(used, source.date.column, source.missing, context.record, target).to_numpy()
        records = records.sort_values("onset_date", kind="stable", na_position="last")
    grouped = records.groupby("id", sort=False)
    count = grouped.size()
    cases = count.index[count >= source.minimum_records]
    status = pd.Series(UNKNOWN, index=count.index)
    status[cases] = PRESENT
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
        free = population.followed.difference(count.index, sort=False)
        status = pd.concat([status, pd.Series(ABSENT, index=free)])
    elif isinstance(source.absent, list):
        status = pd.concat([status, condition_status(context, selection, source, place)])
    first = grouped.first().loc[cases]
    details = pd.DataFrame({"code_system": wanted.system, "code": first["code"]}, index=first.index)
    if "onset_date" in first:
        details["onset_date"] = first["onset_date"]
    details["record_count"] = count[cases]
    return Evidence(status, details)
