"""Drawing the cohorts that methods are tried on: complete values, the clean person table, or raw files cleaned."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import pandas as pd

from cohort.study import open_study
from cohort.synthetic import Scenario, person_table, simulate, write_cohort
from cohort.synthetic.history import DISEASES
from cohort.synthetic.node import FAMILY_SIZE, Array
from cohort.synthetic.simulate import SyntheticCohort
from cohort.traps.people import AUTOIMMUNE_SET, nodes_of, table_of

Source = Literal["complete", "clean", "raw", "dirty"]
SOURCES: tuple[Source, ...] = get_args(Source)
SOURCE_WORDS: Mapping[Source, str] = {
    "complete": "measured values of everybody, nothing missing, depression by interview",
    "clean": "the person table that perfect cleaning would give, with its missing values, depression by PHQ-9",
    "raw": "raw files, read and cleaned, depression by PHQ-9",
    "dirty": "the same with planted defects",
}
ANY = "has_any_autoimmune_disease"
EXPOSURES = (ANY, *(f"has_{disease}" for disease in DISEASES))
INFECTIONS = "hospital_infection_count"
CONTROL_FRACTION = "control_fraction"
"""Share of the eligible controls who were taken, which those who took them know."""
FAMILY = "family_number"
"""Number of the family, or of the neighbours, that a person belongs to."""
TYPE_1 = "has_type_1_diabetes"
DRUG_OF: Mapping[str, str] = {"has_autoimmune_thyroid_disease": "levothyroxine", TYPE_1: "insulin"}
"""The drug that confirms a disease: nearly all with it take it, and few others do."""

_PAPER_SET = (
    "age_years", "sex", "parental_ses_sd", "education", "smoking", "has_childhood_trauma", INFECTIONS,
    "has_lifetime_depression",
)  # fmt: skip
"""The measured part of the back-door set (dag.md section 4, H1) in the words of the person table."""


@dataclass(frozen=True)
class Sample:
    """A cohort as a method gets it.

    Parameters
    ----------
    table
        One row per person.
    outcome
        The column that says who is depressed.
    adjustment
        The measured part of the back-door set of autoimmune disease and depression.
    seed
        Seed of the people, for methods that draw random numbers themselves.
    """

    table: pd.DataFrame
    outcome: str
    adjustment: tuple[str, ...]
    seed: int = 0


@dataclass(frozen=True)
class Vocabulary:
    """What a source calls things.

    Parameters
    ----------
    outcome
        The column that says who is depressed.
    true_outcome
        The same among the declared truths.
    adjustment
        The measured part of the back-door set.
    """

    outcome: str
    true_outcome: str
    adjustment: tuple[str, ...]


_COMPLETE = Vocabulary("has_current_depression", "depression_latent", AUTOIMMUNE_SET)
_PAPER = Vocabulary("has_depression", "has_depression", _PAPER_SET)


def vocabulary(source: Source) -> Vocabulary:
    """Return what a source calls the outcome and the adjustment set."""
    return _COMPLETE if source == "complete" else _PAPER


def _category(codes: Array) -> Array:
    return np.asarray(np.array(["population", "clinic", "volunteer"], dtype=object)[np.where(codes == 3, 0, codes)])


def _recorded(disease: str) -> Callable[[Mapping[str, Array]], Array]:
    place = DISEASES.index(disease)
    return lambda v: v["diagnosis"][:, place]


def _onset_as_recorded(v: Mapping[str, Array]) -> Array:
    """Return the age at onset that goes with recorded type 1 diabetes: that of type 2 where it is in truth type 2."""
    onset = np.where(v["type_1_diabetes"], v["onset_type_1_diabetes"], v["onset_type_2_diabetes"])
    return np.where(np.isfinite(onset), onset, np.nan)


_OWN: Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Array]], Array]]] = {
    "recruitment": (("recruitment",), lambda v: _category(v["recruitment"])),
    "is_screened_control": (("recruitment",), lambda v: v["recruitment"] == 3),
    "selection_probability": (("clinic_probability",), lambda v: v["clinic_probability"]),
    "passes_screen": (("passes_screen",), lambda v: v["passes_screen"]),
    "form_returned": (("r_ctq",), lambda v: v["r_ctq"]),
    "onset_age_type_1_diabetes": (
        ("type_1_diabetes", "onset_type_1_diabetes", "onset_type_2_diabetes"), _onset_as_recorded,
    ),
    **{f"recorded_{disease}": (("diagnosis",), _recorded(disease)) for disease in DISEASES},
}  # fmt: skip
"""Columns that a study has and that neither the person table nor the traps have: which nodes, and how."""

_FROM_NODES = ("selection_probability", "passes_screen", "onset_age_type_1_diabetes")
"""Those of them that the person table is given as well."""


def draw(source: Source, world: Scenario, people: int, seed: int, columns: Iterable[str]) -> Sample:
    """Return a cohort of a scenario.

    Parameters
    ----------
    source
        How far the data have come: ``complete``, ``clean``, ``raw`` or ``dirty``.
    world, people, seed
        As in :func:`cohort.synthetic.simulate`.
    columns
        Columns that the methods need; only ``complete`` looks at them, so as to draw no more than it must.

    Examples
    --------
    >>> from cohort.synthetic import load_scenario
    >>> sample = draw("complete", load_scenario("literature_like"), 500, 1, ["has_current_depression", "recruitment"])
    >>> sample.table.shape, sample.outcome
    ((500, 2), 'has_current_depression')
    """
    words = vocabulary(source)
    if source == "complete":
        return Sample(_complete(world, people, seed, columns), words.outcome, words.adjustment, seed)
    table = _clean(world, people, seed) if source == "clean" else _from_files(world, people, seed, source)
    return Sample(table, words.outcome, words.adjustment, seed)


def _complete(world: Scenario, people: int, seed: int, columns: Iterable[str]) -> pd.DataFrame:
    asked = list(dict.fromkeys(columns))
    theirs = [name for name in asked if name not in _OWN and name not in (CONTROL_FRACTION, FAMILY)]
    own = [name for name in asked if name in _OWN]
    nodes = {node for name in theirs for node in nodes_of(world, name)}
    nodes |= {node for name in own for node in _OWN[name][0]}
    cohort = simulate(world, people, seed, nodes=sorted(nodes))
    table = _with_own(table_of(world, cohort.nodes, theirs), cohort, own)
    if CONTROL_FRACTION in asked:
        table[CONTROL_FRACTION] = float(world.knob("recruitment.share_control"))
    if FAMILY in asked:
        table[FAMILY] = cohort.numbers // FAMILY_SIZE
    return table


def _with_own(table: pd.DataFrame, cohort: SyntheticCohort, names: Iterable[str]) -> pd.DataFrame:
    more = {name: _OWN[name][1](cohort.nodes) for name in names}
    return pd.concat([table.reset_index(drop=True), pd.DataFrame(more)], axis=1)


def _clean(world: Scenario, people: int, seed: int) -> pd.DataFrame:
    cohort = simulate(world, people, seed)
    return _with_own(person_table(cohort), cohort, _FROM_NODES)


def _from_files(world: Scenario, people: int, seed: int, source: Source) -> pd.DataFrame:
    """Return the person table of a cohort that was written as raw files, read and cleaned."""
    planted = replace(world, defects={"kinds": "default"}) if source == "dirty" else replace(world, defects={})
    with tempfile.TemporaryDirectory() as folder:
        write_cohort(planted, people, seed, Path(folder), with_truth=False)
        study = open_study(Path(folder) / "study.yaml")
    diagnoses = study.tables["diagnoses"]
    own = diagnoses.loc[diagnoses["disease"] == "type_1_diabetes"].set_index("participant_id")["onset_age_years"]
    table = study.person_table
    onset = table["participant_id"].astype("object").map(own[~own.index.duplicated()].to_dict())
    return table.assign(onset_age_type_1_diabetes=onset.astype("Float64"))
