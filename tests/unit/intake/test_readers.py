"""One reader for each format; what is compressed, damaged or of another format is told in one message."""

from __future__ import annotations

import contextlib
import gzip
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cohort.errors import InputDataError
from cohort.intake.readers import FORMATS, format_of, read_file
from cohort.study_file import DataFile

TEXT = "id\tbmi\na\t22,5\nb\t31\n"


def read(folder: Path, name: str, content: bytes, **declared: Any) -> Any:
    """Return what is read of a file with some bytes."""
    (folder / name).write_bytes(content)
    return read_file(folder / name, name, DataFile(path=name, **declared))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("a.CSV", "csv"), ("a.txt.gz", "csv"), ("a.tab", "tsv"), ("a.zsav", "sav"), ("a.xport", "xpt"),
        ("a.pq", "parquet"), ("a.xlsm", "xlsx"), ("a.xls", None), ("a", None),
    ],
)  # fmt: skip
def test_the_ending_tells_the_format(path: str, expected: str | None) -> None:
    assert format_of(path) == expected


@pytest.mark.parametrize("name", ["a.tsv", "a.tab", "a.csv", "a.tsv.gz", "a.tsv.GZ", "a.txt"])
def test_delimited_text_is_read_packed_or_not(name: str, tmp_path: Path) -> None:
    content = gzip.compress(TEXT.encode()) if name.lower().endswith("gz") else TEXT.encode()
    raw, _, _ = read(tmp_path, name, content)
    assert raw.frame.to_numpy().tolist() == [["a", "22,5"], ["b", "31"]]
    assert (raw.delimiter, raw.decimal) == ("\t", ",")
    assert ("delimiter" in raw.sniffed) == (name in ("a.csv", "a.txt"))


def test_levels_of_a_parquet_file_are_its_words(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b"], "sex": pd.Categorical(["vrouw", None])})
    frame.to_parquet(tmp_path / "a.parquet")
    raw, _, _ = read_file(tmp_path / "a.parquet", "a.parquet", DataFile(path="a.parquet"))
    assert raw.frame["sex"].tolist()[0] == "vrouw"


@pytest.mark.parametrize("name", ["a.xls", "a.ods"])
def test_an_old_workbook_is_refused_with_the_way_out(name: str, tmp_path: Path) -> None:
    with pytest.raises(InputDataError, match="Save the workbook as xlsx"):
        read(tmp_path, name, b"\xd0\xcf\x11\xe0")


def test_a_workbook_named_csv_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(InputDataError, match="it is an Excel workbook or another zip archive, not text"):
        read(tmp_path, "a.csv", b"PK\x03\x04" + bytes(50))


def read_or_refuse(folder: Path, name: str, content: bytes) -> None:
    """Read bytes, or see them refused in words; any other error is a failure of the test."""
    with contextlib.suppress(InputDataError):
        raw, _, _ = read(folder, name, content)
        assert len(raw.row) == len(raw.frame)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(FORMATS)), content=st.binary(max_size=300))
def test_arbitrary_bytes_are_read_or_refused_and_never_end_in_a_traceback(
    name: str, content: bytes, tmp_path: Path
) -> None:
    read_or_refuse(tmp_path, f"a.{name}", content)


SIGNATURES = [
    b"PK\x03\x04", b"$FL2@(#) SPSS", b"<stata_dta><header><release>118</release>", b"PAR1", b"\x72\x01\x01\x00",
    b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!" + b"0" * 32,
    b"HEADER RECORD*******MEMBER  HEADER RECORD!!!!!!!000000000000000001600000000140  "
    b"HEADER RECORD*******NAMESTR HEADER RECORD!!!!!!!000000999900000000000000000000  "
    b"HEADER RECORD*******OBS     HEADER RECORD!!!!!!!000000000000000000000000000000  ",
]  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(FORMATS)), start=st.sampled_from(SIGNATURES), rest=st.binary(max_size=200))
def test_bytes_that_begin_like_a_file_are_read_or_refused(name: str, start: bytes, rest: bytes, tmp_path: Path) -> None:
    padded = start + rest + b" " * (-len(start + rest) % 80)
    read_or_refuse(tmp_path, f"a.{name}", start + rest)
    read_or_refuse(tmp_path, f"a.{name}", padded)
