"""The study file of a twin: the analyst's own, marked as synthetic, with the few places changed that no longer fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from cohort.study_file import DataFile, StudyFile

TITLE = "Synthetic twin: "
UNWRITABLE = "sas7bdat"


def safe_path(path: str) -> str:
    r"""Return a path that stays inside the folder of the twin, and whose ending tells a format that can be written.

    Examples
    --------
    >>> safe_path("data/demo.xpt"), safe_path("/secure/../x/demo.sas7bdat"), safe_path("C:\\data\\a.csv")
    ('data/demo.xpt', 'secure/x/demo.xpt', 'data/a.csv')
    """
    plain = path.replace("\\", "/")
    parts = [part for part in PurePosixPath(plain).parts if part not in ("/", "..", ".") and not part.endswith(":")]
    name = "/".join(parts)
    for ending in (f".{UNWRITABLE}", f".{UNWRITABLE}.gz"):
        if name.lower().endswith(ending):
            name = name[: -len(ending)] + ending.replace(UNWRITABLE, "xpt")
    return name


def twin_study(study: StudyFile, rows: Mapping[str, int]) -> StudyFile:
    """Return the study of a twin: synthetic, its files in its own folder, with the number of rows that they have.

    Parameters
    ----------
    study
        The study.
    rows
        Rows of each file, where the study states them.
    """
    files = {}
    for name, file in study.files.items():
        changes: dict[str, Any] = {"path": _safe(file)}
        if file.format == UNWRITABLE:
            changes["format"] = "xpt"
        if file.rows is not None and name in rows:
            changes["rows"] = rows[name]
        files[name] = file.model_copy(update=changes)
    title = study.title if study.title.startswith(TITLE) else TITLE + study.title
    return study.model_copy(update={"synthetic": True, "root": ".", "title": title, "files": files})


def _safe(file: DataFile) -> Any:
    if isinstance(file.path, str):
        return safe_path(file.path)
    if isinstance(file.path, dict):
        return {name: safe_path(path) for name, path in file.path.items()}
    return [safe_path(path) for path in file.path]


@dataclass(frozen=True)
class _Edit:
    start: int
    end: int
    text: str


def study_text(path: Path, twin: StudyFile) -> str:
    """Return the text of the twin's study file: the original with its comments, a few values replaced.

    Parameters
    ----------
    path
        The original.
    twin
        What the text shall say.

    Notes
    -----
    Where the values cannot be replaced one by one, as under anchors, the whole is written anew, without comments.
    """
    text = path.read_text(encoding="utf-8-sig").replace("\r\n", "\n")
    edited = _edited(text, twin)
    head = "# A synthetic twin: no row of these files is of a real person.\n"
    if edited is not None:
        try:
            if StudyFile.model_validate(yaml.safe_load(edited)) == twin:
                return head + edited
        except ValueError:
            pass
    return head + _anew(twin)


def _edited(text: str, twin: StudyFile) -> str | None:
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        return None
    top = {key.value: (key, value) for key, value in root.value}
    edits = [_Edit(*_span(top["title"][1]), json.dumps(twin.title, ensure_ascii=False))]
    for key, value in (("synthetic", "true"), ("root", ".")):
        if key in top:
            edits.append(_Edit(*_span(top[key][1]), value))
        elif key == "synthetic":
            start = top["title"][0].start_mark.index
            edits.append(_Edit(start, start, "synthetic: true\n"))
    files = {key.value: value for key, value in top["files"][1].value}
    for name, file in twin.files.items():
        edits += _file_edits(files[name], file)
    for edit in sorted(edits, key=lambda one: -one.start):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def _span(node: yaml.Node) -> tuple[int, int]:
    return int(node.start_mark.index), int(node.end_mark.index)


def _file_edits(node: Any, file: DataFile) -> list[_Edit]:
    spec = {key.value: value for key, value in node.value}
    edits = []
    if file.rows is not None and "rows" in spec:
        edits.append(_Edit(*_span(spec["rows"]), str(file.rows)))
    if "format" in spec and spec["format"].value == UNWRITABLE:
        edits.append(_Edit(*_span(spec["format"]), "xpt"))
    paths = spec["path"]
    nodes = [paths] if isinstance(paths, yaml.ScalarNode) else (
        [value for _, value in paths.value] if isinstance(paths, yaml.MappingNode) else list(paths.value)
    )  # fmt: skip
    for one in nodes:
        safe = safe_path(str(one.value))
        if safe != one.value:
            edits.append(_Edit(*_span(one), json.dumps(safe, ensure_ascii=False)))
    return edits


def _anew(twin: StudyFile) -> str:
    plain = twin.model_dump(mode="json", exclude_none=True, exclude_defaults=True) | {"cohort_study": 1}
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)
