"""How many groups: a cohort in which the gate found groups is cut, and the gate is asked again within the parts.

People are put into a part by axes that were learnt on others. Before the gate is asked again, the place along
the axis is taken out of the markers as age and sex were: where there are two Gaussian groups with one covariance, what
is left is the same in both, wherever the cut lies, so that neither the cut nor people on its wrong side make a third
group. Groups that lie on one line are therefore not told apart beyond the first cut: the answer is always "at least".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from cohort.analysis.subgroups.axis import random_halves, separating_axes
from cohort.analysis.subgroups.gap import critical_bandwidth, kernel_density
from cohort.analysis.subgroups.gate import FEWEST_PEOPLE, THRESHOLD, GateResult, tier_of_groups
from cohort.analysis.subgroups.preparation import PreparedMarkers, both_scalings
from cohort.analysis.subgroups.shape import shape_tests
from cohort.results import NotTestable, ResultTable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

LABEL = "Number of groups"
_ALIKE = 0.9
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class PartAsked:
    """A part of the cohort and what the gate said about it.

    Parameters
    ----------
    part
        ``whole``, or the way to the part: ``upper``, ``upper, lower``, …
    people
        People in it.
    tier
        3, 2, or 1 for "1 or 0"; None where the gate could not be asked.
    threshold
        What SHAPE and GAP had to pass.
    reason
        Why the gate could not be asked.
    """

    part: str
    people: int
    tier: int | None
    threshold: float
    reason: str = ""


@dataclass(frozen=True, eq=False)
class GroupsNumber:
    """How many groups are supported.

    Parameters
    ----------
    at_least
        1 where the gate named none.
    words
        What may be said.
    steps
        The parts in the order in which the gate was asked.
    assignment
        Part (from 1, in the order of the mean of the first marker) of each person, by row of the cohort table; None
        where there is one.
    """

    at_least: int
    words: str
    steps: tuple[PartAsked, ...]
    assignment: pd.Series | None


@dataclass(frozen=True)
class _Part:
    name: str
    rows: IntArray
    prepared: PreparedMarkers


def number_of_groups(
    prepared: PreparedMarkers,
    gate: GateResult | NotTestable,
    *,
    rng: np.random.Generator,
    splits: int = 10,
    draws: int = 99,
) -> GroupsNumber | NotTestable:
    """Return how many groups there are at least.

    A part at tier 3 is cut in two; the gate is asked in each part, with thresholds that rise with the number of parts
    asked on a level, so that all of them together have the error rate of one (Bonferroni).

    Parameters
    ----------
    prepared
        Markers from :func:`~cohort.analysis.subgroups.preparation.prepare_markers`.
    gate
        What the gate found in them.
    rng
        Source of splits, starts and draws.
    splits, draws
        As for the gate.

    Notes
    -----
    Assumes what the gate assumes, and that groups differ in more than one direction. Error rate and power in
    docs/subgroup_gate.md. Parts below 200 people, or left with fewer than two markers, are not asked.
    """
    if isinstance(gate, NotTestable):
        return NotTestable(LABEL, gate.reason, claims=gate.claims)
    whole = PartAsked("whole", prepared.n, gate.tier, THRESHOLD)
    if not gate.may_name_groups:
        return GroupsNumber(1, f"No groups are named: {gate.wording}", (whole,), None)
    steps = [whole]
    done: list[IntArray] = []
    with threadpool_limits(limits=1):
        waiting = deque(_cut(_Part("", np.arange(prepared.n), prepared), splits, rng))
        while waiting:
            level = list(waiting)
            waiting.clear()
            threshold = float(stats.norm.isf(stats.norm.sf(THRESHOLD) / len(level)))
            for part in level:
                step = _ask(part, threshold, splits, draws, rng)
                steps.append(step)
                if step.tier == 3:
                    waiting.extend(_cut(part, splits, rng))
                else:
                    done.append(part.rows)
    return GroupsNumber(len(done), _words(len(done), steps), tuple(steps), _assignment(prepared, done))


def _ask(part: _Part, threshold: float, splits: int, draws: int, rng: np.random.Generator) -> PartAsked:
    """Return what the gate says about a part."""
    people = part.prepared.n
    if people < FEWEST_PEOPLE:
        return PartAsked(part.name, people, None, threshold, f"fewer than {FEWEST_PEOPLE} people")
    if len(part.prepared.markers) < 2:
        return PartAsked(part.name, people, None, threshold, "fewer than two markers left")
    tier = tier_of_groups(part.prepared, rng=rng, splits=splits, draws=draws, threshold=threshold)
    return PartAsked(part.name, people, tier, threshold)


def _cut(part: _Part, splits: int, rng: np.random.Generator) -> list[_Part]:
    """Return the lower and the upper part, each without the place along the axis in its markers.

    The axis of highest SHAPE among held-out people and those like it decide: each person is placed relative to the
    valley, on average over the axes learnt without that person (over all of them where there is none). No mean over all
    axes: with three groups there may be several, whose mean would cut through a group.
    """
    values = part.prepared.scalings["log"]
    halves = random_halves(len(values), splits, rng)
    learning = values[halves].reshape(-1, halves.shape[2], values.shape[1])
    axes = separating_axes(learning, rng)
    others = halves[:, ::-1].reshape(len(axes), -1)
    score = shape_tests(np.einsum("rnd,rd->rn", values[others], axes)).z
    highest = np.flatnonzero(np.round(score, 6) == np.round(score, 6).max())
    likeness = axes @ axes[highest].T
    # Among equals the axis that is most like all.
    best = int(np.argmax(np.round(np.abs(likeness).sum(axis=0), 9)))
    alike = np.flatnonzero(np.abs(likeness[:, best]) >= _ALIKE)
    # An axis points to where markers are higher on the whole, which may differ between two that are alike.
    chosen = axes[alike] * np.sign(likeness[alike, best])[:, None]
    placed = values @ chosen.T - valleys(np.einsum("rnd,rd->rn", learning[alike], chosen))
    without = np.zeros(placed.shape, dtype=bool)
    np.put_along_axis(without, others[alike].T, True, axis=0)
    without[~without.any(axis=1)] = True
    # Rounded, so that nobody's part hangs on the last bit.
    own = np.round(np.sum(placed * without, axis=1) / without.sum(axis=1), 9)
    axis = chosen.mean(axis=0)
    along = values @ axis
    heaviest = int(np.argmax(np.round(np.abs(axis), 9)))
    return [
        _without(part, f"{part.name}, {side}" if part.name else side, np.flatnonzero(inside), along, heaviest)
        for side, inside in (("lower", own <= 0), ("upper", own > 0))
    ]


def valleys(samples: FloatArray) -> FloatArray:
    """Return the deepest point between the two highest peaks of each row, at a bandwidth just below the critical one.

    Just below the critical bandwidth there are two peaks, so that the valley lies between groups, not in one.

    Parameters
    ----------
    samples
        Places along the axis, shape (runs, people).

    Examples
    --------
    >>> places = np.concatenate([np.linspace(-1, 1, 50), np.linspace(3, 5, 50)])[None, :]
    >>> valleys(places).round(0).tolist()
    [2.0]
    """
    grid, density = kernel_density(samples, 0.97 * critical_bandwidth(samples))
    middle = density[:, 1:-1]
    peak = (middle > density[:, :-2]) & (middle >= density[:, 2:])
    found = np.empty(len(samples))
    for row, (places, height) in enumerate(zip(grid, density, strict=True)):
        tops = np.flatnonzero(peak[row]) + 1
        tops = tops[np.argsort(-height[tops], kind="stable")[:2]]
        if tops.size < 2:
            found[row] = np.median(samples[row])
            continue
        low, high = sorted(tops.tolist())
        found[row] = places[low + int(np.argmin(height[low : high + 1]))]
    return found


def _without(part: _Part, name: str, inside: IntArray, along: FloatArray, heaviest: int) -> _Part:
    """Return a part of the people; the marker that weighs most leaves, since the axis determines it by the others."""
    prepared = part.prepared
    values = np.delete(prepared.scalings["log"][inside], heaviest, axis=1)
    markers = tuple(marker for place, marker in enumerate(prepared.markers) if place != heaviest)
    scalings = dict(prepared.scalings)
    if len(inside) >= FEWEST_PEOPLE and markers:
        matrix = np.column_stack([np.ones(len(inside)), along[inside]])
        scalings = both_scalings(values - matrix @ np.linalg.lstsq(matrix, values, rcond=None)[0])
    return _Part(
        name, part.rows[inside], replace(prepared, scalings=scalings, index=prepared.index[inside], markers=markers)
    )


def _assignment(prepared: PreparedMarkers, parts: list[IntArray]) -> pd.Series:
    """Return the part of each person; parts in the order of their mean of the first marker."""
    first = prepared.scalings["log"][:, 0]
    order = np.argsort([np.round(first[rows].mean(), 9) for rows in parts], kind="stable")
    labels = np.empty(prepared.n, dtype=np.int64)
    for place, number in enumerate(order, start=1):
        labels[parts[number]] = place
    return pd.Series(labels, index=prepared.index, name="part", dtype="Int64")


def _words(number: int, steps: list[PartAsked]) -> str:
    """Return what may be said of the number."""
    told = _NUMBERS[number] if number < len(_NUMBERS) else str(number)
    words = [f"At least {told} groups: no further gap replicates within the parts that could be asked."]
    silent = [step for step in steps if step.reason]
    if silent:
        words.append(f"Parts that could not be asked: {len(silent)} ({silent[0].reason}).")
    words.append("More groups can lie along one line, or closer than the gate sees.")
    return " ".join(words)


def groups_number_table(found: GroupsNumber | NotTestable) -> ResultTable:
    """Return one row per part that the gate was asked about, and the number of groups.

    Parameters
    ----------
    found
        From :func:`number_of_groups`.
    """
    title = "How many groups: the gate within the parts"
    if isinstance(found, NotTestable):
        return ResultTable("number_of_groups", title, pd.DataFrame({"part": [f"not testable: {found.reason}"]}))
    rows: list[dict[str, object]] = [
        {"part": step.part, "people": step.people, "threshold": step.threshold, "finding": _finding(step)}
        for step in found.steps
    ]
    rows.append({"part": "all", "finding": found.words})
    return ResultTable(
        "number_of_groups",
        title,
        pd.DataFrame(rows).astype({"people": "Int64"}),
        counts=("people",),
        formats={"threshold": ".2f"},
        note="People are placed by axes learnt on others. Unweighted: no survey weights are used.",
    )


def _finding(step: PartAsked) -> str:
    if step.tier is None:
        return f"not asked: {step.reason}"
    return "tier 1 or 0" if step.tier <= 1 else f"tier {step.tier}"
