"""Identifiers, visits and waves are found from names and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd

from cohort.draft import Draft

MakeDraft = Callable[..., Draft]


def test_the_shared_unique_column_is_the_identifier(draft: MakeDraft, people: pd.DataFrame) -> None:
    lab = pd.DataFrame({"record_id": people["record_id"].repeat(2), "crp": 1.5})
    made = draft({"people": people, "lab": lab})
    assert made.structure.id == "record_id"
    assert not made.structure.shapes["lab"].one_row_per_person


def test_a_file_that_calls_the_same_people_otherwise_gets_its_own_identifier(
    draft: MakeDraft, people: pd.DataFrame
) -> None:
    other = pd.DataFrame({"pnr": people["record_id"], "value": range(60)})
    extra = pd.DataFrame({"record_id": people["record_id"], "score": range(60)})
    made = draft({"people": people, "other": other, "extra": extra})
    assert made.structure.shapes["other"].id == "pnr"
    assert "other: {path: other.csv, id: pnr}" in made.text


def test_a_file_without_identifiers_is_left_out_and_asked_about(draft: MakeDraft, people: pd.DataFrame) -> None:
    made = draft({"people": people, "codes": pd.DataFrame({"word": ["a", "b"], "meaning": ["c", "d"]})})
    assert made.structure.shapes["codes"].id is None
    assert "# TO DECIDE: no column identifies people in this file" in made.text


def _visits(names: Mapping[int, str], people: pd.DataFrame) -> pd.DataFrame:
    parts = [people.assign(meting=name) for name in names.values()]
    return pd.concat(parts)[["record_id", "meting", "age"]]


def test_a_column_of_visits_is_found_and_the_baseline_named(draft: MakeDraft, people: pd.DataFrame) -> None:
    made = draft({"v": _visits({0: "baseline", 1: "12 maanden"}, people)})
    assert made.structure.shapes["v"].visit == "meting"
    assert (made.structure.baseline, made.structure.baseline_is_sure) == ("baseline", True)
    assert "baseline: 'baseline'" in made.text


def test_a_baseline_that_no_name_tells_is_pointed_out(draft: MakeDraft, people: pd.DataFrame) -> None:
    made = draft({"v": _visits({0: "1", 1: "2"}, people)})
    assert (made.structure.baseline, made.structure.baseline_is_sure) == ("1", False)
    assert "LOOK: taken for the first visit" in made.text


def test_wide_waves_share_a_name_and_single_marks_do_not_count(draft: MakeDraft, people: pd.DataFrame) -> None:
    wide = people.assign(crp_t0=1.4, crp_t1=1.6, il_6=1.2)
    made = draft({"w": wide})
    assert made.structure.shapes["w"].waves == {"crp": {"t0": "crp_t0", "t1": "crp_t1"}}
