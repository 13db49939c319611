"""Whether the immune panel makes a test for depression, as claims IP-40 to IP-44 have it, in people not used for it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cohort.analysis.sampling import Domain
from cohort.analysis.subgroups.classifier import Comparison, Performance, Predictors, cross_validated, refused
from cohort.analysis.subgroups.gate import GateResult
from cohort.analysis.subgroups.preparation import MARKERS
from cohort.analysis.subgroups.rules import Method
from cohort.analysis.variables import InestimableError, binary, levels, numeric, readable, require
from cohort.analysis.verdicts import judge_direction
from cohort.results import Finding, NotTestable, Result, ResultTable, Verdict

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

PANEL, CRP, COVARIATES, BOTH = "panel", "CRP alone", "age, sex and BMI", "age, sex, BMI and panel"
NO_GAIN = (-0.02, 0.02)
"""A difference in area under the curve that would change no decision; the claims' evidence expects at most 0.05."""
_LEAST_MEASURED = 0.5


def depression_from_panel(
    table: pd.DataFrame,
    *,
    seed: int,
    outcome: str = "has_depression",
    markers: Sequence[str] = MARKERS,
    covariates: Sequence[str] = ("age_years", "sex", "bmi_kg_m2"),
    domain: Domain = None,
    method: Method = "logistic",
    folds: int = 5,
    repeats: int = 4,
    workers: int = 1,
) -> Comparison | NotTestable:
    """Return how well the panel, CRP alone, and covariates without and with the panel tell an outcome in new people.

    Parameters
    ----------
    table
        One row per person.
    seed
        Of folds and rules.
    outcome
        A yes/no column. For groups found in the same markers the answer would be circular: tell groups apart by
        columns that did not make them.
    markers
        Columns of the panel, entered as natural logarithms; those measured in fewer than half of the people with any
        are left out, and people without any.
    covariates
        What is known without blood.
    domain
        The people it is about; default ``is_eligible`` where present.
    method, folds, repeats, workers
        As in :func:`~cohort.analysis.subgroups.classifier.cross_validated`.

    Notes
    -----
    A value below a limit enters at the limit. Assumes independent people who are like those a test is meant for: with
    recruited cases and controls the area is about those, not about a waiting room.
    """
    claims = ("IP-43",)
    label = readable(outcome)
    try:
        ill = binary(require(table, outcome))
        inside = _inside(table, domain) & ~np.isnan(ill)
        used, panel = _panel(table, markers, inside)
        inside &= ~np.isnan(panel).all(axis=1)
        known, columns = _numbers(table, covariates)
    except InestimableError as reason:
        found = refused(reason, label, claims)
        return found if isinstance(found, NotTestable) else NotTestable(label, str(reason), claims=claims)
    panel, columns = panel[inside], columns[inside]
    sets = [Predictors(PANEL, panel, used)]
    gains = []
    if "crp_mg_l" in used and len(used) > 1:
        place = used.index("crp_mg_l")
        sets.append(Predictors(CRP, panel[:, [place]], ("crp_mg_l",)))
        gains.append((PANEL, CRP))
    if known:
        sets.append(Predictors(COVARIATES, columns, known))
        sets.append(Predictors(BOTH, np.hstack([columns, panel]), (*known, *used)))
        gains.append((BOTH, COVARIATES))
    return cross_validated(
        ill[inside], sets, seed=seed, gains=gains, label=label, method=method, folds=folds, repeats=repeats,
        workers=workers, claims=claims,
    )  # fmt: skip


def _inside(table: pd.DataFrame, domain: Domain) -> BoolArray:
    if domain is None:
        domain = table["is_eligible"] if "is_eligible" in table else pd.Series(True, index=table.index)
    return np.array(pd.Series(domain).fillna(value=False).to_numpy(dtype=bool))


def _panel(table: pd.DataFrame, markers: Sequence[str], inside: BoolArray) -> tuple[tuple[str, ...], FloatArray]:
    """Return the markers measured in most people and their logarithms.

    Raises
    ------
    InestimableError
        If the cohort has none of them.
    """
    present = [name for name in markers if name in table and bool(table.loc[inside, name].notna().any())]
    if not present:
        raise InestimableError("this cohort has no marker of the panel")
    values = np.column_stack([numeric(table[name]) for name in present])
    measured = ~np.isnan(values)
    enough = measured[inside].sum(axis=0) >= _LEAST_MEASURED * measured[inside].any(axis=1).sum()
    smallest = np.array([np.min(column[column > 0], initial=np.inf) for column in values.T])
    # A recorded zero of a positive marker means less than the smallest value that the assay reports.
    logarithms = np.log(np.where(measured, np.maximum(values, np.where(np.isfinite(smallest), smallest, 1.0)), np.nan))
    return tuple(name for name, kept in zip(present, enough, strict=True) if kept), logarithms[:, enough]


