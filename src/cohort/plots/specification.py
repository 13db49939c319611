"""A specification curve: the estimates in order, and below each the choices that led to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from cohort.analysis.specification import DIMENSIONS, SpecificationCurve
from cohort.plots.scales import Span, ticks_of
from cohort.plots.style import BAND, BLUE, FAINT, INK, MUTED, VERMILION, WIDTH, empty_axes, figure, set_title, use_style
from cohort.plots.text import NORMAL, SMALL, text_width

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TOP = 2.6
_LINE = 0.19


@use_style()
def draw_specification_curve(
    curve: SpecificationCurve,
    *,
    claimed: float | None = None,
    claimed_label: str = "claimed",
    title: str = "The odds ratio under all combinations of choices",
) -> Axes:
    """Return the odds ratios of a specification curve with their intervals, in order, above a panel of the choices.

    Parameters
    ----------
    curve
        The estimates; the main analysis stands out.
    claimed, claimed_label
        A claimed size to mark, and what it is called.
    title
        What is shown.
    """
    found = curve.estimates()
    if not found:
        return empty_axes(None, "no combination of choices has an estimate", title=title)
    rows: list[tuple[int, str]] = []
    for place, _ in enumerate(DIMENSIONS):
        tried = dict.fromkeys(one.choices[place] for one in curve.specifications)
        told = {choices[place] for choices, _ in found}  # what no estimate rests on takes no line
        if len(tried) > 1:
            rows += [(place, name) for name in tried if name in told]
    made = figure(WIDTH, _TOP + 0.7 + _LINE * (len(rows) + 1.5))
    left = max([text_width(name, SMALL) for _, name in rows] or [0.5]) + 0.3
    made.set_layout_engine("none")
    height = made.get_figheight()
    inside = {"left": left / WIDTH, "width": 1 - (left + 0.12) / WIDTH}
    panel_height = _LINE * len(rows)
    upper = made.add_axes(
        (inside["left"], (panel_height + 0.55) / height, inside["width"], (_TOP - 0.05) / height), label="estimates"
    )
    places = range(len(found))
    for index, (choices, estimate) in zip(places, found, strict=True):
        low, high = estimate.interval()
        is_main = choices == curve.main
        colour = VERMILION if is_main else BLUE
        upper.plot([index, index], [low, high], color=colour, linewidth=1.8 if is_main else 0.9,
                   alpha=1 if is_main else 0.45, solid_capstyle="butt", zorder=4 if is_main else 2)  # fmt: skip
        upper.plot([index], [estimate.value], marker="D" if is_main else "o", markersize=6 if is_main else 2.8,
                   color=colour, markeredgecolor="white" if is_main else colour, markeredgewidth=0.6,
                   zorder=5 if is_main else 3)  # fmt: skip
    ends = [end for _, estimate in found for end in estimate.interval()]
    low, high = min(*ends, 0.9), max(*ends, claimed or 1.1) * 1.08
    upper.set_yscale("log")
    upper.set_ylim(low / 1.05, high)
    upper.set_xlim(-1, len(found))
    upper.axhline(1, color=MUTED, linewidth=0.9, zorder=1)
    if claimed is not None:
        upper.axhline(claimed, color=INK, linewidth=1.1, linestyle=(0, (4, 2)), zorder=1)
        behind = {"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85}
        upper.annotate(claimed_label, (0, claimed), xycoords=("axes fraction", "data"), xytext=(3, 4),
                       textcoords="offset points", fontsize=SMALL, weight="bold", color=INK, bbox=behind,
                       zorder=6)  # fmt: skip
    upper.yaxis.set_major_locator(FixedLocator(ticks_of(Span(low, high, log=True), [1.0], _TOP)))
    upper.yaxis.set_minor_locator(NullLocator())
    upper.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    upper.xaxis.set_major_locator(NullLocator())
    upper.set_ylabel("Odds ratio (log scale)", fontsize=NORMAL)
    if curve.main in [choices for choices, _ in found]:
        at = [choices for choices, _ in found].index(curve.main)
        upper.annotate("main analysis", (at, found[at][1].interval()[1]), xytext=(0, 5), textcoords="offset points",
                       ha="left" if at < len(found) / 2 else "right", fontsize=SMALL, weight="bold",
                       color=VERMILION)  # fmt: skip
    _draw_choices(made.add_axes(
        (inside["left"], 0.42 / height, inside["width"], panel_height / height), label="choices"
    ), rows, curve, len(found))  # fmt: skip
    set_title(upper, title, inches=WIDTH - left)
    return upper


def _draw_choices(panel: Axes, rows: list[tuple[int, str]], curve: SpecificationCurve, width: int) -> None:
    """Draw a mark wherever a specification makes a choice; the choices of one kind share a band."""
    found = curve.estimates()
    for line, (place, name) in enumerate(rows):
        if place % 2:
            panel.axhspan(line - 0.5, line + 0.5, color=BAND, linewidth=0)
        panel.axhline(line, color=FAINT, linewidth=0.5, zorder=1)
        made = [index for index, (choices, _) in enumerate(found) if choices[place] == name]
        is_main = [index for index in made if found[index][0] == curve.main]
        panel.plot(made, [line] * len(made), linestyle="none", marker="|", markersize=8, color=INK, zorder=2)
        panel.plot(
            is_main, [line] * len(is_main), linestyle="none", marker="D", markersize=5, color=VERMILION, zorder=3
        )
    panel.set_xlim(-1, width)
    panel.set_ylim(len(rows) - 0.5, -0.5)
    panel.set_yticks(range(len(rows)), [name for _, name in rows], fontsize=SMALL)
    panel.xaxis.set_major_locator(NullLocator())
    panel.tick_params(length=0)
    panel.spines[:].set_visible(False)
    panel.set_xlabel(f"{width} combinations of choices, from the smallest odds ratio to the largest", fontsize=NORMAL)
