"""What a number is multiplied by: from its raw unit to the canonical one, and weights of stacked cycles."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cohort.codebook import Variable
from cohort.intake.cells import code_text
from cohort.intake.entries import Selection
from cohort.intake.tables import BoolArray
from cohort.intake.values import Field, FloatArray, present_codes, read_numbers, translate
from cohort.study_file import ByColumn, Source, UnitColumn
from cohort.units import UnitError, convert_factor


def read_measure(field: Field, entry: Source, variable: Variable) -> pd.Series:
    """Return a column as numbers in the canonical unit of a variable.

    Parameters
    ----------
    field
        The column.
    entry
        What the study says of it: unit, factor, meaning of codes, a top code.
    variable
        The canonical variable.
    """
    codes = present_codes(field, entry.missing)
    if entry.codes is not None:
        return translate(field, {code: float(meaning) for code, meaning in entry.codes.items()}, codes)
    what = "a whole number" if variable.type == "integer" and entry.unit is None else "a number"
    values = read_numbers(field, codes.notna().to_numpy(), what)
    values = values * unit_factors(field, entry.unit, ~np.isnan(values), variable.unit)
    if entry.multiply is not None:
        values = values * multipliers(field, entry.multiply, ~np.isnan(values))
    if entry.top_coded_at is not None:
        top = float(entry.top_coded_at)
        field.note("top_coded", int((values >= top).sum()), f"{top:g} stands for {top:g} and above")
    return pd.Series(values)


def by_level(selection: Selection, by: ByColumn) -> pd.Series:
    """Return the value that a mapping gives to the level of a column in each row; missing for a level it lacks."""
    levels = {selection.table.resolve(by.by, str(code_text(level))): value for level, value in by.levels().items()}
    codes = selection.codes(by.by)
    return pd.Series(np.array([*(levels.get(c) for c in codes.cat.categories), None], dtype=object)[codes.cat.codes])


def multipliers(field: Field, multiply: float | ByColumn | None, is_present: BoolArray) -> FloatArray:
    """Return the factor of each row; a value whose level has none is quarantined.

    Parameters
    ----------
    field
        The column.
    multiply
        One factor, a factor by level of a column, or nothing.
    is_present
        Rows that hold a value.
    """
    if not isinstance(multiply, ByColumn):
        return np.full(len(is_present), 1.0 if multiply is None else float(multiply))
    factors = np.asarray(by_level(field.selection, multiply), dtype=np.float64)
    lacking = np.isnan(factors) & is_present
    if lacking.any() and multiply.by == "source":
        what = "'multiply:' names no factor for one of the stacked files."
        field.context.record.problem(field.place, what, "Name a factor for each source.")
    field.quarantine(lacking, "no_factor", f"no factor for this level of '{multiply.by}'", multiply.by)
    return factors


def unit_factors(
    field: Field, unit: Any, is_present: BoolArray, canonical_unit: str, molar_mass: float | None = None
) -> FloatArray:
    """Return the factor from the raw unit of each row to the canonical one; NaN, and quarantined, where it is unknown.

    Parameters
    ----------
    field
        The column.
    unit
        What the study says: a unit, a column, a map by level, or nothing, when a unit in the file's sidecar counts.
    is_present
        Rows that hold a value.
    canonical_unit, molar_mass
        Wanted unit, and g/mol where moles occur.
    """
    stated = unit if unit is not None else field.table.units.get(field.column)
    if stated is None:
        return np.ones(len(is_present))
    if not isinstance(stated, (UnitColumn, ByColumn)):
        return np.where(
            is_present, _constant_factor(field, str(stated), is_present, canonical_unit, molar_mass), np.nan
        )
    units, beside = _units_by_row(field, stated)
    from_data = isinstance(stated, UnitColumn)
    factors = np.full(len(is_present), np.nan)
    texts = stated.levels().values() if isinstance(stated, ByColumn) else units.dropna().unique()
    for text in dict.fromkeys(str(text) for text in texts):
        rows = np.asarray((units == text).fillna(value=False), dtype=bool) & is_present
        try:
            factor = convert_factor(text, canonical_unit, molar_mass)
        except UnitError as error:
            if not from_data:
                field.context.record.problem(f"{field.place}, unit '{text}'", error.what, error.fix)
                factors[rows] = 1.0
            continue
        factors[rows] = factor
        if text != canonical_unit:
            reason, count = f"times {factor:.9g}", int(rows.sum())
            field.note("unit_conversion", count, reason, action="map", before=text, after=canonical_unit)
    reason = (
        f"'{beside}' names no unit that converts to {canonical_unit}" if from_data else f"no unit for this '{beside}'"
    )
    field.quarantine(np.isnan(factors) & is_present, "unknown_unit", reason, beside)
    return factors


def _constant_factor(
    field: Field, text: str, is_present: BoolArray, canonical_unit: str, molar_mass: float | None
) -> float:
    """Return the factor from one raw unit of all rows; one that does not convert is a problem."""
    try:
        factor = convert_factor(text, canonical_unit, molar_mass)
    except UnitError as error:
        field.context.record.problem(f"{field.place}, unit '{text}'", error.what, error.fix)
        return 1.0
    if text != canonical_unit:
        reason, count = f"times {factor:.9g}", int(is_present.sum())
        field.note("unit_conversion", count, reason, action="map", before=text, after=canonical_unit)
    return factor


def _units_by_row(field: Field, stated: UnitColumn | ByColumn) -> tuple[pd.Series, str]:
    """Return the raw unit of each row, and the column that tells it."""
    if isinstance(stated, UnitColumn):
        return field.selection.codes(stated.column), stated.column
    return by_level(field.selection, stated), stated.by
