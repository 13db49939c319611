"""The flow of people into the analysis, as a diagram in the manner of STROBE."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd
from matplotlib.patches import FancyBboxPatch

from cohort.disclosure import Cell, Disclosure, Sum, flow_sums
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
from cohort.plots.text import SMALL, line_count, line_height, percent, text_width, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PAD = 0.1
_GAP = 0.3
_BRANCH_GAP = 0.12
_TITLE = "How people flow into the analysis"
_FILES = 12
_REASONS = 6
_SET_ASIDE = {"quarantined": "set aside in the quarantine", "merged": "copies of other rows, merged"}


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


def _told(text: str) -> str:
    """Return a protected count as the line of a box."""
    if text[:1] in ("<", "≥", "≈"):
        return f"n {text[0]} {text[1:]}"
    return f"n {text}" if text == "not shown" else f"n = {text}"


def _share(part: str, whole: str) -> str:
    """Return a share made of counts as they are shown, so that it cannot give a small one away."""
    above, below = (text.replace(",", "") for text in (part, whole))
    if not (above.isdigit() and below.isdigit()) or int(below) == 0:
        return ""
    return f" ({percent(min(int(above) / int(below), 1.0))})"


def _protected(steps: list[_Step], branches: list[_Step], disclosure: Disclosure) -> list[tuple[str, str]]:
    """Return the counts of each box as they may be shown, branches last: who is in, and who left or lacks it."""
    boxes = [*steps, *branches]
    cells: dict[Cell, float] = {
        (row, name): getattr(box, name) for row, box in enumerate(boxes) for name in ("n", "excluded")
    }
    texts = disclosure.texts(cells, flow_sums(len(steps), len(branches)))
    return [(texts[row, "n"], texts[row, "excluded"]) for row in range(len(boxes))]


def _packed(chunks: list[str], inches: float) -> str:
    """Return chunks separated by commas, in lines of some width that end between chunks."""
    lines = [""]
    for number, chunk in enumerate(chunks):
        piece = chunk + ("," if number < len(chunks) - 1 else "")
        trial = f"{lines[-1]} {piece}".lstrip()
        if text_width(trial) <= inches or not lines[-1]:
            lines[-1] = trial
        else:
            lines.append(piece)
    return "\n".join(lines)


def _row_texts(rows: pd.DataFrame, later: set[str], disclosure: Disclosure, inches: float) -> list[tuple[str, str]]:
    """Return the boxes of source rows: the text of each, and of what left just before it.

    Rows of people who are not eligible stay in: these people leave at a later step, with the reason of that step.
    """
    counts = rows.assign(rows=rows["rows"].astype(int))
    files = counts.groupby("file", sort=False)["rows"].sum()
    reasons = counts["reason"].astype("string").fillna("")
    stays = counts["status"].eq("used") | (counts["status"].eq("ineligible") & reasons.isin(later))
    out = counts.loc[~stays.to_numpy(dtype=bool)]
    why = out["status"].astype("string").map(_SET_ASIDE).fillna(reasons.loc[out.index])
    left = out["rows"].groupby(why).sum().sort_values(ascending=False, kind="stable")
    if len(left) > _REASONS:
        rest = pd.Series({"for other reasons": left.iloc[_REASONS - 1 :].sum()})
        left = pd.concat([left.iloc[: _REASONS - 1], rest])
    total = int(counts["rows"].sum())
    cells: dict[Cell, float] = {"total": total, "stay": total - int(left.sum())}
    cells |= {(kind, name): int(n) for kind, part in (("file", files), ("left", left)) for name, n in part.items()}
    sums = [Sum("total", tuple(("file", name) for name in files.index))]
    sums += [Sum("total", ("stay", *(("left", name) for name in left.index)))] if len(left) else []
    texts = disclosure.texts(cells, sums)
    chunks = [f"{name} {texts['file', name]}" for name in files.index[:_FILES]]
    chunks += [f"{len(files) - _FILES} more"] if len(files) > _FILES else []
    many = f"{len(files)} source files" if len(files) > 1 else "one source file"
    boxes = [(f"Rows in {many}\n{_told(texts['total'])}\n{_packed(chunks, inches)}", "")]
    if len(left):
        gone = "\n".join(f"{_sentence(str(name))}: {_told(texts['left', name])}" for name in left.index)
        boxes.append((f"Rows read for this cohort\n{_told(texts['stay'])}", gone))
    return boxes


def _boxes(
    steps: list[_Step],
    branches: list[_Step],
    disclosure: Disclosure,
    width: float,
    sources: pd.DataFrame | None = None,
) -> list[_Box]:
    left_width, right_width = 0.5 * width, 0.36 * width
    right = width - right_width
    y = 0.0
    boxes: list[_Box] = []
    texts: list[tuple[str, str]] = []
    if sources is not None and len(sources):
        texts = _row_texts(sources, {step.reason for step in steps}, disclosure, left_width - 2 * _PAD)
    told = _protected(steps, branches, disclosure)
    for number, (step, (people, gone)) in enumerate(zip(steps, told, strict=False)):
        out = f"{_sentence(step.reason)}\n{_told(gone)}" if number and step.excluded > 0 else ""
        texts.append((f"{step.label}\n{_told(people)}", out))
    for number, (label, out) in enumerate(texts):
        if out:
            text = wrap(out, right_width - 2 * _PAD)
            boxes.append(_Box(right, y, right_width, _height(text), text, "out"))
            y += _height(text) + 0.16
        elif number:
            y += _GAP
        text = wrap(label, left_width - 2 * _PAD)
        boxes.append(_Box(0.0, y, left_width, _height(text), text, "step"))
        y += _height(text) + 0.16
    indent = 0.35
    y += 0.06
    for branch, (people, gone) in zip(branches, told[len(steps) :], strict=True):
        share = _share(people, told[len(steps) - 1][0])
        text = wrap(f"{branch.label}\n{_told(people)}{share}", left_width - indent - 2 * _PAD)
        aside = f"{_sentence(branch.reason)}\n{_told(gone)}" if branch.excluded > 0 else ""
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
    sources: pd.DataFrame | None = None,
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
    sources
        What became of the rows of the source files, for boxes on top: columns ``file``, ``status`` (used, ineligible,
        quarantined, merged), ``reason`` and ``rows``; None leaves these boxes out.
    title
        What is shown.
    ax
        Where to draw; None makes a figure that is as tall as it must be.

    Notes
    -----
    The form follows von Elm et al., The STROBE statement, Lancet 2007;370:1453, item 13(c); the boxes of source rows
    are what RECORD adds for data collected for other purposes (Benchimol et al., PLoS Med 2015;12:e1001885, item 13.1).
    """
    if steps.empty:
        return empty_axes(ax, "no step of the flow is known", title=title)
    width = (WIDTH if ax is None else room(ax)) - 0.1
    boxes = _boxes(_steps(steps), [] if branches is None else _steps(branches), disclosure, width, sources)
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
