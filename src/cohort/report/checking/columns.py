"""Columns of the files that nothing in the study maps, with what they may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cohort.draft import Draft, draft_study
from cohort.errors import CohortError
from cohort.intake.entries import columns_of, entries_of
from cohort.intake.tables import SourceTable
from cohort.study_file import StudyFile
from cohort.study_file.vocabulary import nearest


@dataclass(frozen=True)
class Unmapped:
    """A column that no entry of the study names.

    Parameters
    ----------
    file, column
        The entry of ``files`` and the column.
    near
        What the column may be in the codebook, such as ``medications.insulin``; the likeliest first.
    why
        Why, in words; empty without a hint.
    """

    file: str
    column: str
    near: tuple[str, ...] = ()
    why: str = ""


def unmapped_columns(
    study_file: StudyFile, tables: Mapping[str, SourceTable], root: Path, names: frozenset[str]
) -> tuple[Unmapped, ...]:
    """Return the columns that no entry names, in the order of the files, with a hint where there is one.

    Parameters
    ----------
    study_file
        What the study maps.
    tables
        Its files, as intake read them; one that could not be read is left out.
    root
        Folder of the files.
    names
        Names of the codebook that the study does not fill; a column with nearly such a name is told.

    Notes
    -----
    The hints are those of :func:`cohort.draft.draft_study`, which looks at names and values; where it has none, the
    nearest name of the codebook that the study lacks.
    """
    used: dict[str, set[str]] = {name: set() for name in study_file.files}
    for _, entry in entries_of(study_file):
        used.setdefault(entry.file, set()).update(columns_of(entry))
    lacking = {
        name: [column for column in table.frame.columns if column not in used[name] | _identifiers(study_file, name)]
        for name, table in tables.items()
    }
    hints = _hints(study_file, root) if any(lacking.values()) else {}
    found = []
    for name, columns in lacking.items():
        for column in columns:
            near, why = hints.get((name, column), ((), ""))
            if not near and (alike := nearest(column, names)):
                near, why = (alike,), "its name is nearly that of the codebook"
            found.append(Unmapped(name, column, near, why))
    return tuple(found)


def _identifiers(study_file: StudyFile, name: str) -> set[str]:
    declared = study_file.files[name]
    return {column for column in (declared.id, study_file.id) if column}


def _hints(study_file: StudyFile, root: Path) -> dict[tuple[str, str], tuple[tuple[str, ...], str]]:
    """Return what a draft of the same files would map each column to, and why; nothing where no draft can be made."""
    places = {
        PurePosixPath(path).name: name for name, file in study_file.files.items() for path in file.sources().values()
    }
    paths = [root / path for file in study_file.files.values() for path in file.sources().values()]
    try:
        draft: Draft = draft_study([path for path in paths if path.exists()])
    except CohortError:
        return {}
    files = {report.key: places.get(PurePosixPath(report.path).name, "") for report in draft.reports}
    found: dict[tuple[str, str], tuple[tuple[str, ...], str]] = {}
    for proposal in sorted(draft.proposals, key=lambda one: -one.score):
        for column in proposal.columns:
            key = (files.get(proposal.file, ""), column)
            known, why = found.get(key, ((), ""))
            target = ".".join(part for part in (proposal.section, proposal.target) if part)
            reasons = why or (proposal.reasons[0] if proposal.reasons else "")
            found[key] = (tuple(dict.fromkeys((*known, target))), reasons)
    return found
