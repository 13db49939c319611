"""Derived tables: a row per person and visit, and a row per person at baseline, by the derivations of the codebook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from cohort.cleaning.instruments import any_at_least, band
from cohort.cleaning.keys import same_people
from cohort.cleaning.people import Positions, equals, positions
from cohort.cleaning.places import each, labels, numbers
from cohort.cleaning.rule import Column, Tables
from cohort.cleaning.validation import conform
from cohort.codebook import Codebook

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
SEROLOGIES = {
    "cmv_igg": "is_cmv_seropositive",
    "ebv_igg": "is_ebv_seropositive",
    "hsv1_igg": "is_hsv1_seropositive",
    "toxoplasma_igg": "is_toxoplasma_seropositive",
}
KEY = ["participant_id", "visit"]
_DENSE = 16
"""A table of all possible pairs may have this many times the rows that there are; beyond it, pairs are hashed."""


def visit_table(tables: Tables, codebook: Codebook) -> pd.DataFrame:
    """Return one row per person and visit: what was asked, the scores, and the laboratory results side by side.

    Parameters
    ----------
    tables
        Clean canonical tables; ``visits`` holds the scores.
    codebook
        Columns, categories and cut-offs.

    Notes
    -----
    A visit with laboratory results alone gets a row too. Only columns that can be derived are there.
    """
    visits, labs = tables["visits"].reset_index(drop=True), tables["labs"]
    known, found = _pairs(visits, labs)
    where = _places(found, known)
    kept = [name for name in visits.columns if name not in KEY and name in codebook.tables["visit_table"]]
    keys, asked, rows = visits[KEY], visits[kept], np.flatnonzero(where < 0)
    if len(rows):  # visits with laboratory results alone stand behind the others
        codes, _ = pd.factorize(found[rows])
        first = rows[~pd.Series(codes).duplicated().to_numpy()]
        keys = pd.concat([keys, labs[KEY].iloc[first]], ignore_index=True)
        asked = asked.reindex(keys.index)
        where[rows] = len(visits) + codes
    blood = _blood(labs, where, keys.index, codebook)
    return conform(_known(pd.concat([keys, asked, blood], axis=1), "visit_table", codebook), "visit_table", codebook)


def _pairs(visits: pd.DataFrame, labs: pd.DataFrame) -> tuple[IntArray, IntArray]:
    """Return a number for the person and visit of each row, the same for a pair in both tables."""
    tables = (visits, labs)
    if same_people(visits["participant_id"], labs["participant_id"]):
        people = [table["participant_id"].cat.codes.to_numpy() for table in tables]
    else:
        both = pd.concat([table["participant_id"].astype("string") for table in tables], ignore_index=True)
        people = np.split(pd.factorize(both)[0], [len(visits)])
    coded = [labels(table["visit"]) for table in tables]
    words = {word: number for number, word in enumerate(dict.fromkeys(w for _, own in coded for w in own), start=1)}
    numbers = [np.array([*(words[word] for word in own), 0], dtype=np.int64)[codes] for codes, own in coded]
    first, second = (
        (own.astype(np.int64) + 1) * (len(words) + 1) + visit for own, visit in zip(people, numbers, strict=True)
    )
    return first, second


def _places(wanted: IntArray, known: IntArray) -> IntArray:
    """Return where each number stands among unique ones, -1 for nowhere."""
    most = max(known.max(initial=0), wanted.max(initial=0))
    if most > _DENSE * (len(known) + len(wanted)):
        return np.asarray(pd.Index(known).get_indexer(pd.Index(wanted)), dtype=np.int64)
    place = np.full(most + 1, -1, dtype=np.int64)
    place[known] = np.arange(len(known))
    return place[wanted]


def person_table(tables: Tables, codebook: Codebook, baseline: str) -> pd.DataFrame:
    """Return one row per person at baseline, without ``is_eligible``: everybody is there, whatever is missing.

    Parameters
    ----------
    tables
        Clean canonical tables and ``visit_table``.
    codebook
        Columns, categories and cut-offs.
    baseline
        Label of the baseline visit.
    """
    people = tables["participants"].reset_index(drop=True)
    ids = people["participant_id"]
    at_visits = tables["visit_table"]
    first = at_visits.loc[equals(at_visits["visit"], baseline)].reset_index(drop=True)
    first = first.rename(columns={"visit_date": "baseline_date"}).reindex(positions(ids, first["participant_id"]))
    first = first.set_axis(people.index).drop(columns=[name for name in people.columns if name in first])
    table = pd.concat([people, first], axis=1)
    diseases = disease_status(tables["diagnoses"], ids, codebook)
    parts = [table, diseases, _autoimmunity(diseases, codebook), _questionnaires(table, codebook)]
    parts.append(_drug_use(tables["medications"], ids, table.get("baseline_date"), codebook))
    return conform(_known(pd.concat(parts, axis=1), "person_table", codebook), "person_table", codebook)


def _known(frame: pd.DataFrame, table: str, codebook: Codebook) -> pd.DataFrame:
    """Return the columns that the codebook gives to a derived table; items stay behind in ``visits``."""
    return frame[[name for name in frame.columns if name in codebook.tables[table]]]


# --- blood ------------------------------------------------------------------------------------------------------


def _blood(labs: pd.DataFrame, where: IntArray, index: pd.Index[Any], codebook: Codebook) -> pd.DataFrame:
    """Return the laboratory results of each visit, an analyte a column, and what follows from them.

    Parameters
    ----------
    labs
        The results.
    where
        The row of the visit of each result.
    index
        The visits.
    codebook
        Columns and cut-offs.
    """
    if labs.empty or "value" not in labs:
        return pd.DataFrame(index=index)
    columns: dict[str, Any] = {}
    codes, names = labels(labs["analyte"])
    for name, rows in zip(names, each(codes, len(names)), strict=True):
        if not len(rows):
            continue
        analyte, at, own = codebook.analytes[name], where[rows], labs.iloc[rows]
        columns[analyte.column] = results = _spread(numbers(own, "value"), at, np.full(len(index), np.nan))
        is_serology = analyte.id in SEROLOGIES and analyte.positive_at is not None
        if analyte.id != "crp" and not is_serology:
            continue
        below, above = (
            _spread(equals(own["censoring"], word), at, np.zeros(len(index), dtype=bool))
            if "censoring" in own
            else np.zeros(len(index), dtype=bool)
            for word in ("below", "above")
        )
        if analyte.id == "crp":
            limits = np.full(len(index), np.nan)
            limits = _spread(numbers(own, "limit"), at, limits) if "limit" in own else limits
            columns |= _crp(results, below, above, limits, codebook)
        if is_serology and analyte.positive_at is not None:
            columns[SEROLOGIES[analyte.id]] = _serology(results, below, above, analyte.positive_at)
    neutrophils, lymphocytes = columns.get("neutrophils_10e9_l"), columns.get("lymphocytes_10e9_l")
    if neutrophils is not None and lymphocytes is not None:
        columns["neutrophil_lymphocyte_ratio"] = neutrophils / np.where(lymphocytes > 0, lymphocytes, np.nan)
    return pd.DataFrame(columns, index=index, copy=False)


def _spread(values: npt.NDArray[Any], at: IntArray, blank: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return values at their places among blank ones, which are overwritten."""
    blank[at] = values
    return blank


