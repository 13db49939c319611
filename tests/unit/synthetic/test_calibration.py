"""The default world lands on the numbers of the literature."""

from __future__ import annotations

import numpy as np
import pytest

from cohort.errors import CohortError
from cohort.synthetic import calibration_table, load_scenario, simulate, solve_knob


def test_every_row_lies_in_its_range_or_says_why_not() -> None:
    table = calibration_table(150_000, seed=2)
    missed = table[~table["in_range"]]
    assert missed.loc[missed["reason"] == "", "quantity"].tolist() == []
    assert len(missed) <= 3
    assert len(table) > 50


def test_a_shifted_constant_leaves_the_range() -> None:
    world = load_scenario("literature_like").with_changes({"dep.intercept": -3.0})
    table = calibration_table(20_000, seed=2, scenario=world).set_index("quantity")
    assert not table.loc["depression in the last 12 months", "in_range"]


def test_a_constant_called_solved_is_found_again() -> None:
    found = solve_knob("literature_like", "smoking.intercept", "smoking", 0.20, (-4, 0), n=50_000)
    assert found == pytest.approx(load_scenario("literature_like").knob("smoking.intercept"), abs=0.03)


def test_a_bracket_without_an_answer_is_refused() -> None:
    with pytest.raises(CohortError, match="no value in the bracket"):
        solve_knob("literature_like", "smoking.intercept", "smoking", 0.20, (-1, 0), n=2000)


def test_three_subgroups_lie_two_standard_deviations_apart() -> None:
    nodes = simulate("true_three_subgroups", 100_000, seed=2).nodes
    count = nodes["blood_count"]
    markers = np.log(np.column_stack([nodes["crp_obs"], nodes["il6_obs"], nodes["tnf_obs"], count[:, 1] / count[:, 2]]))
    group = nodes["subgroup"]
    centres = np.array([markers[group == k].mean(axis=0) for k in range(3)])
    within = np.cov((markers - centres[group]).T)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        gap = centres[a] - centres[b]
        assert np.sqrt(gap @ np.linalg.solve(within, gap)) == pytest.approx(2, abs=0.1)
    assert np.allclose(np.bincount(group) / len(group), [0.55, 0.27, 0.18], atol=0.01)
