"""Writing numbers: from a canonical value to the raw unit, rounded as the study has it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cohort.codebook import Variable
from cohort.study_file import ByColumn, UnitColumn
from cohort.synthetic.defects.raw_text import Flags, Floats, Texts, codes_of
from cohort.synthetic.twin.context import Context, fixed_text, numbers_written
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.rows import Slot
from cohort.units import UnitError, convert_factor


def write_numbers(context: Context, table: RawTable, slot: Slot, variable: Variable) -> None:
    """Write the values of a variable that is a number, and note what can be read back.

    Parameters
    ----------
    context, table
        The twin, and the file.
    slot
        The rows, with one column.
    variable
        The canonical variable.
    """
    (column,) = slot.columns
    source = slot.entry.source
    factor = raw_factors(context, table, slot, variable.unit)
    values = context.values(slot).astype(float)
    raw = np.where(np.isfinite(factor), values / factor, np.nan)
    known = slot.known & np.isfinite(raw)
    if source.top_coded_at is not None:
        raw = np.minimum(raw, float(source.top_coded_at) / factor)
    whole = variable.type == "integer" or (variable.unit == "year" and variable.name == "age_years")
    told = context.column_decimals(slot, column)
    decimals = told if told is not None else 0 if whole else decimals_of(raw[known])
    texts = number_texts(raw, decimals, table.decimal, context.missing_for(slot))
    context.write_missing(table, slot, column, ~known)
    table.write(column, slot.rows[known], texts[known])
    read = numbers_written(table.cells(column)[slot.rows[known]]) * factor[known]
    context.canonical.add(variable, slot.person[known], slot.visit if variable.table == "visits" else "", read)


def number_texts(raw: Floats, decimals: int, decimal: str, missing: Any) -> Texts:
    """Return raw numbers as text; one that would read as a missing code moves to its neighbour.

    Examples
    --------
    >>> number_texts(np.array([998.6, 12.0]), 0, ".", {"999": "not measured"}).tolist()
    ['998', '12']
    """
    step = 10.0**-decimals
    rounded = np.round(raw, decimals)
    filled = np.where(np.isfinite(rounded), rounded, 0.0)
    texts = fixed_text(filled, decimals, decimal)
    clash = np.isin(codes_of(texts), list(missing)) if missing else np.zeros(len(texts), dtype=bool)
    if clash.any():
        texts[clash] = fixed_text(filled[clash] - np.where(filled[clash] > 0, step, -step), decimals, decimal)
    return texts


def decimals_of(raw: Floats) -> int:
    """Return how many decimals give three significant digits to a typical value.

    Examples
    --------
    >>> decimals_of(np.array([0.6, 1.2, 2.5])), decimals_of(np.array([27.1])), decimals_of(np.array([250.0]))
    (2, 1, 0)
    """
    size = np.abs(raw[np.isfinite(raw) & (raw != 0)])
    if not len(size):
        return 0
    return int(np.clip(2 - math.floor(math.log10(float(np.median(size)))), 0, 6))


def raw_factors(
    context: Context, table: RawTable, slot: Slot, canonical_unit: str, molar_mass: float | None = None
) -> Floats:
    """Return what a raw number of each row is multiplied by to be canonical, and write the unit beside it.

    Parameters
    ----------
    context, table, slot
        The twin, the file and its rows.
    canonical_unit, molar_mass
        Unit of the codebook, and g/mol where moles occur.
    """
    source, size = slot.entry.source, len(slot.rows)
    unit, multiply = source.unit, source.multiply
    if unit is None:
        factors = np.ones(size)
        if table.file.format == "bids":
            table.units |= dict.fromkeys(slot.columns, canonical_unit)
    elif isinstance(unit, UnitColumn):
        units = _unit_texts(context, slot, unit.column, canonical_unit, molar_mass)
        table.write(unit.column, slot.rows, np.where(slot.known, units, ""))
        factors = _factors(table.cells(unit.column)[slot.rows], canonical_unit, molar_mass)
    elif isinstance(unit, ByColumn):
        factors = _factors(context.levels(table, slot, unit), canonical_unit, molar_mass)
    else:
        factors = np.full(size, convert_factor(unit, canonical_unit, molar_mass))
    if isinstance(multiply, ByColumn):
        levels = context.levels(table, slot, multiply)
        return np.asarray(
            factors * np.array([np.nan if value is None else float(value) for value in levels], dtype=float)
        )
    return np.asarray(factors * (1.0 if multiply is None else float(multiply)))


def _factors(units: Texts, canonical_unit: str, molar_mass: float | None) -> Floats:
    """Return the factor of each unit; NaN where there is none."""
    known: dict[str, float] = {}
    for unit in {str(text) for text in units if text}:
        try:
            known[unit] = convert_factor(unit, canonical_unit, molar_mass)
        except UnitError:
            known[unit] = math.nan
    return np.array([known.get(str(unit), math.nan) if unit else math.nan for unit in units], dtype=float)


def _unit_texts(context: Context, slot: Slot, column: str, canonical_unit: str, molar_mass: float | None) -> Texts:
    """Return the unit that stands beside each result: as often as the statistics tell, else the canonical one."""
    groups = context.people.group[slot.person]
    units = np.full(len(groups), canonical_unit, dtype=object)
    rng = context.people.rng(f"unit {slot.entry.place} {slot.visit}")
    for name, group in context.people.statistics.groups.items():
        codes = group.column(slot.entry.source.file, column).codes
        usable = {
            unit: share
            for unit, share in codes.items()
            if share > 0 and np.isfinite(_factors(np.array([unit], dtype=object), canonical_unit, molar_mass)[0])
        }
        here: Flags = groups == name
        if usable:
            shares = np.array(list(usable.values()))
            units[here] = rng.choice(
                np.array(list(usable), dtype=object), size=int(here.sum()), p=shares / shares.sum()
            )
    return units
