"""Follow-up and relatives need several columns of one file."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from cohort.draft import Draft
from cohort.study_file import StudyFile

MakeDraft = Callable[..., Draft]
Load = Callable[[Draft], StudyFile]


def test_entry_exit_and_reason_are_follow_up(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    table = people.assign(datum_inclusie="2010-02-01", datum_einde="2019-05-06", reden_einde="overleden")
    follow_up = loaded(draft({"x": table})).follow_up
    assert follow_up is not None
    assert (follow_up.entry.column, follow_up.exit.column) == ("datum_inclusie", "datum_einde")
    assert follow_up.reason is not None
    assert follow_up.reason.codes == {"overleden": "death"}


def test_a_doubtful_reason_does_not_hold_the_dates_back(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    made = draft({"x": people.assign(datum_inclusie="2010-02-01", datum_einde="2019-05-06", reden_einde=[1, 5] * 30)})
    follow_up = loaded(made).follow_up
    assert follow_up is not None
    assert follow_up.reason is None
    assert any(p.section == "follow_up" and p.target == "reason" and p.questions for p in made.proposals)


def test_a_date_of_entry_alone_is_no_follow_up(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    assert loaded(draft({"x": people.assign(datum_inclusie="2010-02-01")})).follow_up is None


def test_relatives_are_participants(draft: MakeDraft, loaded: Load, people: pd.DataFrame) -> None:
    ids = people["record_id"]
    pairs = pd.DataFrame({"record_id": ids[:30].to_numpy(), "relative_id": ids[30:].to_numpy(), "relation": "brother"})
    (relation,) = loaded(draft({"people": people, "pairs": pairs})).relations
    assert relation.relative.column == "relative_id"
    strangers = pairs.assign(relative_id=[f"X{k}" for k in range(30)])
    assert loaded(draft({"people": people, "pairs": strangers})).relations == []
