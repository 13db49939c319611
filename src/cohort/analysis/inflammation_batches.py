"""Notebook 02 with the laboratory in view: plates and sites beside depression, and markers without their shifts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cohort.analysis.causal import AdjustmentSet
from cohort.analysis.censored import limit_columns
from cohort.analysis.design import Design, Domain
from cohort.analysis.markers import PANEL
from cohort.analysis.subgroups.batches import (
    BatchOverlap,
    batch_overlap,
    batch_table,
    batches_of,
    refusal,
    within_batches,
    without_batch_shifts,
)
from cohort.analysis.subgroups.preparation import COVARIATES, MARKERS
from cohort.codebook import load_codebook
from cohort.results import Result, ResultTable

GROUP = "has_depression"
HOUR = "sampling_hour"


@dataclass(frozen=True, eq=False)
class Laboratory:
    """What the laboratory did to the markers of one cohort.

    Parameters
    ----------
    table
        The person table with batch shifts taken out of the markers and of their limits.
    overlap
        By marker: whether its batches and depression can be told apart.
    within
        By marker: the difference by depression among people of one batch.
    notes
        In sentences what was done.
    """

    table: pd.DataFrame
    overlap: Mapping[str, BatchOverlap]
    within: Mapping[str, Result]
    notes: tuple[str, ...]

    @property
    def aliased(self) -> tuple[str, ...]:
        """Return the markers of which nothing is compared."""
        return tuple(marker for marker, seen in self.overlap.items() if seen.aliased)


def with_laboratory(table: pd.DataFrame, labs: pd.DataFrame, *, baseline: str) -> pd.DataFrame:
    """Return the person table with the limits of every marker and the hour of the draw, as the results have them.

    ``sampling_hour`` and, for each marker of the panel with a result beyond a limit, the two columns of
    :func:`cohort.analysis.censored.limit_columns`; those that are there already stay.

    Parameters
    ----------
    table
        One row per person.
    labs
        One row per person, visit and analyte.
    baseline
        Label of the baseline visit.
    """
    first = labs[labs["visit"] == baseline]
    added: dict[str, pd.Series] = {}
    person = table["participant_id"]
    if HOUR in first and first[HOUR].notna().any():
        hours = first[first[HOUR].notna()].drop_duplicates("participant_id").set_index("participant_id")[HOUR]
        added[HOUR] = person.map(hours).astype("Float64")
    for name, analyte in load_codebook().analytes.items():
        words, limit = limit_columns(analyte.column)
        rows = first[first["analyte"] == name]
        if analyte.column not in MARKERS or words in table or not rows["censoring"].isin(["below", "above"]).any():
            continue
        once = rows.drop_duplicates("participant_id").set_index("participant_id")
        added[words] = person.map(once["censoring"].astype("string"))
        added[limit] = person.map(once["limit"]).astype("Float64")
    return table.assign(**added)


def laboratory(
    table: pd.DataFrame,
    labs: pd.DataFrame,
    design: Design,
    chosen: AdjustmentSet,
    *,
    baseline: str,
    seed: int,
    domain: Domain = None,
) -> Laboratory:
    """Return what plates, sites and sampling hours do to the markers, and the markers without it.

    Parameters
    ----------
    table
        One row per person.
    labs
        One row per person, visit and analyte.
    design, domain
        As in :func:`cohort.analysis.markers.marker_differences`.
    chosen
        From :func:`cohort.analysis.inflammation.adjustment`.
    baseline
        Label of the baseline visit.
    seed
        Seed of the breaking of ties.
    """
    markers = list(dict.fromkeys((*PANEL, *MARKERS)))
    batches = batches_of(labs, table["participant_id"], markers, baseline)
    overlap = batch_overlap(table, batches, GROUP, design, domain=domain)
    within = within_batches(
        table, design, batches, overlap, by=GROUP, adjustment=chosen.variables, domain=domain
    )  # fmt: skip
    corrected, notes = without_batch_shifts(
        table, batches, overlap, by=GROUP, covariates=COVARIATES, rng=np.random.default_rng(seed)
    )
    return Laboratory(corrected, overlap, within, notes)


def laboratory_table(seen: Laboratory, ignored: Sequence[Result]) -> ResultTable:
    """Return one row per marker with its batches, and the difference by depression without and with them.

    Parameters
    ----------
    seen
        From :func:`laboratory`.
    ignored
        The differences of the panel where batches are not looked at.
    """
    return batch_table(seen.overlap, dict(zip(PANEL, ignored, strict=True)), seen.within)


def refused_where_aliased(found: Mapping[str, Sequence[Result]], seen: Laboratory) -> dict[str, list[Result]]:
    """Return the differences with those of aliased markers refused.

    Parameters
    ----------
    found
        Differences of the panel by adjustment, from :func:`cohort.analysis.inflammation.differences`.
    seen
        From :func:`laboratory`.
    """
    return {
        name: [
            replace(refusal(seen.overlap[marker], GROUP, result.label), claims=result.claims)
            if marker in seen.aliased
            else result
            for marker, result in zip(PANEL, results, strict=True)
        ]
        for name, results in found.items()
    }
