"""A study opens from a study file or from a folder of clean tables, and the two are the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from cohort.errors import CohortError
from cohort.report.laboratory import prepare_laboratory
from cohort.report.methods import methods_paragraph
from cohort.study import Study, open_study


@pytest.fixture(scope="module")
def demo() -> Study:
    return open_study("demo")


@pytest.fixture(scope="module")
def clean_folder(demo: Study, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clean") / "out"
    demo.write(folder)
    return folder


def test_the_clean_folder_holds_the_same_study(demo: Study, clean_folder: Path) -> None:
    again = open_study(clean_folder)
    for name, table in demo.tables.items():
        assert_frame_equal(table, again.tables[name])
    assert again.flow == demo.flow
    assert again.synthetic == demo.synthetic
    assert again.disclosure == demo.disclosure
    assert_frame_equal(again.ledger.entries, demo.ledger.entries)
    assert demo.truth is not None
    assert again.truth is not None
    assert_frame_equal(again.truth, demo.truth)


def test_the_same_input_gives_the_same_bytes(demo: Study, clean_folder: Path, tmp_path: Path) -> None:
    open_study("demo").write(tmp_path / "again")
    for path in sorted(clean_folder.rglob("*")):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "again" / path.relative_to(clean_folder)).read_bytes(), path.name


def test_every_row_of_every_file_is_accounted_for(demo: Study) -> None:
    read = {source["name"]: source["rows"] for source in demo.provenance["inputs"]}
    assert demo.rows.groupby("file")["rows"].sum().to_dict() == read


def test_an_incomplete_clean_folder_is_refused(clean_folder: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for name in ("provenance.json", "person_table.parquet"):
        (broken / name).write_bytes((clean_folder / name).read_bytes())
    with pytest.raises(CohortError, match="not a complete result"):
        open_study(broken)


def test_a_data_folder_that_does_not_exist_is_named(tmp_path: Path, repository: Path) -> None:
    with pytest.raises(CohortError, match="does not exist"):
        open_study(repository / "synthetic_data" / "demo" / "study.yaml", root=tmp_path / "nowhere")


def test_the_methods_paragraph_is_made_of_the_study_s_own_numbers(demo: Study) -> None:
    text = methods_paragraph(demo)
    assert "6,000 people" in text
    assert "simple sample" in text


def test_a_laboratory_keeps_the_analyst_s_own_notebooks(tmp_path: Path) -> None:
    folder = prepare_laboratory(None, tmp_path / "lab")
    own = folder / "00_cohort_and_data_quality.ipynb"
    own.write_text("mine", encoding="utf-8")
    prepare_laboratory(None, tmp_path / "lab")
    assert own.read_text(encoding="utf-8") == "mine"
    assert "study_path = 'demo'" in (folder / "02_crp_subgroups.ipynb").read_text(encoding="utf-8")
