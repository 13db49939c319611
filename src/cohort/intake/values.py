"""From the cells of a column to values of a variable: missing codes, meanings, numbers, units, factors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.codebook import Variable
from cohort.intake.cells import EXACT, code_text
from cohort.intake.conditions import columns_in, holds, is_blank
from cohort.intake.context import Context
from cohort.intake.entries import Selection, read_dates
from cohort.intake.tables import BoolArray
from cohort.study_file import ByColumn, Source, UnitColumn
from cohort.units import UnitError, convert_factor

FloatArray = npt.NDArray[np.float64]
Target = tuple[str, str]
_TRUTHS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}


def present_codes(context: Context, selection: Selection, column: str, entry: Any, target: Target) -> pd.Series:
    """Return the codes of a column with every declared missing code set missing, each reason counted in the ledger."""
    table = selection.table
    codes = selection.codes(column)
    note_blank(context, selection, codes.isna().to_numpy(), column, target)
    reasons = table.declared_missing(column, entry.missing)
    for code, count in codes[codes.isin(list(reasons))].value_counts(sort=False).items():
        context.record.note(
            rule="declared_missing",
            severity="info",
            action="set_missing",
            table=target[0],
            column=target[1],
            before=str(code),
            reason=reasons[str(code)],
            file=table.name,
            count=int(count),
        )
    return codes.mask(codes.isin(list(reasons)))


def note_blank(context: Context, selection: Selection, blank: BoolArray, column: str, target: Target) -> None:
    """Count the empty cells of a column in the ledger."""
    if blank.any():
        context.record.note(
            rule="blank",
            severity="info",
            action="flag",
            table=target[0],
            column=target[1],
            reason=f"'{column}' is empty",
            file=selection.table.name,
            count=int(blank.sum()),
        )


def translate(
    context: Context, selection: Selection, column: str, meanings: Mapping[str, Any], codes: pd.Series, place: str
) -> pd.Series:
    """Return what codes mean; a code without a meaning is a problem that names the file and the column."""
    resolved = {selection.table.resolve(column, code): meaning for code, meaning in meanings.items()}
    strange = codes.notna() & ~codes.isin(list(resolved))
    if strange.any():
        count, distinct = int(strange.sum()), codes[strange].nunique()
        context.record.problem(
            f"{place}, file '{selection.table.name}', column '{column}'",
            f"{count:,} rows hold {_codes(distinct)} without a meaning; codes with one are {', '.join(meanings)}.",
            "Add them to 'codes:' or to 'missing:'.",
        )
    return pd.Series([resolved.get(code) for code in codes], dtype="object")


def _codes(count: int) -> str:
    return "a code" if count == 1 else f"{count:,} codes"


def read_column(
    context: Context, selection: Selection, column: str, entry: Source, variable: Variable, place: str
) -> pd.Series:
    """Return the canonical values of one column.

    Parameters
    ----------
    context
        The study.
    selection
        The rows to read.
    column
        Column of the file.
    entry
        What the study says of it.
    variable
        The canonical variable.
    place
        The entry, for messages.
    """
    target = (variable.table, variable.name)
    if variable.type == "date":
        return read_dates(selection, column, entry.missing, context.record, target)
    codes = present_codes(context, selection, column, entry, target)
    if entry.codes is not None:
        meanings = {code: canonical(meaning, variable) for code, meaning in entry.codes.items()}
        return translate(context, selection, column, meanings, codes, place)
    if variable.type in ("number", "integer"):
        return pd.Series(_read_numbers(context, selection, column, codes.notna().to_numpy(), entry, variable, place))
    if variable.type == "boolean":
        folded = codes.str.casefold()
        known = {word: _TRUTHS[word] for word in ("true", "false", "1", "0")}
        return translate(context, selection, column, known, folded, place)
    if variable.categories:
        return translate(context, selection, column, {word: word for word in variable.categories}, codes, place)
    return codes.astype("object")


def canonical(meaning: Any, variable: Variable) -> Any:
    """Return a meaning that a study gives to a code or a case in the type of the variable; unknown words stay."""
    if variable.type == "boolean":
        return _TRUTHS.get(str(code_text(meaning)).casefold(), meaning)
    if variable.type in ("number", "integer"):
        try:
            return float(meaning)
        except ValueError:
            return meaning
    return str(code_text(meaning))


def check_meanings(context: Context, meanings: list[Any], variable: Variable, place: str) -> bool:
    """Return whether every meaning is a value of the variable; note a problem for those that are not."""
    expected = variable.categories or (("true", "false") if variable.type == "boolean" else ())
    kinds: dict[str, tuple[type, ...]] = {"boolean": (bool,), "number": (float,), "integer": (float,)}
    wrong = [
        str(m)
        for m in meanings
        if (variable.categories and m not in variable.categories) or not isinstance(m, kinds.get(variable.type, (str,)))
    ]
    for meaning in wrong:
        context.record.problem(
            place, f"'{meaning}' is no value of {variable.name}.", f"Use one of {', '.join(expected)}."
        )
    return not wrong


def _read_numbers(
    context: Context,
    selection: Selection,
    column: str,
    is_present: BoolArray,
    entry: Source,
    variable: Variable,
    place: str,
) -> FloatArray:
    table, target = selection.table, (variable.table, variable.name)
    cells = table.numbers(column)
    values = np.where(is_present, cells.values[selection.positions], np.nan)
    is_bad = is_present & (cells.is_bad | (cells.censoring != EXACT))[selection.positions]
    if variable.type == "integer":
        with np.errstate(invalid="ignore"):
            is_bad |= is_present & ~np.isnan(values) & (values % 1 != 0)
    quarantine_numbers(
        context, selection, column, is_bad, target, "a whole number" if variable.type == "integer" else "a number"
    )
    values[is_bad] = np.nan
    if entry.unit is not None or column in table.units:
        values = values * unit_factors(
            context, selection, column, entry.unit, ~np.isnan(values), variable.unit, None, target, place
        )
    values = values * multipliers(context, selection, entry.multiply, ~np.isnan(values), column, target, place)
    if entry.top_coded_at is not None and (at_top := int((values >= entry.top_coded_at).sum())):
        context.record.note(
            rule="top_coded",
            severity="info",
            action="flag",
            table=target[0],
            column=target[1],
            file=table.name,
            count=at_top,
            reason=f"{entry.top_coded_at:g} stands for {entry.top_coded_at:g} and above",
        )
    return values


def quarantine_numbers(
    context: Context, selection: Selection, column: str, is_bad: BoolArray, target: Target, what: str
) -> None:
    """Quarantine cells that are not numbers."""
    context.record.quarantine_cells(
        selection.table,
        selection.positions[is_bad],
        [column],
        rule="not_a_number",
        reason=f"'{column}' does not hold {what}",
        target=target,
    )


def by_level(selection: Selection, by: ByColumn) -> pd.Series:
    """Return the value that a mapping gives to the level of a column in each row; missing for a level it lacks."""
    levels = {selection.table.resolve(by.by, str(code_text(level))): value for level, value in by.levels().items()}
    return selection.codes(by.by).map(levels)


def multipliers(
    context: Context,
    selection: Selection,
    multiply: float | ByColumn | None,
    is_present: BoolArray,
    column: str,
    target: Target,
    place: str,
) -> FloatArray:
    """Return the factor of each row; a value whose level has none is quarantined."""
    if not isinstance(multiply, ByColumn):
        return np.full(len(is_present), 1.0 if multiply is None else float(multiply))
    factors = by_level(selection, multiply)
    lacking = factors.isna().to_numpy() & is_present
    if lacking.any() and multiply.by == "source":
        context.record.problem(place, "'multiply:' names no factor for some source.", "Name one for each stacked file.")
    context.record.quarantine_cells(
        selection.table,
        selection.positions[lacking],
        [column, multiply.by],
        rule="no_factor",
        reason=f"no factor for this level of '{multiply.by}'",
        target=target,
    ) if multiply.by != "source" else None
    return factors.astype("float64").to_numpy()


def unit_factors(
    context: Context,
    selection: Selection,
    column: str,
    unit: Any,
    is_present: BoolArray,
    canonical_unit: str,
    molar_mass: float | None,
    target: Target,
    place: str,
) -> FloatArray:
    """Return the factor from the raw unit of each row to the canonical one; NaN, and quarantined, where it is unknown.

    Parameters
    ----------
    unit
        What the study says: a unit, a column, a map by level, or nothing, when a unit in the file's sidecar counts.
    is_present
        Rows that hold a value.
    canonical_unit, molar_mass
        Wanted unit, and g/mol where moles occur.
    """
    table = selection.table
    stated = unit if unit is not None else table.units.get(column)
    if stated is None:
        return np.ones(len(is_present))
    if isinstance(stated, UnitColumn):
        units, from_data, named = selection.codes(stated.column), True, stated.column
    elif isinstance(stated, ByColumn):
        units, from_data, named = by_level(selection, stated), False, stated.by
    else:
        units, from_data, named = pd.Series(stated, index=range(len(is_present)), dtype="str"), False, ""
    factors = np.full(len(is_present), np.nan)
    declared = (
        units.dropna().unique() if not isinstance(stated, ByColumn) else list(dict.fromkeys(stated.levels().values()))
    )
    for text in declared:
        rows = (units == text).to_numpy(dtype=bool, na_value=False) & is_present
        try:
            factor = convert_factor(str(text), canonical_unit, molar_mass)
        except UnitError as error:
            if not from_data:
                context.record.problem(f"{place}, unit '{text}'", error.what, error.fix)
                factors[rows] = 1.0
            continue
        factors[rows] = factor
        if str(text) != canonical_unit and rows.any():
            context.record.note(
                rule="unit_conversion",
                severity="info",
                action="map",
                table=target[0],
                column=target[1],
                before=str(text),
                after=canonical_unit,
                reason=f"times {factor:.9g}",
                file=table.name,
                count=int(rows.sum()),
            )
    unknown = np.isnan(factors) & is_present
    reason = (
        "the unit is unknown or has no factor to the canonical one"
        if from_data
        else f"no unit for this level of '{named}'"
    )
    context.record.quarantine_cells(
        table, selection.positions[unknown], [column, named], rule="unknown_unit", reason=reason, target=target
    )
    return factors


def read_cases(context: Context, selection: Selection, entry: Source, variable: Variable, place: str) -> pd.Series:
    """Return the value whose conditions hold; none is missing with a reason, two are a problem."""
    table, target = selection.table, (variable.table, variable.name)
    cases = entry.cases or {}
    values = pd.Series([None] * len(selection.positions), dtype="object")
    matches = np.zeros(len(values), dtype=int)
    for name, condition in cases.items():
        found = holds(table, condition, entry.missing)[selection.positions]
        matches += found
        values[found] = canonical(name, variable)
    if twice := int((matches > 1).sum()):
        context.record.problem(place, f"{twice:,} rows match more than one case.", "Make the cases exclude each other.")
    columns = list(dict.fromkeys(c for condition in cases.values() for c in columns_in(condition)))
    unmatched = matches == 0
    blank = np.ones(len(values), dtype=bool)
    for column in columns:
        codes = selection.codes(column)
        for code, reason in table.declared_missing(column, entry.missing).items():
            rows = (codes == code).to_numpy(dtype=bool, na_value=False) & unmatched
            _note_cases(context, selection, rows, "declared_missing", reason, target, before=code)
            unmatched &= ~rows
        blank &= is_blank(table, column, entry.missing)[selection.positions]
    note_blank(context, selection, unmatched & blank, ", ".join(columns), target)
    _note_cases(context, selection, unmatched & ~blank, "no_case", "no case matches", target)
    return values


def _note_cases(
    context: Context,
    selection: Selection,
    rows: BoolArray,
    rule: str,
    reason: str,
    target: Target,
    before: str | None = None,
) -> None:
    if rows.any():
        context.record.note(
            rule=rule,
            severity="warning" if rule == "no_case" else "info",
            action="set_missing",
            table=target[0],
            column=target[1],
            before=before,
            reason=reason,
            file=selection.table.name,
            count=int(rows.sum()),
        )
