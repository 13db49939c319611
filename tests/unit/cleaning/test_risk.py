"""The risk table: entry, exit, events and time-varying exposure on the age scale."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cohort.cleaning import clean_cohort
from cohort.codebook import Codebook

Tables = dict[str, pd.DataFrame]
IDS = ["a", "b", "c", "d"]


@pytest.fixture
def follow(build: Any) -> Any:
    """Return a function that gives people born in mid 1970, followed from 40 to 50, with diagnoses."""

    def make(rows: list[tuple[str, str, str, float | None]], **onset: Any) -> Tables:
        ids = sorted({row[0] for row in rows})
        columns: dict[str, Any] = {
            "participant_id": [row[0] for row in rows],
            "disease": [row[1] for row in rows],
            "source": ["register"] * len(rows),
            "status": [row[2] for row in rows],
            "onset_age_years": [row[3] for row in rows],
        }
        n = len(ids)
        return {
            "participants": build("participants", participant_id=ids, birth_year=[1970] * n),
            "follow_up": build("follow_up", participant_id=ids, entry_date=["2010-07-01"] * n,
                               exit_date=["2020-07-01"] * n),
            "diagnoses": build("diagnoses", **{**columns, **onset}),
        }  # fmt: skip

    return make


def intervals(tables: Tables, codebook: Codebook, outcome: str) -> list[tuple[Any, ...]]:
    table = clean_cohort(tables, codebook).tables["risk_table"]
    rows = table.loc[table["outcome"] == outcome]
    return [
        (r.participant_id, round(r.start, 1), round(r.stop, 1), r.event, r.exposure, r.is_exposed)
        for r in rows.itertuples()
    ]


PSORIASIS, DEPRESSION = "psoriasis", "lifetime_depression"


def test_the_exposure_splits_the_time_at_risk_at_its_onset(follow: Any, codebook: Codebook) -> None:
    tables = follow([("a", PSORIASIS, "present", 43.0), ("a", DEPRESSION, "present", 46.5)])
    assert intervals(tables, codebook, DEPRESSION) == [
        ("a", 40.0, 43.0, False, "any_autoimmune_disease", False),
        ("a", 43.0, 46.5, True, "any_autoimmune_disease", True),
    ]
    assert intervals(tables, codebook, PSORIASIS) == [("a", 40.0, 43.0, True, DEPRESSION, False)]


def test_who_is_free_of_both_is_censored_at_exit(follow: Any, codebook: Codebook) -> None:
    tables = follow([
        ("a", PSORIASIS, "absent", None), ("a", DEPRESSION, "absent", None),
        ("b", PSORIASIS, "present", 30.0), ("b", DEPRESSION, "absent", None),
    ])  # fmt: skip
    assert intervals(tables, codebook, DEPRESSION) == [
        ("a", 40.0, 50.0, False, "any_autoimmune_disease", False),
        ("b", 40.0, 50.0, False, "any_autoimmune_disease", True),
    ]


def test_who_had_the_outcome_before_entry_is_not_at_risk(follow: Any, codebook: Codebook) -> None:
    tables = follow([
        ("a", PSORIASIS, "absent", None), ("a", DEPRESSION, "present", 35.0),
        ("b", PSORIASIS, "absent", None), ("b", DEPRESSION, "present", 45.0),
    ])  # fmt: skip
    assert [row[:4] for row in intervals(tables, codebook, DEPRESSION)] == [("b", 40.0, 45.0, True)]
    assert [row[5] for row in intervals(tables, codebook, PSORIASIS)] == [True, False, True]


def test_who_has_an_unknown_status_or_onset_is_left_out_and_counted(follow: Any, codebook: Codebook) -> None:
    tables = follow([
        ("a", PSORIASIS, "present", None), ("a", DEPRESSION, "absent", None),
        ("b", PSORIASIS, "unknown", None), ("b", DEPRESSION, "absent", None),
        ("c", PSORIASIS, "absent", None), ("c", DEPRESSION, "present", None),
        ("d", PSORIASIS, "absent", None), ("d", DEPRESSION, "present", 45.0),
    ])  # fmt: skip
    assert [row[0] for row in intervals(tables, codebook, DEPRESSION)] == ["d"]
    lines = clean_cohort(tables, codebook).ledger.entries
    told = lines.loc[(lines["rule"] == "not_at_risk") & lines["after"].str.startswith("lifetime_depression after")]
    assert dict(zip(told["reason"], told["count"], strict=True)) == {
        "onset of the outcome unknown": 1,
        "exposure unknown": 1,
        "onset of the exposure unknown": 1,
    }


def test_an_earlier_known_disease_exposes_even_if_another_is_undated(follow: Any, codebook: Codebook) -> None:
    tables = follow([
        ("a", PSORIASIS, "present", 30.0), ("a", "celiac_disease", "present", None), ("a", DEPRESSION, "absent", None),
    ])  # fmt: skip
    assert intervals(tables, codebook, DEPRESSION) == [("a", 40.0, 50.0, False, "any_autoimmune_disease", True)]


def test_an_onset_after_exit_is_no_event(follow: Any, codebook: Codebook) -> None:
    tables = follow([("a", PSORIASIS, "absent", None), ("a", DEPRESSION, "present", 50.5)])
    assert [row[1:4] for row in intervals(tables, codebook, DEPRESSION)] == [(40.0, 50.0, False)]


def test_dates_of_onset_serve_where_no_age_is_given(follow: Any, codebook: Codebook) -> None:
    tables = follow(
        [("a", PSORIASIS, "absent", None), ("a", DEPRESSION, "present", None)], onset_date=[None, "2015-07-01"]
    )
    assert [row[1:4] for row in intervals(tables, codebook, DEPRESSION)] == [(40.0, 45.0, True)]


def test_the_intervals_of_one_person_do_not_overlap_and_end_once(follow: Any, codebook: Codebook) -> None:
    rows = [
        (person, disease, "present", onset)
        for person, onsets in {"a": (41.0, 42.0), "b": (42.0, 42.0), "c": (49.0, 41.0), "d": (20.0, 60.0)}.items()
        for disease, onset in zip((PSORIASIS, DEPRESSION), onsets, strict=True)
    ]
    table = clean_cohort(follow(rows), codebook).tables["risk_table"]
    assert (table["stop"] > table["start"]).all()
    for _, part in table.groupby(["participant_id", "outcome", "exposure"]):
        assert part["start"].tolist()[1:] == part["stop"].tolist()[:-1]
        assert not part["event"].iloc[:-1].any()
        assert part["is_exposed"].tolist() == sorted(part["is_exposed"])


def test_the_table_is_empty_with_its_columns_without_follow_up_or_onsets(
    good: Tables, follow: Any, codebook: Codebook
) -> None:
    expected = list(codebook.tables["risk_table"])
    without_follow_up = {name: frame for name, frame in good.items() if name != "follow_up"}
    without_onset = follow([("a", PSORIASIS, "present", None), ("a", DEPRESSION, "present", None)])
    for tables in (without_follow_up, without_onset):
        table = clean_cohort(tables, codebook).tables["risk_table"]
        assert table.empty
        assert table.columns.tolist() == expected
