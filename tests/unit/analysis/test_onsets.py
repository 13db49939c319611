"""Ages at onset and the life before the interview: order kept, nothing guessed, whole years at mid-year."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.onsets import ANY_AUTOIMMUNE, DEPRESSION, life_table, onsets

DISEASES = ("multiple_sclerosis", "psoriasis")
HEAD = ["participant_id", "disease", "status", "onset_age_years"]


def people(*rows: tuple[str, float, bool | None, bool | None, bool | None]) -> pd.DataFrame:
    """Return people: identifier, age, depression, multiple sclerosis, psoriasis."""
    names = ["participant_id", "age_years", "has_lifetime_depression", *(f"has_{name}" for name in DISEASES)]
    return pd.DataFrame(rows, columns=names).astype(dict.fromkeys(names[2:], "boolean"))


def said(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame([(who, what, "present", age) for who, what, age in rows], columns=HEAD)


def rows_of(table: pd.DataFrame, outcome: str, exposure: str, who: str) -> list[tuple[float, float, bool, bool]]:
    chosen = table[(table["outcome"] == outcome) & (table["exposure"] == exposure) & (table["participant_id"] == who)]
    return list(chosen[["start", "stop", "event", "is_exposed"]].itertuples(index=False, name=None))


COHORT = people(
    ("order", 50.2, True, True, False),
    ("reverse", 60.0, True, False, True),
    ("same", 40.7, True, True, False),
    ("never", 45.0, False, False, False),
    ("undated", 44.0, False, True, False),
    ("unasked", 44.0, False, None, False),
    ("now", 33.4, True, False, False),
)
ANSWERS = said(
    ("order", "multiple_sclerosis", 30), ("order", DEPRESSION, 40), ("reverse", DEPRESSION, 20),
    ("reverse", "psoriasis", 50), ("same", DEPRESSION, 25), ("same", "multiple_sclerosis", 25),
    ("undated", "multiple_sclerosis", np.nan), ("now", DEPRESSION, 33),
)  # fmt: skip


def test_the_order_of_onsets_is_kept() -> None:
    table = life_table(COHORT, ANSWERS)
    forward = (DEPRESSION, ANY_AUTOIMMUNE)
    assert rows_of(table, *forward, "order") == [(0.0, 30.5, False, False), (30.5, 40.5, True, True)]
    assert rows_of(table, *reversed(forward), "order") == [(0.0, 30.5, True, False)]
    assert rows_of(table, *forward, "reverse") == [(0.0, 20.5, True, False)]
    assert rows_of(table, *reversed(forward), "reverse") == [(0.0, 20.5, False, False), (20.5, 50.5, True, True)]
    assert rows_of(table, *forward, "never") == [(0.0, 45.0, False, False)]


def test_an_exposure_at_the_age_of_the_outcome_does_not_precede_it() -> None:
    table = life_table(COHORT, ANSWERS)
    assert rows_of(table, DEPRESSION, "multiple_sclerosis", "same") == [(0.0, 25.5, True, False)]
    assert rows_of(table, "multiple_sclerosis", DEPRESSION, "same") == [(0.0, 25.5, True, False)]


def test_what_is_not_known_is_left_out_and_not_guessed() -> None:
    table = life_table(COHORT, ANSWERS)
    for who in ("undated", "unasked"):
        assert rows_of(table, DEPRESSION, ANY_AUTOIMMUNE, who) == []
        assert rows_of(table, DEPRESSION, "psoriasis", who) == [(0.0, 44.0, False, False)]


def test_whole_years_are_in_the_middle_but_not_after_the_interview() -> None:
    assert rows_of(life_table(COHORT, ANSWERS), DEPRESSION, "psoriasis", "now") == [(0.0, 33.4, True, False)]
    exact = onsets(COHORT, pd.concat([ANSWERS, said(("never", "psoriasis", 12.25))]))
    assert exact["psoriasis"].age[1] == 50.0  # one age is no whole number: these are exact ages
    assert exact[DEPRESSION].age[0] == 40.5


def test_dates_of_onset_become_ages() -> None:
    cohort = COHORT.assign(baseline_date=pd.Timestamp("2024-01-01"))
    answers = ANSWERS.assign(onset_date=pd.NaT, onset_age_years=np.nan)
    answers["onset_date"] = pd.to_datetime(["1994-01-01", "2004-01-01", *["1990-06-01"] * (len(answers) - 2)])
    known = onsets(cohort, answers)
    assert known["multiple_sclerosis"].age[0] == pytest.approx(50.2 - 30, abs=0.01)
    assert known[DEPRESSION].age[0] == pytest.approx(50.2 - 20, abs=0.01)
    assert known[DEPRESSION].age[3] == np.inf


def test_a_first_record_of_a_register_is_no_onset() -> None:
    sources = np.where(ANSWERS["participant_id"] == "order", "register", "interview")
    table = life_table(COHORT, ANSWERS.assign(source=sources))
    assert rows_of(table, DEPRESSION, "psoriasis", "order") == []
    assert rows_of(table, DEPRESSION, "psoriasis", "reverse") == [(0.0, 20.5, True, False)]


def test_onsets_after_the_interview_are_not_its_past() -> None:
    later = pd.concat([ANSWERS[ANSWERS["participant_id"] != "order"], said(("order", DEPRESSION, 58))])
    later = pd.concat([later, said(("order", "multiple_sclerosis", 30))])
    assert rows_of(life_table(COHORT, later), DEPRESSION, ANY_AUTOIMMUNE, "order")[-1] == (30.5, 50.2, False, True)


@pytest.mark.parametrize(
    ("cohort", "answers"),
    [
        (COHORT, ANSWERS.iloc[:0]),
        (COHORT, pd.DataFrame()),
        (COHORT.drop(columns="age_years"), ANSWERS),
        (COHORT.drop(columns="has_lifetime_depression"), ANSWERS),
        (COHORT, ANSWERS.assign(onset_age_years=np.nan)),
        (COHORT, ANSWERS.drop(columns="onset_age_years")),
    ],
)
def test_a_cohort_without_ages_at_onset_has_an_empty_table(cohort: pd.DataFrame, answers: pd.DataFrame) -> None:
    table = life_table(cohort, answers)
    assert table.empty
    assert list(table.columns[:2]) == ["participant_id", "outcome"]


def test_every_year_of_life_is_counted_once() -> None:
    rng = np.random.default_rng(11)
    n = 300
    cohort = people(
        *((str(i), float(age), bool(a), bool(b), bool(c))
          for i, (age, a, b, c) in enumerate(zip(rng.uniform(20, 80, n), *(rng.random((3, n)) < 0.4), strict=True)))
    )  # fmt: skip
    answers = said(
        *((str(i), name, float(rng.integers(0, int(cohort["age_years"][i]) + 1)))
          for name in (DEPRESSION, *DISEASES) for i in np.flatnonzero(cohort[f"has_{name}"]))
    )  # fmt: skip
    table = life_table(cohort, answers)
    table = table[(table["outcome"] == DEPRESSION) & (table["exposure"] == ANY_AUTOIMMUNE)]
    years = (table["stop"] - table["start"]).groupby(table["participant_id"]).sum()
    first = onsets(cohort, answers)[DEPRESSION].age
    expected = np.minimum(first, cohort["age_years"])
    assert years.reindex(cohort["participant_id"]).to_numpy() == pytest.approx(expected.to_numpy())
    assert table["event"].sum() == cohort["has_lifetime_depression"].sum()
