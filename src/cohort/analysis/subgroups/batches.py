"""Laboratory batches: whether depression and plate can be told apart, and markers without the shifts of their plates.

A plate that reads high makes a marker of whoever was measured on it. Where people with and without depression share
plates, the shift can be estimated and taken out. Where they don't, a difference between them may be the plate's, and
no statistics can say whose it is: the comparison is refused.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cohort.analysis.censored import limit_columns
from cohort.analysis.design import Design, Domain, analysis_domain
from cohort.analysis.markers import marker_differences
from cohort.analysis.subgroups.preparation import covariate_columns, resolution
from cohort.analysis.variables import InestimableError, binary, numeric, readable, require
from cohort.codebook import load_codebook
from cohort.results import Estimate, NotTestable, Result, ResultTable

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

MOST_EXPLAINED = 0.2
"""Share of the variance of depression between batches beyond which the two count as aliased.

Depression by a questionnaire is the disease with error, which hides most of the overlap: in scenario S9 with every
depressed person on plates of their own the questionnaire shows 0.26 to 0.29, with 80 % of them on half of the plates
0.04; where half of the people are cases, an 80 to 20 split of a questionnaire's cases gives about 0.18."""
_LEAST_KNOWN = 0.5
_FEWEST_ON_A_PLATE = 5


@dataclass(frozen=True)
class BatchOverlap:
    """Whether a marker's batches and a group can be told apart.

    Parameters
    ----------
    marker, batch
        The marker, and what its batches are: ``plate``, or ``site`` where no plate is recorded.
    batches, people
        Batches with at least five people, and people on them.
    explained
        Share of the variance of the group between batches, less what chance gives: from 0, crossed, to 1, aliased.
    between
        Share of the variance of the ln marker between batches, given the group, less what chance gives.
    """

    marker: str
    batch: str
    batches: int
    people: int
    explained: float
    between: float

    @property
    def aliased(self) -> bool:
        """Return whether a comparison of the groups would compare batches."""
        return self.explained > MOST_EXPLAINED


def batches_of(labs: pd.DataFrame, people: pd.Series, markers: Sequence[str], baseline: str) -> pd.DataFrame:
    """Return the batch of each marker of each person at baseline: one column per marker, indexed as ``people``.

    A batch is a plate; where the plates of an analyte are recorded for fewer than half of its results, the site of the
    laboratory. ``attrs["batch"]`` says which, by marker. Markers without either are absent.

    Parameters
    ----------
    labs
        One row per person, visit and analyte: ``participant_id``, ``visit``, ``analyte``, ``plate``, ``site``.
    people
        Identifiers, one per row of the person table.
    markers
        Columns of the person table.
    baseline
        Label of the baseline visit.
    """
    analytes = {analyte.column: name for name, analyte in load_codebook().analytes.items()}
    first = labs[labs["visit"] == baseline]
    columns: dict[str, pd.Series] = {}
    kinds: dict[str, str] = {}
    for marker in markers:
        rows = first[first["analyte"] == analytes.get(marker, "")]
        for kind in ("plate", "site"):
            if kind in rows and len(rows) and rows[kind].notna().mean() >= _LEAST_KNOWN:
                known = rows.drop_duplicates("participant_id").set_index("participant_id")[kind]
                columns[marker] = people.map(known).astype("object")
                kinds[marker] = kind
                break
    found = pd.DataFrame(columns, index=people.index)
    found.attrs["batch"] = kinds
    return found


def batch_overlap(
    table: pd.DataFrame, batches: pd.DataFrame, by: str, design: Design, *, domain: Domain = None
) -> dict[str, BatchOverlap]:
    """Return for each marker with batches whether they and a group can be told apart.

    Parameters
    ----------
    table
        One row per person.
    batches
        From :func:`batches_of`.
    by
        A yes/no variable.
    design, domain
        As in :func:`cohort.analysis.design.proportion`; weights are not used.

    Notes
    -----
    Shares of variance are R squared of one-way analyses of variance, adjusted for the number of batches.
    """
    try:
        group = binary(require(table, by))
    except InestimableError:
        return {}
    inside = analysis_domain(table, design, domain) & ~np.isnan(group)
    found = {}
    for marker in batches:
        name = str(marker)
        code, logged = _coded(table, batches, name)
        usable = inside & (code >= 0) & np.isfinite(logged)
        usable &= _on_large_batches(code, usable)
        code = np.unique(code[usable], return_inverse=True)[1]
        if code.size == 0 or code.max(initial=0) < 1:
            continue
        case, value = group[usable], logged[usable]
        within = value - np.where(case == 1, value[case == 1].mean() if case.any() else 0.0,
                                  value[case == 0].mean() if (case == 0).any() else 0.0)  # fmt: skip
        found[name] = BatchOverlap(
            name, batches.attrs["batch"][name], int(code.max()) + 1, int(usable.sum()), _explained(case, code),
            _explained(within, code),
        )  # fmt: skip
    return found


