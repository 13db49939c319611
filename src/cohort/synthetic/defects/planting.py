"""Dirtying raw tables: every defect planted is recorded with table, row, column, and what stood there before."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.codebook import Codebook
from cohort.errors import CohortError, Problem
from cohort.study_file import StudyFile
from cohort.study_file.vocabulary import suggestion
from cohort.synthetic.defects.catalogue import CATALOGUE
from cohort.synthetic.defects.fields import Cells, file_of, id_column
from cohort.synthetic.defects.kind import Bench, Copy, NotApplicableError
from cohort.synthetic.defects.plan import DefectPlan

COLUMNS = ("table", "row", "id", "column", "kind", "before", "after")


@dataclass(frozen=True)
class Planting:
    """Dirty tables, and all that was done to them.

    Parameters
    ----------
    tables
        The dirty tables, text in every cell.
    planted
        One line per changed cell or added row: table, row (from 0, dirty table), id, column, kind, before, after.
        A row that was added has an empty column, and ``after`` says which row it copies.
    not_planted
        The kinds of the plan that this study gives no occasion for: kind and reason.
    """

    tables: dict[str, pd.DataFrame]
    planted: pd.DataFrame
    not_planted: pd.DataFrame


def plant(
    tables: Mapping[str, pd.DataFrame], study: StudyFile, codebook: Codebook, plan: DefectPlan, seed: int
) -> Planting:
    """Return raw tables with defects planted in them; the tables that are handed in stay as they are.

    The same tables, plan and seed give the same bytes. A kind has random numbers of its own, so that it is planted in
    the same way whether or not others are.

    Parameters
    ----------
    tables
        Raw tables of text, empty text where nothing stands, by their key under ``files:``; a part of a stacked file or
        of a folder is named with its source, as in ``demo/c2017``.
    study, codebook
        What the columns mean: defects are planted where the study finds its values.
    plan
        Kinds and rates.
    seed
        A whole number of at least 0.

    Raises
    ------
    CohortError
        If a table belongs to no file of the study.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> from cohort.study_file import DataFile, Source, StudyFile
    >>> from cohort.synthetic.defects import load_defect_plan
    >>> study = StudyFile(cohort_study=1, name="one", title="One", id="id", files={"people": DataFile(path="p.csv")},
    ...                   variables={"bmi_kg_m2": [Source(file="people", column="bmi")]})
    >>> people = pd.DataFrame({"id": ["1", "2"], "bmi": ["22.5", "27.1"]})
    >>> done = plant({"people": people}, study, load_codebook(), load_defect_plan().only(["duplicate_exact"]), seed=1)
    >>> len(done.tables["people"]), done.planted["kind"].tolist()
    (3, ['duplicate_exact'])
    """
    unknown = [name for name in tables if file_of(name) not in study.files]
    if unknown:
        problems = [
            Problem(f"table '{name}'", "the study has no such file.", suggestion(file_of(name), study.files))
            for name in unknown
        ]
        raise CohortError(problems)
    cells: dict[str, Cells] = {
        name: {str(column): table[column].to_numpy(dtype=object).copy() for column in table}
        for name, table in tables.items()
        if len(table)
    }
    bench = Bench(cells, study, codebook, plan.unit_factors, plan.sentinels)
    not_planted = []
    for kind in CATALOGUE.values():
        rate = plan.rates.get(kind.id, 0.0)
        if rate == 0:
            continue
        bench.kind = kind.id
        stream = np.random.SeedSequence([seed, zlib.crc32(kind.id.encode())])
        bench.rng = np.random.Generator(np.random.PCG64(stream))
        try:
            kind.plant(bench, rate)
        except NotApplicableError as reason:
            not_planted.append({"kind": kind.id, "reason": str(reason)})
    dirty, planted = _finished(bench, {name: [str(c) for c in table.columns] for name, table in tables.items()})
    untouched = {name: table.copy() for name, table in tables.items() if not len(table)}
    return Planting(
        {name: (dirty | untouched)[name] for name in tables},
        planted,
        pd.DataFrame(not_planted, columns=["kind", "reason"]),
    )


def _finished(bench: Bench, columns: Mapping[str, list[str]]) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return the tables with the second rows in their place, and the record in terms of the final rows."""
    copies: dict[str, dict[int, list[Copy]]] = defaultdict(lambda: defaultdict(list))
    for copy in bench.copies:
        copies[copy.table][copy.row].append(copy)
    tables: dict[str, pd.DataFrame] = {}
    lines: list[tuple[str, int, str, str, str, str, str]] = []
    for name, cells in bench.tables.items():
        size = len(next(iter(cells.values())))
        times = np.array([1 + len(copies[name].get(row, [])) for row in range(size)])
        place = np.cumsum(times) - times
        final = {column: np.repeat(cells[column], times) for column in columns[name]}
        ids = final.get(str(id_column(bench.study, file_of(name))), np.full(int(times.sum()), "", dtype=object))
        added = []
        for row, ones in copies[name].items():
            for number, copy in enumerate(ones, start=1):
                at = int(place[row]) + number
                added.append((at, "", copy.kind, "", f"copy of row {place[row]}"))
                for column, text in copy.changes.items():
                    added.append((at, column, copy.kind, str(final[column][at]), text))
                    final[column][at] = text
        edits = [
            (int(place[edit.row]), edit.column, edit.kind, edit.before, edit.after)
            for edit in bench.edits
            if edit.table == name
        ]
        lines += [(name, at, str(ids[at]), *rest) for at, *rest in sorted([*edits, *added])]  # type: ignore[misc]
        tables[name] = pd.DataFrame(final, columns=columns[name], dtype="str")
    return tables, pd.DataFrame(lines, columns=list(COLUMNS)).astype({"row": "int64"})
