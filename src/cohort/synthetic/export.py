"""Writing a synthetic cohort as the raw files of a real one, with a matching study file, and the truth beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from cohort.synthetic.assays import SITES, plate_labels
from cohort.synthetic.background import ANCESTRY
from cohort.synthetic.history import DISEASES
from cohort.synthetic.node import BLOCK_SIZE, FAMILY_SIZE, Array, Noise
from cohort.synthetic.recruitment import FORM_FIELDS
from cohort.synthetic.simulate import SyntheticCohort
from cohort.synthetic.study import DISEASE_COLUMNS, GENE_COLUMNS, TEST_NAMES
from cohort.synthetic.tables import (
    DRUGS,
    SCORES,
    Reported,
    genotyped,
    items,
    laboratory,
    participant_ids,
    reported,
    type_2_recorded,
    visit_dates,
    visit_fields,
)  # fmt: skip
from cohort.synthetic.waves import WAVES

SITE_WITH_MG_DL = "B"
YEARS_BETWEEN_WAVES = 2
LATENT_COLUMNS = (
    "trauma", "u_fam", "inflam", "cmv", "aid_past", "aid", "dep_past", "dep", "severity", "subgroup", "dep_1", "dep_2",
    "clinic_probability",
)  # fmt: skip
FILES = (
    "participants", "visits", "questionnaires", "laboratory", "diagnoses", "follow_up", "relations",
)  # fmt: skip


def raw_tables(cohort: SyntheticCohort) -> dict[str, pd.DataFrame]:
    """Return the raw tables by name, as a data manager would export them: codes, sentinels, units by site, gaps.

    A clean export: whatever is odd in it is declared in its study file. Defects are planted afterwards, apart.

    Parameters
    ----------
    cohort
        A synthetic cohort, or some whole blocks of one.
    """
    return {
        "participants": _participants(cohort),
        "visits": _visits(cohort),
        "questionnaires": _questionnaires(cohort),
        "laboratory": _laboratory(cohort),
        "diagnoses": _diagnoses(cohort),
        "follow_up": _follow_up(cohort),
        "relations": _relations(cohort),
    }


def latent_table(cohort: SyntheticCohort) -> pd.DataFrame:
    """Return the true state of each person, for marking a method."""
    v = cohort.nodes
    columns: dict[str, Any] = {"pid": participant_ids(cohort.numbers)}
    for name in LATENT_COLUMNS:
        columns[name] = np.round(v[name], 3) if v[name].dtype.kind == "f" else v[name].astype(np.int64)
    for disease in DISEASES:
        onset = v[f"onset_{disease}"]
        columns[f"onset_{disease}"] = np.where(onset < v["age"], np.round(onset, 1), np.nan)
    columns["onset_depression"] = np.where(v["dep_past"], np.round(v["dep_onset"], 1), np.nan)
    return pd.DataFrame(columns)


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table the same way on every machine: UTF-8, line feeds, no index."""
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def fixed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with its numbers as text of five decimals, so that the last bit of a sum moves no byte."""
    return table.assign(**{c: table[c].map("{:.5f}".format) for c in table.columns if table[c].dtype.kind == "f"})


# --- columns ----------------------------------------------------------------------------------------------------


def _integer(value: Array, missing: int | None = None) -> Any:
    """Return whole numbers; missing ones blank, or as a code."""
    numbers = np.asarray(value, dtype=float)
    gone = np.isnan(numbers)
    filled = np.where(gone, 0 if missing is None else missing, numbers).astype(np.int64)
    return pd.arrays.IntegerArray(filled, gone & (missing is None))


def _number(value: Array, missing: float = np.nan) -> Array:
    """Return numbers; missing ones blank, or as a code."""
    numbers = np.asarray(value, dtype=float) + 0.0  # no negative zero
    return np.where(np.isnan(numbers), missing, numbers)


def _yes_no(value: Array) -> Array:
    """Return the codes 1 for yes and 2 for no."""
    return np.where(value, 1, 2)


def _noise(cohort: SyntheticCohort, name: str, columns: int) -> Array:
    """Return uniforms for choices of the export, by block as everywhere."""
    parts = []
    block_of = cohort.numbers // BLOCK_SIZE
    for block in np.unique(block_of):
        rows = cohort.numbers[block_of == block] - block * BLOCK_SIZE
        parts.append(Noise(cohort.seed, int(block), f"export {name}", BLOCK_SIZE).uniform(columns)[rows])
    return np.concatenate(parts)


def _form(cohort: SyntheticCohort) -> dict[str, Array]:
    observed = cohort.nodes["r_form"]
    fields = {name: np.asarray(value, dtype=float) for name, value in visit_fields(cohort).items()}
    return {name: np.where(observed[:, column], fields[name], np.nan) for column, name in enumerate(FORM_FIELDS)}


# --- files ------------------------------------------------------------------------------------------------------


def _participants(cohort: SyntheticCohort) -> pd.DataFrame:
    v, form = cohort.nodes, _form(cohort)
    return pd.DataFrame(
        {
            "pid": participant_ids(cohort.numbers),
            "sex": np.where(v["sex"] == 1, 2, 1),
            "birth_year": v["birth_year"],
            "ancestry": np.arange(1, len(ANCESTRY) + 1)[v["ancestry"]],
            "parent_ses": _number(form["parental_ses_sd"]),
            "education": _integer(form["education"] + 1, 9),
            "site": np.asarray(SITES)[v["centre"]],
            "recruited_as": v["recruitment"] + 1,
            "prenatal_infection": v["prenatal_infection"].astype(int),
            "paternal_infection": v["paternal_infection"].astype(int),
            "prenatal_stress": _number(np.round(v["prenatal_stress"], 1)),
            **{GENE_COLUMNS[n]: _number(genotyped(cohort, np.round(v[node], 2))) for n, node in SCORES.items()},
            GENE_COLUMNS["httlpr_s_alleles"]: _integer(genotyped(cohort, v["httlpr"])),
        }
    )


def _visits(cohort: SyntheticCohort) -> pd.DataFrame:
    v, form = cohort.nodes, _form(cohort)
    ids, dates = participant_ids(cohort.numbers), visit_dates(cohort)
    baseline = pd.DataFrame(
        {
            "pid": ids,
            "visit": "t0",
            "visit_date": dates.dt.strftime("%Y-%m-%d"),
            "age": np.floor(v["age"]).astype(int),
            "bmi": _number(form["bmi_kg_m2"], 999),
            "smoking": _integer(form["smoking"] + 1, 9),
            "activity": _integer(form["activity_met_h_week"], 999),
            "diet": _number(form["diet_quality_sd"]),
            "pill": _integer(np.where(v["sex"] == 1, _yes_no(v["oc_use"]), np.nan)),
            "infection_now": _yes_no(v["acute_infection"]),
            "infections_in_hospital": _integer(v["hosp_infection"]),
            **{drug: _integer(_yes_no(v[node])) for drug, node in DRUGS.items()},
        }
    )
    parts = [baseline]
    for wave in WAVES:
        here = v[f"retained_{wave}"]
        parts.append(
            pd.DataFrame(
                {
                    "pid": ids[here],
                    "visit": f"t{wave}",
                    "visit_date": _later(dates, wave)[here].dt.strftime("%Y-%m-%d"),
                    "age": np.floor(v["age"][here] + YEARS_BETWEEN_WAVES * wave).astype(int),
                    "bmi": np.round(v[f"bmi_{wave}"][here], 1),
                    "infection_now": _yes_no(v[f"acute_infection_{wave}"][here]),
                }
            )
        )
    return _interleaved(parts)


def _later(dates: pd.Series, wave: int) -> pd.Series:
    return dates + pd.to_timedelta(round(365.25 * YEARS_BETWEEN_WAVES * wave), unit="D")


def _interleaved(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Return rows of several visits one person after the other, in the dtypes of the first part."""
    first = parts[0]
    same = [part.reindex(columns=first.columns).astype(first.dtypes.to_dict()) for part in parts]
    return pd.concat(same).sort_values("pid", kind="stable").reset_index(drop=True)


