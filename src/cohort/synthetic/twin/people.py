"""The people of a twin: canonical values with the dependence of the causal model and the marginals of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cohort.codebook import Codebook
from cohort.synthetic.defects.raw_text import Flags, Floats, Texts
from cohort.synthetic.twin.draws import WOMEN_ONLY, Draws, Values
from cohort.synthetic.twin.marginals import carried, matched_flags, matched_numbers, matched_words
from cohort.synthetic.twin.statistics import GroupStatistics, Statistics, VariableStatistics

YEARS_BETWEEN_VISITS = 2
STAY = 0.7
"""Correlation of a person's measures at two visits in a row."""


class People:
    """Everybody of a twin.

    Parameters
    ----------
    model
        Person table of the causal model.
    codebook, statistics
        What the names mean, and what is known of the study.
    visits
        Labels of the visits in their order, the baseline first; ``t0_2`` is a second measure at ``t0``.
    allowed
        The categories that the study can express, by variable; other ones are replaced.
    ids
        Identifiers.
    bounds
        What the steps of eligibility make of a variable's range, by group and variable.
    seed
        Seed of everything that the model does not draw.
    """

    def __init__(
        self,
        model: pd.DataFrame,
        codebook: Codebook,
        statistics: Statistics,
        visits: Sequence[str],
        allowed: Mapping[str, Sequence[str]],
        ids: Texts,
        seed: int,
        bounds: Mapping[str, Mapping[str, tuple[float, float]]] | None = None,
    ) -> None:
        self.draws = Draws(model, codebook, seed)
        self.codebook, self.statistics, self.ids = codebook, statistics, ids
        self.visits, self.allowed, self.bounds = list(visits), allowed, bounds or {}
        names = np.array(list(statistics.groups), dtype=object)
        shares = np.array([group.share for group in statistics.groups.values()])
        self.group: Texts = self.rng("group").choice(names, size=len(ids), p=shares / shares.sum())
        self._cache: dict[tuple[str, str], Values] = {}

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self.ids)

    def rng(self, name: str) -> np.random.Generator:
        """Return the random numbers of one purpose."""
        return self.draws.rng(name)

    def by_group(self) -> list[tuple[GroupStatistics, Flags]]:
        """Return the statistics of each group, and who belongs to it."""
        return [(group, self.group == name) for name, group in self.statistics.groups.items()]

    def value(self, name: str, visit: str = "", observed: Flags | None = None) -> Values:
        """Return the values of everybody; among those who are observed they have the distribution of the study.

        Parameters
        ----------
        name
            Column of the person table, ``is_<drug>_user``, or a column of follow-up or design.
        visit
            Label of the visit; the baseline by default.
        observed
            Who has a value that can be seen; everybody by default. It counts when the values are first asked for.
        """
        key = (name, self._wave(visit))
        if key not in self._cache:
            self._cache[key] = self._drawn(
                name, visit, np.ones(len(self), dtype=bool) if observed is None else observed
            )
        return self._cache[key]

    def _wave(self, visit: str) -> str:
        return visit if visit in self.visits[1:] else ""

    def _drawn(self, name: str, visit: str, observed: Flags) -> Values:
        wave = self._wave(visit)
        if name in ("birth_year", "age_years", "baseline_date"):
            return self._time(name, wave, observed)
        values = self.draws.value(name)
        if wave:
            values = self._moved(name, wave)
        if name in WOMEN_ONLY:
            women = self.value("sex") == "female"
            return np.asarray(self._matched(name, values, observed & women) & women)
        values = self._matched(name, values, observed)
        if name == "exit_date":
            values = np.maximum(values, self.value("entry_date") + np.timedelta64(1, "D"))
        return values

    def _time(self, name: str, wave: str, observed: Flags) -> Values:
        """Return age, birth year or the date of a visit, which hang together."""
        number = self.visits.index(wave) if wave else 0
        base, _, repeat = wave.rpartition("_")
        if base in ("", *self.visits) and repeat.isdigit() and name == "baseline_date":  # a second measure, days later
            return np.asarray(self.value(name, base) + np.timedelta64(14 * (int(repeat) - 1), "D"))
        if wave and name == "baseline_date":
            jitter = self.rng(f"date {wave}").integers(-30, 31, size=len(self)).astype("timedelta64[D]")
            return np.asarray(self.value(name) + np.timedelta64(365 * YEARS_BETWEEN_VISITS * number, "D") + jitter)
        if wave and name == "age_years":
            return np.asarray(self.value(name) + YEARS_BETWEEN_VISITS * number, dtype=float)
        if name == "birth_year":
            years = self.value("baseline_date").astype("datetime64[Y]").astype(int) + 1970
            return np.asarray(years - np.floor(self.value("age_years")), dtype=float)
        return self._matched(name, self.draws.value(name), observed)

    def _moved(self, name: str, wave: str) -> Values:
        """Return values at a later visit, before they are matched."""
        first, rng = self.value(name), self.rng(f"{name} at {wave}")
        if first.dtype.kind == "f":
            return carried(first, STAY, rng)
        if first.dtype.kind == "b":
            swap = rng.random(len(first)) < 0.1
            return np.where(swap, rng.permutation(first), first)
        if first.dtype.kind == "M":
            return first
        swap = rng.random(len(first)) < 0.15
        return np.where(swap, rng.permutation(first), first)

    def _matched(self, name: str, values: Values, observed: Flags) -> Values:
        values = values.copy()
        for key, group in self.statistics.groups.items():
            here = (self.group == key) & observed
            bounds = self.bounds.get(key, {}).get(name, (-np.inf, np.inf))
            values[here] = self._matched_group(name, values[here], group.variable(name), bounds)
        return values

    def _matched_group(
        self, name: str, values: Values, wanted: VariableStatistics, bounds: tuple[float, float]
    ) -> Values:
        rng, variable = self.rng(f"match {name} {len(values)}"), self.draws.variable(name)
        if values.dtype.kind == "b":
            share = _share_true(wanted)
            return values if share is None else matched_flags(values.astype(float), share, rng)
        if values.dtype.kind == "M":
            days = matched_numbers(values.astype("datetime64[D]").astype(float), wanted, rng, whole=True)
            return np.asarray(days.astype(np.int64).astype("datetime64[D]"))
        if values.dtype.kind == "f":
            low = -np.inf if variable is None or variable.minimum is None else variable.minimum
            high = np.inf if variable is None or variable.maximum is None else variable.maximum
            if variable is not None and variable.analyte:
                high = self.codebook.analytes[variable.analyte].maximum
            whole = variable is not None and variable.type == "integer"
            found = matched_numbers(values, wanted, rng, whole=whole, limits=(low, high))
            return np.clip(found, *bounds) if wanted != VariableStatistics() else found
        return self._matched_words(name, values, wanted, rng)

    def _matched_words(self, name: str, values: Texts, wanted: VariableStatistics, rng: np.random.Generator) -> Texts:
        allowed = self.allowed.get(name)
        shares = {word: share for word, share in wanted.shares.items() if allowed is None or word in allowed}
        variable = self.draws.variable(name)
        order = variable.categories if variable is not None and variable.ordered else ()
        if shares:
            return matched_words(values, shares, rng, order=order)
        if allowed is None or not len(allowed):
            return values
        found, strange = values.copy(), np.flatnonzero(~np.isin(values.astype(str), list(allowed)))
        kept = np.delete(values, strange)
        pool = kept if len(kept) else np.array(list(allowed), dtype=object)
        found[strange] = rng.choice(pool, size=len(strange))
        return found


def _share_true(wanted: VariableStatistics) -> float | None:
    """Return the share of true among true and false, of which the one or the other may be suppressed."""
    if "true" in wanted.shares:
        total = sum(wanted.shares.values()) if len(wanted.shares) == 2 else 1.0
        return wanted.shares["true"] / total if total > 0 else None
    return 1 - wanted.shares["false"] if "false" in wanted.shares else None


def scores_of(people: People, names: Sequence[str], visit: str, observed: Flags) -> dict[str, Floats]:
    """Return scores of a questionnaire as numbers, by name."""
    return {name: people.value(name, visit, observed).astype(float) for name in names}
