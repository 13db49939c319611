"""Claims about trauma, infection and lifestyle: right numbers, the wrong set beside, refusals that name the cause."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cohort.analysis.design import design_of
from cohort.analysis.exposure_interactions import exposure_interactions
from cohort.analysis.exposures import (
    exposure_columns,
    infection_effects,
    lifestyle_effects,
    prenatal_effects,
    trauma_effects,
)
from cohort.analysis.regression import odds_ratio
from cohort.results import Estimate, NotTestable, Result


def value(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return result.value


def simulated(n: int = 4000, seed: int = 3) -> pd.DataFrame:
    """Return people in whom trauma raises BMI (0.1 ln CRP of its total 0.2) and BMI raises CRP more in women."""
    rng = np.random.default_rng(seed)
    female = rng.random(n) < 0.5
    trauma = rng.random(n) < 0.3
    bmi = 27 + 1.0 * trauma + 4 * rng.standard_normal(n)
    infections = rng.poisson(0.4, n)
    autoimmune = rng.random(n) < 0.15
    slope = np.where(female, 0.15, 0.05)
    ln_crp = 0.1 * trauma + slope * (bmi - 27) + 0.3 * (infections > 0) + rng.standard_normal(n)
    log_odds = -2 + 0.7 * trauma + 0.5 * (infections > 0) + 0.4 * autoimmune
    limit = math.log(0.3)
    titre = np.exp(4 + rng.standard_normal(n))
    return pd.DataFrame(
        {
            "sex": pd.Categorical(np.where(female, "female", "male"), ["female", "male"]),
            "age_years": rng.uniform(20, 70, n),
            "bmi_kg_m2": bmi,
            "smoking": pd.Categorical(rng.choice(["never", "former", "current"], n), ["never", "former", "current"]),
            "has_childhood_trauma": pd.array(trauma, dtype="boolean"),
            "ctq_total": 30 + 20 * trauma + rng.gamma(2, 3, n),
            "hospital_infection_count": pd.array(infections, dtype="Int64"),
            "has_any_autoimmune_disease": pd.array(autoimmune, dtype="boolean"),
            "is_cmv_seropositive": pd.array(rng.random(n) < 0.5, dtype="boolean"),
            "ebv_igg_au_ml": np.where(rng.random(n) < 0.95, titre, 0.0),
            "ln_crp": np.maximum(ln_crp, limit),
            "crp_censoring": np.where(ln_crp < limit, "below", "none"),
            "has_depression": pd.array(rng.random(n) < 1 / (1 + np.exp(-log_odds)), dtype="boolean"),
        }
    )


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return simulated()


def test_the_over_adjusted_effect_of_trauma_is_smaller_and_says_so(people: pd.DataFrame) -> None:
    found = trauma_effects(people, design_of(people), adjustment=["age_years", "sex"])
    total, over = found["Childhood trauma and ln CRP"], found["Childhood trauma, over-adjusted and ln CRP"]
    assert value(over) < value(total) - 0.05
    assert total.label == "Childhood trauma, total effect"
    assert over.label == "Childhood trauma, over-adjusted: BMI and smoking lie on the way"
    assert isinstance(over, Estimate)
    assert over.adjustment == ("age_years", "sex", "bmi_kg_m2", "smoking")


def test_the_censored_ratio_recovers_the_total_effect_of_trauma() -> None:
    """The total effect on ln CRP is 0.1 + 0.1 (the mean slope on BMI times the rise of BMI by 1)."""
    large = simulated(40_000, seed=8)
    found = trauma_effects(large, design_of(large), adjustment=["age_years", "sex"])
    censored = found["Childhood trauma and CRP, censored"]
    at_limit = found["Childhood trauma and CRP"]
    assert isinstance(censored, Estimate)
    assert abs(math.log(censored.value) - 0.2) < 3 * censored.standard_error
    assert value(at_limit) < censored.value
    assert "censored" in censored.label
    assert "IP-26" in censored.claims


def test_the_ratio_of_geometric_means_is_e_to_the_difference(people: pd.DataFrame) -> None:
    found = trauma_effects(people, design_of(people), adjustment=["age_years"])
    for score in ("Childhood trauma", "Childhood trauma score"):
        assert value(found[f"{score} and CRP"]) == pytest.approx(math.exp(value(found[f"{score} and ln CRP"])))


def test_a_score_is_counted_per_standard_deviation(people: pd.DataFrame) -> None:
    found = trauma_effects(people, design_of(people), adjustment=[])["Childhood trauma score and ln CRP"]
    slope = np.polyfit(people["ctq_total"], people["ln_crp"], 1)[0]
    assert value(found) == pytest.approx(slope * people["ctq_total"].std(), rel=1e-9)
    assert found.measure.endswith("per SD")


def test_a_cohort_without_trauma_is_told_the_name_of_the_variable(people: pd.DataFrame) -> None:
    bare = people.drop(columns=["has_childhood_trauma", "ctq_total"])
    found = trauma_effects(bare, design_of(bare), adjustment=["age_years"])
    assert len(found) == 24
    assert all(isinstance(result, NotTestable) for result in found.values())
    first = found["Childhood trauma and ln CRP"]
    assert isinstance(first, NotTestable)
    assert "has_childhood_trauma" in first.reason


def test_infections_take_an_adjustment_set_each(people: pd.DataFrame) -> None:
    sets = {"is_cmv_seropositive": ["age_years", "sex"], "has_hospital_infection": ["smoking"]}
    found = infection_effects(people, design_of(people), adjustment=sets)
    virus, infection = (
        found["Cytomegalovirus, seropositive and depression"],
        found["Any hospital-treated infection and CRP"],
    )
    assert isinstance(virus, Estimate)
    assert isinstance(infection, Estimate)
    assert virus.adjustment == ("age_years", "sex")
    assert virus.claims == ("IP-17",)
    assert infection.adjustment == ("smoking",)
    low, high = infection.interval(0.999)
    assert low < math.exp(0.3) < high


def test_a_true_null_of_the_virus_is_inside_the_interval_at_the_nominal_rate() -> None:
    inside = 0
    for seed in range(60):
        table = simulated(500, seed=1000 + seed)
        found = odds_ratio(
            table, outcome="has_depression", exposure="is_cmv_seropositive", adjustment=["sex"], design=design_of(table)
        )
        assert isinstance(found, Estimate)
        low, high = found.interval()
        inside += low < 1 < high
    assert inside / 60 >= 0.95 - 0.015 - 3 * math.sqrt(0.95 * 0.05 / 60)


def test_the_titre_counts_seropositive_people_only(people: pd.DataFrame) -> None:
    titre = exposure_columns(people)["ln_ebv_igg"]
    np.testing.assert_array_equal(titre.isna(), people["ebv_igg_au_ml"] == 0)
    half = people.assign(is_ebv_seropositive=pd.array(people["ebv_igg_au_ml"] > 50, dtype="boolean"))
    assert int(exposure_columns(half)["ln_ebv_igg"].notna().sum()) == int((people["ebv_igg_au_ml"] > 50).sum())
    assert "ln_ebv_igg" not in people


def test_absent_infections_name_the_variable_of_the_cohort(people: pd.DataFrame) -> None:
    bare = people.drop(columns=["ebv_igg_au_ml", "hospital_infection_count"])
    found = infection_effects(bare, design_of(bare), adjustment=[])
    reasons = {key: result.reason for key, result in found.items() if isinstance(result, NotTestable)}
    assert "'ebv_igg_au_ml'" in reasons["Epstein-Barr virus titre (ln) among seropositive people and depression"]
    assert "'hospital_infection_count'" in reasons["Any hospital-treated infection and CRP"]
    assert "'has_pelvic_infection'" in reasons["Pelvic infection and CRP"]


def test_lifestyle_leaves_the_exposure_out_of_its_own_adjustment_set(people: pd.DataFrame) -> None:
    found = lifestyle_effects(people, design_of(people), adjustment=["age_years", "sex", "bmi_kg_m2", "smoking"])
    sets = {key: result.adjustment for key, result in found.items() if isinstance(result, Estimate)}
    assert sets["Body mass index and CRP"] == ("age_years", "sex", "smoking")
    assert sets["Obesity and CRP"] == ("age_years", "sex", "smoking")
    assert sets["Current against never smoking and CRP"] == ("age_years", "sex", "bmi_kg_m2")
    assert len(sets) == 12
    smokers = found["Current against never smoking and CRP"]
    assert isinstance(smokers, Estimate)
    assert smokers.n == int((people["smoking"] != "former").sum())


def test_prenatal_exposures_are_refused_where_they_were_not_recorded(people: pd.DataFrame) -> None:
    found = prenatal_effects(people, design_of(people), adjustment=["age_years"])
    assert {type(result) for result in found.values()} == {NotTestable}
    exposed = people.assign(has_prenatal_infection=pd.array(people["age_years"] > 40, dtype="boolean"))
    assert (
        value(prenatal_effects(exposed, design_of(exposed), adjustment=[])["Infection in pregnancy and depression"]) > 0
    )


def test_the_ratio_of_slopes_agrees_with_a_regression_with_a_product_term(people: pd.DataFrame) -> None:
    found = exposure_interactions(people, design_of(people), adjustment=["age_years", "sex", "bmi_kg_m2"])
    ratio = found["Sex with body mass index"]["ratio of slopes"]
    female = (people["sex"] == "female").astype(float)
    bmi = people["bmi_kg_m2"] / people["bmi_kg_m2"].std()
    matrix = sm.add_constant(np.column_stack([female, bmi, people["age_years"], female * bmi]))
    fit = sm.OLS(people["ln_crp"].to_numpy(), matrix).fit(cov_type="HC1")
    assert isinstance(ratio, Estimate)
    assert math.log(ratio.value) == pytest.approx(fit.params[-1], rel=1e-8)
    assert ratio.standard_error == pytest.approx(fit.bse[-1], rel=1e-8)
    assert ratio.adjustment == ("age_years",)
    assert ratio.interval()[0] > 1


def test_interactions_on_depression_come_on_both_scales(people: pd.DataFrame) -> None:
    found = exposure_interactions(people, design_of(people), adjustment=["age_years"])
    trauma = found["Childhood trauma with hospital-treated infection"]
    product = trauma["product of odds ratios"]
    assert isinstance(product, Estimate)
    low, high = product.interval(0.999)
    assert low < 1 < high
    assert value(trauma["both"]) == pytest.approx(
        value(trauma["exposure alone"]) * value(trauma["modifier alone"]) * product.value, rel=1e-8
    )
    assert "relative excess risk due to interaction" in found["Autoimmune disease with hospital-treated infection"]


def test_absent_variables_give_reasons_everywhere_and_never_an_error() -> None:
    empty = pd.DataFrame({"participant_id": ["a", "b"]})
    design = design_of(empty)
    given: dict[str, Any] = {"adjustment": ["age_years"]}
    results = [
        *trauma_effects(empty, design, **given).values(),
        *infection_effects(empty, design, **given).values(),
        *lifestyle_effects(empty, design, **given).values(),
        *prenatal_effects(empty, design, **given).values(),
        *(r for inner in exposure_interactions(empty, design, **given).values() for r in inner.values()),
    ]
    assert all(isinstance(result, NotTestable) and result.reason for result in results)


def test_the_table_that_was_given_is_not_modified(people: pd.DataFrame) -> None:
    before = people.copy(deep=True)
    design = design_of(people)
    infection_effects(people, design, adjustment=[])
    exposure_interactions(people, design, adjustment=[])
    pd.testing.assert_frame_equal(people, before)
