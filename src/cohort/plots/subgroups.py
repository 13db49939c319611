"""Subgroups: the statistic beside what one population gives, the learnt axis, profiles, and what would be missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cohort.disclosure import Disclosure
from cohort.plots.bins import FloatArray, histogram
from cohort.plots.scales import number
from cohort.plots.style import (
    COLOURS,
    INK,
    MARKERS,
    MUTED,
    VERMILION,
    WIDTH,
    add_note,
    disclosure_note,
    empty_axes,
    given_or_new,
    legend_below,
    room,
    set_title,
    use_style,
)
from cohort.plots.text import NORMAL, SMALL, line_count, line_height, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))


def _finite(values: Sequence[float] | FloatArray) -> FloatArray:
    array = np.asarray(values, dtype=float)
    finite: FloatArray = array[np.isfinite(array)]
    return finite


@use_style()
def draw_null_distribution(
    null: Sequence[float] | FloatArray,
    observed: float,
    *,
    label: str = "statistic",
    title: str = "The statistic, beside what one population gives",
    ax: Axes | None = None,
) -> Axes:
    """Return a histogram of a statistic under the null with the observed value and its p value.

    Parameters
    ----------
    null
        Values of the statistic in data sets drawn without the effect.
    observed
        The value in the data; large values speak against the null.
    label
        What the statistic is.
    title
        What is shown.
    ax
        Where to draw; None makes a figure.

    Notes
    -----
    p = (1 + draws at least as large) / (1 + draws), Davison & Hinkley 1997, section 4.2.
    """
    draws = _finite(null)
    if draws.size == 0 or not np.isfinite(observed):
        return empty_axes(ax, "the null distribution or the observed value is not available", title=title)
    ax = given_or_new(ax, WIDTH * 0.8, 3.4)
    p = (1 + int((draws >= observed).sum())) / (1 + draws.size)
    low, high = min(float(draws.min()), observed), max(float(draws.max()), observed)
    counts, edges = np.histogram(draws, bins=min(30, max(8, draws.size // 8)))
    ax.stairs(counts, edges, fill=True, color=COLOURS[4], linewidth=0)
    ax.axvline(observed, color=VERMILION, linewidth=1.8)
    margin = 0.08 * ((high - low) or 1.0)
    ax.set_xlim(low - margin, high + margin)
    ax.set_ylim(0, 1.3 * float(counts.max()))
    right = observed > (low + high) / 2
    digits = f"p = {p:.3f}" if p >= 0.001 else "p < 0.001"
    ax.annotate(f"observed {number(observed)}\n{digits}", (observed, 0.98), xycoords=("data", "axes fraction"),
                xytext=(-6 if right else 6, 0), textcoords="offset points", ha="right" if right else "left", va="top",
                fontsize=NORMAL, color=VERMILION)  # fmt: skip
    ax.set_xlabel(wrap(f"{label[:1].upper()}{label[1:]}", room(ax) - 0.9))
    ax.set_ylabel(f"Data sets drawn (of {draws.size:,})")
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4, integer=True))
    set_title(ax, title)
    return ax


@use_style()
def draw_axis(
    values: Sequence[float] | FloatArray,
    *,
    disclosure: Disclosure,
    curves: Mapping[str, tuple[FloatArray, FloatArray]] | None = None,
    label: str = "Position along the learnt axis (SD)",
    title: str = "The held-out half along the axis learnt on the other",
    ax: Axes | None = None,
) -> Axes:
    """Return the density of people along an axis, with fitted curves.

    Parameters
    ----------
    values
        One value per person.
    disclosure
        How counts are protected: bins of few people are merged.
    curves
        By name: positions and densities of a fitted curve, such as the best one with a single peak.
    label, title
        What the axis and the picture show.
    ax
        Where to draw; None makes a figure.
    """
    people = _finite(values)
    if people.size == 0 or disclosure.is_small(people.size) or np.ptp(people) == 0:
        return empty_axes(ax, "too few people, or all have the same value", title=title)
    ax = given_or_new(ax, WIDTH * 0.8, 3.6)
    found = histogram(people, disclosure, bins=40)
    ax.stairs(found.density, found.edges, fill=True, color="#c9dcea", linewidth=0)
    handles = []
    for place, (name, (x, density)) in enumerate((curves or {}).items()):
        colour = (INK, VERMILION, *COLOURS)[place]
        handles += ax.plot(x, density, color=colour, linewidth=1.8, linestyle=_LINES[place % len(_LINES)], label=name)
    ax.set_xlim(found.edges[0], found.edges[-1])
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=4))
    ax.set_xlabel(wrap(label, room(ax) - 0.9))
    ax.set_ylabel("Density")
    down = 0.5 + legend_below(ax, handles, 0.5, 0.4)
    note = disclosure_note(disclosure)
    add_note(ax, f"{note} Outermost bins hold everyone beyond." if note else "", down=down + 0.05, indent=0.4)
    set_title(ax, title)
    return ax


@use_style()
def draw_profiles(
    profile: pd.DataFrame,
    *,
    disclosure: Disclosure,
    sizes: Mapping[str, int] | None = None,
    unit: str = "SD from the mean of all",
    title: str = "Profiles of the groups",
    ax: Axes | None = None,
) -> Axes:
    """Return a heat map of the mean of every marker in every group, with the numbers in it.

    Parameters
    ----------
    profile
        One row per group, one column per marker, standardised.
    disclosure
        How the sizes of groups are protected; the values of a group of few people are not shown.
    sizes
        People by group.
    unit, title
        Unit of the values, and what is shown.
    ax
        Where to draw; None makes a figure.
    """
    if profile.empty or not np.isfinite(profile.to_numpy(dtype=float)).any():
        return empty_axes(ax, "there are no groups to show", title=title)
    people = {str(group): (sizes or {}).get(group) for group in profile.index}
    hidden = [str(g) for g, count in people.items() if count is not None and disclosure.is_small(count)]
    shown = profile.astype(float).copy()
    shown.loc[[group for group in shown.index if str(group) in hidden]] = np.nan
    values = shown.to_numpy().T
    rows, columns = values.shape
    names = [wrap(str(marker), 2.0) for marker in profile.columns]
    tall = max(sum(max(0.32, line_count(name) * line_height(SMALL) + 0.08) for name in names), 1.3)
    ax = given_or_new(ax, min(WIDTH, 3.2 + 1.1 * columns), tall + 1.3)
    reach = max(float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 1.0, 0.5)
    mesh = ax.pcolormesh(values, cmap="RdBu_r", vmin=-reach, vmax=reach, edgecolors="white", linewidth=2)
    for row in range(rows):
        for column in range(columns):
            value = values[row, column]
            text = f"{value:+.2f}".replace("-", "−") if np.isfinite(value) else "–"
            strong = np.isfinite(value) and abs(value) > 0.62 * reach
            ax.text(column + 0.5, row + 0.5, text, ha="center", va="center", fontsize=SMALL,
                    color="white" if strong else INK)  # fmt: skip
    each = max((room(ax) - 3.0) / columns - 0.08, 0.6)
    heads = []
    for group, count in people.items():
        size = "" if count is None else "\nn = " + disclosure.text(count)
        heads.append(wrap(group, each) + size.replace("= <", "< "))
    ax.set_xticks(np.arange(columns) + 0.5, heads)
    ax.set_yticks(np.arange(rows) + 0.5, names)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.invert_yaxis()
    bar = ax.figure.colorbar(mesh, ax=ax, label=wrap(unit, 0.8 * tall), shrink=0.9, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
    note = disclosure_note(disclosure) if sizes else ""
    add_note(ax, note, down=0.15 + 0.17 * max(line_count(head) for head in heads), indent=1.2, inches=room(ax) - 1.2)
    set_title(ax, title, inches=room(ax) - 1.6)
    return ax


@use_style()
def draw_missed(
    found: pd.DataFrame,
    *,
    title: str = "How far apart two groups must be to be found",
    xlabel: str = "Distance between two groups (SD)",
    goal: float = 0.8,
    ax: Axes | None = None,
) -> Axes:
    """Return the probability of finding groups against how far apart they are.

    Parameters
    ----------
    found
        Columns ``separation`` and ``power`` (0 to 1) and, optionally, ``series``, a name for each curve.
    title, xlabel
        What is shown, and what the separation is.
    goal
        A probability to mark.
    ax
        Where to draw; None makes a figure.
    """
    kept = found.dropna(subset=["separation", "power"]) if {"separation", "power"} <= set(found.columns) else found[:0]
    if kept.empty:
        return empty_axes(ax, "the power is not known", title=title)
    ax = given_or_new(ax, WIDTH * 0.8, 3.6)
    series = kept["series"] if "series" in kept else pd.Series("", index=kept.index)
    handles = []
    for place, (name, part) in enumerate(kept.groupby(series, sort=False)):
        ordered = part.sort_values("separation")
        handles += ax.plot(ordered["separation"], 100 * ordered["power"], color=COLOURS[place % len(COLOURS)],
                           marker=MARKERS[place % len(MARKERS)], markersize=6, markeredgecolor="white",
                           linewidth=1.8, label=str(name))  # fmt: skip
    ax.axhline(100 * goal, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
    ax.set_ylim(0, 105)
    ax.annotate(f"{100 * goal:.0f} %", (1, 100 * goal), xycoords=("axes fraction", "data"), xytext=(-2, 3),
                textcoords="offset points", ha="right", va="bottom", fontsize=SMALL, color=MUTED)  # fmt: skip
    ax.set_xlabel(wrap(xlabel, room(ax) - 0.9))
    ax.set_ylabel("Found, % of data sets")
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    legend_below(ax, [handle for handle in handles if handle.get_label()], 0.5, 0.4)
    set_title(ax, title)
    return ax
