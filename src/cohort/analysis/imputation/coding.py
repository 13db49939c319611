"""Columns of a table as what the chains work on, and imputed values back in the dtype of their column.

A number is kept on the scale on which it is imputed (its own, or its natural logarithm) and standardised by its known
values; yes/no and words are codes of the levels that somebody has. A cell is known, known to lie between two bounds
(below or above the limit of an assay), or missing.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.analysis.variables import MINIMUM_CELL, InestimableError, binary, is_binary, levels, numeric, require

FloatArray: TypeAlias = npt.NDArray[np.float64]
BoolArray: TypeAlias = npt.NDArray[np.bool_]
CodeArray: TypeAlias = npt.NDArray[np.intp]

Method: TypeAlias = Literal["normal", "predictive mean matching", "logistic", "multinomial", "censored normal"]
FOR_LEVELS: tuple[Method, ...] = ("logistic", "multinomial")
NOT_CENSORED = "none"
"""Word of a censoring column for a value that is no limit (codebook, ``crp_censoring``)."""


@dataclass(frozen=True)
class Variable:
    """How one variable enters the imputation; a plain name stands for the defaults.

    Parameters
    ----------
    name
        Column of the table.
    method
        How its missing values are drawn. Default: ``logistic`` for yes/no, ``multinomial`` for words (ordered ones
        too), ``censored normal`` for a number with ``censoring`` or bounds, else ``predictive mean matching``, which
        assumes no distribution and imputes values that occur, but finds no donors where nearly everybody lacks the
        value. ``normal`` assumes normal residuals of one variance, and reaches there.
    censoring
        Column that says ``below`` or ``above`` where the value given is a limit, as ``crp_censoring`` does.
    lower, upper
        Columns with bounds, in the unit of the variable, of values that are missing but known to lie between them; a
        missing bound is no bound.
    log
        Impute the natural logarithm, and let it predict the others: for positive values with a long right tail.
    predictors
        Names of the variables and derived columns that predict it; None for all.

    Examples
    --------
    >>> Variable("crp_mg_l", censoring="crp_censoring", log=True).log
    True
    """

    name: str
    method: Method | None = None
    censoring: str | None = None
    lower: str | None = None
    upper: str | None = None
    log: bool = False
    predictors: tuple[str, ...] | None = None


@dataclass(frozen=True, eq=False)
class Coded:
    """One variable among the people of the domain, as numbers.

    Parameters
    ----------
    variable
        What was asked for, with the method that was chosen.
    given
        Numbers on the scale of imputation, or codes of the levels; NaN where not known.
    lower, upper
        Bounds of each value on the same scale: equal where it is known, infinite where nothing bounds it.
    words
        The levels that somebody has, in order; empty for a number.
    centre, spread
        Mean and SD of the known values; the spread is 1 for words.
    """

    variable: Variable
    given: FloatArray
    lower: FloatArray
    upper: FloatArray
    words: tuple[Any, ...]
    centre: float
    spread: float

    @property
    def name(self) -> str:
        """Return the name of the column."""
        return self.variable.name

    @property
    def method(self) -> Method:
        """Return how values are drawn."""
        chosen = self.variable.method
        assert chosen is not None
        return chosen

    @property
    def known(self) -> BoolArray:
        """Return the people whose value is known."""
        return np.asarray(~np.isnan(self.given))

    @property
    def wanted(self) -> CodeArray:
        """Return the places of the people whose value is imputed."""
        return np.flatnonzero(np.isnan(self.given))

    @property
    def bounded(self) -> BoolArray:
        """Return the people of whom only bounds are known."""
        return np.asarray(np.isnan(self.given) & (np.isfinite(self.lower) | np.isfinite(self.upper)))

    @property
    def is_constant(self) -> bool:
        """Return whether everybody with a known value has the same."""
        return len(self.words) == 1 if self.words else self.spread == 0

    @property
    def width(self) -> int:
        """Return how many columns of the design it takes: one for a number, levels less one for words."""
        if self.is_constant:
            return 0
        return len(self.words) - 1 if self.words else 1

    def columns(self, values: FloatArray) -> FloatArray:
        """Return the columns of the design for given values: standardised, or indicators less their known share.

        Parameters
        ----------
        values
            Values on the scale of imputation, any shape.

        Returns
        -------
        FloatArray
            The same shape with ``width`` as a last axis.
        """
        if not self.words:
            return np.asarray(((values - self.centre) / self.spread)[..., None])
        shares = self.shares()[1:]
        return np.asarray((values[..., None] == np.arange(1, len(self.words))) - shares)

    def shares(self) -> FloatArray:
        """Return the share of each level among those with a known one."""
        codes = self.given[self.known].astype(np.intp)
        return np.asarray(np.bincount(codes, minlength=len(self.words)) / len(codes))

    @property
    def drawn(self) -> CodeArray:
        """Return the codes that are drawn: of levels that five people have; fewer tell too little of who has them."""
        codes = self.given[self.known].astype(np.intp)
        return np.flatnonzero(np.bincount(codes, minlength=len(self.words)) >= MINIMUM_CELL)

    def natural(self, values: FloatArray) -> npt.NDArray[Any]:
        """Return values as an analyst reads them: numbers in their own unit, yes/no as 0 and 1, levels as words."""
        if not self.words:
            return np.asarray(np.exp(values) if self.variable.log else values)
        if set(self.words) <= {0.0, 1.0}:
            return np.asarray(self.words, dtype=np.float64)[values.astype(np.intp)]
        return np.asarray(self.words, dtype=object)[values.astype(np.intp)]


def _method_of(variable: Variable, column: pd.Series, words: tuple[Any, ...]) -> Method:
    """Return the method asked for if it suits the column, or the default.

    Raises
    ------
    InestimableError
        If it does not suit.
    """
    censored = any((variable.censoring, variable.lower, variable.upper))
    chosen = variable.method
    if chosen is None:
        if words:
            return "logistic" if len(words) <= 2 else "multinomial"
        return "censored normal" if censored else "predictive mean matching"
    if words and chosen not in FOR_LEVELS:
        raise InestimableError(f"'{column.name}' holds levels, which cannot be imputed by '{chosen}'")
    if not words and chosen in FOR_LEVELS:
        raise InestimableError(f"'{column.name}' holds numbers, which cannot be imputed by '{chosen}'")
    if words and chosen == "logistic" and len(words) > 2:
        raise InestimableError(f"'{column.name}' has more than two levels: impute it by 'multinomial'")
    if censored and chosen != "censored normal":
        raise InestimableError(f"'{column.name}' has limits, which only 'censored normal' honours")
    return chosen


def _level_codes(column: pd.Series) -> tuple[FloatArray, tuple[Any, ...]]:
    """Return codes of the levels that occur, NaN where missing, and the levels; no levels for a number."""
    if is_binary(column):
        spoken = levels(column)
        known = column.dropna()
        if spoken is None:
            values = binary(column)
            present = tuple(float(v) for v in np.unique(values[~np.isnan(values)]))
            codes = np.full(len(column), np.nan)
            for code, value in enumerate(present):
                codes[values == value] = code
            return codes, present
        words = tuple(word for word in spoken if bool((known == word).any()))
    else:
        spoken = levels(column)
        if spoken is None:
            return np.empty(0), ()
        words = tuple(word for word in spoken if bool((column == word).any()))
    codes = np.full(len(column), np.nan)
    for code, word in enumerate(words):
        codes[(column == word).fillna(value=False).to_numpy(dtype=bool)] = code
    return codes, words


def _on_scale(values: FloatArray, variable: Variable) -> FloatArray:
    if not variable.log:
        return values
    if (values[~np.isnan(values)] <= 0).any():
        raise InestimableError(f"'{variable.name}' has values that are not positive and no logarithm")
    return np.asarray(np.log(values))


def _bounds(table: pd.DataFrame, variable: Variable, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return values (NaN where they are limits) with their lower and upper bounds."""
    lower = np.where(np.isnan(values), -np.inf, values)
    upper = np.where(np.isnan(values), np.inf, values)
    if variable.censoring is not None:
        words = require(table, variable.censoring)
        for word, bound, free in (("below", lower, -np.inf), ("above", upper, np.inf)):
            limited = (words == word).fillna(value=False).to_numpy(dtype=bool) & ~np.isnan(values)
            bound[limited] = free
    for name, bound, free in ((variable.lower, lower, -np.inf), (variable.upper, upper, np.inf)):
        if name is None:
            continue
        given = _on_scale(numeric(require(table, name)), variable)
        bound[:] = np.where(np.isnan(values), np.where(np.isnan(given), free, given), bound)
    if (lower > upper).any():
        raise InestimableError(f"'{variable.name}' has a lower bound above its upper bound")
    return np.where(lower == upper, lower, np.nan), lower, upper


