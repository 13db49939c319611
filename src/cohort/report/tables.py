"""Tables about a study as a whole: what came in, what became of it, and which claims a notebook asks of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from cohort.analysis.subgroups import GateResult
from cohort.cleaning.flow import MEASURES
from cohort.disclosure import Cell, Sum, flow_sums, people_named
from cohort.results import NotTestable, Result, ResultTable
from cohort.study import Study


def sources_table(study: Study) -> ResultTable:
    """Return the source files with format, rows, columns and the beginning of their hash."""
    rows = [
        {
            "file": source["name"] if source["name"] == source["source"] else f"{source['name']}: {source['source']}",
            "format": source["format"],
            "rows": source["rows"],
            "columns": source["columns"],
            "read as": _read_as(source),
            "SHA-256": source["sha256"][:12],
        }
        for source in study.provenance["inputs"]
    ]
    return ResultTable("sources", "Source files", pd.DataFrame(rows), counts=("rows",))


def _read_as(source: Mapping[str, Any]) -> str:
    """Return how the text of a file was read, and which of it was recognised rather than declared."""
    recognised = source.get("recognised") or ()
    keys = ("encoding", "delimiter", "decimal", "date_order", "sheet")
    return ", ".join(
        f"{key.replace('_', ' ')} {source[key]!r}" + (" (recognised)" if key in recognised else "")
        for key in keys
        if source.get(key)
    )


def rows_table(study: Study) -> ResultTable:
    """Return how the rows of every file were used: the four columns add up to the rows of the file."""
    wide = study.rows.pivot_table(index="file", columns="status", values="rows", aggfunc="sum", fill_value=0)
    statuses = ["used", "ineligible", "quarantined", "merged"]
    wide = wide.reindex(columns=statuses, fill_value=0)
    wide.insert(0, "source rows", wide.sum(axis=1))
    data = wide.reset_index().rename_axis(columns=None)
    return ResultTable(
        "row_accounting",
        "Every source row is used, ineligible, quarantined or merged",
        data,
        counts=("source rows", *statuses),
        sums=tuple(Sum((row, "source rows"), tuple((row, status) for status in statuses)) for row in range(len(data))),
        note="Ineligible rows stay in the tables: eligibility is a domain of the sampling design, not a filter.",
    )


def ledger_table(study: Study) -> ResultTable:
    """Return what cleaning changed, by rule, table and column, the most frequent first."""
    summary = study.ledger.summary()
    where = [place_of(study, table, column) for table, column in zip(summary["table"], summary["column"], strict=True)]
    keys = ["rule", "severity", "action", "where"]
    data = summary.assign(where=where).groupby(keys, sort=False)["count"].sum().reset_index(name="values")
    data = data.sort_values(["values", *keys], ascending=[False, True, True, True, True], ignore_index=True)
    return ResultTable("ledger", "What was noted and changed, by rule", data, counts=("values",))


def place_of(study: Study, table: str, column: str) -> str:
    """Return where a rule worked; the items of a questionnaire are one place."""
    variable = study.codebook.tables.get(table, {}).get(column)
    if variable is not None and variable.instrument and not variable.derivation:
        return f"{table}: items of {study.codebook.instruments[variable.instrument].title}"
    return ": ".join(part for part in (table, column) if part) or "source files"


def quarantine_table(study: Study) -> ResultTable:
    """Return what was set aside, by rule and reason."""
    keys = ["rule", "reason"]
    data = study.quarantine.groupby(keys, dropna=False).size().rename("entries").reset_index()
    if data.empty:
        data = pd.DataFrame({"rule": ["none"], "reason": ["nothing was set aside"], "entries": [0]})
    return ResultTable("quarantine", "What was set aside, and why", data, counts=("entries",))


def flow_table(study: Study) -> ResultTable:
    """Return the flow of people from the source files into the analysis."""
    rows = [
        {"step": step.label, "people": step.n, "excluded": step.excluded, "reason": step.reason}
        for step in study.flow.steps
    ]
    rows += [
        {"step": f"of these: {b.label}", "people": b.n, "excluded": b.excluded, "reason": b.reason}
        for b in study.flow.branches
    ]
    sums = flow_sums(len(study.flow.steps), len(study.flow.branches), people="people")
    names: dict[Cell, str] = {(len(study.flow.steps) - 1, "people"): "eligible"}
    for row, branch in enumerate(study.flow.branches, start=len(study.flow.steps)):
        columns = MEASURES.get(branch.label, ())
        if len(columns) == 1:
            names |= {(row, "people"): people_named("eligible", f"{columns[0]} known")}
            names |= {(row, "excluded"): people_named("eligible", f"{columns[0]} missing")}
    return ResultTable(
        "flow",
        "Flow of people",
        pd.DataFrame(rows),
        counts=("people", "excluded"),
        sums=tuple(sums),
        names=names,
    )


def claims_table(study: Study, claims: Sequence[str]) -> ResultTable:
    """Return the claims that a notebook asks about, with estimand, claimed number and earlier evidence."""
    known = [study.codebook.claims[name] for name in claims]
    data = pd.DataFrame(
        {
            "claim": [claim.id for claim in known],
            "in our words": [claim.text for claim in known],
            "estimand": [claim.estimand for claim in known],
            "number": ["" if claim.number is None else f"{claim.number:g}" for claim in known],
            "earlier evidence": [claim.evidence for claim in known],
        }
    )
    return ResultTable("claims", "The claims", data)


def structure_truth_table(study: Study, gate: GateResult | NotTestable) -> ResultTable:
    """Return how many subgroups the generator put in, beside the tier that the gate gave.

    Parameters
    ----------
    study
        A study; a real one has no truth, and the table says so.
    gate
        What the gate found.
    """
    found = f"not testable: {gate.reason}" if isinstance(gate, NotTestable) else f"tier {gate.tier}"
    classes = truth_of(study, exposure="", outcome="immune markers", measure="number of subgroups")
    if classes is None:
        row = {"subgroups in truth": "not known (0 known)", "gate": found, "right": ""}
    else:
        named = isinstance(gate, GateResult) and gate.may_name_groups
        right = "yes" if named == (classes > 1) else "no"
        row = {"subgroups in truth": "none" if classes == 1 else f"{classes:.0f}", "gate": found, "right": right}
    return ResultTable("truth", "Subgroups put in, and what the gate said", pd.DataFrame([row]))


_MEASURES = {
    "odds ratio": "odds ratio",
    "risk ratio": "risk ratio",
    "risk difference": "risk difference",
    "difference in mean": "mean difference",
    "number of subgroups": "number of subgroups",
}
"""The kind of contrast, as the truth names it, by the words of an estimate's measure."""


