"""The score of a name is a formula: what is lacking, what is beside the point, and what changes the meaning."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cohort.draft import DraftVocabulary
from cohort.draft.columns import Column
from cohort.draft.meaning import Reader, short, term_score

MakeColumn = Callable[..., Column]


def score(text: str, section: str, target: str, vocabulary: DraftVocabulary) -> float:
    words = vocabulary.speller.words(text)
    return max(term_score(words, term, vocabulary.speller) for term in vocabulary.targets[section][target].terms)


@pytest.mark.parametrize(
    ("text", "section", "target"),
    [
        ("Geslacht van de deelnemer", "variables", "sex"),
        ("age_at_visit", "variables", "age_years"),
        ("HS C-Reactive Protein", "analytes", "crp"),
        ("Ooit een depressie gehad", "diseases", "lifetime_depression"),
    ],
)
def test_names_and_labels_say_their_target(text: str, section: str, target: str, vocabulary: DraftVocabulary) -> None:
    assert score(text, section, target, vocabulary) > 0.8


@pytest.mark.parametrize(
    ("text", "section", "target"),
    [
        ("Family history of depression", "diseases", "lifetime_depression"),
        ("mother_diabetes", "diseases", "diabetes"),
        ("age_at_menarche", "variables", "age_years"),
        ("diabetes medication", "diseases", "diabetes"),
        ("Diabetes in pregnancy", "diseases", "diabetes"),
        ("Ever had thyroid surgery", "diseases", "thyroid_disease"),
        ("Neutrophil percent", "analytes", "neutrophils"),
        ("log CRP", "analytes", "crp"),
        ("CRP comment code", "analytes", "crp"),
        ("partner smokes", "variables", "smoking"),
        ("Depression", "diseases", "lifetime_depression"),
        ("Weight (kg)", "roles", "weights"),
    ],
)
def test_what_only_sounds_like_a_target_stays_below_a_live_line(
    text: str, section: str, target: str, vocabulary: DraftVocabulary
) -> None:
    scoring = vocabulary.scoring
    points = score(text, section, target, vocabulary) * scoring["meaning"] + scoring["values"]
    assert points < scoring["live"]


def test_a_name_adds_little_where_the_label_says_less(column: MakeColumn, vocabulary: DraftVocabulary) -> None:
    target = vocabulary.targets["analytes"]["crp"]
    alone, doubted = column([1.0], "crp"), column([1.0], "crp", label="Number of cigarettes smoked")
    assert Reader([alone], vocabulary).said(alone, target).score == 1.0
    assert Reader([doubted], vocabulary).said(doubted, target).score < 0.6


def test_a_piece_that_most_names_of_a_file_share_says_nothing(column: MakeColumn, vocabulary: DraftVocabulary) -> None:
    columns = [column([1], name) for name in ("zzq_crp", "zzq_il6", "zzq_age", "zzq_bmi", "zzq_sex")]
    assert Reader(columns, vocabulary).name_words(columns[0]) == {"crp": 1.0}


def test_text_for_a_message_is_one_line_and_short() -> None:
    assert short("a\n b\tc") == "a b c"
    assert short("x" * 100, 10) == "x" * 9 + "…"
