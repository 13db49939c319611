"""What this many people could show."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

from cohort.disclosure import Disclosure
from cohort.plots.scales import Span, number, ticks_of
from cohort.plots.style import (
    BLUE,
    INK,
    VERMILION,
    WIDTH,
    add_note,
    disclosure_note,
    empty_axes,
    given_or_new,
    room,
    set_title,
    use_style,
)
from cohort.plots.text import SMALL, wrap
from cohort.results import NotTestable

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _usable(curve: pd.DataFrame) -> pd.DataFrame:
    numbers = curve[["n", "odds_ratio"]].to_numpy(dtype=float)
    usable: pd.DataFrame = curve.loc[(np.isfinite(numbers) & (numbers > 0)).all(axis=1)].sort_values("n")
    return usable


@use_style()
def draw_detectable(
    curve: pd.DataFrame | NotTestable,
    *,
    disclosure: Disclosure,
    here: tuple[float, float] | None = None,
    claimed: float | None = None,
    claimed_label: str = "claimed",
    power: float = 0.8,
    title: str = "The smallest odds ratio that so many people would show",
    ax: Axes | None = None,
) -> Axes:
    """Return the minimum detectable odds ratio against the number of people, with this cohort marked.

    Parameters
    ----------
    curve
        Columns ``n`` and ``odds_ratio``; infinite ones are left out.
    disclosure
        How the number of people in this cohort is protected.
    here
        People in this cohort, and the odds ratio that they would show.
    claimed, claimed_label
        A claimed size to mark, and what it is called.
    power
        The probability of showing it, for the label.
    title
        What is shown.
    ax
        Where to draw; None makes a figure.
    """
    if isinstance(curve, NotTestable):
        return empty_axes(ax, curve.reason, title=title)
    usable = _usable(curve)
    if usable.empty:
        return empty_axes(ax, "no odds ratio is large enough to be shown by so few people", title=title)
    ax = given_or_new(ax, WIDTH * 0.8, 3.8)
    n, ratio = usable["n"].to_numpy(dtype=float), usable["odds_ratio"].to_numpy(dtype=float)
    ax.fill_between(n, ratio, max(float(ratio.max()), claimed or 0.0) * 1.15, color="#e8f1f8", linewidth=0)
    ax.plot(n, ratio, color=BLUE, linewidth=2.0)
    low = min(1.0, float(ratio.min()))
    high = max(float(ratio.max()), claimed or 0.0, here[1] if here and math.isfinite(here[1]) else 0.0) * 1.15
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_ylim(low, high)
    ax.set_xlim(float(n.min()), float(n.max()))
    if claimed is not None:
        ax.axhline(claimed, color=VERMILION, linewidth=1.3, linestyle=(0, (4, 2)))
        ax.annotate(claimed_label, (1, claimed), xycoords=("axes fraction", "data"), xytext=(-2, 3),
                    textcoords="offset points", ha="right", va="bottom", fontsize=SMALL, weight="bold",
                    color=VERMILION)  # fmt: skip
    if here is not None and math.isfinite(here[1]):
        people = disclosure.rounded(here[0])
        if people is not None:
            ax.plot([people], [here[1]], marker="o", markersize=9, color=INK, markeredgecolor="white", zorder=5)
            left = people > math.sqrt(float(n.min()) * float(n.max()))
            text = f"this cohort: {disclosure.text(here[0])} people\nwould show {number(here[1])}"
            ax.annotate(text, (people, here[1]), xytext=(-9 if left else 9, 9), textcoords="offset points",
                        ha="right" if left else "left", va="bottom", fontsize=SMALL, zorder=5,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5, "alpha": 0.85})  # fmt: skip
    marks = [1.0] + ([claimed] if claimed is not None else [])
    ax.yaxis.set_major_locator(FixedLocator(ticks_of(Span(low * 0.999, high, log=True), marks, 3.0)))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0, 2.0, 5.0) if n.max() < 200 * n.min() else (1.0,)))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.set_xlabel("People (log scale)")
    ax.set_ylabel(wrap(f"Odds ratio shown with {100 * power:.0f} % probability (log scale)", 2.6))
    note = disclosure_note(disclosure) if here is not None else ""
    add_note(ax, note, down=0.5, indent=0.4, inches=room(ax) - 0.4)
    set_title(ax, title)
    return ax
