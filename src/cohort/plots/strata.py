"""Estimates by stratum and group, and the four cells of an interaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from cohort.disclosure import Disclosure
from cohort.plots.rows import protected_groups
from cohort.plots.scales import estimates_of, is_drawable, is_share, number, reason_of, with_interval
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
from cohort.plots.text import SMALL, line_count, wrap
from cohort.results import Estimate, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _reasons(results: Sequence[Result]) -> str:
    reasons = dict.fromkeys(reason_of(result) for result in results if not is_drawable(result))
    return "; ".join(reasons)


def _scale(estimates: Sequence[Estimate]) -> tuple[float, str]:
    """Return the factor from an estimate to the axis, and the words of the axis."""
    measures = list(dict.fromkeys(estimate.measure for estimate in estimates))
    share = is_share(measures[0])
    words = measures[0] if len(measures) == 1 and measures[0] else "estimate"
    return (100.0 if share else 1.0), f"{words[:1].upper()}{words[1:]}{', %' if share else ''} with 95 % interval"


def _find(members: Sequence[Result], label: str) -> Result | None:
    return next((member for member in members if member.label == label), None)


def _style_vertical(ax: Axes, top: float, label: str) -> None:
    ax.set_ylim(0 if top > 0 else None, 1.12 * top if top > 0 else None)
    ax.set_ylabel(wrap(label, 2.6))
    ax.yaxis.set_major_locator(MaxNLocator(nbins=5))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.6g}".replace("-", "−")))
    ax.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    ax.set_axisbelow(True)


def _draw_bar(ax: Axes, at: float, width: float, result: Result | None, colour: str, *, factor: float) -> float:
    """Draw one bar with its interval and number; return how high it reaches."""
    if result is None:
        return 0.0
    if not isinstance(result, Estimate) or not is_drawable(result):
        ax.annotate("not testable", (at, 0), xytext=(0, 4), textcoords="offset points", rotation=90, ha="center",
                    va="bottom", fontsize=SMALL, color=MUTED, style="italic")  # fmt: skip
        return 0.0
    low, high = result.interval()
    ax.bar(at, factor * result.value, width=width * 0.92, color=colour, alpha=0.85, linewidth=0)
    ax.plot([at, at], [factor * low, factor * high], color=INK, linewidth=1.3, solid_capstyle="butt")
    ax.annotate(number(result.value, result.measure), (at, factor * max(high, result.value)), xytext=(0, 3),
                textcoords="offset points", ha="center", va="bottom", fontsize=SMALL)  # fmt: skip
    return factor * max(high, result.value)


@use_style()
def draw_strata(
    results: Mapping[str, Sequence[Result]],
    *,
    disclosure: Disclosure,
    title: str = "Estimates by stratum",
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Return bars with intervals: strata along the axis, a colour for each group.

    Parameters
    ----------
    results
        By group: one result per stratum, whose label names the stratum.
    disclosure
        How counts are protected: the people of a stratum stand below it.
    title, xlabel, ylabel
        What is shown, what the strata are, and the measure (by default that of the results).
    ax
        Where to draw; None makes a figure.
    """
    results = protected_groups(results, disclosure)
    everything = [result for members in results.values() for result in members]
    estimates = estimates_of(everything)
    if not estimates:
        return empty_axes(ax, _reasons(everything) or "there are no results to show", title=title)
    ax = given_or_new(ax, WIDTH, 4.2)
    strata = list(dict.fromkeys(result.label for result in everything))
    factor, words = _scale(estimates)
    width = 0.8 / len(results)
    top = 0.0
    names = []
    for place, stratum in enumerate(strata):
        people = []
        for number_, members in enumerate(results.values()):
            result = _find(members, stratum)
            at = place + (number_ - (len(results) - 1) / 2) * width
            colour = COLOURS[number_ % len(COLOURS)]
            top = max(top, _draw_bar(ax, at, width, result, colour, factor=factor))
            people.append(disclosure.text(result.n) if isinstance(result, Estimate) and result.n else "–")
        each = max((room(ax) - 0.9) / len(strata) - 0.1, 0.5)
        names.append(wrap(stratum, each) + (f"\nn = {' | '.join(people)}" if set(people) != {"–"} else ""))
    ax.set_xticks(range(len(strata)), names)
    ax.set_xlim(-0.55, len(strata) - 0.45)
    ax.tick_params(axis="x", length=0)
    ax.set_xlabel(xlabel)
    _style_vertical(ax, top, ylabel or words)
    down = 0.12 + 0.17 * max(line_count(name) for name in names) + (0.25 if xlabel else 0.06)
    handles = [Patch(color=COLOURS[i % len(COLOURS)], alpha=0.85, label=g) for i, g in enumerate(results) if g]
    down += legend_below(ax, handles, down, 0.4)
    reasons = _reasons(everything)
    note = f"{f'Not testable: {reasons}. ' if reasons else ''}{disclosure_note(disclosure)}".strip()
    add_note(ax, note, down=down + 0.05, indent=0.4, inches=room(ax) - 0.4)
    set_title(ax, title)
    return ax


