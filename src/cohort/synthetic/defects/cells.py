"""Defects of single cells: sentinels, days with their parts exchanged, limits as text, blanks and letter case."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from cohort.codebook import Variable
from cohort.study_file import Source
from cohort.synthetic.defects.fields import Field
from cohort.synthetic.defects.kind import Bench, NotApplicableError, kind
from cohort.synthetic.defects.raw_text import DAY_FORMATS, Flags, Texts, day_of, number_of, numbers_of, over_distinct
from cohort.units import UnitError, convert_factor

COARSE_LIMITS = (1, 5, 10, 50, 100, 500, 1000)
"""Limits of a routine laboratory, far above those of a research assay (calibration: dq_rounding_crp)."""

REMARKS = ("haemolytic", "insufficient", "see remark")


@kind("cell", undetectable="a number such as 99 may be true where the variable can reach it")
def sentinel(bench: Bench, rate: float) -> None:
    """Write a number for a missing value that the study declares nowhere, such as -9 or 999."""
    found = [(one, bench.values(one)) for one in bench.fields("number", "lab")]
    for one, rows in bench.pick_cells(found, rate):
        codes = [code for code in bench.sentinels if code not in one.missing]
        drawn = bench.rng.choice(np.array(codes, dtype=object), size=len(rows))
        bench.change(one.table, one.column, rows, map(str, drawn))


@kind("cell")
def impossible_value(bench: Bench, rate: float) -> None:
    """Write a number that cannot be true: a misplaced decimal point, 999 for an age, a negative result."""
    found = []
    for one in bench.fields("number", "lab"):
        limits = _limits(bench, one)
        if limits is not None:
            found.append((one, bench.values(one)))
    for one, rows in bench.pick_cells(found, rate):
        low, high = _limits(bench, one) or (0.0, np.inf)
        cells = bench.cells(one)[rows]
        bench.change(one.table, one.column, rows, [_impossible(text, low, high, one.decimal) for text in cells])


def _impossible(text: str, low: float, high: float, decimal: str) -> str:
    value = number_of(text)
    for candidate in (value * 10, value / 10, 999.0):
        if not low <= candidate <= high:
            return f"{candidate:.6g}".replace(".", decimal)
    return f"{-abs(value) - 1:.6g}".replace(".", decimal)


def _limits(bench: Bench, one: Field) -> tuple[float, float] | None:
    """Return what a field can hold at most and at least, in its raw unit; None where that is not known."""
    if one.role == "lab":
        return 0.0, float("inf")
    variable: Variable = bench.codebook.variable(one.name)
    low, high = variable.minimum, variable.maximum
    if low is None and high is None:
        return None
    factor = 1.0
    unit = one.entry.unit if isinstance(one.entry, Source) else None
    if isinstance(unit, str):
        try:
            factor = convert_factor(unit, variable.unit)
        except UnitError:
            return None
    return (-np.inf if low is None else low / factor), (np.inf if high is None else high / factor)


@kind("cell")
def censored_text(bench: Bench, rate: float) -> None:
    """Give a result as below a coarse limit, such as <5 where the assay reaches 0.15."""
    found = []
    for one in bench.fields("lab", text_only=True):
        exact = over_distinct(bench.cells(one), lambda text: text[:1] not in "<>≤≥" if text else False, bool)
        numbers = numbers_of(bench.cells(one))
        found.append((one, bench.values(one) & exact & (numbers < COARSE_LIMITS[-1]) & (numbers > 0)))
    for one, rows in bench.pick_cells(found, rate):
        numbers = numbers_of(bench.cells(one)[rows])
        limits = [next(limit for limit in COARSE_LIMITS if number < limit) for number in numbers]
        bench.change(one.table, one.column, rows, [f"<{limit}" for limit in limits])


@kind("cell")
def remark_in_number(bench: Bench, rate: float) -> None:
    """Put a remark of the laboratory in the place of a result, such as 'haemolytic'."""
    found = [(one, bench.values(one)) for one in bench.fields("lab", text_only=True)]
    for one, rows in bench.pick_cells(found, rate):
        words = [word for word in REMARKS if word not in one.missing and word not in one.meanings]
        bench.change(one.table, one.column, rows, map(str, bench.rng.choice(np.array(words, dtype=object), len(rows))))


@kind("cell", undetectable="each rounded number is a possible one; only the surplus of 0 and 5 among all tells")
def digit_preference(bench: Bench, rate: float) -> None:
    """Round the last digit of a measured or self-reported number to 0 or 5."""
    found = []
    for one in bench.fields("number"):
        variable = bench.codebook.variable(one.name)
        if variable.type == "number" and variable.unit and variable.unit not in ("year", "SD"):
            cells = bench.cells(one)
            odd = ~np.isnan(numbers_of(cells)) & (over_distinct(cells, _preferred_or_none) != cells)
            found.append((one, bench.values(one) & odd))
    if not found:
        raise NotApplicableError("the study has no measured number that people round")
    for one, rows in bench.pick_cells(found, rate):
        bench.change(one.table, one.column, rows, [_preferred(text) for text in bench.cells(one)[rows]])


def _preferred_or_none(text: str) -> str:
    return text if np.isnan(number_of(text)) else _preferred(text)


def _preferred(text: str) -> str:
    """Return a number whose last digit is 0 or 5.

    Examples
    --------
    >>> _preferred("27.3"), _preferred("98"), _preferred("1,2")
    ('27.5', '100', '1,0')
    """
    sign = "," if "," in text else "."
    decimals = len(text.rpartition(sign)[2]) if sign in text else 0
    step = 5 * 10.0**-decimals
    return f"{round(number_of(text) / step) * step:.{decimals}f}".replace(".", sign)


@kind("cell", undetectable="a day with both parts up to 12 is as good a day with its parts exchanged")
def day_month_swap(bench: Bench, rate: float) -> None:
    """Exchange day and month of a date."""

    def swapped(text: str, order: str | None) -> str:
        day = day_of(text, order)
        if day is None or day.day > 12 or day.day == day.month:
            return text
        return datetime.date(day.year, day.day, day.month).strftime(DAY_FORMATS[order or "ymd"])

    _change_days(bench, rate, swapped)


@kind("cell")
def date_sentinel(bench: Bench, rate: float) -> None:
    """Write the first of January 1900 for a date that is not known."""
    _change_days(bench, rate, lambda text, order: datetime.date(1900, 1, 1).strftime(DAY_FORMATS[order or "ymd"]))


@kind("cell")
def date_impossible(bench: Bench, rate: float) -> None:
    """Write a date of nobody alive: a visit or an onset before birth, a birth after the visit."""

    def before_birth(text: str, order: str | None) -> str:
        day = day_of(text, order)
        early = None if day is None else datetime.date(day.year - 120, day.month, min(day.day, 28))
        return text if early is None else early.strftime(DAY_FORMATS[order or "ymd"])

    births = [one for one in _fields(bench, "number") if one.name == "birth_year"]
    try:
        _change_days(bench, rate, before_birth)
    except NotApplicableError:
        if not births:
            raise
    if births:
        for one, rows in bench.pick_cells([(one, bench.values(one)) for one in births], rate):
            bench.change(one.table, one.column, rows, ["2029"] * len(rows))


def _fields(bench: Bench, *roles: str) -> list[Field]:
    try:
        return bench.fields(*roles)  # type: ignore[arg-type]
    except NotApplicableError:
        return []


def _change_days(bench: Bench, rate: float, change: Callable[..., str]) -> None:
    """Change a share of those days that a function changes at all."""

    def eligible() -> Iterator[tuple[Field, Flags]]:
        for one in bench.fields("date"):
            after: Texts = over_distinct(bench.cells(one), partial(change, order=one.order))
            yield one, bench.values(one) & (after != bench.cells(one))

    for one, rows in bench.pick_cells(list(eligible()), rate):
        bench.change(
            one.table, one.column, rows, [change(str(text), order=one.order) for text in bench.cells(one)[rows]]
        )


@kind("cell", undetectable="reading strips it, so that nothing is left to find")
def whitespace(bench: Bench, rate: float) -> None:
    """Put blanks before or after a code or a number."""
    found = [(one, bench.values(one)) for one in bench.fields("code", "item", "number", "lab", text_only=True)]
    for one, rows in bench.pick_cells(found, rate):
        before = bench.rng.random(len(rows)) < 0.5
        cells = bench.cells(one)[rows]
        bench.change(
            one.table, one.column, rows, [f" {t}" if b else f"{t} " for t, b in zip(cells, before, strict=True)]
        )


@kind("cell", refused_by_intake=True)
def letter_case(bench: Bench, rate: float) -> None:
    """Write a code in the other letter case, where it has no meaning."""
    _swap_case(bench, rate, coded=True)


@kind("cell")
def name_case(bench: Bench, rate: float) -> None:
    """Write a name, such as that of a site, in the other letter case, so that it looks like another one."""
    _swap_case(bench, rate, coded=False)


def _swap_case(bench: Bench, rate: float, *, coded: bool) -> None:
    found = []
    for one in bench.fields("code", text_only=True):
        other: Texts = over_distinct(bench.cells(one), str.swapcase)
        known = {*one.meanings, *bench.codebook.variable(one.name).categories}
        strange = ~np.isin(other, list(known)) & (other != bench.cells(one))
        if bool(known) == coded:
            found.append((one, bench.values(one) & strange))
    if not any(rows.any() for _, rows in found):
        raise NotApplicableError(
            "no text file has codes with letters" if coded else "no text file has a column of names"
        )
    for one, rows in bench.pick_cells(found, rate):
        bench.change(one.table, one.column, rows, [str(text).swapcase() for text in bench.cells(one)[rows]])


@kind("cell", undetectable="both sexes are possible; a pregnancy or a chromosome would tell")
def sex_mismatch(bench: Bench, rate: float) -> None:
    """Record the sex of a person as the other one, as after a swap of samples."""
    found = []
    for one in bench.fields("code"):
        if one.name == "sex" and len(set(one.meanings.values())) > 1:
            found.append((one, bench.values(one) & np.isin(bench.cells(one), list(one.meanings))))
    if not found:
        raise NotApplicableError("no column holds sex as codes")
    for one, rows in bench.pick_cells(found, rate):
        other = {
            code: next(c for c, other in one.meanings.items() if other != meaning)
            for code, meaning in one.meanings.items()
        }
        bench.change(one.table, one.column, rows, [other[str(text)] for text in bench.cells(one)[rows]])


@kind("cell")
def blank_id(bench: Bench, rate: float) -> None:
    """Leave the identifier of a row out."""
    found = [(one, bench.values(one)) for one in bench.fields("id", text_only=True)]
    for one, rows in bench.pick_cells(found, rate):
        bench.change(one.table, one.column, rows, [""] * len(rows))


@kind("cell")
def stripped_zeros(bench: Bench, rate: float) -> None:
    """Strip the leading zeros of an identifier, as a spreadsheet does that takes it for a number."""
    found = []
    for one in bench.fields("id", text_only=True):
        padded = over_distinct(bench.cells(one), lambda text: bool(re.fullmatch(r"0+[1-9]\d*", text)), bool)
        found.append((one, bench.values(one) & padded))
    if not any(rows.any() for _, rows in found):
        raise NotApplicableError("no identifier begins with a zero")
    for one, rows in bench.pick_cells(found, rate):
        bench.change(one.table, one.column, rows, [str(text).lstrip("0") for text in bench.cells(one)[rows]])


CELL_KINDS = (
    sentinel, impossible_value, censored_text, remark_in_number, digit_preference, day_month_swap, date_sentinel,
    date_impossible, whitespace, letter_case, name_case, sex_mismatch, blank_id, stripped_zeros,
)  # fmt: skip
