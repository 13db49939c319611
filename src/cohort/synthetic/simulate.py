"""Drawing people from the causal model, as nature has it or under an intervention."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count, islice
from typing import TypeAlias, TypeVar

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from cohort.errors import CohortError, Problem
from cohort.synthetic.history import DISEASES, EARLY
from cohort.synthetic.intervention import AID_ONSET_AGE, Shift, disease_under, early_onsets_under
from cohort.synthetic.model import NODES
from cohort.synthetic.node import BLOCK_SIZE, Array, Knobs, Noise, Parents
from cohort.synthetic.scenario import Scenario, load_scenario

Intervention: TypeAlias = Mapping[str, "float | Array | Shift"]
"""What some nodes are set to: a value for everybody, one per person, or a shift of what nature gives."""


Made = TypeVar("Made")


@dataclass(frozen=True)
class SyntheticCohort:
    """People drawn from a scenario: the truth of everybody, and what was measured of it.

    Parameters
    ----------
    scenario, seed
        What they were drawn from.
    nodes
        One array per node of the model, a row per person: causes, true states, measurements, and what is missing.
    numbers
        Number of each person in the source population, counted from 0; with gaps where not everybody was recruited.
    do
        The intervention under which they were drawn; empty for nature.
    """

    scenario: Scenario
    seed: int
    nodes: Mapping[str, Array]
    numbers: Array
    do: Intervention = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Return the number of people."""
        return len(self.numbers)

    @property
    def latent(self) -> pd.DataFrame:
        """Return every node that is one number per person, as columns; nobody could observe most of them."""
        return pd.DataFrame({name: value for name, value in self.nodes.items() if value.ndim == 1})


