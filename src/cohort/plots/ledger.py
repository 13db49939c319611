"""What cleaning changed, by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from cohort.codebook import Codebook
from cohort.disclosure import Disclosure
from cohort.plots.style import (
    BLUE,
    FAINT,
    GREEN,
    MUTED,
    ORANGE,
    PURPLE,
    SKY,
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
from cohort.plots.text import SMALL, line_count, line_height, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROWS = 18
_LABEL = 2.9
_LOOKS = {
    "repair": ("repaired", GREEN),
    "set_missing": ("set missing", BLUE),
    "quarantine": ("quarantined", PURPLE),
    "flag": ("flagged, unchanged", ORANGE),
    "merge": ("merged", SKY),
    "map": ("translated as declared", MUTED),
}


def _pooled(summary: pd.DataFrame, most: int) -> tuple[pd.DataFrame, int, int]:
    """Return the rows with the largest counts, how many rows are left, and the sum of their counts."""
    ordered = summary.sort_values("count", ascending=False, kind="stable")
    rest = ordered.iloc[most:]
    return ordered.head(most), len(rest), int(rest["count"].sum())


def _place(table: str, column: str, codebook: Codebook | None) -> str:
    """Return where a rule worked, in the codebook's words; the items of an instrument are one place."""
    if not column or codebook is None:
        return column or table or "all files"
    for instrument in codebook.instruments.values():
        if column in instrument.columns:
            return f"{codebook.label(instrument.total.column).split(' total')[0]} items"
    named = codebook.analytes.get(column) or codebook.diseases.get(column)
    return named.label if named else codebook.label(column).split(" (")[0]


def _by_place(summary: pd.DataFrame, codebook: Codebook | None) -> pd.DataFrame:
    """Return the counts by place, rule and action."""
    texts = summary[["table", "column"]].astype("string").fillna("")
    places = [_place(table, column, codebook) for table, column in texts.itertuples(index=False)]
    keyed = summary[["rule", "action", "count"]].assign(place=places)
    return keyed.groupby(["place", "rule", "action"], sort=False)["count"].sum().reset_index()


def _draw_counts(ax: Axes, middles: list[float], shown: pd.DataFrame, disclosure: Disclosure) -> None:
    """Draw a bar or, where counts differ by orders of magnitude, a point for each count, with the count beside it."""
    counts = [int(count) for count in shown["count"]]
    values = [disclosure.rounded(count) or 0 for count in counts]
    positive = [value for value in values if value]
    log = bool(positive) and max(positive) > 50 * min(positive)
    start, end = (0.7 * min(positive) if log else 0.0), max(positive, default=1)
    for middle, value, count, action in zip(middles, values, counts, shown["action"], strict=True):
        colour = _LOOKS.get(str(action), ("", MUTED))[1]
        if value and log:
            ax.plot([start, value], [middle, middle], color=FAINT, linewidth=1.0, zorder=1)
            ax.plot([value], [middle], marker="o", markersize=6.5, color=colour, zorder=2)
        elif value:
            ax.barh(middle, value, height=0.15, color=colour, linewidth=0)
        ax.annotate(disclosure.text(count), (value or start, middle), xytext=(7, 0), textcoords="offset points",
                    va="center", fontsize=SMALL)  # fmt: skip
    if log:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(base=10))
        ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(start, end * (end / start) ** 0.22 if log else 1.2 * end)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel("Values touched, log scale" if log else "Values touched")


@use_style()
def draw_ledger(
    summary: pd.DataFrame,
    *,
    disclosure: Disclosure,
    codebook: Codebook | None = None,
    title: str = "What cleaning changed",
    ax: Axes | None = None,
) -> Axes:
    """Return how many values each rule touched, coloured by what was done.

    Parameters
    ----------
    summary
        Columns ``rule``, ``table``, ``column``, ``action`` and ``count``, such as ``Ledger.summary()`` gives.
    disclosure
        How counts are protected; a suppressed count has no bar.
    codebook
        Names the columns and joins the items of an instrument; without it they keep their names.
    title
        What is shown.
    ax
        Where to draw; None makes a figure that is as tall as it must be.

    Notes
    -----
    Counts of values differ by orders of magnitude. Where they do, points on a logarithmic axis replace the bars, whose
    length would mean nothing there.
    """
    if summary.empty:
        return empty_axes(ax, "cleaning changed nothing", title=title)
    own = ax is None
    shown, left, left_count = _pooled(_by_place(summary, codebook), _ROWS)
    names = zip(shown["place"], shown["rule"], strict=True)
    labels = [wrap(f"{place}: {str(rule).replace('_', ' ')}", _LABEL) for place, rule in names]
    heights = [max(0.24, line_count(label) * line_height(SMALL) + 0.07) for label in labels]
    tops = np.cumsum([0.0, *heights])
    middles = ((tops[:-1] + tops[1:]) / 2).tolist()
    ax = given_or_new(ax, WIDTH, float(tops[-1]) + 1.4)
    _draw_counts(ax, middles, shown, disclosure)
    ax.set_yticks(middles, labels)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(float(tops[-1]), 0)
    actions = list(dict.fromkeys(str(action) for action in shown["action"]))
    looks = [_LOOKS.get(action, (action, MUTED)) for action in actions]
    indent = max(text_width(line) for label in labels for line in label.split("\n")) + 0.05
    down = 0.5 + legend_below(ax, [Patch(color=colour, label=name) for name, colour in looks], 0.5, indent)
    rest = f"{left} further rules touched {disclosure.text(left_count)} values. " if left else ""
    note = rest + disclosure_note(disclosure)
    add_note(ax, note, down=down + 0.06, indent=indent, inches=room(ax) - 0.2)
    set_title(ax, title, inches=room(ax) - 0.2, indent=indent)
    whole = ax.get_figure()
    if own and isinstance(whole, Figure):
        whole.set_size_inches(WIDTH, float(tops[-1]) + down + (0.6 if note else 0.4))
    return ax
