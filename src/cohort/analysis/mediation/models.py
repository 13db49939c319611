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
from scipy import linalg, special

from cohort.analysis.fitting import MOST_STEPS, logistic_coefficients
from cohort.analysis.sampling import BoolArray, FloatArray
from cohort.analysis.variables import InestimableError

Form: TypeAlias = Literal["linear", "logistic", "ordered", "multinomial"]
Values: TypeAlias = "FloatArray | npt.NDArray[np.intp]"
_SMALLEST = 1e-12


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

    def resampled(self, multiplier: FloatArray) -> tuple[People, BoolArray]:
        """Return the people drawn, with their weights times the multiplier, and who they are.

        Weights sum to the number of people before the draw, which residual SDs count.
        """
        kept = multiplier > 0
        weights = self.weights[kept] * multiplier[kept]
        return replace(
            self,
            exposure=self.exposure[kept],
            mediators=tuple(replace(one, values=one.values[kept]) for one in self.mediators),
            outcome=self.outcome[kept],
            covariates=self.covariates[kept],
            weights=weights * (len(self.weights) / weights.sum()),
        ), kept


@dataclass(frozen=True, eq=False)
class Model:
    """A fitted model of a mediator or the outcome.

    Parameters
    ----------
    form
        Which kind.
    coefficients
        One row per linear predictor: intercept, exposure, covariates, columns of mediators, their products with the
        exposure. The intercept of an ordered model is zero.
    thresholds
        Of an ordered model.
    sd
        Residual SD of a linear model, with n - p.
    """

    form: Form
    coefficients: FloatArray
    thresholds: FloatArray
    sd: float = 0.0


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


def linear_coefficients(matrix: FloatArray, outcome: FloatArray, weights: FloatArray) -> tuple[FloatArray, float]:
    """Return weighted least-squares coefficients and the residual SD.

    Raises
    ------
    InestimableError
        If the columns are collinear.
    """
    weighted = matrix * weights[:, None]
    try:
        beta = linalg.solve(weighted.T @ matrix, weighted.T @ outcome, assume_a="pos")
    except (linalg.LinAlgError, linalg.LinAlgWarning) as error:
        raise InestimableError("the variables of the model are too nearly collinear") from error
    residual = outcome - matrix @ beta
    left = weights.sum() - matrix.shape[1]
    if left <= 0:
        raise InestimableError("there are no more people than model terms")
    return np.asarray(beta), float(np.sqrt(weights @ residual**2 / left))


def level_probabilities(form: Form, predictors: Sequence[FloatArray], thresholds: FloatArray) -> list[FloatArray]:
    """Return the probability of each level.

    Parameters
    ----------
    form
        Logistic, ordered or multinomial.
    predictors
        Linear predictors of any shape: one, or in a multinomial model one for each level but the first.
    thresholds
        Of an ordered model, one less than levels.
    """
    if form == "ordered":
        upto = [special.expit(cut - predictors[0]) for cut in thresholds]
        return [upto[0], *(above - below for below, above in itertools.pairwise(upto)), 1 - upto[-1]]
    if form == "logistic":
        share = np.asarray(special.expit(predictors[0]))
        return [1 - share, share]
    largest = np.maximum(np.max(np.stack(predictors), axis=0), 0.0)
    raised = [np.exp(-largest), *(np.exp(one - largest) for one in predictors)]
    total = np.sum(raised, axis=0)
    return [one / total for one in raised]


def _derivatives(form: Form, matrix: FloatArray, theta: FloatArray, levels: int) -> tuple[FloatArray, FloatArray]:
    """Return probabilities (people, levels) and their derivatives by the parameters (people, levels, parameters)."""
    n, p = matrix.shape
    if form == "multinomial":
        beta = theta.reshape(levels - 1, p)
        shares = np.column_stack(level_probabilities(form, list((matrix @ beta.T).T), np.zeros(0)))
        indicator = np.eye(levels)[:, 1:]
        inner = shares[:, :, None] * (indicator[None] - shares[:, None, 1:])
        return shares, (inner[..., None] * matrix[:, None, None, :]).reshape(n, levels, -1)
    cuts, slopes = theta[: levels - 1], theta[levels - 1 :]
    upto = special.expit(cuts - (matrix[:, 1:] @ slopes)[:, None])
    steep = upto * (1 - upto)
    edge = np.zeros((n, 1))
    shares = np.diff(np.hstack([edge, upto, edge + 1]), axis=1)
    by_cut = np.zeros((n, levels, levels - 1))
    for cut in range(levels - 1):
        by_cut[:, cut, cut], by_cut[:, cut + 1, cut] = steep[:, cut], -steep[:, cut]
    by_slope = -np.diff(np.hstack([edge, steep, edge]), axis=1)[:, :, None] * matrix[:, None, 1:]
    return shares, np.concatenate([by_cut, by_slope], axis=2)


