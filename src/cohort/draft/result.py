"""What drafting gives: the text, its lines, and what became of each column of each file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cohort.draft.files import DraftFile, FoundFiles
from cohort.draft.proposal import FileReport, Identifier, Proposal
from cohort.draft.structure import Structure

_SHARED_KEYS = ("date", "time", "plate", "site", "visit", "unit", "onset_age", "start")


@dataclass(frozen=True)
class Draft:
    """A proposed study file and all that was found on the way.

    Parameters
    ----------
    text
        The study file.
    found, structure
        The files, and how they hang together.
    proposals
        Its lines, those in use and those to decide.
    identifiers
        Columns that point at persons and are not mapped.
    reports
        What became of the columns of each file.
    data_set
        The public data set that the files belong to; None for another cohort.
    """

    text: str
    found: FoundFiles
    structure: Structure
    proposals: tuple[Proposal, ...]
    identifiers: tuple[Identifier, ...]
    reports: tuple[FileReport, ...]
    data_set: str | None

    def to_dict(self) -> dict[str, Any]:
        """Return the same as plain data, for a program."""
        return {
            "files": [
                {
                    "file": r.key,
                    "path": r.path,
                    "rows": r.rows,
                    "mapped": list(r.mapped),
                    "to_decide": list(r.to_decide),
                    "identifiers": list(r.identifiers),
                    "ignored": list(r.ignored),
                }
                for r in self.reports
            ],
            "id": self.structure.id,
            "data_set": self.data_set,
            "proposals": [
                {
                    "section": p.section,
                    "target": p.target,
                    "file": p.file,
                    "columns": list(p.columns),
                    "state": p.state,
                    "score": p.score,
                    "reasons": list(p.reasons),
                    "questions": list(p.questions),
                    "entry": p.entry,
                }
                for p in self.proposals
            ],
            "not_read": [str(problem) for problem in self.found.problems],
            "study": self.text,
        }

    def summary(self) -> str:
        """Return a few lines for a terminal: how many columns of each file are mapped, doubtful or left."""
        width = max(len(r.path) for r in self.reports)
        lines = [f"{'file':{width}}  mapped  to decide  identifiers  ignored"]
        for r in self.reports:
            counts = f"{len(r.mapped):6}  {len(r.to_decide):9}  {len(r.identifiers):11}  {len(r.ignored):7}"
            lines.append(f"{r.path:{width}}  {counts}")
        live = sum(p.is_live for p in self.proposals)
        lines.append(f"{live} lines are in use, {len(self.proposals) - live} wait for a decision.")
        lines += [f"not read: {problem}" for problem in self.found.problems]
        return "\n".join(lines)


def columns_used(key: str, proposals: Sequence[Proposal]) -> set[str]:
    """Return the columns of a file that proposals use, those among them that several share, such as a date.

    Parameters
    ----------
    key
        The file.
    proposals
        The proposals.
    """
    used: set[str] = set()
    for proposal in proposals:
        if proposal.file != key:
            continue
        used |= set(proposal.columns)
        for shared in _SHARED_KEYS:
            value = proposal.entry.get(shared)
            if isinstance(value, dict):
                used |= {str(value[k]) for k in ("column", "by") if k in value}
    return used


def reports_of(
    files: Sequence[DraftFile],
    structure: Structure,
    proposals: Sequence[Proposal],
    identifiers: Sequence[Identifier],
) -> tuple[FileReport, ...]:
    """Return what became of the columns of each file.

    Parameters
    ----------
    files, structure
        The files and how they hang together.
    proposals
        All lines of the draft.
    identifiers
        Columns that point at persons.
    """
    reports = []
    for file in files:
        shape = structure.shapes[file.key]
        live = columns_used(file.key, [p for p in proposals if p.is_live]) | ({shape.id} if shape.id else set())
        asked = columns_used(file.key, [p for p in proposals if not p.is_live]) - live
        hidden = {item.column for item in identifiers if item.file == file.key} - live - asked
        names = list(file.columns)
        reports.append(
            FileReport(
                file.key,
                file.path,
                file.rows,
                tuple(n for n in names if n in live),
                tuple(n for n in names if n in asked),
                tuple(n for n in names if n in hidden),
                tuple(n for n in names if n not in live | asked | hidden),
            )
        )
    return tuple(reports)
