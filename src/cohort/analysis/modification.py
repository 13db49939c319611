"""Does the exposure do more in some people than in others? On the scale of ratios and on that of differences.

Both scales, since an effect that is the same on one is not on the other (Knol & VanderWeele 2012, Int J Epidemiol
41:514). On the additive scale: the relative excess risk due to interaction, the part of the joint effect that is due to
it (attributable proportion) and the synergy index (Rothman), by odds ratios or by standardised risks.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special, stats

from cohort.analysis.contrasts import standardised_contrasts
from cohort.analysis.fitting import Fit
from cohort.analysis.interaction import RERI, joint_fit
from cohort.analysis.model_frame import ModelFrame
from cohort.analysis.regression import odds_ratio
from cohort.analysis.sampling import BoolArray, Design, Domain, FloatArray, analysis_domain
from cohort.analysis.small_cells import told_or_refused
from cohort.analysis.variables import InestimableError, levels, numeric, readable, require
from cohort.results import Estimate, NotTestable, Result

PROPORTION = "attributable proportion due to interaction"
SYNERGY = "synergy index"
ADDITIVE = (RERI, PROPORTION, SYNERGY)
NO_JOINT_EXCESS = "the exposures alone have no joint excess risk, against which a synergy index is measured"


def by_stratum(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    modifier: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    claims: tuple[str, ...] = (),
) -> dict[str, list[Result]]:
    """Return the odds ratio and the standardised risk difference of an exposure in each stratum of a modifier.

    A model of its own in each stratum: every covariate may do something else in each.

    Parameters
    ----------
    table, outcome, exposure, adjustment, design, domain, claims
        As in :func:`cohort.analysis.regression.odds_ratio`; the exposure is yes/no, and the modifier is left out of the
        adjustment.
    modifier
        A column of words or a yes/no column.

    Returns
    -------
    dict
        Results under "odds ratio" and "risk difference", one for each stratum, in order.
    """
    held = tuple(name for name in adjustment if name != modifier)
    name = readable(modifier)
    try:
        strata = _strata(require(table, modifier))
    except InestimableError as reason:
        return {
            measure: [NotTestable(name, str(reason), measure, "", claims)]
            for measure in ("odds ratio", "risk difference")
        }
    inside = analysis_domain(table, design, domain)
    found: dict[str, list[Result]] = {"odds ratio": [], "risk difference": []}
    for words, member in strata:
        shared: dict[str, Any] = {
            "outcome": outcome, "exposure": exposure, "adjustment": held, "design": design, "domain": inside & member,
            "label": f"{name}: {words}", "claims": claims,
        }  # fmt: skip
        found["odds ratio"].append(odds_ratio(table, **shared))
        found["risk difference"].append(standardised_contrasts(table, **shared)["risk difference"])
    return found


def _strata(column: pd.Series) -> list[tuple[str, BoolArray]]:
    """Return the name and the members of each stratum."""
    words = levels(column)
    if words is not None:
        return [(str(word), (column == word).to_numpy(dtype=bool, na_value=False)) for word in words]
    values = numeric(column)
    if not np.isin(values[~np.isnan(values)], (0.0, 1.0)).all():
        raise InestimableError(f"'{column.name}' is a number: strata need a yes/no variable or categories")
    return [(word, values == value) for word, value in (("no", 0.0), ("yes", 1.0))]


def contrast_of_strata(results: Sequence[Result], *, label: str = "") -> Result:
    """Return how an effect differs between two strata: the ratio of two ratios, or the difference of two differences.

    The second against the first. Assumes that the strata are independent samples, as strata of people are in a simple
    sample; in a survey that draws both from the same units it is conservative or not by their correlation, and
    :func:`cohort.analysis.interaction.interaction` is to be preferred.

    Parameters
    ----------
    results
        Two estimates on one scale.
    label
        For the result.

    Examples
    --------
    >>> women, men = (Estimate("", "odds ratio", value, 0.1, scale="log", null=1.0) for value in (2.0, 1.0))
    >>> ratio = contrast_of_strata([men, women])
    >>> ratio.measure, ratio.value, round(ratio.standard_error, 4)
    ('ratio of odds ratios', 2.0, 0.1414)
    """
    label = label or "second stratum against first"
    estimates = [result for result in results if isinstance(result, Estimate)]
    if len(results) != 2 or len(estimates) != 2:
        refused = [result for result in results if isinstance(result, NotTestable)]
        reason = f"a stratum has no estimate: {refused[0].reason}" if refused else "it takes two strata"
        return NotTestable(label, reason, "difference between strata")
    first, second = estimates
    log = first.scale == "log"
    measure = first.measure.removeprefix("standardised ")
    return dataclasses.replace(
        second,
        label=label,
        measure=f"ratio of {measure}s" if log else f"difference of {measure}s",
        value=second.value / first.value if log else second.value - first.value,
        standard_error=math.hypot(first.standard_error, second.standard_error),
        df=min(first.df, second.df),
        null=1.0 if log else 0.0,
        n=first.n + second.n,
        events=None if first.events is None or second.events is None else first.events + second.events,
        estimand=f"how much the {measure} differs between strata",
        bounds=None,
        details=(),
    )


@dataclass(frozen=True, eq=False)
class _Ratios:
    """Three ratios against neither exposure (first alone, second alone, both), on the log scale with covariance."""

    logs: FloatArray
    covariance: FloatArray
    df: float

    @property
    def quantile(self) -> float:
        """Return the 97.5 % quantile."""
        return float(stats.t.ppf(0.975, self.df) if math.isfinite(self.df) else stats.norm.ppf(0.975))


def _odds_ratios(frame: ModelFrame, fit: Fit) -> _Ratios:
    places = [1, 2, frame.matrix.shape[1] - 1]
    to_joint = np.array([[1.0, 0, 0], [0, 1, 0], [1, 1, 1]])
    covariance = to_joint @ fit.covariance[np.ix_(places, places)] @ to_joint.T
    return _Ratios(to_joint @ fit.coefficients[places], covariance, fit.df)


def _risk_ratios(frame: ModelFrame, fit: Fit, design: Design) -> _Ratios:
    """Return risk ratios between four worlds by g-computation, with the covariance of their linearised logarithms."""
    share = frame.weights / frame.weights.sum()
    last = frame.matrix.shape[1] - 1
    logs, influences = [], []
    for one, other in ((0, 0), (1, 0), (0, 1), (1, 1)):
        matrix = frame.matrix.copy()
        matrix[:, 1], matrix[:, 2], matrix[:, last] = one, other, one * other
        risk = special.expit(matrix @ fit.coefficients)
        mean = float(share @ risk)
        gradient = (share * risk * (1 - risk)) @ matrix
        logs.append(math.log(mean))
        influences.append((share * (risk - mean) + fit.influence @ gradient) / mean)
    against = np.column_stack([influences[place] - influences[0] for place in (1, 2, 3)])
    return _Ratios(np.array(logs[1:]) - logs[0], design.covariance(against, frame.domain), fit.df)


def _mover(ratios: _Ratios, values: FloatArray, signs: FloatArray) -> tuple[float, float]:
    """Return the interval of a signed sum of ratios from that of each (MOVER: Zou 2008, Am J Epidemiol 168:212).

    It keeps the skewness of each ratio, which the delta method does not. The correlations of the logarithms stand for
    those of the ratios.
    """
    error = np.sqrt(np.diag(ratios.covariance))
    below, above = (values - values * np.exp(side * ratios.quantile * error) for side in (-1.0, 1.0))
    correlation = ratios.covariance / np.outer(error, error)
    centre = float(signs @ values)
    # The lower end takes the lower limit of what is added and the upper limit of what is subtracted.
    down, up = np.where(signs > 0, below, -above), np.where(signs > 0, -above, below)
    weighted = np.outer(np.sign(signs), np.sign(signs)) * correlation * np.outer(np.abs(signs), np.abs(signs))
    reach = [math.sqrt(max(float(side @ weighted @ side), 0.0)) for side in (down, up)]
    return centre - reach[0], centre + reach[1]


def additive_interaction(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    modifier: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    standardised: bool = False,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> dict[str, Result]:
    """Return the interaction of two yes/no exposures on the additive scale, in three measures.

    With R(a, b) the ratio against neither: RERI = R(1,1) − R(1,0) − R(0,1) + 1; the attributable proportion is RERI /
    R(1,1); the synergy index (R(1,1) − 1) / (R(1,0) + R(0,1) − 2). Standard errors by the delta method (Hosmer and
    Lemeshow 1992, Epidemiology 3:452); the interval of RERI by MOVER (Zou 2008), which keeps the skewness of ratios,
    the delta interval beside it in ``details``. Assumes an adjustment that suffices for both exposures; odds ratios
    stand for risk ratios only when the outcome is rare.

    Parameters
    ----------
    table, outcome, exposure, adjustment, design, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`; the exposure is yes/no.
    modifier
        The other yes/no exposure. Both should raise the risk: an exposure that protects is turned round first (Knol
        2011, Eur J Epidemiol 26:433).
    standardised
        Use standardised risks (g-computation) in place of odds ratios.

    Returns
    -------
    dict
        Results under each of ``ADDITIVE``.
    """
    label = label or f"{readable(exposure)} with {readable(modifier)}"
    by = "standardised risks" if standardised else "odds ratios"
    estimand = f"interaction of {readable(exposure)} and {readable(modifier)} on {readable(outcome)}, by {by}"
    try:
        frame, fit = joint_fit(table, outcome, (exposure, modifier), adjustment, design, domain)
        ratios = _risk_ratios(frame, fit, design) if standardised else _odds_ratios(frame, fit)
    except InestimableError as reason:
        return {name: NotTestable(label, str(reason), name, estimand, claims) for name in ADDITIVE}
    one, other, both = values = np.exp(ratios.logs)
    excess = both - one - other + 1
    shared = Estimate(
        label, "", 0.0, 1.0, df=ratios.df, null=0.0, estimand=estimand, adjustment=tuple(adjustment), n=frame.n,
        events=frame.events, claims=claims, details=(("design", design.words), ("by", by)),
    )  # fmt: skip

    def error(slope: Sequence[float]) -> float:
        gradient = np.asarray(slope)
        return math.sqrt(gradient @ ratios.covariance @ gradient)

    reri = dataclasses.replace(shared, measure=RERI, value=float(excess), standard_error=error([-one, -other, both]))
    low, high = reri.interval()
    down, up = _mover(ratios, values, np.array([-1.0, -1.0, 1.0]))
    reri = dataclasses.replace(
        reri,
        bounds=(1 + down, 1 + up),
        details=(*shared.details, ("interval", "MOVER"), ("delta-method interval", f"{low:.2f} to {high:.2f}")),
    )
    found: dict[str, Result] = {
        RERI: reri,
        PROPORTION: dataclasses.replace(
            shared, measure=PROPORTION, value=float(excess / both),
            standard_error=error([-one / both, -other / both, (one + other - 1) / both]),
        ),
    }  # fmt: skip
    alone = one + other - 2
    if alone <= 0 or both <= 1:
        found[SYNERGY] = NotTestable(label, NO_JOINT_EXCESS, SYNERGY, estimand, claims)
    else:
        found[SYNERGY] = dataclasses.replace(
            shared, measure=SYNERGY, value=float((both - 1) / alone), scale="log", null=1.0,
            standard_error=error([-one / alone, -other / alone, both / (both - 1)]),
        )  # fmt: skip
        found[SYNERGY] = told_or_refused(found[SYNERGY])
    return found
