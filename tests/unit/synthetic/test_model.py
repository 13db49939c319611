"""The graph that the code implies is the graph that is declared."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from cohort.synthetic import load_scenario
from cohort.synthetic.model import MODEL, NODES, descendants, edges, order, path_between
from cohort.synthetic.node import Knobs, Noise, Parents, ordinal
from cohort.synthetic.simulate import draw_block

KINSHIP = {"family", "role"}
"""Who is related to whom: it correlates people, and causes nothing within one."""

FOLDED = {"u_fam": ("u_family", "u_person"), "aid_clock": ("aid_past", "aid")}
"""Nodes of the code that stand for two of the declared list.

The liability is the sum of its two parts. The clock of a disease makes it begin in the past or in the present: its
causes are causes of both, and that a disease of the past is one of the present too is the declared edge between them.
"""


def _collapsed() -> set[tuple[str, str]]:
    """Return the code's edges in the names of the declared list."""
    found = set()
    for parent, child in edges():
        if parent in KINSHIP or child in KINSHIP:
            continue
        a, b = NODES[parent].stands_for, NODES[child].stands_for
        if b == "u_fam" or (a, b) == ("aid_clock", "aid_past"):
            continue
        if a == "aid_clock":
            found.add(("aid_past", b))
            continue
        found |= {(x, y) for x in FOLDED.get(a, (a,)) for y in FOLDED.get(b, (b,)) if x != y}
    return found


def _declared(repository: Path) -> set[tuple[str, str]]:
    with (repository / "data_schema" / "dag_edges.csv").open(encoding="utf-8", newline="") as file:
        return {(row["from"], row["to"]) for row in csv.DictReader(file)}


def test_every_edge_of_the_code_is_declared(repository: Path) -> None:
    assert _collapsed() - _declared(repository) == set()


def test_every_declared_edge_is_in_the_code(repository: Path) -> None:
    assert _declared(repository) - _collapsed() == set()


def test_every_edge_of_the_blueprint_is_still_declared(repository: Path) -> None:
    """The blueprint's list; ``u_fam`` is two nodes there since its corrections."""
    blueprint = repository.parent / "shared" / "science" / "dag_edges.csv"
    if not blueprint.is_file():
        pytest.skip("the blueprint does not lie beside this checkout")
    with blueprint.open(encoding="utf-8", newline="") as file:
        rows = [(row["from"], row["to"]) for row in csv.DictReader(file)]
    # Prenatal exposures follow the family's liability alone: the person's own part is not there yet (corrections).
    prenatal = {"prenatal_infection", "prenatal_stress"}
    wanted = {
        (cause, b)
        for a, b in rows
        for cause in (("u_family",) if b in prenatal else FOLDED["u_fam"] if a == "u_fam" else (a,))
        if a == "u_fam" or cause == a
    }
    wanted |= {(a, b) for a, b in rows if a != "u_fam"}
    assert wanted - _declared(repository) == set()


def test_the_nodes_are_those_that_the_blueprint_asks_for() -> None:
    asked = {
        "hsv1", "toxoplasma", "glutathione_true", "igg_true", "ssri_t0", "nsaid", "statin", "glucocorticoid",
        "accidental_injury", "paternal_infection", "u_family", "u_person", "aid_past", "dep_past", "aid", "dep",
        "kyn_trp", "trp", "platelet_5ht", "microbiome", "cortisol", "httlpr", "s_clinic", "s_volunteer", "r_ctq",
        "r_blood",
    }  # fmt: skip
    assert asked <= set(NODES)


def test_causes_stand_before_their_effects() -> None:
    place = {node.name: k for k, node in enumerate(MODEL)}
    assert len(place) == len(MODEL)
    assert all(place[cause] < place[effect] for cause, effect in edges())
    assert order() == tuple(place)


def test_an_added_cause_may_change_the_order_and_may_not_close_a_circle() -> None:
    added = {"paternal_infection": ("accidental_injury",)}
    changed = order(added)
    assert changed.index("accidental_injury") < changed.index("paternal_infection")
    with pytest.raises(ValueError, match="circle"):
        order({"sex": ("dep",)})
    assert path_between("dep", "phq9") == ("dep", "severity", "phq9")
    assert path_between("phq9", "dep") == ()


def test_every_equation_reads_exactly_its_declared_parents() -> None:
    scenario = load_scenario("literature_like")
    values: dict[str, np.ndarray] = {}
    for node in MODEL:
        of = Parents(node.name, node.parents, values, scenario.reference, scenario.scale)
        values[node.name] = node.draw(of, Knobs(node.name, scenario.knobs[node.settings]), Noise(1, 0, node.name, 50))
        assert of.read == set(node.parents), node.name
        columns = values[node.name].shape[1] if values[node.name].ndim == 2 else 0
        assert columns == node.columns, node.name


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


def test_every_number_of_the_default_belongs_to_a_node_that_uses_numbers() -> None:
    """A number that no equation reads would be a knob without effect."""
    scenario = load_scenario("default")

    class Watched(Knobs):
        used: ClassVar[set[str]] = set()

        def __getitem__(self, name: str) -> float:
            self.used.add(f"{self._node}.{name}")
            return super().__getitem__(name)

        def numbers(self, name: str) -> np.ndarray:
            self.used.add(f"{self._node}.{name}")
            return super().numbers(name)

        def group(self, name: str) -> dict[str, float]:
            self.used.add(f"{self._node}.{name}")
            return dict(super().group(name))

    values: dict[str, np.ndarray] = {}
    for node in MODEL:
        of = Parents(node.name, node.parents, values, scenario.reference, scenario.scale)
        knobs = Watched(node.settings, scenario.knobs[node.settings])
        values[node.name] = node.draw(of, knobs, Noise(1, 0, node.name, 50))
    for_the_export = {"limit", "upper", "decimals"}
    all_of = scenario.knobs.items()
    written = {f"{name}.{knob}" for name, knobs in all_of for knob in knobs if knob not in for_the_export}
    assert written - Watched.used == {"birth_year.first_survey_year"} - Watched.used


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


def test_exponentials_of_normals_are_exponentials_in_the_same_order() -> None:
    z = Noise(1, 0, "test", 4096).normal()
    waiting = Noise.exponential_of(z)
    assert np.array_equal(np.argsort(z), np.argsort(waiting))
    assert waiting.mean() == pytest.approx(1, abs=0.06)
    assert np.median(waiting) == pytest.approx(np.log(2), abs=0.06)
