"""What a folder consists of: files that are stacked, with what a sidecar or dictionary says of their columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pandas as pd

from cohort.intake.cells import codes_of
from cohort.intake.tables import RawFile
from cohort.intake.text_files import Rename


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
    codes
        Code of each label, by column, where an export may hold labels in place of codes.
    rename
        What the names in the header become.
    """

    source: str
    path: str
    format: str
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    rename: Rename | None = None

    def describe(self, raw: RawFile) -> RawFile:
        """Return the content of the file with what the sidecar or dictionary says of its columns."""
        columns = set(raw.frame.columns)
        raw = _with_codes_for_labels(raw, self.codes, self.labels) if self.codes else raw
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


def _with_codes_for_labels(
    raw: RawFile, codes: Mapping[str, Mapping[str, str]], labels: Mapping[str, Mapping[str, str]]
) -> RawFile:
    """Return an export of labels with the codes in their place; an export of codes as it is.

    A file holds labels when some column does that has a cell which is a label and no code. All its columns then hold
    labels, those too whose labels look like codes.
    """
    cells = {column: codes_of(raw.frame[column]) for column in codes if column in raw.frame.columns}
    if not any(_holds_labels(cells[column], codes[column], labels.get(column, {})) for column in cells):
        return raw
    changed = {column: cells[column].map(lambda c, own=codes[column]: own.get(c, c)) for column in cells}
    frame = raw.frame.assign(**{column: values.astype("str") for column, values in changed.items()})
    note = f"it holds labels in place of codes: each was read as its code in the dictionary, in {len(cells)} columns"
    return replace(raw, frame=frame, notes=(*raw.notes, note))


def _holds_labels(cells: pd.Series, codes: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    found = set(cells.dropna().unique())
    return any(cell in codes and cell not in labels for cell in found)
