"""Workbooks: the right sheet, one row of names, days as days, and errors that are no values."""

from __future__ import annotations

import io
from datetime import date, datetime, time
from typing import Any

import pytest
from openpyxl import Workbook

from cohort.errors import InputDataError
from cohort.intake.spreadsheets import read_xlsx
from cohort.intake.tables import RawFile
from cohort.study_file import DataFile

PEOPLE = [["id", "bmi", "day"], ["001", 22.5, date(2021, 4, 3)], ["002", 31, datetime(2021, 4, 4, 8, 30)]]


def workbook(**sheets: list[list[Any]]) -> bytes:
    """Return a workbook with the cells of some sheets."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def read(content: bytes, **declared: Any) -> RawFile:
    """Return the content of a workbook."""
    return read_xlsx(content, "book.xlsx", DataFile(path="book.xlsx", **declared))


def fault(content: bytes, **declared: Any) -> str:
    """Return why a workbook is refused."""
    with pytest.raises(InputDataError) as caught:
        read(content, **declared)
    (problem,) = caught.value.problems
    return f"{problem.what} {problem.fix}"


def test_cells_keep_their_types_and_rows_their_numbers() -> None:
    raw = read(workbook(people=[[None], [None], PEOPLE[0], PEOPLE[1], [None, " "], PEOPLE[2]]))
    assert raw.frame.to_numpy().tolist() == [
        ["001", 22.5, datetime(2021, 4, 3)],
        ["002", 31, datetime(2021, 4, 4, 8, 30)],
    ]
    assert raw.row.tolist() == [1, 3]
    assert (raw.sheet, raw.sniffed, raw.notes) == ("people", (), ())


def test_a_sheet_is_chosen_by_title_or_number_and_the_first_of_several_is_told() -> None:
    content = workbook(empty=[], people=PEOPLE, lab=[["id", "crp"], ["001", "<0.5"]])
    assert read(content, sheet="lab").frame.columns.tolist() == ["id", "crp"]
    assert read(content, sheet=2).sheet == "lab"
    raw = read(content)
    assert (raw.sheet, raw.sniffed) == ("people", ("sheet",))
    assert raw.notes == ("sheet 'people' was read, the first of 2 with content",)
    assert fault(content, sheet="labs") == "there is no sheet 'labs'. Did you mean 'lab'?"
    assert fault(content, sheet=7).startswith("there is no sheet '7'. There are empty, people, lab.")
    assert fault(content, sheet="empty").startswith("the sheet is empty.")


@pytest.mark.parametrize(
    "rows",
    [
        [["people", None, "blood", None], ["id", "bmi", "crp", "il6"], ["001", 22.5, 1.5, 2]],
        [["Export of 2021"], ["id", "bmi"], ["001", 22.5]],
    ],
)
def test_merged_headings_and_titles_are_refused(rows: list[list[Any]]) -> None:
    assert fault(workbook(people=rows)).startswith("row 1 of the sheet names no column B")


def test_a_first_column_without_a_name_holds_row_numbers_and_empty_columns_go() -> None:
    raw = read(workbook(people=[[None, "id", None, "bmi"], [0, "001", None, 22.5], [1, "002", None, None]]))
    assert raw.frame.columns.tolist() == ["unnamed_1", "id", "bmi"]
    assert raw.frame["bmi"].tolist() == [22.5, None]


def test_a_name_that_stands_twice_is_refused() -> None:
    assert fault(workbook(people=[["id", "x", "x"], ["a", 1, 2]])).startswith("the header names 'x' more than once.")


def test_an_error_in_a_cell_is_no_value_and_told_apart() -> None:
    raw = read(workbook(people=[["id", "bmi", "note"], ["001", "#N/A", "x"], ["002", 22, "#REF!"]]))
    assert raw.frame["bmi"].tolist() == [None, 22]
    assert raw.unreadable == ((1, "bmi", "#N/A"), (2, "note", "#REF!"))


def test_formulas_whose_results_are_not_stored_are_refused_and_not_read_as_blank() -> None:
    content = workbook(people=[["id", "bmi"], ["001", "=70/1.8^2"], ["002", 22]])
    assert fault(content).startswith("1 cells of sheet 'people' hold formulas whose results are not stored.")


def test_times_of_day_are_text_that_a_clock_shows() -> None:
    raw = read(workbook(people=[["id", "clock"], ["001", time(8, 30)]]))
    assert str(raw.frame["clock"][0]) == "08:30:00"
