"""The gate with what is missing imputed, and the gate within strata of CRP.

Whoever lacks one marker or covariate leaves the gate, which costs people and may leave those who are left different.
Here they are imputed several times, the gate is asked of each completed table, and its scores are averaged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from cohort.analysis.censored import limit_columns
from cohort.analysis.imputation import Variable, impute
from cohort.analysis.sampling import BoolArray
from cohort.analysis.subgroups.gate import CLAIMS, WORDING, GateResult, decide, discrete_subgroups, words_of
from cohort.analysis.subgroups.preparation import (
    COVARIATES,
    MARKERS,
    PreparedMarkers,
    prepare_markers,
    with_men_not_asked,
)
from cohort.analysis.subgroups.strata import STRATA
from cohort.analysis.variables import InestimableError
from cohort.results import NotTestable, ResultTable

IMPUTATIONS = 5
_MOST_IMPUTED = 0.5
_COMPLETE, _IMPUTED = "everybody, complete", "everybody, imputed"
_STRATUM = "CRP {} mg/L"


def gate_with_imputation(
    table: pd.DataFrame,
    prepared: PreparedMarkers,
    *,
    seed: int,
    imputations: int = IMPUTATIONS,
    covariates: Sequence[str] = COVARIATES,
    splits: int = 10,
    draws: int = 99,
) -> GateResult | NotTestable:
    """Return what the gate finds when missing markers and covariates are imputed in place of their people left out.

    Parameters
    ----------
    table
        One row per person.
    prepared
        The markers of complete people: the same markers are used, among people with half of them at least.
    seed
        Of imputations, splits and draws.
    imputations
        Completed tables. Scores are averaged over them, each part must pass as always.
    covariates
        As in :func:`prepare_markers`.
    splits, draws
        As in :func:`discrete_subgroups`.

    Notes
    -----
    Chained equations on the ln markers; values below a limit are drawn from below it. The equations know no groups:
    who is imputed is drawn towards one population, so that the gate sees less of a gap and never more. Assumes values
    missing at random given the markers and covariates. The mean of standard normal scores has a spread of at most one:
    the threshold is as conservative as for one table.
    """
    label = "Discrete subgroups, missing values imputed"
    markers = list(prepared.markers)
    if len(markers) < 2:
        return NotTestable(label, "fewer than two markers", claims=CLAIMS)
    inside = _half_known(table, markers)
    known = [name for name in covariates if name in table and table.loc[inside, name].notna().mean() > _MOST_IMPUTED]
    filled = with_men_not_asked(table)
    words = {marker: limit_columns(marker)[0] for marker in markers}
    variables = [
        Variable(marker, log=True, censoring=words[marker] if words[marker] in table else None) for marker in markers
    ]
    try:
        parts = impute(filled, [*variables, *known], domain=inside, m=imputations, seed=seed)
    except InestimableError as reason:
        return NotTestable(label, f"no multiple imputation: {reason}", claims=CLAIMS)
    found = []
    for number, completed in enumerate(parts.tables()):
        rng = np.random.default_rng([seed, number])
        ready = prepare_markers(completed, markers, covariates, rng=rng, domain=inside)
        one = discrete_subgroups(ready, rng=rng, splits=splits, draws=draws)
        if isinstance(one, NotTestable):
            return replace(one, label=label)
        found.append(one)
    shape, gap = (
        {name: float(np.mean([getattr(one, part)[name] for one in found])) for name in found[0].shape_z}
        for part in ("shape_z", "gap_z")
    )
    parallel = float(np.mean([one.parallel_p for one in found]))
    tier = decide(min(shape.values()), min(gap.values()), parallel)
    said = words_of(tier, min(gap.values()), found[0].n)
    return replace(
        found[0], tier=tier, wording=said, shape_z=shape, gap_z=gap, parallel_p=parallel, label=label
    )  # fmt: skip


def _half_known(table: pd.DataFrame, markers: Sequence[str]) -> BoolArray:
    """Return the eligible without an acute infection who have at least half of the markers."""
    inside = np.ones(len(table), dtype=bool)
    if "is_eligible" in table:
        inside &= table["is_eligible"].fillna(value=False).to_numpy(dtype=bool)
    if "has_acute_infection" in table:
        inside &= ~table["has_acute_infection"].fillna(value=False).to_numpy(dtype=bool)
    return inside & (table[list(markers)].notna().mean(axis=1).to_numpy() >= _MOST_IMPUTED)


def gates_within_strata(
    table: pd.DataFrame, *, seed: int, markers: Sequence[str] = MARKERS, covariates: Sequence[str] = COVARIATES
) -> dict[str, GateResult | NotTestable]:
    """Return what the gate finds in each stratum of CRP, by the stratum's name; CRP itself is not among the markers.

    A small extreme group is absorbed by the scaling of everybody's markers; within its stratum it would be seen.

    Parameters
    ----------
    table
        One row per person, with ``crp_stratum``.
    seed
        Each stratum has draws of its own, from this seed and its place.
    markers, covariates
        As in :func:`prepare_markers`.
    """
    if "crp_stratum" not in table:
        reason = "no variable 'crp_stratum' in this cohort"
        return {name: NotTestable(_STRATUM.format(name), reason, claims=CLAIMS) for name in STRATA}
    eligible = table["is_eligible"] if "is_eligible" in table else pd.Series(True, index=table.index)
    found: dict[str, GateResult | NotTestable] = {}
    for place, stratum in enumerate(STRATA):
        rng = np.random.default_rng([seed, place])
        domain = (eligible & (table["crp_stratum"].astype("object") == stratum)).fillna(value=False)
        others = [marker for marker in markers if marker != "crp_mg_l"]
        ready = prepare_markers(table, others, covariates, rng=rng, domain=domain)
        found[stratum] = replace(discrete_subgroups(ready, rng=rng), label=_STRATUM.format(stratum))
    return found


def gates_table(
    complete: GateResult | NotTestable,
    filled: GateResult | NotTestable,
    strata: Mapping[str, GateResult | NotTestable],
) -> ResultTable:
    """Return one row per gate that was asked: everybody, everybody imputed, and each stratum of CRP.

    Parameters
    ----------
    complete
        From :func:`discrete_subgroups`.
    filled
        From :func:`gate_with_imputation`.
    strata
        From :func:`gates_within_strata`.
    """
    named = {_COMPLETE: complete, _IMPUTED: filled}
    named |= {_STRATUM.format(name.replace("-", "–")): one for name, one in strata.items()}
    rows: list[dict[str, object]] = []
    for who, one in named.items():
        if isinstance(one, NotTestable):
            rows.append({"who": who, "finding": f"not testable: {one.reason}"})
            continue
        row: dict[str, object] = {"who": who, "tier": one.tier, "SHAPE": one.shape, "GAP": one.gap, "people": one.n}
        rows.append(row | {"markers": len(one.markers), "finding": WORDING[one.tier]})
    columns = ["who", "tier", "SHAPE", "GAP", "people", "markers", "finding"]
    data = pd.DataFrame(rows).reindex(columns=columns).dropna(axis="columns", how="all")
    return ResultTable(
        "gates", "The gate in everybody and within strata of CRP", data, counts=("people",),
        formats={"SHAPE": ".2f", "GAP": ".2f", "tier": ".0f", "markers": ".0f"},
        note="Each part must pass 1.28. Within strata CRP is no marker. Strata are four more looks: a single tier 3 "
        "among them asks for a cohort in which to see it again.",
    )  # fmt: skip
