"""The graph that the code implies is the graph that is declared."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from cohort.synthetic import load_scenario
from cohort.synthetic.model import MODEL, NODES, descendants, edges
from cohort.synthetic.node import Knobs, Noise, Parents, ordinal
from cohort.synthetic.simulate import draw_block

NOT_IN_THE_DECLARED_LIST = {
    ("season", "visit_day"): "the day lies in the month",
    ("visit_day", "birth_year"): "a calendar year is the year of the visit minus age",
    ("age", "smoked_before"): "former smoking is recorded and has no effect",
    ("smoking", "smoked_before"): "as above",
    ("subgroup", "crp_obs"): "latent classes of scenario S8, without effect elsewhere",
    ("subgroup", "il6_obs"): "as above",
    ("subgroup", "tnf_obs"): "as above",
    ("subgroup", "blood_count"): "as above",
    ("plate", "tnf_obs"): "cytokines are measured on one plate",
    ("wbc_nlr", "blood_count"): "the declared list measures nothing but CRP and cytokines",
    ("cmv", "cmv_igg"): "as above",
    ("ebv_titre", "ebv_igg"): "as above",
}
NOT_IN_THIS_CUT = {
    ("dep", "plate"): "off by default; the batch world",
    ("trauma", "cortisol"): "no cortisol yet",
}


def _collapsed() -> set[tuple[str, str]]:
    """Return the code's edges in the names of the declared list."""
    found = set()
    for parent, child in edges():
        a, b = NODES[parent].stands_for, NODES[child].stands_for
        for cause in ("u_family", "u_person") if a == "u_fam" else (a,):
            if b != "u_fam" and cause != b:
                found.add((cause, b))
    return found


def _declared(repository: Path) -> set[tuple[str, str]]:
    with (repository / "data_schema" / "dag_edges.csv").open(encoding="utf-8", newline="") as file:
        return {(row["from"], row["to"]) for row in csv.DictReader(file)}


def test_every_edge_of_the_code_is_declared(repository: Path) -> None:
    assert _collapsed() - _declared(repository) == set(NOT_IN_THE_DECLARED_LIST)


def test_every_declared_edge_between_present_nodes_is_in_the_code(repository: Path) -> None:
    present = {node.stands_for for node in MODEL} - {"u_fam"}
    wanted = {(a, b) for a, b in _declared(repository) if a in present and b in present}
    assert wanted - _collapsed() == {edge for edge in NOT_IN_THIS_CUT if set(edge) <= present}


def test_causes_stand_before_their_effects() -> None:
    place = {node.name: position for position, node in enumerate(MODEL)}
    assert len(place) == len(MODEL)
    assert all(place[cause] < place[effect] for cause, effect in edges())


def test_every_equation_reads_exactly_its_declared_parents() -> None:
    scenario = load_scenario("literature_like")
    values: dict[str, np.ndarray] = {}
    for node in MODEL:
        of = Parents(node.name, node.parents, values, scenario.reference)
        values[node.name] = node.draw(of, Knobs(node.name, scenario.knobs[node.name]), Noise(1, 0, node.name, 50))
        assert of.read == set(node.parents), node.name


def test_an_equation_cannot_read_what_is_not_its_parent() -> None:
    of = Parents("bmi", ("age",), {"age": np.zeros(3), "dep": np.zeros(3)}, {})
    with pytest.raises(KeyError, match="not among its parents"):
        _ = of.dep


def test_every_strength_belongs_to_a_parent_and_every_node_says_its_equation() -> None:
    scenario = load_scenario("literature_like")
    for node in MODEL:
        for group in ("slope", "odds_ratio", "rate_ratio"):
            strengths = scenario.knobs[node.name].get(group, {})
            assert set(strengths) <= set(node.parents), (node.name, group)
        assert node.equation


def test_a_changed_number_moves_only_the_node_and_its_descendants() -> None:
    scenario = load_scenario("literature_like")
    before = draw_block(scenario, 3, 0, 500)
    after = draw_block(scenario.with_changes({"smoking.intercept": 0.0}), 3, 0, 500)
    moved = {name for name in before if not np.array_equal(before[name], after[name])}
    assert moved <= descendants(["smoking"]) | {"smoking"}
    assert {"smoking", "inflam", "crp_obs", "dep", "phq9"} <= moved


def test_counts_have_the_mean_and_the_variance_of_a_poisson() -> None:
    counts = Noise(1, 0, "test", 4096).count(np.full(4096, 1.7))
    assert abs(counts.mean() - 1.7) < 4 * np.sqrt(1.7 / 4096)
    assert abs(counts.var() - 1.7) < 0.2


def test_a_graded_response_counts_the_thresholds_passed() -> None:
    thresholds = np.array([[-1.0, 0.0, 1.0]])
    assert ordinal(np.array([[-2.0], [-0.5], [0.5], [3.0]]), thresholds).ravel().tolist() == [0, 1, 2, 3]
