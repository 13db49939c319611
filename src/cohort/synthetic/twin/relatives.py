"""Pairs of relatives, and the file where they stand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cohort.study_file import Source
from cohort.synthetic.defects.raw_text import codes_of
from cohort.synthetic.twin.columns import Entry
from cohort.synthetic.twin.context import Context
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.rows import with_rows

SHARE = 0.1
"""Share of people with a relative of one entry."""


def write_relatives(context: Context, table: RawTable, entries: Sequence[Entry], identifier: str) -> RawTable:
    """Return the file with rows for pairs of relatives: the next person among the participants is the relative.

    Parameters
    ----------
    context, table
        The twin and the file, in which nothing is written yet.
    entries
        The entries of relations in it.
    identifier
        Column of identifiers.
    """
    people = context.people
    for number, entry in enumerate(entries):
        relation = entry.source
        rng = people.rng(f"relatives {entry.place}")
        inside = np.flatnonzero(context.canonical.participants)
        inside = inside if len(inside) else np.arange(len(people))
        first = np.sort(rng.choice(inside, size=int(SHARE * len(inside)), replace=False))
        second = people.ids[np.roll(inside, -1 - number)[np.searchsorted(inside, first)]]
        start = len(table)
        before = table
        rows = with_rows(before.rows, first, context.study.baseline)
        part = np.concatenate([before.part, np.zeros(len(first), dtype=np.int64)])
        table = RawTable(before.key, before.file, rows, part)
        for column in before.columns:
            old = np.flatnonzero(before.taken(column))
            table.write(column, old, before.cells(column)[old])
        at = start + np.arange(len(first))
        table.write(identifier, at, people.ids[first])
        table.write(relation.relative.column, at, second)
        kinds = np.full(len(first), relation.kind, dtype=object)
        if isinstance(relation.kind, Source):
            words = relation.kind.codes or {w: w for w in context.codebook.tables["relations"]["kind"].categories}
            codes = rng.choice(np.array(list(words), dtype=object), size=len(first))
            table.write(str(relation.kind.column), at, codes)
            kinds = np.array([words[code] for code in codes_of(codes)], dtype=object)
        context.canonical.add_relations(first, second, kinds)
    return table
