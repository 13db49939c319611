"""What the numbers say of a claim, by one rule for all claims. The words are computed here and typed nowhere.

Direction, in this order: the 90 % interval inside the equivalence bounds is ``no relevant effect``; the 95 %
interval wholly on the claimed side of no effect is ``supported``, wholly on the other ``contradicted``; all else is
``inconclusive``. Size s: the 95 % interval inside s/1.5 to 1.5 s is ``supported``, disjoint from it
``contradicted``, else ``inconclusive``.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from cohort.analysis.power import n_needed
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable, Result, ResultTable, Status, Verdict

Side = Literal["above", "below"]
RATIO_BOUNDS = (0.8, 1.25)
"""Equivalence bounds of an odds or risk ratio, exposed against unexposed or per SD."""
EQUIVALENT_D = 0.1
"""Equivalence bound of a difference of means, in standard deviations."""
SIZE_FACTOR = 1.5
FALSE_DISCOVERY_RATE = 0.05


def difference_bounds(sd: float, d: float = EQUIVALENT_D) -> tuple[float, float]:
    """Return the equivalence bounds of a difference of means, in the unit of ``sd``.

    Examples
    --------
    >>> difference_bounds(2.0)
    (-0.2, 0.2)
    """
    return -d * sd, d * sd


def _number(value: float, result: Estimate) -> str:
    if result.scale == "log":
        return f"{value:.2f}" if 0.095 <= value < 1000 else f"{value:.2g}"
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _interval_words(result: Estimate, level: float = 0.95) -> str:
    low, high = result.interval(level)
    return f"{level:.0%} interval {_number(low, result)} to {_number(high, result)}".replace("%", " %")


def _sentence(result: Estimate, finding: str) -> str:
    return f"{result.measure} {_number(result.value, result)} ({_interval_words(result)}): {finding}."


def _untestable(result: NotTestable, claim: str, question: Literal["direction", "size"], synthetic: bool) -> Verdict:
    return Verdict(claim, question, "not testable with this cohort", result.reason, result, None, synthetic)


def _bounds_for(result: Estimate, equivalence: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return the bounds that apply: those given, the usual ones of a ratio, none for a raw unit or a difference."""
    if result.null is None:
        raise AnalysisError(f"'{result.label}' is a descriptive number: it has no direction to judge.")
    if "per unit" in result.measure:
        return None
    if equivalence is None:
        return RATIO_BOUNDS if result.scale == "log" and result.null == 1.0 else None
    if not equivalence[0] < result.null < equivalence[1]:
        raise AnalysisError(f"equivalence bounds {equivalence} do not hold the value of no effect, {result.null:g}.")
    return equivalence


def _usable(result: Result) -> Result:
    """Return the result, or NotTestable in place of an estimate whose numbers are not finite."""
    if isinstance(result, Estimate):
        fit = math.isfinite(result.value) and 0 < result.standard_error < math.inf
        fit = fit and (result.scale == "identity" or result.value > 0)
        if not (fit and all(math.isfinite(end) for end in result.interval())):
            return NotTestable(result.label, "the estimate or its interval is not finite", result.measure)
    return result


def _direction_of(result: Estimate, claimed: Side, bounds: tuple[float, float] | None) -> tuple[Status, str]:
    null = float(result.null if result.null is not None else 0.0)
    low, high = result.interval()
    if bounds is not None:
        narrow_low, narrow_high = result.interval(0.90)
        if bounds[0] < narrow_low and narrow_high < bounds[1]:
            inside = f"{_number(bounds[0], result)} to {_number(bounds[1], result)}"
            return "no relevant effect", f"the {_interval_words(result, 0.90)} lies inside {inside}"
    nothing = _number(null, result) if null else "0"
    if low > null:
        return "supported" if claimed == "above" else "contradicted", f"the interval lies wholly above {nothing}"
    if high < null:
        return "supported" if claimed == "below" else "contradicted", f"the interval lies wholly below {nothing}"
    why = "the interval holds both no effect and relevant ones" if bounds else f"the interval holds {nothing}"
    return "inconclusive", why


