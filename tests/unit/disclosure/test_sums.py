"""What would give a small count away is withheld, and no more than that."""

from __future__ import annotations

import itertools

import pytest

from cohort.disclosure import Disclosure, Sum, flow_sums, found_sums, is_covered

PARTS = ("a", "b", "c")
WHOLE = [Sum("all", PARTS)]


def possible(texts: dict[str, str], rule: Disclosure, cell: str) -> set[int]:
    """Return every value that a cell can have, by trying all small tables: an own account of what texts tell."""
    ways = {
        name: [n for n in range(1, 30) if rule.text(n) == text or (text == "≥5" and n >= 5) or
               (text.startswith("≈") and abs(n - int(text[1:])) <= 24)]
        if text != "not shown" else list(range(30))
        for name, text in texts.items()
    }  # fmt: skip
    totals = set(ways["all"])
    return {
        dict(zip((*PARTS, "all"), (*parts, sum(parts)), strict=True))[cell]
        for parts in itertools.product(*(ways[name] for name in PARTS))
        if sum(parts) in totals
    }


@pytest.mark.parametrize(
    "counts", [(8, 8, 1), (12, 7, 4), (9, 9, 3), (3, 3, 2), (2, 1, 1), (4, 11, 8), (5, 5, 1)], ids=str
)
@pytest.mark.parametrize("base", [1, 5])
def test_every_value_of_a_small_count_stays_possible(counts: tuple[int, ...], base: int) -> None:
    rule = Disclosure(5, base)
    table = {**dict(zip(PARTS, counts, strict=True)), "all": sum(counts)}
    texts = rule.texts(table, WHOLE)
    for cell, count in table.items():
        if 0 < count < 5:
            assert {1, 2, 3, 4} <= possible(texts, rule, cell), texts


def test_rounding_alone_does_not_hide_a_small_part() -> None:
    """8 + 8 + 1 = 17 is shown as 10, 10, <5 and 15: the last can only be 1, so something must be withheld."""
    plain = {"a": "10", "b": "10", "c": "<5", "all": "15"}
    rule = Disclosure(5, 5)
    assert possible(plain, rule, "c") == {1}
    assert rule.texts({"a": 8, "b": 8, "c": 1, "all": 17}, WHOLE) != plain


def test_nothing_is_withheld_where_nothing_is_small() -> None:
    assert Disclosure(5, 1).texts({"a": 20, "b": 30, "c": 0, "all": 50}, WHOLE) == {
        "a": "20", "b": "30", "c": "0", "all": "50"}  # fmt: skip


def test_a_large_count_is_told_roughly_rather_than_not_at_all() -> None:
    assert Disclosure(5, 1).texts({"all": 1000, "a": 997, "b": 3}, [Sum("all", ("a", "b"))])["a"] == "≈1,000"


def test_what_is_not_shown_must_not_follow_either() -> None:
    """Of 40 people 37 have the event: 3 without it follow from the exact counts, though no cell shows them."""
    texts = Disclosure(5, 1).texts({"n": 40, "events": 37}, [Sum("n", ("events",), has_rest=True)])
    assert texts == {"n": "40", "events": "≥5"}


def test_suppressed_is_told_apart_from_zero() -> None:
    texts = Disclosure(5, 5).texts({"a": 0, "b": 2, "c": 60, "all": 62}, WHOLE)
    assert (texts["a"], texts["b"]) == ("0", "<5")


def test_a_flow_is_a_chain_of_sums_with_branches_from_its_end() -> None:
    assert flow_sums(2, 1) == [
        Sum((0, "n"), ((1, "n"), (1, "excluded"))),
        Sum((1, "n"), ((2, "n"), (2, "excluded"))),
    ]
    assert flow_sums(0, 0) == []


def test_strata_and_subgroups_are_found_in_the_numbers() -> None:
    strata = found_sums({"n": [50, 50, 50], "events": [30, 15, 5]})
    assert Sum((0, "n"), ((0, "events"), (1, "events"), (2, "events"))) in strata
    assert found_sums({"n": [100, 61, 40], "events": [30, 20, 10]}) == []


def test_a_cell_is_covered_only_if_both_ends_are_possible() -> None:
    rule = Disclosure(5, 5)
    known = {"n": rule.shown(100), "events": rule.shown(90)}
    one = [Sum("n", ("events", "x"))]
    assert not is_covered("x", one, {**known, "x": rule.shown(3)}, 5)
    assert is_covered("x", one, {**known, "events": rule.shown(97), "x": rule.shown(3)}, 5)
