"""From the cells of a column to values of a variable: missing codes, meanings, numbers, cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.codebook import Variable
from cohort.intake.cells import EXACT, code_text
from cohort.intake.conditions import columns_in, holds, is_blank
from cohort.intake.context import Context
from cohort.intake.entries import Selection, read_dates
from cohort.intake.labels import meanings_of_labels
from cohort.intake.tables import BoolArray, SourceTable
from cohort.ledger import Action
from cohort.study_file import Source

FloatArray = npt.NDArray[np.float64]
_LABELS_SHOWN = 10
_TRUTHS = {"true": True, "false": False, "yes": True, "no": False, "1": True, "0": False}
_WRITTEN_TRUTHS = {word: _TRUTHS[word] for word in ("true", "false", "1", "0")}


@dataclass(frozen=True)
class Field:
    """One column of the selected rows, on its way to one canonical column.

    Parameters
    ----------
    context, selection
        The study and the rows.
    column
        Column of the file.
    target
        Canonical table and column, for the ledger.
    place
        The entry, for messages.
    """

    context: Context
    selection: Selection
    column: str
    target: tuple[str, str]
    place: str

    @property
    def table(self) -> SourceTable:
        """Return the table of the column."""
        return self.selection.table

    @property
    def codes(self) -> pd.Series:
        """Return the codes of the selected rows."""
        return self.selection.codes(self.column)

    def note(
        self, rule: str, count: int, reason: str, *, severity: str = "info", action: Action = "flag", **more: str
    ) -> None:
        """Write a line into the ledger that stands for a number of values; nothing when the number is 0."""
        if count:
            self.context.record.note(
                rule=rule,
                severity=severity,
                action=action,
                table=self.target[0],
                column=self.target[1],
                reason=reason,
                file=self.table.name,
                count=count,
                **more,
            )

    def quarantine(self, rows: BoolArray, rule: str, reason: str, *beside: str) -> None:
        """Keep the cells of some rows, and of columns beside, as ones that could not be read."""
        self.context.record.quarantine_cells(
            self.table,
            self.selection.positions[rows],
            list(dict.fromkeys([self.column, *(column for column in beside if column in self.table.frame)])),
            rule=rule,
            reason=reason,
            target=self.target,
        )


def present_codes(field: Field, missing: Mapping[str, str]) -> pd.Series:
    """Return the codes of a column with declared missing ones set missing, each reason counted in the ledger.

    Parameters
    ----------
    field
        The column.
    missing
        Codes that the entry declares missing, beside those of the file.
    """
    codes = field.codes
    words, numbers = codes.cat.categories, codes.cat.codes.to_numpy()
    field.note("blank", int((numbers < 0).sum()), f"'{field.column}' is empty")
    reasons = field.table.declared_missing(field.column, missing)
    is_declared = words.isin(list(reasons)) if reasons else np.zeros(len(words), dtype=bool)
    if not is_declared.any():
        return codes
    left = numbers
    for number in np.flatnonzero(is_declared).tolist():
        here, code = numbers == number, str(words[number])
        field.note("declared_missing", int(here.sum()), reasons[code], action="set_missing", before=code)
        left = np.where(here, np.int8(-1), left)
    kind = cast("pd.CategoricalDtype[str]", codes.dtype)
    return pd.Series(pd.Categorical.from_codes(left, dtype=kind, validate=False), index=codes.index, copy=False)


def translate(field: Field, meanings: Mapping[str, Any], codes: pd.Series) -> pd.Series:
    """Return what codes mean; a code without a meaning is a problem that names the file and the column.

    Parameters
    ----------
    field
        The column.
    meanings
        Meaning by code or by value label.
    codes
        The codes of the selected rows, declared missing ones already set missing.
    """
    resolved = {field.table.resolve(field.column, code): meaning for code, meaning in meanings.items()}
    strange = codes.notna() & ~codes.isin(list(resolved))
    if strange.any():
        distinct = codes[strange].nunique()
        kinds = "a code" if distinct == 1 else f"{distinct:,} codes"
        field.context.record.problem(
            f"{field.place}, file '{field.table.name}', column '{field.column}'",
            f"{int(strange.sum()):,} rows hold {kinds} without a meaning; codes with one are {', '.join(meanings)}.",
            f"Add them to 'codes:' or to 'missing:'.{_labels_in_words(field)}",
        )
    return _meant(codes, resolved)


def _labels_in_words(field: Field) -> str:
    labels = field.table.labels.get(field.column, {})
    listed = ", ".join(f"{code} = {label}" for code, label in list(labels.items())[:_LABELS_SHOWN])
    return f" The file labels them {listed}{' …' if len(labels) > _LABELS_SHOWN else ''}." if labels else ""


def own_meanings(field: Field, variable: Variable) -> dict[str, Any]:
    """Return the meanings that the file's own labels give to codes of a variable, and note them; often none.

    Parameters
    ----------
    field
        The column; the study gives no meanings for it.
    variable
        The canonical variable.
    """
    found = meanings_of_labels(field.table.labels.get(field.column, {}), variable)
    written = ", ".join(f"{code} = {canonical_text(meaning)}" for code, meaning in found.items())
    count = int(field.codes.isin(list(found)).sum())
    field.note("labels_as_meanings", count, f"labels of the file are words of the codebook: {written}", action="map")
    return found


def canonical_text(meaning: Any) -> str:
    """Return a meaning as a study file writes it."""
    return str(code_text(meaning))


def _meant(codes: pd.Series, meanings: Mapping[str, Any]) -> pd.Series:
    """Return the meaning of each code: a category of words, nullable truths, or numbers."""
    levels = [meanings.get(code) for code in codes.cat.categories]
    at = codes.cat.codes.to_numpy()
    known = [meaning for meaning in levels if meaning is not None]
    if known and all(isinstance(meaning, bool) for meaning in known):
        truths = np.array([bool(meaning) for meaning in levels] + [False])[at]
        unknown = np.array([meaning is None for meaning in levels] + [True])[at]
        return pd.Series(pd.arrays.BooleanArray(truths, unknown))
    if known and all(isinstance(meaning, (int, float)) and not isinstance(meaning, bool) for meaning in known):
        return pd.Series(np.array([np.nan if m is None else float(m) for m in levels] + [np.nan])[at])
    if known and all(isinstance(meaning, str) for meaning in known):
        words = list(dict.fromkeys(known))
        number = np.array([-1 if meaning is None else words.index(meaning) for meaning in levels] + [-1])
        return pd.Series(pd.Categorical.from_codes(number[at], pd.Index(words, dtype="str")))
    return pd.Series(np.array([*levels, None], dtype=object)[at])


def read_numbers(field: Field, is_present: BoolArray, what: str = "a number") -> FloatArray:
    """Return a column as exact numbers; a cell that holds none is quarantined and its value missing.

    Parameters
    ----------
    field
        The column.
    is_present
        Rows that hold a value.
    what
        ``a number`` or ``a whole number``.
    """
    cells = field.selection.numbers(field.column)
    values = cells.number if is_present.all() else np.where(is_present, cells.number, np.nan)
    if cells.are_exact and (what == "a number" or cells.are_whole):
        return values
    is_bad = is_present & (cells.is_bad | (cells.censoring != EXACT))
    if what == "a whole number":
        is_bad |= is_present & ~np.isnan(values) & (values != np.floor(values))
    field.quarantine(is_bad, "not_a_number", f"'{field.column}' does not hold {what}")
    return np.where(is_bad, np.nan, values) if is_bad.any() else values


def read_words(field: Field, entry: Source, variable: Variable) -> pd.Series:
    """Return the values of a column that is not read as numbers.

    Parameters
    ----------
    field
        The column.
    entry
        What the study says of it.
    variable
        The canonical variable.
    """
    if variable.type == "date":
        selection, record = field.selection, field.context.record
        return read_dates(selection, field.column, entry.missing, record, field.target)
    codes = present_codes(field, entry.missing)
    if entry.codes is not None:
        return translate(field, {code: canonical(word, variable) for code, word in entry.codes.items()}, codes)
    own = own_meanings(field, variable)
    if variable.type == "boolean":
        return translate(field, own or _WRITTEN_TRUTHS, codes if own else codes.str.casefold().astype("category"))
    if variable.categories:
        return translate(field, {word: word for word in variable.categories} | own, codes)
    return codes


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
    expected = variable.categories or (("true", "false") if variable.type == "boolean" else ("numbers",))
    kinds: dict[str, type] = {"boolean": bool, "number": float, "integer": float}
    wrong = [
        meaning
        for meaning in meanings
        if (variable.categories and meaning not in variable.categories)
        or not isinstance(meaning, kinds.get(variable.type, str))
    ]
    for meaning in wrong:
        what = f"'{meaning}' is no value of {variable.name}."
        context.record.problem(place, what, f"Use {', '.join(expected)}.")
    return not wrong


def read_cases(context: Context, selection: Selection, entry: Source, variable: Variable, place: str) -> pd.Series:
    """Return the value whose conditions hold; none is missing with a reason, two are a problem.

    Parameters
    ----------
    context, selection
        The study and the rows.
    entry
        The source with its ``cases``.
    variable
        The canonical variable.
    place
        The entry, for messages.
    """
    cases = entry.cases or {}
    columns = list(dict.fromkeys(c for condition in cases.values() for c in columns_in(condition)))
    field = Field(context, selection, ", ".join(columns), (variable.table, variable.name), place)
    values = np.full(len(selection.positions), None, dtype=object)
    matches = np.zeros(len(values), dtype=int)
    for name, condition in cases.items():
        found = holds(field.table, condition, entry.missing)[selection.positions]
        matches += found
        values[found] = canonical(name, variable)
    if twice := int((matches > 1).sum()):
        context.record.problem(place, f"{twice:,} rows match more than one case.", "Make the cases exclude each other.")
    unmatched, blank = matches == 0, np.ones(len(values), dtype=bool)
    for column in columns:
        codes = selection.codes(column)
        for code, reason in field.table.declared_missing(column, entry.missing).items():
            rows = (codes == code).to_numpy(dtype=bool, na_value=False) & unmatched
            field.note("declared_missing", int(rows.sum()), reason, action="set_missing", before=code)
            unmatched &= ~rows
        blank &= is_blank(field.table, column, entry.missing)[selection.positions]
    field.note("blank", int((unmatched & blank).sum()), f"{field.column} empty")
    rest = int((unmatched & ~blank).sum())
    field.note("no_case", rest, "no case matches", severity="warning", action="set_missing")
    return pd.Series(values)
