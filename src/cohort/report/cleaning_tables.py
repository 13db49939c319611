"""Tables of the cleaning report: what each rule did, what was set aside, converted or censored, and what came first."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cohort.disclosure import Sum
from cohort.ledger import Ledger
from cohort.report.missing import column_or_analyte
from cohort.report.tables import place_of
from cohort.results import ResultTable
from cohort.study import Study

DECLARED_RULES = {
    "blank": "The cell of the file is empty.",
    "declared_missing": "A code that the study declares to stand for a missing value.",
    "unit_conversion": "Results were brought to the canonical unit of their analyte, by a declared unit.",
    "top_coded": "The study says that the highest value stands for itself and above.",
    "censored_below": "A result below the detection limit; the limit stands as the value, marked as censored.",
    "censored_above": "A result above the measuring range; the limit stands as the value, marked as censored.",
    "score_prorated": "A score stands for the answered items, as the instrument's rule allows.",
    "not_at_risk": "People who could not enter a risk set, such as those with the outcome before the start.",
    "rule_changed": "The study turned the rule off, or changed its action or limits.",
}
"""What is noted because the study or the codebook says so, by rule; everything else is a repair or a doubt."""
READING_RULE = "text_form"
"""What was assumed of the form of a file; its count is one of rows, not of changed values."""
_INTAKE_RULES = {
    "exact_copy": "A row repeats an earlier row of the file in every cell. It is merged.",
    "ragged_row": "A row has more or fewer fields than the header. It is set aside.",
    "missing_id": "A row without an identifier. It is set aside.",
    "missing_visit": "A row whose visit is blank. It is set aside.",
    "not_a_date": "A cell that names no day. It is set aside, and the value is missing.",
    "not_a_number": "A cell that holds no number. It is set aside, and the value is missing.",
    "cell_error": "A cell of a spreadsheet that holds an error. The value is missing.",
    "unknown_code": "A code that the study gives no meaning. The value is missing.",
    "no_case": "A combination of codes that no case of the study covers. The value is missing.",
    "text_form": "The file writes numbers or texts in more than one form; what was assumed is told.",
    "too_few_records": "A person with fewer register rows than the study asks for.",
    "censored_without_limit": "A result is marked as censored, and neither it nor the study gives the limit.",
}
_SEVERITIES = ("error", "warning", "info")
_PLACES = 4


def description_of(study: Study, rule: str) -> str:
    """Return what a rule finds and does, in words; empty for one that neither codebook nor intake describes."""
    for known in (study.codebook.rules, study.codebook.intake_rules):
        if rule in known:
            return known[rule].description
    return {**_INTAKE_RULES, **DECLARED_RULES}.get(rule, "")


def changes(study: Study) -> pd.DataFrame:
    """Return the lines of the ledger that are more than a declared meaning, with ``where`` in words.

    The column of a laboratory result is its analyte, where the reason names one.
    """
    entries = study.ledger.entries
    told = entries["rule"].isin(list(DECLARED_RULES))
    told |= entries["rule"].eq(READING_RULE) & entries["severity"].eq("info")
    kept = entries.loc[~told.to_numpy(dtype=bool)]
    kept = kept.assign(column=column_or_analyte(kept, study.codebook))
    pairs = kept[["table", "column"]].astype("string").fillna("")
    known = {pair: place_of(study, *pair) for pair in set(pairs.itertuples(index=False, name=None))}
    return kept.assign(where=[known[pair] for pair in pairs.itertuples(index=False, name=None)])


def rules_done_table(study: Study) -> ResultTable:
    """Return what each rule did: errors first, then warnings, the largest count first.

    Parameters
    ----------
    study
        An opened study.
    """
    keys = ["rule", "severity", "action"]
    lines = changes(study)
    counted = lines.groupby(keys, sort=False)["count"].sum().reset_index(name="values")
    where = lines.groupby([*keys, "where"], sort=False)["count"].sum().reset_index()
    places = {key: _places(part["where"].tolist()) for key, part in where.groupby(keys, sort=False)}
    counted["where"] = [places[key] for key in counted[keys].itertuples(index=False, name=None)]
    counted["what it finds and does"] = [description_of(study, rule) for rule in counted["rule"]]
    order = counted["severity"].map({name: place for place, name in enumerate(_SEVERITIES)})
    counted = counted.assign(order=order).sort_values(
        ["order", "values", "rule", "action"], ascending=[True, False, True, True], ignore_index=True
    )
    data = counted[["severity", "rule", "action", "values", "where", "what it finds and does"]]
    return ResultTable("rules_done", "What each rule did", data.replace({"action": ACTIONS}), counts=("values",))


ACTIONS = {
    "set_missing": "set missing",
    "quarantine": "set aside",
    "repair": "repaired",
    "flag": "flagged, unchanged",
    "merge": "merged",
    "map": "translated",
}
"""What was done, in words."""


def _places(names: Sequence[str]) -> str:
    unique = list(dict.fromkeys(names))
    more = f" and {len(unique) - _PLACES} more" if len(unique) > _PLACES else ""
    return "; ".join(unique[:_PLACES]) + more


def first_look(study: Study, most: int = 8) -> pd.DataFrame:
    """Return what to look at first: the rules that found errors, then doubts, the most frequent on top.

    Parameters
    ----------
    study
        An opened study.
    most
        How many rules of each severity.

    Returns
    -------
    pd.DataFrame
        ``severity``, ``rule``, ``action`` in words, ``where``, ``reason`` (the commonest, and how many others there
        are) and ``values``.
    """
    lines = changes(study)
    keys = ["severity", "rule", "action"]
    rows = []
    for key, part in lines.groupby(keys, sort=False):
        reasons = part.groupby(part["reason"].fillna(""), sort=False)["count"].sum()
        reasons = reasons.sort_values(ascending=False, kind="stable")
        others = f" (and {_other_reasons(len(reasons) - 1)})" if len(reasons) > 1 else ""
        places = part.groupby("where", sort=False)["count"].sum().sort_values(ascending=False, kind="stable")
        rows.append((*key, _places(list(places.index)), f"{reasons.index[0]}{others}", int(part["count"].sum())))
    found = pd.DataFrame(rows, columns=[*keys, "where", "reason", "values"])
    found = found.sort_values(["values", *keys], ascending=[False, True, True, True])
    parts = [found.loc[(found["severity"] == severity).to_numpy(dtype=bool)].head(most) for severity in _SEVERITIES[:2]]
    return pd.concat(parts, ignore_index=True).replace({"action": ACTIONS})


def _other_reasons(count: int) -> str:
    return f"{count} other reason{'s' if count > 1 else ''}"


def quarantine_by_rule_table(study: Study) -> ResultTable:
    """Return what was set aside, by rule: where, for which reason most often, and how many rows and cells.

    Parameters
    ----------
    study
        An opened study.
    """
    columns = ["rule", "where", "reason", "entries"]
    quarantine = study.quarantine
    if quarantine.empty:
        data = pd.DataFrame([["none", "–", "nothing was set aside", 0]], columns=columns)
        return ResultTable("quarantine", "What was set aside, and why", data, counts=("entries",))
    lines = quarantine.reindex(columns=["file", "table", "column", "reason"]).astype("string").fillna("")
    lines["column"] = column_or_analyte(lines, study.codebook)
    where = [
        f"file {file}" if file else place_of(study, table, column)
        for file, table, column, _ in lines.itertuples(index=False, name=None)
    ]
    lines = lines.assign(where=where, rule=quarantine["rule"].astype("string"))
    rows = []
    for rule, part in lines.groupby("rule", sort=True):
        reasons = part["reason"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
        others = f" (and {_other_reasons(len(reasons) - 1)})" if len(reasons) > 1 else ""
        places = part["where"].value_counts(sort=False).sort_values(ascending=False, kind="stable")
        rows.append([str(rule), _places([str(p) for p in places.index]), f"{reasons.index[0]}{others}", len(part)])
    data = pd.DataFrame(rows, columns=columns)
    data = data.sort_values(["entries", "rule"], ascending=[False, True], ignore_index=True)
    return ResultTable("quarantine", "What was set aside, and why", data, counts=("entries",))


def units_table(study: Study) -> ResultTable:
    """Return which results were brought from which unit to which, by which factor.

    Parameters
    ----------
    study
        An opened study.
    """
    lines = study.ledger.entries
    lines = lines.loc[(lines["rule"] == "unit_conversion").to_numpy(dtype=bool)]
    data = pd.DataFrame(
        {
            "variable": [_name(study, str(column)) for column in lines["column"]],
            "file": lines["file"].astype("string").fillna("").to_numpy(),
            "from": lines["before"].astype("string").fillna("").to_numpy(),
            "to": lines["after"].astype("string").fillna("").to_numpy(),
            "factor": lines["reason"].astype("string").str.removeprefix("times ").fillna("").to_numpy(),
            "values": lines["count"].astype(int).to_numpy(),
        }
    )
    note = "A unit of the same size under another name has the factor 1."
    return ResultTable("units", "Units converted", data, counts=("values",), note=note)


def censoring_table(study: Study) -> ResultTable:
    """Return how many results of each analyte lie beyond its limits, and which limits these are.

    Parameters
    ----------
    study
        An opened study.
    """
    labs = study.tables.get("labs")
    rows = []
    if labs is not None and len(labs):
        analytes = labs["analyte"].astype("string")
        for name, part in labs.groupby(analytes, sort=True):
            below, above = (int((part["censoring"] == kind).sum()) for kind in ("below", "above"))
            if below or above:
                limits = part.loc[(part["censoring"] != "none").to_numpy(dtype=bool), "limit"].dropna()
                distinct = limits.value_counts().index
                # A limit that few results share may be one person's.
                common = sorted(
                    limit for limit in distinct if not study.disclosure.is_small(int((limits == limit).sum()))
                )
                shown = ", ".join(f"{limit:g}" for limit in common[:5]) + (", …" if len(common) > 5 else "")
                known = study.codebook.analytes.get(str(name))
                unit = known.unit if known else ""
                results = int(part["value"].notna().sum())
                rows.append(
                    [
                        _name(study, str(name)),
                        results,
                        below,
                        above,
                        f"{shown} ({unit})" if shown else "not shown: of few people",
                    ]
                )
    data = pd.DataFrame(rows, columns=["analyte", "results", "below the limit", "above the limit", "limits"])
    note = "The limit stands as the value and is marked, so that models can treat it as censored."
    counts = ("results", "below the limit", "above the limit")
    return ResultTable("censoring", "Results beyond the limits of their assay", data, counts=counts, note=note)


def _name(study: Study, column: str) -> str:
    known = study.codebook.analytes.get(column)
    return known.label if known else study.codebook.label(column).split(" (")[0]


def diagnoses_table(study: Study) -> ResultTable:
    """Return for each disease how many people have it, do not have it, and were not asked or did not say.

    Parameters
    ----------
    study
        An opened study.
    """
    table = study.person_table
    rows = []
    for disease in study.codebook.diseases.values():
        if disease.column in table and table[disease.column].notna().any():
            status = table[disease.column].astype("boolean")
            known = (int(status.sum()), int((~status).sum()), int(status.isna().sum()))
            rows.append([disease.label, len(table), *known])
    columns = ["disease", "people", "present", "absent", "unknown"]
    sums = tuple(Sum((row, "people"), tuple((row, name) for name in columns[2:])) for row in range(len(rows)))
    note = "'Asked, and no' is absent; 'never asked' is unknown."
    data = pd.DataFrame(rows, columns=columns)
    return ResultTable("diagnoses", "Diagnoses of people", data, tuple(columns[1:]), note=note, sums=sums)


def reading_notes(study: Study) -> list[str]:
    """Return what was assumed of the form of texts and numbers while the files were read, in sentences.

    Parameters
    ----------
    study
        An opened study.
    """
    lines = study.ledger.entries
    told = lines.loc[(lines["rule"] == READING_RULE).to_numpy(dtype=bool), "reason"].dropna()
    return list(dict.fromkeys(str(reason) for reason in told))


def changed_rules(ledger: Ledger) -> list[str]:
    """Return what the study changed of the rules, in sentences, in the order of the study file."""
    lines = ledger.entries
    return [str(reason) for reason in lines.loc[(lines["rule"] == "rule_changed").to_numpy(dtype=bool), "reason"]]
