"""The stored notebooks are thin, executed, and every number in them is compared by CI.

nbval compares only cells with a marker that stands alone on its line, and passes a marked cell without an
``execution_count`` in silence: hence these guards.
"""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
MARKER = "# NBVAL_CHECK_OUTPUT"
# These calls show tables, verdicts and computed sentences.
SHOWS_NUMBERS = re.compile(r"\bpage\.(table|results|verdicts|say|introduce)\(")
MACHINE_PATH = re.compile(r"(?<![\w.])(/(home|root|tmp|work|Users)/|[A-Z]:\\\\)")


def is_marked(cell: nbformat.NotebookNode) -> bool:
    return any(line.strip() == MARKER for line in cell.source.splitlines())


def problems_of(notebook: nbformat.NotebookNode) -> list[str]:
    """Return everything by which a notebook falls short of the rules of the suite."""
    found = []
    headings = [
        line
        for cell in notebook.cells
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("# ")
    ]
    if len(headings) != 1:
        found.append(f"{len(headings)} headings of the first order")
    parameters = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(parameters) != 1:
        found.append(f"{len(parameters)} cells tagged 'parameters'")
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            found += [f"cell {number}: {text}" for text in problems_of_cell(cell)]
    return found


def problems_of_cell(cell: nbformat.NotebookNode) -> list[str]:
    found = []
    lines = cell.source.splitlines()
    if len(lines) > 12:
        found.append(f"{len(lines)} lines")
    if re.search(r"^\s*(def|class|for|while|async|lambda)\b", cell.source, flags=re.MULTILINE):
        found.append("a definition or a loop")
    if any("NBVAL" in line and line.strip() != MARKER for line in lines):
        found.append("a marker of nbval that does not stand alone is not seen")
    if SHOWS_NUMBERS.search(cell.source) and not is_marked(cell):
        found.append("shows numbers and is not compared")
    if cell.get("execution_count") is None:
        found.append("was not executed")
    if is_marked(cell) and not cell.outputs:
        found.append("is compared but has no output")
    for output in cell.outputs:
        if output.output_type == "error" or output.get("name") == "stderr":
            found.append("stores an error or a warning")
        if MACHINE_PATH.search(str(output)):
            found.append("stores a path of a machine")
    return found


def corrupt_text(text: str) -> str:
    """Return a text with one digit of its last number changed; a text without a number loses a letter."""
    spots = list(re.finditer(r"\d", text))
    if not spots:
        return text.rstrip()[:-1]
    spot = spots[-1]
    return text[: spot.start()] + str((int(spot.group()) + 1) % 10) + text[spot.end() :]


def corrupt(notebook: nbformat.NotebookNode, form: str) -> tuple[nbformat.NotebookNode, int]:
    """Return a copy with one number wrong in the output of every compared cell, and the number of such cells."""
    changed = copy.deepcopy(notebook)
    cells = 0
    for cell in changed.cells:
        if cell.cell_type != "code" or not is_marked(cell):
            continue
        touched = False
        for output in cell.outputs:
            if output.output_type == "stream" and form == "text/plain":
                output.text = corrupt_text(output.text)
                touched = True
            elif form in output.get("data", {}):
                output.data[form] = corrupt_text(output.data[form])
                touched = True
            if touched:
                break
        cells += touched
    return changed, cells


def failures_of_nbval(path: Path) -> int:
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "--nbval-lax",
            "--nbval-current-env",
            "-p",
            "no:cacheprovider",
            "-o",
            "addopts=",
            "-o",
            "filterwarnings=",
            "-q",
            "--rootdir",
            str(path.parent),
            "-c",
            os.devnull,
            str(path),
        ],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        # Libraries inside the kernel warn of encodings, and a warning in an output would count as a difference.
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNDEFAULTENCODING": ""},
    )
    counted = re.search(r"(\d+) failed", run.stdout)
    assert run.returncode in {0, 1}, run.stdout[-2000:] + run.stderr[-2000:]
    return int(counted.group(1)) if counted else 0


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def test_the_suite_has_its_four_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == [
        "00_cohort_and_data_quality",
        "01_autoimmunity_and_depression",
        "02_crp_subgroups",
        "03_trauma_and_infection",
    ]


def test_a_stored_notebook_is_thin_executed_and_compared(notebook: nbformat.NotebookNode) -> None:
    assert problems_of(notebook) == []


def test_deleting_an_execution_count_is_seen(notebook: nbformat.NotebookNode) -> None:
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            changed = copy.deepcopy(notebook)
            changed.cells[number].execution_count = None
            assert problems_of(changed) == [f"cell {number}: was not executed"]


def test_deleting_an_output_is_seen(notebook: nbformat.NotebookNode) -> None:
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and is_marked(cell):
            changed = copy.deepcopy(notebook)
            changed.cells[number].outputs = []
            assert problems_of(changed) == [f"cell {number}: is compared but has no output"]


WITH_SLOW = [
    pytest.param(path, id=path.stem, marks=[] if path.stem.startswith("00") else [pytest.mark.slow])
    for path in NOTEBOOKS
]
"""The notebook with most compared cells takes as long as the three others together."""


@pytest.mark.parametrize("path", WITH_SLOW)
def test_one_wrong_number_in_any_compared_cell_fails(path: Path, tmp_path: Path) -> None:
    changed, cells = corrupt(nbformat.read(path, as_version=4), "text/plain")
    marked = sum(c.cell_type == "code" and is_marked(c) for c in changed.cells)
    assert cells == marked > 0
    nbformat.write(changed, tmp_path / path.name)
    assert failures_of_nbval(tmp_path / path.name) == cells


@pytest.mark.slow
def test_one_wrong_number_in_an_html_table_fails(tmp_path: Path) -> None:
    path = NOTEBOOKS[0]
    changed, cells = corrupt(nbformat.read(path, as_version=4), "text/html")
    assert cells > 0
    nbformat.write(changed, tmp_path / path.name)
    assert failures_of_nbval(tmp_path / path.name) == cells
