"""The cleaning report: one offline HTML file that lets an auditor follow every row and every changed value."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from matplotlib.axes import Axes

from cohort.output import safe_csv, write_text
from cohort.plots import Picture, draw_flow, draw_ledger, draw_missing_reasons
from cohort.protection import protect_table, withheld_note
from cohort.report.cleaning_summary import first_words, plain_words, privacy_notes
from cohort.report.cleaning_tables import (
    READING_RULE,
    censoring_table,
    changed_rules,
    changes,
    diagnoses_table,
    first_look,
    quarantine_by_rule_table,
    reading_notes,
    rules_done_table,
    units_table,
)
from cohort.report.instruments import instruments_table
from cohort.report.missing import KINDS, missing_reasons, missing_reasons_table
from cohort.report.page import as_html, format_cells
from cohort.report.tables import flow_table, rows_table, sources_table
from cohort.results import ResultTable
from cohort.study import Study

PAGE = "cleaning_report.html"
MOST_ROWS_OF_A_SHEET = 1_048_575
"""Rows of data that a sheet of Excel holds below its header; a longer table is written as Parquet only."""


@dataclass(frozen=True)
class _Drawn:
    """A figure of the report: its name, what it shows, and its PNG."""

    name: str
    caption: str
    png: bytes

    @property
    def data(self) -> str:
        return base64.b64encode(self.png).decode("ascii")


def write_cleaning_report(folder: Path, study: Study) -> Path:
    """Write ``cleaning_report.html``, its figures as PNG and SVG, and ledger and quarantine as CSV; return its path.

    Parameters
    ----------
    folder
        A folder that :meth:`cohort.study.Study.write_into` has written.
    study
        The same study.

    Notes
    -----
    The same study gives the same bytes: no file holds a time or the name of a folder.
    """
    path = write_cleaning_page(folder, study)
    for name, table in (("ledger.csv", study.ledger.entries), ("quarantine/quarantine.csv", study.quarantine)):
        if len(table) <= MOST_ROWS_OF_A_SHEET:
            write_text(folder / name, safe_csv(table))
    return path


def write_cleaning_page(folder: Path, study: Study, *, tables: str = "") -> Path:
    """Write ``cleaning_report.html`` and its figures, which hold protected counts only, and return its path.

    Parameters
    ----------
    folder
        An existing folder.
    study
        An opened study.
    tables
        Where the clean tables lie, from the page: ``clean/`` in the folder of ``cohort run``.
    """
    figures = {drawn.name: drawn for drawn in _figures(folder / "figures", study)}
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("cohort.report"), autoescape=True, undefined=jinja2.StrictUndefined
    )
    looked = first_look(study)
    page = environment.get_template("cleaning_report.html.j2").render(
        study=study,
        summary=plain_words(study),
        look_words=first_words(looked),
        look=[{**row, "values": study.disclosure.text(row["values"])} for row in looked.to_dict("records")],
        reading=reading_notes(study),
        changed=changed_rules(study.ledger),
        privacy=privacy_notes(study, tables),
        quarantine=f"{tables}quarantine/",
        figures=figures,
        tables={table.name: _html(table, study) for table in cleaning_report_tables(study)},
        provenance=study.provenance,
    )
    path = folder / PAGE
    write_text(path, page)
    return path


def cleaning_report_tables(study: Study) -> list[ResultTable]:
    """Return the tables of the report; one without rows is left out."""
    made = (
        sources_table,
        rows_table,
        flow_table,
        rules_done_table,
        quarantine_by_rule_table,
        units_table,
        censoring_table,
        missing_reasons_table,
        diagnoses_table,
        instruments_table,
    )
    tables = [make(study) for make in made]
    return [table for table in tables if len(table.data)]


def _html(table: ResultTable, study: Study) -> str:
    protected = protect_table(table, study.disclosure)
    note = withheld_note(protected, table.note, study.disclosure)
    return as_html(table.title, format_cells(protected, table.formats), note)


def _figures(folder: Path, study: Study) -> list[_Drawn]:
    """Write the figures as PNG and SVG, and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    flow = study.flow.to_frame()
    is_step = flow["kind"] == "step"
    keys = ["rule", "action", "table", "column"]
    lines = changes(study)
    values = lines.loc[(lines["rule"] != READING_RULE).to_numpy(dtype=bool)]
    changed = values.groupby(keys, sort=False, dropna=False)["count"].sum().reset_index()
    rule = study.disclosure
    axes: list[tuple[str, Axes, str]] = [
        (
            "flow",
            draw_flow(flow[is_step], flow[~is_step], sources=study.rows, disclosure=rule),
            "From rows of the source files to people, and who is left out for which reason.",
        ),
        (
            "changes",
            draw_ledger(changed, disclosure=rule, codebook=study.codebook, title="What the rules changed or flagged"),
            "Values that each rule repaired, set missing, set aside, merged or flagged.",
        ),
        (
            "missing_reasons",
            draw_missing_reasons(missing_reasons(study), KINDS, disclosure=rule),
            "Share of the values of each variable that are missing, by reason.",
        ),
    ]
    drawn = []
    for name, ax, caption in axes:
        picture = Picture(ax, caption)
        picture.save(folder / f"cleaning__{name}.svg")
        picture.save(folder / f"cleaning__{name}.png")
        drawn.append(_Drawn(name, caption, (folder / f"cleaning__{name}.png").read_bytes()))
    return drawn


def cleaning_facts(study: Study) -> dict[str, Any]:
    """Return the summary of the report as plain data: its sentences and what to look at first.

    Parameters
    ----------
    study
        An opened study.
    """
    looked = first_look(study).to_dict("records")
    shown = [{**{str(k): v for k, v in row.items()}, "values": study.disclosure.text(row["values"])} for row in looked]
    return {"summary": plain_words(study), "look_first": shown, "changed_rules": changed_rules(study.ledger)}
