"""How files hang together: who is who, which rows are visits, and which columns repeat one measure over waves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from cohort.draft.columns import Column
from cohort.draft.files import DraftFile
from cohort.draft.meaning import Reader
from cohort.draft.proposal import FileShape
from cohort.draft.vocabulary import DraftVocabulary

_ID_SCORE, _SURELY_NAMED = 0.35, 0.9
_VISIT_SCORE = 0.6
_OVERLAP = 0.5
_NEARLY_UNIQUE = 0.98
_MOST_VISITS = 40
_FEWEST_PEOPLE = 5
_WAVE = re.compile(
    r"^(?P<base>.*[^_\W])[_.\s-](?P<wave>(?:t|w|v|wave|visit|golf|meting|fu|m|y)_?\d{1,2}|baseline|bl|base|follow_?up|fu)$",
    re.IGNORECASE,
)
_BASELINE_WORDS = ("t0", "baseline", "bl", "base", "screening", "v0", "w0", "m0", "0")
_FIRST_WORDS = ("t1", "v1", "w1", "wave1", "visit1", "1")


@dataclass(frozen=True)
class Structure:
    """How the files of a draft hang together.

    Parameters
    ----------
    id
        The column of identifiers that most files share; None when none was found.
    id_reason
        Why.
    shapes
        The shape of each file.
    baseline
        The visit that counts as baseline; None when visits are not known.
    baseline_is_sure
        Whether its name says so.
    """

    id: str | None
    id_reason: str
    shapes: Mapping[str, FileShape]
    baseline: str | None = None
    baseline_is_sure: bool = True
    visits: tuple[str, ...] = field(default=())


def find_structure(files: Sequence[DraftFile], readers: Mapping[str, Reader], vocabulary: DraftVocabulary) -> Structure:
    """Return how files hang together.

    Parameters
    ----------
    files
        The files.
    readers
        What reads the names of each file, by its key.
    vocabulary
        What identifiers and visits are called.
    """
    shared, reason = _shared_id(files, readers, vocabulary)
    shapes: dict[str, FileShape] = {}
    people = _people(files, shared)
    visits: Counter[str] = Counter()
    for file in files:
        own = file.id if file.folder_format else _own_id(file, shared, people)
        shape = _shape(file, own, readers[file.key], vocabulary)
        shapes[file.key] = shape
        if shape.visit is not None:
            visits.update(file.columns[shape.visit].counts)
        for by_wave in shape.waves.values():
            visits.update(by_wave.keys())
    baseline, is_sure = _baseline(visits)
    return Structure(shared, reason, shapes, baseline, is_sure, tuple(visits))


def _could_be_id(column: Column) -> bool:
    if column.is_date or column.distinct < min(_FEWEST_PEOPLE, max(column.rows, 1)):
        return False
    return not column.is_numeric or column.is_whole


def _shared_id(
    files: Sequence[DraftFile], readers: Mapping[str, Reader], vocabulary: DraftVocabulary
) -> tuple[str | None, str]:
    """Return the name of the column that identifies people in most files, and why it was taken."""
    folders = [file for file in files if file.folder_format and file.id]
    if len(folders) == len(files) == 1:
        return folders[0].id, f"the form of the folder ({folders[0].folder_format}) says so"
    candidates: dict[str, tuple[float, str]] = {}
    names = Counter(
        name for file in files for name, column in file.columns.items() if column.filled and _could_be_id(column)
    )
    for name, count in names.items():
        holders = [file for file in files if name in file.columns]
        said = max(readers[f.key].said(f.columns[name], vocabulary.role("id")).score for f in holders)
        unique = max(_share_unique(file.columns[name]) for file in holders)
        full = min(file.columns[name].filled / max(file.columns[name].rows, 1) for file in holders)
        if full < _NEARLY_UNIQUE or (unique < _NEARLY_UNIQUE and said < _SURELY_NAMED):
            continue
        score = 0.5 * said + 0.4 * count / len(files) + 0.1 * (next(iter(holders[0].columns)) == name)
        shared = f"in {count} of {len(files)} files" if len(files) > 1 else "each row has its own value"
        candidates[name] = (score, f"{shared}, nearly unique in one of them" if len(files) > 1 else shared)
    if not candidates:
        return None, ""
    best = max(candidates, key=lambda name: candidates[name][0])
    return (best, candidates[best][1]) if candidates[best][0] >= _ID_SCORE else (None, "")


def _share_unique(column: Column) -> float:
    return column.distinct / column.filled if column.filled else 0.0


def _people(files: Sequence[DraftFile], shared: str | None) -> frozenset[str]:
    return frozenset(code for file in files if shared in file.columns for code in file.columns[str(shared)].counts)


def _own_id(file: DraftFile, shared: str | None, people: frozenset[str]) -> str | None:
    """Return the column of identifiers of one file: the shared one, or the one that has most values of it."""
    if shared in file.columns:
        return shared
    best, most = None, _OVERLAP
    for name, column in file.columns.items():
        if not people or not column.filled or not _could_be_id(column):
            continue
        overlap = sum(code in people for code in column.counts) / column.distinct
        if overlap > most and column.distinct > _FEWEST_PEOPLE and column.filled >= _OVERLAP * column.rows:
            best, most = name, overlap
    return best


def _shape(file: DraftFile, id_: str | None, reader: Reader, vocabulary: DraftVocabulary) -> FileShape:
    if id_ is None:
        return FileShape(waves=_waves(file))
    ids = file.columns[id_].codes
    repeated = bool(ids.dropna().duplicated().any())
    best, most = None, 0.0
    for name, column in file.columns.items():
        if name == id_ or not 1 <= column.distinct <= _MOST_VISITS or column.filled < _OVERLAP * column.rows:
            continue
        said = reader.said(column, vocabulary.role("visit")).score
        pairs = pd.DataFrame({"id": ids, "visit": column.codes}).dropna()
        tells_apart = repeated and not pairs.duplicated().any()
        looks = any(code.casefold() in (*_BASELINE_WORDS[:3], *_FIRST_WORDS[:2]) for code in column.counts)
        score = said + 0.3 * tells_apart + 0.3 * looks
        is_named = said >= _VISIT_SCORE and not column.is_date and (tells_apart or looks or not column.is_numeric)
        if (is_named or (tells_apart and looks)) and score > most:
            best, most = name, score
    return FileShape(id_, best, not repeated, _waves(file) if best is None else {})


def _waves(file: DraftFile) -> dict[str, dict[str, str]]:
    """Return columns that repeat one measure, by the name that they share and by wave.

    A mark counts when at least two columns share the rest of their name, or when all of the waves recur elsewhere.
    """
    found: dict[str, dict[str, str]] = {}
    for name in file.columns:
        match = _WAVE.match(name)
        if match:
            found.setdefault(match["base"], {})[match["wave"].lower()] = name
    return {base: waves for base, waves in found.items() if len(waves) > 1}


def _baseline(visits: Counter[str]) -> tuple[str | None, bool]:
    """Return the visit that counts as baseline, and whether its name says so."""
    if not visits:
        return None, True
    by_word = {re.sub(r"[^a-z0-9]", "", visit.casefold()): visit for visit in visits}
    for word in (*_BASELINE_WORDS, *_FIRST_WORDS):
        if word in by_word:
            return by_word[word], word in _BASELINE_WORDS
    for word, visit in by_word.items():
        if word.startswith(_BASELINE_WORDS[:3]):
            return visit, True
    if all(re.fullmatch(r"\d+", visit) for visit in visits):
        return min(visits, key=int), False
    return visits.most_common(1)[0][0], False
