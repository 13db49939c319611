"""How strong an unmeasured cause would have to be to explain an estimate: the E-value."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cohort.results import NotTestable, Result

COMMON = 0.15
"""From this share with the outcome on, an odds ratio is no risk ratio any more (VanderWeele & Ding 2017)."""


@dataclass(frozen=True)
class EValue:
    """The E-value of an estimate and of the limit of its interval that is nearer to no effect.

    Parameters
    ----------
    label
        Of the estimate.
    point
        Risk ratio that an unmeasured confounder would need with both exposure and outcome to explain the estimate.
    limit
        The same for the 95 % interval: 1 when the interval holds no effect.
    note
        Which approximation turned the measure into a risk ratio.
    """

    label: str
    point: float
    limit: float
    note: str


def e_value_of_risk_ratio(risk_ratio: float) -> float:
    """Return the E-value of a risk ratio: RR + sqrt(RR (RR - 1)), of the inverse when it is below 1.

    Source: VanderWeele & Ding 2017, Annals of Internal Medicine 167:268.

    Examples
    --------
    >>> round(e_value_of_risk_ratio(3.9), 2)
    7.26
    """
    ratio = risk_ratio if risk_ratio >= 1 else 1 / risk_ratio
    return ratio + math.sqrt(ratio * (ratio - 1))


def e_value(result: Result, *, common_outcome: bool | None = None, sd: float | None = None) -> EValue | NotTestable:
    """Return the E-value of a risk ratio, an odds ratio or a difference of means.

    The odds ratio of a common outcome counts as its square root; a difference of means as exp(0.91 d). Assumes one
    confounder, binary, of equal strength with exposure and outcome; it speaks of no other bias.

    Parameters
    ----------
    result
        A ratio against 1, or a difference against 0.
    common_outcome
        Whether 15 % or more have the outcome; default: found from the people of the estimate.
    sd
        Standard deviation of the outcome, for a difference of means.

    Examples
    --------
    >>> from cohort.results import Estimate
    >>> paper = Estimate("no breast feeding", "risk ratio", 3.9, 0.40, scale="log", null=1.0, bounds=(1.8, 8.7))
    >>> found = e_value(paper)
    >>> f"{found.point:.1f}, {found.limit:.1f}"
    '7.3, 3.0'
    """
    if isinstance(result, NotTestable):
        return result
    low, high = result.interval()
    if result.scale == "log" and result.null == 1.0:
        note = "risk ratio as it is"
        ratios = [result.value, low, high]
        if "odds ratio" in result.measure:
            share = (result.events or 0) / result.n if result.n else 0.0
            if share >= COMMON if common_outcome is None else common_outcome:
                ratios, note = [math.sqrt(ratio) for ratio in ratios], "square root of the odds ratio: common outcome"
            else:
                note = "odds ratio taken as a risk ratio: rare outcome"
    elif result.null == 0.0 and sd is not None and sd > 0:
        ratios = [math.exp(0.91 * value / sd) for value in (result.value, low, high)]
        note = "exp(0.91 d) of the standardised difference"
    else:
        return NotTestable(result.label, "no E-value for this measure without a standard deviation", "E-value")
    point, lower, upper = ratios
    nearer = lower if point >= 1 else upper
    crosses = lower <= 1 <= upper
    return EValue(result.label, e_value_of_risk_ratio(point), 1.0 if crosses else e_value_of_risk_ratio(nearer), note)
