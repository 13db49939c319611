"""Nothing lost: every source row is used, ineligible, quarantined or merged, and per file the four add up."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.cleaning.pipeline import CleanCohort
from cohort.errors import CohortError, Problem

STATUSES = ("used", "ineligible", "quarantined", "merged")


def account_rows(rows: pd.DataFrame, cohort: CleanCohort) -> pd.DataFrame:
    """Return intake's account of the source rows, brought up to date with what cleaning decided; the input stays as is.

    Parameters
    ----------
    rows
        One line per source row: ``file``, ``source``, ``row``, ``participant_id``, ``status``, ``reason``.
    cohort
        What cleaning returned.

    Returns
    -------
    pd.DataFrame
        The same lines. A used row of a person whom cleaning set aside is ``quarantined``, one of a person who is not
        eligible is ``ineligible``; both with the reason.

    Raises
    ------
    CohortError
        If a row has no status or an unknown one, or stands there twice: the account would not add up.

    Notes
    -----
    One source row may feed several canonical tables. It counts as quarantined when its person is; a single cell or
    row of a table that cleaning set aside stands in the quarantine and leaves the source row used.
    """
    _check(rows)
    account = rows.reset_index(drop=True)
    used = account["status"].eq("used").to_numpy(dtype=bool)
    # Each person is looked up once, by number: a person has many rows.
    person, named = pd.factorize(account["participant_id"].astype("str"))
    people = pd.Index(named, dtype="str")
    kept = _are_among(people, cohort.tables["person_table"]["participant_id"])[person]
    whole = cohort.quarantine.loc[cohort.quarantine["column"] == ""]
    # What befell the person's own row says more than that the other rows then belong to nobody.
    own_first = whole.assign(other=whole["table"] != "participants").sort_values("other", kind="stable")
    why = own_first.drop_duplicates("participant_id").set_index("participant_id")["rule"]
    excluded = cohort.exclusions.set_index("participant_id")["reason"]
    aside = used & ~kept
    ineligible = used & kept & _are_among(people, excluded.index)[person]
    status, reason = account["status"].astype("string"), account["reason"].astype("string")
    status = status.mask(aside, "quarantined").mask(ineligible, "ineligible")
    ids = account["participant_id"].astype("string")
    found = ids[aside].map(why).astype("string").fillna("no undisputed row among the participants")
    reason = reason.mask(aside, found).mask(ineligible, ids[ineligible].map(excluded).astype("string"))
    account = account.assign(status=status, reason=reason)
    _check(account)
    return account


def _are_among(people: pd.Index, others: pd.Index | pd.Series) -> npt.NDArray[np.bool_]:
    """Return who stands among others, each of them once; the last entry is for nobody, who does not."""
    return np.append(pd.Index(others, dtype="str").get_indexer(people) >= 0, False)


def count_rows(rows: pd.DataFrame) -> pd.DataFrame:
    """Return how many rows of each file and source have each status, and the total.

    Examples
    --------
    >>> rows = pd.DataFrame({"file": ["a", "a"], "source": ["a", "a"], "status": ["used", "merged"]})
    >>> count_rows(rows).loc[0, ["used", "merged", "total"]].tolist()
    [1, 1, 2]
    """
    counted = (
        rows.groupby(["file", "source", "status"], dropna=False).size().unstack("status", fill_value=0)  # noqa: PD010
    )
    counted = counted.reindex(columns=list(STATUSES), fill_value=0)
    return counted.assign(total=counted.sum(axis=1)).rename_axis(columns=None).reset_index()


def _check(rows: pd.DataFrame) -> None:
    """Check that every row of every file has exactly one status."""
    problems = []
    for (file, source), group in rows.groupby(["file", "source"], dropna=False, sort=False):
        where = f"file {file}, source {source}"
        without = int((~group["status"].isin(STATUSES)).sum())
        twice = int(group["row"].duplicated().sum())
        if without:
            fix = f"The statuses are {', '.join(STATUSES)}."
            problems.append(Problem(where, f"{without} rows have no status or an unknown one.", fix))
        if twice:
            problems.append(Problem(where, f"{twice} rows are counted twice."))
    if problems:
        raise CohortError(problems)
