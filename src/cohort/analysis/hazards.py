"""Hazard ratio of a disease for an exposure that begins in time: Cox regression on the age scale with late entry."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cohort.analysis.onset_question import Question, words_of
from cohort.analysis.partial_likelihood import Ties, fit_cox
from cohort.analysis.person_time import variance_and_df
from cohort.analysis.sampling import Design, Domain
from cohort.analysis.variables import InestimableError
from cohort.results import Estimate, NotTestable, Result

VIOLATED_BELOW = 0.05
"""P value of the test of proportional hazards under which a result says that they are not."""


def hazard_ratio(
    intervals: pd.DataFrame,
    people: pd.DataFrame,
    question: Question,
    *,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    ties: Ties = "efron",
    label: str = "",
    claims: tuple[str, ...] = (),
) -> Result:
    """Return the hazard ratio of the outcome with against without the exposure, at the same age.

    Age is the time scale; people enter at the start of their first interval (left truncation) and turn exposed when
    the exposure, with its lag, begins. Equal to R's ``coxph`` in a simple sample, to ``svycoxph`` with weights and
    units, for families to ``coxph(cluster = )`` but for the factor units/(units − 1) of the variance. Assumes
    proportional hazards; the result says how far that holds by the test of scaled Schoenfeld residuals against age.

    Parameters
    ----------
    intervals, people, question, adjustment, design, domain, label, claims
        As in :func:`cohort.analysis.rates.incidence_rate_ratio`; age needs no adjustment.
    ties
        How onsets at the same age are handled; ages in whole years make many.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> people = pd.DataFrame({"participant_id": [str(i) for i in range(60)]})
    >>> rows = pd.DataFrame({"participant_id": people["participant_id"], "outcome": "lifetime_depression",
    ...     "exposure": "any_autoimmune_disease", "start": 20.0 + np.arange(60) % 7, "stop": 30.0 + np.arange(60) % 11,
    ...     "event": np.arange(60) % 3 == 0, "is_exposed": np.arange(60) % 2 == 0})
    >>> asked = Question("lifetime_depression", "any_autoimmune_disease")
    >>> result = hazard_ratio(rows, people, asked, design=design_of(people))
    >>> f"{result.value:.2f}", dict(result.details)["proportional hazards"]
    ('0.94', 'not rejected, p = 0.98')
    """
    label = label or question.label
    estimand = f"hazard ratio of {words_of(question.outcome)} at the same age"
    try:
        time = question.time(intervals, people, design=design, domain=domain, adjustment=adjustment)
        matrix = np.column_stack([time.exposed.astype(float), time.covariates])
        fit = fit_cox(matrix, time.start, time.stop, time.event, weights=time.weights, ties=ties)
        df = math.inf
        variance = float(fit.covariance[0, 0])
        if design.kind == "survey":
            variance, df = variance_and_df(time, fit.influence[:, 0], design, terms=matrix.shape[1])
    except InestimableError as reason:
        return NotTestable(label, str(reason), "hazard ratio", estimand, claims)
    p = float(fit.proportionality[0])
    judged = "violated: the ratio changes with age and this is its average" if p < VIOLATED_BELOW else "not rejected"
    return Estimate(
        label,
        "hazard ratio",
        math.exp(fit.coefficients[0]),
        math.sqrt(variance),
        scale="log",
        df=df,
        null=1.0,
        estimand=estimand,
        adjustment=("age_years", *(name for name in adjustment if name != "age_years")),
        n=time.n,
        events=time.events,
        claims=claims,
        details=(
            *question.details,
            *time.notes,
            ("ties", ties),
            ("proportional hazards", f"{judged}, p = {p:.2g}"),
        ),
    )
