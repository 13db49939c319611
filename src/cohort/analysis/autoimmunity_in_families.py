"""Notebook 01 asks in whom autoimmune disease and depression go together: by family, dose, sex and infection."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cohort.analysis.autoimmunity_over_time import DIRECTIONS, EVER_DEPRESSED, HAS_DEPRESSION, OverTime
from cohort.analysis.causal import measured_in
from cohort.analysis.comorbidity import ANY
from cohort.analysis.dose import odds_ratios_by_count
from cohort.analysis.families import KIN, KIN_AGE, KIN_EXPOSURE, Kin, familial_association, kin_table
from cohort.analysis.hazards import hazard_ratio
from cohort.analysis.modification import additive_interaction, by_stratum, contrast_of_strata
from cohort.analysis.onset_question import Question
from cohort.analysis.onsets import ANY_AUTOIMMUNE, DEPRESSION
from cohort.analysis.sampling import Domain
from cohort.analysis.variables import InestimableError, readable
from cohort.analysis.within_siblings import within_siblings
from cohort.results import NotTestable, Result

KINS: tuple[Kin, ...] = ("sibling", "parent")
COUNTED_INFECTIONS = "hospital_infection_count"
INFECTION = "has_hospital_infection"
INFECTION_LABEL = "Infection in hospital"
COUNT = "autoimmune_disease_count"


def familial(cohort: OverTime, *, domain: Domain = None) -> list[Result]:
    """Return how depression goes with autoimmune disease of siblings and parents, and the reverse, families as units.

    Depression is that before baseline where it was asked for: siblings have passed more of its risk than current
    depression tells.

    Parameters
    ----------
    cohort
        From :func:`cohort.analysis.autoimmunity_over_time.over_time`.
    domain
        The people it is about.
    """
    people, relations, design = cohort.people, cohort.relations, cohort.design
    depression = EVER_DEPRESSED if EVER_DEPRESSED in people else HAS_DEPRESSION
    held = tuple(name for name in ("age_years", "sex", "parental_ses_sd") if name in measured_in(people))
    found: list[Result] = []
    asked: list[tuple[str, str, str, tuple[str, ...], str]] = [
        (depression, ANY, "IP-14", held, ""),
        (depression, ANY, "IP-14", (*held, f"{KIN}{depression}"), ", the relative's depression held"),
        (depression, ANY, "IP-14", (*held, f"{KIN}{depression}", ANY), ", that and own disease held"),
        (ANY, depression, "IP-15", held, ""),
    ]
    for outcome, exposure, claim, adjustment, tail in asked:
        for kin in KINS:
            results = familial_association(
                people, relations, outcome=outcome, exposure=exposure, kin=kin, adjustment=(*adjustment, KIN_AGE),
                design=design, domain=domain, claims=(claim,),
            )  # fmt: skip
            shown = list(results.values())[: 1 if tail else 2]  # the risk ratio of the first alone
            found += [result.with_label(f"{result.label}{tail}") for result in shown]
    own = within_siblings(
        people, relations, outcome=depression, exposure=ANY, adjustment=held[:2], design=design, domain=domain,
        label=f"{readable(depression)} and own autoimmune disease, within siblings",
    )  # fmt: skip
    return [*found, children_of_the_depressed(cohort, domain=domain), own]


def children_of_the_depressed(cohort: OverTime, *, domain: Domain = None) -> Result:
    """Return the hazard ratio of any autoimmune disease in people of whom a parent has had depression.

    Parameters
    ----------
    cohort
        From :func:`cohort.analysis.autoimmunity_over_time.over_time`.
    domain
        The people it is about: the children.
    """
    label = "Any autoimmune disease in children of a parent who has had depression"
    question = Question(ANY_AUTOIMMUNE, DEPRESSION, source=cohort.source, called="depression of a parent")
    try:
        depression = EVER_DEPRESSED if EVER_DEPRESSED in cohort.people else HAS_DEPRESSION
        of_parents = kin_table(cohort.people, cohort.relations, depression, kin="parent")
    except InestimableError as reason:
        return NotTestable(label, str(reason), "hazard ratio", "", ("IP-15",))
    intervals = cohort.intervals
    if len(intervals):
        own = intervals.loc[(intervals["outcome"] == ANY_AUTOIMMUNE).to_numpy(dtype=bool, na_value=False)]
        whole = own.groupby("participant_id", as_index=False).agg(
            start=("start", "min"), stop=("stop", "max"), event=("event", "any")
        )
        exposed = of_parents.set_index("participant_id")[KIN_EXPOSURE].reindex(whole["participant_id"]).to_numpy()
        told = ~pd.isna(exposed)
        intervals = whole.assign(outcome=ANY_AUTOIMMUNE, exposure=DEPRESSION)[told].assign(
            is_exposed=exposed[told] == 1
        )
    return hazard_ratio(
        intervals, cohort.people, question, adjustment=cohort.adjustment[DIRECTIONS[1]], design=cohort.design,
        domain=domain, label=label, claims=("IP-15",),
    )  # fmt: skip


def dose(cohort: OverTime, adjustment: Sequence[str], *, domain: Domain = None) -> list[Result]:
    """Return the odds ratio of depression for one and for two or more autoimmune diseases, and the trend.

    Parameters
    ----------
    cohort
        From :func:`cohort.analysis.autoimmunity_over_time.over_time`.
    adjustment
        The measured part of the set that the graph wants.
    domain
        The people it is about.
    """
    return odds_ratios_by_count(
        cohort.people, outcome=HAS_DEPRESSION, count=COUNT, adjustment=adjustment, design=cohort.design, domain=domain,
        label="Autoimmune diseases", claims=("IP-09",),
    )  # fmt: skip


def _with_infection(people: pd.DataFrame) -> pd.DataFrame:
    """Return the table with whether somebody was ever in hospital for an infection, where that was counted."""
    if COUNTED_INFECTIONS not in people:
        return people
    return people.assign(**{INFECTION: (people[COUNTED_INFECTIONS].astype("Float64") > 0).astype("boolean")})


def modification(cohort: OverTime, adjustment: Sequence[str], *, domain: Domain = None) -> dict[str, list[Result]]:
    """Return whether autoimmune disease goes with depression more in women, and more after infection, on both scales.

    Parameters
    ----------
    cohort, adjustment, domain
        As in :func:`dose`.

    Returns
    -------
    dict
        "odds ratio" and "risk difference": one result for each sex, one without and with an infection that needed a
        hospital, and how far the strata differ; "additive interaction": relative excess risk, attributable proportion
        and synergy index with infection, by odds ratios and by standardised risks.
    """
    people = _with_infection(cohort.people)
    held = tuple(name for name in adjustment if name != COUNTED_INFECTIONS)
    found: dict[str, list[Result]] = {"odds ratio": [], "risk difference": [], "additive interaction": []}
    for modifier, name, others in (("sex", readable("sex"), adjustment), (INFECTION, INFECTION_LABEL, held)):
        if modifier == INFECTION and INFECTION not in people:
            reason = f"this cohort has no variable '{COUNTED_INFECTIONS}'"
            for measure, results in found.items():
                results.append(NotTestable(name, reason, measure))
            break
        strata = by_stratum(
            people, outcome=HAS_DEPRESSION, exposure=ANY, modifier=modifier, adjustment=others, design=cohort.design,
            domain=domain,
        )  # fmt: skip
        for measure, results in strata.items():
            levels = [result.label.split(": ")[-1] for result in results]
            named = [result.with_label(f"{name}: {level}") for result, level in zip(results, levels, strict=True)]
            against = " against ".join(reversed(levels))
            found[measure] += [*named, contrast_of_strata(named, label=f"{name}: {against}")]
    if INFECTION in people:
        found["additive interaction"] = [
            result.with_label(f"Autoimmune disease and infection, by {by}")
            for by, standardised in (("odds ratios", False), ("standardised risks", True))
            for result in additive_interaction(
                people, outcome=HAS_DEPRESSION, exposure=ANY, modifier=INFECTION, adjustment=held,
                design=cohort.design, domain=domain, standardised=standardised,
            ).values()
        ]  # fmt: skip
    return found
