"""Notebook 03 asks whether childhood trauma and infection are followed by inflammation and depression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cohort.analysis.causal import AdjustmentSet, adjustment_set, measured_in
from cohort.analysis.design import Design, Domain, analysis_domain, design_of, proportion, standard_deviation
from cohort.analysis.exposures import (
    exposure_columns,
    exposure_interactions,
    infection_effects,
    lifestyle_effects,
    prenatal_effects,
    trauma_effects,
)
from cohort.analysis.regression import mean_difference
from cohort.analysis.variables import InestimableError, binary, readable, require
from cohort.analysis.verdicts import difference_bounds, judge_direction
from cohort.results import Estimate, NotTestable, Result, ResultTable, Verdict

CLAIMS = ("IP-17", "IP-18", "IP-19", "IP-21", "IP-26", "IP-30", "SL-03", "SL-12")
DEPRESSION, CRP = "has_depression", "ln_crp"

_QUESTIONS: Mapping[str, tuple[str, str]] = {
    "trauma": ("has_childhood_trauma", CRP),
    "is_cmv_seropositive": ("is_cmv_seropositive", DEPRESSION),
    "ln_ebv_igg": ("ebv_igg_au_ml", DEPRESSION),
    "has_hospital_infection": ("hospital_infection_count", DEPRESSION),
    "hospital_infection_count": ("hospital_infection_count", DEPRESSION),
    "has_pelvic_infection": ("has_pelvic_infection", DEPRESSION),
    "has_acute_infection": ("has_acute_infection", DEPRESSION),
    "bmi_kg_m2": ("bmi_kg_m2", CRP),
    "is_obese": ("bmi_kg_m2", CRP),
    "is_current_smoker": ("smoking", CRP),
    "prenatal": ("has_prenatal_infection", DEPRESSION),
}
"""Exposure and outcome in the graph for each set, by the name under which the estimators look it up."""

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


def _held(sets: Mapping[str, AdjustmentSet], table: pd.DataFrame, *, name: str) -> tuple[str, ...]:
    """Return the variables held for one exposure, age and sex among them."""
    measured = _measured(table, sets[name].exposure, None)
    always = tuple(variable for variable in _ALWAYS if variable in measured)
    return tuple(dict.fromkeys((*always, *sets[name].variables)))


def prevalence(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> list[Result]:
    """Return how many people have each exposure.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.design.proportion`.
    """
    derived = exposure_columns(table)
    names = (
        "has_childhood_trauma",
        "has_prenatal_infection",
        "is_cmv_seropositive",
        "is_ebv_seropositive",
        "has_hospital_infection",
        "has_pelvic_infection",
        "has_acute_infection",
        "is_obese",
        "is_current_smoker",
    )
    labels = {
        "has_hospital_infection": "Any hospital-treated infection",
        "is_obese": "Obesity (BMI of 30 or more)",
        "is_current_smoker": "Current smokers among current and never smokers",
    }
    return [proportion(derived, name, design, domain=domain, label=labels.get(name, "")) for name in names]


def trauma(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, Result]:
    """Return the effect of childhood trauma; see :func:`cohort.analysis.exposures.trauma_effects`."""
    return trauma_effects(table, design, adjustment=_held(sets, table, name="trauma"), domain=domain)


def trauma_on_crp(found: Mapping[str, Result]) -> list[Result]:
    """Return the results on the ratio of geometric mean CRP, total beside over-adjusted."""
    return [result for key, result in found.items() if key.endswith("and CRP")]


def infection(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, Result]:
    """Return the association of infections; see :func:`cohort.analysis.exposures.infection_effects`.

    The mean PHQ-9 total by acute infection stands last.
    """
    held = {name: _held(sets, table, name=name) for name in sets}
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


def on_depression(found: Mapping[str, Result]) -> list[Result]:
    """Return the results on the odds of depression."""
    return [result for key, result in found.items() if key.endswith("and depression")]


def lifestyle(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, Result]:
    """Return the association of obesity and smoking with CRP; see :func:`lifestyle_effects`."""
    held = {name: _held(sets, table, name=name) for name in ("bmi_kg_m2", "is_obese", "is_current_smoker")}
    return lifestyle_effects(table, design, adjustment=held, domain=domain)


def prenatal(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, Result]:
    """Return the association of infection and stress in pregnancy; see :func:`prenatal_effects`."""
    return prenatal_effects(table, design, adjustment=_held(sets, table, name="prenatal"), domain=domain)


def interactions(
    table: pd.DataFrame, design: Design, sets: Mapping[str, AdjustmentSet], *, domain: Domain = None
) -> dict[str, dict[str, Result]]:
    """Return interactions on both scales; see :func:`cohort.analysis.exposures.exposure_interactions`."""
    held = _held(sets, table, name="hospital_infection_count")
    return exposure_interactions(table, design, adjustment=held, domain=domain)


def interaction_rows(found: Mapping[str, Mapping[str, Result]]) -> list[Result]:
    """Return the product of odds ratios, the relative excess risk and the ratio of slopes, for a table."""
    wanted = ("product of odds ratios", "relative excess risk due to interaction", "ratio of slopes")
    return [result for results in found.values() for name, result in results.items() if name in wanted]


def cells(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> list[Result]:
    """Return the share with depression in the four cells of childhood trauma and hospital-treated infection."""
    derived = exposure_columns(table)
    inside = analysis_domain(table, design, domain)
    names = ("has_childhood_trauma", "has_hospital_infection")
    try:
        trauma_there, infection_there = (binary(require(derived, name)) for name in names)
    except InestimableError as reason:
        return [NotTestable("Childhood trauma and infection", str(reason), "prevalence")]
    return [
        proportion(
            derived,
            DEPRESSION,
            design,
            domain=inside & (trauma_there == exposed) & (infection_there == infected),
            label=f"{'trauma' if exposed else 'no trauma'}, {'infection' if infected else 'no infection'}",
        )
        for exposed in (0, 1)
        for infected in (0, 1)
    ]


def censored(*found: Mapping[str, Result]) -> list[Result]:
    """Return the ratios of geometric mean CRP twice: values below the limit at the limit, and as censored."""
    rows = []
    for results in found:
        for key, result in results.items():
            beside = results.get(f"{key}, censored")
            if key.endswith("and CRP") and isinstance(result, Estimate) and beside is not None:
                rows += [result, beside]
    return rows or [NotTestable("CRP", "no exposure of this notebook could be set against CRP")]


def for_truth(found: Mapping[str, Result]) -> list[Result]:
    """Return the total effect of trauma on ln CRP and the over-adjusted one, to set beside the truth."""
    return [found["Childhood trauma and ln CRP"], found["Childhood trauma, over-adjusted and ln CRP"]]


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
