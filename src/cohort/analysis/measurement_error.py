"""An exposure measured with error: its effect corrected by a second measurement, and how well two answers agree."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cohort.analysis.fitting import Fit, fit_linear, fit_logistic
from cohort.analysis.model_frame import model_frame
from cohort.analysis.sampling import Design, Domain, FloatArray, analysis_domain
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, binary, is_binary, numeric, readable, require
from cohort.results import Estimate, NotTestable, Result

FEWEST_PAIRS = 30
"""With fewer people measured twice the error says next to nothing of itself."""
CALIBRATED, NAIVE, SLOPE = "corrected", "as measured", "calibration slope"
KAPPA, OBSERVED, POSITIVE = "Cohen's kappa", "observed agreement", "agreement on yes"


def regression_calibration(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    second: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> dict[str, Result]:
    """Return the effect per unit of an exposure that is measured with error, corrected by a second measurement.

    Among people measured twice the second measurement is regressed on the first and the covariates: the first one's
    slope says how much of a difference in what was measured is real. The effect as measured is divided by it, which is
    what putting the predicted true exposure into the model comes to (Rosner, Spiegelman & Willett 1992, Am J Epidemiol
    136:1400; Carroll et al. 2006, Measurement Error in Nonlinear Models, ch. 4). The interval counts the error of both
    regressions and that they share people, and honours the survey design.

    Assumes that the second measurement is right on average (a repetition, or a gold standard), that its error has
    nothing to do with that of the first, with the covariates or with the outcome, and that people measured twice are
    like the others. **Errors that two answers of a person share, and recall that depends on the outcome, are not
    corrected.** For odds ratios it is an approximation that holds for moderate effects and errors.

    Parameters
    ----------
    table, outcome, adjustment, design, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`; the outcome is yes/no or a number.
    exposure
        The first measurement, a number, of everybody.
    second
        The second measurement, of some.

    Returns
    -------
    dict
        Results under "corrected", "as measured" and "calibration slope".

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> rng = np.random.default_rng(1)
    >>> true = rng.normal(size=2000)
    >>> people = pd.DataFrame({"first": true + rng.normal(size=2000), "again": true + rng.normal(size=2000),
    ...                        "y": true + rng.normal(size=2000)})
    >>> found = regression_calibration(people, outcome="y", exposure="first", second="again", design=design_of(people))
    >>> [f"{found[name].value:.1f}" for name in ("as measured", "corrected")]
    ['0.5', '1.0']
    """
    label = label or readable(exposure)
    yes = outcome in table and is_binary(table[outcome])
    measure = "odds ratio per unit" if yes else f"difference in mean {readable(outcome)} per unit"
    estimand = f"conditional {measure} of {readable(exposure)}, without measurement error"
    names = {CALIBRATED: measure, NAIVE: measure, SLOPE: SLOPE}
    try:
        frame = model_frame(
            table, outcome=outcome, exposures=[exposure], adjustment=adjustment, design=design, domain=domain,
            kind="binary" if yes else "continuous",
        )  # fmt: skip
        _require_pairs(table, exposure, second)
        twice = model_frame(
            table, outcome=second, exposures=[exposure], adjustment=adjustment, design=design, domain=frame.domain,
            kind="continuous",
        )  # fmt: skip
        fit, calibration = (fit_logistic if yes else fit_linear)(frame, design), fit_linear(twice, design)
        slope, slope_error = _slope(calibration, twice.n, label)
    except InestimableError as reason:
        return {name: NotTestable(label, str(reason), what, estimand, claims) for name, what in names.items()}
    effect = float(fit.coefficients[1])
    naive, bent = np.zeros(len(table)), np.zeros(len(table))
    naive[frame.domain], bent[twice.domain] = fit.influence[:, 1], calibration.influence[:, 1]
    both = frame.domain | twice.domain
    influence = (naive / slope - effect / slope**2 * bent)[both]
    variance = float(design.covariance(influence[:, None], both)[0, 0])
    template = Estimate(
        label, measure, math.exp(effect) if yes else effect, math.sqrt(fit.covariance[1, 1]),
        scale="log" if yes else "identity", df=fit.df, null=1.0 if yes else 0.0, estimand=estimand,
        adjustment=tuple(adjustment), n=frame.n, events=frame.events if yes else None, claims=claims,
        details=(("design", design.words), ("calibration slope", f"{slope:.3f}")),
    )  # fmt: skip
    corrected = effect / slope
    return {
        CALIBRATED: dataclasses.replace(
            template, value=math.exp(corrected) if yes else corrected, standard_error=math.sqrt(variance)
        ),
        NAIVE: template,
        SLOPE: Estimate(
            label, SLOPE, slope, slope_error, df=calibration.df, estimand=f"slope of {second} on {exposure}",
            adjustment=tuple(adjustment), n=twice.n, claims=claims, details=(("design", design.words),),
        ),
    }  # fmt: skip


def _require_pairs(table: pd.DataFrame, exposure: str, second: str) -> None:
    if is_binary(require(table, exposure)):
        raise InestimableError(f"'{exposure}' is yes/no: misclassification is another matter than measurement error")
    numeric(require(table, second))


def _slope(calibration: Fit, pairs: int, label: str) -> tuple[float, float]:
    """Return the calibration slope and its error, if enough people were measured twice and it is surely above zero."""
    if pairs < FEWEST_PAIRS:
        raise InestimableError(f"fewer than {FEWEST_PAIRS} people were measured twice")
    slope, error = float(calibration.coefficients[1]), math.sqrt(calibration.covariance[1, 1])
    if slope < 3 * error:
        raise InestimableError(f"the two measurements of {label} hardly go together, so that no slope corrects for it")
    return slope, error


def answer_agreement(
    table: pd.DataFrame,
    one: str,
    other: str,
    design: Design,
    *,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> dict[str, Result]:
    """Return how far two yes/no answers agree: kappa, observed agreement, and agreement on yes.

    Kappa is the agreement beyond what the two shares of yes would give by chance; it is low where yes is rare even if
    most answers agree, so that the others stand beside it. Agreement on yes is the chance that one says yes if the
    other does (Dice). Standard errors are linearised, in a simple sample those of Fleiss, Cohen & Everitt 1969 (Psychol
    Bull 72:323) but for n - 1, and honour a survey design. Retrospective and prospective reports of maltreatment agree
    with kappa 0.19 (Baldwin et al. 2019, JAMA Psychiatry 76:584).

    Parameters
    ----------
    table, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`.
    one, other
        Two yes/no columns, such as recalled and registered trauma.
    design
        How people were sampled.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> people = pd.DataFrame({"recalled": [1] * 30 + [0] * 70, "recorded": [1] * 20 + [0] * 20 + [1] * 10 + [0] * 50})
    >>> found = answer_agreement(people, "recalled", "recorded", design_of(people))
    >>> f"{found[KAPPA].value:.2f} {found[OBSERVED].value:.2f}"
    '0.52 0.80'
    """
    label = label or f"{readable(one)} and {readable(other)}"
    estimand = f"agreement of {readable(one)} with {readable(other)}"
    measures = (KAPPA, OBSERVED, POSITIVE)
    try:
        first, second, inside, weight = _answers(table, one, other, design, domain)
    except InestimableError as reason:
        return {name: NotTestable(label, str(reason), name, estimand, claims) for name in measures}
    share = weight / weight.sum()
    same, both = first * second + (1 - first) * (1 - second), first * second
    p, q, agreed, joint = (float(share @ values) for values in (first, second, same, both))
    chance = p * q + (1 - p) * (1 - q)
    of_chance = (2 * q - 1) * (first - p) + (2 * p - 1) * (second - q)
    kappa, dice = (agreed - chance) / (1 - chance), 2 * joint / (p + q)
    influences = {
        KAPPA: ((same - agreed) - (1 - kappa) * of_chance) / (1 - chance),
        OBSERVED: same - agreed,
        POSITIVE: (2 * (both - joint) - dice * (first - p + second - q)) / (p + q),
    }
    covariance = design.covariance(np.column_stack([share * influences[name] for name in measures]), inside)
    values = dict(zip(measures, (kappa, agreed, dice), strict=True))
    df = design.degrees_of_freedom(inside) if design.kind == "survey" else math.inf
    return {
        name: Estimate(
            label, name, values[name], math.sqrt(covariance[place, place]), df=df, estimand=estimand, n=len(first),
            claims=claims, details=(("design", design.words), ("share with yes", f"{p:.3f} and {q:.3f}")),
        )
        for place, name in enumerate(measures)
    }  # fmt: skip


def _answers(
    table: pd.DataFrame, one: str, other: str, design: Design, domain: Domain
) -> tuple[FloatArray, FloatArray, np.typing.NDArray[np.bool_], FloatArray]:
    """Return both answers of those who gave both, who they are, and their weights."""
    first, second = binary(require(table, one)), binary(require(table, other))
    inside = analysis_domain(table, design, domain) & ~np.isnan(first) & ~np.isnan(second)
    first, second = first[inside], second[inside]
    for values in (first, second):
        if min(values.sum(), len(values) - values.sum()) < MINIMUM_CELL:
            raise InestimableError(f"fewer than {MINIMUM_CELL} people with or without the answer")
    return first, second, inside, design.weight()[inside]
