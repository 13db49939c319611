"""The quantities of the calibration table: what the generator gives, and the range that the literature has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import statsmodels.api as sm

from cohort.synthetic.history import DISEASES
from cohort.synthetic.node import FAMILY_SIZE, Array
from cohort.synthetic.questionnaires import CTQ_ITEMS, CTQ_REVERSED, PSS10_REVERSED

Row: TypeAlias = tuple[str, float, float, float, str, str]
"""Quantity, simulated value, range of the target, value that section 6 of dag.md has, and the source."""

NODES = (
    "age", "sex", "ancestry", "ses_parent", "u_fam", "family", "role", "birth_year", "education", "smoking",
    "trauma", "trauma_latent", "prenatal_infection", "bmi", "activity", "diet", "dep_past", "dep_onset", "cmv",
    "hsv1", "toxoplasma", "ebv_titre", "hosp_infection", "type_2_diabetes", "statin", "ssri_t0", *DISEASES, "aid",
    "inflam", "crp_true", "crp_obs", "il6_true", "il6_obs", "tnf_obs", "blood_count", "igg_obs", "cortisol_obs",
    "trp_obs", "kyn_obs", "glutathione_obs", "platelet_5ht", "httlpr", "cmv_igg", "ebv_igg", "pain", "dep",
    "severity", "phq9", "bdi2", "hamd17", "pss10", "ctq_obs", "md_denial", "crp_1", "retained_1", "oc_use",
    "acute_infection",
)  # fmt: skip
"""What the table needs of the model."""

_CTQ_MODERATE = {
    "emotional_abuse": 13, "physical_abuse": 10, "sexual_abuse": 8, "emotional_neglect": 15, "physical_neglect": 10,
}  # fmt: skip
_CTQ_TARGETS = {
    "emotional_abuse": (0.046, 0.102), "physical_abuse": (0.056, 0.12), "sexual_abuse": (0.062, 0.076),
    "emotional_neglect": (0.133, 0.139), "physical_neglect": (0.225, 0.288),
}  # fmt: skip
_PREVALENCE = {
    "autoimmune_thyroid_disease": (0.02, 0.07, "hashimoto_dx_*, graves_*"),
    "type_1_diabetes": (0.003, 0.007, "t1d_both"),
    "multiple_sclerosis": (0.0014, 0.0025, "ms_female, ms_male"), "rheumatoid_arthritis": (0.0055, 0.0095, "ra_*"),
    "systemic_lupus_erythematosus": (0.00045, 0.0012, "sle_*"), "psoriasis": (0.02, 0.035, "psoriasis_both"),
    "inflammatory_bowel_disease": (0.005, 0.009, "ibd_both"), "celiac_disease": (0.002, 0.006, "celiac_dx"),
}  # fmt: skip


def quantities(values: Mapping[str, Array]) -> list[Row]:
    """Return all rows of the calibration table; those of section 6 of dag.md come first.

    Parameters
    ----------
    values
        The nodes of :data:`NODES`.
    """
    return [
        *_section_6(values), *_occurrence(values), *_infections(values), *_markers(values), *_questionnaires(values),
        *_associations(values),
    ]  # fmt: skip


def _log_odds_ratio(outcome: Array, exposure: Array, *covariates: Array) -> float:
    design = sm.add_constant(np.column_stack([exposure, *covariates]).astype(float))
    return float(sm.Logit(outcome.astype(float), design).fit(disp=0).params[1])


def _odds_ratio(outcome: Array, exposure: Array, *covariates: Array) -> float:
    return float(np.exp(_log_odds_ratio(outcome, exposure, *covariates)))


def _slope(outcome: Array, exposure: Array, *covariates: Array) -> float:
    design = np.column_stack([np.ones(len(outcome)), exposure, *covariates]).astype(float)
    return float(np.linalg.lstsq(design, outcome, rcond=None)[0][1])


def _alpha(answers: Array) -> float:
    """Return Cronbach's alpha of items in columns."""
    items, answers = answers.shape[1], answers.astype(float)
    return float(items / (items - 1) * (1 - answers.var(axis=0).sum() / answers.sum(axis=1).var()))


def _turned(answers: Array, reversed_items: tuple[int, ...], ends: int) -> Array:
    turned = answers.astype(float)
    columns = [item - 1 for item in reversed_items]
    turned[:, columns] = ends - turned[:, columns]
    return turned


