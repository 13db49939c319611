"""The same seed gives the same people, however they are drawn."""

from __future__ import annotations

import time

import numpy as np
import pytest

from cohort.errors import CohortError
from cohort.synthetic import SyntheticCohort, intervene, person_table, simulate
from cohort.synthetic.immune import DISEASES


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
            assert np.array_equal(values, whole.nodes[name][part.first : part.first + part.n]), name
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


def test_five_thousand_people_take_less_than_a_fifth_of_a_second() -> None:
    simulate("literature_like", 100, 1)
    taken = []
    for seed in range(3):
        start = time.perf_counter()
        simulate("literature_like", 5000, seed)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.2


@pytest.mark.parametrize(("n", "seed", "message"), [(0, 1, "at least one person"), (5, -1, "at least 0")])
def test_an_impossible_size_or_seed_is_refused(n: int, seed: int, message: str) -> None:
    with pytest.raises(CohortError, match=message):
        simulate("literature_like", n, seed)


def test_an_intervention_on_an_unknown_node_is_refused() -> None:
    with pytest.raises(CohortError, match="no node 'aids'"):
        intervene("literature_like", {"aids": 1}, 10, 1)
