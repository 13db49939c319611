"""Several exposures of one kind in one model, their effects drawn towards their common mean.

Subscales of one questionnaire go together, so that estimated side by side their effects spread by chance alone. A
second stage says that the true effects scatter around a common mean with a known SD (hierarchical regression: Greenland
1992, Stat Med 11:219; Witte, Greenland, Haile & Bird 1994, Epidemiology 5:612); each estimate moves towards the mean
the more, the less its data say.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cohort.analysis.fitting import fit_linear, fit_logistic
from cohort.analysis.model_frame import model_frame
from cohort.analysis.sampling import Design, Domain, FloatArray, weighted_sd
from cohort.analysis.variables import InestimableError, is_binary, readable
from cohort.analysis.verdicts import EQUIVALENT_D, RATIO_BOUNDS
from cohort.results import Estimate, NotTestable, Result, Scale

JOINT, SHRUNK = "together", "together, drawn to their mean"
COMMON = "Common mean of the subscales"
SPREAD_QUANTILE = 1.96
"""95 % of the true effects are taken to lie no relevant distance from their common mean: the equivalence bounds."""


def drawn_to_mean(
    estimates: FloatArray, covariance: FloatArray, tau: float
) -> tuple[FloatArray, FloatArray, float, float]:
    """Return estimates drawn to their common mean, their covariance, the mean, and its standard error.

    Estimates ~ N(effects, covariance) and effects ~ N(mean, tau²), the mean with a flat prior: the posterior.

    Parameters
    ----------
    estimates, covariance
        On a scale on which errors are normal.
    tau
        SD of the true effects around their mean.

    Examples
    --------
    >>> shrunk, _, mean, _ = drawn_to_mean(np.array([0.0, 1.0]), np.eye(2), tau=1.0)
    >>> shrunk.round(2).tolist(), mean  # half of the way to the mean
    ([0.25, 0.75], 0.5)
    """
    count = len(estimates)
    whole = np.linalg.inv(covariance + tau**2 * np.eye(count))
    information = float(whole.sum())
    mean = float((whole @ estimates).sum() / information)
    kept = tau**2 * whole
    shrunk = mean + kept @ (estimates - mean)
    # What the second stage does not know of the mean adds to each effect.
    slope = 1 - kept.sum(axis=1)
    posterior = tau**2 * np.eye(count) - tau**2 * kept + np.outer(slope, slope) / information
    return shrunk, posterior, mean, math.sqrt(1 / information)


def joint_effects(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposures: Sequence[str],
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    tau: float | None = None,
    claims: tuple[str, ...] = (),
) -> dict[str, list[Result]]:
    """Return the effect of each exposure per SD, given the others: as it is, and drawn to the common mean.

    Assumes a linear model of all exposures together, and that their true effects scatter normally around a common mean
    with SD ``tau``. **An effect that stands alone, far from the others, is drawn too far.**

    Parameters
    ----------
    table, outcome, adjustment, design, domain, claims
        As in :func:`cohort.analysis.regression.odds_ratio`; the outcome is yes/no or a number.
    exposures
        Numbers of one kind, such as subscales.
    tau
        On the scale of log odds ratios or of the outcome; default: 95 % of the true effects lie within a factor of
        1.25 of their mean, or within 0.1 SD of the outcome (the equivalence bounds of a verdict).

    Returns
    -------
    dict
        Results under "together" and "together, drawn to their mean", whose last is the common mean.
    """
    yes = outcome in table and is_binary(table[outcome])
    kind = "odds ratio" if yes else f"difference in mean {readable(outcome)}"
    labels = [readable(name) for name in exposures]
    estimand = f"conditional {kind} of {readable(outcome)} per SD, given the other exposures"
    measure = f"{kind} per SD"
    try:
        frame = model_frame(
            table, outcome=outcome, exposures=list(exposures), adjustment=adjustment, design=design, domain=domain,
            kind="binary" if yes else "continuous", per_sd=True,
        )  # fmt: skip
        fit = (fit_logistic if yes else fit_linear)(frame, design)
    except InestimableError as reason:
        refused = NotTestable("Subscales of childhood trauma together", str(reason), measure, estimand, claims)
        return {JOINT: [refused], SHRUNK: [refused]}
    count = len(exposures)
    beta, covariance = fit.coefficients[1 : 1 + count], fit.covariance[1 : 1 + count, 1 : 1 + count]
    if tau is None:
        own = weighted_sd(frame.outcome, frame.weights)
        tau = (math.log(RATIO_BOUNDS[1]) if yes else EQUIVALENT_D * own) / SPREAD_QUANTILE
    shrunk, posterior, mean, error = drawn_to_mean(beta, covariance, tau)
    scale: Scale = "log" if yes else "identity"
    template = Estimate(
        "", measure, 1.0, 1.0, scale=scale, df=fit.df, null=1.0 if yes else 0.0, estimand=estimand,
        adjustment=tuple(adjustment), n=frame.n, events=frame.events if yes else None, claims=claims,
        details=(("design", design.words), ("SD of true effects", f"{tau:.3f}")),
    )  # fmt: skip

    def shown(label: str, value: float, spread: float) -> Estimate:
        return dataclasses.replace(
            template, label=label, value=math.exp(value) if yes else value, standard_error=spread
        )

    found: Mapping[str, list[Result]] = {
        name: [
            shown(label, float(value), float(spread))
            for label, value, spread in zip(labels, values, np.sqrt(np.diag(matrix)), strict=True)
        ]
        for name, values, matrix in ((JOINT, beta, covariance), (SHRUNK, shrunk, posterior))
    }
    return {JOINT: found[JOINT], SHRUNK: [*found[SHRUNK], shown(COMMON, mean, error)]}
