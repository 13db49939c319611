"""What entries of a study mean: conditions, repeated rows, limits, factors, follow-up."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from cohort.codebook import load_codebook
from cohort.errors import InputDataError
from cohort.intake import RawCohort, read_cohort
from cohort.intake.cells import codes_of, dates_of, hours_of, numbers_of
from cohort.study_file import StudyFile

BMI = {"bmi_kg_m2": {"file": "people", "column": "bmi"}}


def read(folder: Path, texts: dict[str, str], **entries: Any) -> RawCohort:
    """Return the cohort of CSV files given as text; a file is known by its name without the ending."""
    for name, content in texts.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    declared = {name: {"path": f"{name}.csv"} for name in texts} | entries.pop("declared", {})
    base = {"cohort_study": 1, "name": "test", "title": "Test", "id": "id", "files": declared}
    return read_cohort(StudyFile.model_validate(base | entries), folder, load_codebook())


# --- cells ------------------------------------------------------------------------------------------------------


def test_the_same_code_is_the_same_text_in_every_format() -> None:
    for column in (
        pd.Series([1, 2]),
        pd.Series([1.0, 2.0]),
        pd.Series([" 1", "2.0"]),
        pd.Series([1.0, 2], dtype=object),
    ):
        assert codes_of(column).tolist() == ["1", "2"]


def test_ids_keep_leading_zeros_and_lose_no_digit() -> None:
    assert codes_of(pd.Series([109263.0])).tolist() == ["109263"]
    assert codes_of(pd.Series(["007", "123456789012345678901"])).tolist() == ["007", "123456789012345678901"]


def test_numbers_with_a_grouping_sign_are_not_guessed() -> None:
    read_point = numbers_of(pd.Series(["1,234", "1.5", "1e3", "-2", ".5", "≤ 3", "1 000"]))
    assert read_point.is_bad.tolist() == [True, False, False, False, False, False, True]
    np.testing.assert_array_equal(read_point.number, [np.nan, 1.5, 1000, -2, 0.5, 3, np.nan])


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2021-05-04", "ymd", "2021-05-04"),
        ("20210504", "ymd", "2021-05-04"),
        ("2021-05-04 08:30", "dmy", "2021-05-04"),
        ("4/5/2021", "dmy", "2021-05-04"),
        ("5/4/2021", "mdy", "2021-05-04"),
        ("04052021", "dmy", "2021-05-04"),
        ("04-05-21", "dmy", None),
        ("2021-02-30", "ymd", None),
        ("May 2021", "ymd", None),
    ],
)
def test_a_date_is_read_in_its_order_or_not_at_all(text: str, order: Any, day: str | None) -> None:
    days, is_bad = dates_of(codes_of(pd.Series([text])), order)
    assert is_bad.tolist() == [day is None]
    assert (None if day is None else days[0].date().isoformat()) == day


def test_times_of_day_are_hours() -> None:
    hours = hours_of(pd.Series(["08:30", "2021-05-04 23:15:10", "7.25", "25:00", "late"], dtype="str"))
    np.testing.assert_array_equal(hours, [8.5, 23.25, 7.25, np.nan, np.nan])


# --- conditions -------------------------------------------------------------------------------------------------


def smoking(folder: Path, cases: dict[str, Any], content: str, **more: Any) -> list[Any]:
    """Return who smokes by some cases."""
    entry = {"file": "smq", "cases": cases, **more}
    visits = read(folder, {"smq": content}, variables={"smoking": entry}).tables["visits"]
    return visits["smoking"].astype("object").where(visits["smoking"].notna(), None).tolist()


def test_a_list_is_or_and_a_mapping_is_and(tmp_path: Path) -> None:
    cases = {"never": [{"a": [2], "b": "blank"}, {"a": [3]}], "current": {"a": [1], "b": {"at_least": 5, "below": 20}}}
    content = "id,a,b\np,2,\nq,2,1\nr,3,9\ns,1,5\nt,1,20\n"
    assert smoking(tmp_path, cases, content) == ["never", None, "never", "current", None]


def test_a_declared_missing_code_is_blank_and_compares_with_nothing_yet_can_be_named(tmp_path: Path) -> None:
    content = "id,a\np,99\nq,5\nr,\n"
    assert smoking(tmp_path, {"current": {"a": {"at_least": 1}}}, content, missing={99: "refused"}) == [
        None,
        "current",
        None,
    ]
    assert smoking(tmp_path, {"current": {"a": "blank"}}, content, missing={99: "refused"}) == [
        "current",
        None,
        "current",
    ]
    assert smoking(tmp_path, {"current": {"a": [99]}}, content, missing={99: "refused"}) == ["current", None, None]


def test_comparisons_read_dates_and_beginnings_of_codes(tmp_path: Path) -> None:
    content = "id,day,code\np,2020-01-01,E10.9\nq,2019-12-31,e101\nr,2021-01-01,E11\n"
    assert smoking(tmp_path, {"current": {"day": {"at_least": "2020-01-01"}}}, content) == ["current", None, "current"]
    assert smoking(tmp_path, {"current": {"code": {"starts_with": "E10"}}}, content) == ["current", "current", None]


# --- repeated rows ----------------------------------------------------------------------------------------------

REPEATED = "id,bmi,seen\na,20,2020-03-01\na,21,2020-01-01\na,22,2020-02-10\nb,30,\nb,31,2020-05-01\n"


@pytest.mark.parametrize(
    ("keep", "values"),
    [
        ("first", [21.0, 31.0]),
        ("last", [20.0, 31.0]),
        ({"nearest": "2020-02-01"}, [22.0, 31.0]),
    ],
)
def test_keep_goes_by_date_and_undated_rows_come_last(tmp_path: Path, keep: Any, values: list[float]) -> None:
    entry = {"file": "bmx", "column": "bmi", "date": {"column": "seen"}, "keep": keep}
    raw = read(tmp_path, {"bmx": REPEATED}, variables={"bmi_kg_m2": entry})
    assert raw.tables["visits"]["bmi_kg_m2"].tolist() == values
    assert raw.rows["status"].value_counts().to_dict() == {"ineligible": 3, "used": 2}
    assert raw.tables["visits"]["visit_date"].notna().all()


@pytest.mark.parametrize(("keep", "values"), [("first", [20.0, 30.0]), ("last", [22.0, 31.0])])
def test_keep_without_a_date_goes_by_the_order_in_the_file(tmp_path: Path, keep: str, values: list[float]) -> None:
    raw = read(tmp_path, {"bmx": REPEATED}, variables={"bmi_kg_m2": {"file": "bmx", "column": "bmi", "keep": keep}})
    assert raw.tables["visits"]["bmi_kg_m2"].tolist() == values


def test_keep_all_numbers_the_repeats_as_visits(tmp_path: Path) -> None:
    entry = {"file": "bmx", "column": "bmi", "date": {"column": "seen"}, "keep": "all"}
    visits = read(tmp_path, {"bmx": REPEATED}, variables={"bmi_kg_m2": entry}).tables["visits"]
    found = {(row.participant_id, row.visit): row.bmi_kg_m2 for row in visits.itertuples()}
    assert found == {("a", "t0"): 21, ("a", "t0_2"): 22, ("a", "t0_3"): 20, ("b", "t0"): 31, ("b", "t0_2"): 30}


@pytest.mark.parametrize("entry", [{"bmi_kg_m2": {"visits": {"t0": "bmi"}}}, {"site": {"column": "bmi"}}])
def test_keep_all_is_refused_where_a_person_has_one_row(tmp_path: Path, entry: dict[str, Any]) -> None:
    ((name, source),) = entry.items()
    with pytest.raises(InputDataError, match=rf"variables.{name}: 'keep: all' makes a visit of each row"):
        read(tmp_path, {"bmx": REPEATED}, variables={name: {"file": "bmx", "keep": "all", **source}})


def test_keep_nearest_needs_a_date(tmp_path: Path) -> None:
    entry = {"file": "bmx", "column": "bmi", "keep": {"nearest": "2020-02-01"}}
    with pytest.raises(InputDataError, match="'keep: nearest' needs the date of each row"):
        read(tmp_path, {"bmx": REPEATED}, variables={"bmi_kg_m2": entry})


def test_a_blank_row_beside_a_filled_one_is_no_repeat(tmp_path: Path) -> None:
    content = "id,sex,event\na,,0\na,M,1\nb,F,0\n"
    entry = {"file": "demo", "column": "sex", "codes": {"M": "male", "F": "female"}}
    assert read(tmp_path, {"demo": content}, variables={"sex": entry}).tables["participants"]["sex"].tolist() == [
        "male",
        "female",
    ]


# --- laboratory -------------------------------------------------------------------------------------------------


def crp(folder: Path, content: str, **entry: Any) -> pd.DataFrame:
    """Return the CRP results of a file."""
    return read(folder, {"lab": content}, labs={"crp": {"file": "lab", "column": "crp", **entry}}).tables["labs"]


def test_a_result_is_censored_by_its_sign_its_flag_or_its_value(tmp_path: Path) -> None:
    content = "id,crp,flag\na,<0.2,\nb,0.11,1\nc,0.05,\nd,0.15,\ne,,1\nf,>300,\ng,,\n"
    labs = crp(tmp_path, content, unit="mg/L", limit=0.15, below={"flag": [1]})
    assert labs["participant_id"].tolist() == ["a", "b", "c", "d", "e", "f"]
    assert labs["value"].tolist() == [0.2, 0.15, 0.15, 0.15, 0.15, 300]
    assert labs["censoring"].tolist() == ["below", "below", "below", "none", "below", "above"]
    assert labs["limit"].isna().tolist() == [False, False, False, True, False, False]


def test_with_above_alone_the_limit_is_the_upper_one(tmp_path: Path) -> None:
    labs = crp(tmp_path, "id,crp,flag\na,5,\nb,400,1\nc,450,\n", limit=400, above={"flag": [1]})
    assert labs["value"].tolist() == [5, 400, 400]
    assert labs["censoring"].tolist() == ["none", "above", "above"]


def test_a_flag_without_a_limit_is_kept_and_warned_of(tmp_path: Path) -> None:
    entry = {"file": "lab", "column": "crp", "below": {"flag": [1]}}
    raw = read(tmp_path, {"lab": "id,crp,flag\na,0.11,1\n"}, labs={"crp": entry})
    assert raw.tables["labs"][["value", "censoring"]].to_numpy().tolist() == [[0.11, "below"]]
    assert raw.tables["labs"]["limit"].isna().all()
    assert raw.ledger.entries["rule"].tolist()[-1] == "censored_without_limit"


def test_value_and_limit_are_converted_together_and_moles_by_the_molar_mass(tmp_path: Path) -> None:
    labs = crp(tmp_path, "id,crp\na,0.01\nb,0.5\n", unit="mg/dL", limit=0.02)
    np.testing.assert_allclose(labs["value"], [0.2, 5.0])
    np.testing.assert_allclose(labs["limit"], [0.2, np.nan])
    entry = {"cortisol": {"file": "lab", "column": "crp", "unit": "ug/dL"}}
    cortisol = read(tmp_path, {"lab": "id,crp\na,10\n"}, labs=entry).tables["labs"]
    np.testing.assert_allclose(cortisol["value"], 10 * 1e-6 / 0.1 / 362.46 * 1e9)


def test_a_factor_by_source_is_applied_to_each_stacked_file(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"id,w\n{name},10\n", encoding="utf-8")
    raw = read(
        tmp_path,
        {},
        declared={"demo": {"path": ["one.csv", "two.csv"]}},
        design={"weights": {"file": "demo", "column": "w", "multiply": {"by": "source", "one": 0.5, "two": 0.25}}},
    )
    assert raw.tables["participants"]["survey_weight"].tolist() == [5, 2.5]


# --- registers --------------------------------------------------------------------------------------------------


def register(folder: Path, **entry: Any) -> dict[str, str]:
    """Return the status of each person by a register."""
    files = {
        "demo": "id,sex,began,gone\na,1,2000-01-01,2010-01-01\nb,1,2000-01-01,2010-01-01\nc,1,,\n",
        "lpr": "id,code,day\na,E10.1,2005-01-01\na,E109,2004-01-01\nb,E10,2006-01-01\n",
    }
    code = {"column": "code", "system": "ICD-10", "starts_with": "E10"}
    raw = read(
        folder,
        files,
        variables={"sex": {"file": "demo", "column": "sex", "codes": {1: "male"}}},
        diagnoses={"type_1_diabetes": {"file": "lpr", "code": code, "date": {"column": "day"}, **entry}},
        follow_up={"entry": {"file": "demo", "column": "began"}, "exit": {"file": "demo", "column": "gone"}},
    )
    diagnoses = raw.tables["diagnoses"]
    return dict(zip(diagnoses["participant_id"], diagnoses["status"], strict=True))


def test_no_record_is_absent_only_if_the_study_says_so_and_only_in_follow_up(tmp_path: Path) -> None:
    assert register(tmp_path) == {"a": "present", "b": "present", "c": "unknown"}
    assert register(tmp_path, absent="no_record_in_follow_up")["c"] == "unknown"


def test_fewer_records_than_asked_for_are_neither_present_nor_absent(tmp_path: Path) -> None:
    found = register(tmp_path, absent="no_record_in_follow_up", minimum_records=2)
    assert found == {"a": "present", "b": "unknown", "c": "unknown"}


def test_who_has_no_row_in_the_file_of_a_disease_is_unknown(tmp_path: Path) -> None:
    raw = read(
        tmp_path,
        {"demo": "id,sex\na,1\nb,1\n", "mcq": "id,psoriasis\na,2\n"},
        variables={"sex": {"file": "demo", "column": "sex", "codes": {1: "male"}}},
        diagnoses={"psoriasis": {"file": "mcq", "present": {"psoriasis": [1]}, "absent": {"psoriasis": [2]}}},
    )
    assert raw.tables["diagnoses"][["participant_id", "status"]].to_numpy().tolist() == [
        ["a", "absent"],
        ["b", "unknown"],
    ]


def test_rows_of_one_person_that_contradict_each_other_are_a_problem(tmp_path: Path) -> None:
    entry = {"file": "mcq", "present": {"psoriasis": [1]}, "absent": {"psoriasis": [2]}}
    with pytest.raises(InputDataError, match=r"diagnoses.psoriasis: 1 people match 'present' and 'absent'"):
        read(tmp_path, {"mcq": "id,psoriasis\na,1\na,2\nb,1\nb,9\n"}, diagnoses={"psoriasis": entry})


# --- formats ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form", ["csv", "csv.gz", "tsv", "quoted", "semicolon", "parquet", "xlsx", "dta", "sav", "xpt"]
)
def test_every_format_gives_the_same_cohort(tmp_path: Path, form: str) -> None:
    frame = pd.DataFrame({"id": ["p1", "p2", "p3"], "sex": [1.0, 2.0, np.nan], "bmi": [22.5, 31.0, 24.25]})
    path = tmp_path / f"people.{form.replace('quoted', 'csv').replace('semicolon', 'csv')}"
    if form == "xlsx":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EncodingWarning)  # of openpyxl's own temporary file
            frame.to_excel(path, index=False)
    elif form == "parquet":
        frame.to_parquet(path, index=False)
    elif form in ("dta", "sav", "xpt"):
        {"dta": pyreadstat.write_dta, "sav": pyreadstat.write_sav, "xpt": pyreadstat.write_xport}[form](
            frame, str(path)
        )
    else:
        options: dict[str, Any] = {
            "tsv": {"sep": "\t"}, "quoted": {"quoting": csv.QUOTE_ALL}, "semicolon": {"sep": ";", "decimal": ","},
        }.get(form, {})  # fmt: skip
        frame.to_csv(path, index=False, encoding="utf-8", **options)
    raw = read(
        tmp_path,
        {},
        declared={"people": {"path": path.name}},
        variables={
            "sex": {"file": "people", "column": "sex", "codes": {1: "male", 2: "female"}},
            "bmi_kg_m2": {"file": "people", "column": "bmi"},
        },
    )
    assert raw.tables["participants"]["participant_id"].tolist() == ["p1", "p2", "p3"]
    assert raw.tables["participants"]["sex"].astype("object").fillna("").tolist() == ["male", "female", ""]
    assert raw.tables["visits"]["bmi_kg_m2"].tolist() == [22.5, 31.0, 24.25]
    assert raw.rows["row"].tolist() == [1, 2, 3]


def test_blank_lines_and_line_ends_of_windows_change_nothing(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(b"\r\nid,bmi\r\n\r\na,20\r\n\r\nb, 21 \r\n\r\n")
    raw = read(tmp_path, {}, declared={"people": {"path": "people.csv"}}, variables=BMI)
    assert raw.tables["visits"]["bmi_kg_m2"].tolist() == [20, 21]
    assert raw.rows["row"].tolist() == [1, 2]


def test_the_year_of_birth_is_taken_from_a_declared_date_of_birth(tmp_path: Path) -> None:
    raw = read(
        tmp_path,
        {"people": "id,born\na,1980-05-04\nb,1991-12-31\nc,\n"},
        variables={"birth_year": {"file": "people", "column": "born"}},
        privacy={"declared": {"people": ["born"]}},
    )
    assert raw.tables["participants"]["birth_year"].tolist() == [1980, 1991, pd.NA]
    lines = raw.ledger.entries
    assert lines.loc[lines["rule"] == "year_of_birth_date", "count"].tolist() == [2]
    assert "1980-05-04" not in raw.ledger.entries.to_csv()


def test_years_of_birth_stay_years(tmp_path: Path) -> None:
    raw = read(
        tmp_path,
        {"people": "id,year\na,1980\nb,1991\n"},
        variables={"birth_year": {"file": "people", "column": "year"}},
    )
    assert raw.tables["participants"]["birth_year"].tolist() == [1980, 1991]
