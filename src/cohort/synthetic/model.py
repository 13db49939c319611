"""The structural causal model: every node, causes before effects."""

from __future__ import annotations

from collections.abc import Iterable

from cohort.synthetic import background, clinical, immune, measurement
from cohort.synthetic.node import Node

_MODULES = (background, immune, clinical, measurement)


def _nodes_of(module: object) -> Iterable[Node]:
    for value in vars(module).values():
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from (item for item in value if isinstance(item, Node))


MODEL: tuple[Node, ...] = tuple(node for module in _MODULES for node in _nodes_of(module))
NODES: dict[str, Node] = {node.name: node for node in MODEL}


def edges() -> set[tuple[str, str]]:
    """Return the graph that the code implies: every pair of a parent and its node.

    Examples
    --------
    >>> ("bmi", "inflam") in edges()
    True
    """
    return {(parent, node.name) for node in MODEL for parent in node.parents}


def descendants(names: Iterable[str]) -> set[str]:
    """Return the nodes that some nodes have an effect on, without these nodes themselves."""
    found: set[str] = set(names)
    start = set(found)
    for node in MODEL:
        if found.intersection(node.parents):
            found.add(node.name)
    return found - start


def ancestors(names: Iterable[str]) -> set[str]:
    """Return the nodes that some nodes depend on, with these nodes themselves."""
    found: set[str] = set(names)
    for node in reversed(MODEL):
        if node.name in found:
            found.update(node.parents)
    return found
