"""Reading sheets of Excel workbooks: one row of names, one table per sheet, and no cell that holds an error."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from openpyxl import load_workbook
from openpyxl.utils import get_column_letter

from cohort.errors import InputDataError, Problem
from cohort.intake.tables import RawFile
from cohort.study_file import DataFile
from cohort.study_file.vocabulary import nearest

_ERROR, _FORMULA = "e", "f"
_NAMED = 5
_FORMULA_TAG = re.compile(rb"<f[ >]")
_Row: TypeAlias = tuple[int, list[Any]]


def read_xlsx(content: bytes, path: str, declared: DataFile) -> RawFile:
    """Return one sheet of an Excel workbook; empty rows and empty columns are left out.

    Parameters
    ----------
    content
        The bytes.
    path
        Name of the file in messages.
    declared
        What the study says of the file; without ``sheet`` the first one that holds anything is read, and that is told
        when there are several.

    Raises
    ------
    InputDataError
        If there is no such sheet, its first row does not name the columns, or results of formulas are not stored.

    Notes
    -----
    Row numbers are those of Excel without the row of names, so that row 1 is row 2 of the sheet. A cell such as
    ``#N/A`` or ``#REF!`` holds no value: it is left blank and told apart.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # styles and drop-down lists that openpyxl does not know
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        try:
            sheets = {sheet.title: sheet for sheet in book.worksheets}
            wanted = _chosen(list(sheets), path, declared.sheet)
            tried = list(sheets) if wanted is None else [wanted]
            filled = {name: cells for name in tried if (cells := list(_rows(sheets[name])))}
        finally:
            book.close()
    if not filled:
        raise InputDataError([Problem(path, "the sheet is empty.", "Name the right one with 'sheet:'.")])
    title, cells = next(iter(filled.items()))
    _check_formulas(content, path, title)
    numbers, header, rows = _table(cells, path)
    blanked, unreadable = _without_errors(numbers, header, rows)
    columns = zip(*blanked, strict=True) if blanked else [[] for _ in header]
    frame = pd.DataFrame({i: pd.Series(column, dtype=object) for i, column in enumerate(columns)})
    frame.columns = pd.Index(header, dtype="object")
    is_first_of_several = len(filled) > 1
    notes = (f"sheet '{title}' was read, the first of {len(filled)} with content",) if is_first_of_several else ()
    return RawFile(
        frame=frame,
        row=np.array(numbers, dtype=np.int64),
        sheet=title,
        sniffed=("sheet",) if is_first_of_several else (),
        unreadable=tuple(unreadable),
        notes=notes,
    )


def _chosen(titles: Sequence[str], path: str, wanted: str | int | None) -> str | None:
    """Return the sheet that the study names, by its title or its number from 0; None when it names none."""
    if wanted is None:
        return None
    if isinstance(wanted, int) and 0 <= wanted < len(titles):
        return titles[wanted]
    if str(wanted) in titles:
        return str(wanted)
    near = nearest(str(wanted), titles)
    fix = f"Did you mean '{near}'?" if near else f"There are {', '.join(titles[:_NAMED])}."
    raise InputDataError([Problem(path, f"there is no sheet '{wanted}'.", fix)])


def _rows(sheet: Any) -> Iterator[_Row]:
    """Yield the rows that hold anything, with their number in the sheet; an error has a type of its own."""
    sheet.reset_dimensions()  # some programs state a size that is not the sheet's
    for number, row in enumerate(sheet.iter_rows(), start=1):
        values = [_Unreadable(str(c.value)) if c.data_type == _ERROR else c.value for c in row]
        while values and _is_blank(values[-1]):
            values.pop()
        if any(not _is_blank(value) for value in values):
            yield number, values


class _Unreadable(str):
    """An error such as ``#REF!`` in place of a value."""

    __slots__ = ()


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _table(cells: list[_Row], path: str) -> tuple[list[int], list[str], list[list[Any]]]:
    """Return row numbers, names of columns, and rows of equal length."""
    (first, names), body = cells[0], cells[1:]
    width = max(len(values) for _, values in cells)
    rows = [values + [None] * (width - len(values)) for _, values in body]
    names = names + [None] * (width - len(names))
    is_used = [not _is_blank(name) or any(not _is_blank(row[i]) for row in rows) for i, name in enumerate(names)]
    unnamed = [i for i, name in enumerate(names) if _is_blank(name) and is_used[i]]
    if any(i > 0 for i in unnamed):  # a first column without a name is the row numbers that R and pandas write
        letters = ", ".join(get_column_letter(i + 1) for i in unnamed[:_NAMED])
        what = f"row {first} of the sheet names no column {letters}, though cells stand below."
        fix = "Headings may be merged or fill several rows: leave one row with a name for each column."
        raise InputDataError([Problem(path, what, fix)])
    header = [
        f"unnamed_{i + 1}" if _is_blank(name) else str(name).strip() for i, name in enumerate(names) if is_used[i]
    ]
    repeated = [name for name, count in Counter(header).items() if count > 1]
    if repeated:
        what = f"the header names {', '.join(repr(name) for name in repeated[:_NAMED])} more than once."
        raise InputDataError([Problem(path, what, "Give each column a name of its own.")])
    kept = [[value for value, used in zip(row, is_used, strict=True) if used] for row in rows]
    return [number - first for number, _ in body], header, kept


def _without_errors(
    numbers: list[int], header: list[str], rows: list[list[Any]]
) -> tuple[list[list[Any]], list[tuple[int, str, str]]]:
    """Return the rows with blank cells in place of errors, and where these stood."""
    unreadable = [
        (number, header[i], str(value))
        for number, row in zip(numbers, rows, strict=True)
        for i, value in enumerate(row)
        if isinstance(value, _Unreadable)
    ]
    if not unreadable:
        return rows, []
    return [[None if isinstance(value, _Unreadable) else value for value in row] for row in rows], unreadable


def _check_formulas(content: bytes, path: str, title: str) -> None:
    """Refuse a sheet with formulas whose results are not stored: they would be read as empty cells."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        sheets = [name for name in archive.namelist() if name.startswith("xl/worksheets/") and name.endswith(".xml")]
        if not any(_FORMULA_TAG.search(archive.read(name)) for name in sheets):
            return
    books = [load_workbook(io.BytesIO(content), read_only=True, data_only=only) for only in (False, True)]
    formulas, results = (book[title] for book in books)
    count = sum(
        formula.data_type == _FORMULA and result.value is None
        for row, same in zip(formulas.iter_rows(), results.iter_rows(), strict=True)
        for formula, result in zip(row, same, strict=True)
    )
    for book in books:
        book.close()
    if count:
        what = f"{count:,} cells of sheet '{title}' hold formulas whose results are not stored."
        raise InputDataError([Problem(path, what, "Open the workbook in Excel, let it calculate, and save it.")])