def judge_direction(
    result: Result,
    *,
    claim: str,
    claimed: Side,
    equivalence: tuple[float, float] | None = None,
    synthetic: bool = False,
) -> Verdict:
    """Return the verdict on a claimed direction.

    Parameters
    ----------
    result
        The estimate, or why there is none.
    claim
        Identifier of the claim.
    claimed
        The side of no effect that is claimed.
    equivalence
        Bounds of an irrelevant effect on the natural scale. Default for ratios: 0.8 to 1.25; differences have none
        unless given (:func:`difference_bounds`). Never used for an effect per raw unit.
    synthetic
        Whether the cohort is synthetic; every table and page of verdicts then says so.

    Raises
    ------
    AnalysisError
        If the result is descriptive or the bounds do not hold the value of no effect.

    Examples
    --------
    >>> found = Estimate("RA", "odds ratio", 1.5, 0.1, scale="log", null=1.0, n=4000)
    >>> verdict = judge_direction(found, claim="IP-09", claimed="above")
    >>> verdict.status, verdict.reason
    ('supported', 'odds ratio 1.50 (95 % interval 1.23 to 1.82): the interval lies wholly above 1.00.')
    """
    result = _usable(result)
    if isinstance(result, NotTestable):
        return _untestable(result, claim, "direction", synthetic)
    bounds = _bounds_for(result, equivalence)
    status, finding = _direction_of(result, claimed, bounds)
    people = n_needed(result, equivalence=bounds) if status == "inconclusive" else None
    return Verdict(claim, "direction", status, _sentence(result, finding), result, people, synthetic)


def judge_size(result: Result, *, claim: str, size: float, synthetic: bool = False) -> Verdict:
    """Return the verdict on a claimed size, which is supported when the effect is within a factor of 1.5 of it.

    Parameters
    ----------
    result, claim, synthetic
        As in :func:`judge_direction`.
    size
        The claimed ratio or difference; not zero, and positive for a ratio.

    Raises
    ------
    AnalysisError
        If no range can be made of the size.

    Examples
    --------
    >>> found = Estimate("thyroid", "odds ratio", 1.3, 0.1, scale="log", null=1.0, n=4000)
    >>> judge_size(found, claim="IP-10", size=3).status
    'contradicted'
    """
    result = _usable(result)
    if isinstance(result, NotTestable):
        return _untestable(result, claim, "size", synthetic)
    if size == 0 or (result.scale == "log" and size < 0):
        raise AnalysisError("a claimed size is not zero, and positive for a ratio.")
    first, last = sorted((size / SIZE_FACTOR, size * SIZE_FACTOR))
    low, high = result.interval()
    people = None
    status: Status
    span = f"{_number(first, result)} to {_number(last, result)}, the range of the claimed {size:g}"
    if first <= low and high <= last:
        status, finding = "supported", f"the interval lies inside {span}"
    elif high < first or last < low:
        status, finding = "contradicted", f"the interval lies outside {span}"
    else:
        status, finding = "inconclusive", f"the interval overlaps {span}"
        people = n_needed(result, size_range=(first, last))
    return Verdict(claim, "size", status, _sentence(result, finding), result, people, synthetic)


