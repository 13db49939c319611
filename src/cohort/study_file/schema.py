"""The grammar as JSON Schema, so that an editor can complete keys and names while a study file is written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cohort.study_file.models import StudyFile
from cohort.study_file.vocabulary import Vocabulary


def study_json_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """Return the JSON Schema of a study file, with the names of the codebook as the keys of its sections.

    Parameters
    ----------
    vocabulary
        The names, with their labels.
    """
    schema = StudyFile.model_json_schema()
    labels: dict[str, Mapping[str, str]] = {
        "variables": {name: variable.title for name, variable in vocabulary.mappable.items()},
        "instruments": {name: instrument.title for name, instrument in vocabulary.instruments.items()},
        "labs": {name: f"{analyte.label} ({analyte.unit})" for name, analyte in vocabulary.analytes.items()},
        "diagnoses": {name: disease.label for name, disease in vocabulary.diseases.items()},
        "medications": {name: ", ".join(atc) for name, atc in vocabulary.drugs.items()},
    }
    for section, names in labels.items():
        entry = schema["properties"][section]
        value = entry["additionalProperties"]
        entry["properties"] = {name: {**value, "description": label} for name, label in names.items()}
        entry["additionalProperties"] = False
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "study.yaml",
        "description": "Where the files of a cohort lie and what their columns mean.",
    }


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
