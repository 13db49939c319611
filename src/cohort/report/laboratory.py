"""A working folder for JupyterLab: copies of the notebooks, set to a study."""

from __future__ import annotations

from pathlib import Path

import nbformat

from cohort.errors import CohortError
from cohort.output import check_outside_git
from cohort.report.execution import load_notebooks, set_parameters
from cohort.study import DEMO, open_study


def prepare_laboratory(
    study: str | Path | None, out: Path | None, *, root: str | Path | None = None, allow_git: bool = False
) -> Path:
    """Return a working folder with the notebooks set to a study.

    Notebooks that lie there already are the analyst's own work and are left as they are.

    Parameters
    ----------
    study
        A study file, a folder written by ``cohort clean``, or None for the demo.
    out
        The working folder; by default ``<name of the study>-lab`` in the current folder.
    root
        Where the data files lie, if not where the study file says.
    allow_git
        Work on a real study even where git would track the folder.

    Raises
    ------
    CohortError
        If the study cannot be opened or the folder cannot be written.
    """
    opened = open_study(study, root=root)
    folder = out if out is not None else Path(f"{opened.name}-lab")
    if not opened.synthetic and not allow_git:
        check_outside_git(folder)
    where = DEMO if study is None or str(study) == DEMO else str(Path(study).resolve())
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for notebook in load_notebooks():
            target = folder / f"{notebook.name}.ipynb"
            if target.exists():
                continue
            content = set_parameters(
                notebook,
                study_path=where,
                study_root=None if root is None else str(Path(root).resolve()),
                output_folder=None,
            )
            for cell in content.cells:
                if cell.cell_type == "code":
                    cell.outputs, cell.execution_count = [], None
            nbformat.write(content, target)
    except OSError as error:
        raise CohortError(f"cannot write the working folder '{folder.name}': {error.strerror}.") from error
    return folder
