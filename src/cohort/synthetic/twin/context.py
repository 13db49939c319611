"""What all writers of raw cells share: the people, the study, and the texts that stand for a missing value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cohort.codebook import Codebook
from cohort.study_file import ByColumn, StudyFile
from cohort.synthetic.defects.raw_text import SOURCE, Flags, Floats, Texts, codes_of, missing_codes
from cohort.synthetic.twin.canonical import Canonical
from cohort.synthetic.twin.draws import Values
from cohort.synthetic.twin.marginals import lowest
from cohort.synthetic.twin.naming import canonical_name
from cohort.synthetic.twin.people import People
from cohort.synthetic.twin.raw_table import RawTable
from cohort.synthetic.twin.rows import Slot

CODED_SHARE = 0.5
"""Share of missing values that stand as a declared code rather than as an empty cell, where nothing tells."""


@dataclass
class Context:
    """A twin while its files are written.

    Parameters
    ----------
    study, codebook, people
        What columns mean, what names mean, and whose values are written.
    canonical
        Takes what the raw files tell.
    observed
        Who has a value that can be seen, by canonical name and visit.
    notes
        What a user should know of the twin.
    """

    study: StudyFile
    codebook: Codebook
    people: People
    canonical: Canonical
    observed: dict[tuple[str, str], Flags] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def values(self, slot: Slot, name: str | None = None) -> Values:
        """Return the canonical values of the people of a slot; those of another variable when one is named."""
        wanted = name or canonical_name(slot.entry, self.codebook)
        return self.people.value(wanted, slot.visit, self.observed.get((wanted, slot.visit)))[slot.person]

    def missing_for(self, slot: Slot) -> dict[str, str]:
        """Return the codes that mean missing for an entry."""
        return missing_codes(self.study.files[slot.entry.source.file], slot.entry.source)

    def write_missing(
        self,
        table: RawTable,
        slot: Slot,
        column: str,
        where: Flags,
        blank_of_form: Mapping[str, float] | None = None,
    ) -> None:
        """Write empty cells or missing codes where a value is missing; a cell that nobody asked for stays empty.

        Parameters
        ----------
        table, slot, column, where
            The file, the entry, its column, and the rows without a value.
        blank_of_form
            Share of empty questionnaires by group, which is no part of an item's own share of empty cells.
        """
        table.write(column, slot.rows[~slot.asked], [""] * int((~slot.asked).sum()))
        gone = np.flatnonzero(where & slot.asked)
        codes = list(self.missing_for(slot))
        rng = self.people.rng(f"missing text {table.key} {column} {slot.visit}")
        texts = np.full(len(gone), "", dtype=object)
        groups = self.people.group[slot.person[gone]]
        for name, group in self.people.statistics.groups.items():
            here = groups == name
            known = group.column(slot.entry.source.file, column)
            weights = np.array([known.codes.get(code, 0.0) for code in codes])
            blank = known.blank
            if blank is not None and blank_of_form is not None:
                blank = max(0.0, blank - blank_of_form.get(name, 0.0))
            if blank is None or blank + weights.sum() <= 0:
                blank, weights = (
                    (1 - CODED_SHARE) if codes else 1.0,
                    np.full(len(codes), CODED_SHARE / max(len(codes), 1)),
                )
            chances = np.array([blank, *weights]) / (blank + weights.sum())
            texts[here] = rng.choice(np.array(["", *codes], dtype=object), size=int(here.sum()), p=chances)
        table.write(column, slot.rows[gone], texts)

    def split_codes(self, slot: Slot, column: str, known: Flags, blank_of_form: Mapping[str, float]) -> Flags:
        """Return which known answers of one item are missing all the same, for the item alone.

        Parameters
        ----------
        slot, column
            The questionnaire and one of its items.
        known
            Who filled the questionnaire in.
        blank_of_form
            Share of empty questionnaires by group, as far as the statistics tell it.
        """
        gone = np.zeros(len(known), dtype=bool)
        rng = self.people.rng(f"item {slot.entry.place} {column} {slot.visit}")
        groups = self.people.group[slot.person]
        for name, group in self.people.statistics.groups.items():
            here = np.flatnonzero(known & (groups == name))
            found = group.column(slot.entry.source.file, column)
            share = ITEM_MISSING
            form = blank_of_form.get(name, 1.0)
            if found.blank is not None and form < 1:
                codes = sum(found.codes.get(code, 0.0) for code in self.missing_for(slot))
                share = min(1.0, max(0.0, found.blank - form + codes) / (1 - form))
            gone[here[lowest(rng.random(len(here)), share, rng)]] = True
        return gone

    def column_decimals(self, slot: Slot, column: str) -> int | None:
        """Return the decimals of a raw column, as far as the statistics tell them."""
        told = [
            group.column(slot.entry.source.file, column).decimals for group in self.people.statistics.groups.values()
        ]
        known = [number for number in told if number is not None]
        return max(known) if known else None

    def levels(self, table: RawTable, slot: Slot, by: ByColumn) -> Values:
        """Return the value of a mapping by level in each row of a slot, and write the levels; None for none.

        The levels of a site are handed out to people by their study site; those of a stacked file are given.
        """
        levels: Mapping[str, Any] = {str(level): value for level, value in by.levels().items()}
        if by.by == SOURCE and not table.has(SOURCE):
            names = np.array(table.sources, dtype=object)[table.part[slot.rows]]
            return np.array([levels.get(name) for name in names], dtype=object)
        sites = self.people.value("site")
        order = {name: number for number, name in enumerate(sorted(set(sites.astype(str))))}
        names_of = list(levels)
        wanted = [names_of[order[str(site)] % len(names_of)] for site in sites[slot.person]]
        table.write(by.by, slot.rows, wanted)
        return np.array([levels.get(code) for code in codes_of(table.cells(by.by)[slot.rows])], dtype=object)


ITEM_MISSING = 0.015
"""Share of answers to one item that are missing in a form that was filled in (calibration: dq_miss_phq9_item)."""


def fixed_text(values: Floats, decimals: int, decimal: str) -> Texts:
    """Return numbers as text with a fixed number of decimals.

    Examples
    --------
    >>> fixed_text(np.array([1.25, 30.0]), 1, ",").tolist()
    ['1,2', '30,0']
    """
    texts = np.char.mod(f"%.{decimals}f", values + 0.0).astype(object)
    return np.array([text.replace(".", decimal) for text in texts], dtype=object) if decimal != "." else texts


def numbers_written(texts: Texts) -> Floats:
    """Return the numbers that texts written by :func:`fixed_text` hold; NaN for an empty one."""
    return np.array([float(text.replace(",", ".")) if text else np.nan for text in texts], dtype=float)
