"""Claims about the censored regression: R's numbers, the truth back, and the bias where its assumption fails."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats

from cohort.analysis.censored import CensoredFit, censored_mean_difference, draw_below, fit_censored_normal
from cohort.analysis.design import Design, design_of
from cohort.analysis.regression import mean_difference
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable

R = Path(__file__).resolve().parent / "r_exposures"


@pytest.fixture(scope="module")
def pins() -> dict[str, Any]:
    """Return what r_exposures/pins.R printed: R 4.2.2, survival 3.5.3, survey 4.1.1."""
    return dict(json.loads((R / "pins.json").read_text(encoding="utf-8")))


@pytest.fixture
def people() -> pd.DataFrame:
    """Return r_exposures/people.csv as a person table with a survey design."""
    table = pd.read_csv(R / "people.csv", encoding="utf-8")
    table["smoking"] = pd.Categorical(table["smoking"], ["never", "former", "current"])
    table["crp_censoring"] = np.where(table.pop("below") == 1, "below", "none")
    table["is_eligible"] = table.pop("eligible").astype("boolean")
    return table.rename(columns={"weight": "survey_weight", "stratum": "survey_stratum", "psu": "survey_psu"})


def matrix_of(table: pd.DataFrame) -> np.ndarray:
    smoking = [table["smoking"] == level for level in ("former", "current")]
    return np.column_stack([np.ones(len(table)), table["trauma"], table["age"], *smoking]).astype(float)


def fit_of(table: pd.DataFrame, design: Design) -> CensoredFit:
    inside = table["is_eligible"].to_numpy(dtype=bool)
    chosen = table[inside]
    below = (chosen["crp_censoring"] == "below").to_numpy()
    return fit_censored_normal(chosen["ln_crp"].to_numpy(), below, matrix_of(chosen), design=design, domain=inside)


def test_simple_sample_agrees_with_survreg(people: pd.DataFrame, pins: dict[str, Any]) -> None:
    simple = design_of(people.drop(columns=["survey_weight", "survey_stratum", "survey_psu"]))
    fit = fit_of(people, simple)
    found = [*fit.coefficients, math.log(fit.sigma)]
    np.testing.assert_allclose(found, pins["simple"]["coefficients"], rtol=1e-7)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), pins["simple"]["se"], rtol=1e-6)
    assert fit.log_likelihood == pytest.approx(pins["simple"]["log_likelihood"], rel=1e-10)


def test_survey_agrees_with_svysurvreg(people: pd.DataFrame, pins: dict[str, Any]) -> None:
    fit = fit_of(people, design_of(people))
    found = [*fit.coefficients, math.log(fit.sigma)]
    np.testing.assert_allclose(found, pins["survey"]["coefficients"], rtol=1e-7)
    np.testing.assert_allclose(np.sqrt(np.diag(fit.covariance)), pins["survey"]["se"], rtol=1e-6)


def test_the_estimate_of_a_cohort_is_the_coefficient_of_the_fit(people: pd.DataFrame, pins: dict[str, Any]) -> None:
    design = design_of(people)
    found = censored_mean_difference(
        people, exposure="trauma", adjustment=["age", "smoking"], design=design, ratio=True
    )
    assert isinstance(found, Estimate)
    assert found.measure == "ratio of geometric means"
    assert found.value == pytest.approx(math.exp(pins["survey"]["coefficients"][1]), rel=1e-7)
    assert found.standard_error == pytest.approx(pins["survey"]["se"][1], rel=1e-6)
    assert found.df == pins["survey"]["df"] - 4
    assert found.n == int(people["is_eligible"].sum())


def test_without_censored_values_it_is_least_squares(people: pd.DataFrame) -> None:
    seen = people.assign(crp_censoring="none").drop(columns=["survey_weight", "survey_stratum", "survey_psu"])
    given: dict[str, Any] = {"exposure": "trauma", "adjustment": ["age"], "design": design_of(seen)}
    censored = censored_mean_difference(seen, **given)
    linear = mean_difference(seen, outcome="ln_crp", **given)
    assert isinstance(censored, Estimate)
    assert isinstance(linear, Estimate)
    assert censored.value == pytest.approx(linear.value, rel=1e-9)


def simulated(rng: np.random.Generator, n: int, effect: float, *, lower_tail: float = 1.0) -> pd.DataFrame:
    """Return people with a limit near the median; the residuals' part below zero is stretched by ``lower_tail``."""
    exposed = rng.random(n) < 0.4
    noise = rng.standard_normal(n)
    value = effect * exposed + np.where(noise < 0, lower_tail, 1.0) * noise
    limit = -0.2
    return pd.DataFrame(
        {
            "exposed": exposed,
            "ln_crp": np.maximum(value, limit),
            "crp_censoring": np.where(value < limit, "below", "none"),
        }
    )


