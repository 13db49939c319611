"""Mutations of data files: of their bytes, as a bad disk or a cut download makes them, and of their tables.

A table is read and written again in the format of its file, so that cells, columns and rows can be mutated in all of
them. What no writer takes, such as a column of texts and numbers in an SPSS file, is left to the mutations of bytes.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd
import pyreadstat
from bases import SECRET, sas_data_set

BytesMutation: TypeAlias = Callable[[bytes, random.Random], bytes]
TableMutation: TypeAlias = Callable[[pd.DataFrame, random.Random], pd.DataFrame]

HEAD = 600
"""In the first bytes of a binary file stand the numbers that a reader trusts; half of all damage is done there."""

ODD_CELLS: tuple[Any, ...] = (
    None, "", " ", "NA", "n/a", "nan", "NaN", "NULL", ".", "-", "?", "n.d.", "<0.15", ">200", "< 5", "<", ">", "<<1",
    "≤3",
    "inf", "-inf", "1e400", "1e308", "-1e308", "1e-320", "0", "-0", "00", "1", "2", "3", "-1", "-9", "99", "999",
    "-999",
    "1,5", "1.5", "1.234,5", "1,234.5", "1'234", "1 234", "12,345", "0,15", "5e-324", "9" * 25, "9" * 400,
    "-" + "9" * 20,
    "9223372036854775807", "9223372036854775808", "18446744073709551616", "0x1F", "1_000", "١٢", "½", "²", "１",
    "2020-01-31", "2020-02-30", "31.12.2020", "12/31/2020", "31-12-20", "0001-01-01", "9999-12-31", "1582-10-10",
    "2020-01-31T23:59:60Z", "2020-01-31 10:00:00+14:00", "1900-02-29", "44000", "-44000", "1e20", "25:61", "24:00",
    "9:5",
    "true", "FALSE", "ja", "Yes", "=1+1", "+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", '"', "''", 'a"b',
    "a,b;c\td|e",
    "a\nb", "a\r\nb", "\r", "\x1b[31mred", "\x07", "\x7f", "\u200b", "\u202e", "\ufeff1", "\u0130", "ß", "é", "e\u0301",
    "😀", "\U0010ffff", "\ufffe", "x" * 50_000, " 1 ", "\xa01", "1\xa0", "sub-01", "0007", "001", "1.0", "1e0",
    SECRET, f"{SECRET}@example.org", f"={SECRET}", f"{SECRET}\n{SECRET}", f"<{SECRET}", "4711", "4711.4711",
    "4711,4711",
    "-4711", "4711-47-11", "<4711", f"<script>{SECRET}</script>", f"{SECRET},1", f"{SECRET};1", f"1 {SECRET}",
)  # fmt: skip


# --- bytes -------------------------------------------------------------------------------------------------------


def _place(content: bytes, rng: random.Random) -> int:
    end = len(content) if rng.random() < 0.5 else min(HEAD, len(content))
    return rng.randrange(end + 1)


def flip_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return the file with up to twenty bytes changed."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5, 20])):
        at = _place(content, rng)
        if at < len(changed):
            changed[at] = rng.choice([rng.randrange(256), 0, 255, changed[at] ^ (1 << rng.randrange(8))])
    return bytes(changed)


def delete_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return the file without a passage."""
    at = _place(content, rng)
    return content[:at] + content[at + rng.choice([1, 2, 8, 80, 500]) :]


