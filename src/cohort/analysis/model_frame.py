"""The numbers a regression is fitted to, and every reason why it cannot be.

A row that lacks a model variable leaves the domain, never the design. Categories are treatment-coded against their
first level that occurs; levels that nobody in the analysis has are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy import linalg

from cohort.analysis.sampling import BoolArray, Design, Domain, FloatArray, analysis_domain, weighted_sd
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, binary, is_binary, levels, numeric, require


@dataclass(frozen=True, eq=False)
class ModelFrame:
    """Outcome and model matrix of the people with all variables.

    Parameters
    ----------
    outcome
        Outcome of each person in the analysis.
    matrix
        Model matrix: the intercept, then the exposures in the order given, one column each, then the covariates.
    names
        Names of its columns.
    weights
        Weights of the same people, with mean one.
    domain
        True for the rows of the table that are in the analysis.
    exposure_scale
        What one unit of each exposure column is in its own unit: 1, or the SD it was divided by.
    """

    outcome: FloatArray
    matrix: FloatArray
    names: tuple[str, ...]
    weights: FloatArray
    domain: BoolArray
    exposure_scale: tuple[float, ...]

    @property
    def n(self) -> int:
        """Return the number of people in the analysis."""
        return len(self.outcome)

    @property
    def events(self) -> int:
        """Return the number of people with a binary outcome."""
        return int(self.outcome.sum())


def _covariate(column: pd.Series, inside: BoolArray) -> tuple[FloatArray, list[str]]:
    """Return the columns of a covariate, coded for the people inside, and their names."""
    words = levels(column)
    if words is None:
        return numeric(column)[:, None], [str(column.name)]
    present = [word for word in words if bool((column[inside] == word).any())]
    coded = [(column == word).to_numpy(dtype=float, na_value=np.nan) for word in present[1:]]
    return np.column_stack(coded) if coded else np.zeros((len(column), 0)), [f"{column.name}={w}" for w in present[1:]]


def _check_names(outcome: str, exposures: Sequence[str], adjustment: Sequence[str]) -> None:
    terms = [outcome, *exposures, *adjustment]
    repeated = sorted({name for name in terms if terms.count(name) > 1})
    if repeated:
        raise InestimableError(f"'{repeated[0]}' has more than one role in the model")


def _check_cells(outcome: FloatArray, exposures: list[FloatArray], binary_outcome: bool) -> None:
    """Refuse a model of fewer than five people in a cell of binary exposures by a binary outcome, naming no number."""
    few = f"fewer than {MINIMUM_CELL} people"
    if binary_outcome and min(outcome.sum(), len(outcome) - outcome.sum()) < MINIMUM_CELL:
        raise InestimableError(f"{few} with or without the outcome")
    sides = [e.astype(int) for e in exposures if np.isin(e, (0.0, 1.0)).all()]
    if not sides:
        return
    cell = np.zeros(len(outcome), dtype=np.intp)
    for side in [*sides, *([outcome.astype(int)] if binary_outcome else [])]:
        cell = cell * 2 + side
    counts = np.bincount(cell, minlength=2 ** (len(sides) + binary_outcome))
    if counts.min() < MINIMUM_CELL:
        raise InestimableError(f"{few} in a cell of exposure{' by outcome' if binary_outcome else ''}")


def _check_rank(matrix: FloatArray, names: Sequence[str]) -> None:
    """Name the first column that the columns before it explain."""
    spread = matrix[:, 1:].std(axis=0)
    constant = [name for name, s in zip(names[1:], spread, strict=True) if s == 0]
    if constant:
        raise InestimableError(f"'{constant[0]}' has a single value among the people of the analysis")
    centred = (matrix[:, 1:] - matrix[:, 1:].mean(axis=0)) / spread
    if centred.shape[0] <= centred.shape[1] + 1:
        raise InestimableError("there are no more people than model terms")
    remaining = np.abs(np.diag(linalg.qr(centred, mode="r")[0])) / np.sqrt(len(centred))
    for name, left in zip(names[1:], remaining, strict=True):
        if left < 1e-7:
            raise InestimableError(f"'{name}' is determined by the other variables of the model (collinear)")


def model_frame(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposures: Sequence[str],
    adjustment: Sequence[str],
    design: Design,
    domain: Domain = None,
    kind: Literal["binary", "continuous"],
    per_sd: bool = False,
) -> ModelFrame:
    """Return what a regression of an outcome on exposures and covariates is fitted to.

    Parameters
    ----------
    table
        One row per person.
    outcome, exposures, adjustment
        Names of columns; an exposure is binary (boolean, 0/1, or two levels) or a number.
    design, domain
        As in :func:`cohort.analysis.design.proportion`.
    kind
        Whether the outcome is yes/no or a number.
    per_sd
        Divide exposures that are not binary by their SD in the analysis.

    Raises
    ------
    InestimableError
        If a variable is absent, constant, collinear, or has too few people.
    """
    _check_names(outcome, exposures, adjustment)
    absent = [name for name in [outcome, *exposures, *adjustment] if name not in table]
    if absent:
        raise InestimableError(f"this cohort has no variable {' or '.join(repr(name) for name in absent)}")
    response = binary(require(table, outcome)) if kind == "binary" else numeric(require(table, outcome))
    raw = [require(table, name) for name in exposures]
    values = [binary(column) if is_binary(column) else numeric(column) for column in raw]
    covariates = [require(table, name) for name in adjustment]
    known = ~np.isnan(response)
    for side in values:
        known &= ~np.isnan(side)
    for column in covariates:
        known &= column.notna().to_numpy()
    inside = analysis_domain(table, design, domain) & known
    if not inside.any():
        raise InestimableError("nobody has all variables of the model")
    weights = design.weight()[inside]
    scale = [
        weighted_sd(side[inside], weights) if per_sd and not is_binary(column) else 1.0
        for side, column in zip(values, raw, strict=True)
    ]
    constant = [name for name, side in zip(exposures, values, strict=True) if np.ptp(side[inside]) == 0]
    constant += [str(column.name) for column in covariates if column[inside].nunique() < 2]
    if constant:
        raise InestimableError(f"'{constant[0]}' has a single value among the people of the analysis")
    _check_cells(response[inside], [side[inside] for side in values], kind == "binary")
    blocks = [_covariate(column, inside) for column in covariates]
    columns = [side / s for side, s in zip(values, scale, strict=True)]
    matrix = np.column_stack([np.ones(len(table)), *columns, *(block for block, _ in blocks)])[inside]
    names = ("intercept", *exposures, *(name for _, found in blocks for name in found))
    _check_rank(matrix, names)
    return ModelFrame(response[inside], matrix, names, weights / weights.mean(), inside, tuple(scale))