def _section_6(v: Mapping[str, Array]) -> list[Row]:
    """Return the rows of section 6 of dag.md, in its order."""
    crp, ln, ill, before, women = v["crp_obs"], np.log(v["crp_obs"]), v["dep"], v["dep_past"], v["sex"] == 1
    above, foreign = crp > 3, v["ancestry"] > 0
    h1 = [v[name] for name in ("age", "sex", "ses_parent", "education", "smoking", "trauma", "hosp_infection")]
    h1 += [v["ebv_titre"], before, v["u_fam"], foreign]
    h2 = [v[name] for name in ("age", "sex", "education", "smoking", "bmi", "activity", "diet", "aid", "cmv")]
    h2 += [v[name] for name in ("hosp_infection", "trauma", "prenatal_infection", "dep_past", "u_fam")]
    family = [v[name] for name in ("age", "sex", "ses_parent")]
    trauma_set = [*family, v["u_fam"]]
    over = _slope(ln, v["trauma"], *trauma_set, v["bmi"], v["smoking"])
    d = (ln[ill].mean() - ln[~ill].mean()) / ln.std()
    d_past = (ln[before].mean() - ln[~before].mean()) / ln.std()
    return [
        ("depression in the last 12 months", ill.mean(), 0.07, 0.10, "8.0 %", "mdd_12m, mood_disorder_12m"),
        ("depression before baseline", before.mean(), 0.15, 0.25, "19.2 %", "mdd_lifetime"),
        ("any autoimmune disease", v["aid"].mean(), 0.04, 0.12, "10.9 %", "aid_any_pop 10.2 %"),
        ("any autoimmune disease, women", v["aid"][women].mean(), 0.10, 0.15, "14.1 %", "aid_any_female 13.1 %"),
        ("any autoimmune disease, men", v["aid"][~women].mean(), 0.05, 0.09, "7.8 %", "aid_any_male 7.4 %"),
        ("cytomegalovirus infection", v["cmv"].mean(), 0.456, 0.567, "50 %", "cmv_nl, cmv_de_overall"),
        ("body mass index, mean", v["bmi"].mean(), 25, 27, "26.4", "bmi_mean 26"),
        ("body mass index, SD", v["bmi"].std(), 4.2, 4.8, "4.4", "bmi_mean, note: 4.5"),
        ("ln CRP observed, mean", ln.mean(), 0.0, 0.5, "0.34", "crp_median_pop: 0.26"),
        ("ln CRP observed, SD", ln.std(), 1.0, 1.2, "1.14", "crp_lnsd: 1.115"),
        ("CRP above 1 mg/L", (crp > 1).mean(), 0.48, 0.57, "61 %", "crp_gt1_mdd, osimo_implied_controls"),
        ("CRP above 3 mg/L (fitted to)", above.mean(), 0.17, 0.21, "24 %", "crp_gt3_controls"),
        ("CRP above 10 mg/L", (crp > 10).mean(), 0.03, 0.10, "4.6 %", "crp_gt10_share"),
        ("CRP above 3 mg/L in depression", above[ill].mean(), 0.21, 0.34, "32 %", "crp_gt3_mdd 27 %"),
        ("CRP above 3 mg/L in the others", above[~ill].mean(), 0.12, 0.30, "23 %", "crp_gt3_controls 16.8 %"),
        ("CRP above 3, odds ratio of depression", _odds_ratio(ill, above), 1.22, 1.75, "1.57", "crp_gt3_or 1.46"),
        ("ln CRP, d, current depression", d, 0.15, 0.71, "0.26", "crp_dep_d_crude"),
        ("ln CRP, d, past depression", d_past, 0.1, 0.2, "0.17", "dag.md: about 0.15 in UKB"),
        ("ln CRP, d, adjusted for the H2 set", _slope(ln, ill, *h2) / ln.std(), 0.0, 0.1, "0.04", "crp_dep_r_adj"),
        ("trauma and ln CRP, correlation", np.corrcoef(v["trauma"], ln)[0, 1], 0.05, 0.14, "0.084", "trauma_crp_z"),
        ("trauma on ln CRP, total", _slope(ln, v["trauma"], *trauma_set), 0.12, 0.20, "0.175", "dag.md section 6"),
        ("the same, BMI and smoking adjusted for", over, 0.02, 0.08, "0.051", "trauma_inflam_r_adj"),
        ("autoimmunity and depression, crude OR", _odds_ratio(ill, v["aid"]), 1.6, 2.1, "1.88", "dag.md section 6"),
        ("autoimmunity and depression, adjusted OR", _odds_ratio(ill, v["aid"], *h1), 1.35, 1.65, "1.50",
         "generator_aid_dep_or_default"),
        ("autoimmunity and depression, lifetime OR", _odds_ratio(ill | before, v["aid"]), 1.27, 2.15, "1.54",
         "comorbidity_or_cohort 1.66"),
        ("trauma and depression, total OR", _odds_ratio(ill, v["trauma"], *trauma_set), 1.37, 3.01, "2.21",
         "maltx_dep_or_prospective 2.03"),
        ("trauma and depression, without u_fam, OR", _odds_ratio(ill, v["trauma"], *family), 2.1, 2.6, "2.39",
         "dag.md section 6"),
        ("trauma and depression, crude OR", _odds_ratio(ill, v["trauma"]), 2.38, 4.83, "2.53", "maltx_dep_or"),
        ("cytomegalovirus and depression, crude OR", _odds_ratio(ill, v["cmv"]), 1.05, 1.25, "1.14", "dag.md"),
        ("cytomegalovirus and depression, adjusted OR", _odds_ratio(ill, v["cmv"], *family, foreign), 0.95, 1.05, "1.0",
         "cmv_dep_or"),
    ]  # fmt: skip


