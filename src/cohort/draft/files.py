"""Finding and reading the files of a draft: single files, folders of files, BIDS and REDCap folders."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from cohort.draft.columns import Column
from cohort.draft.labels import column_labels, dictionary_labels, is_dictionary, sidecar_labels
from cohort.draft.names import plain
from cohort.errors import InputDataError, Problem
from cohort.intake.folders import read_folder
from cohort.intake.readers import format_of, read_file
from cohort.intake.tables import RawFile
from cohort.study_file import DataFile

_WITHOUT_ROW_COUNT = "xpt"


@dataclass(frozen=True, eq=False)
class DraftFile:
    """A file, or a folder in one of the known forms, with a sample of each of its columns.

    Parameters
    ----------
    key
        Its name in the draft.
    path
        Its path relative to the root of the draft, with slashes.
    columns
        Its columns in order.
    rows
        How many rows it has in all.
    folder_format
        ``bids`` or ``redcap`` for such a folder; empty for a single file.
    file_format
        Format that a single file was read as.
    id
        Column of identifiers that the form of a folder implies.
    """

    key: str
    path: str
    columns: Mapping[str, Column]
    rows: int
    folder_format: str = ""
    file_format: str = ""
    id: str | None = None

    @property
    def needs_row_count(self) -> bool:
        """Return whether the format stores no number of rows, so that a file cut short could pass for a whole one."""
        return self.file_format == _WITHOUT_ROW_COUNT


@dataclass(frozen=True)
class FoundFiles:
    """The files of a draft.

    Parameters
    ----------
    root
        The folder that all paths are relative to.
    files
        What could be read.
    problems
        What could not, and why.
    passed_over
        Files in a folder that are no data.
    """

    root: Path
    files: tuple[DraftFile, ...]
    problems: tuple[Problem, ...] = ()
    passed_over: tuple[str, ...] = field(default=())


def read_files(paths: Iterable[Path], sample_rows: int, folder_format: str | None = None) -> FoundFiles:
    """Return the files that some paths name, read.

    Parameters
    ----------
    paths
        Files, and folders: of a folder all data files are taken; one in BIDS or REDCap form counts as one file.
    sample_rows
        How many rows of each file are kept for looking at.
    folder_format
        ``bids`` or ``redcap`` where the form of a folder is not to be recognised.

    Raises
    ------
    InputDataError
        If no path leads to a file that can be read; with the reason for each.
    """
    places, passed_over, problems = _places(paths, folder_format)
    if not places:
        problems = problems or [Problem("cohort draft", "there is no data file.", "Name files or a folder of files.")]
        raise InputDataError(problems)
    root = _common_root([place for place, _ in places])
    files: list[DraftFile] = []
    taken: set[str] = set()
    for place, form in places:
        path = place.relative_to(root).as_posix()
        try:
            key = _key(place, taken)
            files.append(_folder(place, path, key, form, sample_rows) if form else _file(place, path, key, sample_rows))
        except InputDataError as error:
            problems += error.problems
    if not files:
        raise InputDataError(problems)
    return FoundFiles(root, tuple(files), tuple(problems), tuple(passed_over))


def _places(
    paths: Iterable[Path], folder_format: str | None
) -> tuple[list[tuple[Path, str]], list[str], list[Problem]]:
    """Return files and folders with the form of each, files that are passed over, and paths that lead nowhere."""
    places: dict[Path, str] = {}
    passed_over: list[str] = []
    problems: list[Problem] = []
    for given in paths:
        path = given.absolute()
        if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises for a name that is too long
            problems.append(Problem(str(given), "there is no such file or folder."))
        elif path.is_file():
            places[path] = ""
        elif form := folder_format or _form_of(path):
            places[path] = form
        else:
            for item in sorted(path.iterdir(), key=lambda p: p.name.casefold()):
                if item.name.startswith(("~$", ".")) or item.is_dir():
                    continue
                if format_of(item.name) is None:
                    passed_over.append(item.name)
                else:
                    places[item] = ""
    return list(places.items()), passed_over, problems


def _form_of(folder: Path) -> str:
    """Return the form of a folder, ``bids`` or ``redcap``; empty for a plain one."""
    if (folder / "participants.tsv").is_file():
        return "bids"
    tables = sorted(folder.glob("*.csv"))
    return "redcap" if len(tables) > 1 and sum(is_dictionary(file) for file in tables) == 1 else ""


def _common_root(places: list[Path]) -> Path:
    parents = [place.parent for place in places]
    root = parents[0]
    while not all(parent == root or root in parent.parents for parent in parents):
        root = root.parent
    return root


def _key(place: Path, taken: set[str]) -> str:
    """Return a name for a file: its own in small letters, numbered when another file has it."""
    stem = place.name.split(".", 1)[0] if place.is_file() else place.name
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", stem)
    word = re.sub(r"[^a-z0-9]+", "_", plain(spaced)).strip("_") or "file"
    key, number = word, 2
    while key in taken:
        key, number = f"{word}_{number}", number + 1
    taken.add(key)
    return key


def _file(place: Path, path: str, key: str, sample_rows: int) -> DraftFile:
    raw, chosen, _ = read_file(place, path, DataFile(path=path))
    columns = _columns(key, raw, column_labels(place, chosen), sample_rows)
    return DraftFile(key, path, columns, len(raw.frame) + len(raw.ragged), file_format=chosen)


def _folder(place: Path, path: str, key: str, form: str, sample_rows: int) -> DraftFile:
    """Return a folder as one table, as intake stacks it."""
    folder = read_folder(place, path, form)
    declared = DataFile(path=path)
    parts: list[RawFile] = []
    labels: dict[str, str] = {}
    for name in folder.described_by:
        described = place / name
        labels |= sidecar_labels(described) if form == "bids" else dictionary_labels(described)
    for part in folder.parts:
        raw, _, _ = read_file(place / part.path, f"{path}/{part.path}", declared, part.format, part.rename)
        parts.append(part.describe(raw))
    columns: dict[str, list[tuple[RawFile, int]]] = {}
    for number, raw in enumerate(parts):
        for column in raw.frame.columns:
            columns.setdefault(column, []).append((raw, number))
    samples = [raw.frame.head(sample_rows) for raw in parts]
    stacked = samples[0] if len(samples) == 1 else pd.concat(samples, ignore_index=True)
    whole = RawFile(
        frame=stacked,
        row=parts[0].row,
        labels={c: labels_ for raw in parts for c, labels_ in raw.labels.items()},
        units={c: unit for raw in parts for c, unit in raw.units.items()},
        missing={c: missing for raw in parts for c, missing in raw.missing.items()},
        decimal=parts[0].decimal,
    )
    rows = sum(len(raw.frame) for raw in parts)
    return DraftFile(key, path, _columns(key, whole, labels, len(stacked)), rows, folder_format=form, id=folder.id)


def _columns(key: str, raw: RawFile, labels: Mapping[str, str], sample_rows: int) -> dict[str, Column]:
    frame = raw.frame.head(sample_rows)
    return {
        str(name): Column(
            file=key,
            name=str(name),
            cells=frame[name],
            label=labels.get(str(name), ""),
            meanings=raw.labels.get(str(name), {}),
            declared_missing=raw.missing.get(str(name), {}),
            unit=raw.units.get(str(name), ""),
            decimal=raw.decimals.get(str(name)) or raw.decimal or ".",
        )
        for name in frame.columns
    }
