"""The default world lands on the numbers of the literature."""

from __future__ import annotations

import numpy as np
import pytest

from cohort.errors import CohortError
from cohort.synthetic import calibration_table, calibration_text, load_scenario, simulate, solve_constants, solve_knob
from cohort.synthetic.solving import CONSTANTS


def test_every_row_lies_in_its_range_or_says_why_not() -> None:
    table = calibration_table(150_000, seed=2)
    missed = table[~table["in_range"]]
    assert missed.loc[missed["reason"] == "", "quantity"].tolist() == []
    assert len(missed) <= 14
    assert len(table) > 120


def test_a_shifted_constant_leaves_the_range() -> None:
    world = load_scenario("literature_like").with_changes({"dep.intercept": -3.0})
    table = calibration_table(20_000, seed=2, scenario=world).set_index("quantity")
    assert not table.loc["depression in the last 12 months", "in_range"]


def test_a_constant_called_solved_is_found_again() -> None:
    wanted = [constant for constant in CONSTANTS if constant.path in {"smoking.intercept", "dep_onset.rate"}]
    default = load_scenario("default")
    for path, value in solve_constants(default, wanted, n=100_000).items():
        assert value == pytest.approx(default.knob(path), abs=0.03), path


def test_every_solved_constant_hits_its_target() -> None:
    """In other people than those it was solved with, so within their chance."""
    people = simulate("default", 250_000, 5, nodes={constant.node for constant in CONSTANTS}).nodes
    for constant in CONSTANTS:
        values = people[constant.node]
        size = abs(constant.target)
        spread = 1.5 * size / np.sqrt(250_000 * min(size, 1)) if size else 0.005
        assert abs(constant.statistic(values) - constant.target) < 4 * spread + 0.02 * size, constant.path


def test_the_text_names_what_misses_and_why() -> None:
    text = calibration_text(calibration_table(20_000, seed=2))
    assert "quantities lie in their range" in text
    assert "* PHQ-9, SD: " in text


def test_a_bracket_without_an_answer_is_refused() -> None:
    with pytest.raises(CohortError, match="no value in the bracket"):
        solve_knob("literature_like", "smoking.intercept", "smoking", 0.20, (-1, 0), n=2000)


@pytest.mark.parametrize(
    ("scenario", "apart"), [("three_subgroups_near", 1.5), ("true_three_subgroups", 2.0), ("three_subgroups_far", 3.0)]
)
def test_three_subgroups_lie_as_far_apart_as_they_say(scenario: str, apart: float) -> None:
    wanted = ["crp_obs", "il6_obs", "tnf_obs", "blood_count", "subgroup"]
    nodes = simulate(scenario, 100_000, seed=2, nodes=wanted).nodes
    count = nodes["blood_count"]
    markers = np.log(np.column_stack([nodes["crp_obs"], nodes["il6_obs"], nodes["tnf_obs"], count[:, 1] / count[:, 2]]))
    group = nodes["subgroup"]
    centres = np.array([markers[group == k].mean(axis=0) for k in range(3)])
    within = np.cov((markers - centres[group]).T)
    for a, b in ((0, 1), (0, 2), (1, 2)):
        gap = centres[a] - centres[b]
        assert np.sqrt(gap @ np.linalg.solve(within, gap)) == pytest.approx(apart, abs=0.1)
    assert np.allclose(np.bincount(group) / len(group), [0.55, 0.27, 0.18], atol=0.01)