def category_parameters(
    form: Form, matrix: FloatArray, codes: npt.NDArray[np.intp], weights: FloatArray, levels: int
) -> FloatArray:
    """Return maximum-likelihood parameters of a model of several levels, by Fisher scoring.

    Equal to R's ``nnet::multinom`` (levels against the first, one after another) and to ``MASS::polr`` (thresholds,
    then slopes).

    Parameters
    ----------
    form
        Ordered or multinomial.
    matrix
        Model matrix, the intercept first.
    codes
        Number of the level of each person.
    weights
        Of each person.
    levels
        How many levels there are.

    Raises
    ------
    InestimableError
        If nobody has one of the levels, or there is no finite estimate.
    """
    counts = np.bincount(codes, weights=weights, minlength=levels)
    if (counts == 0).any():
        raise InestimableError("nobody has one of the levels of a mediator")
    p = matrix.shape[1]
    scale = np.sqrt((matrix**2).mean(axis=0))
    scaled = matrix / scale
    if form == "multinomial":
        start = np.zeros((levels - 1, p))
        start[:, 0] = np.log(counts[1:] / counts[0])
        theta: FloatArray = start.ravel()
    else:
        theta = np.concatenate([special.logit(np.cumsum(counts)[:-1] / counts.sum()), np.zeros(p - 1)])
    people = np.arange(len(codes))
    for _ in range(MOST_STEPS):
        shares, slopes = _derivatives(form, scaled, theta, levels)
        shares = np.maximum(shares, _SMALLEST)
        score = (weights / shares[people, codes]) @ slopes[people, codes]
        rooted = (slopes * np.sqrt(weights[:, None] / shares)[:, :, None]).reshape(-1, slopes.shape[2])
        try:
            step = linalg.solve(rooted.T @ rooted, score, assume_a="pos")
        except (linalg.LinAlgError, linalg.LinAlgWarning):
            break
        theta = theta + step * min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        if np.abs(step).max() < 1e-9:
            by = np.tile(scale, levels - 1) if form == "multinomial" else np.r_[np.ones(levels - 1), scale[1:]]
            return np.asarray(theta / by)
        if np.abs(theta).max() > 30:
            break
    raise InestimableError("a model of a mediator with several levels did not converge")


def fit_mediator(people: People, place: int) -> Model:
    """Return the model of a mediator given exposure, covariates and the mediators before it."""
    mediator, matrix = people.mediators[place], model_matrix(people, place)
    none = np.zeros(0)
    if mediator.form == "linear":
        beta, sd = linear_coefficients(matrix, np.asarray(mediator.values, dtype=np.float64), people.weights)
        return Model("linear", beta[None], none, sd)
    if mediator.form == "logistic":
        beta = logistic_coefficients(matrix, np.asarray(mediator.values, dtype=np.float64), people.weights)
        return Model("logistic", beta[None], none)
    codes, levels = np.asarray(mediator.values, dtype=np.intp), mediator.levels
    theta = category_parameters(mediator.form, matrix, codes, people.weights, levels)
    if mediator.form == "multinomial":
        return Model("multinomial", theta.reshape(levels - 1, -1), none)
    return Model("ordered", np.r_[0.0, theta[levels - 1 :]][None], theta[: levels - 1])


def fit_outcome(people: People) -> Model:
    """Return the model of the outcome given exposure, covariates and all mediators."""
    matrix = model_matrix(people, len(people.mediators))
    if people.binary_outcome:
        beta = logistic_coefficients(matrix, people.outcome, people.weights)
        return Model("logistic", beta[None], np.zeros(0))
    beta, sd = linear_coefficients(matrix, people.outcome, people.weights)
    return Model("linear", beta[None], np.zeros(0), sd)


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
        Of the mediators in the model, shape (people, points) each.

    Returns
    -------
    list of FloatArray
        Shape (people, points) each; one point where the model holds no mediator.
    """
    covariates = people.covariates.shape[1]
    used = people.mediators[: len(values)]
    widths = [max(one.levels - 1, 1) for one in used]
    found = []
    for beta in model.coefficients:
        same = beta[0] + beta[1] * exposure + people.covariates @ beta[2 : 2 + covariates]
        predictor: FloatArray = np.asarray(same[:, None], dtype=np.float64)
        start = 2 + covariates
        for mediator, at, width in zip(used, values, widths, strict=True):
            slopes = beta[start : start + width]
            if people.interaction:
                product = start + sum(widths)
                slopes = slopes + exposure * beta[product : product + width]
            levels = np.asarray(at, dtype=np.intp)
            predictor = predictor + (np.r_[0.0, slopes][levels] if mediator.levels else slopes[0] * at)
            start += width
        found.append(predictor)
    return found
