"""The grammar as JSON Schema, so that an editor can complete keys and names while a study file is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from cohort.study_file.conditions import Code, ColumnCondition, Condition
from cohort.study_file.models import StudyFile
from cohort.study_file.vocabulary import Vocabulary

_SHARED: dict[str, Any] = {"conditions": Condition, "column_condition": ColumnCondition, "code": Code}
"""Types that come back in many entries and are described once."""


def study_json_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the JSON Schema of a study file, with the names of the codebook as the keys of its sections.

    It is a help while writing: it knows keys and names. Units, words and item counts are checked when the file is read.

    Parameters
    ----------
    vocabulary
        The names, with their labels.
    """
    schema = _plain(StudyFile.model_json_schema())
    shared = {name: _plain(TypeAdapter(shape).json_schema()) for name, shape in _SHARED.items()}
    for shape in shared.values():
        shape.pop("$defs", None)
    schema = {key: _with_references(value, shared) for key, value in schema.items()}
    schema["$defs"] |= {
        name: {key: _with_references(value, shared) for key, value in shape.items()} for name, shape in shared.items()
    }
    labels: dict[str, Mapping[str, str]] = {
        "variables": {name: variable.title for name, variable in vocabulary.mappable.items()},
        "instruments": {name: instrument.title for name, instrument in vocabulary.instruments.items()},
        "labs": {name: f"{analyte.label} ({analyte.unit})" for name, analyte in vocabulary.analytes.items()},
        "diagnoses": {name: disease.label for name, disease in vocabulary.diseases.items()},
        "medications": {name: ", ".join(atc) for name, atc in vocabulary.drugs.items()},
        "rules": {name: rule.description for name, rule in vocabulary.rules.items()},
    }
    for section, names in labels.items():
        entry = schema["properties"][section]
        schema["$defs"][section] = entry["additionalProperties"]
        entry["properties"] = {
            name: {"$ref": f"#/$defs/{section}", "description": label} for name, label in names.items()
        }
        entry["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "study.yaml",
        **schema,
        "description": "Where the files of a cohort lie and what their columns mean.",
    }


def _plain(node: Any) -> Any:
    """Return a schema without repeated titles and empty values, its alternatives in one list.

    ``oneOf`` becomes ``anyOf``: the shapes of a condition overlap, since the word ``blank`` is text like any other.
    """
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    plain = {
        key: {name: _plain(item) for name, item in value.items()} if key in ("properties", "$defs") else _plain(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    options = plain.pop("oneOf", None) or plain.pop("anyOf", None)
    if options is None:
        return plain
    flat: list[Any] = []
    for option in options:
        nested = option["anyOf"] if set(option) <= {"anyOf", "minItems"} else [option]
        flat += [item for item in nested if item != {"type": "null"} and item not in flat]
    if {"type": "number"} in flat and {"type": "integer"} in flat:
        flat.remove({"type": "integer"})
    return {**plain, **(flat[0] if len(flat) == 1 else {"anyOf": flat})}


def _with_references(node: Any, shared: Mapping[str, Any]) -> Any:
    """Return a schema in which what is described once is referred to."""
    for name, shape in shared.items():
        if node == shape:
            return {"$ref": f"#/$defs/{name}"}
    if isinstance(node, dict):
        return {key: _with_references(value, shared) for key, value in node.items()}
    return [_with_references(item, shared) for item in node] if isinstance(node, list) else node


def write_study_schema(path: Path, vocabulary: Vocabulary) -> None:
    """Write the JSON Schema of a study file.

    Parameters
    ----------
    path
        The file to write, such as ``data_schema/study.schema.json``.
    vocabulary
        The names, with their labels.
    """
    text = json.dumps(study_json_schema(vocabulary), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")
