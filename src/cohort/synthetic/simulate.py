"""Drawing people from the causal model, as nature has it or under an intervention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cohort.errors import CohortError, Problem
from cohort.synthetic.immune import DISEASES, WAITING
from cohort.synthetic.model import MODEL, NODES
from cohort.synthetic.node import BLOCK_SIZE, Array, Knobs, Noise, Parents
from cohort.synthetic.scenario import Scenario, load_scenario


@dataclass(frozen=True)
class SyntheticCohort:
    """People drawn from a scenario: the truth of everybody, and what was measured of it.

    Parameters
    ----------
    scenario, seed
        What they were drawn from.
    nodes
        One array per node of the model, a row per person: causes, true states, measurements, and what is missing.
    first
        Number of the first person, counted from 0 (not 0 when only some blocks were drawn).
    do
        The intervention under which they were drawn; empty for nature.
    """

    scenario: Scenario
    seed: int
    nodes: Mapping[str, Array]
    first: int = 0
    do: Mapping[str, float] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Return the number of people."""
        return len(self.nodes["age"])

    @property
    def latent(self) -> pd.DataFrame:
        """Return every node that is one number per person, as columns; nobody could observe most of them."""
        return pd.DataFrame({name: value for name, value in self.nodes.items() if value.ndim == 1})


def simulate(scenario: Scenario | str, n: int, seed: int, *, blocks: Iterable[int] | None = None) -> SyntheticCohort:
    """Return people drawn from a scenario.

    The same n and seed give the same people whether they are drawn at once or block by block, and the first people of
    a greater cohort are those of a smaller one.

    Parameters
    ----------
    scenario
        A scenario, its name, or the path of its file.
    n
        Number of people in the whole cohort.
    seed
        Seed, a whole number of at least 0.
    blocks
        Draw only these blocks of 4,096 people, numbered from 0; by default all.

    Raises
    ------
    CohortError
        If the scenario does not exist or is wrong, or ``n`` or ``seed`` is not possible.

    Examples
    --------
    >>> cohort = simulate("literature_like", n=1000, seed=1)
    >>> cohort.n, bool(0.05 < cohort.nodes["dep"].mean() < 0.12)
    (1000, True)
    """
    return _simulate(scenario, n, seed, {}, blocks)


def intervene(scenario: Scenario | str, do: Mapping[str, float], n: int, seed: int) -> SyntheticCohort:
    """Return the same people as :func:`simulate` in a world where some nodes are set to a value for everybody.

    ``{"aid": 0}`` takes every autoimmune disease away. ``{"aid": 1}`` leaves people who have one as they are, and gives
    everybody else the disease that was nearest to striking them, so that diseases keep their natural mix.

    Parameters
    ----------
    scenario, n, seed
        As in :func:`simulate`.
    do
        Value by name of the node.

    Raises
    ------
    CohortError
        If a node does not exist.

    Examples
    --------
    >>> ill = intervene("literature_like", {"aid": 1}, n=1000, seed=1)
    >>> bool(ill.nodes["aid"].all())
    True
    """
    unknown = [Problem("intervention", f"the model has no node '{name}'.") for name in do if name not in NODES]
    if unknown:
        raise CohortError(unknown)
    return _simulate(scenario, n, seed, do, None)


def _simulate(
    scenario: Scenario | str, n: int, seed: int, do: Mapping[str, float], blocks: Iterable[int] | None
) -> SyntheticCohort:
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    sizes = block_sizes(n, seed)
    wanted = range(len(sizes)) if blocks is None else list(blocks)
    drawn = [draw_block(world, seed, block, sizes[block], do=do) for block in wanted]
    values = {name: np.concatenate([block[name] for block in drawn]) for name in NODES}
    return SyntheticCohort(world, seed, values, first=BLOCK_SIZE * min(wanted), do=dict(do))


def block_sizes(n: int, seed: int) -> list[int]:
    """Return the number of people in each block of a cohort.

    Raises
    ------
    CohortError
        If ``n`` is below 1 or ``seed`` below 0.
    """
    problems = []
    if n < 1:
        problems.append(Problem("n", "a cohort needs at least one person."))
    if seed < 0:
        problems.append(Problem("seed", "a seed is a whole number of at least 0."))
    if problems:
        raise CohortError(problems)
    full, rest = divmod(n, BLOCK_SIZE)
    return [BLOCK_SIZE] * full + ([rest] if rest else [])


def draw_block(
    scenario: Scenario,
    seed: int,
    block: int,
    rows: int,
    *,
    do: Mapping[str, float] | None = None,
    only: Iterable[str] | None = None,
    given: Mapping[str, Array] | None = None,
) -> dict[str, Array]:
    """Return the values of nodes for one block of people.

    Parameters
    ----------
    scenario, seed
        The world and the seed.
    block, rows
        Number of the block, and how many of its people are wanted.
    do
        Interventions, value by node.
    only
        The nodes to draw; all by default. Their parents must be among them or ``given``.
    given
        Values that are known already and not drawn again, unless ``only`` names them.
    """
    wanted = None if only is None else set(only)
    interventions = do or {}
    values = dict(given or {})
    for node in MODEL:
        if wanted is not None and node.name not in wanted:
            continue
        if node.name in DISEASES and "aid" in interventions:
            values[node.name] = _disease_under(scenario, values, node.name, bool(interventions["aid"]))
            continue
        drawn = node.draw(
            Parents(node.name, node.parents, values, scenario.reference),
            Knobs(node.name, scenario.knobs[node.name]),
            Noise(seed, block, node.name, rows),
        )
        if node.name in interventions and node.name != "aid":
            drawn = np.full_like(drawn, interventions[node.name])
        values[node.name] = drawn
    return values


def _disease_under(scenario: Scenario, values: Mapping[str, Array], disease: str, diseased: bool) -> Array:
    """Return a disease when the intervention takes all of them away, or gives everybody at least one.

    A waiting time to the power of its shape is the hazard that was still to be lived through, as a share of the hazard
    lived through; the disease with the smallest share strikes next, so diseases come in the person's natural mix.
    """
    own = f"waiting_for_{disease}"
    if not diseased:
        return np.zeros(len(values[own]), dtype=bool)
    still = {name: values[name] ** scenario.knobs[name]["age_shape"] for name in WAITING}
    present: Array = (values[own] < 1) | (still[own] == np.min(list(still.values()), axis=0))
    return present
