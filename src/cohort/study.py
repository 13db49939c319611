"""A study opened for analysis: clean tables, what cleaning did, the sampling design, and how counts are protected."""

from __future__ import annotations

import functools
import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from cohort import __version__
from cohort.cleaning import Flow, account_rows, clean_cohort
from cohort.cleaning.keys import CleanTables
from cohort.cleaning.settings import StudyRules, rules_of_study
from cohort.cleaning.totals import check_totals, with_restored_ids
from cohort.cleaning.validation import conform
from cohort.codebook import Codebook, load_codebook
from cohort.disclosure import Disclosure, Memory
from cohort.errors import CohortError, InputDataError, Problem
from cohort.intake import RawCohort, SourceFile, read_cohort
from cohort.intake.identifiers import pseudonymise
from cohort.ledger import Ledger
from cohort.output import MARKER, fresh_folder, write_json
from cohort.privacy import load_key
from cohort.shipped import shipped_folder
from cohort.study_file import StudyFile, load_study_file
from cohort.study_file.rule_settings import RuleChange, RuleSetting

if TYPE_CHECKING:
    from cohort.analysis.design import Design

DEMO = "demo"
_LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "matplotlib", "pyreadstat", "pyarrow")


@dataclass(frozen=True)
class Study:
    """A cleaned cohort and everything an analysis or a report needs to know of it.

    Parameters
    ----------
    name, title, synthetic
        As in its study file.
    tables
        The clean canonical tables and the derived ones, by name.
    ledger, quarantine, flow
        What cleaning changed, what it set aside, and how people flow into the analysis.
    rows
        How every row of every source file was used, by file, status and reason.
    disclosure
        How counts are protected before they are shown.
    provenance
        Versions and hashes of everything that went in.
    truth
        For a synthetic cohort whose truth lies beside it: the estimands with their true values.

    Examples
    --------
    >>> study = open_study("demo")
    >>> study.synthetic, len(study.person_table) > 5000
    (True, True)
    """

    name: str
    title: str
    synthetic: bool
    tables: Mapping[str, pd.DataFrame]
    ledger: Ledger
    quarantine: pd.DataFrame
    flow: Flow
    rows: pd.DataFrame
    disclosure: Disclosure
    provenance: Mapping[str, Any]
    truth: pd.DataFrame | None = None

    @property
    def person_table(self) -> pd.DataFrame:
        """Return one row per person at baseline."""
        return self.tables["person_table"]

    @property
    def baseline(self) -> str:
        """Return the label of the baseline visit."""
        return str(self.provenance["study"].get("baseline", "t0"))

    @functools.cached_property
    def design(self) -> Design:
        """Return the sampling design of the people in ``person_table``."""
        from cohort.analysis.design import design_of  # noqa: PLC0415 - cleaning needs no library of statistics

        return design_of(self.person_table)

    @property
    def codebook(self) -> Codebook:
        """Return the codebook that names the variables."""
        return load_codebook()

    def write(self, folder: Path) -> None:
        """Write clean tables, ledger, quarantine, flow and provenance to a folder that appears whole or not at all.

        Parameters
        ----------
        folder
            A new or empty folder, or one that an earlier run wrote.
        """
        with fresh_folder(folder) as partial:
            self.write_into(partial)

    def write_into(self, folder: Path) -> None:
        """Write the same files into an existing folder, without the guarantee of :meth:`write`."""
        with ThreadPoolExecutor() as pool:  # Arrow writes without Python's lock
            list(pool.map(lambda name: self._write_table(name, folder / f"{name}.parquet"), self.tables))
        self.ledger.entries.to_parquet(folder / "ledger.parquet", index=False)
        self.rows.to_parquet(folder / "rows.parquet", index=False)
        (folder / "quarantine").mkdir()
        self.quarantine.to_parquet(folder / "quarantine" / "quarantine.parquet", index=False)
        write_json(folder / "flow.json", self.flow.to_dict())
        if self.truth is not None:
            self.truth.to_parquet(folder / "truth.parquet", index=False)
        write_json(folder / MARKER, dict(self.provenance))

    def _write_table(self, name: str, path: Path) -> None:
        if isinstance(self.tables, CleanTables):
            self.tables.write(name, path)
        else:
            self.tables[name].to_parquet(path, index=False)


