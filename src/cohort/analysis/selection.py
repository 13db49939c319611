"""How strong a selection of people would have to be to explain an estimate, and what a known one makes of it."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cohort.errors import AnalysisError, Problem
from cohort.results import NotTestable, Result, ResultTable


def selection_odds_ratio(both: float, exposed_only: float, outcome_only: float, neither: float) -> float:
    """Return the factor by which selection changes an odds ratio.

    Parameters
    ----------
    both, exposed_only, outcome_only, neither
        Probability of being in the sample for people with exposure and outcome, with the exposure alone, with the
        outcome alone, and with neither. Each above 0 and at most 1.

    Notes
    -----
    Odds ratio in the sample = odds ratio in the population × both × neither / (exposed_only × outcome_only) (Greenland
    and Kleinbaum 1983, Int J Epidemiol 12:93). A selection in which the two multiply changes nothing.

    Examples
    --------
    >>> selection_odds_ratio(0.2, 0.1, 0.1, 0.05)
    1.0
    >>> round(selection_odds_ratio(0.45, 0.265, 0.265, 0.02), 2)
    0.13
    """
    shares = (both, exposed_only, outcome_only, neither)
    if not all(0 < share <= 1 for share in shares):
        raise AnalysisError(
            [Problem("selection", "a probability is not above 0 and at most 1.", "Give four probabilities.")]
        )
    return both * neither / (exposed_only * outcome_only)


def corrected_for_selection(result: Result, factor: float) -> Result:
    """Return an odds ratio of the population, given the factor by which selection changed it.

    The factor counts as known: the interval holds the error of sampling alone. Of an adjusted odds ratio the factor is
    that at the same adjustment.

    Parameters
    ----------
    result
        The odds ratio in the sample.
    factor
        From :func:`selection_odds_ratio`.

    Examples
    --------
    >>> from cohort.results import Estimate
    >>> seen = Estimate("any", "odds ratio", 0.2, 0.1, scale="log", null=1.0)
    >>> round(corrected_for_selection(seen, 0.13).value, 2)
    1.54
    """
    if isinstance(result, NotTestable):
        return result
    if result.scale != "log" or factor <= 0:
        return NotTestable(result.label, "only a ratio can be corrected by a factor", result.measure, result.estimand)
    low, high = result.interval()
    return dataclasses.replace(
        result,
        value=result.value / factor,
        bounds=(low / factor, high / factor),
        measure=f"{result.measure}, corrected for selection",
    )


@dataclass(frozen=True)
class SelectionNeeded:
    """The selection that would explain an estimate away.

    Parameters
    ----------
    label
        Of the estimate.
    factor
        Selection odds ratio that alone would give the estimate where there is no effect.
    limit_factor
        The same for the end of the interval that is nearer to no effect; 1 when the interval holds no effect.
    strength
        Risk ratio that selection would need with outcome and with exposure, each in exposed and unexposed, to give it.
    limit_strength
        The same for the end of the interval.
    """

    label: str
    factor: float
    limit_factor: float
    strength: float
    limit_strength: float


def selection_strength(ratio: float) -> float:
    """Return the risk ratio that four equal paths of selection would need to give a ratio where there is no effect.

    Selection of exposed and of unexposed can each bias a risk ratio by at most r²/(2r - 1), where r is the risk ratio
    of the outcome for what drives selection, and of that for being selected (Smith and VanderWeele 2019, Epidemiology
    30:509). Both together must reach the ratio: r = √RR + √(RR - √RR).

    Examples
    --------
    >>> r = selection_strength(2.0)
    >>> round((r**2 / (2 * r - 1)) ** 2, 6)
    2.0
    """
    above = max(ratio, 1 / ratio)
    root = math.sqrt(above)
    return root + math.sqrt(above - root)


def selection_needed(result: Result) -> SelectionNeeded | NotTestable:
    """Return how strong selection would have to be to explain an odds or risk ratio.

    Parameters
    ----------
    result
        A ratio against 1. An odds ratio counts as a risk ratio, which assumes a rare outcome.

    Examples
    --------
    >>> from cohort.results import Estimate
    >>> found = selection_needed(Estimate("RA", "odds ratio", 1.5, 0.1, scale="log", null=1.0))
    >>> round(found.factor, 2), round(found.limit_factor, 2), round(found.strength, 2)
    (1.5, 1.23, 1.75)
    """
    if isinstance(result, NotTestable):
        return result
    if result.scale != "log" or result.null != 1.0:
        return NotTestable(result.label, "selection is told of ratios only", "selection", claims=result.claims)
    low, high = result.interval()
    nearer = 1.0 if low <= 1 <= high else (low if low > 1 else high)
    return SelectionNeeded(
        result.label, result.value, nearer, selection_strength(result.value), selection_strength(nearer)
    )


def selection_table(results: Sequence[Result]) -> ResultTable:
    """Return how strong selection would have to be to explain each estimate.

    Parameters
    ----------
    results
        Odds ratios, one row each.
    """
    rows: list[dict[str, object]] = []
    for result in results:
        found = selection_needed(result)
        if isinstance(found, NotTestable):
            rows.append({"estimate": found.label, "not testable": found.reason})
            continue
        rows.append(
            {
                "estimate": found.label,
                "selection odds ratio": found.factor,
                "of the interval": found.limit_factor,
                "strength": found.strength,
                "strength for the interval": found.limit_strength,
            }
        )
    numbers = ["selection odds ratio", "of the interval", "strength", "strength for the interval"]
    return ResultTable(
        "selection",
        "How strongly would people have to be selected?",
        pd.DataFrame(rows, columns=["estimate", *numbers, "not testable"]).dropna(axis="columns", how="all"),
        formats=dict.fromkeys(numbers, ".2f"),
        note="Selection odds ratio: (ill and depressed × neither) / (ill only × depressed only), of probabilities of "
        "being in the sample, that gives the estimate without any association (Greenland and Kleinbaum 1983). "
        "Strength: risk ratio of four equal paths of selection that do (Smith and VanderWeele 2019). 1: none needed.",
    )
