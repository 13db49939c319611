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
    found = pd.Series(np.nan, index=cells.index, dtype="object")
    for (table, column), part in cells.groupby(["table", "column"]):
        frame = cohort.tables[str(table)]
        if column not in frame:
            continue
        rows = keyed(frame, str(table))
        place = rows.index.get_indexer(index_of(key_of(part, str(table))))
        values = rows[column].astype("object").to_numpy()
        taken = pd.Series(values[place], index=part.index, dtype="object")
        found.loc[part.index] = taken.where((place >= 0) & taken.notna().to_numpy(), np.nan)
    return found


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
