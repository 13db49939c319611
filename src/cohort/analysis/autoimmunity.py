"""Notebook 01 asks whether autoimmune disease and depression go together, and threefold.

Each function answers one section of the notebook; the estimators are those of
:mod:`~cohort.analysis.comorbidity`, :mod:`~cohort.analysis.regression` and :mod:`~cohort.analysis.contrasts`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from cohort.analysis.causal import AdjustmentSet, adjustment_set, load_graph, measured_in, objections, question_for
from cohort.analysis.comorbidity import ANY, comorbidity_by_adjustment, comorbidity_table, diseases_of
from cohort.analysis.contrasts import standardised_contrasts
from cohort.analysis.design import Design, Domain, analysis_domain, proportion
from cohort.analysis.literature import Published, published_estimates
from cohort.analysis.power import MinimumDetectable, detectable_odds_ratio
from cohort.analysis.recruitment import for_population
from cohort.analysis.regression import odds_ratio
from cohort.analysis.sensitivity import EValue, e_value
from cohort.analysis.specification import holds
from cohort.analysis.variables import MINIMUM_CELL
from cohort.analysis.verdicts import judge_direction, judge_family, judge_size
from cohort.results import NotTestable, Result, ResultTable, Verdict

__all__ = [
    "ANY",
    "AdjustmentSets",
    "adjustment_sets",
    "comorbidity_table",
    "detectable",
    "detectable_table",
    "e_value_table",
    "exploratory_verdicts",
    "odds_ratios",
    "prevalence",
    "published",
    "standardised",
    "variants",
    "verdicts",
]

OUTCOME = "has_depression"
THREEFOLD: Mapping[str, str] = {
    "IP-10": "has_autoimmune_thyroid_disease",
    "IP-11": "has_type_1_diabetes",
    "IP-12": "has_multiple_sclerosis",
}
"""Claims of a threefold excess, with the disease that each names."""

CLAIMED_SIZE = 3.0
DESCRIBED = ("age_years", "sex", "education", "smoking")
"""What the prevalence odds ratio of claim IP-09 is held at."""


@dataclass(frozen=True)
class AdjustmentSets:
    """The adjustments that stand side by side in the notebook.

    Parameters
    ----------
    demographic
        Age and sex, as far as measured: the claims of a threefold excess are about people of the same age and sex.
    described
        The same with education and smoking.
    full
        The measured part of the set that the graph wants for the effect of autoimmune disease.
    """

    demographic: tuple[str, ...]
    described: tuple[str, ...]
    full: AdjustmentSet

    def by_name(self) -> dict[str, tuple[str, ...]]:
        """Return the variables of each adjustment of the forest plot, by its name."""
        return {"crude": (), "age and sex": self.demographic, "full": self.full.variables}

    def table(self) -> ResultTable:
        """Return each adjustment with the objections that the graph raises against it as a causal one."""
        named = {**self.by_name(), "age, sex, education, smoking": self.described}
        rows = [
            {
                "adjustment": name,
                "variables": ", ".join(variables) or "none",
                "as an effect, the graph objects": "; ".join(objections("aid", "dep", variables)) or "nothing",
            }
            for name, variables in named.items()
        ]
        rows += [
            {
                "adjustment": f"tempting and wrong: {wrong.name}",
                "variables": "",
                "as an effect, the graph objects": wrong.harm,
            }
            for wrong in question_for("aid", "dep").wrong
        ]
        return ResultTable("adjustment", f"{len(named)} adjustments, and what tempts", pd.DataFrame(rows))


def adjustment_sets(table: pd.DataFrame, *, domain: Domain = None) -> AdjustmentSets:
    """Return the adjustments that a cohort allows.

    Parameters
    ----------
    table
        One row per person.
    domain
        The people it is about; default ``is_eligible``.
    """
    measured = measured_in(table, domain=domain)
    return AdjustmentSets(
        demographic=tuple(name for name in DESCRIBED[:2] if name in measured),
        described=tuple(name for name in DESCRIBED if name in measured),
        full=adjustment_set(ANY, OUTCOME, measured),
    )


def prevalence(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> list[Result]:
    """Return the prevalence of depression, and of any and each autoimmune disease.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.design.proportion`.
    """
    names = [OUTCOME, ANY, *(disease.column for disease in diseases_of(table))]
    return [proportion(table, name, design, domain=domain) for name in names]


def detectable(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> list[MinimumDetectable | NotTestable]:
    """Return the smallest odds ratio of depression that the cohort would show for each disease.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.power.detectable_odds_ratio`.
    """
    names = [ANY, *(disease.column for disease in diseases_of(table))]
    return [detectable_odds_ratio(table, design, outcome=OUTCOME, exposure=name, domain=domain) for name in names]


def detectable_table(found: Sequence[MinimumDetectable | NotTestable]) -> ResultTable:
    """Return the smallest detectable odds ratios, and whether 1.5 and the claimed 3 lie within reach.

    Parameters
    ----------
    found
        From :func:`detectable`.
    """
    rows: list[dict[str, object]] = []
    for entry in found:
        if isinstance(entry, NotTestable):
            rows.append({"disease": entry.label, "would find 3": f"not testable: {entry.reason}"})
            continue
        rows.append(
            {
                "disease": entry.label,
                "people": entry.n,
                "smallest odds ratio": entry.odds_ratio if math.isfinite(entry.odds_ratio) else math.nan,
                "would find 1.5": _yes(entry.odds_ratio <= 1.5),
                "would find 3": _yes(entry.odds_ratio <= CLAIMED_SIZE),
            }
        )
    columns = ["disease", "people", "smallest odds ratio", "would find 1.5", "would find 3"]
    return ResultTable(
        "detectable",
        "Smallest odds ratio found with 80 % power at this n",
        pd.DataFrame(rows, columns=columns),
        counts=("people",),
        formats={"smallest odds ratio": ".2f"},
        rests_on_counts=("smallest odds ratio",),
        note="Two-sided 5 % test, design effect included, before adjustment; adjusting costs some power.",
    )


def _yes(condition: bool) -> str:
    return "yes" if condition else "no"


def odds_ratios(
    table: pd.DataFrame, design: Design, sets: AdjustmentSets, *, domain: Domain = None, least: int = MINIMUM_CELL
) -> dict[str, list[Result]]:
    """Return the odds ratio of depression for any and each disease, by adjustment.

    Parameters
    ----------
    table, design, domain, least
        As in :func:`cohort.analysis.comorbidity.comorbidity`.
    sets
        From :func:`adjustment_sets`.
    """
    return comorbidity_by_adjustment(table, design, outcome=OUTCOME, domain=domain, sets=sets.by_name(), least=least)


def standardised(
    table: pd.DataFrame, design: Design, adjustment: Sequence[str], *, domain: Domain = None
) -> dict[str, Result]:
    """Return risk ratio, risk difference and marginal odds ratio of depression, everybody ill against nobody.

    Parameters
    ----------
    table, design, adjustment, domain
        As in :func:`cohort.analysis.contrasts.standardised_contrasts`.
    """
    return standardised_contrasts(
        table, outcome=OUTCOME, exposure=ANY, adjustment=adjustment, design=design, domain=domain, claims=("SL-19",)
    )


def published() -> Mapping[str, tuple[Published, ...]]:
    """Return what registers and reviews found, by disease."""
    return published_estimates(OUTCOME)


def variants(table: pd.DataFrame, design: Design, sets: AdjustmentSets, *, domain: Domain = None) -> list[Result]:
    """Return the odds ratio for any autoimmune disease under other analytic choices, wrong ones named as such.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.regression.odds_ratio`.
    sets
        From :func:`adjustment_sets`.
    """
    full = sets.full.variables
    inside = analysis_domain(table, design, domain)
    complete = holds(table, "phq9_items_answered", 9, 9)
    low = holds(table, "crp_mg_l", 0, 10)
    choices: list[tuple[str, Sequence[str], Domain]] = [
        ("the measured part of the right set", full, inside),
        ("crude", (), inside),
        ("age, sex, education, smoking", sets.described, inside),
        ("only complete questionnaires", full, inside & complete),
        ("only people with CRP of 10 mg/L or less", full, inside & low),
        *((f"wrong: {name}", variables, inside) for name, variables in _wrong_sets(table, full, domain)),
    ]
    return [
        odds_ratio(table, outcome=OUTCOME, exposure=ANY, adjustment=held, design=design, domain=who, label=label)
        for label, held, who in choices
    ]


def _wrong_sets(table: pd.DataFrame, full: Sequence[str], domain: Domain) -> list[tuple[str, tuple[str, ...]]]:
    """Return the tempting wrong sets that this cohort can form and that differ from the right one."""
    nodes, measured = load_graph().nodes, measured_in(table, domain=domain)
    found = []
    for wrong in question_for("aid", "dep").wrong:
        dropped = {name for node in wrong.drop for name in nodes[node].variables}
        added = [next((name for name in nodes[node].variables if name in measured), None) for node in wrong.add]
        changed = (*(name for name in full if name not in dropped), *(name for name in added if name is not None))
        if changed != tuple(full) and "recruitment" not in added:
            found.append((wrong.name, changed))
    return found


def e_value_table(results: Sequence[Result]) -> ResultTable:
    """Return the E-value of each estimate: how strong an unmeasured confounder would have to be to explain it.

    Parameters
    ----------
    results
        Odds ratios, one per disease.
    """
    rows: list[dict[str, object]] = []
    for result in results:
        value = e_value(result)
        if isinstance(value, EValue):
            rows.append({"disease": value.label, "E-value": value.point, "of the interval": value.limit})
        else:
            rows.append({"disease": value.label, "not testable": value.reason})
    columns = ["disease", "E-value", "of the interval", "not testable"]
    return ResultTable(
        "e_values",
        "How strong would an unmeasured confounder have to be?",
        pd.DataFrame(rows, columns=columns).dropna(axis="columns", how="all"),
        formats={"E-value": ".2f", "of the interval": ".2f"},
        note="Risk ratio with both disease and depression that would move the estimate, or its interval, to no effect "
        "(VanderWeele and Ding 2017). 1 means that the interval holds no effect already.",
    )


def verdicts(
    table: pd.DataFrame,
    design: Design,
    sets: AdjustmentSets,
    found: Mapping[str, Sequence[Result]],
    standard: Mapping[str, Result],
    *,
    synthetic: bool,
) -> list[Verdict]:
    """Return the verdicts on the primary claims.

    IP-09 rests on the prevalence odds ratio at the same age, sex, education and smoking; IP-10 to IP-12 on those at the
    same age and sex, judged for direction and for the claimed size of 3; SL-19 on the standardised odds ratio. Where
    everybody came from a clinic, none is testable.

    Parameters
    ----------
    table, design
        One row per person, and how they were sampled.
    sets, found, standard
        From :func:`adjustment_sets`, :func:`odds_ratios` and :func:`standardised`.
    synthetic
        Whether the cohort is synthetic.
    """
    described = odds_ratio(
        table, outcome=OUTCOME, exposure=ANY, adjustment=sets.described, design=design, claims=("IP-09",)
    )
    described = for_population(described, table, design)
    judged = [judge_direction(described, claim="IP-09", claimed="above", synthetic=synthetic)]
    columns = [ANY, *(disease.column for disease in diseases_of(table))]
    by_column = dict(zip(columns, found["age and sex"], strict=True))
    for claim, column in THREEFOLD.items():
        by_column[column] = for_population(by_column[column], table, design)
        judged.append(judge_direction(by_column[column], claim=claim, claimed="above", synthetic=synthetic))
        judged.append(judge_size(by_column[column], claim=claim, size=CLAIMED_SIZE, synthetic=synthetic))
    overall = for_population(standard["odds ratio"], table, design)
    judged.append(judge_direction(overall, claim="SL-19", claimed="above", synthetic=synthetic))
    return judged


def exploratory_verdicts(found: Mapping[str, Sequence[Result]], *, synthetic: bool) -> list[Verdict]:
    """Return the verdicts on each disease with the full set, corrected over the family.

    Parameters
    ----------
    found
        From :func:`odds_ratios`.
    synthetic
        Whether the cohort is synthetic.
    """
    family = list(found["full"])[1:]
    return judge_family(family, claimed="above", claims=["IP-09"] * len(family), synthetic=synthetic)
