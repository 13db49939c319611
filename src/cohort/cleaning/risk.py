"""The risk table: intervals at risk on the age scale, entered late, split where the exposure begins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.cleaning.derived import disease_status
from cohort.cleaning.people import equals, look_up, positions
from cohort.cleaning.rule import Column, Tables
from cohort.cleaning.timeline import age_at, birth_dates
from cohort.cleaning.validation import conform
from cohort.codebook import Codebook

FloatArray = npt.NDArray[np.float64]
ANY_AUTOIMMUNE = "any_autoimmune_disease"
DEPRESSION = "lifetime_depression"


@dataclass(frozen=True)
class NotAtRisk:
    """How many people could not enter one risk set, and why."""

    outcome: str
    exposure: str
    reason: str
    count: int


@dataclass(frozen=True)
class _Onset:
    """For each person: whether the disease is known to be present or absent, and the age at onset (NaN for none)."""

    present: npt.NDArray[np.bool_]
    absent: npt.NDArray[np.bool_]
    age: FloatArray
    undated: npt.NDArray[np.bool_]


def risk_table(tables: Tables, codebook: Codebook) -> tuple[pd.DataFrame, tuple[NotAtRisk, ...]]:
    """Return the intervals at risk for each pair of outcome and exposure, and who could not enter a risk set.

    Parameters
    ----------
    tables
        Clean canonical tables.
    codebook
        Diseases and columns.

    Returns
    -------
    table
        Depression after any autoimmune disease, and each autoimmune disease after depression. A person enters at the
        age at entry (left truncation), leaves at onset or exit, and turns exposed at the onset of the exposure.
        Empty when the study has no follow-up or no onsets.
    excluded
        People by pair and reason.

    Notes
    -----
    People whose onset lies at or before entry are prevalent and not at risk. Who has a disease without a known onset,
    or was never asked, is left out of the pairs that need it: neither being exposed nor being at risk is guessed.
    """
    columns = codebook.tables["risk_table"]
    empty = pd.DataFrame({name: pd.Series(dtype=variable.dtype) for name, variable in columns.items()})
    people, follow_up, diagnoses = tables["participants"], tables["follow_up"], tables["diagnoses"]
    dates = {"entry_date", "exit_date"} <= set(follow_up.columns)
    onsets = [name for name in ("onset_age_years", "onset_date") if name in diagnoses and diagnoses[name].notna().any()]
    if not dates or not onsets or follow_up.empty:
        return empty, ()
    ids, born = people["participant_id"], birth_dates(tables)
    entry, leave = (
        age_at(look_up(ids, follow_up, name), born).to_numpy(dtype="float64") for name in ("entry_date", "exit_date")
    )
    known = _onsets(diagnoses, ids, born, codebook)
    autoimmune = [name for name, disease in codebook.diseases.items() if disease.autoimmune and name in known]
    if DEPRESSION not in known or not autoimmune:
        return empty, ()
    any_autoimmune = _earliest([known[name] for name in autoimmune])
    pairs = [(DEPRESSION, known[DEPRESSION], ANY_AUTOIMMUNE, any_autoimmune)]
    pairs += [(name, known[name], DEPRESSION, known[DEPRESSION]) for name in autoimmune]
    parts, excluded = [empty], []
    for outcome, event, exposure, exposed in pairs:
        part, left_out = _pair(ids, entry, leave, event, exposed)
        parts.append(part.assign(outcome=outcome, exposure=exposure))
        excluded += [NotAtRisk(outcome, exposure, reason, count) for reason, count in left_out.items() if count]
    table = pd.concat([part for part in parts if len(part)] or [empty], ignore_index=True)
    return conform(table, "risk_table", codebook), tuple(excluded)


def _onsets(diagnoses: pd.DataFrame, ids: Column, born: Column, codebook: Codebook) -> dict[str, _Onset]:
    """Return the earliest onset of each disease of the study for each person."""
    status = disease_status(diagnoses, ids, codebook)
    where = positions(diagnoses["participant_id"], ids)
    age = np.full(len(diagnoses), np.nan)
    if "onset_age_years" in diagnoses:
        age = diagnoses["onset_age_years"].to_numpy(dtype="float64", na_value=np.nan)
    if "onset_date" in diagnoses:
        births = born.iloc[where].set_axis(diagnoses.index)
        age = np.where(np.isnan(age), age_at(diagnoses["onset_date"], births).to_numpy(), age)
    present_rows = equals(diagnoses["status"], "present")
    codes, names = pd.factorize(diagnoses["disease"])
    onsets = {}
    for code, name in enumerate(names):
        rows = present_rows & (codes == code) & ~np.isnan(age)
        first = np.full(len(ids), np.inf)
        np.minimum.at(first, where[rows], age[rows])
        said = status[codebook.diseases[str(name)].column]
        present = said.fillna(value=False).to_numpy(dtype=bool)
        absent = (~said).fillna(value=False).to_numpy(dtype=bool)
        onset = np.where(np.isfinite(first), first, np.nan)
        onsets[str(name)] = _Onset(present, absent, onset, present & np.isnan(onset))
    return onsets


def _earliest(onsets: list[_Onset]) -> _Onset:
    """Return when the first of several diseases began; absent only when every one is."""
    present = np.any([onset.present for onset in onsets], axis=0)
    absent = np.all([onset.absent for onset in onsets], axis=0)
    first = np.min([np.where(np.isnan(onset.age), np.inf, onset.age) for onset in onsets], axis=0)
    age = np.where(np.isfinite(first), first, np.nan)
    return _Onset(present, absent, age, np.any([onset.undated for onset in onsets], axis=0))


def _pair(
    ids: Column, entry: FloatArray, leave: FloatArray, event: _Onset, exposure: _Onset
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Return the intervals of one outcome and exposure, and the number of people left out by reason."""
    has_event = event.present & (event.age <= leave)
    stop = np.where(has_event, event.age, leave)
    # An exposure that began before entry is known to have begun, even if another disease of the group is undated.
    exposed_at_entry = exposure.age <= entry
    left_out = {
        "no time under observation": ~(leave > entry),
        "outcome unknown": ~event.present & ~event.absent,
        "onset of the outcome unknown": event.undated,
        "outcome before entry": event.age <= entry,
        "exposure unknown": ~exposure.present & ~exposure.absent,
        "onset of the exposure unknown": exposure.undated & ~exposed_at_entry,
    }
    at_risk = np.ones(len(ids), dtype=bool)
    counts = {}
    for reason, out in left_out.items():
        counts[reason] = int((at_risk & out).sum())
        at_risk &= ~out
    splits = at_risk & (exposure.age > entry) & (exposure.age < stop)
    first = pd.DataFrame(
        {
            "participant_id": ids.array[at_risk],
            "start": entry[at_risk],
            "stop": np.where(splits, exposure.age, stop)[at_risk],
            "event": (has_event & ~splits)[at_risk],
            "is_exposed": exposed_at_entry[at_risk],
        }
    )
    second = pd.DataFrame(
        {
            "participant_id": ids.array[splits],
            "start": exposure.age[splits],
            "stop": stop[splits],
            "event": has_event[splits],
            "is_exposed": True,
        }
    )
    if second.empty:
        return first, counts
    order = np.argsort(np.concatenate([np.flatnonzero(at_risk), np.flatnonzero(splits)]), kind="stable")
    return pd.concat([first, second], ignore_index=True).iloc[order].reset_index(drop=True), counts
