"""Putting pieces together: values of many sources under common keys, conflicts found, canonical dtypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.codebook import Variable
from cohort.intake.context import Context, conflicts
from cohort.intake.tables import BoolArray, IntArray

_EXACT_INTEGERS = 2**53


@dataclass(frozen=True, eq=False)
class Piece:
    """Values of one variable from one source.

    Parameters
    ----------
    variable
        The canonical column.
    person
        Number of the participant of each value.
    visit
        Visit of each value; empty text for variables of people.
    values
        The values, missing ones among them.
    makes_row
        Which keys deserve a row of their own; a blank cell of a wide table does not mean that the visit took place.
    place
        The entry, for messages.
    """

    variable: Variable
    person: IntArray
    visit: pd.Series
    values: pd.Series
    makes_row: BoolArray
    place: str

    def frame(self) -> pd.DataFrame:
        """Return the values that are not missing, with their keys."""
        frame = pd.DataFrame({"person": self.person, "visit": self.visit.astype("str"), "value": self.values})
        return frame[self.values.notna().to_numpy()]


class _Keys:
    """The keys of a table: a number for each person and visit, and the row in which each key stands.

    Pieces of one selection share their arrays of people and visits, and so their keys: they are looked up once.
    """

    def __init__(self, pieces: Sequence[Piece], people: IntArray | None) -> None:
        self.labels: list[str] = [""] if people is not None else []
        self._numbers: dict[tuple[int, int], IntArray] = {}
        self._found: dict[tuple[int, int], IntArray] = {}
        marked: dict[tuple[int, int, int], Piece] = {
            (id(piece.person), id(piece.visit), id(piece.makes_row)): piece for piece in pieces
        }
        self._visits = {id(piece.visit): self._label(piece.visit) for piece in marked.values()}
        if people is not None:
            self.keys = np.asarray(people, dtype=np.int64) * len(self.labels)
        else:
            wanted = [np.empty(0, dtype=np.int64)]
            wanted += [self.of(piece)[piece.makes_row] for piece in marked.values()]
            self.keys = self._ordered(np.asarray(pd.unique(np.concatenate(wanted))))
        self._row = pd.Index(self.keys)

    def _label(self, visit: pd.Series) -> IntArray:
        """Return the number of each visit among the labels, which are kept in order of appearance."""
        codes, words = pd.factorize(visit)
        for word in words:
            if str(word) not in self.labels:
                self.labels.append(str(word))
        number = np.array([self.labels.index(str(word)) for word in words] or [0], dtype=np.int64)
        return np.asarray(number[codes], dtype=np.int64)

    def _ordered(self, keys: IntArray) -> IntArray:
        """Return keys by person in order of appearance, and by visit in order of appearance."""
        person, visit = np.divmod(keys, max(len(self.labels), 1))
        first_seen = pd.unique(visit)
        rank = np.zeros(len(self.labels), dtype=np.int64)
        rank[first_seen] = np.arange(len(first_seen))
        return np.asarray(keys[np.lexsort((rank[visit], pd.factorize(person)[0]))], dtype=np.int64)

    def of(self, piece: Piece) -> IntArray:
        """Return the key of each value of a piece."""
        asked = (id(piece.person), id(piece.visit))
        if asked not in self._numbers:
            self._numbers[asked] = np.asarray(
                piece.person * max(len(self.labels), 1) + self._visits[id(piece.visit)], dtype=np.int64
            )
        return self._numbers[asked]

    def rows_of(self, piece: Piece) -> IntArray:
        """Return the row of each value of a piece, -1 where its key has none."""
        asked = (id(piece.person), id(piece.visit))
        if asked not in self._found:
            keys = self.of(piece)
            same = len(keys) == len(self.keys) and bool((keys == self.keys).all())
            self._found[asked] = np.arange(len(keys)) if same else np.asarray(self._row.get_indexer(pd.Index(keys)))
        return self._found[asked]

    def person(self) -> IntArray:
        """Return the number of the participant of each row."""
        return np.asarray(self.keys // max(len(self.labels), 1), dtype=np.int64)

    def visit(self) -> pd.Series:
        """Return the visit of each row."""
        words = pd.Index(self.labels, dtype="str")
        codes = self.keys % max(len(self.labels), 1)
        return pd.Series(pd.Categorical.from_codes(codes, words))


def assemble(context: Context, pieces: Sequence[Piece], people: IntArray | None = None) -> pd.DataFrame:
    """Return one row per key and one column per variable.

    Parameters
    ----------
    context
        Takes a problem for each variable with different values for one person and visit.
    pieces
        All values of the table.
    people
        Numbers of everybody who has a row, for a table of people; None for a table of people and visits.
    """
    by_name: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_name.setdefault(piece.variable.name, []).append(piece)
    keys = _Keys(pieces, people)
    columns: dict[str, object] = {"participant_id": context.people.named(keys.person())}
    if people is None:
        columns["visit"] = keys.visit()
    for name, sources in by_name.items():
        _report_conflicts(context, name, sources)
        columns[name] = _placed(sources, keys)
    return pd.DataFrame(columns, copy=False)


def _placed(sources: Sequence[Piece], keys: _Keys) -> pd.Series:
    """Return the values of one variable in the rows of their keys, in the canonical dtype."""
    variable, length = sources[0].variable, len(keys.keys)
    at = keys.rows_of(sources[0])
    if len(sources) == 1 and len(at) == length and bool((at == np.arange(length)).all()):
        return as_canonical(sources[0].values, variable).reset_index(drop=True)
    parts = [as_canonical(piece.values, variable) for piece in sources]
    offsets = np.cumsum([0, *(len(part) for part in parts)])
    taken = np.full(length, -1, dtype=np.int64)
    for piece, part, offset in zip(sources, parts, offsets[:-1], strict=True):
        rows, filled = keys.rows_of(piece), part.notna().to_numpy(dtype=bool)
        here = (rows >= 0) & filled
        taken[rows[here]] = offset + np.flatnonzero(here)
    together = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
    return together.reset_index(drop=True).reindex(taken).reset_index(drop=True)


def _report_conflicts(context: Context, name: str, sources: Sequence[Piece]) -> None:
    if len({piece.place for piece in sources}) < 2:
        return
    values = pd.concat([piece.frame() for piece in sources], ignore_index=True)
    count = conflicts(values, ["person", "visit"], ["value"])
    if count:
        places = ", ".join(dict.fromkeys(piece.place for piece in sources))
        context.record.problem(
            places,
            f"{count:,} people have two different values of {name} for the same visit.",
            "Resolve it with 'where:', or take one source out; which value is right is not guessed.",
        )


def as_canonical(values: pd.Series, variable: Variable) -> pd.Series:
    """Return values in the canonical dtype of a variable.

    Values that are no value of the variable were reported before; they become missing so that all problems can be told.
    """
    if isinstance(values.dtype, pd.CategoricalDtype) and not variable.categories and variable.type != "string":
        values = values.astype("object")
    if variable.categories:
        words = values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("category")
        # Words beyond the categories become missing.
        return words.cat.set_categories(list(variable.categories), ordered=variable.ordered)
    if variable.type in ("number", "integer"):
        is_float = values.dtype == np.float64
        numbers = values if is_float else pd.to_numeric(values, errors="coerce").astype("float64")
        return numbers if variable.type == "number" else _whole(numbers)
    if variable.type == "boolean":
        return values.where(values.isin([True, False]).to_numpy(dtype=bool)).astype("boolean")
    if variable.type == "date":
        return pd.to_datetime(values, errors="coerce").astype("datetime64[us]")
    # A category of texts keeps each of them once; cleaning writes them out.
    return values if isinstance(values.dtype, pd.CategoricalDtype) else values.astype("string")


def _whole(numbers: pd.Series) -> pd.Series:
    """Return numbers as nullable whole ones."""
    values = numbers.to_numpy()
    is_missing = np.isnan(values)
    # What lies beyond exact integers lies beyond every hard limit too, where cleaning will find it.
    whole = np.clip(np.round(np.where(is_missing, 0.0, values)), -_EXACT_INTEGERS, _EXACT_INTEGERS)
    return pd.Series(pd.arrays.IntegerArray(whole.astype(np.int64), is_missing), index=numbers.index)


def canonical_frame(columns: Mapping[str, object], variables: Mapping[str, Variable]) -> pd.DataFrame:
    """Return a table whose columns have the canonical dtypes of the codebook."""
    return pd.DataFrame({name: as_canonical(pd.Series(column), variables[name]) for name, column in columns.items()})
