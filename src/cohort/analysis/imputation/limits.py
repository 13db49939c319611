"""Drawing values of which some are only known to lie below or above a limit: the censored-normal method.

Values are normal about a linear predictor; people with bounds add the probability between them to the likelihood
(Tobin 1958, Econometrica 26:24). With Olsen's parameters (coefficients / sigma, 1 / sigma) the log-likelihood is
concave (Olsen 1978, Econometrica 46:1211), so Newton's method finds its one maximum, and parameters are drawn from the
normal approximation about it. Where all people of some kind lie beyond their limit, their slope has no maximum; a weak
prior on the slopes then gives it one. A bounded value is drawn from the normal distribution between its bounds, a
missing one from all of it. Where the tail beyond the limit is not normal, nothing within the limits shows it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cohort.analysis.imputation.algebra import Generators, inverse_root, normals, rank, times, uniforms
from cohort.analysis.imputation.coding import BoolArray, CodeArray, FloatArray
from cohort.analysis.variables import InestimableError

MOST_STEPS = 60
_SETTLED = 1e-6
PRIOR_SD = 1.5
"""SD of the normal prior of a slope, in residual SD per SD of the predictor; used where the data say less than this."""


@dataclass(eq=False)
class LimitModel:
    """What stays the same in every visit to a variable with limits, and where the last visit ended.

    Parameters
    ----------
    predictors
        Columns of the design that predict it, the intercept first.
    values
        Known values, standardised, of all people; NaN elsewhere.
    lower, upper
        Bounds on the same scale.
    spread
        SD of each predictor; zero for the intercept.
    olsen
        Coefficients and last the precision, both of the last visit, shape (chains, p + 1); None before the first.
    """

    predictors: CodeArray
    values: FloatArray
    lower: FloatArray
    upper: FloatArray
    spread: FloatArray
    olsen: FloatArray | None = None

    @property
    def bounded(self) -> BoolArray:
        """Return the people of whom only bounds are known."""
        return np.asarray(np.isnan(self.values) & (np.isfinite(self.lower) | np.isfinite(self.upper)))


@dataclass(frozen=True, eq=False)
class _Known:
    """The people who tell something of the parameters: signed rows of the design with value or bounds as last column.

    ``exact``, ``low`` and ``high`` times the parameters are standardised residuals.
    """

    exact: FloatArray
    low: FloatArray
    high: FloatArray
    has_low: BoolArray
    has_high: BoolArray

    def of(self, chains: CodeArray) -> _Known:
        """Return the part of some chains."""
        if len(chains) == len(self.exact):
            return self
        return _Known(self.exact[chains], self.low[chains], self.high[chains], self.has_low, self.has_high)


def _known(rows: FloatArray, model: LimitModel) -> _Known:
    exact, between = np.flatnonzero(~np.isnan(model.values)), np.flatnonzero(model.bounded)
    low, high = model.lower[between], model.upper[between]

    def with_last(people: CodeArray, last: FloatArray) -> FloatArray:
        chosen = -np.take(rows, people, axis=1)
        return np.concatenate([chosen, np.broadcast_to(last[:, None], (*chosen.shape[:2], 1))], axis=2)

    return _Known(
        with_last(exact, model.values[exact]),
        with_last(between, np.where(np.isfinite(low), low, 0.0)),
        with_last(between, np.where(np.isfinite(high), high, 0.0)),
        np.isfinite(low),
        np.isfinite(high),
    )


def log_between(low: FloatArray, high: FloatArray) -> FloatArray:
    """Return the logarithm of the normal probability between two bounds, precise in both tails.

    Examples
    --------
    >>> f"{log_between(np.array([-np.inf]), np.array([0.0]))[0]:.4f}"
    '-0.6931'
    """
    # Far right of zero the same probability is told from the left tail.
    flip = low > 0
    left, right = np.where(flip, -high, low), np.where(flip, -low, high)
    top = special.log_ndtr(right)
    share = np.exp(special.log_ndtr(left) - top)
    return np.asarray(top + np.log1p(-np.minimum(share, 1 - 1e-16)))


def _slopes(low: FloatArray, high: FloatArray, known: _Known) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return log probability between residuals and its derivatives by the lower and the upper one."""
    low, high = np.where(known.has_low, low, -np.inf), np.where(known.has_high, high, np.inf)
    log_share = log_between(low, high)
    constant = -0.5 * np.log(2 * np.pi)
    with np.errstate(over="ignore"):
        by_low = -np.exp(constant - 0.5 * low**2 - log_share)
        by_high = np.exp(constant - 0.5 * high**2 - log_share)
    return log_share, by_low, by_high


def _log_likelihood(known: _Known, olsen: FloatArray) -> FloatArray:
    precision = olsen[:, -1]
    residual = times(known.exact, olsen)
    log_share, _, _ = _slopes(times(known.low, olsen), times(known.high, olsen), known)
    with np.errstate(invalid="ignore", divide="ignore"):
        total = residual.shape[1] * np.log(precision) - 0.5 * (residual**2).sum(axis=1) + log_share.sum(axis=1)
    return np.where((precision > 0) & np.isfinite(total), total, -np.inf)


