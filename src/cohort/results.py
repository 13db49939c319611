"""What an analysis returns: frozen results that a table, a figure or a verdict can be made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import pandas as pd
from scipy import stats

from cohort.disclosure import Cell, Disclosure, Sum

Scale = Literal["identity", "log"]


@dataclass(frozen=True)
class Estimate:
    """An estimate with its interval.

    Parameters
    ----------
    label
        What was estimated, for a row of a table ("Rheumatoid arthritis").
    measure
        The measure in the field's words: "odds ratio", "risk ratio", "risk difference", "prevalence",
        "mean difference in ln CRP", "ratio of geometric means", …
    value
        The estimate on its natural scale (an odds ratio, not its logarithm).
    standard_error
        Standard error on ``scale``: of the logarithm for ratios.
    scale
        ``log`` when the interval is symmetric on the log scale.
    df
        Degrees of freedom of the t distribution for the interval; infinite for the normal.
    null
        The value that means no effect (1 for ratios, 0 for differences); None for a descriptive number.
    estimand
        The quantity in words: population, contrast, outcome.
    adjustment
        The variables adjusted for.
    n, events
        People in the analysis and, for a binary outcome, those with it.
    claims
        Identifiers of the claims it bears on.
    details
        Further facts for a table (design, missing part of the adjustment set), as pairs.

    Examples
    --------
    >>> e = Estimate("RA", "odds ratio", 1.5, 0.1, scale="log", null=1.0)
    >>> low, high = e.interval()
    >>> f"{low:.2f} to {high:.2f}"
    '1.23 to 1.82'
    """

    label: str
    measure: str
    value: float
    standard_error: float
    scale: Scale = "identity"
    df: float = math.inf
    null: float | None = None
    estimand: str = ""
    adjustment: tuple[str, ...] = ()
    n: int = 0
    events: int | None = None
    claims: tuple[str, ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    counted: tuple[str, str] | None = None
    """Names of the people of ``n`` and ``events`` for disclosure control, where other tables count them as well."""
    bounds: tuple[float, float] | None = None
    """A 95 % interval that was not made from the standard error (exact, profile, logit), on the natural scale."""

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Return the confidence interval on the natural scale.

        Parameters
        ----------
        level
            Confidence level between 0 and 1.
        """
        if self.bounds is not None and math.isclose(level, 0.95):
            return self.bounds
        quantile = (
            float(stats.t.ppf(0.5 + level / 2, self.df))
            if math.isfinite(self.df)
            else float(stats.norm.ppf(0.5 + level / 2))
        )
        reach = quantile * self.standard_error
        if self.scale == "log":
            centre = math.log(self.value)
            return math.exp(centre - reach), math.exp(centre + reach)
        return self.value - reach, self.value + reach

    def p_value(self) -> float:
        """Return the two-sided p value against ``null``; NaN for a descriptive number."""
        if self.null is None or self.standard_error == 0:
            return math.nan
        distance = math.log(self.value / self.null) if self.scale == "log" else self.value - self.null
        statistic = abs(distance) / self.standard_error
        return float(2 * (stats.t.sf(statistic, self.df) if math.isfinite(self.df) else stats.norm.sf(statistic)))

    def with_label(self, label: str) -> Estimate:
        """Return a copy under another label."""
        return replace(self, label=label)


@dataclass(frozen=True)
class NotTestable:
    """In place of an estimate that this cohort cannot give, with the reason in words.

    Parameters
    ----------
    label
        What would have been estimated.
    reason
        Why it cannot be: which variable is absent, constant, or has too few people.
    measure, estimand, claims
        As in :class:`Estimate`.

    Examples
    --------
    >>> NotTestable("Childhood trauma", "no variable 'ctq_total' in this cohort").reason
    "no variable 'ctq_total' in this cohort"
    """

    label: str
    reason: str
    measure: str = ""
    estimand: str = ""
    claims: tuple[str, ...] = ()

    def with_label(self, label: str) -> NotTestable:
        """Return a copy under another label."""
        return replace(self, label=label)


Result: TypeAlias = Estimate | NotTestable


def listed(groups: Mapping[str, Sequence[Result]]) -> list[Result]:
    """Return the results of several groups as one list, each label followed by the name of its group.

    What is not testable in any group stands there once, at the end and under its plain label.

    Examples
    --------
    >>> seen = Estimate("RA", "hazard ratio", 1.5, 0.1, scale="log")
    >>> none = NotTestable("MS", "this cohort has no onsets of it")
    >>> [one.label for one in listed({"no lag": [seen, none], "lag 1 y": [seen, none]})]
    ['RA, no lag', 'RA, lag 1 y', 'MS']
    """
    told = {one.label for results in groups.values() for one in results if isinstance(one, Estimate)}
    shown = [
        one.with_label(f"{one.label}, {name}")
        for name, results in groups.items()
        for one in results
        if one.label in told
    ]
    silent = {one.label: one for results in groups.values() for one in results if one.label not in told}
    return [*shown, *silent.values()]


@dataclass(frozen=True)
class Finding:
    """What a procedure found that is no number with an interval, such as a gate's answer.

    Parameters
    ----------
    label, measure, estimand, claims
        As in :class:`Estimate`.
    words
        The finding in a sentence.
    """

    label: str
    measure: str
    words: str
    estimand: str = ""
    claims: tuple[str, ...] = ()


