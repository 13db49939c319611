"""The look of every figure: colours, sizes, wrapped text, empty Axes, and files with the same bytes each time."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib.style
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath
from matplotlib.transforms import ScaledTranslation

from cohort.disclosure import Disclosure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.text import Text

FONT = "DejaVu Sans"
WIDTH = 7.2
"""Usual width of a figure in inches: the text width of a page, so that 9 points stay 9 points in print."""
SMALL = 9.0
NORMAL = 10.0
LARGE = 11.5

INK = "#222222"
MUTED = "#6b6b6b"
FAINT = "#d9d9d9"
BAND = "#f4f4f4"
BLUE = "#0072B2"
VERMILION = "#D55E00"
GREEN = "#009E73"
ORANGE = "#E69F00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
COLOURS = (BLUE, GREEN, PURPLE, ORANGE, SKY, "#000000")
"""Okabe and Ito's palette for all kinds of colour vision (jfly.uni-koeln.de/color, 2008), without pale yellow and
without vermilion, which marks what a reader must not miss: a claimed size, the truth, an open path."""
MARKERS = ("s", "o", "D", "^", "v", "P", "X")

_SETTINGS: dict[str, Any] = {
    "font.family": FONT,
    "font.size": NORMAL,
    "axes.titlesize": LARGE,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 9.0,
    "axes.labelsize": NORMAL,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=list(COLOURS)),
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "text.color": INK,
    "text.parse_math": False,  # a dollar sign in a label is a dollar sign
    "svg.fonttype": "path",  # the same letters wherever the file is opened
    "svg.hashsalt": "cohort",  # identifiers inside the file do not change from run to run
}


@contextmanager
def use_style() -> Iterator[None]:
    """Return a context in which figures look like ours; the settings of the session are untouched afterwards.

    Starts from Matplotlib's defaults, so that a personal matplotlibrc cannot change a figure.

    Examples
    --------
    >>> import matplotlib
    >>> before = matplotlib.rcParams["svg.hashsalt"]
    >>> with use_style():
    ...     matplotlib.rcParams["svg.hashsalt"]
    'cohort'
    >>> matplotlib.rcParams["svg.hashsalt"] == before
    True
    """
    context: AbstractContextManager[None] = matplotlib.style.context(["default", _SETTINGS])
    with context:
        yield


def figure(width: float = WIDTH, height: float = 4.2) -> Figure:
    """Return a figure that pyplot does not know of, so that it is freed when nobody holds it.

    Parameters
    ----------
    width, height
        Size in inches.
    """
    with use_style():
        made = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasAgg(made)
    return made


def given_or_new(ax: Axes | None, width: float, height: float) -> Axes:
    """Return the given Axes, or the only Axes of a new figure of the size in inches."""
    if ax is None:
        made = figure(width, height)
        with use_style():
            return made.add_subplot()
    # A given Axes may have been made outside our style.
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set(color=MUTED, linewidth=0.8)
    ax.tick_params(labelsize=SMALL, color=MUTED, labelcolor=INK)
    return ax


def room(ax: Axes) -> float:
    """Return about how many inches wide the place of an Axes is, its labels included."""
    whole = float(ax.figure.bbox.width / ax.figure.dpi)
    spec = ax.get_subplotspec()
    if spec is None:
        return whole * float(ax.get_position().width)
    return whole * len(spec.colspan) / spec.get_gridspec().ncols


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: float = SMALL, weight: str = "normal") -> float:
    """Return how wide a line of text is, in inches.

    Examples
    --------
    >>> 0.5 < text_width("Hello world", 9) < 0.9
    True
    """
    font = FontProperties(family=FONT, size=size, weight=weight)
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, False)
    return float(width) / 72


def wrap(text: str, inches: float, size: float = SMALL, weight: str = "normal") -> str:
    r"""Return a text broken into lines no wider than the given inches; a word that is too long is broken too.

    Examples
    --------
    >>> wrap("Systemic lupus erythematosus", 1.2)
    'Systemic lupus\nerythematosus'
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            trial = f"{line} {word}" if line else word
            if text_width(trial, size, weight) <= inches:
                line = trial
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(word, inches, size, weight)
            lines.extend(full)
        lines.append(line)
    return "\n".join(lines)


def _pieces(word: str, inches: float, size: float, weight: str) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size, weight) > inches:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def line_count(text: str) -> int:
    """Return of how many lines a text consists."""
    return text.count("\n") + 1


def line_height(size: float = SMALL) -> float:
    """Return the height of a line of text in inches."""
    return size * 1.25 / 72


