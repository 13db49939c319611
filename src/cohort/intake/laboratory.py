"""Laboratory results: canonical units, censoring at the limits of the assay, date, plate and site of each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import union_categoricals

from cohort.codebook import Analyte
from cohort.intake.assembly import as_canonical
from cohort.intake.cells import ABOVE, BELOW, code_text, constant_text, hours_of
from cohort.intake.conditions import holds
from cohort.intake.context import Context, conflicts
from cohort.intake.factors import by_level, multipliers, unit_factors
from cohort.intake.tables import BoolArray
from cohort.intake.values import Field, FloatArray, present_codes
from cohort.study_file import ByColumn, LabSource, UnitColumn

_ALWAYS = ["participant_id", "visit", "analyte", "value", "unit", "censoring", "limit"]
_WORDS = pd.Index(["none", "above", "below"], dtype="str")


def read_laboratory(context: Context) -> pd.DataFrame:
    """Return the table ``labs``: one row per result; a blank or unreadable result has none."""
    frames: list[pd.DataFrame] = []
    analytes: list[str] = []
    for name, sources in context.study.labs.items():
        analyte = context.codebook.analytes[name]
        found = [
            frame
            for place, source in context.readable("labs", name, sources)
            for frame in _read_source(context, source, analyte, place)
        ]
        united = _united(context, found, name)
        frames += united
        analytes += [name] * len(united)
    return _table(context, frames, analytes)


def _table(context: Context, frames: list[pd.DataFrame], analytes: list[str]) -> pd.DataFrame:
    """Return the results of all analytes as one table, in the canonical dtypes."""
    variables = context.codebook.tables["labs"]
    present = {column for frame in frames for column in frame}
    sizes = [len(frame) for frame in frames]
    units = [context.codebook.analytes[name].unit for name in analytes]
    table: dict[str, pd.Series] = {}
    for column in variables:
        if column == "participant_id":
            people = [frame["person"].to_numpy() for frame in frames]
            table[column] = context.people.named(np.concatenate(people) if people else np.empty(0, dtype=np.int64))
        elif column in ("analyte", "unit"):
            words = pd.Index(dict.fromkeys(analytes if column == "analyte" else units), dtype="str")
            codes = np.repeat(words.get_indexer(pd.Index(analytes if column == "analyte" else units)), sizes)
            table[column] = as_canonical(pd.Series(pd.Categorical.from_codes(codes, words)), variables[column])
        elif column in _ALWAYS or column in present:
            parts = [frame[column] if column in frame else _blank(frame) for frame in frames]
            table[column] = as_canonical(_joined(parts), variables[column])
    return pd.DataFrame(table, copy=False)


def _blank(frame: pd.DataFrame) -> pd.Series:
    return pd.Series(np.full(len(frame), np.nan))


def _joined(parts: list[pd.Series]) -> pd.Series:
    """Return parts one after the other; texts stay a category of all their words."""
    if not parts:
        return pd.Series(dtype="object")
    if all(isinstance(part.dtype, pd.CategoricalDtype) for part in parts):
        return pd.Series(union_categoricals(parts))
    return pd.concat(parts, ignore_index=True)


def _united(context: Context, found: list[pd.DataFrame], name: str) -> list[pd.DataFrame]:
    """Return the results of several sources without repeats; different ones of one person and visit are a problem."""
    if len(found) < 2:
        return found
    together = pd.concat(found, ignore_index=True)
    together = together.assign(visit=together["visit"].astype("str"), censoring=together["censoring"].astype("str"))
    count = conflicts(together, ["person", "visit"], ["value", "censoring"])
    if count:
        context.record.problem(
            f"labs.{name}",
            f"{count:,} people have two different results of {name} for the same visit.",
            "Resolve it with 'where:' or 'visit:', or take one source out; which result is right is not guessed.",
        )
    kept = together.drop_duplicates(["person", "visit"], ignore_index=True)
    return [kept.assign(visit=kept["visit"].astype("category"), censoring=kept["censoring"].astype("category"))]


def _read_source(context: Context, source: LabSource, analyte: Analyte, place: str) -> Iterator[pd.DataFrame]:
    if (source.column is None) == (source.visits is None):
        what = "it does not say in one way where the results stand."
        context.record.problem(place, what, "Give 'column:' or 'visits:'.")
        return
    target = ("labs", analyte.id)
    selection = context.select_people(source, target)
    waves = source.visits or {"": str(source.column)}
    filled = selection.filled(list(waves.values()))
    chosen = context.settle(selection, filled, source, place, per_visit=source.visits is None)
    for wave, column in waves.items():
        frame = _results(Field(context, chosen, column, target, place), source, analyte)
        yield frame.assign(visit=constant_text(wave, len(frame))) if source.visits else frame


@dataclass(frozen=True)
class _Results:
    """Results with what is known of the limits, in raw units."""

    number: FloatArray
    limit: FloatArray
    is_below: BoolArray
    is_above: BoolArray


def _results(field: Field, source: LabSource, analyte: Analyte) -> pd.DataFrame:
    """Return the results of one column in the canonical unit."""
    raw = _censored(field, source, *_numbers(field, source))
    present = ~np.isnan(raw.number)
    factor = unit_factors(field, source.unit, present, analyte.unit, analyte.molar_mass_g_mol)
    if source.multiply is not None:
        factor = factor * multipliers(field, source.multiply, present)
    _note_censoring(field, raw, present & ~np.isnan(factor))
    frame = pd.DataFrame(
        {
            "person": field.selection.person,
            "visit": field.selection.visit,
            "value": raw.number * factor,
            "censoring": pd.Categorical.from_codes(np.where(raw.is_below, 2, raw.is_above.astype(np.int8)), _WORDS),
            "limit": raw.limit * factor,
            **_circumstances(field, source),
        },
        copy=False,
    )
    has_value = ~np.isnan(frame["value"].to_numpy())
    return frame if has_value.all() else frame[has_value].reset_index(drop=True)


def _numbers(field: Field, source: LabSource) -> tuple[FloatArray, np.ndarray]:
    """Return results as numbers and their signs; a word that ``codes`` gives a number to counts as that number."""
    codes, cells = present_codes(field, source.missing), field.selection.numbers(field.column)
    present = codes.notna().to_numpy()
    number = np.where(present, cells.number, np.nan)
    if cells.are_exact and not source.codes:
        return number, np.zeros(len(number), dtype=np.int8)
    sign = np.where(present, cells.censoring, 0)
    is_bad = present & cells.is_bad
    if source.codes:
        meanings = {field.table.resolve(field.column, code): float(m) for code, m in source.codes.items()}
        worded = codes.isin(list(meanings)).to_numpy(dtype=bool)
        number[worded] = codes[worded].astype("object").map(meanings).to_numpy(dtype=float)
        is_bad &= ~worded
    field.quarantine(is_bad, "not_a_number", f"'{field.column}' does not hold a result")
    number[is_bad] = np.nan
    return number, sign


def _censored(field: Field, source: LabSource, number: FloatArray, sign: np.ndarray) -> _Results:
    """Return which results are censored, and where.

    The limit of the study is the lower one, unless the entry has ``above`` and no ``below``: then it is the upper one.
    A result beyond it, or flagged, is censored at it. A text such as ``<0.15`` names its own limit; a result flagged
    ``above`` without an upper limit is its own.
    """
    positions, nowhere = field.selection.positions, np.zeros(len(number), dtype=bool)
    if source.limit is None and not source.below and not source.above and not sign.any():
        return _Results(number, np.full(len(number), np.nan), nowhere, nowhere)
    limit = _limits(field, source)
    is_upper = source.above is not None and source.below is None
    lower, upper = (np.full(len(number), np.nan), limit) if is_upper else (limit, np.full(len(number), np.nan))
    flagged_below = holds(field.table, source.below, source.missing)[positions] if source.below else nowhere
    flagged_above = holds(field.table, source.above, source.missing)[positions] if source.above else nowhere
    if both := int((flagged_below & flagged_above).sum()):
        what = f"{both:,} results are flagged below and above the limits at once."
        field.context.record.problem(field.place, what, "Make the conditions exclude each other.")
    upper = np.where(np.isnan(upper), number, upper)
    is_above = (sign == ABOVE) | (flagged_above & ~np.isnan(upper)) | ((number > upper) & (sign != BELOW))
    has_reach = ~(np.isnan(number) & np.isnan(lower))
    is_below = (sign == BELOW) | (flagged_below & has_reach) | ((number < lower) & ~is_above)
    is_above &= ~is_below
    lower = np.where(sign == BELOW, number, lower)
    upper = np.where(sign == ABOVE, number, upper)
    reach = np.where(is_below, lower, np.where(is_above, upper, np.nan))
    return _Results(np.where(np.isnan(reach), number, reach), reach, is_below, is_above)


def _limits(field: Field, source: LabSource) -> FloatArray:
    """Return the limit of each row in its raw unit; NaN where the study states none."""
    limit = source.limit
    if isinstance(limit, UnitColumn):
        is_stated = field.selection.present(limit.column, source.missing).notna().to_numpy()
        return np.where(is_stated, field.selection.numbers(limit.column).number, np.nan)
    if isinstance(limit, ByColumn):
        return np.asarray(by_level(field.selection, limit), dtype=np.float64)
    return np.full(len(field.selection.positions), np.nan if limit is None else float(limit))


def _note_censoring(field: Field, raw: _Results, counted: BoolArray) -> None:
    without = raw.is_below & np.isnan(raw.limit) & counted
    below = int((raw.is_below & counted & ~without).sum())
    field.note("censored_below", below, "below the limit; the limit stands as the value")
    field.note("censored_above", int((raw.is_above & counted).sum()), "above the limit; the limit stands as the value")
    reason = "flagged below a limit that the study does not state"
    field.note("censored_without_limit", int(without.sum()), reason, severity="warning")


def _circumstances(field: Field, source: LabSource) -> dict[str, Any]:
    """Return the columns that tell of the sample, as far as the study maps them."""
    found: dict[str, Any] = {}
    selection = field.selection
    if source.date is not None:
        found["date"] = selection.date
    if source.time is not None:
        clock = Field(field.context, selection, source.time.column, ("labs", "sampling_hour"), field.place)
        codes = selection.present(clock.column, source.missing)
        hours = hours_of(codes, selection.table.decimals.get(clock.column, selection.table.decimal))
        is_bad = codes.notna().to_numpy() & np.isnan(hours)
        clock.quarantine(is_bad, "not_a_time", f"'{clock.column}' names no time of day")
        found["sampling_hour"] = hours
    if source.plate is not None:
        found["plate"] = selection.present(source.plate.column, source.missing)
    if isinstance(source.site, UnitColumn):
        found["site"] = selection.present(source.site.column, source.missing)
    elif source.site is not None:
        found["site"] = constant_text(str(code_text(source.site)), len(selection.positions)).to_numpy()
    return found
