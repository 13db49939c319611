"""Finding people: where the rows of one table stand in another, without a join."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.cleaning.keys import same_people
from cohort.cleaning.rule import Column, Tables

Positions = npt.NDArray[np.intp]


def positions(ids: Column, people: Column) -> Positions:
    """Return where each identifier stands among unique people, -1 for nowhere and for a missing one.

    Examples
    --------
    >>> positions(pd.Series(["b", "x", "a"], dtype="string"), pd.Series(["a", "b"], dtype="string")).tolist()
    [1, -1, 0]
    """
    if same_people(ids, people):
        place = np.full(len(people.cat.categories) + 1, -1, dtype=np.intp)
        known = people.cat.codes.to_numpy()
        place[known[known >= 0]] = np.flatnonzero(known >= 0)
        return np.asarray(place[ids.cat.codes.to_numpy()], dtype=np.intp)
    # Codes are given in order of appearance, so unique people get their own position as code; on text in Arrow's
    # memory this takes a tenth of the time of an index.
    codes, _ = pd.factorize(pd.concat([people.astype("string"), ids.astype("string")], ignore_index=True))
    found = codes[len(people) :]
    return np.where(found < len(people), found, -1).astype(np.intp)


def look_up(ids: Column, table: pd.DataFrame, column: str) -> Column:
    """Return a column of a table with one row per person for each identifier, on the index of ``ids``; else missing.

    Parameters
    ----------
    ids
        Identifiers, in any number.
    table
        A table with ``participant_id``.
    column
        The column looked up.
    """
    found: Column = table[column].reset_index(drop=True).reindex(positions(ids, table["participant_id"]))
    return found.set_axis(ids.index)


def one_row_each(tables: Tables, table: str, column: str) -> pd.DataFrame | None:
    """Return identifier and one column of a table, or None when the column is absent or the table empty.

    People with several rows are left out: which of them counts is for the rules on duplicates to say.
    """
    frame = tables[table]
    if column not in frame or frame.empty:
        return None
    single = frame["participant_id"].notna() & ~frame["participant_id"].duplicated(keep=False)
    return frame.loc[single.to_numpy(dtype=bool), ["participant_id", column]]


def empty_like(ids: Column, dtype: str) -> Column:
    """Return missing values of a dtype, one for each identifier."""
    empty: Column = pd.Series(index=ids.index, dtype=dtype)
    return empty


def equals(column: Column, word: Any) -> npt.NDArray[np.bool_]:
    """Return where a column holds a value; a missing one holds nothing."""
    return np.asarray((column == word).fillna(value=False).to_numpy(dtype=bool))
