"""Aggregate statistics of a study, the only thing of real data that a twin may know: their form, and writing them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cohort.output import write_text

Shares = Mapping[str, float]
Quantiles = Mapping[float, float]

ALL = "all"
GROUPS = (ALL, "eligible", "not_eligible")
"""Everybody, or those who meet the steps of eligibility apart from those who do not."""

DATES = frozenset({"baseline_date", "entry_date", "exit_date"})
"""Variables whose quantiles are days."""


@dataclass(frozen=True)
class ColumnStatistics:
    """One raw column: share of empty cells and of codes among its rows, and decimals of its numbers."""

    blank: float | None = None
    codes: Shares = field(default_factory=dict)
    decimals: int | None = None


@dataclass(frozen=True)
class FileStatistics:
    """One file: share of people with a row in it, rows of each of them, and its columns."""

    people: float | None = None
    rows_per_person: float | None = None
    columns: Mapping[str, ColumnStatistics] = field(default_factory=dict)


@dataclass(frozen=True)
class VariableStatistics:
    """One canonical variable at baseline.

    Parameters
    ----------
    missing
        Share of people without a value.
    shares
        Share of each category, or of each whole number, among people with a value.
    quantiles
        Value by probability, among people with a value; of a date, days since 1970-01-01.
    zero
        Share of values that are exactly 0, which quantiles would blur.
    mean, sd
        In place of quantiles.
    below, above
        Share of results below and above the limits of the assay.
    """

    missing: float | None = None
    shares: Shares = field(default_factory=dict)
    quantiles: Quantiles = field(default_factory=dict)
    zero: float | None = None
    mean: float | None = None
    sd: float | None = None
    below: float | None = None
    above: float | None = None


@dataclass(frozen=True)
class GroupStatistics:
    """Statistics of one group of people."""

    share: float = 1.0
    files: Mapping[str, FileStatistics] = field(default_factory=dict)
    variables: Mapping[str, VariableStatistics] = field(default_factory=dict)

    def column(self, file: str, column: str) -> ColumnStatistics:
        """Return what is known of a raw column."""
        return self.files.get(file, FileStatistics()).columns.get(column, ColumnStatistics())

    def variable(self, name: str) -> VariableStatistics:
        """Return what is known of a canonical variable."""
        return self.variables.get(name, VariableStatistics())


@dataclass(frozen=True)
class Statistics:
    """Aggregate statistics of a study.

    Parameters
    ----------
    study
        Name of the study.
    groups
        Statistics of groups of people that together are everybody.
    people
        Number of people, rounded; None when it is not told.
    minimum_count
        Nothing in the statistics rests on fewer people.

    Examples
    --------
    >>> Statistics.unknown().groups["all"].variable("sex").shares
    {}
    """

    study: str
    groups: Mapping[str, GroupStatistics]
    people: int | None = None
    minimum_count: int = 0

    @classmethod
    def unknown(cls) -> Statistics:
        """Return statistics that tell nothing: the twin then has the marginals of the causal model."""
        return cls("", {ALL: GroupStatistics()})


def write_statistics(statistics: Statistics, path: Path) -> None:
    """Write statistics as YAML, whole or not at all.

    Parameters
    ----------
    statistics
        What to write.
    path
        Where to.
    """
    text = "# Aggregate statistics for a synthetic twin: shares and quantiles, no row and no single value of anybody.\n"
    content = {
        "cohort_statistics": 1,
        "study": statistics.study,
        **({} if statistics.people is None else {"people": statistics.people}),
        "minimum_count": statistics.minimum_count,
        "groups": {name: _plain_group(group) for name, group in statistics.groups.items()},
    }
    partial = path.with_name(f".{path.name}.partial")
    write_text(partial, text + yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120))
    partial.replace(path)


def _plain_group(group: GroupStatistics) -> dict[str, Any]:
    files = {
        name: _filled(people=f.people, rows_per_person=f.rows_per_person)
        | {
            "columns": {
                c: _filled(blank=s.blank, codes=dict(s.codes), decimals=s.decimals) for c, s in f.columns.items()
            }
        }
        for name, f in group.files.items()
    }
    variables = {
        name: _filled(
            missing=v.missing, shares=dict(v.shares), quantiles=_plain_quantiles(name, v.quantiles), zero=v.zero,
            mean=v.mean, sd=v.sd, below=v.below, above=v.above,
        )
        for name, v in group.variables.items()
    }  # fmt: skip
    return {"share": group.share, "files": files, "variables": variables}


def _plain_quantiles(name: str, quantiles: Quantiles) -> dict[float, Any]:
    """Return quantiles as they are written: numbers, or days such as 2020-01-31."""
    if name not in DATES:
        return {probability: int(value) if value == int(value) else value for probability, value in quantiles.items()}
    start = datetime.date(1970, 1, 1)
    return {p: (start + datetime.timedelta(days=int(value))).isoformat() for p, value in quantiles.items()}


def _filled(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None and value != {}}
