"""Do autoimmune diseases and depression go together? One odds ratio per disease, under several adjustments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cohort.analysis.causal import adjustment_set, measured_in
from cohort.analysis.design import Design, Domain
from cohort.analysis.small_cells import odds_ratio_small_cells
from cohort.analysis.variables import MINIMUM_CELL, readable
from cohort.codebook import Disease, load_codebook
from cohort.disclosure import Sum
from cohort.results import Result, ResultTable, tidy

ANY = "has_any_autoimmune_disease"
ADJUSTMENTS = ("crude", "age and sex", "full")
"""Names of the adjustments that stand side by side; ``full`` is the measured part of the set that the graph wants."""

CLAIMS: Mapping[str, tuple[str, ...]] = {
    ANY: ("IP-09",),
    "has_autoimmune_thyroid_disease": ("IP-10",),
    "has_thyroid_disease": ("IP-10",),
    "has_type_1_diabetes": ("IP-11",),
    "has_multiple_sclerosis": ("IP-12",),
}
"""Claims that the odds ratio of a disease bears on."""

BROADER = ("thyroid_disease", "diabetes")
"""Not autoimmune as asked for, but the nearest that some cohorts have."""


def diseases_of(table: pd.DataFrame) -> tuple[Disease, ...]:
    """Return the diseases to report on: every autoimmune one of the codebook, and the broader ones the table has.

    An autoimmune disease that the table lacks is reported as not testable, rather than passed over.
    """
    known = load_codebook().diseases
    broader = [known[name] for name in BROADER if name in known and known[name].column in table]
    return (*(disease for disease in known.values() if disease.autoimmune), *broader)


def adjustments(
    table: pd.DataFrame, *, outcome: str = "has_depression", domain: Domain = None
) -> dict[str, tuple[str, ...]]:
    """Return the variables of each of ``ADJUSTMENTS`` for this table.

    Parameters
    ----------
    table
        One row per person.
    outcome
        The outcome of the question.
    domain
        The people it is about; default ``is_eligible``.
    """
    full = adjustment_set(ANY, outcome, measured_in(table, domain=domain))
    return {"crude": (), "age and sex": ("age_years", "sex"), "full": full.variables}


def comorbidity(
    table: pd.DataFrame,
    design: Design,
    *,
    outcome: str = "has_depression",
    adjustment: Sequence[str] = (),
    diseases: Sequence[str] | None = None,
    domain: Domain = None,
    least: int = MINIMUM_CELL,
) -> list[Result]:
    """Return the odds ratio of the outcome for any autoimmune disease and for each disease.

    People with a disease are compared with all who do not have that disease. Where cells are small, it is Firth's
    penalised or the exact estimate of :func:`cohort.analysis.small_cells.odds_ratio_small_cells`, whose assumptions it
    shares.

    Parameters
    ----------
    table
        One row per person.
    design
        The design of the same table.
    outcome
        A yes/no column.
    adjustment
        Columns adjusted for.
    diseases
        Names of diseases in the codebook; default :func:`diseases_of`.
    domain
        The people it is about; default ``is_eligible``.
    least
        Fewest people of a cell for which an estimate is given: that of the study's disclosure control.
    """
    known = load_codebook().diseases
    chosen = diseases_of(table) if diseases is None else tuple(known[name] for name in diseases)
    asked = [(ANY, readable(ANY)), *((disease.column, disease.label) for disease in chosen)]
    return [
        odds_ratio_small_cells(
            table,
            outcome=outcome,
            exposure=column,
            adjustment=adjustment,
            design=design,
            domain=domain,
            label=label,
            claims=CLAIMS.get(column, ()),
            estimand=f"conditional odds ratio of {readable(outcome)}, people with {label} against people without",
            least=least,
        )
        for column, label in asked
    ]


def comorbidity_by_adjustment(
    table: pd.DataFrame,
    design: Design,
    *,
    outcome: str = "has_depression",
    diseases: Sequence[str] | None = None,
    domain: Domain = None,
    sets: Mapping[str, Sequence[str]] | None = None,
    least: int = MINIMUM_CELL,
) -> dict[str, list[Result]]:
    """Return the results of :func:`comorbidity` under each adjustment, by its name.

    Parameters
    ----------
    table, design, outcome, diseases, domain, least
        As in :func:`comorbidity`.
    sets
        Columns of each adjustment by its name; default :func:`adjustments`.
    """
    chosen = adjustments(table, outcome=outcome, domain=domain) if sets is None else sets
    return {
        name: comorbidity(
            table, design, outcome=outcome, adjustment=columns, diseases=diseases, domain=domain, least=least
        )
        for name, columns in chosen.items()
    }


def comorbidity_table(results: Mapping[str, Sequence[Result]]) -> ResultTable:
    """Return one row per disease and adjustment: odds ratio, 95 % interval, people, people with the outcome, reason.

    Parameters
    ----------
    results
        From :func:`comorbidity_by_adjustment`.
    """
    parts = [tidy(found).assign(adjusted_for=name) for name, found in results.items()]
    data = pd.concat([part.dropna(axis="columns", how="all") for part in parts], ignore_index=True)
    columns = ["label", "adjusted_for", "estimate", "lower", "upper", "n", "events", "reason"]
    order = {label: place for place, label in enumerate(dict.fromkeys(data["label"]))}
    data = data.reindex(columns=columns).sort_values("label", key=lambda c: c.map(order), kind="stable")
    # A disease for which no adjustment gives a number takes one row, not one for each adjustment.
    silent = ~data["label"].isin(data.loc[data["estimate"].notna(), "label"])
    data = data.assign(adjusted_for=data["adjusted_for"].mask(silent, "any"))
    data = data.loc[~(silent & data.duplicated(["label", "reason"]))]
    return ResultTable(
        name="comorbidity",
        title="Odds ratio of depression by disease and adjustment",
        data=data.rename(columns={"label": "disease", "estimate": "odds_ratio"}).reset_index(drop=True),
        counts=("n", "events"),
        sums=tuple(Sum((row, "n"), ((row, "events"),), has_rest=True) for row in range(len(data))),
        rests_on_counts=("odds_ratio", "lower", "upper"),
        formats={"odds_ratio": ".2f", "lower": ".2f", "upper": ".2f"},
        note="Full: the measured part of the set that the causal graph wants adjusted for.",
    )