def simulate(
    scenario: Scenario | str,
    n: int,
    seed: int,
    *,
    blocks: Iterable[int] | None = None,
    nodes: Iterable[str] | None = None,
    workers: int = 1,
) -> SyntheticCohort:
    """Return people drawn from a scenario.

    The same n and seed give the same people whether they are drawn at once, block by block or by several workers, and
    the first people of a greater cohort are those of a smaller one. In a world that recruits by clinic or as
    volunteers, ``n`` people are recruited from as large a population as it takes.

    Parameters
    ----------
    scenario
        A scenario, its name, or the path of its file.
    n
        Number of people in the whole cohort.
    seed
        Seed, a whole number of at least 0.
    blocks
        Draw only these blocks of 4,096 people of the population, numbered from 0; by default all.
    nodes
        Return only these nodes; by default all.
    workers
        Processes.

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
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    wanted = tuple(NODES) if nodes is None else tuple(nodes)
    if blocks is None:
        drawn = list(draw_cohort(world, n, seed, nodes=wanted, workers=workers))
    else:
        sizes = _rows_of_blocks(world, n, seed)
        drawn = [_recruited(world, seed, block, rows, wanted) for block, rows in ((b, sizes(b)) for b in blocks)]
    return joined(drawn)


def draw_cohort(
    scenario: Scenario, n: int, seed: int, *, nodes: Iterable[str] | None = None, workers: int = 1, chunk: int = 1
) -> Iterator[SyntheticCohort]:
    """Yield a cohort block by block, so that it never stands in memory as a whole.

    Parameters
    ----------
    scenario, n, seed, nodes, workers
        As in :func:`simulate`.
    chunk
        Blocks that a worker draws in one go; changes nothing but speed.

    Raises
    ------
    CohortError
        If ``n`` or ``seed`` is not possible, or a scenario recruits hardly anybody.
    """
    yield from map_blocks(_itself, scenario, n, seed, nodes=nodes, workers=workers, chunk=chunk)


def map_blocks(
    make: Callable[[SyntheticCohort], Made],
    scenario: Scenario,
    n: int,
    seed: int,
    *,
    nodes: Iterable[str] | None = None,
    workers: int = 1,
    chunk: int = 1,
) -> Iterator[Made]:
    """Yield what a function makes of each block of a cohort, in the order of the blocks, made by several workers.

    Parameters
    ----------
    make
        From the recruited people of a block to anything; must be importable, so that it can run in another process.
    scenario, n, seed, nodes, workers, chunk
        As in :func:`draw_cohort`.

    Raises
    ------
    CohortError
        As in :func:`draw_cohort`.
    """
    wanted = tuple(NODES) if nodes is None else tuple(nodes)
    sizes = _rows_of_blocks(scenario, n, seed)
    numbers = iter(range(-(-n // BLOCK_SIZE))) if everybody_comes(scenario) else count()
    chunks = iter(lambda: [(block, sizes(block)) for block in islice(numbers, chunk)], [])
    left, barren = n, 0
    for block, came, made in _in_order(make, scenario, seed, chunks, wanted, workers):
        barren = 0 if came else barren + 1
        if barren >= _MOST_BARREN_BLOCKS:
            told = Problem("recruitment", "the scenario recruits hardly anybody.", "Raise a share of 'recruitment'.")
            raise CohortError([told])
        if came > left:  # the last block gives only what is still wanted
            yield make(_cut(_recruited(scenario, seed, block, sizes(block), wanted), left))
        elif came:
            yield made
        left -= came
        if left <= 0:
            return


_MOST_BARREN_BLOCKS = 500


def _itself(cohort: SyntheticCohort) -> SyntheticCohort:
    return cohort


def _in_order(
    make: Callable[[SyntheticCohort], Made],
    scenario: Scenario,
    seed: int,
    chunks: Iterator[list[tuple[int, int]]],
    nodes: tuple[str, ...],
    workers: int,
) -> Iterator[tuple[int, int, Made]]:
    """Yield number, people and product of each block in their order, however many processes make them."""
    if workers == 1:
        for part in chunks:
            yield from _make_chunk(make, scenario, seed, part, nodes)
        return
    while batch := list(islice(chunks, 2 * workers)):  # few at a time: little waits, and an endless row can end
        jobs = (delayed(_make_chunk)(make, scenario, seed, part, nodes) for part in batch)
        for done in Parallel(n_jobs=workers)(jobs):
            yield from done


def _make_chunk(
    make: Callable[[SyntheticCohort], Made],
    scenario: Scenario,
    seed: int,
    blocks: list[tuple[int, int]],
    nodes: tuple[str, ...],
) -> list[tuple[int, int, Made]]:
    with threadpool_limits(1):
        people = [(block, _recruited(scenario, seed, block, rows, nodes)) for block, rows in blocks]
        return [(block, cohort.n, make(cohort)) for block, cohort in people]


def _recruited(scenario: Scenario, seed: int, block: int, rows: int, nodes: tuple[str, ...]) -> SyntheticCohort:
    needed = None if len(nodes) == len(NODES) else scenario.ancestors({*nodes, "recruitment"})
    values = draw_block(scenario, seed, block, rows, only=needed)
    came = values["recruitment"] >= 0
    numbers = block * BLOCK_SIZE + np.arange(rows)
    kept = {name: values[name] for name in nodes}
    if not came.all():
        kept, numbers = {name: value[came] for name, value in kept.items()}, numbers[came]
    return SyntheticCohort(scenario, seed, kept, numbers)


def _cut(cohort: SyntheticCohort, n: int) -> SyntheticCohort:
    kept = {name: value[:n] for name, value in cohort.nodes.items()}
    return SyntheticCohort(cohort.scenario, cohort.seed, kept, cohort.numbers[:n], cohort.do)


def joined(parts: list[SyntheticCohort]) -> SyntheticCohort:
    """Return the people of several parts of one cohort as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    values = {name: np.concatenate([part.nodes[name] for part in parts]) for name in first.nodes}
    numbers = np.concatenate([part.numbers for part in parts])
    return SyntheticCohort(first.scenario, first.seed, values, numbers, first.do)


def everybody_comes(scenario: Scenario) -> bool:
    """Return whether everybody of the population is in the cohort, in whatever way."""
    return float(scenario.knob("recruitment.share_population")) >= 1