def _coded(table: pd.DataFrame, batches: pd.DataFrame, marker: str) -> tuple[IntArray, FloatArray]:
    """Return the batch of each person as a number (-1 unknown) and the ln marker."""
    code = np.asarray(pd.factorize(batches[marker], sort=True)[0], dtype=np.int64)
    values = numeric(table[marker]) if marker in table else np.full(len(table), np.nan)
    return code, np.log(values, where=values > 0, out=np.full(len(values), np.nan))


def _on_large_batches(code: IntArray, usable: BoolArray) -> BoolArray:
    """Return who lies on a batch of at least five usable people."""
    if not usable.any():
        return usable
    size = np.bincount(code[usable], minlength=int(code.max()) + 1)
    return np.where(code >= 0, size[np.maximum(code, 0)] >= _FEWEST_ON_A_PLATE, False)


def _explained(values: FloatArray, code: IntArray) -> float:
    """Return the adjusted share of variance between batches, at least 0."""
    total = float(np.sum((values - values.mean()) ** 2))
    kinds = int(code.max()) + 1
    if total == 0 or values.size <= kinds:
        return 0.0
    size = np.bincount(code)
    mean = np.bincount(code, weights=values) / size
    rest = float(np.sum((values - mean[code]) ** 2))
    return max(0.0, 1 - (rest / (values.size - kinds)) / (total / (values.size - 1)))


def within_batches(
    table: pd.DataFrame,
    design: Design,
    batches: pd.DataFrame,
    overlap: Mapping[str, BatchOverlap],
    *,
    by: str,
    adjustment: Sequence[str],
    domain: Domain = None,
) -> dict[str, Result]:
    """Return the difference of each ln marker by group among people of one batch, or why it cannot be had.

    Parameters
    ----------
    table, design, by, adjustment, domain
        As in :func:`cohort.analysis.markers.marker_differences`; batches enter as fixed effects.
    batches, overlap
        From :func:`batches_of` and :func:`batch_overlap`.
    """
    found: dict[str, Result] = {}
    for marker, seen in overlap.items():
        if seen.aliased:
            found[marker] = refusal(seen, by)
            continue
        marked = table.assign(batch=pd.Categorical(batches[marker]))
        (found[marker],) = marker_differences(
            marked, design, by=by, adjustment=[*adjustment, "batch"], markers=[marker], domain=domain
        )
    return found


def refusal(seen: BatchOverlap, by: str, label: str = "") -> NotTestable:
    """Return why nothing is said of a marker whose batches are aliased with a group."""
    reason = (
        f"{readable(by)} and {seen.batch} are aliased: {100 * seen.explained:.0f} % of who has it lies between the "
        f"{seen.batch}s that measured {readable(seen.marker)}. A difference could be that of the {seen.batch}s; "
        f"measure some people of both kinds on the same {seen.batch}s"
    )
    return NotTestable(label or readable(seen.marker), reason, "difference free of batch")


