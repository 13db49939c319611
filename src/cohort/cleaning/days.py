"""Rules about days: days that stand for none, days far from all others, and the order of things in a life."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.cleaning.keys import key_numbers
from cohort.cleaning.people import look_up, one_row_each, positions
from cohort.cleaning.places import labels
from cohort.cleaning.rule import Finding, Tables
from cohort.cleaning.timeline import DAYS_PER_YEAR
from cohort.codebook import Codebook

STUDY_DAYS = (("visits", "visit_date"), ("labs", "date"), ("follow_up", "entry_date"), ("follow_up", "exit_date"))
"""Days on which the study itself did something; onsets and prescriptions may lie anywhere in a life."""

Flags = npt.NDArray[np.bool_]


def date_sentinel(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return days that software writes where none is known; two of them only where a study can hardly have been."""
    lists = codebook.rules["date_sentinel"].lists
    reason = "a day that stands for an unknown one"
    findings = []
    for table, column in _day_columns(tables, codebook):
        known = [*lists["always"], *(lists["study"] if (table, column) in STUDY_DAYS else ())]
        frame = tables[table]
        days = frame[column].to_numpy().astype("datetime64[D]")
        found = np.isin(days, np.array(known, dtype="datetime64[D]"))
        findings.append(Finding(table, frame.index[found], reason, column))
    return findings


