"""Regression estimates that go into tables and verdicts: odds ratios and differences of means.

Every function returns :class:`~cohort.results.NotTestable` with the reason where this cohort cannot give the number:
a variable that is absent, constant or collinear, fewer than five people in a cell, perfect prediction.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cohort.analysis.contrasts import standardised_contrasts
from cohort.analysis.fitting import fit_linear, fit_logistic
from cohort.analysis.interaction import interaction
from cohort.analysis.model_frame import model_frame
from cohort.analysis.sampling import Design, Domain
from cohort.analysis.variables import InestimableError, is_binary, readable
from cohort.results import Estimate, NotTestable, Result

__all__ = ["interaction", "mean_difference", "odds_ratio", "standardised_contrasts"]


@dataclass(frozen=True)
class _Words:
    """Label, measure and estimand of a result."""

    label: str
    measure: str
    estimand: str
    claims: tuple[str, ...]

    def refuse(self, reason: InestimableError) -> NotTestable:
        return NotTestable(self.label, str(reason), self.measure, self.estimand, self.claims)


def _per(table: pd.DataFrame, exposure: str, per_sd: bool) -> str:
    """Return what an exposure is counted in: nothing for yes/no, one SD or one unit for a number."""
    if exposure not in table or is_binary(table[exposure]):
        return ""
    return " per SD" if per_sd else " per unit"


def odds_ratio(
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
    per_sd: bool = False,
) -> Result:
    """Return the odds ratio of a yes/no outcome for an exposure, conditional on the adjustment, by logistic regression.

    Survey: weighted pseudo-likelihood with linearised standard errors and t quantiles at PSUs − strata − model
    terms, as R's ``svyglm(family = quasibinomial)`` and its ``confint``. Simple sample: maximum likelihood and
    normal quantiles, as ``glm``. Assumes a logit that is linear in numeric covariates, and values missing at random
    given the model variables.

    Parameters
    ----------
    table
        One row per person.
    outcome, exposure
        Columns: a yes/no outcome; a yes/no or numeric exposure.
    adjustment
        Columns adjusted for; categories are treatment-coded.
    design, domain
        As in :func:`cohort.analysis.design.proportion`.
    label, claims, estimand
        For the result; the label defaults to the codebook's name of the exposure.
    per_sd
        For a numeric exposure: per SD in the analysis, as equivalence bounds need, in place of per unit. The SD is
        taken as known.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> people = pd.DataFrame({"has_ra": [1] * 30 + [0] * 70, "ill": [1] * 15 + [0] * 15 + [1] * 14 + [0] * 56})
    >>> f"{odds_ratio(people, outcome='ill', exposure='has_ra', design=design_of(people)).value:.2f}"
    '4.00'
    """
    words = _Words(
        label or readable(exposure),
        f"odds ratio{_per(table, exposure, per_sd)}",
        estimand or f"conditional odds ratio of {readable(outcome)} for {readable(exposure)}",
        claims,
    )
    try:
        frame = model_frame(
            table,
            outcome=outcome,
            exposures=[exposure],
            adjustment=adjustment,
            design=design,
            domain=domain,
            kind="binary",
            per_sd=per_sd,
        )
        fit = fit_logistic(frame, design)
    except InestimableError as reason:
        return words.refuse(reason)
    return Estimate(
        words.label,
        words.measure,
        math.exp(fit.coefficients[1]),
        math.sqrt(fit.covariance[1, 1]),
        scale="log",
        df=fit.df,
        null=1.0,
        estimand=words.estimand,
        adjustment=tuple(adjustment),
        n=frame.n,
        events=frame.events,
        claims=claims,
        details=(("design", design.words),),
    )


def mean_difference(
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
    per_sd: bool = False,
    ratio: bool = False,
) -> Result:
    """Return the difference in the mean of a numeric outcome, by linear regression.

    Survey: linearised standard errors, as ``svyglm(family = gaussian)``. Simple sample: the HC1 sandwich and t
    quantiles at n − p. Assumes that the mean is linear in numeric covariates; equal variances are not assumed.

    Parameters
    ----------
    table, exposure, adjustment, design, domain, label, claims, estimand, per_sd
        As in :func:`odds_ratio`.
    outcome
        A numeric column.
    ratio
        For an outcome that is a natural logarithm: return the ratio of geometric means, e to the difference.
    """
    kind = "ratio of geometric means" if ratio else f"difference in mean {readable(outcome)}"
    words = _Words(
        label or readable(exposure),
        f"{kind}{_per(table, exposure, per_sd)}",
        estimand or f"conditional {kind} for {readable(exposure)}",
        claims,
    )
    try:
        frame = model_frame(
            table,
            outcome=outcome,
            exposures=[exposure],
            adjustment=adjustment,
            design=design,
            domain=domain,
            kind="continuous",
            per_sd=per_sd,
        )
        fit = fit_linear(frame, design)
    except InestimableError as reason:
        return words.refuse(reason)
    slope = float(fit.coefficients[1])
    return Estimate(
        words.label,
        words.measure,
        math.exp(slope) if ratio else slope,
        math.sqrt(fit.covariance[1, 1]),
        scale="log" if ratio else "identity",
        df=fit.df,
        null=1.0 if ratio else 0.0,
        estimand=words.estimand,
        adjustment=tuple(adjustment),
        n=frame.n,
        claims=claims,
        details=(("design", design.words),),
    )