def _serology(results: FloatArray, below: BoolArray, above: BoolArray, cut_off: float) -> Any:
    """Return whether each result is positive; missing when a censored result may lie on either side of the cut-off."""
    positive = pd.array(results >= cut_off, dtype="boolean")
    unclear = np.isnan(results) | (below & (results > cut_off)) | (above & (results < cut_off))
    positive[below & (results <= cut_off)] = False
    positive[unclear] = pd.NA
    return positive


def _crp(
    results: FloatArray, below: BoolArray, above: BoolArray, limits: FloatArray, codebook: Codebook
) -> dict[str, Any]:
    """Return censoring, limit, logarithm and stratum of CRP."""
    measured = ~np.isnan(results)
    censoring = np.select([below, above, measured], ["below", "above", "none"], "")
    stratum = codebook.tables["visit_table"]["crp_stratum"]
    return {
        "crp_censoring": pd.Series(censoring, dtype="string").where(measured).array,
        "crp_limit_mg_l": np.where(measured & (below | above), np.where(np.isnan(limits), results, limits), np.nan),
        "ln_crp": np.log(results, where=results > 0, out=np.full(len(results), np.nan)),
        "crp_stratum": crp_strata(results, below, above, stratum.categories),
    }


def crp_strata(results: FloatArray, below: BoolArray, above: BoolArray, words: tuple[str, ...]) -> Any:
    """Return the stratum of each CRP result; missing when a censored one may lie in several strata.

    Parameters
    ----------
    results
        CRP in mg/L; the limit itself when censored.
    below, above
        Which results are censored at the limit, and in which direction.
    words
        The strata in order, as the codebook words them: ``<1``, ``1-3``, ``>3-10``, ``>10``. The cut points are read
        from these words, so that they cannot disagree; a stratum holds its upper end unless it is written ``<``.

    Examples
    --------
    >>> words = ("<1", "1-3", ">3-10", ">10")
    >>> below = np.array([False, False, False, True, True])
    >>> crp_strata(np.array([0.9, 1.0, 3.1, 1.0, 3.0]), below, np.zeros(5, dtype=bool), words).tolist()
    ['<1', '1-3', '>3-10', '<1', nan]
    """
    cuts = np.array([float(re.findall(r"\d+(?:\.\d+)?", word)[-1]) for word in words[:-1]])
    open_end = np.array([word.startswith("<") for word in words[:-1]])
    passed = np.where(open_end, results[:, None] >= cuts, results[:, None] > cuts)
    codes = passed.sum(axis=1)
    # A censored result lies in one stratum when that of the values right beside the limit is the outermost one.
    just_below, just_above = np.searchsorted(cuts, results, side="left"), np.searchsorted(cuts, results, side="right")
    codes = np.select([below, above], [just_below, just_above], codes)
    unclear = np.isnan(results) | (below & (just_below > 0)) | (above & (just_above < len(cuts)))
    return pd.Categorical.from_codes(np.where(unclear, -1, codes).astype(np.int8), pd.Index(words), ordered=True)


