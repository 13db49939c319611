"""Rows of registers: the records of people with a disease or on a drug, and what can be read back from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cohort.study_file import UnitColumn
from cohort.synthetic.defects.raw_text import Flags, codes_of, day_texts, days_of
from cohort.synthetic.twin.canonical import ABSENT, PRESENT, UNKNOWN
from cohort.synthetic.twin.columns import Entry
from cohort.synthetic.twin.context import Context
from cohort.synthetic.twin.marginals import matched_flags
from cohort.synthetic.twin.naming import canonical_name
from cohort.synthetic.twin.people import People
from cohort.synthetic.twin.questions import ANY, EMPTY, Answers, Question, ask_condition, ask_register
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.rows import Positions

FURTHER_RECORDS = 0.6
"""Records beyond the first ones that are needed, on average."""

TOO_FEW, ELSEWHERE = 0.01, 0.3
"""Share of people with fewer records than count, and with a record of something else."""

YEARS_BACK = 10
_NOTHING, _ABSENCE = -1, -2


@dataclass(frozen=True)
class Records:
    """Rows of a register before their codes are chosen.

    Parameters
    ----------
    person
        Whose they are.
    entry
        Number of the entry that counts them; -1 for none, -2 less the number of an entry where they tell absence.
    begin, end
        Day of the record, and the last day of a prescription.
    """

    person: Positions
    entry: Positions
    begin: Any
    end: Any


def present_people(people: People, name: str) -> Flags:
    """Return who has a disease that is only ever seen where it is present: the known share of all, by their rank."""
    values = people.draws.value(name).astype(float)
    found = values > 0
    for group, members in people.by_group():
        told = group.variable(name)
        if "true" in told.shares:
            known = sum(told.shares.values()) if len(told.shares) == 2 else 1.0
            share = told.shares["true"] / known * (1 - (told.missing or 0.0))
            found[members] = matched_flags(values[members], min(1.0, share), people.rng(f"present {name}"))
    return found


def draw_records(context: Context, entries: Sequence[Entry]) -> Records:
    """Return the records of one file.

    Parameters
    ----------
    context
        The twin.
    entries
        The entries that read coded rows in the file.
    """
    people = context.people
    frames = []
    for number, entry in enumerate(entries):
        rng = people.rng(f"records {entry.place}")
        present = present_people(people, canonical_name(entry, context.codebook))
        needed = int(getattr(entry.source, "minimum_records", 1))
        counts = np.where(present, needed + rng.poisson(FURTHER_RECORDS, size=len(people)), 0)
        if needed > 1:
            counts = np.where(~present & (rng.random(len(people)) < TOO_FEW), needed - 1, counts)
        frames.append(_dated(people, np.repeat(np.arange(len(people)), counts), number, rng))
        if isinstance(entry.source.absent, list):
            said = np.flatnonzero((counts == 0) & (rng.random(len(people)) < 0.5))
            frames.append(_dated(people, said, _ABSENCE - number, rng))
    rng = people.rng(f"records of nothing {entries[0].file}")
    frames.append(_dated(people, np.flatnonzero(rng.random(len(people)) < ELSEWHERE), _NOTHING, rng))
    whole = pd.concat(frames, ignore_index=True).sort_values(["person", "begin"], kind="stable")
    return Records(
        whole["person"].to_numpy(dtype=np.int64),
        whole["entry"].to_numpy(dtype=np.int64),
        whole["begin"].to_numpy().astype("datetime64[D]"),
        whole["end"].to_numpy().astype("datetime64[D]"),
    )


def _dated(people: People, person: Positions, number: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return records with their days: some years before the baseline, each person's one after the other."""
    base = people.value("baseline_date")[person]
    born = (people.value("birth_year")[person] - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    back = rng.uniform(0, YEARS_BACK * 365, size=len(people)).astype(int)[person]
    first = np.maximum(base - back.astype("timedelta64[D]"), born + np.timedelta64(366, "D"))
    later = pd.Series(person).groupby(person).cumcount().to_numpy(dtype=np.int64)
    begin = first + (later * rng.integers(20, 120, size=len(person))).astype("timedelta64[D]")
    end = begin + rng.integers(30, 700, size=len(person)).astype("timedelta64[D]")
    is_open = rng.random(len(person)) < 0.5
    end[is_open] = np.datetime64("NaT")
    return pd.DataFrame({"person": person, "entry": number, "begin": begin, "end": end})


def write_record_days(table: RawTable, entries: Sequence[Entry], rows: Positions, records: Records) -> None:
    """Write the days of records into the columns that the entries name for them."""
    for entry in entries:
        for key, days in (("date", records.begin), ("start", records.begin), ("stop", records.end)):
            column = getattr(entry.source, key, None)
            if isinstance(column, UnitColumn):
                table.write(column.column, rows, day_texts(days, table.order))


def ask_records(
    context: Context, table: RawTable, entries: Sequence[Entry], rows: Positions, records: Records
) -> list[tuple[Entry, str, Question]]:
    """Return the questions to the codes of records: each counts for its own entry, and for no other unless it must.

    Parameters
    ----------
    context, table
        The twin and the file.
    entries, rows, records
        The entries, the rows of the records in the file, and the records.
    """
    asked: list[tuple[Entry, str, Question]] = []
    for number, entry in enumerate(entries):
        missing = {**context.study.files[entry.source.file].missing, **entry.source.missing}
        wanted = np.full(len(table), EMPTY, dtype=object)
        wanted[rows] = False
        for other, theirs in enumerate(entries):
            if other == number:
                wanted[rows[records.entry == number]] = True
            elif _is_wider(entry.source.code.starts_with, theirs.source.code.starts_with):
                wanted[rows[records.entry == other]] = ANY
        asked.append((entry, "code", ask_register(entry.source, wanted, missing, table.order)))
        if isinstance(entry.source.absent, list):
            absent = np.full(len(table), EMPTY, dtype=object)
            absent[rows] = records.entry == _ABSENCE - number
            condition = entry.source.absent
            asked.append((entry, "absent", ask_condition(condition, absent, missing, table.order)))
    return asked


def _is_wider(own: Sequence[str], theirs: Sequence[str]) -> bool:
    """Return whether every code that begins like theirs begins like one's own too."""
    plain = [text.replace(".", "").upper() for text in own]
    return all(any(text.replace(".", "").upper().startswith(begin) for begin in plain) for text in theirs)


def read_records(context: Context, table: RawTable, entry: Entry, hits: Answers, absent: Answers | None) -> None:
    """Note what the finished records tell of a disease or a drug.

    Parameters
    ----------
    context, table, entry
        The twin, the file, and the entry.
    hits, absent
        Which rows count, and which tell that there is nothing.
    """
    source, people = entry.source, np.arange(len(context.people))
    rows = np.flatnonzero(hits == True)  # noqa: E712 - an array of answers, some of them words
    frame = pd.DataFrame({"person": table.rows.person[rows], "code": codes_of(table.cells(source.code.column)[rows])})
    frame["code"] = frame["code"].replace("", None)
    for key in ("date", "start", "stop"):
        column = getattr(source, key, None)
        if isinstance(column, UnitColumn):
            frame[key] = days_of(table.cells(column.column)[rows], table.order).astype("datetime64[us]")
    order = "date" if "date" in frame else "start" if "start" in frame else None
    if order is not None:
        frame = frame.sort_values(order, kind="stable", na_position="last")
    grouped = frame.groupby("person", sort=False)
    count = grouped.size().reindex(people, fill_value=0).to_numpy()
    needed = int(getattr(source, "minimum_records", 1))
    status = np.where(count >= needed, PRESENT, UNKNOWN).astype(object)
    if source.absent == "no_record_in_follow_up":
        status[(count == 0) & _followed(context)] = ABSENT
    if absent is not None:
        said = np.zeros(len(people), dtype=bool)
        said[table.rows.person[np.flatnonzero(absent == True)]] = True  # noqa: E712
        status[said & (status == UNKNOWN)] = ABSENT
    details = _details(entry, frame, grouped, people, count >= needed)
    kind = getattr(source, "source", "")
    context.canonical.add_status(entry.section, entry.name, kind, people, status, details)


def _details(entry: Entry, frame: pd.DataFrame, grouped: Any, people: Positions, is_case: Flags) -> dict[str, Any]:
    """Return code, days and number of the records of those who are counted."""

    def of_cases(values: pd.Series) -> Any:
        found = values.reindex(people)
        return found.where(is_case).to_numpy()

    first = grouped["code"].first()
    if entry.section == "diagnoses":
        details = {
            "code_system": np.where(is_case, entry.source.code.system, None),
            "code": of_cases(first),
            "record_count": of_cases(grouped.size().astype(float)),
        }
        return details | ({"onset_date": of_cases(grouped["date"].first())} if "date" in frame else {})
    details = {"atc_code": of_cases(first)}
    if "start" in frame:
        details["start_date"] = of_cases(grouped["start"].min())
    if "stop" in frame:
        is_open = frame["stop"].isna().groupby(frame["person"]).any()
        details["stop_date"] = of_cases(grouped["stop"].max().mask(is_open))
    return details


def _followed(context: Context) -> Flags:
    """Return whose observation has a begin and an end."""
    if context.study.follow_up is None:
        return np.ones(len(context.people), dtype=bool)
    names = ("entry_date", "exit_date")
    known = [
        context.observed.get((name, context.people.visits[0]), np.zeros(len(context.people), bool)) for name in names
    ]
    return np.asarray(known[0] & known[1])
