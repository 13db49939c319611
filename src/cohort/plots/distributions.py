"""How variables are distributed: small multiples of histograms, and two variables in hexagons; never single people."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.colors import LogNorm, Normalize
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from cohort.codebook import Codebook
from cohort.disclosure import Cell, Disclosure, Sum, is_told
from cohort.plots.bins import FloatArray, histogram, is_skewed, trimmed_range, use_log
from cohort.plots.style import (
    BLUE,
    INK,
    MUTED,
    WIDTH,
    add_note,
    disclosure_note,
    empty_axes,
    given_or_new,
    panels,
    room,
    set_title,
    use_style,
)
from cohort.plots.text import SMALL, percent, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLUMNS = 3
_PANEL_HEIGHT = 1.95
_MOST_CATEGORIES = 8


def numbers_of(column: pd.Series) -> FloatArray:
    """Return the finite numbers of a column, as float."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    finite: FloatArray = values[np.isfinite(values)]
    return finite


def unit_label(codebook: Codebook, name: str) -> str:
    """Return the label of a variable; a unit without information (a count, a plain score) is left as it is."""
    return codebook.label(name).replace("kg/m^2", "kg/m²").replace("10^9/L", "10⁹/L").replace("umol", "µmol")


def _too_few(people: int, disclosure: Disclosure) -> str:
    if people == 0:
        return "no value is present"
    return f"fewer than {disclosure.minimum_count} people" if disclosure.is_small(people) else ""


def _draw_numbers(ax: Axes, values: FloatArray, *, label: str, log: bool, disclosure: Disclosure) -> None:
    found = histogram(values, disclosure, log=log)
    ax.stairs(100 * found.heights, found.edges, fill=True, color=BLUE, alpha=0.85, linewidth=0)
    if log:
        ax.set_xlim(found.edges[0], found.edges[-1])
        use_log(ax)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=4, integer=found.base == 1.0))
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=3))
    ax.set_xlabel(wrap(f"{label}, log scale" if log else label, room(ax) - 0.75), fontsize=SMALL)


def _draw_categories(ax: Axes, column: pd.Series, *, label: str, disclosure: Disclosure) -> None:
    counts = column.value_counts(sort=not isinstance(column.dtype, pd.CategoricalDtype)).head(_MOST_CATEGORIES)
    if isinstance(column.dtype, pd.CategoricalDtype):
        counts = counts.reindex([c for c in column.cat.categories if c in counts.index])
    people = int(column.notna().sum())
    cells: dict[Cell, float] = {"all": people, **{place: int(count) for place, count in enumerate(counts)}}
    whole = Sum("all", tuple(range(len(counts))), has_rest=people > int(counts.sum()))
    told = disclosure.texts(cells, [whole])
    total = disclosure.rounded(people) or 1
    shown = [disclosure.rounded(int(count)) if is_told(told[place]) else None for place, count in enumerate(counts)]
    shares = [100 * (count or 0) / total for count in shown]
    names = [{"True": "yes", "False": "no"}.get(str(name), str(name).replace("_", " ")) for name in counts.index]
    places = list(range(len(names)))
    ax.barh(places, shares, color=BLUE, alpha=0.85, height=0.7)
    for place, share in zip(places, shares, strict=True):
        text = percent(share / 100) if is_told(told[place]) else told[place]
        ax.annotate(text, (share, place), xytext=(3, 0), textcoords="offset points", va="center", fontsize=SMALL)
    ax.set_yticks(places, [wrap(name, 0.9) for name in names])
    ax.set(ylim=(len(names) - 0.4, -0.6), xlim=(0, 1.35 * max(shares, default=1.0) or 1.0))
    ax.xaxis.set_major_locator(MaxNLocator(nbins=3))
    ax.set_xlabel(wrap(f"{label}, % of people", room(ax) - 0.75), fontsize=SMALL)


def _draw_one(ax: Axes, table: pd.DataFrame, name: str, codebook: Codebook, disclosure: Disclosure) -> None:
    label = unit_label(codebook, name)
    if name not in table.columns:
        empty_axes(ax, "not in this cohort")
        ax.set_xlabel(wrap(label, room(ax) - 0.2), fontsize=SMALL, color=MUTED)
        return
    column = table[name]
    kind = column.dtype
    is_words = isinstance(kind, pd.CategoricalDtype) or pd.api.types.is_string_dtype(kind)
    if is_words or pd.api.types.is_bool_dtype(kind):
        reason = _too_few(int(column.notna().sum()), disclosure)
        if not reason:
            _draw_categories(ax, column, label=label, disclosure=disclosure)
            return
    else:
        values = numbers_of(column)
        reason = _too_few(values.size, disclosure)
        if not reason:
            _draw_numbers(ax, values, label=label, log=_is_log(name, values, codebook), disclosure=disclosure)
            return
    empty_axes(ax, reason)
    ax.set_xlabel(wrap(label, room(ax) - 0.2), fontsize=SMALL, color=MUTED)


def _is_log(name: str, values: FloatArray, codebook: Codebook) -> bool:
    """Return whether a variable is a skewed concentration, for which laboratories use logarithms."""
    columns = {analyte.column for analyte in codebook.analytes.values()}
    return name in columns and is_skewed(values)


