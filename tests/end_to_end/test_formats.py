"""Acceptance: one cohort exported seven times gives the same clean cohort seven times, value by value."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest

from cohort.study import Study, open_study
from cohort.synthetic import write_cohort

PEOPLE, SEED = 400, 20
TABLES = (
    "participants", "visits", "labs", "diagnoses", "medications", "follow_up", "relations",
    "person_table", "visit_table", "risk_table",
)  # fmt: skip
FORMATS = ("csv", "xlsx", "sav", "dta", "xpt", "redcap", "bids")


@pytest.fixture(scope="module")
def exporting(repository: Path) -> ModuleType:
    """Return the module of exporters that lies beside this file."""
    spec = importlib.util.spec_from_file_location("exporting", repository / "tests" / "end_to_end" / "exporting.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a clean synthetic cohort."""
    folder = tmp_path_factory.mktemp("original")
    write_cohort("default", PEOPLE, SEED, folder, with_truth=False)
    return folder


@pytest.fixture(scope="module")
def reference(original: Path) -> Study:
    """Return the clean cohort as the generator's own files and study file give it."""
    return open_study(original / "study.yaml")


@pytest.mark.parametrize("name", FORMATS)
def test_the_clean_cohort_does_not_depend_on_the_format_of_its_files(
    name: str, exporting: ModuleType, original: Path, reference: Study, tmp_path: Path
) -> None:
    export = exporting.EXPORTS[name](exporting.read_cohort_folder(original), tmp_path)
    study = open_study(export.study)
    for table in TABLES:
        found = _in_common_names(study.tables[table], export.visits, export.prefix)
        pd.testing.assert_frame_equal(found, reference.tables[table], check_exact=True, obj=f"{name}: {table}")
        assert len(found) > 0


def _in_common_names(table: pd.DataFrame, visits: dict[str, str], prefix: str) -> pd.DataFrame:
    """Return a table whose visits and people are called as in the other formats, where BIDS or REDCap dictate names."""
    changed = table.copy()
    if visits and "visit" in changed:
        changed["visit"] = changed["visit"].map(visits).astype(changed["visit"].dtype)
    for column in ("participant_id", "relative_id"):
        if prefix and column in changed:
            changed[column] = changed[column].str.removeprefix(prefix)
    return changed
