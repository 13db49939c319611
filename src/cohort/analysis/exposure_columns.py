"""Exposures and outcomes of notebook 03 that are made of others: one column each, from what the cohort measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cohort.analysis.trauma_score import trauma_columns
from cohort.analysis.variables import binary

LOGARITHMS: Mapping[str, str] = {
    "ln_il6": "il6_pg_ml",
    "ln_tnf_alpha": "tnf_alpha_pg_ml",
    "ln_nlr": "neutrophil_lymphocyte_ratio",
    "ln_cortisol": "cortisol_nmol_l",
}
"""Logarithms of markers, by name: what they are made of."""

TITRES: Mapping[str, tuple[str, str]] = {
    "ln_ebv_igg": ("ebv_igg_au_ml", "is_ebv_seropositive"),
    "ln_cmv_igg": ("cmv_igg_au_ml", "is_cmv_seropositive"),
}
"""Logarithms of titres among the seropositive: titre and serostatus."""

PATHOGENS = ("is_cmv_seropositive", "is_ebv_seropositive", "is_hsv1_seropositive", "is_toxoplasma_seropositive")
BURDEN = "pathogen_burden"
FEWEST_PATHOGENS = 2
"""The count of one serology is that serology."""

SOURCES: Mapping[str, str] = {
    **LOGARITHMS,
    **{name: titre for name, (titre, _) in TITRES.items()},
    "has_hospital_infection": "hospital_infection_count",
    "is_obese": "bmi_kg_m2",
    "is_current_smoker": "smoking",
    "is_female": "sex",
    "has_severe_trauma": "ctq_emotional_abuse",
    "trauma_severity": "ctq_emotional_abuse",
    "trauma_kind_count": "ctq_emotional_abuse",
    "latent_trauma_sd": "ctq_emotional_abuse",
}
"""By derived column: a variable of the cohort that it is made of."""


def exposure_columns(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with derived exposures and outcomes; does not modify the original.

    ``ln_ebv_igg``, ``ln_cmv_igg``: natural logarithm of the titre of seropositive people; nearly everybody carries the
    Epstein-Barr virus, so that its titre says more than the yes or no. ``has_hospital_infection``: one hospital-treated
    infection or more. ``is_obese``: a BMI of 30 kg/m² or more (WHO). ``is_current_smoker``: current against never,
    missing for former smokers. ``is_female``. ``pathogen_burden``: number of pathogens that a person has antibodies to,
    of those that the cohort measured. ``trauma_severity`` and those beside it: see
    :func:`cohort.analysis.trauma_score.trauma_columns`. ``ln_il6`` and the like: logarithms of markers. What a column
    is made of may be absent; then the column is absent too.

    Examples
    --------
    >>> exposure_columns(pd.DataFrame({"bmi_kg_m2": [22.0, 31.0, None]}))["is_obese"].tolist()
    [False, True, <NA>]
    """
    made: dict[str, pd.Series] = dict(trauma_columns(table))
    for name, source in LOGARITHMS.items():
        if source in table:
            made[name] = _logarithm(table[source])
    for name, (source, serostatus) in TITRES.items():
        if source in table:
            positive = table[serostatus] if serostatus in table else pd.Series(True, index=table.index)
            inside = positive.astype("boolean").fillna(value=False)
            made[name] = _logarithm(table[source]).where(inside.to_numpy(dtype=bool))
    if "hospital_infection_count" in table:
        made["has_hospital_infection"] = (table["hospital_infection_count"].astype("Int64") >= 1).astype("boolean")
    if "bmi_kg_m2" in table:
        made["is_obese"] = (table["bmi_kg_m2"].astype("Float64") >= 30).astype("boolean")
    if "smoking" in table:
        smoking = table["smoking"].astype("string")
        made["is_current_smoker"] = (smoking == "current").astype("boolean").mask(smoking == "former")
    if "sex" in table:
        made["is_female"] = (table["sex"].astype("string") == "female").astype("boolean")
    tested = [name for name in PATHOGENS if name in table and bool(table[name].notna().any())]
    if len(tested) >= FEWEST_PATHOGENS:
        made[BURDEN] = pd.Series(np.sum([binary(table[name]) for name in tested], axis=0), index=table.index)
    return table.assign(**made)


def _logarithm(column: pd.Series) -> pd.Series:
    values = column.to_numpy(dtype=float, na_value=np.nan)
    logs = np.log(values, where=values > 0, out=np.full(len(values), np.nan))
    return pd.Series(logs, index=column.index)
