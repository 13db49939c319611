"""Writing tables of text as files of every format that intake reads, but for sas7bdat, which nobody else can write."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import json
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyreadstat

from cohort.study_file import DataFile
from cohort.synthetic.defects.raw_text import over_distinct

_ENDINGS = {"txt": "csv", "zsav": "sav", "pq": "parquet", "xport": "xpt", "sas7bdat": "xpt"}
_NUMBER = r"-?\d+(?:\.\d+)?"
_LONG_NAME = 8


def format_of(file: DataFile, path: str) -> str:
    """Return the format that a file is written in.

    Examples
    --------
    >>> format_of(DataFile(path="a.txt.gz"), "a.txt.gz"), format_of(DataFile(path="b.sas7bdat"), "b.sas7bdat")
    ('csv', 'xpt')
    """
    name = file.format or path.lower().removesuffix(".gz").rsplit(".", 1)[-1]
    return _ENDINGS.get(name, name)


def write_file(
    target: Path, tables: Mapping[str, pd.DataFrame], file: DataFile, path: str, coded: frozenset[str] = frozenset()
) -> None:
    """Write one file; of a workbook, all sheets.

    Parameters
    ----------
    target
        Where to.
    tables
        The table; for a workbook by name of the sheet.
    file, path
        What the study says of the file, and its path there.
    coded
        Columns of codes, whose words become value labels where a format has them.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    name = format_of(file, path)
    content = LABELLED[name](_only(tables), coded) if name in LABELLED else WRITERS[name](tables, file)
    if path.lower().endswith(".gz"):
        content = gzip.compress(content, mtime=0)
    target.write_bytes(content)


def _only(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    (table,) = tables.values()
    return table


def _delimited(table: pd.DataFrame, delimiter: str, encoding: str) -> bytes:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.itertuples(index=False, name=None))
    return stream.getvalue().encode(encoding, errors="replace")


def _csv(tables: Mapping[str, pd.DataFrame], file: DataFile) -> bytes:
    delimiter = file.delimiter or (";" if file.decimal == "," else ",")
    return _delimited(_only(tables), delimiter, file.encoding or "utf-8")


