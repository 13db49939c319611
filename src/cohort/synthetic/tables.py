"""What a cohort's people look like on paper: reported values, and the person table that perfect cleaning would give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import special

from cohort.codebook import Codebook, Instrument, Score, Variable, load_codebook
from cohort.synthetic.assays import SITES
from cohort.synthetic.history import DISEASES
from cohort.synthetic.node import Array
from cohort.synthetic.recruitment import FORM_FIELDS
from cohort.synthetic.simulate import SyntheticCohort

EDUCATION_SHARES = (0.25, 0.42)
"""Low and middle education (calibration: education_low_share; the second is assumed)."""

INSTRUMENTS = ("phq9", "ctq_sf", "bdi2", "hamd17", "pss10")
DRUGS = {
    "antidepressant": "ssri_t0", "ssri": "ssri_t0", "nsaid": "nsaid", "statin": "statin",
    "glucocorticoid": "glucocorticoid", "levothyroxine": "levothyroxine", "insulin": "insulin",
}  # fmt: skip
"""The node behind each drug; antidepressants of the model are SSRIs."""
SCORES = {
    "prs_depression_sd": "prs_dep", "prs_autoimmune_sd": "prs_aid", "prs_bmi_sd": "prs_bmi", "prs_crp_sd": "prs_crp",
    "prs_il6_sd": "prs_il6",
}  # fmt: skip
"""The node behind each polygenic score."""

_BLOOD_COUNT = ("leukocytes", "neutrophils", "lymphocytes", "monocytes", "platelets")
_ASSAYS = {
    "igg": ("igg_obs", "metabolite"), "glutathione": ("glutathione_obs", "metabolite"),
    "cortisol": ("cortisol_obs", "metabolite"), "tryptophan": ("trp_obs", "metabolite"),
    "kynurenine": ("kyn_obs", "metabolite"), "platelet_serotonin": ("serotonin_obs", "metabolite"),
    "cmv_igg": ("cmv_igg", ""), "ebv_igg": ("ebv_igg", ""), "hsv1_igg": ("hsv1_igg", ""),
    "toxoplasma_igg": ("toxoplasma_igg", ""),
}  # fmt: skip
"""The node behind each further analyte, and the sub-study that measures it, if not everybody with blood."""


@dataclass(frozen=True)
class Reported:
    """The results of one analyte as reported: rounded, cut at the limits, missing where not measured."""

    value: Array
    is_below: Array
    is_above: Array
    limit: float
    upper: float


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
    """Return the reported results of baseline by analyte."""
    v = cohort.nodes
    blood = v["r_blood"]
    measured = {"": blood, "cytokine": blood & v["r_cytokine"], "metabolite": blood & v["r_metabolite"]}
    found = {
        "crp": reported(cohort, "crp_obs", v["crp_obs"], blood),
        "il6": reported(cohort, "il6_obs", v["il6_obs"], measured["cytokine"]),
        "tnf_alpha": reported(cohort, "tnf_obs", v["tnf_obs"], measured["cytokine"]),
    }
    for column, analyte in enumerate(_BLOOD_COUNT):
        decimals = 0 if analyte == "platelets" else None
        found[analyte] = reported(cohort, "blood_count", v["blood_count"][:, column], blood, decimals)
    for analyte, (node, study) in _ASSAYS.items():
        found[analyte] = reported(cohort, node, v[node], measured[study])
    return found


def reported(
    cohort: SyntheticCohort, node: str, value: Array, measured: Array, decimals: int | None = None
) -> Reported:
    """Return values as a laboratory reports them: rounded, and cut at the limits of the assay.

    Parameters
    ----------
    cohort
        The cohort, for its scenario.
    node
        The node whose numbers hold the limits and decimals.
    value, measured
        Values, and who was measured at all.
    decimals
        Decimals, if not those of the node.
    """
    knobs = cohort.scenario.knobs[node]
    limit, upper = float(knobs.get("limit", 0.0)), float(knobs.get("upper", np.inf))
    rounded = np.round(value, int(knobs["decimals"]) if decimals is None else decimals)
    below, above = rounded < limit, rounded > upper
    cut = np.where(measured, np.clip(rounded, limit, upper), np.nan)
    return Reported(cut, below & measured, above & measured, limit, upper)


def items(cohort: SyntheticCohort) -> dict[str, Array]:
    """Return the items of the questionnaires as floats, shape (n, items), missing where not answered."""
    v = cohort.nodes
    answered, scales = v["r_items"], v["r_scales"]
    ends = np.cumsum([21, 17, 10])
    bdi2, hamd17, pss10 = np.split(scales, ends[:-1], axis=1)
    return {
        "phq9": np.where(answered[:, :9], v["phq9"], np.nan),
        "ctq_sf": np.where(answered[:, 9:] & v["r_ctq"][:, None], v["ctq_obs"], np.nan),
        "bdi2": np.where(bdi2, v["bdi2"], np.nan),
        "hamd17": np.where(hamd17 & v["r_interview"][:, None], v["hamd17"], np.nan),
        "pss10": np.where(pss10, v["pss10"], np.nan),
    }


def participant_ids(numbers: Array) -> Array:
    """Return the identifiers of people by their numbers: eight digits with leading zeros, so that they are text."""
    return np.char.zfill((numbers + 1).astype(str), 8) if len(numbers) else np.empty(0, dtype="U8")


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
        "participant_id": participant_ids(cohort.numbers),
        **_background(cohort),
        **_scores(cohort, book),
        **_results(cohort, book),
        **_diagnoses(cohort),
        **{book.drug_columns[drug]: cohort.nodes[node] for drug, node in DRUGS.items()},
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


def genotyped(cohort: SyntheticCohort, value: Array) -> Array:
    """Return values where a person was genotyped, missing elsewhere."""
    return np.where(cohort.nodes["r_genotype"], value, np.nan)


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
        "recruitment": np.where(v["recruitment"] == 3, 0, v["recruitment"]),
        "is_screened_control": v["recruitment"] == 3,
        "has_prenatal_infection": v["prenatal_infection"],
        "has_paternal_infection": v["paternal_infection"],
        "prenatal_stress_sd": np.round(v["prenatal_stress"], 1),
        **{name: genotyped(cohort, np.round(v[node], 2)) for name, node in SCORES.items()},
        "httlpr_s_alleles": genotyped(cohort, v["httlpr"]),
        "age_years": np.floor(v["age"]),
        "is_hormonal_contraceptive_user": v["oc_use"],
        "has_acute_infection": v["acute_infection"],
        "hospital_infection_count": v["hosp_infection"],
        "baseline_date": visit_dates(cohort).to_numpy(),
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
    found: dict[str, Array] = {}
    for name in INSTRUMENTS:
        found |= _score(answers[name], book.instruments[name])
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
    for number in instrument.reversed:
        turned[:, number - 1] = sum(instrument.item_limits[number - 1]) - turned[:, number - 1]
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
    results = laboratory(cohort)
    found: dict[str, Array] = {book.analytes[name].column: result.value for name, result in results.items()}
    for name, analyte in book.analytes.items():
        if analyte.positive_at is not None and name in results:
            value = results[name].value
            column = f"is_{name.removesuffix('_igg')}_seropositive"
            found[column] = np.where(np.isnan(value), np.nan, value >= analyte.positive_at)
    crp = results["crp"]
    missing = np.isnan(crp.value)
    found["crp_censoring"] = np.where(missing, np.nan, crp.is_below + 2 * crp.is_above)
    found["crp_limit_mg_l"] = np.where(crp.is_below | crp.is_above, crp.value, np.nan)
    found["ln_crp"] = np.log(crp.value)
    above = (crp.value >= 1).astype(int) + (crp.value > 3) + (crp.value > 10)
    found["crp_stratum"] = np.where(missing, np.nan, above)
    found["neutrophil_lymphocyte_ratio"] = results["neutrophils"].value / results["lymphocytes"].value
    return found


def _diagnoses(cohort: SyntheticCohort) -> dict[str, Array]:
    v = cohort.nodes
    recorded = np.where(v["r_diagnosis"], v["diagnosis"], np.nan)
    count = np.nansum(recorded, axis=1)
    uncertain = (count == 0) & np.isnan(recorded).any(axis=1)
    return {
        **{f"has_{disease}": recorded[:, column] for column, disease in enumerate(DISEASES)},
        "autoimmune_disease_count": np.where(uncertain, np.nan, count),
        "has_any_autoimmune_disease": np.where(uncertain, np.nan, count > 0),
        "has_lifetime_depression": v["dep_past"],
        "has_type_2_diabetes": type_2_recorded(cohort),
        "has_accidental_injury": v["accidental_injury"],
        "has_pelvic_infection": np.where(v["sex"] == 1, v["pelvic_infection"], np.nan),
    }


def type_2_recorded(cohort: SyntheticCohort) -> Array:
    """Return who has type 2 diabetes on record: those with it, unless it is recorded as type 1."""
    recorded_as_1 = cohort.nodes["diagnosis"][:, DISEASES.index("type_1_diabetes")]
    has_1 = cohort.nodes["type_1_diabetes"]
    return np.asarray(cohort.nodes["type_2_diabetes"] & ~(recorded_as_1 & ~has_1))
