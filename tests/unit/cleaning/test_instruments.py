"""Scores against examples calculated by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cohort.cleaning import score_instrument
from cohort.cleaning.instruments import any_at_least, band, prorated
from cohort.codebook import Codebook


def items(prefix: str, answers: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({f"{prefix}{i}": pd.array([answer], dtype="Int64") for i, answer in enumerate(answers, 1)})


def phq9(codebook: Codebook, answers: list[Any]) -> dict[str, Any]:
    return score_instrument(items("phq9_", answers), codebook.instruments["phq9"]).iloc[0].to_dict()


@pytest.mark.parametrize(
    ("answers", "total", "answered"),
    [
        ([0] * 9, 0, 9),
        ([3] * 9, 27, 9),
        ([1, 2, 3, 0, 1, 2, 3, 0, 1], 13, 9),
        ([None, 1, 1, 1, 1, 1, 1, 1, 1], 9, 8),
        ([None, 1, 1, 1, 1, 0, 0, 0, 0], 5, 8),  # 9 × 4/8 = 4.5, half up
        ([None, 1, 1, 1, 0, 0, 0, 0, 0], 3, 8),  # 3.375
        ([None, None, 1, 1, 1, 1, 1, 1, 2], 10, 7),  # 9 × 8/7 = 10.29
        ([None, None, 3, 0, 0, 0, 0, 0, 0], 4, 7),  # 3.857
    ],
)
def test_phq9_total_is_nine_times_the_mean_of_at_least_seven_answers(
    codebook: Codebook, answers: list[Any], total: float, answered: int
) -> None:
    scores = phq9(codebook, answers)
    assert (scores["phq9_total"], scores["phq9_items_answered"]) == (total, answered)


def test_phq9_total_is_missing_with_three_items_missing(codebook: Codebook) -> None:
    scores = phq9(codebook, [None] * 3 + [3] * 6)
    assert pd.isna(scores["phq9_total"])
    assert scores["phq9_items_answered"] == 6


def test_phq9_without_any_answer_is_missing_with_no_item_answered(codebook: Codebook) -> None:
    scores = phq9(codebook, [None] * 9)
    assert pd.isna(scores["phq9_total"])
    assert scores["phq9_items_answered"] == 0


def test_phq9_subscales_are_sums_of_their_items_and_missing_with_any_of_them(codebook: Codebook) -> None:
    scores = phq9(codebook, [1, 2, 3, 0, 1, 2, 3, 0, 1])
    assert scores["phq9_somatic"] == 3 + 0 + 1 + 3 + 0
    assert scores["phq9_affective"] == 1 + 2 + 2 + 1
    scores = phq9(codebook, [1, 2, None, 0, 1, 2, 3, 0, 1])
    assert pd.isna(scores["phq9_somatic"])
    assert scores["phq9_affective"] == 6


CTQ = [1, 5, 2, 1, 4, 1, 5, 2, 1, 5, 1, 1, 5, 2, 1, 5, 1, 2, 4, 1, 1, 4, 1, 1, 2, 5, 1, 5]
"""Answers to items 1 to 28; items 2, 5, 7, 13, 19, 26 and 28 are reversed, 10, 16 and 22 tell of minimisation."""


def ctq(codebook: Codebook, changed: dict[int, Any] | None = None) -> dict[str, Any]:
    answers = [(changed or {}).get(number, answer) for number, answer in enumerate(CTQ, 1)]
    return score_instrument(items("ctq_", answers), codebook.instruments["ctq_sf"]).iloc[0].to_dict()


def test_ctq_subscales_reverse_their_items_and_add_up_to_the_total(codebook: Codebook) -> None:
    scores = ctq(codebook)
    assert scores["ctq_emotional_abuse"] == 2 + 2 + 2 + 2 + 2
    assert scores["ctq_physical_abuse"] == 1 + 1 + 1 + 1 + 1
    assert scores["ctq_sexual_abuse"] == 1 + 1 + 1 + 1 + 1
    assert scores["ctq_emotional_neglect"] == 2 + 1 + 1 + 2 + 1
    assert scores["ctq_physical_neglect"] == 1 + 1 + 1 + 1 + 1
    assert scores["ctq_total"] == 10 + 5 + 5 + 7 + 5
    assert scores["ctq_minimisation"] == 2  # items 10 and 16 are 5, item 22 is 4


def test_ctq_subscale_with_one_item_missing_is_prorated_without_rounding(codebook: Codebook) -> None:
    scores = ctq(codebook, {28: None})
    assert scores["ctq_emotional_neglect"] == pytest.approx(5 * (2 + 1 + 1 + 2) / 4)
    assert scores["ctq_total"] == pytest.approx(10 + 5 + 5 + 7.5 + 5)


def test_ctq_subscale_and_total_are_missing_with_two_items_missing(codebook: Codebook) -> None:
    scores = ctq(codebook, {28: None, 5: None})
    assert pd.isna(scores["ctq_emotional_neglect"])
    assert pd.isna(scores["ctq_total"])
    assert scores["ctq_emotional_abuse"] == 10


def test_ctq_minimisation_is_missing_when_one_of_its_items_is(codebook: Codebook) -> None:
    scores = ctq(codebook, {10: None})
    assert pd.isna(scores["ctq_minimisation"])
    assert scores["ctq_total"] == 32


def test_an_instrument_without_items_gives_no_column(codebook: Codebook) -> None:
    visits = pd.DataFrame({"age_years": [40.0]})
    assert score_instrument(visits, codebook.instruments["phq9"]).shape == (1, 0)
    assert prorated(visits, codebook.instruments["phq9"]) == 0


def test_items_that_a_study_lacks_count_as_missing_for_everybody(codebook: Codebook) -> None:
    eight = items("phq9_", [1] * 9).drop(columns="phq9_9")
    assert score_instrument(eight, codebook.instruments["phq9"])["phq9_total"].tolist() == [9.0]
    assert prorated(eight, codebook.instruments["phq9"]) == 1
    assert score_instrument(eight, codebook.instruments["phq9"])["phq9_affective"].isna().all()


def test_scoring_does_not_modify_the_visits(codebook: Codebook) -> None:
    visits = items("ctq_", CTQ)
    before = visits.copy(deep=True)
    score_instrument(visits, codebook.instruments["ctq_sf"])
    pd.testing.assert_frame_equal(visits, before)


def test_severity_bands_begin_at_their_cut_offs() -> None:
    words = ("none", "mild", "moderate", "moderately_severe", "severe")
    scores = pd.Series([0.0, 4.0, 5.0, 9.0, 10.0, 14.0, 15.0, 19.0, 20.0, 27.0, None])
    bands = band(scores, [5, 10, 15, 20], words)
    expected = [word for word in words for _ in range(2)]
    assert bands.tolist()[:-1] == expected
    assert pd.isna(bands.iloc[-1])
    assert bands.cat.ordered


def test_any_at_least_follows_three_valued_logic() -> None:
    scores = pd.DataFrame({"a": [13.0, None, 5.0, None], "b": [None, 10.0, 5.0, 5.0]})
    reached = any_at_least(scores, {"a": 13, "b": 10})
    assert reached.fillna(value=False).tolist() == [True, True, False, False]
    assert reached.isna().tolist() == [False, False, False, True]


def test_a_subscale_that_the_study_lacks_leaves_the_answer_open_unless_another_reaches_its_cut_off() -> None:
    reached = any_at_least(pd.DataFrame({"a": [13.0, 5.0]}), {"a": 13, "b": 10})
    assert reached.isna().tolist() == [False, True]