def _questionnaires(cohort: SyntheticCohort) -> pd.DataFrame:
    v, answers, ids = cohort.nodes, items(cohort), participant_ids(cohort.numbers)
    refused = _noise(cohort, "refused", 9) < 0.3
    phq = np.where(np.isnan(answers["phq9"]), np.where(refused, 7, 9), answers["phq9"])
    phq[np.isnan(answers["phq9"]).all(axis=1)] = np.nan
    columns: dict[str, Any] = {"pid": ids, "visit": "t0"}
    columns |= {f"phq{k + 1}": _integer(phq[:, k]) for k in range(9)}
    for prefix, name, asked in (
        ("ctq", "ctq_sf", v["r_ctq"]), ("bdi", "bdi2", None), ("ham", "hamd17", v["r_interview"]),
        ("pss", "pss10", None),
    ):  # fmt: skip
        given = np.where(np.isnan(answers[name]), 99, answers[name])
        if asked is not None:
            given[~asked] = np.nan
        columns |= {f"{prefix}{k + 1}": _integer(given[:, k]) for k in range(given.shape[1])}
    parts = [pd.DataFrame(columns)]
    for wave in WAVES:
        here = v[f"retained_{wave}"]
        told = v[f"phq9_{wave}"][here]
        later = {"pid": ids[here], "visit": f"t{wave}"}
        parts.append(pd.DataFrame({**later, **{f"phq{k + 1}": told[:, k] for k in range(9)}}))
    return _interleaved(parts)


