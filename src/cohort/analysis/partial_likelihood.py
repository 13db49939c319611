"""Cox's partial likelihood on (start, stop] rows: estimates, influence of each row, and a test of proportionality.

Written here because ``statsmodels`` 0.15 ``PHReg`` cannot give three things that late entry with time-varying exposure
needs. It takes a row that starts at an event time into the risk set of that time, so that somebody who turns exposed
just then is counted twice, where R takes (start, stop]; its robust variance is Breslow's whatever the ties; and it
tests no proportionality. Everything is sums over risk sets, which are differences of cumulated sums over event times.

References: Efron 1977, JASA 72:557 (ties); Andersen & Gill 1982, Ann Stat 10:1100 (counting processes); Lin & Wei 1989,
JASA 84:1074 (influence); Grambsch & Therneau 1994, Biometrika 81:515 (proportionality).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy import linalg, stats

from cohort.analysis.conditioning import invert, solve_positive
from cohort.analysis.sampling import BoolArray, CodeArray, FloatArray
from cohort.analysis.variables import InestimableError

Ties: TypeAlias = Literal["efron", "breslow"]
MOST_STEPS = 40
WIDEST_LOG_RATIO = 12.0
"""A log hazard ratio per SD beyond this has no finite estimate: the likelihood is monotone."""


@dataclass(frozen=True, eq=False)
class CoxFit:
    """A fitted proportional hazards model.

    Parameters
    ----------
    coefficients
        Log hazard ratio of each column.
    covariance
        Inverse of the information.
    influence
        Weighted influence of each row on each coefficient (``dfbeta``); its columns sum to zero.
    log_likelihood
        Log partial likelihood at the estimate.
    proportionality
        P value of the test of each column that its log hazard ratio does not change linearly with time.
    """

    coefficients: FloatArray
    covariance: FloatArray
    influence: FloatArray
    log_likelihood: float
    proportionality: FloatArray


@dataclass(frozen=True, eq=False)
class _RiskSets:
    """Which event times each row is at risk for, and the denominators of the partial likelihood, one for each event.

    Parameters
    ----------
    times
        Distinct event times, ascending, shape (k,).
    first, beyond
        A row is at risk for the event times from ``first`` up to but without ``beyond``.
    died
        Number of the event time of each row with an event; -1 for the others.
    at
        Event time that each denominator belongs to, shape (events,).
    removed
        Share of the weight of those who have the event that Efron's method has removed at each denominator.
    mass
        Weight of each denominator.
    """

    times: FloatArray
    first: CodeArray
    beyond: CodeArray
    died: CodeArray
    at: CodeArray
    removed: FloatArray
    mass: FloatArray

    def over(self, values: FloatArray) -> FloatArray:
        """Return the sums of the rows' values over those at risk at each event time, shape (k, columns)."""
        return _by_time(values, self.first, len(self.times)) - _by_time(values, self.beyond, len(self.times))

    def over_events(self, values: FloatArray) -> FloatArray:
        """Return the sums over those who have the event at each event time, shape (k, columns)."""
        rows = self.died >= 0
        size = len(self.times)
        return np.column_stack(
            [np.bincount(self.died[rows], weights=column, minlength=size) for column in values[rows].T]
        )


def _by_time(values: FloatArray, place: CodeArray, size: int) -> FloatArray:
    sums = [np.bincount(place, weights=column, minlength=size + 1)[:size] for column in values.T]
    return np.asarray(np.cumsum(np.column_stack(sums), axis=0))


