"""SPSS, Stata and SAS files: the same days, labels, and missing values with the reason that the file gives."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from cohort.intake.readers import read_file
from cohort.intake.tables import RawFile
from cohort.study_file import DataFile

DAYS = [date(2021, 4, 3), date(1899, 12, 31), None]
FRAME = pd.DataFrame({"id": ["a", "b", "c"], "day": DAYS, "x": [1.0, 2.0, None]})


def read(place: Path, **declared: Any) -> RawFile:
    """Return the content of a file."""
    return read_file(place, place.name, DataFile(path=place.name, **declared))[0]


def write(folder: Path, ending: str, sas_data_set: Callable[..., bytes]) -> Path:
    """Write the same three rows in a format."""
    place = folder / f"a.{ending}"
    if ending == "sas7bdat":
        kinds = [("id", "text", 8), ("day", "date", 8), ("x", "number", 8)]
        rows = FRAME.astype(object).where(FRAME.notna(), None).to_numpy().tolist()
        place.write_bytes(sas_data_set(kinds, rows))
    else:
        writers: dict[str, Any] = {
            "sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta,
            "zsav": lambda frame, path: pyreadstat.write_sav(frame, path, compress=True),
            "xpt": lambda frame, path: pyreadstat.write_xport(frame, path, file_format_version=5),
        }  # fmt: skip
        writers[ending](FRAME, str(place))
    return place


@pytest.mark.parametrize("ending", ["sav", "zsav", "dta", "xpt", "sas7bdat"])
def test_a_day_is_the_same_day_in_every_package(
    ending: str, tmp_path: Path, sas_data_set: Callable[..., bytes]
) -> None:
    raw = read(write(tmp_path, ending, sas_data_set))
    assert raw.frame["id"].tolist() == ["a", "b", "c"]
    assert [None if pd.isna(day) else day for day in raw.frame["day"]] == DAYS
    assert raw.frame["x"].tolist()[:2] == [1.0, 2.0]
    assert pd.isna(raw.frame["x"][2])


@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_sas_data_set_that_is_cut_is_refused(
    share: float, tmp_path: Path, sas_data_set: Callable[..., bytes]
) -> None:
    place = write(tmp_path, "sas7bdat", sas_data_set)
    content = place.read_bytes()
    place.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(Exception, match="it cannot be read as sas7bdat"):
        read(place)


def test_missing_values_of_spss_keep_their_labels(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b", "c", "d"], "g": [1.0, 8, 9, -5], "t": ["x", "NA", "y", ""]})
    pyreadstat.write_sav(
        frame,
        str(tmp_path / "a.sav"),
        variable_value_labels={"g": {1: "vrouw", 9: "geen antwoord"}},
        missing_ranges={"g": [{"lo": -99, "hi": -1}, 9], "t": ["NA"]},
    )
    raw = read(tmp_path / "a.sav")
    assert raw.labels == {"g": {"1": "vrouw", "9": "geen antwoord"}}
    assert raw.missing == {
        "g": {"9": "geen antwoord", "-5": "declared missing in the file"},
        "t": {"NA": "declared missing in the file"},
    }


def test_extended_missing_values_of_stata_keep_their_labels(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["a", "b", "c"], "x": pd.Series([1.0, "a", "b"], dtype=object), "y": ["a", "b", "c"]})
    pyreadstat.write_dta(
        frame,
        str(tmp_path / "a.dta"),
        variable_value_labels={"x": {1.0: "yes", "a": "refused"}},
        missing_user_values={"x": ["a", "b"]},
    )
    raw = read(tmp_path / "a.dta")
    assert raw.frame["x"].tolist() == [1.0, ".a", ".b"]
    assert raw.frame["y"].tolist() == ["a", "b", "c"]  # a text that is a letter is no missing value
    assert raw.missing == {"x": {".a": "refused", ".b": "missing value .b of the file"}}
    assert raw.labels == {"x": {"1": "yes", ".a": "refused"}}


def test_special_missing_values_of_sas_are_told(tmp_path: Path, sas_data_set: Callable[..., bytes]) -> None:
    (tmp_path / "a.sas7bdat").write_bytes(
        sas_data_set([("id", "text", 4), ("x", "number", 8)], [["a", 1.5], ["b", ".R"], ["c", None]])
    )
    raw = read(tmp_path / "a.sas7bdat")
    assert raw.frame["x"].tolist()[:2] == [1.5, ".R"]
    assert pd.isna(raw.frame["x"][2])
    assert raw.missing == {"x": {".R": "missing value .R of the file"}}


@pytest.mark.parametrize("version", [5, 8])
def test_special_missing_values_of_a_transport_file_are_told(version: Any, tmp_path: Path) -> None:
    place = tmp_path / "a.xpt"
    frame = pd.DataFrame({"ID": ["a", "b", "c", "d"], "X": [1.5, None, None, 0.0], "Y": [None, 2.0, 3.0, 65.0]})
    pyreadstat.write_xport(frame, str(place), file_format_version=version)
    content = bytearray(place.read_bytes())
    first = content.index(b".\0\0\0\0\0\0\0", content.index(b"OBS"))  # the missing Y of the first row
    content[first] = ord("A")
    second = content.index(b".\0\0\0\0\0\0\0", first)
    content[second] = ord("_")
    place.write_bytes(bytes(content))
    raw = read(place)
    assert raw.frame["Y"].tolist() == [".A", 2.0, 3.0, 65.0]
    assert raw.frame["X"].tolist()[:2] == [1.5, "._"]
    assert pd.isna(raw.frame["X"][2])
    assert raw.missing == {"X": {"._": "missing value ._ of the file"}, "Y": {".A": "missing value .A of the file"}}


def test_text_of_a_transport_file_that_is_not_utf_8_is_read_as_windows_and_told(tmp_path: Path) -> None:
    place = tmp_path / "a.xpt"
    pyreadstat.write_xport(pd.DataFrame({"ID": ["é", "b"]}), str(place), file_format_version=5)
    place.write_bytes(place.read_bytes().replace("é".encode(), b"\xe9 "))
    raw = read(place)
    assert raw.frame["ID"].tolist() == ["é", "b"]
    assert (raw.encoding, raw.sniffed) == ("cp1252", ("encoding",))
    assert raw.notes == ("the file tells no encoding and was read as cp1252: see whether these are its letters: é",)
    assert read(place, encoding="cp1252").sniffed == ()


def test_an_old_stata_file_with_letters_beyond_ascii_is_told(tmp_path: Path) -> None:
    frame = pd.DataFrame({"id": ["é"], "sex": pd.Categorical(["vrouw"], ["man", "vrouw"])})
    frame.to_stata(tmp_path / "old.dta", version=114, write_index=False)
    frame.to_stata(tmp_path / "new.dta", version=118, write_index=False)
    old, new = read(tmp_path / "old.dta"), read(tmp_path / "new.dta")
    assert old.frame["id"].tolist() == new.frame["id"].tolist() == ["é"]
    assert (old.encoding, old.sniffed) == ("cp1252", ("encoding",))
    assert (new.encoding, new.sniffed) == ("utf-8", ())
    assert old.labels == {"sex": {"0": "man", "1": "vrouw"}}


def test_decimal_commas_in_texts_of_a_binary_file_are_recognised(tmp_path: Path) -> None:
    pyreadstat.write_sav(pd.DataFrame({"id": ["a", "b"], "crp": ["<0,5", "1,25"]}), str(tmp_path / "a.sav"))
    raw = read(tmp_path / "a.sav")
    assert (raw.decimal, raw.sniffed) == (",", ("decimal",))
    assert read(tmp_path / "a.sav", decimal=".").decimal == "."
