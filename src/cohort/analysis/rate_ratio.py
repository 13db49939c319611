"""Ratio of incidence rates with and without an exposure that begins in time, by Poisson regression of person-years."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import linalg

from cohort.analysis.conditioning import invert
from cohort.analysis.onset_question import Question, words_of
from cohort.analysis.person_time import PersonTime, age_edges, split_by_age, variance_and_df
from cohort.analysis.sampling import CodeArray, Design, Domain, FloatArray
from cohort.analysis.variables import InestimableError
from cohort.results import Estimate, NotTestable, Result

AGE_STEP = 5.0
"""Width of the age bands within which rates are compared, in years."""

MOST_STEPS = 60


def poisson_coefficients(
    matrix: FloatArray, events: FloatArray, years: FloatArray, weights: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return coefficients, inverse information and fitted events of a log-linear model of rates, by Newton's method.

    Equal to R's ``glm(events ~ ., poisson, offset = log(years), weights = )``.

    Raises
    ------
    InestimableError
        If there is no finite estimate.
    """
    beta = np.zeros(matrix.shape[1])
    beta[0] = math.log(float(weights @ events) / float(weights @ years))
    for _ in range(MOST_STEPS):
        mean = years * np.exp(matrix @ beta)
        information = matrix.T @ (matrix * (weights * mean)[:, None])
        root = np.sqrt(np.diag(information))
        try:
            inverse = invert(information / np.outer(root, root)) / np.outer(root, root)
        except (linalg.LinAlgError, ValueError) as error:
            raise InestimableError("the variables of the model are too nearly collinear") from error
        step = inverse @ (matrix.T @ (weights * (events - mean)))
        step = step * min(1.0, 3.0 / max(float(np.abs(matrix @ step).max()), 1e-300))
        beta = beta + step
        if float(np.abs(step * root).max()) < 1e-9:
            return beta, inverse, years * np.exp(matrix @ beta)
    raise InestimableError("the model of rates did not converge: a rate may have no finite ratio")


def _bands_with_events(time: PersonTime, band: CodeArray) -> tuple[PersonTime, CodeArray]:
    """Return the person-time of the age bands in which the outcome occurs; the others say nothing of a ratio."""
    events = np.bincount(band, weights=time.event)
    keep = events[band] > 0
    return time.take(keep), np.unique(band[keep], return_inverse=True)[1].astype(np.intp)


def incidence_rate_ratio(
    intervals: pd.DataFrame,
    people: pd.DataFrame,
    question: Question,
    *,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
    age_step: float = AGE_STEP,
) -> Result:
    """Return the ratio of incidence rates with and without the exposure at the same age, by Poisson regression.

    Person-time is split into age bands (Lexis), in each of which the rate is constant. Simple sample: maximum
    likelihood, right for repeated intervals of one person since they are conditionally independent given no outcome
    so far. A design with units (survey, families): sandwich over these, t quantiles.

    Parameters
    ----------
    intervals, people, question, design, domain, label, claims
        As in :func:`incidence_rates`.
    adjustment
        Columns of ``people`` known before the time at risk; age is always held by the bands.
    age_step
        Width of the age bands in years.
    """
    label = label or question.label
    estimand = f"incidence rate ratio of {words_of(question.outcome)} at the same age"
    try:
        time = question.time(intervals, people, design=design, domain=domain, adjustment=adjustment)
        split, band = _bands_with_events(*split_by_age(time, age_edges(time, age_step)))
        bands = (band[:, None] == np.arange(1, int(band.max()) + 1)).astype(float)
        matrix = np.column_stack([np.ones(len(band)), split.exposed, bands, split.covariates])
        events, years = split.event.astype(float), split.stop - split.start
        beta, inverse, fitted = poisson_coefficients(matrix, events, years, split.weights)
        df = math.inf
        if design.kind == "survey":
            influence = (matrix * (split.weights * (events - fitted))[:, None]) @ inverse[:, 1]
            variance, df = variance_and_df(split, influence, design, terms=1 + len(time.names))
        else:
            variance = float(inverse[1, 1])
    except InestimableError as reason:
        return NotTestable(label, str(reason), "incidence rate ratio", estimand, claims)
    return Estimate(
        label,
        "incidence rate ratio",
        math.exp(beta[1]),
        math.sqrt(variance),
        scale="log",
        df=df,
        null=1.0,
        estimand=estimand,
        adjustment=("age_years", *(name for name in adjustment if name != "age_years")),
        n=time.n,
        events=time.events,
        claims=claims,
        details=(*question.details, *time.notes, ("age bands", f"{age_step:g} years")),
    )
