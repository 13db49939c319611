"""Notebook 01 asks what came first: depression after autoimmune disease, or autoimmune disease after depression.

Onsets during follow-up are used where follow-up has recorded them; else the life before the interview, with ages at
onset as they were told in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import pandas as pd

from cohort.analysis.causal import adjustment_set, measured_in
from cohort.analysis.comorbidity import ANY
from cohort.analysis.families import (
    families_of,
    family_design,
    is_survey,
)
from cohort.analysis.hazards import hazard_ratio
from cohort.analysis.onset_question import Question, words_of
from cohort.analysis.onsets import ANY_AUTOIMMUNE, DEPRESSION, Onset, life_table, onsets
from cohort.analysis.person_time import LagTime
from cohort.analysis.rate_ratio import incidence_rate_ratio
from cohort.analysis.rates import age_specific_rates, incidence_rates
from cohort.analysis.sampling import Design, Domain
from cohort.analysis.variables import InestimableError
from cohort.analysis.verdicts import judge_direction
from cohort.codebook import load_codebook
from cohort.results import Estimate, NotTestable, Result, ResultTable, Verdict

Direction: TypeAlias = Literal["depression after autoimmune disease", "autoimmune disease after depression"]
DIRECTIONS: tuple[Direction, ...] = ("depression after autoimmune disease", "autoimmune disease after depression")
LAGS = (0.0, 1.0)
"""Years; a lag of one takes out what is found in the year of the other diagnosis because a doctor looked."""

EARLY = ("sex", "birth_year", "ancestry_group", "parental_ses_sd")
"""Fixed by birth, so that nothing in the life that follows can have shaped them."""

HAS_DEPRESSION = "has_depression"
EVER_DEPRESSED = "has_lifetime_depression"
FOLLOW_UP = "follow-up"
LIFE = "life before the interview"


@dataclass(frozen=True, eq=False)
class OverTime:
    """A cohort as person-time and families.

    Parameters
    ----------
    people, relations
        One row per person; pairs of relatives.
    design
        The design of ``people``, with families as its units where the cohort has any and is no survey.
    intervals
        The risk table that is used: that of follow-up, or that of the life before the interview.
    source
        Which of them it is.
    why
        In a sentence: what is used and why.
    known
        What is known of onsets, by disease.
    adjustment
        What hazard and rate ratios are adjusted for, by direction: what was fixed by birth where the past is the time
        at risk; the measured part of what the graph wants where it is follow-up, for all of it was measured before.
    """

    people: pd.DataFrame
    relations: pd.DataFrame
    design: Design
    intervals: pd.DataFrame
    source: str
    why: str
    known: Mapping[str, Onset]
    adjustment: Mapping[Direction, tuple[str, ...]]

    def question(self, outcome: str, exposure: str, *, lag: float = 0.0, lag_time: LagTime = "unexposed") -> Question:
        """Return a question about the cohort's person-time."""
        onset = None
        if exposure in self.known:
            onset = pd.Series(self.known[exposure].age, index=pd.Index(self.people["participant_id"]))
        return Question(outcome, exposure, lag, lag_time, onset, self.source)


def over_time(tables: Mapping[str, pd.DataFrame], design: Design) -> OverTime:
    """Return a cohort as person-time and families.

    Parameters
    ----------
    tables
        The clean tables of a study: ``person_table``, ``diagnoses``, ``risk_table``, ``relations``; only the first must
        be there.
    design
        The design of the person table.
    """
    people = tables["person_table"]
    nothing = pd.DataFrame()
    diagnoses, followed, relations = (tables.get(name, nothing) for name in ("diagnoses", "risk_table", "relations"))
    life = life_table(people, diagnoses)
    known = onsets(people, diagnoses)
    units = design if relations.empty else family_design(design, families_of(people, relations))
    asked = Question(DEPRESSION, ANY_AUTOIMMUNE)
    try:
        asked.time(followed, people, design=design)
        intervals, source, why = followed, FOLLOW_UP, "Onsets during follow-up; people enter at their age at entry."
    except InestimableError as reason:
        intervals, source = (life, LIFE) if len(life) else (followed, FOLLOW_UP)
        why = f"Follow-up: {reason}."
        if len(life):
            why += (
                " Used instead: the life before the interview, from birth, with ages at onset as told in it. Who died "
                "before cannot be seen, and what was forgotten counts as absent."
            )
    return OverTime(people, relations, units, intervals, source, why, known, _adjustment(people, source))


def _adjustment(people: pd.DataFrame, source: str) -> dict[Direction, tuple[str, ...]]:
    """Return what to hold in each direction; nobody at risk has had the outcome, and age is the time scale."""
    measured = measured_in(people)
    if source == LIFE:
        return dict.fromkeys(DIRECTIONS, tuple(name for name in EARLY if name in measured))
    sets = (adjustment_set(ANY, HAS_DEPRESSION, measured), adjustment_set(EVER_DEPRESSED, ANY, measured))
    not_held = {"age_years", EVER_DEPRESSED, ANY}
    return {
        direction: tuple(name for name in wanted.variables if name not in not_held)
        for direction, wanted in zip(DIRECTIONS, sets, strict=True)
    }


def _pairs(direction: Direction) -> list[tuple[str, str]]:
    """Return outcome and exposure of each comparison, any autoimmune disease first."""
    diseases = [name for name, disease in load_codebook().diseases.items() if disease.autoimmune]
    autoimmune = [ANY_AUTOIMMUNE, *diseases]
    if direction == "depression after autoimmune disease":
        return [(DEPRESSION, name) for name in autoimmune]
    return [(name, DEPRESSION) for name in autoimmune]


