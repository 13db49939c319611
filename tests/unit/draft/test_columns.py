"""What a column holds is told without naming anybody."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cohort.draft.columns import Column

MakeColumn = Callable[..., Column]


def test_numbers_with_a_limit_and_a_comma_are_numbers(column: MakeColumn) -> None:
    made = column(["1,5", "<0,15", ">200", "3,0"], decimal=",")
    assert made.is_numeric
    assert (made.texts_below, made.texts_above) == (1, 1)
    assert made.counts == {"1,5": 1, "<0,15": 1, ">200": 1, "3": 1}


@pytest.mark.parametrize("cells", [["2020-01-31", "2021-02-01"], ["31/01/2020", "01-02-2021"]])
def test_days_are_days_and_no_numbers(cells: list[str], column: MakeColumn) -> None:
    made = column(cells)
    assert made.is_date
    assert not made.is_numeric


def test_a_date_type_is_a_day_too(column: MakeColumn) -> None:
    assert column(pd.to_datetime(["2020-01-31"])).is_date


def test_values_leave_out_missing_codes(column: MakeColumn) -> None:
    made = column([1.0, 2.0, 999.0, np.nan])
    assert made.values(frozenset({"999"})).tolist() == [1.0, 2.0]
    assert made.is_whole


def test_the_unit_stands_in_the_label_or_is_stated_by_the_file(column: MakeColumn) -> None:
    made = column([1], label="Interleukin-6 (serum) (pg/mL)")
    assert (made.stated_unit, made.label_text) == ("pg/mL", "Interleukin-6 (serum)")
    assert column([1], label="Interleukin-6", unit="ng/L").stated_unit == "ng/L"
    assert column([1]).stated_unit == ""
