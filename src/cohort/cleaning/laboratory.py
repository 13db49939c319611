"""Rules about laboratory results: units of a site, coarse limits, shifted plates, and results carried forward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import pdtrc

from cohort.cleaning.keys import key_numbers, repeats
from cohort.cleaning.people import equals
from cohort.cleaning.places import each, labels, numbers, short_labels, sites
from cohort.cleaning.rule import Finding, Tables
from cohort.cleaning.shifts import WIDTH, best_shifts, counts, log_density
from cohort.codebook import Codebook
from cohort.units import UnitError, convert_factor

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_FAR = 12.0
"""Largest shift between sites that is tried, in ln units: a factor of 160,000."""

_REACH = 1.5
"""Largest shift of a plate that is tried, in ln units."""

_MOST_SITES = 30
"""A site is compared with at most this many others, those with most results."""

_SURE = 5.0
"""Normal score from which a shift of a whole site is no chance."""


def unit_by_site(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return the results of analytes at sites where they look like another unit.

    The shift of a site against every other is the one that makes its results most likely
    (:mod:`cohort.cleaning.shifts`). A site is off when its shift from most others lies within ``tolerance`` of the
    logarithm of a known factor beyond ``ratio``: that of another unit of the analyte, or 10, 100 and 1000. With two
    sites either may be off: both are flagged.
    """
    labs = tables["labs"]
    where = sites(tables, "labs")
    if where.size < 2 or "value" not in labs:
        return []
    findings: list[Finding] = []
    for name, rows, logs in _exact(labs, codebook):
        known = where.codes[rows] >= 0
        rows, logs = rows[known], logs[known]  # noqa: PLW2901
        size = np.bincount(where.codes[rows], minlength=where.size)
        enough = np.flatnonzero(size >= limits["results"])
        if len(enough) < 2:
            continue
        table = counts(logs, where.codes[rows], where.size)
        for site, factor, unit, is_certain in _off(table, size, enough, _factors(codebook, name), limits):
            ratio = f"{factor:.4g}" if factor >= 1 else f"1/{1 / factor:.4g}"
            reason = f"{name} {where.words[site]} is {ratio} times that of the other sites, {unit}"
            at = _all_rows(labs, name) & where.rows(site) & labs["value"].notna().to_numpy()
            found = Finding("labs", labs.index[at], reason, "value", together=True)
            findings.append(found if is_certain else replace(found, action="flag"))
    return findings


def _factors(codebook: Codebook, name: str) -> list[tuple[float, str]]:
    """Return by what results are multiplied when they stand in another unit, with words for it."""
    analyte = codebook.analytes[name]
    found: list[tuple[float, str]] = []
    for unit in codebook.rules["unit_by_site"].units.get(name, ()):
        try:
            factor = convert_factor(unit, analyte.unit, analyte.molar_mass_g_mol)
        except UnitError:
            continue
        found.append((1 / factor, f"as in {unit} in place of {analyte.unit}"))
    for power, places in ((1, "one place"), (2, "two places"), (3, "three places")):
        for factor in (10.0**power, 10.0**-power):
            if all(abs(np.log(factor / other)) > WIDTH for other, _ in found):
                words = f"as with a decimal point {places} off or a unit other than {analyte.unit}"
                found.append((factor, words))
    return found


def _off(
    table: FloatArray,
    size: IntArray,
    enough: IntArray,
    factors: list[tuple[float, str]],
    limits: Mapping[str, float],
) -> Iterator[tuple[int, float, str, bool]]:
    """Yield the sites that are off: number, factor, its words, and whether it is certain which site is off."""
    means = (table * np.arange(table.shape[1])).sum(axis=1) * WIDTH / np.maximum(size, 1)
    for site in enough.tolist():
        others = enough[enough != site]
        others = others[np.argsort(-size[others], kind="stable")][:_MOST_SITES]
        # A shift of all results moves the mean as well; few sites need the closer look.
        if abs(float(np.median(means[site] - means[others]))) < np.log(limits["ratio"]) / 2:
            continue
        votes = np.full(len(others), -1)
        for number, other in enumerate(others):
            (shift,), (score,) = best_shifts(table[[site]], log_density(table[other]), _FAR)
            far = np.array([abs(shift - np.log(factor)) for factor, _ in factors])
            nearest = int(far.argmin())
            if abs(shift) >= np.log(limits["ratio"]) and far[nearest] <= limits["tolerance"] and score > _SURE:
                votes[number] = nearest
        for number, (factor, unit) in enumerate(factors):
            if (votes == number).sum() * 2 > len(others):
                yield site, factor, unit, len(others) > 1


