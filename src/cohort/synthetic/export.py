"""Writing a synthetic cohort as the raw files of a real one, with a matching study file, and the truth beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cohort.synthetic.background import ANCESTRY
from cohort.synthetic.immune import DISEASES
from cohort.synthetic.measurement import FORM_FIELDS, SITES, plate_labels
from cohort.synthetic.node import Array, Noise
from cohort.synthetic.simulate import SyntheticCohort, block_sizes
from cohort.synthetic.study import DISEASE_COLUMNS, TEST_NAMES, study_text
from cohort.synthetic.tables import Reported, items, laboratory, participant_ids, visit_dates, visit_fields
from cohort.synthetic.truth import population_values, true_effects

UNITS = {
    "crp": "mg/L", "il6": "pg/mL", "tnf_alpha": "pg/mL", "leukocytes": "10^9/L", "neutrophils": "10^9/L",
    "lymphocytes": "10^9/L", "monocytes": "10^9/L", "platelets": "10^9/L", "cmv_igg": "AU/mL", "ebv_igg": "AU/mL",
}  # fmt: skip
SITE_WITH_MG_DL = "B"
DUPLICATE_SHARE = 0.003
"""Share of rows that stand twice in a file (calibration: dq_dup_id)."""
TRUTH_PEOPLE = 131_072
LATENT_COLUMNS = ("trauma", "u_fam", "inflam", "cmv", "aid", "dep_past", "dep", "severity", "subgroup")


def raw_tables(cohort: SyntheticCohort) -> dict[str, pd.DataFrame]:
    """Return the raw tables as text, by name of their file: codes, sentinels, units by site, duplicates, gaps.

    Parameters
    ----------
    cohort
        A synthetic cohort, all blocks of it.
    """
    tables = {
        "participants.csv": _participants(cohort),
        "visits.csv": _visits(cohort),
        "questionnaires.csv": _questionnaires(cohort),
        "laboratory.csv": _laboratory(cohort),
        "diagnoses.csv": _diagnoses(cohort),
    }
    return {name: _with_duplicates(table, name, cohort.seed) for name, table in tables.items()}


def write_cohort(
    cohort: SyntheticCohort,
    folder: Path,
    *,
    name: str = "",
    title: str = "",
    with_truth: bool = True,
    truth_people: int = TRUTH_PEOPLE,
) -> None:
    """Write raw files, a matching ``study.yaml`` and the truth.

    Parameters
    ----------
    cohort
        A synthetic cohort, all blocks of it.
    folder
        Where to; made if need be, files of the same names are replaced.
    name, title
        Name and title of the study; those of the scenario by default.
    with_truth
        Also write ``truth/``: effects by intervention, population values, and the latent state of each person.
    truth_people
        Number of people that the true effects are computed from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file, table in raw_tables(cohort).items():
        _write_csv(table, folder / file)
    study = study_text(
        name or cohort.scenario.name.replace("_", "-").lower(), title or f"Synthetic cohort: {cohort.scenario.title}"
    )
    (folder / "study.yaml").write_text(study, encoding="utf-8", newline="\n")
    if with_truth:
        (folder / "truth").mkdir(exist_ok=True)
        _write_csv(_fixed(true_effects(cohort.scenario, truth_people, cohort.seed)), folder / "truth" / "estimands.csv")
        _write_csv(
            _fixed(population_values(cohort.scenario, truth_people, cohort.seed)), folder / "truth" / "population.csv"
        )
        _write_csv(_latent(cohort), folder / "truth" / "latent.csv")


