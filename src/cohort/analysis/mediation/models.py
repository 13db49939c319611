"""The models of mediators and outcome that mediation is computed from, and what they predict.

A mediator is linear (a number), logistic (yes or no), ordered (proportional odds) or multinomial (other categories).
Each is predicted by exposure, covariates and the mediators before it; the outcome by all of them. With ``interaction``
every model holds the products of exposure and mediators.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import special

from cohort.analysis.sampling import BoolArray, FloatArray

Form: TypeAlias = Literal["linear", "logistic", "ordered", "multinomial"]
Values: TypeAlias = "FloatArray | npt.NDArray[np.intp]"


@dataclass(frozen=True, eq=False)
class Mediator:
    """Values of a mediator.

    Parameters
    ----------
    name
        Its column.
    form
        The model it gets.
    values
        Numbers of a linear mediator, else the number of the level, from zero; one per person.
    levels
        How many levels there are; zero for a linear mediator.
    """

    name: str
    form: Form
    values: Values
    levels: int = 0


@dataclass(frozen=True, eq=False)
class People:
    """What the models are fitted to, one row per person of the analysis.

    Parameters
    ----------
    exposure, outcome, weights
        Of each person; weights have mean one.
    mediators
        In their order.
    covariates
        Coded adjustment set without intercept, shape (people, columns).
    binary_outcome
        Whether the outcome is yes/no.
    interaction
        Whether the models hold products of exposure and mediators.
    domain
        True for the rows of the table that are in the analysis.
    """

    exposure: FloatArray
    mediators: tuple[Mediator, ...]
    outcome: FloatArray
    covariates: FloatArray
    weights: FloatArray
    binary_outcome: bool
    interaction: bool
    domain: BoolArray

    def sample_weights(self, multipliers: FloatArray) -> FloatArray:
        """Return the weights of the people in each sample, which sum to the number of people.

        Residual SDs count that number.

        Parameters
        ----------
        multipliers
            How often each row of the table counts, shape (samples, rows).
        """
        weights = self.weights * multipliers[:, self.domain]
        scaled: FloatArray = weights * (len(self.weights) / weights.sum(axis=1, keepdims=True))
        return scaled


@dataclass(frozen=True, eq=False)
class Model:
    """A model of a mediator or the outcome, fitted to one sample of the people or to several.

    Parameters
    ----------
    form
        Which kind.
    coefficients
        Shape (samples, linear predictors, columns). Columns: intercept, exposure, covariates, columns of mediators,
        their products with the exposure. The intercept of an ordered model is zero. Not a number in a sample that has
        no estimate.
    thresholds
        Of an ordered model, shape (samples, levels - 1).
    sd
        Residual SD of a linear model, with n - p, shape (samples,).
    """

    form: Form
    coefficients: FloatArray
    thresholds: FloatArray
    sd: FloatArray

    def of(self, some: slice) -> Model:
        """Return the model of some of the samples."""
        return replace(self, coefficients=self.coefficients[some], thresholds=self.thresholds[some], sd=self.sd[some])


def _columns(mediator: Mediator) -> FloatArray:
    """Return a mediator as columns of a model matrix: itself, or an indicator of each level but the first."""
    if not mediator.levels:
        return np.asarray(mediator.values, dtype=np.float64)[:, None]
    return np.asarray(mediator.values[:, None] == np.arange(1, mediator.levels), dtype=np.float64)


def model_matrix(people: People, before: int) -> FloatArray:
    """Return the matrix of a model of exposure, covariates and the first mediators.

    Parameters
    ----------
    people
        The people of the analysis.
    before
        How many mediators the model holds.
    """
    columns = [_columns(one) for one in people.mediators[:before]]
    products = [one * people.exposure[:, None] for one in columns] if people.interaction else []
    return np.column_stack([np.ones(len(people.exposure)), people.exposure, people.covariates, *columns, *products])


def level_probabilities(form: Form, predictors: Sequence[FloatArray], thresholds: FloatArray) -> list[FloatArray]:
    """Return the probability of each level.

    Parameters
    ----------
    form
        Logistic, ordered or multinomial.
    predictors
        Linear predictors of any shape: one, or in a multinomial model one for each level but the first.
    thresholds
        Of an ordered model, one less than levels in the last axis; the others are those of the linear predictor.
    """
    if form == "ordered":
        upto = [special.expit(cut - predictors[0]) for cut in np.moveaxis(thresholds, -1, 0)]
        return [upto[0], *(above - below for below, above in itertools.pairwise(upto)), 1 - upto[-1]]
    if form == "logistic":
        share = np.asarray(special.expit(predictors[0]))
        return [1 - share, share]
    largest = np.maximum(np.max(np.stack(predictors), axis=0), 0.0)
    raised = [np.exp(-largest), *(np.exp(one - largest) for one in predictors)]
    total = np.sum(raised, axis=0)
    return [one / total for one in raised]


def linear_predictors(people: People, model: Model, exposure: float, values: Sequence[Values]) -> list[FloatArray]:
    """Return the linear predictors of a model at a value of the exposure and values of mediators.

    Parameters
    ----------
    people
        Whose covariates count.
    model
        The model.
    exposure
        The value that everybody is set to.
    values
        Of the mediators in the model, shape (samples, people, points) each, or one in place of samples and people for
        whom they are the same.

    Returns
    -------
    list of FloatArray
        Shape (samples, people, points) each; one point where the model holds no mediator.
    """
    covariates = people.covariates.shape[1]
    used = people.mediators[: len(values)]
    widths = [max(one.levels - 1, 1) for one in used]
    samples = np.arange(len(model.coefficients))[:, None, None]
    found = []
    for number in range(model.coefficients.shape[1]):
        beta = model.coefficients[:, number]
        same = beta[:, 2 : 2 + covariates] @ people.covariates.T + (beta[:, 0] + beta[:, 1] * exposure)[:, None]
        predictor: FloatArray = np.asarray(same[:, :, None], dtype=np.float64)
        start = 2 + covariates
        for mediator, at, width in zip(used, values, widths, strict=True):
            slopes = beta[:, start : start + width]
            if people.interaction:
                product = start + sum(widths)
                slopes = slopes + exposure * beta[:, product : product + width]
            if mediator.levels:
                by_level = np.column_stack([np.zeros(len(slopes)), slopes])
                predictor = predictor + by_level[samples, np.asarray(at, dtype=np.intp)]
            else:
                predictor = predictor + slopes[:, :, None] * at
            start += width
        found.append(predictor)
    return found
