"""From a study and its files to a raw cohort: the one way through intake."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cohort.codebook import Codebook
from cohort.errors import InputDataError, Problem
from cohort.intake.assembly import assemble
from cohort.intake.context import Context
from cohort.intake.diagnoses import Population, add_people, read_diagnoses
from cohort.intake.entries import check_columns
from cohort.intake.identifiers import refuse_identifiers
from cohort.intake.laboratory import read_laboratory
from cohort.intake.medications import read_medications
from cohort.intake.people import followed_people, read_follow_up, read_relations
from cohort.intake.questionnaires import read_questionnaires
from cohort.intake.record import Record
from cohort.intake.repeats import resolve_repeats
from cohort.intake.sources import read_sources
from cohort.intake.spelling import repair_spelling
from cohort.intake.tables import IntArray, RawCohort, SourceFile, SourceTable, number_people
from cohort.intake.variables import earliest_visit_dates, read_variables
from cohort.study_file import StudyFile

NOBODY = Problem("study", "no row of any file belongs to a participant.", "Check 'where:' and the identifiers.")


def read_cohort(study: StudyFile, root: Path, codebook: Codebook) -> RawCohort:
    """Return the cohort of a study under canonical names, units and words, with an account of every source row.

    Parameters
    ----------
    study
        Where the files lie and what their columns mean.
    root
        Folder that the paths of the study are relative to.
    codebook
        What the canonical names mean.

    Raises
    ------
    InputDataError
        With every problem found: files that are missing, empty or cut short, columns that do not exist, codes without a
        meaning, units without a factor, ids that are not unique, values that contradict each other.

    Notes
    -----
    People belong to the cohort when a row of ``variables``, ``design``, ``follow_up``, ``instruments``, ``labs`` or of
    a diagnosis or medication with conditions names them. Register rows and relations alone make nobody a participant,
    unless the study has nothing else.
    """
    record = Record()
    tables, files = settle_files(study, root, codebook, record)
    return cohort_of(study, codebook, tables, files, record)


def settle_files(
    study: StudyFile, root: Path, codebook: Codebook, record: Record, name: str | None = None
) -> tuple[dict[str, SourceTable], tuple[SourceFile, ...]]:
    """Return the files of a study as tables, after all that is decided for a file as a whole.

    Parameters
    ----------
    study, root, codebook
        As in :func:`read_cohort`.
    record
        Takes problems, ledger, quarantine and the rows that reach no table: direct identifiers, columns that do not
        exist, codes in another letter case, rows that stand there twice.
    name
        The one entry of ``files:`` to read; None for all.
    """
    chosen = study if name is None else study.model_copy(update={"files": {name: study.files[name]}})
    tables, files = read_sources(chosen, root, record)
    tables = refuse_identifiers(study, tables, record)
    check_columns(study, tables, record)
    repair_spelling(study, codebook, tables, record)
    return resolve_repeats(study, codebook, tables, record), files


def cohort_of(
    study: StudyFile,
    codebook: Codebook,
    tables: Mapping[str, SourceTable],
    files: tuple[SourceFile, ...],
    record: Record,
    *,
    is_block: bool = False,
) -> RawCohort:
    """Return the cohort that source tables hold: of all people, or of a block of people with all their rows.

    Parameters
    ----------
    study, codebook
        As in :func:`read_cohort`.
    tables
        The files, as :func:`settle_files` returned them, or the rows of some people in them.
    files
        What is known of them.
    record
        What reading noted so far.
    is_block
        Whether the rows are of some people only, of whom none need be a participant.

    Raises
    ------
    InputDataError
        With every problem found.
    """
    sound = check_columns(study, tables, Record())
    for table in tables.values():
        record.add_table(table)
    numbered, everybody = number_people(tables)
    context = Context(study, codebook, numbered, record, sound, everybody)
    check_zeros({name: table.person for name, table in numbered.items()}, everybody.ids, record)
    follow_up = read_follow_up(context)
    pieces = earliest_visit_dates(
        read_variables(context) + read_questionnaires(context), is_mapped="visit_date" in study.variables
    )
    labs = read_laboratory(context)
    add_people(context)
    if not context.population:
        context.population.extend(table.person for table in numbered.values())
    people = context.participants()
    if not len(people) and not record.problems and not is_block:
        record.problems.append(NOBODY)
    canonical = {
        "participants": assemble(context, [p for p in pieces if p.variable.table == "participants"], people),
        "follow_up": follow_up,
        "relations": read_relations(context, people),
        "visits": assemble(context, [p for p in pieces if p.variable.table == "visits"]),
        "labs": labs,
        "diagnoses": read_diagnoses(context, Population(people, followed_people(context, follow_up, people))),
        "medications": read_medications(context, people),
    }
    if record.problems:
        raise InputDataError(record.problems)
    return RawCohort(canonical, record.rows(), record.quarantined(), record.ledger(), files)


def check_zeros(people: Mapping[str, IntArray], ids: pd.Index, record: Record) -> None:
    """Note a problem where the ids of a file meet those of the others only without their leading zeros.

    Parameters
    ----------
    people
        Numbers of the people in each file.
    ids
        The identifier of each number.
    record
        Takes the problems.
    """
    if len(people) < 2:
        return
    occurs = {name: np.zeros(len(ids), dtype=bool) for name in people}
    for name, numbers in people.items():
        occurs[name][numbers] = True
    files = np.sum(list(occurs.values()), axis=0)
    for name, alone in occurs.items():
        if not alone.any() or (files[alone] > 1).any():
            continue
        if not _plain(ids[alone]).isdisjoint(_plain(ids[~alone])):
            record.problem(
                f"file '{name}'",
                "its ids agree with those of the other files only without leading zeros.",
                "Export the identifier as text in every file.",
            )


def _plain(ids: pd.Index) -> set[str]:
    return {text.lstrip("0") for text in ids}
