"""Labels of columns: what SPSS, Stata and SAS files, BIDS sidecars and REDCap dictionaries call them in words."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyreadstat

_READERS: dict[str, Callable[..., Any]] = {
    "sav": pyreadstat.read_sav,
    "dta": pyreadstat.read_dta,
    "sas7bdat": pyreadstat.read_sas7bdat,
    "xpt": pyreadstat.read_xport,
}
_NAME, _LABEL, _SHORT_NAME, _SHORT_LABEL = "Variable / Field Name", "Field Label", "field_name", "field_label"

_TYPE, _SHORT_TYPE = "Field Type", "field_type"
_CHOICES, _SHORT_CHOICES = "Choices, Calculations, OR Slider Labels", "select_choices_or_calculations"


def column_labels(file: Path, file_format: str) -> dict[str, str]:
    """Return the label of each column that has one; nothing for formats without labels.

    Parameters
    ----------
    file
        Where it lies.
    file_format
        As in ``files`` of a study file.
    """
    read = _READERS.get(file_format)
    if read is None:
        return {}
    for encoding in (None, "cp1252"):
        try:
            _, meta = read(str(file), metadataonly=True, encoding=encoding)
        except Exception:  # noqa: S112 - a file that its reader has read keeps its values without labels
            continue
        return {str(name): _clean(label) for name, label in meta.column_names_to_labels.items() if label}
    return {}


def sidecar_labels(sidecar: Path) -> dict[str, str]:
    """Return ``Description`` or ``LongName`` of each column of a BIDS sidecar; nothing when there is none.

    Parameters
    ----------
    sidecar
        A JSON file beside a ``.tsv``.
    """
    try:
        content = json.loads(sidecar.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):
        return {}
    described = content.items() if isinstance(content, dict) else ()
    labels = {
        str(name): _clean(str(spec.get("Description") or spec.get("LongName") or ""))
        for name, spec in described
        if isinstance(spec, dict)
    }
    return {name: label for name, label in labels.items() if label}


def dictionary_labels(dictionary: Path) -> dict[str, str]:
    """Return the label of each field of a REDCap data dictionary; nothing for another file.

    Parameters
    ----------
    dictionary
        A CSV file.
    """
    try:
        text = dictionary.read_text(encoding="utf-8-sig", errors="replace")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except (OSError, csv.Error):
        return {}
    labels = {}
    for row in rows:
        name, label = row.get(_NAME) or row.get(_SHORT_NAME), row.get(_LABEL) or row.get(_SHORT_LABEL)
        if name and label:
            labels[name] = _clean(label)
        if name and (row.get(_TYPE) or row.get(_SHORT_TYPE)) == "checkbox":
            labels |= _choices(name, row.get(_CHOICES) or row.get(_SHORT_CHOICES) or "")
    return labels


def _choices(name: str, choices: str) -> dict[str, str]:
    """Return the label of each column of a checkbox: what ticking it means."""
    pairs = [choice.split(",", 1) for choice in choices.split("|") if "," in choice]
    return {f"{name}___{code.strip().lower()}": _clean(label) for code, label in pairs}


def is_dictionary(file: Path) -> bool:
    """Return whether a CSV file is the data dictionary of a REDCap project.

    Parameters
    ----------
    file
        Where it lies.
    """
    try:
        with file.open("rb") as stream:
            head = stream.read(4096)
    except OSError:
        return False
    return (_NAME.encode() in head and _TYPE.encode() in head) or (
        _SHORT_NAME.encode() in head and _SHORT_TYPE.encode() in head
    )


def _clean(label: str) -> str:
    return " ".join(label.split())