@use_style()
def draw_interaction(
    cells: Mapping[str, Sequence[Result]],
    *,
    disclosure: Disclosure,
    contrasts: Sequence[Result] = (),
    title: str = "Risk by exposure and modifier",
    xlabel: str = "",
    ylabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Return the risks in the cells of exposure by modifier, joined by lines: parallel lines mean no interaction.

    Parameters
    ----------
    cells
        By level of the modifier: one result per level of the exposure, whose label names that level.
    disclosure
        How counts are protected.
    contrasts
        Measures of the interaction, such as the relative excess risk, written below.
    title, xlabel, ylabel
        What is shown, the exposure, and the measure (by default that of the results).
    ax
        Where to draw; None makes a figure.

    Notes
    -----
    Parallel on this scale: of risks, so it is interaction on the additive scale that is seen
    (VanderWeele & Knol 2014, Epidemiol Methods 3:33).
    """
    cells = protected_groups(cells, disclosure)
    everything = [result for members in cells.values() for result in members]
    estimates = estimates_of(everything)
    if not estimates:
        return empty_axes(ax, _reasons(everything) or "there are no results to show", title=title)
    ax = given_or_new(ax, WIDTH * 0.85, 4.2)
    levels = list(dict.fromkeys(result.label for result in everything))
    factor, words = _scale(estimates)
    top = 0.0
    handles = []
    shifts = np.linspace(-0.06, 0.06, len(cells)) if len(cells) > 1 else np.zeros(1)
    for place, (level, members) in enumerate(cells.items()):
        drawn = [(levels.index(e.label) + float(shifts[place]), e) for e in estimates_of(members)]
        colour = COLOURS[place % len(COLOURS)]
        handles += ax.plot([x for x, _ in drawn], [factor * e.value for _, e in drawn], color=colour, linewidth=1.6,
                           marker=MARKERS[place % len(MARKERS)], markersize=7, markeredgecolor="white",
                           label=level)  # fmt: skip
        for x, estimate in drawn:
            low, high = (factor * end for end in estimate.interval())
            ax.plot([x, x], [low, high], color=colour, linewidth=1.4, solid_capstyle="butt")
            top = max(top, high)
    ax.set_xticks(range(len(levels)), [wrap(level, 1.6) for level in levels])
    ax.set_xlim(-0.55, len(levels) - 0.45)
    ax.set_xlabel(xlabel)
    _style_vertical(ax, top, ylabel or words)
    _write_cells(ax, cells, levels, factor=factor, top=top, disclosure=disclosure)
    down = 0.34 + (0.25 if xlabel else 0.0)
    down += legend_below(ax, handles, down, 0.4)
    told = [_told(contrast) for contrast in contrasts]
    reasons = _reasons(everything)
    told += [f"Not testable: {reasons}."] if reasons else []
    note = " ".join([*told, disclosure_note(disclosure)]).strip()
    add_note(ax, note, down=down + 0.05, indent=0.4, inches=room(ax) - 0.4)
    set_title(ax, title)
    return ax


def _write_cells(
    ax: Axes,
    cells: Mapping[str, Sequence[Result]],
    levels: Sequence[str],
    *,
    factor: float,
    top: float,
    disclosure: Disclosure,
) -> None:
    """Write the numbers beside the outer ends of the lines, far enough apart to be read."""
    colours = {level: COLOURS[place % len(COLOURS)] for place, level in enumerate(cells)}
    apart = 0.06 * top
    for place, label in enumerate(levels):
        found = [(e, colours[level]) for level, members in cells.items() for e in estimates_of(members)
                 if e.label == label]  # fmt: skip
        found.sort(key=lambda pair: pair[0].value)
        y = -np.inf
        last = place == len(levels) - 1
        for estimate, colour in found:
            y = max(factor * estimate.value, y + apart)
            text = number(estimate.value, estimate.measure)
            text += f" (n {_people(estimate, disclosure)})" if estimate.n else ""
            ax.annotate(text, (place + (0.06 if last else -0.06), y), xytext=(8 if last else -8, 0), va="center",
                        textcoords="offset points", ha="left" if last else "right", fontsize=SMALL,
                        color=colour)  # fmt: skip


def _people(estimate: Estimate, disclosure: Disclosure) -> str:
    text = disclosure.text(estimate.n)
    return text if text.startswith("<") else f"= {text}"


def _told(contrast: Result) -> str:
    name = contrast.label or contrast.measure
    if not isinstance(contrast, Estimate) or not is_drawable(contrast):
        return f"{name}: not testable, {reason_of(contrast)}."
    return f"{name}: {with_interval(contrast.value, *contrast.interval(), contrast.measure)}."
