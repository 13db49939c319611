"""Ages at onset, and the life before the interview as a cohort: at risk from birth until the onset or the interview.

Many cohorts ask once, at entry, what somebody has had and since what age, and record no onset afterwards. Their
incidence lies in the past. Everybody is then followed from birth, an exposure counts from its onset on, and the order
of the two onsets is kept; what cannot be seen are people who died before the interview, and what was forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.analysis.sampling import BoolArray, FloatArray
from cohort.codebook import load_codebook

ANY_AUTOIMMUNE = "any_autoimmune_disease"
DEPRESSION = "lifetime_depression"
DAYS_PER_YEAR = 365.25
RECORDED = ("register", "medication")
"""Sources that date a first record, not an onset."""

MID_YEAR = 0.5
"""An age in whole years has been reached for half a year on average."""


@dataclass(frozen=True, eq=False)
class Onset:
    """What is known of a disease in each person.

    Parameters
    ----------
    present, absent
        Whether it is known to be there, or known not to be; neither for who was never asked.
    age
        Age at onset in years; infinite for absent, NaN where the onset is not known.
    """

    present: BoolArray
    absent: BoolArray
    age: FloatArray

    @property
    def is_known(self) -> BoolArray:
        """Return for whom it is known when, if ever, it began."""
        return np.asarray(~np.isnan(self.age))


def _ages(people: pd.DataFrame, diagnoses: pd.DataFrame, where: FloatArray) -> FloatArray:
    """Return the age at onset of each row of diagnoses, NaN where none is given."""
    age = np.full(len(diagnoses), np.nan)
    if "onset_age_years" in diagnoses:
        age = diagnoses["onset_age_years"].to_numpy(dtype=float, na_value=np.nan)
    if "onset_date" in diagnoses and {"baseline_date", "age_years"} <= set(people.columns):
        rows = people.iloc[where.astype(int)]
        before = (rows["baseline_date"].to_numpy() - diagnoses["onset_date"].to_numpy()) / np.timedelta64(1, "D")
        dated = rows["age_years"].to_numpy(dtype=float, na_value=np.nan) - before / DAYS_PER_YEAR
        age = np.where(np.isnan(age), dated, age)
    return np.asarray(age, dtype=np.float64)


def _interview(people: pd.DataFrame) -> FloatArray:
    """Return the age at interview, infinite where it is not known."""
    if "age_years" not in people:
        return np.full(len(people), np.inf)
    return np.asarray(people["age_years"].to_numpy(dtype=float, na_value=np.inf))


def onsets(people: pd.DataFrame, diagnoses: pd.DataFrame) -> dict[str, Onset]:
    """Return the onset of depression, of each autoimmune disease, and of the first of these, by name of the disease.

    Ages in whole years are moved to the middle of the year, if all ages of the disease are whole.

    Parameters
    ----------
    people
        One row per person, with ``participant_id`` and a column for each disease (``has_...``).
    diagnoses
        The clean table of diagnoses.

    Returns
    -------
    dict
        Only diseases of which some onset is known; "any_autoimmune_disease" is absent when every one of these is, and
        its onset is not known while one that is present has none.

    Examples
    --------
    >>> people = pd.DataFrame({"participant_id": ["a", "b"], "has_lifetime_depression": [True, False]})
    >>> said = pd.DataFrame({"participant_id": ["a"], "disease": ["lifetime_depression"], "onset_age_years": [30.0],
    ...                      "status": ["present"]})
    >>> onsets(people, said)["lifetime_depression"].age
    array([30.5,  inf])
    """
    if diagnoses.empty or not {"participant_id", "disease", "status"} <= set(diagnoses.columns):
        return {}
    diseases = load_codebook().diseases
    wanted = [name for name, disease in diseases.items() if disease.autoimmune or name == DEPRESSION]
    place = pd.Index(people["participant_id"]).get_indexer(pd.Index(diagnoses["participant_id"]))
    inside = place >= 0
    rows, place = diagnoses.loc[inside], place[inside]
    ages = _ages(people, rows, place)
    is_present = (rows["status"] == "present").to_numpy(dtype=bool, na_value=False)
    interview = _interview(people)
    found: dict[str, Onset] = {}
    for name in wanted:
        column = diseases[name].column
        if column not in people:
            continue
        status = people[column].astype("boolean")
        present = status.fillna(False).to_numpy(dtype=bool)
        absent = (~status).fillna(False).to_numpy(dtype=bool)
        dated = is_present & (rows["disease"] == name).to_numpy(dtype=bool, na_value=False) & ~np.isnan(ages)
        if not dated.any():
            continue
        first = np.full(len(people), np.inf)
        np.minimum.at(first, place[dated], ages[dated])
        if bool((ages[dated] == np.floor(ages[dated])).all()):
            # Not beyond the interview, in which the onset was told.
            told = first <= np.ceil(interview)
            first = np.where(told, np.minimum(first + MID_YEAR, interview), first + MID_YEAR)
        age = np.where(absent, np.inf, np.where(present & np.isfinite(first), first, np.nan))
        found[name] = Onset(present, absent, age)
    autoimmune = [onset for name, onset in found.items() if name != DEPRESSION]
    if autoimmune:
        found[ANY_AUTOIMMUNE] = _first_of(autoimmune)
    return found


def _first_of(several: list[Onset]) -> Onset:
    """Return when the first of several diseases began; not known while one is neither dated nor absent."""
    ages = np.array([onset.age for onset in several])
    age = np.where(np.isnan(ages).any(axis=0), np.nan, ages.min(axis=0))
    present = np.any([onset.present for onset in several], axis=0)
    return Onset(present, np.all([onset.absent for onset in several], axis=0), age)


def _told(diagnoses: pd.DataFrame) -> pd.DataFrame:
    """Return the diagnoses without dates of registers, which see nobody's life from birth on.

    Who is known to be ill from a register alone then has no known onset, and is left out.
    """
    if "source" not in diagnoses:
        return diagnoses
    return diagnoses.loc[~diagnoses["source"].isin(RECORDED).to_numpy(dtype=bool)]


def life_table(people: pd.DataFrame, diagnoses: pd.DataFrame) -> pd.DataFrame:
    """Return the life before the interview as a risk table: (start, stop] rows from birth, split at the exposure.

    Columns are those of ``risk_table``. Assumes that who had the disease lived to be interviewed as often as others,
    and that onsets are remembered alike by exposed and unexposed.

    Parameters
    ----------
    people
        One row per person with ``participant_id``, ``age_years`` and the columns of diseases.
    diagnoses
        The clean table of diagnoses.

    Returns
    -------
    DataFrame
        Depression after any and each autoimmune disease, and any and each autoimmune disease after depression. Empty
        without ages at interview or onsets of both. People for whom one of the two is unknown, or present without a
        known onset, are left out of the pair; dates of registers are no onsets. An exposure that begins at the age of
        the outcome does not precede it.
    """
    columns = ["participant_id", "outcome", "start", "stop", "event", "exposure", "is_exposed"]
    if "age_years" not in people:
        return pd.DataFrame(columns=columns)
    known = onsets(people, _told(diagnoses))
    if DEPRESSION not in known or ANY_AUTOIMMUNE not in known:
        return pd.DataFrame(columns=columns)
    autoimmune = [name for name in known if name != DEPRESSION]
    pairs = [*((DEPRESSION, name) for name in autoimmune), *((name, DEPRESSION) for name in autoimmune)]
    age = people["age_years"].to_numpy(dtype=float, na_value=np.nan)
    parts = [
        _rows(people["participant_id"], age, known[outcome], known[exposure]).assign(outcome=outcome, exposure=exposure)
        for outcome, exposure in pairs
    ]
    return pd.concat(parts, ignore_index=True)[columns]


def _rows(ids: pd.Series, age: FloatArray, outcome: Onset, exposure: Onset) -> pd.DataFrame:
    """Return the rows at risk of one pair, from birth."""
    event = outcome.age <= age
    stop = np.where(event, outcome.age, age)
    usable = outcome.is_known & exposure.is_known & (stop > 0)
    turns = usable & (exposure.age < stop)
    begun = np.maximum(exposure.age, 0.0)
    one = pd.DataFrame(
        {
            "participant_id": ids.array[usable],
            "start": 0.0,
            "stop": np.where(turns, begun, stop)[usable],
            "event": (event & ~turns)[usable],
            "is_exposed": False,
        }
    )
    two = pd.DataFrame(
        {
            "participant_id": ids.array[turns],
            "start": begun[turns],
            "stop": stop[turns],
            "event": event[turns],
            "is_exposed": True,
        }
    )
    both = pd.concat([one, two], ignore_index=True) if len(two) else one
    return both.loc[both["stop"] > both["start"]]
