"""Clean cells by their key, and whether two of them say the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.cleaning import CleanCohort
from cohort.defect_recovery.targets import PERSON, SUBJECTS

Flags = npt.NDArray[np.bool_]

KEYS = {
    "participants": (PERSON,),
    "follow_up": (PERSON,),
    "visits": (PERSON, "visit"),
    "labs": (PERSON, "visit", "analyte"),
    "diagnoses": (PERSON, "disease"),
    "medications": (PERSON, "drug"),
    "relations": (PERSON, "relative_id"),
}
"""By what a row of each table is found again in the twin."""


def values_of(cells: pd.DataFrame, cohort: CleanCohort) -> pd.Series:
    """Return the clean values of some cells, missing where there is no such row."""
    found = np.full(len(cells), np.nan, dtype=object)
    for table, of_table in cells.groupby("table"):
        rows = keyed(cohort.tables[str(table)], str(table))
        place = rows.index.get_indexer(index_of(key_of(of_table, str(table))))
        where = cells.index.get_indexer(of_table.index)
        for column, chosen in of_table.groupby("column").indices.items():
            if column in rows:
                values = rows[str(column)].astype("object").to_numpy()[place[chosen]]
                known = (place[chosen] >= 0) & pd.notna(values)
                found[where[chosen[known]]] = values[known]
    return pd.Series(found, index=cells.index)


def keyed(frame: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return a clean table by its key; of several rows with one key (a disease from two sources) the first."""
    first = frame.loc[~frame.duplicated(list(KEYS[table]))]
    return first.set_axis(index_of(first[list(KEYS[table])].astype("str")))


def index_of(keys: pd.DataFrame) -> pd.Index[Any]:
    """Return the columns of a key as an index."""
    return pd.Index(keys.iloc[:, 0]) if keys.shape[1] == 1 else pd.MultiIndex.from_frame(keys)


def key_of(cells: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the columns of a table's key for some cells, as text."""
    subject = SUBJECTS.get(table, "")
    return pd.DataFrame(
        {key: cells["subject" if key == subject else key].astype("str").to_numpy() for key in KEYS[table]}
    )


def agree(first: pd.Series, second: pd.Series) -> Flags:
    """Return where two columns of any values agree; missing agrees with missing, numbers up to rounding."""
    one, two = pd.to_numeric(first, errors="coerce"), pd.to_numeric(second, errors="coerce")
    with np.errstate(invalid="ignore"):
        close = np.isclose(one.to_numpy(dtype=float), two.to_numpy(dtype=float), rtol=1e-9, atol=1e-12)
    both_missing = first.isna() & second.isna()
    words = first.astype("str") == second.astype("str")
    return np.asarray(close | both_missing.to_numpy() | words.to_numpy())
