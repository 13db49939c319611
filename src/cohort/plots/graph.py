"""A causal graph, from causes on the left to effects on the right."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import networkx as nx
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, Patch
from matplotlib.path import Path

from cohort.plots.layering import Layering, Slot, layered
from cohort.plots.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    VERMILION,
    WIDTH,
    empty_axes,
    given_or_new,
    legend_below,
    room,
    set_title,
    use_style,
)
from cohort.plots.text import SMALL, line_count, line_height, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LOOKS: dict[str, tuple[dict[str, Any], str, str]] = {
    "exposure": ({"facecolor": BLUE, "edgecolor": BLUE}, "white", "exposure"),
    "outcome": ({"facecolor": GREEN, "edgecolor": GREEN}, "white", "outcome"),
    "adjusted": ({"facecolor": "#dedede", "edgecolor": INK, "linewidth": 1.6}, INK, "adjusted for"),
    "latent": ({"facecolor": "white", "edgecolor": MUTED, "linestyle": (0, (3, 2))}, MUTED, "not measured"),
    "other": ({"facecolor": "white", "edgecolor": MUTED}, INK, "measured, not adjusted for"),
}


@dataclass(frozen=True)
class _Plan:
    """Everything in inches: centre and size of each node, left edge and width of each column."""

    labels: Mapping[str, str]
    centre: Mapping[Slot, tuple[float, float]]
    widths: Mapping[str, float]
    box_height: float
    reach: Mapping[Slot, float]
    height: float


def _plan(found: Layering, labels: Mapping[str, str], width: float) -> _Plan:
    columns = len(found.columns)
    words = {node: label.replace("_", " ") for node, label in labels.items()}
    longest = max(text_width(word) for label in words.values() for word in label.split())
    each = max(min(1.75, width / columns - 0.35), min(longest, 1.3))
    wrapped = {node: wrap(label, each) for node, label in words.items()}
    wide = {node: max(text_width(line) for line in text.split("\n")) + 0.16 for node, text in wrapped.items()}
    tall = max(line_count(text) for text in wrapped.values()) * line_height(SMALL) + 0.14
    across = [max([wide[s] for s in column if isinstance(s, str)] or [0.3]) for column in found.columns]
    gap = (width - sum(across)) / max(columns - 1, 1)
    step = tall + 0.22
    top = min(found.height.values())
    centre: dict[Slot, tuple[float, float]] = {}
    reach: dict[Slot, float] = {}
    left = 0.0
    for column, size in zip(found.columns, across, strict=True):
        for slot in column:
            centre[slot] = (left + size / 2, (found.height[slot] - top) * step + tall / 2)
            reach[slot] = (wide[slot] if isinstance(slot, str) else size) / 2
        left += size + gap
    height = (max(found.height.values()) - top) * step + tall
    return _Plan(wrapped, centre, wide, tall, reach, height)


def _ports(found: Layering, plan: _Plan) -> dict[tuple[tuple[str, str], int], float]:
    """Return how far from the middle of a node each edge leaves (0) and arrives (-1), so that arrows stand apart."""
    ports: dict[tuple[tuple[str, str], int], float] = {}
    for end, neighbour in ((0, 1), (-1, -2)):
        for node in plan.labels:
            edges = [edge for edge in found.routes if edge[end] == node]
            edges.sort(key=lambda edge: plan.centre[found.routes[edge][neighbour]][1])
            spread = min(0.7 * plan.box_height, 0.13 * (len(edges) - 1))
            for number, edge in enumerate(edges):
                ports[edge, end] = spread * (number / (len(edges) - 1) - 0.5) if len(edges) > 1 else 0.0
    return ports


def _curve(route: Sequence[Slot], plan: _Plan, start: float, end: float) -> Path:
    """Return a curve that leaves and enters every column level, so that it passes between nodes."""
    stops: list[tuple[float, float]] = []
    for number, slot in enumerate(route):
        x, y = plan.centre[slot]
        first, last = number == 0, number == len(route) - 1
        y += start if first else end if last else 0.0
        stops += [] if first else [(x - plan.reach[slot], y)]
        stops += [] if last else [(x + plan.reach[slot], y)]
    points, codes = [stops[0]], [Path.MOVETO]
    for number, (one, other) in enumerate(itertools.pairwise(stops)):
        if number % 2:
            points.append(other)
            codes.append(Path.LINETO)
        else:
            middle = (one[0] + other[0]) / 2
            points += [(middle, one[1]), (middle, other[1]), other]
            codes += [Path.CURVE4] * 3
    return Path(points, codes)


def _edge_kinds(
    graph: nx.DiGraph[str],
    exposure: str,
    outcome: str,
    adjusted: Collection[str],
    open_paths: Collection[Sequence[str]],
) -> dict[tuple[str, str], str]:
    opened = {frozenset(pair) for path in open_paths for pair in itertools.pairwise(path)}
    caused: set[str] = nx.descendants(graph, exposure)
    causes: set[str] = nx.ancestors(graph, outcome)
    causal = outcome in caused
    way = (caused & causes) | {exposure, outcome}
    kinds = {}
    for edge in graph.edges:
        if frozenset(edge) in opened:
            kinds[edge] = "open"
        elif edge[0] in adjusted:
            kinds[edge] = "closed"
        else:
            kinds[edge] = "causal" if causal and set(edge) <= way else "other"
    return kinds


_EDGES = {
    "open": (VERMILION, 2.0, "path left open"),
    "causal": (BLUE, 1.8, "from exposure to outcome"),
    "closed": ("#4d4d4d", 1.1, "path closed by adjustment"),
    "other": ("#9a9a9a", 0.9, "other cause"),
}
_FRONT = ("open", "causal")
_DOTTED = (0, (1.5, 1.5))


@use_style()
def draw_graph(
    graph: nx.DiGraph[str],
    layers: Mapping[str, int],
    *,
    exposure: str,
    outcome: str,
    adjusted: Collection[str] = (),
    latent: Collection[str] = (),
    open_paths: Collection[Sequence[str]] = (),
    labels: Mapping[str, str] | None = None,
    title: str = "What is assumed to cause what",
    ax: Axes | None = None,
) -> Axes:
    """Return a causal graph in layers, from causes on the left to effects on the right.

    Parameters
    ----------
    graph
        Directed and acyclic, with at most about fourteen nodes to stay readable: draw the part that matters.
    layers
        Layer of each node.
    exposure, outcome
        The two nodes of the question.
    adjusted, latent
        Nodes that the analysis adjusts for, and nodes that are not measured.
    open_paths
        Paths, as sequences of nodes, that are not causal and that the adjustment leaves open.
    labels
        Names of nodes for readers.
    title
        What is shown.
    ax
        Where to draw; None makes a figure that is as tall as it must be.

    Raises
    ------
    ValueError
        If the graph has a cycle.
    """
    if exposure not in graph or outcome not in graph:
        return empty_axes(ax, "the graph lacks the exposure or the outcome", title=title)
    if not nx.is_directed_acyclic_graph(graph):
        raise ValueError("a causal graph has no cycle")
    width = (WIDTH if ax is None else room(ax)) - 0.2
    found = layered(graph, layers)
    names = {node: (labels or {}).get(node, node) for node in graph}
    plan = _plan(found, names, width)
    ax = given_or_new(ax, WIDTH, plan.height + 1.05)
    ax.set_axis_off()
    ax.set(xlim=(-0.05, width + 0.05), ylim=(plan.height + 0.08, -0.08))
    kinds = _edge_kinds(graph, exposure, outcome, adjusted, open_paths)
    ports = _ports(found, plan)
    for edge in sorted(found.routes, key=lambda edge: (kinds[edge] in _FRONT, kinds[edge] == "open", edge)):
        colour, thick, _ = _EDGES[kinds[edge]]
        style = _DOTTED if kinds[edge] == "closed" else "solid"
        path = _curve(found.routes[edge], plan, ports[edge, 0], ports[edge, -1])
        arrow = FancyArrowPatch(path=path, arrowstyle="-|>", mutation_scale=8 + 2 * thick, color=colour,
                                linewidth=thick, shrinkA=0, shrinkB=0, zorder=3 if kinds[edge] in _FRONT else 2,
                                linestyle=style, clip_on=False)  # fmt: skip
        ax.add_patch(arrow)
    roles = {node: _role(node, exposure, outcome, adjusted, latent) for node in graph}
    for node, text in plan.labels.items():
        x, y = plan.centre[node]
        look, ink, _ = _LOOKS[roles[node]]
        size = plan.widths[node], plan.box_height
        box = FancyBboxPatch((x - size[0] / 2, y - size[1] / 2), *size, boxstyle="round,pad=0,rounding_size=0.05",
                             zorder=4, clip_on=False, **look)  # fmt: skip
        ax.add_patch(box)
        ax.text(x, y, text, ha="center", va="center", fontsize=SMALL, color=ink, zorder=5)
    used = [name for name in _LOOKS if name in roles.values()]
    handles: list[Patch | Line2D] = [Patch(label=_LOOKS[name][2], **_LOOKS[name][0]) for name in used]
    handles += [
        Line2D(
            [],
            [],
            color=_EDGES[kind][0],
            linewidth=_EDGES[kind][1],
            label=_EDGES[kind][2],
            linestyle=_DOTTED if kind == "closed" else "solid",
        )
        for kind in _EDGES
        if kind in kinds.values()
    ]
    legend_below(ax, handles, 0.06, 0.0)
    set_title(ax, title, inches=width)
    return ax


def _role(node: str, exposure: str, outcome: str, adjusted: Collection[str], latent: Collection[str]) -> str:
    if node in (exposure, outcome):
        return "exposure" if node == exposure else "outcome"
    return "adjusted" if node in adjusted else "latent" if node in latent else "other"