def _occurrence(v: Mapping[str, Array]) -> list[Row]:
    ill, women = v["dep"], v["sex"] == 1
    onset = v["dep_onset"][v["dep_past"] & (v["age"] > 60)]
    rows: list[Row] = [
        (f"{disease.replace('_', ' ')}", v[disease].mean(), *_PREVALENCE[disease][:2], "", _PREVALENCE[disease][2])
        for disease in DISEASES
    ]
    return [
        *rows,
        ("share of women", women.mean(), 0.49, 0.52, "", "female_share_general"),
        ("age, mean", v["age"].mean(), 45, 50, "", "age_mean_general 48"),
        ("smoking", v["smoking"].mean(), 0.15, 0.25, "", "smoking_prev_controls"),
        ("smoking in depression", v["smoking"][ill].mean(), 0.30, 0.45, "", "smoking_prev_mdd"),
        ("any moderate childhood trauma, as it was", v["trauma"].mean(), 0.31, 0.353, "", "ctq_any_mod"),
        ("infection in the pregnancy", v["prenatal_infection"].mean(), 0.02, 0.10, "", "prenatal_infection_prev"),
        ("women and depression, odds ratio", _odds_ratio(ill, women), 1.7, 2.2, "", "mdd_sex_or 1.95"),
        ("age at first depression, median", float(np.median(onset)), 25, 35, "", "mdd_onset_median_age"),
        ("type 2 diabetes", v["type_2_diabetes"].mean(), 0.04, 0.09, "", "assumed"),
        ("statin", v["statin"].mean(), 0.08, 0.20, "", "statin_use"),
        ("short allele, Europeans", v["httlpr"][v["ancestry"] == 0].mean() / 2, 0.40, 0.47, "", "5httlpr_s_eur"),
        ("depression of siblings, odds ratio", _sibling_odds_ratio(v), 2.31, 3.49, "", "mdd_familial_or"),
        ("thyroid and any other autoimmune disease, OR", _clustering(v), 1.3, 4.0, "", "aid_clustering_or 2.0"),
    ]


def _clustering(v: Mapping[str, Array]) -> float:
    first, *others = DISEASES
    return _odds_ratio(v[first], np.any([v[disease] for disease in others], axis=0), v["sex"], v["age"])


def _sibling_odds_ratio(v: Mapping[str, Array]) -> float:
    ever = v["dep"] | v["dep_past"]
    pair = np.flatnonzero(v["role"] == 1)
    first = pair // FAMILY_SIZE * FAMILY_SIZE
    return _odds_ratio(ever[pair], ever[first]) if len(pair) else float("nan")


