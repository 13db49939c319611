"""What a study file may speak of: the part of the codebook that its words are checked against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from rapidfuzz import fuzz, process


class VariableEntry(Protocol):
    """A variable, as far as a study file is concerned with it."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def table(self) -> str: ...  # noqa: D102
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def categories(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def instrument(self) -> str: ...  # noqa: D102
    @property
    def derivation(self) -> str: ...  # noqa: D102


class InstrumentEntry(Protocol):
    """A questionnaire: how many items it has and what they range over."""

    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def items(self) -> int: ...  # noqa: D102
    @property
    def minimum(self) -> int: ...  # noqa: D102
    @property
    def maximum(self) -> int: ...  # noqa: D102


class AnalyteEntry(Protocol):
    """An analyte: its canonical unit, its column and, where moles occur, its molar mass."""

    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def unit(self) -> str: ...  # noqa: D102
    @property
    def column(self) -> str: ...  # noqa: D102
    @property
    def molar_mass_g_mol(self) -> float | None: ...  # noqa: D102


class DiseaseEntry(Protocol):
    """A disease: its label and its column."""

    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def column(self) -> str: ...  # noqa: D102


class RuleEntry(Protocol):
    """A rule of cleaning, as far as a study file may change it."""

    @property
    def description(self) -> str: ...  # noqa: D102
    @property
    def actions(self) -> tuple[str, ...]: ...  # noqa: D102
    @property
    def required(self) -> str: ...  # noqa: D102
    @property
    def ranges(self) -> str: ...  # noqa: D102
    @property
    def limits(self) -> Mapping[str, object]: ...  # noqa: D102


class Vocabulary(Protocol):
    """All names that a study file may use; ``cohort.codebook.Codebook`` is one."""

    @property
    def tables(self) -> Mapping[str, Mapping[str, VariableEntry]]:
        """Return the variables of every table, canonical and derived."""

    @property
    def mappable(self) -> Mapping[str, VariableEntry]:
        """Return the variables that ``variables:`` may name."""

    @property
    def instruments(self) -> Mapping[str, InstrumentEntry]:
        """Return the questionnaires."""

    @property
    def analytes(self) -> Mapping[str, AnalyteEntry]:
        """Return the analytes."""

    @property
    def diseases(self) -> Mapping[str, DiseaseEntry]:
        """Return the diseases."""

    @property
    def drugs(self) -> Mapping[str, tuple[str, ...]]:
        """Return the drug groups."""

    @property
    def rules(self) -> Mapping[str, RuleEntry]:
        """Return the rules of cleaning."""


NEAR = 60
"""Likeness, of 100, from which a name is offered in place of an unknown one."""

SHORTEST_BEGINNING = 3
"""Letters from which a word may stand for a longer name that begins with it."""

LIST_AT_MOST = 20
"""More names than this are not listed in a message."""


def nearest(word: str, names: Iterable[str]) -> str | None:
    """Return the valid name most like a word, or None when nothing comes near.

    Parameters
    ----------
    word
        What was written.
    names
        What could have been meant.

    Examples
    --------
    >>> nearest("colum", ["file", "column"])
    'column'
    >>> nearest("crp_mgl", ["crp_mg_l", "bmi_kg_m2"])
    'crp_mg_l'
    >>> nearest("age", ["age_years", "sex"])
    'age_years'
    """
    known = sorted(names)
    found = process.extractOne(word, known, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=NEAR)
    if found is not None:
        return str(found[0])
    if len(word) < SHORTEST_BEGINNING:
        return None
    return next((name for name in known if name.casefold().startswith(word.casefold())), None)


def suggestion(word: str, names: Iterable[str]) -> str:
    """Return a sentence that offers the nearest name, or lists the names when they are few.

    Examples
    --------
    >>> suggestion("colum", ["file", "column"])
    "Did you mean 'column'?"
    >>> suggestion("x", ["file", "column"])
    "Valid are 'column' and 'file'."
    """
    known = sorted(set(names))
    near = nearest(word, known)
    if near is not None:
        return f"Did you mean '{near}'?"
    if not 0 < len(known) <= LIST_AT_MOST:
        return ""
    return f"Valid {'is' if len(known) == 1 else 'are'} {listed(known)}."


def listed(names: Iterable[str], last: str = "and") -> str:
    """Return names in quotes, as one reads them out.

    Examples
    --------
    >>> listed(["a", "b", "c"], "or")
    "'a', 'b' or 'c'"
    """
    quoted = [f"'{name}'" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
