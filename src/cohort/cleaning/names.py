"""Rules about names and identifiers that were written in more than one way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cohort.cleaning.keys import same_people
from cohort.cleaning.places import labels
from cohort.cleaning.rule import Column, Finding, Tables
from cohort.codebook import Codebook

PERSON, RELATIVE = "participant_id", "relative_id"
NAMES = (("participants", "site"), ("labs", "site"), ("labs", "plate"))
"""Columns of names that the codebook leaves open."""


def id_leading_zeros(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return identifiers that lost their leading zeros, with the zeros put back.

    Identifiers are digits of one length in at least ``share`` of the people, some begin with a zero, and a shorter one
    becomes with zeros before it one of those.
    """
    relatives = tables["relations"].get(RELATIVE, pd.Series(dtype="string")).astype("string").dropna().unique()
    whole = _restored(
        _people(tables), pa.array(np.asarray(relatives, dtype=object), pa.large_string()), limits["share"]
    )
    if not whole:
        return []
    findings = []
    reason = "without the leading zeros that the other identifiers have"
    for name, frame in tables.items():
        for column in [column for column in (PERSON, RELATIVE) if column in frame]:
            rows = frame.index[frame[column].isin(list(whole)).to_numpy(dtype=bool)]
            findings.append(Finding(name, rows, reason, column, _replaced(frame.loc[rows, column], whole)))
    return findings


def _people(tables: Tables) -> pa.Array:
    """Return the identifiers of everybody in any table."""
    columns = [frame[PERSON] for frame in tables.values()]
    if all(same_people(column, columns[0]) for column in columns):
        categories = columns[0].cat.categories
        occurs = np.zeros(len(categories) + 1, dtype=bool)
        for column in columns:
            occurs[column.cat.codes.to_numpy()] = True
        own = pa.array(categories, pa.large_string())
        own = own.combine_chunks() if isinstance(own, pa.ChunkedArray) else own  # as categories of many blocks are
        return own.filter(pa.array(occurs[:-1]))
    found = [np.asarray(column.astype("object").dropna().unique(), dtype=object) for column in columns]
    return pc.unique(pa.array(np.concatenate(found), pa.large_string()))


def _restored(known: pa.Array, relatives: pa.Array, share: float) -> dict[str, str]:
    """Return the whole identifier by the one that lost its zeros, among people and their relatives."""
    digits = known.filter(pc.match_substring_regex(known, pattern="^[0-9]+$"))
    lengths = pc.utf8_length(digits).to_numpy()
    if len(lengths) < share * len(known) or not len(lengths):
        return {}
    width = int(np.bincount(lengths).argmax())
    if (lengths == width).sum() < share * len(known):
        return {}
    named = pc.unique(pa.concat_arrays([known, relatives]))
    digits = named.filter(pc.match_substring_regex(named, pattern="^[0-9]+$"))
    short = digits.filter(pc.less(pc.utf8_length(digits), width))
    padded = pc.utf8_lpad(short, width, padding="0")
    there = pc.is_in(padded, value_set=known)
    return dict(sorted(zip(short.filter(there).to_pylist(), padded.filter(there).to_pylist(), strict=True)))


def name_case(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return names that differ from a commoner one only in letter case or blanks, with the commoner spelling.

    Beyond a ``share`` of the commoner one, two names may be meant: the column is flagged and nothing changes.
    """
    findings = []
    for table, column in NAMES:
        frame = tables[table]
        if column not in frame:
            continue
        codes, words = labels(frame[column])
        count = np.bincount(codes[codes >= 0], minlength=len(words))
        spelling, doubtful = _spellings(words, count.tolist(), limits["share"])
        rows = frame.index[np.isin(codes, [words.index(word) for word in spelling])]
        reason = f"{column} written in another way than by nearly everybody"
        findings.append(Finding(table, rows, reason, column, _replaced(frame.loc[rows, column], spelling)))
        unsure = np.isin(codes, [words.index(word) for word in doubtful])
        reason = f"names of {column} that differ only in letter case or blanks, both common"
        findings.append(Finding(table, frame.index[:0], reason, column, action="flag", count=int(unsure.sum())))
    return findings


def _spellings(words: Iterable[str], count: list[int], share: float) -> tuple[dict[str, str], list[str]]:
    """Return the common spelling by the rare one, and the names of which both spellings are common."""
    alike: dict[str, list[tuple[int, str]]] = {}
    for word, times in zip(words, count, strict=True):
        if times:
            alike.setdefault("".join(word.split()).casefold(), []).append((times, word))
    spelling, doubtful = {}, []
    for group in alike.values():
        (most, common), *others = sorted(group, key=lambda item: (-item[0], item[1]))
        for times, word in others:
            if times <= share * most:
                spelling[word] = common
            else:
                doubtful.append(word)
    return spelling, doubtful


def _replaced(column: Column, words: Mapping[str, str]) -> Column:
    """Return other words for those of a column, in its dtype."""
    new: Column = column.astype("string").map(words).astype("string")
    same = isinstance(column.dtype, pd.CategoricalDtype) and bool(new.isin(column.cat.categories).all())
    return new.astype(column.dtype) if same else new
