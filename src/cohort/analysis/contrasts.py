"""Standardised contrasts: what the risk would be had everybody been exposed, against nobody (g-computation).

The marginal risks are averages of the fitted risks over the people of the domain. Their variance is linearised in
full, so that it counts the sampling of the covariates as well as the uncertainty of the coefficients: the influence
of a person on the risk under exposure a is w (m_a(x) - risk_a) / sum(w) plus the gradient of risk_a times the
person's influence on the coefficients (Graubard & Korn 1999, Biometrics 55:652).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import special

from cohort.analysis.fitting import fit_logistic
from cohort.analysis.model_frame import model_frame
from cohort.analysis.sampling import Design, Domain
from cohort.analysis.variables import InestimableError, readable, yes_no
from cohort.results import Estimate, NotTestable, Result, Scale

CONTRASTS: dict[str, tuple[Scale, float]] = {
    "risk ratio": ("log", 1.0),
    "risk difference": ("identity", 0.0),
    "odds ratio": ("log", 1.0),
}
"""Scale of the interval and the value of no effect."""


def standardised_contrasts(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    adjustment: Sequence[str],
    design: Design,
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> dict[str, Result]:
    """Return the marginal risk ratio, risk difference and odds ratio of a yes/no exposure, standardised to the domain.

    They are the effect in the whole population if the adjustment suffices and the logistic model holds; the marginal
    odds ratio is closer to 1 than the conditional one by non-collapsibility alone.

    Parameters
    ----------
    table, outcome, exposure, adjustment, design, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`; the exposure is yes/no.

    Returns
    -------
    dict
        Results under "risk ratio", "risk difference" and "odds ratio".
    """
    label = label or readable(exposure)
    estimands = {
        name: f"marginal {name} of {readable(outcome)} for {readable(exposure)}, standardised to those analysed"
        for name in CONTRASTS
    }
    try:
        yes_no(table, exposure)
        frame = model_frame(
            table,
            outcome=outcome,
            exposures=[exposure],
            adjustment=adjustment,
            design=design,
            domain=domain,
            kind="binary",
        )
        fit = fit_logistic(frame, design)
    except InestimableError as reason:
        return {
            name: NotTestable(label, str(reason), f"standardised {name}", estimands[name], claims) for name in CONTRASTS
        }
    share = frame.weights / frame.weights.sum()
    risks, influences = [], []
    for value in (0.0, 1.0):
        matrix = frame.matrix.copy()
        matrix[:, 1] = value
        risk = special.expit(matrix @ fit.coefficients)
        risks.append(float(share @ risk))
        gradient = (share * risk * (1 - risk)) @ matrix
        influences.append(share * (risk - risks[-1]) + fit.influence @ gradient)
    covariance = design.covariance(np.column_stack(influences), frame.domain)
    unexposed, exposed = risks
    odds = [risk / (1 - risk) for risk in risks]
    values = {
        "risk ratio": (exposed / unexposed, np.array([-1 / unexposed, 1 / exposed])),
        "risk difference": (exposed - unexposed, np.array([-1.0, 1.0])),
        "odds ratio": (odds[1] / odds[0], np.array([-1 / unexposed / (1 - unexposed), 1 / exposed / (1 - exposed)])),
    }
    return {
        name: Estimate(
            label,
            f"standardised {name}",
            value,
            math.sqrt(gradient @ covariance @ gradient),
            scale=CONTRASTS[name][0],
            df=fit.df,
            null=CONTRASTS[name][1],
            estimand=estimands[name],
            adjustment=tuple(adjustment),
            n=frame.n,
            events=frame.events,
            claims=claims,
            details=(
                ("design", design.words),
                ("standardised risk if exposed", f"{exposed:.4f}"),
                ("standardised risk if not exposed", f"{unexposed:.4f}"),
            ),
        )
        for name, (value, gradient) in values.items()
    }
