"""Executing the notebooks on a study, one after the other, with a progress bar."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from cohort.errors import CohortError, Problem
from cohort.progress import progress
from cohort.shipped import shipped_folder

PARAMETERS_TAG = "parameters"
_CELL_TIMEOUT_SECONDS = 900


@dataclass(frozen=True)
class Notebook:
    """A notebook of the suite: its name without ending, its title and its content."""

    name: str
    title: str
    content: nbformat.NotebookNode


def load_notebooks(folder: Path | None = None) -> list[Notebook]:
    """Return the notebooks of the suite in the order of their numbers.

    Parameters
    ----------
    folder
        Where they lie; by default those that ship with the package.
    """
    source = folder if folder is not None else shipped_folder("notebooks")
    notebooks = []
    for path in sorted(source.glob("[0-9][0-9]_*.ipynb")):
        content = nbformat.read(path, as_version=4)
        heading = next(
            (line[2:].strip() for cell in content.cells for line in cell.source.splitlines() if line.startswith("# ")),
            path.stem,
        )
        notebooks.append(Notebook(path.stem, heading, content))
    return notebooks


def set_parameters(notebook: Notebook, **values: str | None) -> nbformat.NotebookNode:
    """Return a copy of a notebook whose cell tagged ``parameters`` sets other values.

    Raises
    ------
    CohortError
        If the notebook does not have exactly one such cell.
    """
    content = copy.deepcopy(notebook.content)
    cells = [cell for cell in content.cells if PARAMETERS_TAG in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise CohortError(
            f"notebook '{notebook.name}' needs exactly one cell tagged 'parameters'; it has {len(cells)}."
        )
    cells[0].source = "\n".join(f"{name} = {value!r}" for name, value in values.items())
    return content


def execute(
    notebooks: Sequence[Notebook], *, study_path: Path | str, output: Path | None, show: bool | None = None
) -> list[Notebook]:
    """Return the notebooks executed on a study.

    Parameters
    ----------
    notebooks
        What to run.
    study_path
        What the parameter ``study_path`` is set to.
    output
        Folder for tables, figures and verdicts.
    show
        Show a progress bar over all cells; by default only on a terminal.

    Raises
    ------
    CohortError
        If a cell fails; the message names notebook, cell and error, without values of participants.
    """
    total = sum(cell.cell_type == "code" for notebook in notebooks for cell in notebook.content.cells)
    done: list[Notebook] = []
    with progress(total, "notebooks", show=show) as step:
        for notebook in notebooks:
            content = set_parameters(
                notebook,
                study_path=str(study_path),
                study_root=None,
                output_folder=None if output is None else str(output),
            )
            _execute_one(notebook.name, content, step)
            done.append(Notebook(notebook.name, notebook.title, content))
    return done


def _execute_one(name: str, content: nbformat.NotebookNode, step: Callable[[str], None]) -> None:
    client = NotebookClient(
        content,
        timeout=_CELL_TIMEOUT_SECONDS,
        kernel_name="python3",
        on_cell_executed=lambda **_: step(name),
    )
    # The kernel must be this interpreter: a user may have other kernels called python3.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    try:
        manager = client.create_kernel_manager()
        if manager.kernel_spec is not None:
            manager.kernel_spec.argv[0] = sys.executable
        # What a kernel says of itself on its own streams is not for the user; errors of cells arrive as messages.
        client.execute(env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except CellExecutionError as error:
        raise CohortError([_cell_problem(name, error)]) from error
    except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
        raise CohortError([Problem(f"notebook {name}", f"the kernel stopped ({type(error).__name__}).")]) from error


def _cell_problem(name: str, error: CellExecutionError) -> Problem:
    """Return what to say of a failed cell; the text of a foreign error may hold a value of a participant."""
    own = error.ename in {"CohortError", *(child.__name__ for child in CohortError.__subclasses__())}
    told = error.evalue.splitlines()[0] if own and error.evalue else "Run 'cohort lab' on the study to see it."
    return Problem(f"notebook {name}", f"a cell failed with {error.ename}.", told)
