"""Dirty studies with known truth, and reading and cleaning them."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd

from cohort.cleaning import CleanCohort, account_rows, clean_cohort
from cohort.cleaning.totals import check_totals, with_restored_ids
from cohort.codebook import Codebook, load_codebook
from cohort.intake import read_cohort
from cohort.study_file import StudyFile, load_study_file
from cohort.synthetic import load_scenario, write_cohort
from cohort.synthetic.defects import plant
from cohort.synthetic.export import write_csv

SEEDS = (1001, 1002, 1003)
"""Seeds on which cleaning is scored; written down before any result on them was seen."""

PEOPLE = 3_000


@dataclass(frozen=True)
class Cleaned:
    """A synthetic study read and cleaned.

    Parameters
    ----------
    study
        What its columns mean.
    cohort
        Clean tables, ledger, quarantine.
    rows
        What became of each source row.
    """

    study: StudyFile
    cohort: CleanCohort
    rows: pd.DataFrame


def clean_study(folder: Path, codebook: Codebook) -> Cleaned:
    """Return the study in a folder, read and cleaned."""
    study = load_study_file(folder / "study.yaml", codebook)
    raw = read_cohort(study, folder, codebook)
    cohort = clean_cohort(raw.tables, codebook, eligible=study.eligible, baseline=study.baseline, ledger=raw.ledger)
    rows = account_rows(with_restored_ids(raw.rows, cohort.ledger), cohort)
    check_totals(rows, {(file.name, file.source): file.rows for file in raw.sources if file.has_rows})
    return Cleaned(study, cohort, rows)


def simulate_pair(
    folder: Path, seed: int, *, people: int = PEOPLE, kinds: Literal["all", "default"] = "all"
) -> tuple[Path, Path]:
    """Write a dirty cohort of scenario S24 and its clean twin; return their folders.

    Parameters
    ----------
    folder
        Where to.
    seed, people
        Of both.
    kinds
        ``all`` kinds of defects, or the ``default`` ones, which leave out those that intake once refused.
    """
    world = replace(load_scenario("dirty_data"), defects={"kinds": kinds})
    dirty, twin = folder / f"dirty-{seed}", folder / f"clean-{seed}"
    for made in (dirty / "truth", twin):
        made.mkdir(parents=True, exist_ok=True)
    write_cohort(replace(world, defects={}), people, seed, twin, with_truth=False)
    codebook = load_codebook()
    study = load_study_file(twin / "study.yaml", codebook)
    # Planted as the generator does it, which would also compute effects that are not asked for here.
    planting = plant(raw_files(twin, study), study, codebook, world.defect_plan(), seed)
    for name, table in planting.tables.items():
        write_csv(table, dirty / str(study.files[name].path))
    write_csv(planting.planted, dirty / "truth" / "defects.csv")
    shutil.copyfile(twin / "study.yaml", dirty / "study.yaml")
    return dirty, twin


def raw_files(folder: Path, study: StudyFile) -> dict[str, pd.DataFrame]:
    """Return the csv files of a study as text, by their key."""
    return {
        name: pd.read_csv(folder / str(file.path), dtype="str", keep_default_na=False)
        for name, file in study.files.items()
    }


def changes_by_cleaning(study_path: Path, root: Path, codebook: Codebook) -> tuple[int, int, int]:
    """Return how many cells a study has after reading, how many the rules changed or set aside, and how many they flag.

    Parameters
    ----------
    study_path, root
        The study file and the folder of its data.
    codebook
        The codebook.
    """
    study = load_study_file(study_path, codebook)
    raw = read_cohort(study, root, codebook)
    cohort = clean_cohort(raw.tables, codebook, eligible=study.eligible, baseline=study.baseline)
    keys = {name: [key for key in codebook.primary_keys[name] if key in frame] for name, frame in raw.tables.items()}
    cells = sum(int(frame.drop(columns=keys[name]).notna().to_numpy().sum()) for name, frame in raw.tables.items())
    entries = cohort.ledger.entries
    of_rules = entries.loc[entries["rule"].isin(list(codebook.rules))]
    changed = of_rules.loc[of_rules["action"].isin(["repair", "set_missing", "quarantine", "merge"]), "count"].sum()
    return cells, int(changed), int(of_rules.loc[of_rules["action"] == "flag", "count"].sum())
