"""Questionnaires by their items: numbered columns whose name, count and answers are those of an instrument."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cohort.codebook import Codebook, Instrument
from cohort.draft.coding import code_key, keyed
from cohort.draft.evidence import Evidence
from cohort.draft.meaning import term_score
from cohort.draft.measures import Measure
from cohort.draft.names import pieces_of
from cohort.draft.proposal import FileShape, Proposal
from cohort.draft.vocabulary import DraftVocabulary, Target

_NUMBER = re.compile(r"\d+")
_FEWEST = 5
_STEPS = (1, 10)
_NAMED, _CLEARLY_NAMED = 0.6, 0.75
_MOST_BEYOND = 1
_OTHER_NUMBER = 0.7
"""PHQ-15 is not PHQ-9: what is left of a name with another number."""
_COUNT_POINTS = 0.1
_ENOUGH_FOR_A_CORRELATION = 50
_REVERSED_ALREADY = 0.15
_YES_NO = 1


@dataclass(frozen=True)
class ItemSet:
    """Columns of one name that are numbered in a row."""

    name: str
    measures: tuple[Measure, ...]

    def __len__(self) -> int:
        return len(self.measures)


def item_sets(measures: Sequence[Measure]) -> list[ItemSet]:
    """Return runs of numbered columns: ``phq1`` to ``phq9``, ``DPQ010`` to ``DPQ100``, ``PHQ901`` to ``PHQ909``.

    Parameters
    ----------
    measures
        The measures of one file.
    """
    groups: dict[tuple[str, str], dict[int, Measure]] = {}
    for measure in measures:
        for match in _NUMBER.finditer(measure.name):
            key = (measure.name[: match.start()], measure.name[match.end() :])
            groups.setdefault(key, {})[int(match[0])] = measure
    found = [ItemSet(f"{key[0]} {key[1]}", run) for key, members in groups.items() for run in _runs(members)]
    return sorted(found, key=len, reverse=True)


def _runs(members: dict[int, Measure]) -> Iterator[tuple[Measure, ...]]:
    """Yield the members whose numbers follow each other in steps of one or ten."""
    numbers = sorted(members)
    if len(numbers) < _FEWEST:
        return
    step = numbers[1] - numbers[0]
    first = numbers[0]
    starts_a_count = first in (0, step) or (step == 1 and first % 100 == 1)
    if step in _STEPS and starts_a_count:
        length = next((k for k, number in enumerate(numbers) if number != first + k * step), len(numbers))
        if length >= _FEWEST:
            yield tuple(members[number] for number in numbers[:length])


def find_instruments(
    measures: Sequence[Measure], shape: FileShape, codebook: Codebook, vocabulary: DraftVocabulary, evidence: Evidence
) -> list[Proposal]:
    """Return the questionnaires that a file seems to hold.

    Parameters
    ----------
    measures, shape
        The measures of the file and how its rows are organised.
    codebook, vocabulary, evidence
        What is known of instruments, of their names, and of codes.
    """
    proposals: list[Proposal] = []
    used: set[str] = set()
    sets = []
    for items in item_sets(measures):
        said = {name: _said(items, target, vocabulary) for name, target in vocabulary.targets["instruments"].items()}
        best = max(said, key=lambda name: said[name])
        sets.append((said[best], best, items))
    for said_best, best, items in sorted(sets, key=lambda found: -found[0]):
        if any(measure.name in used for measure in items.measures):
            continue
        if said_best < _NAMED:
            proposals += _by_count_alone(items, shape, codebook, evidence)
            continue
        proposals.append(_proposal(items, said_best, codebook.instruments[best], shape, vocabulary, evidence))
        used |= {measure.name for measure in items.measures[: codebook.instruments[best].items]}
    return proposals


def _said(items: ItemSet, target: Target, vocabulary: DraftVocabulary) -> float:
    """Return how well the shared part of the names, or the labels, say an instrument."""
    speller = vocabulary.speller
    scores = []
    for position, measure in enumerate(items.measures, start=1):
        label = " ".join(piece for piece in pieces_of(measure.column.label) if piece != str(position))
        scores.append(max(term_score(_without_item(speller.words(label)), term, speller) for term in target.terms))
    by_label = float(np.median(scores))
    names = _without_item(speller.words(items.name))
    names.pop(str(target.number), None)
    by_name = max(term_score(names, term, speller) for term in target.terms)
    known = {word for term in target.terms for word in term}
    if any(word.isdigit() and word not in known for word in names):
        by_name *= _OTHER_NUMBER
    return max(by_label, by_name)


def _without_item(words: dict[str, float]) -> dict[str, float]:
    return {word: sure for word, sure in words.items() if word not in ("item", "number")}


@dataclass(frozen=True)
class _Answers:
    """What the answers of a set of items say: points, words, and how their codes are to be read."""

    points: float
    reasons: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    codes: dict[Any, Any] | None = None
    missing: dict[Any, Any] | None = None


def _proposal(
    items: ItemSet,
    said: float,
    instrument: Instrument,
    shape: FileShape,
    vocabulary: DraftVocabulary,
    evidence: Evidence,
) -> Proposal:
    scoring = vocabulary.scoring
    chosen = items.measures[: instrument.items]
    reasons = [f"names or labels say {instrument.id}, {len(chosen)} columns numbered in a row"]
    questions: list[str] = []
    score = said * scoring["meaning"]
    if len(items) < instrument.items:
        questions.append(f"{len(items)} columns are numbered in a row, the instrument has {instrument.items} items")
    else:
        score += _COUNT_POINTS
    if said < _CLEARLY_NAMED:
        questions.append("its name says something else too: is it this instrument?")
    if len(items) > instrument.items + _MOST_BEYOND:
        questions.append(f"{len(items)} columns are numbered in a row, and the instrument has {instrument.items} items")
    elif len(items) > instrument.items:
        rest = ", ".join(f"'{m.name}'" for m in items.measures[instrument.items :][:4])
        reasons.append(f"{rest} not taken: beyond item {instrument.items}")
    answers = _answers(chosen, instrument, vocabulary, evidence)
    reasons += answers.reasons
    questions += answers.questions
    questions += _order(chosen)
    reasons += _reversal(chosen, instrument, answers)
    entry: dict[str, Any] = {"file": chosen[0].file, "items": _items(chosen)}
    if shape.visit is not None and not chosen[0].waves:
        entry["visit"] = {"column": shape.visit}
    if answers.missing:
        entry["missing"] = answers.missing
    if answers.codes:
        entry["codes"] = answers.codes
    if shape.visit is None and not shape.one_row_per_person:
        entry["keep"] = "first"
    return Proposal(
        "instruments",
        instrument.id,
        chosen[0].file,
        tuple(column for measure in chosen for column in measure.columns),
        entry,
        round(min(score + answers.points, 1.0), 2),
        tuple(reasons),
        tuple(questions),
    )


def _items(chosen: Sequence[Measure]) -> Any:
    """Return the item columns in order; by wave where they have waves."""
    if not chosen[0].waves:
        return [measure.name for measure in chosen]
    waves = [wave for wave in chosen[0].waves if all(wave in measure.waves for measure in chosen)]
    return {wave: [measure.waves[wave] for measure in chosen] for wave in waves}


def _answers(
    chosen: Sequence[Measure], instrument: Instrument, vocabulary: DraftVocabulary, evidence: Evidence
) -> _Answers:
    """Return whether the answers are those of the instrument, perhaps shifted by one, and which codes are none."""
    low, high = instrument.minimum, instrument.maximum
    counts: Counter[str] = Counter()
    missing: dict[str, str] = {}
    for measure in chosen:
        counts.update(measure.column.counts)
        missing |= evidence.missing_of(measure.column, low, high)
    # A shift by one: no answer at one end, answers one beyond the other end.
    seen = {int(code) for code in counts if re.fullmatch(r"-?\d{1,4}", code)}
    odd = [code for code in counts if not re.fullmatch(r"-?\d{1,4}(\.0)?", code) and code not in missing]
    if odd:
        question = "its answers are words or no whole numbers: give 'codes' for them"
        return _Answers(0.0, (), (question,), None, keyed(missing) or None)
    for shift in (1, -1):
        shifted = range(low + shift, high + shift + 1)
        beyond, absent = (high + 1, low) if shift == 1 else (low - 1, high)
        rest = {
            n for n in seen if n not in shifted and str(n) not in vocabulary.missing_codes and str(n) not in missing
        }
        if beyond in seen and absent not in seen and not rest and len(seen & set(shifted)) > (high - low) / 2:
            return _shifted(chosen, instrument, shift, seen, missing, vocabulary, evidence)
    outside = sorted(n for n in seen if not low <= n <= high and str(n) not in missing)
    if outside:
        shares = sum(counts[str(n)] for n in outside) / max(sum(counts.values()), 1)
        if shares > 1 - vocabulary.scoring["share_in_range"]:
            question = f"{shares:.0%} of its answers lie outside {low} to {high}"
            return _Answers(vocabulary.scoring["contradiction"], (), (question,), None, keyed(missing) or None)
    reasons = [f"answers within {low} to {high}"]
    told = {code: missing[code] for code in sorted(missing, key=lambda code: (len(code), code)) if code in counts}
    if told:
        reasons.append(f"{', '.join(told)} lie outside and are taken for no answer")
    return _Answers(vocabulary.scoring["values"], tuple(reasons), (), None, keyed(told) or None)


def _shifted(
    chosen: Sequence[Measure],
    instrument: Instrument,
    shift: int,
    seen: set[int],
    missing: dict[str, str],
    vocabulary: DraftVocabulary,
    evidence: Evidence,
) -> _Answers:
    """Return codes for answers that are shifted by one."""
    low, high = instrument.minimum, instrument.maximum
    span = range(low + shift, high + shift + 1)
    gone = {str(n): missing.get(str(n), "no answer") for n in sorted(seen) if n not in span}
    if high - low == _YES_NO:
        target = Target("instruments", instrument.id, (), usual_share=(0.02, 0.49))
        fits = [evidence.yes_no(measure.column, target) for measure in chosen]
        votes = Counter(tuple(sorted(fit.codes.items())) for fit in fits if fit.codes)
        mapping = {code_key(code): int(bool(yes)) for code, yes in (votes.most_common(1)[0][0] if votes else ())}
        if mapping and not any(fit.questions for fit in fits):
            return _Answers(vocabulary.scoring["values"], ("codes of yes and no",), (), mapping, keyed(gone) or None)
        guess = {n: 1 if n == low + shift else 0 for n in span}
        question = "the file does not say which of its two codes is yes"
        return _Answers(vocabulary.scoring["weak_values"], (), (question,), guess, keyed(gone) or None)
    theirs = f"those of the instrument from {low} to {high}"
    reason = f"its answers run from {low + shift} to {high + shift}, {theirs}: shifted by one"
    codes = {n: n - shift for n in span}
    return _Answers(vocabulary.scoring["values"], (reason,), (), codes, keyed(gone) or None)


def _order(chosen: Sequence[Measure]) -> list[str]:
    """Return a question when the labels number the items in another order than the names."""
    told = []
    for measure in chosen:
        numbers = [int(piece) for piece in pieces_of(measure.column.label) if piece.isdigit()]
        told.append(numbers[-1] if numbers else None)
    known = [number for number in told if number is not None]
    if sorted(known) == list(range(1, len(chosen) + 1)) != known:
        return ["the labels number the items in another order than the names"]
    return []


def _reversal(chosen: Sequence[Measure], instrument: Instrument, answers: _Answers) -> list[str]:
    """Return a remark when items that scoring reverses run along with the others: they may be reversed already."""
    if not instrument.reversed or len(chosen) < instrument.items:
        return []
    gone = frozenset(str(code) for code in answers.missing or {})
    rows = []
    for measure in chosen:
        numbers = measure.column.numbers.number.copy()
        numbers[measure.column.codes.isin(list(gone)).to_numpy()] = np.nan
        rows.append(numbers)
    table = np.array(rows)
    complete = ~np.isnan(table).any(axis=0)
    if complete.sum() < _ENOUGH_FOR_A_CORRELATION:
        return []
    turned = np.array([number in instrument.reversed for number in range(1, instrument.items + 1)])
    one, other = table[turned][:, complete].mean(axis=0), table[~turned][:, complete].mean(axis=0)
    if one.std() == 0 or other.std() == 0:
        return []
    correlation = float(np.corrcoef(one, other)[0, 1])
    listed = ", ".join(str(number) for number in instrument.reversed)
    if correlation > _REVERSED_ALREADY:
        return [
            f"LOOK: items {listed}, which scoring reverses, rise with the others (r {correlation:.2f}): "
            "they may be reversed in the file already"
        ]
    return [f"items {listed} run against the others (r {correlation:.2f}), as they should before scoring reverses them"]


def _by_count_alone(items: ItemSet, shape: FileShape, codebook: Codebook, evidence: Evidence) -> list[Proposal]:
    """Return a question for numbered columns whose name says nothing: their count and range are an instrument's."""
    for instrument in codebook.instruments.values():
        if len(items) != instrument.items:
            continue
        seen: set[int] = set()
        for measure in items.measures:
            gone = evidence.missing_of(measure.column, instrument.minimum, instrument.maximum)
            codes = [code for code in measure.column.counts if code not in gone]
            if not all(re.fullmatch(r"-?\d{1,4}", code) for code in codes):
                return []
            seen |= {int(code) for code in codes}
        if seen and (min(seen), max(seen)) == (instrument.minimum, instrument.maximum):
            entry: dict[str, Any] = {"file": items.measures[0].file, "items": _items(items.measures)}
            if shape.visit is not None and not items.measures[0].waves:
                entry["visit"] = {"column": shape.visit}
            return [
                Proposal(
                    "instruments",
                    instrument.id,
                    items.measures[0].file,
                    tuple(column for measure in items.measures for column in measure.columns),
                    entry,
                    0.45,
                    (f"{len(items)} numbered columns with answers from {min(seen)} to {max(seen)}",),
                    ("nothing but count and range speaks for it",),
                )
            ]
    return []
