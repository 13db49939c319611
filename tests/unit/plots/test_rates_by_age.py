"""Rates by age: exact counts cannot be read off a figure of a real study, and no wide interval flattens the rest."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.axes import Axes

from cohort.analysis.rates import poisson_limits
from cohort.disclosure import Disclosure
from cohort.plots import draw_rates_by_age
from cohort.results import Estimate, NotTestable, Result


def rate(label: str, events: int, years: float, n: int = 500) -> Estimate:
    low, high = poisson_limits(events)
    return Estimate(
        label, "incidence rate per 1,000 person-years", 1000 * events / years, 1.0, n=n, events=events or None,
        bounds=(1000 * low / years, 1000 * high / years),
    )  # fmt: skip


def drawn(disclosure: Disclosure, *rates: Result) -> Axes:
    return draw_rates_by_age({"without": rates, "after": [NotTestable(r.label, "nobody at risk") for r in rates]},
                             disclosure=disclosure)  # fmt: skip


def heights(ax: Axes) -> list[float]:
    """Return where the marks of rates stand."""
    return [
        float(line.get_ydata()[0]) for line in ax.get_lines() if len(line.get_ydata()) == 1 and line.get_marker() != "^"
    ]


def ends(ax: Axes) -> list[tuple[float, float]]:
    """Return the ends of the upright lines."""
    lines = [line.get_xydata() for line in ax.get_lines() if len(line.get_xydata()) == 2]
    return [(float(a[1]), float(b[1])) for a, b in lines if a[0] == b[0]]


def test_open_figures_show_rates_and_exact_limits() -> None:
    ax = drawn(Disclosure.off(), rate("20–29", 33, 4000), rate("30–39", 12, 4000))
    assert heights(ax) == pytest.approx([8.25, 3.0])
    assert ends(ax)[0] == pytest.approx([250 * end / 1000 for end in poisson_limits(33)])


def test_a_real_study_shows_rates_of_rounded_counts_and_none_of_few() -> None:
    ax = drawn(Disclosure(5, 5), rate("20–29", 33, 4000), rate("30–39", 4, 4000), rate("40–49", 12, 4000))
    assert heights(ax) == pytest.approx([35 / 4, 10 / 4])
    # The exact limits of 33 would tell that there were 33.
    assert ends(ax)[0] == pytest.approx([250 * end / 1000 for end in poisson_limits(35)])
    texts = [text.get_text() for text in ax.texts]
    assert "500" in texts
    assert "33" not in "".join(texts)


def test_a_rate_of_few_outcomes_does_not_set_the_height() -> None:
    ax = drawn(Disclosure.off(), rate("20–29", 40, 4000), rate("80–89", 1, 20))
    assert ax.get_ylim()[1] < 20
    assert any(line.get_marker() == "^" for line in ax.get_lines())


def test_no_line_runs_over_a_band_that_is_not_shown() -> None:
    gap = [rate("20–29", 40, 4000), NotTestable("30–39", "nobody at risk"), rate("40–49", 40, 4000)]
    whole = [rate("20–29", 40, 4000), rate("30–39", 40, 4000), rate("40–49", 40, 4000)]

    def joins(*rates: Result) -> int:
        lines = [line.get_xydata() for line in drawn(Disclosure.off(), *rates).get_lines()]
        return sum(len(line) == 2 and line[0][0] != line[1][0] for line in lines)

    assert (joins(*gap), joins(*whole)) == (0, 2)


def test_nothing_to_show_says_why() -> None:
    ax = draw_rates_by_age({"without": [NotTestable("x", "no dated onsets")]}, disclosure=Disclosure.off())
    assert "no dated onsets" in ax.texts[0].get_text().replace("\n", " ")
    assert np.isfinite(ax.get_ylim()).all()