def insert_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return the file with bytes put in: random, zeros, or some of its own."""
    at, count = _place(content, rng), rng.choice([1, 2, 8, 80, 500])
    own = content[rng.randrange(len(content) + 1) :][:count]
    return content[:at] + rng.choice([rng.randbytes(count), bytes(count), b"\xff" * count, own]) + content[at:]


def zero_bytes(content: bytes, rng: random.Random) -> bytes:
    """Return the file with a passage of zeros, as a disk block that was never written."""
    at, count = _place(content, rng), rng.choice([4, 64, 512])
    return content[:at] + bytes(len(content[at : at + count])) + content[at + count :]


def cut_short(content: bytes, rng: random.Random) -> bytes:
    """Return the beginning of the file, down to nothing."""
    return content[
        : rng.choice([0, 1, _place(content, rng), rng.randrange(len(content) + 1), max(len(content) - 1, 0)])
    ]


def add_to_the_end(content: bytes, rng: random.Random) -> bytes:
    """Return the file with something behind it."""
    return content + rng.choice([b"\0", b"\x1a", b"\n" * 50, content, rng.randbytes(100), b'"', b"\r"])


def pack(content: bytes, rng: random.Random) -> bytes:
    """Return the file packed, packed twice, or packed and damaged."""
    packed = gzip.compress(content, mtime=0)
    kind = rng.randrange(4)
    if kind < 2:
        return packed if kind == 0 else gzip.compress(packed, mtime=0)
    return flip_bytes(packed, rng) if kind == 2 else packed[: rng.randrange(len(packed))]


def replace_whole(content: bytes, rng: random.Random) -> bytes:
    """Return what another program, or a bad download, might have put in place of the file."""
    del content
    start = rng.choice(
        [b"", b"PK\x03\x04", b"PAR1", b"$FL2", b"$FL3", b"<stata_dta>", b"HEADER RECORD*******", b"\x1f\x8b", b"%PDF",
         b"<!DOCTYPE html><html>", b"\xd0\xcf\x11\xe0", b"\xff\xfe", b"\xef\xbb\xbf", b"r\0\x02\x01", b"{}", b"[]",
         b"null"]
    )  # fmt: skip
    return start + rng.choice([b"", rng.randbytes(rng.randrange(2000)), b"a,b\n1,2\n", bytes(300)])


BYTES: tuple[BytesMutation, ...] = (
    flip_bytes, flip_bytes, delete_bytes, insert_bytes, zero_bytes, cut_short, add_to_the_end, pack, replace_whole,
)  # fmt: skip


# --- the text of delimited files ---------------------------------------------------------------------------------


def change_dialect(content: bytes, rng: random.Random) -> bytes:
    """Return text with another delimiter, encoding, line end, quotation or decimal sign than before."""
    text = content.decode("utf-8", "replace")
    kind = rng.randrange(8)
    if kind == 0:
        return text.translate({ord(sign): rng.choice(",;\t| a:") for sign in ",;\t"}).encode()
    if kind == 1:
        encoding = rng.choice(["utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig", "cp037", "utf-7"])
        return text.replace("e", "é").encode(encoding, "replace")
    if kind == 2:
        return text.replace("\n", rng.choice(["\r\n", "\r", "\n\n", "\r\r\n", "\u2028", "\x0b"])).encode()
    if kind == 3:
        return text.replace(rng.choice(",;\t\n"), '"', 1).encode()
    if kind == 4:
        return text.replace(".", ",").encode()
    if kind == 5:
        return (
            rng.choice(["sep=;\n", "sep=,\n", "\n\n\n", "Export of 2020\n", "#\n", "sep=\n", "sep=ab\n"]).encode()
            + content
        )
    if kind == 6:
        return text.replace(rng.choice("0123456789"), rng.choice("0123456789oO,.")).encode()
    return ("\n".join(f'"{line}"' for line in text.split("\n"))).encode()


def make_ragged(content: bytes, rng: random.Random) -> bytes:
    """Return text in which a line has more or fewer fields than the header."""
    lines = content.split(b"\n")
    at = rng.randrange(min(1, len(lines) - 1), len(lines))  # a cell in the header would be a name
    lines[at] = rng.choice(
        [lines[at] + b",,", lines[at] + f"\t{SECRET}".encode(), b";", lines[at][: len(lines[at]) // 2], b""]
    )
    return b"\n".join(lines)


def change_json(content: bytes, rng: random.Random) -> bytes:
    """Return a sidecar in which something stands where something else is due."""
    try:
        data = json.loads(content)
    except ValueError:
        return flip_bytes(content, rng)
    odd = rng.choice(
        [None, 1, "x", [], {}, {"Levels": []}, {"Levels": {"1": None}}, {"Units": 3}, {"Units": ["a"]}, "\ud800"]
    )
    if not isinstance(data, dict) or not data or rng.random() < 0.2:
        return json.dumps(rng.choice([odd, [data], {"": odd}])).encode()
    key = rng.choice(list(data))
    if isinstance(data[key], dict) and data[key] and rng.random() < 0.6:
        data[key][rng.choice([*data[key], "Levels", "Units"])] = odd
    else:
        data[key] = odd
    return json.dumps(data).encode()


# --- tables ------------------------------------------------------------------------------------------------------


def swap_columns(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table in which two columns have each other's name."""
    names = list(table.columns)
    a, b = rng.randrange(len(names)), rng.randrange(len(names))
    names[a], names[b] = names[b], names[a]
    return table.set_axis(names, axis=1)


