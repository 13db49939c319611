"""Truths of other nodes than the declared ones, and facts of populations that lost nobody."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cohort.diagnosis.populations import (
    CHANGED_BY_DEPRESSION,
    DEPRESSED_AT_LAST,
    TRAUMA_BY_FORM,
    Effect,
    Fact,
    difference_of_sums,
    odds_ratio_of_cells,
    share_of_sums,
)
from cohort.errors import CohortError
from cohort.synthetic import Shift, contrast, load_scenario, simulate
from cohort.traps.truths import odds_ratio_in_population


def test_an_effect_is_that_of_the_two_worlds() -> None:
    world = load_scenario("literature_like")
    found = Effect((("bmi", Shift(5.0)),), (), "dep", "odds ratio")(world, 8192, 3)
    declared = contrast(world, {"bmi": Shift(5.0)}, {}, "dep", n=8192, seed=3).set_index("measure")
    assert found.value == declared.loc["odds ratio", "value"] > 1.05
    assert found.standard_error == declared.loc["odds ratio", "monte_carlo_se"]


def test_where_an_arrow_is_cut_an_effect_is_exactly_none() -> None:
    found = Effect((("inflam", Shift(1.0)),), (), "dep", "odds ratio")(load_scenario("bmi_confounding"), 5000, 3)
    assert found.value == 1.0


def test_a_measure_that_an_outcome_lacks_is_told() -> None:
    asked = Effect((("dep", 1),), (("dep", 0),), "inflam_1", "odds ratio")
    with pytest.raises(CohortError, match="'inflam_1' has no odds ratio"):
        asked(load_scenario("literature_like"), 500, 3)


def test_a_fact_is_that_of_everybody_whoever_stayed() -> None:
    world = load_scenario("attrition")
    cohort = simulate(world, 9000, 4, nodes=("phq9_2", "retained_2"))  # three blocks, the last one cut
    positive = cohort.nodes["phq9_2"].sum(axis=1) >= 10
    found = DEPRESSED_AT_LAST(world, 9000, 4)
    assert found.value == pytest.approx(positive.mean())
    assert found.value > positive[cohort.nodes["retained_2"]].mean()


def test_those_depressed_at_baseline_stand_first_in_a_difference() -> None:
    world = load_scenario("attrition")
    cohort = simulate(world, 5000, 4, nodes=("phq9_2", "dep"))
    total, ill = cohort.nodes["phq9_2"].sum(axis=1), cohort.nodes["dep"].astype(bool)
    found = CHANGED_BY_DEPRESSION(world, 5000, 4)
    assert found.value == pytest.approx(total[ill].mean() - total[~ill].mean())
    assert found.value > 0


def test_a_fact_can_be_that_of_another_world() -> None:
    """With nobody minimising the form tells of more trauma."""
    world = load_scenario("trauma_not_at_random")
    of_do = Fact(TRAUMA_BY_FORM.nodes, TRAUMA_BY_FORM.sums, lambda cells: share_of_sums(
        np.array([cells[2:].sum(), cells.sum()])), TRAUMA_BY_FORM.do)  # fmt: skip
    of_nature = Fact(of_do.nodes, of_do.sums, of_do.of)
    assert of_do(world, 4000, 4).value > of_nature(world, 4000, 4).value + 0.02


def test_numbers_from_sums_are_those_of_the_people() -> None:
    rng = np.random.default_rng(1)
    exposed, ill = rng.random(4000) < 0.3, rng.random(4000) < 0.2
    cells = np.bincount(2 * exposed + ill, minlength=4).astype(float)
    assert odds_ratio_of_cells(cells) == odds_ratio_in_population(exposed, ill)
    assert share_of_sums(np.array([ill.sum(), 4000.0])).value == pytest.approx(ill.mean())
    values = rng.normal(1.0 * exposed, 2.0)
    sums = [total for part in (values[exposed], values[~exposed]) for total in (len(part), part.sum(), (part**2).sum())]
    found = difference_of_sums(np.array(sums))
    inside, outside = values[exposed], values[~exposed]
    assert found.value == pytest.approx(inside.mean() - outside.mean())
    error = math.sqrt(inside.var() / len(inside) + outside.var() / len(outside))
    assert found.standard_error == pytest.approx(error)
