"""What is imputed from what: the variables, the columns that predict each, and every reason why it cannot be."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.analysis.imputation.coding import BoolArray, CodeArray, Coded, FloatArray, Variable, code_variable
from cohort.analysis.imputation.derived import Derived, Values
from cohort.analysis.sampling import Design, Domain, analysis_domain
from cohort.analysis.variables import MINIMUM_CELL, InestimableError

MOST_STRATA = 30
ALIKE = 1 - 1e-6
"""Two incomplete variables with a larger correlation are one variable."""
PEOPLE_PER_STRATUM = 20
"""Strata predict when there are no more of them, with so many people each on average."""


@dataclass(frozen=True, eq=False)
class Plan:
    """An imputation before any number is drawn.

    Parameters
    ----------
    coded
        The variables among the people of the domain.
    rows
        Places of these people in the table.
    derived
        Derived columns, in the order of computing.
    scales
        Mean and SD of each derived column among people with all its inputs known.
    fixed
        Columns of the sampling design, standardised; shape (people, columns).
    places
        Columns of the design matrix that each variable and derived column takes; the intercept is column 0.
    predictors
        Columns that predict each variable that is imputed.
    left_out
        Auxiliary variables that cannot serve in this cohort: absent, constant, or known for too few.
    design_words
        Which part of the sampling design predicts.
    iterations, donors
        Visits to each variable; people that a matched value is drawn from.
    delta
        By variable, what is added to imputed values: on the scale of imputation, or to the logit of yes/no.
    """

    coded: tuple[Coded, ...]
    rows: CodeArray
    derived: tuple[Derived, ...]
    scales: tuple[tuple[float, float], ...]
    fixed: FloatArray
    places: Mapping[str, CodeArray]
    predictors: Mapping[str, CodeArray]
    left_out: tuple[str, ...]
    design_words: str
    iterations: int
    donors: int
    delta: Mapping[str, float]

    @property
    def visited(self) -> tuple[Coded, ...]:
        """Return the variables that are imputed, those with the fewest missing first."""
        wanted = [one for one in self.coded if len(one.wanted)]
        return tuple(sorted(wanted, key=lambda one: len(one.wanted)))

    @property
    def width(self) -> int:
        """Return the number of columns of the design matrix."""
        return int(1 + self.fixed.shape[1] + sum(len(places) for places in self.places.values()))

    def depends(self, term: Derived) -> frozenset[str]:
        """Return the variables that a derived column is made of, through other derived columns too."""
        earlier = {one.name: one for one in self.derived}
        found: set[str] = set()
        for name in term.inputs:
            found |= self.depends(earlier[name]) if name in earlier else {name}
        return frozenset(found)


def _check_repeats(coded: Sequence[Coded]) -> None:
    """Refuse two incomplete numbers of which one determines the other: their chains would never move.

    Each would be drawn from what the other was drawn from it.
    """
    numbers = [one for one in coded if not one.words and not one.is_constant and len(one.wanted)]
    for place, one in enumerate(numbers):
        for other in numbers[:place]:
            both = one.known & other.known
            x, y = one.given[both], other.given[both]
            if both.sum() < MINIMUM_CELL or np.ptp(x) == 0 or np.ptp(y) == 0:
                continue
            if abs(np.corrcoef(x, y)[0, 1]) > ALIKE:
                said = f"'{one.name}' is determined by '{other.name}', and both have missing values"
                raise InestimableError(f"{said}: leave one out, or give it as a derived column")


def _as_variables(names: Sequence[str | Variable]) -> list[Variable]:
    made = [Variable(one) if isinstance(one, str) else one for one in names]
    repeated = sorted({one.name for one in made if sum(other.name == one.name for other in made) > 1})
    if repeated:
        raise InestimableError(f"'{repeated[0]}' stands twice among the variables of the imputation")
    return made


def _auxiliaries(people: pd.DataFrame, asked: Sequence[Variable]) -> tuple[list[Coded], tuple[str, ...]]:
    """Return the auxiliary variables that can serve, and the names of the others."""
    used, left_out = [], []
    for one in asked:
        try:
            coded = code_variable(people, one)
        except InestimableError:
            left_out.append(one.name)
            continue
        if coded.is_constant:
            left_out.append(one.name)
        else:
            used.append(coded)
    return used, tuple(left_out)


def _design_columns(design: Design, rows: CodeArray) -> tuple[FloatArray, str]:
    """Return what of the sampling design predicts, standardised, and that in words."""
    if design.weights is None:
        return np.zeros((len(rows), 0)), ""
    columns, words = [], []
    weight = np.log(design.weights[rows])
    if weight.std() > 0:
        columns.append((weight - weight.mean()) / weight.std())
        words.append("the logarithm of the weight")
    strata = None if design.strata is None else pd.factorize(design.strata[rows])[0]
    count = 0 if strata is None else int(strata.max(initial=-1)) + 1
    if strata is not None and 1 < count <= min(MOST_STRATA, len(rows) // PEOPLE_PER_STRATUM):
        for stratum in range(1, count):
            inside = (strata == stratum).astype(float)
            columns.append((inside - inside.mean()) / inside.std())
        words.append("the stratum")
    unused = [] if strata is None or "the stratum" in words or count < 2 else ["strata"]
    unused += [] if design.psu is None else ["sampling units"]
    said = f"{' and '.join(words) or 'nothing of the sampling design'} predicts"
    said += f"; {' and '.join(unused)} do not" if unused else ""
    return (np.column_stack(columns) if columns else np.zeros((len(rows), 0))), said


def _scale_of(term: Derived, known: Mapping[str, tuple[Values, BoolArray]]) -> tuple[float, float, FloatArray]:
    """Return mean and SD of a derived column where its inputs are known, and the column."""
    missing = [name for name in term.inputs if name not in known]
    if missing:
        raise InestimableError(f"'{term.name}' is made of '{missing[0]}', which is no variable of the imputation")
    whole = np.logical_and.reduce([have for _, have in (known[name] for name in term.inputs)])
    column = np.full(len(whole), np.nan)
    try:
        found = term.of({name: known[name][0][whole] for name in term.inputs})
    except (TypeError, ValueError) as error:
        raise InestimableError(f"'{term.name}' cannot be computed: {error}") from error
    if found.shape != (int(whole.sum()),):
        raise InestimableError(f"the function of '{term.name}' does not give one value per person")
    if not np.isfinite(found).all():
        raise InestimableError(f"'{term.name}' is not finite for some people")
    column[whole] = found
    spread = float(found.std()) if len(found) else 0.0
    return (float(found.mean()) if len(found) else 0.0), spread if spread > 0 else 1.0, column


def _predictors(plan: Plan) -> dict[str, CodeArray]:
    """Return the columns that predict each imputed variable."""
    always = np.arange(1 + plan.fixed.shape[1])
    found = {}
    for one in plan.visited:
        names = [other.name for other in plan.coded if other is not one]
        names += [term.name for term in plan.derived if one.name not in plan.depends(term)]
        asked = one.variable.predictors
        if asked is not None:
            unknown = [name for name in asked if name not in plan.places]
            if unknown:
                raise InestimableError(f"'{unknown[0]}' cannot predict '{one.name}': it is not in the imputation")
            names = [name for name in names if name in asked]
        columns = np.concatenate([always, *(plan.places[name] for name in names)]).astype(np.intp)
        if not one.is_constant and one.known.sum() <= len(columns) + 1:
            raise InestimableError(f"'{one.name}' is known for too few people for {len(columns) - 1} predictors")
        found[one.name] = columns
    return found


def make_plan(
    table: pd.DataFrame,
    variables: Sequence[str | Variable],
    *,
    design: Design,
    domain: Domain = None,
    auxiliaries: Sequence[str | Variable] = (),
    derived: Sequence[Derived] = (),
    iterations: int = 10,
    donors: int = 5,
    delta: Mapping[str, float] | None = None,
) -> Plan:
    """Return what is imputed from what. Parameters as in :func:`cohort.analysis.imputation.impute`.

    Raises
    ------
    InestimableError
        If a variable is absent, known for fewer than five people, infinite or of another kind than its method needs; if
        there are too many predictors; or if a derived column cannot be computed.
    """
    rows = np.flatnonzero(analysis_domain(table, design, domain))
    if not len(rows):
        raise InestimableError("nobody is in the domain")
    people = table.iloc[rows]
    wanted = _as_variables([*variables, *auxiliaries])
    extra, left_out = _auxiliaries(people, wanted[len(variables) :])
    coded = (*(code_variable(people, one) for one in wanted[: len(variables)]), *extra)
    _check_repeats(coded)
    known = {one.name: (_natural_known(one), one.known) for one in coded}
    scales = []
    for term in derived:
        if term.name in known:
            raise InestimableError(f"'{term.name}' is both imputed and derived")
        centre, spread, column = _scale_of(term, known)
        scales.append((centre, spread))
        known[term.name] = (column, ~np.isnan(column))
    shift = dict(delta or {})
    for name in shift:
        one = next((other for other in coded if other.name == name), None)
        if one is None or len(one.words) > 2:
            raise InestimableError(f"no delta can be added to '{name}': it is no number or yes/no of the imputation")
    fixed, words = _design_columns(design, rows)
    places: dict[str, CodeArray] = {}
    start = 1 + fixed.shape[1]
    for one in coded:
        places[one.name] = np.arange(start, start + one.width)
        start += one.width
    for term in derived:
        places[term.name] = np.arange(start, start + 1)
        start += 1
    plan = Plan(
        coded, rows, tuple(derived), tuple(scales), fixed, places, {}, left_out, words, iterations, donors, shift
    )
    return dataclasses.replace(plan, predictors=_predictors(plan))


def _natural_known(one: Coded) -> Values:
    """Return the known values as an analyst reads them, with any value in place of a missing one."""
    return one.natural(np.where(one.known, one.given, one.centre))