def lose_column(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table without a column."""
    return table.drop(columns=[rng.choice(list(table.columns))])


def repeat_column(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table with a column twice, under the same name or another."""
    name = rng.choice(list(table.columns))
    more = table[[name]] if rng.random() < 0.5 else table[[name]].set_axis([f"{name} "], axis=1)
    return pd.concat([table, more], axis=1)


def rename_column(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table in which a column has another name, or none."""
    names = list(table.columns)
    at = rng.randrange(len(names))
    names[at] = rng.choice(
        ["", " ", names[at].upper(), names[at] + " ", "1", "é", "a,b", 'a"b', "a\nb", "x" * 500, "\x1b[1m"]
    )
    return table.set_axis(names, axis=1)


def blank_column(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table with a column that holds nothing."""
    return table.assign(**{rng.choice(list(table.columns)): None})


def fill_column(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table with one odd value all down a column."""
    return table.assign(**{rng.choice(list(table.columns)): rng.choice(ODD_CELLS)})


def shuffle_column(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table with the cells of a column among other people than before."""
    name = rng.choice(list(table.columns))
    order = list(range(len(table)))
    rng.shuffle(order)
    return table.assign(**{name: table[name].iloc[order].to_numpy()})


def repeat_rows(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table with a row twice, or with all of them many times."""
    if not len(table):
        return table
    some = [rng.randrange(len(table))] if rng.random() < 0.7 else list(range(len(table))) * rng.choice([1, 40])
    return pd.concat([table, table.iloc[some]], ignore_index=True)


def lose_rows(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table with fewer rows, down to none."""
    return table.iloc[: rng.choice([0, 1, max(len(table) - 1, 0), len(table) // 2])]


def blank_row(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table with a row that holds nothing."""
    if not len(table):
        return table
    changed = table.astype("object")
    changed.iloc[rng.randrange(len(table))] = None
    return changed


def change_cells(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table with some cells replaced by odd ones."""
    if not len(table):
        return table
    changed = table.astype("object")
    for _ in range(rng.choice([1, 1, 2, 4, 12])):
        changed.iloc[rng.randrange(len(table)), rng.randrange(len(table.columns))] = rng.choice(ODD_CELLS)
    return changed


def exchange_cells(table: pd.DataFrame, rng: random.Random) -> pd.DataFrame:
    """Return a table with cells of other columns and rows in the place of some."""
    if not len(table):
        return table
    changed = table.astype("object")
    for _ in range(rng.choice([1, 3, 8])):
        here, there = ((rng.randrange(len(table)), rng.randrange(len(table.columns))) for _ in range(2))
        changed.iloc[here] = table.iloc[there]
    return changed


TABLES: tuple[TableMutation, ...] = (
    swap_columns, lose_column, repeat_column, rename_column, blank_column, fill_column, fill_column, shuffle_column,
    repeat_rows, lose_rows, blank_row, change_cells, change_cells, change_cells, change_cells, exchange_cells,
)  # fmt: skip


def _read_text(content: bytes) -> tuple[pd.DataFrame, str, bool]:
    is_packed = content[:2] == b"\x1f\x8b"
    text = (gzip.decompress(content) if is_packed else content).decode("utf-8", "surrogateescape")
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row]
    body = [(row + [""] * len(rows[0]))[: len(rows[0])] for row in rows[1:]]
    return pd.DataFrame(body, columns=rows[0], dtype="object"), delimiter, is_packed


def _write_text(table: pd.DataFrame, delimiter: str, *, is_packed: bool) -> bytes:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows([["" if cell is None else cell for cell in row] for row in table.itertuples(index=False)])
    content = stream.getvalue().encode("utf-8", "surrogateescape")
    return gzip.compress(content, mtime=0) if is_packed else content


def _through_disk(content: bytes, write: Callable[[Path], Any]) -> bytes:
    """Return the bytes that a writer puts into a file which held some others."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(content)
        write(path)
        return path.read_bytes()


def _tidy(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table whose columns are of one kind each, as the formats of statistical packages want them."""
    columns = {}
    for name in table.columns:
        cells = table[name]
        if cells.dtype == object:
            is_text = cells.map(lambda cell: isinstance(cell, str)).any()
            cells = cells.map(lambda cell: "" if cell is None else str(cell)) if is_text else cells.astype("float64")
        columns[name] = cells
    return pd.DataFrame(columns)


def mutate_table(content: bytes, ending: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> bytes:
    """Return a file with its table changed, in the same format.

    Parameters
    ----------
    content
        Bytes of the file.
    ending
        Its format.
    change
        What becomes of its table.

    Raises
    ------
    Exception
        Whatever the writer of the format raises for a table that it does not take.
    """
    if ending in {"csv", "tsv"}:
        table, delimiter, is_packed = _read_text(content)
        return _write_text(change(table), delimiter, is_packed=is_packed)
    if ending == "parquet":
        stream = io.BytesIO()
        changed = change(pd.read_parquet(io.BytesIO(content)))
        changed = changed if changed.columns.is_unique else changed.loc[:, ~changed.columns.duplicated()]
        try:
            changed.to_parquet(stream, index=False)
        except (TypeError, ValueError, OverflowError):
            stream = io.BytesIO()
            changed.astype("str").to_parquet(stream, index=False)
        return stream.getvalue()
    if ending == "xlsx":
        stream = io.BytesIO()
        sheet = pd.ExcelFile(io.BytesIO(content)).sheet_names[0]
        change(pd.read_excel(io.BytesIO(content), dtype="object")).to_excel(stream, sheet_name=sheet, index=False)
        return stream.getvalue()
    readers = {
        "sav": pyreadstat.read_sav, "dta": pyreadstat.read_dta, "xpt": pyreadstat.read_xport,
        "sas7bdat": pyreadstat.read_sas7bdat,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"file.{ending}"
        path.write_bytes(content)
        table, meta = readers[ending](str(path))
        changed = _tidy(change(table))
        if ending == "sas7bdat":
            return _sas(changed)
        writers = {"sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta, "xpt": pyreadstat.write_xport}
        more = {"variable_value_labels": meta.variable_value_labels} if ending in {"sav", "dta"} else {}
        writers[ending](changed, str(path), **more)
        return path.read_bytes()


def _sas(table: pd.DataFrame) -> bytes:
    kinds = [
        (str(name), "number", 8)
        if table[name].dtype.kind in "iufb"
        else (str(name), "text", max(map(len, table[name]), default=1) or 1)
        for name in table.columns
    ]
    rows = [[None if pd.isna(cell) else cell for cell in row] for row in table.itertuples(index=False)]
    return sas_data_set()(kinds, rows)


def ending_of(path: Path) -> str:
    """Return the format of a file by its name."""
    return path.name.lower().removesuffix(".gz").rsplit(".", 1)[-1]


def mutate_data(content: bytes, ending: str, rng: random.Random) -> tuple[bytes, str]:
    """Return a mutated data file and the name of the mutation.

    Parameters
    ----------
    content
        Bytes of the file.
    ending
        Its format.
    rng
        Decides everything.
    """
    if ending == "json":
        mutation = change_json if rng.random() < 0.7 else rng.choice(BYTES)
        return mutation(content, rng), mutation.__name__
    kind = rng.random()
    if kind < 0.55:
        change = rng.choice(TABLES)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return mutate_table(content, ending, lambda table: change(table, rng)), change.__name__
        except Exception:
            return flip_bytes(content, rng), "flip_bytes"
    if ending in {"csv", "tsv"} and kind < 0.8:
        text = rng.choice([change_dialect, make_ragged])
        return text(content, rng), text.__name__
    mutation = rng.choice(BYTES)
    return mutation(content, rng), mutation.__name__
