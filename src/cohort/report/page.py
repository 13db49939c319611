"""What a notebook shows: tables, figures and verdicts pass through here, protected, and are also written to files."""

from __future__ import annotations

import html
import math
import re
import textwrap
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from IPython.display import display
from matplotlib.axes import Axes

from cohort.analysis.variables import readable
from cohort.disclosure import Disclosure
from cohort.output import safe_csv, write_json, write_text
from cohort.plots.style import Picture
from cohort.protection import (
    COUNTS,
    DIGITS,
    protect_results,
    protect_table,
    protect_verdict,
    shown_numbers,
    structure,
    withheld_note,
)
from cohort.results import Estimate, NotTestable, Result, ResultTable, Verdict, tidy
from cohort.study import Study

MEMORY_FILE = "shown_so_far.json"
"""Beside the tables while notebooks run, so that each knows what the others have shown; removed at the end."""
_DASH = "–"
_WIDTH = 110
_NUMBERS = ("estimate", "lower", "upper", "standard_error", "p")


class Page:
    """The page of one notebook.

    Everything that a reader sees of a study goes through this class, so that disclosure control cannot be forgotten.

    Parameters
    ----------
    study
        The study shown.
    name
        Name of the notebook, such as ``01_autoimmunity_and_depression``; files are named after it.
    output
        Folder to which tables (CSV), figures (PNG, SVG) and verdicts (JSON) are written; None writes nothing.
    """

    def __init__(self, study: Study, name: str, output: str | Path | None = None) -> None:
        self.study = study
        self.name = name
        self.output = Path(output) if output is not None else None
        if self.output is not None and study.disclosure.memory is not None:
            study.disclosure.memory.keep_in(self.output / MEMORY_FILE)

    def introduce(self) -> None:
        """Print which study this is and what its results can say."""
        kind = (
            "Synthetic cohort: what follows says whether the method recovers a known truth, nothing about people."
            if self.study.synthetic
            else f"Real cohort: counts under {self.study.disclosure.minimum_count} are suppressed, "
            f"others rounded to {self.study.disclosure.round_to}."
        )
        print(f"{self.study.title}\n{kind}\n{self._who()}")  # noqa: T201

    def _who(self) -> str:
        table, shown = self.study.person_table, self.study.disclosure.text
        eligible = int(table["is_eligible"].sum())
        return f"People: {shown(len(table))}; eligible: {shown(eligible)}. Design: {self.study.design.words}."

    def say(self, text: str) -> None:
        """Print a computed sentence or paragraph, wrapped."""
        for paragraph in text.split("\n"):
            print(textwrap.fill(paragraph, _WIDTH))  # noqa: T201

    def table(self, table: ResultTable) -> None:
        """Show a table as fixed-width text and as HTML, and write it as CSV; counts are protected first."""
        protected = protect_table(table, self.study.disclosure)
        note = withheld_note(protected, table.note, self.study.disclosure)
        self._display(table.title, format_cells(protected, table.formats), note)
        self._write_table(replace(table, note=note), shown_numbers(protected, table.formats, self.study.disclosure))

    def results(self, name: str, title: str, results: Sequence[Result], note: str = "") -> None:
        """Show estimates with their intervals, one row each; what cannot be tested keeps its row and says why.

        The file has standard errors and degrees of freedom as well; its numbers are unrounded for a synthetic study,
        and have three significant digits for a real one.
        """
        rule = self.study.disclosure
        protected = protect_results(results, rule)
        shown = results_table(name, title, protected.results)
        cells = shown.data.assign(**protected.texts)
        shown = replace(shown, note=withheld_note(cells, note, rule), sums=protected.sums)
        self._display(title, format_cells(cells, {}), shown.note)
        file = shown_numbers(tidy(protected.results), dict.fromkeys(_NUMBERS, f".{DIGITS}g"), rule)
        self._write_table(shown, file.assign(**protected.texts))

    def _write_table(self, table: ResultTable, data: pd.DataFrame) -> None:
        if self.output is not None:
            path = self.output / "tables" / f"{self.name}__{table.name}.csv"
            write_text(path, safe_csv(data))
            told = {"title": table.title, "note": table.note, "notebook": self.name}
            write_json(path.with_suffix(".json"), told | structure(table))

    def figure(self, drawn: Axes, name: str, caption: str) -> None:
        """Show a figure as PNG with its caption as alternative text, and write it as PNG and SVG."""
        picture = Picture(drawn, caption)
        display(picture)
        if self.output is not None:
            folder = self.output / "figures"
            folder.mkdir(parents=True, exist_ok=True)
            stem = f"{self.name}__{name}"
            picture.save(folder / f"{stem}.png")
            picture.save(folder / f"{stem}.svg")
            write_json(folder / f"{stem}.json", {"caption": caption, "notebook": self.name})

    def verdicts(self, verdicts: Sequence[Verdict], *, headline: bool = True) -> None:
        """Show verdicts with their reasons, and write them for the report's first page.

        Parameters
        ----------
        verdicts
            What a rule made of the results.
        headline
            Whether they belong on the first page; verdicts of an exploratory family do not.
        """
        claims = self.study.codebook.claims
        verdicts = [protect_verdict(verdict, self.study.disclosure) for verdict in verdicts]
        rows = pd.DataFrame(
            {
                "claim": [v.claim for v in verdicts],
                "about": [v.evidence.label for v in verdicts],
                "asked": [v.question for v in verdicts],
                "verdict": [v.status for v in verdicts],
                "because": [v.reason for v in verdicts],
                "n that would decide": ["" if v.n_needed is None else f"{v.n_needed:,}" for v in verdicts],
            }
        )
        title = "Verdicts on this synthetic cohort, not on the world" if self.study.synthetic else "Verdicts"
        self._display(title, format_cells(rows, {}), "")
        if self.output is not None and headline:
            content = [
                {
                    "claim": v.claim,
                    "text": claims[v.claim].text if v.claim in claims else "",
                    "question": v.question,
                    "status": v.status,
                    "reason": v.reason,
                    "label": v.evidence.label,
                    "measure": v.evidence.measure,
                    "estimand": v.evidence.estimand,
                    "n_needed": v.n_needed,
                    "number": claims[v.claim].number if v.claim in claims else None,
                    "notebook": self.name,
                }
                for v in verdicts
            ]
            write_json(self.output / "verdicts" / f"{self.name}.json", content)

    @staticmethod
    def _display(title: str, cells: pd.DataFrame, note: str) -> None:
        display({"text/plain": as_text(title, cells, note), "text/html": as_html(title, cells, note)}, raw=True)


