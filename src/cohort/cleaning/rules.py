"""The rules of cleaning, in the order in which they are applied; limits and categories come from the codebook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pandas.api import types

from cohort.cleaning import consistency, duplicates
from cohort.cleaning.rule import Finding, Rule, Tables
from cohort.cleaning.validation import needed_columns
from cohort.codebook import Codebook, Variable

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
        numbers = _numbers(tables[table], column)
        broken = np.isfinite(numbers) & (numbers != np.round(numbers))
        findings.append(Finding(table, tables[table].index[broken], "not a whole number", column))
    return findings


def item_range(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return answers to questionnaire items that the item does not offer."""
    visits = tables["visits"]
    return [
        Finding("visits", visits.index[outside], "no answer of the instrument", column)
        for instrument in codebook.instruments.values()
        for column, (low, high) in zip(instrument.columns, instrument.item_limits, strict=True)
        if column in visits
        for outside in [_outside(_numbers(visits, column), low, high)]
    ]


def range_hard(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return numbers beyond the hard limits of their variable or analyte, and infinite ones: they cannot be true."""
    items = {column for instrument in codebook.instruments.values() for column in instrument.columns}
    findings = []
    for table, column, variable in _columns(tables, codebook):
        if variable.type not in ("number", "integer") or column in items:
            continue
        outside = _outside(_numbers(tables[table], column), variable.minimum, variable.maximum)
        findings.append(Finding(table, tables[table].index[outside], "beyond the hard limits", column))
    for rows, numbers, analyte in _results(tables["labs"], codebook):
        outside = _outside(numbers, analyte.minimum, analyte.maximum)
        findings.append(Finding("labs", rows[outside], f"beyond the hard limits of {analyte.id}", "value"))
    return findings


def range_plausible(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return numbers beyond the plausible limits of their variable or analyte: they may be true."""
    findings = []
    for table, column, variable in _columns(tables, codebook):
        if variable.plausible is None:
            continue
        outside = _outside(_numbers(tables[table], column), *variable.plausible)
        findings.append(Finding(table, tables[table].index[outside], "beyond the plausible limits", column))
    for rows, numbers, analyte in _results(tables["labs"], codebook):
        outside = _outside(numbers, *analyte.plausible)
        findings.append(Finding("labs", rows[outside], f"beyond the plausible limits of {analyte.id}", "value"))
    return findings


def lab_unit(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return results that are not in the canonical unit of their analyte; they are not converted by a guess."""
    labs = tables["labs"]
    if "unit" not in labs:
        return []
    canonical = labs["analyte"].map({name: analyte.unit for name, analyte in codebook.analytes.items()})
    other = (labs["unit"] != canonical) & labs["unit"].notna()
    return [Finding("labs", labs.index[other.fillna(value=False).to_numpy(dtype=bool)], "not in the canonical unit")]


def crp_zero(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return CRP results of exactly zero: they have no logarithm, so that ``ln_crp`` is missing for them."""
    return [
        Finding("labs", rows[numbers == 0], "zero has no logarithm; ln_crp is missing", "value")
        for rows, numbers, analyte in _results(tables["labs"], codebook)
        if analyte.id == "crp"
    ]


def _columns(tables: Tables, codebook: Codebook) -> Iterator[tuple[str, str, Variable]]:
    """Yield table, column and variable of every column that is there."""
    for table, frame in tables.items():
        for column in frame.columns:
            yield table, column, codebook.tables[table][column]


def _results(labs: pd.DataFrame, codebook: Codebook) -> Iterator[tuple[pd.Index[Any], FloatArray, Any]]:
    """Yield the row labels and results of each analyte."""
    if labs.empty or "value" not in labs:
        return
    codes, names = pd.factorize(labs["analyte"])
    values = _numbers(labs, "value")
    for code, name in enumerate(names):
        here = codes == code
        yield labs.index[here], values[here], codebook.analytes[str(name)]


def _numbers(frame: pd.DataFrame, column: str) -> FloatArray:
    return frame[column].to_numpy(dtype="float64", na_value=np.nan)


def _outside(numbers: FloatArray, low: float | None, high: float | None) -> npt.NDArray[np.bool_]:
    """Return which numbers lie beyond limits or are infinite; a missing number lies nowhere."""
    outside = np.isinf(numbers)
    if low is not None:
        outside |= numbers < low
    if high is not None:
        outside |= numbers > high
    return outside


RULES: tuple[Rule, ...] = (
    Rule("key_missing", "error", "quarantine", "*", "A row lacks its key: set aside.", key_missing),
    Rule(
        "identifier_unknown",
        "error",
        "quarantine",
        "*",
        "Unknown analyte, disease or drug: row set aside.",
        identifier_unknown,
    ),
    Rule("category_unknown", "error", "set_missing", "*", "A word that is no category: set missing.", category_unknown),
    Rule(
        "duplicate_exact",
        "info",
        "merge",
        "*",
        "A row repeats another wholly: merged.",
        duplicates.duplicate_exact,
        needs_all_rows=True,
    ),
    Rule(
        "status_conflict",
        "error",
        "set_missing",
        "*",
        "One source says present and absent of one thing: the status becomes unknown.",
        duplicates.status_conflict,
        needs_all_rows=True,
    ),
    Rule(
        "detail_conflict",
        "warning",
        "set_missing",
        "*",
        "Rows agree on the status and differ in a detail: the detail is set missing.",
        duplicates.detail_conflict,
        needs_all_rows=True,
    ),
    Rule(
        "status_merge",
        "info",
        "merge",
        "*",
        "Rows of one source that agree: merged into one.",
        duplicates.status_merge,
        needs_all_rows=True,
    ),
    Rule(
        "duplicate_conflicting",
        "error",
        "quarantine",
        "*",
        "Rows share a key and still differ: all set aside.",
        duplicates.duplicate_conflicting,
        needs_all_rows=True,
    ),
    Rule(
        "orphan",
        "error",
        "quarantine",
        "*",
        "A row of nobody among the participants: set aside.",
        duplicates.orphan,
        needs_all_rows=True,
    ),
    Rule(
        "not_whole", "error", "set_missing", "*", "A fraction where only whole numbers can be: set missing.", not_whole
    ),
    Rule(
        "item_range", "error", "set_missing", "visits", "An answer that the instrument lacks: set missing.", item_range
    ),
    Rule("lab_unit", "error", "quarantine", "labs", "A result not in the canonical unit: set aside.", lab_unit),
    Rule("range_hard", "error", "set_missing", "*", "A number that cannot be true: set missing.", range_hard),
    Rule(
        "pregnant_male",
        "error",
        "set_missing",
        "visits",
        "A pregnant male: the pregnancy is set missing.",
        consistency.pregnant_male,
    ),
    Rule(
        "contraceptive_male",
        "error",
        "set_missing",
        "visits",
        "A male on hormonal contraceptives: the use is set missing.",
        consistency.contraceptive_male,
    ),
    Rule(
        "visit_before_birth",
        "error",
        "set_missing",
        "visits",
        "A visit before the birth year: date set missing.",
        consistency.visit_before_birth,
    ),
    Rule(
        "exit_before_entry",
        "error",
        "quarantine",
        "follow_up",
        "Exit before entry: row set aside.",
        consistency.exit_before_entry,
    ),
    Rule(
        "onset_before_birth",
        "error",
        "set_missing",
        "diagnoses",
        "Onset before the birth year: date set missing.",
        consistency.onset_before_birth,
    ),
    Rule(
        "onset_after_last_observed",
        "error",
        "set_missing",
        "diagnoses",
        "Onset at an age not yet reached when last observed: set missing.",
        consistency.onset_after_last_observed,
        limits={"years": 1.0},
    ),
    Rule(
        "stop_before_start",
        "error",
        "set_missing",
        "medications",
        "Stop before start: both dates set missing.",
        consistency.stop_before_start,
    ),
    Rule(
        "age_against_birth_year",
        "warning",
        "flag",
        "visits",
        "Age and birth year disagree: flagged.",
        consistency.age_against_birth_year,
        limits={"years": 2.0},
    ),
    Rule(
        "cells_exceed_leukocytes",
        "warning",
        "flag",
        "labs",
        "Parts exceed the white cells: flagged.",
        consistency.cells_exceed_leukocytes,
        limits={"ratio": 1.1},
    ),
    Rule("range_plausible", "warning", "flag", "*", "A number that is hard to believe: flagged.", range_plausible),
    Rule("crp_zero", "info", "flag", "labs", "A CRP of zero: flagged, its logarithm is missing.", crp_zero),
)
"""All rules in order: rows that say nothing, that repeat, or of nobody; then cells; then flags on what remains."""
