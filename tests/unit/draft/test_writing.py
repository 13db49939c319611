"""The text of a draft loads, whatever names and labels it holds, and tells which line is which proposal."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import pytest

from cohort.draft import Draft
from cohort.draft.writing import flow
from cohort.study_file import StudyFile

MakeDraft = Callable[..., Draft]


@pytest.mark.parametrize("word", ["no", "1e5", "007", "a: b", "# x", "{", "é", "true", "12:30", "- x", "'", '"', "x y"])
def test_any_column_name_stays_itself(
    word: str, draft: MakeDraft, loaded: Callable[[Draft], StudyFile], people: pd.DataFrame
) -> None:
    study = loaded(draft({"x": people.rename(columns={"record_id": word})}))
    assert study.id == word


def test_flow_is_one_line() -> None:
    assert "\n" not in flow({"items": [f"a_long_column_name_{k}" for k in range(99)]})


def test_a_question_is_a_comment_and_a_section_of_questions_too(draft: MakeDraft, people: pd.DataFrame) -> None:
    text = draft({"x": people.drop(columns=["age", "sex"]).assign(sex=[1, 2] * 30)}).text
    assert "# variables:" in text
    assert "# TO DECIDE" in text
    assert "  # sex: {file: x, column: sex" in text


def test_an_order_of_dates_that_no_date_tells_is_asked(draft: MakeDraft, people: pd.DataFrame) -> None:
    table = people.assign(visit_date=["03/04/2020", "05/06/2021"] * 30)
    assert "Add date_order: dmy or date_order: mdy" in draft({"x": table}).text
