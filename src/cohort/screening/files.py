"""Opening what is to be screened: notebooks cell by cell, pages table by table, CSV files."""

from __future__ import annotations

import base64
import csv
import html.parser
import io
import json
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from cohort.errors import InputDataError, Problem
from cohort.screening.rules import SYNTHETIC, Finding, Looking, Table, frame_size, in_table, in_text


def known_ids(study: str | Path, root: str | Path | None = None) -> frozenset[str]:
    """Return the ids of a study, of participants and relatives, to be looked for in its outputs.

    Parameters
    ----------
    study, root
        As in :func:`cohort.study.open_study`. Where ids are hashed, the hashes are returned.
    """
    from cohort.study import open_study  # noqa: PLC0415 - only where a study is named

    tables = open_study(study, root=root).tables
    columns = [table[name] for table in tables.values() for name in ("participant_id", "relative_id") if name in table]
    return frozenset(str(text) for column in columns for text in column.dropna().unique())


def screen_files(
    files: Sequence[Path], *, ids: Collection[str] = (), minimum: int = 5, synthetic: bool = False
) -> list[Finding]:
    """Return what must be looked at in saved notebooks, HTML pages and CSV files.

    Parameters
    ----------
    files
        ``.ipynb``, ``.html`` and ``.csv`` (or ``.tsv``, ``.txt``, ``.json``) files, or folders of them.
    ids
        Ids of the study, looked for as whole words. An id of fewer than four characters is left out: it is any number.
    minimum
        The smallest count that may show.
    synthetic
        Whether the people are made up: small counts may show then. A notebook that says so itself needs no word.

    Raises
    ------
    InputDataError
        If a file cannot be read, or is of another kind.
    """
    rule = Looking(frozenset(text for text in ids if len(text) >= 4), minimum, synthetic)
    problems: list[Problem] = []
    found: list[Finding] = []
    for path in _expanded(files):
        try:
            found += _screen_file(path, rule)
        except (OSError, ValueError, UnicodeError, csv.Error, KeyError, TypeError, AttributeError) as error:
            fix = "Name a saved notebook (.ipynb), a page (.html) or a table (.csv)."
            problems.append(Problem(path.name, f"the file cannot be read ({type(error).__name__}).", fix))
    if problems:
        raise InputDataError(problems)
    return list(dict.fromkeys(found))


_READ = (".ipynb", ".html", ".htm", ".csv", ".tsv", ".txt", ".json")


def _expanded(files: Sequence[Path]) -> Iterator[Path]:
    for path in files:
        if path.is_dir():
            yield from sorted(item for item in path.rglob("*") if item.is_file() and item.suffix.lower() != ".md")
        else:
            yield path


def _screen_file(path: Path, rule: Looking) -> list[Finding]:
    ending = path.suffix.lower()
    if ending not in _READ:
        return [Finding(path.name, "", "not looked into", f"a file '{ending}' cannot be looked into", counts=False)]
    text = path.read_text(encoding="utf-8-sig", errors="strict")
    if ending == ".ipynb":
        return list(_notebook(path.name, json.loads(text), rule))
    if ending in (".html", ".htm"):
        synthetic = rule.synthetic or any(words in text for words in SYNTHETIC)
        return list(_page(path.name, "page", text, Looking(rule.ids, rule.minimum, synthetic)))
    if ending in (".csv", ".tsv"):
        # Ids are whole cells here: a comma between two cells is none of a number.
        elsewhere = Looking(frozenset(), rule.minimum, rule.synthetic)
        in_cells = in_table(path.name, "table", _csv(text, ending), rule)
        return [*in_cells, *in_text(path.name, "", text, elsewhere)]
    return list(in_text(path.name, "text", text, rule))


def _csv(text: str, ending: str) -> Table:
    delimiter = "\t" if ending == ".tsv" else max(",;\t", key=text.split("\n", 1)[0].count)
    rows = [tuple(row) for row in csv.reader(io.StringIO(text), delimiter=delimiter)]
    return Table(rows[0] if rows else (), tuple(rows[1:]))


# --- notebooks --------------------------------------------------------------------------------------------------


def _notebook(name: str, content: dict[str, Any], rule: Looking) -> Iterator[Finding]:
    cells = content["cells"]
    whole = json.dumps(content, ensure_ascii=False)
    synthetic = rule.synthetic or any(words in whole for words in SYNTHETIC)
    rule = Looking(rule.ids, rule.minimum, synthetic)
    yield from in_text(name, "metadata", json.dumps(content.get("metadata", {}), ensure_ascii=False), rule)
    for number, cell in enumerate(cells, start=1):
        place = f"cell {number}"
        yield from in_text(name, f"{place}, text", _joined(cell.get("source", "")), rule)
        yield from in_text(name, f"{place}, metadata", json.dumps(cell.get("metadata", {}), ensure_ascii=False), rule)
        for bundle in cell.get("attachments", {}).values():
            yield from _bundle(name, f"{place}, attachment", bundle, rule)
        for output in cell.get("outputs", []):
            yield from _output(name, f"{place}, output", output, rule)