def _write_csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _fixed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its numbers as text of five decimals, so that the last bit of a sum moves no byte."""
    return table.assign(**{c: table[c].map("{:.5f}".format) for c in table.columns if table[c].dtype.kind == "f"})


def _text(value: Array, decimals: int, missing: str = "") -> Array:
    """Return numbers as text with a fixed number of decimals, and a code where they are missing."""
    numbers = np.asarray(value, dtype=float)
    text = np.char.mod(f"%.{decimals}f", np.where(np.isnan(numbers), 0.0, numbers + 0.0))
    return np.where(np.isnan(numbers), missing, text)


def _noise(cohort: SyntheticCohort, name: str, columns: int) -> Array:
    """Return uniforms for choices of the export, by block as everywhere."""
    sizes = enumerate(block_sizes(cohort.n, cohort.seed))
    return np.concatenate([Noise(cohort.seed, block, f"export {name}", rows).uniform(columns) for block, rows in sizes])


def _form(cohort: SyntheticCohort) -> dict[str, Array]:
    observed = cohort.nodes["r_form"]
    return {
        name: np.where(observed[:, column], np.asarray(value, dtype=float), np.nan)
        for (name, value), column in zip(visit_fields(cohort).items(), range(len(FORM_FIELDS)), strict=True)
    }


def _participants(cohort: SyntheticCohort) -> pd.DataFrame:
    v, form = cohort.nodes, _form(cohort)
    return pd.DataFrame(
        {
            "pid": participant_ids(cohort),
            "sex": np.where(v["sex"] == 1, "2", "1"),
            "birth_year": v["birth_year"],
            "ancestry": np.arange(1, len(ANCESTRY) + 1)[v["ancestry"]],
            "parent_ses": _text(form["parental_ses_sd"], 1),
            "education": _text(form["education"] + 1, 0, "9"),
            "site": np.asarray(SITES)[v["centre"]],
            "prenatal_infection": np.where(v["prenatal_infection"], "1", "0"),
            "prenatal_stress": _text(v["prenatal_stress"], 1),
        }
    )


def _visits(cohort: SyntheticCohort) -> pd.DataFrame:
    v, form = cohort.nodes, _form(cohort)
    return pd.DataFrame(
        {
            "pid": participant_ids(cohort),
            "visit_date": visit_dates(cohort).dt.strftime("%Y-%m-%d"),
            "age": _text(np.floor(v["age"]), 0),
            "bmi": _text(form["bmi_kg_m2"], 1, "999"),
            "smoking": _text(form["smoking"] + 1, 0, "9"),
            "activity": _text(form["activity_met_h_week"], 0, "999"),
            "diet": _text(form["diet_quality_sd"], 1),
            "pill": np.where(v["sex"] == 1, np.where(v["oc_use"], "1", "2"), ""),
            "infection_now": np.where(v["acute_infection"], "1", "2"),
            "infections_in_hospital": v["hosp_infection"],
            "antidepressant": np.where(v["ssri_t0"], "1", "2"),
        }
    )


def _questionnaires(cohort: SyntheticCohort) -> pd.DataFrame:
    answers = items(cohort)
    refused = _noise(cohort, "refused", 9) < 0.3
    phq = np.where(np.isnan(answers["phq9"]), np.where(refused, 7, 9), answers["phq9"]).astype(int)
    phq[np.isnan(answers["phq9"]).all(axis=1)] = -1
    not_sent = ~cohort.nodes["r_ctq"]
    ctq = np.where(np.isnan(answers["ctq_sf"]), 99, answers["ctq_sf"]).astype(int)
    columns: dict[str, Array] = {"pid": participant_ids(cohort)}
    for k in range(9):
        columns[f"phq{k + 1}"] = np.where(phq[:, k] < 0, "", phq[:, k].astype(str))
    for k in range(28):
        columns[f"ctq{k + 1}"] = np.where(not_sent, "", ctq[:, k].astype(str))
    return pd.DataFrame(columns)


def _laboratory(cohort: SyntheticCohort) -> pd.DataFrame:
    site = np.asarray(SITES)[cohort.nodes["centre"]]
    hour = np.round(8 + 4 * _noise(cohort, "hour", 1)[:, 0], 1)
    shared = pd.DataFrame(
        {
            "pid": participant_ids(cohort),
            "drawn": visit_dates(cohort).dt.strftime("%Y-%m-%d"),
            "hour": _text(hour, 1),
            "site": site,
            "plate": plate_labels(cohort.nodes["centre"], cohort.nodes["plate"]),
        }
    )
    parts = []
    for order, (analyte, result) in enumerate(laboratory(cohort).items()):
        in_mg_dl = (site == SITE_WITH_MG_DL) & (analyte == "crp")
        part = shared.assign(
            test=TEST_NAMES[analyte],
            result=np.where(in_mg_dl, _result_text(result, 10), _result_text(result, 1)),
            unit=np.where(in_mg_dl, "mg/dL", UNITS[analyte]),
            order=order,
        )
        parts.append(part[~np.isnan(result.value)])
    table = pd.concat(parts).sort_values(["pid", "order"], kind="stable")
    return table[["pid", "drawn", "hour", "site", "plate", "test", "result", "unit"]].reset_index(drop=True)


def _result_text(result: Reported, divisor: int) -> Array:
    decimals = result.decimals + (1 if divisor == 10 else 0)
    number = _text(result.value / divisor, decimals)
    return np.where(result.is_below, f"<{result.limit / divisor:g}", number)


def _diagnoses(cohort: SyntheticCohort) -> pd.DataFrame:
    v = cohort.nodes
    asked = v["r_diagnosis"]
    columns: dict[str, Array] = {"pid": participant_ids(cohort)}
    for k, disease in enumerate(DISEASES):
        recorded = v["diagnosis"][:, k]
        columns[DISEASE_COLUMNS[disease]] = np.where(asked[:, k], np.where(recorded, "1", "2"), "9")
        onset = np.floor(v["age"] * v[f"waiting_for_{disease}"])
        known = recorded & v[disease] & asked[:, k]
        columns[f"{DISEASE_COLUMNS[disease]}_age"] = _text(np.where(known, onset, np.nan), 0)
    columns["depression_ever"] = np.where(v["dep_past"], "1", "2")
    return pd.DataFrame(columns)


def _latent(cohort: SyntheticCohort) -> pd.DataFrame:
    v = cohort.nodes
    columns: dict[str, Array] = {"pid": participant_ids(cohort)}
    for name in LATENT_COLUMNS:
        columns[name] = _text(v[name], 2) if v[name].dtype.kind == "f" else v[name].astype(int)
    return pd.DataFrame(columns)


def _with_duplicates(table: pd.DataFrame, name: str, seed: int) -> pd.DataFrame:
    """Return a table in which a few rows stand twice, exactly, each copy right after its original."""
    draws = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, len(name), len(table)])))
    twice = draws.random(len(table)) < DUPLICATE_SHARE
    return table.loc[np.repeat(table.index.to_numpy(), 1 + twice)].reset_index(drop=True)
