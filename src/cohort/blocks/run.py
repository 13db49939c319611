"""The way of a study through cleaning in blocks: files to blocks, rules, clean tables, one set of files."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from cohort.blocks.store import BlockStore, Everybody, give_back_memory
from cohort.cleaning import CleanCohort, Flow, Rule, account_rows, empty_quarantine
from cohort.cleaning.flow import MEASURES, WEIGHT, build_flow, decide_eligibility
from cohort.cleaning.keys import PERSON
from cohort.cleaning.pipeline import count_people, finish, prepare
from cohort.cleaning.rule import Applied, Working, apply_rules, apply_to
from cohort.cleaning.totals import check_totals, with_restored_ids
from cohort.cleaning.validation import canonical_tables, conform
from cohort.codebook import Codebook
from cohort.errors import InputDataError
from cohort.intake import SourceFile
from cohort.intake.reading import NOBODY, check_zeros, cohort_of, settle_files
from cohort.intake.record import Record
from cohort.intake.tables import IntArray, SourceTable, rows_of_table
from cohort.ledger import Ledger
from cohort.output import MARKER, fresh_folder, write_json
from cohort.progress import progress
from cohort.study import StudyInput, provenance_of, read_input, read_truth

PEOPLE_PER_BLOCK = 100_000
"""So many people are read and cleaned at once; with sixty columns a block takes some hundred megabytes."""

_ACCOUNT = ["file", "source", "status", "reason"]


def clean_in_blocks(
    where: str | Path,
    out: Path,
    *,
    root: str | Path | None = None,
    people_per_block: int = PEOPLE_PER_BLOCK,
    workers: int = 1,
) -> Path:
    """Write the files that :meth:`cohort.study.Study.write` writes, and return their folder.

    Parameters
    ----------
    where
        A study file.
    out
        A new or empty folder, or one that an earlier run wrote; it appears whole or not at all.
    root
        Where the data files lie, if not where the study file says.
    people_per_block
        How many people are read and cleaned at once.
    workers
        How many blocks are worked on side by side, each in a process of its own; the result is the same.

    Raises
    ------
    CohortError
        If the study file or the data fall short: all problems of the files, or those of the first block that has any.
    """
    study = read_input(where, root)
    with fresh_folder(out) as partial, threadpool_limits(1):
        (partial / "work").mkdir()
        run = _Run(study, BlockStore(partial / "work"), people_per_block, workers)
        files = run.read()
        for needs_all_rows, group in itertools.groupby(study.rules.rules, key=lambda rule: rule.needs_all_rows):
            rules = tuple(group)
            run.apply_to_all(rules) if needs_all_rows else run.apply_to_each(rules)
        run.write(partial, files)
        write_json(partial / MARKER, provenance_of(study, files))
        run.store.remove()
    return out


class _Run:
    """The blocks of one study on their way from files to clean tables.

    Parameters
    ----------
    study
        The study.
    store
        Where blocks lie between two steps.
    people_per_block, workers
        As in :func:`clean_in_blocks`.
    """

    def __init__(self, study: StudyInput, store: BlockStore, people_per_block: int, workers: int) -> None:
        self.study, self.store, self.size, self.workers = study, store, people_per_block, workers
        self.codebook = study.rules.codebook
        self.blocks = 0
        self.people_in_files = 0
        self.noted: list[tuple[Ledger, pd.DataFrame]] = []

    def read(self) -> tuple[SourceFile, ...]:
        """Return the files, read one after the other; the rows of each block of people now lie in the store."""
        file, record = self.study.file, Record()
        known, people, found = pa.array([], pa.large_string()), dict[str, IntArray](), list[SourceFile]()
        for name in file.files:
            tables, sources = settle_files(file, self.study.root, self.codebook, record, name)
            found += sources
            while tables:  # a table is let go as soon as it is cut
                table = tables.popitem()[1]
                known, people[name] = _numbered(known, table.ids)
                self._cut(name, table, people[name] // self.size)
                del table
            give_back_memory()
        check_zeros(people, pd.Index(known.to_pandas() if len(people) > 1 else [], dtype="str"), record)
        if record.problems:
            raise InputDataError(record.problems)
        self.blocks = -(-len(known) // self.size)
        self.noted.append((record.ledger() + self.study.rules.ledger, record.quarantined()))
        self.store.save("settled", record.settled())
        del known, people
        read = self._each(_read_block, "reading", tuple(file.files))
        self.noted += [noted for noted, _ in read]
        self.people_in_files = sum(count for _, count in read)
        if not self.people_in_files:
            raise InputDataError([NOBODY])
        return tuple(found)

    def _cut(self, name: str, table: SourceTable, block: IntArray) -> None:
        """Write the rows of each block of people."""
        self.store.save(f"raw-none-{name}", rows_of_table(table, np.empty(0, dtype=np.int64)))
        order = np.argsort(block, kind="stable")
        for rows in np.split(order, np.flatnonzero(np.diff(block[order])) + 1):
            if len(rows):
                self.store.save(f"raw-{block[rows[0]]}-{name}", rows_of_table(table, rows))

    def _each(self, function: Callable[..., Any], label: str, *more: Any) -> list[Any]:
        """Return what a function makes of each block, in several processes if asked, in the order of the blocks."""
        calls = [(self.study, self.store, block, *more) for block in range(self.blocks)]
        with progress(len(calls), label) as step:
            if self.workers == 1:
                return [_done(function(*call), step) for call in calls]
            pool = joblib.Parallel(n_jobs=self.workers, return_as="generator")
            return [_done(result, step) for result in pool(joblib.delayed(_alone)(function, *call) for call in calls)]

    def apply_to_each(self, rules: tuple[Rule, ...]) -> None:
        """Apply rules that look at the rows of one person to each block."""
        self.noted += self._each(_apply_to_block, "rules", rules)

    def apply_to_all(self, rules: tuple[Rule, ...]) -> None:
        """Apply rules that compare people to the tables of everybody, of which only those looked at are in memory."""
        tables = self._everybody()
        for rule in rules:
            working = Working(tables)
            self.noted.append(apply_to(working, self.codebook, (rule,)))
            if any(self._has_moved(tables[name], changed) for name, changed in working.changed.items()):
                self.store.cut(dict(working), tables.ends)
                tables = self._everybody()
            else:
                for name, changed in working.changed.items():
                    self.store.replace(name, changed, tables.ends)
            tables.forget(working.changed)
        give_back_memory()

    def _everybody(self) -> Everybody:
        return Everybody(self.store, self.blocks, canonical_tables(self.codebook), self.codebook)

    @staticmethod
    def _has_moved(before: pd.DataFrame, after: pd.DataFrame) -> bool:
        """Return whether a row that is left belongs to another person than before."""
        codes = before[PERSON].cat.codes.to_numpy()[after.index.to_numpy()]
        return not np.array_equal(codes, after[PERSON].cat.codes.to_numpy())

    def write(self, folder: Path, files: Sequence[SourceFile]) -> None:
        """Score and derive each block, and write all of them as one set of files; every row of the files is there."""
        quarantine = pd.concat([aside for _, aside in self.noted], ignore_index=True)
        self.store.save("aside", quarantine.loc[quarantine["column"] == ""] if "column" in quarantine else quarantine)
        restored = pd.concat([ledger.entries for ledger, _ in self.noted], ignore_index=True)
        self.store.save("restored", Ledger(restored.loc[restored["rule"] == "id_leading_zeros"]))
        done = self._each(_finish_block, "clean tables")
        for name in self.codebook.tables:
            found = {column for block in range(self.blocks) for column in self.store.load(f"columns-{block}")[name]}
            _write_parts(folder / f"{name}.parquet", self._parts(name), found, name, self.codebook)
            give_back_memory()
        ledgers = [ledger for ledger, _ in self.noted] + [ledger for ledger, *_ in done]
        entries = pd.concat([ledger.entries for ledger in ledgers], ignore_index=True)
        _summed(entries).to_parquet(folder / "ledger.parquet", index=False)
        (folder / "quarantine").mkdir()
        quarantine.to_parquet(folder / "quarantine" / "quarantine.parquet", index=False)
        rows = self._account([counts for _, counts, _ in done], pd.concat([moved for *_, moved in done]))
        check_totals(rows, {(source.name, source.source): source.rows for source in files if source.has_rows})
        rows.to_parquet(folder / "rows.parquet", index=False)
        write_json(folder / "flow.json", self._flow(folder).to_dict())
        truth = read_truth(self.study)
        if truth is not None:
            truth.to_parquet(folder / "truth.parquet", index=False)

    def _account(self, counts: list[pd.DataFrame], moved: pd.DataFrame) -> pd.DataFrame:
        """Return how many rows of each file have each status, from the counts of the blocks.

        A row whose identifier got its zeros back may belong to a person of another block: it is looked up here.
        """
        parts = [_counted(self.store.load("settled")), *counts]
        if len(moved):
            people = [self.store.load(f"clean-{block}-person_table") for block in range(self.blocks)]
            kept = pd.concat([table[["participant_id", "is_eligible"]] for table in people], ignore_index=True)
            out = [self.store.load(f"excluded-{block}") for block in range(self.blocks)]
            whole = CleanCohort(
                {"person_table": kept}, Ledger.empty(), self.store.load("aside"), Flow((), ()), pd.concat(out)
            )
            parts.append(_counted(account_rows(moved, whole)))
        return pd.concat(parts, ignore_index=True).groupby(_ACCOUNT, dropna=False)["rows"].sum().reset_index()

    def _parts(self, name: str) -> Iterator[pd.DataFrame]:
        return (self.store.load(f"clean-{block}-{name}") for block in range(self.blocks))

    def _flow(self, folder: Path) -> Flow:
        """Return the flow of everybody, from the few columns that it looks at."""
        eligible, path = self.study.file.eligible, folder / "person_table.parquet"
        wanted = {step.variable for step in eligible}.union([WEIGHT], *MEASURES.values())
        columns = [name for name in pq.read_schema(path).names if name in wanted]
        people = pd.read_parquet(path, columns=["participant_id", *columns])
        return build_flow(
            people,
            decide_eligibility(people, eligible, self.codebook),
            eligible,
            self.codebook,
            people_in_files=self.people_in_files,
            undisputed=len(people),
        )


def _summed(entries: pd.DataFrame) -> pd.DataFrame:
    """Return ledger entries with those that every block made of a whole column made one."""
    whole = (entries["participant_id"].isna() & entries["row"].isna()).to_numpy(dtype=bool)
    keys = [name for name in entries.columns if name != "count"]
    summed = entries[whole].groupby(keys, dropna=False, sort=False, as_index=False)["count"].sum()
    order = entries[whole].drop_duplicates(keys).index
    return pd.concat([entries[~whole], summed.set_axis(order)]).sort_index(kind="stable").reset_index(drop=True)


def _numbered(known: pa.Array, ids: pd.Series) -> tuple[pa.Array, IntArray]:
    """Return all identifiers known so far in the order of their appearance, and the number of each of some."""
    texts = pa.array(ids.astype("str").array).cast(pa.large_string())
    coded = (texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts).dictionary_encode()
    distinct, codes = coded.dictionary, coded.indices.to_numpy()
    if not len(known):
        return distinct, codes.astype(np.int64)
    found = pc.index_in(distinct, value_set=known)
    number = found.fill_null(-1).to_numpy().astype(np.int64)
    is_new = number < 0
    number[is_new] = len(known) + np.arange(np.count_nonzero(is_new))
    return pa.concat_arrays([known, distinct.filter(pa.array(is_new))]), number[codes]


def _done(result: Any, step: Callable[[str], None]) -> Any:
    give_back_memory()
    step("")
    return result


def _alone(function: Callable[..., Any], *arguments: Any) -> Any:
    """Return the result of a function in a process of a pool, which gets one thread for its matrices."""
    with threadpool_limits(1):
        return function(*arguments)


def _read_block(
    study: StudyInput, store: BlockStore, block: int, files: tuple[str, ...]
) -> tuple[tuple[Ledger, pd.DataFrame], int]:
    """Put the rows of a block under canonical names; return what was noted, and how many people there are."""
    with_rows = [name for name in files if store.has(f"raw-{block}-{name}")]
    # A file without rows of these people still says what was asked: who is not in it is unknown, and not left out.
    tables = {name: store.load(f"raw-{block if name in with_rows else 'none'}-{name}") for name in files}
    raw = study.protect(cohort_of(study.file, study.rules.codebook, tables, (), Record(), is_block=True))
    prepared = prepare(raw.tables, study.rules.codebook)
    store.save_tables(block, prepared)
    store.save(f"rows-{block}", raw.rows)
    for name in with_rows:
        store.drop(f"raw-{block}-{name}")
    return (raw.ledger, raw.quarantine), count_people(prepared)


def _apply_to_block(
    study: StudyInput, store: BlockStore, block: int, rules: tuple[Rule, ...]
) -> tuple[Ledger, pd.DataFrame]:
    """Apply rules to a block; return what was noted and set aside."""
    codebook = study.rules.codebook
    applied = apply_rules(store.load_tables(block, canonical_tables(codebook)), codebook, rules)
    store.save_tables(block, applied.tables)
    return applied.ledger, applied.quarantine


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.groupby(_ACCOUNT, dropna=False).size().rename("rows").reset_index()


def _finish_block(study: StudyInput, store: BlockStore, block: int) -> tuple[Ledger, pd.DataFrame, pd.DataFrame]:
    """Score and derive a block into the store.

    Returns
    -------
    ledger
        What was noted.
    counts
        How many source rows have each status.
    moved
        The source rows whose identifier got its zeros back, not counted yet.
    """
    codebook = study.rules.codebook
    tables = store.load_tables(block, canonical_tables(codebook))
    applied = Applied(tables, Ledger.empty(), empty_quarantine())
    clean = finish(applied, codebook, eligible=study.file.eligible, baseline=study.file.baseline, people_in_files=0)
    for name, table in clean.tables.items():
        store.save(f"clean-{block}-{name}", table)
    store.save(f"columns-{block}", {name: list(table.columns) for name, table in clean.tables.items()})
    store.save(f"excluded-{block}", clean.exclusions)
    rows = store.load(f"rows-{block}")
    restored = with_restored_ids(rows, store.load("restored"))
    moves = (restored["participant_id"].fillna("") != rows["participant_id"].fillna("")).to_numpy(dtype=bool)
    account = account_rows(rows[~moves], replace(clean, quarantine=store.load("aside")))
    return clean.ledger, _counted(account), restored[moves]


def _write_parts(path: Path, parts: Iterator[pd.DataFrame], found: set[str], table: str, codebook: Codebook) -> None:
    """Write the blocks of a table as one file, one after the other, with every column that was found in some block."""
    known = [name for name in codebook.tables[table] if name in found]
    writer: pq.ParquetWriter | None = None
    for frame in parts:
        whole = conform(frame.reindex(columns=known), table, codebook)
        content = pa.Table.from_pandas(whole, schema=None if writer is None else writer.schema, preserve_index=False)
        if writer is None:
            writer = pq.ParquetWriter(path, content.schema)
        writer.write_table(content)
    if writer is not None:
        writer.close()
