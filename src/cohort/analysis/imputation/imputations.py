"""Multiple imputation by chained equations: the door to it, and the completed tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from cohort.analysis.imputation.chains import Block, Drawn, block_size
from cohort.analysis.imputation.coding import NOT_CENSORED, FloatArray, Variable, restored
from cohort.analysis.imputation.derived import Derived
from cohort.analysis.imputation.plan import Plan, make_plan
from cohort.analysis.sampling import Design, Domain, analysis_domain, design_of
from cohort.analysis.variables import InestimableError, levels, require


@dataclass(frozen=True, eq=False)
class Imputations:
    """Several draws of all that is missing.

    Parameters
    ----------
    table
        The table as it was.
    plan
        What was imputed from what.
    draws
        By variable, draws of its missing values on the scale of imputation; shape (imputations, missing).
    trace
        Mean and SD of the imputed values by chain and iteration: columns ``variable``, ``imputation``, ``iteration``
        (both from 1), ``mean`` and ``sd``.
    m
        Number of imputations.
    """

    table: pd.DataFrame
    plan: Plan
    draws: Mapping[str, FloatArray]
    trace: pd.DataFrame
    m: int

    @property
    def is_complete(self) -> bool:
        """Return whether nothing was missing."""
        return not self.plan.visited

    @property
    def shares(self) -> dict[str, float]:
        """Return the imputed share of the people of the domain, by variable that was imputed."""
        return {one.name: len(one.wanted) / len(self.plan.rows) for one in self.plan.coded if len(one.wanted)}

    def completed(self, number: int, onto: pd.DataFrame | None = None) -> pd.DataFrame:
        """Return a completed table: all rows and columns, dtypes as they were, derived columns added.

        People outside the domain are as they were, and lack derived columns. A value drawn beyond a limit is no limit
        any more, so that its censoring column says ``none``.

        Parameters
        ----------
        number
            From 0 to ``m`` - 1.
        onto
            The table in which other people have been completed already; default the table as it was.
        """
        completed = (self.table if onto is None else onto).copy(deep=False)
        if self.is_complete and not self.plan.derived:
            return completed
        natural = {}
        inputs = {name for term in self.plan.derived for name in self.plan.depends(term)}
        for one in self.plan.coded:
            full = one.given.copy()
            if len(one.wanted):
                drawn = self.draws[one.name][number]
                full[one.wanted] = drawn
                rows = self.plan.rows[one.wanted]
                completed[one.name] = restored(completed[one.name], one, rows, drawn)
                if one.variable.censoring is not None:
                    words = completed[one.variable.censoring]
                    limited = rows[words.array[rows].isin(["below", "above"])]
                    if len(limited):
                        told = words.array.copy()
                        told[limited] = NOT_CENSORED
                        completed[one.variable.censoring] = pd.Series(told, index=words.index)
            if one.name in inputs:
                natural[one.name] = one.natural(full)
        for term in self.plan.derived:
            natural[term.name] = term.of(natural)
            before = completed[term.name] if term.name in completed else np.full(len(self.table), np.nan)
            column = np.array(before, dtype=np.float64)
            column[self.plan.rows] = natural[term.name]
            completed[term.name] = column
        return completed

    def tables(self) -> Iterator[pd.DataFrame]:
        """Yield the completed tables one after another."""
        return (self.completed(number) for number in range(self.m))


def impute(
    table: pd.DataFrame,
    variables: Sequence[str | Variable],
    *,
    design: Design | None = None,
    domain: Domain = None,
    auxiliaries: Sequence[str | Variable] = (),
    derived: Sequence[Derived] = (),
    m: int = 20,
    iterations: int = 10,
    donors: int = 5,
    seed: int,
    workers: int = 1,
    delta: Mapping[str, float] | None = None,
) -> Imputations:
    """Return draws of all missing values of some variables, by fully conditional specification (chained equations).

    Each incomplete variable is drawn given all others, in rounds (van Buuren 2018, Flexible Imputation of Missing
    Data, chapter 4). Assumes values missing at random given the variables of the imputation: it must hold the outcome,
    the exposure, the adjustment set and whatever else tells why values are missing.

    Parameters
    ----------
    table
        One row per person.
    variables
        Variables of the analysis, names or :class:`Variable`; all of them must be there.
    design
        Sampling design of the table; in a survey the logarithm of the weight and the strata predict too. Default: that
        of :func:`cohort.analysis.sampling.design_of`.
    domain
        The people who are imputed, from one another; default ``is_eligible``.
    auxiliaries
        Further variables that help to predict; those that cannot serve in this cohort are left out and named.
    derived
        Columns computed from others in each round, which predict as well.
    m
        Number of imputations; White, Royston & Wood 2011 (Stat Med 30:377) advise as many as percent of people with
        something missing.
    iterations
        Rounds; the last is kept.
    donors
        People from whom a matched value is drawn.
    seed
        Each imputation has a seed of its own that is spawned from it: the numbers are the same for any ``workers``.
    workers
        Processes.
    delta
        By variable, what is added to values that are missing altogether: in its unit (its logarithm where ``log``), or
        to the logit of yes/no. For values that are not missing at random.

    Raises
    ------
    InestimableError
        With the reason, where this cohort does not allow it; :func:`cohort.analysis.imputation.imputed` turns it into
        a :class:`~cohort.results.NotTestable`.

    Examples
    --------
    >>> people = pd.DataFrame({"age": [30.0, 40, 50, 60, 70, 80, 35, 45], "crp": [1.0, 2, 2, 3, 4, 5, None, None]})
    >>> filled = impute(people, ["age", Variable("crp", "normal")], m=2, seed=1)
    >>> filled.shares, int(filled.completed(0)["crp"].isna().sum())
    ({'crp': 0.25}, 0)
    """
    plan = make_plan(
        table,
        variables,
        design=design_of(table) if design is None else design,
        domain=domain,
        auxiliaries=auxiliaries,
        derived=derived,
        iterations=iterations,
        donors=donors,
        delta=delta,
    )
    if not plan.visited:
        return Imputations(table, plan, {}, _as_table(plan, np.empty((0, 0, 0, 2))), m)
    drawn = _run(plan, np.random.SeedSequence(seed).spawn(m), workers)
    values = {one.name: np.concatenate([part.draws[one.name] for part in drawn]) for one in plan.visited}
    return Imputations(table, plan, values, _as_table(plan, np.concatenate([part.trace for part in drawn])), m)


def impute_within(
    table: pd.DataFrame,
    variables: Sequence[str | Variable],
    by: str,
    *,
    design: Design | None = None,
    domain: Domain = None,
    seed: int,
    **options: Any,
) -> tuple[Imputations, ...]:
    """Return imputations of each group by itself, so that everything may differ between groups.

    For an analysis of how an exposure acts in groups: a modifier that nobody lacks and that has large groups. Nothing
    need be known of the form of the interaction (Tilling et al. 2016, J Clin Epidemiol 80:107).

    Parameters
    ----------
    table, variables, design, domain, seed
        As in :func:`impute`.
    by
        The column whose values are the groups.
    options
        Further arguments of :func:`impute`.

    Raises
    ------
    InestimableError
        If somebody in the domain has no group, or a group cannot be imputed by itself.

    Examples
    --------
    >>> people = pd.DataFrame({"woman": [True] * 9 + [False] * 9, "x": [1.0, 2, 3, 4, 5, 6, 7, 8, None] * 2})
    >>> len(impute_within(people, ["x"], "woman", m=2, seed=1))
    2
    """
    chosen = design_of(table) if design is None else design
    inside = analysis_domain(table, chosen, domain)
    column = require(table, by)
    if bool(column[inside].isna().any()):
        raise InestimableError(f"somebody has no value of '{by}', within whose groups was to be imputed")
    words = levels(column) or sorted(column[inside].unique())
    groups = [(column == word).fillna(value=False).to_numpy(dtype=bool) & inside for word in words]
    parts = []
    for place, group in enumerate(group for group in groups if group.any()):
        own = int(np.random.SeedSequence([seed, place]).generate_state(1)[0])
        try:
            parts.append(impute(table, variables, design=chosen, domain=group, seed=own, **options))
        except InestimableError as reason:
            raise InestimableError(f"within a group of '{by}': {reason}") from reason
    return tuple(parts)


def completed_tables(parts: Sequence[Imputations]) -> Iterator[pd.DataFrame]:
    """Yield the tables in which the people of all parts are completed, one imputation after another."""
    for number in range(parts[0].m):
        table = parts[0].table
        for part in parts:
            table = part.completed(number, table)
        yield table


def _run(plan: Plan, seeds: Sequence[np.random.SeedSequence], workers: int) -> list[Drawn]:
    """Return what all blocks of chains end with, in their order."""
    size = min(block_size(plan), -(-len(seeds) // workers))
    blocks = [seeds[start : start + size] for start in range(0, len(seeds), size)]
    if workers == 1:
        return [_run_block(plan, block) for block in blocks]
    return list(Parallel(n_jobs=workers)(delayed(_run_block)(plan, block) for block in blocks))


def _run_block(plan: Plan, seeds: Sequence[np.random.SeedSequence]) -> Drawn:
    with threadpool_limits(1):
        return Block(plan, seeds).run()


def _as_table(plan: Plan, trace: FloatArray) -> pd.DataFrame:
    chains, iterations, _, _ = trace.shape
    names = [one.name for one in plan.visited]
    index = pd.MultiIndex.from_product(
        [range(1, chains + 1), range(1, iterations + 1), names], names=["imputation", "iteration", "variable"]
    )
    rows = pd.DataFrame(trace.reshape(-1, 2), index=index, columns=["mean", "sd"]).reset_index()
    return rows[["variable", "imputation", "iteration", "mean", "sd"]]
