"""Names and labels as words: cut at capitals, signs, digits and within compounds, and each word in its one spelling."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rapidfuzz import fuzz, process

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_PARTS = re.compile(r"[a-z]+|\d+")
_RUNS = re.compile(r"[A-Za-z]+|\d+")
_SHORTEST_PIECE = 2
_SHORTEST_PREFIX = 4
_SHORTEST_LINKED = 4
_SHORTEST_TYPO = 6
_TYPO_CUTOFF = 90
_LONGEST, _LONGEST_LABEL = 60, 240
_WEAK_WEIGHT, _LETTER_WEIGHT, _QUALIFIER_WEIGHT = 0.12, 0.3, 3.0


@dataclass(frozen=True)
class Words:
    """The words of a vocabulary.

    Parameters
    ----------
    forms
        Spellings, abbreviations and translations of each word.
    weak
        Words that tell little: number, score, of, …
    qualifiers
        Words that make something else of what they stand beside: age, unit, family, …
    prefix_confidence
        How sure a word is that was recognised by its beginning alone, 0 to 1.
    """

    forms: Mapping[str, tuple[str, ...]]
    weak: frozenset[str] = frozenset()
    qualifiers: frozenset[str] = frozenset()
    prefix_confidence: float = 0.85

    def weight(self, word: str) -> float:
        """Return how much a word tells."""
        if word in self.qualifiers:
            return _QUALIFIER_WEIGHT
        if word in self.weak:
            return _WEAK_WEIGHT
        return _LETTER_WEIGHT if len(word) == 1 and not word.isdigit() else 1.0


def plain(text: str) -> str:
    """Return text in small letters without accents.

    Examples
    --------
    >>> plain("Reumatoïde Artritis")
    'reumatoide artritis'
    """
    apart = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in apart if not unicodedata.combining(letter)).casefold()


def _letters(text: str) -> str:
    apart = unicodedata.normalize("NFKD", text[:_LONGEST_LABEL])
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


@functools.lru_cache(maxsize=16384)
def pieces_of(text: str) -> tuple[str, ...]:
    """Return the parts of a name: letters and digits apart, cut at capitals and signs.

    Examples
    --------
    >>> pieces_of("crpResult_mgL"), pieces_of("PHQ9item03"), pieces_of("Leeftijd (jaren)")
    (('crp', 'result', 'mg', 'l'), ('phq', '9', 'item', '3'), ('leeftijd', 'jaren'))
    """
    found = _PARTS.findall(" ".join(_CAMEL.split(_letters(text))).casefold())
    return tuple(part.lstrip("0") or "0" if part.isdigit() else part for part in found)


@dataclass(frozen=True, eq=False)
class Speller:
    """Turns names into words of a vocabulary."""

    vocabulary: Words
    _known: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        for word, forms in self.vocabulary.forms.items():
            for form in (word, *forms):
                self._known.setdefault(plain(form), word)
        for word in self.vocabulary.weak | self.vocabulary.qualifiers:
            self._known.setdefault(word, word)

    @functools.cached_property
    def _long_forms(self) -> tuple[str, ...]:
        return tuple(form for form in self._known if len(form) >= _SHORTEST_TYPO)

    def weight(self, word: str) -> float:
        """Return how much a word tells."""
        return self.vocabulary.weight(word)

    def words(self, text: str) -> dict[str, float]:
        """Return the words of a name or label with how sure each is, 0 to 1.

        Parameters
        ----------
        text
            A name, a label, or a term.
        """
        return dict(self._words(text))

    @functools.lru_cache(maxsize=16384)  # noqa: B019 - one speller lives as long as the program
    def _words(self, text: str) -> tuple[tuple[str, float], ...]:
        found: dict[str, float] = {}
        for piece in self._pieces(text):
            for word, sure in self._read(piece):
                found[word] = max(sure, found.get(word, 0.0))
        return tuple(found.items())

    def _pieces(self, text: str) -> Iterator[str]:
        """Yield the parts of a name; one that is known as a whole, such as ``IgG``, is not cut at its capitals."""
        for part in _RUNS.findall(_letters(text)):
            whole = part.casefold()
            is_whole = whole in self._known or (
                not part.islower() and not part.isdigit() and bool(self._compound(whole))
            )
            yield from (whole,) if is_whole else pieces_of(part)

    def is_word(self, word: str) -> bool:
        """Return whether a word is one of the vocabulary."""
        return word in self.vocabulary.forms or word in self.vocabulary.weak or word in self.vocabulary.qualifiers

    def _read(self, piece: str) -> list[tuple[str, float]]:
        """Return the words of a piece: known, plural, compound, a beginning, with a letter behind, mistyped."""
        if piece.isdigit() or len(piece) > _LONGEST:
            return [(piece, 1.0)]
        known = self._known.get(piece) or self._known.get(piece.removesuffix("s"))
        if known is not None:
            return [(known, 1.0)]
        compound = self._compound(piece)
        if compound:
            return [(word, 1.0) for word in compound]
        word = self._by_beginning(piece)
        if word is None and len(piece) > _SHORTEST_PIECE + 1 and piece[:-1] in self._known:
            return [(self._known[piece[:-1]], 1.0), (piece[-1], 1.0)]
        word = word or self._mistyped(piece)
        return [(word, self.vocabulary.prefix_confidence)] if word is not None else [(piece, 1.0)]

    def _mistyped(self, piece: str) -> str | None:
        if len(piece) < _SHORTEST_TYPO:
            return None
        near = process.extractOne(piece, self._long_forms, scorer=fuzz.ratio, score_cutoff=_TYPO_CUTOFF)
        return self._known[near[0]] if near is not None else None

    def _compound(self, piece: str) -> list[str]:
        """Return the words that a compound consists of, as few as possible; a linking ``s`` may stand between them."""
        best: list[list[str] | None] = [None] * (len(piece) + 1)
        best[0] = []
        for end in range(_SHORTEST_PIECE, len(piece) + 1):
            for start in range(end - _SHORTEST_PIECE + 1):
                before, part = best[start], piece[start:end]
                if before is None or len(part) < _SHORTEST_PIECE:
                    continue
                word = self._known.get(part) or (
                    self._known.get(part[:-1]) if len(part) > 4 and part[-1] == "s" else None
                )
                if word is not None and (best[end] is None or len(before) + 1 < len(best[end] or [])):
                    best[end] = [*before, word]
        return best[len(piece)] or []

    def _by_beginning(self, piece: str) -> str | None:
        if len(piece) < _SHORTEST_PREFIX:
            return None
        begun = {word for form, word in self._known.items() if form.startswith(piece)}
        return next(iter(begun)) if len(begun) == 1 else None
