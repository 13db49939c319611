"""Delimiters and decimal signs are recognised; signs that group thousands are never guessed."""

from __future__ import annotations

import pandas as pd
import pytest

from cohort.intake.dialect import decimal_notes, recognised_decimals, recognised_delimiter, stated_delimiter


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_recognised_among_cells_that_hold_the_others(delimiter: str) -> None:
    rows = [["id", "bmi", "note"], ["a", '"1,5"', '"x; y"'], ["b", '"2,5"', '"p|q\tr"']]
    assert recognised_delimiter("\n".join(delimiter.join(row) for row in rows)) == delimiter


def test_decimal_commas_do_not_make_a_comma_the_delimiter() -> None:
    assert recognised_delimiter("id;crp;bmi\n1;0,5;22,1\n2;1,5;23,1\n") == ";"


@pytest.mark.parametrize("line", ["sep=;\n", '"sep=;"\r\n', "SEP=;\r\n", "sep=;  \n"])
def test_the_delimiter_that_excel_states_in_a_first_line_is_taken(line: str) -> None:
    assert stated_delimiter(line + "id;x\n") == (";", "id;x\n")
    assert stated_delimiter("sep=\\t\nid\tx\n") == ("\t", "id\tx\n")
    assert stated_delimiter("separator;x\n") == (None, "separator;x\n")


def decimals(**columns: list[str]) -> tuple[str, dict[str, str], tuple[str, ...]]:
    """Return sign, deviating columns and mixed ones of a table."""
    found = recognised_decimals(pd.DataFrame(columns))
    return found.sign, found.others, found.mixed


def test_the_sign_that_more_columns_say_is_the_file_s() -> None:
    commas = ["0,5", "1,25", "<0,15"]
    points = ["0.5", "1.25", "2.5"]
    assert decimals(a=commas) == (",", {}, ())
    assert decimals(a=points, b=["1", "2", "3"]) == (".", {}, ())
    assert decimals(a=commas, b=commas, c=points) == (",", {"c": "."}, ())
    assert decimals(a=commas, b=points) == (".", {"a": ","}, ())


def test_a_cell_that_may_group_thousands_says_nothing() -> None:
    grouped = ["1,234", "12,500", "1,234,567"]
    assert decimals(a=grouped) == (".", {}, ())
    assert decimals(a=[cell.replace(",", ".") for cell in grouped], b=["0,5", "0,6", "0,7"]) == (",", {}, ())
    assert decimals(a=["0,125", "0,250", "0,500"]) == (",", {}, ())  # a number never begins with a group of one zero


def test_lists_of_answers_are_no_numbers() -> None:
    assert decimals(a=["1,2", "1,3", "1,2,3", "2,4"]) == (".", {}, ())


def test_a_column_of_both_signs_is_told_and_one_odd_cell_does_not_change_how_a_column_is_read() -> None:
    assert decimals(a=["1.5", "2,5", "3.5"], b=["1.5", "2.5", "3.5"]) == (".", {}, ("a",))
    assert decimals(a=["34", "3,5", "41"], b=["1.5", "2.5", "3.5"]) == (".", {}, ())


def test_what_deviates_is_told_by_column() -> None:
    found = recognised_decimals(pd.DataFrame({"a": ["0,5", "0,6", "0,7"], "b": ["1.5", "2,5", "3"], "c": ["1.5"] * 3}))
    assert decimal_notes(found) == (
        "decimal comma, unlike the rest of the file, in 'a'",
        "decimal points and commas both in 'b': only those with a point are read",
    )


def test_decimals_far_below_the_first_rows_are_seen() -> None:
    cells = ["1"] * 60_000 + ["0,5"] * 40_000
    assert recognised_decimals(pd.DataFrame({"a": cells})).sign == ","
