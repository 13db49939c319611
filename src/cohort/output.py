"""Writing results so that a killed run leaves nothing half done: a fresh folder appears whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from cohort.errors import CohortError

MARKER = "provenance.json"
_STALE_AFTER_SECONDS = 24 * 3600
_FORMULA_STARTS = ("=", "+", "-", "@")
_BREAKS = re.compile(r"[\t\r\n\v\f]+")


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


def check_outside_git(target: Path) -> None:
    """Return nothing if a folder lies in no git repository, or where that repository ignores it.

    A commit carries what it holds to every clone, and taking it back out of the history is hard: results of real people
    stay out of reach of ``git add .``.

    Parameters
    ----------
    target
        The folder that a command was told to write; it need not exist.

    Raises
    ------
    CohortError
        If git would track it. Without the program git nobody can tell, and it is refused as well.
    """
    target = target.resolve()
    tree = next((folder for folder in (target, *target.parents) if (folder / ".git").exists()), None)
    if tree is None or _is_ignored(target, tree):
        return
    raise CohortError(
        f"'{target.name}' lies in the git repository '{tree.name}', and results of real people must not be committed. "
        f"Name a folder outside of it with --out, add '{target.relative_to(tree).as_posix()}/' to its .gitignore, or "
        "say --allow-git if you know that it is safe."
    )


def _is_ignored(target: Path, tree: Path) -> bool:
    if target == tree:
        return False
    program = shutil.which("git")
    if program is None:
        return False
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    # The slash lets a pattern for folders match one that does not exist yet.
    command = [program, "-C", str(tree), "check-ignore", "--quiet", f"{target.relative_to(tree).as_posix()}/"]
    return subprocess.run(command, env=environment, check=False, capture_output=True).returncode == 0  # noqa: S603


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


def safe_csv(frame: pd.DataFrame) -> str:
    """Return a table as CSV whose cells no spreadsheet takes for a formula.

    A text that begins with one of ``= + - @`` gets an apostrophe before it, and tabs and line breaks become blanks;
    numbers, and texts that are numbers, stay as they are. Names of columns are treated alike.

    Parameters
    ----------
    frame
        The table; its index is left out.

    Examples
    --------
    >>> print(safe_csv(pd.DataFrame({"label": ["=1+1", "-0.5", "a"], "n": [-1, 2, 3]})))
    label,n
    '=1+1,-1
    -0.5,2
    a,3
    <BLANKLINE>

    Notes
    -----
    After the advice of OWASP on "CSV injection": a name of a variable or of a file may come from anywhere.
    """
    safe = frame.copy(deep=False)
    safe.columns = pd.Index([_no_formula(name) for name in frame.columns], dtype="object")
    for place, (_, column) in enumerate(frame.items()):
        if pd.api.types.is_numeric_dtype(column.dtype) or pd.api.types.is_datetime64_any_dtype(column.dtype):
            continue
        cells = column.astype("object")
        if any(cell != _no_formula(cell) for cell in cells.unique() if isinstance(cell, str)):
            safe.isetitem(place, [_no_formula(cell) for cell in cells])
    return str(safe.to_csv(index=False, lineterminator="\n"))


def _no_formula(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    text = _BREAKS.sub(" ", cell)
    if not text.lstrip().startswith(_FORMULA_STARTS):
        return text
    try:
        float(text.replace(",", ""))
    except ValueError:
        return f"'{text}"
    return text
