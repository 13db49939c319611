"""Notebook 02 on subgroups: the gate, what other methods would say, groups found again, and the panel as a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from cohort.analysis.design import Domain
from cohort.analysis.inflammation_batches import HOUR, Laboratory
from cohort.analysis.subgroups import (
    COVARIATES,
    MARKERS,
    GateResult,
    PreparedMarkers,
    choices_table,
    class_beyond_markers,
    class_difference,
    class_profiles,
    compare_models,
    depression_from_panel,
    discrete_subgroups,
    performance_table,
    prepare_markers,
    replication_table,
)
from cohort.analysis.subgroups.classifier import Comparison
from cohort.analysis.subgroups.external_validity import Added
from cohort.analysis.subgroups.incomplete import gate_with_imputation, gates_table, gates_within_strata
from cohort.analysis.subgroups.mixtures import ordered_classes
from cohort.analysis.subgroups.models import ModelComparison, fit_mixture
from cohort.analysis.subgroups.panel_test import claim_results, claim_verdicts
from cohort.analysis.subgroups.recursion import groups_number_table, number_of_groups
from cohort.analysis.subgroups.replication import Replication, replication
from cohort.analysis.variables import readable
from cohort.results import NotTestable, Result, ResultTable, Verdict

__all__ = [
    "Subgroups",
    "ask_gates",
    "choices_table",
    "described_classes",
    "external_validity",
    "marker_names",
    "models",
    "number_table",
    "panel",
    "panel_claims",
    "performance_table",
    "profiles",
    "replicated",
    "replication_table",
    "residuals",
]

IntArray = NDArray[np.int64]

ADJUSTED_FOR = (*COVARIATES, "site", HOUR)
"""What the markers are residuals on; plates are taken out before."""

OUTCOMES = ("has_depression", "phq9_somatic", "phq9_affective", "is_antidepressant_user")
"""What a class should tell more of than the markers do: depression, its two kinds of symptoms, treatment. None of them
made a class."""

SPLITS_WHEN_IMPUTED = 4
"""Random halves of each completed table: five tables have twenty together, twice as many as complete people."""

MOST_CLASSES = 4
RESAMPLES = 10
HALVES = 5
REPEATS = 2
DESCRIBED = 2
"""Classes of the described mixture: two, as in the gate's question. The number is not a finding."""


@dataclass(frozen=True, eq=False)
class Subgroups:
    """The markers as the gate saw them, and its answers.

    Parameters
    ----------
    prepared
        Markers of complete people.
    gate, filled
        The gate in complete people, and with missing values imputed.
    strata
        The gate within each stratum of CRP.
    """

    prepared: PreparedMarkers
    gate: GateResult | NotTestable
    filled: GateResult | NotTestable
    strata: Mapping[str, GateResult | NotTestable]

    @property
    def table(self) -> ResultTable:
        """Return one row per gate that was asked."""
        return gates_table(self.gate, self.filled, self.strata)


def ask_gates(seen: Laboratory, *, seed: int, domain: Domain = None) -> Subgroups:
    """Return what the gate finds in everybody, in everybody with missing values imputed, and within strata of CRP.

    Markers whose batches are aliased with depression are not asked of; where fewer than two are left, the gate refuses.

    Parameters
    ----------
    seen
        From :func:`cohort.analysis.inflammation_batches.laboratory`.
    seed
        Seed of draws below the limit, imputations, splits and null draws.
    domain
        The people it is about; default ``is_eligible``.
    """
    table = seen.table
    if domain is not None:
        table = table.assign(is_eligible=np.asarray(domain, dtype=bool))
    free = [marker for marker in MARKERS if marker not in seen.aliased]
    rng = np.random.default_rng(seed)
    prepared = prepare_markers(table, free, ADJUSTED_FOR, rng=rng)
    measured = [marker for marker in MARKERS if marker in table and bool(table[marker].notna().any())]
    if seen.aliased and len(set(measured) & set(free)) < 2:
        refused = NotTestable(
            "Discrete subgroups",
            "batches of the laboratory and depression are aliased in "
            f"{len(set(measured) - set(free))} of {len(measured)} markers: groups of people could be groups of plates",
            claims=("IP-40", "IP-52"),
        )
        return Subgroups(prepared, refused, refused, {})
    gate = discrete_subgroups(prepared, rng=rng)
    if isinstance(gate, NotTestable):
        return Subgroups(prepared, gate, gate, {})
    return Subgroups(
        prepared,
        gate,
        gate_with_imputation(table, prepared, seed=seed, covariates=ADJUSTED_FOR, splits=SPLITS_WHEN_IMPUTED),
        gates_within_strata(table, seed=seed, markers=free, covariates=ADJUSTED_FOR),
    )


