"""What each measure of a file may be: every target of the codebook with its score and the entry that it would make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cohort.codebook import Codebook, Variable
from cohort.draft.coding import Fit, keyed
from cohort.draft.columns import Column
from cohort.draft.evidence import Evidence
from cohort.draft.files import DraftFile
from cohort.draft.laboratory import find_limit, guess_unit, holds_units
from cohort.draft.meaning import Reader, Said
from cohort.draft.measures import Measure
from cohort.draft.proposal import FileShape, Proposal
from cohort.draft.vocabulary import DraftVocabulary, Target
from cohort.units import UnitError, convert_factor

_SAID_AT_LEAST = 0.3
_ONSET_WORDS = frozenset(
    {"age", "onset", "enrolment", "diagnosis", "first", "at", "year", "when", "told", "doctor", "begin"}
)
_MEDICATION_WORDS = frozenset({"medication", "use"})
_OLDEST = 120
_HOME = 0.02
_ROLE_SCORE = 0.5
_LABORATORY_ROLES = {"date": "lab_date", "time": "lab_hour", "plate": "plate", "site": "lab_site"}
"""Role in the vocabulary of each key that results of one sample share."""

_PERSON_TABLE = "participants"
_SCREENED, _VISIT_DATE = "is_screened_control", "visit_date"


@dataclass(frozen=True)
class Surroundings:
    """What all matching of one file shares: the file, its shape, what reads it, and what is known.

    Parameters
    ----------
    file, shape, reader
        The file, how its rows are organised, and what reads its names.
    codebook, vocabulary, evidence
        What is known of variables, names and codes.
    baseline
        The visit that counts as baseline; None when visits are not known.
    """

    file: DraftFile
    shape: FileShape
    reader: Reader
    codebook: Codebook
    vocabulary: DraftVocabulary
    evidence: Evidence
    baseline: str | None


def candidates(around: Surroundings, measures: Sequence[Measure]) -> list[Proposal]:
    """Return everything that the measures of a file may be, with scores; nothing is chosen yet.

    Parameters
    ----------
    around
        What is known.
    measures
        The measures that are still free.
    """
    found: list[Proposal] = []
    roles = {role: role_column(around, role, measures) for role in _LABORATORY_ROLES.values()}
    for measure in measures:
        found += _variables(around, measure)
        found += _analytes(around, measure, measures, roles)
        found += _diseases(around, measure)
        found += _drugs(around, measure)
        found += _design(around, measure)
    return found


def _scored(
    around: Surroundings,
    section: str,
    target: str,
    measure: Measure,
    said: Said,
    fit: Fit,
    entry: Mapping[str, Any],
    *,
    bonus: float = 0.0,
    columns: tuple[str, ...] = (),
    more: tuple[str, ...] = (),
) -> Proposal:
    score = round(min(max(said.points + fit.points + bonus, 0.0), 1.0), 3)
    return Proposal(
        section,
        target,
        measure.file,
        (*measure.columns, *columns),
        entry,
        score,
        (said.reason, *fit.reasons, *more),
        fit.questions,
    )


def _add_missing(around: Surroundings, column: Column, missing: Mapping[str, str], entry: dict[str, Any]) -> None:
    """Add the missing codes that a file does not declare itself to an entry."""
    declared = around.evidence.to_declare(column, missing)
    if declared:
        entry["missing"] = declared


def _about(
    around: Surroundings, measure: Measure, target: Target, without: frozenset[str] = frozenset()
) -> Said | None:
    said = around.reader.said(measure.column, target, without)
    return said if said.score >= _SAID_AT_LEAST else None


# --- variables ----------------------------------------------------------------------------------------------------


def _variables(around: Surroundings, measure: Measure) -> Iterator[Proposal]:
    for name, target in around.vocabulary.targets["variables"].items():
        said = _about(
            around, measure, around.vocabulary.targets["variables"]["recruitment"] if name == _SCREENED else target
        )
        if said is None or (name == _VISIT_DATE and _is_rather(around, measure, "lab_date", said)):
            continue
        variable = around.codebook.mappable[name]
        fit = _fit_variable(around, measure.column, target, variable)
        words = around.vocabulary.speller.words(f"{measure.name} {measure.column.label} {measure.column.unit}")
        if target.needs and target.needs not in words and fit.points > 0:
            fit = replace(fit, questions=(*fit.questions, f"is it in {variable.unit}? Nothing says so"))
        entry: dict[str, Any] = {"file": measure.file, **_where(around, measure, variable)}
        unit = _unit_of(measure.column, variable)
        if unit:
            entry["unit"] = unit
        if fit.codes:
            entry["codes"] = keyed(fit.codes)
        _add_missing(around, measure.column, fit.missing, entry)
        is_home = (variable.table == _PERSON_TABLE) == (around.shape.visit is None and around.shape.one_row_per_person)
        yield _scored(around, "variables", name, measure, said, fit, entry, bonus=_HOME * is_home)


def _is_rather(around: Surroundings, measure: Measure, role: str, said: Said) -> bool:
    """Return whether name or label say a role better than what they were taken for."""
    return around.reader.said(measure.column, around.vocabulary.role(role)).score > said.score


def _fit_variable(around: Surroundings, column: Column, target: Target, variable: Variable) -> Fit:
    evidence = around.evidence
    if variable.type == "boolean":
        return _screened(evidence, column, target) if target.codes else evidence.yes_no(column, target)
    if variable.categories:
        return evidence.categories(column, target)
    if variable.type in ("date", "string"):
        return evidence.date(column) if variable.type == "date" else evidence.levels(column)
    return evidence.standardised(column) if variable.unit == "SD" else _fit_number(evidence, column, variable)


def _fit_number(evidence: Evidence, column: Column, variable: Variable) -> Fit:
    """Return whether a column holds numbers of a variable, in the unit that the file states."""
    minimum, maximum = variable.minimum, variable.maximum
    unit = _unit_of(column, variable)
    if unit:
        factor = convert_factor(unit, variable.unit)
        minimum = minimum / factor if minimum is not None else None
        maximum = maximum / factor if maximum is not None else None
        return evidence.number(column, minimum, maximum)
    return evidence.number(column, minimum, maximum, variable.plausible, whole=variable.type == "integer")


def _screened(evidence: Evidence, column: Column, target: Target) -> Fit:
    """Return which codes of a way of recruitment are screened controls, where its labels say so."""
    told = evidence.meanings(column)
    named = {code: evidence.category(text, target) == "true" for code, text in told.items() if text}
    if not any(named.values()) or len(named) < len(told):
        return Fit(-1.0)
    return Fit(0.2, ("a label says screened control",), codes=named)


def _where(around: Surroundings, measure: Measure, variable: Variable) -> dict[str, Any]:
    """Return column or columns of a variable, its visit, and which of several rows of a person counts."""
    shape = around.shape
    if variable.table == _PERSON_TABLE:
        place: dict[str, Any] = {"column": measure.first()}
        if shape.visit is not None:
            place["visit"] = {"column": shape.visit}
        return place if shape.one_row_per_person else {**place, "keep": "first"}
    place = measure.place()
    if measure.waves:
        return place
    if shape.visit is not None:
        return {**place, "visit": {"column": shape.visit}}
    return place if shape.one_row_per_person else {**place, "keep": "first"}


def _unit_of(column: Column, variable: Variable) -> str:
    """Return the unit that a file states for a variable, when it converts and is another than that of the codebook."""
    if not variable.unit or not column.stated_unit:
        return ""
    try:
        return column.stated_unit if convert_factor(column.stated_unit, variable.unit) != 1 else ""
    except UnitError:
        return ""


# --- laboratory ---------------------------------------------------------------------------------------------------


def _analytes(
    around: Surroundings, measure: Measure, measures: Sequence[Measure], roles: Mapping[str, Column | None]
) -> Iterator[Proposal]:
    for name, target in around.vocabulary.targets["analytes"].items():
        said = _about(around, measure, target)
        if said is None or not measure.column.is_numeric:
            continue
        analyte = around.codebook.analytes[name]
        units = unit_column(around, target, measure, measures)
        guess = guess_unit(measure.column, analyte, target, around.vocabulary, units, roles["lab_site"])
        limit = find_limit(measure.column, [m.column for m in measures if m is not measure], around.vocabulary)
        entry: dict[str, Any] = {"file": measure.file, **measure.place()}
        entry |= {"unit": guess.unit} if guess.unit is not None else {}
        entry |= limit.entry
        missing = around.evidence.missing_of(measure.column, analyte.minimum, None)
        _add_missing(around, measure.column, missing, entry)
        entry |= _sample(around, measure, roles)
        fit = Fit(guess.points, guess.reasons, guess.questions)
        columns = (*((units.name,) if units is not None else ()), *limit.columns)
        yield _scored(around, "labs", name, measure, said, fit, entry, columns=columns, more=limit.reasons)


def _sample(around: Surroundings, measure: Measure, roles: Mapping[str, Column | None]) -> dict[str, Any]:
    """Return the columns that all results of a file share: visit, date, hour, plate and site."""
    found: dict[str, Any] = {}
    if around.shape.visit is not None and not measure.waves:
        found["visit"] = {"column": around.shape.visit}
    elif not around.shape.one_row_per_person and not measure.waves:
        found["keep"] = "first"
    for key, role in _LABORATORY_ROLES.items():
        column = roles[role]
        if column is not None and column is not measure.column:
            found[key] = {"column": column.name}
    return found


def role_column(around: Surroundings, role: str, measures: Sequence[Measure]) -> Column | None:
    """Return the column of a file that plays a role, such as the plate of a result; None when there is none.

    Parameters
    ----------
    around, measures
        What is known, and the free measures of the file.
    role
        Name of the role in the vocabulary.
    """
    target = around.vocabulary.role(role)
    best, most = None, _ROLE_SCORE
    for measure in measures:
        column = measure.column
        score = 0.0 if measure.waves else around.reader.said(column, target).score
        if score > most and _can_play(role, column, around.evidence):
            best, most = column, score
    return best


def _can_play(role: str, column: Column, evidence: Evidence) -> bool:
    if role == "lab_date":
        return column.is_date
    if role == "lab_hour":
        return not column.is_date and evidence.number(column, 0, 24).points > 0
    return not column.is_date and (role == "plate" or evidence.levels(column).points > 0)


def unit_column(around: Surroundings, target: Target, measure: Measure, measures: Sequence[Measure]) -> Column | None:
    """Return the column that holds the units of an analyte.

    Parameters
    ----------
    around, measures
        What is known, and the free measures of the file.
    target, measure
        The analyte and its results.
    """
    units = [m.column for m in measures if m is not measure and holds_units(m.column)]
    without = frozenset({"unit", "u", "e"})
    scores = {column.name: around.reader.said(column, target, without).score for column in units}
    best = max(units, key=lambda column: scores[column.name], default=None)
    return best if best is not None and scores[best.name] >= _ROLE_SCORE else None


# --- diseases and drugs -------------------------------------------------------------------------------------------


def _yes_no_entry(around: Surroundings, measure: Measure, fit: Fit) -> dict[str, Any]:
    """Return the conditions of a disease or drug: which codes are present and which absent."""
    column = measure.first()
    entry: dict[str, Any] = {"file": measure.file}
    codes = keyed(fit.codes)
    for key, truth in (("present", True), ("absent", False)):
        wanted = [code for code, meaning in codes.items() if meaning is truth]
        if wanted:
            entry[key] = {column: wanted}
    if around.shape.visit is not None and around.baseline in around.file.columns[around.shape.visit].counts:
        entry["where"] = {around.shape.visit: [around.baseline]}
    _add_missing(around, measure.column, fit.missing, entry)
    return entry


def _diseases(around: Surroundings, measure: Measure) -> Iterator[Proposal]:
    for name, target in around.vocabulary.targets["diseases"].items():
        said = _about(around, measure, target)
        if said is None:
            continue
        fit = around.evidence.yes_no(measure.column, target)
        yield _scored(around, "diagnoses", name, measure, said, fit, _yes_no_entry(around, measure, fit))


def onset_ages(around: Surroundings, measures: Sequence[Measure]) -> list[Proposal]:
    """Return the ages at onset that a file may hold, by disease.

    Parameters
    ----------
    around, measures
        What is known, and the free measures of the file.
    """
    found = []
    for measure in measures:
        words = {*around.reader.name_words(measure.column), *around.reader.label_words(measure.column)}
        if "age" not in words or not measure.column.is_numeric:
            continue
        for name, target in around.vocabulary.targets["diseases"].items():
            said = _about(around, measure, target, _ONSET_WORDS)
            if said is None:
                continue
            fit = around.evidence.number(measure.column, 0, _OLDEST)
            entry: dict[str, Any] = {"column": measure.first()}
            _add_missing(around, measure.column, fit.missing, entry)
            found.append(_scored(around, "onset", name, measure, said, fit, entry))
    return found


def _drugs(around: Surroundings, measure: Measure) -> Iterator[Proposal]:
    for name, target in around.vocabulary.targets["drugs"].items():
        said = _about(around, measure, target, _MEDICATION_WORDS)
        if said is None:
            continue
        fit = around.evidence.yes_no(measure.column, target)
        yield _scored(around, "medications", name, measure, said, fit, _yes_no_entry(around, measure, fit))


# --- design -------------------------------------------------------------------------------------------------------


def _design(around: Surroundings, measure: Measure) -> Iterator[Proposal]:
    for name in ("weights", "strata", "psu"):
        said = _about(around, measure, around.vocabulary.role(name))
        if said is None:
            continue
        evidence = around.evidence
        fit = evidence.number(measure.column, 0, None) if name == "weights" else evidence.levels(measure.column)
        entry = {"file": measure.file, "column": measure.first()}
        yield _scored(around, "design", name, measure, said, fit, entry)