def _numbers(table: pd.DataFrame, names: Sequence[str]) -> tuple[tuple[str, ...], FloatArray]:
    """Return covariates as numbers, categories as indicators of all levels but the first."""
    known, columns = [], []
    for name in names:
        if name not in table or not bool(table[name].notna().any()):
            continue
        known.append(name)
        words = levels(table[name])
        if words is None:
            columns.append(numeric(table[name]))
            continue
        missing = table[name].isna().to_numpy()
        columns += [
            np.where(missing, np.nan, table[name].eq(word).fillna(value=False).to_numpy(dtype=float))
            for word in words[1:]
        ]
    return tuple(known), np.column_stack(columns) if columns else np.empty((len(table), 0))


def claim_results(found: Comparison | NotTestable, gate: GateResult | NotTestable) -> dict[str, Result | Finding]:
    """Return for each of the claims IP-40 to IP-44 the number or finding that a verdict rests on, or why there is none.

    IP-40 rests on the gate; IP-43 on what the panel adds to age, sex and BMI; IP-44 on the panel over CRP alone. IP-41
    needs a trial. IP-42 needs groups that stand up: without the gate's third tier there is nothing to compare.

    Parameters
    ----------
    found
        From :func:`depression_from_panel`.
    gate
        What the gate found in the same markers.
    """
    results: dict[str, Result | Finding] = {}
    if isinstance(gate, NotTestable):
        results["IP-40"] = gate
        names = False
    else:
        results["IP-40"] = Finding(gate.label, f"gate, tier {gate.tier}", gate.wording, claims=("IP-40",))
        names = gate.may_name_groups
    trial = "needs a randomised trial of an anti-inflammatory drug with CRP at baseline"
    results["IP-41"] = NotTestable("Anti-inflammatory treatment", trial, "mean difference", claims=("IP-41",))
    groups = (
        "needs stress, NMDA metabolism and genes, which the codebook does not hold"
        if names
        else "needs subgroups that stand up first: the gate names none in this cohort"
    )
    results["IP-42"] = NotTestable("What the subgroups differ in", groups, "adjusted Rand index", claims=("IP-42",))
    for claim, pair in (("IP-43", (BOTH, COVARIATES)), ("IP-44", (PANEL, CRP))):
        results[claim] = _gain(found, pair, claim)
    return results


def _gain(found: Comparison | NotTestable, pair: tuple[str, str], claim: str) -> Result:
    """Return a gain as the result of a claim."""
    label, measure = f"{pair[0]} over {pair[1]}", "difference in area under the curve"
    if isinstance(found, NotTestable):
        return NotTestable(label, found.reason, measure, claims=(claim,))
    if pair not in found.gains:
        return NotTestable(
            label, "this cohort lacks markers or covariates for the comparison", measure, claims=(claim,)
        )
    gain = found.gains[pair]
    return type(gain)(**{**gain.__dict__, "claims": (claim,)})


def claim_verdicts(results: dict[str, Result | Finding], *, synthetic: bool) -> list[Verdict]:
    """Return the verdicts on IP-41 to IP-44; that on IP-40 is the gate's.

    A gain wholly inside 0.02 is no relevant effect.

    Parameters
    ----------
    results
        From :func:`claim_results`.
    synthetic
        Whether the cohort is synthetic.
    """
    judged = []
    for claim, result in results.items():
        if not isinstance(result, Finding) and claim != "IP-40":
            judged.append(
                judge_direction(result, claim=claim, claimed="above", equivalence=NO_GAIN, synthetic=synthetic)
            )
    return judged


def performance_table(found: Comparison | NotTestable) -> ResultTable:
    """Return one row per set of predictors: area in new people with interval, apparent area, optimism, calibration.

    Parameters
    ----------
    found
        From :func:`depression_from_panel`.
    """
    title = "Telling people apart who were not used to make the rule"
    if isinstance(found, NotTestable):
        return ResultTable("classifier", title, pd.DataFrame({"classifier": [f"not testable: {found.reason}"]}))
    data = pd.DataFrame([_row(each) for each in found.performances.values()])
    formats = {str(name): ".3f" for name in data if name not in ("predictors", "people", "with it")}
    note = f"{found.folds} outer folds, {found.repeats} repeats, {found.method}. {' '.join(found.notes)}"
    return ResultTable(
        "classifier", f"Telling {found.outcome.lower()}: people who were not used to make the rule", data,
        counts=("people", "with it"), formats=formats, note=note, rests_on_counts=tuple(formats),
    )  # fmt: skip


def _row(each: Performance) -> dict[str, object]:
    low, high = each.auc.interval()
    return {
        "predictors": each.name,
        "AUC": each.auc.value,
        "lower": low,
        "upper": high,
        "apparent AUC": each.apparent,
        "optimism": each.optimism,
        "slope": each.slope.value,
        "intercept": each.intercept.value,
        "Brier": each.brier,
        "Brier of the prevalence": each.brier_of_prevalence,
        "people": each.auc.n,
        "with it": each.auc.events,
    }
