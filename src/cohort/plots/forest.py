"""Forest plots: estimates with intervals, one row per label, beside what others found or what is known to be true."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from cohort.disclosure import Disclosure
from cohort.plots.chart import (
    COLUMN_GAP,
    Column,
    add_legend,
    columns_width,
    draw_bands,
    draw_frame,
    draw_line,
    draw_marks,
    estimate_text,
    finish,
    people_text,
    points_of,
    write_below,
    write_texts,
)
from cohort.plots.rows import Literature, Rows, by_group, label_column, place_rows, protected_groups
from cohort.plots.scales import Span, estimates_of, is_share, number, reason_of, short_measure, span_of
from cohort.plots.style import (
    VERMILION,
    WIDTH,
    disclosure_note,
    empty_axes,
    given_or_new,
    room,
    use_style,
)
from cohort.plots.text import NORMAL, wrap
from cohort.results import Estimate, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def _axis_label(estimates: Sequence[Estimate], log: bool) -> str:
    measures = dict.fromkeys(estimate.measure for estimate in estimates)
    words = next(iter(measures)) if len(measures) == 1 else "estimate"
    if is_share(words):
        words += " (percentage points)" if "difference" in words else " (%)"
    return f"{words[:1].upper()}{words[1:]} with 95 % interval{' (log scale)' if log else ''}"


def _header(estimates: Sequence[Estimate]) -> str:
    unit = ", %" if all(is_share(estimate.measure) for estimate in estimates) else ""
    return f"{short_measure(estimate.measure for estimate in estimates)}{unit} (95 % CI)"


def _draw_lines(ax: Axes, rows: Rows, span: Span, groups: int) -> None:
    for place, row in enumerate(rows.rows):
        for line in row.lines:
            draw_line(ax, line, span, groups=groups, banded=place % 2 == 0)


_MOST_REASONS = 3


def _reasons(results: Sequence[Result]) -> str:
    """Return why there is nothing to draw, in as many words as an empty Axes has room for."""
    reasons = list(dict.fromkeys(reason_of(result) for result in results))
    if not reasons:
        return "there are no results to show"
    more = len(reasons) - _MOST_REASONS
    return "; ".join(reasons[:_MOST_REASONS]) + (f"; and {more} more like these" if more > 0 else "")


@use_style()
def draw_forest(
    results: Sequence[Result] | Mapping[str, Sequence[Result]],
    *,
    disclosure: Disclosure,
    reference: Mapping[str, Sequence[Literature]] | None = None,
    claimed: float | None = None,
    claimed_label: str = "claimed",
    directions: tuple[str, str] | None = None,
    title: str = "Estimates with 95 % intervals",
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Return a forest plot: one row per label, with the numbers beside it.

    Parameters
    ----------
    results
        Results, or results by version of the analysis (crude, adjusted, …); versions of one label stand beneath each
        other. All are on one scale. A result that is not testable is a row with its reason.
    disclosure
        How counts of people are protected.
    reference
        By label: published estimates (name, value, lower, upper), drawn in grey beneath our own.
    claimed
        A claimed size to mark with a dashed line.
    claimed_label
        What the line is called.
    directions
        What lies left and right of no effect, such as ("less depression", "more depression").
    title, xlabel
        What is shown, and the label of the axis; by default the measure.
    ax
        Where to draw; None makes a figure that is as tall as it must be. A given Axes should be about as large.

    Examples
    --------
    >>> from cohort.results import Estimate
    >>> ra = Estimate("Rheumatoid arthritis", "odds ratio", 1.5, 0.1, scale="log", null=1.0, n=8000, events=700)
    >>> draw_forest([ra], disclosure=Disclosure(), claimed=3).get_xlabel()
    'Odds ratio with 95 % interval (log scale)'
    """
    groups = protected_groups(by_group(results), disclosure)
    everything = [result for members in groups.values() for result in members]
    estimates = estimates_of(everything)
    if not estimates:
        return empty_axes(ax, _reasons(everything), title=title)
    own, published = ax is None, {label: list(found) for label, found in (reference or {}).items()}
    width = room(ax) if ax is not None else WIDTH + 0.6

    def columns_of(rows: Rows) -> list[Column]:
        made = [Column(_header(estimates), tuple(estimate_text(line) for line in rows.lines))]
        people = tuple(people_text(line, disclosure) for line in rows.lines)
        name = "Events / people" if any(e.events is not None for e in estimates) else "People"
        return [*made, Column(name, people)] if any(people) else made

    rows, columns, plot_width = _layout(groups, published, columns_of, width)
    ax = given_or_new(ax, width, 1.0)
    log, null = estimates[0].scale == "log", estimates[0].null
    marks = [mark for mark in (null, claimed) if mark is not None]
    span = span_of([found for line in rows.lines if (found := points_of(line))], marks, log=log)
    draw_frame(ax, rows, span, marks=marks, inches=plot_width, measure=estimates[0].measure)
    draw_bands(ax, rows, plot_width, columns_width(columns))
    draw_marks(ax, rows, span, null=null, claimed=claimed, words=claimed_label)
    _draw_lines(ax, rows, span, len(groups))
    write_texts(ax, rows, columns)
    down = write_below(ax, wrap(xlabel or _axis_label(estimates, log), plot_width, NORMAL), directions, span, null)
    shown = any(line.literature for line in rows.lines)
    down += add_legend(ax, list(groups), down, rows.label_width + 0.12, shown)
    note = disclosure_note(disclosure) if len(columns) > 1 else ""
    return finish(ax, rows, title=title, note=note, down=down, width=width, own=own)


