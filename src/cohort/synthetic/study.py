"""The study file that belongs to the raw files of a synthetic cohort."""

from __future__ import annotations

import json

TEST_NAMES = {
    "crp": "crp", "il6": "il6", "tnf_alpha": "tnfa", "leukocytes": "wbc", "neutrophils": "neut", "lymphocytes": "lymph",
    "monocytes": "mono", "platelets": "plt", "cmv_igg": "cmv_g", "ebv_igg": "ebv_g", "hsv1_igg": "hsv1_g",
    "toxoplasma_igg": "toxo_g", "igg": "igg", "glutathione": "gsh", "cortisol": "cort", "tryptophan": "trp",
    "kynurenine": "kyn", "platelet_serotonin": "sero",
}  # fmt: skip
"""Column of each analyte in the laboratory's file."""

UNITS = {
    "crp": "{column: crp_unit}", "il6": "pg/mL", "tnf_alpha": "pg/mL", "leukocytes": "10^9/L", "neutrophils": "10^9/L",
    "lymphocytes": "10^9/L", "monocytes": "10^9/L", "platelets": "10^9/L", "cmv_igg": "AU/mL", "ebv_igg": "AU/mL",
    "hsv1_igg": "AU/mL", "toxoplasma_igg": "AU/mL", "igg": "g/L", "glutathione": "umol/L", "cortisol": "nmol/L",
    "tryptophan": "umol/L", "kynurenine": "umol/L", "platelet_serotonin": "nmol/10^9",
}  # fmt: skip
"""Unit of each analyte; that of CRP stands beside each result."""

DISEASE_COLUMNS = {
    "autoimmune_thyroid_disease": "thyroid", "type_1_diabetes": "t1d", "multiple_sclerosis": "ms",
    "rheumatoid_arthritis": "ra", "systemic_lupus_erythematosus": "sle", "psoriasis": "pso",
    "inflammatory_bowel_disease": "ibd", "celiac_disease": "celiac",
}  # fmt: skip
"""Column of each disease in the file of diagnoses."""

GENE_COLUMNS = {
    "prs_depression_sd": "pgs_dep", "prs_autoimmune_sd": "pgs_aid", "prs_bmi_sd": "pgs_bmi", "prs_crp_sd": "pgs_crp",
    "prs_il6_sd": "pgs_il6", "httlpr_s_alleles": "s_alleles",
}  # fmt: skip
"""Column of each genetic variable in the file of participants."""

DRUG_COLUMNS = ("antidepressant", "ssri", "nsaid", "statin", "glucocorticoid", "levothyroxine", "insulin")
"""Drugs of the visit's form; the column of each has its name."""

_HEAD = """\
# Made together with the files beside it; the truth behind them lies in truth/.
cohort_study: 1
name: {name}
title: {title}
synthetic: true
id: pid
files:
  participants: {{path: participants.{ending}}}
  visits: {{path: visits.{ending}}}
  questionnaires: {{path: questionnaires.{ending}}}
  laboratory: {{path: laboratory.{ending}}}
  diagnoses: {{path: diagnoses.{ending}}}
  follow_up: {{path: follow_up.{ending}}}
  relations: {{path: relations.{ending}}}
eligible:
  - {{variable: age_years, at_least: 18}}
variables:
  sex: {{file: participants, column: sex, codes: {{1: male, 2: female}}}}
  birth_year: {{file: participants, column: birth_year}}
  ancestry_group: {{file: participants, column: ancestry, codes: {{1: european, 2: african, 3: east_asian}}}}
  parental_ses_sd: {{file: participants, column: parent_ses}}
  education: {{file: participants, column: education, codes: {{1: low, 2: middle, 3: high}}, missing: {{9: not known}}}}
  site: {{file: participants, column: site}}
  recruitment:
    file: participants
    column: recruited_as
    codes: {{1: population, 2: clinic, 3: volunteer, 4: population}}
  is_screened_control: {{file: participants, column: recruited_as, codes: {{1: false, 2: false, 3: false, 4: true}}}}
  has_prenatal_infection: {{file: participants, column: prenatal_infection, codes: {{0: false, 1: true}}}}
  has_paternal_infection: {{file: participants, column: paternal_infection, codes: {{0: false, 1: true}}}}
  prenatal_stress_sd: {{file: participants, column: prenatal_stress}}
{genes}  visit_date: {{file: visits, column: visit_date, visit: {{column: visit}}}}
  age_years: {{file: visits, column: age, visit: {{column: visit}}}}
  bmi_kg_m2: {{file: visits, column: bmi, visit: {{column: visit}}, missing: {{999: not measured}}}}
  smoking:
    file: visits
    column: smoking
    where: {{visit: [t0]}}
    visit: {{column: visit}}
    codes: {{1: never, 2: former, 3: current}}
    missing: {{9: refused}}
  activity_met_h_week:
    {{file: visits, column: activity, where: {{visit: [t0]}}, visit: {{column: visit}}, missing: {{999: not answered}}}}
  diet_quality_sd: {{file: visits, column: diet, where: {{visit: [t0]}}, visit: {{column: visit}}}}
  is_hormonal_contraceptive_user:       # asked at baseline, of women only: a blank for a man is an answer
    file: visits
    where: {{visit: [t0]}}
    visit: {{column: visit}}
    cases: {{"true": {{pill: [1]}}, "false": [{{pill: [2]}}, {{pill: blank}}]}}
  has_acute_infection: {{file: visits, column: infection_now, visit: {{column: visit}}, codes: {{1: true, 2: false}}}}
  hospital_infection_count:
    {{file: visits, column: infections_in_hospital, where: {{visit: [t0]}}, visit: {{column: visit}}}}
instruments:
  phq9:
    file: questionnaires
    items: [{phq}]
    visit: {{column: visit}}
    missing: {{7: refused, 9: do not know}}
{scales}labs:
"""