def _risk_sets(start: FloatArray, stop: FloatArray, event: BoolArray, weights: FloatArray, ties: Ties) -> _RiskSets:
    times, died_at, events = np.unique(stop[event], return_inverse=True, return_counts=True)
    died = np.full(len(stop), -1, dtype=np.intp)
    died[event] = died_at
    at = np.repeat(np.arange(len(times)), events)
    rank = np.arange(len(at)) - np.repeat(np.cumsum(events) - events, events)
    removed = rank / events[at] if ties == "efron" else np.zeros(len(at))
    mass = np.bincount(died_at, weights=weights[event])[at] / events[at]
    return _RiskSets(
        times,
        np.searchsorted(times, start, side="right").astype(np.intp),
        np.searchsorted(times, stop, side="right").astype(np.intp),
        died,
        at.astype(np.intp),
        removed,
        mass,
    )


@dataclass(frozen=True, eq=False)
class _Moments:
    """Sums over risk sets for given coefficients, one row for each event: denominator, weighted mean, second moment."""

    relative: FloatArray
    total: FloatArray
    mean: FloatArray
    square: FloatArray


def _moments(matrix: FloatArray, weights: FloatArray, sets: _RiskSets, beta: FloatArray) -> _Moments:
    predictor = matrix @ beta
    relative = np.exp(predictor - predictor.max())
    weighted = weights * relative
    p = matrix.shape[1]
    upper = np.triu_indices(p)
    products = matrix[:, upper[0]] * matrix[:, upper[1]]
    terms = np.column_stack([np.ones(len(matrix)), matrix, products]) * weighted[:, None]
    sums = sets.over(terms)[sets.at] - sets.removed[:, None] * sets.over_events(terms)[sets.at]
    total = sums[:, 0]
    ratios = sums[:, 1:] / total[:, None]
    square = np.empty((len(total), p, p))
    square[:, upper[0], upper[1]] = square[:, upper[1], upper[0]] = ratios[:, p:]
    return _Moments(relative, total, ratios[:, :p], square)


def _spread(moments: _Moments) -> FloatArray:
    """Return the covariance of the columns among those at risk at each event, shape (events, p, p)."""
    return np.asarray(moments.square - moments.mean[:, :, None] * moments.mean[:, None, :])


def fit_cox(
    matrix: FloatArray,
    start: FloatArray,
    stop: FloatArray,
    event: BoolArray,
    *,
    weights: FloatArray | None = None,
    ties: Ties = "efron",
) -> CoxFit:
    """Return a proportional hazards model of rows that are at risk over (start, stop].

    Equal to R's ``coxph(Surv(start, stop, event) ~ ., ties = )``, its ``residuals(type = "dfbeta", weighted = TRUE)``,
    and its ``cox.zph(transform = "identity", terms = FALSE)``. Assumes that hazards are proportional given the columns,
    and that entry and exit are independent of the hazard.

    Parameters
    ----------
    matrix
        One row for each interval, one column for each covariate, shape (n, p), without an intercept.
    start, stop
        Ends of each interval, shape (n,); every stop lies after its start.
    event
        Whether the event happens at the stop.
    weights
        Weight of each row, None for one each.
    ties
        How events at the same time are handled.

    Raises
    ------
    InestimableError
        If there is no finite estimate.

    Examples
    --------
    >>> x, stop = np.array([[1.0], [0], [1], [0], [1], [0]]), np.array([1.0, 2, 3, 4, 5, 6])
    >>> fit = fit_cox(x, np.zeros(6), stop, np.array([True, True, True, False, True, True]))
    >>> f"{fit.coefficients[0]:.4f}"
    '1.2075'
    """
    weights = np.ones(len(matrix)) if weights is None else weights
    centre, scale = matrix.mean(axis=0), matrix.std(axis=0)
    if (scale == 0).any() or not event.any():
        raise InestimableError("a variable of the model is constant, or there are no events")
    scaled = (matrix - centre) / scale
    sets = _risk_sets(start, stop, event, weights, ties)
    died = weights * event
    beta, value = np.zeros(matrix.shape[1]), -np.inf
    step = beta
    for _ in range(MOST_STEPS):
        moments = _moments(scaled, weights, sets, beta)
        reached = _log_likelihood(scaled, died, sets, moments, beta)
        if reached < value - 1e-9 * abs(value):
            step = step / 2
            beta = beta - step
            continue
        value = reached
        score = died @ scaled - sets.mass @ moments.mean
        information = np.tensordot(sets.mass, _spread(moments), axes=1)
        try:
            step = solve_positive(information, score)
        except linalg.LinAlgError as error:
            raise InestimableError("the variables of the model are too nearly collinear among those at risk") from error
        if np.abs(step).max() < 1e-10:
            break
        beta = beta + step
        if np.abs(beta).max() > WIDEST_LOG_RATIO:
            raise InestimableError("a variable of the model has no finite hazard ratio (monotone likelihood)")
    else:
        raise InestimableError("the model did not converge")
    inverse = invert(information)
    influence = weights[:, None] * (_score_residuals(scaled, event, sets, moments) @ inverse)
    return CoxFit(
        np.asarray(beta / scale),
        np.asarray(inverse / np.outer(scale, scale)),
        np.asarray(influence / scale),
        value,
        _proportionality(scaled, died, sets, moments),
    )


