"""Laboratory results: canonical units, censoring at the limits of the assay, date, plate and site of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cohort.codebook import Analyte
from cohort.intake.assembly import as_canonical
from cohort.intake.cells import ABOVE, BELOW, code_text, hours_of
from cohort.intake.conditions import holds
from cohort.intake.context import Context, conflicts
from cohort.intake.entries import Selection
from cohort.intake.tables import BoolArray
from cohort.intake.values import (
    FloatArray,
    by_level,
    multipliers,
    present_codes,
    quarantine_numbers,
    unit_factors,
)
from cohort.study_file import ByColumn, LabSource, UnitColumn

KEYS = ["participant_id", "visit", "analyte"]
_ALWAYS = [*KEYS, "value", "unit", "censoring", "limit"]
_WORDS = np.array(["none", "above", "below"], dtype=object)  # indexed by 0, ABOVE and BELOW


def read_laboratory(context: Context) -> pd.DataFrame:
    """Return the table ``labs``: one row per result; a blank or unreadable result has none."""
    frames: list[pd.DataFrame] = []
    for name, sources in context.study.labs.items():
        analyte = context.codebook.analytes[name]
        found = [
            frame
            for place, source in context.readable("labs", name, sources)
            for frame in _read_source(context, source, analyte, place)
        ]
        frames += _united(context, found, name)
    variables = context.codebook.tables["labs"]
    columns = [c for c in variables if c in _ALWAYS or any(c in frame for frame in frames)]
    labs = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=_ALWAYS)
    return pd.DataFrame({c: as_canonical(labs[c].astype("object"), variables[c]) for c in columns})


def _united(context: Context, found: list[pd.DataFrame], name: str) -> list[pd.DataFrame]:
    """Return the results of several sources without repeats; different results of one person and visit are a problem."""
    if len(found) < 2:
        return found
    together = pd.concat(found, ignore_index=True)
    count = conflicts(together, KEYS, ["value", "censoring"])
    if count:
        context.record.problem(
            f"labs.{name}",
            f"{count:,} people have two different results of {name} for the same visit.",
            "Resolve it with 'where:' or 'visit:', or take one source out; which result is right is not guessed.",
        )
    return [together.drop_duplicates(KEYS, ignore_index=True)]


def _read_source(context: Context, source: LabSource, analyte: Analyte, place: str) -> Iterator[pd.DataFrame]:
    if (source.column is None) == (source.visits is None):
        context.record.problem(
            place, "it does not say in one way where the results stand.", "Give 'column:' or 'visits:'."
        )
        return
    selection = context.select_people(source, ("labs", analyte.id))
    waves = source.visits or {"": str(source.column)}
    filled = np.zeros(len(selection.positions), dtype=bool)
    for column in waves.values():
        filled |= selection.codes(column).notna().to_numpy()
    chosen = context.settle(selection, filled, source, place, per_visit=source.visits is None)
    for wave, column in waves.items():
        frame = _results(context, chosen, column, source, analyte, place)
        yield frame.assign(visit=wave) if source.visits else frame


@dataclass(frozen=True)
class _Censored:
    """Results with what is known of the limits, in raw units."""

    values: FloatArray
    limit: FloatArray
    is_below: BoolArray
    is_above: BoolArray


def _results(
    context: Context, selection: Selection, column: str, source: LabSource, analyte: Analyte, place: str
) -> pd.DataFrame:
    """Return the results of one column in the canonical unit."""
    target = ("labs", analyte.id)
    values, sign = _numbers(context, selection, column, source, target)
    raw = _censored(context, selection, source, values, sign, place)
    present = ~np.isnan(raw.values)
    factor = unit_factors(
        context, selection, column, source.unit, present, analyte.unit, analyte.molar_mass_g_mol, target, place
    )
    factor = factor * multipliers(context, selection, source.multiply, present, column, target, place)
    _note_censoring(context, selection, raw, present & ~np.isnan(factor), target)
    frame = pd.DataFrame(
        {
            "participant_id": selection.ids,
            "visit": selection.visit,
            "analyte": analyte.id,
            "value": raw.values * factor,
            "unit": analyte.unit,
            "censoring": _WORDS[np.where(raw.is_below, BELOW, np.where(raw.is_above, ABOVE, 0))],
            "limit": raw.limit * factor,
            **_circumstances(selection, source, context),
        }
    )
    return frame[frame["value"].notna()].reset_index(drop=True)


def _numbers(
    context: Context, selection: Selection, column: str, source: LabSource, target: tuple[str, str]
) -> tuple[FloatArray, np.ndarray]:
    """Return results as numbers and their signs; a word that ``codes`` gives a number to counts as that number."""
    codes = present_codes(context, selection, column, source, target)
    cells = selection.table.numbers(column)
    present = codes.notna().to_numpy()
    values = np.where(present, cells.values[selection.positions], np.nan)
    sign = np.where(present, cells.censoring[selection.positions], 0)
    is_bad = present & cells.is_bad[selection.positions]
    if source.codes:
        meanings = {selection.table.resolve(column, code): float(m) for code, m in source.codes.items()}
        worded = codes.isin(list(meanings)).to_numpy(dtype=bool)
        values[worded] = codes[worded].map(meanings).to_numpy(dtype=float)
        is_bad &= ~worded
    quarantine_numbers(context, selection, column, is_bad, target, "a result")
    values[is_bad] = np.nan
    return values, sign


def _censored(
    context: Context, selection: Selection, source: LabSource, values: FloatArray, sign: np.ndarray, place: str
) -> _Censored:
    """Return which results are censored, and where.

    The limit of the study is the lower one: a result under it, or flagged by ``below``, is censored at it. A text such as
    ``<0.15`` names its own limit. The limit of a result flagged by ``above`` is the result as reported.
    """
    table, positions = selection.table, selection.positions
    limit = _limits(selection, source.limit)
    flagged = {
        key: holds(table, condition, source.missing)[positions] if condition else np.zeros(len(values), dtype=bool)
        for key, condition in (("below", source.below), ("above", source.above))
    }
    if both := int((flagged["below"] & flagged["above"]).sum()):
        context.record.problem(place, f"{both:,} results are flagged below and above the limits at once.")
    worded_below, is_above = sign == BELOW, (sign == ABOVE) | (flagged["above"] & ~np.isnan(values))
    with np.errstate(invalid="ignore"):
        under = (values < limit) & ~is_above
    is_below = worded_below | under | (flagged["below"] & ~(np.isnan(values) & np.isnan(limit)))
    reach = np.where(worded_below | is_above, values, np.where(is_below, limit, np.nan))
    return _Censored(np.where(is_below & ~np.isnan(reach), reach, values), reach, is_below, is_above & ~is_below)


def _limits(selection: Selection, limit: Any) -> FloatArray:
    if isinstance(limit, UnitColumn):
        return np.asarray(selection.table.numbers(limit.column).values[selection.positions], dtype=np.float64)
    if isinstance(limit, ByColumn):
        return by_level(selection, limit).astype("float64").to_numpy()
    return np.full(len(selection.positions), np.nan if limit is None else float(limit))


def _note_censoring(
    context: Context, selection: Selection, raw: _Censored, counted: BoolArray, target: tuple[str, str]
) -> None:
    without = raw.is_below & np.isnan(raw.limit)
    for rule, severity, rows, reason in (
        ("censored_below", "info", raw.is_below & ~without, "below the limit; the limit stands as the value"),
        ("censored_above", "info", raw.is_above, "above the limit; the limit stands as the value"),
        ("censored_without_limit", "warning", without, "flagged below a limit that the study does not state"),
    ):
        if count := int((rows & counted).sum()):
            context.record.note(
                rule=rule,
                severity=severity,
                action="flag",
                table=target[0],
                column=target[1],
                reason=reason,
                file=selection.table.name,
                count=count,
            )


def _circumstances(selection: Selection, source: LabSource, context: Context) -> dict[str, Any]:
    """Return the columns that tell of the sample, as far as the study maps them."""
    found: dict[str, Any] = {}
    if source.date is not None:
        found["date"] = selection.date
    if source.time is not None:
        codes = selection.codes(source.time.column)
        hours = hours_of(codes)
        bad = codes.notna().to_numpy() & np.isnan(hours)
        context.record.quarantine_cells(
            selection.table,
            selection.positions[bad],
            [source.time.column],
            rule="not_a_time",
            reason=f"'{source.time.column}' names no time of day",
            target=("labs", "sampling_hour"),
        )
        found["sampling_hour"] = hours
    if source.plate is not None:
        found["plate"] = selection.codes(source.plate.column)
    if isinstance(source.site, UnitColumn):
        found["site"] = selection.codes(source.site.column)
    elif source.site is not None:
        found["site"] = str(code_text(source.site))
    return found
