"""By which names and shares identifiers are recognised, read from ``data_schema/identifiers.yaml``."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import yaml

from cohort.shipped import shipped_folder


@dataclass(frozen=True)
class Kind:
    """A kind of identifier.

    Parameters
    ----------
    name, title
        Its key, and the words for a message.
    letters
        Whether its values are words, so that a column of numbers is none.
    dates
        Whether its values are exact dates.
    national
        Whether it names a person in a whole country, so that it must not serve as the id of a study as it is.
    record
        Whether it is a number that a hospital gave, which may be the id of a study.
    """

    name: str
    title: str
    letters: bool = False
    dates: bool = False
    national: bool = False
    record: bool = False


@dataclass(frozen=True)
class Words:
    """What ``identifiers.yaml`` says.

    Parameters
    ----------
    kinds
        The kinds by key.
    names, of_people
        Kind by the plain name of a column; ``of_people`` hold only when there are as many values as people.
    beside
        Words that may stand beside a name.
    sampled_rows, sampled_values, fewest_values, check_digit_share, pattern_share, birth_date_years
        How much is looked at, and what decides.
    """

    kinds: Mapping[str, Kind]
    names: Mapping[str, str]
    of_people: Mapping[str, str]
    beside: frozenset[str]
    sampled_rows: int
    sampled_values: int
    fewest_values: int
    check_digit_share: float
    pattern_share: float
    birth_date_years: float

    def kind_of(self, column: str) -> tuple[Kind, bool] | None:
        """Return the kind that the name of a column tells, and whether it must be as frequent as people."""
        parts = name_parts(column)
        for wanted in ("".join(parts), "".join(part for part in parts if part not in self.beside)):
            if wanted in self.names:
                return self.kinds[self.names[wanted]], False
            if wanted in self.of_people:
                return self.kinds[self.of_people[wanted]], True
        return None


_PARTS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def name_parts(column: str) -> list[str]:
    """Return the words of a column's name in small letters, without accents.

    Examples
    --------
    >>> name_parts("Telefoon_nr"), name_parts("birthDate"), name_parts("E-mailadres"), name_parts("PATIENTNR")
    (['telefoon', 'nr'], ['birth', 'date'], ['e', 'mailadres'], ['patientnr'])
    """
    plain = unicodedata.normalize("NFKD", column).encode("ascii", "ignore").decode("ascii")
    return [part.lower() for part in _PARTS.findall(plain)]


@functools.cache
def load_words() -> Words:
    """Return what ``identifiers.yaml`` says."""
    data = yaml.safe_load((shipped_folder("data_schema") / "identifiers.yaml").read_text(encoding="utf-8"))
    kinds: dict[str, Kind] = {}
    names: dict[str, str] = {}
    of_people: dict[str, str] = {}
    beside = frozenset(str(word) for word in data["beside"])
    for key, entry in data["kinds"].items():
        flags = {flag: bool(entry.get(flag, False)) for flag in ("letters", "dates", "national", "record")}
        kinds[key] = Kind(key, entry["title"], **flags)
        for wanted, found in ((entry["columns"], names), (entry.get("of_people", []), of_people)):
            found |= {"".join(name_parts(str(name))): key for name in wanted}
    numbers = {name: data[name] for name in data if name not in ("beside", "kinds")}
    return Words(kinds, names, of_people, beside, **numbers)