def date_isolated(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return days of the study beyond a gap of ``years``, where at most a ``share`` of the column lies beyond it."""
    findings = []
    for table, column in STUDY_DAYS:
        frame = tables[table]
        if column not in frame:
            continue
        days = frame[column].to_numpy().astype("datetime64[D]").astype(np.float64)
        days[np.isnat(frame[column].to_numpy())] = np.nan
        early, late = _bulk(np.sort(days[np.isfinite(days)]), limits["years"] * DAYS_PER_YEAR, limits["share"])
        reason = f"{limits['years']:g} years or more from nearly all other days of the column"
        findings.append(Finding(table, frame.index[(days < early) | (days > late)], reason, column))
    return findings


def _bulk(days: npt.NDArray[np.float64], gap: float, share: float) -> tuple[float, float]:
    """Return the first and the last day of the bulk of sorted days."""
    few = int(share * len(days))
    if not few:
        return -np.inf, np.inf
    low = np.flatnonzero(np.diff(days[: few + 1]) >= gap)
    high = np.flatnonzero(np.diff(days[-few - 1 :]) >= gap)
    early = float(days[low[-1] + 1]) if len(low) else -np.inf
    late = float(days[len(days) - few - 1 + high[0]]) if len(high) else np.inf
    return early, late


def birth_after_dates(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return birth years after all days of the study of the same person, where there are ``dates`` or more."""
    people = tables["participants"]
    if "birth_year" not in people or people.empty:
        return []
    born = people["birth_year"].to_numpy(dtype="float64", na_value=np.nan)
    last, count = np.full(len(people), -np.inf), np.zeros(len(people), dtype=np.int64)
    unique = ~people["participant_id"].duplicated(keep=False).to_numpy()
    for table, column in STUDY_DAYS:
        frame = tables[table]
        if column not in frame:
            continue
        years = frame[column].dt.year.to_numpy(dtype="float64", na_value=np.nan)
        if not (np.isfinite(years).any() and np.nanmin(years) < np.nanmax(born, initial=-np.inf)):
            early = np.zeros(len(frame), dtype=bool)
        else:
            early = np.isfinite(years)
        if not early.any():
            continue
        at = positions(frame.loc[early, "participant_id"], people["participant_id"])
        np.maximum.at(last, at[at >= 0], years[early][at >= 0])
        count += np.bincount(at[at >= 0], minlength=len(people))
    late = unique & (born > last) & (count >= limits["dates"])
    reason = "the birth year lies after all dates of the person"
    return [Finding("participants", people.index[late], reason, "birth_year")]


def visit_before_birth(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return dates of visits in a year before the year of birth."""
    return _before_birth(tables, "visits", "visit_date", "the visit lies before the birth year")


def sample_before_birth(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return dates of laboratory samples in a year before the year of birth."""
    return _before_birth(tables, "labs", "date", "the sample lies before the birth year")


def follow_up_before_birth(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return dates of entry and exit in a year before the year of birth."""
    return [
        finding
        for column, word in (("entry_date", "entry"), ("exit_date", "exit"))
        for finding in _before_birth(tables, "follow_up", column, f"the {word} lies before the birth year")
    ]


def onset_before_birth(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return dates of onset in a year before the year of birth."""
    return _before_birth(tables, "diagnoses", "onset_date", "the onset lies before the birth year")


def _before_birth(tables: Tables, table: str, column: str, reason: str) -> list[Finding]:
    frame, born = tables[table], one_row_each(tables, "participants", "birth_year")
    if column not in frame or born is None:
        return []
    dated = frame.loc[frame[column].notna()]
    year = look_up(dated["participant_id"], born, "birth_year").to_numpy(dtype="float64", na_value=np.nan)
    return [Finding(table, dated.index[dated[column].dt.year.to_numpy() < year], reason, column)]


def exit_before_entry(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return rows of follow-up that end before they begin: which of the two dates is wrong cannot be told."""
    return [Finding("follow_up", _ends_early(tables["follow_up"], "entry_date", "exit_date"), "exit before entry")]


def stop_before_start(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return both dates of medication that stops before it starts: which of them is wrong cannot be told."""
    rows = _ends_early(tables["medications"], "start_date", "stop_date")
    return [Finding("medications", rows, "stop before start", column) for column in ("start_date", "stop_date")]


def _ends_early(frame: pd.DataFrame, begin: str, end: str) -> pd.Index[Any]:
    if not {begin, end} <= set(frame.columns):
        return frame.index[:0]
    return frame.index[(frame[end] < frame[begin]).to_numpy(dtype=bool)]


def visit_order(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return pairs of neighbouring visits of a person of which the later one has the earlier date.

    The order of the visits is that of their median dates in the whole cohort. Which date of a pair is wrong cannot be
    told: both are found.
    """
    visits = tables["visits"]
    if "visit_date" not in visits:
        return []
    if visits["visit"].nunique() < 2:
        return []
    dated = np.flatnonzero(visits["visit_date"].notna().to_numpy())
    people = key_numbers(visits, ["participant_id"])
    days = visits["visit_date"].to_numpy()[dated].astype("datetime64[D]").astype(np.int64)
    names, words = labels(visits["visit"])
    middle = np.array([np.median(found) if len(found := days[names[dated] == n]) else 0 for n in range(len(words))])
    place = middle[names[dated]]
    order = np.lexsort((place, people[dated]))
    person, place, day = people[dated][order], place[order], days[order]
    wrong = (person[1:] == person[:-1]) & (place[1:] > place[:-1]) & (day[1:] < day[:-1])
    both = np.union1d(order[1:][wrong], order[:-1][wrong])
    reason = "the dates of this visit and its neighbour stand in the wrong order"
    return [Finding("visits", visits.index[np.sort(dated[both])], reason, "visit_date")]


def lab_before_entry(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return dates of samples taken more than ``days`` before the person entered the study."""
    labs, entry = tables["labs"], one_row_each(tables, "follow_up", "entry_date")
    if "date" not in labs or entry is None:
        return []
    dated = labs.loc[labs["date"].notna()]
    entered = look_up(dated["participant_id"], entry, "entry_date")
    early = (entered - dated["date"]) > pd.Timedelta(days=limits["days"])
    return [Finding("labs", dated.index[early.to_numpy(dtype=bool)], "taken long before the entry", "date")]


def _day_columns(tables: Tables, codebook: Codebook) -> Iterator[tuple[str, str]]:
    """Yield table and column of all days that are there."""
    for table, frame in tables.items():
        for column in frame.columns:
            if codebook.tables[table][column].type == "date":
                yield table, column