def _laboratory(cohort: SyntheticCohort) -> pd.DataFrame:
    """Return one row per blood sample: results as a laboratory writes them, CRP of one site in mg/dL."""
    v = cohort.nodes
    ids, dates = participant_ids(cohort.numbers), visit_dates(cohort)
    site = np.asarray(SITES)[v["centre"]]
    in_mg_dl = site == SITE_WITH_MG_DL
    results = {
        analyte: _result(result, in_mg_dl & (analyte == "crp")) for analyte, result in laboratory(cohort).items()
    }
    baseline = pd.DataFrame(
        {
            "pid": ids,
            "visit": "t0",
            "drawn": dates.dt.strftime("%Y-%m-%d"),
            "hour": v["sampling_hour"],
            "site": site,
            "plate": plate_labels(v["centre"], v["plate"]),
            "crp": results.pop("crp"),
            "crp_unit": np.where(in_mg_dl, "mg/dL", "mg/L"),
            **{TEST_NAMES[analyte]: result for analyte, result in results.items()},
        }
    )[v["r_blood"]]
    parts = [baseline]
    for wave in WAVES:
        here = v[f"retained_{wave}"]
        crp = _result(reported(cohort, f"crp_{wave}", v[f"crp_{wave}"], here), in_mg_dl)
        parts.append(
            pd.DataFrame(
                {
                    "pid": ids[here],
                    "visit": f"t{wave}",
                    "drawn": _later(dates, wave)[here].dt.strftime("%Y-%m-%d"),
                    "site": site[here],
                    "crp": crp[here],
                    "crp_unit": np.where(in_mg_dl, "mg/dL", "mg/L")[here],
                }
            )
        )
    return _interleaved(parts)