def _tsv(tables: Mapping[str, pd.DataFrame], file: DataFile) -> bytes:
    return _delimited(_only(tables), file.delimiter or "\t", file.encoding or "utf-8")


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns of bare numbers are numbers; all others stay text.

    A column in which a number has leading zeros stays text, and so does one without any number.

    Examples
    --------
    >>> table = pd.DataFrame({"a": ["1", ""], "b": ["007", "1"], "c": ["x", "1"]}, dtype="str")
    >>> [str(dtype) for dtype in typed(table).dtypes]
    ['float64', 'str', 'str']
    """
    found: dict[str, Any] = {}
    for column in table:
        cells = table[column].to_numpy(dtype=object)
        filled = cells[cells != ""]
        plain = pd.Series(filled, dtype="str").str.fullmatch(_NUMBER).to_numpy(dtype=bool)
        padded = pd.Series(filled, dtype="str").str.match(r"0\d").to_numpy(dtype=bool)
        is_number = len(filled) > 0 and bool(plain.all()) and not padded.any()
        found[str(column)] = _floats(cells) if is_number else table[column]
    return pd.DataFrame(found)


def _floats(cells: Any) -> Any:
    return over_distinct(cells, lambda text: float(text) if text else np.nan, np.float64)


def _parquet(tables: Mapping[str, pd.DataFrame], file: DataFile) -> bytes:
    del file
    table, stream = typed(_only(tables)), io.BytesIO()
    for column in table:
        if table[column].dtype.kind != "f":
            table[column] = table[column].mask(table[column] == "")
    table.to_parquet(stream, index=False)
    return stream.getvalue()


def _xlsx(tables: Mapping[str, pd.DataFrame], file: DataFile) -> bytes:
    del file
    stream = io.BytesIO()
    with pd.ExcelWriter(stream, engine="openpyxl") as book:
        for sheet, table in tables.items():
            cells = table.map(_cell)
            cells.to_excel(book, sheet_name=sheet, index=False)
    return stream.getvalue()


def _cell(text: str) -> Any:
    """Return what a spreadsheet would hold: a number for a bare number, else text; nothing for an empty cell."""
    if not text:
        return None
    is_number = text.replace(".", "", 1).removeprefix("-").isdigit() and not (text[0] == "0" and text[1:2].isdigit())
    return float(text) if is_number and "." in text else int(text) if is_number else text


def _by_path(write: Callable[[pd.DataFrame, str], None], table: pd.DataFrame, ending: str) -> bytes:
    with tempfile.TemporaryDirectory(prefix="cohort-") as folder:
        path = Path(folder) / f"file.{ending}"
        write(typed(table), str(path))
        return path.read_bytes()


def _xpt(tables: Mapping[str, pd.DataFrame], file: DataFile) -> bytes:
    del file
    table = _only(tables)
    version: Literal[5, 8] = 8 if any(len(str(column)) > _LONG_NAME for column in table) else 5
    return _by_path(lambda t, p: pyreadstat.write_xport(t, p, file_format_version=version), table, "xpt")


def labelled(table: pd.DataFrame, coded: frozenset[str]) -> tuple[pd.DataFrame, dict[str, dict[float, str]]]:
    """Return a table in which words of coded columns are numbers, and the word that labels each number.

    Numbers among the words stay what they are; the words take the lowest whole numbers that are left.

    Examples
    --------
    >>> table = pd.DataFrame({"a": ["ja", "nee", "1", ""]}, dtype="str")
    >>> changed, labels = labelled(table, frozenset({"a"}))
    >>> changed["a"].tolist(), labels
    (['2', '3', '1', ''], {'a': {2.0: 'ja', 3.0: 'nee'}})
    """
    changed, labels = table.copy(), {}
    for column in coded & set(table.columns):
        texts = sorted({str(text) for text in table[column] if text})
        words = [text for text in texts if not re.fullmatch(_NUMBER, text)]
        free = (number for number in itertools.count(1) if str(number) not in texts)
        numbers = dict(zip(words, free, strict=False))
        if numbers:
            changed[column] = table[column].map(lambda text, known=numbers: str(known.get(text, text)))
            labels[column] = {float(number): word for word, number in numbers.items()}
    return changed, labels


def _sav(table: pd.DataFrame, coded: frozenset[str]) -> bytes:
    changed, labels = labelled(table, coded)
    return _by_path(lambda t, p: pyreadstat.write_sav(t, p, variable_value_labels=labels), changed, "sav")


def _dta(table: pd.DataFrame, coded: frozenset[str]) -> bytes:
    changed, labels = labelled(table, coded)
    whole: dict[str, dict[int | float, str]] = {
        column: {int(number): word for number, word in words.items()} for column, words in labels.items()
    }
    return _by_path(lambda t, p: pyreadstat.write_dta(t, p, variable_value_labels=whole), changed, "dta")


WRITERS: dict[str, Callable[[Mapping[str, pd.DataFrame], DataFile], bytes]] = {
    "csv": _csv,
    "tsv": _tsv,
    "parquet": _parquet,
    "xlsx": _xlsx,
    "xpt": _xpt,
}
"""The writer of each format of a single file without value labels."""

LABELLED: dict[str, Callable[[pd.DataFrame, frozenset[str]], bytes]] = {"sav": _sav, "dta": _dta}
"""The writer of each format with value labels."""


def write_bids(folder: Path, tables: Mapping[str, pd.DataFrame], units: Mapping[str, str]) -> None:
    """Write a BIDS folder: ``participants.tsv``, ``phenotype/*.tsv``, and a sidecar for each that tells units.

    Parameters
    ----------
    folder
        The folder.
    tables
        Tables by name of the file without its ending.
    units
        Unit of columns that the study file gives none for.
    """
    for name, table in tables.items():
        place = folder if name == "participants" else folder / "phenotype"
        place.mkdir(parents=True, exist_ok=True)
        filled = table.replace("", "n/a")
        (place / f"{name}.tsv").write_bytes(_delimited(filled, "\t", "utf-8"))
        described = {str(column): {"Units": units[str(column)]} for column in table if column in units}
        text = json.dumps(described, indent=2, ensure_ascii=False) + "\n"
        (place / f"{name}.json").write_text(text, encoding="utf-8", newline="\n")


def write_redcap(folder: Path, table: pd.DataFrame) -> None:
    """Write a REDCap export: the data and a data dictionary that takes every field for text.

    Parameters
    ----------
    folder, table
        The folder and the data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fields = pd.DataFrame(
        {
            "Variable / Field Name": list(table.columns),
            "Form Name": "twin",
            "Field Type": "text",
            "Field Label": list(table.columns),
            "Choices, Calculations, OR Slider Labels": "",
        },
        dtype="str",
    )
    (folder / "Data.csv").write_bytes(_delimited(table, ",", "utf-8"))
    (folder / "DataDictionary.csv").write_bytes(_delimited(fields, ",", "utf-8"))