def without_batch_shifts(
    table: pd.DataFrame,
    batches: pd.DataFrame,
    overlap: Mapping[str, BatchOverlap],
    *,
    by: str,
    covariates: Sequence[str],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the table with each marker's batch shifts taken out, and in sentences what was done.

    The ln marker is regressed on the group, the covariates and the batches; the shift of each batch is shrunken by how
    well it is known (empirical Bayes, as ComBat: Johnson, Li and Rabinovic 2007, Biostatistics 8:118) and subtracted
    from values and limits. What the group or covariates explain stays. Ties are broken within the resolution of the
    assay before, since shifts would make one tie many.

    Parameters
    ----------
    table
        One row per person; not changed.
    batches, overlap
        From :func:`batches_of` and :func:`batch_overlap`; aliased markers are left as they are.
    by, covariates
        The group, and numeric or worded columns that explain the markers; absent ones are passed over.
    rng
        Source of the tie breaking.

    Notes
    -----
    Assumes that a batch multiplies the marker, alike for everybody on it. Values at a limit enter at the limit.
    """
    corrected: dict[str, FloatArray] = {}
    spreads = []
    explained, *_ = covariate_columns(table, (by, *covariates), np.ones(len(table), dtype=bool))
    design = np.column_stack([np.ones(len(table)), explained])
    for marker, seen in overlap.items():
        if seen.aliased:
            continue
        code, logged = _coded(table, batches, marker)
        usable = (code >= 0) & np.isfinite(logged) & ~np.isnan(design).any(axis=1)
        if usable.sum() < 2 * design.shape[1] + seen.batches:
            continue
        shifts, spread = _shrunken_shifts(logged[usable], design[usable], code[usable])
        shift = np.where((code >= 0) & (code < shifts.size), shifts[np.clip(code, 0, shifts.size - 1)], 0.0)
        corrected[marker] = _untied(numeric(table[marker]), rng) * np.exp(-shift)
        limit = limit_columns(marker)[1]
        if limit in table:
            corrected[limit] = numeric(table[limit]) * np.exp(-shift)
        spreads.append(f"{readable(marker)} {spread:.2f}")
    if not corrected:
        return table, ()
    kinds = sorted({seen.batch for seen in overlap.values() if not seen.aliased})
    words = f"Shifts of {' and '.join(kinds)}s taken out; their SD in ln units: {', '.join(spreads)}."
    return table.assign(**corrected), (words,)


def _shrunken_shifts(logged: FloatArray, matrix: FloatArray, code: IntArray) -> tuple[FloatArray, float]:
    """Return the shift of each batch, shrunken towards their mean, and the SD of true shifts by the method of moments.

    Regression within batches gives the coefficients, and what is left of a batch's mean its raw shift.
    """
    size = np.bincount(code).astype(float)
    some = np.maximum(size, 1)

    def means(column: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(code, weights=column) / some)

    outcome = logged - means(logged)[code]
    inner = np.column_stack([column - means(column)[code] for column in matrix[:, 1:].T])
    slope = np.linalg.lstsq(inner, outcome, rcond=None)[0] if inner.size else np.zeros(0)
    rest = outcome - inner @ slope
    noise = float(rest @ rest) / max(rest.size - size.astype(bool).sum() - slope.size, 1)
    raw = means(logged - matrix[:, 1:] @ slope)
    present = size > 0
    weight = size[present]
    centre = float(np.average(raw[present], weights=weight))
    kinds = int(present.sum())
    # DerSimonian and Laird 1986 (Control Clin Trials 7:177): Q of the batches less what noise gives.
    spread = float(weight @ (raw[present] - centre) ** 2) - (kinds - 1) * noise
    variance = max(0.0, spread / max(weight.sum() - weight @ weight / weight.sum(), 1e-12))
    known = variance / (variance + noise / some) if variance > 0 else np.zeros_like(some)
    return np.where(present, known * (raw - centre), 0.0), math.sqrt(variance)


def _untied(values: FloatArray, rng: np.random.Generator) -> FloatArray:
    step = resolution(values[np.isfinite(values)])
    jitter = step * (rng.random(values.size) - 0.5)
    return np.asarray(values + np.where(values > step, jitter, 0.5 * jitter))


def batch_table(
    overlap: Mapping[str, BatchOverlap], ignored: Mapping[str, Result], within: Mapping[str, Result]
) -> ResultTable:
    """Return one row per marker: its batches, what lies between them, and the difference without and with them.

    Parameters
    ----------
    overlap, within
        From :func:`batch_overlap` and :func:`within_batches`.
    ignored
        The same differences where batches are not looked at, by marker.
    """
    title = "Batches of the laboratory, and depression"
    if not overlap:
        data = pd.DataFrame({"batches": ["not testable: this study records neither plates nor sites of its results"]})
        return ResultTable("batches", title, data)
    rows: list[dict[str, object]] = []
    for marker, seen in overlap.items():
        row: dict[str, object] = {
            "marker": readable(marker), "batch": f"{seen.batches:,} {seen.batch}s", "people": seen.people,
            "of the marker between": seen.between, "of depression between": seen.explained,
        }  # fmt: skip
        for column, results in (("difference, batch ignored", ignored), ("within batches", within)):
            result = results.get(marker)
            if isinstance(result, Estimate):
                low, high = result.interval()
                row[column] = f"{result.value:.2f} ({low:.2f} to {high:.2f})".replace("-", "−")
        if seen.aliased:
            row["within batches"] = "refused: aliased"
        rows.append(row)
    data = pd.DataFrame(rows)
    shares = ("of the marker between", "of depression between")
    note = (
        "Shares of variance between batches, less what chance gives; differences of the ln marker in SD, with 95 % "
        f"intervals. Beyond {MOST_EXPLAINED:.0%} of depression between batches nothing is compared."
    )
    return ResultTable(
        "batches", title, data, counts=("people",), formats=dict.fromkeys(shares, ".1%"), note=note,
        rests_on_counts=(*shares, *(name for name in ("difference, batch ignored", "within batches") if name in data)),
    )  # fmt: skip
