"""How methods did against known truth: bias, coverage, standard errors and verdicts, the naive beside the right."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.plots.style import BLUE, MUTED, VERMILION, empty_axes, panels, use_style
from cohort.plots.text import SMALL, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PART_STYLE = {"naive": (VERMILION, "o", "white"), "right": (BLUE, "s", BLUE)}
"""Colour, marker and filling: naive hollow, right filled, so that they differ in print as well."""
COVERAGE_BAND = (0.935, 0.965)
BIAS_WITHIN = 0.03
SHARE_OF_TRUTH = 0.10
_WIDTH = 10.4
_ALLOWED = "#dde8ef"
NOTE = (
    "Points with 95 % Monte-Carlo intervals: hollow circles are naive methods, filled squares right ones. Shaded: what "
    "the pass rules allow (bias of 0.03 or a tenth of the truth, whichever is more; coverage within 0.015 of 0.95, to "
    "which three Monte-Carlo standard errors are added). Bias is on the log scale for ratios. Verdicts are on an "
    "effect above nothing. About methods in synthetic people, not about the world."
)


@dataclass(frozen=True)
class _Column:
    """A panel.

    Parameters
    ----------
    diagnosand, label
        What it shows.
    reference
        Where a line of reference stands.
    shown
        Range of the values shown; one beyond it is drawn at the edge with its number, so that the bounds of the pass
        rules can be seen.
    """

    diagnosand: str
    label: str
    reference: float
    shown: tuple[float, float] | None = None

    @property
    def limits(self) -> tuple[float, float] | None:
        """Return the ends of the axis: a margin beyond what is shown."""
        if self.shown is None:
            return None
        margin = 0.14 * (self.shown[1] - self.shown[0])
        return self.shown[0] - margin, self.shown[1] + margin


_COLUMNS = (
    _Column("bias", "Bias\n(log scale for ratios)", 0.0, (-0.5, 0.5)),
    _Column("coverage", "Coverage of\n95 % intervals", 0.95, (0.8, 1.0)),
    _Column("relative error of model SE", "Model SE over\nempirical SE, less 1", 0.0, (-0.3, 0.3)),
    _Column("wrong verdicts", "Share of\nwrong verdicts", 0.0, (0.0, 1.0)),
)


@use_style()
def draw_performance(
    table: pd.DataFrame, *, title: str = "Methods against known truth", ax: Axes | None = None
) -> Axes:
    """Return panels of bias, coverage, relative error of the model SE and wrong verdicts, one row per method.

    In the terms of ADEMP (Morris, White and Crowther 2019, Stat Med 38:2074): the heading of each group names the data,
    the first column the methods, the second the truth of their estimands, the panels their performance.

    Parameters
    ----------
    table
        The tidy table of :func:`cohort.diagnosis.diagnose`.
    title
        What is shown.
    ax
        Where to draw; None makes a figure.
    """
    if table.empty:
        return empty_axes(ax, "no method was diagnosed", title=title)
    rows = table.drop_duplicates(["study", "method"]).reset_index(drop=True)
    is_first = rows["study"].ne(rows["study"].shift()).to_numpy()
    places = np.cumsum(np.where(is_first, 2.1, 1.0)) - 1.0
    height = 1.9 + 0.22 * float(places[-1] + 1)
    made = panels(ax, 1, 5, size=(_WIDTH, height), title=title, note=wrap(NOTE, _WIDTH - 0.7), share_y=True,
                  width_ratios=(0.4, 1.6, 1.1, 1.2, 1.0))  # fmt: skip
    first = made[0]
    _draw_truths(first, table, rows, places)
    for panel, column in zip(made[1:], _COLUMNS, strict=True):
        _draw_column(panel, table, rows, places, column)
        _settle(panel, column)
    headings = [_heading(row) for row in rows[is_first].to_dict("records")]
    words = [_method_words(str(method)) for method in rows["method"]]
    first.set_yticks([*places, *(places[is_first] - 1.0)], [*words, *headings], fontsize=SMALL)
    for label in first.get_yticklabels()[len(words) :]:
        label.set_fontweight("bold")
    first.set_ylim(float(places[-1]) + 0.8, -0.8)
    return first


def _heading(row: dict[Hashable, Any]) -> str:
    study, scenario = (str(row[name]).replace("_", " ") for name in ("study", "scenario"))
    return f"{study}: {scenario}, {row['replicates']:,} cohorts of {row['people']:,}"


_NAMED = ("without", "delta")
"""Options whose values say nothing without their names."""


def _method_words(label: str) -> str:
    """Return the label of a method with its options in words."""
    base, _, more = label.rstrip("]").partition("[")
    pairs = [part.partition("=")[::2] for part in more.split(", ") if part]
    chosen = [f"{key} {value}" if key in _NAMED else value for key, value in pairs]
    words = [part.removeprefix("has_").replace("_", " ") for part in chosen if part not in ("yes", "no")]
    return ", ".join([base.replace("_", " "), *words])


def _draw_truths(panel: Axes, table: pd.DataFrame, rows: pd.DataFrame, places: npt.NDArray[np.float64]) -> None:
    truths = table[table["diagnosand"] == "truth"].set_index(["study", "method"])
    for place, key in zip(places, _keys(rows), strict=True):
        value = float(truths["value"].get(key, math.nan))
        natural = math.exp(value) if truths["scale"].get(key) == "log" else value
        panel.annotate(f"{natural:.2f}", (0.5, place), xycoords=("axes fraction", "data"), ha="center",
                       va="center_baseline", fontsize=SMALL)  # fmt: skip
    panel.set_xlabel("Truth", fontsize=SMALL)
    panel.set_xticks([])
    panel.tick_params(axis="y", length=0)
    panel.spines[["left", "bottom"]].set_visible(False)


def _keys(rows: pd.DataFrame) -> list[tuple[Hashable, Hashable]]:
    return list(zip(rows["study"], rows["method"], strict=True))


def _settle(panel: Axes, column: _Column) -> None:
    panel.axvline(column.reference, color=MUTED, linewidth=0.8, zorder=1)
    if column.diagnosand == "coverage":
        panel.axvspan(*COVERAGE_BAND, color=_ALLOWED, zorder=0, linewidth=0)
    if column.limits is not None:
        panel.set_xlim(*column.limits)
    panel.set_xlabel(column.label, fontsize=SMALL)
    panel.tick_params(axis="y", length=0)
    panel.spines["left"].set_visible(False)
    panel.grid(axis="x", color="#eeeeee", linewidth=0.6)
    panel.set_axisbelow(True)


def _draw_column(
    panel: Axes, table: pd.DataFrame, rows: pd.DataFrame, places: npt.NDArray[np.float64], column: _Column
) -> None:
    known = table[table["diagnosand"] == column.diagnosand].set_index(["study", "method"])
    truths = table[table["diagnosand"] == "truth"].set_index(["study", "method"])
    refused = table[table["diagnosand"] == "not testable"].set_index(["study", "method"])["value"]
    for place, key, part in zip(places, _keys(rows), rows["part"], strict=True):
        value, error = (float(known[name].get(key, math.nan)) for name in ("value", "monte_carlo_se"))
        if math.isnan(value):
            words = "refused" if float(refused.get(key, 0.0)) == 1 else "–"
            panel.annotate(words, (0.5, place), xycoords=("axes fraction", "data"), ha="center", va="center",
                           fontsize=SMALL, color=MUTED, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
                           zorder=4)  # fmt: skip
            continue
        if column.diagnosand == "bias":
            reach = max(BIAS_WITHIN if truths["scale"].get(key) == "log" else 0.0,
                        SHARE_OF_TRUTH * abs(float(truths["value"].get(key, 0.0))))  # fmt: skip
            panel.fill_betweenx([place - 0.5, place + 0.5], -reach, reach, color=_ALLOWED, linewidth=0, zorder=0)
        if column.shown is not None and not column.shown[0] <= value <= column.shown[1]:
            _beyond(panel, place, value, column, str(part))
            continue
        colour, marker, filling = PART_STYLE[str(part)]
        look: dict[str, Any] = {"color": colour, "marker": marker, "markerfacecolor": filling, "markeredgewidth": 1.3}
        panel.errorbar(value, place, xerr=1.96 * error, markersize=5, elinewidth=1.3, zorder=3, **look)


def _beyond(panel: Axes, place: float, value: float, column: _Column, part: str) -> None:
    """Mark a value that lies beyond the edge with an arrow and its number."""
    low, high = column.shown or (value, value)
    step = (high - low) * 0.09
    edge, side = (high + step, 1) if value > high else (low - step, -1)
    colour = PART_STYLE[part][0]
    panel.plot([edge], [place], marker=">" if side > 0 else "<", color=colour, markersize=6,
               markerfacecolor="white" if part == "naive" else colour, zorder=3)  # fmt: skip
    words = f"{value:.2f}".replace("-", "−")
    panel.annotate(words, (edge - side * step * 0.9, place), ha="right" if side > 0 else "left",
                   va="center_baseline", fontsize=SMALL, color=colour)  # fmt: skip
