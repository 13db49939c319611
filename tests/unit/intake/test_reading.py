"""Every entry of the grammar means the same in every format: one small study, written in each of them."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cohort.codebook import load_codebook
from cohort.intake import RawCohort, read_cohort
from cohort.study_file import DataFile, StudyFile
from cohort.synthetic.twin.formats import typed, write_bids, write_file, write_redcap

FORMATS = ("csv", "parquet", "xlsx", "sav", "dta", "xpt", "sas7bdat", "bids", "redcap")
MISSING = {"NA": "not available", "n.v.t.": "not applicable", "-": "left open", "onbekend": "not known"}
CODED = frozenset({"sex", "kin"})

TABLES = {
    "people": """
        id  | sex      | educ | born | tried | now | bmi_t0 | bmi_t1 | packs  | ctr | ses  | age
        001 | vrouw    | 1    | 1980 | 2     |     | 22.5   | 23.5   | 10     | A   | 0.5  | 80
        002 | man      | 2    | 1975 | 1     | 3   | 31     |        | NA     | B   | -1.5 | 45
        003 | vrouw    | 9    | 1990 | 1     | 1   | 999    | 28     | n.v.t. | A   | 1    | 30
        004 | onbekend | 3    |      | 7     |     | 25.5   |        | -      | B   | 2    | 61
    """,
    "register": """
        id  | wt    | joined     | gone       | why | ms | ms_age
        001 | 100.5 | 2020-01-31 | 2024-01-31 | 1   | 1  | 30
        002 | 200   | 2020-02-29 | 2021-06-30 | 5   | 2  |
        003 | 50    | 2020-03-01 | 2024-01-31 | 1   | 9  | -
        004 | 75    | 2020-03-02 | 2024-01-31 | 1   | 2  |
    """,
    "lab": """
        id  | when | test  | result | unit  | drawn      | clock | plate | lod | flag | where_ | fever
        001 | t0   | CRP   | 1.5    | mg/L  | 2020-01-31 | 08:30 | P1    | 0.2 | 0    | A      | 2
        001 | t1   | CRP   | <0.5   | mg/L  | 2021-01-31 | 09:15 | P2    | 0.2 | 0    | A      | 1
        002 | t0   | hsCRP | 0.25   | mg/dL | 2020-02-29 | 10:00 | P1    | 0.2 | 0    | B      | NA
        003 | t0   | CRP   | >200   | mg/L  | 2020-03-01 | 07:45 | P1    | 0.2 | 0    | A      | 2
        001 | t0   | IL6   | 2      | pg/mL | 2020-01-31 | 08:30 | P1    | 0.5 | 0    | A      |
        002 | t0   | IL6   | 4      | ng/mL | 2020-02-29 | 10:00 | P1    | 0.5 | 0    | B      |
        003 | t0   | IL6   | 0.3    | pg/mL | 2020-03-01 | 07:45 | P1    | 0.5 | 1    | A      |
    """,
    "contacts": """
        id  | icd   | admitted   | stays | diet
        001 | E10.9 | 2019-05-01 | 2     | 0.5
        001 | e101  | 2020-08-01 | 3     | 1.5
        002 | E109  | 2020-01-15 | 1     | -1
        003 | K50   | 2020-02-01 | onbekend | 2
    """,
    "drugs": """
        id  | atc     | from_d     | until_d
        001 | N06AB03 | 2020-05-01 | 2020-08-01
        001 | N06AB04 | 2020-07-01 | 2020-12-01
        003 | N06AB03 | 2021-01-01 |
    """,
    "kinship": """
        id  | relative | kin
        001 | 002      | zus
        002 | 004      | kind
    """,
    "forms": """
        id  | wave | q1 | q2 | q3 | q4 | q5 | q6 | q7 | q8 | q9
        001 | t0   | 0  | 1  | 2  | 3  | 0  | 1  | 2  | 3  | 0
        001 | t1   | 1  | 1  | 1  | 1  | 1  | 1  | 1  | 1  | 7
        002 | t0   | 3  | 3  | 3  | 3  | 3  | 3  | 3  | 3  | -
    """,
}  # fmt: skip

PHQ = [f"q{item}" for item in range(1, 10)]
LAB = {"visit": {"column": "when"}, "date": {"column": "drawn"}}
STUDY: dict[str, Any] = {
    "variables": {
        "sex": {"file": "people", "column": "sex", "codes": {"vrouw": "female", "man": "male"}},
        "education": {
            "file": "people",
            "column": "educ",
            "codes": {1: "low", 2: "middle", 3: "high"},
            "missing": {9: "refused"},
        },
        "birth_year": {"file": "people", "column": "born"},
        "recruitment": {"file": "people", "constant": "population", "where": {"ctr": ["A", "B"]}},
        "site": {"file": "people", "column": "ctr", "where": {"age": {"at_least": 40}}},
        "parental_ses_sd": {"file": "people", "column": "ses", "multiply": {"by": "ctr", "A": 1, "B": 2}},
        "age_years": {"file": "people", "column": "age", "top_coded_at": 80},
        "bmi_kg_m2": {"file": "people", "visits": {"t0": "bmi_t0", "t1": "bmi_t1"}, "missing": {999: "not measured"}},
        "activity_met_h_week": {"file": "people", "column": "packs"},
        "smoking": {
            "file": "people",
            "cases": {
                "never": {"tried": [2]},
                "former": {"tried": [1], "now": {"at_least": 2}},
                "current": [{"tried": [1], "now": [1]}, {"tried": [8], "now": "blank"}],
            },
        },
        "has_acute_infection": {
            "file": "lab",
            "column": "fever",
            "where": {"test": {"starts_with": ["CRP"]}},
            "visit": {"column": "when"},
            "codes": {1: True, 2: False},
        },
        "hospital_infection_count": {
            "file": "contacts",
            "column": "stays",
            "date": {"column": "admitted"},
            "keep": "last",
        },
        "diet_quality_sd": {
            "file": "contacts",
            "column": "diet",
            "date": {"column": "admitted"},
            "keep": {"nearest": "entry_date"},
        },
        "is_pregnant": {
            "file": "contacts",
            "cases": {"false": {"admitted": {"at_least": "2019-01-01", "below": "2020-07-31"}}},
            "keep": "all",
        },
    },
    "instruments": {"phq9": {"file": "forms", "items": PHQ, "visit": {"column": "wave"}, "missing": {7: "refused"}}},
    "labs": {
        "crp": {
            "file": "lab",
            "column": "result",
            "where": {"test": ["CRP", "hsCRP"]},
            "unit": {"column": "unit"},
            "plate": {"column": "plate"},
            "site": {"column": "where_"},
            "time": {"column": "clock"},
            **LAB,
        },
        "il6": {
            "file": "lab",
            "column": "result",
            "where": {"test": ["IL6"]},
            "unit": {"by": "where_", "A": "pg/mL", "B": "ng/mL"},
            "limit": {"column": "lod"},
            "below": {"flag": [1]},
            **LAB,
        },
        "tnf_alpha": {"file": "lab", "column": "result", "where": {"test": ["IL6"]}, "limit": 1, **LAB},
        "cortisol": {
            "file": "lab",
            "column": "result",
            "where": {"test": ["IL6"]},
            "limit": {"by": "where_", "A": 1.5, "B": 5},
            "above": {"flag": [9]},
            **LAB,
        },
    },
    "diagnoses": {
        "multiple_sclerosis": {
            "file": "register",
            "present": {"ms": [1]},
            "absent": {"ms": [2]},
            "unknown": {"ms": [9]},
            "onset_age": {"column": "ms_age"},
        },
        "type_1_diabetes": {
            "file": "contacts",
            "code": {"column": "icd", "system": "ICD-10", "starts_with": "E10"},
            "date": {"column": "admitted"},
            "minimum_records": 2,
            "absent": "no_record_in_follow_up",
            "source": "register",
        },
    },
    "medications": {
        "ssri": {
            "file": "drugs",
            "code": {"column": "atc", "system": "ATC", "starts_with": ["N06AB"]},
            "start": {"column": "from_d"},
            "stop": {"column": "until_d"},
        },
        "statin": {"file": "people", "present": {"tried": [1]}, "absent": {"tried": [2]}},
    },
    "relations": [
        {
            "file": "kinship",
            "relative": {"column": "relative"},
            "kind": {"file": "kinship", "column": "kin", "codes": {"zus": "sibling", "kind": "parent"}},
        }
    ],
    "follow_up": {
        "entry": {"file": "register", "column": "joined"},
        "exit": {"file": "register", "column": "gone"},
        "reason": {"file": "register", "column": "why", "codes": {1: "end_of_study", 5: "lost"}},
    },
    "design": {"weights": {"file": "register", "column": "wt", "multiply": 0.5}},
}

_ = None
EVERYBODY = ["001", "002", "003", "004"]
EXPECTED: dict[str, tuple[str, str, list[str], list[tuple[Any, ...]]]] = {
    "codes by label, a label that is missing": (
        "participants", "", ["participant_id", "sex"],
        [("001", "female"), ("002", "male"), ("003", "female"), ("004", _)],
    ),
    "codes by code, missing of the entry": (
        "participants", "", ["education"], [("low",), ("middle",), (_,), ("high",)],
    ),
    "a column of whole numbers": ("participants", "", ["birth_year"], [(1980,), (1975,), (1990,), (_,)]),
    "constant": ("participants", "", ["recruitment"], [("population",)] * 4),
    "where with a comparison": ("participants", "", ["site"], [("A",), ("B",), (_,), ("B",)]),
    "multiply by column": ("participants", "", ["parental_ses_sd"], [(0.5,), (-3.0,), (1.0,), (4.0,)]),
    "multiply by a number, in a design": (
        "participants", "", ["survey_weight"], [(50.25,), (100.0,), (25.0,), (37.5,)],
    ),
    "visits, a wide table": (
        "visits", "bmi_kg_m2.notna()", ["participant_id", "visit", "bmi_kg_m2"],
        [("001", "t0", 22.5), ("001", "t1", 23.5), ("002", "t0", 31.0), ("003", "t1", 28.0), ("004", "t0", 25.5)],
    ),
    "four words for missing": (
        "visits", "visit == 't0'", ["participant_id", "activity_met_h_week"],
        [("001", 10.0), ("002", _), ("003", _), ("004", _)],
    ),
    "cases": (
        "visits", "visit == 't0'", ["participant_id", "smoking"],
        [("001", "never"), ("002", "former"), ("003", "current"), ("004", _)],
    ),
    "visit column, a long table, where starts_with": (
        "visits", "has_acute_infection.notna()", ["participant_id", "visit", "has_acute_infection"],
        [("001", "t0", False), ("001", "t1", True), ("003", "t0", False)],
    ),
    "keep last": (
        "visits", "hospital_infection_count.notna()", ["participant_id", "hospital_infection_count"],
        [("001", 3), ("002", 1)],
    ),
    "keep nearest": (
        "visits", "diet_quality_sd.notna()", ["participant_id", "diet_quality_sd"],
        [("001", 1.5), ("002", -1.0), ("003", 2.0)],
    ),
    "keep all, cases with days": (
        "visits", "is_pregnant.notna()", ["participant_id", "visit", "is_pregnant"],
        [("001", "t0", False), ("002", "t0", False), ("003", "t0", False)],
    ),
    "keep all makes visits": ("visits", "visit == 't0_2'", ["participant_id", "age_years"], [("001", _)]),
    "items of an instrument": (
        "visits", "phq9_1.notna()", ["participant_id", "visit", "phq9_2", "phq9_4", "phq9_9"],
        [("001", "t0", 1, 3, 0), ("001", "t1", 1, 1, _), ("002", "t0", 3, 3, _)],
    ),
    "unit by column of the same row, text below and above a limit": (
        "labs", "analyte == 'crp'", ["participant_id", "visit", "value", "censoring", "limit"],
        [
            ("001", "t0", 1.5, "none", _), ("001", "t1", 0.5, "below", 0.5), ("002", "t0", 2.5, "none", _),
            ("003", "t0", 200.0, "above", 200.0),
        ],
    ),
    "date, time, plate and site": (
        "labs", "analyte == 'crp'", ["date", "sampling_hour", "plate", "site"],
        [
            (pd.Timestamp("2020-01-31"), 8.5, "P1", "A"), (pd.Timestamp("2021-01-31"), 9.25, "P2", "A"),
            (pd.Timestamp("2020-02-29"), 10.0, "P1", "B"), (pd.Timestamp("2020-03-01"), 7.75, "P1", "A"),
        ],
    ),
    "unit by site, limit by column, below": (
        "labs", "analyte == 'il6'", ["participant_id", "value", "censoring", "limit"],
        [("001", 2.0, "none", _), ("002", 4000.0, "none", _), ("003", 0.5, "below", 0.5)],
    ),
    "limit by number": (
        "labs", "analyte == 'tnf_alpha'", ["value", "censoring"], [(2.0, "none"), (4.0, "none"), (1.0, "below")],
    ),
    "upper limit by site, above": (
        "labs", "analyte == 'cortisol'", ["value", "censoring"], [(1.5, "above"), (4.0, "none"), (0.3, "none")],
    ),
    "conditions of a diagnosis": (
        "diagnoses", "disease == 'multiple_sclerosis'", ["participant_id", "status", "onset_age_years"],
        [("001", "present", 30.0), ("002", "absent", _), ("003", "unknown", _), ("004", "absent", _)],
    ),
    "register code, minimum of records, none in follow-up": (
        "diagnoses", "disease == 'type_1_diabetes'", ["participant_id", "status", "onset_date"],
        [
            ("001", "present", pd.Timestamp("2019-05-01")), ("002", "unknown", _), ("003", "absent", _),
            ("004", "absent", _),
        ],
    ),
    "drug by code, with start and stop": (
        "medications", "drug == 'ssri'", ["participant_id", "status", "start_date", "stop_date"],
        [
            ("001", "present", pd.Timestamp("2020-05-01"), pd.Timestamp("2020-12-01")), ("002", "unknown", _, _),
            ("003", "present", pd.Timestamp("2021-01-01"), _), ("004", "unknown", _, _),
        ],
    ),
    "drug by conditions": (
        "medications", "drug == 'statin'", ["participant_id", "status"],
        [("001", "absent"), ("002", "present"), ("003", "present"), ("004", "unknown")],
    ),
    "relations": (
        "relations", "", ["participant_id", "relative_id", "kind"],
        [("001", "002", "sibling"), ("002", "004", "parent")],
    ),
    "follow-up": (
        "follow_up", "", ["participant_id", "entry_date", "exit_reason"],
        [
            ("001", pd.Timestamp("2020-01-31"), "end_of_study"), ("002", pd.Timestamp("2020-02-29"), "lost"),
            ("003", pd.Timestamp("2020-03-01"), "end_of_study"), ("004", pd.Timestamp("2020-03-02"), "end_of_study"),
        ],
    ),
}  # fmt: skip
"""Table, rows, columns and values that each entry of the grammar must give, worked out by hand."""


def table_of(text: str) -> pd.DataFrame:
    """Return a table written with bars."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return pd.DataFrame(rows, columns=header, dtype="str")


