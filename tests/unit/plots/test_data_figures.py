"""Figures of people: flow, missing values, distributions, ledger; nobody can be read off them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from cohort.codebook import load_codebook
from cohort.disclosure import Disclosure
from cohort.plots import draw_distributions, draw_flow, draw_hexbin, draw_ledger, draw_missingness
from cohort.plots.bins import histogram, merge_small
from cohort.plots.missingness import missing_patterns

CODEBOOK = load_codebook()
STRICT = Disclosure(5, 5)
COLUMNS = ["label", "n", "excluded", "reason"]


def test_every_step_exclusion_and_branch_has_a_box(words: Callable[[Axes], list[str]]) -> None:
    steps = pd.DataFrame([["All", 103, 0, ""], ["Adults", 99, 4, "too young"], ["Same", 99, 0, ""]], columns=COLUMNS)
    branches = pd.DataFrame([["With CRP", 81, 18, "not measured"]], columns=COLUMNS)
    ax = draw_flow(steps, branches, disclosure=STRICT)
    assert len([patch for patch in ax.patches if isinstance(patch, FancyBboxPatch)]) == 3 + 1 + 2
    assert {"All\nn = 105", "Adults\nn = 100", "Too young\nn < 5", "With CRP\nn = 80 (80 %)"} <= set(words(ax))
    exact = draw_flow(steps, branches, disclosure=Disclosure.off())
    assert {"All\nn = 103", "Too young\nn = 4"} <= set(words(exact))


ROWS = pd.DataFrame(
    [
        ["people", "used", "", 90],
        ["people", "ineligible", "too young", 13],
        ["blood", "used", "", 180],
        ["blood", "merged", "an exact copy of an earlier row", 20],
        ["blood", "quarantined", "the identifier is blank", 4],
        ["blood", "ineligible", "no entry of the study selects this row", 30],
    ],
    columns=["file", "status", "reason", "rows"],
)


def test_source_rows_stand_above_the_people_and_those_of_the_ineligible_leave_with_them(
    words: Callable[[Axes], list[str]],
) -> None:
    steps = pd.DataFrame([["All", 103, 0, ""], ["Adults", 90, 13, "too young"]], columns=COLUMNS)
    texts = words(draw_flow(steps, sources=ROWS, disclosure=Disclosure.off()))
    assert "Rows in 2 source files\nn = 337\npeople 103, blood 234" in texts
    assert "Rows read for this cohort\nn = 283" in texts
    out = next(text for text in texts if text.startswith("No entry of the study selects this")).replace("\n", " ")
    assert out.split("Copies")[0].strip().endswith("row: n = 30")
    assert "merged: n = 20" in out
    assert "quarantine: n = 4" in out


def test_small_counts_of_the_flow_cannot_be_worked_out_from_the_others(words: Callable[[Axes], list[str]]) -> None:
    exact = Disclosure(5, 1)
    steps = pd.DataFrame([["All", 103, 0, ""], ["Adults", 99, 4, "too young"]], columns=COLUMNS)
    texts = words(draw_flow(steps, sources=ROWS, disclosure=exact))
    assert "Too young\nn < 5" in texts
    assert not {"All\nn = 103", "Adults\nn = 99"} <= set(texts)
    rows = next(text for text in texts if "Set aside" in text).replace("\n", " ")
    assert "n < 5" in rows
    assert "Rows read for this cohort\nn = 283" not in texts or "n ≥ 5" in rows


def test_a_flow_without_steps_says_so(words: Callable[[Axes], list[str]]) -> None:
    assert "no step of the flow is known" in words(draw_flow(pd.DataFrame(columns=COLUMNS), disclosure=STRICT))


def test_patterns_of_few_people_are_pooled_and_nobody_is_lost() -> None:
    rng = np.random.default_rng(2)
    missing = pd.DataFrame(rng.random((400, 5)) < 0.2, columns=list("abcde"))
    found = missing_patterns(missing, STRICT, most=4)
    assert sum(found.counts) + found.other == 400
    assert len(found.counts) == 4
    assert min(missing_patterns(missing, STRICT, most=99).counts) >= 5
    exact = (missing == found.missing.iloc[0].to_numpy()).all(axis=1).sum()
    assert exact == found.counts[0]


def test_missingness_tells_absent_from_missing_and_hides_few(words: Callable[[Axes], list[str]]) -> None:
    table = pd.DataFrame({"age_years": [np.nan] * 3 + [40.0] * 97, "bmi_kg_m2": [np.nan] * 40 + [25.0] * 60})
    shown = words(
        draw_missingness(table, ["age_years", "bmi_kg_m2", "ctq_total"], codebook=CODEBOOK, disclosure=STRICT)
    )
    assert {"<5 people", "40 %", "not in this cohort"} <= set(shown)
    assert "other\n40" in shown  # 3 people without both, pooled with 37: alone they would follow from the others


@pytest.mark.parametrize("variables", [[], ["age_years"]])
def test_nobody_or_nothing_is_said(variables: list[str], words: Callable[[Axes], list[str]]) -> None:
    table = pd.DataFrame({"age_years": [] if variables else [1.0]}, dtype=float)
    reason = "there is nobody or nothing to show"
    assert reason in words(draw_missingness(table, variables, codebook=CODEBOOK, disclosure=STRICT))
    assert reason in words(draw_distributions(table, variables, CODEBOOK, disclosure=STRICT))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=40), st.integers(1, 10))
def test_merged_bins_hold_everybody_and_no_few(counts: list[int], minimum: int) -> None:
    merged, edges = merge_small(np.asarray(counts, float), np.arange(len(counts) + 1.0), minimum)
    assert merged.sum() == sum(counts)
    assert len(edges) == len(merged) + 1
    assert (edges[0], edges[-1]) == (0, len(counts))
    assert len(merged) == 1 or all(count == 0 or count >= minimum for count in merged)


@pytest.mark.parametrize("log", [False, True])
def test_a_histogram_gives_no_extreme_away(log: bool) -> None:
    values = np.append(np.random.default_rng(1).lognormal(0, 0.5, 900), [1e-4, 4000.0])
    shown = histogram(values, STRICT, log=log)
    assert shown.edges[-1] < 100
    assert shown.counts[shown.counts > 0].min() >= 5
    assert not (shown.counts % 5).any()
    assert shown.counts.sum() == pytest.approx(902, abs=2.5 * len(shown.counts))
    exact = histogram(values, Disclosure.off(), log=log)
    assert exact.counts.sum() == 902
    assert exact.edges[-1] >= 4000


def test_heights_do_not_depend_on_merging() -> None:
    values = np.repeat(np.arange(10.0), 40)
    flat = histogram(values, Disclosure.off())
    assert np.allclose(flat.heights, 0.1)
    assert (flat.density * np.diff(flat.edges)).sum() == pytest.approx(1)


def test_each_variable_has_a_panel_and_an_absent_one_says_so(words: Callable[[Axes], list[str]]) -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"age_years": rng.normal(50, 9, 200), "crp_mg_l": rng.lognormal(0, 1.2, 200),
                          "il6_pg_ml": [1.0, 2.0, 3.0] + [np.nan] * 197})  # fmt: skip
    ax = draw_distributions(table, ["age_years", "crp_mg_l", "il6_pg_ml", "ctq_total"], CODEBOOK, disclosure=STRICT)
    whole = ax.get_figure(root=True)
    assert whole is not None
    assert sum(one.axison for one in whole.axes) == 4
    scales = {one.get_xlabel().split(" (")[0]: one.get_xscale() for one in whole.axes}
    assert scales["C-reactive protein"] == "log"
    assert scales["Age"] == "linear"
    assert {"not in this\ncohort", "fewer than 5\npeople"} <= {*words(ax)}


def test_a_small_category_is_suppressed_without_a_bar(words: Callable[[Axes], list[str]]) -> None:
    table = pd.DataFrame({"has_multiple_sclerosis": pd.array([True] * 4 + [False] * 96, dtype="boolean")})
    ax = draw_distributions(table, ["has_multiple_sclerosis"], CODEBOOK, disclosure=STRICT)
    assert {"<5", "yes", "no"} <= set(words(ax))
    assert sorted(round(float(bar.get_width())) for bar in ax.patches) == [0, 95]


def test_hexagons_of_few_people_are_not_drawn(words: Callable[[Axes], list[str]]) -> None:
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"age_years": rng.normal(50, 9, 2000), "bmi_kg_m2": rng.normal(27, 4, 2000)})
    ax = draw_hexbin(table, "age_years", "bmi_kg_m2", CODEBOOK, disclosure=STRICT)
    counts = np.asarray(ax.collections[0].get_array())
    assert counts.min() >= 5
    assert not (counts % 5).any()
    assert any("are not drawn" in text.replace("\n", " ") for text in words(ax))
    few = draw_hexbin(table.head(30), "age_years", "bmi_kg_m2", CODEBOOK, disclosure=STRICT)
    assert "no hexagon holds 5 people" in words(few)
    absent = draw_hexbin(table, "age_years", "crp_mg_l", CODEBOOK, disclosure=STRICT)
    assert "not in this cohort: crp_mg_l" in words(absent)


def test_the_ledger_shows_bars_or_points_and_pools_the_rest(words: Callable[[Axes], list[str]]) -> None:
    names = ["rule", "table", "column", "action", "count"]
    near = pd.DataFrame([["a", "visits", "bmi_kg_m2", "flag", 20], ["b", "labs", "", "map", 3]], columns=names)
    ax = draw_ledger(near, disclosure=STRICT, codebook=CODEBOOK)
    assert [bar.get_width() for bar in ax.patches] == [20]
    assert {"20", "<5", "Body mass index: a", "labs: b", "flagged, unchanged"} <= set(words(ax))
    far = pd.DataFrame([[f"r{i}", "visits", "x", "map", 10 * 2**i] for i in range(20)], columns=names)
    ax = draw_ledger(far, disclosure=Disclosure.off())
    assert ax.get_xscale() == "log"
    assert any(text.startswith("2 further rules touched 30 values") for text in words(ax))
    items = pd.DataFrame([["blank", "visits", f"phq9_{i}", "flag", 30] for i in (1, 2)], columns=names)
    assert {"PHQ-9 items: blank", "60"} <= set(words(draw_ledger(items, disclosure=STRICT, codebook=CODEBOOK)))
    assert words(draw_ledger(far.head(0), disclosure=STRICT))[0] == "cleaning changed nothing"
