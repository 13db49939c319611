"""Person-time: lag, splitting by age, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.person_time import PersonTime, age_edges, person_time, split_by_age, with_lag
from cohort.analysis.variables import InestimableError

ROWS = pd.DataFrame(
    [
        ("turns", 40.0, 44.0, False, False), ("turns", 44.0, 50.0, True, True), ("before", 30.0, 36.0, True, True),
        ("never", 20.0, 26.0, True, False), ("late", 50.0, 59.5, False, False), ("late", 59.5, 60.0, True, True),
    ],
    columns=["participant_id", "start", "stop", "event", "is_exposed"],
)  # fmt: skip


def lagged(lag: float, **options: object) -> set[tuple[object, ...]]:
    rows = with_lag(ROWS, lag=lag, **options)  # type: ignore[arg-type]
    return set(rows[list(ROWS.columns)].itertuples(index=False, name=None))


def test_without_a_lag_rows_stay_as_they_are() -> None:
    assert lagged(0) == set(ROWS.itertuples(index=False, name=None))


def test_years_of_the_lag_count_as_unexposed() -> None:
    assert lagged(1) == {
        ("turns", 40.0, 45.0, False, False), ("turns", 45.0, 50.0, True, True), ("before", 30.0, 31.0, False, False),
        ("before", 31.0, 36.0, True, True), ("never", 20.0, 26.0, True, False), ("late", 50.0, 60.0, True, False),
    }  # fmt: skip


def test_years_of_the_lag_are_left_out_with_their_outcomes() -> None:
    assert lagged(1, lag_time="excluded") == {
        ("turns", 40.0, 44.0, False, False), ("turns", 45.0, 50.0, True, True), ("before", 31.0, 36.0, True, True),
        ("never", 20.0, 26.0, True, False), ("late", 50.0, 59.5, False, False),
    }  # fmt: skip


def test_a_known_onset_before_entry_starts_the_lag_there() -> None:
    onset = pd.Series({"before": 29.5, "turns": 44.0, "never": np.inf})
    assert ("before", 30.0, 30.5, False, False) in lagged(1, onset=onset)
    assert ("before", 30.5, 36.0, True, True) in lagged(1, onset=onset)
    assert ("before", 30.0, 36.0, True, True) in lagged(1, onset=pd.Series({"before": 12.0}))


def test_no_lag_loses_or_adds_time() -> None:
    total = float((ROWS["stop"] - ROWS["start"]).sum())
    for lag in (0.5, 3.0, 40.0):
        rows = with_lag(ROWS, lag=lag)
        assert float((rows["stop"] - rows["start"]).sum()) == pytest.approx(total)
        assert rows["event"].sum() == ROWS["event"].sum()
    with pytest.raises(ValueError, match="zero or more"):
        with_lag(ROWS, lag=-1)


def many(n: int = 60) -> tuple[pd.DataFrame, pd.DataFrame]:
    people = pd.DataFrame(
        {
            "participant_id": [f"p{i}" for i in range(n)],
            "sex": pd.Categorical(np.where(np.arange(n) % 3 == 0, "male", "female")),
            "site": pd.Categorical(np.where(np.arange(n) == 2, "far", np.where(np.arange(n) % 5 < 2, "here", "there"))),
            "score": np.arange(n) % 7 * 1.0,
            "age_years": 40.0,
        }
    )
    rows = pd.DataFrame(
        {
            "participant_id": people["participant_id"], "start": 30.0, "stop": 31.0 + np.arange(n) % 11,
            "event": np.arange(n) % 2 == 1, "is_exposed": np.arange(n) % 4 < 2,
        }
    )  # fmt: skip
    return people, rows


def made(people: pd.DataFrame, rows: pd.DataFrame, *adjustment: str) -> PersonTime:
    return person_time(
        rows, people, outcome="asthma", exposure="mould", design=design_of(people), adjustment=adjustment
    )


def test_covariates_come_from_the_person_and_age_is_the_time_scale() -> None:
    people, rows = many()
    time = made(people, rows.iloc[::-1], "age_years", "sex", "score")
    assert time.names == ("sex=male", "score")
    assert time.covariates[:, 1] == pytest.approx(people["score"].to_numpy()[time.person])
    assert (time.n, time.events) == (60, 30)
    people.loc[3, "score"] = np.nan
    assert made(people, rows, "score").n == 59


def test_people_of_a_category_without_the_outcome_are_left_out_and_named() -> None:
    people, rows = many()
    time = made(people, rows, "sex", "site")
    assert dict(time.notes) == {"left out, no outcome": "site=far"}
    assert (time.n, time.names) == (59, ("sex=male", "site=there"))
    # Nobody of one of two sites has the outcome: one is left, and site no longer in the model.
    people["site"] = pd.Categorical(np.where(rows["event"], "here", "there"))
    rows["event"] &= rows.index > 20
    time = made(people, rows, "sex", "site")
    assert (time.n, time.names) == (30, ("sex=male",))
    assert made(people, rows, "sex").notes == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: rows.iloc[:0], "this cohort has no dated onsets of both asthma and mould"),
        (lambda rows: rows.assign(event=rows.index < 3), "fewer than 5 dated onsets of asthma"),
        (lambda rows: rows.assign(is_exposed=rows.index < 3), "fewer than 5 onsets of asthma after mould"),
        (lambda rows: rows.assign(is_exposed=rows.index > 3), "fewer than 5 onsets of asthma without mould"),
        (
            lambda rows: rows.assign(stop=np.where(rows["event"], 30.001, rows["stop"])),
            "all onsets of asthma lie at entry: follow-up does not seem to have recorded them",
        ),
    ],
)
def test_person_time_that_cannot_tell_is_refused(change, reason) -> None:  # type: ignore[no-untyped-def]
    people, rows = many()
    with pytest.raises(InestimableError) as refused:
        made(people, change(rows))
    assert str(refused.value) == reason


def test_absent_and_constant_covariates_are_refused() -> None:
    people, rows = many()
    with pytest.raises(InestimableError, match="no variable 'bmi'"):
        made(people, rows, "bmi")
    with pytest.raises(InestimableError, match="single value"):
        made(people.assign(score=1.0), rows, "score")


def test_splitting_keeps_time_events_and_order() -> None:
    people, rows = many()
    time = made(people, rows)
    split, band = split_by_age(time, np.array([0.0, 32, 33.5, 39]))
    assert (split.stop > split.start).all()
    assert (split.stop - split.start).sum() == pytest.approx((time.stop - time.start).sum())
    assert split.events == time.events
    assert (split.start >= np.array([0.0, 32, 33.5, 39])[band]).all()
    assert (split.stop <= np.array([32, 33.5, 39, np.inf])[band]).all()
    assert age_edges(time, 5.0).tolist() == [30.0, 35.0, 40.0]
