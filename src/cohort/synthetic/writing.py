"""Writing a synthetic cohort to a folder, block by block: raw files, the study file that fits them, and the truth."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Literal, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cohort.codebook import load_codebook
from cohort.errors import CohortError, Problem
from cohort.progress import progress
from cohort.study_file import load_study_file
from cohort.synthetic.defects import plant
from cohort.synthetic.export import FILES, fixed, latent_table, raw_tables, write_csv
from cohort.synthetic.node import BLOCK_SIZE
from cohort.synthetic.population import population_values
from cohort.synthetic.scenario import Scenario, load_scenario
from cohort.synthetic.simulate import SyntheticCohort, map_blocks
from cohort.synthetic.study import study_text
from cohort.synthetic.truth import true_effects

TRUTH_PEOPLE = 65_536
Ending: TypeAlias = Literal["csv", "parquet"]
_BLOCKS_IN_A_ROW_GROUP = 16
"""Blocks of people in one row group of a Parquet file: fixed, so that chunks and workers change no byte."""


def write_cohort(
    scenario: Scenario | str,
    n: int,
    seed: int,
    folder: Path,
    *,
    name: str = "",
    title: str = "",
    ending: Ending = "csv",
    with_truth: bool = True,
    truth_people: int = TRUTH_PEOPLE,
    workers: int = 1,
    chunk: int = 1,
) -> int:
    """Write raw files, a matching ``study.yaml`` and the truth; return the number of people written.

    People are drawn, written and forgotten block by block, so memory does not grow with ``n``; the bytes are the same
    for any number of workers and any chunk.

    Parameters
    ----------
    scenario, n, seed, workers, chunk
        As in :func:`draw_cohort`.
    folder
        Where to; made if need be, files of the same names are replaced.
    name, title
        Name and title of the study; those of the scenario by default.
    ending
        Format of the files.
    with_truth
        Also write ``truth/``: effects by intervention, population values, and the latent state of each person.
    truth_people
        Number of people that the true effects are computed from.

    Raises
    ------
    CohortError
        As in :func:`draw_cohort`.
    """
    world = scenario if isinstance(scenario, Scenario) else load_scenario(scenario)
    if world.defects and ending != "csv":
        told = Problem("--format", f"a dirty export is text, not {ending}.", "Take csv, or plant no defects.")
        raise CohortError([told])
    folder.mkdir(parents=True, exist_ok=True)
    truth = folder / "truth"
    if with_truth:
        truth.mkdir(exist_ok=True)
    places = {file: folder / f"{file}.{ending}" for file in FILES}
    if with_truth:
        places["latent"] = truth / f"latent.{ending}"
    people = 0
    blocks = map_blocks(_tables_of, world, n, seed, workers=workers, chunk=chunk)
    with ExitStack() as stack, progress(-(-n // BLOCK_SIZE), f"people of {world.name}") as step:
        sinks = {file: _sink(ending, path) for file, path in places.items()}
        for sink in sinks.values():
            stack.enter_context(sink)
        for tables in blocks:
            for file, sink in sinks.items():
                sink.add(tables[file])
            people += len(tables["participants"])
            step("")
    own_name, own_title = world.name.replace("_", "-").lower(), f"Synthetic cohort: {world.title}"
    text = study_text(name or own_name, title or own_title, ending)
    (folder / "study.yaml").write_text(text, encoding="utf-8", newline="\n")
    if world.defects:
        _dirty(folder, world, seed, truth if with_truth else None)
    if with_truth:
        write_csv(fixed(true_effects(world, truth_people, seed)), truth / "estimands.csv")
        write_csv(fixed(population_values(world, truth_people, seed)), truth / "population.csv")
    return people


def _dirty(folder: Path, world: Scenario, seed: int, truth: Path | None) -> None:
    """Plant defects in the files of a folder, in memory; record each of them."""
    study = load_study_file(folder / "study.yaml", load_codebook())
    clean = {
        file: pd.read_csv(folder / f"{file}.csv", dtype=str, keep_default_na=False, encoding="utf-8") for file in FILES
    }
    planting = plant(clean, study, load_codebook(), world.defect_plan(), seed)
    for file, table in planting.tables.items():
        write_csv(table, folder / f"{file}.csv")
    if truth is not None:
        write_csv(planting.planted, truth / "defects.csv")
        write_csv(planting.not_planted, truth / "defects_not_planted.csv")


def _tables_of(cohort: SyntheticCohort) -> dict[str, pd.DataFrame]:
    return {**raw_tables(cohort), "latent": latent_table(cohort)}


class _CsvSink:
    """A CSV file that grows by whole tables."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begun = False

    def __enter__(self) -> _CsvSink:
        self._file = self._path.open("w", encoding="utf-8", newline="")
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, table: pd.DataFrame) -> None:
        table.to_csv(self._file, index=False, header=not self._begun, lineterminator="\n")
        self._begun = True


class _ParquetSink:
    """A Parquet file that grows by row groups of a fixed number of tables."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[pa.Table] = []
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> _ParquetSink:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._flush()
        if self._writer is not None:
            self._writer.close()

    def add(self, table: pd.DataFrame) -> None:
        self._waiting.append(pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata())
        if len(self._waiting) == _BLOCKS_IN_A_ROW_GROUP:
            self._flush()

    def _flush(self) -> None:
        if not self._waiting:
            return
        together = pa.concat_tables(self._waiting)
        if self._writer is None:
            self._writer = pq.ParquetWriter(self._path, together.schema, compression="zstd")
        self._writer.write_table(together.cast(self._writer.schema), row_group_size=max(together.num_rows, 1))
        self._waiting = []


def _sink(ending: Ending, path: Path) -> _CsvSink | _ParquetSink:
    return _CsvSink(path) if ending == "csv" else _ParquetSink(path)