def cells_of_sas(table: pd.DataFrame) -> list[list[Any]]:
    """Return the cells of a table as SAS has them: numbers where a column holds bare numbers."""
    frame = typed(table)
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


def write(folder: Path, name: str, sas_data_set: Callable[..., bytes]) -> dict[str, Any]:
    """Write the tables in one format; return what the study says of the files, by table."""
    tables = {key: table_of(text) for key, text in TABLES.items()}
    if name == "bids":
        written = {key: table.rename(columns={"id": "participant_id"}) for key, table in tables.items()}
        written["participants"] = written.pop("people")
        write_bids(folder / "all", written, {})
        return {"all": {"path": "all", "format": "bids", "missing": MISSING}}
    if name == "redcap":
        write_redcap(folder / "all", pd.concat(tables.values(), ignore_index=True).fillna(""))
        return {"all": {"path": "all", "format": "redcap", "missing": MISSING}}
    if name == "xlsx":
        write_file(folder / "book.xlsx", tables, DataFile(path="book.xlsx"), "book.xlsx")
        return {key: {"path": "book.xlsx", "sheet": key, "missing": MISSING} for key in tables}
    for key, table in tables.items():
        path = f"{key}.{name}"
        if name == "sas7bdat":
            kinds = [(c, "number" if typed(table)[c].dtype.kind == "f" else "text", 12) for c in table]
            (folder / path).write_bytes(sas_data_set(kinds, cells_of_sas(table)))
        else:
            write_file(folder / path, {key: table}, DataFile(path=path), path, CODED)
    return {key: {"path": f"{key}.{name}", "missing": MISSING} for key in tables}


