"""Markers made ready for the gate: on a log and a Box-Cox scale, without what age, sex, BMI and smoking explain.

Constants fool a test for gaps, so values below a limit are drawn from the fitted lower tail and ties are broken within
the resolution of the assay.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cohort.analysis.censored import draw_below, fit_censored_normal, limit_columns
from cohort.errors import AnalysisError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

MARKERS = (
    "crp_mg_l", "il6_pg_ml", "tnf_alpha_pg_ml", "neutrophils_10e9_l", "lymphocytes_10e9_l", "monocytes_10e9_l",
    "leukocytes_10e9_l", "platelets_10e9_l", "igg_g_l", "glutathione_umol_l", "cortisol_nmol_l",
)  # fmt: skip
"""Markers of the immune panel of the claims. The neutrophil-lymphocyte ratio is the difference of two of their logs.
White cells stand after the kinds that they are the sum of, so that the sum leaves when the kinds determine it."""

COVARIATES = ("age_years", "sex", "bmi_kg_m2", "smoking", "is_hormonal_contraceptive_user")
"""What the markers are adjusted for: claims about subgroups mean more than age, weight and the pill."""

_POWERS = np.round(np.arange(-1.5, 2.0001, 0.05), 2)
_MOST_BELOW = 0.5
_LEAST_MEASURED = 0.5
_DETERMINED = 0.95
_FEWEST_PEOPLE = 50


@dataclass(frozen=True, eq=False)
class PreparedMarkers:
    """Markers ready for the gate, and what was done to them.

    Parameters
    ----------
    scalings
        ``log`` and ``box-cox``: residuals centred on the median and divided by half the distance between the 16th and
        the 84th percentile, shape (people, markers).
    index
        Rows of the table that the people are.
    markers
        Markers used, the columns of the arrays.
    left_out
        Markers not used, with the reason.
    powers
        Box-Cox power of each marker.
    below_limit
        People whose value was drawn from below the limit, by marker.
    covariates, covariates_missing
        What the markers were adjusted for, and what could not be.
    excluded_infection, excluded_missing
        People left out for an acute infection, and for a missing marker or covariate.
    notes
        The same in sentences.
    """

    scalings: Mapping[str, FloatArray]
    index: pd.Index
    markers: tuple[str, ...]
    left_out: Mapping[str, str]
    powers: Mapping[str, float]
    below_limit: Mapping[str, int]
    covariates: tuple[str, ...]
    covariates_missing: tuple[str, ...]
    excluded_infection: int
    excluded_missing: int
    notes: tuple[str, ...]

    @property
    def n(self) -> int:
        """Return the number of people."""
        return len(self.index)


def prepare_markers(
    table: pd.DataFrame,
    markers: Sequence[str] = MARKERS,
    covariates: Sequence[str] = COVARIATES,
    *,
    rng: np.random.Generator,
    domain: pd.Series | BoolArray | None = None,
) -> PreparedMarkers:
    """Return markers of people without an acute infection, adjusted and on two scales; does not modify the table.

    Values below the limit are drawn from a normal distribution of the log marker given the covariates, fitted with the
    censored values as such; ties are broken by a uniform draw within the resolution; the log markers' residuals from a
    linear regression on the covariates are taken, and their exponentials get the Box-Cox power of highest likelihood
    between -1.5 and 2 in steps of 0.05.

    Parameters
    ----------
    table
        One row per person.
    markers, covariates
        Columns wanted; absent ones are reported, not an error.
    rng
        Source of the draws below the limit and of the jitter.
    domain
        True for people to use; ``is_eligible`` when None and present, else all.

    Notes
    -----
    Uses people with all markers and covariates, which assumes that who lacks one is like the others given the
    covariates. Draws below the limit are independent between markers.
    """
    inside = _domain(table, domain)
    present, left_out = _measured(table[inside], markers)
    some = inside & (table[present].notna().any(axis=1).to_numpy() if present else False)
    infected = _infected(table) & some
    people = some & ~infected
    columns, used, missing = covariate_columns(table, covariates, people)
    complete = people & table[present].notna().all(axis=1).to_numpy() & ~np.isnan(columns).any(axis=1)
    chosen = table.loc[complete]
    matrix = _full_rank(np.column_stack([np.ones(len(chosen)), columns[complete]]))
    residuals: dict[str, FloatArray] = {}
    below_limit: dict[str, int] = {}
    for marker in present:
        if reason := _unusable(chosen, marker):
            left_out[marker] = reason
            continue
        logarithm, number = _continuous_log(chosen, marker, matrix, rng)
        residual = logarithm - matrix @ np.linalg.lstsq(matrix, logarithm, rcond=None)[0]
        if _is_determined(residual, residuals):
            left_out[marker] = "determined by the other markers"
            continue
        residuals[marker], below_limit[marker] = residual, number
    stacked = _stack(list(residuals.values()), len(chosen))
    powers = {marker: box_cox_power(residual) for marker, residual in residuals.items()}
    scalings = both_scalings(stacked, tuple(powers.values()))
    prepared = PreparedMarkers(
        scalings=scalings,
        index=chosen.index,
        markers=tuple(residuals),
        left_out=left_out,
        powers=powers,
        below_limit=below_limit,
        covariates=used,
        covariates_missing=missing,
        excluded_infection=int(infected.sum()),
        excluded_missing=int(people.sum() - complete.sum()),
        notes=(),
    )
    return replace(prepared, notes=_notes(prepared, table[people]))


def both_scalings(residuals: FloatArray, powers: Sequence[float] = ()) -> dict[str, FloatArray]:
    """Return log markers as ``log`` and ``box-cox``, centred and scaled.

    Parameters
    ----------
    residuals
        Log markers, shape (people, markers).
    powers
        Box-Cox power of each; those of highest likelihood when empty.
    """
    columns, people = list(residuals.T), len(residuals)
    powers = powers or [box_cox_power(column) for column in columns]
    return {
        "log": _stack([_scaled(column) for column in columns], people),
        "box-cox": _stack([_scaled(_box_cox(c, p)) for c, p in zip(columns, powers, strict=True)], people),
    }


def box_cox_power(residual: FloatArray) -> float:
    """Return the Box-Cox power of highest likelihood for the exponential of a log residual, on a grid of 0.05.

    Examples
    --------
    >>> normal_in_logs = np.random.default_rng(1).standard_normal(2000)
    >>> abs(box_cox_power(normal_in_logs)) <= 0.05
    True
    """
    spreads = np.array([np.var(_box_cox(residual, float(power))) for power in _POWERS])
    likelihood = -0.5 * residual.size * np.log(spreads) + (_POWERS - 1) * residual.sum()
    return float(_POWERS[int(np.argmax(likelihood))])


def _box_cox(residual: FloatArray, power: float) -> FloatArray:
    """Return the Box-Cox transform of the exponential of a log residual."""
    return residual if power == 0 else np.asarray(np.expm1(power * residual) / power)


def _scaled(values: FloatArray) -> FloatArray:
    """Return values centred on the median and divided by half the distance between the 16th and 84th percentile."""
    low, middle, high = np.percentile(values, [16, 50, 84])
    return np.asarray((values - middle) / ((high - low) / 2))


def _stack(columns: list[FloatArray], people: int) -> FloatArray:
    return np.column_stack(columns) if columns else np.empty((people, 0))


def _domain(table: pd.DataFrame, domain: pd.Series | BoolArray | None) -> BoolArray:
    """Return who may be used, as booleans."""
    if domain is None:
        domain = table["is_eligible"] if "is_eligible" in table else np.ones(len(table), dtype=bool)
    return np.asarray(pd.Series(domain).fillna(value=False).to_numpy(dtype=bool))


def _infected(table: pd.DataFrame) -> BoolArray:
    """Return who is known to have had an acute infection when blood was drawn."""
    if "has_acute_infection" not in table:
        return np.zeros(len(table), dtype=bool)
    return np.asarray(table["has_acute_infection"].fillna(value=False).to_numpy(dtype=bool))


def _measured(people: pd.DataFrame, markers: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return markers measured in at least half of the people who have any, and why the others are left out."""
    present = [marker for marker in markers if marker in people and people[marker].notna().any()]
    left_out = dict.fromkeys([marker for marker in markers if marker not in present], "not measured in this cohort")
    with_any = int(people[present].notna().any(axis=1).sum()) if present else 0
    rare = [marker for marker in present if people[marker].notna().sum() < _LEAST_MEASURED * with_any]
    left_out |= dict.fromkeys(rare, "measured in fewer than half of the people with any marker")
    return [marker for marker in present if marker not in rare], left_out


