"""Figures of results by stratum, subgroup and size, and the causal graph."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Rectangle

from cohort.disclosure import Disclosure
from cohort.plots import (
    draw_axis,
    draw_detectable,
    draw_graph,
    draw_interaction,
    draw_missed,
    draw_null_distribution,
    draw_profiles,
    draw_strata,
)
from cohort.plots.layering import layered
from cohort.results import Estimate, NotTestable

STRICT, OFF = Disclosure(5, 5), Disclosure.off()


def share(label: str, value: float, n: int = 400) -> Estimate:
    return Estimate(label, "prevalence", value, 0.02, n=n)


def test_each_stratum_and_group_is_a_bar_in_percent(words: Callable[[Axes], list[str]]) -> None:
    groups = {"no": [share("<1", 0.4), share(">10", 0.1)], "yes": [share("<1", 0.2), NotTestable(">10", "too few")]}
    ax = draw_strata(groups, disclosure=STRICT)
    bars = [patch.get_height() for patch in ax.patches if isinstance(patch, Rectangle)]
    assert np.allclose(sorted(bars), [10, 20, 40])
    assert "not testable" in words(ax)
    assert any(text.startswith("Not testable: too few.") for text in words(ax))
    assert "too few" in words(draw_strata({"no": [NotTestable("<1", "too few")]}, disclosure=STRICT))


def test_the_cells_of_an_interaction_are_points_with_intervals(words: Callable[[Axes], list[str]]) -> None:
    cells = {"no trauma": [share("low", 0.06), share("high", 0.08)],
             "trauma": [share("low", 0.14), share("high", 0.22, 3)]}  # fmt: skip
    contrast = Estimate("RERI", "relative excess risk due to interaction", 0.9, 0.1, null=0.0)
    ax = draw_interaction(cells, contrasts=[contrast, NotTestable("Ratio", "too few")], disclosure=STRICT)
    assert np.allclose(ax.lines[0].get_ydata(), [6, 8])
    shown = words(ax)
    assert {"6.0 (n = 400)", "8.0 (n = 400)"} <= set(shown)
    assert not any(text.startswith("22.0") for text in shown)
    assert any("withheld: fewer than 5 people" in text.replace("\n", " ") for text in shown)
    assert any("RERI: 0.90 (0.70–1.10). Ratio: not testable, too few." in text.replace("\n", " ") for text in shown)
    assert "too few" in words(draw_interaction({"a": [NotTestable("low", "too few")]}, disclosure=STRICT))


def test_the_p_value_counts_the_observed_data_set(words: Callable[[Axes], list[str]]) -> None:
    ax = draw_null_distribution(np.arange(99.0), 97.5)
    assert "observed 97.5\np = 0.020" in words(ax)
    assert any("not available" in text for text in words(draw_null_distribution([], 1.0)))


def test_the_axis_shows_a_density_with_its_curves(words: Callable[[Axes], list[str]]) -> None:
    values = np.random.default_rng(1).normal(size=2000)
    x = np.linspace(-3, 3, 20)
    ax = draw_axis(values, curves={"one peak": (x, np.exp(-(x**2) / 2))}, disclosure=STRICT)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one peak"]
    heights, edges, _ = ax.patches[0].get_data()
    assert (heights * np.diff(edges)).sum() == pytest.approx(1, abs=0.03)
    assert any("too few people" in text for text in words(draw_axis([1.0, 2.0], disclosure=STRICT)))


def test_a_profile_of_few_people_is_not_shown(words: Callable[[Axes], list[str]]) -> None:
    profile = pd.DataFrame({"CRP": [0.5, 2.25], "IL-6": [-1.0, 1.25]}, index=["A", "B"])
    shown = words(draw_profiles(profile, sizes={"A": 403, "B": 4}, disclosure=STRICT))
    assert {"+0.50", "−1.00", "A\nn = 405", "B\nn < 5"} <= set(shown)
    assert not {"+2.25", "+1.25"} & set(shown)
    assert "there are no groups to show" in words(draw_profiles(profile.head(0), disclosure=STRICT))


def test_this_cohort_is_marked_on_the_curve(words: Callable[[Axes], list[str]]) -> None:
    curve = pd.DataFrame({"n": [100, 1000, 10000], "odds_ratio": [np.inf, 2.5, 1.4]})
    ax = draw_detectable(curve, here=(4321, 1.6), claimed=3, claimed_label="threefold", disclosure=STRICT)
    assert {"this cohort: 4,320 people\nwould show 1.60", "threefold"} <= set(words(ax))
    assert np.isfinite(ax.get_ylim()).all()
    assert "absent" in words(draw_detectable(NotTestable("RA", "absent"), disclosure=STRICT))
    assert any("no odds ratio" in text for text in words(draw_detectable(curve.head(1), disclosure=STRICT)))


def test_what_would_be_missed_is_a_curve_per_series(words: Callable[[Axes], list[str]]) -> None:
    found = pd.DataFrame({"separation": [1, 2, 1, 2], "power": [0.1, 0.9, 0.2, 1.0], "series": ["a", "a", "b", "b"]})
    ax = draw_missed(found)
    assert [list(line.get_ydata()) for line in ax.lines[:2]] == [[10, 90], [20, 100]]
    assert "the power is not known" in words(draw_missed(found.head(0)))


GRAPH: nx.DiGraph = nx.DiGraph(
    [("age", "aid"), ("age", "dep"), ("u", "aid"), ("u", "dep"), ("aid", "crp"), ("crp", "dep"), ("age", "crp")]
)
LAYERS = {"age": 0, "u": 0, "aid": 1, "crp": 2, "dep": 3}


def test_the_graph_has_a_box_per_node_and_an_arrow_per_edge(words: Callable[[Axes], list[str]]) -> None:
    ax = draw_graph(GRAPH, LAYERS, exposure="aid", outcome="dep", adjusted=["age"], latent=["u"],
                    open_paths=[("aid", "u", "dep")], labels={"aid": "Autoimmune disease"})  # fmt: skip
    assert len([p for p in ax.patches if isinstance(p, FancyBboxPatch)]) == 5
    assert len([p for p in ax.patches if isinstance(p, FancyArrowPatch)]) == 7
    shown = [text.replace("\n", " ") for text in words(ax)]
    assert {"Autoimmune disease", "path left open", "adjusted for", "not measured"} <= set(shown)
    closed = draw_graph(GRAPH, LAYERS, exposure="aid", outcome="dep", adjusted=["age", "u"])
    assert "path left open" not in words(closed)


def test_no_edge_runs_through_a_node() -> None:
    ax = draw_graph(GRAPH, LAYERS, exposure="aid", outcome="dep")
    boxes = [p.get_bbox() for p in ax.patches if isinstance(p, FancyBboxPatch)]
    for arrow in (p for p in ax.patches if isinstance(p, FancyArrowPatch)):
        points = arrow._path_original.interpolated(1).to_polygons(closed_only=False)[0]
        for box in boxes:
            assert not any(box.x0 + 0.02 < x < box.x1 - 0.02 and box.y0 < y < box.y1 for x, y in points)


def test_causes_stand_left_of_effects_even_in_one_layer() -> None:
    graph: nx.DiGraph = nx.DiGraph([("a", "b"), ("b", "c"), ("a", "c")])
    columns = layered(graph, {"a": 1, "b": 1, "c": 1}).columns
    assert [next(slot for slot in column if isinstance(slot, str)) for column in columns] == ["a", "b", "c"]


def test_nodes_of_a_column_keep_their_distance() -> None:
    rng = np.random.default_rng(4)
    names = [f"n{i:02d}" for i in range(14)]
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(pair for pair in itertools.combinations(names, 2) if rng.random() < 0.25)
    found = layered(graph, {name: int(i // 3) for i, name in enumerate(names)})
    for column in found.columns:
        heights = [found.height[slot] for slot in column if isinstance(slot, str)]
        assert len(heights) < 2 or np.diff(heights).min() > 0.99


def test_a_cycle_is_refused_and_a_missing_node_is_said(words: Callable[[Axes], list[str]]) -> None:
    cycle: nx.DiGraph = nx.DiGraph([("aid", "dep"), ("dep", "aid")])
    with pytest.raises(ValueError, match="no cycle"):
        draw_graph(cycle, {}, exposure="aid", outcome="dep")
    assert any("lacks" in text for text in words(draw_graph(GRAPH, LAYERS, exposure="x", outcome="dep")))


def test_cells_with_almost_the_same_risk_are_still_readable(
    overlapping: Callable[[Axes], list[tuple[str, str]]],
) -> None:
    cells = {level: [share("low", 0.1 + shift), share("high", 0.1)] for level, shift in (("no", 0.0), ("yes", 0.002))}
    assert overlapping(draw_interaction(cells, disclosure=STRICT)) == []
