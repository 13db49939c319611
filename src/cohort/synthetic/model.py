"""The structural causal model: every node, causes before effects."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import networkx as nx

from cohort.synthetic import assays, background, clinical, history, immune, questionnaires, recruitment, waves
from cohort.synthetic.node import Node

_MODULES = (background, history, immune, clinical, questionnaires, assays, recruitment, waves)


def _nodes_of(module: object) -> Iterable[Node]:
    for value in vars(module).values():
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


MODEL: tuple[Node, ...] = tuple(node for module in _MODULES for node in _nodes_of(module))
NODES: dict[str, Node] = {node.name: node for node in MODEL}


Added: TypeAlias = Mapping[str, tuple[str, ...]]
"""Causes that a scenario gives to nodes beyond those of the model, by node."""


def parents_of(name: str, added: Added | None = None) -> tuple[str, ...]:
    """Return the direct causes of a node, with those that a scenario adds."""
    return (*NODES[name].parents, *(added or {}).get(name, ()))


def edges(added: Added | None = None) -> set[tuple[str, str]]:
    """Return the graph that the code implies: every pair of a parent and its node.

    Examples
    --------
    >>> ("bmi", "inflam") in edges()
    True
    """
    return {(parent, name) for name in NODES for parent in parents_of(name, added)}


def order(added: Added | None = None) -> tuple[str, ...]:
    """Return the names of all nodes, causes before effects, as near to the order of the model as can be.

    Raises
    ------
    ValueError
        If the added causes close a circle.
    """
    place = {node.name: number for number, node in enumerate(MODEL)}
    waiting = {name: set(parents_of(name, added)) for name in NODES}
    children: dict[str, list[str]] = {}
    for parent, child in edges(added):
        children.setdefault(parent, []).append(child)
    ready = [place[name] for name, left in waiting.items() if not left]
    heapq.heapify(ready)
    found: list[str] = []
    while ready:
        name = MODEL[heapq.heappop(ready)].name
        found.append(name)
        for child in children.get(name, ()):
            waiting[child].discard(name)
            if not waiting[child]:
                heapq.heappush(ready, place[child])
    if len(found) < len(MODEL):
        raise ValueError("the causes close a circle")
    return tuple(found)


def path_between(start: str, end: str, added: Added | None = None) -> tuple[str, ...]:
    """Return the nodes on a shortest way from a cause to an effect; empty when there is none.

    Examples
    --------
    >>> path_between("dep", "phq9")
    ('dep', 'severity', 'phq9')
    """
    graph = nx.DiGraph(edges(added))
    if start == end:
        return (start,)
    if start not in graph or end not in graph or not nx.has_path(graph, start, end):
        return ()
    return tuple(nx.shortest_path(graph, start, end))


def descendants(names: Iterable[str], added: Added | None = None) -> set[str]:
    """Return the nodes that some nodes have an effect on, without these nodes themselves."""
    found: set[str] = set(names)
    start = set(found)
    for name in order(added):
        if found.intersection(parents_of(name, added)):
            found.add(name)
    return found - start


def ancestors(names: Iterable[str], added: Added | None = None) -> set[str]:
    """Return the nodes that some nodes depend on, with these nodes themselves."""
    found: set[str] = set(names)
    for name in reversed(order(added)):
        if name in found:
            found.update(parents_of(name, added))
    return found