def _layout(
    groups: Mapping[str, Sequence[Result]],
    published: Mapping[str, Sequence[Literature]],
    columns_of: Callable[[Rows], list[Column]],
    width: float,
) -> tuple[Rows, list[Column], float]:
    """Return the rows, the columns of text, and what width in inches they leave to the plot."""
    labels = [result.label for members in groups.values() for result in members]
    names = [found[0] for members in published.values() for found in members]
    label_width = label_column(labels, names, 0.27 * width)
    # The texts of the columns don't depend on the width; reasons are wrapped once that is known.
    columns = columns_of(place_rows(groups, published, label_width=label_width, plot_width=width))
    plot_width = max(width - label_width - columns_width(columns) - 2 * COLUMN_GAP, 1.2)
    rows = place_rows(groups, published, label_width=label_width, plot_width=plot_width)
    return rows, columns_of(rows), plot_width


@use_style()
def draw_truth(
    results: Sequence[Result] | Mapping[str, Sequence[Result]],
    truth: Mapping[str, float],
    *,
    directions: tuple[str, str] | None = None,
    title: str = "Estimates beside the known truth",
    xlabel: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Return estimates beside the truth that generated the data, and whether each interval holds it.

    Parameters
    ----------
    results
        Results, or results by version of the analysis (crude, adjusted, …), all on one scale.
    truth
        The true value of the estimand, by label; a label without one has no mark.
    directions
        What lies left and right of no effect.
    title, xlabel
        What is shown, and the label of the axis; by default the measure.
    ax
        Where to draw; None makes a figure that is as tall as it must be.

    Notes
    -----
    For synthetic cohorts only: what is checked is the method, not the world. One cohort can't show coverage: of right
    95 % intervals one in twenty misses.
    """
    groups = by_group(results)
    everything = [result for members in groups.values() for result in members]
    estimates = estimates_of(everything)
    if not estimates:
        return empty_axes(ax, _reasons(everything), title=title)
    own, width = ax is None, room(ax) if ax is not None else WIDTH + 0.6

    def columns_of(rows: Rows) -> list[Column]:
        held = [_holds(line.result, truth) for line in rows.lines]
        true = [truth.get(line.result.label) if isinstance(line.result, Estimate) else None for line in rows.lines]
        return [
            Column(_header(estimates), tuple(estimate_text(line) for line in rows.lines)),
            Column("Truth", tuple("" if t is None else number(t, estimates[0].measure) for t in true)),
            Column("Inside", tuple("" if h is None else "yes" if h else "no" for h in held)),
        ]

    rows, columns, plot_width = _layout(groups, {}, columns_of, width)
    ax = given_or_new(ax, width, 1.0)
    log, null = estimates[0].scale == "log", estimates[0].null
    known = [truth[row_label] for row_label in dict.fromkeys(e.label for e in estimates) if row_label in truth]
    marks = [] if null is None else [null]
    span = span_of([found for line in rows.lines if (found := points_of(line))], [*marks, *known], log=log)
    draw_frame(ax, rows, span, marks=marks, inches=plot_width, measure=estimates[0].measure)
    draw_bands(ax, rows, plot_width, columns_width(columns))
    draw_marks(ax, rows, span, null=null, claimed=None, words="")
    for row in rows.rows:
        label = next(line.result.label for line in row.lines if line.result is not None)
        if label in truth:
            ax.plot([truth[label]] * 2, [row.top + 0.03, row.bottom - 0.03], color=VERMILION, linewidth=2.2, zorder=2)
    _draw_lines(ax, rows, span, len(groups))
    write_texts(ax, rows, columns)
    down = write_below(ax, wrap(xlabel or _axis_label(estimates, log), plot_width, NORMAL), directions, span, null)
    down += add_legend(ax, list(groups), down, rows.label_width + 0.12, False)
    note = "Upright bar: the true value, and whether the interval holds it. Synthetic data: it judges the method only."
    return finish(ax, rows, title=title, note=note, down=down, width=width, own=own)


def _holds(result: Result | None, truth: Mapping[str, float]) -> bool | None:
    if not isinstance(result, Estimate) or result.label not in truth or not estimates_of([result]):
        return None
    low, high = result.interval()
    return low <= truth[result.label] <= high