def _infections(v: Mapping[str, Array]) -> list[Row]:
    age, men = v["age"], v["sex"] == 0
    young, old = (age >= 18) & (age < 30), (age >= 70)
    seropositive = v["cmv_igg"] >= 10
    return [
        ("cytomegalovirus, men 18-29", v["cmv"][men & young].mean(), 0.268, 0.368, "", "cmv_age_male 31.8 %"),
        ("cytomegalovirus, men 70 and over", v["cmv"][men & old].mean(), 0.587, 0.687, "", "cmv_age_male 63.7 %"),
        ("cytomegalovirus, women 18-29", v["cmv"][~men & young].mean(), 0.391, 0.491, "", "cmv_age_female 44.1 %"),
        ("cytomegalovirus, women 70 and over", v["cmv"][~men & old].mean(), 0.726, 0.826, "", "cmv_age_female 77.6 %"),
        ("cytomegalovirus IgG of 10 AU/mL or more", seropositive.mean(), 0.456, 0.58, "", "cmv_nl, sero_equivocal"),
        ("Epstein-Barr virus IgG of 10 or more", (v["ebv_igg"] >= 10).mean(), 0.90, 0.98, "", "ebv_adult"),
        ("herpes simplex virus 1", v["hsv1"].mean(), 0.35, 0.55, "", "hsv1_nl"),
        ("Toxoplasma", v["toxoplasma"].mean(), 0.26, 0.41, "", "toxo_nl"),
        ("Toxoplasma, 70 and over against 18-29, ratio", v["toxoplasma"][old].mean() / v["toxoplasma"][young].mean(),
         1.8, 6.0, "", "toxo_nl: strong age slope"),
        ("infection in hospital, any", (v["hosp_infection"] > 0).mean(), 0.15, 0.35, "", "share_mood_with_infection"),
    ]  # fmt: skip


def _markers(v: Mapping[str, Array]) -> list[Row]:
    ln, count, high = np.log(v["crp_obs"]), v["blood_count"], v["crp_obs"] > 3
    il6, tnf, nlr, white = (
        np.log(v["il6_obs"]),
        np.log(v["tnf_obs"]),
        np.log(count[:, 1] / count[:, 2]),
        np.log(count[:, 0]),
    )
    kyn_trp = np.log(v["kyn_obs"] / v["trp_obs"])
    young_women = (v["sex"] == 1) & (v["age"] < 45)
    pill = ln[young_women & v["oc_use"]].mean() - ln[young_women & ~v["oc_use"]].mean()

    def r(a: Array, b: Array) -> float:
        return float(np.corrcoef(a, b)[0, 1])

    return [
        ("CRP, intraclass correlation", v["crp_true"].var() / ln.var(), 0.55, 0.68, "", "crp_icc"),
        ("IL-6, intraclass correlation", v["il6_true"].var() / il6.var(), 0.35, 0.70, "", "il6_icc"),
        ("CRP above 3, no longer so at a second draw", (v["crp_1"][high] <= 3).mean(), 0.62, 0.75, "",
         "crp_gt3_retest_drop"),
        ("CRP, median mg/L", float(np.median(v["crp_obs"])), 1.0, 1.6, "", "crp_median_pop"),
        ("CRP ratio of pill users, women under 45", float(np.exp(pill)), 1.27, 2.5, "", "crp_oc_ratio"),
        ("ln CRP per kg/m^2", _slope(ln, v["bmi"], v["age"], v["sex"]), 0.03, 0.10, "", "crp_beta_bmi"),
        ("interleukin-6, median pg/mL", float(np.median(v["il6_obs"])), 0.7, 3.5, "", "il6_median 1.47"),
        ("ln interleukin-6, SD", il6.std(), 0.6, 1.2, "", "il6_lnsd"),
        ("interleukin-6 below the limit of detection", (v["il6_obs"] < 0.46).mean(), 0.0, 0.35, "",
         "il6_below_lod 7.4 %"),
        ("TNF-alpha, median pg/mL", float(np.median(v["tnf_obs"])), 1.8, 4.5, "", "tnfa_median 2.89"),
        ("white cells, mean 10^9/L", count[:, 0].mean(), 6.0, 7.2, "", "wbc_mean"),
        ("neutrophils to lymphocytes, median", float(np.median(np.exp(nlr))), 1.6, 2.2, "", "nlr_median"),
        ("neutrophils to lymphocytes, ln SD", nlr.std(), 0.35, 0.45, "", "nlr_median, note: 0.40"),
        ("CRP and IL-6, correlation of logs", r(ln, il6), 0.30, 0.55, "", "corr_crp_il6"),
        ("CRP and TNF-alpha, correlation of logs", r(ln, tnf), 0.05, 0.25, "", "corr_crp_tnf"),
        ("IL-6 and TNF-alpha, correlation of logs", r(il6, tnf), 0.10, 0.40, "", "corr_il6_tnf"),
        ("CRP and white cells, correlation of logs", r(ln, white), 0.20, 0.35, "", "corr_crp_wbc"),
        ("CRP and NLR, correlation of logs", r(ln, nlr), 0.05, 0.25, "", "corr_crp_nlr"),
        ("white cells and NLR, correlation of logs", r(white, nlr), 0.25, 0.45, "", "corr_wbc_nlr"),
        ("CRP and kynurenine/tryptophan, correlation", r(ln, kyn_trp), 0.15, 0.35, "", "crp_kyntrp_r"),
        ("tryptophan, mean umol/L", v["trp_obs"].mean(), 50, 72, "", "trp_mean"),
        ("kynurenine, mean umol/L", v["kyn_obs"].mean(), 1.4, 2.0, "", "kyn_mean"),
        ("cortisol, median nmol/L", float(np.median(v["cortisol_obs"])), 200, 600, "", "cortisol_morning_mean"),
        ("immunoglobulin G, mean g/L", v["igg_obs"].mean(), 7, 16, "", "igg_mean"),
        ("glutathione, mean umol/L", v["glutathione_obs"].mean(), 600, 1200, "", "gsh_mean"),
        ("platelet serotonin, SSRI users, ln lower", v["platelet_5ht"][v["ssri_t0"]].mean()
         - v["platelet_5ht"][~v["ssri_t0"]].mean(), -3.0, -1.0, "", "ssri_platelet5ht"),
    ]  # fmt: skip