def in_one_folder(entry: Any) -> Any:
    """Return entries that all read the one folder."""
    if isinstance(entry, list):
        return [in_one_folder(item) for item in entry]
    if not isinstance(entry, Mapping):
        return entry
    return {key: "all" if key == "file" else in_one_folder(value) for key, value in entry.items()}


@pytest.fixture(scope="module")
def cohorts(sas_data_set: Callable[..., bytes]) -> Callable[[str], RawCohort]:
    """Return a function that gives the cohort as read from one format; each is written and read once."""

    @functools.cache
    def read(name: str) -> RawCohort:
        with tempfile.TemporaryDirectory() as place:
            files = write(Path(place), name, sas_data_set)
            entries = in_one_folder(STUDY) if "all" in files else STUDY
            base = {"cohort_study": 1, "name": "test", "title": "Test", "id": "id", "files": files}
            if name == "bids":
                base["id"] = "participant_id"
            return read_cohort(StudyFile.model_validate({**base, **entries}), Path(place), load_codebook())

    return read


@pytest.mark.parametrize("entry", EXPECTED)
@pytest.mark.parametrize("name", FORMATS)
def test_every_entry_of_the_grammar_means_the_same_in_every_format(
    name: str, entry: str, cohorts: Callable[[str], RawCohort]
) -> None:
    table, rows, columns, expected = EXPECTED[entry]
    found = cohorts(name).tables[table]
    found = found.query(rows) if rows else found
    keys = [column for column in ("participant_id", "visit") if column in columns]
    found = found.sort_values(keys, kind="stable") if keys else found
    cells = [tuple(None if pd.isna(cell) else cell for cell in row) for row in found[columns].itertuples(index=False)]
    assert cells == expected


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_set_aside_and_every_row_is_accounted_for(name: str, cohorts: Callable[[str], RawCohort]) -> None:
    raw = cohorts(name)
    assert raw.quarantine.empty, raw.quarantine
    counted = raw.rows.groupby(["file", "source"]).size().to_dict()
    assert counted == {(file.name, file.source): file.rows for file in raw.sources if file.format != "description"}
