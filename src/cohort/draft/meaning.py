"""How well name and label of a column say a target: each term against their words, by a formula anyone can redo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cohort.draft.columns import Column
from cohort.draft.names import Speller
from cohort.draft.vocabulary import STRICT, DraftVocabulary, Target

_BASE, _PRECISION = 0.35, 0.65
_NAME_ABOVE_LABEL = 0.15
_AGREES = 0.75
_NUMBER_WEIGHT = 0.5
_COMMON = 0.5
_AT_LEAST_COLUMNS = 4


@dataclass(frozen=True)
class Said:
    """What name and label say of a target.

    Parameters
    ----------
    score
        0 for nothing, 1 for exactly the target.
    points
        What this adds to the score of a proposal.
    reason
        The same in words.
    """

    score: float
    points: float
    reason: str


NOTHING = Said(0.0, 0.0, "")


def term_score(words: Mapping[str, float], term: frozenset[str], speller: Speller) -> float:
    """Return how well some words say a term: 0 when one of its words is lacking, 1 when they say it and nothing else.

    ``(0.35 + 0.65 p) c`` with p the share of the words, by weight, that the term explains, and c how sure they are.

    Parameters
    ----------
    words
        Words of a name or label, with how sure each is.
    term
        Words that must be there; weak ones may lack.
    speller
        Knows the weights.

    Examples
    --------
    >>> from cohort.draft.vocabulary import load_vocabulary
    >>> speller = load_vocabulary().speller
    >>> term_score(speller.words("C-reactive protein"), frozenset(speller.words("c reactive protein")), speller)
    1.0
    >>> term_score(speller.words("Age at onset of lupus"), frozenset(["lupus"]), speller) < 0.5
    True
    """
    strong = [word for word in term if speller.weight(word) >= _NUMBER_WEIGHT or len(word) == 1]
    required = term if STRICT in term else frozenset(strong) or term
    term -= {STRICT}
    if not term or any(word not in words for word in required - {STRICT}):
        return 0.0
    explained = sum(min(speller.weight(word), 1.0) for word in words if word in term)
    rest = sum(_NUMBER_WEIGHT if word.isdigit() else speller.weight(word) for word in words if word not in term)
    lacking = sum(speller.weight(word) for word in term if word not in words)
    precision = explained / (explained + rest + lacking)
    sure = min(words[word] for word in term if word in words)
    return (_BASE + _PRECISION * precision) * sure


class Reader:
    """Reads names and labels of the columns of one file.

    Parameters
    ----------
    columns
        All columns of the file: a piece of most names that is no word, such as ``q1``, says nothing.
    vocabulary
        The words.
    """

    def __init__(self, columns: Iterable[Column], vocabulary: DraftVocabulary) -> None:
        self._vocabulary = vocabulary
        self._speller = vocabulary.speller
        names = [self._speller.words(column.name) for column in columns]
        seen = Counter(word for words in names for word in words)
        self._common = {
            word
            for word, count in seen.items()
            if len(names) >= _AT_LEAST_COLUMNS and count > _COMMON * len(names) and not self._speller.is_word(word)
        }

    def name_words(self, column: Column) -> dict[str, float]:
        """Return the words of the name of a column."""
        words = {w: sure for w, sure in self._speller.words(column.name).items() if w not in self._common}
        return {**words, "date": 1.0} if column.is_date else words

    def label_words(self, column: Column) -> dict[str, float]:
        """Return the words of the label of a column."""
        words = self._speller.words(column.label_text) if column.label else {}
        return {**words, "date": 1.0} if column.is_date and words else words

    def said(self, column: Column, target: Target, without: frozenset[str] = frozenset()) -> Said:
        """Return what name and label of a column say of a target.

        Parameters
        ----------
        column, target
            The column and what it may be.
        without
            Words that are left out before, such as those of an age at onset.
        """
        name_words = {w: s for w, s in self.name_words(column).items() if w not in without}
        label_words = {w: s for w, s in self.label_words(column).items() if w not in without}
        terms = [term - {STRICT} for term in target.terms] if without else target.terms
        by_name = max((term_score(name_words, term, self._speller) for term in terms), default=0.0)
        by_label = max((term_score(label_words, term, self._speller) for term in terms), default=0.0)
        told = any(self._speller.is_word(word) and self._speller.weight(word) >= 1 for word in label_words)
        if told:  # a label is written to be read: a name adds little where the label says less
            by_name = min(by_name, by_label + _NAME_ABOVE_LABEL)
        score = max(by_name, by_label)
        if score == 0:
            return NOTHING
        scoring = self._vocabulary.scoring
        points = score * scoring["meaning"]
        if min(by_name, by_label) >= _AGREES:
            points += scoring["agreement"]
        what = target.name.replace("_", " ")
        how = "says" if score > 0.9 else "seems to say"
        if by_label >= by_name:
            return Said(score, points, f'label "{short(column.label)}" {how} {what}')
        return Said(score, points, f"name '{column.name}' {how} {what}")


def short(text: str, length: int = 60) -> str:
    """Return text on one line, cut where it is long.

    Examples
    --------
    >>> short("a   b", 3), short("abcdef", 4)
    ('a b', 'abc…')
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
