"""Person-time of one exposure and one outcome: lag, splitting by age, covariates, and every reason why it won't do."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from cohort.analysis.model_frame import model_frame
from cohort.analysis.sampling import BoolArray, CodeArray, Design, Domain, FloatArray, analysis_domain
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, levels, require

LagTime: TypeAlias = Literal["unexposed", "excluded"]
AGE_COLUMNS = ("age_years",)
"""Adjustment for these is dropped: age is the time scale."""
AT_ENTRY = 0.1
"""Onsets that all lie within this share of the longest follow-up were recorded at entry, not during follow-up."""


@dataclass(frozen=True, eq=False)
class PersonTime:
    """Intervals at risk with their covariates.

    Parameters
    ----------
    person
        Row of the person table that each interval belongs to, shape (n,).
    start, stop
        Ages at the ends of each interval.
    event, exposed
        Whether the outcome happens at its stop; whether the exposure, with its lag, has begun.
    covariates
        Model matrix of the adjustment, shape (n, p).
    names
        Names of its columns.
    weights
        Weight of each interval's person, with mean one.
    domain
        True for people with person-time.
    left_out
        People of categories of a covariate in which nobody has the outcome, in words: the model says that their rate
        is zero, and they tell nothing of the ratio.
    """

    person: CodeArray
    start: FloatArray
    stop: FloatArray
    event: BoolArray
    exposed: BoolArray
    covariates: FloatArray
    names: tuple[str, ...]
    weights: FloatArray
    domain: BoolArray
    left_out: tuple[str, ...] = ()

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """Return whom a model leaves out because nobody like them has the outcome, as pairs for details."""
        return (("left out, no outcome", ", ".join(self.left_out)),) if self.left_out else ()

    @property
    def n(self) -> int:
        """Return how many people are at risk."""
        return len(np.unique(self.person))

    @property
    def events(self) -> int:
        """Return how many have the outcome."""
        return int(self.event.sum())

    def take(self, rows: BoolArray | CodeArray) -> PersonTime:
        """Return some of the intervals, or some of them several times."""
        chosen = {
            name: getattr(self, name)[rows]
            for name in ("person", "start", "stop", "event", "exposed", "covariates", "weights")
        }
        return dataclasses.replace(self, **chosen)


def with_lag(
    intervals: pd.DataFrame, *, lag: float = 0.0, lag_time: LagTime = "unexposed", onset: pd.Series | None = None
) -> pd.DataFrame:
    """Return intervals in which the exposure counts from its onset plus a lag on.

    A lag keeps out outcomes that the exposure cannot have caused yet, and those that were found because the exposure
    had just been diagnosed.

    Parameters
    ----------
    intervals
        Rows of a risk table for one outcome and one exposure.
    lag
        Years from onset on during which the exposure does not count yet.
    lag_time
        What the years of the lag are: time without exposure, or time that is left out.
    onset
        Age at onset of the exposure by participant. A risk table does not tell the onset of an exposure that began
        before entry: without it, the lag of such people starts at entry, which counts too little exposure, never too
        much.

    Raises
    ------
    ValueError
        If the lag is negative.

    Examples
    --------
    >>> rows = pd.DataFrame({"participant_id": ["a", "a"], "start": [40.0, 44], "stop": [44.0, 50],
    ...                      "event": [False, True], "is_exposed": [False, True]})
    >>> with_lag(rows, lag=1)[["start", "stop", "event", "is_exposed"]].values.tolist()
    [[40.0, 45.0, False, False], [45.0, 50.0, True, True]]
    """
    if lag < 0:
        raise ValueError("the lag is a number of years, zero or more.")
    if lag == 0 or intervals.empty:
        return intervals
    exposed = intervals["is_exposed"].to_numpy(dtype=bool)
    frame = pd.DataFrame(
        {
            "start": intervals["start"].to_numpy(dtype=float),
            "stop": intervals["stop"].to_numpy(dtype=float),
            "event": intervals["event"].to_numpy(dtype=bool),
            "turn": np.where(exposed, intervals["start"].to_numpy(dtype=float), np.inf),
        }
    )
    grouped = frame.groupby(intervals["participant_id"].to_numpy(), sort=False)
    whole = grouped.agg(start=("start", "min"), stop=("stop", "max"), event=("event", "any"), turn=("turn", "min"))
    start, stop, turn = (whole[name].to_numpy(dtype=float) for name in ("start", "stop", "turn"))
    if onset is not None:
        known = onset.reindex(whole.index).to_numpy(dtype=float, na_value=np.nan)
        turn = np.where(np.isfinite(turn) & (known < turn), known, turn)
    counts = turn + lag
    ends = {
        "unexposed": (start, np.minimum(stop, counts if lag_time == "unexposed" else turn), False),
        "exposed": (np.maximum(start, counts), stop, True),
    }
    parts = [
        pd.DataFrame(
            {
                "participant_id": whole.index,
                "start": begin,
                "stop": end,
                "event": whole["event"].to_numpy() & (end == stop),
                "is_exposed": state,
            }
        ).loc[end > begin]
        for begin, end, state in ends.values()
    ]
    made: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return made


def _check_intervals(intervals: pd.DataFrame, outcome: str, exposure: str) -> None:
    """Refuse person-time in which the outcome could not be seen."""
    if intervals.empty:
        raise InestimableError(f"this cohort has no dated onsets of both {outcome} and {exposure}")
    event = intervals["event"].to_numpy(dtype=bool)
    if event.sum() < MINIMUM_CELL:
        raise InestimableError(f"fewer than {MINIMUM_CELL} dated onsets of {outcome}")
    spans = intervals.groupby("participant_id").agg(start=("start", "min"), stop=("stop", "max"))
    since = intervals["stop"] - spans["start"].reindex(intervals["participant_id"]).to_numpy()
    if float(since[event].max()) < AT_ENTRY * float((spans["stop"] - spans["start"]).max()):
        raise InestimableError(f"all onsets of {outcome} lie at entry: follow-up does not seem to have recorded them")


def person_time(
    intervals: pd.DataFrame,
    people: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    design: Design,
    domain: Domain = None,
    adjustment: Sequence[str] = (),
) -> PersonTime:
    """Return the person-time of one outcome and one exposure with its covariates.

    Parameters
    ----------
    intervals
        Rows of a risk table for one outcome and one exposure, with their lag.
    people
        One row per person.
    outcome, exposure
        What they are called in reasons.
    design, domain
        As in :func:`cohort.analysis.design.proportion`.
    adjustment
        Columns of ``people``, as known before the time at risk; age is left out, for it is the time scale.

    Raises
    ------
    InestimableError
        If there are no intervals, fewer than five events in the exposed or the unexposed time, or a covariate is
        absent, constant or collinear.
    """
    _check_intervals(intervals, outcome, exposure)
    chosen = [name for name in adjustment if name not in AGE_COLUMNS]
    inside = analysis_domain(people, design, domain)
    for name in chosen:
        inside = inside & require(people, name).notna().to_numpy()
    place = pd.Index(people["participant_id"]).get_indexer(pd.Index(intervals["participant_id"]))
    event, exposed = (intervals[name].to_numpy(dtype=bool) for name in ("event", "is_exposed"))
    with_event = np.zeros(len(people), dtype=bool)
    with_event[place[event & (place >= 0)]] = True
    inside, left_out = _without_eventless(people, chosen, inside, with_event)
    # A covariate of which one category is left holds nothing any more.
    chosen = [name for name in chosen if name not in left_out or len(people[name][inside].unique()) > 1]
    rows = (place >= 0) & inside[place]
    for state, words in ((exposed, "after"), (~exposed, "without")):
        if (event & state & rows).sum() < MINIMUM_CELL:
            raise InestimableError(f"fewer than {MINIMUM_CELL} onsets of {outcome} {words} {exposure}")
    person = place[rows].astype(np.intp)
    weights = design.weight()[person]
    expanded = people[chosen].iloc[person].reset_index(drop=True).assign(_event=event[rows], _exposed=exposed[rows])
    frame = model_frame(
        expanded,
        outcome="_event",
        exposures=["_exposed"],
        adjustment=chosen,
        design=Design(weights, None, None, len(expanded)),
        kind="continuous",
    )
    in_domain = np.zeros(len(people), dtype=bool)
    in_domain[person] = True
    return PersonTime(
        person,
        intervals["start"].to_numpy(dtype=float)[rows],
        intervals["stop"].to_numpy(dtype=float)[rows],
        event[rows],
        exposed[rows],
        frame.matrix[:, 2:],
        frame.names[2:],
        weights / weights.mean(),
        in_domain,
        tuple(f"{name}={level}" for name, gone in left_out.items() for level in gone),
    )


def _without_eventless(
    people: pd.DataFrame, names: Sequence[str], inside: BoolArray, with_event: BoolArray
) -> tuple[BoolArray, dict[str, list[str]]]:
    """Return who is left when categories go in which nobody has the outcome, and these by covariate."""
    left_out: dict[str, list[str]] = {}
    for name in names:
        for level in levels(people[name]) or []:
            has_level = (people[name] == level).to_numpy(dtype=bool, na_value=False)
            if (has_level & inside).any() and not (has_level & inside & with_event).any():
                inside = inside & ~has_level
                left_out.setdefault(name, []).append(str(level))
    return inside, left_out


def split_by_age(time: PersonTime, edges: FloatArray) -> tuple[PersonTime, CodeArray]:
    """Return person-time split at ages (Lexis), and the number of the age band of each interval.

    Parameters
    ----------
    time
        Intervals at risk.
    edges
        Ages at which bands begin, ascending; the last band has no end, and age before the first edge counts to it.

    Examples
    --------
    >>> none = np.zeros((1, 0))
    >>> one = PersonTime(np.array([0]), np.array([35.0]), np.array([52.0]), np.array([True]), np.array([False]), none,
    ...                  (), np.ones(1), np.array([True]))
    >>> parts, band = split_by_age(one, np.array([30.0, 40, 50]))
    >>> (parts.stop - parts.start).tolist(), parts.event.tolist(), band.tolist()
    ([5.0, 10.0, 2.0], [False, False, True], [0, 1, 2])
    """
    first = np.maximum(np.searchsorted(edges, time.start, side="right") - 1, 0)
    last = np.maximum(np.searchsorted(edges, time.stop, side="left") - 1, first)
    pieces = last - first + 1
    rows = np.repeat(np.arange(len(time.start)), pieces)
    offset = np.arange(len(rows)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    band = first[rows] + offset
    split = time.take(rows.astype(np.intp))
    start = np.where(offset == 0, split.start, edges[band])
    is_last = offset == pieces[rows] - 1
    following = edges[np.minimum(band + 1, len(edges) - 1)]
    stop = np.where(is_last, split.stop, following)
    return dataclasses.replace(split, start=start, stop=stop, event=split.event & is_last), band.astype(np.intp)


def age_edges(time: PersonTime, step: float) -> FloatArray:
    """Return where age bands of equal width begin, from the youngest age at risk to the oldest."""
    low, high = math.floor(float(time.start.min()) / step), math.ceil(float(time.stop.max()) / step)
    return np.arange(low, max(high, low + 1), dtype=float) * step


def variance_and_df(time: PersonTime, influence: FloatArray, design: Design, *, terms: int) -> tuple[float, float]:
    """Return the variance of an estimate under a design with units, and the degrees of freedom of its interval.

    Parameters
    ----------
    time
        Intervals at risk.
    influence
        Weighted influence of each interval on the estimate; a person's intervals are summed.
    design
        With weights or units.
    terms
        Terms of the model.

    Raises
    ------
    InestimableError
        If the units are too few, or the variance is not a positive number.
    """
    df = design.degrees_of_freedom(time.domain) - terms
    if df < 1:
        raise InestimableError("the sample has too few units for so many model terms")
    size = len(time.domain)
    of_people = np.bincount(time.person, weights=influence, minlength=size).astype(np.float64)
    variance = float(design.covariance(of_people[time.domain][:, None], time.domain)[0, 0])
    if not (np.isfinite(variance) and variance > 0):
        raise InestimableError("the standard error is not finite")
    return variance, df
