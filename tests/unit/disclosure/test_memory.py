"""Tables of one study are protected together: what one shows is known when the next is made."""

from __future__ import annotations

from pathlib import Path

from cohort.disclosure import Disclosure, Memory, Sum, people_named

ALL = people_named("eligible")
WOMEN = people_named("eligible", "sex=female")


def test_a_cell_reads_the_same_in_every_table() -> None:
    rule = Disclosure(5, 1, Memory())
    first = rule.texts({"all": 40, "women": 37}, [Sum("all", ("women",), has_rest=True)], names={"women": WOMEN})
    again = rule.texts({"x": 37, "y": 50}, [Sum("y", ("x",), has_rest=True)], names={"x": WOMEN})
    assert first["women"] == again["x"] == "≥5"


def test_a_later_table_does_not_undo_an_earlier_one() -> None:
    """40 in all of whom 3 are men: once both are shown, the women must not be, in any table."""
    rule = Disclosure(5, 1, Memory())
    men = people_named("eligible", "sex=male")
    rule.texts({"all": 40, "men": 3}, [Sum("all", ("men",), has_rest=True)], names={"all": ALL, "men": men})
    later = rule.texts({"all": 40, "women": 37}, [Sum("all", ("women", men))], names={"all": ALL, "women": WOMEN})
    assert later == {"all": "40", "women": "≥5"}


def test_other_people_under_the_same_name_are_not_taken_for_them() -> None:
    rule = Disclosure(5, 5, Memory())
    sums = [Sum("all", ("women",), has_rest=True)]
    rule.texts({"all": 100, "women": 50}, sums, names={"all": ALL, "women": WOMEN})
    assert rule.texts({"all": 60, "women": 20}, sums, names={"all": ALL, "women": WOMEN})["all"] == "60"


def test_another_notebook_of_the_same_run_knows_what_was_shown(tmp_path: Path) -> None:
    rules = [Disclosure(5, 1, Memory()) for _ in range(2)]
    men = people_named("eligible", "sex=male")
    for rule in rules:
        assert rule.memory is not None
    rules[0].memory.keep_in(tmp_path / "shown.json")
    rules[0].texts({"all": 40, "men": 3}, [Sum("all", ("men",), has_rest=True)], names={"all": ALL, "men": men})
    rules[1].memory.keep_in(tmp_path / "shown.json")
    later = rules[1].texts({"all": 40, "women": 37}, [Sum("all", ("women", men))], names={"all": ALL, "women": WOMEN})
    assert later["women"] == "≥5"
    assert "37" not in (tmp_path / "shown.json").read_text(encoding="utf-8")


def test_cells_of_a_sum_that_are_not_counted_can_be_kept_too(tmp_path: Path) -> None:
    rule = Disclosure(5, 5, Memory())
    assert rule.memory is not None
    rule.memory.keep_in(tmp_path / "shown.json")
    rule.texts({(0, "n"): 40}, [Sum((0, "n"), ((0, "events"), (0, "others")))], names={(0, "n"): ALL})
    again = Memory()
    again.keep_in(tmp_path / "shown.json")
    assert again.shown == rule.memory.shown
    assert again.sums == rule.memory.sums
    assert again.small == rule.memory.small
