"""The gate: whether there are discrete subgroups, or only people along a continuum.

Every published way of counting clusters finds groups where there is one population: k-means with two groups is stable
in one Gaussian, the information criterion of a mixture splits one skewed population, a silhouette above 0.25 is
common. The gate learns an axis on one half of the people and asks whether the other half has two peaks along it. Only
a cohort that passes may name groups.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from cohort.analysis.subgroups.axis import random_halves, separating_axes
from cohort.analysis.subgroups.gap import BandwidthTest, critical_bandwidth, gap_tests, kernel_density, smooth_draws
from cohort.analysis.subgroups.preparation import PreparedMarkers
from cohort.analysis.subgroups.shape import ShapeTests, curve_log_density, mixture_log_density, shape_tests
from cohort.results import NotTestable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

THRESHOLD = 1.28
FEWEST_PEOPLE = 200
PERMUTATIONS = 199
CLAIMS = ("IP-40", "IP-52")

Tier = Literal[0, 1, 2, 3]

WORDING: Mapping[int, str] = {
    3: (
        "Discrete subgroups supported: a low-density gap replicates in held-out halves and under both scalings. "
        "A threshold response, or severity that is zero plus a plateau, can look the same."
    ),
    2: (
        "Two overlapping groups fit better than any single-peaked curve tried; no gap shown; "
        "a continuum cannot be ruled out."
    ),
    1: "Graded variation: clusters would be cut-points on a continuum.",
    0: "No structure shown.",
}
GAP_ALONE = "Two peaks without a better fit of two groups: check limits of detection, ties and curvature."


@dataclass(frozen=True)
class Illustration:
    """What one run saw, for a figure: the axis learnt on one half and the other half's people along it.

    Parameters
    ----------
    scaling
        Scaling of the markers that the run used.
    weights
        Weight of each marker on the axis (a unit vector), by marker.
    held_out
        Places of the held-out people, standardised. They are people: a figure shows their density, never the points.
    grid, kernel, one_peak, two_groups
        Density of the held-out people at the critical bandwidth, the best single-peaked curve and the best two groups,
        on one grid.
    bandwidth
        Critical bandwidth of the held-out people, in standard deviations.
    null_bandwidths
        The same for draws from the one-peaked density.
    """

    scaling: str
    weights: Mapping[str, float]
    held_out: FloatArray
    grid: FloatArray
    kernel: FloatArray
    one_peak: FloatArray
    two_groups: FloatArray
    bandwidth: float
    null_bandwidths: FloatArray


@dataclass(frozen=True)
class GateResult:
    """What the gate says about subgroups.

    Parameters
    ----------
    tier
        3 discrete groups, 2 two overlapping groups fit better, 1 graded variation, 0 no structure.
    wording
        What may be said, with what would have been missed where no group is found.
    shape_z, gap_z
        Mean score over splits, by scaling; a part passes when the smaller of its two scores exceeds 1.28.
    parallel_p
        Permutation p value that the markers share any dimension.
    n, markers
        People and markers that went in.
    splits, draws
        Random halves, and bootstrap draws per half.
    missed
        Separations that would have been missed at this n.
    illustration
        One run for a figure.
    notes
        What the preparation did, in sentences.
    """

    tier: Tier
    wording: str
    shape_z: Mapping[str, float]
    gap_z: Mapping[str, float]
    parallel_p: float
    n: int
    markers: tuple[str, ...]
    splits: int
    draws: int
    missed: str
    illustration: Illustration
    notes: tuple[str, ...] = ()
    label: str = "Discrete subgroups"
    claims: tuple[str, ...] = field(default=CLAIMS)

    @property
    def shape(self) -> float:
        """Return the smaller SHAPE score of the scalings."""
        return min(self.shape_z.values())

    @property
    def gap(self) -> float:
        """Return the smaller GAP score of the scalings."""
        return min(self.gap_z.values())

    @property
    def may_name_groups(self) -> bool:
        """Return whether the groups may be given names: tier 3 alone."""
        return self.tier == 3


def discrete_subgroups(
    prepared: PreparedMarkers, *, rng: np.random.Generator, splits: int = 10, draws: int = 99
) -> GateResult | NotTestable:
    """Return whether prepared markers hold discrete subgroups, in four tiers.

    Random halves, each used in both directions: one half learns the axis of two groups; on the other half GAP asks for
    two peaks (Silverman's critical bandwidth) and SHAPE for a better fit of two groups than of the best single-peaked
    curve (Vuong). Scores are averaged over the splits; each part must pass under the log and the Box-Cox scaling.

    Parameters
    ----------
    prepared
        Markers from :func:`prepare_markers`.
    rng
        Source of the splits, starts and draws; the same generator gives the same result, on one thread.
    splits
        Random halves.
    draws
        Bootstrap draws per held-out half.

    Notes
    -----
    Assumes that people are independent and that a group differs along one direction of the markers; survey weights are
    not used. Its type-I error and power are measured in docs/subgroup_gate.md; a steep sigmoid
    response and severity with many zeros fool it by nature, as their density has two peaks although the cause is
    continuous.
    """
    people, markers = prepared.n, len(prepared.markers)
    if markers < 2 or people < FEWEST_PEOPLE:
        return NotTestable("Discrete subgroups", _shortage(markers, prepared), claims=CLAIMS)
    with threadpool_limits(limits=1):
        halves, streams, last = _streams(prepared, splits, rng)
        runs = {name: _place(prepared.scalings[name], halves, axes) for name, (axes, _) in streams.items()}
        gaps = {name: gap_tests(runs[name].places, draw, draws) for name, (_, draw) in streams.items()}
        parallel_p = parallel_analysis(prepared.scalings["log"], last)
        illustration = _illustrate("log", prepared.markers, runs["log"], gaps["log"], draws, last)
    shape_z = {name: _combined(run.shape.z) for name, run in runs.items()}
    gap_z = {name: _combined_gap(tests) for name, tests in gaps.items()}
    tier = decide(min(shape_z.values()), min(gap_z.values()), parallel_p)
    missed = missed_separations(people)
    return GateResult(
        tier, words_of(tier, min(gap_z.values()), people), shape_z, gap_z, parallel_p, people, prepared.markers, splits,
        draws, missed, illustration, prepared.notes,
    )  # fmt: skip


def tier_of_groups(
    prepared: PreparedMarkers,
    *,
    rng: np.random.Generator,
    splits: int = 10,
    draws: int = 99,
    threshold: float = THRESHOLD,
) -> Literal[1, 2, 3]:
    """Return tier 3, 2, or 1 for "1 or 0", as :func:`discrete_subgroups` finds it, without what does not decide.

    The same generator gives the same tier. The gate stops where SHAPE or GAP fails under one scaling, which takes a
    third of the time where there are no groups: for simulations and for parts of a cohort.

    Parameters
    ----------
    prepared, rng, splits, draws
        As in :func:`discrete_subgroups`, with at least two markers.
    threshold
        What SHAPE and GAP have to pass; higher where several parts of a cohort are asked.
    """
    with threadpool_limits(limits=1):
        halves, streams, _ = _streams(prepared, splits, rng)
        places: dict[str, FloatArray] = {}
        for name, (axes, _) in streams.items():
            run = _place(prepared.scalings[name], halves, axes)
            if _combined(run.shape.z) <= threshold:
                return 1
            places[name] = run.places
        for name, (_, draw) in streams.items():
            if _combined_gap(gap_tests(places[name], draw, draws)) <= threshold:
                return 2
    return 3


def words_of(tier: Tier, gap: float, people: int) -> str:
    """Return what may be said of a tier, with what would have been missed where no group is found.

    Parameters
    ----------
    tier, gap
        The tier, and the smaller GAP score of the scalings.
    people
        Number of people.
    """
    sentences = [WORDING[tier]]
    if tier < 2:
        if gap > THRESHOLD:
            sentences.append(GAP_ALONE)
        sentences.append(missed_separations(people))
    return " ".join(sentences)


def decide(shape: float, gap: float, parallel_p: float) -> Tier:
    """Return the tier from the smaller SHAPE and GAP scores and the p value of the parallel analysis.

    Examples
    --------
    >>> decide(2.0, 1.5, 0.005), decide(2.0, 0.3, 0.005), decide(0.1, 1.5, 0.005), decide(0.1, 0.3, 0.4)
    (3, 2, 1, 0)
    """
    if shape > THRESHOLD:
        return 3 if gap > THRESHOLD else 2
    return 1 if parallel_p <= 0.05 else 0


POWER: Mapping[int, tuple[tuple[int, int], tuple[int, int]]] = {
    500: ((90, 98), (25, 62)),
    1000: ((40, 75), (0, 23)),
    2000: ((0, 27), (0, 10)),
}
"""By number of people: percent of data sets with groups shifted by 1.5 SD that the gate misses (tier below 2), and with
groups shifted by 2 SD in which it shows no gap (tier below 3); the lower and the higher of two and of three groups that
are shifted in three of six markers (docs/subgroup_gate.md, worlds ``by_marker``)."""


def missed_separations(people: int) -> str:
    """Return in words which groups the gate would have missed with so many people.

    For numbers of people that were not measured the nearest smaller one is named; nothing is interpolated.

    Examples
    --------
    >>> missed_separations(500).split(";")[1]
    ' shifted by 2 SD, 25 to 62 % show no gap.'

    Notes
    -----
    The number of people itself is not told: on real data it would stand unrounded beside rounded counts.
    """
    measured = max((n for n in POWER if n <= people), default=min(POWER))
    (low, high), (least, most) = POWER[measured]
    missed = (
        f"{low} to {high} % of groups shifted by 1.5 SD in three of six markers are missed; shifted by 2 SD, "
        f"{least} to {most} % show no gap"
    )
    if people == measured:
        return f"At n = {people:,}, {missed}."
    here, side = ("more", "fewer") if people > measured else ("fewer", "more")
    return f"With {here} people, {side} groups are missed than at n = {measured:,}, where {missed}."


def parallel_analysis(values: FloatArray, rng: np.random.Generator, permutations: int = PERMUTATIONS) -> float:
    """Return the permutation p value that the markers share a dimension.

    The largest eigenvalue of the correlations of rank-normal scores is compared with the same after each column has
    been permuted on its own.

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> shared = rng.standard_normal((300, 1)) + rng.standard_normal((300, 4))
    >>> parallel_analysis(shared, rng)
    0.005
    """
    people = values.shape[0]
    scores = stats.norm.ppf((stats.rankdata(values, axis=0) - 0.5) / people)
    scores = (scores - scores.mean(axis=0)) / scores.std(axis=0)
    observed = np.linalg.eigvalsh(scores.T @ scores / people)[-1]
    drawn = np.empty((permutations, values.shape[1], values.shape[1]))
    for number in range(permutations):
        mixed = rng.permuted(scores, axis=0)
        drawn[number] = mixed.T @ mixed / people
    exceeding = np.sum(np.linalg.eigvalsh(drawn)[:, -1] >= observed)
    return float((1 + exceeding) / (permutations + 1))


@dataclass(frozen=True)
class _Run:
    """All runs of one scaling: axes, held-out places, and SHAPE on them."""

    axes: FloatArray
    places: FloatArray
    shape: ShapeTests


def _streams(
    prepared: PreparedMarkers, splits: int, rng: np.random.Generator
) -> tuple[IntArray, dict[str, tuple[np.random.Generator, np.random.Generator]], np.random.Generator]:
    """Return the halves, a generator for axes and one for draws by scaling, and one for the rest.

    With a generator of its own, no part depends on whether another was asked.
    """
    seeds = iter(rng.integers(2**63 - 1, size=2 + 2 * len(prepared.scalings)).tolist())
    first, *rest = (np.random.default_rng(seed) for seed in seeds)
    pairs = zip(rest[:-1:2], rest[1::2], strict=True)
    streams = dict(zip(prepared.scalings, pairs, strict=True))
    return random_halves(prepared.n, splits, first), streams, rest[-1]


def _place(values: FloatArray, halves: IntArray, rng: np.random.Generator) -> _Run:
    """Return axes learnt on each half and SHAPE on the other; runs are ordered split by split, then direction."""
    learning = values[halves].reshape(-1, halves.shape[2], values.shape[1])
    held_out = values[halves[:, ::-1]].reshape(learning.shape)
    axes = separating_axes(learning, rng)
    places = np.einsum("rnd,rd->rn", held_out, axes)
    return _Run(axes, places, shape_tests(places))


def _combined_gap(tests: Sequence[BandwidthTest]) -> float:
    return _combined(np.array([test.z for test in tests]))


def _combined(z: FloatArray) -> float:
    """Return the mean over splits of the scores of the two directions, summed and divided by the root of two."""
    return float(np.mean(z.reshape(-1, 2).sum(axis=1) / math.sqrt(2)))


def _shortage(markers: int, prepared: PreparedMarkers) -> str:
    """Return why the gate cannot be asked; the number of people is not told, since it may be small."""
    if markers < 2:
        left_out = "; ".join(f"{name}: {why}" for name, why in prepared.left_out.items())
        reason = f"the gate needs at least 2 markers, this cohort gives {markers}"
        return f"{reason} ({left_out})" if left_out else reason
    return f"the gate needs at least {FEWEST_PEOPLE} people with all markers, this cohort has fewer"


def _illustrate(
    scaling: str,
    markers: tuple[str, ...],
    run: _Run,
    gap: Sequence[BandwidthTest],
    draws: int,
    rng: np.random.Generator,
) -> Illustration:
    """Return the run whose two scores together are the median one, with the curves a figure needs."""
    total = run.shape.z + np.array([test.z for test in gap])
    chosen = int(np.argsort(total, kind="stable")[(total.size - 1) // 2])
    centre, spread = run.shape.centre[chosen], run.shape.spread[chosen]
    held_out = (run.places[chosen] - centre) / spread
    bandwidth = gap[chosen].bandwidth / spread
    grid, kernel = kernel_density(held_out[None, :], np.array([bandwidth]))
    null = critical_bandwidth(smooth_draws(held_out, bandwidth, draws, rng))
    return Illustration(
        scaling=scaling,
        weights=dict(zip(markers, run.axes[chosen].tolist(), strict=True)),
        held_out=held_out,
        grid=grid[0],
        kernel=kernel[0],
        one_peak=np.exp(curve_log_density(grid, run.shape.curve[chosen][None, :]))[0],
        two_groups=np.exp(mixture_log_density(grid, run.shape.mixture[chosen][None, :]))[0],
        bandwidth=bandwidth,
        null_bandwidths=null,
    )
