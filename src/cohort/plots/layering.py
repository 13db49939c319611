"""Where the nodes of a small layered graph stand so that few edges cross and none runs through a node."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import networkx as nx

Slot: TypeAlias = str | tuple[str, str, int]
"""A node, or the place where a long edge (from, to) passes a column."""


@dataclass(frozen=True)
class Layering:
    """Columns from left to right, the height of every slot, and the slots that each edge passes.

    Parameters
    ----------
    columns
        Slots of each column, from the top.
    height
        Vertical position of each slot, in units of one node.
    routes
        By edge: the slots it passes, its ends included.
    """

    columns: tuple[tuple[Slot, ...], ...]
    height: Mapping[Slot, float]
    routes: Mapping[tuple[str, str], tuple[Slot, ...]]


def ranks_of(graph: nx.DiGraph[str], layers: Mapping[str, int]) -> dict[str, int]:
    """Return the column of each node: at least its layer's, and right of all its causes."""
    used = {layer: place for place, layer in enumerate(sorted({layers.get(node, 0) for node in graph}))}
    ranks: dict[str, int] = {}
    for node in nx.lexicographical_topological_sort(graph):
        causes = [ranks[cause] + 1 for cause in graph.predecessors(node)]
        ranks[node] = max([used[layers.get(node, 0)], *causes])
    occupied = {rank: place for place, rank in enumerate(sorted(set(ranks.values())))}
    return {node: occupied[rank] for node, rank in ranks.items()}


def _crossings(columns: list[list[Slot]], below: Mapping[Slot, list[Slot]]) -> int:
    total = 0
    for left, right in itertools.pairwise(columns):
        place = {slot: number for number, slot in enumerate(right)}
        ends = [sorted(place[other] for other in below[slot]) for slot in left]
        pairs = itertools.combinations(ends, 2)
        total += sum(a > b for upper, lower in pairs for a in upper for b in lower)
    return total


def _sweep(columns: list[list[Slot]], near: Mapping[Slot, list[Slot]], order: list[int]) -> list[list[Slot]]:
    """Return the columns, each sorted by the mean place of its neighbours in the column before."""
    done = [list(column) for column in columns]
    for number in order:
        beside = done[number - 1] if order[0] < order[-1] else done[number + 1]
        place = {slot: index / max(len(beside) - 1, 1) for index, slot in enumerate(beside)}
        old = {slot: index / max(len(done[number]) - 1, 1) for index, slot in enumerate(done[number])}

        def centre(slot: Slot, place: dict[Slot, float] = place, old: dict[Slot, float] = old) -> float:
            seen = [place[other] for other in near[slot] if other in place]
            return sum(seen) / len(seen) if seen else old[slot]

        done[number].sort(key=centre)
    return done


def _gap(upper: Slot, lower: Slot) -> float:
    nodes = isinstance(upper, str) + isinstance(lower, str)
    return (0.26, 0.66, 1.0)[nodes]


def _settle(columns: list[list[Slot]], near: Mapping[Slot, list[Slot]]) -> dict[Slot, float]:
    """Return heights that pull slots towards their neighbours and keep their order and distance."""
    height: dict[Slot, float] = {}
    for column in columns:
        steps = itertools.accumulate((_gap(*pair) for pair in itertools.pairwise(column)), initial=0.0)
        placed = list(steps)
        height.update({slot: value - placed[-1] / 2 for slot, value in zip(column, placed, strict=True)})
    for _ in range(30):
        for column in columns:
            wanted = [
                0.5 * height[slot] + 0.5 * (sum(height[o] for o in near[slot]) / len(near[slot]) if near[slot] else 0.0)
                for slot in column
            ]
            placed = wanted[:1]
            for number in range(1, len(column)):
                placed.append(max(wanted[number], placed[-1] + _gap(column[number - 1], column[number])))
            shift = sum(w - p for w, p in zip(wanted, placed, strict=True)) / len(column)
            height.update({slot: value + shift for slot, value in zip(column, placed, strict=True)})
    return height


def layered(graph: nx.DiGraph[str], layers: Mapping[str, int]) -> Layering:
    """Return the places of nodes and edges, by the method of Sugiyama, Tagawa & Toda (1981, IEEE Trans SMC 11:109).

    Parameters
    ----------
    graph
        Directed and acyclic.
    layers
        Layer of each node; a node stands right of its causes even if its layer is not higher.

    Examples
    --------
    >>> graph = nx.DiGraph([("age", "crp"), ("crp", "dep"), ("age", "dep")])
    >>> found = layered(graph, {"age": 0, "crp": 1, "dep": 2})
    >>> len(found.columns), len(found.routes["age", "dep"])
    (3, 3)
    """
    ranks = ranks_of(graph, layers)
    columns: list[list[Slot]] = [[] for _ in range(max(ranks.values()) + 1)]
    for node in sorted(graph):
        columns[ranks[node]].append(node)
    routes: dict[tuple[str, str], tuple[Slot, ...]] = {}
    for source, target in sorted(graph.edges):
        passed: list[Slot] = [(source, target, rank) for rank in range(ranks[source] + 1, ranks[target])]
        for rank, slot in enumerate(passed, start=ranks[source] + 1):
            columns[rank].append(slot)
        routes[source, target] = (source, *passed, target)
    after: dict[Slot, list[Slot]] = {slot: [] for column in columns for slot in column}
    before: dict[Slot, list[Slot]] = {slot: [] for column in columns for slot in column}
    for route in routes.values():
        for left, right in itertools.pairwise(route):
            after[left].append(right)
            before[right].append(left)
    best, fewest = columns, _crossings(columns, after)
    for _ in range(12):
        columns = _sweep(columns, before, list(range(1, len(columns))) or [0]) if len(columns) > 1 else columns
        columns = _sweep(columns, after, list(range(len(columns) - 2, -1, -1))) if len(columns) > 2 else columns
        count = _crossings(columns, after)
        if count < fewest:
            best, fewest = columns, count
    near = {slot: [*before[slot], *after[slot]] for slot in after}
    return Layering(tuple(tuple(column) for column in best), _settle(best, near), routes)