def table_text(table: ResultTable, disclosure: Disclosure) -> str:
    """Return a table as fixed-width text, its counts protected; for a terminal."""
    protected = protect_table(table, disclosure)
    note = withheld_note(protected, table.note, disclosure)
    return as_text(table.title, format_cells(protected, table.formats), note)


def results_table(name: str, title: str, results: Sequence[Result], note: str = "") -> ResultTable:
    """Return a table of estimates with intervals for readers; a result that could not be had says why in its row.

    Parameters
    ----------
    name, title, note
        As in :class:`cohort.results.ResultTable`.
    results
        Estimates and not-testable results, one row each.
    """
    rows = [_result_row(result) for result in results]
    data = pd.DataFrame(rows, columns=["label", "measure", "estimate (95 % CI)", "SE", "n", "events", "adjusted for"])
    return ResultTable(name, title, data, counts=COUNTS, note=note)


def _result_row(result: Result) -> dict[str, object]:
    if isinstance(result, NotTestable):
        return {
            "label": result.label,
            "measure": result.measure,
            "estimate (95 % CI)": f"not testable: {result.reason}",
        }
    return {
        "label": result.label,
        "measure": result.measure,
        "estimate (95 % CI)": interval_text(result),
        "SE": _error_text(result),
        "n": result.n,
        "events": result.events if result.events is not None else math.nan,
        "adjusted for": ", ".join(_lower(readable(name)) for name in result.adjustment) or "nothing",
    }


