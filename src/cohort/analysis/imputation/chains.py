"""The chains: every incomplete variable is drawn in turn given all others, round after round.

Chains of one block are arrays side by side, so that one call of the linear algebra serves them all; a block is as large
as fits the cache of a processor. Each chain draws from a generator of its own, and no chain's arithmetic depends on its
neighbours, so that the numbers are the same however chains are spread over blocks and processes. (Rows and columns are
chosen by ``np.take``: what indexing returns lies in memory in an order that depends on the number of chains, and so
would the last digit of a product.)

The sums of squares and products of all columns are kept up to date. Those of the people who have a variable are all
less those of the people who lack it, and the latter are few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cohort.analysis.imputation.algebra import Generators, times, uniforms
from cohort.analysis.imputation.categories import PRIOR_SD, LevelModel, draw_levels
from cohort.analysis.imputation.coding import CodeArray, Coded, FloatArray
from cohort.analysis.imputation.derived import Values
from cohort.analysis.imputation.limits import LimitModel, draw_between, draw_limits
from cohort.analysis.imputation.linear import draw_donors, draw_linear
from cohort.analysis.imputation.plan import Plan
from cohort.analysis.variables import InestimableError

BLOCK_BYTES = 2_000_000
"""A block of chains is about so large."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """What a block of chains ends with.

    Parameters
    ----------
    draws
        By variable, the last draw of every missing value on the scale of imputation; shape (chains, missing).
    trace
        Mean and SD of the imputed values; shape (chains, iterations, imputed variables, 2).
    """

    draws: dict[str, FloatArray]
    trace: FloatArray


def block_size(plan: Plan) -> int:
    """Return how many chains run side by side."""
    return max(1, int(BLOCK_BYTES / (8 * len(plan.rows) * plan.width)))


class Block:
    """Some chains at work.

    Parameters
    ----------
    plan
        What is imputed from what.
    seeds
        One for each chain.
    """

    def __init__(self, plan: Plan, seeds: Sequence[np.random.SeedSequence]) -> None:
        self.plan = plan
        self.generators: Generators = [np.random.default_rng(seed) for seed in seeds]
        self.people = len(plan.rows)
        chains = len(seeds)
        inputs = {name for term in plan.derived for name in plan.depends(term)}
        self.natural: dict[str, Values] = {}
        self.wanted = {one.name: one.wanted for one in plan.coded}
        self.imputed: dict[str, FloatArray] = {}
        self.design = np.zeros((chains, self.people, plan.width))
        self.design[:, :, 0] = 1.0
        self.design[:, :, 1 : 1 + plan.fixed.shape[1]] = plan.fixed
        for one in plan.coded:
            full = np.broadcast_to(one.given, (chains, self.people)).copy()
            self.imputed[one.name] = self._first(one)
            full[:, self.wanted[one.name]] = self.imputed[one.name]
            if one.width:
                self.design[:, :, plan.places[one.name]] = one.columns(full)
            if one.name in inputs:
                self.natural[one.name] = one.natural(full)
        self._derive(None)
        self.levels = {one.name: self._level_model(one) for one in plan.visited if one.words and len(one.drawn) > 1}
        self.limits = {one.name: self._limit_model(one) for one in plan.visited if one.method == "censored normal"}
        self.is_linear = any(one.method in {"normal", "predictive mean matching"} for one in plan.visited)
        if self.is_linear:
            self.gram = np.matmul(self.design.swapaxes(1, 2), self.design)

    def _first(self, one: Coded) -> FloatArray:
        """Return values to start from: those of other people, or normal ones between the bounds."""
        wanted, known = one.wanted, one.given[one.known]
        chance = uniforms(self.generators, len(wanted))
        drawn = known[np.floor(chance * len(known)).astype(np.intp)]
        if one.spread > 0 and one.bounded.any():
            low, high = ((bound[wanted] - one.centre) / one.spread for bound in (one.lower, one.upper))
            between = draw_between(np.broadcast_to(low, chance.shape), np.broadcast_to(high, chance.shape), chance)
            drawn = np.where(one.bounded[wanted], one.centre + one.spread * between, drawn)
        return np.asarray(drawn)

    def _spread(self, predictors: CodeArray) -> FloatArray:
        """Return the SD of predictors, zero for the intercept."""
        spread = np.ones(self.plan.width)
        spread[0] = 0.0
        for one in self.plan.coded:
            if one.words and one.width:
                share = one.shares()[1:]
                spread[self.plan.places[one.name]] = np.sqrt(share * (1 - share))
        return spread[predictors]

    def _level_model(self, one: Coded) -> LevelModel:
        predictors = self.plan.predictors[one.name]
        targets = (one.given[:, None] == one.drawn[1:]).astype(np.float64)
        weights = np.isin(one.given, one.drawn).astype(np.float64)
        return LevelModel(predictors, targets, weights, (self._spread(predictors) / PRIOR_SD) ** 2)

    def _limit_model(self, one: Coded) -> LimitModel:
        predictors = self.plan.predictors[one.name]
        given, lower, upper = ((values - one.centre) / one.spread for values in (one.given, one.lower, one.upper))
        return LimitModel(predictors, given, lower, upper, self._spread(predictors))

    def _derive(self, changed: str | None) -> list[int]:
        """Compute the derived columns that depend on a variable, all if None; return their places."""
        plan, places = self.plan, []
        for term, (centre, spread) in zip(plan.derived, plan.scales, strict=True):
            if changed is not None and changed not in plan.depends(term):
                continue
            found = term.of(self.natural)
            if found.shape != (len(self.design), self.people) or not np.isfinite(found).all():
                raise InestimableError(f"'{term.name}' is not finite for some imputed values")
            self.natural[term.name] = found
            places.append(int(plan.places[term.name][0]))
            self.design[:, :, places[-1]] = (found - centre) / spread
        return places

    def _draw_number(self, one: Coded) -> FloatArray:
        """Return drawn values of a number by linear regression or matching."""
        plan, wanted = self.plan, self.wanted[one.name]
        predictors, own = plan.predictors[one.name], plan.places[one.name][0]
        lacking = np.take(self.design, wanted, axis=1)
        if len(wanted) <= self.people // 2:
            sums = self.gram - np.matmul(lacking.swapaxes(1, 2), lacking)
        else:
            having = np.take(self.design, np.flatnonzero(one.known), axis=1)
            sums = np.matmul(having.swapaxes(1, 2), having)
        of_predictors = np.take(sums, predictors, axis=1)
        n = self.people - len(wanted)
        drawn = draw_linear(
            np.take(of_predictors, predictors, axis=2), of_predictors[:, :, own], sums[:, own, own], n, self.generators
        )
        shape = (len(lacking), plan.width)
        coefficients = np.zeros(shape)
        coefficients[:, predictors] = drawn.coefficients
        mean = times(lacking, coefficients)
        if one.method == "normal":
            noise = np.stack([generator.standard_normal(len(wanted)) for generator in self.generators])
            return np.asarray(one.centre + one.spread * (mean + drawn.sigma[:, None] * noise))
        estimate = np.zeros(shape)
        estimate[:, predictors] = drawn.estimate
        known = np.flatnonzero(one.known)
        predicted = times(self.design, estimate)[:, known]
        return np.asarray(one.given[known][draw_donors(predicted, mean, plan.donors, self.generators)])

    def _draw_level(self, one: Coded, shift: float) -> FloatArray:
        """Return drawn codes of a variable with levels."""
        wanted, codes = self.wanted[one.name], one.drawn
        if len(codes) == 1:
            return np.full((len(self.design), len(wanted)), float(codes[0]))
        places = draw_levels(self.design, wanted, self.levels[one.name], self.generators, shift)
        return codes[places].astype(np.float64)

    def visit(self, one: Coded) -> None:
        """Draw the missing values of one variable given all others, in place."""
        if one.is_constant:
            return
        shift, wanted = self.plan.delta.get(one.name, 0.0), self.wanted[one.name]
        if one.words:
            values = self._draw_level(one, shift)
        elif one.method == "censored normal":
            standard = draw_limits(self.design, wanted, self.limits[one.name], self.generators)
            values = one.centre + one.spread * standard
        else:
            values = self._draw_number(one)
        if shift and not one.words:
            values = np.where(one.bounded[wanted], values, values + shift)
        self.imputed[one.name] = values
        self._write(one, wanted, values)

    def _write(self, one: Coded, wanted: CodeArray, values: FloatArray) -> None:
        places = self.plan.places[one.name]
        columns = one.columns(values)
        for number, place in enumerate(places):
            self.design[:, wanted, place] = columns[:, :, number]
        changed = list(places)
        if one.name in self.natural:
            self.natural[one.name][:, wanted] = one.natural(values)
            changed += self._derive(one.name)
        if self.is_linear:
            sums = np.matmul(np.take(self.design, changed, axis=2).swapaxes(1, 2), self.design)
            self.gram[:, changed, :] = sums
            self.gram[:, :, changed] = sums.swapaxes(1, 2)

    def summary(self, one: Coded) -> FloatArray:
        """Return mean and SD of the imputed values of each chain; of more than two levels, of having the commonest."""
        values = self.imputed[one.name]
        if len(one.words) > 2:
            values = (values == int(np.argmax(one.shares()))).astype(np.float64)
        return np.stack([values.mean(axis=1), values.std(axis=1)], axis=1)

    def run(self) -> Drawn:
        """Return the state after all rounds."""
        visited = self.plan.visited
        trace = np.empty((len(self.generators), self.plan.iterations, len(visited), 2))
        for iteration in range(self.plan.iterations):
            for number, one in enumerate(visited):
                self.visit(one)
                trace[:, iteration, number] = self.summary(one)
        return Drawn({one.name: self.imputed[one.name] for one in visited}, trace)
