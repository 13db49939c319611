"""Codes that differ from one that the study names only in letter case or blanks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from cohort.codebook import Codebook
from cohort.intake.cells import code_text
from cohort.intake.entries import entries_of
from cohort.intake.record import Record
from cohort.intake.tables import SourceTable
from cohort.study_file import ByColumn, Comparison, StudyFile

_BLANKS = re.compile(r"\s+")


def repair_spelling(study: StudyFile, codebook: Codebook, tables: Mapping[str, SourceTable], record: Record) -> None:
    """Read a code that differs from exactly one named one only in letter case or blanks as that one, and note it.

    A code that the study names nowhere and that is like none stays as it is: intake reports it. Columns that are
    numbers, or of which the study names no code, are not looked at.

    Parameters
    ----------
    study, codebook
        Which codes have a meaning.
    tables
        The files; the codes of their columns are changed.
    record
        Takes a line for each repaired cell.
    """
    for (file, column), named in named_codes(study, codebook).items():
        table = tables.get(file)
        if table is None or column not in table.frame:
            continue
        known = named | set(table.labels.get(column, {})) | set(table.labels.get(column, {}).values())
        known |= set(table.declared_missing(column, {}))
        alike: dict[str, set[str]] = {}
        for code in known:
            alike.setdefault(_plain(code), set()).add(code)
        codes = table.codes(column)
        words = codes.cat.categories
        meant = {
            word: next(iter(alike[_plain(word)]))
            for word in words
            if word not in known and len(alike.get(_plain(word), ())) == 1
        }
        if meant:
            _repair(table, column, codes, meant, record)


def _repair(table: SourceTable, column: str, codes: pd.Series, meant: Mapping[str, str], record: Record) -> None:
    rows = np.flatnonzero(codes.isin(list(meant)).to_numpy())
    record.note(
        rule="letter_case",
        severity="warning",
        action="repair",
        table="",
        column=column,
        participant_id=table.ids.iloc[rows].to_list(),
        reason=f"'{column}' differs from a code of the study only in letter case or blanks",
        file=table.name,
        row=table.row[rows].tolist(),
    )
    words = [meant.get(word, word) for word in codes.cat.categories]
    number, kept = pd.factorize(pd.Series(words, dtype="str"))
    table.set_codes(
        column, pd.Series(pd.Categorical.from_codes(np.append(number, -1)[codes.cat.codes], pd.Index(kept)))
    )


def _plain(code: str) -> str:
    return _BLANKS.sub(" ", code.strip()).casefold()


def named_codes(study: StudyFile, codebook: Codebook) -> dict[tuple[str, str], set[str]]:
    """Return the codes and labels that a study names, by file and column, where it names any.

    The words of the codebook's categories count for a column that is mapped without codes.
    """
    found: dict[tuple[str, str], set[str]] = {}
    for place, entry in entries_of(study):
        for column, code in _codes_in(entry, _words(place, codebook)):
            found.setdefault((entry.file, column), set()).add(code)
    return found


def _words(place: str, codebook: Codebook) -> tuple[str, ...]:
    """Return the words that a column may hold by the codebook, for an entry at a place of the study file."""
    section, name = place.split(".")[:2]
    if section == "variables" and name in codebook.mappable:
        return codebook.mappable[name].categories
    if place == "follow_up.reason":
        return codebook.tables["follow_up"]["exit_reason"].categories
    return codebook.tables["relations"]["kind"].categories if section == "relations" else ()


def _codes_in(entry: BaseModel, words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield each column of an entry with each code that the entry names for it."""
    own = _own_columns(entry)
    codes = getattr(entry, "codes", None)
    for column in own:
        for code in [*(codes or {}), *getattr(entry, "missing", {}), *(words if codes is None else ())]:
            yield column, str(code_text(code))
    conditions = [getattr(entry, key, None) for key in ("where", "present", "absent", "unknown", "below", "above")]
    for condition in [*conditions, *(getattr(entry, "cases", None) or {}).values()]:
        for alternative in condition if isinstance(condition, list) else []:
            for column, wanted in alternative.items():
                if not isinstance(wanted, (str, Comparison)):
                    yield from ((column, str(code_text(code))) for code in wanted if code is not None)
    for key in ("unit", "limit", "multiply"):
        value = getattr(entry, key, None)
        if isinstance(value, ByColumn):
            yield from ((value.by, str(code_text(level))) for level in value.levels())
    kind = getattr(entry, "kind", None)
    if isinstance(kind, BaseModel):
        yield from _codes_in(kind, words)


def _own_columns(entry: Any) -> list[str]:
    """Return the columns whose cells the codes of an entry translate."""
    items = getattr(entry, "items", None)
    if isinstance(items, list):
        return items
    if isinstance(items, dict):
        return [column for columns in items.values() for column in columns]
    visits = getattr(entry, "visits", None)
    if visits:
        return list(visits.values())
    column = getattr(entry, "column", None)
    return [column] if isinstance(column, str) else []
