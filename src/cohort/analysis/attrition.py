"""People who leave a study: weights with which those who remain stand for all who began, and what the weights cost.

At each wave a logistic model says how likely those still there are to remain, from what was known before. The weight of
a person is the inverse of the product of these chances (Robins, Rotnitzky & Zhao 1995, J Am Stat Assoc 90:106),
stabilised by the chance given baseline variables alone (Robins, Hernán & Brumback 2000, Epidemiology 11:550).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cohort.analysis.fitting import logistic_coefficients
from cohort.analysis.model_frame import model_frame
from cohort.analysis.regression import mean_difference, odds_ratio
from cohort.analysis.sampling import BoolArray, Design, Domain, FloatArray, analysis_domain, design_of
from cohort.analysis.variables import InestimableError, is_binary, readable
from cohort.results import NotTestable, Result, ResultTable

FEWEST_LEAVING = 10
"""With fewer people leaving or remaining at a wave there is no model of who leaves, and little to correct."""


@dataclass(frozen=True, eq=False)
class Attrition:
    """Weights of those who remain.

    Parameters
    ----------
    weights
        One row per person of the table, one column per wave after the first: the weight of those who remain until that
        wave, missing for others.
    waves
        One row per wave: people at risk of leaving, who remained, and what the weights are like.
    """

    weights: pd.DataFrame
    waves: pd.DataFrame

    def table(self) -> ResultTable:
        """Return who remained at each wave, and how unequal the weights are."""
        return ResultTable(
            "attrition", "People who remain, and weights that let them stand for all", self.waves,
            counts=("at risk", "remaining"),
            formats={"mean weight": ".2f", "99th percentile": ".2f", "effective size": ".0f"},
            rests_on_counts=("effective size",),
            note="Mean weight: about 1 if the models are right. Effective size: how many people with equal weights "
            "would give the same precision (Kish).",
        )  # fmt: skip


def effective_size(weights: FloatArray) -> float:
    """Return how many people with equal weights would give the same precision: squared sum over sum of squares (Kish).

    Parameters
    ----------
    weights
        One per person.

    Examples
    --------
    >>> effective_size(np.array([1.0, 1.0, 1.0, 1.0])), round(effective_size(np.array([4.0, 1.0, 1.0])), 2)
    (4.0, 2.0)
    """
    return float(weights.sum() ** 2 / (weights**2).sum())


def remaining_weights(
    table: pd.DataFrame,
    *,
    remains: Sequence[str],
    predictors: Sequence[Sequence[str]],
    baseline: Sequence[str] = (),
    design: Design,
    domain: Domain = None,
    truncate: float = 0.99,
) -> Attrition | NotTestable:
    """Return the stabilised weight of everybody who remains, wave after wave.

    Assumes that who leaves is decided by the predictors and by nothing that goes along with the outcome besides
    (missing at random), that everybody could have remained, and that the logistic models hold. **Where people leave
    because of what would have been measured, the weights don't help.** Sampling weights enter the models, and stand as
    a factor in the weights.

    Parameters
    ----------
    table
        One row per person (:func:`wide_waves`).
    remains
        For each wave after the first: a yes/no column that says who was seen. Who was missed once counts as gone.
    predictors
        For each of these waves: columns known before it. A person who lacks one counts as gone from that wave.
    baseline
        Columns that the analysis adjusts for: they stabilise the weights, and are predictors as well.
    design, domain
        As in :func:`cohort.analysis.regression.odds_ratio`.
    truncate
        Weights above this quantile are set to it; 1 leaves them as they are.

    Returns
    -------
    Attrition or NotTestable
        The weights, or why there are none.
    """
    label = "remaining in the study"
    if len(predictors) != len(remains):
        raise ValueError("each wave after the first needs its predictors")
    try:
        inside = analysis_domain(table, design, domain)
        weight = np.where(inside, design.weight() / design.weight()[inside].mean(), np.nan)
        columns, rows = {}, []
        for wave, names in zip(remains, predictors, strict=True):
            at_risk = inside & ~np.isnan(weight)
            weight, facts = _next_weights(table, wave, [*baseline, *names], baseline, design, at_risk, weight)
            cut = _truncated(weight, truncate)
            known = cut[~np.isnan(cut)]
            columns[wave] = cut
            rows.append(
                {"wave": wave, **facts, "mean weight": float(known.mean()),
                 "99th percentile": float(np.quantile(known, 0.99)), "effective size": effective_size(known)}
            )  # fmt: skip
    except InestimableError as reason:
        return NotTestable(label, str(reason), "weights")
    return Attrition(pd.DataFrame(columns, index=table.index), pd.DataFrame(rows))


def _truncated(weight: FloatArray, quantile: float) -> FloatArray:
    return np.minimum(weight, np.nanquantile(weight, quantile)) if quantile < 1 else weight


def _next_weights(
    table: pd.DataFrame,
    wave: str,
    names: Sequence[str],
    baseline: Sequence[str],
    design: Design,
    at_risk: BoolArray,
    weight: FloatArray,
) -> tuple[FloatArray, dict[str, int]]:
    """Return the weights after one more wave, missing for those who left."""
    if not names:
        raise InestimableError("nothing is named that could say who leaves")
    frame = model_frame(
        table, outcome=wave, exposures=[], adjustment=names, design=design, domain=at_risk, kind="binary"
    )
    stays = frame.outcome
    if min(stays.sum(), len(stays) - stays.sum()) < FEWEST_LEAVING:
        raise InestimableError(f"fewer than {FEWEST_LEAVING} people leave, or remain, at '{wave}'")
    matrix = frame.matrix
    first = [place for place, name in enumerate(frame.names) if place == 0 or name.split("=")[0] in baseline]
    chances = [
        special.expit(part @ logistic_coefficients(part, stays, frame.weights)) for part in (matrix, matrix[:, first])
    ]
    after = np.full(len(weight), np.nan)
    after[frame.domain] = np.where(stays == 1, weight[frame.domain] * chances[1] / chances[0], np.nan)
    return after, {"at risk": int(at_risk.sum()), "remaining": int(stays.sum())}


def weighted_effect(
    table: pd.DataFrame,
    attrition: Attrition | NotTestable,
    *,
    wave: str,
    outcome: str,
    exposure: str,
    adjustment: Sequence[str] = (),
    domain: Domain = None,
    label: str = "",
    claims: tuple[str, ...] = (),
) -> Result:
    """Return an odds ratio or a difference of means among those who remain, weighted to stand for all who began.

    The sandwich variance takes the weights as known, which makes intervals a little too wide rather than too narrow
    (Robins, Hernán & Brumback 2000). Strata and primary sampling units of the table are kept.

    Parameters
    ----------
    table
        The table that the weights were made of.
    attrition
        The weights.
    wave
        Name of the wave at which the outcome was measured, as in ``remains``.
    outcome, exposure, adjustment, domain, label, claims
        As in :func:`cohort.analysis.regression.odds_ratio`.
    """
    yes = outcome in table and is_binary(table[outcome])
    measure = "odds ratio" if yes else f"difference in mean {readable(outcome)}"
    if isinstance(attrition, NotTestable):
        return dataclasses.replace(attrition, label=label or readable(exposure), measure=measure, claims=claims)
    weighted = table.assign(survey_weight=attrition.weights[wave])
    analysis = odds_ratio if yes else mean_difference
    return analysis(
        weighted, outcome=outcome, exposure=exposure, adjustment=adjustment, design=design_of(weighted), domain=domain,
        label=label, claims=claims, estimand=f"conditional {measure} of {readable(outcome)} for {readable(exposure)} "
        "among all who began, had nobody left",
    )  # fmt: skip


def wide_waves(visits: pd.DataFrame, variables: Sequence[str], waves: Mapping[str, str]) -> pd.DataFrame:
    """Return one row per person with the variables of each wave side by side, and who was seen.

    Parameters
    ----------
    visits
        One row per person and visit, with ``participant_id`` and ``visit`` (``visit_table``).
    variables
        Columns to spread; those that the table lacks are left out.
    waves
        From the label of a visit to the ending of its columns, in order of time: ``{"baseline": "t0", …}``.

    Returns
    -------
    pandas.DataFrame
        ``participant_id``, then ``crp_t0``, … and ``is_seen_t0``, …: whether there is a row with any of the variables.

    Examples
    --------
    >>> visits = pd.DataFrame({"participant_id": ["a", "a", "b"], "visit": ["v0", "v1", "v0"], "phq": [3.0, 5.0, 9.0]})
    >>> wide_waves(visits, ["phq"], {"v0": "t0", "v1": "t1"})["is_seen_t1"].tolist()
    [True, False]
    """
    here = [name for name in variables if name in visits]
    ids = pd.Index(visits["participant_id"].drop_duplicates(), name="participant_id")
    parts = []
    for visit, ending in waves.items():
        rows = visits.loc[visits["visit"].astype("string") == visit, ["participant_id", *here]]
        rows = rows.drop_duplicates("participant_id").set_index("participant_id").reindex(ids)
        seen = rows.notna().any(axis=1)
        parts.append(rows.add_suffix(f"_{ending}").assign(**{f"is_seen_{ending}": seen.astype("boolean")}))
    return pd.concat(parts, axis=1).reset_index()
