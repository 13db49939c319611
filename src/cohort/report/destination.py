"""Where results of real people may be written."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cohort.output import MARKER, check_outside_git
from cohort.study import DEMO, read_study_file


def check_destination(study: str | Path | None, out: Path, *, allow_git: bool = False) -> None:
    """Return nothing if results of a study may be written to a folder as far as git is concerned.

    Results of a synthetic study may go anywhere.

    Parameters
    ----------
    study
        A study file, a folder written by ``cohort clean``, or None for the demo.
    out
        The folder; it need not exist.
    allow_git
        Whether the user said that a folder that git would track is safe.

    Raises
    ------
    CohortError
        If the study is real and git would track the folder, or the study file is not valid.
    """
    if not allow_git and not _is_synthetic(study):
        check_outside_git(out)


def _is_synthetic(study: str | Path | None) -> bool:
    if study is None or str(study) == DEMO:
        return True
    path = Path(study)
    if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        try:
            return bool(json.loads((path / MARKER).read_text(encoding="utf-8"))["study"]["synthetic"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
    return read_study_file(path).synthetic
