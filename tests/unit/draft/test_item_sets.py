"""Questionnaires are recognised by name, number and answers; shifts, orders and reversals are seen."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from cohort.codebook import Codebook
from cohort.draft import DraftVocabulary
from cohort.draft.columns import Column
from cohort.draft.evidence import Evidence
from cohort.draft.item_sets import find_instruments, item_sets
from cohort.draft.measures import Measure
from cohort.draft.proposal import FileShape, Proposal

Find = Callable[..., list[Proposal]]
RANDOM = np.random.default_rng(1)


@pytest.fixture
def find(codebook: Codebook, vocabulary: DraftVocabulary, evidence: Evidence) -> Find:
    def make(
        names: Sequence[str], answers: Sequence[object] | np.ndarray, labels: Sequence[str] = ()
    ) -> list[Proposal]:
        table = np.asarray(answers)
        measures = []
        for k, name in enumerate(names):
            cells = table[:, k] if table.ndim == 2 else RANDOM.choice(table, 200)
            label = labels[k] if labels else ""
            measures.append(Measure("f", name, Column("f", name, pd.Series(cells), label=label)))
        return find_instruments(measures, FileShape("id"), codebook, vocabulary, evidence)

    return make


@pytest.mark.parametrize(
    ("names", "answers", "instrument"),
    [
        ([f"phq{k}" for k in range(1, 10)], [0, 1, 2, 3], "phq9"),
        ([f"PHQ_{k:02}" for k in range(1, 10)], [0, 1, 2, 3], "phq9"),
        ([f"PHQ9{k:02}" for k in range(1, 10)], [0, 1, 2, 3], "phq9"),
        ([f"DPQ{k}0" for k in range(1, 10)], [0, 1, 2, 3], "phq9"),
        ([f"ctq_sf_{k}" for k in range(1, 29)], [1, 2, 3, 4, 5], "ctq_sf"),
        ([f"BDI2_{k}" for k in range(1, 22)], [0, 1, 2, 3], "bdi2"),
        ([f"hdrs_item{k}" for k in range(1, 18)], [0, 1, 2, 3, 4], "hamd17"),
        ([f"pss{k}" for k in range(1, 11)], [0, 1, 2, 3, 4], "pss10"),
        ([f"gad7_q{k}" for k in range(1, 8)], [0, 1, 2, 3], "gad7"),
        ([f"ace{k}" for k in range(1, 11)], [0, 1], "ace10"),
    ],
)
def test_an_instrument_is_known_by_its_items(names: list[str], answers: list[int], instrument: str, find: Find) -> None:
    (found,) = find(names, answers)
    assert (found.target, found.entry["items"], found.questions) == (instrument, names, ())
    assert found.score >= 0.72


def test_a_label_names_the_instrument_where_the_column_does_not(find: Find) -> None:
    names = [f"v{k}" for k in range(1, 10)]
    (found,) = find(names, [0, 1, 2, 3], [f"PHQ-9 item {k}" for k in range(1, 10)])
    assert (found.target, found.questions) == ("phq9", ())


def test_answers_shifted_by_one_are_proposed_as_codes_with_the_reason(find: Find) -> None:
    (found,) = find([f"phq{k}" for k in range(1, 10)], [1, 2, 3, 4])
    assert found.entry["codes"] == {1: 0, 2: 1, 3: 2, 4: 3}
    assert any("shifted by one" in reason for reason in found.reasons)
    (found,) = find([f"ctq{k}" for k in range(1, 29)], [0, 1, 2, 3, 4])
    assert found.entry["codes"] == {0: 1, 1: 2, 2: 3, 3: 4, 4: 5}


def test_a_missing_code_is_no_shift(find: Find) -> None:
    (found,) = find([f"phq{k}" for k in range(1, 10)], [0, 1, 2, 3, 7, 9])
    assert found.entry["missing"] == {7: "no answer", 9: "no answer"}
    assert "codes" not in found.entry


def test_yes_and_no_of_ace_items_are_told_by_shares_or_asked(find: Find) -> None:
    names = [f"ace{k}" for k in range(1, 11)]
    (found,) = find(names, [1] + [2] * 9)
    assert found.entry["codes"] == {1: 1, 2: 0}
    (found,) = find(names, [1, 2])
    assert "which of its two codes is yes" in found.questions[0]


def test_the_tenth_question_of_the_phq_is_no_item(find: Find) -> None:
    (found,) = find([f"DPQ{k:02}0" for k in range(1, 11)], [0, 1, 2, 3])
    assert len(found.entry["items"]) == 9
    assert any("'DPQ100' not taken" in reason for reason in found.reasons)


@pytest.mark.parametrize(
    ("names", "answers"),
    [
        ([f"phq15_{k}" for k in range(1, 16)], [0, 1, 2]),
        ([f"phq8_{k}" for k in range(1, 9)], [0, 1, 2, 3]),
        ([f"beckAnxiety{k}" for k in range(1, 22)], [0, 1, 2, 3]),
        ([f"hamiltonAnxiety{k}" for k in range(1, 15)], [0, 1, 2, 3, 4]),
        ([f"hads{k}" for k in range(1, 8)], [0, 1, 2, 3]),
    ],
)
def test_a_questionnaire_of_another_name_is_never_used_without_a_question(
    names: list[str], answers: list[int], find: Find
) -> None:
    assert all(proposal.questions for proposal in find(names, answers))


def test_labels_in_another_order_are_a_question(find: Find) -> None:
    labels = [f"PHQ-9 item {k}" for k in (2, 1, *range(3, 10))]
    (found,) = find([f"phq{k}" for k in range(1, 10)], [0, 1, 2, 3], labels)
    assert "another order" in found.questions[0]


def test_items_that_are_reversed_already_are_pointed_out(find: Find, codebook: Codebook) -> None:
    stress = RANDOM.normal(2, 1, 400)
    answers = np.clip(np.round(stress[:, None] + RANDOM.normal(0, 0.7, (400, 10))), 0, 4)
    names = [f"pss{k}" for k in range(1, 11)]
    (found,) = find(names, answers)
    assert any("reversed in the file already" in reason for reason in found.reasons)
    turned = [k - 1 for k in codebook.instruments["pss10"].reversed]
    answers[:, turned] = 4 - answers[:, turned]
    (found,) = find(names, answers)
    assert any("as they should" in reason for reason in found.reasons)


def test_runs_start_at_a_first_number_and_have_no_gaps(column: Callable[..., Column]) -> None:
    measures = [Measure("f", f"q{k}", column([1], f"q{k}")) for k in (1, 2, 3, 4, 5, 7)]
    assert [len(items) for items in item_sets(measures)] == [5]
    assert item_sets([Measure("f", f"y{k}", column([1], f"y{k}")) for k in range(2010, 2020)]) == []
