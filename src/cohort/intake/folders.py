"""Folders as sources: a BIDS study and a REDCap export, each as files that are stacked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cohort.errors import InputDataError, Problem
from cohort.intake.bids import bids_folder
from cohort.intake.folder_parts import Folder
from cohort.intake.redcap import redcap_folder

FOLDERS: dict[str, Callable[[Path, str], Folder]] = {"bids": bids_folder, "redcap": redcap_folder}
"""What reads each form of a folder; a new form is one entry here."""


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
    return FOLDERS[folder_format](folder, path)
