"""Claims about figures of classes and rules: nothing of few people is shown, and what is shown is what went in."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cohort.disclosure import Disclosure
from cohort.plots.classifier import draw_calibration
from cohort.plots.profiles import draw_profile_intervals, draw_ridges
from cohort.plots.style import Picture

OPEN, PROTECTED = Disclosure(1, 1), Disclosure(5, 10)


def curve(events: list[int]) -> pd.DataFrame:
    data = pd.DataFrame({"people": 50, "events": events, "predicted": np.linspace(0.1, 0.4, len(events))})
    data["observed"] = data["events"] / 50
    return data.assign(lower=data["observed"] * 0.7, upper=data["observed"] * 1.3)


def profiles(small: int) -> pd.DataFrame:
    return pd.DataFrame(
        {"class": [1, 1, 2, 2], "people": [300, 300, small, small], "marker": ["a", "b"] * 2,
         "mean": [-0.4, 0.1, 1.2, -0.1], "lower": [-0.5, -0.1, 1.0, -0.3], "upper": [-0.3, 0.2, 1.4, 0.1]}
    )  # fmt: skip


def test_calibration_leaves_groups_of_few_people_out_and_says_when_none_is_left() -> None:
    ax = draw_calibration({"panel": curve([2, 8, 12])}, disclosure=PROTECTED)
    assert [line.get_xdata().tolist() for line in ax.lines if line.get_label() == "panel"] == [[0.25, 0.4]]
    empty = draw_calibration({"panel": curve([1, 2, 3])}, disclosure=PROTECTED)
    assert "large enough" in empty.texts[0].get_text().replace("\n", " ")
    assert Picture(ax).svg() == Picture(ax).svg()


def test_profiles_show_intervals_round_sizes_and_hide_a_small_class() -> None:
    ax = draw_profile_intervals(profiles(42), disclosure=PROTECTED)
    assert "−0.40\n−0.50 to −0.30" in [text.get_text() for text in ax.texts]
    assert ax.get_xticklabels()[1].get_text() == "class 2\nn = 40"
    hidden = draw_profile_intervals(profiles(3), disclosure=PROTECTED)
    assert [label.get_text() for label in hidden.get_xticklabels()] == ["class 1\nn = 300"]


def test_ridges_draw_a_line_for_each_marker_and_class_and_end_before_the_last_people() -> None:
    rng = np.random.default_rng(1)
    values = {"a": rng.standard_normal(200), "b": rng.standard_normal(200)}
    classes = np.repeat([1, 2, 3], [120, 77, 3])
    ax = draw_ridges(values, classes, disclosure=PROTECTED)
    ridges = [line for line in ax.lines if str(line.get_label()).startswith("class")]
    assert [str(line.get_label()) for line in ridges] == ["class 1 (n = 120)", "class 2 (n = 80)"] * 2
    heights = np.asarray(ridges[0].get_ydata(), dtype=float)
    seen = np.asarray(ridges[0].get_xdata(), dtype=float)[np.isfinite(heights)]
    assert seen.max() < np.sort(values["a"][:120])[-5] + 0.05
    assert "enough people" in draw_ridges(values, np.arange(200), disclosure=OPEN).texts[0].get_text().replace(
        "\n", " "
    )