def _log_likelihood(
    matrix: FloatArray, died: FloatArray, sets: _RiskSets, moments: _Moments, beta: FloatArray
) -> float:
    predictor = matrix @ beta
    return float(died @ (predictor - predictor.max()) - sets.mass @ np.log(moments.total))


def _score_residuals(matrix: FloatArray, event: BoolArray, sets: _RiskSets, moments: _Moments) -> FloatArray:
    """Return what each row adds to the score, shape (n, p): its event less what was expected of it while at risk."""
    size = len(sets.times)
    hazard = sets.mass / moments.total
    share = sets.removed * hazard

    def cumulated(of_events: FloatArray) -> FloatArray:
        return np.concatenate([[0.0], np.cumsum(np.bincount(sets.at, weights=of_events, minlength=size))])

    at_risk = cumulated(hazard)
    expected = moments.relative * (at_risk[sets.beyond] - at_risk[sets.first])
    drop = np.bincount(sets.at, weights=share, minlength=size)
    count = np.bincount(sets.at, minlength=size)
    residuals = np.empty_like(matrix)
    for place, column in enumerate(matrix.T):
        mean = moments.mean[:, place]
        weighted = cumulated(hazard * mean)
        residuals[:, place] = -column * expected + moments.relative * (weighted[sets.beyond] - weighted[sets.first])
        rows = sets.died[event]
        average = np.bincount(sets.at, weights=mean, minlength=size) / count
        # Efron's method has those who have the event leave the risk set bit by bit.
        left = np.bincount(sets.at, weights=share * mean, minlength=size)
        residuals[event, place] += column[event] - average[rows]
        residuals[event, place] += moments.relative[event] * (column[event] * drop[rows] - left[rows])
    return residuals


def _proportionality(matrix: FloatArray, died: FloatArray, sets: _RiskSets, moments: _Moments) -> FloatArray:
    """Return the p value of each column by the score test that its coefficient does not change linearly with time.

    The test of scaled Schoenfeld residuals in its exact form, as ``cox.zph`` of R's survival 3 has it.
    """
    count = np.bincount(sets.at)
    time = sets.times[sets.at] - np.average(sets.times, weights=count)
    spread = _spread(moments) * sets.mass[:, None, None]
    plain, by_time = spread.sum(axis=0), np.tensordot(time, spread, axes=1)
    by_square = np.tensordot(time**2, spread, axes=1)
    events = sets.died >= 0
    own_time = (sets.times - np.average(sets.times, weights=count))[sets.died[events]]
    score = (died[events] * own_time) @ matrix[events] - (sets.mass * time) @ moments.mean
    values = np.empty(matrix.shape[1])
    for place in range(matrix.shape[1]):
        left = by_square[place, place] - by_time[place] @ solve_positive(plain, by_time[:, place])
        values[place] = stats.chi2.sf(score[place] ** 2 / left, 1) if left > 0 else np.nan
    return values
