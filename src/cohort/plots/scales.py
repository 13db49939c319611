"""Axes of effect measures: limits that one wide interval cannot blow up, readable ticks, numbers as text."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

from cohort.results import Estimate, NotTestable, Result

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ROUND = (1.0, 0.1, 10.0, 0.5, 2.0, 5.0, 0.2, 20.0, 3.0, 0.05, 50.0, 0.3, 4.0, 0.7, 1.5, 0.8, 1.25, 0.9, 1.1, 7.0,
          0.6, 30.0, 0.01, 100.0, 0.02, 200.0, 500.0, 1000.0, 0.001)  # fmt: skip
_SHORT = {"odds ratio": "OR", "risk ratio": "RR", "hazard ratio": "HR", "prevalence ratio": "PR",
          "incidence rate ratio": "IRR"}  # fmt: skip


@dataclass(frozen=True)
class Span:
    """The visible part of an axis and whether it is logarithmic."""

    low: float
    high: float
    log: bool

    def place(self, value: float) -> float:
        """Return where a value lies between the two ends: 0 at the low one, 1 at the high one."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


def is_drawable(result: Result) -> bool:
    """Return whether a result is an estimate with a finite value and interval, positive on a logarithmic scale."""
    if isinstance(result, NotTestable):
        return False
    if not math.isfinite(result.value) or (result.scale == "log" and result.value <= 0):
        return False
    low, high = result.interval()
    return math.isfinite(low) and math.isfinite(high) and (result.scale != "log" or low > 0)


def reason_of(result: Result) -> str:
    """Return why a result cannot be drawn, in words."""
    return result.reason if isinstance(result, NotTestable) else "the estimate or its interval is not finite"


def is_share(measure: str) -> bool:
    """Return whether a measure is a share of people or a difference of shares, shown in percent.

    Examples
    --------
    >>> is_share("prevalence"), is_share("risk difference"), is_share("risk ratio")
    (True, True, False)
    """
    words = measure.lower()
    relative = any(word in words for word in ("ratio", "relative", "excess"))
    return not relative and any(word in words for word in ("prevalence", "proportion", "risk", "share"))


def short_measure(measures: Iterable[str]) -> str:
    """Return the usual abbreviation of a measure that all results have in common, else ``Estimate``."""
    found = {measure.lower() for measure in measures}
    return _SHORT.get(found.pop(), "Estimate") if len(found) == 1 else "Estimate"


def number(value: float, measure: str = "") -> str:
    """Return an estimate as text: two decimals for small numbers, percent for shares.

    Examples
    --------
    >>> number(1.234), number(23.4), number(0.0842, "prevalence")
    ('1.23', '23.4', '8.4')
    """
    if is_share(measure):
        return f"{100 * value:.1f}".replace("-", "−")
    size = abs(value)
    text = f"{value:.2f}" if size < 10 else f"{value:.1f}" if size < 100 else f"{value:,.0f}"
    return text.replace("-", "−")


def with_interval(value: float, low: float, high: float, measure: str = "") -> str:
    """Return an estimate with its interval as text.

    Examples
    --------
    >>> with_interval(1.5, 1.2, 1.9), with_interval(0.1, -0.2, 0.4)
    ('1.50 (1.20–1.90)', '0.10 (−0.20 to 0.40)')
    """
    between = " to " if low < 0 else "–"
    return f"{number(value, measure)} ({number(low, measure)}{between}{number(high, measure)})"


def span_of(estimates: Sequence[tuple[float, float, float]], marks: Sequence[float], *, log: bool) -> Span:
    """Return limits that hold all estimates, all marks, and as much of the intervals as stays readable.

    Parameters
    ----------
    estimates
        Value, lower and upper end of each.
    marks
        Further values that must be seen, such as the null.
    log
        Whether the axis is logarithmic.
    """
    forward = np.log if log else np.asarray
    values = np.asarray([forward(v) for v, _, _ in estimates] + [forward(m) for m in marks], dtype=float)
    lows = np.asarray([forward(low) for _, low, _ in estimates], dtype=float)
    highs = np.asarray([forward(high) for _, _, high in estimates], dtype=float)
    # An interval may reach past the outermost value by 1.5 times the values' spread, or log 3; the rest is an arrow.
    reach = max(1.5 * float(np.ptp(values)), math.log(3) if log else 1.5 * float(np.median(highs - lows)))
    low = max(float(lows.min()), float(values.min()) - reach)
    high = min(float(highs.max()), float(values.max()) + reach)
    low, high = min(low, float(values.min())), max(high, float(values.max()))
    margin = 0.06 * ((high - low) or 1.0)
    low, high = low - margin, high + margin
    return Span(math.exp(low), math.exp(high), log=True) if log else Span(low, high, log=False)


def ticks_of(span: Span, marks: Sequence[float], inches: float) -> list[float]:
    """Return tick positions that keep a readable distance; marks come first, then round numbers.

    Parameters
    ----------
    span
        The visible part of a logarithmic axis.
    marks
        Values that should have a tick: null, claimed size.
    inches
        Length of the axis.
    """
    chosen: list[float] = []
    for candidate in (*marks, *_ROUND):
        inside = span.low <= candidate <= span.high
        if inside and all(abs(span.place(candidate) - span.place(other)) * inches > 0.36 for other in chosen):
            chosen.append(candidate)
    return sorted(chosen)


def apply_span(ax: Axes, span: Span, marks: Sequence[float], inches: float, measure: str) -> None:
    """Set scale, limits and ticks of the horizontal axis, in place."""
    shown = [mark for mark in marks if span.low <= mark <= span.high]
    if span.log:
        ax.set_xscale("log")
        ax.xaxis.set_major_locator(FixedLocator(ticks_of(span, shown, inches)))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    else:
        ax.xaxis.set_major_locator(MaxNLocator(nbins=max(3, int(inches / 0.6)), steps=[1, 2, 5, 10]))
        factor = 100 if is_share(measure) else 1
        ax.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{factor * x:.6g}".replace("-", "−")))
    ax.set_xlim(span.low, span.high)


def estimates_of(results: Iterable[Result]) -> list[Estimate]:
    """Return the results that can be drawn."""
    return [result for result in results if isinstance(result, Estimate) and is_drawable(result)]
