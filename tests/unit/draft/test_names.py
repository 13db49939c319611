"""Names and labels are cut into words of the vocabulary, whatever their style and language."""

from __future__ import annotations

import pytest

from cohort.draft import DraftVocabulary
from cohort.draft.names import Speller, Words, pieces_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("dateOfBirth", {"date", "of", "birth"}),
        ("GEBOORTEJAAR", {"birth", "year"}),
        ("crp_mgL", {"crp", "mgl"}),
        ("IgG", {"igg"}),
        ("hsv1-IgG", {"hsv", "1", "igg"}),
        ("phq9item03", {"phq", "9", "item", "3"}),
        ("Reumatoïde artritis", {"rheumatoid", "arthritis"}),
        ("bloedafname", {"blood", "draw"}),
        ("multipele sclerose", {"multiple", "sclerosis"}),
    ],
)
def test_a_name_of_any_style_becomes_words(name: str, words: set[str], vocabulary: DraftVocabulary) -> None:
    assert set(vocabulary.speller.words(name)) == words


def test_a_beginning_that_only_one_word_has_is_that_word_with_less_certainty(vocabulary: DraftVocabulary) -> None:
    assert vocabulary.speller.words("trypto") == {"tryptophan": pytest.approx(vocabulary.scoring["prefix"])}


def test_a_beginning_that_two_words_have_stays_what_it_is() -> None:
    speller = Speller(Words({"platelet": ("platelet",), "plate": ("plateau",)}))
    assert speller.words("plat") == {"plat": 1.0}


def test_a_slip_of_one_letter_in_a_long_word_is_forgiven_and_in_a_short_one_not(vocabulary: DraftVocabulary) -> None:
    assert "cytomegalovirus" not in vocabulary.speller.words("cytomegalovirs")
    assert set(vocabulary.speller.words("cytomegalovirs")) == {"cmv"}
    assert set(vocabulary.speller.words("xrp")) == {"xrp"}


def test_leading_zeros_of_numbers_are_dropped() -> None:
    assert pieces_of("item_007") == ("item", "7")
