"""Path diagrams and tipping-point maps: what they say, and an empty Axes with the reason where there is nothing."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from cohort.analysis.tipping_map import TippingMap
from cohort.disclosure import Disclosure
from cohort.plots import draw_paths, draw_tipping_map
from cohort.plots.paths import PathDiagram
from cohort.results import Estimate, NotTestable

OFF = Disclosure.off()


def part(value: float, error: float, n: int = 4321) -> Estimate:
    return Estimate("", "mean difference", value, error, null=0.0, n=n)


def test_a_diagram_tells_every_part_with_its_interval() -> None:
    shown = PathDiagram("Trauma", "Trauma", "CRP", part(0.17, 0.03), part(0.12, 0.03), {"BMI": part(-0.05, 0.01)})
    drawn = draw_paths([shown], disclosure=Disclosure(5, 5))
    texts = " ".join(text.get_text() for text in drawn.texts)
    assert "direct 0.120 (0.061 to 0.179)" in texts
    assert "−0.050 (−0.070 to −0.030)" in texts
    assert "n = 4,320" in texts


def test_what_has_no_parts_says_why() -> None:
    none = NotTestable("", "no variable 'ctq_total'")
    shown = PathDiagram("Trauma", "Trauma", "CRP", none, none, {"BMI": none})
    good = PathDiagram("BMI", "BMI", "CRP", part(0.2, 0.05), part(0.2, 0.05), {"CRP": part(0.0, 0.05)})
    assert "no variable 'ctq_total'" in draw_paths([shown], disclosure=OFF).texts[0].get_text()
    both = " ".join(text.get_text() for text in draw_paths([shown, good], disclosure=OFF).texts).replace("\n", " ")
    assert "Trauma is not testable: no variable 'ctq_total'." in both


def test_a_map_writes_the_estimate_of_each_cell_and_marks_missing_at_random() -> None:
    deltas = (-1.0, 0.0, 1.0)
    rows = [
        {"without": x, "with": y, "estimate": np.exp(0.2 + (y - x) / 10), "lower": 0.9, "upper": 1.5,
         "interval": "above" if y - x > 0 else "includes no effect"}
        for x, y in itertools.product(deltas, deltas)
    ]  # fmt: skip
    found = TippingMap("has_childhood_trauma", "has_depression", pd.DataFrame(rows), (0.1, 0.2), 5904)
    drawn = draw_tipping_map(found, disclosure=OFF)
    texts = [text.get_text() for text in drawn.texts]
    assert "1.22" in texts
    assert sum(text.count(".") == 1 and text.replace(".", "").isdigit() for text in texts) == 9
    assert "in 3 of 9 cells it does not" in found.words
    assert "no form" in draw_tipping_map(NotTestable("", "no form"), disclosure=OFF).texts[0].get_text()
