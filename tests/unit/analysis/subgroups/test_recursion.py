"""Claims about the number of groups: two stay two, three not in a row become three, and what is said is "at least"."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cohort.analysis.subgroups import recursion
from cohort.analysis.subgroups.clusterings import adjusted_rand, crossed
from cohort.analysis.subgroups.gate import THRESHOLD, GateResult, discrete_subgroups
from cohort.analysis.subgroups.preparation import PreparedMarkers, prepare_markers
from cohort.analysis.subgroups.recursion import GroupsNumber, groups_number_table, number_of_groups
from cohort.disclosure import Disclosure
from cohort.protection import protect_table
from cohort.results import NotTestable

NAMES = ("a", "b", "c", "d")
CORNERS = np.array([[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [0.5, np.sqrt(0.75), 0.0, 0.0]])


def drawn(seed: int, centres: np.ndarray, n: int = 1200) -> tuple[PreparedMarkers, np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    group = rng.integers(len(centres), size=n)
    values = np.exp(0.4 * (rng.standard_normal((n, 4)) + centres[group]))
    return prepare_markers(pd.DataFrame(values, columns=list(NAMES)), NAMES, (), rng=rng), group, rng


def told(seed: int, centres: np.ndarray) -> tuple[GroupsNumber, np.ndarray]:
    prepared, group, rng = drawn(seed, centres)
    gate = discrete_subgroups(prepared, rng=rng, splits=4, draws=59)
    found = number_of_groups(prepared, gate, rng=rng, splits=4, draws=59)
    assert isinstance(found, GroupsNumber)
    return found, group


def agreement(found: GroupsNumber, group: np.ndarray) -> float:
    assert found.assignment is not None
    return float(adjusted_rand(crossed(found.assignment.to_numpy(dtype=np.int64)[None] - 1, group[None], 4))[0])


def test_two_groups_are_told_to_be_at_least_two_and_everybody_is_placed() -> None:
    found, group = told(3, 4.5 * CORNERS[:2])
    assert found.at_least == 2
    assert found.words.startswith("At least two groups:")
    assert agreement(found, group) > 0.85
    assert [step.part for step in found.steps] == ["whole", "lower", "upper"]
    assert found.steps[1].people + found.steps[2].people == 1200


def test_three_groups_that_are_not_in_a_row_are_told_to_be_three() -> None:
    found, group = told(3, 5 * CORNERS)
    assert found.at_least == 3
    assert agreement(found, group) > 0.85
    assert found.assignment is not None
    assert sorted(found.assignment.unique()) == [1, 2, 3]


def test_parts_together_have_the_error_rate_of_one_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    """The threshold rises with the number of parts on a level; here every part of at least 200 people is tier 3."""
    asked: list[float] = []

    def always(*_: object, threshold: float, **__: object) -> int:
        asked.append(threshold)
        return 3

    monkeypatch.setattr(recursion, "tier_of_groups", always)
    found, _ = told(3, 4.5 * CORNERS[:2])
    levels = sorted({step.threshold for step in found.steps})
    assert levels[0] == THRESHOLD
    assert stats.norm.sf(levels[1]) * 2 == pytest.approx(stats.norm.sf(THRESHOLD))
    assert all(later >= levels[1] for later in asked)
    assert any(step.reason for step in found.steps)


def test_below_tier_3_no_group_is_named() -> None:
    prepared, _, rng = drawn(5, CORNERS[:1], 400)
    gate = discrete_subgroups(prepared, rng=rng, splits=4, draws=59)
    assert isinstance(gate, GateResult)
    found = number_of_groups(prepared, gate, rng=rng)
    assert isinstance(found, GroupsNumber)
    assert (found.at_least, found.assignment) == (1, None)
    assert found.words == f"No groups are named: {gate.wording}"


def test_what_the_gate_could_not_be_asked_has_no_number() -> None:
    prepared, _, rng = drawn(5, CORNERS[:1], 300)
    found = number_of_groups(prepared, NotTestable("Discrete subgroups", "too few", claims=("IP-40",)), rng=rng)
    assert isinstance(found, NotTestable)
    assert found.reason == "too few"
    assert "not testable: too few" in groups_number_table(found).data.iloc[0, 0]


def test_the_table_suppresses_small_parts() -> None:
    steps = (recursion.PartAsked("whole", 203, 3, 1.28), recursion.PartAsked("upper", 3, None, 1.64, "fewer"))
    table = groups_number_table(GroupsNumber(2, "At least two groups.", steps, None))
    shown = protect_table(table, Disclosure(minimum_count=5, round_to=5))["people"].astype("str").tolist()
    assert not {"3", "203", "<NA>3"} & set(shown)


@pytest.mark.slow
@pytest.mark.parametrize("shape", ["gaussian", "skewed"])
def test_two_groups_are_seldom_told_to_be_three(shape: str) -> None:
    """40 data sets: at a true error rate of 5 % six or more would come once in 70 runs."""
    draws: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
        "gaussian": lambda rng, n: rng.standard_normal((n, 4)),
        "skewed": lambda rng, n: np.sqrt(0.5) * (rng.standard_normal((n, 4)) + rng.exponential(size=(n, 4))),
    }
    numbers = []
    for seed in range(40):
        rng = np.random.default_rng([seed, 911])
        group = rng.random((1000, 1)) < 0.4
        values = np.exp(0.4 * (draws[shape](rng, 1000) + 4 * group * CORNERS[1]))
        prepared = prepare_markers(pd.DataFrame(values, columns=list(NAMES)), NAMES, (), rng=rng)
        found = number_of_groups(prepared, discrete_subgroups(prepared, rng=rng), rng=rng)
        assert isinstance(found, GroupsNumber)
        numbers.append(found.at_least)
    assert sum(number > 2 for number in numbers) <= 5, numbers
