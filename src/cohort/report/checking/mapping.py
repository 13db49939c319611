"""What of a study maps: for each entry its columns, how many values it fills, and what became of the others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from cohort.disclosure import Cell, Disclosure, Sum
from cohort.intake.entries import columns_of, entries_of
from cohort.report.missing import DECLARED, KINDS, column_or_analyte, instrument_or_column, missing_reasons
from cohort.study import Study
from cohort.study_file import StudyFile

REJECTING = ("set_missing", "quarantine")
"""Actions after which a value of the file is no value of the clean table."""
_NO_REJECTION = ("declared_missing", "blank")
_TABLES = {"labs": "labs", "diagnoses": "diagnoses", "medications": "medications", "relations": "relations"}


@dataclass(frozen=True)
class Touched:
    """Values of a column that a rule rejected, repaired or doubted, for one reason; the count is protected."""

    rule: str
    action: str
    reason: str
    count: str


@dataclass(frozen=True)
class Mapped:
    """One entry of a study file and what it gave.

    Parameters
    ----------
    place
        Where it stands in the study file, such as ``variables.sex``.
    file, columns
        The file and the columns that it names.
    variable, label
        Name in the codebook (variable, instrument, analyte, disease or drug), and its label.
    possible, filled
        How many values there could be, and how many there are, protected. Several entries of one variable share them.
    missing
        Why the others are missing: protected counts by kind of reason, those of zero left out.
    declared
        Of those declared missing: protected counts by the study's words.
    touched
        What rules rejected, repaired or flagged.
    """

    place: str
    file: str
    columns: tuple[str, ...]
    variable: str
    label: str
    possible: str
    filled: str
    missing: Mapping[str, str]
    declared: Mapping[str, str]
    touched: tuple[Touched, ...]

    @property
    def rejected(self) -> tuple[Touched, ...]:
        """Return what was set missing or set aside."""
        return tuple(one for one in self.touched if one.action in REJECTING)


@dataclass(frozen=True)
class _Filled:
    possible: str
    filled: str
    missing: Mapping[str, str]
    declared: Mapping[str, str]


def describe_mapping(study: Study, study_file: StudyFile) -> tuple[Mapped, ...]:
    """Return every entry of a study file with what it gave, in the order of the file.

    Parameters
    ----------
    study
        The study, read and cleaned.
    study_file
        What its study file says.
    """
    filled = _filled(study)
    touched = _touched(study)
    found = []
    for place, entry in entries_of(study_file):
        section, name = place.split(".")[:2]
        variable, table = _target(study, section, name)
        empty = _Filled("", "", {}, {})
        numbers = filled.get((table, variable), empty)
        found.append(
            Mapped(
                place=place,
                file=entry.file,
                columns=tuple(columns_of(entry)),
                variable=variable,
                label=_label(study, section, variable),
                possible=numbers.possible,
                filled=numbers.filled,
                missing=numbers.missing,
                declared=numbers.declared,
                touched=touched.get((table, variable), ()),
            )
        )
    return tuple(found)


def touched_elsewhere(study: Study, mapped: tuple[Mapped, ...]) -> tuple[tuple[str, Touched], ...]:
    """Return what rules did to columns that belong to no entry alone, such as dates of samples, each with its place.

    Parameters
    ----------
    study
        The study, read and cleaned.
    mapped
        What :func:`describe_mapping` returned.
    """
    known = {(_target(study, *one.place.split(".")[:2])[1], one.variable) for one in mapped}
    found = _touched(study)
    return tuple(
        (": ".join(part for part in key if part) or "source files", touched)
        for key in sorted(set(found) - known)
        for touched in found[key]
    )


def _target(study: Study, section: str, name: str) -> tuple[str, str]:
    """Return the variable of an entry and its table."""
    if section == "variables":
        return name, study.codebook.variable(name).table
    if section == "instruments":
        return name, "visits"
    if section == "follow_up":
        return {"entry": "entry_date", "exit": "exit_date", "reason": "exit_reason"}[name], "follow_up"
    if section == "design":
        return {"weights": "survey_weight", "strata": "survey_stratum", "psu": "survey_psu"}[name], "participants"
    return ("relative_id" if section == "relations" else name), _TABLES[section]


def _label(study: Study, section: str, variable: str) -> str:
    codebook = study.codebook
    if section == "instruments":
        return codebook.instruments[variable].title
    if section == "labs":
        return codebook.analytes[variable].label
    if section == "diagnoses":
        return codebook.diseases[variable].label
    if section == "medications":
        return codebook.drug_labels.get(variable, variable)
    return codebook.label(variable).split(" (")[0]


def _filled(study: Study) -> dict[tuple[str, str], _Filled]:
    """Return possible, filled and missing values by table and variable, each row of counts protected together."""
    found: dict[tuple[str, str], _Filled] = {}
    for line in missing_reasons(study).to_dict("records"):
        words = dict(line["words"])
        counts: dict[Cell, float] = {name: int(line[name]) for name in ("possible", "filled", *KINDS)}
        counts |= {("word", word): count for word, count in words.items()}
        parts = ("filled", *KINDS)
        sums = [Sum("possible", parts)] if counts["possible"] == sum(counts[part] for part in parts) else []
        sums += [Sum(DECLARED, tuple(("word", word) for word in words))] if len(words) > 1 else []
        texts = study.disclosure.texts(counts, sums)
        missing = {kind: texts[kind] for kind in KINDS if counts[kind]}
        declared = {word: texts["word", word] for word in words}
        key = (str(line["table"]), str(line["variable"]))
        found[key] = _Filled(texts["possible"], texts["filled"], missing, declared)
    people = study.person_table
    statuses = {("diagnoses", d.id): d.column for d in study.codebook.diseases.values()}
    statuses |= {("medications", drug): column for drug, column in study.codebook.drug_columns.items()}
    for key, column in statuses.items():
        if column in people:
            found[key] = _status(people[column], study.disclosure)
    for column in ("survey_weight", "survey_stratum", "survey_psu"):
        if column in people:
            found["participants", column] = _known(people[column], study.disclosure)
    relations = study.tables.get("relations")
    if relations is not None:
        found["relations", "relative_id"] = _known(relations["relative_id"], study.disclosure)
    return found


def _status(column: pd.Series, disclosure: Disclosure) -> _Filled:
    """Return people with a known status, and who is unknown."""
    known = column.astype("boolean")
    counts: dict[Cell, float] = {
        "all": len(known),
        "present": int(known.sum()),
        "absent": int((~known).sum()),
        "unknown": int(known.isna().sum()),
    }
    counts["known"] = counts["present"] + counts["absent"]
    sums = [Sum("all", ("present", "absent", "unknown")), Sum("all", ("known", "unknown"))]
    texts = disclosure.texts(counts, sums)
    unknown = {"unknown": texts["unknown"]} if counts["unknown"] else {}
    return _Filled(texts["all"], texts["known"], unknown, {"present": texts["present"], "absent": texts["absent"]})


def _known(column: pd.Series, disclosure: Disclosure) -> _Filled:
    counts: dict[Cell, float] = {"all": len(column), "known": int(column.notna().sum())}
    counts["not"] = counts["all"] - counts["known"]
    texts = disclosure.texts(counts, [Sum("all", ("known", "not"))])
    return _Filled(texts["all"], texts["known"], {"missing": texts["not"]} if counts["not"] else {}, {})


def _touched(study: Study) -> dict[tuple[str, str], tuple[Touched, ...]]:
    """Return what rules did to each variable, rejections first, the most frequent on top."""
    entries = study.ledger.entries
    kept = entries.loc[
        (~entries["rule"].isin(_NO_REJECTION) & entries["action"].isin([*REJECTING, "repair", "flag"])).to_numpy(bool)
    ]
    keys = ["table", "column", "rule", "action", "reason"]
    counted = kept.groupby(keys, dropna=False)["count"].sum().reset_index()
    columns = column_or_analyte(counted, study.codebook)
    tables = counted["table"].astype("string").fillna("")
    places = [
        instrument_or_column(table, column, study.codebook) for table, column in zip(tables, columns, strict=True)
    ]
    counted = counted.assign(table=tables, variable=places)
    grouped = counted.groupby(["table", "variable", "rule", "action", "reason"], dropna=False)["count"].sum()
    found: dict[tuple[str, str], list[tuple[bool, int, Touched]]] = {}
    for line in grouped.reset_index().to_dict("records"):
        count, reason = int(line["count"]), "" if pd.isna(line["reason"]) else str(line["reason"])
        touched = Touched(str(line["rule"]), str(line["action"]), reason, study.disclosure.text(count))
        key = (str(line["table"]), str(line["variable"]))
        found.setdefault(key, []).append((line["action"] not in REJECTING, -count, touched))
    order: Any = {key: sorted(lines, key=lambda one: (*one[:2], one[2].rule)) for key, lines in found.items()}
    return {key: tuple(touched for *_, touched in lines) for key, lines in order.items()}