@use_style()
def draw_distributions(
    table: pd.DataFrame,
    variables: Sequence[str],
    codebook: Codebook,
    *,
    disclosure: Disclosure,
    title: str = "How the variables are distributed",
    ax: Axes | None = None,
) -> Axes:
    """Return small multiples: a histogram per number, bars per category.

    Parameters
    ----------
    table
        One row per person.
    variables
        Columns to show; one that is absent is an empty panel that says so.
    codebook
        Names the variables.
    disclosure
        How counts are protected: bins of few people are merged with their neighbours, the outermost hold everyone
        beyond, so that no single person's value can be read off.
    title
        What is shown.
    ax
        Its place is taken by panels, of which the first is returned. None makes a figure.
    """
    if not variables or table.empty:
        return empty_axes(ax, "there is nobody or nothing to show", title=title)
    columns = min(_COLUMNS, len(variables))
    rows = math.ceil(len(variables) / columns)
    note = f"Height of a histogram: % of people per bin. {disclosure_note(disclosure)}"
    if disclosure.is_on:
        note += " Outermost bins hold everyone beyond."
    size = (WIDTH, rows * _PANEL_HEIGHT + 0.8)
    made = panels(ax, rows, columns, size=size, title=title, note=note.strip())
    for number, panel in enumerate(made):
        if number >= len(variables):
            panel.set_axis_off()
            continue
        _draw_one(panel, table, variables[number], codebook, disclosure)
    return made[0]


@use_style()
def draw_hexbin(
    table: pd.DataFrame,
    x: str,
    y: str,
    codebook: Codebook,
    *,
    disclosure: Disclosure,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Return two variables in hexagons, coloured by the number of people; hexagons of few people stay white.

    Parameters
    ----------
    table
        One row per person.
    x, y
        Columns to show.
    codebook
        Names the variables.
    disclosure
        A hexagon with fewer than its minimum count is not drawn, the other counts are rounded.
    title
        What is shown; by default the names of both variables.
    ax
        Where to draw; None makes a figure.
    """
    labels = [unit_label(codebook, name) for name in (x, y)]
    title = title or f"{codebook.label(y).split(' (')[0]} by {codebook.label(x).split(' (')[0].lower()}"
    absent = [name for name in (x, y) if name not in table.columns]
    if absent:
        return empty_axes(ax, f"not in this cohort: {', '.join(absent)}", title=title)
    both = table[[x, y]].apply(pd.to_numeric, errors="coerce").astype("float64")
    values = both[np.isfinite(both).all(axis=1)].to_numpy()
    reason = _too_few(len(values), disclosure)
    if reason:
        return empty_axes(ax, f"both variables: {reason}", title=title)
    logs = [_is_log(name, values[:, place], codebook) for place, name in enumerate((x, y))]
    ranges = [trimmed_range(values[:, place], disclosure) for place in (0, 1)]
    if any(low == high for low, high in ranges):
        return empty_axes(ax, "one of the variables is constant", title=title)
    inside = np.all([(values[:, i] >= ranges[i][0]) & (values[:, i] <= ranges[i][1]) for i in (0, 1)], axis=0)
    least = max(disclosure.minimum_count, 1)
    ax = given_or_new(ax, WIDTH * 0.8, 4.4)
    drawn = ax.hexbin(values[inside, 0], values[inside, 1], gridsize=(26, 16), mincnt=least, cmap="viridis_r",
                      xscale="log" if logs[0] else "linear", yscale="log" if logs[1] else "linear",
                      linewidths=0.1)  # fmt: skip
    counts = np.asarray(drawn.get_array(), dtype=float)
    if counts.size == 0:
        ax.clear()
        return empty_axes(ax, f"no hexagon holds {least} people", title=title)
    shown = np.asarray([disclosure.rounded(count) or 0 for count in counts], dtype=float)
    drawn.set_array(shown)
    wide = shown.max() > 20 * shown.min()
    drawn.set_norm(LogNorm(shown.min(), shown.max()) if wide else Normalize(0, shown.max()))
    bar = ax.figure.colorbar(drawn, ax=ax, label="People per hexagon", shrink=0.85, pad=0.02)
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    if wide:
        bar.ax.yaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0)))
        bar.ax.yaxis.set_minor_locator(NullLocator())
    bar.outline.set_visible(False)
    for place, log in enumerate(logs):
        if log:
            use_log(ax, vertical=place == 1)
    ax.set_xlabel(wrap(f"{labels[0]}{', log scale' if logs[0] else ''}", room(ax) - 1.6))
    ax.set_ylabel(f"{labels[1]}{', log scale' if logs[1] else ''}", color=INK)
    left_out = 1 - counts.sum() / len(values)
    note = f"{percent(left_out)} of people lie in hexagons of fewer than {least} or beyond the edges and are not drawn."
    add_note(ax, note if left_out > 0 else "", down=0.6, indent=0.5, inches=room(ax) - 1.3)
    set_title(ax, title, inches=room(ax) - 1.2)
    return ax
