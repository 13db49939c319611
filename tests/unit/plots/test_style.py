"""Style: wrapped text fits, settings are local, a picture tells what it shows."""

from __future__ import annotations

import contextlib

import matplotlib as mpl
import pytest
from matplotlib.axes import Axes

from cohort.disclosure import Disclosure
from cohort.plots import Picture, empty_axes, figure, use_style
from cohort.plots.style import disclosure_note, panels
from cohort.plots.text import text_width, wrap


@pytest.mark.parametrize("inches", [0.4, 1.0, 2.5])
def test_wrapped_text_fits_and_keeps_every_letter(inches: float) -> None:
    text = "Systemic lupus erythematosus, has_autoimmune_thyroid_disease and more"
    lines = wrap(text, inches).split("\n")
    assert max(text_width(line) for line in lines) <= inches
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_the_style_ends_with_its_context_even_after_an_error() -> None:
    before = mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]
    with contextlib.suppress(ZeroDivisionError), use_style():
        assert mpl.rcParams["svg.hashsalt"] == "cohort"
        raise ZeroDivisionError
    assert (mpl.rcParams["font.size"], mpl.rcParams["svg.hashsalt"]) == before


def test_a_personal_setting_does_not_change_a_figure() -> None:
    plain = Picture(empty_axes(None, "nothing", title="x")).svg()
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "red", "font.family": "serif"}):
        assert Picture(empty_axes(None, "nothing", title="x")).svg() == plain


def test_jupyter_gets_a_png_with_a_description() -> None:
    data, metadata = Picture(empty_axes(None, "nothing"), "an empty figure")._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert data["text/plain"] == "an empty figure"
    assert metadata["image/png"]["alt"] == "an empty figure"


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_a_saved_file_is_what_the_picture_returns(tmp_path, suffix: str) -> None:  # type: ignore[no-untyped-def]
    picture = Picture(empty_axes(None, "nothing", title="x"))
    picture.save(tmp_path / f"figure.{suffix}")
    written = (tmp_path / f"figure.{suffix}").read_bytes()
    assert written == (picture.svg().encode("utf-8") if suffix == "svg" else picture.png())


def test_a_file_of_another_kind_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"as \.png or \.svg"):
        Picture(empty_axes(None, "nothing")).save(tmp_path / "figure.gif")


def test_an_empty_axes_says_why_and_has_no_ticks(outside) -> None:  # type: ignore[no-untyped-def]
    reason = "no variable 'ctq_total' in this cohort, " * 6
    ax = empty_axes(None, reason, title="Childhood trauma")
    assert ax.texts[0].get_text().replace("\n", " ").startswith("no variable 'ctq_total' in this cohort")
    assert "\n" in ax.texts[0].get_text()
    assert not ax.get_xticks().size
    assert not ax.get_yticks().size
    assert outside(ax) == []


def test_panels_take_the_place_of_a_free_axes_too() -> None:
    whole = figure(8, 6)
    free = whole.add_axes((0.1, 0.1, 0.4, 0.8))
    made = panels(free, 2, 2, size=(1, 1), title="x", note="y")
    assert len(made) == 4
    assert free not in whole.axes
    assert all(isinstance(one, Axes) and one.get_figure(root=True) is whole for one in made)


def test_the_note_says_what_was_done_to_counts() -> None:
    assert disclosure_note(Disclosure.off()) == ""
    assert disclosure_note(Disclosure(5, 1)) == "Counts under 5 are suppressed."
    assert disclosure_note(Disclosure(0, 10)) == "Counts are rounded to 10."
