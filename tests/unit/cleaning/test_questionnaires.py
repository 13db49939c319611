"""Rules about questionnaires: what a site shares is repaired where it is certain, and left alone where it is not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from cohort.cleaning import RULES, apply_rules
from cohort.cleaning.rule import Applied
from cohort.codebook import Codebook, Instrument

Build = Callable[..., pd.DataFrame]
Tables = dict[str, pd.DataFrame]
PEOPLE = 80
ABOUT_FORMS = ("straight_lining", "coding_shifted", "items_unreversed", "item_range")


def answers(instrument: Instrument, people: int, seed: int) -> np.ndarray:
    """Return answers of people with one burden each, as they stand on paper: reversed items go the other way."""
    rng = np.random.default_rng(seed)
    burden = rng.beta(1, 2, size=people)[:, None]
    low, high = instrument.minimum, instrument.maximum
    noisy = np.clip(burden + rng.normal(0, 0.2, size=(people, instrument.items)), 0, 1)
    marks = np.round(low + noisy * (high - low))
    turned = np.array([number in instrument.reversed for number in range(1, instrument.items + 1)])
    return np.where(turned, low + high - marks, marks).astype(int)


@pytest.fixture
def two_sites(good: Tables, build: Build, codebook: Codebook) -> Callable[..., Tables]:
    """Return a function that makes a cohort of two sites with forms of one questionnaire, changed by a function."""

    def make(name: str, change: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Tables:
        instrument = codebook.instruments[name]
        ids = [f"p{number:03d}" for number in range(2 * PEOPLE)]
        site = np.repeat(["A", "B"], PEOPLE)
        marks = change(answers(instrument, 2 * PEOPLE, seed=1), site == "B")
        columns = {column: marks[:, place].tolist() for place, column in enumerate(instrument.columns)}
        empty = {table: frame.iloc[:0] for table, frame in good.items()}
        people = build("participants", participant_id=ids, site=site.tolist())
        visits = build("visits", participant_id=ids, visit=["t0"] * len(ids), **columns)
        return {**empty, "participants": people, "visits": visits}

    return make


def clean(tables: Tables, codebook: Codebook) -> Applied:
    return apply_rules(tables, codebook, [rule for rule in RULES if rule.id in ABOUT_FORMS])


def marks_of(tables: dict[str, pd.DataFrame], instrument: Instrument) -> np.ndarray:
    return tables["visits"][list(instrument.columns)].to_numpy(dtype=float)


@pytest.mark.parametrize("name", ["phq9", "pss10", "ctq_sf", "hamd17", "bdi2"])
def test_sound_forms_stay_as_they_are(two_sites: Callable[..., Tables], codebook: Codebook, name: str) -> None:
    instrument = codebook.instruments[name]
    tops = [high for _, high in instrument.item_limits]
    applied = clean(two_sites(name, lambda marks, there: np.minimum(marks, tops)), codebook)
    assert applied.ledger.entries.empty


@pytest.mark.parametrize(("name", "shift"), [("phq9", 1), ("pss10", 1), ("ctq_sf", -1)])
def test_a_coding_off_by_one_at_a_site_is_moved_back_in_one_line_per_item(
    two_sites: Callable[..., Tables], codebook: Codebook, name: str, shift: int
) -> None:
    instrument = codebook.instruments[name]
    right = two_sites(name, lambda marks, there: marks)
    applied = clean(two_sites(name, lambda marks, there: marks + shift * there[:, None]), codebook)
    assert (marks_of(applied.tables, instrument) == marks_of(right, instrument)).all()
    lines = applied.ledger.entries
    assert set(lines["rule"]) == {"coding_shifted"}
    assert len(lines) == instrument.items
    assert (lines["count"] == PEOPLE).all()
    assert lines["reason"].str.contains("at site B").all()


def test_a_stray_code_is_no_coding(two_sites: Callable[..., Tables], codebook: Codebook) -> None:
    def stray(marks: np.ndarray, there: np.ndarray) -> np.ndarray:
        marks = np.minimum(marks + there[:, None], 3)  # nobody at B answers 0, but only one cell lies beyond
        marks[-1, 0] = 4
        return marks

    applied = clean(two_sites("phq9", stray), codebook)
    assert set(applied.ledger.entries["rule"]) == {"item_range"}
    assert len(applied.ledger.entries) == 1


def test_stray_codes_of_one_site_prove_nothing_about_another(
    two_sites: Callable[..., Tables], codebook: Codebook
) -> None:
    def stray(marks: np.ndarray, there: np.ndarray) -> np.ndarray:
        marks = np.minimum(marks + there[:, None], 3)  # nobody at B answers 0
        marks[:6, 0] = 4  # at A
        return marks

    assert set(clean(two_sites("phq9", stray), codebook).ledger.entries["rule"]) == {"item_range"}


def test_few_forms_tell_no_coding(two_sites: Callable[..., Tables], codebook: Codebook) -> None:
    tables = two_sites("phq9", lambda marks, there: marks + there[:, None])
    keep = [*range(PEOPLE), *range(PEOPLE, PEOPLE + 19)]
    applied = clean({**tables, "visits": tables["visits"].iloc[keep].reset_index(drop=True)}, codebook)
    assert "coding_shifted" not in set(applied.ledger.entries["rule"])


@pytest.mark.parametrize("name", ["pss10", "ctq_sf"])
def test_items_turned_before_are_turned_back(two_sites: Callable[..., Tables], codebook: Codebook, name: str) -> None:
    instrument = codebook.instruments[name]
    ends = instrument.minimum + instrument.maximum
    turned = np.array([number in instrument.reversed for number in range(1, instrument.items + 1)])

    def turn(marks: np.ndarray, there: np.ndarray) -> np.ndarray:
        return np.where(there[:, None] & turned, ends - marks, marks)

    right = two_sites(name, lambda marks, there: marks)
    applied = clean(two_sites(name, turn), codebook)
    assert (marks_of(applied.tables, instrument) == marks_of(right, instrument)).all()
    lines = applied.ledger.entries
    assert set(lines["rule"]) == {"items_unreversed"}
    assert set(lines["column"]) == {f"{instrument.prefix}{number}" for number in instrument.reversed}


def test_a_single_item_that_was_turned_before_is_flagged_and_not_changed(
    two_sites: Callable[..., Tables], codebook: Codebook
) -> None:
    def turn(marks: np.ndarray, there: np.ndarray) -> np.ndarray:
        marks = marks.copy()
        marks[there, 3] = 4 - marks[there, 3]  # pss10_4
        return marks

    tables = two_sites("pss10", turn)
    applied = clean(tables, codebook)
    (line,) = applied.ledger.entries.to_dict("records")
    assert (line["rule"], line["action"], line["column"], line["count"]) == ("items_unreversed", "flag", "pss10_4", 80)
    pd.testing.assert_frame_equal(applied.tables["visits"], tables["visits"])


def test_answers_that_go_with_nothing_are_no_proof(two_sites: Callable[..., Tables], codebook: Codebook) -> None:
    def noise(marks: np.ndarray, there: np.ndarray) -> np.ndarray:
        return np.random.default_rng(5).integers(0, 5, size=marks.shape)

    applied = clean(two_sites("pss10", noise), codebook)
    assert "items_unreversed" not in set(applied.ledger.entries["rule"])


def test_a_form_answered_alike_is_flagged_unless_all_answers_lie_in_the_middle(
    two_sites: Callable[..., Tables], codebook: Codebook
) -> None:
    def alike(marks: np.ndarray, there: np.ndarray) -> np.ndarray:
        marks = marks.copy()
        marks[0], marks[1] = 4, 2
        return marks

    applied = clean(two_sites("pss10", alike), codebook)
    (line,) = applied.ledger.entries.to_dict("records")
    assert (line["rule"], line["action"], line["participant_id"]) == ("straight_lining", "flag", "p000")
    everybody = clean(two_sites("phq9", lambda marks, there: np.zeros_like(marks)), codebook)
    assert everybody.ledger.entries.empty
