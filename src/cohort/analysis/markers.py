"""How immune markers differ between people with and without depression, marker by marker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cohort.analysis.design import Design, Domain, standard_deviation
from cohort.analysis.regression import mean_difference
from cohort.analysis.variables import InestimableError, numeric, readable, require
from cohort.results import Estimate, NotTestable, Result

PANEL = (
    "crp_mg_l",
    "il6_pg_ml",
    "tnf_alpha_pg_ml",
    "leukocytes_10e9_l",
    "neutrophil_lymphocyte_ratio",
    "igg_g_l",
    "glutathione_umol_l",
    "cortisol_nmol_l",
)
"""The blood panel that claim IP-44 names, as far as a codebook of whole numbers can hold it."""

MEASURE = "standardised mean difference of the ln marker"


def marker_differences(
    table: pd.DataFrame,
    design: Design,
    *,
    by: str = "has_depression",
    adjustment: Sequence[str] = (),
    markers: Sequence[str] = PANEL,
    claims: Mapping[str, tuple[str, ...]] | None = None,
    domain: Domain = None,
) -> list[Result]:
    """Return the difference of each log marker between two groups, in standard deviations of the log marker.

    Parameters
    ----------
    table
        One row per person.
    design, domain
        As in :func:`cohort.analysis.design.proportion`.
    by
        A yes/no variable: people with it are compared with people without.
    adjustment
        Variables held in a linear model.
    markers
        Columns of positive numbers; values below a limit enter at the limit.
    claims
        Claims that a marker bears on, by its column.

    Notes
    -----
    The standard deviation is that of all people, taken as known. Assumes a log marker that is linear in the covariates.
    """
    return [
        _difference(table, design, marker, by, adjustment, (claims or {}).get(marker, ()), domain) for marker in markers
    ]


def _difference(
    table: pd.DataFrame,
    design: Design,
    marker: str,
    by: str,
    adjustment: Sequence[str],
    claims: tuple[str, ...],
    domain: Domain,
) -> Result:
    label = readable(marker)
    try:
        values = numeric(require(table, marker))
    except InestimableError as reason:
        return NotTestable(label, str(reason), MEASURE, claims=claims)
    logged = table.assign(ln_marker=np.log(values, where=values > 0, out=np.full(len(values), np.nan)))
    found = mean_difference(
        logged,
        outcome="ln_marker",
        exposure=by,
        adjustment=adjustment,
        design=design,
        domain=domain,
        label=label,
        claims=claims,
        estimand=f"difference in mean ln {label} between people with and without {readable(by).lower()}, per SD",
    )
    if not isinstance(found, Estimate):
        return replace(found, measure=MEASURE)
    spread = standard_deviation(logged, "ln_marker", design, domain=domain)
    return replace(
        found, measure=MEASURE, value=found.value / spread, standard_error=found.standard_error / spread, bounds=None
    )
