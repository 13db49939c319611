"""What an odds ratio would be had everybody's disease been recorded rightly: probabilistic bias analysis.

The accuracy of the record is not known but believed, so it is drawn many times over from what is believed of it; each
draw gives every person a disease that they may truly have, and an odds ratio. Its interval holds both errors, that of
sampling and that of the record (Fox, MacLehose and Lash 2021, Applying Quantitative Bias Analysis, 2nd ed., ch. 9).
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import yaml
from scipy import stats

from cohort.analysis.fitting import fit_logistic
from cohort.analysis.model_frame import ModelFrame, model_frame
from cohort.analysis.sampling import Design, Domain, FloatArray
from cohort.analysis.variables import InestimableError, readable, yes_no
from cohort.errors import AnalysisError, Problem
from cohort.results import Estimate, NotTestable, Result
from cohort.shipped import shipped_folder

MEASURE = "odds ratio, corrected for misclassified exposure"
LEAST_POSSIBLE = 0.1
"""When fewer of the draws than this agree with the data, the beliefs and the data contradict each other."""


@dataclass(frozen=True)
class Belief:
    """What is believed of a quantity: a trapezoidal distribution.

    Parameters
    ----------
    minimum, low, high, maximum
        Impossible below ``minimum`` and above ``maximum``, equally likely between ``low`` and ``high``.
    source
        Where it comes from.

    Examples
    --------
    >>> Belief(0.5, 0.7, 0.9, 1.0).at(np.array([0.0, 0.5, 1.0])).round(3).tolist()
    [0.5, 0.775, 1.0]
    """

    minimum: float
    low: float
    high: float
    maximum: float
    source: str = ""

    def __post_init__(self) -> None:
        corners = (self.minimum, self.low, self.high, self.maximum)
        if list(corners) != sorted(corners) or not all(math.isfinite(corner) for corner in corners):
            problem = Problem(
                "belief", f"its corners {corners} do not rise.", "Give minimum, low, high and maximum in this order."
            )
            raise AnalysisError([problem])

    @classmethod
    def certain(cls, value: float) -> Belief:
        """Return the belief that a quantity has one value."""
        return cls(value, value, value, value)

    def at(self, probability: FloatArray) -> FloatArray:
        """Return quantiles of the belief."""
        width = self.maximum - self.minimum
        if width == 0:
            return np.full(len(probability), self.minimum)
        rise, fall = (self.low - self.minimum) / width, (self.high - self.minimum) / width
        return np.asarray(stats.trapezoid.ppf(probability, rise, fall, loc=self.minimum, scale=width))


@dataclass(frozen=True)
class Accuracy:
    """What is believed of the record of an exposure.

    Parameters
    ----------
    sensitivity
        Share of those who have it of whom the record says so.
    predictive_value
        Share of those of whom the record says so who have it, with and without the outcome together.
    false_positive_odds_ratio
        Odds that the record says so wrongly, in people with the outcome against people without: 1 when its errors do
        not depend on the outcome.
    """

    sensitivity: Belief
    predictive_value: Belief
    false_positive_odds_ratio: Belief


@functools.cache
def believed_accuracy(name: str = "autoimmune_disease_by_self_report") -> Accuracy:
    """Return what is believed of a kind of record, with sources, from ``data_schema/accuracy.yaml``.

    Examples
    --------
    >>> believed_accuracy().predictive_value.minimum
    0.2
    """
    with (shipped_folder("data_schema") / "accuracy.yaml").open(encoding="utf-8") as lines:
        spec = yaml.safe_load(lines)[name]
    beliefs = {}
    for key, entry in spec.items():
        minimum, low, high, maximum = (float(corner) for corner in entry["corners"])
        beliefs[key] = Belief(minimum, low, high, maximum, str(entry["source"]))
    return Accuracy(**beliefs)


def corrected_odds_ratio(
    table: Sequence[Sequence[float]], sensitivity: tuple[float, float], specificity: tuple[float, float]
) -> float:
    """Return the odds ratio of a table of two by two had the exposure been recorded without error.

    Parameters
    ----------
    table
        Counts with the outcome (recorded as exposed, not exposed), then without.
    sensitivity, specificity
        With the outcome, then without.

    Returns
    -------
    float
        NaN when no true table could give the recorded one: a specificity that is too low for so few exposed.

    Notes
    -----
    Share exposed in truth = (share recorded - (1 - specificity)) / (sensitivity + specificity - 1), in each group
    (Barron 1977, Biometrics 33:414).

    Examples
    --------
    >>> round(corrected_odds_ratio([[215, 1449], [668, 4296]], (0.78, 0.78), (0.99, 0.99)), 3)
    0.949
    """
    counts = np.asarray(table, dtype=np.float64)
    truly = _truly_exposed(counts[:, 0] / counts.sum(axis=1), np.asarray(sensitivity), np.asarray(specificity))
    odds = truly / (1 - truly)
    return float(odds[0] / odds[1])


def _truly_exposed(recorded: FloatArray, sensitivity: FloatArray, specificity: FloatArray) -> FloatArray:
    """Return the share that is truly exposed of a share that is recorded so; NaN where no true share gives it."""
    youden = sensitivity + specificity - 1
    truly = (recorded - (1 - specificity)) / np.where(youden > 0, youden, np.nan)
    return np.where((truly > 0) & (truly < 1), truly, np.nan)


@dataclass(frozen=True, eq=False)
class _Draws:
    """Sensitivity and specificity of each draw, in people with and without the outcome (columns)."""

    sensitivity: FloatArray
    specificity: FloatArray


def _drawn(
    accuracy: Accuracy, prevalence: float, exposed_in: FloatArray, draws: int, rng: np.random.Generator
) -> _Draws:
    """Return accuracies drawn from the beliefs.

    The predictive value fixes, with the share that is recorded as exposed, how many false positives there are; the odds
    ratio spreads them over people with and without the outcome.
    """
    sens, value, ratio = (
        belief.at(rng.random(draws))
        for belief in (accuracy.sensitivity, accuracy.predictive_value, accuracy.false_positive_odds_ratio)
    )
    recorded = float(np.average(exposed_in, weights=[prevalence, 1 - prevalence]))
    truly = np.minimum(value * recorded / sens, 0.999)
    false = (1 - value) * recorded / (1 - truly)  # false positives among those without the disease
    # Solve for the odds in people without the outcome that give so many false positives in all.
    low, high = np.zeros(draws), np.ones(draws)
    for _ in range(50):
        middle = (low + high) / 2
        with_outcome = ratio * middle / (1 - middle + ratio * middle)
        too_many = prevalence * with_outcome + (1 - prevalence) * middle > false
        low, high = np.where(too_many, low, middle), np.where(too_many, middle, high)
    without = (low + high) / 2
    with_outcome = ratio * without / (1 - without + ratio * without)
    return _Draws(np.column_stack([sens, sens]), 1 - np.column_stack([with_outcome, without]))


def misclassification(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    adjustment: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    accuracy: Accuracy | None = None,
    draws: int = 300,
    seed: int = 1,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> Result:
    """Return the odds ratio of a yes/no exposure that is recorded with error, over what is believed of the error.

    Assumes that the accuracy depends on the outcome at most, not on the adjustment; and that the outcome and the
    adjustment are recorded rightly.

    Parameters
    ----------
    table, outcome, exposure, adjustment, design, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`; the exposure is yes/no.
    accuracy
        What is believed of the record; default: of autoimmune disease by self-report.
    draws
        How many accuracies are drawn.
    seed
        Seed of the draws.

    Returns
    -------
    Estimate
        Median of the draws; ``bounds`` are their 2.5 and 97.5 per cent; ``details`` say how many draws the data made
        impossible. ``NotTestable`` when the data contradict nearly all draws.
    """
    words = label or readable(exposure)
    estimand = f"conditional odds ratio of {readable(outcome)} for {readable(exposure)}, rightly recorded"
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
        logs = _corrected_logs(frame, design, accuracy or believed_accuracy(), draws, np.random.default_rng(seed))
    except InestimableError as reason:
        return NotTestable(words, str(reason), MEASURE, estimand, claims)
    possible = logs[np.isfinite(logs)]
    if len(possible) < max(LEAST_POSSIBLE * draws, 20):
        reason_text = "the data contradict nearly all that is believed of the accuracy of the record"
        return NotTestable(words, reason_text, MEASURE, estimand, claims)
    low, high = np.quantile(possible, [0.025, 0.975])
    return Estimate(
        words,
        MEASURE,
        math.exp(float(np.median(possible))),
        float(possible.std(ddof=1)),
        scale="log",
        null=1.0,
        estimand=estimand,
        adjustment=tuple(adjustment),
        n=frame.n,
        events=frame.events,
        claims=claims,
        bounds=(math.exp(low), math.exp(high)),
        details=(
            ("design", design.words),
            ("draws", f"{draws}, of which the data make {draws - len(possible)} impossible"),
        ),
    )


def _corrected_logs(
    frame: ModelFrame, design: Design, accuracy: Accuracy, draws: int, rng: np.random.Generator
) -> FloatArray:
    """Return the log odds ratio of each draw with its sampling error, NaN where the data make the draw impossible."""
    ill = frame.outcome.astype(bool)
    recorded = frame.matrix[:, 1].astype(bool)
    weight = frame.weights
    prevalence = float(np.average(ill, weights=weight))
    share = np.array([np.average(recorded[group], weights=weight[group]) for group in (ill, ~ill)])
    drawn = _drawn(accuracy, prevalence, share, draws, rng)
    truly = _truly_exposed(share, drawn.sensitivity, drawn.specificity)
    # Of those recorded as exposed, and of the others, the share that is truly so.
    of_yes = drawn.sensitivity * truly / share
    of_no = (1 - drawn.sensitivity) * truly / (1 - share)
    group = np.where(ill, 0, 1)
    logs = np.full(draws, np.nan)
    for draw in range(draws):
        if np.isnan(truly[draw]).any():
            continue
        probability = np.where(recorded, of_yes[draw][group], of_no[draw][group])
        matrix = frame.matrix.copy()
        matrix[:, 1] = rng.random(frame.n) < probability
        try:
            fit = fit_logistic(dataclasses.replace(frame, matrix=matrix), design)
        except InestimableError:
            continue
        logs[draw] = fit.coefficients[1] + rng.standard_normal() * math.sqrt(fit.covariance[1, 1])
    return logs
