"""The dry run of a study: read it, clean it, and tell all that ``cohort check`` tells; nothing is written."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cohort.codebook import load_codebook
from cohort.disclosure import Disclosure
from cohort.errors import CohortError, Problem
from cohort.intake.reading import cohort_of, settle_files
from cohort.intake.record import Record
from cohort.output import MARKER
from cohort.protection import protect_table
from cohort.report.checking.claims import ClaimCheck, by_family, check_claims, filled_variables
from cohort.report.checking.columns import Unmapped, unmapped_columns
from cohort.report.checking.effects import VisibleEffect, smallest_effects
from cohort.report.checking.mapping import Mapped, Touched, describe_mapping, touched_elsewhere
from cohort.report.cleaning_report import cleaning_facts
from cohort.report.instruments import instruments_facts
from cohort.report.tables import flow_table, rows_table, sources_table
from cohort.results import ResultTable
from cohort.shipped import shipped_folder
from cohort.study import DEMO, Study, StudyInput, open_study, read_input, study_of

FORMAT = 1
"""Version of the shape of ``to_dict``: raised when a key goes or changes its meaning, not when one is added."""


@dataclass(frozen=True)
class Layer:
    """How many variables of a layer of the codebook a study fills, and which it lacks."""

    layer: str
    variables: int
    filled: int
    lacking: tuple[str, ...]


@dataclass(frozen=True)
class Check:
    """What a study has and lacks.

    Parameters
    ----------
    title, people, eligible
        Title, and protected counts of people; empty where the study could not be read.
    synthetic
        Whether its people do not exist; None where the study file could not be read.
    problems
        Everything that keeps the study from being read.
    files, rows
        The source files as they were read, and what became of their rows: protected, one mapping per line.
    mapping
        Every entry with what it gave.
    elsewhere
        What rules did to columns that belong to no entry alone, each with its place.
    unmapped
        Columns that nothing maps.
    layers
        Coverage of the codebook.
    claims
        All claims, with what is missing for each.
    effects
        The smallest effects that could be seen.
    instruments
        Reliability of the questionnaires.
    cleaning
        Summary of cleaning, what to look at first, and the rules that the study changed.
    """

    title: str = ""
    people: str = ""
    eligible: str = ""
    synthetic: bool | None = None
    problems: tuple[Problem, ...] = ()
    files: tuple[dict[str, Any], ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    mapping: tuple[Mapped, ...] = ()
    elsewhere: tuple[tuple[str, Touched], ...] = ()
    unmapped: tuple[Unmapped, ...] = ()
    layers: tuple[Layer, ...] = ()
    claims: tuple[ClaimCheck, ...] = ()
    effects: tuple[VisibleEffect, ...] = ()
    instruments: tuple[dict[str, Any], ...] = ()
    cleaning: dict[str, Any] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        """Return whether the study can be read and cleaned."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data, for a program; ``docs/check.md`` describes the keys."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self), ensure_ascii=False, default=str))
        families = [asdict(family) for family in by_family(self.claims)]
        return {"format": FORMAT, "is_ready": self.is_ready, **plain, "families": json.loads(json.dumps(families))}


def check_study(where: str | Path | None = None, *, root: str | Path | None = None) -> Check:
    """Return what a study has and lacks; problems of the study are part of the answer and are not raised.

    Parameters
    ----------
    where
        A ``study.yaml``; a folder written by ``cohort clean``; or ``demo``.
    root
        Where the data files lie, if not where the study file says.
    """
    path = shipped_folder("synthetic_data") / "demo" / "study.yaml" if where in (None, DEMO) else Path(str(where))
    try:
        is_folder = os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        if is_folder and (path / MARKER).is_file():
            return _described(open_study(path))
        study = read_input(path, root)
    except CohortError as error:
        return Check(problems=error.problems)
    return _read(study)


def _read(study: StudyInput) -> Check:
    """Return the check of a study whose file is valid, as far as its data can be read."""
    codebook, record = load_codebook(), Record()
    tables, files = settle_files(study.file, study.root, codebook, record)
    try:
        opened = study_of(study, study.protect(cohort_of(study.file, codebook, tables, files, record)))
    except CohortError as error:
        columns = unmapped_columns(study.file, tables, study.root, frozenset(codebook.mappable))
        count = _disclosure(study).text
        read = tuple({"file": f.name, "format": f.format, "rows": count(f.rows), "columns": f.columns} for f in files)
        return Check(
            title=study.file.title,
            synthetic=study.file.synthetic,
            problems=error.problems,
            files=read,
            unmapped=columns,
        )
    lacking = frozenset(codebook.mappable) - filled_variables(opened)
    columns = unmapped_columns(study.file, tables, study.root, lacking)
    return _described(opened, mapping=describe_mapping(opened, study.file), unmapped=columns)


def _disclosure(study: StudyInput) -> Disclosure:
    policy = study.file.disclosure
    return Disclosure.off() if study.file.synthetic else Disclosure(policy.minimum_count, policy.round_to)


def _described(study: Study, mapping: tuple[Mapped, ...] = (), unmapped: tuple[Unmapped, ...] = ()) -> Check:
    steps = protect_table(flow_table(study), study.disclosure)
    last = steps.loc[steps["step"] == "Eligible", "people"]
    return Check(
        title=study.title,
        people=str(steps["people"].iloc[0]) if len(steps) else "",
        eligible=str(last.iloc[0]) if len(last) else "",
        synthetic=study.synthetic,
        files=_lines(sources_table(study), study),
        rows=_lines(rows_table(study), study),
        mapping=mapping,
        elsewhere=touched_elsewhere(study, mapping),
        unmapped=unmapped,
        layers=describe_layers(study),
        claims=check_claims(study),
        effects=smallest_effects(study),
        instruments=tuple(instruments_facts(study)),
        cleaning=cleaning_facts(study),
    )


def _lines(table: ResultTable, study: Study) -> tuple[dict[str, Any], ...]:
    lines: list[dict[str, Any]] = [
        {str(key).replace(" ", "_"): value for key, value in line.items()}
        for line in protect_table(table, study.disclosure).to_dict("records")
    ]
    return tuple(lines)


def describe_layers(study: Study) -> tuple[Layer, ...]:
    """Return the coverage of the codebook: of each layer, how many variables a study fills, and which it lacks.

    Parameters
    ----------
    study
        The study, read and cleaned. Items of questionnaires count through their scores.
    """
    filled = filled_variables(study)
    layers: dict[str, dict[str, bool]] = {}
    known = [*study.codebook.tables["participants"].values(), *study.codebook.tables["visits"].values()]
    known += study.codebook.tables["person_table"].values()
    for variable in known:
        is_item = variable.instrument and not variable.derivation
        if variable.layer and not is_item and variable.name not in ("participant_id", "visit", "is_eligible"):
            layers.setdefault(variable.layer, {})[variable.name] = variable.name in filled
    return tuple(
        Layer(name, len(has), sum(has.values()), tuple(one for one, there in has.items() if not there))
        for name, has in layers.items()
    )
