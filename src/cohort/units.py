"""Units as laboratories spell them, and the factor from one to another.

Spelling is forgiven where the meaning is plain (``mg/dl``, ``mcg/mL``, ``x10E9/L``, ``10*3/uL``, ``kg/m²``) and refused
where it is not (``G/L`` is giga per litre in one country and a slip for gram in another). Text is taken apart here and
only names of units reach pint, so that nothing written in a file or a column is ever evaluated.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from dataclasses import dataclass

import pint
from rapidfuzz import fuzz, process

from cohort.errors import CohortError, Problem

LONGEST_UNIT = 40
LARGEST_EXPONENT = 30

_DEFINITIONS = (
    "arbitrary_unit = [arbitrary_unit]",
    "international_unit = [international_unit]",
    "laboratory_unit = [laboratory_unit]",
    "standard_deviation = [standard_deviation]",
    "questionnaire_point = [questionnaire_point]",
    "number_of_events = [number_of_events]",
    "metabolic_equivalent = [metabolic_equivalent]",
)

_EXAMPLES = (
    *("mg/L", "mg/dL", "g/L", "g/dL", "ug/mL", "ug/L", "ng/mL", "pg/mL", "mmol/L", "umol/L", "nmol/L", "pmol/L"),
    *("AU/mL", "IU/mL", "U/mL", "10^9/L", "10^3/uL", "cells/uL", "kg/m^2", "lb/in^2", "year", "month", "week", "day"),
    *("MET*hour/week", "MET*min/week"),
)


def _prefixed(prefixes: dict[str, str], symbols: tuple[str, ...], base: str) -> dict[str, str]:
    return {f"{short}{symbol}": f"{long}{base}" for short, long in prefixes.items() for symbol in symbols}


_SMALL = {"": "", "m": "milli", "u": "micro", "mc": "micro", "n": "nano", "p": "pico", "f": "femto"}

# Spellings whose letter case matters: 'mM' is millimolar, 'mm' is millimetre.
_EXACT: dict[str, str] = _prefixed(_SMALL, ("M",), "molar") | {"m": "meter", "cm": "centimeter", "mm": "millimeter"}

# Spellings whose letter case does not matter, in small letters.
_ANY_CASE: dict[str, str] = {
    **_prefixed({**_SMALL, "k": "kilo"}, ("g", "gr", "gm", "gram", "grams"), "gram"),
    **_prefixed({**_SMALL, "d": "deci", "c": "centi"}, ("l", "ltr", "liter", "litre"), "liter"),
    **_prefixed(_SMALL, ("mol", "mole", "moles"), "mole"),
    **_prefixed({"": "", "m": "milli", "u": "micro", "k": "kilo"}, ("iu", "[iu]"), "international_unit"),
    **_prefixed({"": "", "m": "milli", "k": "kilo"}, ("u", "unit", "units"), "laboratory_unit"),
    **_prefixed({"": "", "m": "milli", "k": "kilo"}, ("au",), "arbitrary_unit"),
    **dict.fromkeys(("arb.u", "arb.u.", "[arb'u]", "arbitrary unit", "arbitrary units"), "arbitrary_unit"),
    **dict.fromkeys(("met", "mets"), "metabolic_equivalent"),
    **dict.fromkeys(("in", "inch", "inches"), "inch"),
    **dict.fromkeys(("ft", "foot", "feet"), "foot"),
    **dict.fromkeys(("lb", "lbs", "pound", "pounds"), "pound"),
    **dict.fromkeys(("s", "sec", "second", "seconds"), "second"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "minute"),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), "hour"),
    **dict.fromkeys(("d", "day", "days"), "day"),
    **dict.fromkeys(("wk", "wks", "week", "weeks"), "week"),
    **dict.fromkeys(("mo", "mos", "month", "months"), "month"),
    **dict.fromkeys(("y", "yr", "yrs", "year", "years"), "year"),
    **dict.fromkeys(("%", "percent", "pct"), "percent"),
    **dict.fromkeys(("ratio", "fraction"), "dimensionless"),
    **dict.fromkeys(("sd", "sds", "z-score"), "standard_deviation"),
    **dict.fromkeys(("point", "points", "pts"), "questionnaire_point"),
    **dict.fromkeys(("count", "counts"), "number_of_events"),
}

# Words that only say what is counted, before a '/' or behind a number ('nmol/10^9 platelets'), and words for a power of
# ten before a '/' ('K/uL').
_COUNTED = frozenset({"cell", "cells", "wbc", "plt", "leukocytes", "platelets"})
_POWERS = {"k": 3, "thou": 3, "thousand": 3, "mio": 6, "million": 6, "gpt": 9, "tpt": 12}

_SUPERSCRIPT = re.compile("[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_LOGARITHM = re.compile(r"^(ln|log|log2|log10|log_?e)\s*[(\[ ]|^(ln|log)$", re.IGNORECASE)
# In laboratories 10E9, 10e9, 10*9 and 10**9 all stand for ten to the ninth, not for the 1e10 of a programmer.
_POWER_OF_TEN = re.compile(
    r"(?<![\d.])(?:[x×*]\s*)?(?:10\s*(?:\^|\*\*|\*|e\+?)|1\s*e\+?)\s*(-?\d{1,2})(?!\d)", re.IGNORECASE
)
_FACTOR = re.compile(
    r"@(?P<power>-?\d+);|(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z%]+)(?:\^?(?P<exponent>-?\d{1,2}))?"
)
_BETWEEN = re.compile(r"[\s*·⋅.×-]*")


class UnitError(CohortError):
    """A unit that is not known, or that has no factor to the wanted one.

    Parameters
    ----------
    unit
        The unit as written.
    what, fix
        What is wrong, and what to do.
    """

    def __init__(self, unit: str, what: str, fix: str = "") -> None:
        self.what = what
        self.fix = fix
        super().__init__([Problem(f"unit '{unit}'", what, fix)])


@dataclass(frozen=True)
class ParsedUnit:
    """A unit taken apart: a plain number times what pint knows."""

    scale: float
    unit: pint.Unit


@functools.cache
def _registry() -> pint.UnitRegistry[float]:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(cache_folder=None)
    for definition in _DEFINITIONS:
        registry.define(definition)
    return registry


@functools.lru_cache(maxsize=1024)
def parse_unit(text: str) -> ParsedUnit:
    """Return a unit as a number times units that pint knows.

    Parameters
    ----------
    text
        A unit as a laboratory or a codebook spells it.

    Raises
    ------
    UnitError
        If the spelling is unknown or has two meanings.

    Examples
    --------
    >>> parse_unit("x10E9/L").scale
    1000000000.0
    """
    if len(text) > LONGEST_UNIT:
        raise UnitError(f"{text[:LONGEST_UNIT]}…", "a unit is never that long.")
    if _LOGARITHM.search(text.strip()):
        raise UnitError(
            text, f"'{text}' is a logarithm and cannot be converted.", "Map the values before the logarithm."
        )
    plain = _plain_spelling(text)
    if not plain:
        raise UnitError(text, "the unit is empty.", "Write it, or remove the key.")
    if re.fullmatch(r"[GT]/L", plain, re.ASCII):
        meaning = "giga (10^9/L) or gram (g/L)" if plain[0] == "G" else "tera (10^12/L) or something else"
        raise UnitError(text, f"'{text}' has two meanings: {meaning}.", "Write 10^9/L, 10^12/L or g/L.")
    over, *under = plain.split("/")
    scale, unit = _product(text, over, is_counted=bool(under))
    for part in under:
        divisor, unit_below = _product(text, part, is_divisor=True)
        if not divisor:
            raise _unknown(text)
        scale, unit = scale / divisor, unit / unit_below
    if not (scale > 0 and math.isfinite(scale)):
        raise _unknown(text)
    return ParsedUnit(scale, unit)


def _plain_spelling(text: str) -> str:
    """Return a unit in plain letters: no superscripts, one sign for micro, no remarks in braces."""
    raised = _SUPERSCRIPT.sub(lambda found: "^" + unicodedata.normalize("NFKC", found[0]).replace("−", "-"), text)
    plain = unicodedata.normalize("NFKC", raised).replace("μ", "u").replace("−", "-")
    plain = re.sub(r"\{[^}]*\}", "", plain)
    plain = re.sub(r"\s+per\s+", "/", plain)
    plain = re.sub(r"\s*/\s*", "/", plain).strip()
    plain = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", plain)
    return _POWER_OF_TEN.sub(r"@\1;", plain)


def _product(text: str, part: str, *, is_counted: bool = False, is_divisor: bool = False) -> tuple[float, pint.Unit]:
    """Return the number and the unit of one side of a '/'.

    ``is_counted`` allows ``cells`` and ``K`` without a unit, ``is_divisor`` ``cells`` behind a number.
    """
    registry = _registry()
    unit = registry.Unit("dimensionless")
    whole = _ANY_CASE.get(part.casefold())
    if whole is not None and part not in _EXACT:
        return 1.0, registry.Unit(whole)
    if part == "mg%":
        return 1.0, registry.Unit("milligram/deciliter")
    scale, at, is_behind_number = 1.0, 0, False
    for found in _FACTOR.finditer(part):
        if not _BETWEEN.fullmatch(part[at : found.start()]):
            raise _unknown(text)
        at = found.end()
        if found["power"] or found["number"]:
            scale *= 10.0 ** int(found["power"]) if found["power"] else float(found["number"])
            is_behind_number = True
            continue
        name, exponent = found["name"], int(found["exponent"] or 1)
        if abs(exponent) > LARGEST_EXPONENT:
            raise _unknown(text)
        names_count, is_behind_number = is_counted or (is_divisor and is_behind_number), False
        if names_count and exponent == 1 and name.casefold() in _COUNTED:
            continue
        if is_counted and exponent == 1 and name.casefold() in _POWERS:
            scale *= 10.0 ** _POWERS[name.casefold()]
            continue
        unit = unit * _named_unit(text, name) ** exponent
    if at < len(part) or (at == 0 and not is_counted):
        raise _unknown(text)
    return scale, unit


def _named_unit(text: str, name: str) -> pint.Unit:
    registry = _registry()
    known = _EXACT.get(name) or _ANY_CASE.get(name.casefold())
    if name == "MM":
        raise UnitError(text, f"'{text}' has two meanings: millimetre or millimolar.", "Write mm or mmol/L.")
    try:
        return registry.Unit(known or name)
    except (pint.errors.PintError, AttributeError, ValueError, TypeError):
        raise _unknown(text) from None


def _unknown(text: str) -> UnitError:
    found = process.extractOne(text.casefold(), _EXAMPLES, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=50)
    fix = f"Did you mean '{found[0]}'?" if found is not None else "Write it like mg/L, umol/L or 10^9/L."
    return UnitError(text, f"the unit '{text}' is not known.", fix)


@functools.lru_cache(maxsize=4096)
def convert_factor(unit_from: str, unit_to: str, molar_mass_g_mol: float | None = None) -> float:
    """Return the number that values in one unit are multiplied with to be in another.

    Parameters
    ----------
    unit_from
        Unit of the values.
    unit_to
        Unit that is wanted.
    molar_mass_g_mol
        Molar mass of the substance in g/mol, for the way between mass and amount of substance.

    Raises
    ------
    UnitError
        If a unit is not known, or there is no factor between the two: other dimension, mass against moles without a
        molar mass, arbitrary units of an assay, logarithms.

    Examples
    --------
    >>> convert_factor("mg/dL", "mg/L")
    10.0
    >>> convert_factor("10*3/uL", "10^9/L")
    1.0
    >>> round(convert_factor("ug/dL", "nmol/L", 362.46), 2)
    27.59
    """
    source, target = parse_unit(unit_from), parse_unit(unit_to)
    registry = _registry()
    quantity = registry.Quantity(source.scale, source.unit)
    ratio = (source.unit / target.unit).dimensionality
    if dict(ratio) == {"[mass]": 1, "[substance]": -1}:
        quantity = quantity / _molar_mass(unit_from, unit_to, molar_mass_g_mol)
    elif dict(ratio) == {"[mass]": -1, "[substance]": 1}:
        quantity = quantity * _molar_mass(unit_from, unit_to, molar_mass_g_mol)
    elif ratio:
        raise UnitError(
            unit_from, f"the unit '{unit_from}' cannot be converted to '{unit_to}'.", _mismatch_help(source, target)
        )
    factor = float(quantity.to(target.unit).magnitude) / target.scale
    # Powers of ten come out as 9.999999999999998 now and then; fifteen digits are all that a float holds.
    return float(f"{factor:.15g}")


def _molar_mass(unit_from: str, unit_to: str, molar_mass_g_mol: float | None) -> pint.Quantity[float]:
    if molar_mass_g_mol is None:
        raise UnitError(
            unit_from,
            f"the unit '{unit_from}' cannot be converted to '{unit_to}': one is a mass, the other an amount in moles, "
            "and the codebook has no molar mass.",
            f"Give the values in '{unit_to}'.",
        )
    return _registry().Quantity(molar_mass_g_mol, "gram/mole")


def _mismatch_help(source: ParsedUnit, target: ParsedUnit) -> str:
    assay = {"[arbitrary_unit]", "[international_unit]", "[laboratory_unit]"}
    if assay & (set(source.unit.dimensionality) | set(target.unit.dimensionality)):
        return "Units of an assay have no common scale."
    return "They measure different things. Check the column and its unit."
