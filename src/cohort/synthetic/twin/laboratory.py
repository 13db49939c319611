"""Writing laboratory results: limits of the assay, results below and above them, plate, site and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cohort.codebook import Analyte
from cohort.study_file import ByColumn, UnitColumn
from cohort.synthetic.defects.raw_text import Flags, Floats, Texts, code_of, codes_of, days_of, numbers_of
from cohort.synthetic.twin.context import Context, fixed_text
from cohort.synthetic.twin.marginals import lowest
from cohort.synthetic.twin.numbers import decimals_of, number_texts, raw_factors
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.rows import Slot

ABOVE_SHARE = 0.002
"""Share of results above the upper limit (calibration: dq_saturation)."""

PLATE_SIZE = 80
"""Samples on one plate (calibration: dq_plate_size)."""

FIRST_HOUR, LAST_HOUR = 8, 12


@dataclass(frozen=True)
class Results:
    """Results of one analyte at one visit, written but for the flags beside them.

    Parameters
    ----------
    slot, analyte
        The rows and the analyte.
    factor
        From the raw unit to the canonical one, in each row.
    lower, upper
        Limits of the assay in the raw unit; NaN for none.
    is_below, is_above
        Which results lie beyond them.
    """

    slot: Slot
    analyte: Analyte
    factor: Floats
    lower: Floats
    upper: Floats
    is_below: Flags
    is_above: Flags


def write_results(context: Context, table: RawTable, slot: Slot, analyte: Analyte) -> Results:
    """Write the results of an analyte and what stands beside them, and return what flags shall tell of them.

    Parameters
    ----------
    context, table, slot
        The twin, the file, and the rows with one column.
    analyte
        The analyte.
    """
    (column,) = slot.columns
    source = slot.entry.source
    factor = raw_factors(context, table, slot, analyte.unit, analyte.molar_mass_g_mol)
    with np.errstate(invalid="ignore"):
        raw = context.values(slot).astype(float) / factor
    known = slot.known & np.isfinite(raw)
    told = context.column_decimals(slot, column)
    decimals = told if told is not None else decimals_of(raw[known])
    step = 10.0**-decimals
    limit = _limits(context, table, slot, raw, decimals)
    _write_circumstances(context, table, slot)
    is_upper = source.above is not None and source.below is None
    nowhere = np.full(len(raw), np.nan)
    lower, upper = (nowhere, limit) if is_upper else (limit, nowhere)
    if np.isnan(lower).all() and table.is_text and not is_upper:
        lower = _limit_of_model(context, analyte) / factor
    below, above = _beyond(context, slot, raw, known, lower, upper)
    raw = np.where(~np.isnan(lower) & ~below, np.maximum(raw, np.ceil(lower / step - 1e-9) * step), raw)
    raw = np.where(~np.isnan(upper) & ~above, np.minimum(raw, upper - step), raw)
    raw = np.where(above & ~np.isnan(upper), upper, raw)
    texts = number_texts(raw, decimals, table.decimal, context.missing_for(slot))
    marked = table.is_text and source.below is None
    for row in np.flatnonzero(below):
        texts[row] = _below_text(float(lower[row]), decimals, table.decimal, marked=marked)
    context.write_missing(table, slot, column, ~known)
    table.write(column, slot.rows[known], texts[known])
    stated = source.limit is not None
    return Results(slot, analyte, factor, lower if stated else nowhere, upper, below, above)


def _below_text(limit: float, decimals: int, decimal: str, *, marked: bool) -> str:
    """Return what stands in the place of a result below a limit: the limit with a sign, or the limit over root two.

    Examples
    --------
    >>> _below_text(0.15, 2, ".", marked=True), _below_text(0.15, 2, ".", marked=False)
    ('<0.15', '0.11')
    """
    if marked:
        return f"<{limit:.6g}".replace(".", decimal)
    for more in range(decimals, 9):
        text = f"{limit / 2**0.5:.{more}f}"
        if 0 < float(text) < limit:
            return text.replace(".", decimal)
    return f"{limit / 2**0.5:.12g}".replace(".", decimal)


def _limits(context: Context, table: RawTable, slot: Slot, raw: Floats, decimals: int) -> Floats:
    """Return the limit of each row in its raw unit, and write it where a column holds it."""
    limit: Any = slot.entry.source.limit
    if isinstance(limit, ByColumn):
        levels = context.levels(table, slot, limit)
        return np.array([np.nan if value is None else float(value) for value in levels], dtype=float)
    if isinstance(limit, UnitColumn):
        near = np.nanquantile(raw, 0.03) if np.isfinite(raw).any() else 0.0
        text = fixed_text(np.array([max(float(near), 10.0**-decimals)]), decimals, table.decimal)[0]
        table.write(limit.column, slot.rows, [text] * len(raw))
        return numbers_of(table.cells(limit.column)[slot.rows])
    return np.full(len(raw), np.nan if limit is None else float(limit))


def _limit_of_model(context: Context, analyte: Analyte) -> float:
    """Return the limit under which the causal model censors an analyte; NaN for none."""
    limits = context.people.draws.model.get(f"{analyte.id}_limit_mg_l")
    return float("nan") if limits is None else float(limits.min())


def _beyond(
    context: Context, slot: Slot, raw: Floats, known: Flags, lower: Floats, upper: Floats
) -> tuple[Flags, Flags]:
    """Return which results lie below and above: as many as the statistics tell, else those beyond the limits."""
    below, above = np.zeros((2, len(raw)), dtype=bool)
    rng = context.people.rng(f"limits {slot.entry.place} {slot.visit}")
    groups = context.people.group[slot.person]
    name = context.codebook.analytes[slot.entry.name].column
    for key, group in context.people.statistics.groups.items():
        told = group.variable(name)
        with np.errstate(invalid="ignore"):
            low, high = known & (groups == key) & ~np.isnan(lower), known & (groups == key)
            below |= low & (raw < lower)
        if told.below is not None:
            here = np.flatnonzero(low)
            below[here] = lowest(raw[here], told.below, rng)
        if slot.entry.source.above is not None:
            here = np.flatnonzero(high & ~below)
            share = told.above if told.above is not None else ABOVE_SHARE if np.isnan(upper).all() else None
            above[here] = raw[here] >= upper[here] if share is None else lowest(-raw[here], share, rng)
    return below, above


def _write_circumstances(context: Context, table: RawTable, slot: Slot) -> None:
    """Write plate, site and time of the samples that exist."""
    source, rows = slot.entry.source, slot.rows
    taken = slot.known
    if isinstance(source.site, UnitColumn):
        sites = context.people.value("site")[slot.person]
        table.write(source.site.column, rows, np.where(taken, sites, ""))
    if source.plate is not None:
        plates = [f"P{1 + person // PLATE_SIZE:03d}" for person in slot.person]
        table.write(source.plate.column, rows, np.where(taken, np.array(plates, dtype=object), ""))
    if source.time is not None:
        rng = context.people.rng(f"time {slot.visit}")
        minutes = 5 * rng.integers(FIRST_HOUR * 12, LAST_HOUR * 12, size=len(context.people))[slot.person]
        times = np.array([f"{minute // 60:02d}:{minute % 60:02d}" for minute in minutes], dtype=object)
        table.write(source.time.column, rows, np.where(taken, times, ""))


def read_results(context: Context, table: RawTable, results: Results, below: Flags | None, above: Flags | None) -> None:
    """Note the results that the finished cells tell.

    Parameters
    ----------
    context, table
        The twin and its file.
    results
        What was written.
    below, above
        Which results the flags beside them say to lie below and above; None where the study has no flags.
    """
    slot, source = results.slot, results.slot.entry.source
    nowhere = np.zeros(len(slot.rows), dtype=bool)
    flagged_below, flagged_above = nowhere if below is None else below, nowhere if above is None else above
    texts = table.cells(slot.columns[0])[slot.rows]
    present = ~np.isin(codes_of(texts), ["", *context.missing_for(slot)])
    number = np.where(present, numbers_of(texts), np.nan)
    signed = np.array([text.strip()[:1] == "<" for text in texts], dtype=bool) & present
    upper = np.where(np.isnan(results.upper), number, results.upper)
    with np.errstate(invalid="ignore"):
        is_above = (flagged_above & ~np.isnan(upper)) | ((number > upper) & ~signed)
        reachable = ~(np.isnan(number) & np.isnan(results.lower))
        is_below = signed | (flagged_below & reachable) | ((number < results.lower) & ~is_above)
    is_above &= ~is_below
    reach = np.where(signed, number, np.where(is_below, results.lower, np.where(is_above, upper, np.nan)))
    value = np.where(np.isnan(reach), number, reach) * results.factor
    columns: dict[str, Any] = {
        "value": value,
        "unit": results.analyte.unit,
        "censoring": np.select([is_below, is_above], ["below", "above"], "none"),
        "limit": reach * results.factor,
    }
    if isinstance(source.date, UnitColumn):
        columns["date"] = days_of(table.cells(source.date.column)[slot.rows], table.order).astype("datetime64[us]")
    elif source.date is not None:
        columns["date"] = np.datetime64(source.date, "us")
    if isinstance(source.site, UnitColumn):
        columns["site"] = _codes(table, source.site.column, slot)
    elif source.site is not None:
        columns["site"] = code_of(str(source.site))
    if source.plate is not None:
        columns["plate"] = _codes(table, source.plate.column, slot)
    if source.time is not None:
        columns["sampling_hour"] = [_hour(text) for text in table.cells(source.time.column)[slot.rows]]
    context.canonical.add_labs(results.analyte.id, slot.person, slot.visit, columns)


def _codes(table: RawTable, column: str, slot: Slot) -> Texts:
    codes = codes_of(table.cells(column)[slot.rows])
    return np.array([code or None for code in codes], dtype=object)


def _hour(text: str) -> float:
    hour, _, minute = text.partition(":")
    return float(hour) + float(minute) / 60 if minute else float("nan")