def _result(result: Reported, in_mg_dl: Array) -> Any:
    """Return results as numbers, or as text where the assay has a limit and some lie beyond it."""
    divisor = np.where(in_mg_dl, 10.0, 1.0)
    value = np.round(result.value / divisor, 4)
    if result.limit == 0 and np.isinf(result.upper):
        return value
    text = _result_text(value, 4)
    text = np.where(result.is_below, np.char.add("<", _result_text(result.limit / divisor, 4)), text)
    if np.isfinite(result.upper):
        text = np.where(result.is_above, np.char.add(">", _result_text(result.upper / divisor, 4)), text)
    return pd.Series(text, dtype="str").mask(np.isnan(value)).array


def _result_text(value: Array, decimals: int) -> Array:
    """Return numbers as the shortest text that is them, rounded first; quick on long tables."""
    numbers = pa.array(np.round(np.nan_to_num(value), decimals))
    return np.asarray(pc.cast(numbers, pa.string()).to_numpy(zero_copy_only=False), dtype=str)


def _diagnoses(cohort: SyntheticCohort) -> pd.DataFrame:
    v = cohort.nodes
    asked = v["r_diagnosis"]
    columns: dict[str, Any] = {"pid": participant_ids(cohort.numbers)}
    for k, disease in enumerate(DISEASES):
        recorded = v["diagnosis"][:, k]
        columns[DISEASE_COLUMNS[disease]] = np.where(asked[:, k], _yes_no(recorded), 9)
        onset = np.where(v[disease], v[f"onset_{disease}"], np.inf)
        if disease == "type_1_diabetes":
            onset = np.minimum(onset, v["onset_type_2_diabetes"])
        known = recorded & np.isfinite(onset) & asked[:, k]
        columns[f"{DISEASE_COLUMNS[disease]}_age"] = _integer(np.where(known, np.floor(onset), np.nan))
    type_2 = type_2_recorded(cohort)
    columns["t2d"] = _yes_no(type_2)
    columns["t2d_age"] = _integer(np.where(type_2, np.floor(v["onset_type_2_diabetes"]), np.nan))
    columns["depression_ever"] = _yes_no(v["dep_past"])
    columns["depression_age"] = _integer(np.where(v["dep_past"], np.floor(v["dep_onset"]), np.nan))
    columns["accident"] = _yes_no(v["accidental_injury"])
    columns["pelvic"] = _integer(np.where(v["sex"] == 1, _yes_no(v["pelvic_infection"]), np.nan))
    return pd.DataFrame(columns)


def _follow_up(cohort: SyntheticCohort) -> pd.DataFrame:
    v, dates = cohort.nodes, visit_dates(cohort)
    attended = sum(v[f"retained_{wave}"].astype(int) for wave in WAVES)
    ends = pd.concat([dates, *(_later(dates, wave) for wave in WAVES)], axis=1).to_numpy()
    last = pd.Series(ends[np.arange(cohort.n), attended])
    return pd.DataFrame(
        {
            "pid": participant_ids(cohort.numbers),
            "entered": dates.dt.strftime("%Y-%m-%d"),
            "left": last.dt.strftime("%Y-%m-%d"),
            "why": np.where(attended == len(WAVES), 1, 5),
        }
    )


def _relations(cohort: SyntheticCohort) -> pd.DataFrame:
    """Return pairs of relatives of whom both are in the cohort: siblings once, child and parent, partners once."""
    role, numbers = cohort.nodes["role"], cohort.numbers
    family = numbers // FAMILY_SIZE
    rows = []
    for kin, of in ((1, (0,)), (2, (0, 1)), (3, (0,))):
        for first in of:
            here, there = np.flatnonzero(role == first), np.flatnonzero(role == kin)
            _, a, b = np.intersect1d(family[here], family[there], return_indices=True)
            rows.append(
                pd.DataFrame(
                    {
                        "pid": participant_ids(numbers[here[a]]),
                        "relative": participant_ids(numbers[there[b]]),
                        "kind": np.full(len(a), kin),
                    }
                )
            )
    return pd.concat(rows).sort_values(["pid", "kind", "relative"], kind="stable").reset_index(drop=True)
