"""The descriptor in data_schema is a valid Data Package v2, and its schemas catch what they should."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import frictionless
import jsonschema
import pandas as pd
import pytest

from cohort.codebook import Variable, load_codebook

TABLES = tuple(load_codebook().tables)


@pytest.fixture
def descriptor(repository: Path) -> dict[str, Any]:
    return json.loads((repository / "data_schema" / "datapackage.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def profile(repository: Path) -> dict[str, Any]:
    # Our own schema of the part of the standard that we use. The official profile stays outside the repository: it is
    # the work of others, far longer than our descriptor, and lets every misspelt property pass.
    path = repository / "tests" / "fixtures" / "profiles" / "cohort-data-package.json"
    return json.loads(path.read_text(encoding="utf-8"))


def field_of(descriptor: dict[str, Any], table: str, name: str) -> dict[str, Any]:
    (resource,) = [r for r in descriptor["resources"] if r["name"] == table]
    (field,) = [f for f in resource["schema"]["fields"] if f["name"] == name]
    return field


def checkable(descriptor: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of the descriptor that makes frictionless 5 check what ours means.

    It reads labelled missing values when the package declares version 2, but does not check ``categories`` yet: each
    becomes an ``enum`` constraint, which the standard allows beside it. Our tables leave out the columns that a study
    does not map, which is ``fieldsMatch: superset``; the published 2.0 profile calls that property an array by
    mistake, so the descriptor itself goes without. Foreign keys are left out: each table is checked alone.
    """
    result = copy.deepcopy(descriptor)
    for resource in result["resources"]:
        resource["schema"]["fieldsMatch"] = "superset"
        resource["schema"].pop("foreignKeys", None)
        for field in resource["schema"]["fields"]:
            if "categories" in field:
                field.setdefault("constraints", {})["enum"] = field["categories"]
    return result


