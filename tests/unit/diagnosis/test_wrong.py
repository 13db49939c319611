"""When a verdict is wrong, as a table of cases."""

from __future__ import annotations

import math

import pytest

from cohort.diagnosis import KnownTruth, is_wrong
from cohort.diagnosis.wrong import STATUSES

NONE, SMALL, LARGE, PROTECTIVE, SMALL_PROTECTIVE = 1.0, 1.1, 1.5, 0.6, 0.9
CASES = [
    # what is said of "above nothing", and whether it is wrong at true odds ratios of 1, 1.1, 1.5, 0.6 and 0.9
    ("supported", (True, False, False, True, True)),
    ("contradicted", (True, True, True, False, False)),
    ("no relevant effect", (False, False, True, True, False)),
    ("inconclusive", (False, False, False, False, False)),
    ("not testable with this cohort", (False, False, False, False, False)),
]


@pytest.mark.parametrize(("status", "wrong"), CASES)
def test_of_a_direction(status: str, wrong: tuple[bool, ...]) -> None:
    truths = (NONE, SMALL, LARGE, PROTECTIVE, SMALL_PROTECTIVE)
    assert tuple(is_wrong(status, KnownTruth(math.log(value), 0.0, is_log=True)) for value in truths) == wrong


def test_every_word_has_a_case() -> None:
    assert [status for status, _ in CASES] == list(STATUSES)


@pytest.mark.parametrize(
    ("status", "true_value", "wrong"),
    [
        ("supported", 3.0, False), ("supported", 2.1, False), ("supported", 1.7, True), ("supported", 4.6, True),
        ("contradicted", 3.0, True), ("contradicted", 1.7, False), ("inconclusive", 3.0, False),
        ("not testable with this cohort", 3.0, False),
    ],
)  # fmt: skip
def test_of_a_size_of_three(status: str, true_value: float, wrong: bool) -> None:
    assert is_wrong(status, KnownTruth(math.log(true_value), 0.0, is_log=True), size=3.0) == wrong


def test_of_a_difference_nothing_relevant_is_wrong_when_it_is_not_nothing() -> None:
    assert not is_wrong("no relevant effect", KnownTruth(0.0, 0.0, is_log=False))
    assert is_wrong("no relevant effect", KnownTruth(0.2, 0.0, is_log=False))


def test_a_truth_within_its_own_error_of_nothing_is_nothing() -> None:
    """A truth that is only known to lie near 1 cannot make a direction right."""
    assert is_wrong("supported", KnownTruth(0.01, 0.005, is_log=True))
    assert not is_wrong("supported", KnownTruth(0.02, 0.005, is_log=True))
