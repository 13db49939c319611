"""Childhood trauma, infection and lifestyle as exposures; C-reactive protein and depression as outcomes.

Each question is asked with the adjustment set that the caller takes from the causal diagram. Where a wrong set tempts,
the estimate with it stands beside the right one and says so in its label. CRP below the limit of detection is taken
once as the limit and once as censored.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import TypedDict

import pandas as pd

from cohort.analysis.censored import censored_mean_difference
from cohort.analysis.design import Design, Domain
from cohort.analysis.exposure_columns import SOURCES, exposure_columns
from cohort.analysis.regression import mean_difference, odds_ratio
from cohort.results import Estimate, Result

__all__ = [
    "censored_mean_difference",
    "exposure_columns",
    "infection_effects",
    "lifestyle_effects",
    "prenatal_effects",
    "trauma_effects",
]

CRP = "ln_crp"
DEPRESSION = "has_depression"
STRESS = "prenatal_stress_sd"
OVER_ADJUSTMENT = ("bmi_kg_m2", "smoking")
"""Consequences of trauma on the way to inflammation: adjusting for them removes a part of the effect."""

INFECTIONS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "is_cmv_seropositive": ("Cytomegalovirus, seropositive", ("IP-19",), ("IP-17",)),
    "ln_ebv_igg": ("Epstein-Barr virus titre (ln) among seropositive people", ("IP-19",), ("IP-18",)),
    "is_hsv1_seropositive": ("Herpes simplex virus 1, seropositive", (), ()),
    "is_toxoplasma_seropositive": ("Toxoplasma, seropositive", (), ()),
    "pathogen_burden": ("Pathogens that a person has antibodies to", (), ()),
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
    table = exposure_columns(table)
    questions = (
        ("Childhood trauma", "has_childhood_trauma"),
        ("Childhood trauma score", "ctq_total"),
        ("Kinds of childhood trauma", "trauma_kind_count"),
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
    return {key: named(result) for key, result in found.items()}


def infection_effects(
    table: pd.DataFrame,
    design: Design,
    *,
    adjustment: Adjustment,
    domain: Domain = None,
    only: Collection[str] = tuple(INFECTIONS),
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
    only
        Which of the exposures.

    Notes
    -----
    Numbers are per SD: the titre among seropositive people and the count of hospital-treated infections. An acute
    infection raises CRP within hours, so its ratio checks the measurement and is no finding.
    """
    derived = exposure_columns(table)
    found: dict[str, Result] = {}
    for exposure, (label, on_crp, on_depression) in INFECTIONS.items():
        if exposure not in only:
            continue
        given: _Given = {
            "adjustment": set_for(exposure, exposure, adjustment),
            "design": design,
            "domain": domain,
            "per_sd": True,
        }
        found |= _on_crp(derived, exposure, given, key=label, label=label, claims=on_crp)
        found[f"{label} and depression"] = odds_ratio(
            derived, outcome=DEPRESSION, exposure=exposure, label=label, claims=on_depression, **given
        )
    return {key: named(result) for key, result in found.items()}


def lifestyle_effects(
    table: pd.DataFrame, design: Design, *, adjustment: Adjustment, domain: Domain = None
) -> dict[str, Result]:
    """Return the association of BMI (per SD), obesity and current smoking with CRP and with depression.

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
            "adjustment": set_for(exposure, exposure, adjustment),
            "design": design,
            "domain": domain,
            "per_sd": True,
        }
        found |= _on_crp(derived, exposure, given, key=label, label=label, claims=claims)
        found[f"{label} and depression"] = odds_ratio(
            derived, outcome=DEPRESSION, exposure=exposure, label=label, **given
        )
    return {key: named(result) for key, result in found.items()}


def prenatal_effects(
    table: pd.DataFrame, design: Design, *, adjustment: Sequence[str], domain: Domain = None
) -> dict[str, Result]:
    """Return the association of the mother's infection and stress in pregnancy with CRP and depression in later life.

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
    on_crp: dict[str, Result] = {}
    for label, exposure in (("Infection in pregnancy", "has_prenatal_infection"), ("Stress in pregnancy", STRESS)):
        on_crp |= _on_crp(table, exposure, given, key=label, label=label, claims=())
    return on_crp | {
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
            exposure=STRESS,
            label="Stress in pregnancy",
            claims=("IP-22",),
            **given,
        ),
        "Stress in pregnancy and depression score": mean_difference(
            table,
            outcome="phq9_total",
            exposure=STRESS,
            label="Stress in pregnancy",
            claims=("IP-22",),
            **given,
        ),
    }


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


def named(result: Result) -> Result:
    """Return a refusal that names the variable of the cohort in place of the one derived from it."""
    if isinstance(result, Estimate):
        return result
    reason = result.reason
    for derived, source in SOURCES.items():
        reason = reason.replace(f"no variable '{derived}'", f"no variable '{source}'")
    return dataclasses.replace(result, reason=reason)


def set_for(key: str, exposure: str, adjustment: Adjustment, *others: str) -> list[str]:
    """Return the adjustment set without the variables under study and what they are made of."""
    chosen = adjustment.get(key, ()) if isinstance(adjustment, Mapping) else adjustment
    own = {exposure, *others}
    own |= {SOURCES[name] for name in own if name in SOURCES}
    own |= {derived for derived, source in SOURCES.items() if source in own}
    return [name for name in chosen if name not in own]
