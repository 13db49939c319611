"""Scores against examples calculated by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from cohort.cleaning import clean_cohort, instruments, score_instrument
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


BDI2 = [3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0, 3, 2, 1, 0, 3]
"""Answers to items 1 to 21: five times 3 + 2 + 1 + 0, and 3."""


def bdi2(codebook: Codebook, changed: dict[int, Any] | None = None) -> float:
    answers = [(changed or {}).get(number, answer) for number, answer in enumerate(BDI2, 1)]
    return float(score_instrument(items("bdi2_", answers), codebook.instruments["bdi2"])["bdi2_total"].iloc[0])


@pytest.mark.parametrize(
    ("changed", "total"),
    [
        (None, 33),
        ({21: None}, 32),  # 21 × 30/20 = 31.5, half up
        ({4: None}, 35),  # 21 × 33/20 = 34.65
        ({4: None, 8: None}, 36),  # 21 × 33/19 = 36.47
        ({1: None, 5: None}, 30),  # 21 × 27/19 = 29.84
    ],
)
def test_bdi2_total_is_the_sum_or_21_times_the_mean_of_at_least_19_answers(
    codebook: Codebook, changed: dict[int, Any] | None, total: float
) -> None:
    assert bdi2(codebook, changed) == total


def test_bdi2_total_is_missing_with_three_items_missing(codebook: Codebook) -> None:
    assert pd.isna(bdi2(codebook, {4: None, 8: None, 12: None}))


HAMD17 = [3, 4, 1, 2, 0, 1, 4, 2, 0, 3, 1, 2, 1, 0, 2, 1, 2]
"""Answers to items 1 to 17; items 4 to 6, 12 to 14, 16 and 17 end at 2."""


def hamd17(codebook: Codebook, answers: list[Any]) -> float:
    return float(score_instrument(items("hamd17_", answers), codebook.instruments["hamd17"])["hamd17_total"].iloc[0])


def test_hamd17_total_is_the_sum_of_its_items(codebook: Codebook) -> None:
    assert hamd17(codebook, HAMD17) == 3 + 4 + 1 + 2 + 0 + 1 + 4 + 2 + 0 + 3 + 1 + 2 + 1 + 0 + 2 + 1 + 2
    assert hamd17(codebook, [high for _, high in codebook.instruments["hamd17"].item_limits]) == 52


@pytest.mark.parametrize("item", [1, 4, 17])
def test_hamd17_total_is_missing_with_one_item_missing(codebook: Codebook, item: int) -> None:
    answers: list[Any] = [*HAMD17]
    answers[item - 1] = None
    assert pd.isna(hamd17(codebook, answers))
    assert prorated(items("hamd17_", answers), codebook.instruments["hamd17"]) == 0


PSS10 = [1, 2, 3, 4, 0, 1, 3, 1, 2, 4]
"""Answers to items 1 to 10; items 4, 5, 7 and 8 are reversed, so that they count 0, 4, 1 and 3."""


def pss10(codebook: Codebook, changed: dict[int, Any] | None = None) -> float:
    answers = [(changed or {}).get(number, answer) for number, answer in enumerate(PSS10, 1)]
    return float(score_instrument(items("pss10_", answers), codebook.instruments["pss10"])["pss10_total"].iloc[0])


def test_pss10_total_reverses_items_4_5_7_and_8(codebook: Codebook) -> None:
    assert pss10(codebook) == 1 + 2 + 3 + 0 + 4 + 1 + 1 + 3 + 2 + 4
    never, very_often = dict.fromkeys(range(1, 11), 0), dict.fromkeys(range(1, 11), 4)
    assert pss10(codebook, never) == 4 * 4
    assert pss10(codebook, very_often) == 6 * 4
    assert pss10(codebook, {**never, **dict.fromkeys((4, 5, 7, 8), 4)}) == 0
    assert pss10(codebook, {**very_often, **dict.fromkeys((4, 5, 7, 8), 0)}) == 40


@pytest.mark.parametrize(
    ("item", "total"),
    [
        (5, 19),  # reversed it would count 4: 10 × 17/9 = 18.89
        (10, 19),  # 10 × 17/9
        (4, 23),  # reversed it would count 0: 10 × 21/9 = 23.33
    ],
)
def test_pss10_total_with_one_item_missing_is_ten_times_the_mean_after_reversal(
    codebook: Codebook, item: int, total: float
) -> None:
    assert pss10(codebook, {item: None}) == total


def test_pss10_total_is_missing_with_two_items_missing(codebook: Codebook) -> None:
    assert pd.isna(pss10(codebook, {1: None, 2: None}))


def test_reversal_turns_an_item_within_its_own_limits(codebook: Codebook) -> None:
    mixed = replace(codebook.instruments["hamd17"], reversed=(4, 7))
    answers = items("hamd17_", [0] * 3 + [2] + [0] * 2 + [1] + [0] * 10)
    assert score_instrument(answers, mixed)["hamd17_total"].tolist() == [(2 - 2) + (4 - 1)]


def test_an_answer_that_one_item_lacks_is_set_missing_and_one_that_another_has_stays(codebook: Codebook) -> None:
    people = pd.DataFrame({"participant_id": pd.array(["1", "2", "3"], dtype="string")})
    answers = pd.concat([items("hamd17_", HAMD17)] * 3, ignore_index=True)
    answers.loc[0, "hamd17_4"] = 3  # ends at 2
    answers.loc[1, "hamd17_3"] = 3  # ends at 4
    answers.loc[2, "hamd17_3"] = 5
    visits = pd.concat([people.assign(visit=pd.array(["t0"] * 3, dtype="string")), answers], axis=1)
    clean = clean_cohort({"participants": people, "visits": visits}, codebook)
    found = clean.tables["visits"]
    assert found["hamd17_4"].isna().tolist() == [True, False, False]
    assert found["hamd17_3"].isna().tolist() == [False, False, True]
    assert found["hamd17_total"].isna().tolist() == [True, False, True]
    assert found.loc[1, "hamd17_total"] == sum(HAMD17) + 2
    lines = clean.ledger.entries
    assert lines.loc[lines["rule"] == "item_range", "column"].tolist() == ["hamd17_3", "hamd17_4"]
    assert clean.tables["person_table"]["hamd17_total"].isna().tolist() == [True, False, True]
    assert "bdi2_total" not in clean.tables["person_table"]


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


def test_forms_are_scored_the_same_however_many_at_a_time(codebook: Codebook, monkeypatch: pytest.MonkeyPatch) -> None:
    ctq_sf = codebook.instruments["ctq_sf"]
    forms = pd.concat(
        [
            items("ctq_", [None if (row * item) % 7 == 3 else 1 + (row + item) % 5 for item in range(28)])
            for row in range(7)
        ]
    ).set_axis(list("abcdefg"))
    whole = score_instrument(forms, ctq_sf)
    monkeypatch.setattr(instruments, "_FORMS", 3)
    pd.testing.assert_frame_equal(score_instrument(forms, ctq_sf), whole)
    assert whole["ctq_total"].notna().any()