def errors_of(table: str, frame: pd.DataFrame, descriptor: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    """Return the kind and the column of each fault that frictionless finds in a table written as CSV."""
    frame.to_csv(folder / f"{table}.csv", index=False)
    package = checkable(descriptor)
    package["resources"] = [r for r in package["resources"] if r["name"] == table]
    report = frictionless.Package.from_descriptor(package, basepath=str(folder)).validate()
    return [(str(kind), str(column)) for kind, column in report.flatten(["type", "fieldName"])]


def clean_value(variable: Variable, row: int) -> Any:
    """Return a value that fits the variable, different in each row where the type allows it."""
    low = variable.minimum if variable.minimum is not None else 0
    values = {
        "string": f"{variable.name}_{row}",
        "integer": int(low) + row,
        "number": low + row / 2,
        "boolean": bool(row % 2),
        "date": pd.Timestamp(2020, 1, 1 + row),
    }
    return variable.categories[row % len(variable.categories)] if variable.categories else values[variable.type]


def clean_table(table: str) -> pd.DataFrame:
    """Return two rows with every column in its canonical dtype, and a third with the required columns only."""
    variables = load_codebook().tables[table].values()
    key = load_codebook().primary_keys[table]
    columns = {}
    for variable in variables:
        values = [clean_value(variable, row) for row in range(3)]
        if not variable.required and variable.name not in key:
            values[2] = None
        dtype = pd.CategoricalDtype(list(variable.categories)) if variable.categories else variable.dtype
        columns[variable.name] = pd.Series(values, dtype=dtype)
    return pd.DataFrame(columns)


def test_frictionless_accepts_the_descriptor(descriptor: dict[str, Any]) -> None:
    assert [error.message for error in frictionless.Package.metadata_validate(descriptor)] == []
    assert [resource.name for resource in frictionless.Package.from_descriptor(descriptor).resources] == list(TABLES)


def test_frictionless_reads_the_labels_of_missing_values_and_keeps_our_properties(descriptor: dict[str, Any]) -> None:
    package = frictionless.Package.from_descriptor(descriptor)
    assert package.get_resource("visits").schema.missing_values == [""]
    assert package.get_resource("visits").schema.get_field("bmi_kg_m2").custom["unit"] == "kg/m^2"
    assert package.to_descriptor()["resources"][0]["schema"]["missingValues"] == [
        {"value": "", "label": "not available"}
    ]


def test_labelled_missing_values_are_refused_under_version_1(descriptor: dict[str, Any]) -> None:
    del descriptor["$schema"]
    messages = [error.message for error in frictionless.Package.metadata_validate(descriptor)]
    assert any("require datapackage v2" in message for message in messages)


@pytest.mark.parametrize("key", ["primaryKey", "foreignKeys"])
def test_frictionless_refuses_a_key_that_names_no_column(descriptor: dict[str, Any], key: str) -> None:
    schema = descriptor["resources"][1]["schema"]
    schema[key] = ["nobody"] if key == "primaryKey" else [{**schema[key][0], "fields": ["nobody"]}]
    assert list(frictionless.Package.metadata_validate(descriptor))


def test_foreign_keys_lead_to_the_primary_key_of_a_table(descriptor: dict[str, Any]) -> None:
    keys = {r["name"]: r["schema"]["primaryKey"] for r in descriptor["resources"]}
    links = [link for r in descriptor["resources"] for link in r["schema"].get("foreignKeys", [])]
    assert len(links) == len(TABLES) - 1, "every table but participants hangs on participants"
    assert all(keys[link["reference"]["resource"]] == link["reference"]["fields"] for link in links)


def test_the_descriptor_follows_the_standard_and_misspells_nothing(
    descriptor: dict[str, Any], profile: dict[str, Any]
) -> None:
    jsonschema.Draft202012Validator.check_schema(profile)
    faults = jsonschema.Draft202012Validator(profile).iter_errors(descriptor)
    assert [f"{fault.json_path}: {fault.message}" for fault in faults] == []


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("bmi_kg_m2", {"sensitivty": "personal"}),
        ("bmi_kg_m2", {"type": "float"}),
        ("bmi_kg_m2", {"categories": ["low", "high"]}),
        ("smoking", {"constraints": {"minimum": 0}}),
        ("smoking", {"categories": ["never", "never"]}),
        ("smoking", {"unit": "pack"}),
        ("visit_date", {"categoriesOrdered": True}),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_the_profile_finds_a_wrong_property(
    descriptor: dict[str, Any], profile: dict[str, Any], name: str, change: dict[str, Any]
) -> None:
    field_of(descriptor, "visits", name).update(change)
    assert list(jsonschema.Draft202012Validator(profile).iter_errors(descriptor))


@pytest.mark.parametrize("table", TABLES)
def test_a_clean_table_validates_against_its_schema(table: str, descriptor: dict[str, Any], tmp_path: Path) -> None:
    assert errors_of(table, clean_table(table), descriptor, tmp_path) == []


def test_a_table_may_lack_columns_that_a_study_does_not_map(descriptor: dict[str, Any], tmp_path: Path) -> None:
    frame = clean_table("visits")[["participant_id", "visit", "bmi_kg_m2", "smoking"]]
    assert errors_of("visits", frame, descriptor, tmp_path) == []


@pytest.mark.parametrize(
    ("column", "value", "kind"),
    [
        ("smoking", "sometimes", "constraint-error"),
        ("bmi_kg_m2", 900, "constraint-error"),
        ("phq9_1", 4, "constraint-error"),
        ("phq9_1", "1.5", "type-error"),
        ("hamd17_3", 5, "constraint-error"),
        ("hamd17_4", 3, "constraint-error"),
        ("is_pregnant", "perhaps", "type-error"),
        ("visit_date", "01-02-2020", "type-error"),
        ("participant_id", None, "constraint-error"),
    ],
)
def test_a_wrong_value_is_caught(
    column: str, value: object, kind: str, descriptor: dict[str, Any], tmp_path: Path
) -> None:
    frame = clean_table("visits").astype(object)
    frame.loc[0, column] = value
    assert (kind, column) in errors_of("visits", frame, descriptor, tmp_path)


def test_an_answer_that_only_some_items_offer_is_no_fault_of_theirs(descriptor: dict[str, Any], tmp_path: Path) -> None:
    frame = clean_table("visits").assign(hamd17_3=pd.array([4, 3, 0], dtype="Int64"))
    assert errors_of("visits", frame, descriptor, tmp_path) == []


def test_a_repeated_person_is_caught(descriptor: dict[str, Any], tmp_path: Path) -> None:
    frame = clean_table("participants")
    frame["participant_id"] = "same"
    assert {kind for kind, _ in errors_of("participants", frame, descriptor, tmp_path)} >= {"unique-error"}


def test_an_unknown_column_is_caught(descriptor: dict[str, Any], tmp_path: Path) -> None:
    frame = clean_table("follow_up").assign(postcode="1234")
    assert any(kind == "extra-label" for kind, _ in errors_of("follow_up", frame, descriptor, tmp_path))
