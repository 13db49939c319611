"""A finished figure, as Jupyter shows it and as a file: the same figure gives the same bytes."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from cohort.plots.style import use_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class Picture:
    """A finished figure, to end a cell of a notebook with or to save; the same figure gives the same bytes.

    Parameters
    ----------
    axes
        What a drawing function returned.
    alt
        What the figure shows, for those who can't see it.

    Examples
    --------
    >>> from cohort.plots.style import empty_axes
    >>> picture = Picture(empty_axes(None, "nothing was measured"), "empty")
    >>> picture.png()[1:4], picture.svg() == picture.svg()
    (b'PNG', True)
    """

    axes: Axes
    alt: str = ""

    def _write(self, kind: str, dpi: float) -> bytes:
        whole = self.axes.get_figure()
        while not isinstance(whole, Figure):
            if whole is None:
                raise ValueError("the Axes belongs to no figure")
            whole = whole.figure
        stream = io.BytesIO()
        # Dates and versions would make two equal figures differ.
        nothing: dict[str, Any] = {"svg": {"Date": None, "Creator": None}, "png": {"Software": None}}[kind]
        with use_style():
            whole.savefig(stream, format=kind, dpi=dpi, metadata=nothing)
        return stream.getvalue()

    def png(self, dpi: float = 160) -> bytes:
        """Return the figure as PNG, at the given dots per inch."""
        return self._write("png", dpi)

    def svg(self) -> str:
        """Return the figure as SVG text."""
        return self._write("svg", 72).decode("utf-8")

    def save(self, path: Path) -> None:
        """Write the figure to a file that ends in ``.png`` or ``.svg``.

        Raises
        ------
        ValueError
            If it ends in anything else.
        """
        if path.suffix == ".svg":
            path.write_text(self.svg(), encoding="utf-8", newline="\n")
        elif path.suffix == ".png":
            path.write_bytes(self.png())
        else:
            raise ValueError(f"a figure is written as .png or .svg, not as '{path.suffix}'")

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, str], dict[str, Any]]:
        """Return what Jupyter shows: a sharp PNG, and the words for those who can't see it."""
        inches = self.axes.figure.bbox.width / self.axes.figure.dpi
        data = {"image/png": base64.b64encode(self.png()).decode("ascii"), "text/plain": self.alt or "figure"}
        return data, {"image/png": {"width": round(inches * 100), "alt": self.alt or "figure"}}
