"""The look of every figure: colours, sizes, wrapped text, empty Axes, and files with the same bytes each time."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib.style
from cycler import cycler
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, SubFigure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import ScaledTranslation

from cohort.disclosure import Disclosure
from cohort.plots.text import FONT, LARGE, NORMAL, SMALL, text_width, wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.text import Text

WIDTH = 7.2
"""Usual width of a figure in inches: the text width of a page, so that 9 points stay 9 points in print."""

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


def legend_below(ax: Axes, handles: Sequence[Artist], down: float, indent: float) -> float:
    """Draw a legend below an Axes, flush left; return its height in inches.

    Parameters
    ----------
    ax
        The Axes.
    handles
        Labelled artists; without any, nothing is drawn.
    down, indent
        Distance of its upper left corner below and to the left of the Axes' lower left corner, in inches.
    """
    if not handles:
        return 0.0
    corner = ax.transAxes + ScaledTranslation(-indent, -down, ax.figure.dpi_scale_trans)
    widest = max(text_width(str(handle.get_label())) for handle in handles) + 0.6
    columns = max(1, min(len(handles), int((room(ax) - 0.2) / widest)))
    ax.legend(handles=list(handles), loc="upper left", bbox_to_anchor=(0, 0), bbox_transform=corner, ncols=columns,
              borderaxespad=0.0, borderpad=0.2, handlelength=1.8, columnspacing=1.4)  # fmt: skip
    return 0.05 + 0.21 * math.ceil(len(handles) / columns)


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


def panels(
    ax: Axes | None,
    rows: int,
    columns: int,
    *,
    size: tuple[float, float],
    title: str,
    note: str = "",
    width_ratios: Sequence[float] | None = None,
    share_y: bool = False,
) -> list[Axes]:
    """Return panels, row by row, under one title and above one note.

    Parameters
    ----------
    ax
        An Axes whose place the panels take; it is removed. None makes a figure.
    rows, columns
        How many panels.
    size
        Width and height in inches of a new figure.
    title, note
        What is shown, and a footnote; both wrapped.
    width_ratios
        Relative widths of the columns.
    share_y
        Whether all panels have one vertical axis.
    """
    place: Figure | SubFigure
    if ax is None:
        place = figure(*size)
    else:
        box = ax.get_position()
        spec = (
            ax.get_subplotspec()
            or ax.figure.add_gridspec(1, 1, left=box.x0, right=box.x1, bottom=box.y0, top=box.y1)[0]
        )
        place = ax.figure.add_subfigure(spec)
        ax.remove()
    width = float(place.bbox.width / place.dpi)
    edge = 0.05 / width
    place.suptitle(wrap(title, width - 0.2, LARGE, "bold"), x=edge, ha="left", fontsize=LARGE, weight="bold")
    if note:
        place.supxlabel(wrap(note, width - 0.2), x=edge, ha="left", fontsize=SMALL, color=MUTED)
    made = place.subplots(rows, columns, width_ratios=width_ratios, sharey=share_y, squeeze=False)
    return [given_or_new(one, 0, 0) for one in made.ravel()]


def _settle(whole: Figure) -> None:
    """Lay a figure out once and for all: the layout would otherwise move a little with every drawing."""
    if isinstance(whole.get_layout_engine(), ConstrainedLayoutEngine):
        whole.draw_without_rendering()
        whole.draw_without_rendering()
        whole.set_layout_engine("none")


@dataclass(frozen=True)
class Picture:
    """A finished figure, to end a cell of a notebook with or to save; the same figure gives the same bytes.

    Parameters
    ----------
    axes
        What a drawing function returned.
    alt
        What the figure shows, for those who can't see it.

    Examples
    --------
    >>> picture = Picture(empty_axes(None, "nothing was measured"), "empty")
    >>> picture.png()[1:4], picture.svg() == picture.svg()
    (b'PNG', True)
    """

    axes: Axes
    alt: str = ""

    def _write(self, kind: str, dpi: float) -> bytes:
        whole = self.axes.get_figure()
        while not isinstance(whole, Figure):
            if whole is None:
                raise ValueError("the Axes belongs to no figure")
            whole = whole.figure
        stream = io.BytesIO()
        # Dates and versions would make two equal figures differ.
        nothing: dict[str, Any] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}[kind]
        with use_style():
            _settle(whole)
            whole.savefig(stream, format=kind, dpi=dpi, metadata=nothing)
        return stream.getvalue()

    def png(self, dpi: float = 160) -> bytes:
        """Return the figure as PNG, at the given dots per inch."""
        return self._write("png", dpi)

    def svg(self) -> str:
        """Return the figure as SVG text."""
        return self._write("svg", 72).decode("utf-8")

    def save(self, path: Path) -> None:
        """Write the figure to a file that ends in ``.png`` or ``.svg``.

        Raises
        ------
        ValueError
            If it ends in anything else.
        """
        if path.suffix == ".svg":
            path.write_text(self.svg(), encoding="utf-8", newline="\n")
        elif path.suffix == ".png":
            path.write_bytes(self.png())
        else:
            raise ValueError(f"a figure is written as .png or .svg, not as '{path.suffix}'")

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Return what Jupyter shows: a sharp PNG, and the words for those who can't see it."""
        inches = self.axes.figure.bbox.width / self.axes.figure.dpi
        data = {"image/png": base64.b64encode(self.png()).decode("ascii"), "text/plain": self.alt or "figure"}
        return data, {"image/png": {"width": round(inches * 100), "alt": self.alt or "figure"}}