def _lower(label: str) -> str:
    """Return a label in lower case, unless it starts with an abbreviation or a name."""
    is_name = any(letter.isupper() for letter in label.split(maxsplit=1)[0][1:])
    return label if is_name else label[:1].lower() + label[1:]


def _is_share(estimate: Estimate) -> bool:
    return any(word in estimate.measure for word in ("prevalence", "proportion", "risk difference"))


def _error_text(estimate: Estimate) -> str:
    if _is_share(estimate):
        return f"{100 * estimate.standard_error:.3f}"
    return f"{estimate.standard_error:.3f}" + (" (ln)" if estimate.scale == "log" else "")


def interval_text(estimate: Estimate) -> str:
    """Return an estimate with its 95 % interval as text; shares and risks as per cent.

    Examples
    --------
    >>> interval_text(Estimate("RA", "odds ratio", 1.5, 0.1, scale="log"))
    '1.50 (1.23 to 1.82)'
    """
    numbers = (estimate.value, *estimate.interval())
    if _is_share(estimate):
        value, lower, upper = (100 * number for number in numbers)
        return f"{value:.2f} % ({lower:.2f} to {upper:.2f})"
    value, lower, upper = numbers
    digits = 3 if max(abs(lower), abs(upper)) < 1 and estimate.scale == "identity" else 2
    return f"{value:.{digits}f} ({lower:.{digits}f} to {upper:.{digits}f})"


def format_cells(table: pd.DataFrame, formats: dict[str, str]) -> pd.DataFrame:
    """Return a copy in which every cell is text: numbers by their format, missing as a dash."""
    shown = pd.DataFrame(index=table.index)
    for column in table.columns:
        pattern = formats.get(column)
        shown[column] = [_cell(value, pattern) for value in table[column]]
    return shown


def _cell(value: object, pattern: str | None) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)) or value == "":
        return _DASH
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    if pattern is not None:
        return format(value, pattern)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"


def as_text(title: str, cells: pd.DataFrame, note: str = "", width: int = 46) -> str:
    """Return a table of text cells in fixed width, long cells wrapped; the form that nbval compares.

    Examples
    --------
    >>> print(as_text("Table", pd.DataFrame({"a": ["1"], "b": ["two"]})))
    Table
    a  b
    -  ---
    1  two
    """
    columns = [_heading(column) for column in cells.columns]
    rows = [[textwrap.wrap(str(cell), width) or [""] for cell in row] for row in cells.itertuples(index=False)]
    widths = [max([len(name), *(len(line) for row in rows for line in row[i])]) for i, name in enumerate(columns)]
    lines = [title]
    lines.append("  ".join(name.ljust(w) for name, w in zip(columns, widths, strict=True)).rstrip())
    lines.append("  ".join("-" * w for w in widths))
    for row in rows:
        for k in range(max((len(cell) for cell in row), default=0)):
            parts = [(cell[k] if k < len(cell) else "").ljust(w) for cell, w in zip(row, widths, strict=True)]
            lines.append("  ".join(parts).rstrip())
    if note:
        lines.extend(textwrap.wrap(note, _WIDTH))
    return "\n".join(lines)


def _heading(column: object) -> str:
    return str(column).replace("_", " ")


_NUMBER = re.compile(r"^[<≥≈]?[-−+]?[\d.,]+( ?%)?( \(.*\))?$")


def as_html(title: str, cells: pd.DataFrame, note: str = "") -> str:
    """Return a table of text cells as HTML, without styles of its own beyond the alignment of numbers."""
    head = "".join(f"<th scope='col'>{html.escape(_heading(name))}</th>" for name in cells.columns)
    body = []
    for row in cells.itertuples(index=False):
        tds = []
        for cell in row:
            text = str(cell)
            align = " style='text-align:right'" if _NUMBER.match(text) else " style='text-align:left'"
            tds.append(f"<td{align}>{html.escape(text)}</td>")
        body.append(f"<tr>{''.join(tds)}</tr>")
    foot = f"<p><small>{html.escape(note)}</small></p>" if note else ""
    caption = f"<caption style='text-align:left;font-weight:bold'>{html.escape(title)}</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>{foot}"