_SCALES = {"ctq_sf": ("ctq", 28), "bdi2": ("bdi", 21), "hamd17": ("ham", 17), "pss10": ("pss", 10)}
"""Questionnaires of baseline alone: beginning of their columns, and number of items."""


def study_text(name: str, title: str, ending: str = "csv") -> str:
    """Return the text of ``study.yaml`` for the files that :func:`cohort.synthetic.write_cohort` writes.

    Parameters
    ----------
    name, title
        Name and title of the study.
    ending
        Ending of the files: ``csv`` or ``parquet``.

    Examples
    --------
    >>> study_text("demo", "A demo").splitlines()[2]
    'name: demo'
    """
    text = _HEAD.format(
        name=name,
        title=json.dumps(title, ensure_ascii=False),
        ending=ending,
        genes="".join(f"  {name}: {{file: participants, column: {column}}}\n" for name, column in GENE_COLUMNS.items()),
        phq=", ".join(f"phq{k}" for k in range(1, 10)),
        scales="".join(
            f"  {scale}:\n    file: questionnaires\n    where: {{visit: [t0]}}\n    visit: {{column: visit}}\n"
            f"    items: [{', '.join(f'{prefix}{k}' for k in range(1, count + 1))}]\n"
            "    missing: {99: not answered}\n"
            for scale, (prefix, count) in _SCALES.items()
        ),
    )
    for analyte, test in TEST_NAMES.items():
        only = "" if analyte == "crp" else "where: {visit: [t0]}, "  # later waves measure CRP alone
        text += (
            f"  {analyte}: {{file: laboratory, column: {test}, unit: {UNITS[analyte]}, {only}visit: {{column: visit}}, "
            "date: {column: drawn}, time: {column: hour}, plate: {column: plate}, site: {column: site}}\n"
        )
    text += "diagnoses:\n"
    for disease, column in DISEASE_COLUMNS.items():
        text += (
            f"  {disease}: {{file: diagnoses, present: {{{column}: [1]}}, absent: {{{column}: [2]}}, "
            f"onset_age: {{column: {column}_age}}, missing: {{9: not asked}}, source: interview}}\n"
        )
    for disease, column, onset in (
        ("type_2_diabetes", "t2d", "onset_age: {column: t2d_age}, "),
        ("lifetime_depression", "depression_ever", "onset_age: {column: depression_age}, "),
        ("accidental_injury", "accident", ""),
        ("pelvic_infection", "pelvic", ""),
    ):
        text += (
            f"  {disease}: {{file: diagnoses, present: {{{column}: [1]}}, absent: {{{column}: [2]}}, {onset}"
            "source: interview}\n"
        )
    text += "medications:\n"
    for drug in DRUG_COLUMNS:
        text += (
            f"  {drug}: {{file: visits, where: {{visit: [t0]}}, present: {{{drug}: [1]}}, absent: {{{drug}: [2]}}}}\n"
        )
    return (
        text
        + "relations:\n"
        + "  - file: relations\n    relative: {column: relative}\n"
        + "    kind: {file: relations, column: kind, codes: {1: sibling, 2: parent, 3: partner}}\n"
        + "follow_up:\n"
        + "  entry: {file: follow_up, column: entered}\n"
        + "  exit: {file: follow_up, column: left}\n"
        + "  reason: {file: follow_up, column: why, codes: {1: end_of_study, 5: lost}}\n"
        + "disclosure: {minimum_count: 0, round_to: 1}     # synthetic people need no protection\n"
    )
