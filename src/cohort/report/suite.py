"""The main job: clean a study, run every notebook on it, and write the report."""

from __future__ import annotations

from pathlib import Path

from cohort.output import check_writable, fresh_folder, write_json
from cohort.progress import progress
from cohort.report.cleaning_report import write_cleaning_page
from cohort.report.destination import check_destination
from cohort.report.document import write_document
from cohort.report.execution import execute, load_notebooks
from cohort.report.methods import methods_paragraph
from cohort.report.page import MEMORY_FILE
from cohort.study import open_study

SEED = 20261122
"""Seed of every random step of the notebooks; it stands in the provenance of a report."""


def run_suite(
    study: str | Path | None,
    out: Path,
    *,
    root: str | Path | None = None,
    show: bool | None = None,
    allow_git: bool = False,
) -> Path:
    """Run the main job and return the path of the report.

    Parameters
    ----------
    study
        A study file, a folder written by ``cohort clean``, or None for the demo.
    out
        Folder for the report, its tables and figures, and the clean cohort; appears whole or not at all.
    root
        Where the data files lie, if not where the study file says.
    show
        Show progress bars; by default only on a terminal.
    allow_git
        Write results of a real study even where git would track them.

    Raises
    ------
    CohortError
        If the study or its data fall short, or a notebook fails.
    """
    check_writable(out)
    check_destination(study, out, allow_git=allow_git)
    with progress(1, "reading and cleaning", show=show) as step:
        opened = open_study(study, root=root)
        step(opened.name)
    with fresh_folder(out) as partial:
        clean = partial / "clean"
        clean.mkdir()
        opened.write_into(clean)
        executed = execute(load_notebooks(), study_path=clean, output=partial, show=show)
        methods = methods_paragraph(opened)
        if opened.disclosure.memory is not None:
            opened.disclosure.memory.keep_in(partial / MEMORY_FILE)
        write_cleaning_page(partial, opened, tables="clean/")
        write_document(partial, opened, executed, methods, SEED)
        (partial / MEMORY_FILE).unlink(missing_ok=True)
        write_json(partial / "provenance.json", {**opened.provenance, "seed": SEED})
    return out / "index.html"