def with_men_not_asked(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with men who were not asked about hormonal contraceptives as people who use none."""
    pill = "is_hormonal_contraceptive_user"
    if pill not in table or "sex" not in table:
        return table
    men = table[pill].isna() & (table["sex"] == "male").fillna(value=False)
    return table.assign(**{pill: table[pill].mask(men, other=False)})


def covariate_columns(
    table: pd.DataFrame, covariates: Sequence[str], people: BoolArray
) -> tuple[FloatArray, tuple[str, ...], tuple[str, ...]]:
    """Return covariates as numbers, treatment-coded, and the names used and missing; shape (rows, columns).

    Men who were not asked about hormonal contraceptives do not use them. A covariate known for fewer than half of the
    people counts as missing.

    Parameters
    ----------
    table, covariates
        As in :func:`prepare_markers`.
    people
        True for the people it is about; the columns are of all rows.
    """
    table = with_men_not_asked(table)
    columns: list[FloatArray] = []
    used, missing = [], []
    for name in covariates:
        values = table[name] if name in table else pd.Series(np.nan, index=table.index)
        if values[people].notna().sum() < _LEAST_MEASURED * people.sum() or values[people].nunique() < 2:
            missing.append(name)
            continue
        used.append(name)
        if isinstance(values.dtype, pd.CategoricalDtype) or pd.api.types.is_string_dtype(values.dtype):
            levels = [level for level in pd.Categorical(values).categories if (values[people] == level).any()]
            dummies = [(values == level).astype("Float64").mask(values.isna()) for level in levels[1:]]
            columns += [dummy.to_numpy(dtype=float, na_value=np.nan) for dummy in dummies]
        else:
            columns.append(
                np.asarray(values.astype("Float64").to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
            )
    return _stack(columns, len(table)), tuple(used), tuple(missing)


def _full_rank(matrix: FloatArray) -> FloatArray:
    """Return the columns that the ones before them don't determine."""
    kept: list[int] = []
    for column in range(matrix.shape[1]):
        if np.linalg.matrix_rank(matrix[:, [*kept, column]]) > len(kept):
            kept.append(column)
    return matrix[:, kept]


def _below(people: pd.DataFrame, marker: str) -> tuple[BoolArray, FloatArray]:
    """Return whose value lies below a limit, and the value or the limit.

    A recorded zero of a positive marker means less than the smallest value that the assay reports.
    """
    values = people[marker].to_numpy(dtype=float)
    censoring, limit = limit_columns(marker)
    below = np.zeros(len(people), dtype=bool)
    if censoring in people:
        below = (people[censoring] == "below").fillna(value=False).to_numpy(dtype=bool)
        if limit in people:
            limits = people[limit].to_numpy(dtype=float)
            values = np.where(below & np.isfinite(limits), limits, values)
    zero = values <= 0
    smallest = float(values[~zero].min()) if (~zero).any() else np.nan
    return below | zero, np.where(zero, smallest, values)


def _unusable(people: pd.DataFrame, marker: str) -> str:
    """Return why a marker can't be used; empty when it can."""
    if len(people) < _FEWEST_PEOPLE:
        return f"fewer than {_FEWEST_PEOPLE} people have all markers and covariates"
    below, values = _below(people, marker)
    if np.mean(below) > _MOST_BELOW:
        return "more than half of the values lie below the limit"
    low, high = np.percentile(values, [16, 84])
    return "constant" if np.unique(values).size < 5 or low == high else ""


def _continuous_log(
    people: pd.DataFrame, marker: str, matrix: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, int]:
    """Return the log marker without ties or limits, and how many values were drawn from below the limit."""
    below, values = _below(people, marker)
    step = resolution(values[~below])
    jitter = step * (rng.random(len(values)) - 0.5)
    logarithm = np.log(np.where(below, values, values + np.where(values > step, jitter, 0.5 * jitter)))
    if below.any():
        try:
            fit = fit_censored_normal(logarithm, below, matrix)
        except AnalysisError:
            # A level of a covariate with no value above the limit has no finite coefficient: draw without covariates.
            matrix = matrix[:, :1]
            fit = fit_censored_normal(logarithm, below, matrix)
        logarithm[below] = draw_below(fit, np.log(values[below]), matrix[below], rng)
    return logarithm, int(below.sum())


def resolution(values: FloatArray) -> float:
    """Return the smallest step between values that occur more than once; 0 when none does.

    Examples
    --------
    >>> f"{resolution(np.array([0.1, 0.1, 0.3, 0.3, 0.4, 0.4])):.1f}"
    '0.1'
    """
    distinct, counts = np.unique(values, return_counts=True)
    if counts.max(initial=0) < 2:
        return 0.0
    repeated = distinct[counts > 1]
    gaps = np.diff(repeated if repeated.size > 1 else distinct)
    gaps = gaps[gaps > 1e-9 * np.abs(distinct).max()]
    return float(gaps.min()) if gaps.size else 0.0


def _is_determined(residual: FloatArray, others: Mapping[str, FloatArray]) -> bool:
    """Return whether the markers kept so far explain 95 % of another."""
    if not others:
        return False
    matrix = np.column_stack(list(others.values()))
    rest = residual - matrix @ np.linalg.lstsq(matrix, residual, rcond=None)[0]
    return bool(np.var(rest) < (1 - _DETERMINED) * np.var(residual))


def _notes(prepared: PreparedMarkers, people: pd.DataFrame) -> tuple[str, ...]:
    """Return in sentences what the preparation did."""
    notes = [f"Adjusted for {', '.join(prepared.covariates)}." if prepared.covariates else "Adjusted for nothing."]
    if prepared.covariates_missing:
        names = ", ".join(prepared.covariates_missing)
        notes.append(f"Could not be adjusted for {names}: absent, constant or mostly unknown.")
    if "has_acute_infection" in people:
        notes.append(f"{prepared.excluded_infection:,} people with an acute infection left out.")
    elif "crp_mg_l" in people:
        high = int((people["crp_mg_l"] > 10).sum())
        notes.append(f"Acute infection is not recorded: {high:,} people with CRP above 10 mg/L stay in.")
    notes.append(f"{prepared.excluded_missing:,} people without all markers and covariates left out.")
    notes.append("Survey weights are not used.")
    notes += [
        f"{marker}: {number:,} values below the limit drawn from the fitted tail."
        for marker, number in prepared.below_limit.items()
        if number
    ]
    notes += [f"{marker} not used: {reason}." for marker, reason in prepared.left_out.items()]
    return tuple(notes)