# --- diseases, drugs, questionnaires ----------------------------------------------------------------------------


def disease_status(diagnoses: pd.DataFrame, ids: Column, codebook: Codebook) -> pd.DataFrame:
    """Return a nullable boolean per person and disease that the study asks about, under the column of the disease.

    True when any source says present, false when at least one says absent and none present, missing otherwise.
    """
    present, absent = equals(diagnoses["status"], "present"), equals(diagnoses["status"], "absent")
    columns = {name: disease.column for name, disease in codebook.diseases.items()}
    return _status(
        diagnoses["disease"], positions(diagnoses["participant_id"], ids), len(ids), present, absent, columns
    )


def _status(
    names: Column, where: Positions, people: int, present: BoolArray, absent: BoolArray, columns: Mapping[str, str]
) -> pd.DataFrame:
    """Return a nullable boolean per person and name that occurs, under the column of the name.

    ``names``, ``where`` (the place of the person), ``present`` and ``absent`` tell of one row of a table each. True
    when any row says present, false when at least one says absent and none present, missing otherwise.
    """
    codes, found = pd.factorize(names)
    is_present, is_absent = np.zeros((2, people, len(found)), dtype=bool)
    is_present[where[present], codes[present]] = True
    is_absent[where[absent], codes[absent]] = True
    status = {}
    for code, name in enumerate(found):
        known = pd.array(is_present[:, code], dtype="boolean")
        known[~is_present[:, code] & ~is_absent[:, code]] = pd.NA
        status[columns[str(name)]] = known
    return pd.DataFrame(status, index=range(people))


def _autoimmunity(diseases: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    asked = [d.column for d in codebook.diseases.values() if d.autoimmune and d.column in diseases]
    if not asked:
        return pd.DataFrame(index=diseases.index)
    count = diseases[asked].sum(axis=1).astype("Int64")
    unknown = diseases[asked].isna().any(axis=1)
    count = count.mask((count == 0) & unknown)
    return pd.DataFrame({"autoimmune_disease_count": count, "has_any_autoimmune_disease": count > 0})


def _questionnaires(table: pd.DataFrame, codebook: Codebook) -> pd.DataFrame:
    """Return what follows from the cut-offs of the instruments."""
    columns: dict[str, Any] = {}
    if "phq9_total" in table:
        cut_offs = codebook.instruments["phq9"].cut_offs["phq9_total"]
        words = codebook.tables["person_table"]["depression_severity"].categories
        columns["has_depression"] = any_at_least(table, {"phq9_total": cut_offs["moderate"]})
        columns["depression_severity"] = band(table["phq9_total"], [cut_offs[word] for word in words[1:]], words)
    if "ctq_total" in table:
        subscales = codebook.instruments["ctq_sf"].cut_offs
        columns["has_childhood_trauma"] = any_at_least(
            table, {name: cuts["moderate"] for name, cuts in subscales.items()}
        )
    return pd.DataFrame(columns, index=table.index)


def _drug_use(medications: pd.DataFrame, ids: Column, baseline_date: Column | None, codebook: Codebook) -> pd.DataFrame:
    """Return who takes each drug group of the study at baseline; a use that starts later or stopped before is none.

    A date that is missing on either side excludes nothing.
    """
    where = positions(medications["participant_id"], ids)
    present = equals(medications["status"], "present")
    absent = equals(medications["status"], "absent")
    if baseline_date is not None:
        at = baseline_date.to_numpy()[where]
        nowhere = np.zeros(len(medications), dtype=bool)
        later = (medications["start_date"].to_numpy() > at) if "start_date" in medications else nowhere
        over = (medications["stop_date"].to_numpy() < at) if "stop_date" in medications else nowhere
        absent, present = absent | (present & (later | over)), present & ~(later | over)
    return _status(medications["drug"], where, len(ids), present, absent, codebook.drug_columns)