def _output(name: str, place: str, output: dict[str, Any], rule: Looking) -> Iterator[Finding]:
    if output.get("output_type") == "error":
        text = "\n".join([output.get("evalue", ""), *output.get("traceback", [])])
        yield from in_text(name, f"{place} (error)", text, rule)
    if "text" in output:
        yield from _plain(name, place, _joined(output["text"]), rule)
    yield from _bundle(name, place, output.get("data", {}), rule)
    yield from in_text(name, place, json.dumps(output.get("metadata", {}), ensure_ascii=False), rule)


def _bundle(name: str, place: str, bundle: dict[str, Any], rule: Looking) -> Iterator[Finding]:
    for kind, content in bundle.items():
        text = _joined(content) if isinstance(content, (str, list)) else json.dumps(content, ensure_ascii=False)
        if kind == "text/html":
            yield from _page(name, place, text, rule)
        elif kind == "image/svg+xml":
            yield from in_text(name, f"{place} (SVG)", re.sub(r"<[^>]*>", " ", text), rule)
        elif kind.startswith("image/"):
            yield Finding(name, place, "not looked into", "a picture: look at it yourself", counts=False)
            yield from in_text(name, f"{place} (picture)", _words_of_picture(text), rule)
        elif kind == "text/plain" and "text/html" in bundle:
            yield from in_text(name, place, text, rule)
        elif kind.startswith("text/"):
            yield from _plain(name, place, text, rule)
        else:
            yield from in_text(name, place, text, rule)


def _joined(content: Any) -> str:
    return "".join(str(part) for part in content) if isinstance(content, list) else str(content)


def _words_of_picture(text: str) -> str:
    """Return the readable words in the bytes of a picture: a PNG may carry a title or a comment."""
    try:
        data = base64.b64decode(text, validate=False)
    except ValueError:
        return ""
    chunks = re.findall(rb"(?:tEXt|iTXt)([\x20-\x7e\x00]{4,400})", data)
    return " ".join(chunk.decode("latin-1").replace("\x00", " ") for chunk in chunks)


# --- pages and text ---------------------------------------------------------------------------------------------


class _PageReader(html.parser.HTMLParser):
    """Gathers the tables of a page, and the text outside of them."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.words: list[str] = []
        self._cell: list[str] | None = None
        self._skip = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skip += tag in ("style", "script")
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th") and self.tables and self.tables[-1]:
            self._cell = []
        self.words += [value for key, value in attrs if key in ("alt", "title") and value]

    def handle_endtag(self, tag: str) -> None:
        self._skip -= tag in ("style", "script") and self._skip > 0
        if tag in ("td", "th") and self._cell is not None:
            self.tables[-1][-1].append("".join(self._cell).strip())
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._skip:
            return
        self.words.append(data)
        if self._cell is not None:
            self._cell.append(data)


def _page(name: str, place: str, text: str, rule: Looking) -> Iterator[Finding]:
    parser = _PageReader()
    parser.feed(text)
    for number, found in enumerate(parser.tables, start=1):
        rows = [row for row in found if row]
        if rows:
            table = Table(tuple(rows[0]), tuple(tuple(row) for row in rows[1:]))
            yield from in_table(name, f"{place}, table {number}", table, rule)
    for _ in range(text.count("data:image/")):
        yield Finding(name, place, "not looked into", "a picture: look at it yourself", counts=False)
    words = " ".join(parser.words)
    yield from frame_size(name, place, words)
    yield from in_text(name, place, words, rule)


def _plain(name: str, place: str, text: str, rule: Looking) -> Iterator[Finding]:
    """Look through text, in which a printed DataFrame is a table whose first line names the columns."""
    yield from frame_size(name, place, text)
    yield from in_text(name, place, text, rule)
    block: list[list[str]] = []
    for line in [*text.splitlines(), ""]:
        cells = re.split(r"\s{2,}", line.strip()) if line.strip() else []
        if len(cells) > 1 and not set(line.strip()) <= {"-", " "}:
            block.append(cells)
        elif len(block) > 1 and not (cells and set(line.strip()) <= {"-", " "}):
            yield from _printed(name, place, block, rule)
            block = []
    if len(block) > 1:
        yield from _printed(name, place, block, rule)


def _printed(name: str, place: str, block: list[list[str]], rule: Looking) -> Iterator[Finding]:
    head, *rows = block
    indexed = all(len(row) == len(head) + 1 for row in rows)
    columns = ["", *head] if indexed else head
    yield from in_table(name, place, Table(tuple(columns), tuple(tuple(row) for row in rows)), rule)


def as_text(found: Sequence[Finding], files: int) -> str:
    """Return what was found for a terminal, one line each.

    Parameters
    ----------
    found
        The findings.
    files
        How many files or folders were named.
    """
    lines = [f"{one.file}{', ' if one.place else ''}{one.place}: {one.kind}: {one.what}" for one in found if one.counts]
    told = len({(one.file, one.place) for one in found if not one.counts})
    where = "what was named" if files == 1 else f"the {files} files or folders named"
    lines.append(f"{len(lines) or 'Nothing'} found in {where}.")
    if told:
        lines.append("Pictures, or files of other kinds, cannot be looked into: look at them yourself "
                     f"({told} {'place' if told == 1 else 'places'}).")  # fmt: skip
    return "\n".join(lines)
