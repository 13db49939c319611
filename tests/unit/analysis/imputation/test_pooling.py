"""Claims about Rubin's rules: R's numbers, ratios on the log scale, and failures that are told."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from cohort.analysis.imputation.pooling import Pooled, pool, pool_each, pool_numbers, pool_vectors, pool_wald
from cohort.results import Estimate, NotTestable

R = Path(__file__).resolve().parent / "r"


@pytest.fixture(scope="module")
def pins() -> dict[str, Any]:
    """Return what r/pins.R printed: R 4.2.2, mice 3.15.0, mitml 0.4-4."""
    return dict(json.loads((R / "pins.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def tables() -> list[pd.DataFrame]:
    completed = pd.read_csv(R / "completed.csv", encoding="utf-8")
    return [part for _, part in completed.groupby("imputation")]


def fits(tables: list[pd.DataFrame], outcome: str, model: Any) -> list[Any]:
    made = [model(t[outcome], sm.add_constant(t[["x", "z"]])) for t in tables]
    return [one.fit(disp=0, tol=1e-14) if model is sm.Logit else one.fit() for one in made]


def assert_as_mice(found: Pooled, pinned: dict[str, float]) -> None:
    assert found.estimate == pytest.approx(pinned["estimate"], rel=1e-7)
    assert found.within == pytest.approx(pinned["ubar"], rel=1e-7)
    assert found.between == pytest.approx(pinned["b"], rel=1e-7)
    assert found.total == pytest.approx(pinned["t"], rel=1e-7)
    assert found.df == pytest.approx(pinned["df"], rel=1e-7)
    assert found.relative_increase == pytest.approx(pinned["riv"], rel=1e-7)
    assert found.share_missing == pytest.approx(pinned["lambda"], rel=1e-7)
    assert found.missing_information == pytest.approx(pinned["fmi"], rel=1e-7)


@pytest.mark.parametrize(
    ("outcome", "model", "df", "pinned"),
    [("y", sm.OLS, 77, "linear"), ("ill", sm.Logit, 77, "logistic_default"), ("ill", sm.Logit, math.inf, "logistic")],
)
def test_pooled_regressions_agree_with_mice_pool(
    tables: list[pd.DataFrame], pins: dict[str, Any], outcome: str, model: Any, df: float, pinned: str
) -> None:
    found = fits(tables, outcome, model)
    for place, expected in enumerate(pins[pinned]):
        pooled = pool_numbers(
            [fit.params.iloc[place] for fit in found], [fit.bse.iloc[place] ** 2 for fit in found], df
        )
        assert_as_mice(pooled, expected)


@pytest.mark.parametrize(("df", "pinned"), [(37, "scalar_small"), (math.inf, "scalar_large")])
def test_pooled_numbers_agree_with_pool_scalar(pins: dict[str, Any], df: float, pinned: str) -> None:
    found = pool_numbers([1.10, 1.32, 0.95, 1.21, 1.05, 1.44], [0.090, 0.085, 0.101, 0.093, 0.088, 0.095], df)
    expected = pins[pinned]
    assert_as_mice(
        found,
        {
            "estimate": expected["qbar"],
            "riv": expected["r"],
            "lambda": (1 + 1 / 6) * expected["b"] / expected["t"],
            **{name: expected[name] for name in ("ubar", "b", "t", "df", "fmi")},
        },
    )
    assert found.relative_efficiency == pytest.approx(1 / (1 + expected["fmi"] / 6))


@pytest.mark.parametrize(("df", "pinned"), [(77.0, "d1"), (math.inf, "d1_large")])
def test_wald_test_agrees_with_d1(tables: list[pd.DataFrame], pins: dict[str, Any], df: float, pinned: str) -> None:
    found = fits(tables, "y", sm.OLS)
    estimates = np.array([fit.params.to_numpy()[1:] for fit in found])
    covariances = np.array([fit.cov_params().to_numpy()[1:, 1:] for fit in found])
    test = pool_wald(estimates, covariances, df)
    expected = pins[pinned]
    assert test.statistic == pytest.approx(expected["F.value"], rel=1e-7)
    assert (test.df1, test.df2) == (2, pytest.approx(expected["df2"], rel=1e-7))
    assert test.relative_increase == pytest.approx(expected["RIV"], rel=1e-7)
    assert test.p_value == pytest.approx(expected["P(>F)"], rel=1e-6)


def test_wald_test_of_one_coefficient_is_its_t_test_squared(tables: list[pd.DataFrame]) -> None:
    found = fits(tables, "y", sm.OLS)
    estimates = np.array([[fit.params.iloc[1]] for fit in found])
    covariances = np.array([[[fit.bse.iloc[1] ** 2]] for fit in found])
    pooled = pool_numbers(estimates[:, 0], covariances[:, 0, 0])
    assert pool_wald(estimates, covariances).statistic == pytest.approx(pooled.estimate**2 / pooled.total)


def test_wald_test_of_two_imputations_of_one_coefficient_has_few_degrees_of_freedom() -> None:
    estimates, covariances = np.array([[0.5], [0.9]]), np.array([[[0.04]], [[0.05]]])
    for complete_df in (np.inf, 30.0):
        assert 0 < pool_wald(estimates, covariances, complete_df).df2 < 5


def test_pooled_vectors_have_pooled_numbers_on_their_diagonal(tables: list[pd.DataFrame]) -> None:
    found = fits(tables, "y", sm.OLS)
    mean, total = pool_vectors(
        np.array([fit.params.to_numpy() for fit in found]), np.array([fit.cov_params().to_numpy() for fit in found])
    )
    one = pool_numbers([fit.params.iloc[2] for fit in found], [fit.bse.iloc[2] ** 2 for fit in found])
    assert (mean[2], total[2, 2]) == (pytest.approx(one.estimate), pytest.approx(one.total))


def test_equal_estimates_have_no_missing_information_and_the_degrees_of_freedom_of_complete_data() -> None:
    found = pool_numbers([1.0, 1.0, 1.0], [0.1, 0.1, 0.1])
    assert (found.total, found.df, found.missing_information) == (pytest.approx(0.1), math.inf, 0.0)
    assert pool_numbers([1.0, 1.0], [0.1, 0.1], 30).df == pytest.approx(31 / 33 * 30)


def test_one_imputation_cannot_be_pooled() -> None:
    with pytest.raises(ValueError, match="two imputations"):
        pool_numbers([1.0], [0.1])


def ratios(*values: float, **changes: Any) -> list[Estimate]:
    shared: dict[str, Any] = {"scale": "log", "null": 1.0, "n": 90, "events": 20, "df": math.inf} | changes
    return [Estimate("RA", "odds ratio", value, 0.2, **shared) for value in values]


def test_ratios_are_pooled_as_logarithms() -> None:
    pooled = pool(ratios(1.0, 2.0, 4.0))
    assert isinstance(pooled, Estimate)
    assert pooled.value == pytest.approx(2.0)
    expected = 0.2**2 + 4 / 3 * np.var([0, math.log(2), math.log(4)], ddof=1)
    assert pooled.standard_error == pytest.approx(math.sqrt(expected))
    assert pooled.null == 1.0
    assert dict(pooled.details)["imputations"] == "3"


def test_degrees_of_freedom_come_from_the_complete_data() -> None:
    few, many = pool(ratios(1.0, 1.1, df=12.0)), pool(ratios(1.0, 1.1))
    assert isinstance(few, Estimate)
    assert isinstance(many, Estimate)
    assert few.df < 12 < many.df


def test_any_failure_makes_the_whole_not_testable_and_says_how_many() -> None:
    failure = NotTestable("RA", "separation", "odds ratio")
    found = pool([*ratios(1.0, 1.1, 1.2), failure])
    assert found == NotTestable("RA", "the analysis fails in 1 of 4 imputed tables: separation", "odds ratio")
    assert isinstance(pool([*ratios(1.0, 1.1, 1.2), failure], most_failures=0.25), Estimate)
    assert isinstance(pool([*ratios(1.0), failure], most_failures=0.5), NotTestable)


def test_details_are_kept_where_equal_averaged_where_numbers_and_dropped_where_words_differ() -> None:
    first, second = ratios(1.0, 1.1)
    told = [("design", "simple sample"), ("risk", "0.1000"), ("remark", "a")]
    other = [("design", "simple sample"), ("risk", "0.2000"), ("remark", "b")]
    found = pool(
        [
            Estimate("RA", "odds ratio", 1.0, 0.2, scale="log", details=tuple(told)),
            Estimate("RA", "odds ratio", 1.0, 0.2, scale="log", details=tuple(other)),
        ]
    )
    assert isinstance(found, Estimate)
    kept = dict(found.details)
    assert (kept["design"], kept["risk"]) == ("simple sample", "0.1500")
    assert "remark" not in kept
    assert first.scale == second.scale == "log"


def test_exact_bounds_and_names_of_people_are_not_carried_over() -> None:
    found = pool(ratios(1.0, 1.1, bounds=(0.1, 9.0), counted=("people", "people with RA")))
    assert isinstance(found, Estimate)
    assert found.bounds is None
    assert found.counted is None


def test_results_by_name_are_pooled_name_by_name() -> None:
    found = pool_each([{"a": ratios(1.0)[0], "b": ratios(2.0)[0]}, {"a": ratios(1.0)[0], "b": ratios(2.0)[0]}])
    assert [one.value for one in found.values() if isinstance(one, Estimate)] == pytest.approx([1.0, 2.0])
