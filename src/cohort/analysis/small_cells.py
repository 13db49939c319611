"""An odds ratio when cells are small: maximum likelihood, exact, or Firth's, and none when the data hold too little."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from scipy.stats import contingency

from cohort.analysis.firth import INSUFFICIENT, fit_firth, penalised_ratio_p, profile_interval
from cohort.analysis.model_frame import ModelFrame, model_frame
from cohort.analysis.regression import odds_ratio
from cohort.analysis.sampling import Design, Domain
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, binary, readable, require, yes_no
from cohort.results import Estimate, NotTestable, Result

WIDEST = 1000.0
"""An interval that holds no effect and whose ends differ by more than this factor tells nothing."""

BOUNDLESS = 1e6
"""An interval whose ends differ by more than this factor is not shown even if it lies on one side of no effect."""

EVENTS_PER_TERM = 5
"""With fewer of the rarer outcome per model term, maximum likelihood is biased away from 1 (Vittinghoff and McCulloch
2007, Am J Epidemiol 165:710)."""

CountArray: TypeAlias = npt.NDArray[np.intp]

MAXIMUM_LIKELIHOOD = "maximum likelihood"
EXACT = "exact conditional"
PENALISED = "Firth's penalised likelihood, profile interval"


def odds_ratio_small_cells(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
    estimand: str = "",
    least: int = 0,
    to_be_pooled: bool = False,
) -> Result:
    """Return an odds ratio by the method that the sizes of the cells allow; never an infinite one.

    Maximum likelihood where each cell has five people, the rarer outcome five per model term, and nothing is separated.
    Otherwise Firth's penalised likelihood; without adjustment and without an empty cell, the conditional estimate with
    its exact interval. An interval that holds no effect and spans a factor of 1,000 says nothing: the result is not
    testable for insufficient information. A survey has no such fallback. Assumes what
    :func:`cohort.analysis.regression.odds_ratio` does.

    Parameters
    ----------
    table, outcome, exposure, adjustment, design, domain, label, claims, estimand
        As in :func:`cohort.analysis.regression.odds_ratio`; the exposure is yes/no.
    least
        Fewest people of a cell for which an estimate is given. An estimate that rests on fewer gives their number away:
        pass ``study.disclosure.least``, which is 1 or less for synthetic people.
    to_be_pooled
        Whether only estimate and standard error are wanted, as of one of many imputed tables: Firth's likelihood then
        takes the place of exact estimates, which have no standard error, and no profile is followed.

    Returns
    -------
    Estimate or NotTestable
        ``details`` say which method was used, and whether a cell is small.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> people = pd.DataFrame({"has_ms": [1] * 12 + [0] * 88, "ill": [1] * 3 + [0] * 9 + [1] * 10 + [0] * 78})
    >>> found = odds_ratio_small_cells(people, outcome="ill", exposure="has_ms", design=design_of(people))
    >>> f"{found.value:.2f}", dict(found.details)["method"]
    ('2.57', 'exact conditional')
    """
    label = label or readable(exposure)
    estimand = estimand or f"conditional odds ratio of {readable(outcome)} for {readable(exposure)}"
    usual = odds_ratio(
        table, outcome=outcome, exposure=exposure, adjustment=adjustment, design=design, domain=domain, label=label,
        claims=claims, estimand=estimand,
    )  # fmt: skip
    if design.kind == "survey":
        # Firth's penalty and exact intervals know neither weights nor units.
        return told_or_refused(usual)
    bounds: tuple[float, float] | None
    try:
        yes_no(table, exposure)
        frame = _frame(table, outcome, exposure, adjustment, design, domain)
        cells = _cells(frame)
        enough = min(frame.events, frame.n - frame.events) >= EVENTS_PER_TERM * (frame.matrix.shape[1] - 1)
        if isinstance(usual, Estimate) and enough:
            return told_or_refused(_with(usual, MAXIMUM_LIKELIHOOD, cells))
        _check_least(cells, least)
        if to_be_pooled:
            fit = fit_firth(frame.matrix, frame.outcome)
            value, error, method = math.exp(fit.coefficients[1]), math.sqrt(fit.covariance[1, 1]), PENALISED
            bounds, p = None, math.nan
        elif not adjustment and cells.min() > 0:
            value, error, bounds, p = _exact(cells)
            method = EXACT
        else:
            value, error, bounds, p = _firth(frame)
            method = PENALISED
    except InestimableError as reason:
        return NotTestable(label, str(reason), "odds ratio", estimand, claims)
    found = Estimate(
        label,
        "odds ratio",
        value,
        error,
        scale="log",
        null=1.0,
        estimand=estimand,
        adjustment=tuple(adjustment),
        n=frame.n,
        events=frame.events,
        claims=claims,
        details=(("design", design.words), *((("p of its own test", f"{p:.2g}"),) if bounds is not None else ())),
        bounds=bounds,
    )
    return told_or_refused(_with(found, method, cells))


def _frame(
    table: pd.DataFrame, outcome: str, exposure: str, adjustment: Sequence[str], design: Design, domain: Domain
) -> ModelFrame:
    """Return the model frame without the demand for five people in each cell of exposure by outcome."""
    if outcome in table:
        table = table.assign(**{outcome: binary(require(table, outcome))})
    frame = model_frame(
        table, outcome=outcome, exposures=[exposure], adjustment=adjustment, design=design, domain=domain,
        kind="continuous",
    )  # fmt: skip
    if min(frame.events, frame.n - frame.events) < MINIMUM_CELL:
        raise InestimableError(f"fewer than {MINIMUM_CELL} people with or without the outcome")
    return frame


def _check_least(cells: CountArray, least: int) -> None:
    if least > 1 and cells.min() < least:
        raise InestimableError(f"fewer than {least} people in a cell of exposure by outcome")


def _cells(frame: ModelFrame) -> CountArray:
    """Return people by exposure (first) and outcome (second), yes before no."""
    place = 2 * (1 - frame.matrix[:, 1].astype(np.intp)) + 1 - frame.outcome.astype(np.intp)
    return np.bincount(place, minlength=4).reshape(2, 2)


def _with(found: Estimate, method: str, cells: CountArray) -> Estimate:
    small = (("cells", f"one has fewer than {MINIMUM_CELL} people"),) if cells.min() < MINIMUM_CELL else ()
    return dataclasses.replace(found, details=(*found.details, ("method", method), *small))


def _exact(
    cells: CountArray,
) -> tuple[float, float, tuple[float, float], float]:
    """Return conditional estimate, an error for tests, exact interval and Fisher's p value of a two-by-two table.

    The error is that from which the exact interval would come on the log scale (Cornfield 1956; Fay 2010, R Journal 2).
    """
    found = contingency.odds_ratio(cells, kind="conditional")
    limits = found.confidence_interval(confidence_level=0.95)
    bounds = (float(limits.low), float(limits.high))
    return float(found.statistic), _error_of(bounds), bounds, float(stats.fisher_exact(cells).pvalue)


def _firth(frame: ModelFrame) -> tuple[float, float, tuple[float, float], float]:
    fit = fit_firth(frame.matrix, frame.outcome)
    low, high = profile_interval(frame.matrix, frame.outcome, fit, 1)
    error = math.sqrt(fit.covariance[1, 1])
    p = penalised_ratio_p(frame.matrix, frame.outcome, fit, 1)
    return math.exp(fit.coefficients[1]), error, (math.exp(low), math.exp(high)), p


def _error_of(bounds: tuple[float, float]) -> float:
    low, high = bounds
    if not (low > 0 and math.isfinite(high)):
        raise InestimableError(_nothing_told())
    return math.log(high / low) / (2 * float(stats.norm.ppf(0.975)))


def _nothing_told() -> str:
    return f"{INSUFFICIENT}: the 95 % interval spans more than a factor of {WIDEST:,.0f}"


def told_or_refused(found: Result) -> Result:
    """Return a result, or why it says nothing when its interval is boundless."""
    if isinstance(found, NotTestable):
        return found
    low, high = found.interval()
    if low > 0 and math.isfinite(high) and high / low <= (WIDEST if low <= 1 <= high else BOUNDLESS):
        return found
    return NotTestable(found.label, _nothing_told(), found.measure, found.estimand, found.claims)
