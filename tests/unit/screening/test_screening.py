"""What must not leave the building is found in saved outputs, with its place and without its value."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from click.testing import CliRunner

from cohort.cli import main
from cohort.errors import CohortError
from cohort.screening import Finding, screen_files

NOTEBOOKS = Path(__file__).resolve().parents[3] / "notebooks"
IDS = frozenset({"P10001", "P10002", "7"})


def output(**data: str) -> nbformat.NotebookNode:
    bundle = {name.replace("__", "/"): content for name, content in data.items()}
    return nbformat.v4.new_output("display_data", data=bundle)


def notebook(folder: Path, *outputs: nbformat.NotebookNode, source: str = "show()") -> Path:
    book = nbformat.v4.new_notebook()
    book.cells = [nbformat.v4.new_markdown_cell("# A title"), nbformat.v4.new_code_cell(source, outputs=list(outputs))]
    nbformat.write(book, folder / "book.ipynb")
    return folder / "book.ipynb"


def kinds(found: list[Finding]) -> set[str]:
    return {one.kind for one in found if one.counts}


def people(rows: int = 12) -> pd.DataFrame:
    return pd.DataFrame({"age": [30 + i for i in range(rows)], "crp": [0.5 * i for i in range(rows)]})


@pytest.mark.parametrize(
    ("shown", "kind"),
    [
        (output(text__plain="mail jan@example.org"), "identifier"),
        (output(text__plain="BSN 111222333 and 123456782"), "identifier"),
        (output(text__plain="geboortedatum: 03-04-1980"), "identifier"),
        (output(text__plain="look at P10001"), "id of the study"),
        (output(text__html=people().to_html(), text__plain=repr(people())), "rows of people"),
        (output(text__plain=repr(people(100))), "rows of people"),
        (output(text__html=pd.DataFrame({"participant_id": ["a", "b"], "x": [1, 2]}).to_html()), "rows of people"),
        (output(text__html=pd.DataFrame({"disease": ["MS", "RA"], "cases": [3, 80]}).to_html(index=False)),
         "small count"),
        (output(text__plain="disease  n\n-------  --\nMS       3\nRA       80"), "small count"),
        (output(text__plain="with depression (n = 3)"), "small count"),
        (output(image__svg__xml="") if False else output(**{"image/svg+xml": "<svg><text>n = 2</text></svg>"}),
         "small count"),
        (nbformat.v4.new_output("stream", text="P10002 has a strange value\n"), "id of the study"),
        (nbformat.v4.new_output("error", ename="KeyError", evalue="'P10001'", traceback=["KeyError"]),
         "id of the study"),
    ],
)  # fmt: skip
def test_each_kind_is_found_in_outputs(shown: nbformat.NotebookNode, kind: str, tmp_path: Path) -> None:
    found = screen_files([notebook(tmp_path, shown)], ids=IDS)
    assert kind in kinds(found)
    assert all(one.place.startswith("cell 2") for one in found)


def test_no_finding_holds_a_value(tmp_path: Path) -> None:
    frame = pd.DataFrame({"participant_id": ["P10001", "P10002"], "mail": ["jan@example.org", "a@b.nl"], "n": [3, 4]})
    told = json.dumps([one.to_dict() for one in screen_files([notebook(tmp_path, output(text__html=frame.to_html()))],
                                                             ids=IDS)])  # fmt: skip
    for value in ("P10001", "P10002", "jan", "example", "b.nl"):
        assert value not in told


@pytest.mark.parametrize(
    "shown",
    [
        output(text__plain="disease  n\n-------  ----\nMS       <5\nRA       80\nnone     0"),
        output(
            text__html="<table><tr><th>variable</th><th>all</th></tr><tr><td>Sex</td><td>45 (60.1 %)</td></tr></table>"
        ),
        output(text__plain="step  odds ratio  p\n1     1.25        0.03\n2     3           0.04"),
        output(text__plain="Python 3.11, n = 1,235 people; 123456789 is no citizen number"),
        output(text__html=pd.DataFrame({"mean": [1.0, 2.0]}, index=["low", "high"]).to_html()),
        output(text__plain=repr(pd.DataFrame({"a": [1.5, 2.5]}))),
    ],
)
def test_a_protected_summary_passes(shown: nbformat.NotebookNode, tmp_path: Path) -> None:
    assert kinds(screen_files([notebook(tmp_path, shown)], ids=IDS)) == set()


def test_a_number_that_only_begins_like_an_id_is_none(tmp_path: Path) -> None:
    ids = frozenset({"112345", "109263"})
    shown = output(text__plain="log likelihood 112,345.6 and 109263.25, or -109263")
    assert kinds(screen_files([notebook(tmp_path, shown)], ids=ids)) == set()
    (tmp_path / "t.csv").write_text("model,bic\n2,112345.6\n3,109263.25\n", encoding="utf-8")
    assert kinds(screen_files([tmp_path / "t.csv"], ids=ids)) == set()
    (tmp_path / "t.csv").write_text("model,person\n2,112345\n3,109263\n", encoding="utf-8")
    assert kinds(screen_files([tmp_path / "t.csv"], ids=ids)) == {"id of the study"}
    assert kinds(screen_files([notebook(tmp_path, output(text__plain="see 109263."))], ids=ids)) == {"id of the study"}


def test_attachments_metadata_and_source_are_looked_into(tmp_path: Path) -> None:
    path = notebook(tmp_path, source="people.loc['P10001']")
    book = nbformat.read(path, as_version=4)
    book.cells[0]["attachments"] = {"x.txt": {"text/plain": "jan@example.org"}}
    book.metadata["authors"] = "P10002"
    nbformat.write(book, path)
    places = {one.place for one in screen_files([path], ids=IDS)}
    assert places == {"cell 2, text", "cell 1, attachment", "metadata"}


def test_pictures_are_told_and_the_words_in_their_files_are_read(tmp_path: Path) -> None:
    picture = base64.b64encode(b"\x89PNG....tEXtComment\x00drawn for jan@example.org\x00\x00").decode("ascii")
    found = screen_files([notebook(tmp_path, output(**{"image/png": picture}))])
    assert [one.kind for one in found if not one.counts] == ["not looked into"]
    assert kinds(found) == {"identifier"}


def test_a_synthetic_notebook_may_show_small_counts_but_no_ids(tmp_path: Path) -> None:
    small = "disease  n\nMS       3\nRA       80"
    says_so = output(text__plain="Synthetic cohort: what follows says whether the method recovers a known truth")
    assert kinds(screen_files([notebook(tmp_path, says_so, output(text__plain=small))])) == set()
    assert kinds(screen_files([notebook(tmp_path, output(text__plain=small))], synthetic=True)) == set()
    shown = output(text__plain=small + "\nP10001")
    assert kinds(screen_files([notebook(tmp_path, says_so, shown)], ids=IDS)) == {"id of the study"}


def test_tables_and_pages_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("disease;n\nMS;3\nRA;80\n", encoding="utf-8")
    (tmp_path / "p.html").write_text(f"<p>x</p>{people().to_html()}<img src='data:image/png;base64,AA'>",
                                     encoding="utf-8")  # fmt: skip
    assert kinds(screen_files([tmp_path / "t.csv"])) == {"small count"}
    assert kinds(screen_files([tmp_path / "p.html"])) == {"rows of people"}
    assert kinds(screen_files([tmp_path])) == {"small count", "rows of people"}
    assert kinds(screen_files([tmp_path / "t.csv"], minimum=3)) == set()


@pytest.mark.parametrize("content", ["{", "[]", '{"cells": 3}', "\x00"])
def test_a_file_that_cannot_be_read_is_a_mistake_and_not_clean(content: str, tmp_path: Path) -> None:
    (tmp_path / "book.ipynb").write_text(content, encoding="utf-8")
    with pytest.raises(CohortError, match="cannot be read"):
        screen_files([tmp_path / "book.ipynb"])


def test_the_suite_s_own_notebooks_are_clean() -> None:
    assert kinds(screen_files(sorted(NOTEBOOKS.glob("*.ipynb")))) == set()


def test_the_command_tells_by_its_exit_code(tmp_path: Path) -> None:
    path = notebook(tmp_path, output(text__plain="with depression (n = 3)"))
    run = CliRunner().invoke(main, ["screen", str(path)])
    assert run.exit_code == 1
    assert "book.ipynb, cell 2, output: small count" in run.output
    told = CliRunner().invoke(main, ["screen", str(path), "--json"])
    assert json.loads(told.output)[0]["kind"] == "small count"
    assert CliRunner().invoke(main, ["screen", str(path), "--synthetic"]).exit_code == 0
    assert CliRunner().invoke(main, ["screen", str(tmp_path / "absent.ipynb")]).exit_code == 1
    assert CliRunner().invoke(main, ["screen"]).exit_code == 2
