"""The truth that methods are held against."""

from __future__ import annotations

import math

import pytest

from cohort.diagnosis import Estimand, KnownTruth, truth_of
from cohort.diagnosis.sample import ANY, INFECTIONS
from cohort.errors import CohortError
from cohort.synthetic import Scenario, load_scenario, true_effects
from cohort.traps.trap import Truth

ODDS = Estimand(ANY, "depression", "odds ratio")


def test_where_nothing_has_an_effect_the_truth_is_exactly_none() -> None:
    found = truth_of(load_scenario("total_null"), ODDS, "complete", 8192, 1)
    assert found.value == 0.0
    assert found.error == pytest.approx(0.0, abs=1e-9)
    assert found.is_null


def test_an_effect_is_that_of_an_intervention_on_the_outcome_of_the_source() -> None:
    world = load_scenario("seed_claims")
    declared = true_effects(world, 8192, 5, exposures=[ANY], with_paths=False).set_index(["outcome", "measure"])
    for source, outcome in (("complete", "depression_latent"), ("clean", "has_depression")):
        found = truth_of(world, ODDS, source, 8192, 5)  # type: ignore[arg-type]
        assert found.natural == pytest.approx(declared.loc[(outcome, "odds ratio"), "value"])
        of_log = declared.loc[(outcome, "odds ratio"), "monte_carlo_se"] / found.natural
        assert found.error == pytest.approx(of_log)
        assert not found.is_null


def test_in_first_episodes_it_is_another_number_than_in_everybody() -> None:
    world = load_scenario("screened_controls")
    everybody = truth_of(world, ODDS, "complete", 65_536, 5)
    first = truth_of(world, Estimand(ANY, "depression", "odds ratio", "first episodes"), "complete", 65_536, 5)
    assert first.is_log
    assert everybody.natural == pytest.approx(1.2, abs=0.05)
    assert 0.01 < first.value - everybody.value < 0.1


def test_an_interaction_is_that_of_the_four_worlds() -> None:
    pair = f"{ANY} and {INFECTIONS}"
    world = load_scenario("additive_synergy")
    declared = true_effects(world, 8192, 5, exposures=[ANY, INFECTIONS])
    declared = declared[(declared["exposure"] == pair) & (declared["outcome"] == "depression_latent")]
    of = declared.set_index("measure")["value"].to_dict()
    for measure in ("relative excess risk due to interaction", "ratio of odds ratios"):
        found = truth_of(world, Estimand(pair, "depression", measure), "complete", 8192, 5)
        assert found.is_log == (measure == "ratio of odds ratios")
        assert found.natural == pytest.approx(of[measure])


def test_among_tests_of_nothing_no_discovery_is_true() -> None:
    many = Estimand("twenty exposures", "depression", "share of discoveries")
    assert truth_of(load_scenario("total_null"), many, "complete", 100, 1) == KnownTruth(0.0, 0.0, is_log=False)


def test_an_estimand_can_bring_its_own_way_to_the_truth() -> None:
    world = load_scenario("seed_claims")
    asked: list[tuple[Scenario, int, int]] = []

    def finder(world: Scenario, people: int, seed: int) -> Truth:
        asked.append((world, people, seed))
        return Truth(2.0, 0.1)

    ratio = truth_of(world, Estimand("rain", "umbrellas", "odds ratio", finder=finder), "complete", 70, 8)
    assert ratio == KnownTruth(math.log(2.0), 0.05, is_log=True)
    share = truth_of(world, Estimand("rain", "umbrellas", "share", finder=finder), "complete", 70, 8)
    assert share == KnownTruth(2.0, 0.1, is_log=False)
    assert asked == [(world, 70, 8)] * 2


def test_what_is_not_declared_is_told() -> None:
    asked = Estimand("has_psoriasis", "iron", "odds ratio")
    with pytest.raises(CohortError, match="no truth is declared for odds ratio of iron"):
        truth_of(load_scenario("total_null"), asked, "clean", 1000, 1)


def test_the_natural_scale() -> None:
    assert KnownTruth(math.log(3), 0.1, is_log=True).natural == pytest.approx(3)
    assert KnownTruth(-0.2, 0.1, is_log=False).natural == -0.2
