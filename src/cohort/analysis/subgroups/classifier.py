"""Whether a panel of markers tells people apart who were not used to make the rule: nested cross-validation.

An outer fold is kept away from everything: filling gaps, scaling, choosing markers, choosing the penalty and fitting
happen on the rest. The area under the curve of the outer folds is what new people would get; the apparent one, of the
people that made the rule, stands beside it, and their difference is the optimism.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import stats
from sklearn.model_selection import StratifiedKFold

from cohort.analysis.subgroups.discrimination import auc_influence, calibration_curve, calibration_line
from cohort.analysis.subgroups.rules import Method, fitted_rule, probabilities
from cohort.analysis.variables import InestimableError
from cohort.results import Estimate, NotTestable, Result

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

FEWEST_OF_EACH = 50
"""People with and without the outcome under which an area under the curve says next to nothing."""
UNWEIGHTED = "Unweighted: people count once each, so the numbers are those of this sample, not of a population."


@dataclass(frozen=True, eq=False)
class Predictors:
    """One set of columns that a rule may use.

    Parameters
    ----------
    name
        In words: "panel", "CRP alone".
    values
        Shape (people, columns); NaN where missing.
    columns
        Names of the columns.
    """

    name: str
    values: FloatArray
    columns: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Performance:
    """How one set of predictors does in people who were not used.

    Parameters
    ----------
    name, columns
        The predictors.
    auc
        Area under the curve in the outer folds.
    apparent
        The same in the people that made the rule.
    slope, intercept
        Calibration: 1 and 0 are right; a slope below 1 says that predictions are too extreme.
    brier, brier_of_prevalence
        Mean squared error of the predicted probability, and of predicting the prevalence for everybody.
    curve
        Tenths of predicted probability: ``people``, ``events``, mean ``predicted``, ``observed``, ``lower``, ``upper``.
    predicted
        Probability for each person, mean over the repeats of those predicted while the person was left out.
    """

    name: str
    columns: tuple[str, ...]
    auc: Estimate
    apparent: float
    slope: Estimate
    intercept: Estimate
    brier: float
    brier_of_prevalence: float
    curve: pd.DataFrame
    predicted: FloatArray

    @property
    def optimism(self) -> float:
        """Return by how much the apparent area under the curve is too high."""
        return self.apparent - self.auc.value


@dataclass(frozen=True, eq=False)
class Comparison:
    """Sets of predictors in the same folds, and what one adds to another.

    Parameters
    ----------
    outcome
        What is told apart, in words.
    performances
        By name of the predictors.
    gains
        Difference in area under the curve, by the pair (more, less) of names.
    n, events
        People, and those with the outcome.
    method, folds, repeats
        How the rule was made and tested.
    notes
        In sentences.
    """

    outcome: str
    performances: Mapping[str, Performance]
    gains: Mapping[tuple[str, str], Estimate]
    n: int
    events: int
    method: Method
    folds: int
    repeats: int
    notes: tuple[str, ...]


def cross_validated(
    outcome: FloatArray,
    sets: Sequence[Predictors],
    *,
    seed: int,
    gains: Sequence[tuple[str, str]] = (),
    label: str = "the outcome",
    method: Method = "logistic",
    folds: int = 5,
    repeats: int = 4,
    keep: int | None = None,
    workers: int = 1,
    claims: tuple[str, ...] = ("IP-43",),
) -> Comparison | NotTestable:
    """Return how well sets of predictors tell an outcome in new people, by repeated nested cross-validation.

    Parameters
    ----------
    outcome
        0 or 1 for each person.
    sets
        Predictors of the same people, in the same order.
    seed
        Of folds and of the rule; the same numbers on any number of workers.
    gains
        Pairs of names whose areas are to be compared, more first.
    label
        The outcome in words.
    method
        ``logistic`` with a ridge penalty chosen inside, or ``boosting`` of trees.
    folds, repeats
        Outer folds, and how often the people are divided anew.
    keep
        Use only so many columns, those most associated with the outcome, chosen inside each fold.
    workers
        Processes.
    claims
        For the results.

    Notes
    -----
    The variance of an area is the larger of two. One is DeLong's (1988, Biometrics 44:837) within outer folds, averaged
    over repeats (LeDell, Petersen and van der Laan 2015, Electron J Stat 9:1583), which takes the rules as given: alone
    it covered in 46 of 54 data sets of 300 people, and missed 0.5 in 12 of 74 panels of noise. The other counts that
    rules differ and share people (Nadeau and Bengio 2003, Mach Learn 52:239); with it 42 of 45 were covered. An area
    has no p value and carries no verdict. Differences use the difference of DeLong's influences, since folds and people
    are the same: four columns of noise beside one that tells were said to add in 0 of 74. Assumes independent people.
    """
    measure = "area under the curve"
    people, events = len(outcome), int(outcome.sum())
    if min(events, people - events) < FEWEST_OF_EACH:
        reason = f"fewer than {FEWEST_OF_EACH} people with or without {label}"
        return NotTestable(f"Telling {label} in new people", reason, measure, claims=claims)
    divided = [
        (train, test)
        for repeat in range(repeats)
        for train, test in StratifiedKFold(folds, shuffle=True, random_state=seed + repeat).split(outcome, outcome)
    ]
    jobs = [
        delayed(_left_out)(each.values, outcome, train, test, method, keep, seed)
        for each in sets
        for train, test in divided
    ]
    found: list[FloatArray] = Parallel(n_jobs=workers)(jobs)
    performances: dict[str, Performance] = {}
    influences: dict[str, FloatArray] = {}
    for place, each in enumerate(sets):
        part = found[place * len(divided) : (place + 1) * len(divided)]
        predicted = np.empty((repeats, people))
        areas, influence = np.empty(len(divided)), np.zeros(people)
        for number, ((_, test), values) in enumerate(zip(divided, part, strict=True)):
            predicted[number // folds, test] = values
            here, moved = auc_influence(outcome[test], values)
            areas[number] = here
            influence[test] += moved / len(divided)
        influences[each.name] = influence
        rule = fitted_rule(each.values, outcome, method=method, keep=keep, seed=seed)
        apparent = auc_influence(outcome, probabilities(rule, each.values))[0]
        performances[each.name] = _performance(each, outcome, predicted, areas, influence, apparent, label, claims)
    differences = {
        (more, less): _gain(more, less, performances, influences, label, people, events, claims) for more, less in gains
    }
    notes = (
        UNWEIGHTED,
        "Intervals: the wider of DeLong's within outer folds and Nadeau and Bengio's between them.",
        "Gaps were filled with the median and columns scaled inside each fold.",
    )
    return Comparison(label, performances, differences, people, events, method, folds, repeats, notes)


def _left_out(
    values: FloatArray,
    outcome: FloatArray,
    train: IntArray,
    test: IntArray,
    method: Method,
    keep: int | None,
    seed: int,
) -> FloatArray:
    """Return probabilities for an outer fold from a rule that never saw it."""
    return probabilities(fitted_rule(values[train], outcome[train], method=method, keep=keep, seed=seed), values[test])


def _performance(
    each: Predictors,
    outcome: FloatArray,
    predicted: FloatArray,
    areas: FloatArray,
    influence: FloatArray,
    apparent: float,
    label: str,
    claims: tuple[str, ...],
) -> Performance:
    """Return what the left-out predictions of all repeats say; areas have an interval on the logit scale."""
    people, events = len(outcome), int(outcome.sum())
    area = float(areas.mean())
    folds = len(areas) // len(predicted)
    # Nadeau and Bengio's variance also counts that rules differ; folds share people, hence the second term.
    between = (1 / len(areas) + 1 / (folds - 1)) * float(areas.var(ddof=1))
    error = math.sqrt(max(float(np.sum(influence**2)), between))
    reach = float(stats.norm.ppf(0.975)) * error / (area * (1 - area)) if 0 < area < 1 else 0.0
    place = math.log(area / (1 - area)) if 0 < area < 1 else math.inf
    lines = [calibration_line(outcome, row) for row in predicted]
    (slope, slope_error), (intercept, intercept_error) = np.mean(lines, axis=0)
    mean = predicted.mean(axis=0)

    def estimate(measure: str, value: float, error: float, null: float) -> Estimate:
        estimand = f"{measure} for {label} in people who were not used"
        return Estimate(each.name, measure, value, error, null=null, estimand=estimand, n=people, events=events,
                        claims=claims)  # fmt: skip

    auc = Estimate(
        each.name,
        "area under the curve",
        area,
        error,
        estimand=f"chance that {each.name} ranks a person with {label} above one without, in people not used",
        n=people,
        events=events,
        claims=claims,
        details=(("columns", str(len(each.columns))), ("weights", "none")),
        bounds=(1 / (1 + math.exp(reach - place)), 1 / (1 + math.exp(-reach - place))),
    )
    return Performance(
        each.name,
        each.columns,
        auc,
        apparent,
        estimate("calibration slope", slope, slope_error, 1.0),
        estimate("calibration intercept", intercept, intercept_error, 0.0),
        float(np.mean((predicted - outcome) ** 2)),
        events / people * (1 - events / people),
        calibration_curve(outcome, mean),
        mean,
    )


def _gain(
    more: str,
    less: str,
    performances: Mapping[str, Performance],
    influences: Mapping[str, FloatArray],
    label: str,
    people: int,
    events: int,
    claims: tuple[str, ...],
) -> Estimate:
    """Return the difference of two areas in the same folds."""
    return Estimate(
        f"{more} over {less}",
        "difference in area under the curve",
        performances[more].auc.value - performances[less].auc.value,
        max(math.sqrt(float(np.sum((influences[more] - influences[less]) ** 2))), 1e-12),
        null=0.0,
        estimand=f"what {more} adds to {less} in telling {label} in people who were not used",
        n=people,
        events=events,
        claims=claims,
    )


def refused(reason: InestimableError, label: str, claims: tuple[str, ...]) -> Result:
    """Return the reason why nothing can be told apart as a result."""
    return NotTestable(f"Telling {label} in new people", str(reason), "area under the curve", claims=claims)
