"""From files to a draft: read, find who is who, propose, choose, and make sure that the result loads."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from cohort.codebook import Codebook, load_codebook
from cohort.draft.choosing import choose, decided
from cohort.draft.data_sets import find_known, known_data_set
from cohort.draft.evidence import Evidence
from cohort.draft.files import DraftFile, FoundFiles, read_files
from cohort.draft.item_sets import find_instruments
from cohort.draft.long_tables import find_long_laboratory, find_registers
from cohort.draft.matching import Surroundings, candidates, onset_ages
from cohort.draft.meaning import Reader
from cohort.draft.measures import Measure, measures_of
from cohort.draft.names import plain
from cohort.draft.people_and_time import find_follow_up, find_relations
from cohort.draft.proposal import Identifier, Proposal
from cohort.draft.result import Draft, columns_used, reports_of
from cohort.draft.structure import Structure, find_structure
from cohort.draft.vocabulary import DraftVocabulary, load_vocabulary
from cohort.draft.writing import DraftText, study_text
from cohort.errors import StudyFileError
from cohort.intake.date_order import order_evidence
from cohort.privacy import find_identifiers
from cohort.study_file import load_study_file

_MOST_REPAIRS = 20
_ONCE = ("follow_up",)
_SECOND_SOURCE = (
    "another source is used for it already: make this a second one of the entry, with its 'visit:', or leave it out"
)


def draft_study(
    paths: Sequence[Path],
    *,
    out: Path | None = None,
    folder_format: str | None = None,
    codebook: Codebook | None = None,
    vocabulary: DraftVocabulary | None = None,
    use_data_sets: bool = True,
) -> Draft:
    """Return a first study file for some data files, with a score and a reason for each of its lines.

    Parameters
    ----------
    paths
        Files, and folders of files.
    out
        Where the study file will stand; the paths in it are relative to that.
    folder_format
        ``bids`` or ``redcap`` for folders whose form is not recognised.
    codebook, vocabulary
        Those that ship unless given.
    use_data_sets
        Whether names of public data sets may be taken for known.

    Raises
    ------
    InputDataError
        If no file can be read.
    """
    book = codebook if codebook is not None else load_codebook()
    words = vocabulary if vocabulary is not None else load_vocabulary()
    found = read_files(paths, int(words.scoring["sample_rows"]), folder_format)
    readers = {file.key: Reader(file.columns.values(), words) for file in found.files}
    structure = find_structure(found.files, readers, words)
    identifiers = _identifiers(found.files, structure)
    data_set = known_data_set(found.files, words) if use_data_sets else None
    around = {
        file.key: Surroundings(
            file, structure.shapes[file.key], readers[file.key], book, words, Evidence(words), structure.baseline
        )
        for file in found.files
    }
    spec = words.data_sets[data_set] if data_set else None
    known = find_known(found.files, structure.shapes, spec, book, words) if spec else []
    proposals = [*known, *_propose(found.files, around, structure, identifiers, known)]
    return _finished(found, structure, proposals, identifiers, data_set, book, out)


def _identifiers(files: Sequence[DraftFile], structure: Structure) -> tuple[Identifier, ...]:
    """Return the columns that point at persons; participants' identifiers themselves are needed and not named."""
    found = []
    for file in files:
        frame = pd.DataFrame({name: column.cells for name, column in file.columns.items()})
        for item in find_identifiers(frame, structure.shapes[file.key].id):
            found.append(Identifier(file.key, item.column, item.title))
    return tuple(found)


def _propose(
    files: Sequence[DraftFile],
    around: Mapping[str, Surroundings],
    structure: Structure,
    identifiers: Sequence[Identifier],
    known: Sequence[Proposal],
) -> list[Proposal]:
    """Return what is proposed beside what is known."""
    hidden = {(item.file, item.column) for item in identifiers}
    taken = {(proposal.file, column) for proposal in known for column in proposal.columns}
    done = {(proposal.section, proposal.target) for proposal in known}
    people = frozenset(
        code for file in files if structure.id in file.columns for code in file.columns[str(structure.id)].counts
    )
    free: dict[str, list[Measure]] = {}
    for file in files:
        measures = measures_of(file, structure.shapes[file.key])
        free[file.key] = [m for m in measures if not any((file.key, column) in hidden | taken for column in m.columns)]
    proposals: list[Proposal] = []

    def take(found: Sequence[Proposal | None]) -> None:
        for proposal in found:
            if proposal is None:
                continue
            is_second = (proposal.section, proposal.target) in done
            if is_second and proposal.section in _ONCE:
                continue
            proposals.append(proposal.asked(_SECOND_SOURCE) if is_second else proposal)
            done.add((proposal.section, proposal.target))
            used = columns_used(proposal.file, [proposal])
            free[proposal.file] = [m for m in free[proposal.file] if not used & set(m.columns)]

    usable = [file for file in files if structure.shapes[file.key].id is not None]
    for file in usable:
        take(find_follow_up(around[file.key], free[file.key]))
        take([find_relations(around[file.key], free[file.key], people)])
    has_follow_up = any(p.section == "follow_up" and not p.target for p in proposals)
    for file in usable:
        room = around[file.key]
        take(find_instruments(free[file.key], room.shape, room.codebook, room.vocabulary, room.evidence))
        take(find_long_laboratory(file, room.shape, room.reader, room.codebook, room.vocabulary))
        take(find_registers(file, room.shape, room.reader, room.codebook, room.vocabulary, has_follow_up=has_follow_up))
    rest = [c for file in usable for c in candidates(around[file.key], free[file.key])]
    vocabulary = next(iter(around.values())).vocabulary if around else load_vocabulary()
    ages = [a for file in usable for a in onset_ages(around[file.key], free[file.key])]
    chosen = choose([c for c in rest if (c.section, c.target) not in done], vocabulary)
    proposals += _with_onset_ages(chosen, choose(ages, vocabulary), vocabulary)
    seconds = _second_sources(rest, done, {(c.file, name) for c in chosen for name in c.columns}, vocabulary)
    return [decided(proposal, vocabulary) for proposal in [*proposals, *seconds]]


