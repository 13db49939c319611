"""Folders as sources: a BIDS study and a REDCap export, each as files that are stacked."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from cohort.errors import InputDataError, Problem
from cohort.intake.tables import RawFile


@dataclass(frozen=True)
class FolderPart:
    """One file of a folder, to be stacked with the others.

    Parameters
    ----------
    source
        Name of the part; ``by: source`` and the condition ``{source: [...]}`` use it.
    path
        Path relative to the folder.
    format
        Format of the file.
    labels, units
        Label of each code and unit, by column, as a sidecar or dictionary states them.
    missing
        Codes that mean missing by the convention of the folder, with their reason.
    """

    source: str
    path: str
    format: str
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)

    def describe(self, raw: RawFile) -> RawFile:
        """Return the content of the file with what the sidecar or dictionary says of its columns."""
        columns = set(raw.frame.columns)
        return replace(
            raw,
            labels={**raw.labels, **{c: labels for c, labels in self.labels.items() if c in columns}},
            units={c: unit for c, unit in self.units.items() if c in columns},
            missing={c: {**raw.missing.get(c, {}), **self.missing} for c in columns} if self.missing else raw.missing,
        )


@dataclass(frozen=True)
class Folder:
    """The parts of a folder, its column of identifiers, and files that only describe others."""

    parts: tuple[FolderPart, ...]
    id: str
    described_by: tuple[str, ...] = ()


def read_folder(folder: Path, path: str, folder_format: str) -> Folder:
    """Return what a BIDS or REDCap folder consists of.

    Parameters
    ----------
    folder
        Where it lies.
    path
        Its path as the study writes it, for messages.
    folder_format
        ``bids`` or ``redcap``.

    Raises
    ------
    InputDataError
        If it is no folder or lacks the files that its form asks for.
    """
    if not folder.is_dir():
        what = f"it is a file, and 'format: {folder_format}' takes a folder."
        raise InputDataError([Problem(path, what, "Name the folder, or leave the format out.")])
    return _bids(folder, path) if folder_format == "bids" else _redcap(folder, path)


def _bids(folder: Path, path: str) -> Folder:
    """Return ``participants.tsv`` and ``phenotype/*.tsv`` with their JSON sidecars (BIDS 1.9, agnostic files)."""
    if not (folder / "participants.tsv").is_file():
        raise InputDataError([Problem(path, "a BIDS folder holds a file participants.tsv; this one does not.")])
    names = ["participants.tsv", *sorted(f"phenotype/{p.name}" for p in (folder / "phenotype").glob("*.tsv"))]
    parts, sidecars = [], []
    for name in names:
        sidecar = folder / f"{name.removesuffix('.tsv')}.json"
        described = _sidecar(sidecar, f"{path}/{sidecar.relative_to(folder).as_posix()}") if sidecar.is_file() else {}
        sidecars += [sidecar.relative_to(folder).as_posix()] if described else []
        parts.append(
            FolderPart(
                source=Path(name).stem,
                path=name,
                format="tsv",
                labels={
                    column: {str(code): _level(label) for code, label in levels.items()}
                    for column, spec in described.items()
                    if isinstance(levels := spec.get("Levels"), dict)
                },
                units={column: str(spec["Units"]) for column, spec in described.items() if spec.get("Units")},
                missing={"n/a": "not available"},
            )
        )
    return Folder(tuple(parts), "participant_id", tuple(sidecars))


def _level(label: object) -> str:
    return str(label.get("Description", "")) if isinstance(label, dict) else str(label)


def _sidecar(file: Path, path: str) -> dict[str, dict[str, object]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError) as error:
        raise InputDataError([Problem(path, "the sidecar is no valid JSON.", "Mend it or remove it.")]) from error
    if not isinstance(content, dict):
        raise InputDataError([Problem(path, "the sidecar must be a mapping of columns.", "Mend it or remove it.")])
    return {column: spec for column, spec in content.items() if isinstance(spec, dict)}


_FIELD, _TYPE = "Variable / Field Name", "Field Type"
_CHOICES = "Choices, Calculations, OR Slider Labels"
_SHORT = {"field_name": _FIELD, "field_type": _TYPE, "select_choices_or_calculations": _CHOICES}


def _redcap(folder: Path, path: str) -> Folder:
    """Return the data files of a REDCap export and what its data dictionary says of their columns."""
    dictionaries: list[tuple[str, list[dict[str, str]]]] = []
    data: list[str] = []
    for file in sorted(folder.glob("*.csv")):
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            text = ""
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        names = {_SHORT.get(name, name) for name in (rows[0] if rows else {})}
        if {_FIELD, _TYPE} <= names:
            dictionaries.append((file.name, [{_SHORT.get(k, k): v or "" for k, v in r.items()} for r in rows]))
        else:
            data.append(file.name)
    if len(dictionaries) != 1 or not data:
        found = f"found {len(dictionaries)} and {len(data)}"
        what = f"a REDCap folder holds one data dictionary and the data, as CSV; {found}."
        raise InputDataError([Problem(path, what, "Export both from the project and put them into one folder.")])
    name, fields = dictionaries[0]
    labels: dict[str, dict[str, str]] = {}
    for spec in fields:
        labels |= _choices(spec[_FIELD], spec[_TYPE], spec.get(_CHOICES, ""))
    parts = tuple(FolderPart(Path(file).stem, file, "csv", labels=labels) for file in data)
    return Folder(parts, fields[0][_FIELD], (name,))


def _choices(column: str, kind: str, choices: str) -> dict[str, dict[str, str]]:
    """Return the labels of the columns of one field: ``1, Male | 2, Female``; a checkbox has one column per choice."""
    if kind in {"yesno", "truefalse"}:
        return {column: {"0": "No" if kind == "yesno" else "False", "1": "Yes" if kind == "yesno" else "True"}}
    if kind not in {"radio", "dropdown", "checkbox"}:
        return {}
    pairs = [choice.split(",", 1) for choice in choices.split("|") if "," in choice]
    if kind == "checkbox":
        return {f"{column}___{code.strip().lower()}": {"0": "Unchecked", "1": "Checked"} for code, _ in pairs}
    return {column: {code.strip(): label.strip() for code, label in pairs}}
