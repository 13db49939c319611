"""Odds ratios, standardised contrasts, mean differences and interaction: pinned to R (r/pins.R), recovered, refused."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cohort.analysis.design import design_of
from cohort.analysis.fitting import is_separated, logistic_coefficients
from cohort.analysis.regression import interaction, mean_difference, odds_ratio, standardised_contrasts
from cohort.results import Estimate, NotTestable, Result

ADJUSTMENT = ("age", "female", "bmi", "smoking")
MakePeople = Callable[..., pd.DataFrame]


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def assert_pinned(result: Result, pin: dict[str, Any], term: str, rel: float = 1e-8) -> None:
    place = pin["term"].index(term)
    found = estimate(result)
    beta = math.log(found.value) if found.scale == "log" else found.value
    assert (beta, found.standard_error) == pytest.approx((pin["estimate"][place], pin["se"][place]), rel=rel)
    if "lower" in pin:
        limits = np.array(found.interval())
        limits = np.log(limits) if found.scale == "log" else limits
        assert limits == pytest.approx((pin["lower"][place], pin["upper"][place]), rel=rel)


def test_survey_odds_ratio_equals_svyglm(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    design = design_of(survey_people)
    result = odds_ratio(survey_people, outcome="ill", exposure="ra", adjustment=ADJUSTMENT, design=design)
    assert_pinned(result, pins["svyglm"], "ra")
    assert estimate(result).df == pins["svyglm"]["df"]
    bmi = odds_ratio(
        survey_people, outcome="ill", exposure="bmi", adjustment=("ra", "age", "female", "smoking"), design=design
    )
    assert_pinned(bmi, pins["svyglm"], "bmi")
    assert estimate(bmi).measure == "odds ratio per unit"


def test_survey_odds_ratio_in_a_domain_equals_svyglm_on_the_subset(
    survey_people: pd.DataFrame, pins: dict[str, Any]
) -> None:
    women = survey_people["is_eligible"] & survey_people["female"]
    result = odds_ratio(
        survey_people, outcome="ill", exposure="ra", adjustment=("age", "bmi", "smoking"),
        design=design_of(survey_people), domain=women,
    )  # fmt: skip
    assert_pinned(result, pins["svyglm_women"], "ra")
    assert estimate(result).df == pins["svyglm_women"]["df"]


def test_weights_without_units_equal_svyglm(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    table = survey_people.drop(columns=["survey_stratum", "survey_psu", "is_eligible"])
    result = odds_ratio(table, outcome="ill", exposure="ra", adjustment=["age"], design=design_of(table))
    assert_pinned(result, pins["weights_only"], "ra")


def test_a_lone_unit_equals_svyglm_adjusted(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    table = survey_people.drop(columns="is_eligible")
    table["survey_stratum"], table["survey_psu"] = table["lone_stratum"], table["lone_psu"]
    result = odds_ratio(table, outcome="ill", exposure="ra", adjustment=["age"], design=design_of(table))
    assert_pinned(result, pins["lone_svyglm"], "ra")


def test_simple_odds_ratio_equals_glm_and_statsmodels(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    table = survey_people.drop(columns=["survey_weight", "survey_stratum", "survey_psu"])
    result = odds_ratio(table, outcome="ill", exposure="ra", adjustment=ADJUSTMENT, design=design_of(table))
    assert_pinned(result, pins["glm"], "ra")
    complete = table[table["is_eligible"]].dropna(subset=["ill", "ra", "bmi"])
    matrix = sm.add_constant(complete[["ra", "age", "female", "bmi"]].astype(float).to_numpy())
    ours = logistic_coefficients(matrix, complete["ill"].to_numpy(dtype=float), np.ones(len(complete)))
    theirs = sm.Logit(complete["ill"].to_numpy(dtype=float), matrix).fit(disp=0, tol=1e-12)
    assert ours == pytest.approx(theirs.params, rel=1e-8)


def test_survey_mean_difference_equals_svyglm(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    result = mean_difference(
        survey_people, outcome="ln_crp", exposure="ra", adjustment=ADJUSTMENT, design=design_of(survey_people)
    )
    assert_pinned(result, pins["svyglm_gaussian"], "ra")
    assert estimate(result).df == pins["svyglm_gaussian"]["df"]


def test_simple_mean_difference_equals_lm_with_hc1(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    table = survey_people.drop(columns=["survey_weight", "survey_stratum", "survey_psu"])
    design = design_of(table)
    result = mean_difference(table, outcome="ln_crp", exposure="ra", adjustment=ADJUSTMENT, design=design)
    assert_pinned(result, pins["lm_hc1"], "ra")
    assert estimate(result).df == pins["lm_hc1"]["df"]
    ratio = estimate(
        mean_difference(table, outcome="ln_crp", exposure="ra", adjustment=ADJUSTMENT, design=design, ratio=True)
    )
    assert ratio.measure == "ratio of geometric means"
    assert (math.log(ratio.value), ratio.null) == pytest.approx((estimate(result).value, 1.0))


@pytest.mark.parametrize("kind", ["survey", "simple"])
def test_standardised_contrasts_equal_the_influence_function_in_r(
    survey_people: pd.DataFrame, pins: dict[str, Any], kind: str
) -> None:
    table = survey_people if kind == "survey" else survey_people.drop(columns="survey_weight")
    pin = pins[f"standardised_{kind}"]
    found = standardised_contrasts(table, outcome="ill", exposure="ra", adjustment=ADJUSTMENT, design=design_of(table))
    for name, value, error in (
        ("risk ratio", "rr", "se_log_rr"),
        ("risk difference", "rd", "se_rd"),
        ("odds ratio", "or", "se_log_or"),
    ):
        result = estimate(found[name])
        assert (result.value, result.standard_error) == pytest.approx((pin[value], pin[error]), rel=1e-7)
    shown = dict(estimate(found["risk ratio"]).details)
    assert shown["standardised risk if exposed"] == f"{pin['risk1']:.4f}"
    if kind == "survey":
        predicted = dict(zip(pins["svypredmeans"]["group"], pins["svypredmeans"]["mean"], strict=True))
        assert (pin["risk0"], pin["risk1"]) == pytest.approx((predicted["0"], predicted["1"]), rel=1e-6)


def test_interaction_equals_the_delta_method_in_r(survey_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    found = interaction(
        survey_people, outcome="ill", exposure="ra", modifier="infection", adjustment=("age", "female"),
        design=design_of(survey_people),
    )  # fmt: skip
    product, reri = (
        estimate(found["product of odds ratios"]),
        estimate(found["relative excess risk due to interaction"]),
    )
    pin = pins["reri"]
    assert (product.value, product.standard_error) == pytest.approx((pin["product"], pin["se_log_product"]), rel=1e-8)
    assert (reri.value, reri.standard_error) == pytest.approx((pin["reri"], pin["se"]), rel=1e-8)
    assert (reri.null, reri.scale, reri.df) == (0.0, "identity", pin["df"])
    assert estimate(found["both"]).value == pytest.approx(
        estimate(found["exposure alone"]).value * estimate(found["modifier alone"]).value * product.value
    )


def test_no_interaction_of_ratios_can_be_excess_risk(simulate_people: MakePeople) -> None:
    table = simulate_people(
        np.random.default_rng(5), 60_000, x_on_y=math.log(1.45), m_on_y=math.log(1.62), z_on_y=0, z_on_x=0, intercept=-4
    )
    found = interaction(table, outcome="y", exposure="x", modifier="m", design=design_of(table))
    low, high = estimate(found["product of odds ratios"]).interval()
    assert low < 1 < high
    # Benros 2013: 1.45 x 1.62 leaves an excess of 0.28 with no interaction of ratios.
    low, high = estimate(found["relative excess risk due to interaction"]).interval()
    assert low < 0.279 < high


def test_categories_are_coded_against_their_first_level(survey_people: pd.DataFrame) -> None:
    design = design_of(survey_people)
    turned = survey_people.assign(
        smoking=survey_people["smoking"].cat.reorder_categories(["current", "never", "former"])
    )
    one, other = (
        estimate(odds_ratio(t, outcome="ill", exposure="ra", adjustment=["smoking"], design=design))
        for t in (survey_people, turned)
    )
    assert one.value == pytest.approx(other.value, rel=1e-9)
    unused = survey_people["smoking"].cat.add_categories(["pipe"])
    third = odds_ratio(
        survey_people.assign(smoking=unused), outcome="ill", exposure="ra", adjustment=["smoking"], design=design
    )
    assert estimate(third).standard_error == pytest.approx(one.standard_error, rel=1e-9)


def test_per_sd_is_per_standard_deviation(survey_people: pd.DataFrame) -> None:
    table = survey_people.drop(columns="survey_weight").dropna(subset=["ill", "bmi"])
    design = design_of(table)
    unit = estimate(odds_ratio(table, outcome="ill", exposure="bmi", design=design))
    sd = estimate(odds_ratio(table, outcome="ill", exposure="bmi", design=design, per_sd=True))
    spread = table.loc[table["is_eligible"], "bmi"].std()
    assert math.log(sd.value) == pytest.approx(spread * math.log(unit.value), rel=1e-9)
    assert sd.measure == "odds ratio per SD"


def test_adjusted_estimates_recover_the_truth_and_leaving_the_confounder_out_is_biased(
    simulate_people: MakePeople,
) -> None:
    rng = np.random.default_rng(20)
    truth, replicates = math.log(1.5), 250
    logs = np.zeros((replicates, 2))
    covered = np.zeros((replicates, 3))
    for replicate in range(replicates):
        table = simulate_people(rng, 800, x_on_y=truth)
        design = design_of(table)
        adjusted = estimate(odds_ratio(table, outcome="y", exposure="x", adjustment=["z"], design=design))
        crude = estimate(odds_ratio(table, outcome="y", exposure="x", design=design))
        difference = estimate(mean_difference(table, outcome="score", exposure="x", adjustment=["z"], design=design))
        logs[replicate] = math.log(adjusted.value), math.log(crude.value)
        for place, (result, value) in enumerate(((adjusted, 1.5), (crude, 1.5), (difference, truth))):
            low, high = result.interval()
            covered[replicate, place] = low <= value <= high
    bias = logs.mean(axis=0) - truth
    monte_carlo = logs.std(axis=0) / math.sqrt(replicates)
    nominal = 0.015 + 3 * math.sqrt(0.95 * 0.05 / replicates)
    assert abs(bias[0]) < 3 * monte_carlo[0] + 0.01
    assert abs(covered[:, [0, 2]].mean(axis=0) - 0.95).max() <= nominal
    assert bias[1] > 0.3
    assert covered[:, 1].mean() < 0.6


def test_no_effect_is_found_as_often_as_the_level_says(simulate_people: MakePeople) -> None:
    rng = np.random.default_rng(21)
    found = np.zeros((300, 3))
    for replicate in range(300):
        table = simulate_people(rng, 700, x_on_y=0.0)
        design = design_of(table)
        contrasts = standardised_contrasts(table, outcome="y", exposure="x", adjustment=["z"], design=design)
        results = [
            odds_ratio(table, outcome="y", exposure="x", adjustment=["z"], design=design),
            contrasts["risk difference"],
            mean_difference(table, outcome="score", exposure="x", adjustment=["z"], design=design),
        ]
        found[replicate] = [estimate(result).p_value() < 0.05 for result in results]
    assert abs(found.mean(axis=0) - 0.05).max() <= 0.015 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_standardised_contrasts_cover_the_marginal_truth(simulate_people: MakePeople) -> None:
    rng = np.random.default_rng(22)
    truth = math.log(2.0)
    z = np.random.default_rng(1).normal(size=2_000_000)
    risk = [float(np.mean(1 / (1 + np.exp(1.5 - truth * x - 0.7 * z)))) for x in (0, 1)]
    marginal = {
        "risk ratio": risk[1] / risk[0],
        "risk difference": risk[1] - risk[0],
        "odds ratio": risk[1] / (1 - risk[1]) / (risk[0] / (1 - risk[0])),
    }
    covered = np.zeros((250, 3))
    for replicate in range(250):
        table = simulate_people(rng, 800, x_on_y=truth)
        found = standardised_contrasts(table, outcome="y", exposure="x", adjustment=["z"], design=design_of(table))
        for place, (name, value) in enumerate(marginal.items()):
            low, high = estimate(found[name]).interval()
            covered[replicate, place] = low <= value <= high
    assert abs(covered.mean(axis=0) - 0.95).max() <= 0.015 + 3 * math.sqrt(0.95 * 0.05 / 250)
    assert marginal["odds ratio"] < 2.0


@pytest.fixture
def troubled() -> pd.DataFrame:
    """Return a table in which one column after another cannot serve."""
    rng = np.random.default_rng(3)
    n = 300
    ill = rng.random(n) < 0.3
    exposed = rng.random(n) < 0.4
    age = rng.normal(50, 10, n)
    return pd.DataFrame({
        "ill": ill, "exposed": exposed, "age": age, "months": age * 12, "constant": 1.0, "nobody": np.nan,
        "perfect": np.where(ill, 5.0, 1.0) + rng.random(n), "endless": np.where(ill, np.inf, 1.0),
        "site": np.where(ill & exposed, "north", "south"), "rare": np.arange(n) < 6,
        "three": rng.choice(list("abc"), n),
        "count": rng.integers(0, 9, n),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"outcome": "absent"}, "no variable 'absent'"),
        ({"adjustment": ["absent", "gone"]}, "'absent' or 'gone'"),
        ({"adjustment": ["nobody"]}, "missing for everybody"),
        ({"adjustment": ["constant"]}, "single value"),
        ({"exposure": "constant"}, "single value"),
        ({"adjustment": ["age", "months"]}, "'months' is determined by"),
        ({"exposure": "perfect"}, "separation"),
        ({"adjustment": ["site"]}, "separation"),
        ({"exposure": "rare"}, "fewer than 5 people in a cell"),
        ({"exposure": "three"}, "does not hold numbers"),
        ({"outcome": "age"}, "not a yes/no"),
        ({"adjustment": ["endless"]}, "infinite"),
        ({"adjustment": ["exposed"]}, "more than one role"),
        ({"domain": np.zeros(300, bool)}, "nobody"),
    ],
)
def test_what_cannot_be_estimated_is_refused_with_the_reason(
    troubled: pd.DataFrame, change: dict[str, Any], reason: str
) -> None:
    asked = {"outcome": "ill", "exposure": "exposed", "design": design_of(troubled), **change}
    result = odds_ratio(troubled, **asked)
    assert isinstance(result, NotTestable)
    assert reason in result.reason


def test_refusals_reach_every_measure_and_tell_no_count(troubled: pd.DataFrame) -> None:
    design = design_of(troubled)
    results = [
        *standardised_contrasts(troubled, outcome="ill", exposure="rare", adjustment=(), design=design).values(),
        *interaction(troubled, outcome="ill", exposure="exposed", modifier="rare", design=design).values(),
        standardised_contrasts(troubled, outcome="ill", exposure="count", adjustment=(), design=design)["risk ratio"],
        interaction(troubled, outcome="ill", exposure="exposed", modifier="count", design=design)["both"],
        mean_difference(troubled, outcome="three", exposure="exposed", design=design),
    ]
    assert all(isinstance(result, NotTestable) for result in results)
    reasons = {result.reason for result in results if isinstance(result, NotTestable)}
    assert "fewer than 5 people in a cell of exposure by outcome" in reasons
    assert not any(digit in reason.replace("fewer than 5", "") for reason in reasons for digit in "0123456789")


def test_too_few_units_for_the_model_is_refused(survey_people: pd.DataFrame) -> None:
    table = survey_people[survey_people["survey_stratum"] <= 2]
    result = odds_ratio(
        table, outcome="ill", exposure="bmi", adjustment=["age", "female", "smoking"], design=design_of(table)
    )
    assert isinstance(result, NotTestable)
    assert "too few primary sampling units" in result.reason


def test_overlap_of_a_single_person_is_no_separation() -> None:
    x = np.column_stack([np.ones(40), np.arange(40.0)])
    y = (np.arange(40) >= 20).astype(float)
    assert is_separated(x, y)
    y[5] = 1
    assert not is_separated(x, y)
    assert np.isfinite(logistic_coefficients(x, y, np.ones(40))).all()
