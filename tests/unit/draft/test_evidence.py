"""Values speak for a target or against it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cohort.draft.columns import Column
from cohort.draft.evidence import Evidence

MakeColumn = Callable[..., Column]


def test_numbers_within_limits_speak_for_a_target_and_others_against(column: MakeColumn, evidence: Evidence) -> None:
    random = np.random.default_rng(1)
    bmi = column(np.round(random.normal(26, 4, 300), 1))
    assert evidence.number(bmi, 10, 100, (14, 60)).points > 0
    assert evidence.number(column(random.normal(500, 5, 300)), 10, 100).points < 0
    assert evidence.number(column(np.full(300, 12.0)), 10, 100, (14, 60)).points < 0
    assert evidence.number(bmi, 10, 100, whole=True).points < 0
    assert evidence.number(column(["a", "b"] * 9), 10, 100).points < 0


def test_missing_codes_do_not_spoil_the_range(column: MakeColumn, evidence: Evidence) -> None:
    fit = evidence.number(column([25.0] * 20 + [999.0] * 10), 10, 100, (14, 60))
    assert fit.points > 0
    assert fit.missing == {"999": "no answer"}


def test_an_empty_column_is_a_question(column: MakeColumn, evidence: Evidence) -> None:
    assert evidence.number(column([None, None]), 0, 1).questions


def test_a_code_for_no_answer_within_the_limits_is_pointed_out(column: MakeColumn, evidence: Evidence) -> None:
    fit = evidence.number(column([20, 25, 30, 35, 40, 99, 99] * 9), 0, 120)
    assert fit.missing == {}
    assert any("LOOK: 99" in reason for reason in fit.reasons)


def test_a_pile_at_the_top_is_pointed_out(column: MakeColumn, evidence: Evidence) -> None:
    ages = [*range(20, 80), *range(20, 80), *([80] * 30)]
    assert any("top_coded_at: 80" in reason for reason in evidence.number(column(ages), 0, 120).reasons)
    assert not any("LOOK" in reason for reason in evidence.number(column([*range(20, 81)] * 3), 0, 120).reasons)


def test_standardised_scores_have_mean_0_and_sd_1(column: MakeColumn, evidence: Evidence) -> None:
    random = np.random.default_rng(1)
    assert evidence.standardised(column(random.normal(0, 1, 300))).points > 0
    assert evidence.standardised(column(random.normal(3, 1, 300))).points < 0
    assert evidence.standardised(column(random.integers(0, 3, 300))).points < 0


def test_days_and_groups(column: MakeColumn, evidence: Evidence) -> None:
    assert evidence.date(column(["2020-01-01"] * 3)).points > 0
    assert evidence.date(column([1, 2, 3])).points < 0
    assert evidence.levels(column(["A", "B"] * 20)).points > 0
    assert evidence.levels(column([str(k) for k in range(300)])).points < 0
