"""Averages of an outcome over the distribution that models give to its mediators.

Few mediators: a tree of points, Gauss-Hermite nodes for a number and every level of a category. It is exact for a
linear outcome and for mediators with levels; for a logistic outcome nine nodes err by less than 1e-6 at the slopes that
epidemiology meets. Many mediators, whose tree would be too large: random draws that are the same for every value of the
exposure and in every bootstrap replicate (common random numbers), so that contrasts don't take up their noise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
from scipy import special

from cohort.analysis.mediation.models import Model, People, Values, level_probabilities, linear_predictors
from cohort.analysis.sampling import BoolArray, FloatArray

MOST_POINTS = 250
"""A larger tree for each person takes longer than draws."""
LINEAR_NODES, LOGISTIC_NODES = 2, 9
"""Nodes for a mediator that is a number; two are exact where it enters a linear outcome."""


@dataclass(frozen=True, eq=False)
class Points:
    """Values of the mediators of each person at which the outcome is averaged.

    Parameters
    ----------
    values
        One entry per mediator, shape (people, points) each.
    weights
        Weight of each point, summing to one over the points of a person.
    """

    values: tuple[Values, ...]
    weights: FloatArray


@dataclass(frozen=True, eq=False)
class Integration:
    """How averages over mediators are taken.

    Parameters
    ----------
    nodes
        Gauss-Hermite nodes for each linear mediator.
    uniforms
        None for the tree, else uniform draws, shape (chains, mediators, people, draws): the first chain for the joint
        distribution, one more for the own distribution of each mediator.
    """

    nodes: int
    uniforms: FloatArray | None = None

    @property
    def words(self) -> str:
        """Return the method in words."""
        if self.uniforms is None:
            return "exact sum or Gauss-Hermite quadrature"
        return f"{self.uniforms.shape[3]} draws for each person, the same in every arm"

    def of(self, kept: BoolArray) -> Integration:
        """Return the same for some of the people."""
        return self if self.uniforms is None else replace(self, uniforms=self.uniforms[:, :, kept])


def tree_size(people: People, nodes: int, *, own: bool) -> int:
    """Return the points for each person of the largest tree: of the joint distribution, or of independent ones."""
    sizes = [one.levels or nodes for one in people.mediators]
    joint = int(np.prod(sizes))
    return int(np.prod([np.prod(sizes[: place + 1]) for place in range(len(sizes))])) if own else joint


def integration_for(people: People, *, draws: int | None, seed: np.random.SeedSequence, own: bool) -> Integration:
    """Return how to average: a tree where it is small and no draws are asked for.

    Parameters
    ----------
    people
        Their mediators decide.
    draws
        Draws for each person; None to choose.
    seed
        Of the draws.
    own
        Whether the own distributions of the mediators are needed, as interventional effects do.
    """
    nodes = LOGISTIC_NODES if people.binary_outcome else LINEAR_NODES
    if draws is None and tree_size(people, nodes, own=own) <= MOST_POINTS:
        return Integration(nodes)
    many = draws or max(20, -(-40_000 // len(people.outcome)))
    count = len(people.mediators)
    shape = (1 + count if own else 1, count, len(people.outcome), many)
    return Integration(nodes, np.random.default_rng(seed).random(shape))


def _spread(values: Sequence[Values], times: int) -> list[Values]:
    index = np.repeat(np.arange(values[0].shape[1]), times) if values else np.zeros(0, dtype=np.intp)
    return [one[:, index] for one in values]


def mediator_points(
    people: People, models: Sequence[Model], exposure: float, how: Integration, *, chain: int = 0
) -> Points:
    """Return points of the joint distribution of the mediators that have a model, at one exposure.

    Parameters
    ----------
    people
        Whose covariates count.
    models
        Of the mediators, in their order.
    exposure
        The value that everybody is set to.
    how
        Tree or draws.
    chain
        Which uniform draws to use.
    """
    n = len(people.outcome)
    points = 1 if how.uniforms is None else how.uniforms.shape[3]
    weights: FloatArray = np.full((n, points), 1.0 / points)
    values: list[Values] = []
    nodes, node_weights = np.polynomial.hermite_e.hermegauss(how.nodes)
    node_weights = node_weights / node_weights.sum()
    for place, model in enumerate(models):
        predictors = linear_predictors(people, model, exposure, values)
        uniform = None if how.uniforms is None else how.uniforms[chain, place]
        if model.form == "linear":
            centre = np.broadcast_to(predictors[0], weights.shape)
            if uniform is not None:
                values.append(centre + model.sd * special.ndtri(uniform))
                continue
            values = _spread(values, len(nodes))
            values.append((centre[:, :, None] + model.sd * nodes).reshape(n, -1))
            weights = (weights[:, :, None] * node_weights).reshape(n, -1)
            continue
        shares = [np.broadcast_to(one, weights.shape) for one in level_probabilities(
            model.form, predictors, model.thresholds)]  # fmt: skip
        if uniform is not None:
            upto = np.cumsum(np.stack(shares[:-1]), axis=0)
            values.append((uniform > upto).sum(axis=0))
            continue
        levels = len(shares)
        values = _spread(values, levels)
        values.append(np.tile(np.arange(levels), weights.shape[1])[None, :].repeat(n, axis=0))
        weights = (weights[:, :, None] * np.stack(shares, axis=2)).reshape(n, -1)
    return Points(tuple(values), weights)


def own_points(people: People, models: Sequence[Model], exposures: Sequence[float], how: Integration) -> Points:
    """Return points at which every mediator is drawn from its own distribution, independent of the others.

    Parameters
    ----------
    people, models, how
        As in :func:`mediator_points`.
    exposures
        The exposure under which each mediator is drawn.
    """
    chains = [
        mediator_points(people, models[: place + 1], exposure, how, chain=place + 1)
        for place, exposure in enumerate(exposures)
    ]
    marginals = [Points(one.values[-1:], one.weights) for one in chains]
    if how.uniforms is not None:
        return Points(tuple(one.values[0] for one in marginals), chains[0].weights)
    return reduce(_independent, marginals)


def _independent(one: Points, other: Points) -> Points:
    """Return the points of two independent distributions together."""
    size = other.weights.shape[1]
    weights = (one.weights[:, :, None] * other.weights[:, None, :]).reshape(len(one.weights), -1)
    index = np.tile(np.arange(size), one.weights.shape[1])
    tiled = [value[:, index] for value in other.values]
    return Points((*_spread(one.values, size), *tiled), weights)


def mean_outcome(people: People, outcome: Model, exposure: float, points: Points) -> float:
    """Return the weighted mean of the outcome at an exposure, with the mediators at the points.

    Parameters
    ----------
    people
        Whom it is standardised to.
    outcome
        The model of the outcome.
    exposure
        The value that everybody is set to.
    points
        Values of the mediators.
    """
    predictor = linear_predictors(people, outcome, exposure, points.values)[0]
    expected = special.expit(predictor) if people.binary_outcome else predictor
    each = (points.weights * expected).sum(axis=1)
    return float(people.weights @ each / people.weights.sum())
