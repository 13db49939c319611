"""The dictionary of an SPSS file is looked through before the reader, which a damaged one would end, sees it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyreadstat
import pytest

from cohort.intake.sav_dictionary import dictionary_fault

FRAME = pd.DataFrame({"a_name_of_many_letters": ["x", "y" * 300], "sex": [1.0, 2.0], "bmi": [22.5, None]})


def written(folder: Path, **more: Any) -> bytes:
    """Return the bytes of a file with labels, missing values, a note and a text of several segments."""
    pyreadstat.write_sav(
        FRAME,
        str(folder / "a.sav"),
        column_labels={"sex": "Geslacht"},
        note="invented",
        variable_value_labels={"sex": {1: "man", 2: "vrouw, of een langer woord"}},
        missing_ranges={"bmi": [{"lo": -9, "hi": -1}, 999]},
        **more,
    )
    return (folder / "a.sav").read_bytes()


@pytest.mark.parametrize("compress", [False, True])
def test_the_dictionary_of_a_sound_file_is_sound(compress: bool, tmp_path: Path, repository: Path) -> None:
    assert dictionary_fault(written(tmp_path, compress=compress)) is None
    assert dictionary_fault((repository / "tests/fixtures/studies/spss_waves/cohort.sav").read_bytes()) is None


def test_labels_of_a_variable_that_is_not_there_are_found(tmp_path: Path) -> None:
    content = bytearray(written(tmp_path))
    place = content.index(b"\x04\0\0\0\x01\0\0\0", content.index(b"vrouw"))
    for index in (0, 99, 2**31 - 1):
        content[place + 8 : place + 12] = index.to_bytes(4, "little")
        fault = dictionary_fault(bytes(content))
        assert fault == "its value labels belong to a variable that it does not have: it is damaged."


def test_a_dictionary_that_is_cut_anywhere_is_found(tmp_path: Path) -> None:
    content = written(tmp_path)
    end = content.index((999).to_bytes(4, "little") + bytes(4))
    assert all(dictionary_fault(content[:cut]) for cut in range(end))
    assert dictionary_fault(b"SPSS") == "it is not an SPSS file."


@pytest.mark.parametrize("width", [9, 242, 256, -2])
def test_a_text_that_is_wider_than_its_segments_is_found(width: int, tmp_path: Path) -> None:
    pyreadstat.write_sav(pd.DataFrame({"id": ["a", "b"]}), str(tmp_path / "a.sav"))
    content = bytearray((tmp_path / "a.sav").read_bytes())
    content[180:184] = width.to_bytes(4, "little", signed=True)
    assert dictionary_fault(bytes(content)) == "its dictionary is damaged or cut short."
