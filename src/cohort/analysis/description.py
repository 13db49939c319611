"""Table 1 and missing values: who is in the cohort, without a test in sight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.analysis.counted_cells import UNKNOWN, CountCell, CountedCells, cell_text, gives_small_away
from cohort.analysis.design import BoolArray, Design, Domain, FloatArray, analysis_domain
from cohort.analysis.sampling import base_name
from cohort.analysis.variables import is_binary, levels, readable
from cohort.codebook import load_codebook
from cohort.disclosure import Disclosure
from cohort.results import ResultTable

SKEWED = 1.0
"""Beyond this skewness a variable is shown as median and quartiles."""
TABLE_ONE_VARIABLES = (
    "age_years", "sex", "ancestry_group", "education", "income_poverty_ratio", "parental_ses_sd", "bmi_kg_m2",
    "smoking", "activity_met_h_week", "has_any_autoimmune_disease", "has_lifetime_depression", "is_antidepressant_user",
    "has_childhood_trauma", "ctq_total", "hospital_infection_count", "is_cmv_seropositive", "has_acute_infection",
    "crp_mg_l", "il6_pg_ml", "neutrophil_lymphocyte_ratio", "phq9_total",
)  # fmt: skip
"""Shown by default, those that the table has."""


@dataclass(frozen=True, eq=False)
class _Group:
    """One column of the table: its heading, who is in it, their weights, and the disclosure rule."""

    heading: str
    inside: BoolArray
    weights: FloatArray
    weighted: bool
    disclosure: Disclosure


def weighted_quantiles(values: FloatArray, weights: FloatArray, at: Sequence[float]) -> FloatArray:
    """Return quantiles: the smallest value that at least that share of the weight does not exceed; the mean of two
    at ties.

    Without weights this is the textbook median (R's ``quantile(type = 2)``).

    Parameters
    ----------
    values, weights
        One per person, nothing missing.
    at
        Shares between 0 and 1.

    Examples
    --------
    >>> weighted_quantiles(np.array([1.0, 2, 3, 4]), np.ones(4), [0.25, 0.5]).tolist()
    [1.5, 2.5]
    """
    order = np.argsort(values, kind="stable")
    ordered, cumulated = values[order], np.cumsum(weights[order])
    targets = np.asarray(at) * cumulated[-1]
    tolerance = 1e-12 * cumulated[-1]
    first = np.searchsorted(cumulated, targets - tolerance)
    after = np.searchsorted(cumulated, targets + tolerance, side="right")
    last = len(ordered) - 1
    return np.asarray((ordered[np.minimum(first, last)] + ordered[np.minimum(after, last)]) / 2)


def _moments(values: FloatArray, weights: FloatArray) -> tuple[float, float, float]:
    """Return mean, SD (n - 1) and skewness."""
    n = len(values)
    centre = float(np.average(values, weights=weights))
    spread = float(np.sqrt(np.average((values - centre) ** 2, weights=weights)))
    skewness = float(np.average((values - centre) ** 3, weights=weights)) / spread**3 if spread > 0 else 0.0
    return centre, spread * np.sqrt(n / max(n - 1, 1)), skewness


def _mean_smd(one: tuple[float, float, float], other: tuple[float, float, float]) -> float:
    pooled = np.sqrt((one[1] ** 2 + other[1] ** 2) / 2)
    return float(abs(one[0] - other[0]) / pooled) if pooled > 0 else float("nan")


def _share_smd(one: FloatArray, other: FloatArray) -> float:
    """Return the standardised difference of two distributions over levels (Yang & Dalton 2012, SAS Global Forum)."""
    p, q = one[1:], other[1:]
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    return float(np.sqrt(max(float((p - q) @ np.linalg.pinv(covariance) @ (p - q)), 0.0)))


def _is_skewed(name: str, values: FloatArray, weights: FloatArray) -> bool:
    fields = load_codebook().tables["person_table"]
    if name in fields and fields[name].analyte:
        return True
    return abs(_moments(values, weights)[2]) > SKEWED


def _continuous(
    name: str, column: pd.Series, groups: Sequence[_Group], first: int, counted: CountedCells
) -> list[dict[str, object]]:
    values = np.asarray(column.astype("Float64").to_numpy(dtype=float, na_value=np.nan), dtype=np.float64)
    known = ~np.isnan(values)
    whole = groups[0]
    inside = whole.inside & known
    skewed = bool(inside.any()) and _is_skewed(name, values[inside], whole.weights[inside])
    row: dict[str, object] = {"variable": load_codebook().label(name), "level": ""}
    row["statistic"] = "median (quartiles)" if skewed else "mean (SD)"
    moments = []
    for group in groups:
        chosen = group.inside & known
        if chosen.sum() < max(group.disclosure.least, 2):
            row[group.heading] = "–"
            moments.append((np.nan, np.nan, 0.0))
            continue
        moments.append(_moments(values[chosen], group.weights[chosen]))
        if skewed:
            low, middle, high = weighted_quantiles(values[chosen], group.weights[chosen], [0.25, 0.5, 0.75])
            row[group.heading] = f"{middle:.1f} ({low:.1f} to {high:.1f})"
        else:
            row[group.heading] = f"{moments[-1][0]:.1f} ({moments[-1][1]:.1f})"
    row["standardised_difference"] = _mean_smd(moments[1], moments[2]) if len(groups) == 3 else np.nan
    counted.add_missing(first, name, int((whole.inside & ~known).sum()))
    return [row]


def _categorical(
    name: str, column: pd.Series, groups: Sequence[_Group], first: int, counted: CountedCells
) -> list[dict[str, object]]:
    """Return the rows of a variable of words or yes/no; their cells are counts still to be protected."""
    words = levels(column)
    known = column.notna().to_numpy()
    yes_no = words is None
    named = [("no", 0), ("yes", 1)] if yes_no else [(str(word), word) for word in words or []]
    members = {label: known & column.eq(value).fillna(False).to_numpy(dtype=bool) for label, value in named}
    whole = groups[0]
    members = {label: m for label, m in members.items() if yes_no or (m & whole.inside).any()}
    shown = ["yes"] if yes_no else list(members)
    cells: list[dict[str, CountCell]] = []
    shares, numbers = [], []
    for group in groups:
        counts = {label: int((m & group.inside).sum()) for label, m in members.items()}
        weight = np.array([group.weights[m & group.inside].sum() for m in members.values()])
        share = weight / weight.sum() if weight.sum() > 0 else np.full(len(weight), np.nan)
        shares.append(share)
        numbers.append(list(counts.values()))
        parts = dict(zip(counts, share.tolist(), strict=True))
        total = sum(counts.values())
        cells.append({label: CountCell(counts[label], total, parts[label], group.weighted) for label in shown})
    difference = np.nan
    if len(groups) == 3 and len(members) > 1 and all(np.isfinite(share).all() for share in shares[1:]):
        difference = np.nan if gives_small_away(numbers[1:], whole.disclosure) else _share_smd(shares[1], shares[2])
    headings = [group.heading for group in groups]
    counted.add_levels(first, name, cells, missing=int((whole.inside & ~known).sum()), are_all=not yes_no)
    rows = []
    for place, label in enumerate(shown):
        row: dict[str, object] = {"variable": readable(name), "level": label, "statistic": "n (%)"}
        row.update({heading: column_cells[label] for heading, column_cells in zip(headings, cells, strict=True)})
        row["standardised_difference"] = difference if place == 0 else np.nan
        rows.append(row)
    return rows


def table_one(
    table: pd.DataFrame,
    by: str | None,
    design: Design,
    variables: Sequence[str] | None = None,
    *,
    domain: Domain = None,
    disclosure: Disclosure | None = None,
) -> ResultTable:
    """Return Table 1: every variable in all and by group, with standardised differences in place of p values.

    Means (SD), or median (quartiles) for analytes and what is skewed; counts (%) for words and yes/no. Survey
    weights go into everything but counts. Counts under the minimum are suppressed and others rounded before they
    become text. The standardised difference is given for two groups.

    Parameters
    ----------
    table
        One row per person.
    by
        Yes/no variable or one of words that makes the groups; None for no groups.
    design
        The design of the same table.
    variables
        Default: ``TABLE_ONE_VARIABLES``; those that the table lacks are named in the note.
    domain
        The people it is about; default ``is_eligible``.
    disclosure
        The rule for counts; default: at least 5, rounded to 5.
    """
    rule = Disclosure() if disclosure is None else disclosure
    inside = analysis_domain(table, design, domain)
    weights, weighted = design.weight(), design.kind == "survey"
    groups = [_Group("all", inside, weights, weighted, rule)]
    unknown = 0
    note = ["Weighted by the survey design; people without a weight are left out." if weighted else "", ""]
    if by is not None and by in table:
        named: list[tuple[str, object]] = [(str(word), word) for word in levels(table[by]) or []]
        if not named:
            named = [(f"{readable(by)}: no", False), (f"{readable(by)}: yes", True)]
        for heading, level in named:
            member = inside & table[by].eq(level).fillna(False).to_numpy(dtype=bool)  # type: ignore[arg-type]
            if member.any():
                groups.append(_Group(heading, member, weights, weighted, rule))
        unknown = int((inside & table[by].isna().to_numpy()).sum())
    elif by is not None:
        note[1] = f"No groups: this cohort has no variable '{by}'."
    asked = [name for name in (TABLE_ONE_VARIABLES if variables is None else variables) if name != by]
    there = [name for name in asked if name in table and bool(table[name].notna().any())]
    lacking = [readable(name) for name in asked if name not in there]
    headings = [group.heading for group in groups]
    words = [heading.removeprefix(f"{readable(by)}: ") for heading in headings[1:]] if by else []
    counted = CountedCells(rule, headings, base_name(design, domain), by or "", words)
    counted.add_people([int(group.inside.sum()) for group in groups], unknown)
    rows: list[dict[str, object]] = [{"variable": "People", "level": "", "statistic": "n"}]
    for name in there:
        column = table[name]
        of_words = levels(column) is not None or is_binary(column)
        rows.extend((_categorical if of_words else _continuous)(name, column, groups, len(rows), counted))
    texts = counted.texts()
    if unknown and by is not None:
        note[1] = f"{readable(by)} is not known for {texts[UNKNOWN]}; they count in all."
    for place, row in enumerate(rows):
        for heading in headings:
            cell = row.get(heading, None)
            if isinstance(cell, CountCell):
                row[heading] = cell_text(cell, texts[place, heading], rule)
        row["missing"] = texts.get((place, "missing"), "")
    rows[0] |= {heading: texts[0, heading] for heading in headings}
    data = pd.DataFrame(
        rows, columns=["variable", "level", "statistic", *headings, "standardised_difference", "missing"]
    ).astype({"standardised_difference": float})
    if lacking:
        note.append(f"Not in this cohort: {', '.join(lacking)}.")
    return ResultTable(
        "table_one",
        "Who is in the cohort" + (f", by {readable(by).lower()}" if len(groups) > 1 and by else ""),
        data if len(groups) == 3 else data.drop(columns="standardised_difference"),
        sums=tuple(counted.sums),
        names=counted.names,
        formats={"standardised_difference": ".2f"} if len(groups) == 3 else {},
        note=" ".join(part for part in note if part),
    )


def missingness(table: pd.DataFrame, variables: Sequence[str], *, domain: Domain = None) -> pd.DataFrame:
    """Return how many people of the domain lack each variable: variable, label, people, missing, share.

    A variable that the table does not have is missing for everybody.

    Parameters
    ----------
    table
        One row per person.
    variables
        Names of columns.
    domain
        The people it is about; default ``is_eligible``, with or without a survey weight.

    Examples
    --------
    >>> people = pd.DataFrame({"sex": ["female", None], "age_years": [30.0, 40.0]})
    >>> missingness(people, ["sex", "age_years"])[["variable", "missing", "share"]].to_numpy().tolist()
    [['sex', 1, 0.5], ['age_years', 0, 0.0]]
    """
    inside = analysis_domain(table, Design(None, None, None, len(table)), domain)
    people = int(inside.sum())
    codebook = load_codebook()
    missing = [int(table.loc[inside, name].isna().sum()) if name in table else people for name in variables]
    return pd.DataFrame({
        "variable": list(variables),
        "label": [codebook.label(name) for name in variables],
        "people": people,
        "missing": missing,
        "share": [count / people if people else float("nan") for count in missing],
    })  # fmt: skip
