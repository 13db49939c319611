"""Columns of public data sets whose names and codes are documented: what they are is known, not guessed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cohort.codebook import Codebook
from cohort.draft.files import DraftFile
from cohort.draft.laboratory import find_limit
from cohort.draft.proposal import FileShape, Proposal
from cohort.draft.vocabulary import DraftVocabulary

_CERTAIN = 1.0
_YES, _NO = 1, 2
_NOT_STORED = ("", "0")
"""The most frequent code of an age that a copy of the data set writes where the original is blank."""


def known_data_set(files: tuple[DraftFile, ...], vocabulary: DraftVocabulary) -> str | None:
    """Return the public data set whose signs stand in the files; None for another cohort.

    Parameters
    ----------
    files
        The files.
    vocabulary
        Describes the data sets.
    """
    for name, spec in vocabulary.data_sets.items():
        if all(any(sign in file.columns for file in files) for sign in spec["signs"]):
            return name
    return None


def find_known(
    files: tuple[DraftFile, ...],
    shapes: Mapping[str, FileShape],
    spec: Mapping[str, Any],
    codebook: Codebook,
    vocabulary: DraftVocabulary,
) -> list[Proposal]:
    """Return what is known of the columns of a public data set.

    Parameters
    ----------
    files, shapes
        The files and how their rows are organised.
    spec
        The data set in the vocabulary.
    codebook, vocabulary
        What is known of items and limits.
    """
    told = _Told(files, shapes, spec)
    return [
        *told.variables(),
        *told.cases(),
        *told.analytes(vocabulary),
        *told.diagnoses(),
        *told.drugs(),
        *told.design(),
        *told.instruments(codebook),
    ]


class _Told:
    """Reads the description of a data set against the files that are there."""

    def __init__(self, files: tuple[DraftFile, ...], shapes: Mapping[str, FileShape], spec: Mapping[str, Any]) -> None:
        self._files = files
        self._shapes = shapes
        self._spec = spec

    def _holder(self, *columns: str) -> DraftFile | None:
        return next((file for file in self._files if all(name in file.columns for name in columns)), None)

    def _proposal(
        self, section: str, target: str, columns: tuple[str, ...], entry: Mapping[str, Any], *more: str
    ) -> Proposal | None:
        file = self._holder(*columns)
        if file is None or self._shapes[file.key].id is None:
            return None
        reason = f"{self._spec['title']} documents {', '.join(columns[:4])}{' …' if len(columns) > 4 else ''}"
        return Proposal(
            section, target, file.key, columns, {"file": file.key, **entry}, _CERTAIN, (reason, *more), is_live=True
        )

    def variables(self) -> list[Proposal]:
        found = []
        for column, spec in self._spec.get("variables", {}).items():
            if spec.get("less") and self._holder(spec["less"]) is not None:
                continue
            keys = ("unit", "codes", "missing")
            entry = {"column": column, **{key: spec[key] for key in keys if key in spec}, **self._top(column, spec)}
            found.append(self._proposal("variables", spec["target"], (column,), entry, *_note(spec)))
        return _first_of_each(found)

    def _top(self, column: str, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Return where values are top-coded: at the one of the documented tops that is the highest value here."""
        file = self._holder(column)
        values = file.columns[column].values() if file is not None else None
        highest = float(values.max()) if values is not None and len(values) else None
        return {"top_coded_at": highest and int(highest)} if highest in spec.get("top_coded_at", ()) else {}

    def cases(self) -> list[Proposal]:
        return _first_of_each(
            self._proposal("variables", target, tuple(spec["columns"]), spec["entry"])
            for target, spec in self._spec.get("cases", {}).items()
        )

    def analytes(self, vocabulary: DraftVocabulary) -> list[Proposal]:
        found = []
        for column, spec in self._spec.get("analytes", {}).items():
            file = self._holder(column)
            if file is None:
                continue
            others = [other for name, other in file.columns.items() if name != column]
            limit = find_limit(file.columns[column], others, vocabulary)
            entry = {"column": column, "unit": spec["unit"], **limit.entry}
            found.append(self._proposal("labs", spec["target"], (column, *limit.columns), entry, *limit.reasons))
        return _first_of_each(found)

    def diagnoses(self) -> list[Proposal]:
        found = []
        ages = {age["disease"]: (column, age["missing"]) for column, age in self._spec.get("onset_ages", {}).items()}
        for column, spec in self._spec.get("diagnoses", {}).items():
            entry: dict[str, Any] = {
                "present": {column: spec.get("present", [_YES])},
                "absent": {column: spec.get("absent", [_NO])},
            }
            columns: tuple[str, ...] = (column,)
            age, gone = ages.get(spec["target"], ("", {}))
            file = self._holder(column, age) if age else None
            if file is not None and next(iter(file.columns[age].counts), "") not in _NOT_STORED:
                entry |= {"onset_age": {"column": age}, "missing": gone}
                columns = (column, age)
            found.append(self._proposal("diagnoses", spec["target"], columns, entry, *_note(spec)))
        for disease, spec in self._spec.get("diagnosis_entries", {}).items():
            found.append(self._proposal("diagnoses", disease, tuple(spec["columns"]), spec["entry"], *_note(spec)))
        return _first_of_each(found)

    def drugs(self) -> list[Proposal]:
        return _first_of_each(
            self._proposal("medications", drug, (column,), {"present": {column: [_YES]}, "absent": {column: [_NO]}})
            for column, drug in self._spec.get("drugs", {}).items()
        )

    def design(self) -> list[Proposal]:
        found = []
        for key, columns in self._spec.get("design", {}).items():
            here = [column for column in columns if self._holder(column) is not None]
            if here:
                rest = ", ".join(here[1:])
                note = (
                    (f"LOOK: {rest} is there too; take the weight of the smallest part of the study used",)
                    if rest
                    else ()
                )
                found.append(self._proposal("design", key, (here[0],), {"column": here[0]}, *note))
        return _first_of_each(found)

    def instruments(self, codebook: Codebook) -> list[Proposal]:
        found = []
        for name, columns in self._spec.get("items", {}).items():
            reasons = {code: why for code, why in self._spec.get("yes_no", {}).items() if isinstance(why, str)}
            instrument = codebook.instruments[name]
            file = self._holder(*columns)
            if file is None:
                continue
            seen = {code for column in columns for code in file.columns[column].counts}
            missing = {int(c): why for c, why in reasons.items() if c in seen and int(c) > instrument.maximum}
            entry = {"items": list(columns), **({"missing": missing} if missing else {})}
            found.append(self._proposal("instruments", name, tuple(columns), entry))
        return _first_of_each(found)


def _note(spec: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"LOOK: {spec['note']}",) if "note" in spec else ()


def _first_of_each(proposals: Any) -> list[Proposal]:
    """Return the first proposal for each target."""
    kept: dict[tuple[str, str], Proposal] = {}
    for proposal in proposals:
        if proposal is not None:
            kept.setdefault((proposal.section, proposal.target), proposal)
    return list(kept.values())
