"""Notebook 02 asks whether inflammation goes with depression, and whether it splits people into subgroups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cohort.analysis.causal import AdjustmentSet, adjustment_set, measured_in
from cohort.analysis.censored import limit_columns
from cohort.analysis.design import Design, Domain, analysis_domain
from cohort.analysis.markers import PANEL, marker_differences
from cohort.analysis.regression import mean_difference
from cohort.analysis.subgroups import (
    STRATA,
    GateResult,
    crp_strata_by,
    location_scale_shift,
    raised_crp_in_severe_depression,
    retest_of_crp,
    retest_table,
)
from cohort.analysis.subgroups.judgement import gate_table, judge_subgroups
from cohort.analysis.subgroups.strata import ABOVE_3
from cohort.analysis.variables import readable
from cohort.analysis.verdicts import judge_direction, judge_family
from cohort.disclosure import Sum
from cohort.results import NotTestable, Result, ResultTable, Verdict

GROUP = "has_depression"
EQUIVALENT = (-0.1, 0.1)
"""Bounds of a standardised difference that does not matter."""

BMI_CLASSES = ("below 25", "25 to 30", "30 and over")
"""In kg/m²."""

CRUDE, ADJUSTED, WITH_BMI = "crude", "age, sex and the like, not BMI", "with BMI"

__all__ = [
    "adjustment",
    "differences",
    "differences_table",
    "exclusions",
    "gate_table",
    "marker_table",
    "panel_verdicts",
    "retest",
    "severe",
    "shift",
    "strata",
    "strata_by_others",
    "verdicts",
]


def adjustment(table: pd.DataFrame, *, domain: Domain = None) -> AdjustmentSet:
    """Return the measured part of the set that the graph wants for inflammation and depression."""
    return adjustment_set("ln_crp", GROUP, measured_in(table, domain=domain))


def marker_table(table: pd.DataFrame, *, domain: Domain = None) -> ResultTable:
    """Return for each marker of the panel how many people have it, and how many of them lie below the limit."""
    inside = table[analysis_domain(table, _simple(table), domain)]
    rows = []
    for marker in PANEL:
        measured = int(inside[marker].notna().sum()) if marker in inside else 0
        row: dict[str, object] = {"marker": readable(marker), "people": measured}
        if (words := limit_columns(marker)[0]) in inside:
            row["below the limit"] = int((inside[words] == "below").fillna(value=False).sum())
        if measured == 0:
            row["note"] = "not measured in this cohort"
        rows.append(row)
    columns = ["marker", "people", "below the limit", "note"]
    data = pd.DataFrame(rows, columns=columns).dropna(axis="columns", how="all")
    counts = tuple(name for name in ("people", "below the limit") if name in data)
    sums = [Sum((row, "people"), ((row, "below the limit"),), has_rest=True) for row in range(len(data))]
    return ResultTable(
        "markers", "The panel, among the eligible", data, counts=counts, sums=tuple(sums if len(counts) > 1 else [])
    )


def _simple(table: pd.DataFrame) -> Design:
    return Design(None, None, None, len(table))


def strata(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> list[Result]:
    """Return the share of people in each CRP stratum, by depression; see :func:`crp_strata_by`."""
    return crp_strata_by(table, GROUP, design, domain=domain)


def strata_by_others(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> list[Result]:
    """Return the share above 3 and above 10 mg/L by sex, body mass index and hormonal contraceptives.

    Contraceptives are asked of women: their users and non-users are women. Body mass index is cut at 25 and 30 kg/m²
    (WHO 2000, Technical Report 894).

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.design.proportion`.
    """
    pill = "is_hormonal_contraceptive_user"
    marked = table
    if "bmi_kg_m2" in table:
        cut = pd.cut(table["bmi_kg_m2"].astype("float64"), [0, 25, 30, np.inf], right=False, labels=list(BMI_CLASSES))
        marked = marked.assign(bmi_class=cut)
    if pill in marked and "sex" in marked:
        women = (marked["sex"] == "female").fillna(value=False)
        marked = marked.assign(**{pill: marked[pill].astype("boolean").where(women)})
    found: list[Result] = []
    for name, label in (("sex", "Sex"), ("bmi_class", "Body mass index"), (pill, "Hormonal contraceptive")):
        for result in crp_strata_by(marked, name, design, domain=domain):
            if isinstance(result, NotTestable):
                found.append(result.with_label(f"{label}: {result.label}"))
                continue
            facts = dict(result.details)
            if facts["CRP stratum"] in {ABOVE_3, STRATA[-1]}:
                found.append(result.with_label(f"{label}: {facts['group']}, CRP {facts['CRP stratum']} mg/L"))
    return _refused_once(found)


def _refused_once(results: Sequence[Result]) -> list[Result]:
    """Return results in order, each reason of what is not testable told once per group of people."""
    kept: list[Result] = []
    told: set[tuple[str, str]] = set()
    for result in results:
        if isinstance(result, NotTestable):
            who = result.label.split(",")[0].split(": CRP")[0]
            if (who, result.reason) in told:
                continue
            told.add((who, result.reason))
            kept.append(result.with_label(f"{who}: CRP strata"))
        else:
            kept.append(result)
    return kept


def retest(visits: pd.DataFrame, *, seed: int) -> ResultTable:
    """Return what one draw of CRP is worth beside the next; see :func:`retest_of_crp`."""
    return retest_table(retest_of_crp(visits, rng=np.random.default_rng(seed)))


def shift(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> dict[str, Result]:
    """Return what a uniform shift would give beside what is seen; see :func:`location_scale_shift`."""
    return location_scale_shift(table, GROUP, design, domain=domain)


def severe(table: pd.DataFrame, design: Design, *, domain: Domain = None) -> dict[str, Result]:
    """Return how many of the severely depressed have raised CRP; see :func:`raised_crp_in_severe_depression`."""
    return raised_crp_in_severe_depression(table, design, domain=domain)


def differences(
    table: pd.DataFrame, design: Design, chosen: AdjustmentSet, *, domain: Domain = None
) -> dict[str, list[Result]]:
    """Return the standardised difference of each marker by depression, crude and adjusted, without and with BMI.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.markers.marker_differences`.
    chosen
        From :func:`adjustment`.
    """
    without = tuple(name for name in chosen.variables if name != "bmi_kg_m2")
    sets: Mapping[str, Sequence[str]] = {CRUDE: (), ADJUSTED: without, WITH_BMI: chosen.variables}
    claims = {"crp_mg_l": ("IP-01", "IP-44"), **dict.fromkeys(PANEL[1:], ("IP-44",))}
    return {
        name: marker_differences(table, design, by=GROUP, adjustment=held, claims=claims, domain=domain)
        for name, held in sets.items()
    }


def differences_table(found: Mapping[str, Sequence[Result]]) -> ResultTable:
    """Return one row per marker and adjustment.

    Parameters
    ----------
    found
        From :func:`differences`.
    """
    rows: list[dict[str, object]] = []
    for place, first in enumerate(found[CRUDE]):
        for name, results in found.items():
            result = results[place]
            row: dict[str, object] = {"marker": first.label, "adjusted for": name}
            if isinstance(result, NotTestable):
                if name == CRUDE:
                    rows.append({"marker": first.label, "not testable": result.reason})
                    break
                row["not testable"] = result.reason
            else:
                lower, upper = result.interval()
                row |= {"difference": result.value, "lower": lower, "upper": upper, "n": result.n}
            rows.append(row)
    columns = ["marker", "adjusted for", "difference", "lower", "upper", "n", "not testable"]
    return ResultTable(
        "marker_differences",
        "Ln markers, depression against none, in standard deviations",
        pd.DataFrame(rows, columns=columns),
        counts=("n",),
        rests_on_counts=("difference", "lower", "upper"),
        formats=dict.fromkeys(("difference", "lower", "upper"), ".3f"),
    )


def exclusions(table: pd.DataFrame, design: Design, chosen: AdjustmentSet, *, domain: Domain = None) -> list[Result]:
    """Return the difference of ln CRP by depression in everybody, below 10 mg/L, and without acute infection."""
    inside = analysis_domain(table, design, domain)
    low = _holds(table, "crp_mg_l", lambda column: column <= 10)
    well = _holds(table, "has_acute_infection", lambda column: ~column.astype("boolean"))
    choices = {
        "everybody": inside,
        "CRP of 10 mg/L or less": inside & low,
        "without an acute infection": inside & well,
    }
    return [
        mean_difference(
            table, outcome="ln_crp", exposure=GROUP, adjustment=chosen.variables, design=design, domain=who, label=name
        )
        if who.any()
        else NotTestable(name, "this cohort does not say who had an acute infection", "mean difference")
        for name, who in choices.items()
    ]


def _holds(table: pd.DataFrame, name: str, condition: object) -> np.ndarray:
    if name not in table or not callable(condition):
        return np.zeros(len(table), dtype=bool)
    return np.asarray(condition(table[name]).fillna(value=False).to_numpy(dtype=bool))


def verdicts(
    found: Mapping[str, Sequence[Result]],
    raised: Mapping[str, Result],
    gate: GateResult | NotTestable,
    *,
    synthetic: bool,
) -> list[Verdict]:
    """Return the verdicts on the primary claims of the notebook.

    IP-01 rests on CRP with the measured part of the adjustment set, BMI included; IP-24 on the share of severely
    depressed people above 3 mg/L against one half; IP-40 on the gate.

    Parameters
    ----------
    found, raised, gate
        From :func:`differences`, :func:`severe` and :func:`ask_gate`.
    synthetic
        Whether the cohort is synthetic.
    """
    crp = found[WITH_BMI][0]
    judged = [judge_direction(crp, claim="IP-01", claimed="above", equivalence=EQUIVALENT, synthetic=synthetic)]
    judged += [
        judge_direction(share, claim="IP-24", claimed="above", synthetic=synthetic)
        for name, share in raised.items()
        if name == "above 3 mg/L"
    ]
    judged.append(judge_subgroups(gate, claim="IP-40", synthetic=synthetic))
    return judged


def panel_verdicts(found: Mapping[str, Sequence[Result]], *, synthetic: bool) -> list[Verdict]:
    """Return the verdicts on each marker of the panel (IP-44), corrected over the family.

    Parameters
    ----------
    found
        From :func:`differences`; those with BMI in the set are judged.
    synthetic
        Whether the cohort is synthetic.
    """
    family = found[WITH_BMI]
    claims = ["IP-44"] * len(family)
    return judge_family(family, claimed="above", claims=claims, equivalence=EQUIVALENT, synthetic=synthetic)
