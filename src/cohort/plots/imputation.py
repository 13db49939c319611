"""Multiple imputation to look at: whether the chains have settled, and imputed values beside observed ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter
from scipy import stats

from cohort.analysis.imputation.coding import Coded, FloatArray
from cohort.analysis.imputation.diagnostics import convergence, observed_and_imputed_values
from cohort.analysis.imputation.imputations import Imputations
from cohort.codebook import Codebook
from cohort.disclosure import Disclosure
from cohort.plots.bins import is_skewed, trimmed_range, use_log
from cohort.plots.distributions import unit_label
from cohort.plots.style import BLUE, INK, MUTED, ORANGE, WIDTH, disclosure_note, empty_axes, panels, room, use_style
from cohort.plots.text import SMALL, wrap
from cohort.results import NotTestable

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MOST_VARIABLES = 6
_COLUMNS = 3
_FEWEST_FOR_A_DENSITY = 20
_CHAIN = "#8aa6b8"


def _chosen(imputations: Imputations, variables: Sequence[str] | None) -> list[Coded]:
    """Return the variables to draw: those named, or those with most imputed values."""
    imputed = {one.name: one for one in imputations.plan.visited}
    if variables is not None:
        return [imputed[name] for name in variables if name in imputed]
    return sorted(imputed.values(), key=lambda one: -len(one.wanted))[:_MOST_VARIABLES]


def _too_few(one: Coded, disclosure: Disclosure, least: int = 1) -> str:
    """Return why a variable is not shown: few people have it, or few lack it."""
    least = max(disclosure.least, least)
    if len(one.wanted) < least:
        return f"fewer than {least} values are imputed"
    return f"fewer than {least} values are known" if one.known.sum() < least else ""


def _quantity(one: Coded, what: str) -> str:
    """Return what is followed: mean, SD, or the share of a level."""
    if not one.words:
        return f"{'SD' if what == 'sd' else 'mean'}{' of ln' if one.variable.log else ''}"
    word = one.words[1] if len(one.words) == 2 else one.words[int(np.argmax(one.shares()))]
    return "share" if word == 1.0 else f"share of {_spoken(word)}"


def _spoken(word: object) -> str:
    """Return a level as a reader says it."""
    return {0.0: "no", 1.0: "yes"}.get(word, str(word)) if isinstance(word, float) else str(word).replace("_", " ")


@use_style()
def draw_traces(
    imputations: Imputations | NotTestable,
    codebook: Codebook,
    *,
    disclosure: Disclosure,
    variables: Sequence[str] | None = None,
    title: str = "Have the chains of the imputation settled?",
    ax: Axes | None = None,
) -> Axes:
    """Return mean and SD of the imputed values of each chain, round by round, with R-hat between chains.

    Chains that have settled mix freely and show no trend.

    Parameters
    ----------
    imputations
        What :func:`cohort.analysis.imputation.impute` returned, or why there are none.
    codebook
        Names the variables.
    disclosure
        A variable of which few values are imputed or known is not shown.
    variables
        Which; default the six with most imputed values.
    title
        What is shown.
    ax
        Its place is taken by panels, of which the first is returned. None makes a figure.
    """
    if isinstance(imputations, NotTestable):
        return empty_axes(ax, imputations.reason, title=title)
    chosen = _chosen(imputations, variables)
    if not chosen:
        return empty_axes(ax, "nothing was imputed", title=title)
    settled = convergence(imputations).set_index("variable").to_dict("index")
    note = (
        f"One line per chain ({imputations.m}), black: their mean. R-hat compares the spread of chains with that "
        "within them, over the second half of the rounds; settled chains come near 1."
    )
    drawn = [(one, what) for one in chosen for what in (("mean",) if one.words else ("mean", "sd"))]
    columns = min(2, len(drawn))
    rows = math.ceil(len(drawn) / columns)
    made = panels(ax, rows, columns, size=(WIDTH, 1.4 * rows + 1.0), title=title, note=note)
    for number, panel in enumerate(made):
        if number >= len(drawn):
            panel.set_axis_off()
            continue
        one, what = drawn[number]
        label = f"{codebook.label(one.name).split(' (')[0]}, {_quantity(one, what)}"
        panel.set_title(wrap(label, room(panel) - 1.6), loc="left", fontsize=SMALL, pad=3)
        reason = _too_few(one, disclosure)
        if reason:
            empty_axes(panel, reason)
            continue
        lines = imputations.trace[imputations.trace["variable"] == one.name]
        lines = lines.pivot_table(index="iteration", columns="imputation", values=what)
        panel.plot(lines.index, lines.to_numpy(), color=_CHAIN, linewidth=0.8, alpha=0.8)
        panel.plot(lines.index, lines.mean(axis=1), color=INK, linewidth=1.4)
        found = settled[one.name][f"r_hat_{what}"]
        told = f"R-hat {found:.2f}" if math.isfinite(found) else ""
        panel.set_title(told, loc="right", fontsize=SMALL, weight="normal", color=MUTED, pad=3)
        panel.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
        panel.yaxis.set_major_locator(MaxNLocator(nbins=3))
        if number >= len(drawn) - columns:
            panel.set_xlabel("Round", fontsize=SMALL)
    return made[0]


@use_style()
def draw_observed_beside_imputed(
    imputations: Imputations | NotTestable,
    codebook: Codebook,
    *,
    disclosure: Disclosure,
    variables: Sequence[str] | None = None,
    title: str = "Imputed values beside observed ones",
    ax: Axes | None = None,
) -> Axes:
    """Return how imputed values are distributed beside observed ones: densities of numbers, bars of levels.

    They need not be alike where the other variables differ; a difference that they don't explain is a warning.

    Parameters
    ----------
    imputations, codebook, variables, title, ax
        As in :func:`draw_traces`.
    disclosure
        A variable of which few values are imputed or known is not shown, a level that few people have has no bars, and
        no curve reaches beyond where at least a few people are.
    """
    if isinstance(imputations, NotTestable):
        return empty_axes(ax, imputations.reason, title=title)
    chosen = _chosen(imputations, variables)
    if not chosen:
        return empty_axes(ax, "nothing was imputed", title=title)
    columns = min(_COLUMNS, len(chosen))
    rows = math.ceil(len(chosen) / columns)
    note = (
        "Blue: observed. Orange: imputed, one curve per imputation, or the mean of all with their range. "
        f"Values beyond a limit count as imputed. {disclosure_note(disclosure)}"
    )
    made = panels(ax, rows, columns, size=(WIDTH, 2.1 * rows + 0.9), title=title, note=note.strip())
    for number, panel in enumerate(made):
        if number >= len(chosen):
            panel.set_axis_off()
            continue
        one, seen, drawn = observed_and_imputed_values(imputations, chosen[number].name)
        label = unit_label(codebook, one.name)
        reason = _too_few(one, disclosure, 1 if one.words else _FEWEST_FOR_A_DENSITY)
        if reason:
            empty_axes(panel, reason)
            panel.set_xlabel(wrap(label, room(panel) - 0.2), fontsize=SMALL, color=MUTED)
        elif one.words:
            _draw_bars(panel, one, imputations, disclosure)
            panel.set_xlabel(wrap(f"{label}, %", room(panel) - 0.45), fontsize=SMALL)
        else:
            analytes = {analyte.column for analyte in codebook.analytes.values()}
            log = one.variable.log or (one.name in analytes and is_skewed(seen) and bool((drawn > 0).all()))
            _draw_curves(panel, seen.astype(np.float64), drawn.astype(np.float64), log, disclosure)
            panel.set_xlabel(wrap(f"{label}{', log scale' if log else ''}", room(panel) - 0.45), fontsize=SMALL)
    return made[0]


def _draw_curves(ax: Axes, seen: FloatArray, drawn: FloatArray, log: bool, disclosure: Disclosure) -> None:
    """Draw Gaussian kernel densities, on a logarithmic axis of the logarithms."""
    if log:
        seen, drawn = np.log10(seen), np.log10(drawn)
    ends = [trimmed_range(values, disclosure) for values in (seen, drawn.ravel())]
    grid = np.linspace(min(low for low, _ in ends), max(high for _, high in ends), 200)
    shown = 10**grid if log else grid
    for values in drawn:
        if np.ptp(values) > 0:
            ax.plot(shown, stats.gaussian_kde(values)(grid), color=ORANGE, linewidth=0.7, alpha=0.6)
    if np.ptp(seen) > 0:
        ax.plot(shown, stats.gaussian_kde(seen)(grid), color=BLUE, linewidth=2.2)
    if log:
        use_log(ax)
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=4))
    ax.set_ylim(bottom=0)
    ax.set_yticks([])
    ax.set_ylabel("Density", fontsize=SMALL)


def _draw_bars(ax: Axes, one: Coded, imputations: Imputations, disclosure: Disclosure) -> None:
    """Draw the share of each level among observed and imputed values."""
    codes = one.given[one.known].astype(np.intp)
    counts = np.bincount(codes, minlength=len(one.words))
    drawn = imputations.draws[one.name]
    total = disclosure.rounded(len(codes)) or 1
    names = []
    for place, word in enumerate(one.words):
        names.append(wrap(_spoken(word), 0.8))
        count = disclosure.rounded(int(counts[place]))
        if count is None:
            ax.annotate(disclosure.text(int(counts[place])), (0, place), xytext=(3, 0), textcoords="offset points",
                        va="center", fontsize=SMALL, color=MUTED)  # fmt: skip
            continue
        shares = (drawn == place).mean(axis=1)
        middle = float(shares.mean())
        ax.barh(place - 0.19, count / total, height=0.36, color=BLUE, alpha=0.85)
        ax.barh(place + 0.19, middle, height=0.36, color=ORANGE, alpha=0.85)
        ax.plot([shares.min(), shares.max()], [place + 0.19] * 2, color=INK, linewidth=1.0)
    ax.set_yticks(range(len(names)), names)
    ax.set(ylim=(len(names) - 0.45, -0.55))
    ax.set_xlim(left=0)
    ax.xaxis.set_major_locator(MaxNLocator(nbins=3))
    ax.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=""))
