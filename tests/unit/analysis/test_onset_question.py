"""Questions of onset: what they are called, which rows answer them, with which lag."""

from __future__ import annotations

import pandas as pd

from cohort.analysis.design import design_of
from cohort.analysis.onset_question import Question, words_of


def test_a_question_names_its_lag() -> None:
    asked = Question("multiple_sclerosis", "lifetime_depression", lag=1, lag_time="excluded")
    assert asked.label == "multiple sclerosis after depression, lag 1 y"
    assert dict(asked.details)["lag"] == "1 y; time in it is left out"
    assert dict(Question("psoriasis", "lifetime_depression", lag=0.5).details)["lag"].endswith("counts as unexposed")
    assert dict(Question("psoriasis", "lifetime_depression").details)["lag"] == "none"
    called = Question("psoriasis", "lifetime_depression", called="depression of a parent")
    assert called.label == "psoriasis after depression of a parent"


def test_names_are_words_and_keep_their_capitals() -> None:
    assert words_of("any_autoimmune_disease") == "any autoimmune disease"
    assert words_of("systemic_lupus_erythematosus") == "systemic lupus erythematosus"
    assert words_of("not_in_the_codebook") == "not_in_the_codebook"


def test_only_the_rows_of_the_question_answer_it(risk_cohort: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    intervals, people = risk_cohort
    others = intervals.assign(exposure="psoriasis")
    asked = Question("lifetime_depression", "any_autoimmune_disease")
    both = pd.concat([intervals, others, others.assign(outcome="psoriasis")], ignore_index=True)
    time = asked.time(both, people, design=design_of(people), adjustment=["z"])
    assert (time.n, len(time.start), time.names) == (len(people), len(intervals), ("z",))
    lagged = Question("lifetime_depression", "any_autoimmune_disease", lag=2)
    assert lagged.time(both, people, design=design_of(people)).exposed.sum() < time.exposed.sum()
