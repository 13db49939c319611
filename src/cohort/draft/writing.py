"""The draft as the text of a study file: lines in use, and comments with what is to decide and why."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cohort.draft.files import DraftFile, FoundFiles
from cohort.draft.meaning import short
from cohort.draft.proposal import Identifier, Proposal
from cohort.draft.structure import Structure

_SECTIONS = ("variables", "instruments", "labs", "diagnoses", "medications", "relations", "follow_up", "design")
_WIDTH = 118
_LONGEST_REASON = 400
_SINGLE = ("follow_up", "design", "relations")


@dataclass(frozen=True)
class DraftText:
    """The text of a draft and which proposal each of its lines is.

    Parameters
    ----------
    text
        The study file.
    lines
        Number of the proposal of each line in use, by line, from 1.
    """

    text: str
    lines: Mapping[int, int]

    def proposal_at(self, line: int) -> int | None:
        """Return the number of the proposal that a line belongs to; None for another line."""
        return self.lines.get(line)


class _Writer:
    def __init__(self) -> None:
        self.rows: list[str] = []
        self.lines: dict[int, int] = {}

    def comment(self, text: str, indent: str = "") -> None:
        for row in textwrap.wrap(short(text, 4 * _LONGEST_REASON), _WIDTH - len(indent)) or [""]:
            self.rows.append(f"{indent}# {row}".rstrip())

    def line(self, text: str, proposal: int | None = None) -> None:
        self.rows.append(text)
        if proposal is not None:
            self.lines[len(self.rows)] = proposal


class _Dumper(yaml.SafeDumper):
    """Puts text in quotes that a study file, which is YAML 1.2, would read as a number: ``1e5``."""


_Dumper.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?(?:0|[1-9]\d*)?\.?\d*(?:[eE][-+]?\d+)?$"), list("-.0123456789")
)


def flow(value: Any) -> str:
    """Return plain data as YAML on one line.

    Examples
    --------
    >>> flow({"column": "no", "codes": {1: "male"}})
    "{column: 'no', codes: {1: male}}"
    """
    return (
        str(yaml.dump(value, Dumper=_Dumper, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6))
        .replace("\n...", "")
        .strip()
    )


def study_text(
    name: str,
    found: FoundFiles,
    structure: Structure,
    proposals: Sequence[Proposal],
    identifiers: Sequence[Identifier],
    data_set: str | None,
    date_questions: Mapping[str, str],
    out: Path | None,
) -> DraftText:
    """Return the text of a draft.

    Parameters
    ----------
    name
        Name of the study.
    found, structure
        The files and how they hang together.
    proposals
        All lines, those in use and those to decide.
    identifiers
        Columns that point at persons.
    data_set
        The public data set that was recognised.
    date_questions
        Why the order of day and month is not known, by file.
    out
        Where the text will stand.
    """
    writer = _Writer()
    _head(writer, found, identifiers, data_set)
    writer.line("cohort_study: 1")
    writer.line(f"name: {name}")
    writer.line(f"title: {flow(name.replace('-', ' ').capitalize())}")
    writer.line("synthetic: false")
    writer.line(f"root: {flow(_root(found.root, out))}")
    if structure.id is not None:
        writer.line(f"id: {flow(structure.id)}     # {structure.id_reason}")
    else:
        writer.comment("TO DECIDE: no column of identifiers was found; name it here: id: COLUMN")
    _baseline(writer, structure, proposals)
    _files(writer, found.files, structure, date_questions)
    for section in _SECTIONS:
        own = [(number, p) for number, p in enumerate(proposals) if p.section == section]
        if own:
            _section(writer, section, sorted(own, key=lambda item: not item[1].is_live))
    return DraftText("\n".join(writer.rows) + "\n", writer.lines)


def _head(writer: _Writer, found: FoundFiles, identifiers: Sequence[Identifier], data_set: str | None) -> None:
    writer.comment(
        "A first draft, made by `cohort draft` from names, labels and values. Read it line by line: the number is how "
        "sure a line is (0 to 1), behind it stand the reasons. Lines marked TO DECIDE are not used: answer the "
        "question and remove the '#', or delete them. LOOK marks what is used and yet odd. Then run `cohort check`."
    )
    if data_set:
        writer.comment(f"The names are those of a public data set ({data_set}); what its documentation says was used.")
    if identifiers:
        writer.comment("")
        writer.comment(
            "Columns that seem to name or point at persons; they are not mapped. Better remove them from the files:"
        )
        declared: dict[str, list[str]] = {}
        for item in identifiers:
            writer.comment(f"- {item.file}: {item.column} ({item.reason})")
            declared.setdefault(item.file, []).append(item.column)
        writer.comment("If they must stay, declare them; a declared column that nothing maps is not read:")
        writer.line(f"# privacy: {flow({'declared': declared})}")
    for problem in found.problems:
        writer.comment(f"NOT READ: {problem}")
    if found.passed_over:
        writer.comment(f"Passed over, no data files: {', '.join(found.passed_over)}")


def _root(root: Path, out: Path | None) -> str:
    here = (out.absolute().parent if out is not None else Path.cwd()).resolve()
    try:
        return Path(os.path.relpath(root.resolve(), here)).as_posix()
    except ValueError:  # another drive of Windows
        return root.resolve().as_posix()


def _baseline(writer: _Writer, structure: Structure, proposals: Sequence[Proposal]) -> None:
    uses_visits = any(p.is_live and _names_visits(p.entry) for p in proposals)
    if structure.baseline is None or structure.baseline == "t0" or not uses_visits:
        return
    if structure.baseline_is_sure:
        writer.line(f"baseline: {_text(structure.baseline)}")
    else:
        writer.line(
            f"baseline: {_text(structure.baseline)}     # LOOK: taken for the first visit; correct it if it is not"
        )


def _text(value: str) -> str:
    """Return text that stays text in YAML."""
    return "'" + value.replace("'", "''") + "'"


def _names_visits(entry: Mapping[str, Any]) -> bool:
    return "visit" in entry or "visits" in entry or isinstance(entry.get("items"), dict)


def _files(
    writer: _Writer, files: Sequence[DraftFile], structure: Structure, date_questions: Mapping[str, str]
) -> None:
    writer.line("files:")
    for file in files:
        entry: dict[str, Any] = {"path": file.path}
        if file.folder_format:
            entry["format"] = file.folder_format
        own = structure.shapes[file.key].id
        if own is not None and own not in (structure.id, file.id):
            entry["id"] = own
        if file.needs_row_count:
            entry["rows"] = file.rows
        if own is None and structure.id is not None:
            writer.comment(
                "TO DECIDE: no column identifies people in this file; it is left out until 'id:' names one", "  "
            )
            writer.comment(f"{file.key}: {flow(entry)}", "  ")
            continue
        if file.key in date_questions:
            writer.comment(f"TO DECIDE: {date_questions[file.key]} Add date_order: dmy or date_order: mdy.", "  ")
        writer.line(f"  {flow(file.key)}: {flow(entry)}")


def _section(writer: _Writer, section: str, own: Sequence[tuple[int, Proposal]]) -> None:
    is_used = any(p.is_live for _, p in own)
    writer.line(f"{section}:" if is_used else f"# {section}:", own[0][0] if is_used else None)
    for number, proposal in own:
        reasons = "; ".join(reason for reason in proposal.reasons if reason)
        if proposal.is_live:
            writer.comment(f"{proposal.score:.2f}: {short(reasons, _LONGEST_REASON)}", "  ")
        else:
            asked = " ".join(f"{_sentence(question)}" for question in proposal.questions) or "The score is low."
            writer.comment(f"TO DECIDE, {proposal.score:.2f}: {short(reasons, _LONGEST_REASON)}. {asked}", "  ")
        for row in _entry(section, proposal):
            if proposal.is_live:
                writer.line(row, number)
            else:
                writer.line(f"  # {row.removeprefix('  ')}")


def _sentence(question: str) -> str:
    text = question[:1].upper() + question[1:]
    return text if text.endswith(("?", ".", "!")) else f"{text}."


def _entry(section: str, proposal: Proposal) -> list[str]:
    if section == "relations":
        return [f"  - {flow(dict(proposal.entry))}"]
    if section == "follow_up" and not proposal.target:
        return [f"  {key}: {flow(value)}" for key, value in proposal.entry.items()]
    return [f"  {proposal.target}: {flow(dict(proposal.entry))}"]
