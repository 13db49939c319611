"""Parts that forest plots are made of: lines, columns of text, marks, legend, and the frame that holds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

from cohort.disclosure import Disclosure
from cohort.plots.rows import Line, Rows
from cohort.plots.scales import Span, apply_span, with_interval
from cohort.plots.style import (
    BAND,
    COLOURS,
    INK,
    MARKERS,
    MUTED,
    VERMILION,
    add_note,
    legend_below,
    set_title,
)
from cohort.plots.text import LARGE, NORMAL, SMALL, line_count, line_height, text_width, wrap
from cohort.results import Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADER = 0.3
COLUMN_GAP = 0.16
LITERATURE = "#8a8a8a"


@dataclass(frozen=True)
class Column:
    """A column of text right of the plot: its header and the text of each line."""

    header: str
    texts: tuple[str, ...]

    @property
    def width(self) -> float:
        """Return the width of the widest text in inches."""
        return max(text_width(text, SMALL, "bold" if text == self.header else "normal") for text in
                   (self.header, *self.texts))  # fmt: skip


def estimate_text(line: Line) -> str:
    """Return the numbers of a line as text."""
    if line.literature is not None:
        return with_interval(*line.literature[1:])
    if line.reason or not isinstance(line.result, Estimate):
        return "not testable"
    return with_interval(line.result.value, *line.result.interval(), line.result.measure)


def people_text(line: Line, disclosure: Disclosure) -> str:
    """Return the people behind a line as text, and how many of them have the outcome."""
    result = line.result
    if line.reason or not isinstance(result, Estimate) or not result.n:
        return ""
    people = disclosure.text(result.n)
    return people if result.events is None else f"{disclosure.text(result.events)} / {people}"


def _colour(group: int, groups: int) -> str:
    return LITERATURE if group < 0 else INK if groups == 1 else COLOURS[group % len(COLOURS)]


def points_of(line: Line) -> tuple[float, float, float] | None:
    """Return value, lower and upper end of what a line shows; None where it shows a reason."""
    if line.literature is not None:
        return line.literature[1:]
    if isinstance(line.result, Estimate) and not line.reason:
        low, high = line.result.interval()
        return line.result.value, low, high
    return None


def draw_line(ax: Axes, line: Line, span: Span, *, groups: int, banded: bool) -> None:
    """Draw one estimate; an interval that leaves the picture ends in an arrow."""
    points = points_of(line)
    if points is None:
        behind = {"facecolor": BAND if banded else "white", "edgecolor": "none", "pad": 1.0}
        ax.annotate(line.reason, (0, line.y), xycoords=("axes fraction", "data"), xytext=(4, 0),
                    textcoords="offset points", va="center", fontsize=SMALL, color=MUTED, style="italic",
                    bbox=behind, zorder=5)  # fmt: skip
        return
    value, low, high = points
    colour = _colour(line.group, groups)
    published = line.group < 0
    ends = [max(low, span.low), min(high, span.high)]
    ax.plot(ends, [line.y, line.y], color=colour, linewidth=1.2 if published else 1.8, solid_capstyle="butt", zorder=3)
    for end, beyond, arrow in ((ends[0], low < span.low, "<"), (ends[1], high > span.high, ">")):
        if beyond:
            ax.plot([end], [line.y], marker=arrow, color=colour, markersize=6, clip_on=False, zorder=4)
    ax.plot([value], [line.y], marker="d" if published else MARKERS[line.group % len(MARKERS)],
            markersize=5.5 if published else 7, markerfacecolor="white" if published else colour,
            markeredgecolor=colour if published else "white", markeredgewidth=1.1 if published else 0.7,
            linestyle="none", zorder=4)  # fmt: skip


def write_texts(ax: Axes, rows: Rows, columns: Sequence[Column]) -> None:
    """Write labels left of the plot and the columns right of it; distances in points keep them apart at any scale."""
    left = -(rows.label_width + 0.12) * 72
    across: tuple[str, str] = ("axes fraction", "data")
    for row in rows.rows:
        ax.annotate(row.label, (0, row.label_y), xycoords=across, xytext=(left, 0), textcoords="offset points",
                    va="center", fontsize=NORMAL, color=INK)  # fmt: skip
        for line in row.lines:
            if line.literature is not None:
                name = wrap(line.literature[0], rows.label_width - 0.14)
                ax.annotate(name, (0, line.y), xycoords=across, xytext=(left + 10, 0), textcoords="offset points",
                            va="center", fontsize=SMALL, color=MUTED)  # fmt: skip
    start = COLUMN_GAP
    for column in columns:
        place: dict[str, Any] = {
            "xycoords": across,
            "xytext": (start * 72, 0),
            "textcoords": "offset points",
            "va": "center",
        }
        ax.annotate(column.header, (1, -HEADER / 2), fontsize=SMALL, weight="bold", color=INK, **place)
        for line, text in zip(rows.lines, column.texts, strict=True):
            colour = MUTED if line.group < 0 or line.reason else INK
            ax.annotate(text, (1, line.y), fontsize=SMALL, color=colour, **place)
        start += column.width + COLUMN_GAP


def draw_bands(ax: Axes, rows: Rows, inches: float, beside: float) -> None:
    """Draw a band behind every other row, over labels, plot and columns.

    Parameters
    ----------
    ax, rows
        The Axes and its rows.
    inches, beside
        Width of the plot and of the columns of text right of it.
    """
    for number, row in enumerate(rows.rows):
        if number % 2 == 0:
            left, right = -(rows.label_width + 0.16) / inches, 1 + (beside + 0.04) / inches
            band = Rectangle((left, row.top), right - left, row.bottom - row.top, color=BAND, linewidth=0, zorder=0,
                             transform=ax.get_yaxis_transform(), clip_on=False, in_layout=False)  # fmt: skip
            ax.add_patch(band)


def draw_marks(ax: Axes, rows: Rows, span: Span, *, null: float | None, claimed: float | None, words: str) -> None:
    """Draw the line of no effect, and that of the claimed size with its name."""
    if null is not None:
        ax.plot([null, null], [0, rows.height], color=MUTED, linewidth=1.0, zorder=1)
    if claimed is not None:
        ax.plot([claimed, claimed], [0, rows.height], color=VERMILION, linewidth=1.3, linestyle=(0, (4, 2)), zorder=1)
        place = span.place(claimed)
        side = "right" if place > 0.7 else "left" if place < 0.3 else "center"
        ax.text(claimed, -HEADER / 2, words, ha=side, va="center", fontsize=SMALL, color=VERMILION, weight="bold")


def write_below(ax: Axes, xlabel: str, directions: tuple[str, str] | None, span: Span, null: float | None) -> float:
    """Write the axis label and the two directions; return how many inches below the Axes the next text may start."""
    ax.set_xlabel(xlabel)
    down = 0.5 + 0.17 * (line_count(xlabel) - 1)
    if directions is None or null is None:
        return down
    place = min(max(span.place(null), 0.0), 1.0)
    for text, shift, side in ((f"◂ {directions[0]}", -6, "right"), (f"{directions[1]} ▸", 6, "left")):
        ax.annotate(text, (place, 0), xycoords="axes fraction", xytext=(shift, -down * 72), va="top", ha=side,
                    textcoords="offset points", fontsize=SMALL, color=MUTED)  # fmt: skip
    return down + 0.22


def add_legend(ax: Axes, names: Sequence[str], down: float, indent: float, published: bool) -> float:
    """Draw the legend of the versions of an analysis; return how tall it is in inches."""
    if len(names) < 2 and not published:
        return 0.0
    handles = []
    for number, name in enumerate(names):
        if name:
            handles += ax.plot([], [], color=_colour(number, len(names)), marker=MARKERS[number % len(MARKERS)],
                               markersize=7, markeredgecolor="white", linewidth=1.8, label=name)  # fmt: skip
    if published:
        handles += ax.plot([], [], color=LITERATURE, marker="d", markerfacecolor="white", markersize=5.5,
                           linewidth=1.2, label="published")  # fmt: skip
    return legend_below(ax, handles, down, indent)


def columns_width(columns: Sequence[Column]) -> float:
    """Return the room that columns of text take, in inches."""
    return sum(column.width + COLUMN_GAP for column in columns)


def draw_frame(ax: Axes, rows: Rows, span: Span, *, marks: Sequence[float], inches: float, measure: str) -> None:
    """Set limits and ticks; the vertical axis counts inches from the top and shows nothing."""
    ax.set_ylim(rows.height, -HEADER)
    ax.yaxis.set_major_locator(NullLocator())
    ax.spines["left"].set_visible(False)
    apply_span(ax, span, marks, inches, measure)


def finish(ax: Axes, rows: Rows, *, title: str, note: str, down: float, width: float, own: bool) -> Axes:
    """Write title and note, and make a figure of our own as tall as its content.

    Parameters
    ----------
    ax, rows
        What was drawn.
    title, note
        What is shown, and a footnote.
    down
        How far below the Axes the next text may start, in inches.
    width
        Width of the figure in inches.
    own
        Whether the figure is ours.
    """
    indent = rows.label_width + 0.12
    add_note(ax, note, down=down + 0.06, indent=indent, inches=width - 0.2)
    shown = set_title(ax, title, inches=width - 0.2, indent=indent)
    whole = ax.get_figure()
    if own and isinstance(whole, Figure):
        notes = line_count(wrap(note, width - 0.2)) * line_height(SMALL) + 0.06 if note else 0.0
        titles = line_count(shown.get_text()) * line_height(LARGE) + 0.12
        whole.set_size_inches(width, rows.height + HEADER + down + notes + titles + 0.1)
    return ax