def _disease_label(name: str) -> str:
    words = words_of(name)
    return words[:1].upper() + words[1:]


def rates(cohort: OverTime, *, domain: Domain = None) -> list[Result]:
    """Return the incidence rate of depression without and with any autoimmune disease, and the reverse.

    Parameters
    ----------
    cohort
        From :func:`over_time`.
    domain
        The people it is about; default ``is_eligible``.
    """
    # Exact intervals of a simple sample take each person as a unit; one person has at most one onset.
    design = cohort.design if is_survey(cohort.design) else _simple(cohort)
    return [
        result
        for direction in DIRECTIONS
        for result in incidence_rates(
            cohort.intervals, cohort.people, cohort.question(*_pairs(direction)[0]), design=design, domain=domain
        )
    ]


def _simple(cohort: OverTime) -> Design:
    return Design(None, None, None, cohort.design.size)


def ratios(
    cohort: OverTime,
    direction: Direction,
    *,
    measure: Literal["hazard ratio", "incidence rate ratio"] = "hazard ratio",
    lags: Sequence[float] = LAGS,
    domain: Domain = None,
) -> dict[str, list[Result]]:
    """Return hazard or rate ratios of any and each autoimmune disease in one direction, by lag.

    Parameters
    ----------
    cohort
        From :func:`over_time`.
    direction
        What comes after what.
    measure
        Cox regression on the age scale, or Poisson regression of person-years in age bands.
    lags
        Years from the exposure's onset during which it does not count.
    domain
        The people it is about.

    Returns
    -------
    dict
        One list for each lag, labelled by autoimmune disease, any of them first.
    """
    estimate = hazard_ratio if measure == "hazard ratio" else incidence_rate_ratio
    found: dict[str, list[Result]] = {}
    for lag in lags:
        name = f"lag {lag:g} y" if lag else "no lag"
        found[name] = [
            estimate(
                cohort.intervals,
                cohort.people,
                cohort.question(outcome, exposure, lag=lag),
                adjustment=cohort.adjustment[direction],
                design=cohort.design,
                domain=domain,
                label=_disease_label(exposure if outcome == DEPRESSION else outcome),
                claims=("SL-04",) if outcome == ANY_AUTOIMMUNE else (),
            )
            for outcome, exposure in _pairs(direction)
        ]
    return found


def by_age(
    cohort: OverTime, direction: Direction, *, step: float = 10.0, domain: Domain = None
) -> dict[str, list[Result]]:
    """Return incidence rates by age band without and with the exposure, for :func:`cohort.plots.draw_rates_by_age`.

    Parameters
    ----------
    cohort, direction, domain
        As in :func:`ratios`.
    step
        Width of the age bands in years.
    """
    question = cohort.question(*_pairs(direction)[0])
    without, after = age_specific_rates(
        cohort.intervals, cohort.people, question, design=_simple(cohort), step=step, domain=domain
    ).values()
    return {f"without {question.exposure_words}": without, f"after {question.exposure_words}": after}


def assumptions_table(found: Mapping[str, Sequence[Result]]) -> ResultTable:
    """Return for each ratio what person-time it rests on, its lag, and whether hazards look proportional.

    Parameters
    ----------
    found
        From :func:`ratios`.
    """
    rows = [
        {"disease": result.label, "version": version, **dict(result.details)}
        for version, results in found.items()
        for result in results
        if isinstance(result, Estimate)
    ]
    columns = ["disease", "version", "person-time", "lag", "proportional hazards", "left out, no outcome"]
    if not rows:
        refused = [result for results in found.values() for result in results if isinstance(result, NotTestable)]
        columns = ["ratios", "why"]
        rows = [{"ratios": "none", "why": refused[0].reason if refused else "none was asked for"}]
    data = pd.DataFrame(rows, columns=columns).dropna(axis="columns", how="all")
    return ResultTable(
        "hazards",
        "What the ratios rest on",
        data,
        note="Proportional hazards: test of scaled Schoenfeld residuals against age (Grambsch and Therneau 1994). "
        "Where they are not, the ratio is an average over ages.",
    )


def verdicts(backward: Mapping[str, Sequence[Result]], family: Sequence[Result], *, synthetic: bool) -> list[Verdict]:
    """Return the verdicts on what depression does to autoimmunity (SL-04) and on families (IP-14, IP-15).

    SL-04 rests on the hazard ratio of any autoimmune disease after depression with the longest lag. IP-14 and IP-15
    rest on siblings, of whom there are more than parents in a cohort of adults; IP-14 with the sibling's depression
    held, as the claim has it.

    Parameters
    ----------
    backward
        From :func:`ratios`, autoimmune disease after depression.
    family
        From :func:`cohort.analysis.autoimmunity_in_families.familial`.
    synthetic
        Whether the cohort is synthetic.
    """
    last = list(backward.values())[-1][0]
    judged = [judge_direction(last, claim="SL-04", claimed="above", synthetic=synthetic)]
    for claim, held in (("IP-14", "the relative's depression held"), ("IP-15", "")):
        asked = [result for result in family if claim in result.claims and result.measure == "odds ratio"]
        first = next(result for result in asked if result.label.endswith(held))
        judged.append(judge_direction(first, claim=claim, claimed="above", synthetic=synthetic))
    return judged
