"""A small cohort of six people in canonical tables, and a way to make others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from cohort.cleaning.validation import conform
from cohort.codebook import Codebook, load_codebook

Build = Callable[..., pd.DataFrame]
PEOPLE = ["1", "2", "3", "4", "5", "6"]


@pytest.fixture(scope="session")
def codebook() -> Codebook:
    return load_codebook()


@pytest.fixture(scope="session")
def build(codebook: Codebook) -> Build:
    """Return a function that makes a canonical table of plain lists: build("visits", participant_id=[...], ...)."""

    def make(table: str, **columns: list[Any]) -> pd.DataFrame:
        variables = codebook.tables[table]
        frame = pd.DataFrame(
            {
                name: pd.Series(
                    pd.to_datetime(values) if variables[name].type == "date" else values,
                    dtype={"number": "float64", "date": "datetime64[us]", "boolean": "boolean"}.get(
                        variables[name].type, "object"
                    ),
                )
                for name, values in columns.items()
            }
        )
        for name in frame:
            if variables[name].type == "integer":
                frame[name] = pd.to_numeric(frame[name]).astype("Float64").astype("float64")
            elif variables[name].type == "string":
                frame[name] = frame[name].astype("string")
        return conform(frame, table, codebook)

    return make


@pytest.fixture
def good(stored: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return a cohort in which nothing is wrong, fresh for each test."""
    return {name: frame.copy() for name, frame in stored.items()}


@pytest.fixture(scope="session")
def stored(build: Build) -> dict[str, pd.DataFrame]:
    t0, n = ["t0"] * 6, 6
    return {
        "participants": build(
            "participants",
            participant_id=PEOPLE,
            sex=["female", "male", "female", "male", "female", "male"],
            birth_year=[1970, 1960, 1980, 1950, 1990, 1975],
            education=["low", "middle", "high", None, "low", "high"],
        ),
        "follow_up": build(
            "follow_up",
            participant_id=PEOPLE,
            entry_date=["2010-07-01"] * n,
            exit_date=["2020-07-01"] * n,
            exit_reason=["end_of_study"] * n,
        ),
        "visits": build(
            "visits",
            participant_id=PEOPLE,
            visit=t0,
            visit_date=["2010-07-01"] * n,
            age_years=[40, 50, 30, 60, 20, 35],
            bmi_kg_m2=[22.5, 31.0, None, 27.0, 19.5, 25.0],
            smoking=["never", "current", "former", "never", None, "never"],
            is_pregnant=[False, False, True, None, False, False],
            is_hormonal_contraceptive_user=[True, False, False, False, False, False],
            **{f"phq9_{item}": [0, 1, 2, 3, 1, 0] for item in range(1, 10)},
        ),
        "labs": build(
            "labs",
            participant_id=PEOPLE,
            visit=t0,
            analyte=["crp"] * n,
            value=[0.15, 1.0, 3.0, 3.5, 12.0, 2.0],
            unit=["mg/L"] * n,
            censoring=["below", "none", "none", "none", "none", "none"],
            limit=[0.15, None, None, None, None, None],
        ),
        "diagnoses": build(
            "diagnoses",
            participant_id=[*PEOPLE, *PEOPLE],
            disease=["rheumatoid_arthritis"] * n + ["lifetime_depression"] * n,
            source=["self_report"] * 2 * n,
            status=[
                *["present", "absent", "absent", "unknown", "absent", "absent"],
                *["present", "absent", "present", "absent", "unknown", "absent"],
            ],
            onset_age_years=[44.0, *[None] * 5, 46.0, None, 25.0, *[None] * 3],
        ),
        "medications": build(
            "medications",
            participant_id=PEOPLE,
            drug=["antidepressant"] * n,
            status=["present", "absent", "unknown", "present", "present", "absent"],
            start_date=["2009-01-01", None, None, "2015-01-01", "2001-01-01", None],
            stop_date=["2012-01-01", None, None, None, "2002-01-01", None],
        ),
        "relations": build("relations", participant_id=["1"], relative_id=["2"], kind=["sibling"]),
    }
