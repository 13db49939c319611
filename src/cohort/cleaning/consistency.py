"""Rules that hold one value against another of the same person."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cohort.cleaning.keys import key_numbers
from cohort.cleaning.people import equals, look_up, one_row_each
from cohort.cleaning.rule import Finding, Tables
from cohort.cleaning.timeline import last_observed_age
from cohort.codebook import Codebook


def pregnant_male(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return pregnancies of people registered as male.

    Sex was asked once and is used everywhere, the pregnancy is one answer at one visit: the pregnancy is set missing.
    """
    return _true_for_men(tables, "is_pregnant", "a person registered as male is not pregnant")


def contraceptive_male(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return use of hormonal contraceptives by people registered as male."""
    reason = "a person registered as male does not use a hormonal contraceptive"
    return _true_for_men(tables, "is_hormonal_contraceptive_user", reason)


def _true_for_men(tables: Tables, column: str, reason: str) -> list[Finding]:
    visits, sex = tables["visits"], one_row_each(tables, "participants", "sex")
    if column not in visits or sex is None:
        return []
    positive = visits.loc[equals(visits[column], True), "participant_id"]
    male = equals(look_up(positive, sex, "sex"), "male")
    return [Finding("visits", positive.index[male], reason, column)]


def onset_after_last_observed(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return ages at onset that the person had not reached when last observed.

    With a baseline visit alone that is the age at baseline. Ages are often completed years, so an onset counts as
    impossible from ``years`` above. A register may run on after the last visit: its rows are only held against the
    end of follow-up, where that is known.
    """
    diagnoses, people = tables["diagnoses"], tables["participants"]
    if "onset_age_years" not in diagnoses:
        return []
    dated = diagnoses.loc[diagnoses["onset_age_years"].notna()]
    reached = look_up(dated["participant_id"], people.assign(last=last_observed_age(tables)), "last")
    late = dated["onset_age_years"].astype("float64") >= reached + limits["years"]
    if "source" in dated:
        ends = one_row_each(tables, "follow_up", "exit_date")
        held = ~equals(dated["source"], "register")
        if ends is not None:
            held = held | look_up(dated["participant_id"], ends, "exit_date").notna().to_numpy()
        late = late & held
    return [Finding("diagnoses", dated.index[late], "the onset lies after the last observed age", "onset_age_years")]


def age_against_birth_year(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return ages that lie more than ``years`` from the year of the visit minus the birth year."""
    visits, born = tables["visits"], one_row_each(tables, "participants", "birth_year")
    if born is None or not {"visit_date", "age_years"} <= set(visits.columns):
        return []
    year = look_up(visits["participant_id"], born, "birth_year").to_numpy(dtype="float64", na_value=np.nan)
    expected = visits["visit_date"].dt.year.to_numpy(dtype="float64", na_value=np.nan) - year
    age = visits["age_years"].to_numpy(dtype="float64", na_value=np.nan)
    far = np.abs(expected - age) > limits["years"]  # NaN compares as false
    return [Finding("visits", visits.index[far], "age does not agree with birth year and visit date", "age_years")]


def cells_exceed_leukocytes(tables: Tables, codebook: Codebook, limits: Mapping[str, float]) -> list[Finding]:
    """Return white cell counts that are smaller than their parts: neutrophils plus lymphocytes above ``ratio`` times.

    The parts are counted apart from the total, so some excess is measurement error.
    """
    labs = tables["labs"]
    if not {"analyte", "value"} <= set(labs.columns):
        return []
    rows = {name: equals(labs["analyte"], name) for name in ("leukocytes", "neutrophils", "lymphocytes")}
    if not all(here.any() for here in rows.values()):
        return []
    keys = key_numbers(labs, ["participant_id", "visit"])
    values = labs["value"].to_numpy(dtype="float64", na_value=np.nan)
    total, due = labs.loc[rows["leukocytes"]], keys[rows["leukocytes"]]
    parts = np.zeros(len(total))
    for name in ("neutrophils", "lymphocytes"):
        counted, first = np.unique(keys[rows[name]], return_index=True)
        at = np.minimum(np.searchsorted(counted, due), len(counted) - 1)
        parts += np.where(counted[at] == due, values[rows[name]][first][at], np.nan)
    whole = values[rows["leukocytes"]]
    reason = "leukocytes: neutrophils and lymphocytes together exceed them"
    return [Finding("labs", total.index[parts > whole * limits["ratio"]], reason, "value")]
