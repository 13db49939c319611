"""Rules that need every row: rows that stand there twice, rows that contradict each other, rows of nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from cohort.cleaning.keys import key_numbers, repeats
from cohort.cleaning.people import equals, positions
from cohort.cleaning.rule import Finding, Tables, Working
from cohort.codebook import Codebook

UNKNOWN = "unknown"
KNOWN = ("present", "absent")


def statement_tables(codebook: Codebook) -> tuple[str, ...]:
    """Return the tables whose rows say that something is present, absent or unknown."""
    return tuple(
        name for name, variables in codebook.tables.items() if "status" in variables and name not in codebook.derived
    )


def duplicate_exact(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return rows that repeat an earlier row in every column; missing equals missing."""
    findings = []
    for table, repeated in _repeated(tables, codebook):
        again = repeated.index[repeated.duplicated(keep="first")]
        findings.append(Finding(table, again, "the same row stands there more than once"))
    return findings


def duplicate_near(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return rows that share a key and differ in few of the cells that several of them fill.

    Few are at most ``cells``, and at most a ``share`` of them. One row stays: what differs is missing in it, blank
    cells are filled from the others.
    """
    findings = []
    for table, repeated in _repeated(tables, codebook):
        key = list(codebook.primary_keys[table])
        content = [name for name in repeated.columns if name not in key]
        codes, _ = pd.factorize(key_numbers(repeated, key))
        values = repeated[content].groupby(codes)
        differs = values.nunique().gt(1)
        filled = values.count().gt(1).sum(axis=1)
        number = differs.sum(axis=1)
        near = ((number <= limits["cells"]) & (number <= limits["share"] * filled)).to_numpy()
        if not near.any():
            continue
        kept = ~pd.Series(codes).duplicated().to_numpy() & near[codes]
        first = values.first()
        for name in content:
            unlike = (near & differs[name].to_numpy())[codes]
            present = repeated[name].notna().to_numpy()
            reason = "rows that are otherwise alike differ here"
            findings.append(Finding(table, repeated.index[unlike & present], reason, name, action="set_missing"))
            gained = repeated.index[kept & ~unlike & ~present & first[name].notna().to_numpy()[codes]]
            after = pd.Series(first[name].array[codes], index=repeated.index).loc[gained]
            reason = "known from another row that is otherwise alike"
            findings.append(Finding(table, gained, reason, name, after, action="repair"))
        again = repeated.index[near[codes] & ~kept]
        findings.append(Finding(table, again, "nearly the same row stands there more than once"))
    return findings


def duplicate_conflicting(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return all rows that still share a key: they differ, and which one is right is not guessed."""
    return [
        Finding(table, repeated.index, f"rows that share {_words(codebook.primary_keys[table])} differ")
        for table, repeated in _repeated(tables, codebook)
    ]


def status_conflict(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return the status, and the details that hang on it, of rows of which one says present and another absent."""
    findings = []
    for table, repeated in _repeated(tables, codebook, statement_tables(codebook)):
        key = list(codebook.primary_keys[table])
        known = repeated.loc[repeated["status"].isin(KNOWN)]
        words = known.groupby(key, observed=True)["status"].nunique()
        rows = _rows_of(repeated, key, words[words > 1].index)
        reason = "the same source says both present and absent"
        unknown = pd.Series(UNKNOWN, index=rows, dtype="object")
        findings.append(Finding(table, rows, reason, "status", unknown))
        findings += [
            Finding(table, repeated.index[repeated.index.isin(rows) & repeated[name].notna()], reason, name)
            for name in _details(repeated, key)
        ]
    return findings


def detail_conflict(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return details (onset, code, dates) in which rows differ that agree on the status of one person and disease."""
    findings = []
    for table, repeated in _repeated(tables, codebook, statement_tables(codebook)):
        key = list(codebook.primary_keys[table])
        for name in _details(repeated, key):
            different = repeated.groupby(key, observed=True)[name].nunique()
            rows = _rows_of(repeated, key, different[different > 1].index)
            rows = rows[repeated.loc[rows, name].notna()]
            findings.append(Finding(table, rows, "rows that agree on the status differ here", name))
    return findings


def status_merge(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return the rows that agree with an earlier one of the same key, and what they add to it."""
    findings = []
    for table, repeated in _repeated(tables, codebook, statement_tables(codebook)):
        key = list(codebook.primary_keys[table])
        grouped = repeated.assign(status=repeated["status"].where(repeated["status"] != UNKNOWN)).groupby(
            key, observed=True, sort=False
        )
        kept = repeated.index[~repeated.duplicated(subset=key)]
        for name in ["status", *_details(repeated, key)]:
            filled = grouped[name].transform("first").loc[kept]
            now = repeated.loc[kept, name]
            blank = equals(now, UNKNOWN) if name == "status" else now.isna().to_numpy()
            gained = kept[blank & filled.notna().to_numpy()]
            reason = "known from another row of the same source"
            findings.append(Finding(table, gained, reason, name, filled.loc[gained], action="repair"))
        findings.append(Finding(table, repeated.index.difference(kept), "agrees with another row of the same source"))
    return findings


def orphan(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return rows of people who have no (undisputed) row among the participants."""
    people = tables["participants"]["participant_id"].drop_duplicates()
    reason = "the person is not among the participants"
    return [
        Finding(name, frame.index[positions(frame["participant_id"], people) < 0], reason)
        for name, frame in tables.items()
        if name != "participants"
    ]


def _repeated(
    tables: Tables, codebook: Codebook, only: tuple[str, ...] | None = None
) -> list[tuple[str, pd.DataFrame]]:
    """Return, for each table, the rows whose key occurs more than once."""
    found = []
    for table in tables:
        if only is not None and table not in only:
            continue
        repeated = _rows_repeated(tables, table, codebook.primary_keys[table])
        if len(repeated):
            found.append((table, repeated))
    return found


def _rows_repeated(tables: Tables, table: str, key: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows of a table whose key occurs more than once."""

    def look(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.loc[repeats(frame, key)]

    return tables.seen(table, "repeated rows", look) if isinstance(tables, Working) else look(tables[table])


def _details(frame: pd.DataFrame, key: list[str]) -> list[str]:
    return [name for name in frame.columns if name not in {*key, "status"}]


def _rows_of(frame: pd.DataFrame, key: list[str], keys: pd.Index[Any]) -> pd.Index[Any]:
    """Return the labels of the rows with one of some keys."""
    return frame.index[pd.MultiIndex.from_frame(frame[key]).isin(keys)] if len(keys) else frame.index[:0]


def _words(names: tuple[str, ...]) -> str:
    return " and ".join(names)
