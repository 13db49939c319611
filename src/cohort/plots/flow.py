"""The flow of people into the analysis, as a diagram in the manner of STROBE."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.patches import FancyBboxPatch

from cohort.disclosure import Disclosure
from cohort.plots.style import (
    BLUE,
    INK,
    MUTED,
    WIDTH,
    add_note,
    disclosure_note,
    empty_axes,
    given_or_new,
    room,
    set_title,
    use_style,
)
from cohort.plots.text import SMALL, line_count, line_height, percent, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PAD = 0.1
_GAP = 0.3
_BRANCH_GAP = 0.12
_TITLE = "How people flow into the analysis"


@dataclass(frozen=True)
class _Box:
    """A box of text: left and upper edge, width and height in inches from the upper left corner."""

    x: float
    y: float
    width: float
    height: float
    text: str
    kind: str

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True)
class _Step:
    label: str
    n: int
    excluded: int
    reason: str


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _steps(table: pd.DataFrame) -> list[_Step]:
    records = table.loc[:, ["label", "n", "excluded", "reason"]].to_dict("records")
    return [_Step(_sentence(str(r["label"])), int(r["n"]), int(r["excluded"]), str(r["reason"])) for r in records]


def _height(text: str) -> float:
    return line_count(text) * line_height(SMALL) + 2 * _PAD


def _count(count: float, disclosure: Disclosure) -> str:
    text = disclosure.text(count)
    return f"n < {text[1:]}" if text.startswith("<") else f"n = {text}"


def _share(part: float, whole: float, disclosure: Disclosure) -> str:
    """Return a share made of protected counts only, so that it cannot give a small count away."""
    above, below = disclosure.rounded(part), disclosure.rounded(whole)
    return f" ({percent(above / below)})" if above is not None and below else ""


def _boxes(steps: list[_Step], branches: list[_Step], disclosure: Disclosure, width: float) -> list[_Box]:
    left_width, right_width = 0.5 * width, 0.36 * width
    right = width - right_width
    y = 0.0
    boxes: list[_Box] = []
    for number, step in enumerate(steps):
        if number and step.excluded > 0:
            text = wrap(f"{step.reason}\n{_count(step.excluded, disclosure)}", right_width - 2 * _PAD)
            boxes.append(_Box(right, y, right_width, _height(text), text, "out"))
            y += _height(text) + 0.16
        elif number:
            y += _GAP
        text = wrap(f"{step.label}\n{_count(step.n, disclosure)}", left_width - 2 * _PAD)
        boxes.append(_Box(0.0, y, left_width, _height(text), text, "step"))
        y += _height(text) + 0.16
    total = steps[-1].n
    indent = 0.35
    y += 0.06
    for branch in branches:
        share = _share(branch.n, total, disclosure)
        text = wrap(f"{branch.label}\n{_count(branch.n, disclosure)}{share}", left_width - indent - 2 * _PAD)
        aside = f"{branch.reason}\n{_count(branch.excluded, disclosure)}" if branch.excluded > 0 else ""
        aside = wrap(aside, right_width - 2 * _PAD)
        height = max(_height(text), _height(aside) if aside else 0.0)
        boxes.append(_Box(indent, y, left_width - indent, height, text, "branch"))
        if aside:
            boxes.append(_Box(right, y, right_width, height, aside, "aside"))
        y += height + _BRANCH_GAP
    return boxes


def _line(ax: Axes, xs: list[float], ys: list[float]) -> None:
    ax.plot(xs, ys, color=MUTED, linewidth=1.0, solid_capstyle="butt", zorder=1)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": MUTED, "linewidth": 1.0, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 9}
    ax.annotate("", end, start, arrowprops=style, zorder=1)


def _connect(ax: Axes, boxes: list[_Box]) -> None:
    steps = [box for box in boxes if box.kind == "step"]
    outs = [box for box in boxes if box.kind == "out"]
    branches = [box for box in boxes if box.kind == "branch"]
    centre = steps[0].width / 2
    for above, below in itertools.pairwise(steps):
        _arrow(ax, (centre, above.y + above.height), (centre, below.y))
    for box in outs:
        _arrow(ax, (centre, box.middle), (box.x, box.middle))
    if branches:
        spine = 0.14
        _line(ax, [spine, spine], [steps[-1].y + steps[-1].height, branches[-1].middle])
        for box in branches:
            _arrow(ax, (spine, box.middle), (box.x, box.middle))
    for box in (box for box in boxes if box.kind == "aside"):
        _line(ax, [steps[0].width, box.x], [box.middle, box.middle])


@use_style()
def draw_flow(
    steps: pd.DataFrame,
    branches: pd.DataFrame | None = None,
    *,
    disclosure: Disclosure,
    title: str = _TITLE,
    ax: Axes | None = None,
) -> Axes:
    """Return a diagram of who came in, who was left out and why, and what the remaining people have.

    Parameters
    ----------
    steps
        Columns ``label``, ``n``, ``excluded`` (people who left just before this step) and ``reason``; one row per step.
    branches
        The same columns: parts of the people of the last step, such as those with a complete questionnaire;
        ``excluded`` are those of the last step who are not in the part.
    disclosure
        How counts are protected.
    title
        What is shown.
    ax
        Where to draw; None makes a figure that is as tall as it must be.

    Notes
    -----
    The form follows von Elm et al., The STROBE statement, Lancet 2007;370:1453, item 13(c).
    """
    if steps.empty:
        return empty_axes(ax, "no step of the flow is known", title=title)
    width = (WIDTH if ax is None else room(ax)) - 0.1
    boxes = _boxes(_steps(steps), [] if branches is None else _steps(branches), disclosure, width)
    height = max(box.y + box.height for box in boxes)
    note = disclosure_note(disclosure)
    ax = given_or_new(ax, WIDTH, height + (0.65 if note else 0.4))
    ax.set_axis_off()
    ax.set(xlim=(0, width), ylim=(height, 0))
    looks: dict[str, dict[str, Any]] = {
        "step": {"facecolor": "#e8f1f8", "edgecolor": BLUE},
        "branch": {"facecolor": "white", "edgecolor": BLUE},
        "out": {"facecolor": "#f4f4f4", "edgecolor": MUTED},
        "aside": {"facecolor": "#f4f4f4", "edgecolor": MUTED},
    }
    for box in boxes:
        corner = FancyBboxPatch((box.x, box.y), box.width, box.height, boxstyle="round,pad=0,rounding_size=0.05",
                                linewidth=1.0, zorder=2, clip_on=False, **looks[box.kind])  # fmt: skip
        ax.add_patch(corner)
        ax.text(box.x + _PAD, box.middle, box.text, ha="left", va="center", fontsize=SMALL, color=INK, zorder=3,
                linespacing=1.2)  # fmt: skip
    _connect(ax, boxes)
    set_title(ax, title, inches=width)
    add_note(ax, note, down=0.06, inches=width)
    return ax
