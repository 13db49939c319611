"""What a draft consists of: lines that are used or wait for a decision, and what was found of each file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

LIVE, TO_DECIDE = "live", "to decide"


@dataclass(frozen=True)
class Proposal:
    """One entry of the study file, proposed.

    Parameters
    ----------
    section, target
        Where it stands: ``variables``, ``sex``.
    file, columns
        The file, and the columns that the entry uses for its meaning; shared ones such as a date are not among them.
    entry
        The entry as plain data.
    score
        How well names and values speak for it, 0 to 1.
    reasons
        Why.
    questions
        What the analyst must decide; a proposal with a question is a comment.
    alternatives
        Other columns or targets that were as near.
    """

    section: str
    target: str
    file: str
    columns: tuple[str, ...]
    entry: Mapping[str, Any]
    score: float
    reasons: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()
    is_live: bool = False

    @property
    def state(self) -> str:
        """Return whether the line is used or waits for a decision."""
        return LIVE if self.is_live else TO_DECIDE

    def asked(self, question: str) -> Proposal:
        """Return the proposal with one more question, as a comment."""
        return replace(self, questions=(*self.questions, question), is_live=False)


@dataclass(frozen=True)
class FileShape:
    """How the rows of a file are organised.

    Parameters
    ----------
    id
        Column of identifiers; None when there is none.
    visit
        Column of visits.
    one_row_per_person
        Whether no identifier occurs twice.
    waves
        Columns by their name without the mark of a wave, and by wave.
    """

    id: str | None = None
    visit: str | None = None
    one_row_per_person: bool = True
    waves: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Identifier:
    """A column that names, addresses or otherwise points at a person."""

    file: str
    column: str
    reason: str


@dataclass(frozen=True)
class FileReport:
    """What became of the columns of one file.

    Parameters
    ----------
    key, path, rows
        The file.
    mapped, to_decide, identifiers, ignored
        Its columns by what became of them.
    """

    key: str
    path: str
    rows: int
    mapped: tuple[str, ...]
    to_decide: tuple[str, ...]
    identifiers: tuple[str, ...]
    ignored: tuple[str, ...]
