"""The way through cleaning: check, apply the rules, score, derive, decide who is eligible, check again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cohort.cleaning.derived import person_table, visit_table
from cohort.cleaning.flow import Flow, build_flow, decide_eligibility
from cohort.cleaning.instruments import prorated, score_instrument
from cohort.cleaning.keys import CleanTables, as_text, coded
from cohort.cleaning.risk import risk_table
from cohort.cleaning.rule import Applied, Rule, Tables, apply_rules
from cohort.cleaning.rules import RULES
from cohort.cleaning.validation import canonical_tables, check_input, check_output, conform
from cohort.codebook import Codebook
from cohort.ledger import Ledger
from cohort.study_file import Eligibility


@dataclass(frozen=True)
class CleanCohort:
    """A cleaned cohort.

    Parameters
    ----------
    tables
        The seven canonical tables, clean, and ``person_table``, ``visit_table`` and ``risk_table``.
    ledger
        Every change and every doubt, after what intake had written.
    quarantine
        Rows and cells set aside: table, column (empty for a whole row), participant, rule, reason, original as JSON.
    flow
        How people came into the analysis.
    exclusions
        Who is not eligible: ``participant_id`` and ``reason``.
    """

    tables: Tables
    ledger: Ledger
    quarantine: pd.DataFrame
    flow: Flow
    exclusions: pd.DataFrame


def clean_cohort(
    tables: Mapping[str, pd.DataFrame],
    codebook: Codebook,
    *,
    eligible: Sequence[Eligibility] = (),
    baseline: str = "t0",
    ledger: Ledger | None = None,
    rules: Sequence[Rule] = RULES,
) -> CleanCohort:
    """Return the cohort cleaned, scored and derived, with all that was changed or set aside; the input stays as is.

    Parameters
    ----------
    tables
        Canonical tables as intake gives them: participants, follow_up, relations, visits, labs, diagnoses,
        medications. A table that is absent counts as empty.
    codebook
        Names, limits, categories, instruments.
    eligible
        Steps of eligibility on columns of ``person_table``. They mark people and remove nobody.
    baseline
        Label of the baseline visit.
    ledger
        What intake wrote, to be continued.
    rules
        The rules, in order.

    Raises
    ------
    InputDataError
        If the tables do not have the structure of canonical ones, or a step of eligibility names an absent variable.
    CohortError
        If a clean table breaks what the codebook promises.
    """
    raw = prepare(tables, codebook)
    applied = apply_rules(raw, codebook, rules, ledger)
    return finish(applied, codebook, eligible=eligible, baseline=baseline, people_in_files=count_people(raw))


def prepare(tables: Mapping[str, pd.DataFrame], codebook: Codebook) -> dict[str, pd.DataFrame]:
    """Return canonical tables ready for the rules: their structure checked, dtypes canonical, texts as categories.

    Raises
    ------
    InputDataError
        If the tables do not have the structure of canonical ones.
    """
    check_input(tables, codebook)
    names = canonical_tables(codebook)
    return coded({name: conform(tables.get(name, pd.DataFrame()), name, codebook) for name in names}, codebook)


def finish(
    applied: Applied, codebook: Codebook, *, eligible: Sequence[Eligibility], baseline: str, people_in_files: int
) -> CleanCohort:
    """Return the clean cohort that follows from tables to which all rules were applied: scores, derived tables, flow.

    Parameters
    ----------
    applied
        What the rules left, of all people or of a block of them.
    codebook, eligible, baseline
        As in :func:`clean_cohort`.
    people_in_files
        How many people some table named before the rules.

    Raises
    ------
    InputDataError
        If a step of eligibility names an absent variable.
    CohortError
        If a clean table breaks what the codebook promises.
    """
    book = applied.ledger
    clean = {name: conform(frame, name, codebook) for name, frame in applied.tables.items()}
    clean["visits"], book = _scored(clean["visits"], codebook, book)
    check_output(clean, codebook)
    clean["visit_table"] = visit_table(clean, codebook)
    people = person_table(clean, codebook, baseline)
    decided = decide_eligibility(people, eligible, codebook)
    clean["person_table"] = conform(people.assign(is_eligible=decided["is_eligible"]), "person_table", codebook)
    clean["risk_table"], book = _at_risk(clean, codebook, book)
    clean = {name: clean[name] for name in codebook.tables}
    check_output({name: clean[name] for name in codebook.derived}, codebook)
    flow = build_flow(people, decided, eligible, codebook, people_in_files=people_in_files, undisputed=len(people))
    out = ~decided["is_eligible"].to_numpy(dtype=bool)
    exclusions = pd.DataFrame(
        {"participant_id": as_text(people.loc[out, "participant_id"]), "reason": decided.loc[out, "reason"]}
    ).reset_index(drop=True)
    return CleanCohort(CleanTables(clean, codebook), book, applied.quarantine, flow, exclusions)


def count_people(tables: Tables) -> int:
    """Return how many people have a row in any table; identifiers are categories of one list."""
    columns = [frame["participant_id"] for frame in tables.values()]
    occurs = np.zeros(max(len(column.cat.categories) for column in columns) + 1, dtype=bool)
    for column in columns:
        occurs[column.cat.codes.to_numpy()] = True
    return int(occurs[:-1].sum())


def _scored(visits: pd.DataFrame, codebook: Codebook, ledger: Ledger) -> tuple[pd.DataFrame, Ledger]:
    """Return the visits with the scores of every instrument; the ledger tells how many totals were prorated."""
    book, parts = ledger, [visits]
    for instrument in codebook.instruments.values():
        scores = score_instrument(visits, instrument)
        parts.append(scores)
        count = prorated(visits, instrument, scores)
        if count:
            book = book.add(
                rule="score_prorated",
                severity="info",
                action="map",
                table="visits",
                column=instrument.total.column,
                reason="items missing, the total stands for the answered ones",
                count=count,
            )
    scored = {name for part in parts[1:] for name in part.columns}
    parts[0] = visits.drop(columns=[name for name in visits.columns if name in scored])
    return conform(pd.concat(parts, axis=1), "visits", codebook), book


def _at_risk(tables: Tables, codebook: Codebook, ledger: Ledger) -> tuple[pd.DataFrame, Ledger]:
    """Return the risk table; the ledger tells who could not enter a risk set."""
    table, excluded = risk_table(tables, codebook)
    book = ledger.add(
        rule="not_at_risk",
        severity="info",
        action="flag",
        table="risk_table",
        after=[f"{group.outcome} after {group.exposure}" for group in excluded],
        reason=[group.reason for group in excluded],
        count=[group.count for group in excluded],
    )
    return table, book
