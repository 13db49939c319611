"""Whether a class tells anything that the continuous markers it was made of don't tell already.

Classes of a continuum predict whatever the continuum predicts. The class must add to the markers, and the class of a
person must come from people other than this one: classes are learnt in one half, and the other half is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cohort.analysis.subgroups.gate import FEWEST_PEOPLE
from cohort.analysis.subgroups.mixtures import ordered_classes
from cohort.analysis.subgroups.models import fit_mixture
from cohort.analysis.subgroups.preparation import PreparedMarkers
from cohort.analysis.subgroups.three_step import class_means
from cohort.analysis.variables import InestimableError, binary, is_binary, numeric, readable, require
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable, Result

FloatArray = NDArray[np.float64]

Curvature: TypeAlias = Literal["linear", "squares"]
FEWEST_WITH = 30
_MOST_DETERMINED = 0.999


@dataclass(frozen=True)
class Added:
    """What the class adds to the markers.

    Parameters
    ----------
    test
        Change of the outcome (log odds for a yes/no outcome, else its own unit) from certainly the lowest class to
        certainly another, given the markers.
    by_markers
        Share of the variance of the class probability that the markers' terms explain: close to 1, nothing can be told
        apart.
    """

    test: Result
    by_markers: float


def class_beyond_markers(
    table: pd.DataFrame,
    prepared: PreparedMarkers,
    outcome: str,
    *,
    rng: np.random.Generator,
    given: Curvature = "squares",
    splits: int = 10,
    claims: tuple[str, ...] = ("IP-40",),
) -> Added | NotTestable:
    """Return what the probability of the upper of two classes adds to the continuous markers in predicting an outcome.

    In each random half a tied-covariance mixture of two Gaussians is learnt and the other half's class probabilities
    are computed; one regression over all has a term for each half. Over the splits, estimates are combined by the
    median, variances by the median of variance plus squared distance from it (Chernozhukov et al. 2018, Econom J
    21:C1, definition 3.3).

    Parameters
    ----------
    table
        One row per person.
    prepared
        Markers from :func:`prepare_markers`; the log scaling is used.
    outcome
        A yes/no or numeric column that made no class: depression, a symptom score, treatment.
    rng
        Source of the halves.
    given
        The markers as they are, or with their squares and products.
    splits
        Random halves.
    claims
        For the result.

    Notes
    -----
    Assumes that the outcome depends on the markers as ``given`` says, or on the class. A curved dependence looks like a
    class when only straight terms are given; with squares the test is slower to say so and less often wrong. Products
    of markers are left out where they would be more than a tenth of the people.
    """
    label, measure = f"Class beyond the markers: {readable(outcome)}", "change with the class, given the markers"
    try:
        y, inside, is_yes_no = _outcome(table, prepared, outcome)
    except InestimableError as why:
        return NotTestable(label, str(why), measure, claims=claims)
    values = prepared.scalings["log"][inside]
    estimates, variances, determined = [], [], []
    with threadpool_limits(limits=1):
        for _ in range(splits):
            upper, half = _crossed_classes(values, rng)
            matrix = np.column_stack([upper, np.ones(len(y)), half, _terms(values, given)])
            others = matrix[:, 1:]
            rest = upper - others @ np.linalg.lstsq(others, upper, rcond=None)[0]
            determined.append(1 - float(np.var(rest) / max(np.var(upper), 1e-12)))
            if determined[-1] > _MOST_DETERMINED or np.var(upper) < 1e-6:
                continue
            slope, variance = _logistic(y, matrix) if is_yes_no else _linear(y, matrix)
            estimates.append(slope)
            variances.append(variance)
    if len(estimates) < (splits + 1) / 2:
        reason = "the class is a function of the markers' terms: there is nothing it could add"
        return NotTestable(label, reason, measure, claims=claims)
    centre = float(np.median(estimates))
    variance = float(np.median(np.array(variances) + (np.array(estimates) - centre) ** 2))
    terms = "markers, their squares and products" if given == "squares" else "markers"
    found = Estimate(
        label,
        measure,
        centre,
        float(np.sqrt(variance)),
        null=0.0,
        estimand=f"change of {readable(outcome)} from the lower to the upper class, given the {terms}",
        adjustment=prepared.markers,
        n=len(y),
        events=int(y.sum()) if is_yes_no else None,
        claims=claims,
        details=(("scale", "log odds" if is_yes_no else "unit of the outcome"), ("weights", "none")),
    )
    return Added(found, float(np.median(determined)))


def class_difference(
    table: pd.DataFrame,
    prepared: PreparedMarkers,
    outcome: str,
    *,
    rng: np.random.Generator,
    claims: tuple[str, ...] = ("IP-40", "IP-42"),
) -> Result:
    """Return the difference in an outcome between the upper and the lower of two classes, corrected by BCH.

    It says how the classes differ, not that the classes are more than cuts through the markers: for that see
    :func:`class_beyond_markers`.

    Parameters
    ----------
    table, prepared, outcome, rng, claims
        As in :func:`class_beyond_markers`.
    """
    label, measure = f"Upper against lower class: {readable(outcome)}", "difference in means, BCH"
    try:
        y, inside, is_yes_no = _outcome(table, prepared, outcome)
    except InestimableError as why:
        return NotTestable(label, str(why), measure, claims=claims)
    values = prepared.scalings["log"]
    with threadpool_limits(limits=1):
        model, _ = fit_mixture(values, "tied", 2, starts=4, seed=int(rng.integers(2**31 - 1)))
        order, _ = ordered_classes(model, values)
        posterior = np.asarray(model.predict_proba(values))[:, order]
    try:
        found = class_means(posterior[inside], y)
    except AnalysisError as fault:
        return NotTestable(label, str(fault), measure, claims=claims)
    value, error = found.difference(1, 0)
    return Estimate(
        label,
        measure,
        value,
        error,
        null=0.0,
        estimand=f"difference in mean {readable(outcome)} between two classes of the markers",
        n=len(y),
        events=int(y.sum()) if is_yes_no else None,
        claims=claims,
        details=(("without correction", f"{found.naive[1] - found.naive[0]:.3f}"), ("weights", "none")),
    )


def _outcome(
    table: pd.DataFrame, prepared: PreparedMarkers, outcome: str
) -> tuple[FloatArray, NDArray[np.bool_], bool]:
    """Return the outcome of the people who have it, who they are among the prepared, and whether it is yes/no.

    Raises
    ------
    InestimableError
        If the outcome is absent, made of the markers, or there are too few people.
    """
    if outcome in prepared.markers:
        raise InestimableError("the outcome is one of the markers: the test would be circular")
    column = require(table.loc[prepared.index], outcome)
    is_yes_no = is_binary(column)
    values = binary(column) if is_yes_no else numeric(column)
    inside = ~np.isnan(values)
    y = values[inside]
    if len(y) < FEWEST_PEOPLE or len(prepared.markers) < 2:
        raise InestimableError(f"fewer than {FEWEST_PEOPLE} people with two markers and the outcome")
    if is_yes_no and min(y.sum(), (1 - y).sum()) < FEWEST_WITH:
        raise InestimableError(f"fewer than {FEWEST_WITH} people with or without the outcome")
    return y, inside, is_yes_no


def _crossed_classes(values: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Return everybody's probability of the upper class, learnt on the half they are not in, and that half."""
    people = len(values)
    half = np.zeros(people)
    half[rng.permutation(people)[: people // 2]] = 1.0
    upper = np.empty(people)
    reference: FloatArray | None = None
    for learnt in (0.0, 1.0):
        seed = int(rng.integers(2**31 - 1))
        model, _ = fit_mixture(values[half == learnt], "tied", 2, starts=2, seed=seed)
        order, _ = ordered_classes(model, values[half == learnt])
        away = model.means_[order[1]] - model.means_[order[0]]
        if reference is None:
            reference = away
        elif away @ reference < 0:
            # Where the first marker hardly differs, both halves must still call the same class the upper one.
            order = order[::-1]
        upper[half != learnt] = np.asarray(model.predict_proba(values[half != learnt]))[:, order[1]]
    return upper, half


def _terms(values: FloatArray, given: Curvature) -> FloatArray:
    if given == "linear":
        return values
    markers = values.shape[1]
    one, two = np.triu_indices(markers)
    if len(one) > len(values) / 10:
        one = two = np.arange(markers)
    return np.column_stack([values, values[:, one] * values[:, two]])


def _linear(y: FloatArray, matrix: FloatArray) -> tuple[float, float]:
    """Return the first coefficient of a linear regression and its HC1 variance."""
    people, terms = matrix.shape
    inverse = np.linalg.pinv(matrix.T @ matrix)
    beta = inverse @ matrix.T @ y
    score = matrix * (y - matrix @ beta)[:, None]
    covariance = inverse @ (score.T @ score) @ inverse * people / (people - terms)
    return float(beta[0]), float(covariance[0, 0])


def _logistic(y: FloatArray, matrix: FloatArray) -> tuple[float, float]:
    """Return the first coefficient of a logistic regression and its model variance."""
    beta = np.zeros(matrix.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(matrix @ beta, -30, 30)))
        information = (matrix * (chance * (1 - chance))[:, None]).T @ matrix
        step = np.linalg.lstsq(information, matrix.T @ (y - chance), rcond=None)[0]
        beta = beta + np.clip(step, -4, 4)
        if np.abs(step).max() < 1e-9:
            break
    return float(beta[0]), float(np.linalg.pinv(information)[0, 0])
