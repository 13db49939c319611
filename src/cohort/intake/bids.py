"""A BIDS folder: ``participants.tsv`` and ``phenotype/*.tsv``, with their JSON sidecars (BIDS 1.10, agnostic files)."""

from __future__ import annotations

import json
from pathlib import Path

from cohort.errors import InputDataError, Problem
from cohort.intake.folder_parts import Folder, FolderPart

_NOT_AVAILABLE = "n/a"


def bids_folder(folder: Path, path: str) -> Folder:
    """Return the parts of a BIDS folder.

    Parameters
    ----------
    folder
        Where it lies.
    path
        Its path as the study writes it, for messages.

    Raises
    ------
    InputDataError
        If it lacks ``participants.tsv``, or a sidecar is no JSON.

    Notes
    -----
    Of a sidecar, ``Levels`` are labels of codes and ``Units`` the unit of a column; descriptions, ``TermURL`` and
    ``MeasurementToolMetadata`` say nothing that intake needs. ``n/a`` is missing. Participants keep their ``sub-``,
    which every file of the standard writes.
    """
    if not (folder / "participants.tsv").is_file():
        raise InputDataError([Problem(path, "a BIDS folder holds a file participants.tsv; this one does not.")])
    names = ["participants.tsv"]
    for pattern in ("*.tsv", "*.tsv.gz"):
        names += sorted(f"phenotype/{file.name}" for file in (folder / "phenotype").glob(pattern))
    parts, sidecars = [], []
    for name in names:
        stem = name.removesuffix(".gz").removesuffix(".tsv")
        sidecar = folder / f"{stem}.json"
        described = _sidecar(sidecar, f"{path}/{sidecar.relative_to(folder).as_posix()}") if sidecar.is_file() else {}
        sidecars += [sidecar.relative_to(folder).as_posix()] if described else []
        parts.append(
            FolderPart(
                source=stem.rsplit("/", 1)[-1],
                path=name,
                format="tsv",
                labels={
                    column: {str(code): _level(label) for code, label in levels.items() if code != _NOT_AVAILABLE}
                    for column, spec in described.items()
                    if isinstance(levels := spec.get("Levels"), dict)
                },
                units={column: str(spec["Units"]) for column, spec in described.items() if spec.get("Units")},
                missing={_NOT_AVAILABLE: "not available"},
            )
        )
    return Folder(tuple(parts), "participant_id", tuple(sidecars))


def _level(label: object) -> str:
    return str(label.get("Description", "")) if isinstance(label, dict) else str(label)


def _sidecar(file: Path, path: str) -> dict[str, dict[str, object]]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
        json.dumps(content, ensure_ascii=False).encode("utf-8")  # half of a surrogate pair is no text
    except (OSError, ValueError, RecursionError) as error:
        raise InputDataError([Problem(path, "the sidecar is no valid JSON.", "Mend it or remove it.")]) from error
    if not isinstance(content, dict):
        raise InputDataError([Problem(path, "the sidecar must be a mapping of columns.", "Mend it or remove it.")])
    return {column: spec for column, spec in content.items() if isinstance(spec, dict)}
