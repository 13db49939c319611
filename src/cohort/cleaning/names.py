"""Rules about names and identifiers that were written in more than one way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from cohort.cleaning.places import labels
from cohort.cleaning.rule import Column, Finding, Tables
from cohort.codebook import Codebook

PERSON = "participant_id"
NAMES = (("participants", "site"), ("labs", "site"), ("labs", "plate"))
"""Columns of names that the codebook leaves open."""


def id_leading_zeros(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return identifiers that lost their leading zeros, with the zeros put back.

    Identifiers are digits of one length in at least ``share`` of the people, some begin with a zero, and a shorter one
    becomes with zeros before it one of those.
    """
    words = {name: labels(frame[PERSON]) for name, frame in tables.items()}
    present = {name: np.unique(codes[codes >= 0]) for name, (codes, _) in words.items()}
    known = {words[name][1][code] for name, codes in present.items() for code in codes.tolist()}
    whole = _restored(known, limits["share"])
    if not whole:
        return []
    findings = []
    for name, frame in tables.items():
        codes, names = words[name]
        short = [code for code in present[name].tolist() if names[code] in whole]
        rows = frame.index[np.isin(codes, short)]
        after = _replaced(frame.loc[rows, PERSON], whole)
        reason = "without the leading zeros that the other identifiers have"
        findings.append(Finding(name, rows, reason, PERSON, after))
    return findings


def _restored(known: set[str], share: float) -> dict[str, str]:
    """Return the whole identifier by the one that lost its zeros."""
    lengths = np.array([len(word) for word in known if word.isascii() and word.isdigit()], dtype=np.int64)
    if len(lengths) < share * len(known) or not len(lengths):
        return {}
    width = int(np.bincount(lengths).argmax())
    if (lengths == width).sum() < share * len(known):
        return {}
    short = (word for word in known if len(word) < width and word.isascii() and word.isdigit())
    return {word: word.zfill(width) for word in sorted(short) if word.zfill(width) in known}


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
    new: Any = column.astype("string").map(words)
    return new.astype(column.dtype) if len(new) else pd.Series(index=column.index, dtype=column.dtype)