def number_table(found: Subgroups, *, seed: int) -> ResultTable:
    """Return how many groups the gate supports; see :func:`number_of_groups`."""
    return groups_number_table(number_of_groups(found.prepared, found.gate, rng=np.random.default_rng(seed)))


def models(found: Subgroups, *, seed: int) -> ModelComparison | NotTestable:
    """Return what other ways of counting groups would say of the same markers; see :func:`compare_models`."""
    return compare_models(
        found.prepared, found.gate, rng=np.random.default_rng(seed), most_classes=MOST_CLASSES, resamples=RESAMPLES
    )


def profiles(found: Subgroups, *, seed: int) -> pd.DataFrame | NotTestable:
    """Return means of the markers in two described classes with intervals; see :func:`class_profiles`."""
    if isinstance(found.gate, NotTestable):
        return found.gate
    return class_profiles(found.prepared, DESCRIBED, rng=np.random.default_rng(seed))


def described_classes(found: Subgroups, *, seed: int) -> IntArray:
    """Return the described class of each person of the gate, from 1: the same as in :func:`profiles` with its seed."""
    rng = np.random.default_rng(seed)
    values = found.prepared.scalings["log"]
    with threadpool_limits(limits=1):
        model, _ = fit_mixture(values, "tied", DESCRIBED, starts=4, seed=int(rng.integers(2**31 - 1)))
        return ordered_classes(model, values)[1] + 1


def replicated(found: Subgroups, table: pd.DataFrame, *, seed: int) -> list[Replication | NotTestable]:
    """Return how well two groups of k-means are found again in other halves and sites.

    Parameters
    ----------
    found
        From :func:`ask_gates`.
    table
        One row per person, with ``site`` where there are sites.
    seed
        Of halves, starts and data sets.
    """
    if isinstance(found.gate, NotTestable):
        return [found.gate]
    sites = table["site"] if "site" in table and len(table["site"].dropna().unique()) > 1 else None
    return [
        replication(found.prepared, rng=np.random.default_rng(seed), halves=HALVES, clusters=DESCRIBED, sites=sites)
    ]


def external_validity(found: Subgroups, table: pd.DataFrame, *, seed: int) -> list[Result]:
    """Return what the class adds to the markers in telling each outcome, and how the classes differ in it.

    Parameters
    ----------
    found, table, seed
        As in :func:`replicated`.
    """
    if isinstance(found.gate, NotTestable):
        return [found.gate.with_label("Class beyond the markers")]
    results: list[Result] = []
    for place, outcome in enumerate(OUTCOMES):
        rng = np.random.default_rng([seed, place])
        added = class_beyond_markers(table, found.prepared, outcome, rng=rng, splits=HALVES)
        results.append(added.test if isinstance(added, Added) else added)
        results.append(class_difference(table, found.prepared, outcome, rng=rng))
    return results


def panel(table: pd.DataFrame, *, seed: int) -> Comparison | NotTestable:
    """Return how well the panel tells depression in new people; see :func:`depression_from_panel`."""
    return depression_from_panel(table, seed=seed, repeats=REPEATS)


def panel_claims(
    found: Comparison | NotTestable, gate: GateResult | NotTestable, *, synthetic: bool
) -> Sequence[Verdict]:
    """Return the verdicts on IP-41 to IP-44 as a test; see :func:`claim_verdicts`."""
    return claim_verdicts(claim_results(found, gate), synthetic=synthetic)


def residuals(found: Subgroups) -> pd.DataFrame:
    """Return the markers as the gate saw them on the log scale, by their column, with the index of the cohort."""
    return pd.DataFrame(
        found.prepared.scalings["log"], columns=list(found.prepared.markers), index=found.prepared.index
    )


def marker_names(found: Subgroups) -> dict[str, str]:
    """Return the markers' names in words."""
    return {marker: readable(marker) for marker in found.prepared.markers}
