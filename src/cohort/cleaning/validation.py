"""Schemas made from the codebook, and the checks at both ends of cleaning."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pandas.api import types

from cohort.cleaning.keys import has_repeats
from cohort.cleaning.rule import Column, Tables
from cohort.codebook import Codebook, Variable
from cohort.errors import CohortError, InputDataError, Problem

if TYPE_CHECKING:
    import pandera.pandas as pa

_KINDS: dict[str, tuple[str, Callable[[Column], bool]]] = {
    "string": ("text", lambda s: types.is_string_dtype(s.dtype) or isinstance(s.dtype, pd.CategoricalDtype)),
    "integer": ("numbers", lambda s: types.is_numeric_dtype(s.dtype) and not types.is_bool_dtype(s.dtype)),
    "number": ("numbers", lambda s: types.is_numeric_dtype(s.dtype) and not types.is_bool_dtype(s.dtype)),
    "boolean": ("true or false", lambda s: types.is_bool_dtype(s.dtype)),
    "date": ("dates without a time zone", lambda s: isinstance(s.dtype, np.dtype) and s.dtype.kind == "M"),
}


def canonical_tables(codebook: Codebook) -> tuple[str, ...]:
    """Return the names of the tables that intake fills, in the order of the codebook."""
    return tuple(name for name in codebook.tables if name not in codebook.derived)


def needed_columns(table: str, codebook: Codebook) -> tuple[str, ...]:
    """Return the columns without which a row of a table says nothing: its key and what the codebook requires."""
    required = [variable.name for variable in codebook.tables[table].values() if variable.required]
    return tuple(dict.fromkeys([*codebook.primary_keys[table], *required]))


def dtype_of(variable: Variable) -> Any:
    """Return the pandas dtype of a clean column, with categories and their order."""
    if variable.categories:
        return _categorical(variable.categories, variable.ordered)
    return variable.dtype


@functools.cache
def _categorical(categories: tuple[str, ...], ordered: bool) -> pd.CategoricalDtype:
    return pd.CategoricalDtype(list(categories), ordered=ordered)


def _chosen(table: str, codebook: Codebook, present: Iterable[str] | None) -> dict[str, Variable]:
    """Return the variables of a table; when some columns are given, only those and the needed ones."""
    variables = codebook.tables[table]
    names = set(variables) if present is None else {*present, *needed_columns(table, codebook)}
    return {name: variable for name, variable in variables.items() if name in names}


def input_schema(table: str, codebook: Codebook, present: Iterable[str] | None = None) -> pa.DataFrameSchema:
    """Return the schema of a table before cleaning: known columns, each of the right kind, none needed missing.

    ``present`` limits it to columns that are there, beside those that are needed: a shorter schema is a quicker one.

    The values are not looked at: a wrong value is for a rule to catch, a wrong structure is an error.
    """
    import pandera.pandas as pa  # noqa: PLC0415 - only tables with a fault need it

    needed = needed_columns(table, codebook)
    columns = {}
    for name, variable in _chosen(table, codebook, present).items():
        words, holds = _KINDS[variable.type]
        # A column without any value may come in whatever dtype its reader gave it.
        check = pa.Check(lambda s, holds=holds: holds(s) or bool(s.isna().all()), name=f"does not hold {words}")
        columns[name] = pa.Column(checks=[check], nullable=True, required=name in needed)
    return pa.DataFrameSchema(columns, strict=True, name=table)


def output_schema(
    table: str, codebook: Codebook, present: Iterable[str] | None = None, kept_as_numbers: frozenset[str] = frozenset()
) -> pa.DataFrameSchema:
    """Return the schema that a clean table is guaranteed to keep: dtypes, limits, categories, complete keys.

    ``present`` limits it as in :func:`input_schema`; texts that are ``kept_as_numbers`` may still be categories. That
    the keys are unique is checked apart, which is many times faster on large tables.
    """
    import pandera.pandas as pa  # noqa: PLC0415 - only tables with a fault need it

    needed = needed_columns(table, codebook)
    columns = {}
    for name, variable in _chosen(table, codebook, present).items():
        low, high = variable.minimum, variable.maximum
        if low is not None and high is not None:
            checks = [pa.Check.in_range(low, high)]
        else:
            checks = [pa.Check.ge(low)] if low is not None else [pa.Check.le(high)] if high is not None else []
        dtype = None if name in kept_as_numbers else dtype_of(variable)
        columns[name] = pa.Column(dtype, checks=checks, nullable=name not in needed, required=name in needed)
    return pa.DataFrameSchema(columns, strict=True, name=table)


def check_input(tables: Tables, codebook: Codebook) -> None:
    """Check that the tables have the structure of canonical ones.

    Raises
    ------
    InputDataError
        With every unknown table or column, every column that a table cannot do without, and every column that holds
        another kind of values than the codebook says.
    """
    known = canonical_tables(codebook)
    problems = [
        Problem(f"table {name}", "is not a canonical table.", f"The tables are {', '.join(known)}.")
        for name in tables
        if name not in known
    ]
    for name in known:
        frame = tables.get(name)
        if frame is not None and not frame.empty and not _is_plainly_canonical(frame, name, codebook):
            problems += _problems(frame, input_schema(name, codebook, frame.columns))
    if problems:
        raise InputDataError(problems)


def check_output(tables: Tables, codebook: Codebook) -> None:
    """Check that clean and derived tables keep what the codebook promises.

    Raises
    ------
    CohortError
        When one does not: a rule is missing or wrong, and nobody should work with these tables.
    """
    problems: list[Problem] = []
    for name, frame in tables.items():
        kept = frozenset(str(c) for c in frame if isinstance(frame[c].dtype, pd.CategoricalDtype))
        texts = frozenset(v.name for v in codebook.tables[name].values() if v.type == "string" and not v.categories)
        if not _is_plainly_clean(frame, name, codebook, kept & texts):
            problems += _problems(frame, output_schema(name, codebook, frame.columns, kept & texts))
        key = [column for column in codebook.primary_keys[name] if column in frame]
        if has_repeats(frame, key):
            problems.append(Problem(f"table {name}", "has several rows with one key."))
    if problems:
        raise CohortError(problems)


def _has_known_columns(frame: pd.DataFrame, table: str, codebook: Codebook) -> bool:
    """Return whether a frame has the columns that are needed, none that is unknown, and none twice."""
    there = frame.columns
    known = set(there) <= set(codebook.tables[table]) and set(needed_columns(table, codebook)) <= set(there)
    return known and bool(there.is_unique)


def _is_plainly_canonical(frame: pd.DataFrame, table: str, codebook: Codebook) -> bool:
    """Return whether a table plainly keeps :func:`input_schema`, seen without making the schema.

    Most tables do, and making and running schemas takes a third of the time that a small study takes. Where the answer
    is no, the schema decides.
    """
    variables = codebook.tables[table]
    return _has_known_columns(frame, table, codebook) and all(
        _KINDS[variables[name].type][1](frame[name]) for name in frame.columns
    )


def _is_plainly_clean(
    frame: pd.DataFrame, table: str, codebook: Codebook, kept_as_numbers: frozenset[str] = frozenset()
) -> bool:
    """Return whether a table plainly keeps :func:`output_schema`; where the answer is no, the schema decides."""
    if not _has_known_columns(frame, table, codebook):
        return False
    needed = needed_columns(table, codebook)
    for name in frame.columns:
        variable, column = codebook.tables[table][name], frame[name]
        if name not in kept_as_numbers and column.dtype != dtype_of(variable):
            return False
        if name in needed and column.hasnans:
            return False
        if (variable.minimum is not None and _beyond(column, variable.minimum, is_lower=True)) or (
            variable.maximum is not None and _beyond(column, variable.maximum, is_lower=False)
        ):
            return False
    return True


def _beyond(column: Column, limit: float, *, is_lower: bool) -> bool:
    """Return whether some number of a column lies beyond a limit; a missing one lies nowhere."""
    end = column.min() if is_lower else column.max()
    return not pd.isna(end) and bool(end < limit if is_lower else end > limit)


def _problems(frame: pd.DataFrame, schema: pa.DataFrameSchema) -> list[Problem]:
    """Return what is wrong with a frame, one problem for each column and check, without any of its values."""
    import pandera.pandas as pa  # noqa: PLC0415 - only tables with a fault need it

    try:
        schema.validate(frame, lazy=True, inplace=True)  # nothing is coerced, so that nothing changes
    except pa.errors.SchemaErrors as error:
        found = []
        for case in error.failure_cases.itertuples():
            check = str(case.check)
            if check == "column_in_schema":  # only here the failure case is a column and not a value
                found.append(Problem(f"table {schema.name}", f"the codebook has no column '{case.failure_case}'."))
            elif check == "column_in_dataframe":
                found.append(Problem(f"table {schema.name}", f"lacks the column '{case.failure_case}'."))
            else:
                words = check if check.startswith("does not") else f"breaks the check {check}"
                found.append(Problem(f"table {schema.name}, column {case.column}", f"{words}."))
        return list(dict.fromkeys(found))
    return []


def conform(frame: pd.DataFrame, table: str, codebook: Codebook) -> pd.DataFrame:
    """Return the frame with canonical dtypes and order of columns, wherever that loses no value; the input stays as is.

    A column that holds something its dtype cannot (2.5 among whole numbers, an unknown word) keeps its dtype, so
    that a rule can see it.
    """
    variables = codebook.tables[table]
    columns = {name: _conform_column(frame[name], variables[name]) for name in variables if name in frame}
    for name in needed_columns(table, codebook):
        if name not in columns:  # only an empty table gets here
            columns[name] = pd.Series(index=frame.index, dtype=dtype_of(variables[name]))
    ordered = {name: columns[name] for name in variables if name in columns}
    return pd.DataFrame(ordered, index=frame.index, copy=False)


def _conform_column(column: Column, variable: Variable) -> Column:
    target = dtype_of(variable)
    # A category of free texts keeps each of them once while rules run.
    is_kept = isinstance(column.dtype, pd.CategoricalDtype) and variable.type == "string" and not variable.categories
    if column.dtype == target or is_kept:
        return column
    if bool(column.isna().all()):
        return pd.Series(index=column.index, dtype=target)
    if variable.categories:
        words = column.astype("string")
        return words.astype(target) if bool(words.dropna().isin(variable.categories).all()) else words
    if variable.type == "integer" and types.is_float_dtype(column.dtype):
        numbers = column.to_numpy(dtype="float64", na_value=np.nan)
        known = numbers[~np.isnan(numbers)]
        whole = bool((np.isfinite(known) & (known == np.round(known))).all())
        return column.astype(target) if whole else column.astype("float64")
    if variable.type == "number":
        return pd.Series(column.to_numpy(dtype="float64", na_value=np.nan), index=column.index)
    return column.astype(target)
