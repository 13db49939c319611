"""Giving values the marginals of a study while everybody keeps his rank among the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special, stats

from cohort.synthetic.defects.raw_text import Flags, Floats, Texts
from cohort.synthetic.twin.statistics import VariableStatistics


def lowest(keys: Floats, share: float, rng: np.random.Generator) -> Flags:
    """Return which keys are among the lowest of a share, as many as the share rounded up or down by chance.

    Examples
    --------
    >>> lowest(np.array([3.0, 1.0, 2.0]), 2 / 3, np.random.default_rng(1)).tolist()
    [False, True, True]
    """
    count = min(len(keys), int(share * len(keys) + rng.random())) if share < 1 else len(keys)
    found = np.zeros(len(keys), dtype=bool)
    found[np.argsort(keys, kind="stable")[:count]] = True
    return found


def ranks(values: Floats, rng: np.random.Generator) -> Floats:
    """Return the rank of each value between 0 and 1; equal values stand in an order of chance.

    Examples
    --------
    >>> ranks(np.array([5.0, 1.0, 3.0]), np.random.default_rng(1)).round(2).tolist()
    [0.83, 0.17, 0.5]
    """
    order = np.lexsort((rng.random(len(values)), values))
    place = np.empty(len(values))
    place[order] = (np.arange(len(values)) + 0.5) / max(len(values), 1)
    return place


def matched_numbers(
    values: Floats,
    wanted: VariableStatistics,
    rng: np.random.Generator,
    *,
    whole: bool = False,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Floats:
    """Return numbers with a wanted distribution, each at the rank that its old value had.

    Parameters
    ----------
    values
        The old values.
    wanted
        Shares of whole numbers, quantiles, or mean and SD; the values stay as they are when none is told.
    rng
        Settles the order of equal values.
    whole
        Return whole numbers.
    limits
        What a value may be at least and at most.

    Examples
    --------
    >>> half = VariableStatistics(quantiles={0.25: 1.0, 0.5: 2.0, 0.75: 4.0})
    >>> found = matched_numbers(np.arange(1001.0), half, np.random.default_rng(1), limits=(0, 100))
    >>> float(np.median(found)), bool((np.diff(found) >= 0).all())
    (2.0, True)
    """
    if not len(values):
        return values
    place = ranks(values, rng)
    if wanted.shares:
        found = _by_shares(place, wanted.shares)
    elif wanted.quantiles:
        found = np.where(place < (wanted.zero or 0.0), 0.0, _by_quantiles(place, wanted.quantiles))
    elif wanted.mean is not None and wanted.sd is not None:
        found = _by_moments(place, wanted.mean, wanted.sd, limits[0] >= 0)
    else:
        return values
    found = np.clip(found, *limits)
    return np.asarray(np.round(found) if whole else found, dtype=float)


def _by_shares(place: Floats, shares: Mapping[str, float]) -> Floats:
    numbers = np.array([float(word) for word in shares])
    order = np.argsort(numbers)
    ends = np.cumsum(np.array(list(shares.values()), dtype=float)[order])
    if ends[-1] <= 0:
        return np.full(len(place), numbers[order[0]])
    return numbers[order][np.minimum(np.searchsorted(ends / ends[-1], place, side="left"), len(order) - 1)]


def _by_quantiles(place: Floats, quantiles: Mapping[float, float]) -> Floats:
    """Return quantiles between and beyond those that are told: straight lines in normal scores, of logs if positive."""
    at = special.ndtri(np.array(list(quantiles)))
    values = np.array(list(quantiles.values()), dtype=float)
    is_log = bool((values > 0).all()) and values[-1] > 3 * values[0]
    scale = np.log(values) if is_log else values
    score = special.ndtri(place)
    found = np.interp(score, at, scale)
    if len(at) > 1:
        for beyond, (first, second) in ((score < at[0], (0, 1)), (score > at[-1], (-1, -2))):
            slope = (scale[first] - scale[second]) / (at[first] - at[second])
            found = np.where(beyond, scale[first] + slope * (score - at[first]), found)
    return np.asarray(np.exp(found) if is_log else found, dtype=float)


def _by_moments(place: Floats, mean: float, sd: float, is_positive: bool) -> Floats:
    score = special.ndtri(place)
    if is_positive and mean > 0 and sd > mean / 2:
        spread = np.sqrt(np.log1p((sd / mean) ** 2))
        return np.asarray(np.exp(np.log(mean) - spread**2 / 2 + spread * score), dtype=float)
    return np.asarray(mean + sd * score, dtype=float)


def matched_words(
    words: Texts, wanted: Mapping[str, float], rng: np.random.Generator, *, order: Sequence[str] = ()
) -> Texts:
    """Return categories with wanted shares; with an order, each at the rank that the old one had.

    Parameters
    ----------
    words
        The old categories.
    wanted
        Share of each category; shares that do not add up to 1 are scaled to it.
    rng
        Settles who changes.
    order
        The categories in their order. Without one, a category that is too frequent gives people away by chance, and
        all others keep theirs.

    Examples
    --------
    >>> old = np.array(["never"] * 6 + ["current"] * 4, dtype=object)
    >>> new = matched_words(old, {"never": 0.8, "current": 0.2}, np.random.default_rng(1))
    >>> (new == "never").sum(), (new[:6] == "never").all()
    (np.int64(8), np.True_)
    """
    names = list(wanted)
    total = sum(wanted.values())
    if not names or total <= 0 or not len(words):
        return words
    counts = _apportioned(np.array([wanted[name] / total for name in names]), len(words))
    if order:
        known = {word: number for number, word in enumerate(order)}
        place = np.argsort(ranks(np.array([float(known.get(str(word), -1)) for word in words]), rng))
        ordered = sorted(range(len(names)), key=lambda number: known.get(names[number], -1))
        found = np.empty(len(words), dtype=object)
        found[place] = np.repeat([names[number] for number in ordered], [counts[number] for number in ordered])
        return found
    found = words.copy()
    pool: list[int] = np.flatnonzero(~np.isin(words.astype(str), names)).tolist()
    for name, count in zip(names, counts, strict=True):
        here = np.flatnonzero(words == name)
        if len(here) > count:
            pool += rng.choice(here, size=len(here) - count, replace=False).tolist()
    rng.shuffle(pool)
    for name, count in zip(names, counts, strict=True):
        lacking = max(0, count - int((words == name).sum()))
        found[pool[:lacking]] = name
        pool = pool[lacking:]
    return found


def _apportioned(shares: Floats, total: int) -> list[int]:
    """Return whole numbers that add up to a total, in the proportion of shares (largest remainder)."""
    exact = shares * total
    counts = np.floor(exact).astype(int)
    counts[np.argsort(counts - exact, kind="stable")[: total - int(counts.sum())]] += 1
    return [int(count) for count in counts]


def matched_flags(scores: Floats, share: float, rng: np.random.Generator) -> Flags:
    """Return who is counted in: a share of all, those with the highest scores first."""
    return lowest(-(scores + 1e-9 * rng.random(len(scores))), share, rng)


def carried(values: Floats, stay: float, rng: np.random.Generator) -> Floats:
    """Return values of the same people at another time: each rank moves, and the distribution stays.

    Parameters
    ----------
    values
        Values at the first time.
    stay
        Correlation of the normal scores of the two times.
    rng
        Draws what is new.

    Examples
    --------
    >>> first = np.arange(1000.0)
    >>> again = carried(first, 0.7, np.random.default_rng(1))
    >>> sorted(again) == sorted(first), round(float(np.corrcoef(first, again)[0, 1]), 1)
    (True, 0.7)
    """
    if not len(values):
        return values
    score = special.ndtri(ranks(values, rng))
    moved = stay * score + np.sqrt(1 - stay**2) * stats.norm.rvs(size=len(values), random_state=rng)
    found = np.empty(len(values))
    found[np.argsort(moved, kind="stable")] = np.sort(values)
    return found