def benjamini_hochberg(p_values: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the q value of each test; NaN stays NaN and is not counted.

    Source: Benjamini & Hochberg 1995, J R Stat Soc B 57:289; holds for independent or positively dependent tests.

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(3).tolist()
    [0.04, 0.053, 0.053, 0.5]
    """
    p = np.asarray(p_values, dtype=float)
    q = np.full(p.shape, np.nan)
    known = np.flatnonzero(~np.isnan(p))
    if len(known):
        q[known] = stats.false_discovery_control(p[known], method="bh")
    return q


def equivalence_p(result: Estimate, bounds: tuple[float, float] | None) -> float:
    """Return the p value of two one-sided tests that a result lies inside bounds (Schuirmann 1987); NaN without bounds.

    Parameters
    ----------
    result
        An estimate.
    bounds
        On the natural scale.

    Examples
    --------
    >>> found = Estimate("RA", "odds ratio", 1.0, 0.1, scale="log", null=1.0)
    >>> round(equivalence_p(found, (0.8, 1.25)), 3)
    0.013
    """
    if bounds is None:
        return math.nan
    ends = [math.log(end) for end in bounds] if result.scale == "log" else list(bounds)
    place = math.log(result.value) if result.scale == "log" else result.value
    tests = ((place - ends[0]) / result.standard_error, (ends[1] - place) / result.standard_error)
    return max(float(stats.t.sf(t, result.df) if math.isfinite(result.df) else stats.norm.sf(t)) for t in tests)


def judge_family(
    results: Sequence[Result],
    *,
    claimed: Side,
    claims: Sequence[str] = (),
    equivalence: tuple[float, float] | None = None,
    synthetic: bool = False,
) -> list[Verdict]:
    """Return the verdicts on an exploratory family: one other than ``inconclusive`` also needs q < 0.05.

    The q value is that of the test that the verdict rests on: of a difference from no effect, or of equivalence;
    each is corrected over the testable members of the family.

    Parameters
    ----------
    results
        One result per member.
    claimed, equivalence, synthetic
        As in :func:`judge_direction`.
    claims
        Identifier of the claim of each member; default the first claim of the result, else its label.
    """
    names = list(claims) or [result.claims[0] if result.claims else result.label for result in results]
    verdicts = [
        judge_direction(result, claim=name, claimed=claimed, equivalence=equivalence, synthetic=synthetic)
        for name, result in zip(names, results, strict=True)
    ]
    tested = [v.evidence if isinstance(v.evidence, Estimate) else None for v in verdicts]
    bounds = [None if e is None else _bounds_for(e, equivalence) for e in tested]
    different = benjamini_hochberg([math.nan if e is None else e.p_value() for e in tested])
    equivalent = benjamini_hochberg(
        [math.nan if e is None else equivalence_p(e, b) for e, b in zip(tested, bounds, strict=True)]
    )
    size = sum(e is not None for e in tested)
    judged = []
    for verdict, estimate, bound, q_d, q_e in zip(verdicts, tested, bounds, different, equivalent, strict=True):
        if estimate is None or verdict.status == "inconclusive":
            judged.append(verdict)
            continue
        q = q_e if verdict.status == "no relevant effect" else q_d
        reason = f"{verdict.reason[:-1]}; q = {q:.3f} among {size} tests."
        if q < FALSE_DISCOVERY_RATE:
            judged.append(dataclasses.replace(verdict, reason=reason))
        else:
            people = n_needed(estimate, equivalence=bound, tests=size)
            judged.append(dataclasses.replace(verdict, status="inconclusive", reason=reason, n_needed=people))
    return judged


def verdict_table(verdicts: Sequence[Verdict], *, name: str = "verdicts", title: str = "Verdicts") -> ResultTable:
    """Return one row per verdict: claim, what was estimated, question, verdict, reason, and the n that would decide.

    Parameters
    ----------
    verdicts
        In the order of the rows.
    name, title
        Of the table.
    """
    rows = [
        {
            "claim": verdict.claim,
            "estimated": verdict.evidence.label,
            "question": verdict.question,
            "verdict": verdict.status,
            "reason": verdict.reason,
            "n_needed": pd.NA if verdict.n_needed is None else verdict.n_needed,
        }
        for verdict in verdicts
    ]
    data = pd.DataFrame(rows, columns=["claim", "estimated", "question", "verdict", "reason", "n_needed"])
    data["n_needed"] = data["n_needed"].astype("Int64")
    note = "n_needed: people that would decide, if the estimate stayed and each told as much."
    if any(verdict.synthetic for verdict in verdicts):
        note += " The cohort is synthetic: nothing here is about the world."
    return ResultTable(name, title, data, formats={"n_needed": ",.0f"}, note=note)
