"""Claims about preparation: who goes in, who is left out and counted, and that no limit or tie stays a constant."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cohort.analysis.subgroups.preparation import box_cox_power, prepare_markers, resolution


def simulated(n: int = 1500, seed: int = 2) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    female = rng.random(n) < 0.5
    bmi = rng.normal(27, 4, n)
    ln_crp = 0.1 * (bmi - 27) + rng.standard_normal(n)
    limit = math.log(0.4)
    return pd.DataFrame(
        {
            "sex": pd.Categorical(np.where(female, "female", "male"), ["female", "male"]),
            "bmi_kg_m2": bmi,
            "is_hormonal_contraceptive_user": pd.array(np.where(female, rng.random(n) < 0.3, None), dtype="boolean"),
            "has_acute_infection": pd.array(rng.random(n) < 0.05, dtype="boolean"),
            "crp_mg_l": np.exp(np.maximum(ln_crp, limit)),
            "crp_censoring": np.where(ln_crp < limit, "below", "none"),
            "crp_limit_mg_l": np.where(ln_crp < limit, 0.4, np.nan),
            "il6_pg_ml": np.round(np.exp(0.4 * rng.standard_normal(n)), 1),
            "platelets_10e9_l": np.round(250 + 50 * rng.standard_normal(n)),
        }
    )


MARKERS = ("crp_mg_l", "il6_pg_ml", "platelets_10e9_l")


def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_scalings_are_centred_on_the_median_and_scaled_by_the_middle_spread() -> None:
    prepared = prepare_markers(simulated(), MARKERS, rng=rng())
    for values in prepared.scalings.values():
        low, middle, high = np.percentile(values, [16, 50, 84], axis=0)
        np.testing.assert_allclose(middle, 0, atol=1e-12)
        np.testing.assert_allclose((high - low) / 2, 1)


def test_markers_are_free_of_the_covariates() -> None:
    table = simulated()
    prepared = prepare_markers(table, MARKERS, rng=rng())
    bmi = table.loc[prepared.index, "bmi_kg_m2"]
    assert prepared.covariates == ("sex", "bmi_kg_m2", "is_hormonal_contraceptive_user")
    assert prepared.covariates_missing == ("age_years", "smoking")
    assert abs(np.corrcoef(bmi, prepared.scalings["log"][:, 0])[0, 1]) < 1e-10
    raw = prepare_markers(table, MARKERS, (), rng=rng())
    assert np.corrcoef(table.loc[raw.index, "bmi_kg_m2"], raw.scalings["log"][:, 0])[0, 1] > 0.25


def test_men_are_not_lost_for_want_of_an_answer_about_contraceptives() -> None:
    table = simulated()
    prepared = prepare_markers(table, MARKERS, rng=rng())
    assert prepared.n == int((~table["has_acute_infection"]).sum())


def test_every_person_with_a_marker_is_used_or_counted() -> None:
    table = simulated()
    table.loc[:99, "il6_pg_ml"] = np.nan
    table.loc[90:129, "bmi_kg_m2"] = np.nan
    prepared = prepare_markers(table, MARKERS, rng=rng())
    assert prepared.excluded_missing > 100
    assert prepared.n + prepared.excluded_missing + prepared.excluded_infection == len(table)
    assert not table.loc[prepared.index, "has_acute_infection"].any()


def test_only_the_domain_is_used() -> None:
    table = simulated().assign(is_eligible=pd.array([True, None, False] * 500, dtype="boolean"))
    prepared = prepare_markers(table, MARKERS, rng=rng())
    assert set(prepared.index % 3) == {0}
    older = prepare_markers(table, MARKERS, rng=rng(), domain=table.index.to_numpy() >= 1000)
    assert older.index.min() >= 1000


def test_values_below_the_limit_are_drawn_and_fill_the_lower_tail() -> None:
    """All log residuals together are normal again, as they were before the limit cut them."""
    table = simulated(4000)
    prepared = prepare_markers(table, MARKERS, rng=rng())
    values = prepared.scalings["log"][:, 0]
    below = (table.loc[prepared.index, "crp_censoring"] == "below").to_numpy()
    assert prepared.below_limit["crp_mg_l"] == below.sum()
    assert np.unique(values).size == values.size
    assert stats.kstest((values - values.mean()) / values.std(), "norm").pvalue > 0.01
    assert any("drawn from the fitted tail" in note for note in prepared.notes)


def test_ties_are_broken_within_the_resolution() -> None:
    table = simulated()
    prepared = prepare_markers(table, ("il6_pg_ml", "platelets_10e9_l"), (), rng=rng())
    for column, marker in enumerate(("il6_pg_ml", "platelets_10e9_l")):
        values = pd.Series(prepared.scalings["log"][:, column])
        assert values.is_unique
        ranges = values.groupby(table.loc[prepared.index, marker].to_numpy()).agg(["min", "max"])
        assert (ranges["min"].to_numpy()[1:] > ranges["max"].to_numpy()[:-1]).all()
        spans = ranges["max"] - ranges["min"]
        assert spans.max() > 0.5 * np.diff(ranges["min"]).min()


def test_a_recorded_zero_counts_as_below_the_smallest_value() -> None:
    table = simulated()
    table.loc[:60, "il6_pg_ml"] = 0.0
    prepared = prepare_markers(table, MARKERS, rng=rng())
    assert prepared.below_limit["il6_pg_ml"] >= 50
    assert np.isfinite(prepared.scalings["box-cox"]).all()


def test_unusable_markers_are_left_out_with_the_reason() -> None:
    table = simulated().assign(igg_g_l=10.0, glutathione_umol_l=np.nan)
    table["cortisol_nmol_l"] = np.where(table.index < 500, 300.0 + table.index, np.nan)
    table["leukocytes_10e9_l"] = 2 * table["platelets_10e9_l"]
    wanted = (*MARKERS, "igg_g_l", "glutathione_umol_l", "cortisol_nmol_l", "leukocytes_10e9_l", "tnf_alpha_pg_ml")
    prepared = prepare_markers(table, wanted, rng=rng())
    assert prepared.markers == MARKERS
    assert prepared.left_out == {
        "glutathione_umol_l": "not measured in this cohort",
        "tnf_alpha_pg_ml": "not measured in this cohort",
        "cortisol_nmol_l": "measured in fewer than half of the people with any marker",
        "igg_g_l": "constant",
        "leukocytes_10e9_l": "determined by the other markers",
    }
    mostly_below = table.assign(crp_censoring="below", crp_limit_mg_l=0.4)
    assert "crp_mg_l" in prepare_markers(mostly_below, MARKERS, rng=rng()).left_out


def test_without_a_record_of_infections_the_note_counts_high_crp() -> None:
    table = simulated().drop(columns="has_acute_infection")
    table.loc[:29, "crp_mg_l"] = 25.0
    table.loc[:29, "crp_censoring"] = "none"
    notes = prepare_markers(table, MARKERS, rng=rng()).notes
    expected = int((table["crp_mg_l"] > 10).sum())
    assert f"Acute infection is not recorded: {expected} people with CRP above 10 mg/L stay in." in notes


@pytest.mark.parametrize("power", [-0.5, 0.5, 1.0])
def test_the_box_cox_power_is_found_again(power: float) -> None:
    normal = 1 + 0.2 * np.random.default_rng(4).standard_normal(40_000)
    residual = np.log(normal) / power
    assert box_cox_power(residual) == pytest.approx(power, abs=0.1)


def test_the_box_cox_power_agrees_with_scipy() -> None:
    values = np.random.default_rng(6).gamma(4, size=1000)
    assert box_cox_power(np.log(values)) == pytest.approx(stats.boxcox_normmax(values, method="mle"), abs=0.03)


def test_the_resolution_ignores_floating_point_noise() -> None:
    values = np.array([0.1, 0.2, 0.2, 0.3, 0.1 + 0.2, 0.5, 0.5, 0.3])
    assert resolution(values) == pytest.approx(0.1)
    assert resolution(np.array([1.0, 2.0, 4.0])) == 0


def test_nothing_measured_gives_an_empty_preparation_not_an_error() -> None:
    for table in (pd.DataFrame({"sex": ["female"] * 5}), simulated().iloc[:10], simulated().iloc[:0]):
        prepared = prepare_markers(table, MARKERS, rng=rng())
        assert prepared.markers == ()
        assert set(prepared.left_out) == set(MARKERS)
        assert prepared.scalings["log"].shape[1] == 0


def test_the_same_seed_gives_the_same_numbers_and_leaves_the_table_alone() -> None:
    table = simulated()
    before = table.copy(deep=True)
    one, two = prepare_markers(table, MARKERS, rng=rng()), prepare_markers(table, MARKERS, rng=rng())
    np.testing.assert_array_equal(one.scalings["box-cox"], two.scalings["box-cox"])
    pd.testing.assert_frame_equal(table, before)
