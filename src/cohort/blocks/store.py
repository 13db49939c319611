"""Where blocks of people lie between two steps of cleaning: a folder of pickles that a run makes and removes."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from pandas.api.types import union_categoricals

from cohort.cleaning.keys import PERSON
from cohort.cleaning.validation import conform
from cohort.codebook import Codebook

IntArray = npt.NDArray[np.int64]
_KEPT = 2
"""A rule that compares a table with that of the participants finds both in memory."""
_FEW = 200_000
"""Of so many people all tables are kept: they take little memory, and loading them for each rule takes time."""


@dataclass(frozen=True)
class BlockStore:
    """A folder of what a run puts down and takes up again; nothing in it is read that the run did not write.

    Parameters
    ----------
    folder
        An empty folder inside the output that is being made: personal data leave no trace elsewhere.
    """

    folder: Path

    def save(self, name: str, content: Any) -> None:
        """Put something down under a name."""
        (self.folder / f"{name}.pickle").write_bytes(pickle.dumps(content, protocol=5))

    def load(self, name: str) -> Any:
        """Return what was put down under a name."""
        return pickle.loads((self.folder / f"{name}.pickle").read_bytes())  # noqa: S301 - written by this very run

    def has(self, name: str) -> bool:
        """Return whether something lies under a name."""
        return (self.folder / f"{name}.pickle").is_file()

    def drop(self, name: str) -> None:
        """Remove what lies under a name."""
        (self.folder / f"{name}.pickle").unlink()

    def remove(self) -> None:
        """Remove the folder with all that lies in it."""
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()

    def save_tables(self, block: int, tables: Mapping[str, pd.DataFrame]) -> None:
        """Put the canonical tables of a block down, each apart."""
        for name, table in tables.items():
            self.save(f"table-{block}-{name}", table)

    def load_tables(self, block: int, names: Sequence[str]) -> dict[str, pd.DataFrame]:
        """Return the canonical tables of a block."""
        return {name: self.load(f"table-{block}-{name}") for name in names}

    def cut(self, tables: Mapping[str, pd.DataFrame], ends: IntArray) -> None:
        """Put all tables of everybody down as blocks; a person of whom no row is left is in none.

        Parameters
        ----------
        tables
            Tables whose identifiers are categories of one list, in the order of the blocks.
        ends
            Number of the first person behind each block.
        """
        rows = {name: _rows_of_blocks(frame, ends) for name, frame in tables.items()}
        for block in range(len(ends)):
            own = {name: frame.iloc[rows[name][block]].reset_index(drop=True) for name, frame in tables.items()}
            self.save_tables(block, _own_people(own))

    def replace(self, name: str, table: pd.DataFrame, ends: IntArray) -> None:
        """Put one table of everybody down as blocks, whose people are the same as before.

        Parameters
        ----------
        name
            The table.
        table, ends
            As in :meth:`cut`.
        """
        rows = _rows_of_blocks(table, ends)
        everybody = table[PERSON].cat.categories
        for block, (start, end) in enumerate(itertools.pairwise([0, *ends])):
            own = table.iloc[rows[block]].reset_index(drop=True)
            codes = own[PERSON].cat.codes.to_numpy().astype(np.int64)
            people = pd.Categorical.from_codes(np.where(codes < 0, -1, codes - start), everybody[start:end])
            self.save_tables(block, {name: own.assign(**{PERSON: people})})


def give_back_memory() -> None:
    """Return to the system what Arrow has freed and kept: blocks come and go, and the peak would be that of all."""
    pa.default_memory_pool().release_unused()


def _rows_of_blocks(table: pd.DataFrame, ends: IntArray) -> list[Any]:
    """Return the rows of each block of people."""
    where = np.searchsorted(ends, table[PERSON].cat.codes.to_numpy(), side="right")
    if (np.diff(where) >= 0).all():  # nobody moved: a block is a run of rows
        cuts = np.searchsorted(where, np.arange(len(ends) + 1))
        return [slice(begin, end) for begin, end in itertools.pairwise(cuts)]
    return [np.flatnonzero(where == block) for block in range(len(ends))]


def _own_people(tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return tables whose identifiers are categories of only those people who occur."""
    codes = {name: frame[PERSON].cat.codes.to_numpy() for name, frame in tables.items()}
    kept = np.unique(np.concatenate(list(codes.values())))
    kept = kept[kept >= 0]
    everybody = next(iter(tables.values()))[PERSON].cat.categories
    labels = everybody[kept]
    renumbered = {
        name: np.where(own >= 0, np.searchsorted(kept, own), -1) if len(kept) else own for name, own in codes.items()
    }
    return {
        name: frame.assign(**{PERSON: pd.Categorical.from_codes(renumbered[name], labels)})
        for name, frame in tables.items()
    }