def _questionnaires(v: Mapping[str, Array]) -> list[Row]:
    total, ill, women = v["phq9"].sum(axis=1), v["dep"], v["sex"] == 1
    current = ill & (total >= 10)
    well = ~ill & ~v["dep_past"]
    bdi, ham = v["bdi2"].sum(axis=1), v["hamd17"].sum(axis=1)
    pss = _turned(v["pss10"], PSS10_REVERSED, 4)
    ctq = _turned(v["ctq_obs"], CTQ_REVERSED, 6)
    parts = {name: ctq[:, [item - 1 for item in wanted]] for name, wanted in CTQ_ITEMS.items()}
    scored = np.column_stack([part.sum(axis=1) for part in parts.values()])
    whole = scored.sum(axis=1)
    any_moderate = (scored >= np.array([_CTQ_MODERATE[name] for name in parts])).any(axis=1)
    g = (whole[current].mean() - whole[well].mean()) / np.sqrt((whole[current].var() + whole[well].var()) / 2)
    rows: list[Row] = [
        ("PHQ-9, mean", total.mean(), 2.4, 3.6, "", "phq9_pop_mean"),
        ("PHQ-9, SD", total.std(), 3.0, 4.2, "", "phq9_pop_sd"),
        ("PHQ-9 of 0", (total == 0).mean(), 0.20, 0.35, "", "phq9_pop_shape"),
        ("PHQ-9 of 5 or more", (total >= 5).mean(), 0.20, 0.30, "", "NHANES 2017-2020: 25.0 %"),
        ("PHQ-9 of 10 or more", (total >= 10).mean(), 0.06, 0.10, "", "phq9_ge10_share"),
        ("PHQ-9 of 15 or more", (total >= 15).mean(), 0.018, 0.035, "", "NHANES 2017-2020: 2.6 %"),
        ("PHQ-9 of 20 or more", (total >= 20).mean(), 0.005, 0.013, "", "NHANES 2017-2020: 0.8 %"),
        ("PHQ-9 of 10 or more, women", (total[women] >= 10).mean(), 0.089, 0.119, "", "phq9_ge10_share, note 10.4 %"),
        ("PHQ-9 of 10 or more, men", (total[~women] >= 10).mean(), 0.04, 0.07, "", "phq9_ge10_share, note 5.5 %"),
        ("PHQ-9, Cronbach's alpha", _alpha(v["phq9"]), 0.83, 0.90, "", "phq9_alpha"),
        ("PHQ-9 in current depression, mean", total[current].mean(), 14, 18, "", "phq9_mdd_mean"),
        ("PHQ-9 in current depression, SD", total[current].std(), 5, 6.5, "", "phq9_mdd_sd"),
        ("PHQ-9 of 10 or more, sensitivity", (total[ill] >= 10).mean(), 0.74, 0.92, "", "phq9_ge10_sensitivity"),
        ("PHQ-9 of 10 or more, specificity", (total[~ill] < 10).mean(), 0.88, 0.98, "", "phq9_ge10_sensitivity"),
        ("BDI-II, mean", bdi.mean(), 5, 10, "", "bdi2_control_mean"),
        ("BDI-II in current depression, mean", bdi[current].mean(), 24, 31, "", "bdi2_case_mean"),
        ("BDI-II, Cronbach's alpha", _alpha(v["bdi2"]), 0.89, 0.94, "", "manual of the BDI-II: 0.91-0.93"),
        ("HAM-D-17, the healthy, mean", ham[well].mean(), 0.5, 4, "", "hamd17_control_mean"),
        ("HAM-D-17 in current depression, mean", ham[current].mean(), 18, 24, "", "hamd17_case_mean"),
        ("HAM-D-17, Cronbach's alpha", _alpha(v["hamd17"]), 0.75, 0.92, "", "assumed"),
        ("PHQ-9 and HAM-D-17, correlation", np.corrcoef(total, ham)[0, 1], 0.5, 0.8, "", "corr_phq9_hamd"),
        ("PSS-10, mean", pss.sum(axis=1).mean(), 12, 16, "", "assumed"),
        ("PSS-10, Cronbach's alpha", _alpha(pss), 0.78, 0.91, "", "assumed"),
        ("CTQ-SF total, mean", whole.mean(), 33, 40, "", "ctq_total_pop_mean"),
        ("CTQ-SF total, SD", whole.std(), 9, 13, "", "ctq_total_pop_mean, note 11"),
        ("CTQ-SF, any moderate kind", any_moderate.mean(), 0.28, 0.36, "", "ctq_any_mod"),
        ("CTQ-SF total, g, current depression against well", g, 0.95, 1.19, "", "ctq_dep_g"),
        ("minimisation in the depressed", (v["md_denial"][ill] > 0).mean(), 0.2, 0.3, "", "ctq_md_pos_cases"),
        ("minimisation in the others", (v["md_denial"][~ill] > 0).mean(), 0.3, 0.45, "", "ctq_md_pos_controls"),
    ]  # fmt: skip
    for name, part in parts.items():
        words = name.replace("_", " ")
        share = (part.sum(axis=1) >= _CTQ_MODERATE[name]).mean()
        low, high = (0.55, 0.66) if name == "physical_neglect" else (0.85, 0.95)
        rows.append((f"CTQ-SF, moderate {words}", share, *_CTQ_TARGETS[name], "", "ctq_ge_mod_*"))
        rows.append((f"CTQ-SF {words}, Cronbach's alpha", _alpha(part), low, high, "", "ctq_alpha_pn"))
    return rows


def _associations(v: Mapping[str, Array]) -> list[Row]:
    ill = v["dep"]
    form = _turned(v["ctq_obs"], CTQ_REVERSED, 6)
    scored = {name: form[:, [item - 1 for item in wanted]].sum(axis=1) for name, wanted in CTQ_ITEMS.items()}
    told = np.any([scored[name] >= cut for name, cut in _CTQ_MODERATE.items()], axis=0)
    obese = v["bmi"] >= 30
    agreement = (told == v["trauma"]).mean()
    chance = told.mean() * v["trauma"].mean() + (1 - told.mean()) * (1 - v["trauma"].mean())
    return [
        ("obesity and depression, odds ratio", _odds_ratio(ill, obese, v["age"], v["sex"]), 1.22, 1.98, "",
         "bmi_dep_bidirectional_or"),
        ("trauma on the form and depression, odds ratio", _odds_ratio(ill, told), 2.38, 4.83, "", "maltx_dep_or"),
        ("trauma, form and truth, kappa", float((agreement - chance) / (1 - chance)), 0.14, 0.24, "",
         "prospective_retrospective_kappa"),
    ]  # fmt: skip
