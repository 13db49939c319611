"""What independent studies found, to stand beside a cohort's own estimates in a figure."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping

from cohort.analysis.variables import readable
from cohort.shipped import shipped_folder

Published = tuple[str, float, float, float]


@functools.cache
def published_estimates(outcome: str) -> Mapping[str, tuple[Published, ...]]:
    """Return published ratios with their 95 % intervals, by the label of the exposure.

    Values and sources are those of ``data_schema/literature.csv``. A rate ratio of a register and a prevalence odds
    ratio of a survey are different quantities; for a rare outcome they are close.

    Parameters
    ----------
    outcome
        Column of the person table.

    Examples
    --------
    >>> published_estimates("has_depression")["Rheumatoid arthritis"]
    (('Benros 2013', 1.08, 0.93, 1.25),)
    """
    found: dict[str, tuple[Published, ...]] = {}
    with (shipped_folder("data_schema") / "literature.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["outcome"] == outcome:
                entry = (row["study"], float(row["value"]), float(row["lower"]), float(row["upper"]))
                label = readable(row["variable"])
                found[label] = (*found.get(label, ()), entry)
    return found
