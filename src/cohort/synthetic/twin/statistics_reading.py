"""Reading aggregate statistics: every mistake in the file is told at once, with its line and the nearest name."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from cohort.codebook import Codebook
from cohort.errors import CohortError
from cohort.study_file import StudyFile
from cohort.study_file.reading import DataPath, YamlText, read_yaml
from cohort.study_file.vocabulary import suggestion
from cohort.synthetic.twin.columns import columns_of_study
from cohort.synthetic.twin.statistics import (
    ALL,
    GROUPS,
    ColumnStatistics,
    FileStatistics,
    GroupStatistics,
    Statistics,
    VariableStatistics,
)

_HEAD = ("cohort_statistics", "study", "people", "minimum_count", "groups")
_GROUP = ("share", "files", "variables")
_FILE = ("people", "rows_per_person", "columns")
_COLUMN = ("blank", "codes", "decimals")
_VARIABLE = ("missing", "shares", "quantiles", "zero", "mean", "sd", "below", "above")
_SLACK = 0.02  # shares are rounded, so that their sum may be a little above 1


def statistics_names(codebook: Codebook) -> frozenset[str]:
    """Return the names under ``variables:`` of a statistics file: columns of the person table, and users of drugs."""
    names = {name for name in codebook.tables["person_table"] if name not in {"participant_id", "is_eligible"}}
    drugs = {f"is_{drug}_user" for drug in codebook.drugs}
    return frozenset(names | drugs | set(codebook.tables["follow_up"]) - {"participant_id"})


def load_statistics(path: Path, study: StudyFile, codebook: Codebook) -> Statistics:
    """Return the statistics in a YAML or JSON file, checked against a study and the codebook.

    Parameters
    ----------
    path
        The file.
    study
        The study that it is about.
    codebook
        Names and categories.

    Raises
    ------
    CohortError
        If the file is missing or anything in it is wrong, with file and line; all problems at once.
    """
    text = read_yaml(path)
    reader = _Reader(text, study, codebook)
    statistics = reader.read()
    if text.problems:
        raise CohortError([problem for _, problem in sorted(text.problems, key=lambda item: item[0])])
    return statistics


class _Reader:
    """Turns the data of a file into statistics and notes every mistake with its place."""

    def __init__(self, text: YamlText, study: StudyFile, codebook: Codebook) -> None:
        self.text, self.study, self.codebook = text, study, codebook
        self.columns = columns_of_study(study)
        self.names = statistics_names(codebook)

    def read(self) -> Statistics:
        data = self.keys(self.text.data, (), _HEAD)
        if data.get("cohort_statistics") != 1:
            place: DataPath = ("cohort_statistics",) if "cohort_statistics" in data else ()
            self.text.add(place, "only version 1 of the format is known.", "Write 'cohort_statistics: 1'.")
        if data.get("study", self.study.name) != self.study.name:
            self.text.add(("study",), f"the statistics are of '{data['study']}', the study is '{self.study.name}'.")
        groups = self.keys(data.get("groups", {ALL: {}}), ("groups",), GROUPS)
        if not groups or (ALL in groups and len(groups) > 1):
            self.text.add(("groups",), "the groups must be 'all' alone, or 'eligible' and 'not_eligible'.")
        found = {name: self.group(group, ("groups", name)) for name, group in groups.items()}
        if found and abs(sum(group.share for group in found.values()) - 1) > _SLACK:
            self.text.add(("groups",), "the shares of the groups do not add up to 1.")
        return Statistics(
            str(data.get("study", self.study.name)),
            found or {ALL: GroupStatistics()},
            self.count(data, (), "people"),
            self.count(data, (), "minimum_count") or 0,
        )

    def group(self, data: Any, path: DataPath) -> GroupStatistics:
        data = self.keys(data, path, _GROUP)
        files = self.keys(data.get("files", {}), (*path, "files"), tuple(self.study.files))
        variables = self.keys(data.get("variables", {}), (*path, "variables"), tuple(self.names))
        share = self.share(data, path, "share")
        return GroupStatistics(
            1.0 if share is None else share,
            {name: self.file(name, file, (*path, "files", name)) for name, file in files.items()},
            {name: self.variable(name, spec, (*path, "variables", name)) for name, spec in variables.items()},
        )

    def file(self, name: str, data: Any, path: DataPath) -> FileStatistics:
        data = self.keys(data, path, _FILE)
        columns = self.keys(data.get("columns", {}), (*path, "columns"), tuple(self.columns[name]))
        found = {}
        for column, given in columns.items():
            here = (*path, "columns", column)
            spec = self.keys(given, here, _COLUMN)
            codes = self.shares(spec, here, "codes", None)
            blank = self.share(spec, here, "blank")
            if sum(codes.values()) + (blank or 0.0) > 1 + _SLACK:
                self.text.add(here, "the shares of codes and empty cells add up to more than 1.")
            found[column] = ColumnStatistics(blank, codes, self.count(spec, here, "decimals"))
        return FileStatistics(
            self.share(data, path, "people"), self.number(data, path, "rows_per_person", low=0.0), found
        )

    def variable(self, name: str, data: Any, path: DataPath) -> VariableStatistics:
        data = self.keys(data, path, _VARIABLE)
        variable = self.codebook.tables["person_table"].get(name)
        words = variable.categories or None if variable is not None else None
        if variable is not None and variable.type == "boolean":
            words = ("true", "false")
        shares = self.shares(data, path, "shares", words)
        if sum(shares.values()) > 1 + _SLACK:
            self.text.add((*path, "shares"), "the shares add up to more than 1.")
        sd = self.number(data, path, "sd", low=0.0)
        return VariableStatistics(
            self.share(data, path, "missing"), shares, self.quantiles(data, path), self.share(data, path, "zero"),
            self.number(data, path, "mean"), sd, self.share(data, path, "below"), self.share(data, path, "above"),
        )  # fmt: skip

    def keys(self, data: Any, path: DataPath, known: tuple[str, ...]) -> dict[str, Any]:
        """Return a mapping without unknown keys, which are noted."""
        if not isinstance(data, dict):
            if not self.text.is_spoilt(path):
                self.text.add(path, "a mapping is due here.")
            return {}
        for key in data:
            if key not in known:
                self.text.add((*path, key), f"unknown name '{key}'.", suggestion(key, known))
        return {key: value for key, value in data.items() if key in known}

    def number(self, data: dict[str, Any], path: DataPath, key: str, low: float | None = None) -> float | None:
        value = data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or (low is not None and value < low):
            self.text.add((*path, key), f"a number{'' if low is None else ' of at least 0'} is due here.")
            return None
        return float(value)

    def share(self, data: dict[str, Any], path: DataPath, key: str) -> float | None:
        value = self.number(data, path, key)
        if value is not None and not 0 <= value <= 1:
            self.text.add((*path, key), "a share lies between 0 and 1.")
            return None
        return value

    def count(self, data: dict[str, Any], path: DataPath, key: str) -> int | None:
        value = data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self.text.add((*path, key), "a whole number of at least 0 is due here.")
            return None
        return value

    def shares(self, data: dict[str, Any], path: DataPath, key: str, words: tuple[str, ...] | None) -> dict[str, float]:
        given = data.get(key, {})
        here = (*path, key)
        known = self.keys(given, here, words if words is not None else tuple(given) if isinstance(given, dict) else ())
        found = {word: self.share(known, here, word) for word in known}
        return {word: share for word, share in found.items() if share is not None}

    def quantiles(self, data: dict[str, Any], path: DataPath) -> dict[float, float]:
        here = (*path, "quantiles")
        given = data.get("quantiles", {})
        found: dict[float, float] = {}
        for key, value in self.keys(given, here, tuple(given) if isinstance(given, dict) else ()).items():
            probability, number = _as_number(key), _as_number(value)
            if probability is None or not 0 < probability < 1:
                self.text.add((*here, key), "a probability lies between 0 and 1.", "Write '0.5: 1.9' for the median.")
            elif number is None:
                self.text.add((*here, key), "a number or a day such as 2020-01-31 is due here.")
            else:
                found[probability] = number
        values = [found[probability] for probability in sorted(found)]
        if values != sorted(values):
            self.text.add(here, "the quantiles fall where they should rise.")
        return {probability: found[probability] for probability in sorted(found)}


def _as_number(value: Any) -> float | None:
    """Return a number, the days of a date since 1970, or None for anything else."""
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        pass
    try:
        return float((datetime.date.fromisoformat(str(value)) - datetime.date(1970, 1, 1)).days)
    except ValueError:
        return None
