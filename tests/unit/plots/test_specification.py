"""The specification curve as a figure: as many marks as estimates, the main one apart, no line without an estimate."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes

from cohort.analysis.specification import Specification, SpecificationCurve
from cohort.plots import draw_specification_curve
from cohort.results import Estimate, NotTestable

MAIN = ("PHQ-9", "any disease", "full", "everybody")


def curve() -> SpecificationCurve:
    found = []
    for number, sample in enumerate(("everybody", "complete", "few")):
        for held, value in (("full", 1.4), ("crude", 1.9)):
            result: Estimate | NotTestable = Estimate("", "odds ratio", value + number / 10, 0.1, scale="log", null=1.0)
            if sample == "few":
                result = NotTestable("", "fewer than 5 people")
            found.append(Specification(("PHQ-9", "any disease", held, sample), result))
    return SpecificationCurve(tuple(found), MAIN)


def test_each_estimate_is_drawn_in_order_and_the_main_one_apart(words: Callable[[Axes], list[str]]) -> None:
    ax = draw_specification_curve(curve(), claimed=3.0, claimed_label="claimed: 3", title="All choices")
    points = [line for line in ax.lines if len(line.get_xdata()) == 1]
    values = [float(np.asarray(line.get_ydata())[0]) for line in sorted(points, key=lambda one: one.get_xdata()[0])]
    assert values == sorted(values)
    assert len(values) == 4
    assert {"claimed: 3", "main analysis", "All choices"} <= set(words(ax))
    assert ax.get_ylim()[1] > 3.0


def test_what_no_estimate_rests_on_takes_no_line() -> None:
    panel = next(one for one in draw_specification_curve(curve()).figure.axes if one.get_label() == "choices")
    assert [label.get_text() for label in panel.get_yticklabels()] == ["full", "crude", "everybody", "complete"]


def test_without_an_estimate_the_axes_say_so(words: Callable[[Axes], list[str]]) -> None:
    empty = SpecificationCurve(tuple(s for s in curve().specifications if isinstance(s.result, NotTestable)), MAIN)
    assert "no combination of choices has an estimate" in words(draw_specification_curve(empty))
