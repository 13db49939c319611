"""The density of a marker in two groups, to see whether one is shifted as a whole or a part of it lies apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import seaborn as sns

from cohort.codebook import Codebook
from cohort.disclosure import Disclosure
from cohort.plots.bins import trimmed_range, use_log
from cohort.plots.distributions import unit_label
from cohort.plots.style import (
    COLOURS,
    WIDTH,
    add_note,
    disclosure_note,
    empty_axes,
    given_or_new,
    room,
    set_title,
    use_style,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LINES = ("-", "--")


@use_style()
def draw_densities(
    table: pd.DataFrame,
    variable: str,
    by: str,
    codebook: Codebook,
    *,
    disclosure: Disclosure,
    weights: str = "survey_weight",
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Return the kernel density of a positive variable, on a log scale, in people with and without something.

    Parameters
    ----------
    table
        One row per person.
    variable
        A positive number, such as a laboratory marker.
    by
        A yes/no variable.
    codebook
        Names the variables.
    disclosure
        A group of few people is not drawn, and the ends hold no single person.
    weights
        Column of survey weights; without it everybody counts the same.
    title
        What is shown.
    ax
        Where to draw; None makes a figure.

    Notes
    -----
    Gaussian kernel on the log of the variable, bandwidth by Scott's rule (seaborn's default).
    """
    name, group = codebook.label(variable).split(" (")[0], codebook.label(by).split(" (")[0].lower()
    title = title or f"{name}, with and without {group}"
    absent = [column for column in (variable, by) if column not in table or table[column].notna().sum() == 0]
    if absent:
        return empty_axes(ax, f"not in this cohort: {', '.join(absent)}", title=title)
    people = _people(table, variable, by, weights)
    sizes = people.groupby("group")["value"].size()
    if len(sizes) < 2 or any(size < max(disclosure.minimum_count, 20) for size in sizes):
        return empty_axes(ax, "a group has too few people for a density", title=title)
    low, high = trimmed_range(people["value"].to_numpy(), disclosure)
    ax = given_or_new(ax, WIDTH * 0.8, 3.8)
    for place, (present, words) in enumerate(((False, "without"), (True, "with"))):
        part = people.loc[people["group"] == present]
        count = disclosure.text(len(part))
        sns.kdeplot(
            x=part["value"].to_numpy(),
            weights=part["weight"].to_numpy(),
            log_scale=True,
            clip=(np.log10(low), np.log10(high)),
            color=COLOURS[place],
            linestyle=_LINES[place],
            linewidth=2,
            label=f"{words} {group} (n = {count})",
            ax=ax,
        )
    use_log(ax)
    ax.set_xlabel(f"{unit_label(codebook, variable)}, log scale")
    ax.set_ylabel("Density")
    ax.set_ylim(0, 1.3 * ax.get_ylim()[1])  # room for the legend above the curves
    ax.legend(loc="upper right")
    add_note(ax, disclosure_note(disclosure), down=0.6)
    set_title(ax, title, inches=room(ax))
    return ax


def _people(table: pd.DataFrame, variable: str, by: str, weights: str) -> pd.DataFrame:
    """Return value, group and weight of everybody who has all three."""
    value = pd.to_numeric(table[variable], errors="coerce").astype("float64")
    weight = table[weights].astype("float64") if weights in table else pd.Series(1.0, index=table.index)
    people = pd.DataFrame({"value": value, "group": table[by].astype("boolean"), "weight": weight})
    people = people.loc[(people["value"] > 0) & people["group"].notna() & (people["weight"] > 0)]
    return people.assign(group=people["group"].astype(bool))
