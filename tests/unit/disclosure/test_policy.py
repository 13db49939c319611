"""Small counts never show, zero stays told apart from suppressed."""

from __future__ import annotations

import pandas as pd
import pytest

from cohort.disclosure import Disclosure


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (1, "<5"), (4, "<5"), (5, "5"), (7, "5"), (8, "10"), (1234, "1,235")]
)
def test_counts_are_suppressed_or_rounded(count: int, text: str) -> None:
    assert Disclosure(5, 5).text(count) == text


def test_synthetic_counts_are_shown_as_they_are() -> None:
    assert [Disclosure.off().text(n) for n in (0, 1, 4, 1234)] == ["0", "1", "4", "1,234"]
    assert not Disclosure.off().is_on


def test_protecting_a_table_leaves_the_original_alone() -> None:
    table = pd.DataFrame({"n": [3, 100], "mean": [1.5, 2.5]})
    shown = Disclosure(5, 5).protect(table, ["n"])
    assert list(shown["n"]) == ["<5", "100"]
    assert list(table["n"]) == [3, 100]


def test_what_rounding_makes_zero_is_suppressed_and_not_shown_as_zero() -> None:
    rule = Disclosure(5, 20)
    assert [rule.text(n) for n in (0, 5, 10, 11, 30)] == ["0", "<11", "<11", "20", "40"]


@pytest.mark.parametrize("rule", [Disclosure(5, 5), Disclosure(5, 1), Disclosure(10, 10), Disclosure(3, 4)], ids=str)
def test_a_reader_knows_a_count_as_closely_as_its_text_says(rule: Disclosure) -> None:
    for count in range(60):
        low, high = rule.shown(count)
        same = [n for n in range(80) if rule.text(n) == rule.text(count)]
        assert (low, high) == (same[0], same[-1])


def test_the_difference_of_two_rounded_counts_tells_nothing_of_a_small_one() -> None:
    """From 8 people on, and with the minimum as base, any small difference leaves all of 1 to 4 possible."""
    rule = Disclosure(5, 5)
    for part in range(8, 40):
        for small in range(1, 5):
            whole = rule.shown(part + small)
            seen = rule.shown(part)
            assert whole.low - (seen.high or 0) <= 1
            assert (whole.high or 0) - seen.low >= 4


def test_a_missing_count_is_blank() -> None:
    assert Disclosure(5, 5).text(float("nan")) == ""
