"""A measure is one column, or the columns of its waves."""

from __future__ import annotations

from collections.abc import Callable

from cohort.draft.columns import Column
from cohort.draft.files import DraftFile
from cohort.draft.measures import measures_of
from cohort.draft.proposal import FileShape

MakeColumn = Callable[..., Column]


def test_identifiers_visits_and_empty_columns_are_no_measures(column: MakeColumn) -> None:
    cells = {"id": [1, 2], "visit": ["a", "b"], "crp_t0": [1, 2], "crp_t1": [3, 4], "x": [5, 6], "none": [None, None]}
    file = DraftFile("f", "f.csv", {name: column(values, name) for name, values in cells.items()}, 2)
    shape = FileShape("id", "visit", waves={"crp": {"t0": "crp_t0", "t1": "crp_t1"}})
    crp, x = measures_of(file, shape)
    assert crp.place() == {"visits": {"t0": "crp_t0", "t1": "crp_t1"}}
    assert (crp.first(), crp.column.name, x.place()) == ("crp_t0", "crp", {"column": "x"})
