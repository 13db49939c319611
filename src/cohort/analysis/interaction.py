"""Does an exposure do more in those with a modifier? On the ratio scale and on the additive one."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from cohort.analysis.fitting import Fit, fit_logistic
from cohort.analysis.model_frame import ModelFrame, model_frame
from cohort.analysis.sampling import Design, Domain
from cohort.analysis.variables import InestimableError, readable, yes_no
from cohort.results import Estimate, NotTestable, Result

RERI = "relative excess risk due to interaction"
MEASURES = (
    "product of odds ratios",
    RERI,
    "exposure alone",
    "modifier alone",
    "both",
)


def joint_fit(
    table: pd.DataFrame,
    outcome: str,
    exposures: tuple[str, str],
    adjustment: Sequence[str],
    design: Design,
    domain: Domain,
) -> tuple[ModelFrame, Fit]:
    """Return the logistic model of an outcome with two yes/no exposures and, as its last column, their product.

    Raises
    ------
    InestimableError
        If an exposure is not yes/no, or the model cannot be had.
    """
    for name in exposures:
        yes_no(table, name)
    frame = model_frame(
        table, outcome=outcome, exposures=exposures, adjustment=adjustment, design=design, domain=domain, kind="binary"
    )
    product = frame.matrix[:, 1] * frame.matrix[:, 2]
    frame = dataclasses.replace(
        frame, matrix=np.column_stack([frame.matrix, product]), names=(*frame.names, "interaction")
    )
    return frame, fit_logistic(frame, design)


def interaction(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    modifier: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> dict[str, Result]:
    """Return the interaction of two yes/no exposures, multiplicative and additive.

    The product term is the ratio of the odds ratios with and without the modifier. The relative excess risk due to
    interaction is OR(both) − OR(exposure alone) − OR(modifier alone) + 1, with the delta-method interval of Hosmer &
    Lemeshow 1992 (Epidemiology 3:452); odds ratios stand for risk ratios, which assumes an outcome that is rare. Two
    exposures may interact on one scale and not on the other.

    Parameters
    ----------
    table, outcome, exposure, adjustment, design, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`; the exposure is yes/no.
    modifier
        The other yes/no exposure.

    Returns
    -------
    dict
        Results under "product of odds ratios", "relative excess risk due to interaction", and the odds ratios
        against neither under "exposure alone", "modifier alone" and "both".
    """
    label = label or f"{readable(exposure)} with {readable(modifier)}"
    estimand = f"interaction of {readable(exposure)} and {readable(modifier)} on {readable(outcome)}"
    try:
        frame, fit = joint_fit(table, outcome, (exposure, modifier), adjustment, design, domain)
    except InestimableError as reason:
        return {name: NotTestable(label, str(reason), name, estimand, claims) for name in MEASURES}
    terms = {
        "product of odds ratios": (0, 0, 1),
        "exposure alone": (1, 0, 0),
        "modifier alone": (0, 1, 0),
        "both": (1, 1, 1),
    }
    places = [1, 2, frame.matrix.shape[1] - 1]
    covariance = fit.covariance[np.ix_(places, places)]
    logs = fit.coefficients[places]
    shared = Estimate(
        label,
        "",
        1.0,
        1.0,
        scale="log",
        df=fit.df,
        null=1.0,
        estimand=estimand,
        adjustment=tuple(adjustment),
        n=frame.n,
        events=frame.events,
        claims=claims,
        details=(("design", design.words),),
    )
    found: dict[str, Result] = {}
    for name, weights in terms.items():
        gradient = np.array(weights, dtype=float)
        found[name] = dataclasses.replace(
            shared,
            measure=name if name == "product of odds ratios" else f"odds ratio, {name}",
            value=math.exp(gradient @ logs),
            standard_error=math.sqrt(gradient @ covariance @ gradient),
        )
    alone, other, both = math.exp(logs[0]), math.exp(logs[1]), math.exp(logs.sum())
    gradient = np.array([both - alone, both - other, both])
    found[RERI] = dataclasses.replace(
        shared,
        measure=RERI,
        value=both - alone - other + 1,
        standard_error=math.sqrt(gradient @ covariance @ gradient),
        scale="identity",
        null=0.0,
    )
    return {name: found[name] for name in MEASURES}
