"""The models of mediators and outcome fitted to the people, and to all bootstrap samples of them at once.

A sample is a vector of weights on the same people, so that the sums that a fit needs are matrix products over all
samples together. Newton's method starts at the fit to the people. A sample that this does not settle is fitted by
itself, with the checks that the people get.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, special

from cohort.analysis.fitting import MOST_STEPS, logistic_coefficients
from cohort.analysis.mediation.models import Form, Model, People, level_probabilities, model_matrix
from cohort.analysis.sampling import BoolArray, FloatArray
from cohort.analysis.variables import InestimableError

_SMALLEST = 1e-12
_FEW_STEPS = 12
"""Newton steps from the fit to the people, after which a bootstrap sample counts as unusual."""
_MOST_PRODUCTS = 4_000_000
"""Products of columns held in memory at a time."""


@dataclass(frozen=True, eq=False)
class Models:
    """The models of one analysis.

    Parameters
    ----------
    mediators
        In their order.
    outcome
        Given all mediators.
    """

    mediators: tuple[Model, ...]
    outcome: Model

    def of(self, some: slice) -> Models:
        """Return the models of some of the samples."""
        return Models(tuple(one.of(some) for one in self.mediators), self.outcome.of(some))


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
    form: Form,
    matrix: FloatArray,
    codes: npt.NDArray[np.intp],
    weights: FloatArray,
    levels: int,
    start: FloatArray | None = None,
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
    start
        Parameters near those looked for.

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
    by = np.tile(scale, levels - 1) if form == "multinomial" else np.r_[np.ones(levels - 1), scale[1:]]
    if start is not None:
        theta: FloatArray = start * by
    elif form == "multinomial":
        shares_only = np.zeros((levels - 1, p))
        shares_only[:, 0] = np.log(counts[1:] / counts[0])
        theta = shares_only.ravel()
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
            return np.asarray(theta / by)
        if np.abs(theta).max() > 30:
            break
    raise InestimableError("a model of a mediator with several levels did not converge")


def _category_model(form: Form, theta: FloatArray, levels: int) -> Model:
    """Return the model of parameters of several samples, one per row."""
    samples = len(theta)
    none = np.full(samples, np.nan)
    if form == "multinomial":
        return Model(form, theta.reshape(samples, levels - 1, -1), np.zeros((samples, 0)), none)
    slopes = np.column_stack([np.where(np.isnan(theta[:, 0]), np.nan, 0.0), theta[:, levels - 1 :]])
    return Model(form, slopes[:, None], theta[:, : levels - 1], none)


def _category_theta(model: Model) -> FloatArray:
    """Return the parameters of a model of one sample, as they were fitted."""
    if model.form == "multinomial":
        return np.asarray(model.coefficients[0].ravel())
    return np.concatenate([model.thresholds[0], model.coefficients[0, 0, 1:]])


def _single(form: Form, beta: FloatArray, sd: float = np.nan) -> Model:
    return Model(form, beta[None, None], np.zeros((1, 0)), np.array([sd]))


def fit_models(people: People) -> Models:
    """Return the models fitted to the people.

    Raises
    ------
    InestimableError
        If a model has no finite estimate.
    """
    mediators = []
    for place, mediator in enumerate(people.mediators):
        matrix, form = model_matrix(people, place), mediator.form
        if form == "linear":
            mediators.append(_single(form, *linear_coefficients(matrix, numbers_of(people, place), people.weights)))
        elif form == "logistic":
            mediators.append(_single(form, logistic_coefficients(matrix, numbers_of(people, place), people.weights)))
        else:
            codes = np.asarray(mediator.values, dtype=np.intp)
            theta = category_parameters(form, matrix, codes, people.weights, mediator.levels)
            mediators.append(_category_model(form, theta[None], mediator.levels))
    matrix = model_matrix(people, len(people.mediators))
    if people.binary_outcome:
        return Models(
            tuple(mediators), _single("logistic", logistic_coefficients(matrix, people.outcome, people.weights))
        )
    return Models(tuple(mediators), _single("linear", *linear_coefficients(matrix, people.outcome, people.weights)))


def numbers_of(people: People, place: int) -> FloatArray:
    """Return the values of a mediator as numbers."""
    return np.asarray(people.mediators[place].values, dtype=np.float64)


def refit_models(people: People, fitted: Models, weights: FloatArray) -> Models:
    """Return the models fitted to several samples of the people.

    Parameters
    ----------
    people
        Everybody.
    fitted
        The models fitted to them.
    weights
        Of the people in each sample, shape (samples, people).

    Returns
    -------
    Models
        With coefficients of the outcome that are no numbers in samples in which any of the models has no estimate.
    """
    mediators = []
    for place, (mediator, start) in enumerate(zip(people.mediators, fitted.mediators, strict=True)):
        matrix = model_matrix(people, place)
        if mediator.form in ("linear", "logistic"):
            mediators.append(_refitted(matrix, numbers_of(people, place), weights, start))
            continue
        theta = np.full((len(weights), len(_category_theta(start))), np.nan)
        codes = np.asarray(mediator.values, dtype=np.intp)
        for sample, weight in enumerate(weights):
            drawn = weight > 0
            try:
                theta[sample] = category_parameters(
                    mediator.form, matrix[drawn], codes[drawn], weight[drawn], mediator.levels, _category_theta(start)
                )
            except InestimableError:
                continue
        mediators.append(_category_model(mediator.form, theta, mediator.levels))
    outcome = _refitted(model_matrix(people, len(people.mediators)), people.outcome, weights, fitted.outcome)
    for one in mediators:
        outcome.coefficients[np.isnan(one.coefficients).any(axis=(1, 2))] = np.nan
    return Models(tuple(mediators), outcome)


def _refitted(matrix: FloatArray, outcome: FloatArray, weights: FloatArray, start: Model) -> Model:
    if start.form == "linear":
        beta, sd = linear_samples(matrix, outcome, weights)
    else:
        beta = logistic_samples(matrix, outcome, weights, start.coefficients[0, 0])
        sd = np.full(len(weights), np.nan)
    return Model(start.form, beta[:, None], np.zeros((len(weights), 0)), sd)


def _cross_products(matrix: FloatArray, weights: FloatArray) -> FloatArray:
    """Return the weighted cross-products of columns in each sample, shape (samples, columns, columns)."""
    columns = matrix.shape[1]
    left, right = np.triu_indices(columns)
    rows = max(_MOST_PRODUCTS // len(left), 1)
    sums = np.zeros((len(weights), len(left)))
    for start in range(0, len(matrix), rows):
        part = matrix[start : start + rows]
        sums += weights[:, start : start + rows] @ (part[:, left] * part[:, right])
    found = np.empty((len(weights), columns, columns))
    found[:, left, right] = found[:, right, left] = sums
    return found


def linear_samples(matrix: FloatArray, outcome: FloatArray, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return least-squares coefficients and the residual SD in each sample, as :func:`linear_coefficients` has them.

    Parameters
    ----------
    matrix, outcome
        Of all people.
    weights
        Shape (samples, people).

    Returns
    -------
    tuple of FloatArray
        Shapes (samples, columns) and (samples,); no numbers where the columns are collinear.
    """
    crossed = _cross_products(matrix, weights)
    root = np.sqrt(np.diagonal(crossed, axis1=1, axis2=2))
    usable: BoolArray = np.asarray((root > 0).all(axis=1))
    root = np.where(root > 0, root, 1.0)
    scaled = crossed / (root[:, :, None] * root[:, None, :])
    usable &= np.linalg.eigvalsh(scaled)[:, 0] > _SMALLEST
    scaled[~usable] = np.eye(matrix.shape[1])

    def solved(right: FloatArray) -> FloatArray:
        return np.asarray(np.linalg.solve(scaled, (right / root)[:, :, None])[:, :, 0] / root)

    beta = solved((weights * outcome) @ matrix)
    # One step of refinement removes what the sums of products lose.
    beta = beta + solved((weights * (outcome - beta @ matrix.T)) @ matrix)
    left = weights.sum(axis=1) - matrix.shape[1]
    sd = np.sqrt((weights * (outcome - beta @ matrix.T) ** 2).sum(axis=1) / np.maximum(left, 1e-300))
    usable = np.asarray(usable & (left > 0))
    beta[~usable], sd[~usable] = np.nan, np.nan
    return beta, sd


