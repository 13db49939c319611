"""What columns are called in practice, read from ``data_schema/vocabulary.yaml``: words, terms, points, data sets."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cohort.draft.names import Speller, Words
from cohort.errors import CodebookError
from cohort.shipped import shipped_folder

STRICT = "!"
"""Ends a term of which the weak words must be there too."""

SECTIONS = ("variables", "analytes", "diseases", "drugs", "instruments", "roles")


@dataclass(frozen=True)
class Target:
    """Something that a column may stand for.

    Parameters
    ----------
    section, name
        Part of the vocabulary, and the identifier in the codebook (of a role: its own name).
    terms
        What it is called: each term the words that must all be there.
    codes
        Words of files for each of its categories.
    usual_share
        Lowest and highest share of yes among answers, where that is known.
    number
        Number of items of a questionnaire.
    needs
        A word without which the unit is a question.
    units, typical_median
        Other units of an analyte, and its usual median in groups of people, in the canonical unit.
    """

    section: str
    name: str
    terms: tuple[frozenset[str], ...]
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    usual_share: tuple[float, float] | None = None
    number: int = 0
    needs: str = ""
    units: tuple[str, ...] = ()
    typical_median: tuple[float, float] | None = None


@dataclass(frozen=True)
class DraftVocabulary:
    """All that a draft knows of names.

    Parameters
    ----------
    speller
        Turns a name or label into words.
    scoring
        Points and thresholds by name.
    targets
        Targets by section and name.
    true_words, false_words
        Words for yes and no.
    missing_words
        Reason of each word that stands for no answer.
    missing_codes
        Codes that often stand for no answer.
    data_sets
        Public data sets as they are described in the file.

    Examples
    --------
    >>> vocabulary = load_vocabulary()
    >>> vocabulary.targets["analytes"]["crp"].units
    ('mg/dL',)
    """

    speller: Speller
    scoring: Mapping[str, float]
    targets: Mapping[str, Mapping[str, Target]]
    true_words: frozenset[str]
    false_words: frozenset[str]
    missing_words: Mapping[str, str]
    missing_codes: frozenset[str]
    data_sets: Mapping[str, Mapping[str, Any]]

    def role(self, name: str) -> Target:
        """Return what columns of a role are called."""
        return self.targets["roles"][name]


def _term(text: str, speller: Speller) -> frozenset[str]:
    return frozenset(speller.words(text)) | ({STRICT} if text.endswith(STRICT) else set())


def _target(section: str, name: str, spec: Mapping[str, Any], speller: Speller) -> Target:
    share, median = spec.get("usual_share"), spec.get("typical_median")
    return Target(
        section=section,
        name=name,
        terms=tuple(dict.fromkeys(_term(str(term), speller) for term in spec["terms"])),
        codes={word: tuple(str(text) for text in texts) for word, texts in spec.get("codes", {}).items()},
        usual_share=(share[0], share[1]) if share else None,
        number=spec.get("number", 0),
        needs=spec.get("needs", ""),
        units=tuple(spec.get("units", ())),
        typical_median=(median[0], median[1]) if median else None,
    )


def read_vocabulary(path: Path) -> DraftVocabulary:
    """Return the vocabulary that a file describes.

    Parameters
    ----------
    path
        A file like ``data_schema/vocabulary.yaml``.

    Raises
    ------
    CodebookError
        If it is missing or does not have the expected form.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        scoring = {name: float(spec["value"]) for name, spec in data["scoring"].items()}
        words = Words(
            {str(name): tuple(str(form) for form in forms) for name, forms in data["words"].items()},
            weak=frozenset(data["weak"]),
            qualifiers=frozenset(data["qualifiers"]),
            prefix_confidence=scoring["prefix"],
        )
        speller = Speller(words)
        return DraftVocabulary(
            speller=speller,
            scoring=scoring,
            targets={
                section: {name: _target(section, name, spec, speller) for name, spec in data[section].items()}
                for section in SECTIONS
            },
            true_words=frozenset(data["booleans"]["true"]),
            false_words=frozenset(data["booleans"]["false"]),
            missing_words=data["missing"]["words"],
            missing_codes=frozenset(str(code) for code in data["missing"]["codes"]),
            data_sets=data["data_sets"],
        )
    except (OSError, KeyError, TypeError, ValueError, AttributeError, yaml.YAMLError) as error:
        raise CodebookError(f"'{path.name}' cannot be read ({type(error).__name__}: {error}).") from error


@functools.cache
def load_vocabulary() -> DraftVocabulary:
    """Return the vocabulary that ships with the package, read once."""
    return read_vocabulary(shipped_folder("data_schema") / "vocabulary.yaml")
