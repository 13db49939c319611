"""What holds for every figure: everything readable, nothing disclosed, the same bytes, no trace left."""

from __future__ import annotations

import re
from collections.abc import Callable

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes

from cohort.plots import Picture, figure

Draw = Callable[[Axes | None], Axes]


def test_every_text_is_on_the_canvas_and_none_hides_another(
    draw: Draw,
    outside: Callable[[Axes], list[str]],
    overlapping: Callable[[Axes], list[tuple[str, str]]],
) -> None:
    ax = draw(None)
    assert outside(ax) == []
    assert overlapping(ax) == []


def test_no_count_under_the_minimum_and_none_that_is_not_rounded_is_written(
    draw: Draw, words: Callable[[Axes], list[str]]
) -> None:
    texts = [text.replace(",", "") for text in words(draw(None))]
    counts = [int(number) for text in texts for number in re.findall(r"n = (\d+)", text)]
    counts += [int(number) for text in texts for number in re.findall(r"(\d+) (?:people|values)\b", text)]
    pairs = [pair for text in texts for pair in re.findall(r"^(\S+) / (\S+)$", text)]
    counts += [int(number) for pair in pairs for number in pair if number.isdigit()]
    counts = [count for count in counts if "fewer than 5" not in " ".join(texts) or count != 5]
    assert [count for count in counts if count % 5 and count != 500] == []
    exact = {"8276", "712", "15560"[:4] + "1", "9232", "9229", "6328", "953", "4003", "3003", "303", "503", "1200.0"}
    assert not exact & {word for text in texts for word in re.findall(r"\d+", text)}


def test_the_same_figure_gives_the_same_svg_and_png(draw: Draw) -> None:
    one, other = Picture(draw(None)), Picture(draw(None))
    if "null" not in one.axes.get_title(loc="left"):
        assert one.svg() == one.svg()
        assert "<dc:date>" not in one.svg()
    assert one.png(60) == one.png(60)
    assert other.axes is not one.axes


def test_the_settings_of_the_session_are_left_alone(draw: Draw) -> None:
    before = dict(mpl.rcParams)
    draw(None)
    assert dict(mpl.rcParams) == before


def test_a_given_place_of_a_larger_figure_is_used(draw: Draw) -> None:
    whole = figure(13, 7)
    left, right = whole.subplots(1, 2)
    ax = draw(left)
    assert ax.get_figure(root=True) is whole
    assert right in whole.axes
    Picture(ax).png(40)


def test_letters_are_at_least_nine_points(draw: Draw) -> None:
    ax = draw(None)
    whole = ax.get_figure(root=True)
    assert whole is not None
    Picture(ax).png(40)
    small = [
        text.get_text()
        for text in whole.findobj(mpl.text.Text)
        if text.get_text().strip() and text.get_visible() and text.get_fontsize() < 9
    ]
    assert small == []


@pytest.mark.parametrize("suffix", [".svg", ".png"])
def test_a_saved_file_is_what_the_picture_returns(tmp_path, draw: Draw, suffix: str) -> None:  # type: ignore[no-untyped-def]
    picture = Picture(draw(None), "what it shows")
    picture.save(tmp_path / f"figure{suffix}")
    written = (tmp_path / f"figure{suffix}").read_bytes()
    assert written == (picture.svg().encode() if suffix == ".svg" else picture.png())


def test_a_file_of_another_kind_is_refused(tmp_path, draw: Draw) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="as .png or .svg"):
        Picture(draw(None)).save(tmp_path / "figure.gif")