def logistic_samples(matrix: FloatArray, outcome: FloatArray, weights: FloatArray, start: FloatArray) -> FloatArray:
    """Return maximum-likelihood coefficients of a logistic regression in each sample.

    Parameters
    ----------
    matrix, outcome
        Of all people.
    weights
        Shape (samples, people).
    start
        Coefficients of the fit to all people.

    Returns
    -------
    FloatArray
        Shape (samples, columns); no numbers where there is no finite estimate.
    """
    scale = np.sqrt((matrix**2).mean(axis=0))
    scaled = matrix / scale
    beta = np.tile(start * scale, (len(weights), 1))
    settled: BoolArray = np.zeros(len(weights), dtype=bool)
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(_FEW_STEPS):
            mean = special.expit(beta @ scaled.T)
            slope = weights * (mean * (1 - mean))
            try:
                step = np.linalg.solve(
                    _cross_products(scaled, slope), ((weights * (outcome - mean)) @ scaled)[:, :, None]
                )[:, :, 0]
            except np.linalg.LinAlgError:
                settled[:] = False
                break
            beta = beta + np.clip(step, -5.0, 5.0)
            settled = np.abs(step).max(axis=1) < 1e-6
            if settled.all():
                break
        settled &= np.abs(np.where(weights > 0, beta @ scaled.T, 0.0)).max(axis=1) <= 12
    beta = np.asarray(beta / scale)
    for sample in np.flatnonzero(~settled):
        drawn = weights[sample] > 0
        try:
            beta[sample] = logistic_coefficients(matrix[drawn], outcome[drawn], weights[sample][drawn])
        except InestimableError:
            beta[sample] = np.nan
    return beta
