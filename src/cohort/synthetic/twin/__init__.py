"""A dirty twin of a study: its files, codes and marginals, from its study file and aggregate statistics alone."""

from __future__ import annotations

from cohort.synthetic.twin.folder import TwinReport, defect_plan, write_twin
from cohort.synthetic.twin.making import Twin, make_twin, write_tables
from cohort.synthetic.twin.statistics import (
    ColumnStatistics,
    FileStatistics,
    GroupStatistics,
    Statistics,
    VariableStatistics,
    write_statistics,
)
from cohort.synthetic.twin.statistics_reading import load_statistics, statistics_names

__all__ = [
    "ColumnStatistics",
    "FileStatistics",
    "GroupStatistics",
    "Statistics",
    "Twin",
    "TwinReport",
    "VariableStatistics",
    "defect_plan",
    "load_statistics",
    "make_twin",
    "statistics_names",
    "write_statistics",
    "write_tables",
    "write_twin",
]
