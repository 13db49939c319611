"""Who takes a drug, by conditions or by ATC-coded rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cohort.intake.cells import constant_text
from cohort.intake.conditions import starts_with
from cohort.intake.context import Context
from cohort.intake.diagnoses import PRESENT, Evidence, condition_status, mark_used, rows_of, statements, unite
from cohort.intake.entries import Selection, read_dates
from cohort.intake.tables import IntArray
from cohort.study_file import MedicationSource

_KEYS = ["participant_id", "drug", "status"]


def read_medications(context: Context, people: IntArray) -> pd.DataFrame:
    """Return the table ``medications``: one row per person and drug; who is in no source is unknown.

    Several records of one person and drug become one: from the first start to the last stop, the stop missing while any
    record is open.

    Parameters
    ----------
    context
        The study.
    people
        Numbers of everybody in the cohort.
    """
    frames: list[pd.DataFrame] = []
    for name, sources in context.study.medications.items():
        found = [
            evidence
            for place, source in context.readable("medications", name, sources)
            if (evidence := _read_source(context, source, place, people)) is not None
        ]
        if found:
            table = unite(context, found, people, f"medications.{name}")
            frames.append(table.assign(drug=constant_text(name, len(table))))
    return statements(context, "medications", frames, _KEYS)


def _read_source(context: Context, source: MedicationSource, place: str, people: IntArray) -> Evidence | None:
    if source.code is None and source.present is None:
        context.record.problem(place, "it does not say who takes the drug.", "Give 'present:' or 'code:'.")
        return None
    selection = rows_of(context, source)
    status = condition_status(context, selection, source, place)
    taking = status == PRESENT
    if source.code is not None:
        codes = selection.codes(source.code.column)
        taking |= starts_with(codes, source.code.starts_with)
        inside = np.isin(selection.person, people)
        outside = np.zeros(len(selection.table.frame), dtype=bool)
        outside[selection.positions[~inside]] = True
        context.record.outside(selection.table, outside)
        taking &= inside
        status[taking] = PRESENT
    mark_used(context, selection, taking if source.code is not None and source.absent is None else np.ones_like(taking))
    records = _records(context, selection.take(np.flatnonzero(taking)), source)
    return Evidence(selection.person, status, records)


def _records(context: Context, selection: Selection, source: MedicationSource) -> pd.DataFrame:
    """Return one line per person who takes the drug: code, first start, last stop."""
    records = pd.DataFrame({"person": selection.person})
    if source.code is not None:
        records["atc_code"] = selection.codes(source.code.column).astype("object")
    for key in ("start", "stop"):
        column = getattr(source, key)
        if column is not None:
            target = ("medications", f"{key}_date")
            records[f"{key}_date"] = read_dates(selection, column.column, source.missing, context.record, target)
    if "start_date" in records:
        records = records.sort_values("start_date", kind="stable", na_position="last")
    grouped = records.groupby("person", sort=False)
    details = pd.DataFrame(index=pd.Index(records["person"].unique()))
    if "atc_code" in records:
        details["atc_code"] = grouped["atc_code"].first()
    if "start_date" in records:
        details["start_date"] = grouped["start_date"].min()
    if "stop_date" in records:
        is_open = records["stop_date"].isna().groupby(records["person"]).any()
        details["stop_date"] = grouped["stop_date"].max().mask(is_open)
    return details
