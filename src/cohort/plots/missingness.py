"""What is missing, and what is missing together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from cohort.codebook import Codebook
from cohort.disclosure import Disclosure
from cohort.plots.style import (
    BLUE,
    FAINT,
    INK,
    MUTED,
    WIDTH,
    disclosure_note,
    empty_axes,
    panels,
    use_style,
)
from cohort.plots.text import SMALL, line_count, line_height, percent, wrap

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_PATTERNS = 8


@dataclass(frozen=True)
class Patterns:
    """The commonest joint patterns of missing values.

    ``missing`` has one row per pattern and one column per variable; ``counts`` the people with it, protected by
    pooling; ``other`` the number with any other pattern.
    """

    missing: pd.DataFrame
    counts: tuple[int, ...]
    other: int


def missing_patterns(missing: pd.DataFrame, disclosure: Disclosure, most: int = _PATTERNS) -> Patterns:
    """Return the commonest patterns; those of few people, and all after the first ``most``, are pooled.

    Parameters
    ----------
    missing
        Boolean, one row per person and one column per variable: whether the value is missing.
    disclosure
        A pattern of fewer people than its minimum is pooled.
    most
        How many patterns are shown at most.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [True] * 6 + [False] * 9, "b": [False] * 14 + [True]})
    >>> missing_patterns(table, Disclosure(5, 1)).counts, missing_patterns(table, Disclosure(5, 1)).other
    ((8,), 7)
    """
    counted = missing.value_counts(sort=False).sort_index().sort_values(ascending=False, kind="stable")
    common = counted[[not disclosure.is_small(int(count)) for count in counted]].head(most)
    while len(common) and disclosure.is_small(int(counted.sum() - common.sum())):
        common = common.iloc[:-1]  # a pool of few people would follow from the patterns beside it
    shown = common.index.to_frame(index=False)
    return Patterns(shown, tuple(int(count) for count in common), int(counted.sum() - common.sum()))


def _draw_missing_shares(ax: Axes, missing: pd.DataFrame, absent: set[str], disclosure: Disclosure) -> None:
    people = disclosure.rounded(len(missing)) or 1
    for place, name in enumerate(missing.columns):
        count = int(missing[name].sum())
        shown = disclosure.rounded(count)
        share = min((shown or 0) / people, 1.0)
        gone = name in absent
        ax.barh(place, 100 * share, color=FAINT if gone else BLUE, alpha=0.9, height=0.66, linewidth=0)
        text = "not in this cohort" if gone else f"{disclosure.text(count)} people" if shown is None else percent(share)
        inside = share > 0.6
        ax.annotate(text, (100 * share, place), xytext=(-4 if inside else 4, 0), textcoords="offset points",
                    ha="right" if inside else "left", va="center", fontsize=SMALL,
                    color="white" if inside and not gone else INK)  # fmt: skip
    ax.set(xlim=(0, 100), xlabel="Missing, % of people")
    ax.xaxis.set_major_locator(MaxNLocator(nbins=4))


def _draw_patterns(ax: Axes, patterns: Patterns, people: int, disclosure: Disclosure) -> None:
    columns = len(patterns.counts) + (patterns.other > 0)
    for across in range(columns):
        known = across < len(patterns.counts)
        for down in range(patterns.missing.shape[1]):
            gone = known and bool(patterns.missing.iloc[across, down])
            look = {"facecolor": BLUE if gone else "#eeeeee" if known else "white", "edgecolor": "white"}
            box = Rectangle((across - 0.46, down - 0.4), 0.92, 0.8, linewidth=0.5, alpha=0.9, **look)  # type: ignore[arg-type]
            ax.add_patch(box)
            if not known:
                ax.text(across, down, "any", ha="center", va="center", color=MUTED, fontsize=SMALL)
    total = disclosure.rounded(people) or 1
    texts = [percent((disclosure.rounded(count) or 0) / total)[:-2] for count in patterns.counts]
    if patterns.other:
        pooled = disclosure.rounded(patterns.other)
        texts.append("other\n" + (disclosure.text(patterns.other) if pooled is None else percent(pooled / total)[:-2]))
    ax.set_xticks(range(columns), texts)
    ax.tick_params(axis="x", length=0)
    ax.tick_params(axis="y", length=0, labelleft=False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set(xlim=(-0.6, columns - 0.4), xlabel="% of people (blue: missing)")


@use_style()
def draw_missingness(
    table: pd.DataFrame,
    variables: Sequence[str],
    *,
    codebook: Codebook,
    disclosure: Disclosure,
    title: str = "What is missing, and what is missing together",
    ax: Axes | None = None,
) -> Axes:
    """Return the share of missing values per variable, beside the commonest joint patterns.

    Parameters
    ----------
    table
        One row per person.
    variables
        Columns to show; one that is absent is missing for everybody and says so.
    codebook
        Names the variables.
    disclosure
        How counts are protected; patterns of few people are pooled.
    title
        What is shown.
    ax
        Its place is taken by two panels, of which the left one is returned. None makes a figure.
    """
    if table.empty or not variables:
        return empty_axes(ax, "there is nobody or nothing to show", title=title)
    absent = {name for name in variables if name not in table.columns}
    missing = pd.DataFrame(
        {name: np.ones(len(table), bool) if name in absent else table[name].isna().to_numpy() for name in variables}
    )
    order = missing.sum().sort_values(ascending=False, kind="stable").index
    missing = missing[order]
    patterns = missing_patterns(missing, disclosure)
    labels = [wrap(codebook.label(name).split(" (")[0], 1.75) for name in missing.columns]
    height = sum(max(0.24, line_count(label) * line_height(SMALL) + 0.06) for label in labels)
    left, right = panels(ax, 1, 2, size=(WIDTH + 0.6, height + 1.4), title=title, note=disclosure_note(disclosure),
                         width_ratios=(1.0, 1.25), share_y=True)  # fmt: skip
    _draw_missing_shares(left, missing, absent, disclosure)
    left.set_yticks(range(len(labels)), labels)
    left.set_ylim(len(labels) - 0.5, -0.5)
    _draw_patterns(right, patterns, len(table), disclosure)
    return left
