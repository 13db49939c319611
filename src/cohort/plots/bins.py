"""Histograms that show no few people: edges at round numbers, bins with small counts merged with their neighbours."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray
from scipy import stats

from cohort.disclosure import Disclosure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FloatArray: TypeAlias = NDArray[np.float64]
_PER_DECADE = 8
_SKEWED = 1.5


@dataclass(frozen=True)
class Histogram:
    """Counts between edges, protected, and how wide an unmerged bin is.

    Parameters
    ----------
    counts
        People in each bin, rounded by the disclosure policy; never a small count.
    edges
        One more than there are counts, in the unit of the variable.
    total
        Number of people, rounded.
    base
        Width of an unmerged bin: in the unit, or in powers of ten where ``log``.
    log
        Whether the axis is logarithmic.
    """

    counts: FloatArray
    edges: FloatArray
    total: float
    base: float
    log: bool

    @property
    def heights(self) -> FloatArray:
        """Return the share of people in each bin, per width of an unmerged bin."""
        widths = np.diff(np.log10(self.edges) if self.log else self.edges) / self.base
        heights: FloatArray = self.counts / max(self.total, 1.0) / widths
        return heights

    @property
    def density(self) -> FloatArray:
        """Return the share of people in each bin, per unit."""
        density: FloatArray = self.counts / max(self.total, 1.0) / np.diff(self.edges)
        return density


def is_skewed(values: FloatArray) -> bool:
    """Return whether values are all positive and so skewed that only a logarithmic axis shows them."""
    return bool(values.size > 2 and values.min() > 0 and np.ptp(values) > 0 and stats.skew(values) > _SKEWED)


def trimmed_range(values: FloatArray, disclosure: Disclosure) -> tuple[float, float]:
    """Return a range of values that gives no single extreme away; without disclosure control minimum and maximum.

    At least ``minimum_count`` people and two in a thousand lie at or beyond each end.
    """
    ordered = np.sort(values)
    beyond = max(disclosure.minimum_count, math.ceil(0.002 * ordered.size)) if disclosure.minimum_count > 1 else 0
    beyond = min(beyond, (ordered.size - 1) // 2)
    return float(ordered[beyond]), float(ordered[ordered.size - 1 - beyond])


def merge_small(counts: FloatArray, edges: FloatArray, minimum: int) -> tuple[FloatArray, FloatArray]:
    """Return counts and edges in which every bin with fewer than ``minimum`` people was merged with a neighbour.

    Examples
    --------
    >>> counts, edges = merge_small(np.array([9.0, 2.0, 8.0]), np.array([0.0, 1, 2, 3]), 5)
    >>> counts.tolist(), edges.tolist()
    ([9.0, 10.0], [0.0, 1.0, 3.0])
    """
    found, bounds = [float(c) for c in counts], [float(e) for e in edges]
    while len(found) > 1:
        small = [place for place, count in enumerate(found) if 0 < count < minimum]
        if not small:
            break
        place = small[-1]
        neighbours = [other for other in (place - 1, place + 1) if 0 <= other < len(found)]
        other = min(neighbours, key=lambda index: found[index])
        first = min(place, other)
        found[first : first + 2] = [found[place] + found[other]]
        del bounds[first + 1]
    return np.asarray(found), np.asarray(bounds)


def histogram(values: FloatArray, disclosure: Disclosure, *, log: bool = False, bins: int = 28) -> Histogram:
    """Return a histogram with round edges that holds everybody and shows no small count.

    Parameters
    ----------
    values
        Finite values, one per person.
    disclosure
        How counts are protected; values beyond :func:`trimmed_range` count into the outermost bins.
    log
        Whether bins are equally wide on a logarithmic axis.
    bins
        About how many bins.
    """
    low, high = trimmed_range(values, disclosure)
    whole = bool(np.all(values == np.round(values))) and high - low <= 60
    if log:
        base = 1 / _PER_DECADE
        powers = np.arange(math.floor(math.log10(low) / base), math.ceil(math.log10(high) / base) + 1)
        powers = np.append(powers, powers[-1] + 1) if powers.size < 2 else powers
        edges: FloatArray = np.power(10.0, powers * base)
    elif whole:
        base = 1.0
        edges = np.arange(math.floor(low) - 0.5, math.ceil(high) + 1.0, dtype=np.float64)
    else:
        edges = np.asarray(MaxNLocator(nbins=bins, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high), dtype=float)
        base = float(edges[1] - edges[0])
    inside = np.clip(np.clip(values, low, high), edges[0], edges[-1])
    counts, _ = np.histogram(inside, edges)
    merged, bounds = merge_small(counts.astype(float), edges, disclosure.minimum_count)
    shown = np.asarray([disclosure.rounded(count) or 0 for count in merged], dtype=float)
    return Histogram(shown, bounds, float(disclosure.rounded(values.size) or 0), base, log)


def use_log(ax: Axes, *, vertical: bool = False) -> None:
    """Give an axis a logarithmic scale with plain numbers at 1, 2 and 5 or at powers of ten, in place."""
    axis = ax.yaxis if vertical else ax.xaxis
    (ax.set_yscale if vertical else ax.set_xscale)("log")
    low, high = ax.get_ylim() if vertical else ax.get_xlim()
    decades = math.log10(high / low)
    axis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0) if decades < 2.2 else (1.0,)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.10g}"))