def _second_sources(
    rest: Sequence[Proposal],
    done: set[tuple[str, str]],
    used: set[tuple[str, str]],
    vocabulary: DraftVocabulary,
) -> list[Proposal]:
    """Return columns that fit a target which another file gives already, as questions."""
    sure = [
        c
        for c in rest
        if (c.section, c.target) in done
        and c.score >= vocabulary.scoring["live"]
        and not any((c.file, name) in used for name in c.columns)
    ]
    return [proposal.asked(_SECOND_SOURCE) for proposal in choose(sure, vocabulary)]


def _with_onset_ages(proposals: list[Proposal], ages: list[Proposal], vocabulary: DraftVocabulary) -> list[Proposal]:
    """Return diagnoses with their ages at onset; a doubtful age does not make the diagnosis doubtful."""
    by_disease = {age.target: age for age in ages if age.score >= vocabulary.scoring["live"] and not age.questions}
    found = []
    for proposal in proposals:
        age = by_disease.get(proposal.target) if proposal.section == "diagnoses" else None
        if age is None or age.file != proposal.file or age.columns[0] in proposal.columns:
            found.append(proposal)
            continue
        entry = {**proposal.entry, "onset_age": {"column": age.entry["column"]}}
        missing = {**proposal.entry.get("missing", {}), **age.entry.get("missing", {})}
        entry |= {"missing": missing} if missing else {}
        columns = (*proposal.columns, *age.columns)
        reasons = (*proposal.reasons, f"age at onset: {age.reasons[0]}")
        found.append(replace(proposal, entry=entry, columns=columns, reasons=reasons))
    return found


# --- the result ---------------------------------------------------------------------------------------------------


def _finished(
    found: FoundFiles,
    structure: Structure,
    proposals: list[Proposal],
    identifiers: tuple[Identifier, ...],
    data_set: str | None,
    codebook: Codebook,
    out: Path | None,
) -> Draft:
    """Return the draft with a text that loads: a line that the study file would not take becomes a question."""
    name = _name(found.files[0].key if len(found.files) == 1 else found.root.name)
    if not any(p.section == "design" and p.target == "weights" and p.is_live for p in proposals):
        asked = "strata and PSUs need the weights of the survey"
        proposals = [p.asked(asked) if p.section == "design" and p.is_live else p for p in proposals]
    for _ in range(_MOST_REPAIRS):
        orders = _date_questions(found.files, proposals)
        text = study_text(name, found, structure, proposals, identifiers, data_set, orders, out)
        faults = _faults(text, codebook)
        if not faults:
            break
        proposals = [
            p.asked(f"the study file does not take it: {faults[i]}") if i in faults else p
            for i, p in enumerate(proposals)
        ]
    reports = reports_of(found.files, structure, proposals, identifiers)
    return Draft(text.text, found, structure, tuple(proposals), identifiers, reports, data_set)


def _name(text: str) -> str:
    word = re.sub(r"[^a-z0-9]+", "-", plain(text)).strip("-")
    return word or "my-cohort"


def _faults(text: DraftText, codebook: Codebook) -> dict[int, str]:
    """Return what the study file says against each proposal, by its number."""
    with tempfile.TemporaryDirectory(prefix="cohort-draft-") as folder:
        path = Path(folder) / "study.yaml"
        path.write_text(text.text, encoding="utf-8", newline="\n")
        try:
            load_study_file(path, codebook)
        except StudyFileError as error:
            faults: dict[int, str] = {}
            for problem in error.problems:
                line = re.search(r"line (\d+)", problem.where)
                number = text.proposal_at(int(line[1])) if line else None
                if number is not None:
                    faults.setdefault(number, problem.what.rstrip("."))
            if not faults:
                raise
            return faults
    return {}


def _date_questions(files: Sequence[DraftFile], proposals: Sequence[Proposal]) -> dict[str, str]:
    """Return why the order of day and month of a file cannot be told from its dates, by file."""
    found = {}
    for file in files:
        used = columns_used(file.key, [p for p in proposals if p.is_live])
        dates = [column.cells for name, column in file.columns.items() if name in used and column.is_date]
        fault = order_evidence(dates).fault
        if fault is not None:
            found[file.key] = fault
    return found
