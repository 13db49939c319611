"""Profiles of classes: a heat map of means with intervals, and the density of every marker in every class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator
from scipy import stats

from cohort.disclosure import Disclosure
from cohort.plots.bins import FloatArray, trimmed_range
from cohort.plots.style import (
    COLOURS,
    FAINT,
    INK,
    MUTED,
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
from cohort.plots.text import SMALL, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FEWEST_FOR_A_DENSITY = 20


def _signed(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


@use_style()
def draw_profile_intervals(
    profiles: pd.DataFrame,
    *,
    disclosure: Disclosure,
    names: Mapping[str, str] | None = None,
    unit: str = "SD from the median of all",
    title: str = "Means of the classes, with 95 % intervals",
    ax: Axes | None = None,
) -> Axes:
    """Return a heat map of means with the interval under each number; cells whose interval holds 0 have no colour.

    Parameters
    ----------
    profiles
        Rows with ``class``, ``people``, ``marker``, ``mean``, ``lower``, ``upper``.
    disclosure
        How the sizes of classes are protected; a class of few people is not shown.
    names
        Words for the markers.
    unit, title
        Unit of the means, and what is shown.
    ax
        Where to draw; None makes a figure.
    """
    shown = profiles[~profiles["people"].map(lambda count: disclosure.is_small(int(count))).to_numpy(dtype=bool)]
    if shown.empty:
        return empty_axes(ax, "there are no classes to show", title=title)
    classes, markers = list(dict.fromkeys(shown["class"])), list(dict.fromkeys(shown["marker"]))
    table = shown.set_index(["marker", "class"])
    mean, lower, upper = (
        shown.pivot_table(index="marker", columns="class", values=c).loc[markers, classes].to_numpy()
        for c in ("mean", "lower", "upper")
    )
    ax = given_or_new(ax, min(WIDTH, 3.8 + 1.9 * len(classes)), 0.46 * len(markers) + 1.4)
    reach = max(float(np.abs(mean).max()), 0.5)
    sure = (lower > 0) | (upper < 0)
    mesh = ax.pcolormesh(np.where(sure, mean, 0.0), cmap="RdBu_r", vmin=-reach, vmax=reach, edgecolors=FAINT,
                         linewidth=1)  # fmt: skip
    for row, column in np.ndindex(mean.shape):
        strong = sure[row, column] and abs(mean[row, column]) > 0.62 * reach
        colour = "white" if strong else INK if sure[row, column] else MUTED
        ends = f"{_signed(float(lower[row, column]))} to {_signed(float(upper[row, column]))}"
        ax.text(column + 0.5, row + 0.5, f"{_signed(float(mean[row, column]))}\n{ends}", ha="center", va="center",
                fontsize=SMALL, color=colour, linespacing=1.15)  # fmt: skip
    people = [int(table["people"].xs(one, level="class").iloc[0]) for one in classes]
    heads = [
        f"class {one}\nn = {disclosure.text(count)}".replace("= <", "< ")
        for one, count in zip(classes, people, strict=True)
    ]
    ax.set_xticks(np.arange(len(classes)) + 0.5, heads)
    ax.set_yticks(np.arange(len(markers)) + 0.5, [wrap((names or {}).get(m, m), 2.0) for m in markers])
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.invert_yaxis()
    bar = ax.figure.colorbar(mesh, ax=ax, label=unit, shrink=0.9, pad=0.03)
    bar.outline.set_visible(False)
    bar.ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
    note = f"Grey numbers on white: the interval holds 0. {disclosure_note(disclosure)}".strip()
    add_note(ax, note, down=0.5, indent=1.2, inches=room(ax) - 0.3)
    set_title(ax, title, inches=room(ax) - 1.6)
    return ax


@use_style()
def draw_ridges(
    values: Mapping[str, FloatArray],
    classes: FloatArray,
    *,
    disclosure: Disclosure,
    unit: str = "SD from the median of all",
    title: str = "Every marker in every class",
    ax: Axes | None = None,
) -> Axes:
    """Return the density of every marker, one ridge below the other, in each class.

    Parameters
    ----------
    values
        By marker, in words: one number per person.
    classes
        Class of each person, from 1.
    disclosure
        A class of few people is not drawn, and the ends hold no single person.
    unit, title
        Unit of the values, and what is shown.
    ax
        Where to draw; None makes a figure.

    Notes
    -----
    Gaussian kernel, bandwidth by Scott's rule, all ridges on one scale.
    """
    labels = np.asarray(classes)
    kinds = [
        int(one)
        for one in np.unique(labels)
        if (labels == one).sum() >= max(disclosure.minimum_count, _FEWEST_FOR_A_DENSITY)
    ]
    if not kinds or not values:
        return empty_axes(ax, "no class has enough people for a density", title=title)
    ends = [trimmed_range(np.asarray(column), disclosure) for column in values.values()]
    grid = np.linspace(min(low for low, _ in ends), max(high for _, high in ends), 300)
    heights: dict[tuple[str, int], FloatArray] = {}
    for name, column in values.items():
        for one in kinds:
            part = np.asarray(column)[labels == one]
            low, high = trimmed_range(part, disclosure)
            density = np.asarray(stats.gaussian_kde(part)(grid)) if np.ptp(part) > 0 else np.zeros_like(grid)
            heights[name, one] = np.where((grid >= low) & (grid <= high), density, np.nan)
    step = 0.95 * max(float(np.nanmax(height)) for height in heights.values())
    ax = given_or_new(ax, WIDTH * 0.85, 0.6 * len(values) + 1.7)
    handles = []
    for row, name in enumerate(values):
        base = -row * step
        ax.axhline(base, color=FAINT, linewidth=0.8, zorder=row)
        for place, one in enumerate(kinds):
            height = base + heights[name, one]
            colour = COLOURS[place % len(COLOURS)]
            ax.fill_between(grid, base, height, color=colour, alpha=0.18, linewidth=0, zorder=row + 0.1)
            count = disclosure.text(int((labels == one).sum()))
            drawn = ax.plot(grid, height, color=colour, linewidth=1.5, zorder=row + 0.2,
                            linestyle=("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)))[place % 4],
                            label=f"class {one} (n = {count})")  # fmt: skip
            handles += drawn if row == 0 else []
    names = [wrap(name, 2.0) for name in values]
    ax.set_yticks(-step * np.arange(len(values)), names)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlim(grid[0], grid[-1])
    ax.set_ylim(-step * (len(values) - 1) - 0.1 * step, 1.2 * step)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}".replace("-", "−")))
    ax.set_xlabel(unit)
    indent = max(text_width(line, SMALL) for name in names for line in name.split("\n"))
    down = 0.5 + legend_below(ax, handles, 0.5, indent)
    add_note(ax, disclosure_note(disclosure), down=down + 0.05, indent=indent)
    set_title(ax, title)
    return ax
