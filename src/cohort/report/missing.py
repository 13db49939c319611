"""Why values are missing: for each variable, how many are filled, and for what reason each of the others is not."""

from __future__ import annotations

import re

import pandas as pd

from cohort.codebook import Codebook
from cohort.disclosure import Cell, Sum
from cohort.results import ResultTable
from cohort.study import Study

BLANK = "blank in the file"
DECLARED = "declared missing"
UNREADABLE = "could not be read"
BY_RULE = "set missing by a rule"
NO_ROW = "no row, or not asked"
KINDS = (BLANK, DECLARED, UNREADABLE, BY_RULE, NO_ROW)
_KEYS = {"participant_id", "visit", "relative_id", "analyte", "disease", "drug", "unit", "censoring", "limit", "source"}
_DERIVED = ("survey_weight", "survey_stratum", "survey_psu")


def missing_reasons(study: Study) -> pd.DataFrame:
    """Return one row per variable: what was possible, filled, and missing by kind of reason.

    Parameters
    ----------
    study
        An opened study.

    Returns
    -------
    pd.DataFrame
        ``table``, ``variable`` (an analyte for laboratory results; the items of a questionnaire are one), ``label``,
        ``possible``, ``filled``, a column for each of :data:`KINDS`, and ``words`` (declared reasons with their counts,
        as a list of pairs). ``possible`` is the number of rows of the clean table; of laboratory results, which have no
        row where there is none, those filled and those missing for a reason.

    Notes
    -----
    The ledger counts values of the files, the clean table has one row per person (and visit): where rows were merged or
    set aside, reasons can outnumber what is missing. They then count as they are, and ``no row`` as none.
    """
    keys = ["table", "variable"]
    filled, lost = (frame.astype(dict.fromkeys(keys, "string")) for frame in (_filled(study), _lost(study)))
    joined = filled.merge(lost, on=keys, how="left")
    for kind in KINDS[:-1]:
        joined[kind] = joined[kind].fillna(0).astype(int)
    known = joined[list(KINDS[:-1])].sum(axis=1)
    is_lab = joined["table"].eq("labs").to_numpy(dtype=bool)
    joined["possible"] = joined["possible"].mask(is_lab, joined["filled"] + known)
    joined[NO_ROW] = (joined["possible"] - joined["filled"] - known).clip(lower=0)
    joined["words"] = [words if isinstance(words, list) else [] for words in joined["words"]]
    return joined[["table", "variable", "label", "possible", "filled", *KINDS, "words"]]


def _filled(study: Study) -> pd.DataFrame:
    """Return how many values each variable has."""
    codebook, rows = study.codebook, []
    for name in ("participants", "visits", "follow_up"):
        table = study.tables.get(name)
        if table is None:
            continue
        pooled: dict[str, list[int]] = {}
        for column in table.columns:
            variable = codebook.tables[name].get(column)
            if variable is None or column in _KEYS or column in _DERIVED or variable.derivation:
                continue
            counts = pooled.setdefault(instrument_or_column(name, column, codebook), [0, 0])
            counts[0] += len(table)
            counts[1] += int(table[column].notna().sum())
        rows += [(name, place, *counts) for place, counts in pooled.items() if counts[1]]
    labs = study.tables.get("labs")
    if labs is not None and len(labs):
        found = labs["value"].notna().groupby(labs["analyte"].astype("string")).sum()
        rows += [("labs", str(analyte), 0, int(count)) for analyte, count in found.items() if count]
    frame = pd.DataFrame(rows, columns=["table", "variable", "possible", "filled"])
    return frame.assign(label=[_label(codebook, variable) for variable in frame["variable"]])


def instrument_or_column(table: str, column: str, codebook: Codebook) -> str:
    """Return a column of a table, or the instrument that it is an item of."""
    variable = codebook.tables.get(table, {}).get(column)
    is_item = variable is not None and variable.instrument and not variable.derivation
    return variable.instrument if variable is not None and is_item else column


def _label(codebook: Codebook, variable: str) -> str:
    if variable in codebook.instruments:
        total = codebook.instruments[variable].total.column
        return f"{codebook.label(total).split(' total')[0]} items"
    if variable in codebook.analytes:
        return codebook.analytes[variable].label
    return codebook.label(variable).split(" (")[0]


