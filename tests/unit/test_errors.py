"""Errors carry every problem, each once, in words that a user can act on."""

from __future__ import annotations

import pytest

from cohort.errors import (
    AnalysisError,
    CodebookError,
    CohortError,
    InputDataError,
    Problem,
    StudyFileError,
)


def test_a_problem_says_where_what_and_what_to_do() -> None:
    problem = Problem("study.yaml, line 3", "unknown key 'titel'.", "Did you mean 'title'?")
    assert str(problem) == "study.yaml, line 3: unknown key 'titel'. Did you mean 'title'?"


def test_a_problem_without_a_remedy_ends_after_what_is_wrong() -> None:
    assert str(Problem("demo.csv", "is empty.")) == "demo.csv: is empty."


def test_a_name_from_a_file_can_neither_break_the_line_nor_fill_the_screen() -> None:
    problem = Problem("a\nb.csv", "there is no column '\x1b[2J\u202e\ud800'.", "x" * 50_000)
    assert str(problem).startswith(r"a\nb.csv: there is no column '\x1b[2J\u202e\ud800'. xxx")
    assert len(str(problem)) < 1_100
    str(problem).encode("utf-8")


def test_an_error_tells_all_problems_a_line_each_in_order() -> None:
    problems = [Problem("b", "second."), Problem("a", "first.")]
    error = CohortError(problems)
    assert error.problems == tuple(problems)
    assert str(error).splitlines() == ["b: second.", "a: first."]


def test_an_error_tells_a_repeated_problem_once() -> None:
    assert len(CohortError([Problem("a", "x."), Problem("a", "x.")]).problems) == 1


def test_a_plain_text_is_a_problem_too() -> None:
    error = CohortError("nothing to do.")
    assert [problem.what for problem in error.problems] == ["nothing to do."]


def test_problems_may_come_from_a_generator() -> None:
    assert len(InputDataError(Problem(name, "is missing.") for name in "ab").problems) == 2


@pytest.mark.parametrize("kind", [StudyFileError, InputDataError, CodebookError, AnalysisError])
def test_every_kind_is_caught_as_a_cohort_error(kind: type[CohortError]) -> None:
    with pytest.raises(CohortError, match="demo: is empty"):
        raise kind([Problem("demo", "is empty.")])


def test_problems_sort_by_place() -> None:
    assert sorted([Problem("b", "x"), Problem("a", "y")])[0].where == "a"


def test_an_error_keeps_its_problems_on_the_way_from_a_worker() -> None:
    import pickle

    error = InputDataError([Problem("a.csv", "is empty.", "Fill it."), Problem("b.csv", "is missing.")])
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is InputDataError
    assert again.problems == error.problems
