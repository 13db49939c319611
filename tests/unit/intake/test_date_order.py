"""The order of day and month is decided once for a file, from all its dates, or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from cohort.codebook import load_codebook
from cohort.errors import InputDataError
from cohort.intake import RawCohort, read_cohort
from cohort.intake.date_order import OrderEvidence, date_columns, order_evidence
from cohort.study_file import StudyFile

DATED = {"bmi_kg_m2": {"file": "people", "column": "bmi", "date": {"column": "day"}}}


@pytest.mark.parametrize(
    ("cells", "evidence", "order"),
    [
        (["13/04/2021", "03/04/2021", ""], OrderEvidence(1, 0, 1, 0), "dmy"),
        (["04-13-2021", "03-04-2021 08:30"], OrderEvidence(0, 1, 1, 0), "mdy"),
        (["13.04.2021", "04.13.2021"], OrderEvidence(1, 1, 0, 0), None),
        (["03/04/2021", "05/06/2021"], OrderEvidence(0, 0, 2, 0), None),
        (["05/05/2021", "06/06/2021"], OrderEvidence(0, 0, 0, 2), "dmy"),
        (["40/13/2021", "31/02/21", "2021-13-04", "May 2021", "03042021"], OrderEvidence(), None),
    ],
)
def test_one_date_with_a_part_above_twelve_decides_for_all(
    cells: list[str], evidence: OrderEvidence, order: str | None
) -> None:
    found = order_evidence([pd.Series(cells), pd.Series([1.0, 2.0]), pd.Series([pd.Timestamp("2021-05-04"), None])])
    assert found == evidence
    assert found.order == order
    assert (found.fault is None) == (order is not None or evidence == OrderEvidence())


def study(**more: Any) -> StudyFile:
    """Return a study of one file whose rows have a date."""
    base = {"cohort_study": 1, "name": "test", "title": "Test", "id": "id", "files": {"people": {"path": "people.csv"}}}
    return StudyFile.model_validate({**base, "variables": DATED, **more})


def read(folder: Path, days: list[str], **more: Any) -> RawCohort:
    """Return the cohort of people measured on some days."""
    rows = "".join(f"p{number},2{number},{day}\n" for number, day in enumerate(days))
    (folder / "people.csv").write_text("id,bmi,day\n" + rows, encoding="utf-8")
    return read_cohort(study(**more), folder, load_codebook())


def dates(raw: RawCohort) -> list[str]:
    """Return the visit dates as text, blank where there is none."""
    found = raw.tables["visits"]["visit_date"]
    return ["" if pd.isna(day) else day.date().isoformat() for day in found]


def test_the_order_is_applied_to_every_cell_and_reported(tmp_path: Path) -> None:
    raw = read(tmp_path, ["03/04/2021", "13/04/2021", "2021-12-24"])
    assert dates(raw) == ["2021-04-03", "2021-04-13", "2021-12-24"]
    (source,) = raw.sources
    assert source.date_order == "dmy"
    assert "date_order" in source.recognised
    reasons = raw.ledger.entries.query("rule == 'text_form'")["reason"].tolist()
    assert reasons == ["people.csv: delimiter comma, decimal point, date_order dmy recognised, not declared"]


def test_dates_that_begin_with_the_year_need_no_order(tmp_path: Path) -> None:
    raw = read(tmp_path, ["2021-04-03", "20210413"])
    assert dates(raw) == ["2021-04-03", "2021-04-13"]
    assert raw.sources[0].date_order is None


@pytest.mark.parametrize(
    ("days", "message"),
    [
        (["03/04/2021", "05/06/2021"], "2 dates can be read day first and month first, and no date of the file tells"),
        (["13/04/2021", "04/13/2021"], "1 dates can only be read day first, and 1 only month first"),
    ],
)
def test_an_order_that_cannot_be_told_is_a_problem_and_not_a_guess(
    days: list[str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputDataError) as caught:
        read(tmp_path, days)
    (problem,) = caught.value.problems
    assert problem.where == "file 'people' (people.csv), column 'day'"
    assert problem.what.startswith(message)
    assert "date_order: dmy" in problem.fix


def test_a_declared_order_wins_and_what_does_not_fit_is_set_aside(tmp_path: Path) -> None:
    raw = read(tmp_path, ["13/04/2021", "04/13/2021"], files={"people": {"path": "people.csv", "date_order": "mdy"}})
    assert dates(raw) == ["", "2021-04-13"]
    assert raw.quarantine["rule"].tolist() == ["not_a_date"]
    assert "date_order" not in raw.sources[0].recognised


def test_conditions_on_days_use_the_same_order(tmp_path: Path) -> None:
    where = {"day": {"at_least": "2021-05-01"}}
    entry = {"bmi_kg_m2": {"file": "people", "column": "bmi", "where": where}}
    raw = read(tmp_path, ["03/05/2021", "13/04/2021"], variables=entry)
    assert raw.tables["visits"]["participant_id"].tolist() == ["p0"]


def test_stacked_files_of_different_orders_are_a_problem(tmp_path: Path) -> None:
    for name, day in (("a", "13/04/2021"), ("b", "04/13/2021")):
        (tmp_path / f"{name}.csv").write_text(f"id,bmi,day\n{name},22,{day}\n", encoding="utf-8")
    with pytest.raises(InputDataError, match="its files write dates in different orders"):
        read_cohort(study(files={"people": {"path": ["a.csv", "b.csv"]}}), tmp_path, load_codebook())


def test_columns_of_dates_are_those_that_the_study_reads_as_dates() -> None:
    source = {"file": "people", "column": "a"}
    found = study(
        variables={
            "visit_date": {"file": "people", "visits": {"t0": "v0", "t1": "v1"}},
            "smoking": {"file": "people", "cases": {"never": {"quit": {"below": "2020-01-01"}, "pack": {"below": 1}}}},
        },
        medications={"ssri": {"file": "people", "present": {"x": [1]}, "start": {"column": "s"}}},
        follow_up={"entry": source, "exit": {"file": "other", "column": "b"}, "reason": {**source, "column": "why"}},
    )
    assert sorted(date_columns(found, "people")) == ["a", "quit", "s", "v0", "v1"]