def code_variable(table: pd.DataFrame, variable: Variable) -> Coded:
    """Return a variable of the people of a domain as numbers.

    Parameters
    ----------
    table
        The rows of the domain.
    variable
        Which column, and how it is imputed.

    Raises
    ------
    InestimableError
        If it is absent, known for fewer than five people though missing for others, holds infinite values or dates, or
        does not suit the method asked for.

    Examples
    --------
    >>> coded = code_variable(pd.DataFrame({"ill": [True, False] * 5 + [None]}), Variable("ill"))
    >>> coded.method, coded.wanted.tolist()
    ('logistic', [10])
    """
    column = require(table, variable.name)
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        raise InestimableError(f"'{variable.name}' holds dates, which cannot be imputed")
    wants_numbers = variable.method in {"normal", "predictive mean matching", "censored normal"}
    values, words = (np.empty(0), ()) if wants_numbers and levels(column) is None else _level_codes(column)
    if words:
        lower, upper = np.where(np.isnan(values), -np.inf, values), np.where(np.isnan(values), np.inf, values)
    else:
        values, lower, upper = _bounds(table, variable, _on_scale(numeric(column), variable))
    chosen = _method_of(variable, column, words)
    known = ~np.isnan(values)
    if not known.all() and known.sum() < MINIMUM_CELL:
        raise InestimableError(f"fewer than {MINIMUM_CELL} people have '{variable.name}'")
    coded = Coded(dataclasses.replace(variable, method=chosen), values, lower, upper, words, 0.0, 1.0)
    if words:
        if not known.all() and not len(coded.drawn):
            raise InestimableError(f"no level of '{variable.name}' has {MINIMUM_CELL} people")
        return coded
    centre, spread = float(values[known].mean()), float(values[known].std())
    # Rounding leaves a tiny spread in a constant column.
    spread = spread if spread > 1e-12 * max(abs(centre), 1e-300) else 0.0
    if chosen == "censored normal" and spread == 0 and not known.all():
        raise InestimableError(f"'{variable.name}' has a single value among those that are known")
    return dataclasses.replace(coded, centre=centre, spread=spread)


def restored(column: pd.Series, coded: Coded, rows: CodeArray, values: FloatArray) -> pd.Series:
    """Return a column with imputed values in its own dtype; levels and order of categories are kept.

    Parameters
    ----------
    column
        The column of the whole table.
    coded
        Its numbers.
    rows
        Places in the table of the people imputed.
    values
        Their values on the scale of imputation.
    """
    natural = coded.natural(values)
    filled = column.array.copy()
    if pd.api.types.is_bool_dtype(column.dtype):
        filled[rows] = natural.astype(bool)
    elif pd.api.types.is_integer_dtype(column.dtype):
        filled[rows] = np.round(natural).astype(np.int64)
    elif column.dtype == object and coded.words and set(coded.words) <= {0.0, 1.0}:
        filled[rows] = natural.astype(bool)
    else:
        filled[rows] = natural
    return pd.Series(filled, index=column.index, name=column.name)
