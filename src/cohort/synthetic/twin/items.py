"""Answers to the items of a questionnaire that give the scores which a person has."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from cohort.codebook import Instrument, Score
from cohort.synthetic.defects.raw_text import Floats

Answers = npt.NDArray[np.float64]


def answers_of(
    scores: Mapping[str, Floats], instrument: Instrument, weights: Floats | None, rng: np.random.Generator
) -> Answers:
    """Return complete answers, a column per item as it is printed in the questionnaire, that score as wanted.

    Parameters
    ----------
    scores
        Scores by column, whole numbers; the total is needed, or every subscale when the total is their sum. Scores
        that do not stand here follow from chance.
    instrument
        Items, reversal and scores.
    weights
        How readily each item takes a point; all alike by default.
    rng
        Where the points go.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> phq9 = load_codebook().instruments["phq9"]
    >>> total = np.array([0.0, 10.0, 27.0])
    >>> answers = answers_of({"phq9_total": total}, phq9, None, np.random.default_rng(1))
    >>> answers.sum(axis=1).tolist(), answers.max()
    ([0.0, 10.0, 27.0], np.float64(3.0))
    """
    size = len(next(iter(scores.values())))
    limits = np.array(instrument.item_limits, dtype=float)
    readiness = np.ones(instrument.items) if weights is None else np.maximum(weights, 1e-3)
    points = np.zeros((size, instrument.items))
    scales = instrument.subscales if instrument.total.method == "sum_of_subscales" else (instrument.total,)
    for scale in scales:
        items = [item - 1 for item in scale.items]
        room = (limits[items, 1] - limits[items, 0]).astype(int)
        wanted = scores[scale.column] - limits[items, 0].sum()
        points[:, items] = _spread(np.clip(np.round(wanted), 0, room.sum()).astype(int), room, readiness[items], rng)
    answers = points + limits[:, 0]
    reverse = [item - 1 for item in instrument.reversed]
    answers[:, reverse] = limits[reverse].sum(axis=1) - answers[:, reverse]
    for score in instrument.validity:
        if score.column in scores and score.value is not None:
            _count_equal(answers, score, np.round(scores[score.column]).astype(int), limits, rng)
    return np.asarray(answers, dtype=float)


def _spread(
    wanted: npt.NDArray[np.int64], room: npt.NDArray[np.int64], weights: Floats, rng: np.random.Generator
) -> Answers:
    """Return how many points each item has, so that every row has as many as wanted: one point after the other."""
    points = np.zeros((len(wanted), len(room)))
    for step in range(int(wanted.max(initial=0))):
        rows = np.flatnonzero(wanted > step)
        # An item with points already takes the next more readily: symptoms of one kind come together in a person.
        chance = np.where(points[rows] < room, weights * (1 + points[rows]), 0.0)
        ends = np.cumsum(chance, axis=1)
        drawn = rng.random(len(rows)) * ends[:, -1]
        points[rows, (ends < drawn[:, None]).sum(axis=1)] += 1
    return points


def _count_equal(
    answers: Answers, score: Score, wanted: npt.NDArray[np.int64], limits: Answers, rng: np.random.Generator
) -> None:
    """Give as many items of a validity scale as wanted the value that is counted, and the others any other one."""
    items = np.array([item - 1 for item in score.items])
    order = np.argsort(rng.random((len(answers), len(items))), axis=1)
    value = float(score.value or 0)
    others = [v for v in np.arange(limits[items, 0].min(), limits[items, 1].max() + 1) if v != value]
    filler = rng.choice(others, size=(len(answers), len(items)))
    answers[:, items] = np.where(order < wanted[:, None], value, filler)
