"""Which variables of a study the notebooks show, and how often depression is found in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from cohort.analysis.design import analysis_domain, counted_people, proportion, proportions_by
from cohort.analysis.sampling import base_name
from cohort.disclosure import Sum, people_named
from cohort.report.tables import place_of
from cohort.results import NotTestable, Result, ResultTable
from cohort.study import Study

KEY = (
    "phq9_total",
    "crp_mg_l",
    "has_any_autoimmune_disease",
    "has_childhood_trauma",
    "hospital_infection_count",
    "is_cmv_seropositive",
    "age_years",
    "sex",
    "education",
    "bmi_kg_m2",
    "smoking",
)
"""What the claims are about and what they are adjusted for: a cohort that lacks one is told so."""

SHOWN = (
    "age_years",
    "sex",
    "education",
    "ancestry_group",
    "bmi_kg_m2",
    "smoking",
    "phq9_total",
    "crp_mg_l",
    "il6_pg_ml",
    "leukocytes_10e9_l",
    "neutrophil_lymphocyte_ratio",
    "ctq_total",
    "has_childhood_trauma",
    "hospital_infection_count",
    "has_any_autoimmune_disease",
    "has_lifetime_depression",
)


def key_variables(study: Study) -> list[str]:
    """Return the variables that the claims need, whether or not the study has them."""
    return [name for name in KEY if name in study.codebook.tables["person_table"]]


def shown_variables(study: Study) -> list[str]:
    """Return the variables of Table 1 and of the distributions, as far as the study has them."""
    table = study.person_table
    return [name for name in SHOWN if name in table and table[name].notna().any()]


def missingness_table(missing: pd.DataFrame) -> ResultTable:
    """Return the shares of missing values for readers.

    Parameters
    ----------
    missing
        From :func:`cohort.analysis.missingness`.
    """
    data = pd.DataFrame(
        {
            "variable": missing["label"],
            "people": missing["people"],
            "missing": missing["missing"],
            "missing, %": 100 * missing["share"],
        }
    )
    return ResultTable(
        "missingness",
        "Missing values among the eligible",
        data,
        counts=("people", "missing"),
        formats={"missing, %": ".1f"},
        sums=tuple(Sum((row, "people"), ((row, "missing"),), has_rest=True) for row in range(len(data))),
        names={
            (row, column): people_named("eligible", *([f"{name} missing"] if column == "missing" else []))
            for row, name in enumerate(missing["variable"])
            for column in ("people", "missing")
        },
        percentages={"missing, %": ("missing", "people")},
    )


def depression_prevalence(study: Study) -> list[Result]:
    """Return the share with depression in all and by sex, with all nine items answered and with prorated totals."""
    table, design = study.person_table, study.design
    if "phq9_items_answered" not in table:
        return [NotTestable("Depression", "this cohort has no PHQ-9", "prevalence")]
    inside = analysis_domain(table, design)
    complete = inside & table["phq9_items_answered"].eq(9).fillna(value=False).to_numpy(dtype=bool)
    found: list[Result] = []
    for domain, words in ((complete, "all nine items answered"), (inside, "prorated with one or two missing")):
        found.append(proportion(table, "has_depression", design, domain=domain, label=f"All, {words}"))
        by_sex: Sequence[Result] = proportions_by(table, "has_depression", "sex", design, domain=domain)
        found += [result.with_label(f"{result.label}, {words}") for result in by_sex]
    return [_named(result, base_name(design)) for result in found]


def _named(result: Result, base: str) -> Result:
    """Return a result with the names of its people, as far as other tables count them too."""
    group, _, words = result.label.partition(", ")
    if isinstance(result, NotTestable) or not words.startswith("prorated"):
        return result
    conditions = [] if group == "All" else [f"sex={group}"]
    return replace(result, counted=counted_people(base, "has_depression", *conditions))


def changes(study: Study) -> pd.DataFrame:
    """Return what cleaning changed or set aside, by rule and column: the ledger without what was merely noted."""
    summary = study.ledger.summary()
    summary = summary.loc[summary["action"].isin(["repair", "set_missing", "quarantine", "merge"])]
    places = [place_of(study, table, column) for table, column in zip(summary["table"], summary["column"], strict=True)]
    keys = ["rule", "table", "column", "action"]
    pooled = summary.assign(table="", column=places).groupby(keys, sort=False)["count"].sum().reset_index()
    return pooled.sort_values("count", ascending=False, kind="stable", ignore_index=True)
