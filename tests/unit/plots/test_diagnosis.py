"""The figure of methods against known truth."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

from cohort.plots import Picture
from cohort.plots.diagnosis import PART_STYLE, draw_performance


def tidy(*methods: tuple[str, str, str, dict[str, float]]) -> pd.DataFrame:
    """Return rows of (study, method, part, diagnosands)."""
    rows = [
        {"study": study, "scenario": "no_autoimmune_effect", "people": 5000, "replicates": 500, "method": method,
         "part": part, "scale": "log", "diagnosand": name, "value": value, "monte_carlo_se": 0.01}
        for study, method, part, found in methods
        for name, value in {"truth": 0.0, "not testable": 0.0, **found}.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture
def table() -> pd.DataFrame:
    good = {"bias": 0.01, "coverage": 0.95, "relative error of model SE": 0.02, "wrong verdicts": 0.05}
    bad = {"bias": -1.6, "coverage": 0.0, "relative error of model SE": 0.02, "wrong verdicts": 1.0}
    silent = {"bias": math.nan, "coverage": math.nan, "not testable": 1.0, "wrong verdicts": 0.0}
    return tidy(
        ("S1", "crude_odds_ratio", "naive", bad),
        ("S1", "standardised[exposure=has_type_1_diabetes, other_diseases=yes]", "right", good),
        ("S4", "population_effect", "right", silent),
    )


def panels(drawn: Axes) -> list[Axes]:
    whole = drawn.get_figure(root=True)
    assert whole is not None
    return list(whole.axes)


def test_rows_are_methods_under_a_heading_for_each_study(table: pd.DataFrame) -> None:
    labels = [label.get_text() for label in draw_performance(table).get_yticklabels()]
    assert labels == [
        "crude odds ratio", "standardised, type 1 diabetes", "population effect",
        "S1: no autoimmune effect, 500 cohorts of 5,000", "S4: no autoimmune effect, 500 cohorts of 5,000",
    ]  # fmt: skip


def test_naive_and_right_differ_in_shape_as_well_as_colour() -> None:
    naive, right = PART_STYLE["naive"], PART_STYLE["right"]
    assert all(a != b for a, b in zip(naive, right, strict=True))


def test_values_are_drawn_where_they_lie_and_far_ones_at_the_edge_with_their_number(table: pd.DataFrame) -> None:
    bias = panels(draw_performance(table))[1]
    drawn = [float(np.asarray(line.get_xdata())[0]) for line in bias.lines if line.get_marker() in ("o", "s")]
    assert drawn == [0.01]
    low, high = bias.get_xlim()
    assert low < -0.5 < 0.5 < high
    assert "−1.60" in [text.get_text() for text in bias.texts]


def test_a_method_that_refused_says_so(table: pd.DataFrame) -> None:
    _, bias, coverage, _, wrong = panels(draw_performance(table))
    assert "refused" in [text.get_text() for text in bias.texts]
    assert "refused" in [text.get_text() for text in coverage.texts]
    assert "refused" not in [text.get_text() for text in wrong.texts]


def test_nothing_to_draw_is_told() -> None:
    assert "no method was diagnosed" in " ".join(t.get_text() for t in draw_performance(pd.DataFrame()).texts)


def test_texts_are_on_the_canvas_and_hide_no_other(
    table: pd.DataFrame,
    outside: Callable[[Axes], list[str]],
    overlapping: Callable[[Axes], list[tuple[str, str]]],
) -> None:
    drawn = draw_performance(table)
    assert outside(drawn) == []
    assert overlapping(drawn) == []
    assert Picture(drawn).svg() == Picture(drawn).svg()
