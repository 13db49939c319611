"""Who has a row in which file, who comes to which visit, and who lacks which value."""

from __future__ import annotations

import numpy as np

from cohort.study_file import InstrumentSource, Source, StudyFile, UnitColumn
from cohort.synthetic.defects.raw_text import Flags, Floats, missing_codes
from cohort.synthetic.twin.columns import Entry
from cohort.synthetic.twin.draws import WOMEN_ONLY
from cohort.synthetic.twin.marginals import lowest
from cohort.synthetic.twin.naming import canonical_name
from cohort.synthetic.twin.people import People
from cohort.synthetic.twin.statistics import GroupStatistics

LOST_PER_VISIT = 0.13
"""Share of people lost from one visit to the next (calibration: dq_attrition_wave)."""

MEASURED_AGAIN = 0.2
"""Share of people with more rows than one where the study says which of several rows counts."""


class Presence:
    """Decides who is where, before any value is drawn; the same people are the ones who lack several things.

    Parameters
    ----------
    people, study, entries
        The twin's people, and what the study asks of them.
    """

    def __init__(self, people: People, study: StudyFile, entries: list[Entry]) -> None:
        self.people, self.study, self.entries = people, study, entries
        self._rank = people.rng("presence").random(len(people))
        self._attendance = people.rng("attendance").random(len(people))
        self._part = people.rng("part").random(len(people))
        self._forms: dict[str, Floats] = {}
        self._known: dict[tuple[str, str], Flags] = {}

    def part(self, count: int) -> np.ndarray:
        """Return which of some stacked files, or of several sources of one variable, each person stands in."""
        return np.floor(self._part * count).astype(int)

    def in_file(self, key: str) -> Flags:
        """Return who has a row in a file."""
        found = np.ones(len(self.people), dtype=bool)
        asked = {canonical_name(entry, self.people.codebook) for entry in self.entries if entry.file == key}
        rank = self._rank + (self.people.value("sex") == "male" if asked and asked <= WOMEN_ONLY else 0)
        for group, members in self.people.by_group():
            share = group.files[key].people if key in group.files else None
            if share is not None and share < 1:
                found[members] = lowest(rank[members], share, self.people.rng(f"rows of {key}"))
        return found

    def attended(self, visit: str, file: str = "", column: str = "") -> Flags:
        """Return who came to a visit; everybody to the baseline, and of a second measure at a visit some."""
        visits = self.people.visits
        if visit not in visits[1:]:
            return np.ones(len(self.people), dtype=bool)
        base, _, repeat = visit.rpartition("_")
        if repeat.isdigit() and base in visits:
            again = self.people.rng(f"again {visit}").random(len(self.people)) < MEASURED_AGAIN
            return self.attended(base, file, column) & again
        found = np.ones(len(self.people), dtype=bool)
        for group, members in self.people.by_group():
            shares = group.column(file, column).codes
            first = shares.get(visits[0], 0.0)
            share = min(1.0, shares[visit] / first) if visit in shares and first > 0 else None
            kept = (1 - LOST_PER_VISIT) ** visits.index(visit) if share is None else share
            found[members] = lowest(self._attendance[members], kept, self.people.rng(f"visit {visit}"))
        return found

    def of_source(self, entry: Entry) -> Flags:
        """Return whose values stand in this source, where several sources give one variable for the same visits."""
        others = [
            other
            for other in self.entries
            if (other.section, other.name) == (entry.section, entry.name)
            and (other is entry or _visits(other, self.people.visits[0]) & _visits(entry, self.people.visits[0]))
        ]
        if len(others) < 2 or entry.section in ("diagnoses", "medications", "relations"):
            return np.ones(len(self.people), dtype=bool)
        return np.asarray(self.part(len(others)) == others.index(entry))

    def known(self, entry: Entry, name: str, visit: str, columns: list[str], candidates: Flags) -> Flags:
        """Return who has a value, among those who could have one; the first answer stands.

        Parameters
        ----------
        entry, name, visit, columns
            What is asked: the entry, its canonical name, the visit, and the raw columns of the answer.
        candidates
            Who has a row, came to the visit, and stands in this source.
        """
        key = (entry.place, visit)
        if key not in self._known:
            self._known[key] = self._drawn(entry, name, visit, columns, candidates)
        return self._known[key]

    def _drawn(self, entry: Entry, name: str, visit: str, columns: list[str], candidates: Flags) -> Flags:
        found = np.zeros(len(self.people), dtype=bool)
        form = entry.file
        if form not in self._forms:
            self._forms[form] = self.people.rng(f"form {form}").random(len(self.people))
        order = self._forms[form] - self.people.draws.missing(name)
        if name in WOMEN_ONLY:
            order = order - 2.0 * (self.people.value("sex") == "male")
        for group, members in self.people.by_group():
            here = members & candidates
            missing = self._missing_share(group, entry, name, visit, columns, members, here)
            if name in WOMEN_ONLY and getattr(entry.source, "column", None) is not None and here.any():
                missing = max(missing, float((self.people.value("sex")[here] == "male").mean()))  # men are not asked
            gone = lowest(order[here], missing, self.people.rng(f"missing {entry.place} {visit}"))
            found[np.flatnonzero(here)[~gone]] = True
        return found

    def _missing_share(
        self,
        group: GroupStatistics,
        entry: Entry,
        name: str,
        visit: str,
        columns: list[str],
        members: Flags,
        here: Flags,
    ) -> float:
        """Return which share of the candidates lacks a value, from the most telling number that there is."""
        raw = self._raw_share(group, entry, columns)
        if raw is not None:
            return raw
        missing = group.variable(name).missing
        if missing is not None and visit in ("", self.people.visits[0]) and here.any():
            return float(np.clip(1 - (1 - missing) * members.sum() / here.sum(), 0, 1))
        if missing is not None:
            return missing
        return self.people.draws.missing_share(name)

    def _raw_share(self, group: GroupStatistics, entry: Entry, columns: list[str]) -> float | None:
        """Return the share of empty cells and missing codes of a raw column; of a questionnaire, of empty forms."""
        source, file = entry.source, group.files.get(entry.source.file)
        per_visit = isinstance(getattr(source, "visit", None), UnitColumn)
        if file is None or not (per_visit or (file.rows_per_person or 1.0) <= 1.001):
            return None
        found = [file.columns[column] for column in columns if column in file.columns]
        if isinstance(source, InstrumentSource):
            blanks = [one.blank for one in found if one.blank is not None]
            return min(blanks) if blanks else None
        is_column = isinstance(source, Source) and (source.column is not None or source.visits is not None)
        if not is_column or source.where is not None or len(found) != 1 or found[0].blank is None:
            return None
        codes = missing_codes(self.study.files[source.file], source)
        return min(1.0, found[0].blank + sum(found[0].codes.get(code, 0.0) for code in codes))


def _visits(entry: Entry, baseline: str) -> set[str]:
    """Return the visits that an entry can speak of."""
    named = getattr(entry.source, "items", None) or getattr(entry.source, "visits", None)
    if isinstance(named, dict):
        return set(named)
    visit = getattr(entry.source, "visit", None)
    return {visit if isinstance(visit, str) else baseline}
