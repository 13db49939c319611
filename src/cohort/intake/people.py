"""Follow-up of people, and pairs of relatives."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cohort.intake.assembly import Piece, as_canonical, assemble
from cohort.intake.cells import constant_text
from cohort.intake.context import Context
from cohort.intake.diagnoses import mark_used, rows_of
from cohort.intake.tables import IntArray
from cohort.intake.values import Field, own_meanings, translate
from cohort.intake.variables import read_source
from cohort.study_file import Source

_FOLLOW_UP = {"entry": "entry_date", "exit": "exit_date", "reason": "exit_reason"}


def read_follow_up(context: Context) -> pd.DataFrame:
    """Return the table ``follow_up``: one row per person with an entry or an exit."""
    variables = context.codebook.tables["follow_up"]
    pieces: list[Piece] = []
    if context.study.follow_up is not None:
        for key, name in _FOLLOW_UP.items():
            source = getattr(context.study.follow_up, key)
            if source is not None and f"follow_up.{key}" in context.sound:
                pieces += read_source(context, source, variables[name], f"follow_up.{key}")
    if not pieces:
        return pd.DataFrame({"participant_id": pd.Series(dtype="string")})
    days = [piece.frame()["person"].to_numpy() for piece in pieces if piece.variable.type == "date"]
    dated = np.concatenate([np.empty(0, dtype=np.int64), *days])  # without a column of days, nobody was followed
    named = pd.unique(np.concatenate([piece.person for piece in pieces]))
    people = named[np.isin(named, dated)]
    table = assemble(context, pieces, people)
    for name in ("entry_date", "exit_date"):
        if name in table:
            context.references[name] = table[name].set_axis(people).dropna()
    return table


def followed_people(context: Context, follow_up: pd.DataFrame, people: IntArray) -> IntArray:
    """Return the people whose observation has a begin and an end; everybody when the study maps no follow-up."""
    if context.study.follow_up is None:
        return people
    known = [name for name in ("entry_date", "exit_date") if name in follow_up]
    return context.people.numbers(follow_up.dropna(subset=known)["participant_id"].astype("str"))


def read_relations(context: Context, people: IntArray) -> pd.DataFrame:
    """Return the table ``relations``: one row per pair; the relative need not be in the cohort, the participant must.

    Parameters
    ----------
    context
        The study.
    people
        Numbers of everybody in the cohort.
    """
    variables = context.codebook.tables["relations"]
    frames: list[pd.DataFrame] = []
    for number, relation in enumerate(context.study.relations):
        place = f"relations.{number}"
        if place not in context.sound:
            continue
        selection = rows_of(context, relation.kind if isinstance(relation.kind, Source) else _all_of(relation.file))
        relative = selection.present(relation.relative.column, {})
        if isinstance(relation.kind, Source):
            column = str(relation.kind.column)
            field = Field(context, selection, column, ("relations", "kind"), place)
            own = {word: word for word in variables["kind"].categories}
            words = relation.kind.codes or (own | own_meanings(field, variables["kind"]))
            kind = translate(field, words, selection.present(column, relation.kind.missing))
        else:
            kind = constant_text(relation.kind, len(relative))
        wanted = relative.notna().to_numpy() & np.isin(selection.person, people)
        mark_used(context, selection, wanted)
        pairs = {"participant_id": selection.ids, "relative_id": relative, "kind": kind}
        frames.append(pd.DataFrame({name: column.astype("object") for name, column in pairs.items()})[wanted])
    columns = ["participant_id", "relative_id", "kind"]
    relations = pd.concat(frames, ignore_index=True).drop_duplicates() if frames else pd.DataFrame(columns=columns)
    relations = relations.reset_index(drop=True)
    return pd.DataFrame({c: as_canonical(relations[c].astype("object"), variables[c]) for c in columns})


def _all_of(file: str) -> Source:
    return Source(file=file, constant="all")
