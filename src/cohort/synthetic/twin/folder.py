"""The folder of a twin: raw files, study file, and the defects that were planted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import pandas as pd

from cohort.codebook import Codebook
from cohort.output import write_text
from cohort.progress import progress
from cohort.study_file import load_study_file
from cohort.synthetic.defects import REFUSED_BY_INTAKE, DefectPlan, load_defect_plan, plant
from cohort.synthetic.scenario import Scenario
from cohort.synthetic.twin.making import SCENARIO, make_twin, write_tables
from cohort.synthetic.twin.statistics_reading import load_statistics
from cohort.synthetic.twin.study_text import study_text

Defects: TypeAlias = Literal["default", "all", "none"]
"""Which defects are planted: those that intake accepts, all, or none."""


@dataclass(frozen=True)
class TwinReport:
    """What was written.

    Parameters
    ----------
    name
        Name of the study.
    rows
        Rows of each file.
    planted
        Number of planted defects by kind.
    notes
        What a user should know.
    """

    name: str
    rows: dict[str, int]
    planted: dict[str, int]
    notes: tuple[str, ...]

    def as_text(self) -> str:
        """Return the same as text for a terminal."""
        lines = [f"{sum(self.rows.values()):,} rows in {len(self.rows)} files"]
        lines += [f"planted {kind}: {count:,}" for kind, count in self.planted.items()]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def defect_plan(defects: Defects) -> DefectPlan:
    """Return the plan of a twin's defects.

    Parameters
    ----------
    defects
        ``default`` leaves out the kinds that make intake refuse a study as a whole (``REFUSED_BY_INTAKE``).

    Examples
    --------
    >>> defect_plan("default").rates["duplicate_near"], defect_plan("all").rates["duplicate_near"]
    (0.0, 0.001)
    """
    plan = load_defect_plan()
    if defects == "none":
        return plan.without(plan.rates)
    return plan if defects == "all" else plan.without(REFUSED_BY_INTAKE)


def write_twin(
    study: Path,
    folder: Path,
    codebook: Codebook,
    *,
    n: int,
    seed: int,
    statistics: Path | None = None,
    defects: Defects = "default",
    scenario: Scenario | str = SCENARIO,
) -> TwinReport:
    """Write a twin of a study; of the study nothing is read but its study file and the statistics.

    Parameters
    ----------
    study
        A ``study.yaml``; the files that it names need not exist.
    folder
        Where to.
    codebook
        What the names mean.
    n, seed
        Number of people, and seed.
    statistics
        Aggregate statistics, as ``cohort summarise`` writes them.
    defects
        Which defects are planted.
    scenario
        The world that the people are drawn from.

    Raises
    ------
    CohortError
        If the study file or the statistics are wrong; all problems at once.
    """
    declared = load_study_file(study, codebook)
    known = None if statistics is None else load_statistics(statistics, declared, codebook)
    with progress(3, "making a twin") as step:
        twin = make_twin(declared, codebook, n=n, seed=seed, statistics=known, scenario=scenario)
        step("people")
        dirty = plant(twin.tables, twin.study, codebook, defect_plan(defects), seed)
        step("defects")
        rows = {name: len(table) for name, table in dirty.tables.items()}
        final = twin.with_rows(rows)
        write_tables(final, dirty.tables, folder)
        step("files")
    write_text(folder / "study.yaml", study_text(study, final.study))
    _write_csv(dirty.planted, folder / "truth" / "defects.csv")
    _write_csv(dirty.not_planted, folder / "truth" / "defects_not_planted.csv")
    counts = dirty.planted["kind"].value_counts(sort=False)
    return TwinReport(declared.name, rows, {str(k): int(c) for k, c in counts.items()}, twin.notes)


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