def replicates(effect: float, lower_tail: float = 1.0) -> pd.DataFrame:
    """Return estimate, limits and the estimate that takes the limit as the value, for 200 cohorts of 400 people."""
    rows = []
    for seed in range(200):
        table = simulated(np.random.default_rng([7, seed]), 400, effect, lower_tail=lower_tail)
        design = design_of(table)
        found = censored_mean_difference(table, exposure="exposed", design=design)
        limit = mean_difference(table, outcome="ln_crp", exposure="exposed", design=design)
        assert isinstance(found, Estimate)
        assert isinstance(limit, Estimate)
        rows.append((found.value, *found.interval(), limit.value))
    return pd.DataFrame(rows, columns=["value", "lower", "upper", "at_limit"])


def test_recovers_the_truth_where_the_limit_as_value_does_not() -> None:
    found = replicates(0.5)
    error = found["value"].std() / math.sqrt(len(found))
    assert abs(found["value"].mean() - 0.5) < 3 * error
    covered = ((found["lower"] < 0.5) & (found["upper"] > 0.5)).mean()
    assert abs(covered - 0.95) <= 0.015 + 3 * math.sqrt(0.95 * 0.05 / len(found))
    assert found["at_limit"].mean() < 0.4


def test_rejects_a_true_null_at_the_nominal_rate() -> None:
    found = replicates(0.0)
    rejected = ((found["lower"] > 0) | (found["upper"] < 0)).mean()
    assert rejected <= 0.05 + 0.015 + 3 * math.sqrt(0.95 * 0.05 / len(found))


def test_is_biased_when_the_lower_tail_is_not_normal() -> None:
    """Stretched residuals below zero still shift every mean by 0.5, but the fit extrapolates a normal tail."""
    rng = np.random.default_rng(11)
    table = simulated(rng, 200_000, 0.5, lower_tail=3.0)
    found = censored_mean_difference(table, exposure="exposed", design=design_of(table))
    assert isinstance(found, Estimate)
    assert abs(found.value - 0.5) > 10 * found.standard_error


def test_draws_below_the_limit_follow_the_truncated_normal() -> None:
    fit = CensoredFit(np.array([0.3]), 1.2, np.eye(2), 0.0)
    limits = np.full(20_000, -0.5)
    drawn = draw_below(fit, limits, np.ones((20_000, 1)), np.random.default_rng(2))
    assert drawn.max() < -0.5
    uniform = stats.norm.cdf(drawn, 0.3, 1.2) / special.ndtr((-0.5 - 0.3) / 1.2)
    assert stats.kstest(uniform, "uniform").pvalue > 0.01


def test_draws_stay_finite_far_below_the_mean() -> None:
    fit = CensoredFit(np.array([100.0]), 1.0, np.eye(2), 0.0)
    drawn = draw_below(fit, np.zeros(50), np.ones((50, 1)), np.random.default_rng(2))
    assert np.isfinite(drawn).all()
    assert (drawn <= 0).all()


def test_refuses_when_nothing_was_seen_or_a_variable_is_absent(people: pd.DataFrame) -> None:
    design = design_of(people)
    with pytest.raises(AnalysisError, match="above the detection limit"):
        fit_censored_normal(np.zeros(5), np.ones(5, dtype=bool), np.ones((5, 1)))
    hidden = censored_mean_difference(people.assign(crp_censoring="below"), exposure="trauma", design=design)
    assert isinstance(hidden, NotTestable)
    assert hidden.reason == "no value lies above the detection limit."
    absent = censored_mean_difference(people.drop(columns="crp_censoring"), exposure="trauma", design=design)
    assert isinstance(absent, NotTestable)
    assert "crp_censoring" in absent.reason


def test_scaling_all_weights_changes_nothing(people: pd.DataFrame) -> None:
    design = design_of(people)
    assert design.weights is not None
    once = fit_of(people, design)
    again = fit_of(people, dataclasses.replace(design, weights=design.weights * 1000))
    np.testing.assert_allclose(once.covariance, again.covariance, rtol=1e-8)
