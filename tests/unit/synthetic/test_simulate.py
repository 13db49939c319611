"""The same seed gives the same people, however they are drawn."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from cohort.errors import CohortError
from cohort.synthetic import Shift, SyntheticCohort, intervene, load_scenario, person_table, simulate
from cohort.synthetic.history import DISEASES
from cohort.synthetic.simulate import draw_cohort, joined


def _same(a: SyntheticCohort, b: SyntheticCohort) -> bool:
    return all(np.array_equal(a.nodes[name], b.nodes[name]) for name in a.nodes)


def test_the_same_seed_gives_the_same_people_and_another_seed_gives_others() -> None:
    first, again, other = (simulate("literature_like", 700, seed) for seed in (5, 5, 6))
    assert _same(first, again)
    measures = [name for name, values in first.nodes.items() if values.dtype.kind == "f"]
    assert len(measures) > 30
    assert not any(np.array_equal(first.nodes[name], other.nodes[name]) for name in measures)


def test_blocks_drawn_apart_are_the_blocks_of_the_whole() -> None:
    whole = simulate("literature_like", 9000, 5)
    parts = [simulate("literature_like", 9000, 5, blocks=[block]) for block in (2, 0, 1)]
    assert [part.n for part in parts] == [808, 4096, 4096]
    for part in parts:
        for name, values in part.nodes.items():
            assert np.array_equal(values, whole.nodes[name][part.numbers]), name
    assert not np.array_equal(parts[1].nodes["age"], parts[2].nodes["age"])
    ids = [person_table(part)["participant_id"] for part in parts]
    assert set().union(*ids) == set(person_table(whole)["participant_id"])


def test_a_smaller_cohort_is_the_beginning_of_a_greater_one() -> None:
    small, great = simulate("literature_like", 100, 5), simulate("literature_like", 4500, 5)
    for name, values in small.nodes.items():
        assert np.array_equal(values, great.nodes[name][:100]), name


def test_an_intervention_sets_its_node_and_leaves_the_causes_alone() -> None:
    nature = simulate("literature_like", 2000, 5)
    world = intervene("literature_like", {"smoking": 1}, 2000, 5)
    assert world.nodes["smoking"].all()
    for name in ("education", "trauma", "dep_past", "prs_dep", "cmv"):
        assert np.array_equal(nature.nodes[name], world.nodes[name])
    smoked = nature.nodes["smoking"]
    assert np.array_equal(nature.nodes["inflam"][smoked], world.nodes["inflam"][smoked])
    assert np.median(world.nodes["inflam"][~smoked] - nature.nodes["inflam"][~smoked]) == pytest.approx(0.25)


def test_disease_for_everybody_leaves_the_ill_as_they_are_and_gives_others_exactly_one() -> None:
    nature = simulate("literature_like", 4000, 5)
    world = intervene("literature_like", {"aid": 1}, 4000, 5)
    before = np.column_stack([nature.nodes[disease] for disease in DISEASES])
    after = np.column_stack([world.nodes[disease] for disease in DISEASES])
    ill = before.any(axis=1)
    assert np.array_equal(before[ill], after[ill])
    assert (after[~ill].sum(axis=1) == 1).all()
    assert not intervene("literature_like", {"aid": 0}, 4000, 5).nodes["aid"].any()
    # the given diseases come in about the natural mix: the two commonest stay the commonest
    assert set(np.argsort(after[~ill].sum(axis=0))[-2:]) == set(np.argsort(before.sum(axis=0))[-2:])


def test_workers_and_chunks_change_nothing() -> None:
    whole = simulate("literature_like", 9000, 5)
    assert _same(whole, simulate("literature_like", 9000, 5, workers=2))
    world = load_scenario("literature_like")
    assert _same(whole, joined(list(draw_cohort(world, 9000, 5, chunk=2))))


def test_a_few_nodes_are_the_same_as_among_all() -> None:
    whole = simulate("clinic_selection", 300, 5)
    few = simulate("clinic_selection", 300, 5, nodes=["phq9", "aid"])
    assert set(few.nodes) == {"phq9", "aid"}
    assert np.array_equal(few.nodes["phq9"], whole.nodes["phq9"])
    assert np.array_equal(few.numbers, whole.numbers)


def test_a_clinic_recruits_as_many_people_as_were_asked_for_the_same_way_each_time() -> None:
    world = load_scenario("clinic_selection")
    first = simulate(world, 700, 5)
    assert first.n == 700
    assert (first.nodes["recruitment"] == 1).all()
    assert first.numbers.max() > 8000  # about one in sixteen of the population
    assert _same(first, simulate(world, 700, 5, workers=2))
    smaller = simulate(world, 300, 5)
    assert np.array_equal(smaller.numbers, first.numbers[:300])
    source = intervene(world, {}, int(first.numbers.max()) + 1, 5)
    assert np.array_equal(source.nodes["age"][first.numbers], first.nodes["age"])


def test_a_scenario_that_recruits_nobody_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules["cohort.synthetic.simulate"], "_MOST_BARREN_BLOCKS", 3)
    world = load_scenario("clinic_selection").with_changes({"recruitment.share_clinic": 0.0})
    with pytest.raises(CohortError, match="recruits hardly anybody"):
        simulate(world, 10, 1)


def test_a_shift_and_an_array_set_a_node() -> None:
    nature = simulate("literature_like", 5000, 5)
    shifted = intervene("literature_like", {"bmi": Shift(2.0)}, 5000, 5)
    assert np.allclose(shifted.nodes["bmi"], nature.nodes["bmi"] + 2)
    given = np.linspace(20, 30, 5000)
    assert np.array_equal(intervene("literature_like", {"bmi": given}, 5000, 5).nodes["bmi"], given)


def test_an_onset_age_gives_everybody_a_disease_from_then_on_and_acts_through_a_first_depression() -> None:
    never = intervene("literature_like", {"aid_onset_age": np.inf}, 30_000, 5).nodes
    early = intervene("literature_like", {"aid_onset_age": 15.0}, 30_000, 5).nodes
    assert not never["aid"].any()
    assert not never["aid_past"].any()
    assert early["aid"].all()
    assert early["dep_past"].mean() > never["dep_past"].mean() + 0.01
    assert np.array_equal(early["education"], never["education"])


@pytest.mark.parametrize(("n", "seed", "message"), [(0, 1, "at least one person"), (5, -1, "at least 0")])
def test_an_impossible_size_or_seed_is_refused(n: int, seed: int, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        simulate("literature_like", n, seed)


def test_an_intervention_on_an_unknown_node_is_refused() -> None:
    with pytest.raises(CohortError, match="no node 'aids'"):
        intervene("literature_like", {"aids": 1}, 10, 1)