def column_or_analyte(entries: pd.DataFrame, codebook: Codebook) -> list[str]:
    """Return the column of each line of a ledger; for a result of the laboratory the analyte that its reason names.

    Parameters
    ----------
    entries
        Columns ``table``, ``column`` and ``reason``.
    codebook
        The analytes.

    Examples
    --------
    >>> from cohort.codebook import load_codebook
    >>> entries = pd.DataFrame({"table": ["labs"], "column": ["value"], "reason": ["beyond the hard limits of crp"]})
    >>> column_or_analyte(entries, load_codebook())
    ['crp']
    """
    known = re.compile(rf"\b({'|'.join(sorted(map(re.escape, codebook.analytes), key=len, reverse=True))})\b")
    texts = entries[["table", "column", "reason"]].astype("string").fillna("")
    words = {
        triple: known.search(triple[2]) if triple[0] == "labs" and triple[1] in ("value", "") else None
        for triple in set(texts.itertuples(index=False, name=None))
    }
    found = [(triple[1], words[triple]) for triple in texts.itertuples(index=False, name=None)]
    return [named.group(1) if named else column for column, named in found]


def _kind(rule: str, action: str) -> str:
    if rule == "blank":
        return BLANK
    if rule == "declared_missing":
        return DECLARED
    return UNREADABLE if action == "quarantine" else BY_RULE


def _lost(study: Study) -> pd.DataFrame:
    """Return how many values each variable lost, by kind of reason, with the words of those declared missing."""
    codebook, entries = study.codebook, study.ledger.entries
    about = entries["rule"].eq("blank") | entries["action"].isin(["set_missing", "quarantine"])
    lost = entries.loc[(about & entries["column"].fillna("").ne("")).to_numpy(dtype=bool)]
    counted = lost.groupby(["table", "column", "rule", "action", "reason"], dropna=False)["count"].sum().reset_index()
    columns = column_or_analyte(counted, codebook)
    places = [
        instrument_or_column(str(table), str(column), codebook)
        for table, column in zip(counted["table"], columns, strict=True)
    ]
    kinds = [_kind(str(rule), str(action)) for rule, action in zip(counted["rule"], counted["action"], strict=True)]
    counted = counted.assign(variable=places, kind=kinds)
    # Dates of samples are no results.
    counted = counted.loc[~(counted["table"].eq("labs") & ~counted["variable"].isin(list(codebook.analytes)))]
    wide = counted.pivot_table(index=["table", "variable"], columns="kind", values="count", aggfunc="sum", fill_value=0)
    wide = wide.reindex(columns=list(KINDS[:-1]), fill_value=0).rename_axis(columns=None)
    declared = counted.loc[counted["kind"] == DECLARED]
    words = declared.groupby(["table", "variable", "reason"])["count"].sum().reset_index()
    listed = words.groupby(["table", "variable"])[["reason", "count"]].apply(
        lambda part: [(str(reason), int(count)) for reason, count in part.itertuples(index=False)]
    )
    wide["words"] = listed.reindex(wide.index) if len(listed) else None
    return wide.reset_index()


def missing_reasons_table(study: Study) -> ResultTable:
    """Return how many values of each variable are filled, and why the others are missing; counts are protected already.

    Parameters
    ----------
    study
        An opened study.

    Notes
    -----
    The counts of declared reasons add up to a column of the table, so that all of them are protected together here.
    """
    found = missing_reasons(study)
    cells: dict[Cell, float] = {}
    sums = []
    for row, line in enumerate(found.to_dict("records")):
        words = [("word", row, word) for word, _ in line["words"]]
        parts = [(row, name) for name in ("filled", *KINDS)]
        cells |= {(row, name): int(line[name]) for name in ("possible", "filled", *KINDS)}
        cells |= {("word", row, word): count for word, count in line["words"]}
        if line["possible"] == sum(cells[part] for part in parts):
            sums.append(Sum((row, "possible"), tuple(parts)))
        if len(words) > 1:
            sums.append(Sum((row, DECLARED), tuple(words)))
    texts = study.disclosure.texts(cells, sums)
    rows = range(len(found))
    declared = [
        "; ".join(f"{word} {texts['word', row, word]}" for word, _ in words) for row, words in enumerate(found["words"])
    ]
    data = pd.DataFrame(
        {
            "variable": found["label"],
            "rows": [texts[row, "possible"] for row in rows],
            **{name: [texts[row, name] for row in rows] for name in ("filled", *KINDS)},
            "declared as": declared,
        }
    )
    note = (
        "Rows: people, people by visit, or results of a laboratory; of questionnaires, rows times items. Reasons count "
        "values of the files, before copies were merged."
    )
    return ResultTable("missing_reasons", "Filled values, and why the others are missing", data, note=note)
