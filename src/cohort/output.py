"""Writing results so that a killed run leaves nothing half done: a fresh folder appears whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cohort.errors import CohortError

MARKER = "provenance.json"
_STALE_AFTER_SECONDS = 24 * 3600


def check_writable(target: Path) -> None:
    """Return nothing if results may be written to a folder: it is absent, empty, or was made by an earlier run.

    Parameters
    ----------
    target
        The folder that a command was told to write.

    Raises
    ------
    CohortError
        If it is a file, or a folder with other content.
    """
    if target.is_file():
        raise CohortError(f"'{target.name}' is a file; --out needs a folder.")
    if target.is_dir() and any(target.iterdir()) and not _made_by_us(target):
        raise CohortError(
            f"the folder '{target.name}' holds something that cohort did not make, and is left alone. "
            "Name a new or an empty folder with --out."
        )


def _made_by_us(folder: Path) -> bool:
    try:
        return "cohort_version" in json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False


def _remove_stale(target: Path) -> None:
    """Remove what killed runs left beside the target more than a day ago: it may hold personal data."""
    for left in target.parent.glob(f".{target.name}.partial-*"):
        if time.time() - left.stat().st_mtime > _STALE_AFTER_SECONDS:
            shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def fresh_folder(target: Path) -> Iterator[Path]:
    """Yield a temporary folder beside the target that takes its place when the block ends without an error.

    Parameters
    ----------
    target
        Where the results shall stand; an earlier result of ours there is replaced in one step.

    Raises
    ------
    CohortError
        If the target holds something else.
    """
    target = target.absolute()
    check_writable(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(target)
        partial = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
    except OSError as error:
        raise CohortError(f"cannot write beside '{target.name}': {error.strerror}.") from error
    try:
        yield partial
        partial.chmod(0o777 & ~_umask())
        if target.is_dir():
            old = Path(tempfile.mkdtemp(prefix=f".{target.name}.partial-", dir=target.parent))
            target.replace(old / "old")
            partial.replace(target)
            shutil.rmtree(old, ignore_errors=True)
        else:
            partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with plain line feeds, on every system."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: Any) -> None:
    """Write JSON with sorted keys, so that the same content gives the same bytes."""
    write_text(path, json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
