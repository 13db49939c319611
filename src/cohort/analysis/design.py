"""Prevalences and means under the design of the sample, and the design itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import special, stats

from cohort.analysis.sampling import (
    BoolArray,
    Design,
    Domain,
    FloatArray,
    analysis_domain,
    base_name,
    design_of,
    weighted_sd,
)
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, binary, levels, numeric, readable, require
from cohort.disclosure import people_named
from cohort.results import Estimate, NotTestable, Result

__all__ = [
    "BoolArray",
    "Design",
    "Domain",
    "FloatArray",
    "analysis_domain",
    "design_of",
    "mean",
    "proportion",
    "proportions_by",
    "standard_deviation",
    "weighted_sd",
]


def standard_deviation(table: pd.DataFrame, variable: str, design: Design, *, domain: Domain = None) -> float:
    """Return the (weighted) standard deviation of a variable in a domain, in its unit; NaN when it cannot be had.

    Used to turn equivalence bounds in SD into the unit of a difference.
    """
    try:
        values = numeric(require(table, variable))
    except InestimableError:
        return float("nan")
    inside = analysis_domain(table, design, domain) & ~np.isnan(values)
    return weighted_sd(values[inside], design.weight()[inside])


def _linearised_mean(values: FloatArray, inside: BoolArray, design: Design) -> tuple[float, float, float]:
    """Return mean, standard error and degrees of freedom among the rows inside."""
    weight = design.weight()[inside]
    average = float(np.average(values[inside], weights=weight))
    influence = (weight * (values[inside] - average) / weight.sum())[:, None]
    df = design.degrees_of_freedom(inside)
    if df < 1:
        raise InestimableError("the survey has too few primary sampling units for a standard error")
    return average, float(np.sqrt(design.covariance(influence, inside)[0, 0])), df


def _enough(count: int, who: str) -> None:
    if count < MINIMUM_CELL:
        raise InestimableError(f"fewer than {MINIMUM_CELL} people {who}")


def _wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % score interval of a proportion (Wilson 1927)."""
    z = float(stats.norm.ppf(0.975))
    middle = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return float(middle - reach), float(middle + reach)


def proportion(
    table: pd.DataFrame,
    outcome: str,
    design: Design,
    *,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> Result:
    """Return the prevalence of a yes/no variable, between 0 and 1.

    Survey: linearised standard error, interval on the logit scale with t quantiles at PSUs minus strata, as R's
    ``svyciprop(method = "logit")``. Simple sample: Wilson's interval. Assumes that those with a missing outcome are
    like the others of the domain.

    Parameters
    ----------
    table
        One row per person.
    outcome
        A yes/no column.
    design
        The design of the same table.
    domain
        The people it is about; default ``is_eligible``.
    label, claims
        For the result; the label defaults to the codebook's.

    Examples
    --------
    >>> people = pd.DataFrame({"has_depression": [True] * 20 + [False] * 80})
    >>> low, high = proportion(people, "has_depression", design_of(people)).interval()
    >>> f"{low:.3f} to {high:.3f}"
    '0.133 to 0.289'
    """
    label = label or readable(outcome)
    estimand = f"share of the people with {readable(outcome)}"
    try:
        values = binary(require(table, outcome))
        inside = analysis_domain(table, design, domain) & ~np.isnan(values)
        n, events = int(inside.sum()), int(values[inside].sum())
        _enough(min(events, n - events), f"with or without '{outcome}'")
        share, error, df = _linearised_mean(values, inside, design)
    except InestimableError as reason:
        return NotTestable(label, str(reason), "prevalence", estimand, claims)
    if design.kind == "survey":
        reach = float(stats.t.ppf(0.975, df)) * error / (share * (1 - share))
        middle = float(special.logit(share))
        bounds = float(special.expit(middle - reach)), float(special.expit(middle + reach))
    else:
        error, bounds = float(np.sqrt(share * (1 - share) / n)), _wilson(share, n)
    details = (("design", design.words), ("interval", "logit" if design.kind == "survey" else "Wilson"))
    return Estimate(
        label,
        "prevalence",
        share,
        error,
        df=df,
        estimand=estimand,
        n=n,
        events=events,
        claims=claims,
        details=details,
        counted=counted_people(base_name(design, domain), outcome),
        bounds=bounds,
    )


def counted_people(base: str, outcome: str, *conditions: str) -> tuple[str, str] | None:
    """Return how disclosure control calls the people of a share, and those of them with the outcome."""
    if not base:
        return None
    return people_named(base, f"{outcome} known", *conditions), people_named(base, f"{outcome}=yes", *conditions)


def mean(
    table: pd.DataFrame,
    variable: str,
    design: Design,
    *,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> Result:
    """Return the mean of a variable in its unit, with a linearised standard error and a t interval.

    Equal to R's ``svymean`` and ``confint(…, df = degf(design))``; to the textbook interval in a simple sample.
    Assumes that those with a missing value are like the others of the domain.

    Parameters
    ----------
    table, design, domain, label, claims
        As in :func:`proportion`.
    variable
        A numeric column.
    """
    label = label or readable(variable)
    try:
        values = numeric(require(table, variable))
        inside = analysis_domain(table, design, domain) & ~np.isnan(values)
        n = int(inside.sum())
        _enough(n, f"with '{variable}'")
        average, error, df = _linearised_mean(values, inside, design)
    except InestimableError as reason:
        return NotTestable(label, str(reason), "mean", claims=claims)
    return Estimate(
        label,
        "mean",
        average,
        error,
        df=df,
        estimand=f"mean of {readable(variable)}",
        n=n,
        claims=claims,
        details=(("design", design.words), ("interval", "t")),
    )


def proportions_by(
    table: pd.DataFrame, outcome: str, by: str, design: Design, *, domain: Domain = None, claims: tuple[str, ...] = ()
) -> list[Result]:
    """Return the prevalence in each level of a variable, each level a domain of the whole design.

    Parameters
    ----------
    table, outcome, design, domain, claims
        As in :func:`proportion`.
    by
        A column of words, or a yes/no column; the labels are its words.
    """
    try:
        column = require(table, by)
        words = levels(column)
        if words is None:
            binary(column)
    except InestimableError as reason:
        return [NotTestable(readable(by), str(reason), "prevalence", claims=claims)]
    inside = analysis_domain(table, design, domain)
    named = (
        [(str(word), word) for word in words]
        if words is not None
        else [(f"{readable(by)}: {'yes' if value else 'no'}", value) for value in (False, True)]
    )
    return [
        proportion(
            table,
            outcome,
            design,
            label=name,
            claims=claims,
            domain=inside & (column == level).fillna(False).to_numpy(dtype=bool),
        )
        for name, level in named
    ]
