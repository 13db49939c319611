"""Notebook 03 asks whether childhood trauma and infection are followed by inflammation and depression.

Here stand the questions, their adjustment sets, who has which exposure, and the verdicts. Effects under every analysis:
:mod:`~cohort.analysis.adversity_effects`; paths: :mod:`~cohort.analysis.adversity_paths`; errors of measurement and
what is missing: :mod:`~cohort.analysis.adversity_errors`; in time and by design:
:mod:`~cohort.analysis.adversity_over_time` and :mod:`~cohort.analysis.adversity_controls`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import pandas as pd

from cohort.analysis.causal import AdjustmentSet, adjustment_set, measured_in
from cohort.analysis.design import Design, Domain, analysis_domain, design_of, mean, proportion, standard_deviation
from cohort.analysis.exposure_columns import BURDEN, exposure_columns
from cohort.analysis.exposure_interactions import PAIRS, SEX, SLOPES, TRAUMA_BMI, exposure_interactions, panels
from cohort.analysis.exposures import (
    infection_effects,
    lifestyle_effects,
    named,
    prenatal_effects,
    trauma_effects,
)
from cohort.analysis.firth import INSUFFICIENT
from cohort.analysis.modification import ADDITIVE
from cohort.analysis.regression import mean_difference
from cohort.analysis.small_cells import odds_ratio_small_cells
from cohort.analysis.trauma_score import KINDS, SEVERE, SUBSCALES
from cohort.analysis.variables import readable
from cohort.analysis.verdicts import difference_bounds, judge_direction
from cohort.results import Estimate, NotTestable, Result, ResultTable, Verdict

__all__ = [
    "CLAIMS",
    "CRP",
    "DEPRESSION",
    "adjustment_sets",
    "beside_over_adjusted",
    "exposed",
    "held_for",
    "infection",
    "interaction_rows",
    "interactions",
    "lifestyle",
    "near_constant",
    "panels",
    "prenatal",
    "prevalence",
    "sets_table",
    "trauma",
    "trauma_and_depression",
    "verdicts",
]

CLAIMS = ("IP-17", "IP-18", "IP-19", "IP-21", "IP-26", "IP-30", "SL-03", "SL-12")
DEPRESSION, CRP = "has_depression", "ln_crp"

_QUESTIONS: Mapping[str, tuple[str, str]] = {
    "trauma": ("has_childhood_trauma", CRP),
    "prenatal": ("has_prenatal_infection", DEPRESSION),
    "prenatal_stress_sd": ("prenatal_stress_sd", DEPRESSION),
    "is_cmv_seropositive": ("is_cmv_seropositive", DEPRESSION),
    "ln_ebv_igg": ("ebv_igg_au_ml", DEPRESSION),
    "is_hsv1_seropositive": ("is_hsv1_seropositive", DEPRESSION),
    "is_toxoplasma_seropositive": ("is_toxoplasma_seropositive", DEPRESSION),
    "has_hospital_infection": ("hospital_infection_count", DEPRESSION),
    "hospital_infection_count": ("hospital_infection_count", DEPRESSION),
    "has_pelvic_infection": ("has_pelvic_infection", DEPRESSION),
    "has_acute_infection": ("has_acute_infection", DEPRESSION),
    "bmi_kg_m2": ("bmi_kg_m2", CRP),
    "is_obese": ("bmi_kg_m2", CRP),
    "is_current_smoker": ("smoking", CRP),
    "inflammation": (CRP, DEPRESSION),
}
"""Exposure and outcome in the graph for each set, by the name under which the estimators look it up."""

_NO_VARIABLE = (
    ("Infection in pregnancy, as remembered", "prevalence"),
    ("Years since the last hospital-treated infection", "mean"),
)
"""Exposures that nobody can map yet."""

_PATHOGENS = ("is_cmv_seropositive", "ln_ebv_igg", "is_hsv1_seropositive", "is_toxoplasma_seropositive")

_ALWAYS = ("age_years", "sex")
"""Held in every model: not every cause of an infection in the graph is age or sex, but prevalence differs by both."""


def adjustment_sets(table: pd.DataFrame, *, domain: Domain = None) -> dict[str, AdjustmentSet]:
    """Return the measured part of the set that the graph wants, for each exposure.

    Parameters
    ----------
    table
        One row per person.
    domain
        The people it is about; default ``is_eligible``.
    """
    return {
        name: adjustment_set(exposure, outcome, _measured(table, exposure, domain))
        for name, (exposure, outcome) in _QUESTIONS.items()
    }


def _measured(table: pd.DataFrame, exposure: str, domain: Domain) -> tuple[str, ...]:
    """Return what can be adjusted for among those who were asked for an exposure.

    Some are asked of a part of the people only, such as women; what they all share is no covariate.
    """
    inside = analysis_domain(table, design_of(table), domain)
    asked = inside & table[exposure].notna().to_numpy(dtype=bool) if exposure in table else inside
    return measured_in(table, domain=asked)


def sets_table(sets: Mapping[str, AdjustmentSet]) -> ResultTable:
    """Return for each exposure what is adjusted for and what is missing, and whether to speak of an effect.

    Parameters
    ----------
    sets
        From :func:`adjustment_sets`.
    """
    rows = [
        {
            "exposure": readable(chosen.exposure),
            "outcome": readable(chosen.outcome),
            "the graph": chosen.describe(),
            "speak of": f"{'an' if chosen.words[0] in 'ae' else 'a'} {chosen.words}",
        }
        for chosen in sets.values()
    ]
    data = pd.DataFrame(rows).drop_duplicates(ignore_index=True)
    return ResultTable("adjustment", f"{len(data)} questions, each with its own adjustment set", data)


def trauma_and_depression(table: pd.DataFrame, *, domain: Domain = None) -> AdjustmentSet:
    """Return the measured part of the set for trauma and depression, whose graph shows what stays open.

    Parameters
    ----------
    table, domain
        As in :func:`adjustment_sets`.
    """
    return adjustment_set("has_childhood_trauma", DEPRESSION, _measured(table, "has_childhood_trauma", domain))


def held_for(sets: Mapping[str, AdjustmentSet], table: pd.DataFrame, name: str) -> tuple[str, ...]:
    """Return the variables held for one exposure, age and sex among them.

    Parameters
    ----------
    sets
        From :func:`adjustment_sets`.
    table
        One row per person.
    name
        Of the set; ``pathogen_burden`` holds what any of its pathogens wants.
    """
    parts = _PATHOGENS if name == BURDEN else (name,)
    measured = _measured(table, sets[parts[0]].exposure, None)
    always = tuple(variable for variable in _ALWAYS if variable in measured)
    wanted = [variable for part in parts for variable in sets[part].variables]
    return tuple(dict.fromkeys((*always, *wanted)))


def exposed(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> list[Result]:
    """Return who has each exposure: shares of yes/no exposures, means of numbers; what is absent keeps its row.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.design.proportion`.
    """
    derived = exposure_columns(table)
    rows: list[tuple[str, str, bool]] = [
        ("ctq_total", "", False),
        *((name, "", False) for name in SUBSCALES),
        ("has_childhood_trauma", "", True),
        (SEVERE, "Childhood trauma, severe", True),
        (KINDS, "Kinds of childhood trauma, moderate or severe", False),
        ("has_prenatal_infection", "Infection in pregnancy, by register", True),
        ("prenatal_stress_sd", "", False),
        ("is_cmv_seropositive", "", True),
        ("is_ebv_seropositive", "", True),
        ("ln_ebv_igg", "ln Epstein-Barr virus titre of the seropositive", False),
        ("is_toxoplasma_seropositive", "", True),
        ("is_hsv1_seropositive", "", True),
        (BURDEN, "Pathogens that a person has antibodies to", False),
        ("has_hospital_infection", "Any hospital-treated infection", True),
        ("hospital_infection_count", "", False),
        ("has_pelvic_infection", "", True),
        ("has_acute_infection", "", True),
        ("bmi_kg_m2", "", False),
        ("is_obese", "Obesity (BMI of 30 or more)", True),
        ("is_current_smoker", "Current smokers among current and never smokers", True),
    ]
    found = [
        (proportion if is_share else mean)(derived, name, design, domain=domain, label=label)
        for name, label, is_share in rows
    ]
    absent = [NotTestable(label, "the codebook has no variable for it", measure) for label, measure in _NO_VARIABLE]
    return [*(named(result) for result in found), *absent]


def prevalence(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> list[Result]:
    """Return how many people have each yes/no exposure; see :func:`exposed`."""
    return [result for result in exposed(table, design, domain=domain) if result.measure == "prevalence"]


def trauma(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, Result]:
    """Return the effect of childhood trauma; see :func:`cohort.analysis.exposures.trauma_effects`."""
    return trauma_effects(table, design, adjustment=held_for(sets, table, "trauma"), domain=domain)


def beside_over_adjusted(found: Mapping[str, Result]) -> list[Result]:
    """Return the total effect of trauma on ln CRP, and beside it the over-adjusted one."""
    return [found["Childhood trauma and ln CRP"], found["Childhood trauma, over-adjusted and ln CRP"]]


def infection(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, Result]:
    """Return the association of infections; see :func:`cohort.analysis.exposures.infection_effects`.

    The mean PHQ-9 total by acute infection stands last.
    """
    held = {name: held_for(sets, table, name) for name in (*sets, BURDEN)}
    found = infection_effects(table, design, adjustment=held, domain=domain)
    found["Acute infection and PHQ-9 total"] = mean_difference(
        table,
        outcome="phq9_total",
        exposure="has_acute_infection",
        adjustment=held["has_acute_infection"],
        design=design,
        domain=domain,
        label="Acute infection",
        claims=("SL-12",),
    )
    return found


def near_constant(
    table: pd.DataFrame,
    design: Design,
    sets: Mapping[str, AdjustmentSet],
    *,
    domain: Domain = None,
    least: int = 0,
) -> list[Result]:
    """Return the odds ratio of depression for Epstein-Barr serostatus, which hardly varies, and for the titre.

    Where nearly everybody is seropositive the serostatus tells little or nothing; an interval that would span
    everything is refused for insufficient information (:func:`cohort.analysis.small_cells.odds_ratio_small_cells`).

    Parameters
    ----------
    table, design, sets, domain
        As in :func:`infection`.
    least
        As in :func:`cohort.analysis.small_cells.odds_ratio_small_cells`.
    """
    held = held_for(sets, table, "ln_ebv_igg")
    serostatus = odds_ratio_small_cells(
        table, outcome=DEPRESSION, exposure="is_ebv_seropositive", adjustment=held, design=design, domain=domain,
        label="Epstein-Barr virus, seropositive", least=least,
    )  # fmt: skip
    if isinstance(serostatus, NotTestable) and serostatus.reason.startswith("fewer than"):
        # So few are seronegative, or seropositive, that no interval could tell anything.
        serostatus = dataclasses.replace(serostatus, reason=f"{INSUFFICIENT}: {serostatus.reason}")
    titre = infection_effects(table, design, adjustment=held, domain=domain, only=("ln_ebv_igg",))
    return [serostatus, *(result for key, result in titre.items() if key.endswith(("and depression", "and ln CRP")))]


def lifestyle(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, Result]:
    """Return the association of obesity and smoking with CRP; see :func:`lifestyle_effects`."""
    held = {name: held_for(sets, table, name) for name in ("bmi_kg_m2", "is_obese", "is_current_smoker")}
    return lifestyle_effects(table, design, adjustment=held, domain=domain)


def prenatal(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, Result]:
    """Return the association of infection and stress in pregnancy; see :func:`prenatal_effects`."""
    return prenatal_effects(table, design, adjustment=held_for(sets, table, "prenatal"), domain=domain)


def interactions(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, dict[str, Result]]:
    """Return interactions on both scales; see :func:`exposure_interactions`."""
    held = {pair.key: held_for(sets, table, "hospital_infection_count") for pair in PAIRS}
    of_bmi = held_for(sets, table, "bmi_kg_m2")
    without = tuple(name for name in of_bmi if not name.startswith("ctq_") and name != "has_childhood_trauma")
    held |= {"Childhood trauma with obesity": without, TRAUMA_BMI.key: without, SEX.key: of_bmi}
    return exposure_interactions(table, design, adjustment=held, domain=domain)


def interaction_rows(found: Mapping[str, Mapping[str, Result]]) -> list[Result]:
    """Return product of odds ratios, the three additive measures and ratio of slopes of each pair, for a table.

    A pair that cannot be tested stands there once.
    """
    rows: list[Result] = []
    for results in found.values():
        wanted = [results[name] for name in ("product of odds ratios", *ADDITIVE, SLOPES) if name in results]
        rows += wanted if any(isinstance(result, Estimate) for result in wanted) else wanted[:1]
    return rows


def verdicts(
    table: pd.DataFrame,
    design: Design,
    found: Sequence[Mapping[str, Result]],
    *,
    synthetic: bool,
    domain: Domain = None,
) -> list[Verdict]:
    """Return the verdicts on the claims of the notebook.

    Differences in ln CRP and in the PHQ-9 total are held against a tenth of a standard deviation.

    Parameters
    ----------
    table, design, domain
        One row per person, how they were sampled, and whom it is about.
    found
        The results of the notebook's sections.
    synthetic
        Whether the cohort is synthetic.
    """
    results = {key: result for section in found for key, result in section.items()}
    asked = {
        "IP-17": "Cytomegalovirus, seropositive and depression",
        "IP-18": "Epstein-Barr virus titre (ln) among seropositive people and depression",
        "IP-19": "Cytomegalovirus, seropositive and ln CRP",
        "IP-21": "Infection in pregnancy and depression",
        "IP-26": "Childhood trauma and ln CRP",
        "IP-30": "Body mass index and ln CRP",
        "SL-03": "Hospital-treated infections and depression",
        "SL-12": "Acute infection and PHQ-9 total",
    }
    outcomes = {"IP-19": CRP, "IP-26": CRP, "IP-30": CRP, "SL-12": "phq9_total"}
    judged = []
    for claim, key in asked.items():
        result = results[key]
        bounds = None
        if claim in outcomes and isinstance(result, Estimate):
            bounds = difference_bounds(standard_deviation(table, outcomes[claim], design, domain=domain))
        judged.append(judge_direction(result, claim=claim, claimed="above", equivalence=bounds, synthetic=synthetic))
    return judged
