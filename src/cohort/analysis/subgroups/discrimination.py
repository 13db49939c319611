"""How well predicted probabilities rank people, with each person's influence, and whether they are the right size."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

FloatArray = NDArray[np.float64]

_LEAST = 1e-6


def auc_influence(outcome: FloatArray, score: FloatArray) -> tuple[float, FloatArray]:
    """Return the area under the curve and each person's part in it; the parts' sum of squares is DeLong's variance.

    Parameters
    ----------
    outcome
        0 or 1 for each person.
    score
        Higher for those expected to have the outcome; ties count half.

    Examples
    --------
    >>> area, part = auc_influence(np.array([0, 0, 1, 1.0]), np.array([0.1, 0.4, 0.3, 0.8]))
    >>> area, round(float((part**2).sum()), 4)
    (0.75, 0.125)

    References
    ----------
    DeLong ER, DeLong DM, Clarke-Pearson DL (1988). Biometrics 44:837-845.
    """
    ill = outcome == 1
    case, rest = score[ill], score[~ill]
    part = np.zeros(len(outcome))
    # Ranks among all less ranks among one's own kind count those of the other kind below, ties as half.
    everyone = stats.rankdata(score)
    of_case = (everyone[ill] - stats.rankdata(case)) / len(rest)
    of_rest = 1 - (everyone[~ill] - stats.rankdata(rest)) / len(case)
    area = float(of_case.mean())
    part[ill] = (of_case - area) / np.sqrt(max(len(case) * (len(case) - 1), 1))
    part[~ill] = (of_rest - area) / np.sqrt(max(len(rest) * (len(rest) - 1), 1))
    return area, part


def calibration_line(outcome: FloatArray, predicted: FloatArray) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return calibration slope and calibration in the large, each with its standard error.

    The slope is that of a logistic regression of the outcome on the logit of the prediction; the intercept, in log
    odds, is what has to be added to every logit when the slope is held at 1 (Van Calster et al. 2019, BMC Med 17:230).

    Parameters
    ----------
    outcome
        0 or 1 for each person.
    predicted
        Probabilities.
    """
    logit = np.log(np.clip(predicted, _LEAST, 1 - _LEAST) / (1 - np.clip(predicted, _LEAST, 1 - _LEAST)))
    centred = logit - logit.mean()
    spread = bool(np.ptp(logit) > 1e-8)
    slope = _newton(outcome, np.column_stack([np.ones_like(logit), centred]), np.zeros_like(logit)) if spread else None
    large = _newton(outcome, np.ones((len(logit), 1)), logit)
    return (slope[0][1], slope[1][1]) if slope is not None else (np.nan, np.nan), (large[0][0], large[1][0])


def _newton(outcome: FloatArray, matrix: FloatArray, offset: FloatArray) -> tuple[list[float], list[float]]:
    """Return coefficients and standard errors of a logistic regression with an offset."""
    beta = np.zeros(matrix.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(matrix @ beta + offset, -30, 30)))
        information = (matrix * (chance * (1 - chance))[:, None]).T @ matrix
        step = np.linalg.lstsq(information, matrix.T @ (outcome - chance), rcond=None)[0]
        beta = beta + np.clip(step, -4, 4)
        if np.abs(step).max() < 1e-10:
            break
    return beta.tolist(), np.sqrt(np.diag(np.linalg.pinv(information))).tolist()


def calibration_curve(outcome: FloatArray, predicted: FloatArray, groups: int = 10) -> pd.DataFrame:
    """Return predicted beside observed in equal groups of predicted probability, with Wilson's interval.

    Parameters
    ----------
    outcome
        0 or 1 for each person.
    predicted
        Probabilities.
    groups
        How many groups; people with equal predictions stay together.

    Examples
    --------
    >>> curve = calibration_curve(np.array([0, 1, 0, 1.0] * 10), np.array([0.2, 0.4, 0.2, 0.4] * 10), groups=2)
    >>> curve[["people", "predicted", "observed"]].round(1).values.tolist()
    [[20.0, 0.2, 0.0], [20.0, 0.4, 1.0]]
    """
    rank = stats.rankdata(predicted, method="min") - 1
    group = np.floor(groups * rank / len(predicted)).astype(int)
    data = pd.DataFrame({"group": group, "people": 1, "events": outcome, "predicted": predicted})
    found = data.groupby("group").agg(
        people=("people", "sum"), events=("events", "sum"), predicted=("predicted", "mean")
    )
    found["observed"] = found["events"] / found["people"]
    ends = [
        stats.binomtest(int(e), int(n)).proportion_ci(method="wilson")
        for e, n in zip(found["events"], found["people"], strict=True)
    ]
    found["lower"], found["upper"] = [float(end.low) for end in ends], [float(end.high) for end in ends]
    found["events"] = found["events"].astype(int)
    return found.reset_index(drop=True)
