"""Which column stands for which target: the best first, and a question wherever two are nearly as good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cohort.draft.proposal import Proposal
from cohort.draft.vocabulary import DraftVocabulary

_MAY_SHARE = {frozenset({"recruitment", "is_screened_control"})}
_SHOWN = 3


def choose(candidates: Sequence[Proposal], vocabulary: DraftVocabulary) -> list[Proposal]:
    """Return one proposal for each target and at most one for each column, the highest score first.

    A target that two columns fit nearly as well, or a column that two targets fit nearly as well, is a question that
    names both. The same column in several files is no question: the file where it is at home goes first.

    Parameters
    ----------
    candidates
        All that columns may be.
    vocabulary
        Holds the thresholds.
    """
    decide, margin = vocabulary.scoring["decide"], vocabulary.scoring["margin"]
    chosen: dict[tuple[str, str], Proposal] = {}
    by_column: dict[tuple[str, str], tuple[str, str]] = {}
    for candidate in sorted(candidates, key=lambda c: (-c.score, c.file, c.columns, c.target)):
        if candidate.score < decide:
            break
        key = (candidate.section, candidate.target)
        place = (candidate.file, candidate.columns[0])
        if key in chosen:
            winner = chosen[key]
            is_near = candidate.score > winner.score - margin and candidate.columns[0] != winner.columns[0]
            if is_near and place not in by_column:
                name = f"'{candidate.columns[0]}' of {candidate.file} ({candidate.score:.2f})"
                chosen[key] = _with_rival(winner, name, f"{name} fits as well: which of the two is it?")
            continue
        holder = by_column.get(place)
        if holder is not None and frozenset({holder[1], candidate.target}) not in _MAY_SHARE:
            winner = chosen[holder]
            if candidate.score > winner.score - margin:
                name = f"{candidate.target} ({candidate.score:.2f})"
                chosen[holder] = _with_rival(winner, name, f"it may be {name} as well")
            continue
        chosen[key] = candidate
        by_column.setdefault(place, key)
    return list(chosen.values())


def _with_rival(winner: Proposal, name: str, question: str) -> Proposal:
    if len(winner.alternatives) >= _SHOWN:
        return winner
    return replace(winner.asked(question), alternatives=(*winner.alternatives, name))


def decided(proposal: Proposal, vocabulary: DraftVocabulary) -> Proposal:
    """Return a proposal as a line in use, when its score is high enough and nothing is left to ask.

    Parameters
    ----------
    proposal
        The proposal.
    vocabulary
        Holds the thresholds.
    """
    return replace(proposal, is_live=proposal.score >= vocabulary.scoring["live"] and not proposal.questions)
