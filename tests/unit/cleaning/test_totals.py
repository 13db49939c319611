"""The account of rows is held against the files."""

from __future__ import annotations

import pandas as pd
import pytest

from cohort.cleaning.totals import check_totals
from cohort.errors import CohortError

ROWS = pd.DataFrame(
    {
        "file": ["a", "a", "a", "b"],
        "source": ["a1", "a1", "a2", "b"],
        "status": ["used", "merged", "quarantined", "ineligible"],
    }
)
EXPECTED = {("a", "a1"): 2, ("a", "a2"): 1, ("b", "b"): 1}


def test_an_account_that_adds_up_passes_in_both_forms() -> None:
    check_totals(ROWS, EXPECTED)
    grouped = ROWS.groupby(["file", "source", "status"]).size().rename("rows").reset_index()
    check_totals(grouped, EXPECTED)


def test_a_lost_row_a_row_too_many_and_a_lost_file_are_told_at_once() -> None:
    expected = {("a", "a1"): 3, ("a", "a2"): 0, ("c", "c"): 1}
    with pytest.raises(CohortError) as error:
        check_totals(ROWS, expected)
    told = [(problem.where, problem.what) for problem in error.value.problems]
    assert told[0] == (
        "file a, source a1",
        "the account of rows does not add up: 1 used, 0 ineligible, 0 quarantined, 1 merged, but the file has 3 rows.",
    )
    assert [where for where, _ in told[1:]] == ["file a, source a2", "file c, source c", "file b, source b"]
