"""The account of rows held against the files: per file it must come to its rows, and ids must be those of people."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cohort.cleaning.accounting import STATUSES, count_rows
from cohort.errors import CohortError, Problem
from cohort.ledger import Ledger

PERSON = "participant_id"


def check_totals(rows: pd.DataFrame, expected: Mapping[tuple[str, str], int]) -> None:
    """Check that used, ineligible, quarantined and merged rows of every file add up to its rows.

    Parameters
    ----------
    rows
        The account: one line per source row with ``file``, ``source`` and ``status``, or one line per group of rows
        with their number in ``rows``.
    expected
        How many rows each file has, by file and source.

    Raises
    ------
    CohortError
        With every file whose account does not come to its rows: a row was lost, or counted twice.

    Examples
    --------
    >>> rows = pd.DataFrame({"file": ["a", "a"], "source": ["a", "a"], "status": ["used", "merged"]})
    >>> check_totals(rows, {("a", "a"): 2})
    """
    counted = count_rows(rows.loc[rows.index.repeat(rows["rows"])] if "rows" in rows else rows)
    found = {
        (str(line["file"]), str(line["source"])): line for line in counted.astype({"file": "str"}).to_dict("records")
    }
    problems = []
    for (file, source), total in expected.items():
        line = found.get((file, source), {})
        parts = [int(line.get(status, 0)) for status in STATUSES]
        if sum(parts) != total:
            words = ", ".join(f"{count:,} {status}" for status, count in zip(STATUSES, parts, strict=True))
            what = f"the account of rows does not add up: {words}, but the file has {total:,} rows."
            problems.append(Problem(f"file {file}, source {source}", what, "This is a fault of the program."))
    problems += [
        Problem(f"file {file}, source {source}", "the account has rows of a file that was not read.")
        for file, source in sorted(set(found) - set(expected))
    ]
    if problems:
        raise CohortError(problems)


def with_restored_ids(rows: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return the account with the identifiers to which cleaning put leading zeros back; the input stays as is.

    Parameters
    ----------
    rows
        One line per source row, with ``participant_id``.
    ledger
        What cleaning did.

    Examples
    --------
    >>> ledger = Ledger.empty().add(rule="id_leading_zeros", severity="warning", action="repair", table="visits",
    ...                             column="participant_id", before=["7"], after=["07"])
    >>> with_restored_ids(pd.DataFrame({"participant_id": ["7", "08"]}), ledger)["participant_id"].tolist()
    ['07', '08']
    """
    entries = ledger.entries
    restored = entries.loc[(entries["rule"] == "id_leading_zeros") & (entries["action"] == "repair")]
    if restored.empty:
        return rows
    after = restored.drop_duplicates("before").set_index("before")["after"]
    ids = rows[PERSON].astype("string")
    return rows.assign(**{PERSON: ids.map(after).astype("string").fillna(ids)})