class Everybody(Mapping[str, pd.DataFrame]):
    """The canonical tables of everybody, put together from the blocks when asked for; only the last few are kept.

    Parameters
    ----------
    store, blocks
        Where the blocks lie, and how many there are.
    names
        The tables.
    codebook
        Their columns.
    """

    def __init__(self, store: BlockStore, blocks: int, names: Sequence[str], codebook: Codebook) -> None:
        self._store, self._blocks, self._names, self._codebook = store, blocks, tuple(names), codebook
        labels = [store.load(f"table-{block}-participants")[PERSON].cat.categories for block in range(blocks)]
        self.ends = np.cumsum([len(own) for own in labels], dtype=np.int64)
        """Number of the first person behind each block."""
        self._labels = pd.Index(pd.concat([pd.Series(own) for own in labels], ignore_index=True), dtype="str")
        self._kept: dict[str, pd.DataFrame] = {}
        self._most = len(self._names) if len(self._labels) <= _FEW else _KEPT

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return a table of everybody."""
        if name not in self._names:
            raise KeyError(name)
        table = self._kept.pop(name, None)
        while len(self._kept) >= self._most:
            self._kept.pop(next(iter(self._kept)))
        self._kept[name] = self._load(name) if table is None else table
        return self._kept[name]

    def __iter__(self) -> Iterator[str]:
        """Return the names of the tables."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return how many tables there are."""
        return len(self._names)

    def forget(self, changed: Iterable[str]) -> None:
        """Let go of tables that are no longer what lies in the store; of all where they take much memory."""
        for name in list(changed) if self._most > _KEPT else list(self._kept):
            self._kept.pop(name, None)

    def _load(self, name: str) -> pd.DataFrame:
        parts = [self._store.load(f"table-{block}-{name}") for block in range(self._blocks)]
        table: dict[str, Any] = {}
        for column in dict.fromkeys(column for part in parts for column in part.columns):
            if column == PERSON:
                starts = self.ends - np.diff(self.ends, prepend=0)
                own = [part[PERSON].cat.codes.to_numpy().astype(np.int64) for part in parts]
                numbers = [np.where(codes < 0, -1, codes + start) for codes, start in zip(own, starts, strict=True)]
                joined = np.concatenate([part.astype(np.int32) for part in numbers])
                table[PERSON] = pd.Series(pd.Categorical.from_codes(joined, self._labels))
                del own, numbers, joined
            else:
                table[column] = _joined([part[column] for part in parts if column in part], parts, column)
            parts = [part.drop(columns=column, errors="ignore") for part in parts]  # held once, not twice
        return conform(pd.DataFrame(table, copy=False), name, self._codebook)


def _joined(found: list[Any], parts: Sequence[pd.DataFrame], column: str) -> Any:
    """Return one column of all parts; missing where a part lacks it."""
    is_category = all(isinstance(one.dtype, pd.CategoricalDtype) for one in found)
    if is_category and len(found) == len(parts):
        if all(one.dtype == found[0].dtype for one in found):
            return pd.concat(found, ignore_index=True)
        # Their words may be of two kinds of text, as in a block without any word.
        alike = [one.cat.set_categories(one.cat.categories.astype("str")) for one in found]
        return pd.Series(union_categoricals(alike))
    cells = [part[column] if column in part else pd.Series(pd.NA, index=part.index, dtype="object") for part in parts]
    whole = pd.concat([one.astype("object") for one in cells] if is_category else cells, ignore_index=True)
    return whole.astype("category") if is_category else whole
