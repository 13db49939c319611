"""Defects that a whole site shares: a unit, a coding, a decimal sign, items left unreversed, a shifted plate."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable
from functools import partial

import numpy as np

from cohort.codebook import Instrument
from cohort.synthetic.defects.fields import Field
from cohort.synthetic.defects.kind import Bench, NotApplicableError, kind
from cohort.synthetic.defects.raw_text import Flags, Texts, code_of, number_of, over_distinct

SHIFT_OF_A_PLATE = 0.4
"""Shift of a plate in ln units: twice the usual SD between plates (calibration: dq_batch_sd)."""

Block = tuple[list[Field], Flags]


@kind("column at site")
def unit_mix_up(bench: Bench, rate: float) -> None:
    """Give the results of one site in another unit than the one that is stated."""
    blocks = [([one], rows) for one in bench.fields("lab") for rows in bench.places.sites(one)]
    for (one, *_), rows in _hit(bench, blocks, rate):
        factors = bench.unit_factors.get(one.name, bench.unit_factors.get("other", (10.0,)))
        factor = float(bench.rng.choice(np.asarray(factors)))
        _change(bench, one, rows, partial(scaled, factor=factor))


def scaled(text: str, factor: float) -> str:
    """Return a number in a cell times a factor, with four significant digits and its sign of censoring.

    Examples
    --------
    >>> scaled("<0.15", 10), scaled("2,31", 0.1), scaled("12.5", 27.59), scaled("n/a", 10)
    ('<1.5', '0,231', '344.9', 'n/a')
    """
    number = number_of(text)
    if math.isnan(number):
        return text
    sign = re.match(r"\s*[<>≤≥]?=?", text)
    product = number * factor
    digits = 0 if product == 0 else max(0, 3 - math.floor(math.log10(abs(product))))
    written = f"{product:.{digits}f}"
    written = written.rstrip("0").rstrip(".") if "." in written else written
    return (sign.group(0) if sign else "") + (written.replace(".", ",") if "," in text else written)


@kind("column at site")
def plate_shift(bench: Bench, rate: float) -> None:
    """Shift all results of one plate by a common factor."""
    blocks = [([one], rows) for one in bench.fields("lab") for rows in bench.places.plates(one)]
    if not blocks:
        raise NotApplicableError("the study names no plates")
    for (one, *_), rows in _hit(bench, blocks, rate):
        factor = math.exp(SHIFT_OF_A_PLATE * float(bench.rng.choice([-1.0, 1.0])))
        # A limit belongs to the assay and stays the same on every plate.
        exact = over_distinct(bench.cells(one), lambda text: text[:1] not in "<>≤≥" if text else False, bool)
        _change(bench, one, rows & exact, partial(scaled, factor=factor))


@kind("column at site")
def decimal_comma(bench: Bench, rate: float) -> None:
    """Write the numbers of one site with a decimal comma in a file that has points."""
    fields = [one for one in bench.fields("number", "lab", text_only=True) if one.decimal == "."]
    blocks = [
        ([one], rows)
        for one in fields
        for rows in bench.places.sites(one)
        if any("." in text for text in bench.cells(one)[rows])
    ]
    if not blocks:
        raise NotApplicableError("no text file holds numbers with a decimal point")
    for (one, *_), rows in _hit(bench, blocks, rate):
        _change(bench, one, rows, lambda text: text.replace(".", ","))


@kind("column at site")
def unreversed_items(bench: Bench, rate: float) -> None:
    """Turn the reversed items of a questionnaire at one site already, so that scoring turns them back."""
    blocks = []
    for fields, rows, instrument in _questionnaires(bench):
        turned = [one for one in fields if one.item in instrument.reversed]
        if turned:
            blocks.append((turned, rows))
    if not blocks:
        raise NotApplicableError("no questionnaire of the study has reversed items")
    for fields, rows in _hit(bench, blocks, rate):
        instrument = bench.codebook.instruments[fields[0].name]
        for one in fields:
            ends = sum(instrument.item_limits[one.item - 1])
            _change(bench, one, rows, partial(recoded, one=one, change=partial(operator.sub, ends)))


@kind("column at site")
def shifted_coding(bench: Bench, rate: float) -> None:
    """Count answers at one site from 0 where the questionnaire begins with 1, or from 1 where it begins with 0."""
    blocks = [(fields, rows) for fields, rows, _ in _questionnaires(bench) if not any(one.meanings for one in fields)]
    if not blocks:
        raise NotApplicableError("no questionnaire of the study has bare numbers for answers")
    for fields, rows in _hit(bench, blocks, rate):
        shift = -1 if bench.codebook.instruments[fields[0].name].minimum > 0 else 1
        for one in fields:
            _change(bench, one, rows, partial(recoded, one=one, change=partial(operator.add, shift)))


def recoded(text: str, one: Field, change: Callable[[int], int]) -> str:
    """Return the cell that holds another answer to an item; the same where a cell holds none, or no code means it."""
    code = code_of(text)
    if code in one.missing or not code:
        return text
    if one.meanings:
        back = {int(meaning): known for known, meaning in one.meanings.items()}
        return back.get(change(int(one.meanings[code])), text) if code in one.meanings else text
    return str(change(int(code))) if re.fullmatch(r"-?\d+", code) else text


def _questionnaires(bench: Bench) -> Iterable[tuple[list[Field], Flags, Instrument]]:
    """Yield the items of each questionnaire at each visit and site."""
    forms: dict[tuple[str, str, str], list[Field]] = {}
    for one in bench.fields("item"):
        forms.setdefault((one.table, one.name, one.visit), []).append(one)
    for (_, name, _), fields in forms.items():
        for rows in bench.places.sites(fields[0]):
            yield fields, rows, bench.codebook.instruments[name]


def _hit(bench: Bench, blocks: list[Block], rate: float) -> list[Block]:
    """Return the blocks that are hit, among those that hold values and that no other defect has taken."""
    free = []
    for fields, rows in blocks:
        values = [bench.values(one) & rows for one in fields]
        taken = any((bench.taken(one.table, one.column) & rows).any() for one in fields)
        if any(found.any() for found in values) and not taken:
            free.append((fields, rows))
    return [free[index] for index in bench.pick(np.arange(len(free)), rate)]


def _change(bench: Bench, one: Field, rows: Flags, change: Callable[[str], str]) -> None:
    where = np.flatnonzero(bench.values(one) & rows)
    after: Texts = over_distinct(bench.cells(one)[where], change)
    bench.change(one.table, one.column, where, map(str, after))


BLOCK_KINDS = (unit_mix_up, plate_shift, decimal_comma, unreversed_items, shifted_coding)
