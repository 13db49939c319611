"""The entries of a study file, and the columns that each of them names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from cohort.codebook import Codebook, Variable
from cohort.errors import CohortError, Problem
from cohort.study_file import ByColumn, Comparison, RegisterCode, Source, StudyFile, UnitColumn
from cohort.synthetic.defects.raw_text import SOURCE, columns_in

CONDITIONS = ("where", "present", "absent", "unknown", "below", "above")


@dataclass(frozen=True)
class Entry:
    """One source of values in a study file.

    Parameters
    ----------
    section, name, number
        Where it stands: ``labs``, ``crp``, and its place in the list of sources.
    source
        What it says.
    file
        Key of the file that it reads; of several keys with the same path and identifier, the first.
    variable
        The canonical variable, for entries of people and visits.
    """

    section: str
    name: str
    number: int
    source: Any
    file: str
    variable: Variable | None = field(default=None, compare=False)

    @property
    def place(self) -> str:
        """Return where it stands, in words."""
        return f"{self.section}.{self.name}.{self.number}"

    @property
    def is_register(self) -> bool:
        """Return whether it reads coded rows of a register."""
        return getattr(self.source, "code", None) is not None


def entries_of(study: StudyFile, codebook: Codebook) -> list[Entry]:
    """Return every entry of a study that names a file, in the order of the study file.

    Parameters
    ----------
    study, codebook
        The study, and what its names mean.
    """
    people, first = codebook.tables["participants"], same_files(study)
    found = [
        Entry("variables", name, number, source, first[source.file], codebook.mappable[name])
        for name, sources in study.variables.items()
        for number, source in enumerate(sources)
    ]
    sections: dict[str, Mapping[str, list[Any]]] = {
        "instruments": study.instruments,
        "labs": study.labs,
        "diagnoses": study.diagnoses,
        "medications": study.medications,
    }
    for section, named in sections.items():
        for name, sources_ in named.items():
            found += [
                Entry(section, name, number, source, first[source.file]) for number, source in enumerate(sources_)
            ]
    if study.follow_up is not None:
        variables = codebook.tables["follow_up"]
        for key, name in (("entry", "entry_date"), ("exit", "exit_date"), ("reason", "exit_reason")):
            source = getattr(study.follow_up, key)
            if source is not None:
                found.append(Entry("follow_up", name, 0, source, first[source.file], variables[name]))
    if study.design is not None:
        for key, name in (("weights", "survey_weight"), ("strata", "survey_stratum"), ("psu", "survey_psu")):
            source = getattr(study.design, key)
            if source is not None:
                found.append(Entry("design", name, 0, source, first[source.file], people[name]))
    found += [
        Entry("relations", "kind", number, relation, first[relation.file])
        for number, relation in enumerate(study.relations)
    ]
    return found


def same_files(study: StudyFile) -> dict[str, str]:
    """Return, for each key under ``files:``, the first key with the same paths, sheet and identifier.

    Parameters
    ----------
    study
        The study.

    Raises
    ------
    CohortError
        If one path is read under two identifiers: no single table could then be written for it.
    """
    first: dict[tuple[str, ...], str] = {}
    found: dict[str, str] = {}
    problems = []
    for key, file in study.files.items():
        where = (*file.sources().values(), str(file.sheet))
        found[key] = first.setdefault(where, key)
        other = study.files[found[key]]
        if (file.id or study.id) != (other.id or study.id):
            what = f"it reads the same path as '{found[key]}' under another identifier."
            problems.append(Problem(f"file '{key}'", what, "A twin needs one identifier for each file."))
    if problems:
        raise CohortError(problems)
    return found


def columns_of(source: BaseModel) -> Iterator[str]:
    """Yield every column that an entry names, in any of its keys."""
    for key in type(source).model_fields:
        value = getattr(source, key)
        if key == "column" and isinstance(value, str):
            yield value
        elif key in CONDITIONS and isinstance(value, list):
            yield from columns_in(value)
        elif key == "cases" and value:
            yield from (column for condition in value.values() for column in columns_in(condition))
        elif key == "visits" and value:
            yield from value.values()
        elif key == "items":
            yield from value if isinstance(value, list) else [item for items in value.values() for item in items]
        elif isinstance(value, (UnitColumn, RegisterCode)):
            yield value.column
        elif isinstance(value, ByColumn):
            yield value.by
        elif key == "kind" and isinstance(value, Source):
            yield from columns_of(value)


def columns_of_study(study: StudyFile) -> dict[str, list[str]]:
    """Return the columns that a study names of each file, without its identifier and the name of a stacked file.

    Parameters
    ----------
    study
        The study.
    """
    found: dict[str, dict[str, None]] = {name: {} for name in study.files}
    for source in _sources(study):
        if source.file in found:
            found[source.file] |= dict.fromkeys(column for column in columns_of(source) if column != SOURCE)
    return {name: list(columns) for name, columns in found.items()}


def coded_columns(study: StudyFile, file: str) -> frozenset[str]:
    """Return the columns of a file that are read only through codes with a meaning: a label can stand for a code.

    Parameters
    ----------
    study, file
        The study, and the key of the file.
    """
    coded: set[str] = set()
    other: set[str] = set()
    for source in _sources(study):
        if source.file != file:
            continue
        columns = set(columns_of(source))
        through = set()
        if getattr(source, "codes", None):
            through |= set(_value_columns(source))
        for condition in _conditions(source):
            for alternative in condition:
                through |= {column for column, wanted in alternative.items() if not isinstance(wanted, Comparison)}
                other |= {column for column, wanted in alternative.items() if isinstance(wanted, Comparison)}
        coded |= through
        other |= columns - through
    return frozenset(column for column in coded - other if column)


def _value_columns(source: Any) -> Iterator[str]:
    """Yield the columns that hold the values of an entry themselves."""
    named = getattr(source, "items", None) or getattr(source, "visits", None) or [source.column]
    for part in named.values() if isinstance(named, dict) else named:
        yield from [part] if isinstance(part, str) else part or []


def _conditions(source: Any) -> Iterator[Any]:
    """Yield every condition of an entry."""
    for key in CONDITIONS:
        if isinstance(getattr(source, key, None), list):
            yield getattr(source, key)
    yield from (getattr(source, "cases", None) or {}).values()


def _sources(study: StudyFile) -> Iterator[Any]:
    """Yield every entry of a study as it stands there."""
    for section in (study.variables, study.instruments, study.labs, study.diagnoses, study.medications):
        yield from (source for named in section.values() for source in named)
    for group in (study.follow_up, study.design):
        if group is not None:
            yield from (getattr(group, key) for key in type(group).model_fields if getattr(group, key))
    yield from study.relations
