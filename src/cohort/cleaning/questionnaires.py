"""Rules about questionnaires: answers that no item offers, forms answered alike, codings and reversals of a site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.cleaning.places import Groups, at_visits, numbers, sites
from cohort.cleaning.rule import Finding, Tables
from cohort.codebook import Codebook, Instrument

FloatArray = npt.NDArray[np.float64]


def item_range(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return answers to questionnaire items that the item does not offer."""
    visits = tables["visits"]
    findings = []
    for instrument in codebook.instruments.values():
        for column, (low, high) in zip(instrument.columns, instrument.item_limits, strict=True):
            if column in visits:
                answers = numbers(visits, column)
                outside = (answers < low) | (answers > high)
                findings.append(Finding("visits", visits.index[outside], "no answer of the instrument", column))
    return findings


def straight_lining(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return complete forms answered alike throughout, where some items ask the opposite of the others.

    The answer in the middle says the same of both kinds of items and is no contradiction. Forms without reversed items
    are left alone: most people truly answer 'not at all' to every item about depression.
    """
    visits = tables["visits"]
    findings = []
    for instrument in _present(visits, codebook):
        if not instrument.reversed:
            continue
        first = numbers(visits, instrument.columns[0])
        alike = np.isfinite(first) & (first != (instrument.minimum + instrument.maximum) / 2)
        for column in instrument.columns[1:]:
            if not alike.any():
                break
            alike &= numbers(visits, column) == first
        reason = f"all {instrument.items} items of {instrument.id} answered alike, though some ask the opposite"
        findings.append(Finding("visits", visits.index[alike], reason))
    return findings


def coding_shifted(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return the answers of sites (and visits) whose coding of a questionnaire is off by one, with the right ones.

    A coding counts as one too high when hardly any answer is the lowest of its item (at most ``share``) and at least
    ``beyond`` of them lie one above the highest; as one too low the other way round. Then every answer that the moved
    scale has is moved back; the few that it has not are left to the rule about ranges.
    """
    visits = tables["visits"]
    findings: list[Finding] = []
    groups: Groups | None = None
    for instrument in _present(visits, codebook):
        ends = dict(zip(instrument.columns, instrument.item_limits, strict=True))
        for shift, beyond in _answers_beyond(visits, ends).items():
            if int(beyond.sum()) < limits["beyond"]:
                continue
            groups = groups or at_visits(sites(tables, "visits"), visits["visit"])
            for group in _shifted_groups(visits, ends, shift, groups, beyond, limits):
                findings += _moved_back(visits, instrument, ends, shift, groups, group)
    return findings


def _answers_beyond(visits: pd.DataFrame, ends: Mapping[str, tuple[int, int]]) -> dict[int, FloatArray]:
    """Return for each row how many answers lie one above (1) and one below (-1) the ends of their items."""
    total = {1: np.zeros(len(visits)), -1: np.zeros(len(visits))}
    for column, (low, high) in ends.items():
        answers = numbers(visits, column)
        if np.fmax.reduce(answers, initial=-np.inf) > high:
            total[1] += answers == high + 1
        if np.fmin.reduce(answers, initial=np.inf) < low:
            total[-1] += answers == low - 1
    return total


def _shifted_groups(
    visits: pd.DataFrame,
    ends: Mapping[str, tuple[int, int]],
    shift: int,
    groups: Groups,
    beyond: FloatArray,
    limits: Mapping[str, float],
) -> list[int]:
    """Return the groups whose answers are all moved by one."""
    known = groups.codes >= 0
    codes = groups.codes[known]

    def summed(values: FloatArray) -> FloatArray:
        return np.bincount(codes, weights=values[known], minlength=groups.size).astype(np.float64)

    answers, at_end = np.zeros(len(visits)), np.zeros(len(visits))
    for column, (low, high) in ends.items():
        values = numbers(visits, column)
        answers += np.isfinite(values)
        at_end += values == (low if shift > 0 else high)
    enough = summed((answers > 0).astype(float)) >= limits["forms"]
    hardly = summed(at_end) <= limits["share"] * np.maximum(summed(answers), 1)
    return np.flatnonzero(enough & hardly & (summed(beyond) >= limits["beyond"])).tolist()


def _moved_back(
    visits: pd.DataFrame,
    instrument: Instrument,
    ends: Mapping[str, tuple[int, int]],
    shift: int,
    groups: Groups,
    group: int,
) -> Iterator[Finding]:
    """Yield the answers of one group with the scale moved back, item by item."""
    where = groups.rows(group)
    for column, (low, high) in ends.items():
        values = numbers(visits, column)
        rows = visits.index[where & (values >= low + shift) & (values <= high + shift)]
        reason = (
            f"{instrument.id} {groups.words[group]} is coded {low + shift} to {high + shift} "
            f"in place of {low} to {high}: {-shift:+d}"
        )
        yield Finding("visits", rows, reason, column, visits.loc[rows, column] - shift, together=True)


def items_unreversed(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return the reversed items of sites (and visits) where they stand in the file turned already, with the right ones.

    The mean of the reversed items and the mean of the others, as they stand in the file, must go against each other.
    Where the lower end of the interval of their correlation (Fisher's z) lies above ``correlation``, the items were
    turned before and are turned back. Where that holds of single items only, these are flagged.
    """
    visits = tables["visits"]
    findings: list[Finding] = []
    groups: Groups | None = None
    for instrument in _present(visits, codebook):
        if not instrument.reversed or not len(visits):
            continue
        groups = groups or at_visits(sites(tables, "visits"), visits["visit"])
        turned = [f"{instrument.prefix}{number}" for number in instrument.reversed]
        straight = _mean(visits, instrument, [f"{instrument.prefix}{n}" for n in _straight_items(instrument)])
        lower = _lower_ends(_mean(visits, instrument, turned), straight, groups, limits)
        for group in np.flatnonzero(lower > limits["correlation"]).tolist():
            findings += _turned_back(visits, instrument, turned, groups, group)
        rest = ~(lower > limits["correlation"]) & np.isfinite(lower)
        for column in turned if rest.any() else []:
            low = _lower_ends(numbers(visits, column), straight, groups, limits)
            for group in np.flatnonzero(rest & (low > limits["correlation"])).tolist():
                reason = f"{column} {groups.words[group]} goes along with the items that it should go against"
                count = int((groups.rows(group) & visits[column].notna().to_numpy()).sum())
                findings.append(Finding("visits", visits.index[:0], reason, column, action="flag", count=count))
    return findings


def _turned_back(
    visits: pd.DataFrame, instrument: Instrument, columns: list[str], groups: Groups, group: int
) -> Iterator[Finding]:
    """Yield the reversed items of one group, turned."""
    where = groups.rows(group)
    ends = dict(zip(instrument.columns, instrument.item_limits, strict=True))
    for column in columns:
        low, high = ends[column]
        values = numbers(visits, column)
        rows = visits.index[where & (values >= low) & (values <= high)]
        reason = f"{column} {groups.words[group]} was turned before: turned back ({low + high} minus the answer)"
        yield Finding("visits", rows, reason, column, low + high - visits.loc[rows, column], together=True)


def _straight_items(instrument: Instrument) -> list[int]:
    """Return the items that the score is made of and that are not reversed."""
    parts = instrument.subscales if instrument.total.method == "sum_of_subscales" else (instrument.total,)
    scored = {item for part in parts for item in part.items} or set(range(1, instrument.items + 1))
    return sorted(scored - set(instrument.reversed))


def _mean(visits: pd.DataFrame, instrument: Instrument, columns: list[str]) -> FloatArray:
    """Return the mean of the answers within range of each row; NaN where fewer than half of the items have one."""
    ends = dict(zip(instrument.columns, instrument.item_limits, strict=True))
    total, count = np.zeros(len(visits)), np.zeros(len(visits))
    for column in columns:
        values = numbers(visits, column)
        valid = (values >= ends[column][0]) & (values <= ends[column][1])
        total += np.where(valid, values, 0)
        count += valid
    return np.where(count * 2 > len(columns), total / np.maximum(count, 1), np.nan)


def _lower_ends(first: FloatArray, second: FloatArray, groups: Groups, limits: Mapping[str, float]) -> FloatArray:
    """Return the lower end of the interval of a correlation in each group; NaN where too few forms tell.

    Notes
    -----
    ``tanh(atanh(r) - z / sqrt(n - 3))``, Fisher (1921), Metron 1, 3-32.
    """
    here = np.isfinite(first) & np.isfinite(second) & (groups.codes >= 0)
    codes = groups.codes[here]
    count = np.bincount(codes, minlength=groups.size).astype(float)

    def centred(values: FloatArray) -> FloatArray:
        means = np.bincount(codes, weights=values, minlength=groups.size) / np.maximum(count, 1)
        return np.asarray(values - means[codes])

    def summed(values: FloatArray) -> FloatArray:
        return np.bincount(codes, weights=values, minlength=groups.size).astype(np.float64)

    x, y = centred(first[here]), centred(second[here])
    with np.errstate(invalid="ignore", divide="ignore"):
        r = summed(x * y) / np.sqrt(summed(x * x) * summed(y * y))
        lower = np.tanh(np.arctanh(np.clip(r, -0.9999, 0.9999)) - limits["z"] / np.sqrt(count - 3))
    return np.where((count >= limits["forms"]) & np.isfinite(lower), lower, np.nan)


def _present(visits: pd.DataFrame, codebook: Codebook) -> Iterator[Instrument]:
    """Yield the questionnaires whose items are all there."""
    there = set(visits.columns)
    for instrument in codebook.instruments.values():
        if there.issuperset(instrument.columns):
            yield instrument
