"""Why values are missing, variable by variable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter

from cohort.disclosure import Disclosure
from cohort.plots.style import (
    BLUE,
    INK,
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
from cohort.plots.text import SMALL, line_count, line_height, percent, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROWS = 40
_LABEL = 2.4
# Hatches tell the reasons apart in black and white.
_LOOKS: tuple[dict[str, Any], ...] = (
    {"facecolor": SKY, "hatch": ""},
    {"facecolor": BLUE, "hatch": ""},
    {"facecolor": PURPLE, "hatch": "xxx"},
    {"facecolor": ORANGE, "hatch": "///"},
    {"facecolor": "#ececec", "hatch": "..."},
)


def _widths(row: pd.Series, kinds: Sequence[str], disclosure: Disclosure) -> list[float]:
    """Return the percentage of each kind, made of protected counts; a suppressed one has no width."""
    whole = disclosure.rounded(int(row["possible"])) or 0
    shown = [disclosure.rounded(int(row[kind])) or 0 for kind in kinds]
    return [100 * count / whole if whole else 0.0 for count in shown]


@use_style()
def draw_missing_reasons(
    counts: pd.DataFrame,
    kinds: Sequence[str],
    *,
    disclosure: Disclosure,
    title: str = "Why values are missing",
    ax: Axes | None = None,
) -> Axes:
    """Return a bar per variable: the share of its possible values that are missing, split by reason.

    Parameters
    ----------
    counts
        One row per variable: ``label``, ``possible``, and a column of counts for each kind of reason.
    kinds
        Kinds of reasons, at most five, from the left.
    disclosure
        How counts are protected; a suppressed count has no width.
    title
        What is shown.
    ax
        Where to draw; None makes a figure that is as tall as it must be.
    """
    missing = counts[list(kinds)].sum(axis=1)
    some = counts.loc[(missing > 0) & (counts["possible"] > 0)]
    if some.empty:
        return empty_axes(ax, "no value is missing", title=title)
    own = ax is None
    share = (missing / counts["possible"]).loc[some.index]
    kept = some.loc[share.sort_values(ascending=False, kind="stable").index[:_ROWS].sort_values()]
    labels = [wrap(str(label), _LABEL) for label in kept["label"]]
    heights = [max(0.22, line_count(label) * line_height(SMALL) + 0.05) for label in labels]
    tops = np.cumsum([0.0, *heights])
    middles = (tops[:-1] + tops[1:]) / 2
    ax = given_or_new(ax, WIDTH, float(tops[-1]) + 1.5)
    for middle, (_, row) in zip(middles, kept.iterrows(), strict=True):
        start = 0.0
        for width, look in zip(_widths(row, kinds, disclosure), _LOOKS, strict=False):
            if width:
                ax.barh(middle, width, left=start, height=0.15, edgecolor=MUTED, linewidth=0.4, **look)
            start += width
        told = percent(start / 100) if start else disclosure.text(int(row[list(kinds)].sum()))
        ax.annotate(told, (start, middle), xytext=(4, 0), textcoords="offset points", va="center", fontsize=SMALL,
                    color=INK)  # fmt: skip
    ax.set_yticks(middles, labels)
    ax.tick_params(axis="y", length=0)
    ax.set(xlim=(0, 112), ylim=(float(tops[-1]), 0), xlabel="Missing, % of the values that could be there")
    ax.set_xticks([0, 25, 50, 75, 100])
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    indent = max(text_width(line) for label in labels for line in label.split("\n")) + 0.05
    present = [(kind, look) for kind, look in zip(kinds, _LOOKS, strict=False) if kept[kind].sum() > 0]
    handles = [Patch(label=kind, edgecolor=MUTED, linewidth=0.4, **look) for kind, look in present]
    down = 0.5 + legend_below(ax, handles, 0.5, indent)
    left = len(some) - len(kept)
    whole = len(counts) - len(some)
    unseen = [f"{left} that miss less" if left else "", f"{whole} without a missing value" if whole else ""]
    said = ", ".join(part for part in unseen if part)
    note = " ".join(
        part for part in (f"Variables not shown: {said}." if said else "", disclosure_note(disclosure)) if part
    )
    add_note(ax, note, down=down + 0.06, indent=indent, inches=room(ax) - 0.2)
    set_title(ax, title, inches=room(ax) - 0.2, indent=indent)
    whole_figure = ax.get_figure()
    if own and isinstance(whole_figure, Figure):
        whole_figure.set_size_inches(WIDTH, float(tops[-1]) + down + (0.6 if note else 0.4))
    return ax
