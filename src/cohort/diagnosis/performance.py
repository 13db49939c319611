"""Diagnosands: bias, errors, coverage, verdicts over replicates, each with its Monte-Carlo standard error.

Formulas after Morris, White and Crowther 2019, Stat Med 38:2074, Table 6. The truth is itself known with an error: it
is added in quadrature where a diagnosand rests on it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.diagnosis.truth import KnownTruth
from cohort.diagnosis.wrong import STATUSES, is_wrong

FloatArray = npt.NDArray[np.float64]
DIAGNOSANDS: Mapping[str, str] = {
    "truth": "true value of the estimand on the scale of analysis (the logarithm of a ratio)",
    "mean estimate": "mean of the estimates on that scale",
    "bias": "mean of estimate minus truth",
    "relative bias": "bias over truth; none where the truth is no effect",
    "empirical SE": "standard deviation of the estimates",
    "model SE": "root of the mean squared standard error that the method reports",
    "relative error of model SE": "model SE over empirical SE, minus 1",
    "root mean squared error": "root of the mean squared distance from the truth",
    "coverage": "share of 95 % intervals that hold the truth",
    "bias-eliminated coverage": "share of 95 % intervals that hold the mean estimate",
    "longest interval": "distance between the ends of the longest 95 % interval; without an error of its own",
    "type I error": "share of 95 % intervals without the value of no effect, where there is no effect",
    "power": "the same where there is an effect",
    "wrong verdicts": "share of verdicts on the direction that the truth contradicts",
    "not testable": "share of replicates without an estimate",
    **{f"verdict: {status}": f"share of replicates with the verdict '{status}'" for status in STATUSES},
}
"""What each diagnosand is, in words."""


def summarise(estimates: pd.DataFrame, truth: KnownTruth, *, above: tuple[float, ...] = (),
              claimed_size: float | None = None) -> pd.DataFrame:  # fmt: skip
    """Return the diagnosands of a method, one row each, with their Monte-Carlo standard errors.

    Parameters
    ----------
    estimates
        One row per replicate: ``estimate``, ``standard_error``, ``lower``, ``upper`` and ``null`` on the scale of
        analysis, missing where the method gave none, and ``verdict``, and ``size_verdict`` where a size is claimed.
    truth
        The true value.
    above
        Natural values of which it is told how often the whole interval lies above them.
    claimed_size
        The claimed ratio or difference that ``size_verdict`` is about.

    Examples
    --------
    >>> rows = pd.DataFrame({"estimate": [0.0, 2.0], "standard_error": 1.0, "lower": [-2.0, 0.1], "upper": [2.0, 4.0],
    ...                      "null": 0.0, "verdict": ["inconclusive", "supported"]})
    >>> found = summarise(rows, KnownTruth(1.0, 0.0, False)).set_index("diagnosand")
    >>> float(found.loc["coverage", "value"]), float(found.loc["wrong verdicts", "value"])
    (1.0, 0.0)
    """
    usable = estimates.dropna(subset=["estimate"])
    rows: list[tuple[str, float, float]] = [("truth", truth.value, truth.error)]
    rows += _of_estimates(usable["estimate"].to_numpy(dtype=float), truth)
    rows += _of_standard_errors(usable)
    rows += _of_intervals(usable, truth, above)
    rows += _of_verdicts(estimates, truth, claimed_size)
    rows.append(_share("not testable", estimates["estimate"].isna().to_numpy()))
    return pd.DataFrame(rows, columns=["diagnosand", "value", "monte_carlo_se"])


def _share(name: str, happened: npt.NDArray[np.bool_], more: float = 0.0) -> tuple[str, float, float]:
    """Return a share with its binomial standard error, and another error added in quadrature."""
    if not len(happened):
        return name, math.nan, math.nan
    share = float(happened.mean())
    return name, share, math.hypot(math.sqrt(share * (1 - share) / len(happened)), more)


def _of_estimates(estimate: FloatArray, truth: KnownTruth) -> list[tuple[str, float, float]]:
    n = len(estimate)
    names = ("mean estimate", "bias", "relative bias", "empirical SE", "root mean squared error")
    if n < 2:  # nothing to average: hardly any replicate could be analysed
        return [(name, math.nan, math.nan) for name in names]
    empirical = float(estimate.std(ddof=1))
    mean, of_mean = float(estimate.mean()), empirical / math.sqrt(n)
    squared = (estimate - truth.value) ** 2
    root = math.sqrt(float(squared.mean()))
    # d RMSE / d truth = -bias / RMSE
    of_root = math.hypot(float(squared.std(ddof=1)) / math.sqrt(n), 2 * (mean - truth.value) * truth.error)
    bias, of_bias = mean - truth.value, math.hypot(of_mean, truth.error)
    has_effect = not truth.is_null
    return [
        ("mean estimate", mean, of_mean),
        ("bias", bias, of_bias),
        ("relative bias", bias / truth.value if has_effect else math.nan,
         math.hypot(of_mean, mean / truth.value * truth.error) / abs(truth.value) if has_effect else math.nan),
        ("empirical SE", empirical, empirical / math.sqrt(2 * (n - 1))),
        ("root mean squared error", root, of_root / (2 * root) if root else math.nan),
    ]  # fmt: skip


def _of_standard_errors(usable: pd.DataFrame) -> list[tuple[str, float, float]]:
    known = usable.dropna(subset=["standard_error"])
    names = ("model SE", "relative error of model SE")
    if len(known) < 2:
        return [(name, math.nan, math.nan) for name in names]
    n, empirical = len(known), float(known["estimate"].std(ddof=1))
    variance = known["standard_error"].to_numpy(dtype=float) ** 2
    model = math.sqrt(float(variance.mean()))
    of_model = float(variance.std(ddof=1)) / (2 * model * math.sqrt(n))
    ratio = model / empirical if empirical else math.nan
    of_ratio = ratio * math.hypot(of_model / model, 1 / math.sqrt(2 * (n - 1)))
    return [("model SE", model, of_model), ("relative error of model SE", ratio - 1, of_ratio)]


def _of_intervals(usable: pd.DataFrame, truth: KnownTruth, above: tuple[float, ...]) -> list[tuple[str, float, float]]:
    known = usable.dropna(subset=["lower", "upper"])
    lower, upper, null = (known[name].to_numpy(dtype=float) for name in ("lower", "upper", "null"))

    def holding(value: float) -> npt.NDArray[np.bool_]:
        return (lower <= value) & (value <= upper)

    mean = float(known["estimate"].mean()) if len(known) else math.nan
    tested = ~np.isnan(null)
    outside = ((lower > null) | (upper < null))[tested]
    nothing = np.zeros(0, dtype=bool)
    rows = [
        _share("coverage", holding(truth.value), _by_truth(holding, truth)),
        _share("bias-eliminated coverage", holding(mean)),
        ("longest interval", float((upper - lower).max()) if len(known) else math.nan, math.nan),
        _share("type I error", outside if truth.is_null else nothing),
        _share("power", nothing if truth.is_null else outside),
    ]
    for value in above:
        rows.append(_share(f"interval above {value:g}", lower > (math.log(value) if truth.is_log else value)))
    return rows


def _by_truth(holding: Callable[[float], npt.NDArray[np.bool_]], truth: KnownTruth) -> float:
    """Return by how much the coverage moves when the truth moves by its own standard error."""
    if not truth.error:
        return 0.0
    ends = [holding(truth.value + sign * truth.error) for sign in (-1, 1)]
    return abs(float(ends[1].mean() - ends[0].mean())) / 2 if len(ends[0]) else 0.0


def _of_verdicts(
    estimates: pd.DataFrame, truth: KnownTruth, claimed_size: float | None
) -> list[tuple[str, float, float]]:
    rows = []
    said = estimates["verdict"].to_numpy(dtype=object)
    if pd.isna(said).all():
        return [_share(name, np.zeros(0, dtype=bool)) for name in
                ("wrong verdicts", *(f"verdict: {status}" for status in STATUSES))]  # fmt: skip
    rows.append(_share("wrong verdicts", np.array([is_wrong(one, truth) for one in said], dtype=bool)))
    rows += [_share(f"verdict: {status}", said == status) for status in STATUSES]
    if claimed_size is not None:
        of_size = estimates["size_verdict"].to_numpy(dtype=object)
        wrong = np.array([is_wrong(one, truth, size=claimed_size) for one in of_size], dtype=bool)
        rows.append(_share("wrong verdicts on size", wrong))
        rows += [_share(f"size {claimed_size:g}: {status}", of_size == status) for status in
                 ("supported", "contradicted", "inconclusive")]  # fmt: skip
    return rows
