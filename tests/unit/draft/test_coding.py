"""Codes get the meaning that the file tells; what it does not tell is asked, never guessed silently."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cohort.draft import DraftVocabulary
from cohort.draft.coding import code_key, keyed
from cohort.draft.columns import Column
from cohort.draft.evidence import Evidence
from cohort.draft.vocabulary import Target

MakeColumn = Callable[..., Column]


def target(vocabulary: DraftVocabulary, name: str, section: str = "variables") -> Target:
    return vocabulary.targets[section][name]


def test_value_labels_in_dutch_give_codes_and_missing_codes(
    column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary
) -> None:
    labels = {"1": "nooit gerookt", "2": "vroeger gerookt", "3": "rookt", "9": "weet niet"}
    fit = evidence.categories(column([1, 2, 3, 9] * 5, meanings=labels), target(vocabulary, "smoking"))
    assert fit.codes == {"1": "never", "2": "former", "3": "current"}
    assert fit.missing == {"9": "do not know"}
    assert not fit.questions


def test_a_labelled_code_that_the_sample_lacks_is_mapped_too(
    column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary
) -> None:
    fit = evidence.categories(column([1] * 20, meanings={"1": "man", "2": "vrouw"}), target(vocabulary, "sex"))
    assert fit.codes == {"1": "male", "2": "female"}


def test_words_are_their_own_labels(column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary) -> None:
    fit = evidence.categories(column(["M", "V", "onbekend"] * 20), target(vocabulary, "sex"))
    assert fit.codes == {"M": "male", "V": "female"}
    assert fit.missing == {"onbekend": "unknown"}


def test_codes_of_sex_without_labels_are_a_question(
    column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary
) -> None:
    fit = evidence.categories(column([1, 2] * 20), target(vocabulary, "sex"))
    assert fit.questions
    assert "1, 2" in fit.questions[0]


def test_codes_that_no_category_explains_are_to_be_filled_in(
    column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary
) -> None:
    fit = evidence.categories(column([3, 5, 8] * 20), target(vocabulary, "education"))
    assert set(fit.codes.values()) == {"FILL IN"}


def test_labels_that_are_other_words_speak_against_a_target(
    column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary
) -> None:
    labels = {"1": "red", "2": "green"}
    assert evidence.categories(column([1, 2] * 9, meanings=labels), target(vocabulary, "sex")).points < 0


def test_a_rare_text_is_never_written(column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary) -> None:
    cells = ["male"] * 30 + ["female"] * 30 + ["male, moved here after his divorce"]
    fit = evidence.categories(column(cells), target(vocabulary, "sex"))
    assert "divorce" not in str(fit)
    assert "1 rare texts" in fit.questions[0]


@pytest.mark.parametrize(("yes", "no"), [("ja", "nee"), ("Yes", "No"), ("true", "false"), ("Checked", "Unchecked")])
def test_words_for_yes_and_no(
    yes: str, no: str, column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary
) -> None:
    fit = evidence.yes_no(column([yes, no] * 20), target(vocabulary, "psoriasis", "diseases"))
    assert fit.codes == {yes: True, no: False}


def test_one_and_two_are_yes_and_no_only_where_the_shares_agree(
    column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary
) -> None:
    disease = target(vocabulary, "psoriasis", "diseases")
    rare = evidence.yes_no(column([1] * 3 + [2] * 97), disease)
    assert (rare.codes, rare.questions) == ({"1": True, "2": False}, ())
    even = evidence.yes_no(column([1] * 20 + [2] * 80), disease)
    assert not even.questions
    for share in (50, 97):
        assert evidence.yes_no(column([1] * share + [2] * (100 - share)), disease).questions


def test_zero_and_one_are_no_and_yes_unless_the_yes_is_far_too_common(
    column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary
) -> None:
    disease = target(vocabulary, "psoriasis", "diseases")
    assert evidence.yes_no(column([1] * 3 + [0] * 97), disease).codes == {"0": False, "1": True}
    assert evidence.yes_no(column([1] * 97 + [0] * 3), disease).questions


def test_a_box_that_is_only_ever_ticked_is_a_question(
    column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary
) -> None:
    fit = evidence.yes_no(column([1, None, None] * 9), target(vocabulary, "psoriasis", "diseases"))
    assert "blank" in fit.questions[0]


def test_small_shares_are_not_told_exactly(column: MakeColumn, evidence: Evidence, vocabulary: DraftVocabulary) -> None:
    fit = evidence.yes_no(column([1] * 2 + [2] * 998), target(vocabulary, "psoriasis", "diseases"))
    assert "under 1%" in fit.reasons[0]


def test_a_missing_code_counts_only_outside_the_limits(column: MakeColumn, evidence: Evidence) -> None:
    assert evidence.missing_of(column([1, 2, 9, 99]), 0, 3) == {"9": "no answer", "99": "no answer"}
    assert evidence.missing_of(column([1, 2, 9]), 0, 20) == {}
    assert evidence.missing_of(column(["5", "n.v.t.", "-9"]), 0, 20) == {"n.v.t.": "not applicable", "-9": "no answer"}


def test_what_the_file_declares_missing_itself_needs_no_line(column: MakeColumn, evidence: Evidence) -> None:
    made = column([1, 2, 88, 99], declared_missing={"99": "refused"})
    missing = evidence.missing_of(made, 0, 3)
    assert missing == {"99": "refused", "88": "no answer"}
    assert evidence.to_declare(made, missing) == {88: "no answer"}


def test_codes_are_written_as_numbers_where_they_are_numbers() -> None:
    assert keyed({"1": "a", "01": "b", "x": "c"}) == {1: "a", "01": "b", "x": "c"}
    assert code_key("1.5") == "1.5"
