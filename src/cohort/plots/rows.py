"""Rows of a forest plot: which line stands where, and how wide its columns of text are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from cohort.disclosure import Disclosure
from cohort.plots.scales import is_drawable, reason_of
from cohort.plots.text import NORMAL, SMALL, line_count, line_height, text_width, wrap
from cohort.protection import for_figure
from cohort.results import Result

Literature: TypeAlias = tuple[str, float, float, float]
"""Name of a published estimate, its value, and the lower and upper end of its 95 % interval."""

LINE = 0.23
_PAD = 0.09
_INDENT = 0.14


@dataclass(frozen=True)
class Line:
    """One line of a row: an estimate, a published estimate, or the reason why there is none.

    ``y`` is its distance below the top in inches; ``group`` counts the versions of an analysis from 0.
    """

    y: float
    group: int
    result: Result | None = None
    literature: Literature | None = None
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """All lines of one label."""

    label: str
    label_y: float
    top: float
    bottom: float
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Rows:
    """The rows of a chart, and the width of the column of labels in inches."""

    rows: tuple[Row, ...]
    label_width: float

    @property
    def height(self) -> float:
        """Return the height of all rows in inches."""
        return self.rows[-1].bottom

    @property
    def lines(self) -> tuple[Line, ...]:
        """Return all lines, from the top."""
        return tuple(line for row in self.rows for line in row.lines)


def protected_groups(groups: Mapping[str, Sequence[Result]], disclosure: Disclosure) -> dict[str, list[Result]]:
    """Return results by group as a figure may draw them; see :func:`cohort.protection.for_figure`."""
    shown = iter(for_figure([result for members in groups.values() for result in members], disclosure))
    return {name: [next(shown) for _ in members] for name, members in groups.items()}


def by_group(results: Sequence[Result] | Mapping[str, Sequence[Result]]) -> dict[str, list[Result]]:
    """Return results by group; a plain sequence is one group without a name."""
    if isinstance(results, Mapping):
        return {name: list(members) for name, members in results.items()}
    return {"": list(results)}


def label_column(labels: Sequence[str], names: Sequence[str], widest: float) -> float:
    """Return the width of the column of labels in inches, at most ``widest``."""
    wanted = [text_width(label, NORMAL) for label in labels] + [_INDENT + text_width(name) for name in names]
    return min(max(wanted, default=0.0) + 0.02, widest)


def place_rows(
    groups: Mapping[str, Sequence[Result]],
    literature: Mapping[str, Sequence[Literature]],
    *,
    label_width: float,
    plot_width: float,
) -> Rows:
    """Return where every line stands: labels in order of first appearance, versions of an analysis beneath each other.

    Parameters
    ----------
    groups
        Results by version of the analysis.
    literature
        Published estimates by label.
    label_width, plot_width
        Room for labels and for reasons, in inches.
    """
    labels = list(dict.fromkeys(result.label for members in groups.values() for result in members))
    rows: list[Row] = []
    top = 0.0
    for label in labels:
        shown = wrap(label, label_width, NORMAL)
        y, lines = top + _PAD, []
        said: set[str] = set()
        for number, members in enumerate(groups.values()):
            for result in (member for member in members if member.label == label):
                if not is_drawable(result) and reason_of(result) in said:
                    continue  # the same reason in several versions of an analysis is said once
                said |= set() if is_drawable(result) else {reason_of(result)}
                reason = "" if is_drawable(result) else wrap(reason_of(result), plot_width - 0.1)
                height = max(LINE, line_count(reason) * line_height(SMALL) + 0.06) if reason else LINE
                lines.append(Line(y + height / 2, number, result, None, reason))
                y += height
        own = (top + _PAD + y) / 2
        tall = line_count(shown) * line_height(NORMAL)
        if tall > y - top - _PAD:
            # A label taller than its lines: centre the lines on it.
            shift = (tall - (y - top - _PAD)) / 2
            lines = [Line(line.y + shift, line.group, line.result, None, line.reason) for line in lines]
            own, y = own + shift, y + 2 * shift
        for published in literature.get(label, ()):
            height = max(LINE, line_count(wrap(published[0], label_width - _INDENT)) * line_height(SMALL) + 0.05)
            lines.append(Line(y + height / 2, -1, None, published))
            y += height
        rows.append(Row(shown, own, top, y + _PAD, tuple(lines)))
        top = y + _PAD
    return Rows(tuple(rows), label_width)