def intervene(scenario: Scenario | str, do: Intervention, n: int, seed: int) -> SyntheticCohort:
    """Return the same people as :func:`simulate` in a world where some nodes are set to a value.

    An intervention acts on the source population: everybody is returned, whoever would be recruited. ``{"aid": 0}``
    takes every autoimmune disease away; ``{"aid": 1}`` leaves people who have one as they are and gives everybody else,
    in the years before baseline, the disease that was nearest to striking, so that diseases keep their natural mix and
    the past stays as it was. ``{"aid_onset_age": 20}`` gives the disease at the age of 20, from where it also acts
    through a first depression; infinity takes it away.

    Parameters
    ----------
    scenario, n, seed
        As in :func:`simulate`.
    do
        Value by name of the node: a number, an array of one per person, or a :class:`Shift`.

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
    known = {*NODES, AID_ONSET_AGE}
    unknown = [Problem("intervention", f"the model has no node '{name}'.") for name in do if name not in known]
    if unknown:
        raise CohortError(unknown)
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    parts = []
    for block, rows in enumerate(block_sizes(n, seed)):
        first = block * BLOCK_SIZE
        here = {k: v[first : first + rows] if isinstance(v, np.ndarray) else v for k, v in do.items()}
        drawn = draw_block(world, seed, block, rows, do=here)
        parts.append(SyntheticCohort(world, seed, drawn, first + np.arange(rows), dict(do)))
    return joined(parts)


class _Rows:
    """How many people of each block are wanted: whole blocks where not everybody is recruited."""

    def __init__(self, n: int, whole: bool) -> None:
        self._n, self._whole = n, whole

    def __call__(self, block: int) -> int:
        return BLOCK_SIZE if self._whole else min(BLOCK_SIZE, self._n - block * BLOCK_SIZE)


def _rows_of_blocks(scenario: Scenario, n: int, seed: int) -> _Rows:
    _check_size(n, seed)
    return _Rows(n, not everybody_comes(scenario))


def _check_size(n: int, seed: int) -> None:
    problems = []
    if n < 1:
        problems.append(Problem("n", "a cohort needs at least one person."))
    if seed < 0:
        problems.append(Problem("seed", "a seed is a whole number of at least 0."))
    if problems:
        raise CohortError(problems)


def block_sizes(n: int, seed: int) -> list[int]:
    """Return the number of people in each block of a population.

    Raises
    ------
    CohortError
        If ``n`` is below 1 or ``seed`` below 0.
    """
    _check_size(n, seed)
    full, rest = divmod(n, BLOCK_SIZE)
    return [BLOCK_SIZE] * full + ([rest] if rest else [])


def draw_block(
    scenario: Scenario,
    seed: int,
    block: int,
    rows: int,
    *,
    do: Intervention | None = None,
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
    onset_age = interventions.get(AID_ONSET_AGE)
    for name in scenario.order:
        if wanted is not None and name not in wanted:
            continue
        node = NODES[name]
        if onset_age is not None and name in _READS_EARLY_ONSETS:
            values |= early_onsets_under(values, float(onset_age))  # type: ignore[arg-type]
            onset_age = None
        if name in DISEASES and "aid" in interventions and name not in interventions:
            values[name] = disease_under(scenario, values, name, bool(interventions["aid"]))
            continue
        drawn = node.draw(
            Parents(name, scenario.parents(name), values, scenario.reference, scenario.scale),
            Knobs(name, scenario.knobs[node.settings]),
            Noise(seed, block, name, rows),
        )
        if name in interventions and name != "aid":
            drawn = _set_to(drawn, interventions[name])
        values[name] = drawn
    return values


_READS_EARLY_ONSETS = {node.name for node in NODES.values() if set(EARLY) & set(node.parents)}


def _set_to(drawn: Array, value: float | Array | Shift) -> Array:
    if isinstance(value, Shift):
        return np.asarray(drawn + value.by)
    if isinstance(value, np.ndarray):
        return value
    return np.full_like(drawn, value)
