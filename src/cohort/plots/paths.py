"""Path diagrams: what of an effect goes straight, and what by way of each mediator, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from cohort.disclosure import Disclosure
from cohort.plots.style import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    WIDTH,
    add_note,
    disclosure_note,
    empty_axes,
    given_or_new,
    legend_below,
    set_title,
    use_style,
)
from cohort.plots.text import NORMAL, SMALL, line_count, line_height, text_width, wrap
from cohort.results import Estimate, NotTestable, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STEP = 0.52
_BOX = 0.4
_HEADING = 0.3
_APART = 0.28
_SIDE = 1.35
_THICK, _THIN = 4.5, 1.2


@dataclass(frozen=True)
class PathDiagram:
    """What one panel shows.

    Parameters
    ----------
    title
        Of the panel.
    exposure, outcome
        Names of both ends.
    total, direct
        The whole effect, and what goes straight.
    mediators
        By name: what goes by way of each.
    """

    title: str
    exposure: str
    outcome: str
    total: Result
    direct: Result
    mediators: Mapping[str, Result]

    @property
    def reason(self) -> str:
        """Return why there is nothing to draw; empty where there is."""
        refused = [one for one in (self.total, self.direct, *self.mediators.values()) if isinstance(one, NotTestable)]
        return refused[0].reason if refused else "" if self.mediators else "no mediator was measured"


def _number(result: Result) -> str:
    assert isinstance(result, Estimate)
    low, high = result.interval()
    digits = 3 if abs(result.value) < 1 else 2
    return f"{result.value:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})".replace("-", "−")


def _look(result: Result, largest: float) -> tuple[str, float, str]:
    """Return colour, width and line style of an arrow: wide for a large part, dashed where its interval holds none."""
    assert isinstance(result, Estimate)
    low, high = result.interval()
    share = abs(result.value) / largest if largest else 0.0
    if low <= 0 <= high:
        return MUTED, _THIN, "dashed"
    return BLUE, max(_THIN, _THICK * share), "solid"


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], look: tuple[str, float, str]) -> None:
    colour, width, style = look
    ax.add_patch(
        FancyArrowPatch(start, end, arrowstyle="-|>", mutation_scale=9 + 1.6 * width, color=colour, linewidth=width,
                        linestyle=style, shrinkA=0, shrinkB=0, zorder=2, clip_on=False)
    )  # fmt: skip


def _box(ax: Axes, centre: tuple[float, float], size: tuple[float, float], text: str, fill: str, ink: str) -> None:
    x, y = centre
    ax.add_patch(
        FancyBboxPatch((x - size[0] / 2, y - size[1] / 2), *size, boxstyle="round,pad=0,rounding_size=0.05",
                       facecolor=fill, edgecolor=MUTED if fill == "white" else fill, zorder=4, clip_on=False)
    )  # fmt: skip
    ax.text(x, y, text, ha="center", va="center", fontsize=SMALL, color=ink, zorder=5)


def _tall(found: PathDiagram) -> float:
    """Return how many inches a diagram takes, its heading included."""
    return _HEADING + max(_STEP * len(found.mediators) + 0.3, 0.95)


def _draw(ax: Axes, found: PathDiagram, top: float, width: float, disclosure: Disclosure) -> None:
    """Draw one diagram in inches from its top: a heading, the mediators in the middle, the straight way below them."""
    values = [one for one in (found.direct, *found.mediators.values()) if isinstance(one, Estimate)]
    largest = max(abs(one.value) for one in values)
    assert isinstance(found.total, Estimate)
    heading = f"{found.title}: in all {_number(found.total)}, n = {disclosure.text(found.total.n)}"
    ax.text(0, top, heading, ha="left", va="top", fontsize=NORMAL, weight="bold", color=INK)
    first = top + _HEADING
    level = first + (_STEP * len(found.mediators) - (_STEP - _BOX)) / 2
    texts = [wrap(name, _SIDE - 0.15) for name in (found.exposure, found.outcome)]
    tall = max(line_count(text) for text in texts) * line_height(SMALL) + 0.2
    low = max(first + _STEP * len(found.mediators) + 0.16, level + tall / 2 + 0.3)
    labels = [f"{name}\n{_number(result)}" for name, result in found.mediators.items()]
    across = max(text_width(line) for label in labels for line in label.split("\n")) + 0.3
    middle = width / 2
    ends = (_SIDE / 2, level + tall / 2), (width - _SIDE / 2, level + tall / 2)
    _straight(ax, *ends, low, _look(found.direct, largest))
    straight = f"direct {_number(found.direct)}"
    ax.text(middle, low, straight, ha="center", va="center", fontsize=SMALL, color=INK, zorder=6,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 2.0})  # fmt: skip
    for row, (label, result) in enumerate(zip(labels, found.mediators.values(), strict=True)):
        y = first + _STEP * row + _BOX / 2
        look = _look(result, largest)
        port = level + (row - (len(labels) - 1) / 2) * min(0.13, (tall - 0.1) / max(len(labels) - 1, 1))
        _arrow(ax, (_SIDE, port), (middle - across / 2, y), look)
        _arrow(ax, (middle + across / 2, y), (width - _SIDE, port), look)
        _box(ax, (middle, y), (across, _BOX), label, "white", INK)
    for x, text, fill in ((_SIDE / 2, texts[0], BLUE), (width - _SIDE / 2, texts[1], GREEN)):
        _box(ax, (x, level), (_SIDE, tall), text, fill, "white")


def _straight(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], low: float, look: tuple[str, float, str]
) -> None:
    """Draw the straight way below the mediators: down from the exposure, level, and up to the outcome."""
    colour, width, style = look
    ax.plot([start[0], start[0], end[0], end[0]], [start[1], low, low, end[1] + 0.1], color=colour, linewidth=width,
            linestyle=style, zorder=2, solid_joinstyle="round", clip_on=False)  # fmt: skip
    _arrow(ax, (end[0], min(end[1] + 0.12, low)), end, (colour, width, "solid"))


@use_style()
def draw_paths(
    diagrams: Sequence[PathDiagram],
    *,
    disclosure: Disclosure,
    title: str = "Through what an exposure acts",
    note: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Return path diagrams one below the other: parts of an effect with 95 % intervals, arrows as wide as their part.

    Parameters
    ----------
    diagrams
        What to show; one that cannot be drawn is an empty panel with its reason.
    disclosure
        How counts of people are protected.
    title, note
        What is shown, and a footnote.
    ax
        Where to draw; None makes a figure that is as tall as it must be.
    """
    drawn = [one for one in diagrams if not one.reason]
    if not drawn:
        reasons = dict.fromkeys(one.reason for one in diagrams)
        return empty_axes(ax, "; ".join(reasons) or "there are no paths to show", title=title)
    missing = [f"{one.title} is not testable: {one.reason}." for one in diagrams if one.reason]
    words = " ".join([note, *missing, disclosure_note(disclosure)]).strip()
    width = WIDTH - 0.2
    height = sum(_tall(one) for one in drawn) + _APART * (len(drawn) - 1)
    notes = line_count(wrap(words, width)) * line_height(SMALL) + 0.1 if words else 0.1
    ax = given_or_new(ax, WIDTH, height + notes + 0.75)
    ax.set_axis_off()
    ax.set(xlim=(-0.05, width + 0.05), ylim=(height, -0.05))
    top = 0.0
    for one in drawn:
        _draw(ax, one, top, width, disclosure)
        top += _tall(one) + _APART
    handles = [
        Line2D([], [], color=BLUE, linewidth=3, label="interval excludes no effect"),
        Line2D([], [], color=MUTED, linewidth=_THIN, linestyle="dashed", label="interval holds no effect"),
    ]
    down = 0.06 + legend_below(ax, handles, 0.06, 0.0)
    add_note(ax, words, down=down + 0.03, inches=width - 0.4)
    set_title(ax, title, inches=width)
    return ax
