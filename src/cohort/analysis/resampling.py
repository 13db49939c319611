"""Bootstrap weights of people, clusters or primary sampling units, the same for any number of workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed

from cohort.analysis.sampling import CodeArray, Design, FloatArray
from cohort.analysis.variables import InestimableError

BLOCK = 25
"""Replicates that share a spawned seed: the unit of work, whatever the number of workers."""
MOST_FAILURES = 0.05
"""A bootstrap in which more replicates have no estimate says nothing of the sampling distribution."""


@dataclass(frozen=True, eq=False)
class Units:
    """What is drawn anew.

    Parameters
    ----------
    unit
        Number of the unit of each row of the table; -1 for rows that carry no weight.
    stratum
        Stratum of each unit.
    survey
        Whether n - 1 of the n units of a stratum are drawn and scaled up, as a survey's variance wants.
    words
        The units in words.
    """

    unit: CodeArray
    stratum: CodeArray
    survey: bool
    words: str

    def multipliers(self, rng: np.random.Generator, replicates: int) -> FloatArray:
        """Return how often each row counts, shape (replicates, rows).

        In a stratum of a survey n - 1 of n units are drawn with replacement and count n / (n - 1) times each, which
        makes the bootstrap variance of a total that of Taylor linearisation (Rao & Wu 1988, J Am Stat Assoc 83:231).
        A stratum with one unit keeps it.
        """
        drawn = np.ones((replicates, len(self.stratum)))
        for one in np.unique(self.stratum):
            members = np.flatnonzero(self.stratum == one)
            size = len(members)
            if size == 1 and self.survey:
                continue
            picks = size - 1 if self.survey else size
            chosen = rng.integers(size, size=(replicates, picks)) + size * np.arange(replicates)[:, None]
            counts = np.bincount(chosen.ravel(), minlength=replicates * size).reshape(replicates, size)
            drawn[:, members] = counts * (size / picks)
        # The last column stands for rows without weight.
        return np.column_stack([drawn, np.zeros(replicates)])[:, self.unit]


def units_of(design: Design, cluster: CodeArray | None = None) -> Units:
    """Return what to draw: primary sampling units within strata of a survey, else clusters, else people.

    Parameters
    ----------
    design
        The design of the table.
    cluster
        Number of the cluster of each row (a family, a centre), for a simple sample.
    """
    inside = design.weight() > 0
    survey = design.kind == "survey"
    rows = design.psu if survey and design.psu is not None else cluster
    rows = np.arange(design.size) if rows is None else rows
    unit = np.full(design.size, -1, dtype=np.intp)
    found, unit[inside] = np.unique(rows[inside], return_inverse=True)
    stratum = np.zeros(len(found), dtype=np.intp)
    if survey and design.strata is not None:
        stratum[unit[inside]] = design.strata[inside]
    words = "people" if cluster is None else "clusters"
    return Units(unit, stratum, survey, "primary sampling units" if survey and design.psu is not None else words)


def bootstrap(
    statistic: Callable[[FloatArray], Sequence[float]],
    units: Units,
    *,
    replicates: int,
    seed: np.random.SeedSequence,
    workers: int = 1,
) -> tuple[FloatArray, int]:
    """Return the statistic of every replicate, shape (replicates that have one, numbers), and how many have none.

    Parameters
    ----------
    statistic
        From the multiplier of each row to numbers; raises InestimableError where there are none.
    units
        What is drawn.
    replicates
        How many times.
    seed
        Every block of replicates has a seed spawned from it.
    workers
        Processes.

    Raises
    ------
    InestimableError
        If more than 5 % of the replicates have no estimate.
    """
    return bootstrap_together(_OneByOne(statistic), units, replicates=replicates, seed=seed, workers=workers)


def bootstrap_together(
    statistic: Callable[[FloatArray], FloatArray],
    units: Units,
    *,
    replicates: int,
    seed: np.random.SeedSequence,
    workers: int = 1,
) -> tuple[FloatArray, int]:
    """Return what :func:`bootstrap` does, of a statistic that takes many replicates together.

    Parameters
    ----------
    statistic
        From the multipliers of each row, shape (replicates, rows), to numbers, shape (replicates, numbers); a row that
        holds what is no number has no estimate, and so has a row that is left out.
    units, replicates, seed, workers
        As in :func:`bootstrap`, which draws the same replicates.

    Raises
    ------
    InestimableError
        If more than 5 % of the replicates have no estimate.

    Examples
    --------
    >>> import pandas as pd
    >>> from cohort.analysis.sampling import design_of
    >>> heights = np.array([1.6, 1.7, 1.8, 1.7])
    >>> units = units_of(design_of(pd.DataFrame({"height_m": heights})))
    >>> drawn, failed = bootstrap_together(
    ...     lambda times: times @ heights[:, None] / 4, units, replicates=200, seed=np.random.SeedSequence(1))
    >>> drawn.shape, failed, bool(0.02 < drawn.std() < 0.05)
    ((200, 1), 0, True)
    """
    sizes = [min(BLOCK, replicates - start) for start in range(0, replicates, BLOCK)]
    tasks = zip(seed.spawn(len(sizes)), sizes, strict=True)
    if workers == 1:
        blocks = [_block(statistic, units, one, size) for one, size in tasks]
    else:
        blocks = list(Parallel(n_jobs=workers)(delayed(_block)(statistic, units, one, size) for one, size in tasks))
    found = [block for block in blocks if len(block)]
    failed = replicates - sum(len(block) for block in found)
    if failed > MOST_FAILURES * replicates:
        raise InestimableError(f"{failed} of {replicates} bootstrap samples have no estimate")
    return np.concatenate(found), failed


@dataclass(frozen=True, eq=False)
class _OneByOne:
    """A statistic of one replicate at a time as one of many."""

    statistic: Callable[[FloatArray], Sequence[float]]

    def __call__(self, multipliers: FloatArray) -> FloatArray:
        found = []
        for multiplier in multipliers:
            try:
                found.append(self.statistic(multiplier))
            except InestimableError:
                continue
        return np.asarray(found, dtype=np.float64)


def _block(
    statistic: Callable[[FloatArray], FloatArray], units: Units, seed: np.random.SeedSequence, size: int
) -> FloatArray:
    found = statistic(units.multipliers(np.random.default_rng(seed), size))
    return found[~np.isnan(found).any(axis=1)] if len(found) else found
