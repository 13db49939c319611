"""Read a study file: every mistake in it is found and told at once, in the order of the file."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cohort.errors import StudyFileError
from cohort.study_file.checks import check_study
from cohort.study_file.messages import add_model_errors, error_path
from cohort.study_file.models import StudyFile
from cohort.study_file.reading import DataPath, YamlText, read_yaml
from cohort.study_file.vocabulary import Vocabulary

_STAND_INS: dict[str, Any] = {
    "cohort_study": 1,
    "name": "unnamed",
    "title": "",
    "files": {"": {"path": ""}},
    "path": "",
    "file": "",
    "column": "",
    "variable": "",
    "system": "ATC",
    "starts_with": [""],
    "relative": {"column": ""},
    "kind": "sibling",
    "nearest": "",
    "items": {},
    "weights": {"file": "", "constant": 1},
}
"""What stands for a required key that is missing while the rest of its entry is checked; the checks pass over it."""


def load_study_file(path: Path, vocabulary: Vocabulary) -> StudyFile:
    """Return a study file, with its words and units checked against the codebook.

    Parameters
    ----------
    path
        A file such as ``study.yaml``.
    vocabulary
        The names it may use, with their units, categories and item counts; the codebook is one.

    Raises
    ------
    StudyFileError
        With every problem of the file: faults of the text itself, unknown or missing keys, values of the wrong kind,
        and names, words and units that the codebook does not know.
    """
    text = read_yaml(path)
    study: StudyFile | None = None
    try:
        study = StudyFile.model_validate(text.data)
    except ValidationError as error:
        add_model_errors(text, error)
    _add_empty_entries(text)
    checked = study if study is not None else _what_is_valid(text)
    if checked is not None:
        check_study(checked, text, vocabulary)
    if text.problems or study is None:
        ordered = sorted(text.problems, key=lambda item: item[0])
        raise StudyFileError([problem for _, problem in ordered])
    return study


def _add_empty_entries(text: YamlText) -> None:
    """Note every key without a value; the models take it for a key that is not there, its writer forgot something."""
    told = {problem.where for _, problem in text.problems}
    for path in text.positions:
        parent = _parent(text.data, path)
        is_empty = isinstance(parent, dict) and parent.get(path[-1], "") is None
        if is_empty and text.where(path) not in told and not text.is_spoilt(path):
            text.add(path, "there is no value.", "Fill it in or remove the key.")
            text.incomplete |= {path, path[:-1]}


def _what_is_valid(text: YamlText) -> StudyFile | None:
    """Return the study without its faulty entries, so that the sound ones can be checked in the same go."""
    data = copy.deepcopy(text.data)
    for _ in range(len(text.positions) + 1):
        try:
            return StudyFile.model_validate(data)
        except ValidationError as error:
            shrunk = YamlText(text.file, data)
            faults = [(error_path(shrunk, detail), detail) for detail in error.errors(include_url=False)]
        for path, detail in faults:
            if detail["type"] == "missing" and str(detail["loc"][-1]) in _STAND_INS:
                text.incomplete.add(path)
                _parent(data, (*path, ""))[str(detail["loc"][-1])] = copy.deepcopy(_STAND_INS[str(detail["loc"][-1])])
            elif not _cut(data, path, text):
                return None
    return None


def _cut(data: Any, path: DataPath, text: YamlText) -> bool:
    """Take an entry out of the data; False when that is the whole file.

    A faulty item takes its list along: the others would no longer stand where the file has them.
    """
    while path and isinstance(path[-1], int):
        path = path[:-1]
    if not path:
        return False
    text.incomplete |= {path, path[:-1]}
    parent = _parent(data, path)
    if isinstance(parent, dict):
        parent.pop(path[-1], None)
    return True


def _parent(data: Any, path: DataPath) -> Any:
    """Return what holds the last step of a path; an empty mapping when it is gone already."""
    for step in path[:-1]:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            return {}
    return data
