"""Incidence: rates per 1,000 person-years with and without an exposure that begins in time, in all and by age."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
from scipy import stats

from cohort.analysis.onset_question import Question, words_of
from cohort.analysis.person_time import PersonTime, age_edges, split_by_age, variance_and_df
from cohort.analysis.sampling import BoolArray, Design, Domain
from cohort.analysis.variables import InestimableError
from cohort.results import Estimate, NotTestable, Result

PER = 1000.0
"""Rates are told per so many person-years."""

STATES = ("without the exposure", "with the exposure")


def poisson_limits(events: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of the mean of a Poisson count (Garwood 1936, Biometrika 28:437).

    Examples
    --------
    >>> [round(end, 3) for end in poisson_limits(10)]
    [4.795, 18.39]
    """
    tail = (1 - level) / 2
    low = float(stats.chi2.ppf(tail, 2 * events) / 2) if events else 0.0
    return low, float(stats.chi2.ppf(1 - tail, 2 * events + 2) / 2)


def _rate(time: PersonTime, rows: BoolArray, design: Design, label: str, question: Question) -> Estimate:
    """Return the rate of some intervals: exact limits in a simple sample, linearised ones in a survey."""
    years = (time.stop - time.start)[rows]
    events = int(time.event[rows].sum())
    weight = time.weights[rows]
    total = float(weight @ years)
    rate = float(weight @ time.event[rows]) / total
    bounds: tuple[float, float] | None = None
    df = math.inf
    if design.kind == "survey":
        influence = time.weights * rows * (time.event - rate * (time.stop - time.start)) / total
        variance, df = variance_and_df(time, influence, design, terms=0)
        error = math.sqrt(variance) / rate
    else:
        error = 1 / math.sqrt(events)
        low, high = poisson_limits(events)
        bounds = (PER * low / total, PER * high / total)
    return Estimate(
        label,
        f"incidence rate per {PER:,.0f} person-years",
        PER * rate,
        error,
        scale="log",
        df=df,
        estimand=f"incidence rate of {words_of(question.outcome)}",
        n=len(np.unique(time.person[rows])),
        events=events,
        details=(*question.details, ("person-years", f"{float(f'{years.sum():.3g}'):,.0f}")),
        bounds=bounds,
    )


def incidence_rates(
    intervals: pd.DataFrame,
    people: pd.DataFrame,
    question: Question,
    *,
    design: Design,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> list[Result]:
    """Return the incidence rate without and with the exposure, per 1,000 person-years.

    Exact Poisson intervals in a simple sample; in a survey, weighted rates with linearised intervals on the log scale.
    Rates are crude: the exposed are older. Assumes a rate that is constant within each state.

    Parameters
    ----------
    intervals
        A risk table: the clean one, or :func:`cohort.analysis.onsets.life_table`.
    people
        One row per person.
    question
        Outcome, exposure and lag.
    design, domain
        As in :func:`cohort.analysis.design.proportion`.
    label, claims
        For the results.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> people = pd.DataFrame({"participant_id": [str(i) for i in range(100)]})
    >>> rows = pd.DataFrame({"participant_id": people["participant_id"], "outcome": "lifetime_depression",
    ...     "exposure": "any_autoimmune_disease", "start": 40.0, "stop": [41.0 + i % 5 for i in range(100)],
    ...     "event": [i % 4 == 0 for i in range(100)], "is_exposed": [i >= 50 for i in range(100)]})
    >>> asked = Question("lifetime_depression", "any_autoimmune_disease")
    >>> [round(rate.value, 1) for rate in incidence_rates(rows, people, asked, design=design_of(people))]
    [86.7, 80.0]
    """
    label = label or question.label
    names = [f"{label}: {state}" for state in STATES]
    try:
        time = question.time(intervals, people, design=design, domain=domain)
    except InestimableError as reason:
        measure = f"incidence rate per {PER:,.0f} person-years"
        return [NotTestable(name, str(reason), measure, "", claims) for name in names]
    found = [
        _rate(time, time.exposed == state, design, name, question) for state, name in zip((0, 1), names, strict=True)
    ]
    return [dataclasses.replace(estimate, claims=claims) for estimate in found]


def age_specific_rates(
    intervals: pd.DataFrame,
    people: pd.DataFrame,
    question: Question,
    *,
    design: Design,
    domain: Domain = None,
    step: float = 10.0,
) -> dict[str, list[Result]]:
    """Return the incidence rate of each age band without and with the exposure, with the people at risk in it.

    Exact Poisson intervals; a band without an outcome has the rate zero and an upper limit. Weights of a survey are not
    used: it is a picture of what happened in these people.

    Parameters
    ----------
    intervals, people, question, design, domain
        As in :func:`incidence_rates`.
    step
        Width of the age bands in years.

    Returns
    -------
    dict
        Results by state of exposure, labelled by age band; a single refusal when the cohort cannot give rates.
    """
    measure = f"incidence rate per {PER:,.0f} person-years"
    estimand = f"incidence rate of {words_of(question.outcome)} by age"
    try:
        time = question.time(intervals, people, design=design, domain=domain)
    except InestimableError as reason:
        return {state: [NotTestable(question.label, str(reason), measure, estimand)] for state in STATES}
    edges = age_edges(time, step)
    split, band = split_by_age(time, edges)
    years = split.stop - split.start
    found: dict[str, list[Result]] = {}
    for state, words in enumerate(STATES):
        of_state: list[Result] = []
        for number, low in enumerate(edges):
            rows = (band == number) & (split.exposed == state)
            total, events = float(years[rows].sum()), int(split.event[rows].sum())
            label = f"{low:.0f}–{low + step - 1:.0f}"
            if not total:
                of_state.append(NotTestable(label, "nobody at risk", measure, estimand))
                continue
            limits = poisson_limits(events)
            of_state.append(
                Estimate(
                    label,
                    measure,
                    PER * events / total,
                    PER * math.sqrt(events) / total,
                    estimand=estimand,
                    n=len(np.unique(split.person[rows])),
                    events=events or None,  # a rate of zero is no share of people
                    details=question.details,
                    bounds=(PER * limits[0] / total, PER * limits[1] / total),
                )
            )
        found[words] = of_state
    return found
