"""Rules about single values: what a row cannot do without, words, whole numbers, and the limits of the codebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from cohort.cleaning.keys import text_lookup
from cohort.cleaning.places import each, numbers, short_labels
from cohort.cleaning.rule import Finding, Tables
from cohort.cleaning.validation import needed_columns
from cohort.codebook import Analyte, Codebook, Variable

FloatArray = npt.NDArray[np.float64]


def key_missing(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return rows that lack part of their key or another value that the codebook requires."""
    findings = []
    for table, frame in tables.items():
        needed = [name for name in needed_columns(table, codebook) if name in frame]
        rows = frame.index[frame[needed].isna().any(axis=1)]
        findings.append(Finding(table, rows, "a value is missing without which the row says nothing"))
    return findings


def identifier_unknown(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return rows about an analyte, disease or drug that the codebook does not know."""
    findings = []
    for table, column, known in (
        ("labs", "analyte", codebook.analytes),
        ("diagnoses", "disease", codebook.diseases),
        ("medications", "drug", codebook.drugs),
    ):
        frame = tables[table]
        rows = frame.index[~frame[column].isin(list(known))]
        findings.append(Finding(table, rows, f"the codebook does not know this {column}"))
    return findings


def category_unknown(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return words that are no category of their variable; the whole row where it says nothing without them."""
    findings = []
    for table, column, variable in _columns(tables, codebook):
        words = tables[table][column]
        if not variable.categories or isinstance(words.dtype, pd.CategoricalDtype):
            continue  # a canonical categorical column cannot hold anything else
        rows = words.index[words.notna() & ~words.isin(variable.categories)]
        if column in needed_columns(table, codebook):
            findings.append(Finding(table, rows, f"{column} is no word of the codebook", action="quarantine"))
        else:
            findings.append(Finding(table, rows, "no word of the codebook", column))
    return findings


def not_whole(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return numbers with a fraction where only whole ones can be: questionnaire items, counts, years."""
    findings = []
    for table, column, variable in _columns(tables, codebook):
        if variable.type != "integer" or not types.is_float_dtype(tables[table][column].dtype):
            continue
        values = numbers(tables[table], column)
        broken = np.isfinite(values) & (values != np.round(values))
        findings.append(Finding(table, tables[table].index[broken], "not a whole number", column))
    return findings


def lab_unit(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return results that are not in the canonical unit of their analyte; they are not converted by a guess."""
    labs = tables["labs"]
    if "unit" not in labs:
        return []
    units = {analyte.unit: number for number, analyte in enumerate(codebook.analytes.values())}
    due = text_lookup(labs["analyte"], {name: units[analyte.unit] for name, analyte in codebook.analytes.items()}, -1)
    given = text_lookup(labs["unit"], units, -2)
    return [Finding("labs", labs.index[(given != due) & labs["unit"].notna().to_numpy()], "not in the canonical unit")]


def range_hard(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return numbers beyond the hard limits of their variable or analyte, and infinite ones: they cannot be true."""
    return [
        Finding(table, rows[outside], f"beyond the hard limits{of}", column)
        for table, column, of, rows, values, hard, _ in _measured(tables, codebook)
        for outside in [outside_of(values, *hard)]
    ]


def range_plausible(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return numbers beyond the plausible limits of their variable or analyte: they may be true."""
    return [
        Finding(table, rows[outside_of(values, *soft)], f"beyond the plausible limits{of}", column)
        for table, column, of, rows, values, _, soft in _measured(tables, codebook)
        if soft is not None
    ]


def sentinel_number(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return numbers such as 999 that lie beyond the plausible limits (the hard ones where there are no others).

    A number counts when it stands there at least ``times`` times. Within the limits it cannot be told from a value.
    """
    codes = np.array(codebook.rules["sentinel_number"].lists["numbers"], dtype=np.float64)
    findings = []
    for table, column, of, rows, values, hard, soft in _measured(tables, codebook):
        outside = outside_of(values, *(soft or hard))
        if not outside.any():
            continue
        place = np.flatnonzero(outside)
        found, which, times = np.unique(values[place], return_inverse=True, return_counts=True)
        often = np.isin(found, codes) & (times >= limits["times"])
        reason = f"a number that stands for a missing value, repeated beyond the limits{of}"
        findings.append(Finding(table, rows[place[often[which]]], reason, column))
    return findings


def crp_zero(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return CRP results of exactly zero: they have no logarithm, so that ``ln_crp`` is missing for them."""
    return [
        Finding("labs", rows[values == 0], "zero has no logarithm; ln_crp is missing", "value")
        for rows, values, analyte in _results(tables["labs"], codebook)
        if analyte.id == "crp"
    ]


def digit_preference(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return columns of measured numbers of which far more than a fifth end in 0 or 5.

    The last digit is that of the coarsest step of ten (1, 0.1, 0.01) in which 95 % of the values are written.
    """
    visits = tables["visits"]
    findings = []
    for column in codebook.rules["digit_preference"].lists["variables"]:
        if column not in visits:
            continue
        values = numbers(visits, column)
        values = values[np.isfinite(values)]
        if len(values) < limits["values"]:
            continue
        for scale in (1.0, 10.0, 100.0):
            steps = np.round(values * scale)
            if np.mean(np.abs(values * scale - steps) < 1e-6 * scale) >= 0.95:
                break
        else:
            continue
        excess = float(np.mean(steps % 5 == 0)) - 0.2
        if excess > limits["excess"]:
            reason = f"{0.2 + excess:.0%} of the values end in 0 or 5, where 20% are due"
            findings.append(Finding("visits", visits.index[:0], reason, column, count=round(excess * len(values))))
    return findings


Limits = tuple[float | None, float | None]
Measured = tuple[str, str, str, "pd.Index[Any]", FloatArray, Limits, Limits | None]


def _measured(tables: Tables, codebook: Codebook) -> Iterator[Measured]:
    """Yield table, column, words, rows, numbers, hard and plausible limits of every number that is no item."""
    items = {column for instrument in codebook.instruments.values() for column in instrument.columns}
    for table, column, variable in _columns(tables, codebook):
        if variable.type in ("number", "integer") and column not in items:
            frame = tables[table]
            hard = (variable.minimum, variable.maximum)
            yield table, column, "", frame.index, numbers(frame, column), hard, variable.plausible
    for rows, values, analyte in _results(tables["labs"], codebook):
        hard = (analyte.minimum, analyte.maximum)
        yield "labs", "value", f" of {analyte.id}", rows, values, hard, analyte.plausible


def _columns(tables: Tables, codebook: Codebook) -> Iterator[tuple[str, str, Variable]]:
    """Yield table, column and variable of every column that is there."""
    for table, frame in tables.items():
        for column in frame.columns:
            yield table, column, codebook.tables[table][column]


def _results(labs: pd.DataFrame, codebook: Codebook) -> Iterator[tuple[pd.Index[Any], FloatArray, Analyte]]:
    """Yield the row labels and results of each analyte."""
    if labs.empty or "value" not in labs:
        return
    codes, names = short_labels(labs["analyte"])
    values = numbers(labs, "value")
    for name, rows in zip(names, each(codes, len(names)), strict=True):
        if len(rows):
            yield labs.index[rows], values[rows], codebook.analytes[name]


def outside_of(values: FloatArray, low: float | None, high: float | None) -> npt.NDArray[np.bool_]:
    """Return which numbers lie beyond limits or are infinite; a missing number lies nowhere.

    Examples
    --------
    >>> outside_of(np.array([-1.0, 5.0, np.nan, np.inf]), 0, None).tolist()
    [True, False, False, True]
    """
    outside = np.isinf(values)
    if low is not None:
        outside |= values < low
    if high is not None:
        outside |= values > high
    return outside