def set_title(ax: Axes, title: str, *, inches: float | None = None, indent: float = 0.0) -> Text:
    """Return the title, wrapped and flush left.

    Parameters
    ----------
    ax
        The Axes.
    title
        What is shown.
    inches
        Room from the left edge of the title; by default that of the Axes less usual labels.
    indent
        How far left of the Axes the title starts, in inches: the width of the row labels, where there are any.
    """
    width = max(inches if inches is not None else room(ax) - 0.75, 1.0)
    shown = ax.set_title(wrap(title, width, LARGE, "bold"), loc="left")
    if indent:
        shift = ScaledTranslation(-indent, 9.0 / 72, ax.figure.dpi_scale_trans)
        shown.set_transform(ax.transAxes + shift)
    return shown


def disclosure_note(disclosure: Disclosure) -> str:
    """Return what was done to the counts of a figure, in words; empty when nothing was.

    Examples
    --------
    >>> disclosure_note(Disclosure(5, 10))
    'Counts under 5 are suppressed, others rounded to 10.'
    """
    if not disclosure.is_on:
        return ""
    small = disclosure.minimum_count > 1
    said = [f"under {disclosure.minimum_count} are suppressed"] if small else []
    if disclosure.round_to > 1:
        said.append(f"{'others ' if small else 'are '}rounded to {disclosure.round_to}")
    return f"Counts {', '.join(said)}."


def add_note(ax: Axes, text: str, *, down: float, indent: float = 0.0, inches: float | None = None) -> None:
    """Write a footnote in grey below an Axes.

    Parameters
    ----------
    ax
        The Axes.
    text
        The note; nothing is written for an empty one.
    down, indent
        Distance of its upper left corner below and to the left of the Axes' lower left corner, in inches.
    inches
        Room for a line.
    """
    if text:
        shown = wrap(text, inches or max(room(ax) - 0.75, 1.0), SMALL)
        ax.annotate(shown, (0, 0), xycoords="axes fraction", xytext=(-indent * 72, -down * 72),
                    textcoords="offset points", ha="left", va="top", fontsize=SMALL, color=MUTED)  # fmt: skip


@use_style()
def empty_axes(ax: Axes | None, reason: str, *, title: str = "") -> Axes:
    """Return an Axes that shows nothing but why it is empty.

    Parameters
    ----------
    ax
        Where to draw; None makes a small figure.
    reason
        Why there is nothing to see, in words.
    title
        What would have been shown.

    Examples
    --------
    >>> empty_axes(None, "no variable 'ctq_total' in this cohort").texts[0].get_text().split()[0]
    'no'
    """
    # Beside other Axes the layout may leave less than the share of the width.
    share = 0.8 if ax is None else 0.55
    ax = given_or_new(ax, WIDTH, 2.0)
    ax.set_axis_on()
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(True)
        spine.set_color(FAINT)
        spine.set_linestyle((0, (4, 3)))
    shown = wrap(reason or "nothing to show", max(share * room(ax) - 0.3, 0.8))
    ax.text(0.5, 0.5, shown, transform=ax.transAxes, ha="center", va="center", fontsize=SMALL, color=MUTED)
    if title:
        set_title(ax, title, inches=room(ax) - 0.2)
    return ax


def panels(ax: Axes, rows: int, columns: int, *, width_ratios: Sequence[float] | None = None,
           share_y: bool = False) -> list[Axes]:  # fmt: skip
    """Return panels, row by row, in the place of an Axes, which stays behind them to carry the title.

    Parameters
    ----------
    ax
        The Axes to divide; its frame and ticks are hidden.
    rows, columns
        How many panels.
    width_ratios
        Relative widths of the columns.
    share_y
        Whether all panels have one vertical axis.
    """
    ax.set_axis_off()
    spec = ax.get_subplotspec()
    if spec is not None:
        grid: Any = spec.subgridspec(rows, columns, width_ratios=width_ratios)
    else:
        box = ax.get_position()
        grid = ax.figure.add_gridspec(rows, columns, left=box.x0, right=box.x1, bottom=box.y0, top=box.y1,
                                      width_ratios=width_ratios, hspace=0.6, wspace=0.35)  # fmt: skip
    made: list[Axes] = []
    for number in range(rows * columns):
        shared = made[0] if share_y and made else None
        made.append(ax.figure.add_subplot(grid[number // columns, number % columns], sharey=shared))
    return made


def percent(share: float) -> str:
    """Return a share as a percentage with as many digits as it deserves.

    Examples
    --------
    >>> percent(0.0845), percent(0.4), percent(0.0004)
    ('8.4 %', '40 %', '<0.1 %')
    """
    if not math.isfinite(share):
        return ""
    if 0 < share < 0.001:
        return "<0.1 %"
    value = 100 * share
    return f"{value:.0f} %" if value >= 9.95 or value == 0 else f"{value:.1f} %"
