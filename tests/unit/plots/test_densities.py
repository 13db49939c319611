"""Densities of a marker by group: where the peaks lie, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.codebook import load_codebook
from cohort.disclosure import Disclosure
from cohort.plots import draw_densities


@pytest.fixture
def people() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    depressed = np.arange(2000) < 500
    crp = np.exp(rng.normal(np.where(depressed, 1.5, 0.0), 0.5))
    return pd.DataFrame({"crp_mg_l": crp, "has_depression": pd.array(depressed, dtype="boolean")})


def draw(table: pd.DataFrame, disclosure: Disclosure | None = None):
    return draw_densities(
        table, "crp_mg_l", "has_depression", load_codebook(), disclosure=disclosure or Disclosure.off()
    )


def test_each_group_has_its_curve_and_its_peak_where_it_lies(people: pd.DataFrame) -> None:
    ax = draw(people)
    without, with_it = (line.get_xydata() for line in ax.get_lines())
    peaks = [np.log(curve[np.argmax(curve[:, 1]), 0]) for curve in (without, with_it)]
    assert peaks == pytest.approx([0.0, 1.5], abs=0.2)
    assert ax.get_xscale() == "log"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == [
        "without depression (n = 1,500)",
        "with depression (n = 500)",
    ]


def test_weights_move_the_curve(people: pd.DataFrame) -> None:
    heavy = people.assign(survey_weight=np.where(people["crp_mg_l"] > 1, 50.0, 1.0))
    plain, weighted = (draw(table).get_lines()[0].get_xydata() for table in (people, heavy))
    assert weighted[np.argmax(weighted[:, 1]), 0] > plain[np.argmax(plain[:, 1]), 0]


def test_counts_are_protected_and_the_ends_hold_nobody_alone(people: pd.DataFrame) -> None:
    extreme = pd.concat([people, pd.DataFrame({"crp_mg_l": [900.0], "has_depression": [True]})], ignore_index=True)
    extreme["has_depression"] = extreme["has_depression"].astype("boolean")
    ax = draw(extreme, Disclosure(5, 5))
    assert max(line.get_xdata().max() for line in ax.get_lines()) < 100
    assert "n = 500" in ax.get_legend().get_texts()[1].get_text()


@pytest.mark.parametrize("column", ["crp_mg_l", "has_depression"])
def test_an_absent_variable_is_an_empty_picture_that_says_so(people: pd.DataFrame, column: str) -> None:
    ax = draw(people.drop(columns=column))
    assert any(column in text.get_text() for text in ax.texts)


def test_a_small_group_is_not_drawn(people: pd.DataFrame) -> None:
    few = people.iloc[495:]
    assert not draw(few).get_lines()
