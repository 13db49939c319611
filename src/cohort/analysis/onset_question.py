"""One outcome after one exposure in time: what it is called, what lag it has, and the person-time that answers it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from cohort.analysis.person_time import LagTime, PersonTime, person_time, with_lag
from cohort.analysis.sampling import Design, Domain
from cohort.codebook import load_codebook

_OWN_WORDS = {"any_autoimmune_disease": "any autoimmune disease", "lifetime_depression": "depression"}


def words_of(disease: str) -> str:
    """Return what a disease of a risk table is called in a sentence.

    Examples
    --------
    >>> words_of("lifetime_depression"), words_of("multiple_sclerosis")
    ('depression', 'multiple sclerosis')
    """
    known = load_codebook().diseases
    label = _OWN_WORDS.get(disease) or (known[disease].label if disease in known else disease)
    return label if any(letter.isupper() for letter in label[1:]) else label[:1].lower() + label[1:]


@dataclass(frozen=True)
class Question:
    """One outcome after one exposure, and what else belongs to the person-time of every analysis of them.

    Parameters
    ----------
    outcome, exposure
        Names in the risk table: diseases, or "any_autoimmune_disease".
    lag
        Years from the onset of the exposure during which it does not count yet.
    lag_time
        Whether the years of the lag are time without exposure, or left out.
    onset
        Age at onset of the exposure by participant: see :func:`cohort.analysis.person_time.with_lag`.
    source
        What the person-time is, for a table: "follow-up", "life before the interview".
    called
        What the exposure is called in a sentence, where its name is not enough: "depression of a parent".

    Examples
    --------
    >>> Question("lifetime_depression", "any_autoimmune_disease", lag=1).label
    'depression after any autoimmune disease, lag 1 y'
    """

    outcome: str
    exposure: str
    lag: float = 0.0
    lag_time: LagTime = "unexposed"
    onset: pd.Series | None = None
    source: str = "follow-up"
    called: str = ""

    @property
    def exposure_words(self) -> str:
        """Return what the exposure is called in a sentence."""
        return self.called or words_of(self.exposure)

    @property
    def label(self) -> str:
        """Return the question in words, for a row of a table."""
        lag = f", lag {self.lag:g} y" if self.lag else ""
        return f"{words_of(self.outcome)} after {self.exposure_words}{lag}"

    @property
    def details(self) -> tuple[tuple[str, str], ...]:
        """Return source and lag in words, as pairs."""
        if not self.lag:
            return (("person-time", self.source), ("lag", "none"))
        how = "counts as unexposed" if self.lag_time == "unexposed" else "is left out"
        return (("person-time", self.source), ("lag", f"{self.lag:g} y; time in it {how}"))

    def time(
        self,
        intervals: pd.DataFrame,
        people: pd.DataFrame,
        *,
        design: Design,
        domain: Domain = None,
        adjustment: Sequence[str] = (),
    ) -> PersonTime:
        """Return the person-time of the question; see :func:`cohort.analysis.person_time.person_time`."""
        own = intervals
        if len(intervals):
            own = intervals.loc[
                (intervals["outcome"] == self.outcome).to_numpy(dtype=bool, na_value=False)
                & (intervals["exposure"] == self.exposure).to_numpy(dtype=bool, na_value=False)
            ]
        if len(own):
            own = with_lag(own, lag=self.lag, lag_time=self.lag_time, onset=self.onset)
        return person_time(
            own, people, outcome=words_of(self.outcome), exposure=self.exposure_words, design=design, domain=domain,
            adjustment=adjustment,
        )  # fmt: skip
