"""Text of figures: how wide it will be, broken into lines that fit, and shares as percent."""

from __future__ import annotations

import functools
import math

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

FONT = "DejaVu Sans"
SMALL = 9.0
NORMAL = 10.0
LARGE = 11.5


@functools.lru_cache(maxsize=4096)
def text_width(text: str, size: float = SMALL, weight: str = "normal") -> float:
    """Return how wide a line of text is, in inches.

    Examples
    --------
    >>> 0.5 < text_width("Hello world", 9) < 0.9
    True
    """
    font = FontProperties(family=FONT, size=size, weight=weight)
    width, _, _ = TextToPath().get_text_width_height_descent(text, font, False)
    return float(width) / 72


def wrap(text: str, inches: float, size: float = SMALL, weight: str = "normal") -> str:
    r"""Return a text broken into lines no wider than the given inches; a word that is too long is broken too.

    Examples
    --------
    >>> wrap("Systemic lupus erythematosus", 1.2)
    'Systemic lupus\nerythematosus'
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            trial = f"{line} {word}" if line else word
            if text_width(trial, size, weight) <= inches:
                line = trial
                continue
            if line:
                lines.append(line)
            *full, line = _pieces(word, inches, size, weight)
            lines.extend(full)
        lines.append(line)
    return "\n".join(lines)


def _pieces(word: str, inches: float, size: float, weight: str) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and text_width(pieces[-1] + letter, size, weight) > inches:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def line_count(text: str) -> int:
    """Return of how many lines a text consists."""
    return text.count("\n") + 1


def line_height(size: float = SMALL) -> float:
    """Return the height of a line of text in inches."""
    return size * 1.25 / 72


def percent(share: float) -> str:
    """Return a share as a percentage with as many digits as it deserves.

    Examples
    --------
    >>> percent(0.0842), percent(0.4), percent(0.0004)
    ('8.4 %', '40 %', '<0.1 %')
    """
    if not math.isfinite(share):
        return ""
    if 0 < share < 0.001:
        return "<0.1 %"
    value = 100 * share
    return f"{value:.0f} %" if value >= 9.95 or value == 0 else f"{value:.1f} %"
