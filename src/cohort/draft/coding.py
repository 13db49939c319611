"""What codes and words of a column mean: categories, yes and no, and what stands for no answer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from cohort.draft.columns import Column
from cohort.draft.meaning import short
from cohort.draft.names import pieces_of, plain
from cohort.draft.vocabulary import DraftVocabulary, Target

_FEW_LEVELS = 100
_SHORT_CODE = 5
_FILL_IN = "FILL IN"
_UNDER = 0.01
Code = str | int
Meaning = TypeVar("Meaning")


@dataclass(frozen=True)
class Fit:
    """What the values say of a target.

    Parameters
    ----------
    points
        What this adds to the score; below 0 when the values cannot be those of the target.
    reasons
        The same in words.
    questions
        What the analyst must decide before the line can be used.
    codes
        Meaning of each code.
    missing
        Reason of each code that stands for no answer.
    """

    points: float
    reasons: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    codes: Mapping[str, str | bool] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)


def code_key(code: str) -> Code:
    """Return a code as one writes it in YAML: a number when it is one.

    Examples
    --------
    >>> code_key("1"), code_key("01"), code_key("ja"), code_key("-9")
    (1, '01', 'ja', -9)
    """
    return int(code) if re.fullmatch(r"-?(0|[1-9]\d{0,14})", code) else code


def keyed(meanings: Mapping[str, object]) -> dict[Code, object]:
    """Return a mapping of codes as one writes it in YAML."""
    return {code_key(code): meaning for code, meaning in meanings.items()}


class Coding:
    """Compares values with what a vocabulary knows of codes and words.

    Parameters
    ----------
    vocabulary
        The vocabulary.
    """

    def __init__(self, vocabulary: DraftVocabulary) -> None:
        self.vocabulary = vocabulary
        self.points = vocabulary.scoring
        self._missing_words = {self._bare(word): reason for word, reason in vocabulary.missing_words.items()}
        self._true = {self._bare(word) for word in vocabulary.true_words}
        self._false = {self._bare(word) for word in vocabulary.false_words}

    @staticmethod
    def _bare(text: str) -> str:
        return " ".join(re.findall(r"[a-z0-9]+", plain(text)))

    # --- missing codes --------------------------------------------------------------------------------------------

    def missing_reason(self, text: str) -> str | None:
        """Return the reason that a word or label such as ``weet niet`` stands for; None when it is an answer."""
        bare = self._bare(text)
        if bare in self._missing_words:
            return self._missing_words[bare]
        padded = f" {bare} "
        return next((r for w, r in self._missing_words.items() if len(w) > 3 and f" {w} " in padded), None)

    def missing_of(self, column: Column, minimum: float | None, maximum: float | None) -> dict[str, str]:
        """Return the codes of a numeric column that stand for no answer, with their reasons.

        Labels and words tell it; a number only where it is a usual code and lies outside the limits of the target.

        Parameters
        ----------
        column
            The column.
        minimum, maximum
            Hard limits of the target.
        """
        found = dict(column.declared_missing)
        for code in self._seen(column):
            if code in found:
                continue
            told = self.missing_reason(column.meanings.get(code, "")) or self.missing_reason(code)
            if told is not None and not (told == "not available" and self._is_number(code)):
                found[code] = told
            elif code in self.vocabulary.missing_codes and self._outside(code, minimum, maximum):
                found[code] = "no answer"
        return found

    def to_declare(self, column: Column, missing: Mapping[str, str]) -> dict[Code, object]:
        """Return missing codes as a study file needs them: those that the file does not declare itself.

        Parameters
        ----------
        column, missing
            The column, and the reason of each of its codes that stand for no answer.
        """
        own = {code: why for code, why in missing.items() if code not in column.declared_missing}
        return keyed(_ordered(own))

    def _seen(self, column: Column) -> Iterable[str]:
        """Return codes that may be special: all of a column with few, words and usual ones of a column with many."""
        if column.distinct <= _FEW_LEVELS:
            return list(dict.fromkeys([*column.counts, *column.meanings]))
        special = [code for code in self.vocabulary.missing_codes if code in column.counts]
        return [*special, *(code for code in column.counts if not self._is_number(code))][:_FEW_LEVELS]

    @staticmethod
    def _is_number(code: str) -> bool:
        try:
            float(code)
        except ValueError:
            return False
        return True

    @staticmethod
    def _outside(code: str, minimum: float | None, maximum: float | None) -> bool:
        number = float(code)
        return (minimum is not None and number < minimum) or (maximum is not None and number > maximum)

    # --- words ----------------------------------------------------------------------------------------------------

    def meanings(self, column: Column) -> dict[str, str]:
        """Return the label of each code that stands in the column or has one; words that stand there are their own."""
        return {
            code: column.meanings.get(code, "" if self._is_number(code) else code)
            for code in dict.fromkeys([*column.counts, *column.meanings])
            if code not in column.declared_missing
        }

    def shown(self, column: Column, codes: Iterable[str]) -> str:
        """Return codes for a message: numbers and frequent words; rare texts may be somebody's own words."""
        often = self.points["rare_text"]
        told = [code for code in sorted(codes, key=_as_number) if self._is_short(code) or column.counts[code] >= often]
        hidden = len(list(codes)) - len(told)
        return ", ".join([short(code, 24) for code in told[:6]] + ([f"{hidden} rare texts"] if hidden else []))

    def _is_short(self, code: str) -> bool:
        return self._is_number(code) and len(code) <= _SHORT_CODE

    def category(self, text: str, target: Target) -> str | None:
        """Return the category that a label such as ``vroeger gerookt`` names, by the longest known words in it."""
        padded = f" {' '.join(pieces_of(text))} "
        found = [
            (len(known), word)
            for word, texts in target.codes.items()
            for known in (" ".join(pieces_of(each)) for each in (*texts, word.replace("_", " ")))
            if f" {known} " in padded
        ]
        return max(found)[1] if found else None

    def _may_be_written(self, column: Column, code: str, text: str, target: Target) -> bool:
        """Return whether a code may stand in a draft: a number, a frequent word, or a rare one that is a known word."""
        if self._is_number(code) or code in column.meanings or column.counts[code] >= self.points["rare_text"]:
            return True
        return any(self._bare(text) == self._bare(known) for texts in target.codes.values() for known in texts)

    def categories(self, column: Column, target: Target) -> Fit:
        """Return which codes of a column mean which category.

        Parameters
        ----------
        column, target
            The column and the target with its words.
        """
        if not column.filled:
            return Fit(0.0, ("the column is empty",), ("the column holds nothing in the rows looked at",))
        if column.distinct > self.points["distinct_codes"] or column.is_date:
            return Fit(self.points["contradiction"], ("it has too many different values for a category",))
        missing = self.missing_of(column, None, None)
        told = {code: text for code, text in self.meanings(column).items() if code not in missing}
        codes = {
            code: word
            for code, text in told.items()
            if text and (word := self.category(text, target)) and self._may_be_written(column, code, text, target)
        }
        unknown = [code for code in told if code not in codes and code in column.counts]
        if codes and not unknown:
            labels = ", ".join(short(told[code], 24) for code in list(_ordered(codes))[:4])
            return Fit(
                self.points["values"], (f"codes say {labels}",), codes=_ordered(codes), missing=_ordered(missing)
            )
        if codes and len(codes) >= len(unknown):
            question = f"what do the codes {self.shown(column, unknown)} mean?"
            return Fit(self.points["values"], ("some codes have a known meaning",), (question,), codes, missing)
        if any(told.values()) and not codes:
            return Fit(self.points["contradiction"], ("its labels are other words",), missing=missing)
        question = f"the file does not say what the codes {self.shown(column, unknown)} mean"
        return self._suggestion(column, unknown, target, missing, question)

    def _suggestion(
        self, column: Column, unknown: list[str], target: Target, missing: dict[str, str], question: str
    ) -> Fit:
        """Return a question with codes to fill in; a guess where they are counted from 0 or 1 as the categories are."""
        codes = sorted((code for code in unknown if self._is_short(code)), key=_as_number)
        counted = [code for code in codes if code not in self.vocabulary.missing_codes]
        is_counted = counted in ([str(k) for k in range(first, first + len(target.codes))] for first in (0, 1))
        if is_counted:
            guess = dict(zip(counted, target.codes, strict=True))
            missing = {**missing, **{code: "no answer" for code in codes if code not in counted}}
            question += "; those in the line are a guess"
        else:
            guess = dict.fromkeys(codes, _FILL_IN)
        return Fit(self.points["weak_values"], (f"{len(codes)} codes",), (question,), guess, missing)

    def yes_no(self, column: Column, target: Target) -> Fit:
        """Return which codes of a column mean yes and which no.

        Without labels, 1 of 0/1 is yes by convention; 1 of 1/2 only where the share of the codes agrees with how
        common the target usually is, and the other reading does not.

        Parameters
        ----------
        column, target
            The column and the target with its usual share.
        """
        if not column.filled:
            return Fit(0.0, ("the column is empty",), ("the column holds nothing in the rows looked at",))
        if column.distinct > self.points["distinct_codes"] or column.is_date:
            return Fit(self.points["contradiction"], ("it has too many different values for yes and no",))
        missing = self.missing_of(column, None, None)
        told = {code: self._bare(text) for code, text in self.meanings(column).items() if code not in missing}
        codes: dict[str, str | bool] = {
            code: self._truth(text) is True for code, text in told.items() if text and self._truth(text) is not None
        }
        unknown = [code for code in told if code not in codes and code in column.counts]
        if codes and not unknown:
            labels = ", ".join(short(column.meanings.get(code, code), 24) for code in list(_ordered(codes))[:3])
            return Fit(self.points["values"], (f"codes say {labels}",), codes=_ordered(codes), missing=missing)
        if any(told[code] for code in unknown):
            return Fit(self.points["contradiction"], ("its labels are neither yes nor no",), missing=missing)
        return self._plain_yes_no(column, target, frozenset(unknown), missing)

    def _truth(self, text: str) -> bool | None:
        if text in self._true:
            return True
        if text in self._false:
            return False
        first = text.split(" ", maxsplit=1)[0] if text else ""
        return True if first in {"yes", "ja"} else False if first in {"no", "nee"} else None

    def _plain_yes_no(self, column: Column, target: Target, codes: frozenset[str], missing: dict[str, str]) -> Fit:
        """Return the meaning of codes without labels."""
        rest = codes - self.vocabulary.missing_codes
        missing = {**missing, **{c: "no answer" for c in codes - rest if rest in ({"0", "1"}, {"1", "2"})}}
        answers = sum(column.counts[code] for code in rest)
        if rest not in ({"0", "1"}, {"1", "2"}, {"1"}, {"2"}, {"0"}):
            return Fit(self.points["contradiction"], ("its codes are not those of yes and no",), missing=missing)
        share = column.counts.get("1", 0) / max(answers, 1)
        guess = {code: code == "1" for code in sorted(rest)}
        low, high = target.usual_share or (0.0, 1.0)
        if len(rest) == 1:
            question = f"only the code {next(iter(rest))} occurs: is a blank a no, or was it not asked?"
            return Fit(self.points["weak_values"], ("one code",), (question,), guess, missing)
        text = f"the code 1 is {percent(share)} of answers"
        if rest == {"0", "1"}:
            if target.usual_share and not low <= share <= high and low <= 1 - share <= high:
                return Fit(self.points["weak_values"], (text,), ("1 is far too common for a yes",), guess, missing)
            return Fit(self.points["values"], (f"0 and 1; {text}",), codes=guess, missing=missing)
        if target.usual_share and low <= share <= high:
            why = f"{text} and taken for yes: the other reading would make it {percent(1 - share)}"
            return Fit(self.points["values"], (why,), codes=guess, missing=missing)
        return Fit(
            self.points["weak_values"], (text,), ("the file does not say whether 1 or 2 is yes",), guess, missing
        )


def percent(share: float) -> str:
    """Return a share that gives no small count away."""
    if share < _UNDER:
        return "under 1%"
    return "over 99%" if share > 1 - _UNDER else f"{share:.0%}"


def _as_number(code: str) -> tuple[float, str]:
    try:
        return float(code), code
    except ValueError:
        return float("inf"), code


def _ordered(codes: Mapping[str, Meaning]) -> dict[str, Meaning]:
    return {code: codes[code] for code in sorted(codes, key=_as_number)}
