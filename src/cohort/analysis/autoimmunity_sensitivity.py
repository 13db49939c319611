"""How far the answer of notebook 01 depends on choices and on errors that the main analysis leaves out.

The estimators are those of :mod:`~cohort.analysis.misclassification`, :mod:`~cohort.analysis.selection` and
:mod:`~cohort.analysis.specification`; here stand the choices that are defensible for autoimmune disease and depression.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from cohort.analysis.autoimmunity import CLAIMED_SIZE, OUTCOME, AdjustmentSets
from cohort.analysis.comorbidity import ANY
from cohort.analysis.design import Design, Domain, analysis_domain
from cohort.analysis.misclassification import Accuracy, misclassification
from cohort.analysis.regression import odds_ratio
from cohort.analysis.selection import selection_table
from cohort.analysis.specification import SpecificationCurve, at_least, holds, specification_curve
from cohort.analysis.verdicts import RATIO_BOUNDS, SIZE_FACTOR, equivalence_p
from cohort.codebook import load_codebook
from cohort.results import Estimate, NotTestable, Result, ResultTable

__all__ = [
    "bias_analysis",
    "equivalence_table",
    "negative_control",
    "selection_table",
    "sources_of",
    "specifications",
]

NEGATIVE_CONTROL = "has_accidental_injury"
"""No autoimmune disease causes accidents by way of the immune system; a habit of seeing doctors would show in both."""

MODERATE, SEVERE = 10, 15
"""Cut-offs of the PHQ-9 (Kroenke, Spitzer and Williams 2001)."""


def specifications(
    table: pd.DataFrame, design: Design, sets: AdjustmentSets, *, domain: Domain = None
) -> SpecificationCurve:
    """Return the odds ratio of depression for autoimmune disease under all combinations of defensible choices.

    Parameters
    ----------
    table, design, domain
        As in :func:`cohort.analysis.regression.odds_ratio`.
    sets
        From :func:`cohort.analysis.autoimmunity.adjustment_sets`.
    """
    inside = analysis_domain(table, design, domain)
    table = table.assign(
        _is_severe=at_least(table, "phq9_total", SEVERE), _has_several=at_least(table, "autoimmune_disease_count", 2)
    )
    without_pills = inside & ~_is_true(table, "is_antidepressant_user")
    return specification_curve(
        table,
        design,
        outcomes={
            f"PHQ-9 of {MODERATE} or more": OUTCOME,
            f"PHQ-9 of {SEVERE} or more": "_is_severe",
            "ever depressed": "has_lifetime_depression",
        },
        exposures={"any autoimmune disease": ANY, "two or more": "_has_several"},
        adjustments={
            "unadjusted": (),
            "age and sex": sets.demographic,
            "with education and smoking": sets.described,
            "measured part of the right set": sets.full.variables,
        },
        samples={
            "everybody": inside,
            "complete questionnaires": inside & holds(table, "phq9_items_answered", 9, 9),
            "no antidepressant": without_pills,
            "CRP of 10 mg/L or less": inside & holds(table, "crp_mg_l", 0, 10),
        },
        main=(
            f"PHQ-9 of {MODERATE} or more",
            "any autoimmune disease",
            "measured part of the right set",
            "everybody",
        ),
    )


def sources_of(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return where the autoimmune diagnoses of a cohort come from, as its table ``diagnoses`` says.

    Parameters
    ----------
    tables
        The clean tables of a study.

    Examples
    --------
    >>> rows = pd.DataFrame({"disease": ["psoriasis"], "status": ["present"], "source": ["register"]})
    >>> sources_of({"diagnoses": rows})
    ['register']
    """
    diagnoses = tables.get("diagnoses", pd.DataFrame())
    if "source" not in diagnoses:
        return []
    autoimmune = [name for name, disease in load_codebook().diseases.items() if disease.autoimmune]
    present = diagnoses["disease"].isin(autoimmune) & (diagnoses["status"] == "present")
    return sorted(str(source) for source in diagnoses.loc[present, "source"].dropna().unique())


def _is_true(table: pd.DataFrame, column: str) -> pd.Series:
    """Return where a yes/no column says yes; nowhere when the table lacks it."""
    if column not in table:
        return pd.Series(False, index=table.index)
    return table[column].astype("boolean").fillna(value=False).astype(bool)


