"""A tipping-point map: the estimate over two deltas, and where its interval changes sides of no effect."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import TwoSlopeNorm
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FixedLocator

from cohort.analysis.tipping_map import TippingMap
from cohort.analysis.variables import readable
from cohort.disclosure import Disclosure
from cohort.plots.style import (
    INK,
    MUTED,
    WIDTH,
    add_note,
    empty_axes,
    given_or_new,
    legend_below,
    room,
    set_title,
    use_style,
)
from cohort.plots.text import SMALL
from cohort.results import NotTestable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_HATCH = {"above": "", "below": "", "includes no effect": "////"}


@use_style()
def draw_tipping_map(
    found: TippingMap | NotTestable,
    *,
    disclosure: Disclosure,
    title: str = "Were those who gave no answer unlike the others",
    ax: Axes | None = None,
) -> Axes:
    """Return the odds ratio at each pair of deltas; cells whose interval holds no effect are hatched.

    Parameters
    ----------
    found
        From :func:`cohort.analysis.tipping_map.tipping_map`, or why there is none.
    disclosure
        How counts of people are protected.
    title
        What is shown.
    ax
        Where to draw; None makes a figure.
    """
    if isinstance(found, NotTestable):
        return empty_axes(ax, found.reason, title=title)
    ax = given_or_new(ax, WIDTH * 0.85, 5.0)
    across = sorted(found.cells["without"].unique())
    up = sorted(found.cells["with"].unique())
    grid = found.cells.pivot_table(index="with", columns="without", values="estimate").to_numpy(dtype=float)
    logs = np.log(grid)
    reach = max(float(np.abs(logs).max()), math.log(1.25))
    shades = ax.pcolormesh(range(len(across) + 1), range(len(up) + 1), logs, cmap="PuOr_r",
                           norm=TwoSlopeNorm(0.0, -reach, reach), edgecolor="white", linewidth=1.5)  # fmt: skip
    shades.set_rasterized(False)
    for row in found.cells.to_dict("records"):
        x, y = across.index(row["without"]), up.index(row["with"])
        dark = abs(math.log(row["estimate"])) > 0.62 * reach
        ax.add_patch(Rectangle((x, y), 1, 1, facecolor="none", edgecolor="#b5b5b5", hatch=_HATCH[row["interval"]],
                               linewidth=0, zorder=2))  # fmt: skip
        plate = None if dark else {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.0}
        ax.text(x + 0.5, y + 0.5, f"{row['estimate']:.2f}", ha="center", va="center", fontsize=SMALL,
                color="white" if dark else INK, zorder=4, bbox=plate)  # fmt: skip
    at = across.index(0.0), up.index(0.0)
    ax.add_patch(Rectangle(at, 1, 1, facecolor="none", edgecolor=INK, linewidth=2.2, zorder=5))
    outcome, exposure = readable(found.outcome).lower(), readable(found.exposure).lower()
    ax.xaxis.set_major_locator(FixedLocator([place + 0.5 for place in range(len(across))]))
    ax.yaxis.set_major_locator(FixedLocator([place + 0.5 for place in range(len(up))]))
    ax.set_xticklabels([f"{math.exp(delta):.2g}" for delta in across])
    ax.set_yticklabels([f"{math.exp(delta):.2g}" for delta in up])
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    shares = [f"{100 * share:.0f} %" for share in found.missing]
    what = exposure.split(",")[0]
    ax.set_xlabel(f"Odds of {what} in those without {outcome} who gave\nno answer ({shares[0]}), against those who did")
    ax.set_ylabel(f"Odds of {what} in those with {outcome}\nwho gave no answer ({shares[1]}), against those who did")
    handles = [
        Patch(facecolor="white", edgecolor="#9a9a9a", hatch="////", label="95 % interval holds 1"),
        Patch(facecolor="none", edgecolor=INK, linewidth=2.2, label="missing at random"),
    ]
    down = 0.62 + legend_below(ax, handles, 0.62, 0.3)
    note = f"Numbers: odds ratio of {outcome} for {exposure}; orange above 1, purple below. "
    note += f"n = {disclosure.text(found.n)}. {found.words}"
    add_note(ax, note, down=down + 0.05, indent=0.3, inches=room(ax) - 0.4)
    set_title(ax, title, inches=room(ax) - 0.4)
    ax.spines[:].set_color(MUTED)
    return ax