def _score_and_information(known: _Known, olsen: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the gradient of the log-likelihood and its negative second derivative."""
    residual = times(known.exact, olsen)
    low, high = times(known.low, olsen), times(known.high, olsen)
    _, by_low, by_high = _slopes(low, high, known)
    score = -np.matmul(residual[:, None, :], known.exact)[:, 0]
    score += np.matmul(by_low[:, None, :], known.low)[:, 0] + np.matmul(by_high[:, None, :], known.high)[:, 0]
    score[:, -1] += residual.shape[1] / olsen[:, -1]
    information = np.matmul(known.exact.swapaxes(1, 2), known.exact)
    information[:, -1, -1] += residual.shape[1] / olsen[:, -1] ** 2
    low, high = np.where(known.has_low, low, 0.0), np.where(known.has_high, high, 0.0)
    curve_low, curve_high, curve_both = by_low * (low + by_low), by_high * (high + by_high), by_low * by_high
    for left, weight, right in (
        (known.low, curve_low, known.low),
        (known.high, curve_high, known.high),
        (known.low, curve_both, known.high),
        (known.high, curve_both, known.low),
    ):
        information += np.matmul((left * weight[:, :, None]).swapaxes(1, 2), right)
    return score, information


def _maximise(known: _Known, start: FloatArray, prior: FloatArray) -> tuple[FloatArray, FloatArray, BoolArray]:
    """Return Olsen's parameters at the maximum, the root of their inverse information, and which chains have settled.

    ``prior`` holds the prior precision of each parameter.
    """

    def objective(part: _Known, olsen: FloatArray) -> FloatArray:
        return np.asarray(_log_likelihood(part, olsen) - 0.5 * (prior * olsen**2).sum(axis=1))

    def derivatives(part: _Known, olsen: FloatArray) -> tuple[FloatArray, FloatArray]:
        score, information = _score_and_information(part, olsen)
        return score - prior * olsen, information + np.diag(prior)

    olsen = start.copy()
    value = objective(known, olsen)
    active = np.arange(len(olsen))
    for _ in range(MOST_STEPS):
        part = known.of(active)
        score, information = derivatives(part, olsen[active])
        root = inverse_root(information)
        reach = times(root.swapaxes(1, 2), score)
        step = times(root, reach)
        length = np.ones(len(active))
        for _ in range(30):
            proposed = olsen[active] + length[:, None] * step
            gained = objective(part, proposed)
            worse = gained < value[active] - 1e-9 * np.abs(value[active])
            if not worse.any():
                break
            length = np.where(worse, length / 2, length)
        olsen[active], value[active] = proposed, gained
        active = active[np.abs(reach).max(axis=1) > _SETTLED]
        if not len(active):
            break
    settled = np.ones(len(olsen), dtype=bool)
    settled[active] = False
    return olsen, inverse_root(derivatives(known, olsen)[1]), settled


def fit_limits(rows: FloatArray, model: LimitModel) -> tuple[FloatArray, FloatArray]:
    """Return Olsen's parameters at the maximum of each chain and the root of their inverse information.

    Parameters
    ----------
    rows
        Predictors of all people, the intercept first; shape (chains, people, p).
    model
        Values and bounds, and where to start; updated with the result.

    Raises
    ------
    InestimableError
        If the search does not end.
    """
    chains, _, p = rows.shape
    known = _known(rows, model)
    zero = np.append(np.zeros(p), 1.0)
    start = np.tile(zero, (chains, 1)) if model.olsen is None else model.olsen
    olsen, root, settled = _maximise(known, start, np.zeros(p + 1))
    errors = np.sqrt((root[:, :-1] ** 2).sum(axis=2)) * model.spread
    # A direction without information is one that nobody with a known value tells of.
    loose = np.flatnonzero(~settled | (errors > PRIOR_SD).any(axis=1) | (rank(root) < p + 1))
    if len(loose):
        prior = np.append((model.spread / PRIOR_SD) ** 2, 0.0)
        found = _maximise(known.of(loose), np.tile(zero, (len(loose), 1)), prior)
        olsen[loose], root[loose], settled[loose] = found
    if not settled.all():
        raise InestimableError("a censored model of the imputation did not converge")
    # A chain that needed the prior starts anew next time: without it, it would only run away further.
    model.olsen = olsen.copy()
    model.olsen[loose] = zero
    return olsen, root


def draw_between(low: FloatArray, high: FloatArray, chance: FloatArray) -> FloatArray:
    """Return draws of a standard normal variable between bounds, given draws between 0 and 1.

    Examples
    --------
    >>> draw_between(np.array([-np.inf, 40.0]), np.array([-40.0, np.inf]), np.array([0.5, 0.5])).round(2).tolist()
    [-40.02, 40.02]
    """
    flip = low > 0
    left, right = np.where(flip, -high, low), np.where(flip, -low, high)
    bottom, top = special.log_ndtr(left), special.log_ndtr(right)
    # log of bottom + chance (top - bottom), without leaving the logarithmic scale.
    share = np.exp(bottom - top)
    drawn = special.ndtri_exp(top + np.log(np.maximum(share + chance * (1 - share), 1e-300)))
    drawn = np.clip(drawn, left, right)
    return np.asarray(np.where(flip, -drawn, drawn))


def draw_limits(design: FloatArray, wanted: CodeArray, model: LimitModel, generators: Generators) -> FloatArray:
    """Return drawn standardised values of people without a known one, shape (chains, wanted).

    Parameters
    ----------
    design
        All columns of all people, shape (chains, people, columns).
    wanted
        People whose value is not known.
    model
        Predictors, values and bounds.
    generators
        One for each chain.
    """
    rows = np.take(design, model.predictors, axis=2)
    olsen, root = fit_limits(rows, model)
    noise = times(root, normals(generators, root.shape[2]))
    drawn = olsen + noise
    # A draw of the precision near or below zero can only come of very few people; then the estimate stands.
    drawn = np.where(drawn[:, -1:] > 0.2 * olsen[:, -1:], drawn, olsen)
    precision = drawn[:, -1:]
    mean = times(np.take(rows, wanted, axis=1), drawn[:, :-1])
    low, high = model.lower[wanted] * precision - mean, model.upper[wanted] * precision - mean
    return np.asarray((draw_between(low, high, uniforms(generators, len(wanted))) + mean) / precision)
