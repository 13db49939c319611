"""Analytes in columns of their own, with their probable unit and the limit of their assay."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cohort.codebook import Analyte
from cohort.draft.columns import Column
from cohort.draft.vocabulary import DraftVocabulary, Target
from cohort.units import UnitError, convert_factor

_ENOUGH_AT_A_SITE = 20
_MOST_SITES = 30
_SLACK = 3.0
_HALVES = (math.sqrt(2), 2.0)
_MOST_FLAGS = 4


@dataclass(frozen=True)
class UnitGuess:
    """The unit of a column of results.

    Parameters
    ----------
    unit
        As in a study file: a text, a column, or a unit by site; None when it is not known.
    points
        What it adds to the score.
    reasons, questions
        Why, and what is to be decided.
    """

    unit: Any
    points: float
    reasons: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def factor(unit: str, analyte: Analyte) -> float | None:
    """Return what values in a unit are multiplied with to be in that of the codebook; None when there is no way.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> factor("mg/dL", load_codebook().analytes["crp"])
    10.0
    """
    try:
        return convert_factor(unit, analyte.unit, analyte.molar_mass_g_mol)
    except UnitError:
        return None


def is_unit(text: str) -> bool:
    """Return whether a text is a unit of some kind that can be read."""
    try:
        convert_factor(text, text)
    except UnitError:
        return False
    return True


def holds_units(column: Column) -> bool:
    """Return whether a column holds units, such as ``mg/L`` beside each result; a lone ``m`` is none of a result."""
    has_slash = any("/" in code for code in column.counts)
    if not has_slash or column.is_numeric or column.distinct > _MOST_SITES:
        return False
    return all(is_unit(code) for code in column.counts)


def guess_unit(
    column: Column,
    analyte: Analyte,
    target: Target,
    vocabulary: DraftVocabulary,
    unit_column: Column | None = None,
    site: Column | None = None,
) -> UnitGuess:
    """Return the probable unit of results: stated beside them, in the label, or told by their median.

    A median is compared with the usual medians of the analyte in each unit that laboratories report. One that fits in
    one unit alone tells the unit; one that fits in several is a question.

    Parameters
    ----------
    column
        The results.
    analyte, target
        The analyte in the codebook and in the vocabulary.
    vocabulary
        Points.
    unit_column
        Column of units beside the results.
    site
        Column of sites, where laboratories may report in different units.
    """
    points = vocabulary.scoring
    if not column.is_numeric:
        return UnitGuess(None, points["contradiction"], ("its values are no numbers",))
    values = column.values()
    median = float(np.median(values)) if len(values) else math.nan
    if unit_column is not None:
        good = all(factor(unit, analyte) is not None for unit in unit_column.counts)
        question = () if good else (f"'{unit_column.name}' has units that do not convert to {analyte.unit}",)
        return UnitGuess(
            {"column": unit_column.name}, points["values"], (f"units stand in '{unit_column.name}'",), question
        )
    stated = column.stated_unit
    if stated and is_unit(stated):
        return _stated(stated, median, analyte, target, vocabulary)
    by_site = _by_site(column, site, analyte, target)
    if by_site is not None:
        return UnitGuess(by_site[0], points["values"], by_site[1])
    return _by_median(median, analyte, target, vocabulary)


def _by_median(median: float, analyte: Analyte, target: Target, vocabulary: DraftVocabulary) -> UnitGuess:
    """Return the unit in which a median is usual."""
    points = vocabulary.scoring
    units = _units(analyte, target)
    fits = {unit: f for unit, f in units.items() if _is_typical(median * f, target)}
    if len(fits) > 1:
        question = f"median {median:.3g} is usual in {' and in '.join(fits)}: which unit is it?"
        return UnitGuess(next(iter(fits)), points["weak_values"], (), (question,))
    if not fits:
        what = f"median {median:.3g} is not usual in {' or '.join(units)}"
        is_possible = analyte.minimum <= median <= analyte.maximum
        unit, given = (analyte.unit, points["weak_values"]) if is_possible else (None, points["contradiction"])
        return UnitGuess(unit, given, (), (f"{what}: which unit is it?",))
    ((unit, f),) = fits.items()
    if unit == analyte.unit:
        return UnitGuess(unit, points["values"], (f"median {median:.3g} is usual in {unit}",))
    low, high = target.typical_median or (0.0, 0.0)
    would_be = f"median {median:.3g} in {unit} would be {median * f:.3g} {analyte.unit}"
    return UnitGuess(unit, points["values"], (f"{would_be}; medians of {low:g} to {high:g} {analyte.unit} are usual",))


def _units(analyte: Analyte, target: Target) -> dict[str, float]:
    """Return the units that laboratories report, the canonical one first, with their factors."""
    found = {unit: factor(unit, analyte) for unit in (analyte.unit, *target.units)}
    return {unit: f for unit, f in found.items() if f is not None}


def _is_typical(median: float, target: Target, slack: float = 1.0) -> bool:
    low, high = target.typical_median or (0.0, math.inf)
    return low / slack <= median <= high * slack


def _stated(stated: str, median: float, analyte: Analyte, target: Target, vocabulary: DraftVocabulary) -> UnitGuess:
    f = factor(stated, analyte)
    if f is None:
        what = f"its unit {stated} does not convert to {analyte.unit}"
        return UnitGuess(None, vocabulary.scoring["contradiction"], (what,))
    if _is_typical(median * f, target, _SLACK):
        return UnitGuess(stated, vocabulary.scoring["values"], (f"the file states {stated}; median {median:.3g}",))
    other = [unit for unit, g in _units(analyte, target).items() if _is_typical(median * g, target)]
    better = f"; in {other[0]} it would be usual" if other else ""
    question = f"the file states {stated}, yet a median of {median:.3g} {stated} is not usual{better}"
    return UnitGuess(stated, vocabulary.scoring["weak_values"], (), (question,))


def _by_site(
    column: Column, site: Column | None, analyte: Analyte, target: Target
) -> tuple[dict[str, str], tuple[str, ...]] | None:
    """Return a unit by site where the median of each site is usual in one unit alone, and they are not all the same."""
    if site is None or not 1 < site.distinct <= _MOST_SITES or not target.units:
        return None
    found: dict[str, str] = {}
    medians: dict[str, float] = {}
    for level in site.counts:
        at_site = column.numbers.number[(site.codes == level).to_numpy(dtype=bool, na_value=False)]
        at_site = at_site[np.isfinite(at_site)]
        if len(at_site) < _ENOUGH_AT_A_SITE:
            return None
        medians[level] = float(np.median(at_site))
        fits = [unit for unit, f in _units(analyte, target).items() if _is_typical(medians[level] * f, target)]
        if len(fits) != 1:
            return None
        found[level] = fits[0]
    if len(set(found.values())) == 1:
        return None
    told = ", ".join(f"{level} {medians[level]:.3g}" for level in sorted(found))
    reason = f"medians by site ({told}) differ as the units do; usual is {target.typical_median} {analyte.unit}"
    return {"by": site.name, **{level: found[level] for level in sorted(found)}}, (reason,)


@dataclass(frozen=True)
class Limit:
    """The detection limit of an assay, as far as the results tell it."""

    entry: Mapping[str, Any]
    columns: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()


def find_limit(column: Column, others: Sequence[Column], vocabulary: DraftVocabulary) -> Limit:
    """Return how results below the detection limit are marked: as text, by a flag beside them, or by one value.

    Parameters
    ----------
    column
        The results.
    others
        The other columns of the file, among which a flag may be.
    vocabulary
        Holds the share of equal lowest values from which on a pile is suspected.
    """
    below, above = column.texts_below, column.texts_above
    if below or above:
        signs = [f"'{sign}'" for count, sign in ((below, "<"), (above, ">")) if count]
        return Limit({}, (), (f"results written with {' or '.join(signs)} are read as censored",))
    values = column.numbers.number
    known = values[np.isfinite(values)]
    if len(known) < _ENOUGH_AT_A_SITE or known.min() == known.max():
        return Limit({})
    lowest = float(known.min())
    at_lowest = values == lowest
    if at_lowest.sum() < max(_MOST_FLAGS, vocabulary.scoring["pile"] * len(known) / 4):
        return Limit({})
    limit, why = _limit_of_pile(lowest, known)
    for other in others:
        code = _flag_of(other, at_lowest)
        if code is not None:
            reason = f"'{other.name}' is {code} where the result is {lowest:g}, the lowest: below the limit{why}"
            return Limit({"limit": limit, "below": {other.name: [_plain(code)]}}, (other.name,), (reason,))
    if at_lowest.mean() >= vocabulary.scoring["pile"]:
        share = float(at_lowest.sum() / len(known))
        text = f"LOOK: {share:.0%} of results are {lowest:g}, the lowest: perhaps below a limit{why}"
        return Limit({}, (), (text,))
    return Limit({})


def _limit_of_pile(lowest: float, known: np.ndarray) -> tuple[float, str]:
    """Return the limit behind a pile at the lowest value: laboratories store it divided by √2 or by 2."""
    following = float(known[known > lowest].min())
    decimals = max(len(f"{lowest:.10g}".partition(".")[2]), 1)
    for divisor in _HALVES:
        if abs(following / divisor - lowest) <= 0.51 * 10**-decimals:
            sign = "√2" if divisor != _HALVES[1] else "2"
            return following, f" of {following:g} ({following:g}/{sign} is {lowest:g})"
    return lowest, ""


def _flag_of(other: Column, at_lowest: np.ndarray) -> str | None:
    """Return the code of a column that stands exactly where results are the lowest; None when there is none."""
    if not 1 < other.distinct <= _MOST_FLAGS or not other.is_numeric:
        return None
    for code in other.counts:
        marked = (other.codes == code).to_numpy(dtype=bool, na_value=False)
        if code != "0" and (marked == at_lowest).all():
            return code
    return None


def _plain(code: str) -> int | str:
    return int(code) if code.lstrip("-").isdigit() else code
