"""Weights for those who remain: recovery when leaving is at random given the past, null, and where it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from cohort.analysis.attrition import Attrition, effective_size, remaining_weights, weighted_effect, wide_waves
from cohort.analysis.regression import mean_difference
from cohort.analysis.sampling import design_of
from cohort.results import Estimate, NotTestable


def leaving_world(
    rng: np.random.Generator, n: int, effect: float, *, by_outcome: float = 0.0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Return people of whom the ill at each wave leave: exposure x acts on z0 and z1, z1 on y; and the whole outcome.

    With ``by_outcome`` people leave by the outcome that would have been measured, not by what was.
    """
    x = rng.integers(2, size=n).astype(float)
    z0 = effect * x + rng.normal(size=n)
    stays1 = rng.random(n) < special.expit(1.5 - 0.8 * z0 - 0.5 * x)
    z1 = z0 + 0.5 * rng.normal(size=n)
    y = z1 + 0.5 * rng.normal(size=n)
    of_what = by_outcome * y if by_outcome else 0.8 * z1
    stays2 = stays1 & (rng.random(n) < special.expit(1.5 - of_what - 0.5 * x))
    table = pd.DataFrame({"x": x, "z0": z0, "z1": np.where(stays1, z1, np.nan), "y": np.where(stays2, y, np.nan)})
    return table.assign(seen1=stays1, seen2=stays2), y


def weights(table: pd.DataFrame) -> Attrition:
    found = remaining_weights(
        table, remains=["seen1", "seen2"], predictors=[["z0"], ["z0", "z1"]], baseline=["x"], design=design_of(table),
        truncate=1,
    )  # fmt: skip
    assert isinstance(found, Attrition), found
    return found


def effect(table: pd.DataFrame) -> Estimate:
    found = weighted_effect(table, weights(table), wave="seen2", outcome="y", exposure="x")
    assert isinstance(found, Estimate), found
    return found


def test_weights_recover_the_effect_among_all_who_began() -> None:
    table, _ = leaving_world(np.random.default_rng(1), 8000, 1.0)
    weighted = effect(table)
    assert abs(weighted.value - 1.0) < 3 * weighted.standard_error < 0.2
    plain = mean_difference(table, outcome="y", exposure="x", design=design_of(table))
    assert isinstance(plain, Estimate)
    assert plain.interval()[1] < 0.9
    yes = table.assign(y=(table["y"] > 0.5).where(table["y"].notna()))
    ratio = weighted_effect(yes, weights(yes), wave="seen2", outcome="y", exposure="x")
    assert isinstance(ratio, Estimate)
    # P(y > 0.5) with SD sqrt(1.5) about 1 and about 0.
    p, q = special.ndtr(0.5 / np.sqrt(1.5)), special.ndtr(-0.5 / np.sqrt(1.5))
    assert abs(np.log(ratio.value) - np.log(p / (1 - p) / (q / (1 - q)))) < 3 * ratio.standard_error


def missed(worlds: int, n: int) -> int:
    """Return in how many worlds without effect the interval leaves out none."""
    count = 0
    for one in np.random.SeedSequence(5).spawn(worlds):
        low, high = effect(leaving_world(np.random.default_rng(one), n, 0.0)[0]).interval()
        count += not low <= 0 <= high
    return count


def test_finds_no_effect_where_there_is_none() -> None:
    assert missed(40, 500) <= 6


@pytest.mark.slow
def test_intervals_leave_out_no_effect_in_at_most_one_world_of_twenty() -> None:
    assert missed(500, 1000) / 500 <= 0.05 + 0.015 + 3 * np.sqrt(0.05 * 0.95 / 500)


def test_weights_do_not_help_where_people_leave_by_the_outcome_itself() -> None:
    table, _ = leaving_world(np.random.default_rng(1), 8000, 1.0, by_outcome=2.5)
    assert effect(table).interval()[1] < 0.95


def test_stabilised_weights_stand_for_all() -> None:
    table, whole = leaving_world(np.random.default_rng(2), 30_000, 1.0)
    found = weights(table)
    last = found.weights["seen2"].to_numpy()
    stays = table["seen2"].to_numpy()
    assert (np.isnan(last) == ~stays).all()
    assert found.waves["mean weight"].to_numpy() == pytest.approx([1, 1], abs=0.03)
    for x in (0.0, 1.0):
        side = stays & (table["x"].to_numpy() == x)
        there = np.average(whole[side], weights=last[side])
        assert there == pytest.approx(whole[table["x"] == x].mean(), abs=0.1)
    assert effective_size(last[stays]) == pytest.approx(found.waves["effective size"].iloc[-1])
    assert found.waves["effective size"].iloc[-1] < stays.sum()
    assert list(found.waves["at risk"]) == [30_000, int(table["seen1"].sum())]
    assert found.table().counts == ("at risk", "remaining")


def test_truncation_bounds_the_weights() -> None:
    table, _ = leaving_world(np.random.default_rng(2), 1000, 1.0)
    cut = remaining_weights(
        table, remains=["seen1"], predictors=[["z0"]], baseline=["x"], design=design_of(table), truncate=0.9
    )
    assert isinstance(cut, Attrition)
    whole = weights(table).weights["seen1"]
    assert cut.weights["seen1"].max() == pytest.approx(whole.quantile(0.9))


def test_spreads_visits_over_columns() -> None:
    visits = pd.DataFrame(
        {"participant_id": ["a", "b", "a", "c"], "visit": ["v0", "v0", "v1", "v0"], "phq": [1.0, 2.0, 3.0, None]}
    )
    wide = wide_waves(visits, ["phq", "crp"], {"v0": "t0", "v1": "t1"})
    assert list(wide.columns) == ["participant_id", "phq_t0", "is_seen_t0", "phq_t1", "is_seen_t1"]
    assert wide["is_seen_t0"].tolist() == [True, True, False]
    assert wide["phq_t1"].tolist()[0] == 3.0


def test_says_why_there_are_no_weights() -> None:
    table, _ = leaving_world(np.random.default_rng(2), 200, 1.0)
    cases = {
        "no variable": (["seen9"], [["z0"]]),
        "fewer than": (["all"], [["z0"]]),
        "nothing is named": (["seen1"], [[]]),
    }
    stay = table.assign(all=[False] * 6 + [True] * 194)
    for reason, (remains, predictors) in cases.items():
        found = remaining_weights(stay, remains=remains, predictors=predictors, design=design_of(stay))
        assert isinstance(found, NotTestable)
        assert reason in found.reason
        told = weighted_effect(stay, found, wave=remains[0], outcome="y", exposure="x")
        assert isinstance(told, NotTestable)
    with pytest.raises(ValueError, match="predictors"):
        remaining_weights(stay, remains=["seen1"], predictors=[], design=design_of(stay))