Status = Literal[
    "supported",
    "contradicted",
    "no relevant effect",
    "inconclusive",
    "not testable with this cohort",
]


@dataclass(frozen=True)
class Verdict:
    """What the numbers say of one claim, computed by a rule and never typed.

    Parameters
    ----------
    claim
        Identifier of the claim.
    question
        What was asked of it: "direction" or "size".
    status
        One of the five words.
    reason
        The numbers behind it, in a sentence.
    evidence
        The result it rests on.
    n_needed
        For ``inconclusive``: how many people would decide, at the same precision for each person.
    synthetic
        Whether the cohort is synthetic; the words then speak of the method, not of the world.
    """

    claim: str
    question: Literal["direction", "size"]
    status: Status
    reason: str
    evidence: Result | Finding
    n_needed: int | None = None
    synthetic: bool = False


@dataclass(frozen=True)
class ResultTable:
    """A table for readers: words and formatted numbers, with the columns of counts named for disclosure control.

    Parameters
    ----------
    name
        Short file name, snake_case.
    title
        What the table shows.
    data
        The rows, numbers unformatted.
    counts
        Columns that hold counts of people.
    formats
        Format of a column of numbers, such as ``".2f"``.
    note
        A footnote: sources, what a dash means.
    sums
        Which counts add up to which; a cell is (number of the row, name of the column). Disclosure control needs to
        know, since a suppressed count could be worked out from its neighbours.
    names
        Names of cells that count the same people as cells of other tables (:func:`cohort.disclosure.people_named`).
    percentages
        By column of percentages: the columns of part and whole. Under disclosure control they are made of the counts as
        shown, and left out where one of these is suppressed.
    rests_on_counts
        Columns of numbers that are left out of a row of which a count is small.
    """

    name: str
    title: str
    data: pd.DataFrame
    counts: tuple[str, ...] = ()
    formats: dict[str, str] = field(default_factory=dict)
    note: str = ""
    sums: tuple[Sum, ...] = ()
    names: dict[Cell, str] = field(default_factory=dict)
    percentages: dict[str, tuple[str, str]] = field(default_factory=dict)
    rests_on_counts: tuple[str, ...] = ()


WITHHELD = "withheld: fewer than {least} people with or without it"


def disclosed(result: Result, rule: Disclosure) -> Result:
    """Return a result as it may be shown of a real study.

    An estimate that rests on few people with the event, or few without it, is withheld: with its denominator beside it,
    a share gives the count back. A share that is nothing but events over people is made anew from both as they are
    shown, rounded, with Wilson's interval, for from the exact share the exact counts follow. Weighted and modelled
    estimates are not functions of the counts beside them and stay as they are.

    Parameters
    ----------
    result
        An estimate, or why there is none.
    rule
        How counts are protected.

    Examples
    --------
    >>> disclosed(Estimate("MS", "prevalence", 0.003, 0.0017, n=1000, events=3), Disclosure()).reason
    'withheld: fewer than 5 people with or without it'
    >>> disclosed(Estimate("RA", "prevalence", 103 / 1001, 0.01, n=1001, events=103), Disclosure()).value
    0.105
    """
    if isinstance(result, NotTestable) or not rule.is_on:
        return result
    others = result.n - result.events if result.events is not None else 0
    if any(rule.is_small(count) for count in (result.n, result.events or 0, others)):
        reason = WITHHELD.format(least=rule.least)
        return NotTestable(result.label, reason, result.measure, result.estimand, result.claims)
    if not result.n or result.events is None or not math.isclose(result.value, result.events / result.n, rel_tol=1e-9):
        return result
    people, events = rule.rounded(result.n) or 0, rule.rounded(result.events) or 0
    events = min(events, people)
    low, high = stats.binomtest(events, people).proportion_ci(method="wilson")
    share = events / people
    error = math.sqrt(share * (1 - share) / people)
    return replace(result, value=share, standard_error=error, bounds=(float(low), float(high)))


def tidy(results: Sequence[Result]) -> pd.DataFrame:
    """Return one row per result: label, measure, estimate, interval, n, events, p, adjustment, and the reason if none.

    Examples
    --------
    >>> tidy([NotTestable("MS", "fewer than 5 exposed with the outcome")]).loc[0, "reason"]
    'fewer than 5 exposed with the outcome'
    """
    rows: list[dict[str, object]] = []
    for result in results:
        if isinstance(result, NotTestable):
            rows.append({"label": result.label, "measure": result.measure, "reason": result.reason})
            continue
        lower, upper = result.interval()
        rows.append(
            {
                "label": result.label,
                "measure": result.measure,
                "estimate": result.value,
                "lower": lower,
                "upper": upper,
                "standard_error": result.standard_error,
                "df": result.df,
                "p": result.p_value(),
                "n": result.n,
                "events": result.events,
                "adjustment": ", ".join(result.adjustment),
                "reason": "",
                **dict(result.details),
            }
        )
    columns = [
        "label",
        "measure",
        "estimate",
        "lower",
        "upper",
        "standard_error",
        "df",
        "p",
        "n",
        "events",
        "adjustment",
        "reason",
    ]
    extra = [key for row in rows for key in row if key not in columns]
    return pd.DataFrame(rows, columns=[*columns, *dict.fromkeys(extra)])
