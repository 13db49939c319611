"""What an analyst reads off the forms, and which columns there are."""

from __future__ import annotations

import numpy as np
import pytest

from cohort.synthetic import load_scenario
from cohort.traps.people import (
    ANCESTRY_COLUMN,
    AUTOIMMUNE_SET,
    INFLAMMATION_SET,
    family_number,
    form_minimises,
    form_trauma,
    people,
)
from cohort.traps.truths import odds_ratio_of_worlds, population


def ticked(**answers: int) -> np.ndarray:
    """Return one form without any trauma, with some items changed."""
    form = np.ones((1, 28), dtype=np.int8)
    form[0, [item - 1 for item in (2, 5, 7, 13, 19, 26, 28)]] = 5  # reversed: always, of good things
    form[0, [item - 1 for item in (10, 16, 22)]] = 3
    for name, answer in answers.items():
        form[0, int(name.removeprefix("item_")) - 1] = answer
    return form


def test_reversed_items_of_the_trauma_form_are_turned() -> None:
    assert not form_trauma(ticked())[0]
    assert form_trauma(ticked(item_2=1, item_26=3))[0]  # physical neglect 5 + 4 + 2 = 11, moderate from 10
    assert not form_trauma(ticked(item_2=1))[0]  # 9
    assert form_trauma(ticked(item_20=4))[0]  # sexual abuse 8, moderate from 8


def test_minimisation_is_the_extreme_answer_to_any_of_three_items() -> None:
    assert not form_minimises(ticked())[0]
    assert form_minimises(ticked(item_16=5))[0]


def test_people_have_the_columns_asked_for_and_their_number() -> None:
    table = people(
        load_scenario("literature_like"), 3000, 1, (*AUTOIMMUNE_SET, *INFLAMMATION_SET, ANCESTRY_COLUMN, "ln_crp")
    )
    assert table.notna().all().all()
    assert list(table.index) == list(range(3000))
    assert list(family_number(table)[:5]) == [0, 0, 0, 0, 1]
    assert table["ln_crp"].min() >= np.log(0.15)


def test_worlds_of_the_same_people_differ_by_the_effect_alone() -> None:
    world = load_scenario("literature_like")
    ill, well = (population(world, ("dep", "age", "aid"), 4096, 1, do={"aid": value}) for value in (1, 0))
    assert (ill["age"] == well["age"]).all()
    assert ill["aid"].all()
    assert not well["aid"].any()
    found = odds_ratio_of_worlds(ill["dep"], well["dep"])
    p, q = ill["dep"].mean(), well["dep"].mean()
    assert found.value == pytest.approx(p * (1 - q) / (q * (1 - p)))
    apart = found.value * np.sqrt(1 / 4096 * (1 / (p * (1 - p)) + 1 / (q * (1 - q))))
    assert 0 < found.standard_error < 0.6 * apart  # common random numbers
