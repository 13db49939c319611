"""Chunks of replicates on disk: each written whole or not at all, so that a killed run goes on where it stopped."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cohort
from cohort.errors import CohortError, Problem
from cohort.output import write_json

Row = dict[str, Any]
_PACKAGE = Path(cohort.__file__).parent
_ROOTS = ("cohort.diagnosis.running", "cohort.diagnosis.methods", "cohort.diagnosis.sample")
_NOT_IN_REPLICATES = (
    "cohort.diagnosis.__init__", "cohort.diagnosis.store", "cohort.diagnosis.performance", "cohort.diagnosis.wrong",
    "cohort.diagnosis.truth", "cohort.progress",
)  # fmt: skip
"""What sums replicates up, keeps them or shows how far they are can change without drawing them anew."""


_FROM_FILES = ("cohort.study",)
"""Way into intake and cleaning, which only replicates from raw files take."""


@functools.cache
def code_version(*, from_files: bool = True) -> str:
    """Return a hash of the code that decides what a replicate gives: the modules that its methods rest on, all told.

    Parameters
    ----------
    from_files
        Whether replicates go through raw files, intake and cleaning.
    """
    seen = hashlib.sha256(cohort.__version__.encode())
    left_out = (*_NOT_IN_REPLICATES, *(() if from_files else _FROM_FILES))
    for name, path in sorted(modules_behind(_ROOTS, left_out).items()):
        seen.update(name.encode())
        seen.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return seen.hexdigest()[:16]


def modules_behind(roots: Iterable[str], left_out: Iterable[str] = _NOT_IN_REPLICATES) -> dict[str, Path]:
    """Return the modules of the package that some modules import, and those that these import, with their files.

    Parameters
    ----------
    roots, left_out
        Dotted names; those left out are not followed.

    Examples
    --------
    >>> "cohort.analysis.fitting" in modules_behind(["cohort.analysis.contrasts"])
    True
    """
    found: dict[str, Path] = {}
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if path is None or name in found or name in left_out:
            continue
        found[name] = path
        waiting += _imported(path)
    return found


def _file_of(name: str) -> Path | None:
    """Return the file of a module of the package; None when the name is that of something in a module."""
    place = _PACKAGE.joinpath(*name.split(".")[1:])
    path = next((one for one in (place.with_suffix(".py"), place / "__init__.py") if one.is_file()), None)
    return path if name != "cohort" else None


def _imported(path: Path) -> set[str]:
    """Return what a file imports from the package, as dotted names of modules and of things in them."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in names if name.startswith("cohort.")}


def fingerprint(content: Mapping[str, Any]) -> str:
    """Return a hash of everything that a chunk depends on.

    Parameters
    ----------
    content
        Plain data.

    Examples
    --------
    >>> fingerprint({"seed": 1}) == fingerprint({"seed": 1}), fingerprint({"seed": 1}) == fingerprint({"seed": 2})
    (True, False)
    """
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ChunkStore:
    """A folder of finished chunks of one study; runs with other parameters lie in other folders beside it.

    Parameters
    ----------
    folder
        Where the chunks lie.
    """

    folder: Path

    @classmethod
    def open(cls, where: Path, name: str, content: Mapping[str, Any]) -> ChunkStore:
        """Return the store of a study, made if need be.

        Parameters
        ----------
        where
            The folder given by ``--store``.
        name
            What the study is called, for people who look into the folder.
        content
            Everything that its numbers depend on.

        Raises
        ------
        CohortError
            If a file is in the way.
        """
        folder = where / f"{name}-{fingerprint(content)}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise CohortError([Problem("--store", f"'{where.name}' is a file.", "Name a folder.")]) from error
        told = folder / "study.json"
        if not told.exists():
            partial = folder / f".study.json.{os.getpid()}"
            write_json(partial, json.loads(json.dumps(content, default=str)))
            partial.replace(told)
        return cls(folder)

    def load(self, chunk: int, seeds: Sequence[int]) -> list[Row] | None:
        """Return the rows of a finished chunk; None when it is absent, damaged, or of fewer replicates.

        Parameters
        ----------
        chunk
            Its number.
        seeds
            The seeds of its replicates.
        """
        try:
            content = json.loads(self._path(chunk).read_text(encoding="utf-8"))
            rows, known = content["rows"], content["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if known != _sum(rows) or content.get("seeds") != list(seeds):
            return None
        return [{k: math.nan if v is None and k not in _WORDS else v for k, v in row.items()} for row in rows]

    def save(self, chunk: int, seeds: Sequence[int], rows: Sequence[Row]) -> None:
        """Write a finished chunk; it appears under its name when it is whole.

        Parameters
        ----------
        chunk, seeds
            As in :meth:`load`.
        rows
            Its rows.
        """
        plain = [{k: None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()} for row in rows]
        text = json.dumps({"seeds": list(seeds), "sha256": _sum(plain), "rows": plain}, ensure_ascii=True)
        partial = self.folder / f".chunk.{os.getpid()}"
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path(chunk))

    def _path(self, chunk: int) -> Path:
        return self.folder / f"chunk-{chunk:05d}.json"


_WORDS = ("method", "verdict", "size_verdict", "reason")


def _sum(rows: Any) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
