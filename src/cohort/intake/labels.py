"""Value labels of a file as meanings of its codes, where the labels are themselves words of the codebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohort.codebook import Variable

_TRUTHS = {"true": True, "yes": True, "false": False, "no": False}


def meanings_of_labels(labels: Mapping[str, str], variable: Variable) -> dict[str, Any]:
    """Return the meaning of each code whose label is a word of a variable; nothing when no label is.

    Parameters
    ----------
    labels
        Label of each code, as the file states them.
    variable
        The canonical variable. Letter case, and blanks or hyphens in place of underscores, make no difference; a truth
        is labelled true or false, yes or no. Words of other languages are none of the codebook: they need ``codes:``.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> variables = load_codebook().mappable
    >>> meanings_of_labels({"1": "Male", "2": "Female", "9": "unknown"}, variables["sex"])
    {'1': 'male', '2': 'female'}
    >>> meanings_of_labels({"1": "Yes", "2": "No"}, variables["is_pregnant"])
    {'1': True, '2': False}
    >>> meanings_of_labels({"1": "man", "2": "vrouw"}, variables["sex"])
    {}
    """
    words: dict[str, Any] = {_plain(word): word for word in variable.categories}
    if variable.type == "boolean":
        words = dict(_TRUTHS)
    return {code: words[plain] for code, label in labels.items() if (plain := _plain(label)) in words}


def _plain(word: str) -> str:
    return word.strip().casefold().replace(" ", "_").replace("-", "_")
