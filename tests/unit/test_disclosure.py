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


def test_a_missing_count_is_blank() -> None:
    assert Disclosure(5, 5).text(float("nan")) == ""
