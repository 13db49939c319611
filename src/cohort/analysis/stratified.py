"""The odds ratio within strata, pooled by Mantel and Haenszel, and whether it is the same in all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats
from statsmodels.stats.contingency_tables import StratifiedTable

from cohort.analysis.families import is_survey
from cohort.analysis.sampling import BoolArray, Design, Domain, FloatArray, analysis_domain
from cohort.analysis.variables import MINIMUM_CELL, InestimableError, binary, levels, numeric, readable, require
from cohort.results import Estimate, NotTestable, Result

AGE_BANDS: Mapping[str, tuple[float, ...]] = {"age_years": (30, 40, 50, 60, 70)}
"""Where bands of a number begin by which people are stratified, apart from the first."""


def mantel_haenszel(
    table: pd.DataFrame,
    *,
    outcome: str,
    exposure: str,
    strata: Sequence[str],
    design: Design,
    domain: Domain = None,
    bands: Mapping[str, Sequence[float]] = AGE_BANDS,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> Result:
    """Return the odds ratio of Mantel and Haenszel, with the variance of Robins, Breslow and Greenland.

    It needs no model of the strata and serves when these are many and small. Equal to R's ``mantelhaen.test`` in
    estimate and interval; ``details`` hold the tests of no association (Cochran–Mantel–Haenszel with continuity
    correction) and of one odds ratio in all strata (Breslow and Day with Tarone's correction). Assumes that the odds
    ratio is the same in each stratum; else it is a weighted average.

    Parameters
    ----------
    table, outcome, exposure, design, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`; a survey is refused, since the variance knows no weights.
    strata
        Columns whose combinations are the strata.
    bands
        By column: where bands of a number begin, apart from the first.

    Examples
    --------
    >>> from cohort.analysis.sampling import design_of
    >>> people = pd.DataFrame({"has_ra": [1, 1, 0, 0] * 40, "ill": [1, 0, 1, 0, 1, 0, 0, 0] * 20,
    ...                        "sex": ["female", "male"] * 80})
    >>> found = mantel_haenszel(people, outcome="ill", exposure="has_ra", strata=["sex"], design=design_of(people))
    >>> found.reason
    "fewer than 5 people in a cell of exposure by outcome within the strata of 'sex' that compare"
    """
    label = label or readable(exposure)
    estimand = f"odds ratio of {readable(outcome)} for {readable(exposure)} within strata of {', '.join(strata)}"
    try:
        inside = _simple_domain(table, design, domain)
        tables = _tables(table, outcome, exposure, strata, bands, inside)
    except InestimableError as reason:
        return NotTestable(label, str(reason), "Mantel-Haenszel odds ratio", estimand, claims)
    pooled = StratifiedTable(np.moveaxis(tables, 0, -1).astype(float))
    none = pooled.test_null_odds(correction=True)
    tests = [("no association", f"p = {float(none.pvalue):.2g} (Cochran-Mantel-Haenszel)")]
    if len(tables) > 1:
        p = homogeneity_p(tables.astype(float), float(pooled.oddsratio_pooled))
        tests.append(("same odds ratio in all strata", f"p = {p:.2g} (Breslow-Day-Tarone)"))
    return Estimate(
        label,
        "Mantel-Haenszel odds ratio",
        float(pooled.oddsratio_pooled),
        float(pooled.logodds_pooled_se),
        scale="log",
        null=1.0,
        estimand=estimand,
        adjustment=tuple(strata),
        n=int(tables.sum()),
        events=int(tables[:, :, 0].sum()),
        claims=claims,
        details=(("strata that compare", str(len(tables))), *tests),
    )


def homogeneity_p(tables: FloatArray, ratio: float) -> float:
    """Return the p value of the test of Breslow and Day that all strata share a ratio, as Tarone corrected it.

    ``StratifiedTable.test_equal_odds`` divides by zero where the pooled ratio is 1. Sources: Breslow & Day 1980, IARC
    Sci Publ 32; Tarone 1985, Biometrika 72:91.

    Parameters
    ----------
    tables
        Two-by-two tables, exposure by outcome, yes before no, shape (strata, 2, 2).
    ratio
        The pooled odds ratio.

    Examples
    --------
    >>> same = np.array([[[10.0, 20], [20, 40]], [[5, 10], [30, 60]]])
    >>> homogeneity_p(same, 1.0)
    1.0
    """
    observed, exposed, ill = tables[:, 0, 0], tables[:, 0, :].sum(axis=1), tables[:, :, 0].sum(axis=1)
    n = tables.sum(axis=(1, 2))
    slope = ratio * (exposed + ill) + n - exposed - ill
    root = np.sqrt(slope**2 - 4 * ratio * (ratio - 1) * exposed * ill)
    expected = 2 * ratio * exposed * ill / (slope + root)
    parts = np.stack([expected, exposed - expected, ill - expected, n - exposed - ill + expected])
    variance = 1 / (1 / parts).sum(axis=0)
    statistic = ((observed - expected) ** 2 / variance).sum() - (observed - expected).sum() ** 2 / variance.sum()
    return float(stats.chi2.sf(statistic, len(tables) - 1))


def _simple_domain(table: pd.DataFrame, design: Design, domain: Domain) -> BoolArray:
    if is_survey(design):
        raise InestimableError("the Mantel-Haenszel variance knows no survey weights: use the regression")
    return analysis_domain(table, design, domain)


def _tables(
    table: pd.DataFrame,
    outcome: str,
    exposure: str,
    strata: Sequence[str],
    bands: Mapping[str, Sequence[float]],
    inside: BoolArray,
) -> npt.NDArray[np.intp]:
    """Return the two-by-two tables of the strata that compare: exposure (yes first) by outcome (yes first)."""
    ill, exposed = (binary(require(table, name)) for name in (outcome, exposure))
    known = inside & ~np.isnan(ill) & ~np.isnan(exposed)
    code = np.zeros(len(table), dtype=np.intp)
    for name in strata:
        column = require(table, name)
        known &= column.notna().to_numpy()
        own = (
            np.digitize(numeric(column), bands[name])
            if name in bands and levels(column) is None
            else pd.factorize(column)[0]
        )
        code = code * (int(own.max()) + 2) + own + 1
    if not known.any():
        raise InestimableError("nobody has all variables of the strata")
    stratum = np.unique(code[known], return_inverse=True)[1]
    cell = 4 * stratum + 2 * (1 - exposed[known].astype(np.intp)) + 1 - ill[known].astype(np.intp)
    tables = np.bincount(cell, minlength=4 * (int(stratum.max()) + 1)).reshape(-1, 2, 2)
    # A stratum of one exposure or one outcome compares nobody, and adds nothing to estimate or variance.
    tables = tables[(tables.sum(axis=1).min(axis=1) > 0) & (tables.sum(axis=2).min(axis=1) > 0)]
    if not len(tables) or tables.sum(axis=0).min() < MINIMUM_CELL:
        names = ", ".join(f"'{name}'" for name in strata)
        few = f"fewer than {MINIMUM_CELL} people in a cell of exposure by outcome"
        raise InestimableError(f"{few} within the strata of {names} that compare")
    return np.asarray(tables, dtype=np.intp)
