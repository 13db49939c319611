"""The report: one HTML file with the verdicts on top, that needs nothing from anywhere else."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import nbformat
import pandas as pd
from nbconvert import HTMLExporter

from cohort.output import write_text
from cohort.protection import protect_table
from cohort.report.execution import PARAMETERS_TAG, Notebook
from cohort.report.tables import flow_table
from cohort.study import Study

STATUS_CLASS = {
    "supported": "supported",
    "contradicted": "contradicted",
    "no relevant effect": "null",
    "inconclusive": "open",
    "not testable with this cohort": "absent",
}
_FIRST_FIGURES = ("forest", "crp_strata", "held_out_axis", "trauma_crp")


def write_document(folder: Path, study: Study, notebooks: Sequence[Notebook], methods: str, seed: int) -> Path:
    """Write executed notebooks, the methods paragraph and ``index.html``, and return its path.

    Parameters
    ----------
    folder
        The output folder, in which the notebooks have written their tables, figures and verdicts.
    study
        The study they ran on.
    notebooks
        The executed notebooks.
    methods
        The methods paragraph.
    seed
        Seed of the random steps of the notebooks.
    """
    (folder / "notebooks").mkdir(exist_ok=True)
    for notebook in notebooks:
        _forget_paths(notebook.content)
        nbformat.write(notebook.content, folder / "notebooks" / f"{notebook.name}.ipynb")
    write_text(folder / "methods.txt", methods + "\n")
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cohort.report"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    page = environment.get_template("report.html.j2").render(
        study=study,
        verdicts=_verdicts(folder),
        truths=_truths(folder) if study.truth is not None else [],
        figures=_figures(folder),
        notebooks=[{"name": n.name, "title": n.title, "body": _body(n)} for n in notebooks],
        methods=methods,
        flow=[
            {"label": step.label, "n": people}
            for step, people in zip((*study.flow.steps, *study.flow.branches), _flow_people(study), strict=True)
        ],
        files=_files(folder),
        provenance=study.provenance,
        seed=seed,
        status_class=STATUS_CLASS,
    )
    path = folder / "index.html"
    write_text(path, page)
    return path


def _forget_paths(content: nbformat.NotebookNode) -> None:
    """Set the parameters so that the stored notebook runs from where it lies and names no folder of a machine."""
    for cell in content.cells:
        if PARAMETERS_TAG in cell.metadata.get("tags", []):
            cell.source = 'study_path = "../clean"\nstudy_root = None\noutput_folder = None'
        cell.metadata.pop("execution", None)


def _flow_people(study: Study) -> list[str]:
    """Return the people of each box of the flow, as the table of the flow shows them."""
    return [str(text) for text in protect_table(flow_table(study), study.disclosure)["people"]]


def _verdicts(folder: Path) -> list[dict[str, Any]]:
    files = sorted((folder / "verdicts").glob("*.json"))
    return [verdict for file in files for verdict in json.loads(file.read_text(encoding="utf-8"))]


def _truths(folder: Path) -> list[dict[str, str]]:
    """Return the estimates that stand beside a known truth in the notebooks, formatted."""
    tables = [pd.read_csv(path) for path in sorted((folder / "tables").glob("*__truth.csv"))]
    rows = pd.concat([table for table in tables if "truth" in table], ignore_index=True).dropna(subset=["truth"])
    return [
        {
            "label": row["label"],
            "measure": row["measure"],
            "estimate": f"{row['estimate']:.3f} ({row['lower']:.3f} to {row['upper']:.3f})",
            "truth": f"{row['truth']:.3f}",
            "inside": row["inside"],
        }
        for row in rows.to_dict("records")
    ]


def _figures(folder: Path) -> list[dict[str, str]]:
    """Return the figures that open the report, embedded, in the order of ``_FIRST_FIGURES``."""
    found = []
    for name in _FIRST_FIGURES:
        for path in sorted((folder / "figures").glob(f"*__{name}.png")):
            described = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            data = base64.b64encode(path.read_bytes()).decode("ascii")
            found.append({"data": data, "caption": described["caption"], "notebook": described["notebook"]})
    return found


def _body(notebook: Notebook) -> str:
    exporter = HTMLExporter(template_name="basic")
    exporter.exclude_input_prompt = True
    exporter.exclude_output_prompt = True
    exporter.exclude_input = True
    exporter.exclude_anchor_links = True
    body, _ = exporter.from_notebook_node(notebook.content)
    return str(body)


def _files(folder: Path) -> list[dict[str, str]]:
    """Return the tables and figures written beside the report, with their titles."""
    listed = []
    for kind, endings in (("tables", (".csv",)), ("figures", (".png", ".svg"))):
        for path in sorted((folder / kind).glob("*.json")):
            described = json.loads(path.read_text(encoding="utf-8"))
            for ending in endings:
                file = path.with_suffix(ending)
                if file.is_file():
                    title = described.get("title") or described.get("caption", "")
                    listed.append({"path": f"{kind}/{file.name}", "title": title})
    return listed
