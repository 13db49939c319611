"""Tables with a row per result or per record: the name of the analyte, or a code of a disease or drug, in a column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from cohort.codebook import Codebook
from cohort.draft.columns import Column
from cohort.draft.files import DraftFile
from cohort.draft.laboratory import factor, holds_units
from cohort.draft.meaning import Reader, term_score
from cohort.draft.proposal import FileShape, Proposal
from cohort.draft.vocabulary import DraftVocabulary

_IS_ANALYTE = 0.7
_SHARE = 0.3
_MOST_NAMES = 300
_SURE = 0.85
_ICD10 = re.compile(r"^(D(?=[A-Z]\d))?[A-Z]\d{2}(\.?[A-Z0-9]{1,4})?[+*]?$", re.IGNORECASE)
_ATC = re.compile(r"^[ABCDGHJLMNPRSV]\d{2}([A-Z]([A-Z](\d{2})?)?)?$", re.IGNORECASE)
_ATC_WHOLE = re.compile(r"^[ABCDGHJLMNPRSV]\d{2}[A-Z]{2}\d{2}$", re.IGNORECASE)
_MOST_ARE = 0.9
_FEWEST_CODES = 3
_DANISH = "D"


def find_long_laboratory(
    file: DraftFile, shape: FileShape, reader: Reader, codebook: Codebook, vocabulary: DraftVocabulary
) -> list[Proposal]:
    """Return analytes of a table with a row per result.

    Parameters
    ----------
    file, shape, reader
        The file, how its rows are organised, and what reads its names.
    codebook, vocabulary
        What is known of analytes and of their names.
    """
    named = {
        name: by_analyte
        for name, column in file.columns.items()
        if name not in (shape.id, shape.visit) and (by_analyte := _analytes_in(column, vocabulary))
    }
    if not named:
        return []
    test = max(named, key=lambda name: len(named[name]))
    results = [c for c in file.columns.values() if c.name not in (shape.id, shape.visit, test) and c.is_numeric]
    if not results:
        return []
    result = max(
        results, key=lambda c: (reader.said(c, vocabulary.role("analyte_result")).score, not c.is_whole, c.distinct)
    )
    units = [column for column in file.columns.values() if holds_units(column)]
    date = _date_of(file, reader, vocabulary, "lab_date")
    proposals = []
    for analyte_id, texts in named[test].items():
        analyte = codebook.analytes[analyte_id]
        entry: dict[str, Any] = {"file": file.key, "where": {test: texts}, "column": result.name}
        questions: list[str] = []
        if units:
            entry["unit"] = {"column": units[0].name}
            here = file.columns[test].codes.isin(texts)
            bad = [u for u in units[0].codes[here].dropna().unique() if factor(str(u), analyte) is None]
            questions += [f"the unit {u} does not convert to {analyte.unit}" for u in bad[:3]]
        else:
            entry["unit"] = analyte.unit
            questions.append(f"no column holds units; is it {analyte.unit}?")
        if date:
            entry["date"] = {"column": date}
        if shape.visit is not None:
            entry["visit"] = {"column": shape.visit}
        else:
            entry["keep"] = "first"
        reason = f"rows of '{test}' with {', '.join(texts[:4])}; results in '{result.name}'"
        columns = (test, result.name, *([units[0].name] if units else []))
        proposals.append(Proposal("labs", analyte_id, file.key, columns, entry, _SURE, (reason,), tuple(questions)))
    return proposals


def _analytes_in(column: Column, vocabulary: DraftVocabulary) -> dict[str, list[str]]:
    """Return the texts of a column that name each analyte; nothing when few of them name any."""
    if not column.filled or column.is_numeric or column.is_date or not 1 < column.distinct <= _MOST_NAMES:
        return {}
    found: dict[str, list[str]] = {}
    rows = 0
    for text, count in column.counts.items():
        words = vocabulary.speller.words(text)
        scores = {
            name: max(term_score(words, term, vocabulary.speller) for term in target.terms)
            for name, target in vocabulary.targets["analytes"].items()
        }
        best = max(scores, key=lambda name: scores[name])
        if scores[best] >= _IS_ANALYTE:
            found.setdefault(best, []).append(text)
            rows += count
    return found if len(found) > 1 and rows >= _SHARE * column.filled else {}


def find_registers(
    file: DraftFile,
    shape: FileShape,
    reader: Reader,
    codebook: Codebook,
    vocabulary: DraftVocabulary,
    *,
    has_follow_up: bool,
) -> list[Proposal]:
    """Return diseases and drugs of a table with a coded row per record.

    Parameters
    ----------
    file, shape, reader
        The file, how its rows are organised, and what reads its names.
    codebook, vocabulary
        What is known of codes and names.
    has_follow_up
        Whether the study knows who was followed, so that no record can mean absent.
    """
    proposals: list[Proposal] = []
    for column in file.columns.values():
        if column.name in (shape.id, shape.visit) or column.is_numeric or column.distinct < _FEWEST_CODES:
            continue
        system = _system_of(column)
        if system is None:
            continue
        date = _date_of(file, reader, vocabulary, "code_date")
        codes = {code.replace(".", "").upper() for code in column.counts}
        beginnings: Mapping[str, tuple[str, ...]] = (
            codebook.drugs if system == "ATC" else {d.id: d.icd10 for d in codebook.diseases.values()}
        )
        danish = system == "ICD-10" and all(code.startswith(_DANISH) and code[1:2].isalpha() for code in codes)
        for name, starts in beginnings.items():
            wanted = [f"{_DANISH}{start}" if danish else start for start in starts]
            if not any(code.startswith(start.replace(".", "").upper()) for code in codes for start in wanted):
                continue
            entry: dict[str, Any] = {
                "file": file.key,
                "code": {"column": column.name, "system": system, "starts_with": wanted},
            }
            if date:
                entry["date" if system == "ICD-10" else "start"] = {"column": date}
            if system == "ICD-10":
                entry["source"] = "register"
                if has_follow_up:
                    entry["absent"] = "no_record_in_follow_up"
            section = "medications" if system == "ATC" else "diagnoses"
            reason = f"'{column.name}' holds {system} codes, some begin with {', '.join(wanted[:4])}"
            proposals.append(Proposal(section, name, file.key, (column.name,), entry, _SURE, (reason,)))
    return proposals


def _system_of(column: Column) -> str | None:
    """Return the classification whose form most codes of a column have."""
    codes = [code.strip() for code in column.counts]
    if sum(bool(_ATC_WHOLE.match(c)) for c in codes) >= _SHARE * len(codes) and _share(_ATC, codes) >= _MOST_ARE:
        return "ATC"
    chapters = {code.upper().removeprefix(_DANISH)[:1] for code in codes}
    return "ICD-10" if _share(_ICD10, codes) >= _MOST_ARE and len(chapters) > 1 else None


def _share(pattern: re.Pattern[str], codes: list[str]) -> float:
    return sum(bool(pattern.match(code)) for code in codes) / len(codes)


def _date_of(file: DraftFile, reader: Reader, vocabulary: DraftVocabulary, role: str) -> str | None:
    """Return the date column of a file that the role names best; its only one when there is but one."""
    dates = [column for column in file.columns.values() if column.is_date]
    if not dates:
        return None
    best = max(dates, key=lambda column: reader.said(column, vocabulary.role(role)).score)
    return best.name
