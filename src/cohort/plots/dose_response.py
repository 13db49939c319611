"""The outcome along an exposure, with its band, and below it how many people there are at each value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from cohort.analysis.dose_response import DoseResponse
from cohort.disclosure import Disclosure
from cohort.plots.bins import histogram
from cohort.plots.scales import span_of, ticks_of
from cohort.plots.style import (
    BLUE,
    INK,
    MUTED,
    SKY,
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
from cohort.plots.text import text_width, wrap
from cohort.results import NotTestable

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_SHARE_BELOW = 0.2
"""Part of the height that the histogram takes below the curve."""
_FEWEST = 20


def _add_histogram(ax: Axes, values: npt.NDArray[np.float64], disclosure: Disclosure) -> bool:
    """Draw how many people there are at each value, in a strip of its own; return whether there were enough."""
    shown = values[np.isfinite(values)]
    if shown.size < max(_FEWEST, disclosure.minimum_count):
        return False
    bins = histogram(shown, disclosure)
    strip = ax.inset_axes((0, 0, 1, 0.8 * _SHARE_BELOW), zorder=0)
    strip.bar(bins.edges[:-1], bins.heights, width=np.diff(bins.edges), align="edge", color="#c9c9c9",
              edgecolor="white", linewidth=0.4)  # fmt: skip
    strip.set_xlim(ax.get_xlim())
    strip.set_ylim(0, 1.05 * float(bins.heights.max()))
    strip.set_axis_off()
    return True


def _place_limits(ax: Axes, found: DoseResponse, curve: pd.DataFrame, inches: float) -> None:
    """Set the vertical limits so that the curve stays readable and the histogram has its strip below."""
    null = 1.0 if found.scale == "log" else 0.0
    three = list(curve[["estimate", "lower", "upper"]].itertuples(index=False, name=None))
    span = span_of(three, [null], log=found.scale == "log")
    if found.scale == "log":
        low, high = math.log(span.low), math.log(span.high)
        ax.set_yscale("log")
        ax.set_ylim(math.exp(low - (high - low) * _SHARE_BELOW / (1 - _SHARE_BELOW)), span.high)
        ax.yaxis.set_major_locator(FixedLocator(ticks_of(span, [null], inches)))
        ax.yaxis.set_minor_locator(NullLocator())
    else:
        ax.set_ylim(span.low - (span.high - span.low) * _SHARE_BELOW / (1 - _SHARE_BELOW), span.high)
        ax.yaxis.set_major_locator(
            FixedLocator([tick for tick in MaxNLocator(nbins=6).tick_values(span.low, span.high) if tick >= span.low])
        )
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}".replace("-", "−")))


@use_style()
def draw_dose_response(
    found: DoseResponse | NotTestable,
    values: pd.Series | None = None,
    *,
    disclosure: Disclosure,
    title: str = "",
    xlabel: str = "",
    ylabel: str = "",
    truth: pd.DataFrame | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Return the curve of an outcome along an exposure, with the 95 % interval at each value as a band.

    Parameters
    ----------
    found
        A curve (:func:`cohort.analysis.dose_response.dose_response_curve`), or why there is none.
    values
        The exposure of the people analysed, for the grey histogram at the foot; None draws none.
    disclosure
        How counts are protected: bins of few people are merged, and the ends hold no single person.
    title, xlabel, ylabel
        What is shown; by default the label and the measure of the curve.
    truth
        Columns ``exposure`` and ``estimate`` of the true curve of a synthetic cohort.
    ax
        Where to draw; None makes a figure.

    Notes
    -----
    Intervals are pointwise: each value by itself, not the curve as a whole. They close at the reference by definition.
    """
    title = title or found.label
    if isinstance(found, NotTestable):
        return empty_axes(ax, found.reason, title=title)
    ax = given_or_new(ax, WIDTH * 0.85, 4.2)
    curve, log = found.curve, found.scale == "log"
    _place_limits(ax, found, curve, 2.6)
    at = curve["exposure"].to_numpy()
    margin = 0.02 * float(np.ptp(at))
    ax.set_xlim(float(at[0]) - margin, float(at[-1]) + margin)
    ax.axhline(1.0 if log else 0.0, color=MUTED, linewidth=1.0, zorder=1)
    ax.fill_between(at, curve["lower"], curve["upper"], color=SKY, alpha=0.3, linewidth=0, zorder=2,
                    label="95 % interval at each value")  # fmt: skip
    ax.plot(at, curve["estimate"], color=BLUE, linewidth=2, zorder=4, label="estimate")
    if truth is not None:
        inside = truth["exposure"].between(at[0], at[-1])
        ax.plot(truth.loc[inside, "exposure"], truth.loc[inside, "estimate"], color=VERMILION, linewidth=1.6,
                linestyle=(0, (4, 2)), zorder=5, label="truth")  # fmt: skip
    ax.plot([found.reference], [1.0 if log else 0.0], marker="o", markersize=6, markerfacecolor="white",
            markeredgecolor=INK, linestyle="none", zorder=6, label=f"reference, {found.reference:.3g}")  # fmt: skip
    has_people = values is not None and _add_histogram(ax, values.to_numpy(dtype=float, na_value=np.nan), disclosure)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10]))
    ax.set_xlabel(xlabel or found.label)
    measure = ylabel or f"{found.measure[:1].upper()}{found.measure[1:]}{', log scale' if log else ''}"
    ax.set_ylabel(wrap(measure, 2.8))
    names = [str(name) for name in ax.get_legend_handles_labels()[1]]
    one_line = sum(text_width(name) + 0.55 for name in names) <= room(ax) - 0.9
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=len(names) if one_line else 2, borderaxespad=0.2,
              handlelength=1.6, columnspacing=1.2)  # fmt: skip
    knots = ", ".join(f"{knot:.3g}" for knot in found.knots)
    note = f"Restricted cubic spline with knots at {knots}; n = {disclosure.text(found.n)}. "
    note += f"Test of non-linearity: {found.non_linearity.words}. "
    note += f"Grey: people at each value. {disclosure_note(disclosure)}" if has_people else ""
    add_note(ax, note.strip(), down=0.52, indent=0.45, inches=room(ax) - 0.4)
    shown = set_title(ax, title, inches=room(ax) - 0.6)
    ax.set_title(shown.get_text(), loc="left", pad=26 if one_line else 42)  # above the legend
    return ax
