"""Labels are read from every kind of file that has them."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from cohort.draft.labels import column_labels, dictionary_labels, is_dictionary, sidecar_labels

FRAME = pd.DataFrame({"A": [1.0, 2.0], "B": [3.0, 4.0]})


@pytest.mark.parametrize("kind", ["sav", "dta", "xpt"])
def test_files_of_statistical_packages_have_labels(kind: str, tmp_path: Path) -> None:
    write = {"sav": pyreadstat.write_sav, "dta": pyreadstat.write_dta, "xpt": pyreadstat.write_xport}[kind]
    path = tmp_path / f"x.{kind}"
    write(FRAME, str(path), column_labels=["First  one", None])
    assert column_labels(path, kind) == {"A": "First one"}


def test_a_csv_has_none_and_a_broken_file_too(tmp_path: Path) -> None:
    path = tmp_path / "x.sav"
    path.write_bytes(b"nonsense")
    assert column_labels(path, "sav") == {}
    assert column_labels(path, "csv") == {}


def test_a_sidecar_describes_its_columns(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"age": {"Description": "Age"}, "sex": {"LongName": "Sex"}, "x": 3}), encoding="utf-8")
    assert sidecar_labels(path) == {"age": "Age", "sex": "Sex"}
    path.write_text("[", encoding="utf-8")
    assert sidecar_labels(path) == {}


def test_a_dictionary_names_fields_and_the_choices_of_a_checkbox(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    head = 'Variable / Field Name,Field Type,Field Label,"Choices, Calculations, OR Slider Labels"\n'
    path.write_text(head + 'age,text,Age,\ndx,checkbox,Diseases,"1, Lupus | 2, Psoriasis"\n', encoding="utf-8")
    assert is_dictionary(path)
    assert dictionary_labels(path) == {"age": "Age", "dx": "Diseases", "dx___1": "Lupus", "dx___2": "Psoriasis"}
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    assert not is_dictionary(path)
