"""What a notebook shows is protected, readable, and the same in text, HTML and files."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pandas as pd
import pytest

from cohort.disclosure import Disclosure, Sum
from cohort.plots import empty_axes
from cohort.protection import protect_table
from cohort.report.page import Page, as_html, as_text, format_cells, interval_text, results_table
from cohort.results import Estimate, NotTestable, ResultTable, Verdict
from cohort.study import Study


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Return the list into which everything displayed goes."""
    seen: list[object] = []
    monkeypatch.setattr("cohort.report.page.display", lambda what, **_: seen.append(what))
    return seen


def estimate(**values: object) -> Estimate:
    return Estimate(**{"label": "RA", "measure": "odds ratio", "value": 1.5, "standard_error": 0.1, "scale": "log",
                       "null": 1.0, "n": 103, "events": 33, **values})  # fmt: skip


def test_small_counts_never_leave_a_page(study: Study, shown: list[object], tmp_path: Path) -> None:
    page = Page(study, "nb", tmp_path)
    page.table(ResultTable("t", "T", pd.DataFrame({"people": [3, 103], "mean": [0.5, 1.0]}), counts=("people",)))
    page.results("r", "R", [estimate(events=3), estimate(), estimate(n=100, events=97)])
    written = "".join(path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.csv"))
    everything = str(shown) + written
    assert "<5" in everything
    assert "103" not in everything
    assert "105" in everything
    assert everything.count("withheld: fewer than 5 people") == 2 * 3, "in text, HTML and file"


def test_a_result_that_could_not_be_had_keeps_its_row(study: Study) -> None:
    table = results_table("r", "R", [estimate(), NotTestable("MS", "too few people", "odds ratio")])
    assert table.data["label"].tolist() == ["RA", "MS"]
    assert table.data.loc[1, "estimate (95 % CI)"] == "not testable: too few people"


@pytest.mark.parametrize(("synthetic", "value"), [(True, 1.23456789), (False, 1.23)])
def test_results_are_written_with_their_standard_errors_and_unrounded_where_people_are_made_up(
    study: Study, shown: list[object], tmp_path: Path, synthetic: bool, value: float
) -> None:
    if synthetic:
        study = dataclasses.replace(study, synthetic=True, disclosure=Disclosure.off())
    Page(study, "nb", tmp_path).results("r", "R", [estimate(value=1.23456789)])
    written = pd.read_csv(tmp_path / "tables" / "nb__r.csv")
    assert written.loc[0, "estimate"] == value
    assert written.loc[0, "standard_error"] == 0.1
    assert len(shown) == 1


def test_a_share_of_a_real_study_is_made_of_the_counts_as_shown(study: Study, shown: list[object]) -> None:
    share = Estimate("RA", "prevalence", 33 / 103, 0.01, n=103, events=33)
    Page(study, "nb").results("r", "R", [share])
    assert f"{100 * 35 / 105:.2f} %" in str(shown)
    assert f"{100 * 33 / 103:.2f} %" not in str(shown)


def test_a_percentage_does_not_undo_the_rounding_beside_it(study: Study) -> None:
    data = pd.DataFrame({"people": [103, 103, 103], "missing": [33, 3, 101], "missing, %": [32.04, 2.91, 98.06]})
    sums = tuple(Sum((row, "people"), ((row, "missing"),), has_rest=True) for row in range(3))
    table = ResultTable("m", "M", data, counts=("people", "missing"), sums=sums,
                        percentages={"missing, %": ("missing", "people")})  # fmt: skip
    shown = protect_table(table, study.disclosure)["missing, %"]
    assert shown.iloc[0] == pytest.approx(100 * 35 / 105)
    assert shown.iloc[1:].isna().all()


def test_a_cell_that_a_spreadsheet_would_run_is_disarmed(study: Study, shown: list[object], tmp_path: Path) -> None:
    data = pd.DataFrame({"label": ["=HYPERLINK(1)", "x"], "change": [-1.5, 2.0]})
    Page(study, "nb", tmp_path).table(ResultTable("t", "T", data))
    written = (tmp_path / "tables" / "nb__t.csv").read_text(encoding="utf-8")
    assert written.splitlines()[1] == "'=HYPERLINK(1),-1.5"


def test_figures_are_written_as_png_and_svg_with_their_caption(
    study: Study, shown: list[object], tmp_path: Path
) -> None:
    Page(study, "nb", tmp_path).figure(empty_axes(None, "nothing was measured"), "f", "An empty figure")
    folder = tmp_path / "figures"
    assert (folder / "nb__f.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "nb__f.svg").read_text(encoding="utf-8")
    assert json.loads((folder / "nb__f.json").read_text(encoding="utf-8"))["caption"] == "An empty figure"
    assert len(shown) == 1


def test_only_headline_verdicts_reach_the_first_page(study: Study, shown: list[object], tmp_path: Path) -> None:
    page = Page(study, "nb", tmp_path)
    verdict = Verdict("IP-09", "direction", "inconclusive", "wide", estimate(), 900)
    page.verdicts([verdict], headline=False)
    assert not (tmp_path / "verdicts").exists()
    page.verdicts([verdict])
    (entry,) = json.loads((tmp_path / "verdicts" / "nb.json").read_text(encoding="utf-8"))
    assert (entry["claim"], entry["status"], entry["n_needed"]) == ("IP-09", "inconclusive", 900)
    assert entry["text"]


def test_a_verdict_on_few_people_gives_no_number(study: Study, shown: list[object], tmp_path: Path) -> None:
    verdict = Verdict("IP-09", "direction", "supported", "1.5 (1.2 to 1.8)", estimate(events=3), 900)
    Page(study, "nb", tmp_path).verdicts([verdict])
    (entry,) = json.loads((tmp_path / "verdicts" / "nb.json").read_text(encoding="utf-8"))
    assert (entry["status"], entry["n_needed"]) == ("not testable with this cohort", None)
    assert "1.2" not in str(shown) + json.dumps(entry)


def test_a_page_without_an_output_folder_writes_nothing(
    study: Study, shown: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = Page(study, "nb")
    page.results("r", "R", [estimate()])
    page.figure(empty_axes(None, "x"), "f", "c")
    assert list(tmp_path.iterdir()) == []


def test_text_and_html_hold_the_same_cells() -> None:
    cells = format_cells(pd.DataFrame({"a_b": ["x < y", None], "n": [1234, 5]}), {})
    text, page = as_text("T", cells), as_html("T", cells)
    for cell in ("1,234", "–", "a b"):
        assert cell in text
        assert cell in page
    assert "x &lt; y" in page


def test_long_cells_wrap_and_columns_stay_aligned() -> None:
    lines = as_text("T", pd.DataFrame({"a": ["word " * 30], "b": ["z"]})).splitlines()
    assert max(map(len, lines)) < 60
    assert lines[3].endswith("z")


def test_shares_are_shown_in_per_cent() -> None:
    assert interval_text(Estimate("a", "prevalence", 0.08449, 0.00471)).startswith("8.45 % (")
    assert interval_text(Estimate("a", "standardised risk difference", 0.0123, 0.001)).startswith("1.23 % (")


def test_an_introduction_says_whether_people_are_real(study: Study, capsys: pytest.CaptureFixture[str]) -> None:
    Page(study, "nb").introduce()
    said = capsys.readouterr().out
    assert "Real cohort" in said
    assert "People: 105" in said