def censored_coarse(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return results below a limit under which more than ``share`` of the exact results of their site lie."""
    labs = tables["labs"]
    if not {"censoring", "limit", "value"} <= set(labs.columns):
        return []
    below = equals(labs["censoring"], "below") & labs["limit"].notna().to_numpy()
    if not below.any():
        return []
    where = sites(tables, "labs")
    analytes, names = labels(labs["analyte"])
    group = np.where(where.codes < 0, -1, analytes * max(where.size, 1) + where.codes)
    values, limit = numbers(labs, "value"), numbers(labs, "limit")
    exact = equals(labs["censoring"], "none") & np.isfinite(values)
    coarse = np.zeros(len(labs), dtype=bool)
    for rows in each(np.where(exact | below, group, -1), len(names) * max(where.size, 1)):
        ends = rows[below[rows]]
        results = np.sort(values[rows[exact[rows]]])
        if len(ends) and len(results):
            coarse[ends] = np.searchsorted(results, limit[ends]) > limits["share"] * len(results)
    return _by_analyte(labs, coarse, "below a limit under which the same site reports exact results")


def plate_effect(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return plates whose exact results of an analyte lie more than ``shift`` from those of the other plates.

    The shift is the one that makes the results of the plate most likely given those of all others.
    """
    labs = tables["labs"]
    if not {"plate", "value"} <= set(labs.columns) or labs["plate"].isna().all():
        return []
    plates, words = labels(labs["plate"])
    findings = []
    for name, rows, logs in _exact(labs, codebook):
        known = plates[rows] >= 0
        if not known.any():
            continue
        inside, of_plate = np.unique(plates[rows[known]], return_inverse=True)
        size = np.bincount(of_plate)
        enough = np.flatnonzero(size >= limits["results"])
        if len(enough) < 2:
            continue
        table = counts(logs[known], of_plate, len(inside))
        for plate, shift in _shifted(table, enough, limits):
            times = f"{np.exp(shift):.2f}"
            reason = f"{name} on plate {words[inside[plate]]} is {times} times that of the other plates"
            findings.append(Finding("labs", labs.index[:0], reason, "value", count=int(size[plate])))
    return findings


def _shifted(table: FloatArray, enough: IntArray, limits: Mapping[str, float]) -> Iterator[tuple[int, float]]:
    """Yield the plates that are shifted, and by how much."""
    whole = table.sum(axis=0)
    # A plate is part of the whole; where it is a large part, the others are taken without it.
    large = enough[table[enough].sum(axis=1) > whole.sum() / 100]
    small = np.setdiff1d(enough, large)
    parts = []
    if len(small):
        parts.append((small, *best_shifts(table[small], log_density(whole), _REACH)))
    if len(large):
        parts.append((large, *best_shifts(table[large], log_density(whole - table[large]), _REACH)))
    for group, shift, score in parts:
        for index in np.flatnonzero((np.abs(shift) >= limits["shift"] - WIDTH / 2) & (score >= limits["z"])):
            yield int(group[index]), float(shift[index])


def copy_forward(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return exact results that equal an earlier one of the same person and analyte, where more do than by chance.

    Earlier by date, and by the order of the rows where there is no date. How many rounded results repeat by chance is
    told by those that differ by few steps of their last digit. An analyte is told when its repeats are less likely than
    ``chance`` and ``ratio`` times as many; where more than a ``share`` of the results repeats by chance, nothing can be
    told. Which of the repeats are copies cannot be told either, so they are flagged and not set missing.
    """
    labs = tables["labs"]
    if "value" not in labs or labs.empty:
        return []
    series = ["participant_id", "analyte"]
    often = repeats(labs, series)
    if not often.any():
        return []
    codes = key_numbers(labs, series)
    values = numbers(labs, "value")
    usable = often & np.isfinite(values) & (values > 0)
    if "censoring" in labs:
        usable &= equals(labs["censoring"], "none")
    rows = np.flatnonzero(usable)
    if "date" in labs:
        days = labs["date"].to_numpy()[rows]
        rows = rows[np.argsort(np.where(np.isnat(days), np.datetime64("9999-12-31"), days), kind="stable")]
    rows = rows[np.argsort(codes[rows], kind="stable")]
    again = pd.DataFrame({"person": codes[rows], "value": values[rows]}).duplicated().to_numpy()
    analytes, names = short_labels(labs["analyte"])
    found = np.zeros(len(labs), dtype=bool)
    for here in each(analytes[rows], len(names)):
        copies = int(again[here].sum())
        if not copies:
            continue
        expected = _chance_repeats(values[rows[here]], codes[rows[here]])
        too_many = copies >= limits["ratio"] * expected and pdtrc(copies - 1, expected) < limits["chance"]
        if too_many and expected <= limits["share"] * len(here):
            found[rows[here[again[here]]]] = True
    return _by_analyte(labs, found, "equals an earlier result of the same person in every digit")


def _chance_repeats(values: FloatArray, people: IntArray) -> float:
    """Return how many results repeat an earlier one by chance, given results sorted by person and then by time.

    A line through the numbers of those that differ by one to five steps of the last digit, up or down, is drawn out to
    no step; where it rises, as where results are few, their mean stands.
    """
    same = people[1:] == people[:-1]
    if not same.any():
        return 0.0
    steps = np.abs(values[1:] - values[:-1])[same] / _last_steps(values[:-1][same])
    number = np.bincount(np.round(steps[steps < 5.5]).astype(np.int64), minlength=6)[1:] / 2
    _, start = np.polyfit(np.arange(1, 6), number, 1)
    near = max(float(start), float(number.mean()))
    earlier = np.arange(len(people)) - np.searchsorted(people, people)
    return float(near * earlier.sum() / same.sum())


def _last_steps(values: FloatArray) -> FloatArray:
    """Return the step of the last digit of each value: the coarsest power of ten that nearly all of its decade have.

    Examples
    --------
    >>> _last_steps(np.array([0.15, 0.2, 12.5, 30.0])).tolist()
    [0.01, 0.01, 0.1, 0.1]
    """
    decades = np.floor(np.log10(values))
    steps = np.full(len(values), np.nan)
    for decade in np.unique(decades):
        here = decades == decade
        for digits in range(5):
            step = 10.0 ** (decade - digits)
            parts = values[here] / step
            if np.mean(np.abs(parts - np.round(parts)) < 1e-6) >= 0.95:
                steps[here] = float(f"{step:.0e}")
                break
    return steps


def _exact(labs: pd.DataFrame, codebook: Codebook) -> Iterator[tuple[str, IntArray, FloatArray]]:
    """Yield each analyte with the positions and logarithms of its positive results that are not censored."""
    if "value" not in labs or labs.empty:
        return
    values = numbers(labs, "value")
    usable = np.isfinite(values) & (values > 0)
    if "censoring" in labs:
        usable &= equals(labs["censoring"], "none")
    codes, names = short_labels(labs["analyte"])
    for name, rows in zip(names, each(np.where(usable, codes, np.int8(-1)), len(names)), strict=True):
        if len(rows) and name in codebook.analytes:
            yield name, rows, np.log(values[rows])


def _all_rows(labs: pd.DataFrame, name: str) -> npt.NDArray[np.bool_]:
    return equals(labs["analyte"], name)


def _by_analyte(labs: pd.DataFrame, found: npt.NDArray[np.bool_], reason: str) -> list[Finding]:
    """Return results that were found, one finding for each analyte, since the ledger names it nowhere else."""
    codes, names = short_labels(labs["analyte"])
    return [
        Finding("labs", labs.index[rows], f"{name}: {reason}", "value")
        for name, rows in zip(names, each(np.where(found, codes, np.int8(-1)), len(names)), strict=True)
    ]