def bias_analysis(
    table: pd.DataFrame,
    design: Design,
    adjustment: Sequence[str],
    *,
    sources: Sequence[str] = (),
    accuracy: Accuracy | None = None,
    seed: int = 1,
    domain: Domain = None,
) -> list[Result]:
    """Return the odds ratio as recorded, and over what is believed of the accuracy of self-report.

    Parameters
    ----------
    table, design, adjustment, domain
        As in :func:`cohort.analysis.regression.odds_ratio`.
    sources
        Where the diagnoses come from, as the table ``diagnoses`` says; a register alone is no self-report.
    accuracy
        What is believed; default: of autoimmune disease by self-report.
    seed
        Seed of the draws.
    """
    label = "as if by self-report"
    recorded = odds_ratio(
        table, outcome=OUTCOME, exposure=ANY, adjustment=adjustment, design=design, domain=domain, label="as recorded"
    )
    if sources and set(sources) <= {"register", "medication"}:
        reason = "the diagnoses come from a register: the accuracy of self-report says nothing of them"
        return [recorded, NotTestable(label, reason, "odds ratio, corrected for misclassified exposure")]
    corrected = misclassification(
        table, outcome=OUTCOME, exposure=ANY, adjustment=adjustment, design=design, domain=domain, accuracy=accuracy,
        label=label, seed=seed,
    )  # fmt: skip
    return [recorded, corrected]


def negative_control(
    table: pd.DataFrame, design: Design, adjustment: Sequence[str], *, domain: Domain = None
) -> list[Result]:
    """Return the odds ratio of accidental injury for autoimmune disease, where none is due, beside that of depression.

    An excess shows what the adjustment leaves: habits, or being seen by doctors (Lipsitch, Tchetgen Tchetgen and Cohen
    2010, Epidemiology 21:383). It assumes that the same unmeasured causes act on both outcomes.

    Parameters
    ----------
    table, design, adjustment, domain
        As in :func:`cohort.analysis.regression.odds_ratio`.
    """
    return [
        odds_ratio(
            table, outcome=outcome, exposure=ANY, adjustment=adjustment, design=design, domain=domain, label=label
        )
        for outcome, label in ((OUTCOME, "depression"), (NEGATIVE_CONTROL, "accidental injury (negative control)"))
    ]


def equivalence_table(results: Sequence[Result]) -> ResultTable:
    """Return whether each odds ratio can be told from no relevant effect and from the claimed threefold.

    Two one-sided tests each (Schuirmann 1987, J Pharmacokinet Biopharm 15:657): p is small when the estimate lies
    inside the range beyond doubt. Both p large: the data cannot tell.

    Parameters
    ----------
    results
        Odds ratios, one row each.
    """
    claimed = (CLAIMED_SIZE / SIZE_FACTOR, CLAIMED_SIZE * SIZE_FACTOR)
    rows: list[dict[str, object]] = []
    for result in results:
        if not isinstance(result, Estimate):
            rows.append({"disease": result.label, "not testable": result.reason})
            continue
        low, high = result.interval()
        rows.append(
            {
                "disease": result.label,
                "odds ratio": result.value,
                "p inside 0.8 to 1.25": equivalence_p(result, RATIO_BOUNDS),
                "p inside 2 to 4.5": equivalence_p(result, claimed),
                "3 inside the interval": "yes" if low <= CLAIMED_SIZE <= high else "no",
                "1 inside the interval": "yes" if low <= 1 <= high else "no",
            }
        )
    columns = [
        "disease",
        "odds ratio",
        "p inside 0.8 to 1.25",
        "p inside 2 to 4.5",
        "3 inside the interval",
        "1 inside the interval",
        "not testable",
    ]
    return ResultTable(
        "equivalence",
        "No relevant effect, threefold, or can't tell",
        pd.DataFrame(rows, columns=columns).dropna(axis="columns", how="all"),
        formats={"odds ratio": ".2f", "p inside 0.8 to 1.25": ".3f", "p inside 2 to 4.5": ".3f"},
        note="p of two one-sided tests that the odds ratio lies inside the range: of no relevant effect, and of a "
        "factor 1.5 around the claimed 3. Small: it does. Large in both: these people cannot tell.",
    )