def open_study(where: str | Path | None = None, *, root: str | Path | None = None) -> Study:
    """Return a study, cleaned and ready.

    Parameters
    ----------
    where
        A ``study.yaml``; a folder written by ``cohort clean``; or ``demo`` (the default), the synthetic cohort that
        ships with the package.
    root
        Where the data files lie, if not where the study file says.

    Raises
    ------
    CohortError
        If the study file or the data fall short; all problems at once.
    """
    if where is None or str(where) == DEMO:
        return _from_study_file(DEMO, root)
    path = Path(where)
    is_folder = os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for a name that is too long
    if is_folder and (path / MARKER).is_file() and (path / "person_table.parquet").is_file():
        return _from_clean_folder(path)
    return _from_study_file(path, root)


def read_study_file(path: Path) -> StudyFile:
    """Return a study file, checked against the codebook."""
    return load_study_file(path, load_codebook())


@dataclass(frozen=True)
class StudyInput:
    """What is known of a study before its data are read.

    Parameters
    ----------
    path, root
        The study file, and the folder of its data files.
    file
        Its content.
    rules
        The rules of cleaning with the changes of the study.
    key
        Key of the identifiers' hash, when the study asks for one.
    """

    path: Path
    root: Path
    file: StudyFile
    rules: StudyRules
    key: bytes | None

    def protect(self, raw: RawCohort) -> RawCohort:
        """Return a raw cohort with its identifiers replaced by their keyed hash where the study asks for it."""
        return pseudonymise(raw, self.file, self.key)


def read_input(where: str | Path, root: str | Path | None = None) -> StudyInput:
    """Return what a study file says, with the folder of its data.

    Parameters
    ----------
    where
        The study file, or ``demo``.
    root
        Where the data files lie, if not where the study file says.

    Raises
    ------
    CohortError
        If the study file falls short, or the folder does not exist.
    """
    codebook = load_codebook()
    path = shipped_folder("synthetic_data") / "demo" / "study.yaml" if str(where) == DEMO else Path(where)
    study_file = load_study_file(path, codebook)
    folder = Path(root) if root is not None else path.parent / study_file.root
    if not os.path.isdir(folder):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
        what = f"the data folder '{folder.name}' does not exist."
        raise InputDataError([Problem(path.name, what, "Name it with --root or under 'root:'.")])
    hashing = study_file.privacy.hash_ids
    key = load_key(path.parent / hashing.key_file) if hashing is not None else None
    return StudyInput(path, folder, study_file, rules_of_study(study_file.rules, codebook), key)


def provenance_of(study: StudyInput, files: Sequence[SourceFile]) -> dict[str, Any]:
    """Return versions, settings and hashes of everything that goes into a clean cohort.

    Parameters
    ----------
    study
        The study.
    files
        The files that were read.
    """
    file = study.file
    return {
        "cohort_version": __version__,
        "python": platform.python_version(),
        "libraries": dict(_library_versions()),
        "study": {
            "name": file.name,
            "title": file.title,
            "synthetic": file.synthetic,
            "file": study.path.name,
            "sha256": hashlib.sha256(study.path.read_bytes()).hexdigest(),
            "disclosure": file.disclosure.model_dump(),
            "rules": {rule: _plain(setting) for rule, setting in file.rules.items()},
            "baseline": file.baseline,
            "ids_are_hashed": study.key is not None,
        },
        "inputs": [asdict(source) for source in files],
    }


@functools.cache
def _library_versions() -> dict[str, str]:
    """Return the version of each library; looking one up reads files, and a process opens many studies."""
    return {name: metadata.version(name) for name in _LIBRARIES}


