"""Units of results are told by a column, a label or a median, and asked for when several fit."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest

from cohort.codebook import Codebook
from cohort.draft import DraftVocabulary
from cohort.draft.columns import Column
from cohort.draft.laboratory import UnitGuess, factor, find_limit, guess_unit, holds_units

MakeColumn = Callable[..., Column]
RANDOM = np.random.default_rng(1)


def around(median: float, n: int = 400) -> np.ndarray:
    return np.round(median * np.exp(RANDOM.normal(0, 0.4, n)), 4)


@pytest.fixture
def guess(codebook: Codebook, vocabulary: DraftVocabulary) -> Callable[..., UnitGuess]:
    def make(column: Column, analyte: str, **more: Column) -> UnitGuess:
        target = vocabulary.targets["analytes"][analyte]
        return guess_unit(column, codebook.analytes[analyte], target, vocabulary, **more)

    return make


def test_a_median_of_crp_that_is_usual_in_one_unit_tells_it(
    column: MakeColumn, guess: Callable[..., UnitGuess]
) -> None:
    found = guess(column(around(0.15)), "crp")
    assert (found.unit, found.questions) == ("mg/dL", ())
    assert re.fullmatch(
        r"median 0\.1\d* in mg/dL would be 1\.\d* mg/L; medians of 0\.3 to 6 mg/L are usual", found.reasons[0]
    )
    assert guess(column(around(2.0)), "crp").unit == "mg/L"
    assert guess(column(around(6500)), "leukocytes").unit == "1/uL"


def test_a_median_that_is_usual_in_two_units_is_a_question(column: MakeColumn, guess: Callable[..., UnitGuess]) -> None:
    assert "mg/L and in mg/dL" in guess(column(around(0.4)), "crp").questions[0]


def test_a_median_that_is_usual_in_none_is_a_question(column: MakeColumn, guess: Callable[..., UnitGuess]) -> None:
    assert guess(column(around(90)), "crp").questions
    assert guess(column(around(9e8)), "crp").points < 0


def test_a_label_states_the_unit_and_a_median_may_doubt_it(column: MakeColumn, guess: Callable[..., UnitGuess]) -> None:
    assert guess(column(around(0.15), label="CRP (mg/dL)"), "crp").unit == "mg/dL"
    doubted = guess(column(around(0.02), label="CRP (mg/L)"), "crp")
    assert doubted.questions
    assert guess(column(around(55), label="Neutrophils (%)"), "neutrophils").points < 0


def test_a_column_of_units_is_used_and_must_convert(column: MakeColumn, guess: Callable[..., UnitGuess]) -> None:
    units = column(["mg/L", "mg/dL"] * 200, "unit")
    assert holds_units(units)
    assert guess(column(around(1)), "crp", unit_column=units).unit == {"column": "unit"}
    assert guess(column(around(1)), "crp", unit_column=column(["mmol/L"] * 400, "unit")).questions
    assert not holds_units(column(["m", "f"] * 9))


def test_sites_that_differ_by_the_factor_of_a_unit_get_their_own(
    column: MakeColumn, guess: Callable[..., UnitGuess]
) -> None:
    values = np.concatenate([around(1.5, 300), around(0.15, 300)])
    found = guess(column(values), "crp", site=column(["A"] * 300 + ["B"] * 300, "site"))
    assert found.unit == {"by": "site", "A": "mg/L", "B": "mg/dL"}
    found = guess(column(around(1.5, 600)), "crp", site=column(["A"] * 300 + ["B"] * 300, "site"))
    assert found.unit == "mg/L"


def test_results_written_as_below_are_told_without_a_count(column: MakeColumn, vocabulary: DraftVocabulary) -> None:
    limit = find_limit(column(["<0.15", "1.2", "3"] * 20), [], vocabulary)
    assert limit.entry == {}
    assert limit.reasons == ("results written with '<' are read as censored",)


def test_a_flag_beside_the_lowest_value_gives_the_limit(column: MakeColumn, vocabulary: DraftVocabulary) -> None:
    values = [0.11] * 30 + [0.15] + list(np.round(np.linspace(0.16, 9, 300), 2))
    flag = column([1] * 30 + [0] * 301, "flag")
    other = column([1] * 29 + [0] * 302, "other")
    limit = find_limit(column(values), [other, flag], vocabulary)
    assert limit.entry == {"limit": 0.15, "below": {"flag": [1]}}
    assert "0.15/√2 is 0.11" in limit.reasons[0]


def test_a_pile_at_the_lowest_value_is_pointed_out(column: MakeColumn, vocabulary: DraftVocabulary) -> None:
    values = [0.1] * 60 + list(np.round(np.linspace(0.2, 9, 300), 2))
    limit = find_limit(column(values), [], vocabulary)
    assert limit.entry == {}
    assert limit.reasons[0].startswith("LOOK: 17% of results are 0.1")
    assert find_limit(column(np.linspace(0.2, 9, 300)), [], vocabulary).reasons == ()


def test_a_unit_of_another_kind_has_no_factor(codebook: Codebook) -> None:
    assert factor("mmol/L", codebook.analytes["crp"]) is None
    assert factor("nonsense", codebook.analytes["crp"]) is None
