"""Forest plots: every result is a row with its numbers, what cannot be drawn says why."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from matplotlib.axes import Axes

from cohort.disclosure import Disclosure
from cohort.plots import draw_forest, draw_truth
from cohort.plots.scales import Span, is_share, span_of, ticks_of, with_interval
from cohort.results import Estimate, NotTestable

OFF = Disclosure.off()


def ratio(label: str, value: float, error: float = 0.1) -> Estimate:
    return Estimate(label, "odds ratio", value, error, scale="log", null=1.0, n=900, events=80)


def segments(ax: Axes) -> list[tuple[float, float]]:
    """Return the ends of all horizontal lines: the intervals."""
    lines = [line.get_xydata() for line in ax.lines]
    return [(xy[0][0], xy[1][0]) for xy in lines if len(xy) == 2 and xy[0][1] == xy[1][1]]


def test_each_interval_is_drawn_where_it_is_and_written_beside(words: Callable[[Axes], list[str]]) -> None:
    results = [ratio("RA", 1.5), ratio("MS", 2.0, 0.2)]
    ax = draw_forest(results, disclosure=OFF)
    for result in results:
        assert any(np.allclose(ends, result.interval()) for ends in segments(ax))
        assert with_interval(result.value, *result.interval()) in words(ax)
    assert words(ax).count("80 / 900") == 2
    assert ax.get_xscale() == "log"


def test_a_result_that_is_not_testable_is_a_row_with_its_reason(words: Callable[[Axes], list[str]]) -> None:
    ax = draw_forest([ratio("RA", 1.5), NotTestable("MS", "too few people")], disclosure=OFF)
    assert {"MS", "too few people", "not testable"} <= set(words(ax))
    assert len(segments(ax)) == 1


def test_many_reasons_are_told_in_part(words: Callable[[Axes], list[str]]) -> None:
    results = [NotTestable(name, f"this cohort has no dated onsets of {name}") for name in "abcdefgh"]
    shown = " ".join(words(draw_forest(results, disclosure=Disclosure(), title="x"))).replace("\n", " ")
    assert "onsets of c; and 5 more like these" in shown
    assert "onsets of d" not in shown


def test_only_reasons_make_an_empty_axes(words: Callable[[Axes], list[str]]) -> None:
    ax = draw_forest([NotTestable("MS", "too few people"), ratio("RA", math.nan)], disclosure=OFF, title="By disease")
    assert words(ax) == ["too few people; the estimate or its interval is not finite", "By disease"]
    assert words(draw_forest([], disclosure=OFF))[0] == "there are no results to show"
    assert "too few people" in words(draw_truth([NotTestable("MS", "too few people")], {}))


def test_an_infinite_interval_is_a_reason_not_a_crash(words: Callable[[Axes], list[str]]) -> None:
    ax = draw_forest([ratio("RA", 1.5), ratio("MS", 2.0, math.inf)], disclosure=OFF)
    assert "the estimate or its interval is not finite" in words(ax)


def test_versions_and_published_estimates_have_a_legend(words: Callable[[Axes], list[str]]) -> None:
    groups = {"crude": [ratio("RA", 2.0)], "adjusted": [ratio("RA", 1.5)]}
    ax = draw_forest(groups, reference={"RA": [("Matcham 2013", 1.4, 1.1, 1.8)]}, disclosure=OFF)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["crude", "adjusted", "published"]
    assert {"Matcham 2013", "1.40 (1.10–1.80)"} <= set(words(ax))
    assert words(ax).count("RA") == 1


def test_null_and_claimed_size_are_marked_and_have_ticks() -> None:
    ax = draw_forest([ratio("RA", 1.5)], claimed=3, claimed_label="threefold", disclosure=OFF)
    upright = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2 and np.ptp(line.get_xdata()) == 0]
    assert upright == [1.0, 3]
    assert {1.0, 3.0} <= set(ax.get_xticks())
    assert ax.get_xlim()[1] > 3


def test_one_wide_interval_does_not_squeeze_the_others() -> None:
    wide = Estimate("MS", "odds ratio", 1.4, 9.0, scale="log", null=1.0)
    ax = draw_forest([ratio("RA", 1.5), ratio("SLE", 2.0), wide], disclosure=OFF)
    low, high = ax.get_xlim()
    assert high / low < 40
    arrows = [line.get_marker() for line in ax.lines if line.get_marker() in "<>" and line.get_marker()]
    assert sorted(arrows) == ["<", ">"]


def test_differences_stand_on_a_linear_axis_in_percentage_points(words: Callable[[Axes], list[str]]) -> None:
    ax = draw_forest([Estimate("Women", "risk difference", -0.031, 0.01, null=0.0, n=90)], disclosure=OFF)
    assert ax.get_xscale() == "linear"
    assert "percentage points" in ax.get_xlabel().replace("\n", " ")
    assert "−3.1 (−5.1 to −1.1)" in words(ax)


def test_truth_tells_which_interval_holds_it(words: Callable[[Axes], list[str]]) -> None:
    ax = draw_truth({"crude": [ratio("RA", 3.0)], "adjusted": [ratio("RA", 1.5)]}, {"RA": 1.6})
    assert [word for word in words(ax) if word in {"yes", "no"}] == ["no", "yes"]


@pytest.mark.parametrize(("low", "high"), [(0.2, 9), (0.9, 1.2), (0.01, 500)])
def test_ticks_keep_their_distance(low: float, high: float) -> None:
    span = Span(low, high, log=True)
    places = [span.place(tick) * 3.0 for tick in ticks_of(span, [1.0], 3.0)]
    assert 2 <= len(places) <= 9
    assert np.diff(places).min() > 0.36


def test_limits_hold_every_estimate_and_mark() -> None:
    span = span_of([(1.5, 0.1, 20.0), (0.7, 0.6, 0.8)], [1.0, 3.0], log=True)
    assert span.low < 0.6
    assert span.high > 3.0


def test_an_excess_risk_is_not_a_percentage() -> None:
    assert not is_share("relative excess risk due to interaction")
    assert is_share("standardised risk")
