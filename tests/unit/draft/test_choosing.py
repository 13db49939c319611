"""The best column wins; two that are nearly as good are a question."""

from __future__ import annotations

from cohort.draft import DraftVocabulary
from cohort.draft.choosing import choose, decided
from cohort.draft.proposal import Proposal


def candidate(target: str, column: str, score: float, file: str = "f") -> Proposal:
    return Proposal("variables", target, file, (column,), {"file": file, "column": column}, score)


def test_the_best_column_is_taken_and_the_next_target_gets_another(vocabulary: DraftVocabulary) -> None:
    found = choose([candidate("a", "x", 0.9), candidate("a", "y", 0.7), candidate("b", "x", 0.8)], vocabulary)
    assert [(p.target, p.columns, p.questions) for p in found] == [("a", ("x",), ())]


def test_two_columns_for_one_target_are_a_question_that_names_the_other(vocabulary: DraftVocabulary) -> None:
    (found,) = choose([candidate("a", "x", 0.9), candidate("a", "y", 0.88)], vocabulary)
    assert "'y' of f (0.88)" in found.questions[0]
    assert not decided(found, vocabulary).is_live


def test_two_targets_for_one_column_are_a_question_too(vocabulary: DraftVocabulary) -> None:
    (found,) = choose([candidate("a", "x", 0.9), candidate("b", "x", 0.87)], vocabulary)
    assert "it may be b (0.87)" in found.questions[0]


def test_the_same_column_in_two_files_is_no_question(vocabulary: DraftVocabulary) -> None:
    (found,) = choose([candidate("a", "x", 0.92, "home"), candidate("a", "x", 0.90, "away")], vocabulary)
    assert (found.file, found.questions) == ("home", ())


def test_what_is_below_the_threshold_is_not_even_asked(vocabulary: DraftVocabulary) -> None:
    assert choose([candidate("a", "x", 0.3)], vocabulary) == []
    assert decided(candidate("a", "x", 0.72), vocabulary).is_live
    assert not decided(candidate("a", "x", 0.71), vocabulary).is_live
