"""Acceptance: one cohort exported in every format gives the same cohort each time, value by value.

Cleaning is a function of the canonical tables that intake hands over. The quick test holds these against each other, of
few people; the slow one cleans each export of 400 people and holds all clean and derived tables against each other.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from cohort.codebook import load_codebook
from cohort.intake import RawCohort, read_cohort
from cohort.study import Study, open_study
from cohort.study_file import load_study_file
from cohort.synthetic import write_cohort

SEED = 20
RAW = ("participants", "visits", "labs", "diagnoses", "medications", "follow_up", "relations")
CLEAN = (*RAW, "person_table", "visit_table", "risk_table")
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
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a clean synthetic cohort of few people."""
    folder = tmp_path_factory.mktemp("few")
    write_cohort("default", 60, SEED, folder, with_truth=False)
    return folder


@pytest.fixture(scope="module")
def canonical(few: Path) -> RawCohort:
    """Return the canonical tables that the generator's own files and study file give."""
    return read(few / "study.yaml")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a clean synthetic cohort of 400 people."""
    folder = tmp_path_factory.mktemp("many")
    write_cohort("default", 400, SEED, folder, with_truth=False)
    return folder


@pytest.fixture(scope="module")
def clean(many: Path) -> Study:
    """Return the clean cohort of 400 people."""
    return open_study(many / "study.yaml")


def read(study: Path) -> RawCohort:
    """Return the canonical tables of a study."""
    codebook = load_codebook()
    return read_cohort(load_study_file(study, codebook), study.parent, codebook)


@pytest.fixture(scope="module")
def exports(
    exporting: ModuleType, few: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], tuple[Any, RawCohort]]:
    """Return a function that gives the export in a format and what is read of it; each is made once."""

    @functools.cache
    def make(name: str) -> tuple[Any, RawCohort]:
        export = exporting.EXPORTS[name](exporting.read_cohort_folder(few), tmp_path_factory.mktemp(name))
        return export, read(export.study)

    return make


@pytest.mark.parametrize("name", FORMATS)
def test_the_canonical_tables_do_not_depend_on_the_format_of_the_files(
    name: str, exports: Callable[[str], tuple[Any, RawCohort]], canonical: RawCohort
) -> None:
    export, raw = exports(name)
    assert_equal(raw.tables, canonical.tables, RAW, export)
    assert raw.quarantine.empty
    assert set(raw.rows["status"]) <= {"used", "ineligible"}


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_the_clean_cohort_does_not_depend_on_the_format_of_its_files(
    name: str, exporting: ModuleType, many: Path, clean: Study, tmp_path: Path
) -> None:
    export = exporting.EXPORTS[name](exporting.read_cohort_folder(many), tmp_path)
    study = open_study(export.study)
    assert_equal(study.tables, clean.tables, CLEAN, export)


def test_what_was_recognised_in_a_dutch_export_is_told(exports: Callable[[str], tuple[Any, RawCohort]]) -> None:
    _, raw = exports("csv")
    forms = {source.name: source for source in raw.sources}
    people, blood = forms["participants"], forms["laboratory"]
    assert (people.encoding, people.delimiter, people.decimal, people.date_order) == ("cp1252", ";", ",", None)
    assert people.recognised == ("encoding", "delimiter", "decimal")
    assert (blood.delimiter, blood.decimal, blood.date_order) == (";", ",", "dmy")
    assert blood.recognised == ("decimal", "date_order")  # the file itself states its delimiter
    reasons = raw.ledger.entries.query("rule == 'text_form' and file == 'participants'")["reason"].tolist()
    assert reasons == [
        "participants.csv: encoding cp1252, delimiter semicolon, decimal comma recognised, not declared",
        "participants.csv: the text is not UTF-8 and was read as cp1252: see whether these are its letters: ö",
    ]


def assert_equal(
    found: Mapping[str, pd.DataFrame], wanted: Mapping[str, pd.DataFrame], names: tuple[str, ...], export: Any
) -> None:
    """Hold tables against each other, bit by bit: no format needs a tolerance."""
    for name in names:
        assert len(wanted[name]) > 0
        table = in_common_names(found[name], export.visits, export.prefix)
        pd.testing.assert_frame_equal(plain(table), plain(wanted[name]), check_exact=True, obj=name)


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with words as text, whatever order they were met in; all other types stay."""
    kinds = {column: dtype for column, dtype in table.dtypes.items() if isinstance(dtype, pd.CategoricalDtype)}
    texts = [column for column in table if table[column].dtype == "str"]
    return table.astype(dict.fromkeys([*kinds, *texts], "string"))


def in_common_names(table: pd.DataFrame, visits: Mapping[str, str], prefix: str) -> pd.DataFrame:
    """Return a table whose visits and people are called as in the other formats, where BIDS or REDCap dictate names."""
    changed = table.copy()
    if visits and "visit" in changed:
        changed["visit"] = changed["visit"].astype("string").map(visits)
    for column in ("participant_id", "relative_id"):
        if prefix and column in changed:
            changed[column] = changed[column].astype("string").str.removeprefix(prefix)
    return changed
