"""A rule for new people: predicted beside observed probability, for one set of predictors or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cohort.disclosure import Disclosure
from cohort.plots.style import (
    COLOURS,
    MARKERS,
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
from cohort.plots.text import SMALL, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@use_style()
def draw_calibration(
    curves: Mapping[str, pd.DataFrame],
    *,
    disclosure: Disclosure,
    outcome: str = "the outcome",
    title: str = "Predicted beside observed, in people not used for the rule",
    ax: Axes | None = None,
) -> Axes:
    """Return observed against predicted probability in groups of equal size, with intervals and the line of equality.

    Parameters
    ----------
    curves
        By name of the predictors: rows with ``predicted``, ``observed``, ``lower``, ``upper``, ``people``, ``events``.
    disclosure
        How counts are protected: a group with few people with or without the outcome is not drawn.
    outcome
        What is predicted, in words.
    title
        What is shown.
    ax
        Where to draw; None makes a figure.
    """
    shown = {name: _visible(curve, disclosure) for name, curve in curves.items()}
    shown = {name: curve for name, curve in shown.items() if not curve.empty}
    if not shown:
        return empty_axes(ax, "no group of people is large enough to show", title=title)
    ax = given_or_new(ax, WIDTH * 0.66, 4.4)
    top = max(float(curve[["upper", "predicted"]].to_numpy().max()) for curve in shown.values())
    top = min(1.0, 1.08 * top)
    ax.plot([0, top], [0, top], color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), zorder=1)
    ax.annotate("equal", (top, top), xytext=(-18, -4), textcoords="offset points", ha="right", va="top",
                fontsize=SMALL, color=MUTED)  # fmt: skip
    handles = []
    for place, (name, curve) in enumerate(shown.items()):
        colour = COLOURS[place % len(COLOURS)]
        x, y = curve["predicted"].to_numpy(), curve["observed"].to_numpy()
        reach = np.vstack([y - curve["lower"].to_numpy(), curve["upper"].to_numpy() - y])
        ax.errorbar(x, y, yerr=np.maximum(reach, 0), fmt="none", ecolor=colour, elinewidth=1.0, alpha=0.7, zorder=2)
        handles += ax.plot(x, y, color=colour, marker=MARKERS[place % len(MARKERS)], markersize=6,
                           markeredgecolor="white", linewidth=1.4, label=name, zorder=3)  # fmt: skip
    ax.set_xlim(0, top)
    ax.set_ylim(0, top)
    ax.set_aspect("equal")
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_locator(MaxNLocator(nbins=5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.3g} %"))
    ax.set_xlabel(f"Predicted probability of {wrap(outcome, room(ax) - 2)}")
    ax.set_ylabel("Observed share, with 95 % interval")
    down = 0.5 + legend_below(ax, handles, 0.5, 0.5)
    add_note(ax, disclosure_note(disclosure), down=down + 0.05, indent=0.5)
    set_title(ax, title)
    return ax


def _visible(curve: pd.DataFrame, disclosure: Disclosure) -> pd.DataFrame:
    """Return the groups that may be shown; an exact share of a small count gives the count away."""
    small = [
        disclosure.is_small(int(people))
        or disclosure.is_small(int(events))
        or disclosure.is_small(int(people - events))
        for people, events in zip(curve["people"], curve["events"], strict=True)
    ]
    return curve[~np.array(small, dtype=bool)].sort_values("predicted")
