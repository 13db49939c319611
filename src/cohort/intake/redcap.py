"""A REDCap export: data as CSV with codes or labels, and the data dictionary that knows what both mean."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cohort.errors import InputDataError, Problem
from cohort.intake.dialect import recognised_delimiter, stated_delimiter
from cohort.intake.folder_parts import Folder, FolderPart
from cohort.intake.text_encoding import decode

_NAME, _FORM, _TYPE = "Variable / Field Name", "Form Name", "Field Type"
_LABEL, _CHOICES = "Field Label", "Choices, Calculations, OR Slider Labels"
_NAMES_OF_THE_INTERFACE = {
    "field_name": _NAME,
    "form_name": _FORM,
    "field_type": _TYPE,
    "field_label": _LABEL,
    "select_choices_or_calculations": _CHOICES,
}
_OWN_COLUMNS = {
    "Event Name": "redcap_event_name",
    "Repeat Instrument": "redcap_repeat_instrument",
    "Repeat Instance": "redcap_repeat_instance",
    "Data Access Group": "redcap_data_access_group",
    "Survey Identifier": "redcap_survey_identifier",
}
_STATES = {"0": "Incomplete", "1": "Unverified", "2": "Complete"}
_TRUTHS = {"yesno": {"0": "No", "1": "Yes"}, "truefalse": {"0": "False", "1": "True"}}
_CHECKED = {"0": "Unchecked", "1": "Checked"}
_TIMESTAMP, _COMPLETE = "Survey Timestamp", "Complete?"
_TAG = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class _Column:
    """A column of an export: its name, its heading in an export of labels, its form, and the label of each code."""

    name: str
    heading: str
    form: str
    labels: Mapping[str, str] = field(default_factory=dict)
    also: Mapping[str, str] = field(default_factory=dict)

    def codes(self) -> dict[str, str]:
        """Return the code of each label; a label that stands for two codes has none."""
        labels = list(self.labels.values())
        own = {label: code for code, label in self.labels.items() if labels.count(label) == 1}
        return {**self.also, **own}


def redcap_folder(folder: Path, path: str) -> Folder:
    """Return the data files of a REDCap export and what its data dictionary says of their columns.

    Parameters
    ----------
    folder
        Where it lies.
    path
        Its path as the study writes it, for messages.

    Raises
    ------
    InputDataError
        If it does not hold one data dictionary and the data.

    Notes
    -----
    A checkbox has one column per choice, such as ``disease___1``. An export of labels is read as one of codes: its
    headings become the names of fields, in the order of the dictionary, and its labels become codes. Codes for missing
    data that a project defines stand in the data and in no dictionary: a study declares them with ``missing:``.
    """
    dictionaries: list[tuple[str, list[dict[str, str]]]] = []
    data: list[str] = []
    for file in sorted(file for file in folder.glob("*.csv") if file.is_file()):
        fields = _dictionary(file.read_bytes(), f"{path}/{file.name}")
        if fields is None:
            data.append(file.name)
        else:
            dictionaries.append((file.name, fields))
    if len(dictionaries) != 1 or not data:
        found = f"found {len(dictionaries)} and {len(data)}"
        what = f"a REDCap folder holds one data dictionary and the data, as CSV; {found}."
        raise InputDataError([Problem(path, what, "Export both from the project and put them into one folder.")])
    name, fields = dictionaries[0]
    if not fields:
        raise InputDataError([Problem(f"{path}/{name}", "the data dictionary describes no field.", "Export it again.")])
    columns = _columns(fields)
    labels = {column.name: column.labels for column in columns if column.labels}
    codes = {column.name: column.codes() for column in columns if column.labels}

    def rename(header: list[str]) -> list[str]:
        return _names(header, columns)

    parts = tuple(FolderPart(Path(file).stem, file, "csv", labels=labels, codes=codes, rename=rename) for file in data)
    return Folder(parts, fields[0][_NAME], (name,))


def _dictionary(content: bytes, path: str) -> list[dict[str, str]] | None:
    """Return the fields that a data dictionary describes; None for a file that is no data dictionary."""
    if not any(name.encode() in content[:4096] for name in (_NAME, "field_name")):
        return None
    _, text = stated_delimiter(decode(content, path, None).text)
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=recognised_delimiter(text)))
    except csv.Error:
        return None
    header = [_NAMES_OF_THE_INTERFACE.get(name.strip(), name.strip()) for name in (rows[0] if rows else [])]
    if not {_NAME, _TYPE} <= set(header):
        return None
    described = [dict(zip(header, row, strict=False)) for row in rows[1:]]
    return [row for row in described if row.get(_NAME, "").strip()]


def _columns(fields: Sequence[Mapping[str, str]]) -> list[_Column]:
    """Return the columns of an export in their order: those of each field, and the state of each form after them."""
    columns: list[_Column] = []
    forms = {f"{form}": _title(form) for form in dict.fromkeys(spec.get(_FORM, "") for spec in fields) if form}
    columns.append(_Column("redcap_repeat_instrument", "Repeat Instrument", "", forms))
    last = ""
    for spec in fields:
        form = spec.get(_FORM, "")
        if last and form != last:
            columns.append(_Column(f"{last}_complete", _COMPLETE, last, _STATES))
        last = form
        columns += _columns_of(spec[_NAME].strip(), form, spec)
    if last:
        columns.append(_Column(f"{last}_complete", _COMPLETE, last, _STATES))
    return columns


def _columns_of(name: str, form: str, spec: Mapping[str, str]) -> list[_Column]:
    kind, heading = spec.get(_TYPE, "").strip(), _plain(spec.get(_LABEL, ""))
    if kind == "descriptive":
        return []
    choices = _choices(spec.get(_CHOICES, "")) if kind in {"radio", "dropdown", "checkbox"} else {}
    if kind == "checkbox":
        return [
            _Column(
                f"{name}___{re.sub('[^0-9a-z_]', '_', code.lower())}",
                f"{heading} (choice={label})",
                form,
                _CHECKED,
                {label: "1"},
            )
            for code, label in choices.items()
        ]
    return [_Column(name, heading, form, _TRUTHS.get(kind, choices))]


def _choices(text: str) -> dict[str, str]:
    """Return the label of each code.

    Examples
    --------
    >>> _choices("1, Man | 2, Vrouw | 9, Onbekend, of niet gevraagd")
    {'1': 'Man', '2': 'Vrouw', '9': 'Onbekend, of niet gevraagd'}
    """
    pairs = [choice.split(",", 1) for choice in text.split("|") if "," in choice]
    return {code.strip(): _plain(label) for code, label in pairs}


def _plain(text: str) -> str:
    return " ".join(_TAG.sub("", text).split())


def _title(form: str) -> str:
    return form.replace("_", " ").title()


def _names(header: Sequence[str], columns: Sequence[_Column]) -> list[str]:
    """Return the names of fields for the headings of an export of labels; names of fields stay as they are.

    A heading may occur several times, as ``Complete?`` does: each is the next column of the dictionary that has it.
    """
    if header and header[0] in {column.name for column in columns}:
        return list(header)
    own = [column for column in columns if column.form]
    names: list[str] = []
    place = 0
    for heading in header:
        if heading in _OWN_COLUMNS:
            names.append(_OWN_COLUMNS[heading])
            continue
        if heading == _TIMESTAMP and place < len(own):
            names.append(f"{own[place].form}_timestamp")
            continue
        found = next((i for i in range(place, len(own)) if own[i].heading == _plain(heading)), None)
        names.append(heading if found is None else own[found].name)
        place = place if found is None else found + 1
    return names
