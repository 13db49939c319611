"""Childhood trauma as a questionnaire gives it: bands of severity, the number of kinds, and a score without its error.

The Childhood Trauma Questionnaire (CTQ-SF; Bernstein et al. 2003, Child Abuse Negl 27:169) has five subscales with the
cut-offs of its manual.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.analysis.one_factor import fit_one_factor
from cohort.analysis.sampling import Design, Domain, FloatArray, analysis_domain
from cohort.analysis.variables import InestimableError, numeric, require
from cohort.codebook import load_codebook
from cohort.results import NotTestable

SUBSCALES = (
    "ctq_emotional_abuse",
    "ctq_physical_abuse",
    "ctq_sexual_abuse",
    "ctq_emotional_neglect",
    "ctq_physical_neglect",
)
BANDS = ("none", "low", "moderate", "severe")
SEVERITY, SEVERE, KINDS, LATENT = "trauma_severity", "has_severe_trauma", "trauma_kind_count", "latent_trauma_sd"
FEWEST = 50
"""A factor model of fewer people says next to nothing of the error of a score."""


def _levels(table: pd.DataFrame) -> FloatArray | None:
    """Return the band of each subscale as 0 (none) to 3 (severe), missing as NaN; None without all subscales."""
    if not set(SUBSCALES) <= set(table.columns):
        return None
    cuts = load_codebook().instruments["ctq_sf"].cut_offs
    found = []
    for name in SUBSCALES:
        values = numeric(table[name])
        level = np.sum([values >= cuts[name][band] for band in BANDS[1:]], axis=0).astype(float)
        found.append(np.where(np.isnan(values), np.nan, level))
    return np.column_stack(found)


def trauma_columns(table: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the worst band of severity over the subscales, whether it is severe, and how many are moderate.

    Missing unless all five subscales are known; nothing where the cohort lacks one.

    Parameters
    ----------
    table
        One row per person.

    Examples
    --------
    >>> one = pd.DataFrame([[5, 10, 5, 5, 13]], columns=list(SUBSCALES))
    >>> made = trauma_columns(one)
    >>> made["trauma_severity"].tolist(), made["trauma_kind_count"].tolist()
    (['severe'], [2])
    """
    levels = _levels(table)
    if levels is None:
        return {}
    index = table.index
    unknown = pd.Series(np.isnan(levels).any(axis=1), index=index)
    worst = pd.Series(np.nan_to_num(levels).max(axis=1).astype(int), index=index)
    kinds = pd.Series((levels >= BANDS.index("moderate")).sum(axis=1), index=index, dtype="Int64")
    words = worst.map(dict(enumerate(BANDS))).astype(pd.CategoricalDtype(list(BANDS), ordered=True))
    severe = (worst == BANDS.index("severe")).astype("boolean")
    return {SEVERITY: words.mask(unknown), SEVERE: severe.mask(unknown), KINDS: kinds.mask(unknown)}


@dataclass(frozen=True, eq=False)
class LatentTrauma:
    """What the subscales have in common.

    Parameters
    ----------
    score
        For each row of the table: the expected value of the common factor, in its own SD; NaN without all subscales.
    reliability
        Share of the variance of the factor that the score holds.
    loadings
        Correlation of each subscale with the factor.
    srmr
        Standardised root mean square residual of the one-factor model.
    n
        People.
    """

    score: FloatArray
    reliability: float
    loadings: tuple[float, ...]
    srmr: float
    n: int


def latent_trauma(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> LatentTrauma | NotTestable:
    """Return the regression score of the one factor behind the five subscales.

    Its slope is that of the factor itself, free of the error of single subscales: the score is the expected factor, as
    in regression calibration (Skrondal & Laake 2001, Psychometrika 66:563). Assumes one factor, errors of subscales
    that are independent of each other and of the outcome, and covariates that go along with trauma only through the
    factor. **Recall that is coloured by mood is common to all subscales, so that it stays.** The loadings are taken as
    known, which narrows intervals a little.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.design.proportion`.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> rng = np.random.default_rng(1)
    >>> trauma = rng.normal(size=2000)
    >>> people = pd.DataFrame({name: trauma + rng.normal(size=2000) for name in SUBSCALES})
    >>> f"{latent_trauma(people, design_of(people)).reliability:.1f}"  # 5 / (5 + 1)
    '0.8'
    """
    label = "Latent childhood trauma"
    try:
        values = np.column_stack([numeric(require(table, name)) for name in SUBSCALES])
    except InestimableError as reason:
        return NotTestable(label, str(reason), "reliability")
    inside = analysis_domain(table, design, domain) & ~np.isnan(values).any(axis=1)
    if inside.sum() < FEWEST:
        return NotTestable(label, f"fewer than {FEWEST} people have all five subscales", "reliability")
    try:
        weight = design.weight()[inside]
        centre = np.average(values[inside], axis=0, weights=weight)
        covariance = np.cov(values[inside], rowvar=False, aweights=weight)
        model = fit_one_factor(covariance, int(inside.sum()))
    except InestimableError as reason:
        return NotTestable(label, str(reason), "reliability")
    implied = np.outer(model.loadings, model.loadings) + np.diag(model.unique)
    pull = np.linalg.solve(implied, model.loadings)
    score = np.where(np.isnan(values).any(axis=1), np.nan, (values - centre) @ pull)
    standard = model.loadings / np.sqrt(np.diag(covariance))
    return LatentTrauma(score, float(pull @ model.loadings), tuple(float(one) for one in standard), model.srmr,
                        int(inside.sum()))  # fmt: skip
