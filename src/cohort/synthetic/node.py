"""Parts of a structural causal model: nodes, their knobs, and random numbers of their own for each block of people."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy import special

Array: TypeAlias = npt.NDArray[Any]
Draw: TypeAlias = "Callable[[Parents, Knobs, Noise], Array]"

BLOCK_SIZE = 4096
"""People who share a set of random streams; never change it, or every seed gives another cohort."""

FAMILY_SIZE = 4
KIN = ("index", "sibling", "parent", "partner")
"""Roles of the four neighbours who can be a family, in their order within a block."""


class Parents:
    """The values of a node's parents for some people; nothing else of the model can be read through it.

    ``read`` collects what an equation looked at, so that a test can compare it with what the node declares.
    """

    def __init__(
        self,
        node: str,
        names: tuple[str, ...],
        values: Mapping[str, Array],
        centre: Mapping[str, float],
        scale: Mapping[str, float] | None = None,
    ):
        self._node = node
        self._names = names
        self._values = values
        self._centre = centre
        self._scale = scale or {}
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Array:
        """Return the values of one parent."""
        if name not in self._names:
            raise KeyError(f"node '{self._node}' reads '{name}', which is not among its parents")
        self.read.add(name)
        return self._values[name]

    def __getattr__(self, name: str) -> Array:
        """Return the values of one parent, as an attribute."""
        if name.startswith("_"):
            raise AttributeError(name)
        return self[name]

    def centred(self, name: str) -> Array:
        """Return a parent minus its reference value, in units of its scale.

        ``reference:`` and ``scale:`` of the scenario hold both; 0 and 1 where none is given.
        """
        value = self[name]
        if name in self._centre:
            value = value - self._centre[name]
        return value / self._scale[name] if name in self._scale else value


class Knobs:
    """The numbers of one node in a scenario."""

    def __init__(self, node: str, values: Mapping[str, Any]):
        self._node = node
        self._values = values

    def __getitem__(self, name: str) -> float:
        """Return one number."""
        return float(self._values[name])

    def numbers(self, name: str) -> Array:
        """Return a list of numbers as an array."""
        return np.asarray(self._values[name], dtype=float)

    def group(self, name: str) -> Mapping[str, float]:
        """Return a named group of numbers, such as the odds ratios by parent."""
        found: Mapping[str, float] = self._values.get(name, {})
        return found

    def linear(self, of: Parents) -> Array:
        """Return ``intercept`` plus each ``slope`` times its centred parent."""
        total: Array = self["intercept"] + self._sum(of, "slope", float)
        return total

    def log_odds(self, of: Parents) -> Array:
        """Return ``intercept`` plus the logarithm of each ``odds_ratio`` times its centred parent."""
        total: Array = self["intercept"] + self._sum(of, "odds_ratio", np.log)
        return total

    def log_rate(self, of: Parents) -> Array:
        """Return the logarithm of ``rate`` plus that of each ``rate_ratio`` times its centred parent."""
        total: Array = np.log(self["rate"]) + self._sum(of, "rate_ratio", np.log)
        return total

    def log_ratios(self, of: Parents, group: str) -> Array:
        """Return the sum of the logarithms of each ratio of a group times its centred parent."""
        return self._sum(of, group, np.log)

    def _sum(self, of: Parents, group: str, scale: Callable[[float], float]) -> Array:
        total: Array = np.asarray(0.0)
        for parent, strength in self.group(group).items():
            total = total + scale(strength) * of.centred(parent)
        return total


class Noise:
    """Random numbers of one node for one block of people.

    Each node of each block has a stream of its own, spawned from the seed by the number of the block and the name of
    the node. A whole block is always drawn and then cut to the people wanted, so that the same person gets the same
    numbers whatever else is drawn, in whatever order, on whatever worker — and in every world of an intervention.
    """

    def __init__(self, seed: int, block: int, node: str, rows: int):
        self.block = block
        self.rows = rows
        key = (block, zlib.crc32(node.encode()))
        self._generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))

    def normal(self, columns: int | None = None) -> Array:
        """Return standard normals, one per person, or one per person and column."""
        return self._generator.standard_normal(self._shape(columns))[: self.rows]

    def uniform(self, columns: int | None = None) -> Array:
        """Return uniforms on [0, 1), one per person, or one per person and column."""
        return self._generator.random(self._shape(columns))[: self.rows]

    def exponential(self) -> Array:
        """Return standard exponentials, one per person."""
        return self._generator.standard_exponential(BLOCK_SIZE)[: self.rows]

    def normal_shared(self, group: Array) -> Array:
        """Return standard normals that people of one group of the block have in common (groups count from 0)."""
        shared: Array = self._generator.standard_normal(BLOCK_SIZE)[group]
        return shared

    def normal_kin(self, role: Array, sibling: float, parent: float, partner: float) -> Array:
        """Return standard normals that are correlated within families.

        Parameters
        ----------
        role
            Role of each person in her family of four neighbours (:data:`KIN`); -1 for people without relatives.
        sibling, parent, partner
            Correlation with the first of the family; a parent has the same one with both siblings.
        """
        z = self.normal()
        first = z[np.arange(self.rows) // FAMILY_SIZE * FAMILY_SIZE]
        is_sibling, is_parent, is_partner = (role == k for k in (1, 2, 3))
        kin = np.where(is_sibling, sibling * first + np.sqrt(1 - sibling**2) * z, z)
        kin = np.where(is_partner, partner * first + np.sqrt(1 - partner**2) * z, kin)
        if is_parent.any():
            second = kin[np.minimum(np.arange(self.rows) // FAMILY_SIZE * FAMILY_SIZE + 1, self.rows - 1)]
            weight = parent / (1 + sibling)
            left = np.sqrt(1 - 2 * weight**2 * (1 + sibling))
            kin = np.where(is_parent, weight * (first + second) + left * z, kin)
        return kin

    @staticmethod
    def exponential_of(z: Array) -> Array:
        """Return the standard exponentials that standard normals are, read at the same rank (greater is later)."""
        waiting: Array = -special.log_ndtr(-z)
        return waiting

    def event(self, log_odds: Array) -> Array:
        """Return whether an event happens whose logarithm of the odds is given."""
        happened: Array = self.uniform() < special.expit(log_odds)
        return happened

    def count(self, mean: Array) -> Array:
        """Return Poisson counts by inversion: one uniform each, so that a greater mean never gives a smaller count."""
        left = self.uniform()
        term = np.exp(-mean)
        counts = np.zeros(self.rows, dtype=np.int64)
        for k in range(1, 60):
            left = left - term
            above = left >= 0
            if not above.any():
                break
            counts += above
            term = term * mean / k
        return counts

    @staticmethod
    def _shape(columns: int | None) -> tuple[int, ...]:
        return (BLOCK_SIZE,) if columns is None else (BLOCK_SIZE, columns)


@dataclass(frozen=True)
class Node:
    """One variable of the model.

    Parameters
    ----------
    name
        Its name in the model and in the scenario files.
    parents
        Its direct causes, all of which stand earlier in the model.
    draw
        The equation: parents, knobs and noise in, one value (or row of values) per person out.
    unit
        Unit of its values; empty for none.
    equation
        What the equation says, in words.
    stands_for
        The node of the declared edge list that it is a part of; its own name when it is one by itself.
    settings
        The node whose entry in the scenario holds its numbers; mostly its own.
    columns
        Number of values per person where there is more than one, otherwise 0.
    """

    name: str
    parents: tuple[str, ...]
    draw: Draw
    unit: str
    equation: str
    stands_for: str
    settings: str
    columns: int = 0


def node(
    *parents: str, name: str = "", unit: str = "", stands_for: str = "", settings: str = "", columns: int = 0
) -> Callable[[Draw], Node]:
    """Return a decorator that makes a node of an equation: its docstring is the equation in words.

    Parameters
    ----------
    *parents
        The direct causes.
    name
        Name of the node, when it is not that of the function.
    unit, stands_for, settings, columns
        As in :class:`Node`.
    """

    def make(draw: Draw) -> Node:
        own = name or getattr(draw, "__name__", "")
        return Node(own, parents, draw, unit, (draw.__doc__ or "").strip(), stands_for or own, settings or own, columns)

    return make


def ordinal(latent: Array, thresholds: Array) -> Array:
    """Return how many thresholds each latent value exceeds: a graded response.

    Parameters
    ----------
    latent
        Latent values, shape (n, items).
    thresholds
        Rising thresholds, shape (items, levels - 1).

    Examples
    --------
    >>> ordinal(np.array([[0.5, -2.0]]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    array([[1, 0]], dtype=int8)
    """
    answer = np.zeros(latent.shape, dtype=np.int8)
    for level in range(thresholds.shape[1]):
        answer += latent > thresholds[:, level]
    return answer
