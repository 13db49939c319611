"""Incidence rates by age and state of exposure, with the people at risk beneath."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FuncFormatter, MaxNLocator
from scipy import stats

from cohort.disclosure import Disclosure
from cohort.plots.rows import protected_groups
from cohort.plots.scales import estimates_of, reason_of
from cohort.plots.style import (
    COLOURS,
    INK,
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
from cohort.plots.text import SMALL, line_height, text_width, wrap
from cohort.results import Estimate, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 5
"""A rate of fewer outcomes is drawn hollow and does not set the height of the axis."""

_TABLE = 0.30
"""Inches from the axis of ages down to the first line of people at risk."""


def _as_shown(rate: Estimate, disclosure: Disclosure) -> Estimate:
    """Return a rate made anew from the count of outcomes as it is shown: exact limits give the exact count away."""
    if not disclosure.is_on or not rate.events or not rate.value:
        return rate
    events = disclosure.rounded(rate.events) or 0
    per_event = rate.value / rate.events
    low, high = float(stats.chi2.ppf(0.025, 2 * events) / 2), float(stats.chi2.ppf(0.975, 2 * events + 2) / 2)
    return dataclasses.replace(rate, value=events * per_event, bounds=(low * per_event, high * per_event))


def _height(estimates: Sequence[Estimate]) -> float:
    """Return the top of the axis: what the well-known rates need, and no interval that is nothing but wide."""
    known = [estimate for estimate in estimates if (estimate.events or 0) >= FEW]
    if known:
        return 1.08 * max(estimate.interval()[1] for estimate in known)
    return 1.5 * max([*(estimate.value for estimate in estimates), 1e-9])


def _draw_state(ax: Axes, rates: Sequence[tuple[float, Estimate]], top: float, place: int, label: str) -> None:
    """Draw the rates of one state of exposure at their places, joined by a line."""
    colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
    for (x, one), (following, other) in itertools.pairwise(rates):
        if following - x < 1.5:  # no line over a band that is not shown
            ends = [min(one.value, 2 * top), min(other.value, 2 * top)]
            ax.plot([x, following], ends, color=colour, linewidth=1.0, alpha=0.45)
    for x, estimate in rates:
        low, high = estimate.interval()
        few = (estimate.events or 0) < FEW
        ax.plot([x, x], [min(low, top), min(high, top)], color=colour, linewidth=1.1 if few else 1.8,
                solid_capstyle="butt", zorder=3)  # fmt: skip
        if high > top:
            ax.plot([x], [top], marker="^", color=colour, markersize=5, clip_on=False, zorder=4)
        if estimate.value <= top:
            ax.plot([x], [estimate.value], marker=marker, markersize=6.5, zorder=4, linestyle="none", clip_on=False,
                    markerfacecolor="white" if few else colour, markeredgecolor=colour if few else "white",
                    markeredgewidth=1.2 if few else 0.7)  # fmt: skip
    ax.plot([], [], color=colour, marker=marker, markersize=6.5, markeredgecolor="white", linewidth=1.8, label=label)


def _write_people(
    ax: Axes, groups: Mapping[str, Sequence[Result]], bands: Sequence[str], disclosure: Disclosure
) -> float:
    """Write the people at risk of each band and state below the axis; return how far down the next text may start."""
    down = _TABLE
    ax.annotate("People at risk", (0, 0), xycoords="axes fraction", xytext=(-44, -72 * down), ha="left", va="top",
                textcoords="offset points", fontsize=SMALL, color=MUTED)  # fmt: skip
    for place, members in enumerate(groups.values()):
        down += 1.15 * line_height(SMALL)
        colour = COLOURS[place % len(COLOURS)]
        by_label = {member.label: member for member in members}
        for x, band in enumerate(bands):
            member = by_label.get(band)
            text = disclosure.text(member.n) if isinstance(member, Estimate) and member.n else "–"
            ax.annotate(text, (x, 0), xycoords=("data", "axes fraction"), xytext=(0, -72 * down), ha="center", va="top",
                        textcoords="offset points", fontsize=SMALL, color=colour)  # fmt: skip
        ax.annotate(MARKER_WORDS[MARKERS[place % len(MARKERS)]], (0, 0), xycoords="axes fraction",
                    xytext=(-40, -72 * down), ha="left", va="top", textcoords="offset points", fontsize=SMALL,
                    color=colour)  # fmt: skip
    return down + 1.3 * line_height(SMALL)


MARKER_WORDS = {"s": "■", "o": "●", "D": "◆", "^": "▲", "v": "▼", "P": "✚", "X": "✖"}
"""Signs that name the line of a table by the marker of its curve."""


@use_style()
def draw_rates_by_age(
    results: Mapping[str, Sequence[Result]],
    *,
    disclosure: Disclosure,
    title: str = "Incidence by age",
    xlabel: str = "Age, years",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Return incidence rates by age band with exact intervals, a colour for each state of exposure.

    Parameters
    ----------
    results
        By state of exposure: one rate per age band, whose label names the band
        (:func:`cohort.analysis.rates.age_specific_rates`).
    disclosure
        How counts are protected: the people at risk stand below, and rates of few outcomes are withheld.
    title, xlabel, ylabel
        What is shown, what the bands are, and the measure (by default that of the results).
    ax
        Where to draw; None makes a figure.

    Notes
    -----
    Rates, not survival curves: people change from one state to the other in time, so that no group of people could be
    followed along a curve. An interval that leaves the picture ends in an arrow.
    """
    groups = protected_groups(results, disclosure)
    everything = [result for members in groups.values() for result in members]
    estimates = [_as_shown(estimate, disclosure) for estimate in estimates_of(everything)]
    if not estimates:
        reasons = dict.fromkeys(reason_of(result) for result in everything)
        return empty_axes(ax, "; ".join(reasons) or "there are no results to show", title=title)
    ax = given_or_new(ax, WIDTH, 4.8)
    bands = list(dict.fromkeys(result.label for result in everything))
    top = _height(estimates)
    shifts = np.linspace(-0.13, 0.13, len(groups)) if len(groups) > 1 else np.zeros(1)
    for place, (state, members) in enumerate(groups.items()):
        rates = [
            (bands.index(estimate.label) + float(shifts[place]), _as_shown(estimate, disclosure))
            for estimate in estimates_of(members)
        ]
        _draw_state(ax, rates, top, place, state)
    names = [band if text_width(band) < (room(ax) - 0.9) / len(bands) - 0.05 else band.split("–")[0] for band in bands]
    ax.set_xticks(range(len(bands)), names)
    ax.set_xlim(-0.6, len(bands) - 0.4)
    ax.set_ylim(-0.04 * top, top)
    ax.tick_params(axis="x", length=0)
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    ax.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    ax.set_axisbelow(True)
    measure = estimates[0].measure.replace("incidence rate", "onsets")
    ax.set_ylabel(wrap(ylabel or f"{measure[:1].upper()}{measure[1:]}\n(95 % interval)", 2.6))
    down = _write_people(ax, groups, bands, disclosure)
    ax.annotate(xlabel, (1, 0), xycoords="axes fraction", xytext=(0, -72 * _TABLE), ha="right", va="top",
                textcoords="offset points", fontsize=SMALL, color=INK)  # fmt: skip
    handles = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    down += legend_below(ax, handles, down, 0.6)
    hollow = any((estimate.events or 0) < FEW for estimate in estimates)
    note = f"Hollow: fewer than {FEW} outcomes. " if hollow else ""
    if len(estimates) < len(everything):
        note += "A band without a mark has nobody at risk, or too few outcomes to show. "
    add_note(ax, f"{note}{disclosure_note(disclosure)}".strip(), down=down + 0.05, indent=0.6, inches=room(ax) - 0.4)
    set_title(ax, title)
    return ax
