"""What an analyst has of the people of a scenario: measured columns, one row per person.

Everybody gave blood and answered every item unless a trap is about that. Depression is current depression as an
interview finds it (in the last twelve months), diseases are those of a register, trauma is what the form tells, and
markers are one sample each, as the laboratory reports them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from cohort.codebook import load_codebook
from cohort.synthetic import Scenario, simulate
from cohort.synthetic.background import ANCESTRY
from cohort.synthetic.estimands import outcomes_of
from cohort.synthetic.history import DISEASES
from cohort.synthetic.node import FAMILY_SIZE, Array

Nodes: TypeAlias = Mapping[str, Array]
SEROPOSITIVE_FROM = 10.0
"""Antibody level in AU/mL from which a person counts as infected."""

_AS_THEY_ARE = {
    "age_years": "age", "is_female": "sex", "parental_ses_sd": "ses_parent", "education_sd": "education",
    "is_current_smoker": "smoking", "bmi_kg_m2": "bmi", "activity_sd": "activity", "diet_quality_sd": "diet",
    "hospital_infection_count": "hosp_infection", "has_acute_infection": "acute_infection",
    "has_lifetime_depression": "dep_past", "has_current_depression": "dep",
    "has_prenatal_infection": "prenatal_infection", "has_paternal_infection": "paternal_infection",
    "prenatal_stress_sd": "prenatal_stress", "microbiome_sd": "microbiome",
    "is_hormonal_contraceptive_user": "oc_use", "is_antidepressant_user": "ssri_t0", "httlpr_s_alleles": "httlpr",
    "prs_crp_sd": "prs_crp", "prs_depression_sd": "prs_dep", "has_any_autoimmune_disease": "aid", "role": "role",
    "plate": "plate", "clinic_probability": "clinic_probability", "passes_screen": "passes_screen", "pain_sd": "pain",
    "has_depression_wave_1": "dep_1", "has_depression_wave_2": "dep_2", "bmi_wave_1": "bmi_1", "bmi_wave_2": "bmi_2",
    "stayed_1": "retained_1", "stayed_2": "retained_2", "unmeasured_liability": "u_fam",
    **{f"has_{disease}": disease for disease in DISEASES},
    **{f"uses_{drug}": drug for drug in ("levothyroxine", "insulin", "glucocorticoid", "statin", "nsaid")},
}  # fmt: skip
"""Columns that are a node."""


def _sum(node: str) -> Callable[[Nodes], Array]:
    return lambda v: np.asarray(v[node].sum(axis=1), dtype=float)


def _seropositive(node: str) -> Callable[[Nodes], Array]:
    return lambda v: v[node] >= SEROPOSITIVE_FROM


def _logarithm(node: str) -> Callable[[Nodes], Array]:
    return lambda v: np.log(v[node])


_MADE: dict[str, tuple[tuple[str, ...], Callable[[Nodes], Array]]] = {
    "has_childhood_trauma": (("ctq_obs",), lambda v: form_trauma(v["ctq_obs"])),
    "minimises": (("ctq_obs",), lambda v: form_minimises(v["ctq_obs"])),
    "women_bmi": (("sex", "bmi"), lambda v: v["sex"] * v["bmi"]),
    "age_squared": (("age",), lambda v: v["age"] ** 2),
    "phq9_total": (("phq9",), _sum("phq9")),
    "phq9_total_wave_1": (("phq9_1",), _sum("phq9_1")),
    "phq9_total_wave_2": (("phq9_2",), _sum("phq9_2")),
    "phq9_positive_wave_2": (("phq9_2",), lambda v: v["phq9_2"].sum(axis=1) >= 10),
    "bdi2_total": (("bdi2",), _sum("bdi2")),
    "is_cmv_seropositive": (("cmv_igg",), _seropositive("cmv_igg")),
    "is_hsv1_seropositive": (("hsv1_igg",), _seropositive("hsv1_igg")),
    "is_toxoplasma_seropositive": (("toxoplasma_igg",), _seropositive("toxoplasma_igg")),
    "is_ebv_seronegative": (("ebv_igg",), lambda v: v["ebv_igg"] < SEROPOSITIVE_FROM),
    "ln_ebv_igg": (("ebv_igg",), _logarithm("ebv_igg")),
    "ln_tryptophan": (("trp_obs",), _logarithm("trp_obs")),
    "ln_kynurenine": (("kyn_obs",), _logarithm("kyn_obs")),
    "ln_platelet_serotonin": (("serotonin_obs",), _logarithm("serotonin_obs")),
    "ln_cortisol": (("cortisol_obs",), _logarithm("cortisol_obs")),
    "ln_nlr": (("blood_count",), lambda v: np.log(v["blood_count"][:, 1] / v["blood_count"][:, 2])),
    "ln_tnf": (("tnf_obs",), _logarithm("tnf_obs")),
    "ln_platelets": (("blood_count",), lambda v: np.log(v["blood_count"][:, 4])),
    "crp_mg_l": (("crp_obs",), lambda v: v["crp_obs"]),
    "ln_crp_wave_1": (("crp_1",), _logarithm("crp_1")),
    "ln_crp_wave_2": (("crp_2",), _logarithm("crp_2")),
}
_AS_DECLARED = ("ln_crp", "ln_il6", "phq9_somatic")
"""Columns that the truth also has as outcomes: rounded and cut as the laboratory reports them."""

ANCESTRY_COLUMN = "ancestry_group"
DISEASE_COLUMNS = tuple(f"has_{disease}" for disease in DISEASES)
AUTOIMMUNE_SET = (
    "age_years", "is_female", "parental_ses_sd", "education_sd", "is_current_smoker", "has_childhood_trauma",
    "hospital_infection_count", "ln_ebv_igg", "has_lifetime_depression",
)  # fmt: skip
"""The measured part of the back-door set of autoimmune disease and depression (H1 of the blueprint); it lacks u_fam."""
INFLAMMATION_SET = (
    "age_years", "is_female", "education_sd", "is_current_smoker", "bmi_kg_m2", "women_bmi", "activity_sd",
    "diet_quality_sd", *DISEASE_COLUMNS, "is_cmv_seropositive", "hospital_infection_count", "has_childhood_trauma",
    "has_prenatal_infection", "microbiome_sd", "has_lifetime_depression",
)  # fmt: skip
"""The measured part of the back-door set of inflammation and depression (H2); BMI counts apart in women."""


def people(world: Scenario, n: int, seed: int, columns: Iterable[str]) -> pd.DataFrame:
    """Return people recruited by a scenario, with the columns asked for; the index is their number in the population.

    Parameters
    ----------
    world, n, seed
        As in :func:`cohort.synthetic.simulate`.
    columns
        Names of columns of this module.
    """
    wanted = list(dict.fromkeys(columns))
    nodes = {node for name in wanted for node in nodes_of(world, name)}
    cohort = simulate(world, n, seed, nodes=sorted(nodes))
    return table_of(world, cohort.nodes, wanted).set_index(cohort.numbers)


def table_of(world: Scenario, nodes: Nodes, columns: Iterable[str]) -> pd.DataFrame:
    """Return the columns that nodes make up."""
    found: dict[str, Array | pd.Categorical] = {}
    for name in columns:
        if name == ANCESTRY_COLUMN:
            found[name] = pd.Categorical(np.asarray(ANCESTRY)[nodes["ancestry"]], categories=list(ANCESTRY))
        elif name in _AS_THEY_ARE:
            found[name] = nodes[_AS_THEY_ARE[name]]
        elif name in _AS_DECLARED:
            found[name] = outcomes_of(world)[name].of(nodes)
        else:
            found[name] = _MADE[name][1](nodes)
    return pd.DataFrame(found)


def nodes_of(world: Scenario, column: str) -> tuple[str, ...]:
    """Return the nodes that a column is made of."""
    if column == ANCESTRY_COLUMN:
        return ("ancestry",)
    if column in _AS_THEY_ARE:
        return (_AS_THEY_ARE[column],)
    return outcomes_of(world)[column].nodes if column in _AS_DECLARED else _MADE[column][0]


def family_number(table: pd.DataFrame) -> Array:
    """Return the number of the family, or of the four neighbours, that each person belongs to."""
    return np.asarray(table.index.to_numpy() // FAMILY_SIZE)


def form_trauma(items: Array) -> Array:
    """Return whether any kind of maltreatment is moderate to severe by the form's cut-offs.

    Parameters
    ----------
    items
        Twenty-eight items as ticked, shape (n, 28).
    """
    form = load_codebook().instruments["ctq_sf"]
    turned = items.astype(int)
    reverse = [item - 1 for item in form.reversed]
    turned[:, reverse] = form.minimum + form.maximum - turned[:, reverse]
    moderate = [
        turned[:, [item - 1 for item in scale.items]].sum(axis=1) >= form.cut_offs[scale.column]["moderate"]
        for scale in form.subscales
    ]
    return np.asarray(np.any(moderate, axis=0))


def form_minimises(items: Array) -> Array:
    """Return whether any of the minimisation items of the form was answered with the extreme."""
    scale = load_codebook().instruments["ctq_sf"].validity[0]
    return np.asarray((items[:, [item - 1 for item in scale.items]] == scale.value).any(axis=1))
