"""Effects of mediation as results: on each scale, with bootstrap intervals, and a proportion where one makes sense."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from cohort.analysis.sampling import FloatArray
from cohort.analysis.variables import readable
from cohort.results import Estimate, NotTestable, Result, Scale

BINARY_MEASURES: Mapping[str, Scale] = {"risk difference": "identity", "risk ratio": "log", "odds ratio": "log"}
CONTINUOUS_MEASURES: Mapping[str, Scale] = {"mean difference": "identity"}
PROPORTION = "proportion mediated"
_WIDTH = 3.919927969080108
"""Width of a 95 % interval in standard errors."""


@dataclass(frozen=True)
class Asked:
    """What a mediation analysis is about.

    Parameters
    ----------
    outcome, exposure, mediators, adjustment
        Columns.
    binary_outcome
        Whether the outcome is yes/no.
    label, claims
        For the results.
    """

    outcome: str
    exposure: str
    mediators: tuple[str, ...]
    adjustment: tuple[str, ...]
    binary_outcome: bool
    label: str
    claims: tuple[str, ...]

    @property
    def measures(self) -> Mapping[str, Scale]:
        """Return the measures that the outcome has."""
        return BINARY_MEASURES if self.binary_outcome else CONTINUOUS_MEASURES

    @property
    def difference(self) -> str:
        """Return the measure of differences."""
        return next(iter(self.measures))

    def estimand(self, key: str) -> str:
        """Return an effect in words."""
        through = ", ".join(readable(name) for name in self.mediators)
        return f"{key} of {readable(self.exposure)} on {readable(self.outcome)}; mediators: {through}"


def effect_keys(asked: Asked, contrasts: Mapping[str, tuple[int, ...]]) -> list[str]:
    """Return the names of all results."""
    return [f"{effect}, {measure}" for measure in asked.measures for effect in contrasts] + [PROPORTION]


def refusals(asked: Asked, keys: Sequence[str], reason: str) -> dict[str, Result]:
    """Return under each name why there is no result."""
    return {key: NotTestable(asked.label, reason, key, asked.estimand(key), asked.claims) for key in keys}


def on_scale(means: FloatArray, measure: str) -> FloatArray:
    """Return means on the scale on which effects of a measure are differences.

    Parameters
    ----------
    means
        Mean outcomes, of any shape.
    measure
        "risk ratio": logarithm; "odds ratio": logit; else as they are.
    """
    if measure == "risk ratio":
        return np.asarray(np.log(means))
    return np.asarray(special.logit(means)) if measure == "odds ratio" else means


def results_of(
    asked: Asked,
    contrasts: Mapping[str, tuple[int, ...]],
    point: FloatArray,
    drawn: FloatArray,
    *,
    n: int,
    events: FloatArray,
    df: float,
    details: tuple[tuple[str, str], ...],
) -> dict[str, Result]:
    """Return every effect on every scale.

    Parameters
    ----------
    asked
        What the analysis is about.
    contrasts
        Each effect as weights of the means.
    point, drawn
        The means, and those of each replicate in a row.
    n, events
        People, and their outcomes.
    df
        Degrees of freedom, for pooling and for intervals other than the 95 % one.
    details
        For the results.
    """
    found: dict[str, Result] = {}
    arms = (("mean outcome if unexposed", f"{point[0]:.4f}"),)
    for measure, scale in asked.measures.items():
        values, replicates = on_scale(point, measure), on_scale(drawn, measure)
        for effect, weights in contrasts.items():
            contrast = np.asarray(weights, dtype=np.float64)
            value, spread = float(values @ contrast), replicates @ contrast
            key = f"{effect}, {measure}"
            error = float(spread.std(ddof=1))
            if not (math.isfinite(value) and np.isfinite(spread).all() and error > 0):
                found |= refusals(asked, [key], "the bootstrap gives no finite standard error")
                continue
            low, high = np.quantile(spread, [0.025, 0.975])
            ends = (float(low), float(high)) if scale == "identity" else (math.exp(low), math.exp(high))
            found[key] = Estimate(
                asked.label, key, value if scale == "identity" else math.exp(value), error, scale=scale, df=df,
                null=0.0 if scale == "identity" else 1.0, estimand=asked.estimand(key), adjustment=asked.adjustment,
                n=n, events=int(events.sum()) if asked.binary_outcome else None, claims=asked.claims,
                details=(*details, *arms), bounds=ends,
            )  # fmt: skip
    found[PROPORTION] = _proportion(asked, contrasts, point, drawn, found)
    return found


def _proportion(
    asked: Asked,
    contrasts: Mapping[str, tuple[int, ...]],
    point: FloatArray,
    drawn: FloatArray,
    found: Mapping[str, Result],
) -> Result:
    """Return the share of the total effect that passes the mediators, or why it has none.

    It is one less the direct share, on the scale of differences. Its standard error is the width of the percentile
    interval over 3.92, as a ratio has no finite variance.
    """
    direct_name = next(name for name in contrasts if "direct effect" in name and "indirect" not in name)
    total_result = found[f"total effect, {asked.difference}"]
    if isinstance(total_result, NotTestable):
        return refusals(asked, [PROPORTION], total_result.reason)[PROPORTION]
    low, high = total_result.interval()
    total_of, direct_of = (np.asarray(contrasts[name], dtype=np.float64) for name in ("total effect", direct_name))
    total, direct = float(point @ total_of), float(point @ direct_of)
    if low <= 0 <= high:
        reason = "no share: the interval of the total effect includes none"
        return refusals(asked, [PROPORTION], reason)[PROPORTION]
    if direct / total < 0 or direct / total > 1:
        reason = "no share: direct and indirect effect point in opposite directions"
        return refusals(asked, [PROPORTION], reason)[PROPORTION]
    totals = drawn @ total_of
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = 1 - (drawn @ direct_of) / totals
    ends = np.nanquantile(shares, [0.025, 0.975])
    estimate = 1 - direct / total
    return Estimate(
        asked.label, PROPORTION, estimate, float(np.ptp(ends)) / _WIDTH, df=total_result.df, null=0.0,
        estimand=asked.estimand(PROPORTION), adjustment=asked.adjustment, n=total_result.n, events=total_result.events,
        claims=asked.claims, details=total_result.details, bounds=(float(ends[0]), float(ends[1])),
    )  # fmt: skip
