"""Waves after baseline: what moves what, and only in that direction."""

from __future__ import annotations

import numpy as np
import pytest

from cohort.synthetic import contrast, load_scenario, simulate


def test_inflammation_and_weight_are_mostly_kept_and_their_spread_stays() -> None:
    wanted = ["inflam", "inflam_1", "inflam_2", "bmi", "bmi_2", "crp_obs", "crp_2"]
    v = simulate("literature_like", 60_000, 2, nodes=wanted).nodes
    assert np.corrcoef(v["inflam"], v["inflam_1"])[0, 1] > 0.8
    assert v["inflam_2"].std() == pytest.approx(v["inflam"].std(), rel=0.05)
    assert v["inflam_2"].mean() == pytest.approx(v["inflam"].mean(), abs=0.05)
    assert v["bmi_2"].std() == pytest.approx(v["bmi"].std(), rel=0.08)
    assert (v["crp_2"] > 3).mean() == pytest.approx((v["crp_obs"] > 3).mean(), abs=0.02)


def test_in_the_world_of_reverse_causation_depression_inflames_and_not_the_other_way_round() -> None:
    backward = contrast("reverse_causation", {"dep": 1}, {"dep": 0}, "inflam_1", n=20_000).iloc[0]
    assert backward["value"] == pytest.approx(0.25 + 0.075 * 0.3, abs=0.01)  # directly, and by weight
    from_inflammation = contrast("reverse_causation", {"inflam_1": 2.0}, {"inflam_1": 0.0}, "dep_2", n=20_000)
    assert from_inflammation.set_index("measure").loc["risk difference", "value"] == 0


def test_in_the_default_world_inflammation_depresses_later() -> None:
    table = contrast("literature_like", {"inflam_1": 1.0}, {"inflam_1": 0.0}, "dep_2", n=60_000).set_index("measure")
    ratio = table.loc["odds ratio"]
    assert ratio["value"] == pytest.approx(1.07, abs=0.02)  # 1.08 given everything else, marginally less


def test_as_many_are_depressed_at_each_wave_and_many_of_them_again() -> None:
    v = simulate("literature_like", 60_000, 2, nodes=["dep", "dep_1", "dep_2", "phq9_2"]).nodes
    for wave in ("dep", "dep_1", "dep_2"):
        assert v[wave].mean() == pytest.approx(0.08, abs=0.005)
    assert 0.3 < v["dep_1"][v["dep"]].mean() < 0.6
    assert (v["phq9_2"].sum(axis=1) >= 10).mean() == pytest.approx(0.08, abs=0.01)


def test_a_drop_out_by_chance_is_one_knob_away() -> None:
    world = load_scenario("attrition").with_changes({"retained_1.odds_ratio_severity_before": 1.0})
    v = simulate(world, 40_000, 2, nodes=["severity", "retained_1"]).nodes
    assert v["severity"][v["retained_1"]].mean() == pytest.approx(v["severity"].mean(), abs=0.02)
