"""Childhood trauma, infection and lifestyle as exposures; C-reactive protein and depression as outcomes.

Each question is asked with the adjustment set that the caller takes from the causal diagram. Where a wrong set tempts,
the estimate with it stands beside the right one and says so in its label. CRP below the limit of detection is taken
once as the limit and once as censored.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
import pandas as pd

from cohort.analysis.censored import censored_mean_difference
from cohort.analysis.design import Design, Domain
from cohort.analysis.fitting import fit_linear
from cohort.analysis.model_frame import model_frame
from cohort.analysis.regression import interaction, mean_difference, odds_ratio
from cohort.analysis.variables import InestimableError
from cohort.results import Estimate, NotTestable, Result

__all__ = [
    "censored_mean_difference",
    "exposure_columns",
    "exposure_interactions",
    "infection_effects",
    "lifestyle_effects",
    "prenatal_effects",
    "trauma_effects",
]

CRP = "ln_crp"
DEPRESSION = "has_depression"
OVER_ADJUSTMENT = ("bmi_kg_m2", "smoking")
"""Consequences of trauma on the way to inflammation: adjusting for them removes a part of the effect."""

INFECTIONS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "is_cmv_seropositive": ("Cytomegalovirus, seropositive", ("IP-19",), ("IP-17",)),
    "ln_ebv_igg": ("Epstein-Barr virus titre (ln) among seropositive people", ("IP-19",), ("IP-18",)),
    "has_hospital_infection": ("Any hospital-treated infection", (), ()),
    "hospital_infection_count": ("Hospital-treated infections", (), ("SL-03",)),
    "has_pelvic_infection": ("Pelvic infection", (), ()),
    "has_acute_infection": ("Acute infection", (), ()),
}
"""Exposures to infection: label, claims on CRP, claims on depression."""

Adjustment = Sequence[str] | Mapping[str, Sequence[str]]


class _Given(TypedDict):
    """What all estimates of one exposure share."""

    adjustment: Sequence[str]
    design: Design
    domain: Domain
    per_sd: bool


def exposure_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the exposures that this module derives; does not modify the original.

    ``ln_ebv_igg``: natural logarithm of the Epstein-Barr titre of seropositive people; nearly everybody is, so that
    the titre says more than the yes or no. ``has_hospital_infection``: one hospital-treated infection or more.
    ``is_obese``: a BMI of 30 kg/m² or more (WHO). ``is_current_smoker``: current against never, missing for former
    smokers. ``is_female``. What a column is made of may be absent; then the column is absent too.

    Examples
    --------
    >>> exposure_columns(pd.DataFrame({"bmi_kg_m2": [22.0, 31.0, None]}))["is_obese"].tolist()
    [False, True, <NA>]
    """
    derived = table.copy(deep=False)
    if "ebv_igg_au_ml" in table:
        titre = table["ebv_igg_au_ml"].to_numpy(dtype=float, na_value=np.nan)
        counted = titre > 0
        if "is_ebv_seropositive" in table:
            counted &= table["is_ebv_seropositive"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
        derived["ln_ebv_igg"] = np.log(titre, where=counted, out=np.full(len(table), np.nan))
    if "hospital_infection_count" in table:
        derived["has_hospital_infection"] = (table["hospital_infection_count"].astype("Int64") >= 1).astype("boolean")
    if "bmi_kg_m2" in table:
        derived["is_obese"] = (table["bmi_kg_m2"].astype("Float64") >= 30).astype("boolean")
    if "smoking" in table:
        smoking = table["smoking"].astype("string")
        derived["is_current_smoker"] = (smoking == "current").astype("boolean").mask(smoking == "former")
    if "sex" in table:
        derived["is_female"] = (table["sex"].astype("string") == "female").astype("boolean")
    return derived


def trauma_effects(
    table: pd.DataFrame,
    design: Design,
    *,
    adjustment: Sequence[str],
    over_adjustment: Sequence[str] = OVER_ADJUSTMENT,
    domain: Domain = None,
) -> dict[str, Result]:
    """Return the total effect of childhood trauma on CRP and on depression, with the over-adjusted estimate beside it.

    Parameters
    ----------
    table
        One row per person, with ``has_childhood_trauma`` (moderate or severe on any CTQ subscale) or ``ctq_total``.
    design, domain
        As in :func:`cohort.analysis.design.proportion`.
    adjustment
        The set for the total effect, such as age, sex and parental socio-economic status.
    over_adjustment
        Variables on the way from trauma to the outcome, added in the over-adjusted estimate.

    Notes
    -----
    Trauma as remembered by adults agrees poorly with trauma as it was recorded (kappa 0.19, Baldwin 2019, JAMA
    Psychiatry 76:584-593); depression colours the memory. The estimates are associations with reported trauma.
    """
    over = [*adjustment, *(name for name in over_adjustment if name not in adjustment)]
    on_the_way = " and ".join({"bmi_kg_m2": "BMI"}.get(name, name) for name in over_adjustment)
    beside = f"over-adjusted: {on_the_way} lie on the way"
    questions = (
        ("Childhood trauma", "has_childhood_trauma"),
        ("Childhood trauma score", "ctq_total"),
    )
    found: dict[str, Result] = {}
    for label, exposure in questions:
        for kind, chosen in (("total effect", adjustment), (beside, over)):
            given: _Given = {"adjustment": chosen, "design": design, "domain": domain, "per_sd": True}
            key = label if kind == "total effect" else f"{label}, over-adjusted"
            found |= _on_crp(table, exposure, given, key=key, label=f"{label}, {kind}", claims=("IP-26",))
            found[f"{key} and depression"] = odds_ratio(
                table, outcome=DEPRESSION, exposure=exposure, label=f"{label}, {kind}", **given
            )
    return found


def infection_effects(
    table: pd.DataFrame, design: Design, *, adjustment: Adjustment, domain: Domain = None
) -> dict[str, Result]:
    """Return the association of infections with CRP and with depression.

    Parameters
    ----------
    table
        One row per person.
    design, domain
        As in :func:`cohort.analysis.design.proportion`.
    adjustment
        One set for all, or one for each exposure of :data:`INFECTIONS` by its name; an exposure without one is
        adjusted for nothing. The exposure itself, and what it is made of, leave the set.

    Notes
    -----
    Numbers are per SD: the titre among seropositive people and the count of hospital-treated infections. An acute
    infection raises CRP within hours, so its ratio checks the measurement and is no finding.
    """
    derived = exposure_columns(table)
    found: dict[str, Result] = {}
    for exposure, (label, on_crp, on_depression) in INFECTIONS.items():
        given: _Given = {
            "adjustment": _set_for(exposure, exposure, adjustment),
            "design": design,
            "domain": domain,
            "per_sd": True,
        }
        found |= _on_crp(derived, exposure, given, key=label, label=label, claims=on_crp)
        found[f"{label} and depression"] = odds_ratio(
            derived, outcome=DEPRESSION, exposure=exposure, label=label, claims=on_depression, **given
        )
    return {key: _named(result) for key, result in found.items()}


def lifestyle_effects(
    table: pd.DataFrame, design: Design, *, adjustment: Adjustment, domain: Domain = None
) -> dict[str, Result]:
    """Return the association of BMI (per SD), obesity and current smoking with CRP.

    Parameters
    ----------
    table, design, domain
        As in :func:`infection_effects`.
    adjustment
        One set for all, or one each for ``bmi_kg_m2``, ``is_obese`` and ``is_current_smoker``.
    """
    derived = exposure_columns(table)
    questions = (
        ("Body mass index", "bmi_kg_m2", ("IP-30",)),
        ("Obesity", "is_obese", ("IP-30",)),
        ("Current against never smoking", "is_current_smoker", ()),
    )
    found: dict[str, Result] = {}
    for label, exposure, claims in questions:
        given: _Given = {
            "adjustment": _set_for(exposure, exposure, adjustment),
            "design": design,
            "domain": domain,
            "per_sd": True,
        }
        found |= _on_crp(derived, exposure, given, key=label, label=label, claims=claims)
    return {key: _named(result) for key, result in found.items()}


def prenatal_effects(
    table: pd.DataFrame, design: Design, *, adjustment: Sequence[str], domain: Domain = None
) -> dict[str, Result]:
    """Return the association of the mother's infection and stress in pregnancy with the child's depression as an adult.

    Parameters
    ----------
    table, design, domain
        As in :func:`infection_effects`.
    adjustment
        Causes of the exposure, such as parental socio-economic status.

    Notes
    -----
    Families differ in ways that nobody measured: a weak association (an odds ratio of 1.05 to 1.2) is what familial
    confounding alone gives. Only a comparison of siblings removes it.
    """
    given: _Given = {"adjustment": adjustment, "design": design, "domain": domain, "per_sd": True}
    return {
        "Infection in pregnancy and depression": odds_ratio(
            table,
            outcome=DEPRESSION,
            exposure="has_prenatal_infection",
            label="Infection in pregnancy",
            claims=("IP-21",),
            **given,
        ),
        "Stress in pregnancy and depression": odds_ratio(
            table,
            outcome=DEPRESSION,
            exposure="prenatal_stress_sd",
            label="Stress in pregnancy",
            claims=("IP-22",),
            **given,
        ),
        "Stress in pregnancy and depression score": mean_difference(
            table,
            outcome="phq9_total",
            exposure="prenatal_stress_sd",
            label="Stress in pregnancy",
            claims=("IP-22",),
            **given,
        ),
    }


def exposure_interactions(
    table: pd.DataFrame, design: Design, *, adjustment: Adjustment, domain: Domain = None
) -> dict[str, dict[str, Result]]:
    """Return three interactions: trauma and autoimmune disease with hospital-treated infection, and sex with BMI.

    Parameters
    ----------
    table, design, domain
        As in :func:`infection_effects`.
    adjustment
        One set for all, or one for each interaction by its key in the result. A variable of the interaction itself is
        left out of the set.

    Returns
    -------
    dict
        For depression, what :func:`cohort.analysis.regression.interaction` gives: the product of odds ratios, the
        relative excess risk, and each alone; for CRP the ratio of the slopes on BMI, women against men.
    """
    derived = exposure_columns(table)
    pairs = {
        "Childhood trauma with hospital-treated infection": "has_childhood_trauma",
        "Autoimmune disease with hospital-treated infection": "has_any_autoimmune_disease",
    }
    found: dict[str, dict[str, Result]] = {}
    for key, exposure in pairs.items():
        results = interaction(
            derived,
            outcome=DEPRESSION,
            exposure=exposure,
            modifier="has_hospital_infection",
            adjustment=_set_for(key, exposure, adjustment, "has_hospital_infection"),
            design=design,
            domain=domain,
            label=key,
        )
        found[key] = {name: _named(result) for name, result in results.items()}
    key = "Sex with body mass index"
    chosen = _set_for(key, "is_female", adjustment, "bmi_kg_m2")
    found[key] = {"ratio of slopes": _slope_ratio(derived, chosen, design, domain, key)}
    return found


def _on_crp(
    table: pd.DataFrame, exposure: str, given: _Given, *, key: str, label: str, claims: tuple[str, ...]
) -> dict[str, Result]:
    """Return the effect on CRP three ways: difference of ln CRP, ratio of geometric means, and that with censoring."""
    censored = f"{label}, values below the limit censored"
    return {
        f"{key} and ln CRP": mean_difference(
            table, outcome=CRP, exposure=exposure, label=label, claims=claims, **given
        ),
        f"{key} and CRP": mean_difference(
            table, outcome=CRP, exposure=exposure, label=label, claims=claims, ratio=True, **given
        ),
        f"{key} and CRP, censored": censored_mean_difference(
            table, outcome=CRP, exposure=exposure, label=censored, claims=claims, ratio=True, **given
        ),
    }


_SOURCES = {
    "ln_ebv_igg": "ebv_igg_au_ml",
    "has_hospital_infection": "hospital_infection_count",
    "is_obese": "bmi_kg_m2",
    "is_current_smoker": "smoking",
    "is_female": "sex",
}


def _named(result: Result) -> Result:
    """Return a refusal that names the variable of the cohort in place of the one derived from it."""
    if isinstance(result, Estimate):
        return result
    reason = result.reason
    for derived, source in _SOURCES.items():
        reason = reason.replace(f"no variable '{derived}'", f"no variable '{source}'")
    return dataclasses.replace(result, reason=reason)


def _set_for(key: str, exposure: str, adjustment: Adjustment, *others: str) -> list[str]:
    """Return the adjustment set without the variables under study and what they are made of."""
    chosen = adjustment.get(key, ()) if isinstance(adjustment, Mapping) else adjustment
    own = {exposure, *others}
    own |= {_SOURCES[name] for name in own if name in _SOURCES}
    own |= {derived for derived, source in _SOURCES.items() if source in own}
    return [name for name in chosen if name not in own]


def _slope_ratio(table: pd.DataFrame, adjustment: Sequence[str], design: Design, domain: Domain, label: str) -> Result:
    """Return the ratio of the geometric-mean ratios of CRP per SD of BMI, women against men."""
    measure = "ratio of ratios of geometric means per SD"
    estimand = "ratio of geometric-mean CRP per SD of BMI in women, over the same in men"
    try:
        frame = model_frame(
            table,
            outcome=CRP,
            exposures=["is_female", "bmi_kg_m2"],
            adjustment=adjustment,
            design=design,
            domain=domain,
            kind="continuous",
            per_sd=True,
        )
        centred = frame.matrix[:, 2] - np.average(frame.matrix[:, 2], weights=frame.weights)
        matrix = np.column_stack([frame.matrix, frame.matrix[:, 1] * centred])
        fit = fit_linear(dataclasses.replace(frame, matrix=matrix, names=(*frame.names, "interaction")), design)
    except InestimableError as reason:
        return _named(NotTestable(label, str(reason), measure, estimand))
    return Estimate(
        label,
        measure,
        math.exp(fit.coefficients[-1]),
        math.sqrt(fit.covariance[-1, -1]),
        scale="log",
        df=fit.df,
        null=1.0,
        estimand=estimand,
        adjustment=tuple(adjustment),
        n=frame.n,
        details=(("design", design.words),),
    )