def truth_table(study: Study, results: Sequence[Result], *, exposure: str, outcome: str) -> ResultTable:
    """Return estimates beside the known truth, and whether the 95 % interval holds it.

    Parameters
    ----------
    study
        A study; a real one has no truth, and the table says so.
    results
        Estimates of the effect of the exposure on the outcome.
    exposure, outcome
        As the truth names them.
    """
    rows = []
    for result in results:
        truth = truth_of(study, exposure=exposure, outcome=outcome, measure=result.measure)
        row: dict[str, object] = {"label": result.label, "measure": result.measure}
        if isinstance(result, NotTestable) or truth is None:
            reason = result.reason if isinstance(result, NotTestable) else "no truth is known"
            rows.append({**row, "inside": reason})
            continue
        lower, upper = result.interval()
        inside = "yes" if lower <= truth <= upper else "no"
        rows.append(row | {"estimate": result.value, "lower": lower, "upper": upper, "truth": truth, "inside": inside})
    columns = ["label", "measure", "estimate", "lower", "upper", "truth", "inside"]
    return ResultTable(
        "truth",
        "Does the 95 % interval hold the truth?"
        if study.truth is not None
        else "A real cohort has no known truth (0 known)",
        pd.DataFrame(rows, columns=columns),
        formats=dict.fromkeys(["estimate", "lower", "upper", "truth"], ".3f"),
    )


def truth_of(study: Study, *, exposure: str, outcome: str, measure: str) -> float | None:
    """Return the true value of an estimand on a synthetic study, or None where none is declared.

    Parameters
    ----------
    study
        The study.
    exposure, outcome
        As the truth names them.
    measure
        Measure of an estimate; the kind of contrast that it names is looked up.
    """
    kind = next((kind for words, kind in _MEASURES.items() if words in measure), None)
    if study.truth is None or kind is None:
        return None
    # Associations in the population stand in the same table; the truth of an effect is the one by intervention.
    # So do natural direct and indirect effects, and effects of two exposures together.
    others = ("association", "natural", "effect of two")
    truth = study.truth.loc[~study.truth["estimand"].str.startswith(others)]
    exposures = truth["exposure"].fillna("")
    found = truth.loc[(exposures == exposure) & (truth["outcome"] == outcome) & (truth["measure"] == kind)]
    return float(found["value"].iloc[0]) if len(found) == 1 else None
