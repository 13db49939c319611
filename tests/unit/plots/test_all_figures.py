"""What holds for every figure: everything readable, nothing disclosed, the same bytes, no trace left."""

from __future__ import annotations

import re
from collections.abc import Callable

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.text import Text

from cohort.plots import Picture, figure

Draw = Callable[[Axes | None], Axes]
EXACT = {"15,563", "9,232", "9,229", "6,328", "953", "8,276", "712", "4,003", "3,003", "303", "503"}
"""Counts of the invented data that may only be shown rounded."""


def test_every_text_is_on_the_canvas_and_none_hides_another(
    drawn: Axes,
    outside: Callable[[Axes], list[str]],
    overlapping: Callable[[Axes], list[tuple[str, str]]],
) -> None:
    assert outside(drawn) == []
    assert overlapping(drawn) == []


def test_no_small_or_exact_count_is_written(drawn: Axes, words: Callable[[Axes], list[str]]) -> None:
    texts = words(drawn)
    assert not EXACT & {word for text in texts for word in re.findall(r"[\d,]*\d", text)}
    said = [number for text in texts for number in re.findall(r"n = ([\d,]+)", text)]
    assert not {"1", "2", "3", "4"} & set(said)
    assert not [text for text in texts if re.search(r"(?:^|/ )[1-4](?: /|$| (?:people|values))", text) and "/" in text]


def test_letters_are_at_least_nine_points(drawn: Axes) -> None:
    whole = drawn.get_figure(root=True)
    assert whole is not None
    shown = [text for text in whole.findobj(Text) if text.get_text().strip() and text.get_visible()]
    assert min(text.get_fontsize() for text in shown) >= 9


def test_drawing_twice_gives_the_same_bytes_and_leaves_the_session_alone(draw: Draw, drawn: Axes) -> None:
    before = dict(mpl.rcParams)
    again = Picture(draw(None))
    svg = again.svg()
    assert svg == again.svg()
    assert svg == Picture(draw(None)).svg()
    assert "<dc:date>" not in svg
    assert dict(mpl.rcParams) == before


def test_a_given_place_of_a_larger_figure_is_used(draw: Draw) -> None:
    whole = figure(14, 6)
    left, right = whole.subplots(1, 2)
    ax = draw(left)
    assert ax.get_figure(root=True) is whole
    assert right in whole.axes
