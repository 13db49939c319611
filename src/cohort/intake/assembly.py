"""Putting pieces together: values of many sources under common keys, conflicts found, canonical dtypes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.codebook import Variable
from cohort.intake.context import Context, conflicts
from cohort.intake.tables import BoolArray


@dataclass(frozen=True)
class Piece:
    """Values of one variable from one source.

    Parameters
    ----------
    variable
        The canonical column.
    ids, visit
        Keys of each value; ``visit`` is empty text for variables of people.
    values
        The values, missing ones among them.
    makes_row
        Which keys deserve a row of their own; a blank cell of a wide table does not mean that the visit took place.
    place
        The entry, for messages.
    """

    variable: Variable
    ids: pd.Series
    visit: pd.Series
    values: pd.Series
    makes_row: BoolArray
    place: str

    def frame(self) -> pd.DataFrame:
        """Return the values that are not missing, with their keys."""
        frame = pd.DataFrame({"participant_id": self.ids, "visit": self.visit, "value": self.values})
        return frame[self.values.notna().to_numpy()]


def assemble(context: Context, pieces: Sequence[Piece], people: pd.Index | None = None) -> pd.DataFrame:
    """Return one row per key and one column per variable.

    Parameters
    ----------
    context
        Takes a problem for each variable with different values for one person and visit.
    pieces
        All values of the table.
    people
        Everybody who has a row, for a table of people; None for a table of people and visits.
    """
    by_name: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_name.setdefault(piece.variable.name, []).append(piece)
    keys = _keys(pieces, people)
    columns: dict[str, object] = {"participant_id": keys.get_level_values(0).astype("string")}
    if people is None:
        columns["visit"] = keys.get_level_values(1).astype("string")
    for name, sources in by_name.items():
        values = pd.concat([piece.frame() for piece in sources], ignore_index=True)
        _report_conflicts(context, name, values, sources)
        at = keys.get_indexer(pd.MultiIndex.from_frame(values[["participant_id", "visit"]].astype("object")))
        column = np.full(len(keys), None, dtype=object)
        column[at[at >= 0]] = values["value"].to_numpy(dtype=object)[at >= 0]
        columns[name] = as_canonical(pd.Series(column, dtype="object"), sources[0].variable)
    return pd.DataFrame(columns).reset_index(drop=True)


def _keys(pieces: Sequence[Piece], people: pd.Index | None) -> pd.MultiIndex:
    if people is not None:
        return pd.MultiIndex.from_arrays([people.astype("object"), np.full(len(people), "", dtype=object)])
    if not pieces:
        return pd.MultiIndex.from_arrays([[], []])
    ids = pd.concat([piece.ids[piece.makes_row] for piece in pieces], ignore_index=True)
    visits = pd.concat([piece.visit[piece.makes_row] for piece in pieces], ignore_index=True)
    keys = pd.DataFrame({"id": ids, "visit": visits}).drop_duplicates()
    order = pd.unique(keys["visit"])
    keys = keys.assign(person=pd.factorize(keys["id"])[0], rank=pd.Index(order).get_indexer(pd.Index(keys["visit"])))
    keys = keys.sort_values(["person", "rank"], kind="stable")
    return pd.MultiIndex.from_arrays([keys["id"].astype("object"), keys["visit"].astype("object")])


def _report_conflicts(context: Context, name: str, values: pd.DataFrame, sources: Sequence[Piece]) -> None:
    if len(sources) < 2:
        return
    count = conflicts(values, ["participant_id", "visit"], ["value"])
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
    if variable.categories:
        return values.where(values.isin(variable.categories)).astype(
            pd.CategoricalDtype(list(variable.categories), ordered=variable.ordered)
        )
    if variable.type in ("number", "integer"):
        numbers = pd.to_numeric(values, errors="coerce").astype("float64")
        return numbers if variable.type == "number" else numbers.round().astype("Int64")
    if variable.type == "boolean":
        return values.where(values.isin([True, False])).astype("boolean")
    if variable.type == "date":
        return pd.to_datetime(values, errors="coerce").astype("datetime64[us]")
    return values.astype("string")


def canonical_frame(columns: Mapping[str, object], variables: Mapping[str, Variable]) -> pd.DataFrame:
    """Return a table whose columns have the canonical dtypes of the codebook."""
    return pd.DataFrame({name: as_canonical(pd.Series(column), variables[name]) for name, column in columns.items()})
