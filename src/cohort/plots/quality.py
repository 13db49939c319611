"""Quality of the data: what is missing together, and what cleaning changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from cohort.codebook import Codebook
from cohort.disclosure import Disclosure
from cohort.plots.style import (
    BLUE,
    COLOURS,
    FAINT,
    INK,
    MUTED,
    SMALL,
    WIDTH,
    add_note,
    disclosure_note,
    empty_axes,
    given_or_new,
    line_count,
    line_height,
    panels,
    percent,
    room,
    set_title,
    text_width,
    use_style,
    wrap,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PATTERNS = 8
_LEDGER_ROWS = 18
_ACTIONS = {
    "repair": "repaired",
    "set_missing": "set missing",
    "quarantine": "quarantined",
    "flag": "flagged, unchanged",
    "merge": "merged",
    "map": "translated as declared",
}


@dataclass(frozen=True)
class Patterns:
    """The commonest joint patterns of missing values.

    ``missing`` has one row per pattern and one column per variable; ``counts`` the people with it, protected by
    pooling; ``other`` the number with any other pattern.
    """

    missing: pd.DataFrame
    counts: tuple[int, ...]
    other: int


def missing_patterns(missing: pd.DataFrame, disclosure: Disclosure, most: int = _PATTERNS) -> Patterns:
    """Return the commonest patterns; those of few people, and all after the first ``most``, are pooled.

    Parameters
    ----------
    missing
        Boolean, one row per person and one column per variable: whether the value is missing.
    disclosure
        A pattern of fewer people than its minimum is pooled.
    most
        How many patterns are shown at most.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [True] * 6 + [False] * 9, "b": [False] * 14 + [True]})
    >>> missing_patterns(table, Disclosure(5, 1)).counts, missing_patterns(table, Disclosure(5, 1)).other
    ((8, 6), 1)
    """
    counted = missing.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    common = counted[[not disclosure.is_small(int(count)) for count in counted]].head(most)
    shown = common.index.to_frame(index=False)
    return Patterns(shown, tuple(int(count) for count in common), int(counted.sum() - common.sum()))


def _draw_missing_shares(ax: Axes, missing: pd.DataFrame, absent: set[str], disclosure: Disclosure) -> None:
    people = disclosure.rounded(len(missing)) or 1
    for place, name in enumerate(missing.columns):
        count = int(missing[name].sum())
        shown = disclosure.rounded(count)
        share = min((shown or 0) / people, 1.0)
        gone = name in absent
        ax.barh(place, 100 * share, color=FAINT if gone else BLUE, alpha=0.9, height=0.66, linewidth=0)
        text = "not in this cohort" if gone else f"{disclosure.text(count)} people" if shown is None else percent(share)
        inside = share > 0.6
        ax.annotate(text, (100 * share, place), xytext=(-4 if inside else 4, 0), textcoords="offset points",
                    ha="right" if inside else "left", va="center", fontsize=SMALL,
                    color="white" if inside and not gone else INK)  # fmt: skip
    ax.set(xlim=(0, 100), xlabel="Missing, % of people")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4))


def _draw_patterns(ax: Axes, patterns: Patterns, people: int, disclosure: Disclosure) -> None:
    columns = len(patterns.counts) + (patterns.other > 0)
    for across in range(columns):
        known = across < len(patterns.counts)
        for down in range(patterns.missing.shape[1]):
            gone = known and bool(patterns.missing.iat[across, down])
            look = {"facecolor": BLUE if gone else "#eeeeee" if known else "white", "edgecolor": "white"}
            box = Rectangle((across - 0.46, down - 0.4), 0.92, 0.8, linewidth=0.5, alpha=0.9, **look)  # type: ignore[arg-type]
            ax.add_patch(box)
            if not known:
                ax.text(across, down, "·", ha="center", va="center", color=MUTED)
    total = disclosure.rounded(people) or 1
    texts = [percent((disclosure.rounded(count) or 0) / total) for count in patterns.counts]
    if patterns.other:
        pooled = disclosure.rounded(patterns.other)
        texts.append("other\n" + (disclosure.text(patterns.other) if pooled is None else percent(pooled / total)))
    ax.set_xticks(range(columns), texts)
    ax.tick_params(axis="x", length=0)
    ax.tick_params(axis="y", length=0, labelleft=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set(xlim=(-0.6, columns - 0.4), xlabel="People with this pattern")


@use_style()
def draw_missingness(
    table: pd.DataFrame,
    variables: Sequence[str],
    *,
    codebook: Codebook,
    disclosure: Disclosure,
    title: str = "What is missing, and what is missing together",
    ax: Axes | None = None,
) -> Axes:
    """Return the share of missing values per variable, beside the commonest joint patterns.

    Parameters
    ----------
    table
        One row per person.
    variables
        Columns to show; one that is absent is missing for everybody and says so.
    codebook
        Names the variables.
    disclosure
        How counts are protected; patterns of few people are pooled.
    title
        What is shown.
    ax
        Where to draw; it is divided into two panels. None makes a figure.
    """
    if table.empty or not variables:
        return empty_axes(ax, "there is nobody or nothing to show", title=title)
    absent = {name for name in variables if name not in table.columns}
    missing = pd.DataFrame(
        {name: np.ones(len(table), bool) if name in absent else table[name].isna().to_numpy() for name in variables}
    )
    order = missing.sum().sort_values(ascending=False, kind="stable").index
    missing = missing[order]
    patterns = missing_patterns(missing, disclosure)
    labels = [wrap(codebook.label(name).split(" (")[0], 1.75) for name in missing.columns]
    height = sum(max(0.24, line_count(label) * line_height(SMALL) + 0.06) for label in labels)
    ax = given_or_new(ax, WIDTH + 0.6, height + 1.4)
    set_title(ax, title, inches=room(ax) - 0.2)
    left, right = panels(ax, 1, 2, width_ratios=(1.0, 1.25), share_y=True)
    _draw_missing_shares(left, missing, absent, disclosure)
    left.set_yticks(range(len(labels)), labels)
    left.set_ylim(len(labels) - 0.5, -0.5)
    _draw_patterns(right, patterns, len(table), disclosure)
    add_note(left, disclosure_note(disclosure), down=0.6, inches=room(ax) - 2.2)
    return ax


def _pooled(summary: pd.DataFrame, most: int) -> tuple[pd.DataFrame, int, int]:
    """Return the rows with the largest counts, how many rows are left, and the sum of their counts."""
    ordered = summary.sort_values("count", ascending=False, kind="stable")
    rest = ordered.iloc[most:]
    return ordered.head(most), len(rest), int(rest["count"].sum())


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
        Names the columns; without it they keep their names.
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
    shown, left, left_count = _pooled(summary, _LEDGER_ROWS)
    labels = []
    for rule, table, column in zip(shown["rule"], shown["table"], shown["column"], strict=True):
        place = (codebook.label(str(column)) if codebook else str(column)) if column else str(table)
        labels.append(wrap(f"{place.split(' (')[0]}: {str(rule).replace('_', ' ')}", 2.9))
    counts = [int(count) for count in shown["count"]]
    heights = [max(0.24, line_count(label) * line_height(SMALL) + 0.07) for label in labels]
    tops = np.cumsum([0.0, *heights])
    middles = (tops[:-1] + tops[1:]) / 2
    ax = given_or_new(ax, WIDTH, float(tops[-1]) + 1.4)
    actions = list(dict.fromkeys(str(action) for action in shown["action"]))
    colours = {action: COLOURS[list(_ACTIONS).index(action) % len(COLOURS)] for action in actions if action in _ACTIONS}
    values = [disclosure.rounded(count) or 0 for count in counts]
    positive = [value for value in values if value]
    log = bool(positive) and max(positive) > 50 * min(positive)
    start = 0.7 * min(positive) if log else 0.0
    for middle, value, count, action in zip(middles, values, counts, shown["action"], strict=True):
        colour = colours.get(str(action), MUTED)
        if value and log:
            ax.plot([start, value], [middle, middle], color=FAINT, linewidth=1.0, zorder=1)
            ax.plot([value], [middle], marker="o", markersize=6.5, color=colour, zorder=2)
        elif value:
            ax.barh(middle, value, height=0.15, color=colour, linewidth=0)
        ax.annotate(disclosure.text(count), (value or start, middle), xytext=(7, 0), textcoords="offset points",
                    va="center", fontsize=SMALL)  # fmt: skip
    end = max(positive, default=1)
    if log:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(LogLocator(base=10))
        ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xlim(start, end * (end / start) ** 0.22 if log else 1.2 * end)
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_yticks(middles, labels)
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(float(tops[-1]), 0)
    ax.set_xlabel("Values touched, log scale" if log else "Values touched")
    handles = [Patch(color=colours.get(a, MUTED), label=_ACTIONS.get(a, a)) for a in actions]
    indent = max(text_width(line) for label in labels for line in label.split("\n")) + 0.1
    below = -0.52 / max(float(tops[-1]), 0.5)
    ax.legend(handles=handles, loc="upper right", bbox_to_anchor=(1, below), ncols=min(3, len(handles)),
              borderaxespad=0, handlelength=1.0, columnspacing=1.2)  # fmt: skip
    lines = 1 + (len(handles) - 1) // 3
    rest = f"{left} further rules touched {disclosure.text(left_count)} values. " if left else ""
    add_note(ax, rest + disclosure_note(disclosure), down=0.62 + 0.2 * lines, indent=indent, inches=room(ax) - 0.2)
    set_title(ax, title, inches=room(ax) - 0.2, indent=indent)
    return ax
