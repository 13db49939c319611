"""Evidence that cleaning saw a cell: lines of ledger and quarantine about it, its row, or its column and place."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cohort.cleaning import CleanCohort
from cohort.codebook import Codebook
from cohort.defect_recovery.cells import Flags
from cohort.defect_recovery.studies import Cleaned
from cohort.defect_recovery.targets import PERSON, SUBJECTS

SITE_KINDS = ("unit_mix_up", "plate_shift", "decimal_comma", "unreversed_items", "shifted_coding")
"""Kinds that a column shares at a site or on a plate: a line of the ledger that names both counts for its cells."""

FILLING = ("duplicate_near", "status_merge")
"""Rules whose repairs fill a blank from another row and judge no value."""

Cell = tuple[str, str, str, str, str]
"""Table, column, person, visit, and the analyte of a result."""


def seen(
    planted: pd.DataFrame, cells: pd.DataFrame, raw: Mapping[str, pd.DataFrame], dirty: Cleaned, codebook: Codebook
) -> Flags:
    """Return which cells stand in ledger or quarantine: by themselves, by their source row, or by column and place."""
    lines = planted.loc[cells["planted"]].reset_index(drop=True)
    status = dirty.rows.set_index(["file", "row"])["status"].to_dict()
    gone = [
        status.get((t, r + 1)) in ("quarantined", "merged") for t, r in zip(lines["table"], lines["row"], strict=True)
    ]
    actions = ("repair", "set_missing", "quarantine", "flag")
    own = cells_in(cells, ledger_cells(dirty.cohort, actions, codebook) | _quarantined(dirty.cohort))
    sources = source_cells(dirty)
    named = np.where(cells["subject"] != "", cells["subject"], cells["column"])
    by_row = [
        (file, row + 1, name) in sources for file, row, name in zip(lines["table"], lines["row"], named, strict=True)
    ]
    found = np.asarray(gone, dtype=bool) | own | np.asarray(by_row, dtype=bool)
    return np.asarray(found | _declared(lines, cells, dirty) | _by_place(lines, cells, raw, dirty))


def _declared(lines: pd.DataFrame, cells: pd.DataFrame, dirty: Cleaned) -> Flags:
    """Return which cells hold by chance a code that the study declares missing, so that the ledger counts them."""
    entries = dirty.cohort.ledger.entries
    told = entries.loc[entries["rule"] == "declared_missing"]
    known = set(zip(told["table"], told["column"], told["before"], strict=True))
    keys = zip(cells["table"], cells["column"], lines["after"], strict=True)
    return np.fromiter((key in known for key in keys), dtype=bool, count=len(cells))


def ledger_cells(
    cohort: CleanCohort, actions: Iterable[str], codebook: Codebook, without: Iterable[str] = ()
) -> set[Cell]:
    """Return the cells that the ledger names with a person, as errors or warnings."""
    entries = cohort.ledger.entries
    doubtful = entries["severity"].isin(["error", "warning"]) & entries[PERSON].notna()
    doubtful &= ~entries["rule"].isin(list(without))
    lines = entries.loc[doubtful & entries["action"].isin(list(actions))]
    visit = lines["visit"].fillna("")
    found = {
        (table, column, person, time, subject)
        for table, column, person, time, reason in zip(
            lines["table"], lines["column"], lines[PERSON], visit, lines["reason"].fillna(""), strict=True
        )
        for subject in _subjects(table, column, reason)
    }
    # A form that is flagged as a whole is named by its questionnaire in the reason.
    forms = lines.loc[(lines["table"] == "visits") & (lines["column"] == "")]
    for person, time, reason in zip(forms[PERSON], visit.loc[forms.index], forms["reason"], strict=True):
        for instrument in codebook.instruments.values():
            if instrument.id in reason:
                found |= {("visits", column, person, time, "") for column in instrument.columns}
    return found


def _subjects(table: str, column: str, reason: str) -> list[str]:
    """Return what a line is about; the reason names the analyte of a result, all else is about any."""
    return re.findall(r"[a-z][a-z0-9_]*", reason) if (table, column) == ("labs", "value") else [""]


def _quarantined(cohort: CleanCohort) -> set[Cell]:
    """Return the cells and rows that cleaning set aside."""
    found: set[Cell] = set()
    aside = cohort.quarantine
    for table, column, person, content in zip(
        aside["table"], aside["column"], aside[PERSON], aside["content"], strict=True
    ):
        original: dict[str, Any] = json.loads(content)
        subject = original.get(SUBJECTS.get(table, ""), "")
        for name in [column] if column else original:
            exact = subject if (table, name) == ("labs", "value") else ""
            found.add((table, name, person, original.get("visit") or "", exact))
    return found


def cells_in(cells: pd.DataFrame, known: set[Cell]) -> Flags:
    """Return which cells are among some."""
    is_result = (cells["table"] == "labs") & (cells["column"] == "value")
    subject = cells["subject"].where(is_result, "")
    keys = zip(cells["table"], cells["column"], cells[PERSON], cells["visit"], subject, strict=True)
    return np.fromiter((key in known for key in keys), dtype=bool, count=len(cells))


def source_cells(dirty: Cleaned) -> set[tuple[str, int, str]]:
    """Return the cells that reading could not take over: file, row and what they are about."""
    entries = dirty.cohort.ledger.entries
    lines = entries.loc[entries["row"].notna() & entries["severity"].isin(["error", "warning"])]
    return set(zip(lines["file"], lines["row"].astype("int64"), lines["column"], strict=True))


def _by_place(lines: pd.DataFrame, cells: pd.DataFrame, raw: Mapping[str, pd.DataFrame], dirty: Cleaned) -> Flags:
    """Return which cells of kinds that a site shares are named by a line about their column and place."""
    entries = dirty.cohort.ledger.entries
    column_lines = entries.loc[entries[PERSON].isna() & entries["severity"].isin(["error", "warning"])]
    told: dict[Any, str] = {
        key: " | ".join(part["reason"].dropna()) for key, part in column_lines.groupby(["table", "column"])
    }
    people = dirty.cohort.tables["participants"]
    site_of = dict(zip(people[PERSON], people["site"].astype("str"), strict=True)) if "site" in people else {}

    @functools.cache
    def named(table: str, column: str, subject: str, place: str) -> bool:
        return (
            re.search(rf"{re.escape(subject)}.{{0,3}}{re.escape(place)}\b", told.get((table, column), "")) is not None
        )

    found = np.zeros(len(cells), dtype=bool)
    parts = {file: frame.to_dict("list") for file, frame in raw.items()}
    of_kind = np.flatnonzero(lines["kind"].isin(SITE_KINDS))
    some, sources = cells.iloc[of_kind], lines.iloc[of_kind]
    for index, table, column, person, subject, file, row in zip(
        of_kind, some["table"], some["column"], some[PERSON], some["subject"], sources["table"], sources["row"],
        strict=True,
    ):  # fmt: skip
        columns = parts[file]
        site = columns["site"][row] if "site" in columns else site_of.get(person, "")
        plate = columns["plate"][row] if "plate" in columns else ""
        found[index] = named(table, column, subject, f"at site {site}") or (
            plate != "" and named(table, column, subject, f"on plate {plate}")
        )
    return found
