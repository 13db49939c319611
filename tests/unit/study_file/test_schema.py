"""The JSON Schema for editors fits the grammar and is the one that is stored."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from cohort.codebook import Codebook
from cohort.study_file import study_json_schema, write_study_schema
from cohort.study_file.reading import read_yaml

SOUND = ("nhanes", "stacked_cycles", "register", "waves", "long_laboratory", "folders")


@pytest.fixture(scope="module")
def validator(codebook: Codebook) -> jsonschema.Draft202012Validator:
    schema = study_json_schema(codebook)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_stored_schema_is_the_generated_one(repository: Path, tmp_path: Path, codebook: Codebook) -> None:
    write_study_schema(tmp_path / "study.schema.json", codebook)
    stored = repository / "data_schema" / "study.schema.json"
    fix = "run scripts/write_study_schema.py"
    assert stored.read_bytes() == (tmp_path / "study.schema.json").read_bytes(), fix


@pytest.mark.parametrize("name", SOUND)
def test_schema_accepts_what_the_models_accept(
    name: str, validator: jsonschema.Draft202012Validator, study_files: Path
) -> None:
    assert list(validator.iter_errors(read_yaml(study_files / f"{name}.yaml").data)) == []


def test_schema_knows_keys_and_names(validator: jsonschema.Draft202012Validator, study_files: Path) -> None:
    faulty = {error.json_path for error in validator.iter_errors(read_yaml(study_files / "seven_errors.yaml").data)}
    assert faulty == {"$", "$.variables", "$.labs.il6"}


def test_schema_offers_every_name_of_the_codebook(repository: Path, codebook: Codebook) -> None:
    properties = json.loads((repository / "data_schema" / "study.schema.json").read_text(encoding="utf-8"))[
        "properties"
    ]
    assert set(properties["variables"]["properties"]) == set(codebook.mappable)
    assert set(properties["labs"]["properties"]) == set(codebook.analytes)
    assert set(properties["diagnoses"]["properties"]) == set(codebook.diseases)
    assert set(properties["medications"]["properties"]) == set(codebook.drugs)
    assert set(properties["instruments"]["properties"]) == set(codebook.instruments)
