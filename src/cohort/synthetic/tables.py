"""What a cohort's people look like on paper: reported values, and the person table that perfect cleaning would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cohort.codebook import Codebook, Instrument, Score, Variable, load_codebook
from cohort.synthetic.immune import DISEASES
from cohort.synthetic.measurement import FORM_FIELDS, SITES
from cohort.synthetic.node import Array
from cohort.synthetic.simulate import SyntheticCohort

EDUCATION_SHARES = (0.25, 0.42)
"""Low and middle education (calibration: education_low_share; the second is assumed)."""

_BLOOD_COUNT = ("leukocytes", "neutrophils", "lymphocytes", "monocytes", "platelets")


@dataclass(frozen=True)
class Reported:
    """The results of one analyte as reported: rounded, cut at the limit, missing where not measured."""

    value: Array
    is_below: Array
    limit: float
    decimals: int


def visit_fields(cohort: SyntheticCohort) -> dict[str, Array]:
    """Return the fields of the visit's form in canonical units, rounded as they are written down, complete.

    Activity is recorded as 30 MET-hours per week plus 12 for each SD of the latent activity, never below 0.
    """
    v = cohort.nodes
    cut = special.ndtri(np.cumsum(EDUCATION_SHARES))
    return {
        "parental_ses_sd": np.round(v["ses_parent"], 1),
        "education": np.searchsorted(cut, v["education"]),
        "bmi_kg_m2": np.round(v["bmi"], 1),
        "smoking": np.where(v["smoking"], 2, np.where(v["smoked_before"], 1, 0)),
        "activity_met_h_week": np.round(np.maximum(30 + 12 * v["activity"], 0)),
        "diet_quality_sd": np.round(v["diet"], 1),
    }


def laboratory(cohort: SyntheticCohort) -> dict[str, Reported]:
    """Return the reported results by analyte."""
    v = cohort.nodes
    blood, cytokine = v["r_blood"], v["r_blood"] & v["r_cytokine"]
    found = {
        "crp": _reported(cohort, "crp_obs", v["crp_obs"], blood),
        "il6": _reported(cohort, "il6_obs", v["il6_obs"], cytokine),
        "tnf_alpha": _reported(cohort, "tnf_obs", v["tnf_obs"], cytokine),
    }
    for column, analyte in enumerate(_BLOOD_COUNT):
        found[analyte] = _reported(cohort, "blood_count", v["blood_count"][:, column], blood)
    found["platelets"] = Reported(np.round(found["platelets"].value), found["platelets"].is_below, 0.0, 0)
    found["cmv_igg"] = _reported(cohort, "cmv_igg", v["cmv_igg"], blood)
    found["ebv_igg"] = _reported(cohort, "ebv_igg", v["ebv_igg"], blood)
    return found


def _reported(cohort: SyntheticCohort, node: str, value: Array, measured: Array) -> Reported:
    knobs = cohort.scenario.knobs[node]
    limit, decimals = float(knobs.get("limit", 0.0)), int(knobs["decimals"])
    rounded = np.round(value, decimals)
    below = rounded < limit
    return Reported(np.where(measured, np.where(below, limit, rounded), np.nan), below & measured, limit, decimals)


def items(cohort: SyntheticCohort) -> dict[str, Array]:
    """Return the items of the questionnaires as floats, shape (n, items), missing where not answered."""
    v = cohort.nodes
    answered = v["r_items"]
    phq9 = np.where(answered[:, :9], v["phq9"], np.nan)
    ctq = np.where(answered[:, 9:] & v["r_ctq"][:, None], v["ctq_obs"], np.nan)
    return {"phq9": phq9, "ctq_sf": ctq}


def participant_ids(cohort: SyntheticCohort) -> Array:
    """Return the identifiers: six digits with leading zeros, so that they are text."""
    return np.char.zfill((np.arange(cohort.n) + cohort.first + 1).astype(str), 6)


def person_table(cohort: SyntheticCohort, *, codebook: Codebook | None = None) -> pd.DataFrame:
    """Return the person table of the codebook as perfect cleaning would give it.

    Measured values with their error and missing values, but without sentinels, duplicates or wrong units. For
    replicate studies, which would take much longer over files.

    Parameters
    ----------
    cohort
        A synthetic cohort.
    codebook
        Names and dtypes; the shipped codebook by default.

    Examples
    --------
    >>> from cohort.synthetic.simulate import simulate
    >>> table = person_table(simulate("literature_like", n=500, seed=1))
    >>> table["has_depression"].dtype, table["is_eligible"].all()
    (BooleanDtype, np.True_)
    """
    book = codebook or load_codebook()
    variables = book.tables["person_table"]
    columns = {
        "participant_id": participant_ids(cohort),
        **_background(cohort),
        **_scores(cohort, book),
        **_results(cohort, book),
        **_diagnoses(cohort),
        "is_eligible": np.full(cohort.n, True),
    }
    return pd.DataFrame(
        {name: _column(columns[name], variable) for name, variable in variables.items() if name in columns}
    )


def _column(value: Array, variable: Variable) -> Any:
    """Return a column in the dtype of the codebook; of categories, the codes are given."""
    missing = np.isnan(value) if value.dtype.kind == "f" else np.zeros(len(value), dtype=bool)
    if variable.categories:
        codes = np.where(missing, -1, value).astype(np.int64)
        dtype = pd.CategoricalDtype(list(variable.categories), ordered=variable.ordered)
        return pd.Categorical.from_codes(codes, dtype=dtype)
    if variable.dtype == "boolean":
        return pd.arrays.BooleanArray(np.where(missing, 0, value).astype(bool), missing)
    if variable.dtype == "Int64":
        return pd.arrays.IntegerArray(np.where(missing, 0, value).astype(np.int64), missing)
    target: Any = variable.dtype
    return pd.Series(value).astype(target)


def _background(cohort: SyntheticCohort) -> dict[str, Array]:
    v = cohort.nodes
    form = {name: np.asarray(value, dtype=float) for name, value in visit_fields(cohort).items()}
    for column, name in enumerate(FORM_FIELDS):
        form[name] = np.where(v["r_form"][:, column], form[name], np.nan)
    return {
        **form,
        "sex": 1 - v["sex"],
        "birth_year": v["birth_year"],
        "ancestry_group": v["ancestry"],
        "site": np.asarray(SITES)[v["centre"]],
        "recruitment": np.zeros(cohort.n),
        "has_prenatal_infection": v["prenatal_infection"],
        "prenatal_stress_sd": np.round(v["prenatal_stress"], 1),
        "age_years": np.floor(v["age"]),
        "is_hormonal_contraceptive_user": v["oc_use"],
        "has_acute_infection": v["acute_infection"],
        "hospital_infection_count": v["hosp_infection"],
        "baseline_date": visit_dates(cohort).to_numpy(),
        "is_antidepressant_user": v["ssri_t0"],
        "has_lifetime_depression": v["dep_past"],
    }


def visit_dates(cohort: SyntheticCohort) -> pd.Series:
    """Return the date of the baseline visit."""
    start = pd.Timestamp(int(cohort.scenario.knob("birth_year.first_survey_year")), 1, 1)
    dates: pd.Series = (start + pd.to_timedelta(pd.Series(cohort.nodes["visit_day"]), unit="D")).astype(
        "datetime64[us]"
    )
    return dates


def _scores(cohort: SyntheticCohort, book: Codebook) -> dict[str, Array]:
    answers = items(cohort)
    found = {
        **_score(answers["phq9"], book.instruments["phq9"]),
        **_score(answers["ctq_sf"], book.instruments["ctq_sf"]),
    }
    total = found["phq9_total"]
    bands = np.array(sorted(book.instruments["phq9"].cut_offs["phq9_total"].values()))
    found["has_depression"] = np.where(np.isnan(total), np.nan, total >= 10)
    found["depression_severity"] = np.where(np.isnan(total), np.nan, np.searchsorted(bands, total, side="right"))
    cut = {name: limits["moderate"] for name, limits in book.instruments["ctq_sf"].cut_offs.items()}
    subscales = np.column_stack([found[name] for name in cut])
    reached = (subscales >= np.array(list(cut.values()))).any(axis=1)
    found["has_childhood_trauma"] = np.where(reached, 1.0, np.where(np.isnan(subscales).any(axis=1), np.nan, 0.0))
    return found


def _score(answers: Array, instrument: Instrument) -> dict[str, Array]:
    """Return the scores of an instrument as its file in the codebook defines them."""
    turned = answers.copy()
    columns = [item - 1 for item in instrument.reversed]
    turned[:, columns] = instrument.minimum + instrument.maximum - turned[:, columns]
    found = {score.column: _one_score(turned, score) for score in instrument.subscales}
    found |= {score.column: _one_score(answers, score) for score in instrument.validity}
    if instrument.total.method == "sum_of_subscales":
        found[instrument.total.column] = np.sum([found[s.column] for s in instrument.subscales], axis=0)
    else:
        found[instrument.total.column] = np.floor(_one_score(turned, instrument.total) + 0.5)
    if instrument.answered:
        found[instrument.answered] = (~np.isnan(answers)).sum(axis=1)
    return found


def _one_score(answers: Array, score: Score) -> Array:
    part = answers[:, [item - 1 for item in score.items]]
    missing = np.isnan(part).sum(axis=1)
    if score.method == "count_equal":
        return np.where(missing > 0, np.nan, (part == score.value).sum(axis=1))
    total = np.nansum(part, axis=1)
    if score.method == "prorate":
        total = total * len(score.items) / np.maximum(len(score.items) - missing, 1)
    return np.where(missing > score.missing_at_most, np.nan, total)


def _results(cohort: SyntheticCohort, book: Codebook) -> dict[str, Array]:
    reported = laboratory(cohort)
    found: dict[str, Array] = {book.analytes[name].column: result.value for name, result in reported.items()}
    for name, analyte in book.analytes.items():
        if analyte.positive_at is not None and name in reported:
            value = reported[name].value
            column = f"is_{name.removesuffix('_igg')}_seropositive"
            found[column] = np.where(np.isnan(value), np.nan, value >= analyte.positive_at)
    crp = reported["crp"]
    missing = np.isnan(crp.value)
    found["crp_censoring"] = np.where(missing, np.nan, crp.is_below)
    found["crp_limit_mg_l"] = np.where(crp.is_below, crp.limit, np.nan)
    found["ln_crp"] = np.log(crp.value)
    above = (crp.value >= 1).astype(int) + (crp.value > 3) + (crp.value > 10)
    found["crp_stratum"] = np.where(missing, np.nan, above)
    found["neutrophil_lymphocyte_ratio"] = reported["neutrophils"].value / reported["lymphocytes"].value
    return found


def _diagnoses(cohort: SyntheticCohort) -> dict[str, Array]:
    recorded = np.where(cohort.nodes["r_diagnosis"], cohort.nodes["diagnosis"], np.nan)
    count = np.nansum(recorded, axis=1)
    uncertain = (count == 0) & np.isnan(recorded).any(axis=1)
    return {
        **{f"has_{disease}": recorded[:, column] for column, disease in enumerate(DISEASES)},
        "autoimmune_disease_count": np.where(uncertain, np.nan, count),
        "has_any_autoimmune_disease": np.where(uncertain, np.nan, count > 0),
    }
