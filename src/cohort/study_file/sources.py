"""Checks of one source of values: its file, its shape, its words and its units."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cohort.study_file.conditions import Scalar, is_day
from cohort.study_file.models import ByColumn, DataFile, Keep, Source, Unit, UnitColumn
from cohort.study_file.reading import Step, YamlText
from cohort.study_file.vocabulary import VariableEntry, listed, nearest, suggestion
from cohort.units import UnitError, convert_factor

SHAPES = ("column", "visits", "cases", "constant")


@dataclass(frozen=True)
class Meaning:
    """What the values of a source must be.

    Parameters
    ----------
    label
        How messages call the variable.
    type
        Table Schema type.
    categories
        Words that a category may take; empty for any.
    unit
        Canonical unit; empty for none.
    molar_mass_g_mol
        Molar mass of the substance in g/mol, where moles occur.
    per_visit
        Whether a person may have one value at each visit.
    """

    label: str
    type: str = "string"
    categories: tuple[str, ...] = ()
    unit: str = ""
    molar_mass_g_mol: float | None = None
    per_visit: bool = False

    @classmethod
    def of(cls, variable: VariableEntry) -> Meaning:
        """Return the meaning that the codebook gives to a variable."""
        return cls(
            variable.name,
            variable.type,
            variable.categories,
            variable.unit,
            per_visit=variable.table == "visits",
        )

    @property
    def is_number(self) -> bool:
        """Return whether the values are numbers."""
        return self.type in ("number", "integer")


class SourceChecks:
    """Checks sources against the files of a study and writes what does not fit into the problems of its text.

    Parameters
    ----------
    text
        The file; its problems grow.
    files
        The data files of the study that the models accepted.
    dates
        Names of the dates of a person that rows may be kept nearest to.
    """

    def __init__(self, text: YamlText, files: Mapping[str, DataFile], dates: Iterable[str]) -> None:
        self.text = text
        self.files = files
        self.dates = frozenset(dates)
        written = text.data.get("files")
        self.file_names = frozenset(written) if isinstance(written, dict) else None

    def add(self, steps: Sequence[Step], what: str, fix: str = "") -> None:
        """Note a problem, unless the entry is one of which all has been said."""
        path = self.text.locate(steps)
        if not self.text.is_spoilt(path):
            self.text.add(path, what, fix)

    def is_complete(self, steps: Sequence[Step]) -> bool:
        """Return whether nothing was lost of an entry, so that what it lacks may be held against it."""
        return self.text.is_complete(self.text.locate(steps))

    def file(self, steps: Sequence[Step], name: str) -> None:
        """Check that a file is one of ``files:``."""
        if name and self.file_names is not None and name not in self.file_names:
            self.add([*steps, "file"], f"there is no file '{name}' under 'files:'.", suggestion(name, self.file_names))

    def source(self, steps: Sequence[Step], source: Source, meaning: Meaning) -> None:
        """Check all of one source."""
        self.file(steps, source.file)
        self.shape(steps, source)
        self.repeats(steps, source, meaning)
        self.words(steps, source, meaning)
        self.numbers(steps, source, meaning)
        self.missing(steps, source.missing, source.codes)
        self.keep(steps, source.keep, source.date)

    def shape(self, steps: Sequence[Step], source: Source) -> None:
        """Check that a source says in exactly one way where its values stand."""
        given = [key for key in SHAPES if getattr(source, key) is not None]
        if not given and self.is_complete(steps):
            self.add(steps, "it does not say where the values stand.", f"Add one of {listed(SHAPES, 'or')}.")
        if len(given) > 1:
            self.add(steps, f"it says twice where the values stand: {listed(given)}.", "Keep one of them.")
        for key in ("visits", "cases"):
            if getattr(source, key) == {}:
                self.add([*steps, key], "there is nothing in it.", "Fill it in or remove the key.")
        if source.visits is not None and source.visit is not None:
            self.add([*steps, "visit"], "'visits' names the visits already.", "Remove 'visit'.")
        if source.codes is not None and source.cases is not None:
            self.add([*steps, "codes"], "'cases' gives the words already.", "Remove 'codes'.")

    def repeats(self, steps: Sequence[Step], source: Source, meaning: Meaning) -> None:
        """Check that what a person has once is not asked for at several visits."""
        if meaning.per_visit:
            return
        fix = "Name one column, and 'keep: first', 'last' or 'nearest'."
        if source.visits:
            self.add([*steps, "visits"], f"a person has one value of '{meaning.label}', not one at each visit.", fix)
        if source.keep == "all":
            self.add([*steps, "keep"], f"a person has one value of '{meaning.label}', not several.", fix)

    def words(self, steps: Sequence[Step], source: Source, meaning: Meaning) -> None:
        """Check the words of codes, cases and constants."""
        for code, word in (source.codes or {}).items():
            self.word([*steps, "codes", code], word, meaning)
        for case in source.cases or {}:
            self.word([*steps, "cases", case], _typed(case, meaning), meaning)
        if source.constant is not None:
            self.word([*steps, "constant"], source.constant, meaning)

    def word(self, steps: Sequence[Step], word: Scalar, meaning: Meaning) -> None:
        """Check that one word is a value of the variable."""
        if meaning.categories:
            if word not in meaning.categories:
                self.add(
                    steps,
                    f"'{_written(word)}' is not a word of '{meaning.label}'.",
                    _nearest_first(_written(word), meaning.categories),
                )
        elif meaning.type == "boolean":
            if not isinstance(word, bool):
                self.add(steps, f"'{meaning.label}' takes true or false, not '{word}'.", "Write true or false.")
        elif meaning.is_number and (isinstance(word, bool) or not isinstance(word, (int, float))):
            self.add(steps, f"'{meaning.label}' takes numbers, not '{_written(word)}'.", "Write a number.")

    def numbers(self, steps: Sequence[Step], source: Source, meaning: Meaning) -> None:
        """Check unit, limit and factors."""
        for key in ("limit", "multiply", "top_coded_at", "unit"):
            if getattr(source, key) is not None and not meaning.is_number:
                self.add([*steps, key], f"'{meaning.label}' is not a number and takes no '{key}'.", f"Remove '{key}'.")
                return
        if source.unit is not None:
            self.unit([*steps, "unit"], source.unit, source.file, meaning)
        for key in ("limit", "multiply"):
            value = getattr(source, key)
            if isinstance(value, ByColumn):
                self._levels([*steps, key], value, source.file)
                for level, number in value.levels().items():
                    if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
                        self.add([*steps, key, level], "a number is due here.")

    def unit(self, steps: Sequence[Step], unit: Unit, file: str, meaning: Meaning) -> None:
        """Check that a unit can be converted to the one of the codebook."""
        if not meaning.unit:
            self.add(steps, f"'{meaning.label}' has no unit.", "Remove 'unit'.")
        elif isinstance(unit, ByColumn):
            self._levels(steps, unit, file)
            for level, one in unit.levels().items():
                if isinstance(one, str):
                    self._convertible([*steps, level], one, meaning)
                else:
                    self.add([*steps, level], "a unit is due here.", "Write it as text.")
        elif not isinstance(unit, UnitColumn):
            self._convertible(steps, unit, meaning)

    def _convertible(self, steps: Sequence[Step], unit: str, meaning: Meaning) -> None:
        try:
            convert_factor(unit, meaning.unit, meaning.molar_mass_g_mol)
        except UnitError as error:
            self.add(steps, error.what, error.fix or f"The unit of '{meaning.label}' is {meaning.unit}.")

    def _levels(self, steps: Sequence[Step], value: ByColumn, file: str) -> None:
        """Check that a value is given for each stacked source when it depends on the source."""
        if not value.levels():
            self.add(steps, f"'by: {value.by}' gives no value for any level.", "Add 'level: value' for each level.")
        if value.by != "source" or file not in self.files:
            return
        sources = self.files[file].sources()
        for level in value.levels():
            if level not in sources:
                self.add([*steps, level], f"the file '{file}' has no source '{level}'.", suggestion(level, sources))
        lacking = [name for name in sources if name not in value.levels()]
        if lacking and value.levels():
            self.add(steps, f"there is no value for {listed(lacking)} among the sources of '{file}'.", "Add it.")

    def missing(self, steps: Sequence[Step], missing: Mapping[str, str], codes: Mapping[str, object] | None) -> None:
        """Check that no code is both a value and missing."""
        for code in missing:
            if codes is not None and code in codes:
                self.add([*steps, "missing", code], f"the code '{code}' stands under 'codes' too.", "Keep one of them.")

    def keep(self, steps: Sequence[Step], keep: object, date: object) -> None:
        """Check that rows are kept nearest to a day that the study can know, and have a date themselves."""
        if not isinstance(keep, Keep) or not keep.nearest:
            return
        if keep.nearest not in self.dates and not is_day(keep.nearest):
            fix = f"Name a day such as 2020-05-01, or one of {listed(sorted(self.dates))}."
            self.add([*steps, "keep", "nearest"], f"'{keep.nearest}' is no date of a study.", fix)
        if date is None and self.is_complete(steps):
            self.add([*steps, "keep"], "'nearest' needs the date of each row.", "Add 'date: {column: ...}'.")

    def columns(self, steps: Sequence[Step], columns: Sequence[str]) -> None:
        """Check that no column is listed twice."""
        for column, times in Counter(columns).items():
            if times > 1:
                self.add(steps, f"the column '{column}' is listed {times} times.", "Name each item's own column.")


def _typed(word: str, meaning: Meaning) -> Scalar:
    """Return a key of ``cases`` as the value it stands for."""
    if meaning.type == "boolean" and word in ("true", "false"):
        return word == "true"
    if meaning.is_number:
        try:
            number = float(word)
        except ValueError:
            return word
        return number if math.isfinite(number) else word
    return word


def _written(word: Scalar) -> str:
    return ("true" if word else "false") if isinstance(word, bool) else str(word)


def _nearest_first(word: str, categories: Sequence[str]) -> str:
    """Return the words that are valid, the nearest one first where there is one."""
    near = nearest(word, categories)
    return f"Did you mean '{near}'?" if near is not None else f"Valid are {listed(categories)}."
