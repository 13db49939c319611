"""The study file that belongs to the raw files of a synthetic cohort."""

from __future__ import annotations

import json

TEST_NAMES = {
    "crp": "CRP", "il6": "IL6", "tnf_alpha": "TNFA", "leukocytes": "WBC", "neutrophils": "NEUT", "lymphocytes": "LYMPH",
    "monocytes": "MONO", "platelets": "PLT", "cmv_igg": "CMVG", "ebv_igg": "EBVG",
}  # fmt: skip
"""Name of each analyte in the laboratory's file."""

DISEASE_COLUMNS = {
    "autoimmune_thyroid_disease": "thyroid", "type_1_diabetes": "t1d", "multiple_sclerosis": "ms",
    "rheumatoid_arthritis": "ra", "systemic_lupus_erythematosus": "sle", "psoriasis": "pso",
    "inflammatory_bowel_disease": "ibd", "celiac_disease": "celiac",
}  # fmt: skip
"""Column of each disease in the file of diagnoses."""

_HEAD = """\
# Made together with the files beside it; the truth behind them lies in truth/.
cohort_study: 1
name: {name}
title: {title}
synthetic: true
id: pid
files:
  participants: {{path: participants.csv}}
  visits: {{path: visits.csv}}
  questionnaires: {{path: questionnaires.csv}}
  laboratory: {{path: laboratory.csv}}
  diagnoses: {{path: diagnoses.csv}}
eligible:
  - {{variable: age_years, at_least: 18}}
variables:
  sex: {{file: participants, column: sex, codes: {{1: male, 2: female}}}}
  birth_year: {{file: participants, column: birth_year}}
  ancestry_group: {{file: participants, column: ancestry, codes: {{1: european, 2: african, 3: east_asian}}}}
  parental_ses_sd: {{file: participants, column: parent_ses}}
  education: {{file: participants, column: education, codes: {{1: low, 2: middle, 3: high}}, missing: {{9: not known}}}}
  site: {{file: participants, column: site}}
  recruitment: {{file: participants, constant: population}}
  has_prenatal_infection: {{file: participants, column: prenatal_infection, codes: {{0: false, 1: true}}}}
  prenatal_stress_sd: {{file: participants, column: prenatal_stress}}
  visit_date: {{file: visits, column: visit_date}}
  age_years: {{file: visits, column: age}}
  bmi_kg_m2: {{file: visits, column: bmi, missing: {{999: not measured}}}}
  smoking: {{file: visits, column: smoking, codes: {{1: never, 2: former, 3: current}}, missing: {{9: refused}}}}
  activity_met_h_week: {{file: visits, column: activity, missing: {{999: not filled in}}}}
  diet_quality_sd: {{file: visits, column: diet}}
  is_hormonal_contraceptive_user:       # asked of women only: a blank for a man is an answer
    file: visits
    cases: {{"true": {{pill: [1]}}, "false": [{{pill: [2]}}, {{pill: blank}}]}}
  has_acute_infection: {{file: visits, column: infection_now, codes: {{1: true, 2: false}}}}
  hospital_infection_count: {{file: visits, column: infections_in_hospital}}
instruments:
  phq9:
    file: questionnaires
    items: [{phq}]
    missing: {{7: refused, 9: do not know}}
  ctq_sf:
    file: questionnaires
    items: [{ctq}]
    missing: {{99: not answered}}
labs:
"""


def study_text(name: str, title: str) -> str:
    """Return the text of ``study.yaml`` for the files that :func:`cohort.synthetic.write_cohort` writes.

    Parameters
    ----------
    name, title
        Name and title of the study.

    Examples
    --------
    >>> study_text("demo", "A demo").splitlines()[2]
    'name: demo'
    """
    text = _HEAD.format(
        name=name,
        title=json.dumps(title, ensure_ascii=False),
        phq=", ".join(f"phq{k}" for k in range(1, 10)),
        ctq=", ".join(f"ctq{k}" for k in range(1, 29)),
    )
    for analyte, test in TEST_NAMES.items():
        text += (
            f"  {analyte}: {{file: laboratory, where: {{test: [{test}]}}, column: result, unit: {{column: unit}}, "
            "date: {column: drawn}, time: {column: hour}, plate: {column: plate}, site: {column: site}}\n"
        )
    text += "diagnoses:\n"
    for disease, column in DISEASE_COLUMNS.items():
        text += (
            f"  {disease}: {{file: diagnoses, present: {{{column}: [1]}}, absent: {{{column}: [2]}}, "
            f"onset_age: {{column: {column}_age}}, missing: {{9: not asked}}, source: interview}}\n"
        )
    text += (
        "  lifetime_depression: {file: diagnoses, present: {depression_ever: [1]}, absent: {depression_ever: [2]}, "
        "source: interview}\n"
        "medications:\n"
        "  antidepressant: {file: visits, present: {antidepressant: [1]}, absent: {antidepressant: [2]}}\n"
        "disclosure: {minimum_count: 0, round_to: 1}     # synthetic people need no protection\n"
    )
    return text