def _plain(setting: RuleSetting) -> Any:
    """Return what a study changes of a rule as plain data."""
    return setting.model_dump(exclude_none=True) if isinstance(setting, RuleChange) else setting


def _from_study_file(where: str | Path, root: str | Path | None) -> Study:
    study = read_input(where, root)
    return study_of(study, study.protect(read_cohort(study.file, study.root, load_codebook())))


def study_of(study: StudyInput, raw: RawCohort) -> Study:
    """Return a study of which the files have been read, cleaned and ready.

    Parameters
    ----------
    study
        What its study file says.
    raw
        The cohort as intake returned it, its identifiers protected.
    """
    file, chosen = study.file, study.rules
    clean = clean_cohort(
        raw.tables,
        chosen.codebook,
        eligible=file.eligible,
        baseline=file.baseline,
        ledger=raw.ledger + chosen.ledger if len(chosen.ledger.entries) else raw.ledger,
        rules=chosen.rules,
    )
    rows = account_rows(with_restored_ids(raw.rows, clean.ledger), clean)
    check_totals(rows, {(source.name, source.source): source.rows for source in raw.sources if source.has_rows})
    accounting = rows.groupby(["file", "source", "status", "reason"], dropna=False).size().rename("rows").reset_index()
    return Study(
        name=file.name,
        title=file.title,
        synthetic=file.synthetic,
        tables=clean.tables,
        ledger=clean.ledger,
        quarantine=pd.concat([raw.quarantine, clean.quarantine], ignore_index=True),
        flow=clean.flow,
        rows=accounting,
        disclosure=_disclosure_of(file),
        provenance=provenance_of(study, raw.sources),
        truth=read_truth(study),
    )


def _disclosure_of(file: StudyFile) -> Disclosure:
    policy = file.disclosure
    return Disclosure.off() if file.synthetic else Disclosure(policy.minimum_count, policy.round_to, Memory())


def read_truth(study: StudyInput) -> pd.DataFrame | None:
    """Return the declared truth of a synthetic study: effects by intervention and population values; else None."""
    folder = study.path.parent / "truth"
    if not study.file.synthetic:
        return None
    files = [folder / name for name in ("estimands.csv", "population.csv") if (folder / name).is_file()]
    return pd.concat([pd.read_csv(file) for file in files], ignore_index=True) if files else None


def open_account(folder: Path) -> Study:
    """Return a study that ``cohort clean`` wrote, without its tables: what became of rows and values, and why."""
    return _from_clean_folder(folder, with_tables=False)


def _from_clean_folder(folder: Path, *, with_tables: bool = True) -> Study:
    codebook = load_codebook()
    try:
        provenance = json.loads((folder / MARKER).read_text(encoding="utf-8"))
        described = provenance["study"]
        names = [path.stem for path in sorted(folder.glob("*.parquet")) if path.stem in codebook.tables and with_tables]
        truth = folder / "truth.parquet"
        policy = described["disclosure"]
        return Study(
            name=described["name"],
            title=described["title"],
            synthetic=described["synthetic"],
            # Parquet forgets the categories of a column without values; the codebook knows them.
            tables={name: conform(pd.read_parquet(folder / f"{name}.parquet"), name, codebook) for name in names},
            ledger=Ledger(pd.read_parquet(folder / "ledger.parquet")),
            quarantine=pd.read_parquet(folder / "quarantine" / "quarantine.parquet"),
            flow=Flow.from_dict(json.loads((folder / "flow.json").read_text(encoding="utf-8"))),
            rows=pd.read_parquet(folder / "rows.parquet"),
            disclosure=(
                Disclosure.off()
                if described["synthetic"]
                else Disclosure(policy["minimum_count"], policy["round_to"], Memory())
            ),
            provenance=provenance,
            truth=pd.read_parquet(truth) if truth.is_file() else None,
        )
    except (OSError, KeyError, ValueError) as error:
        raise CohortError(
            f"the folder '{folder.name}' is not a complete result of 'cohort clean' ({type(error).__name__}). "
            "Run 'cohort clean' again."
        ) from error
