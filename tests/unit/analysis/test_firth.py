"""Firth's logistic regression: pinned to brglm2 and to the profile written out in R; finite where ML is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.firth import fit_firth, penalised_ratio_p, profile_interval
from cohort.analysis.fitting import logistic_coefficients
from cohort.analysis.sampling import FloatArray
from cohort.analysis.variables import InestimableError


def matrix_of(table: pd.DataFrame, kind: str) -> FloatArray:
    columns = {"separated": ["x", "z", "group"], "sparse": ["w", "z"]}[kind]
    coded = table[columns].assign(**({"group": table["group"] == "b"} if "group" in columns else {}))
    return np.column_stack([np.ones(len(table)), coded.to_numpy(dtype=float)])


@pytest.mark.parametrize("kind", ["separated", "sparse"])
def test_estimate_and_profile_limits_equal_r(
    r_data: Callable[[str], pd.DataFrame], incidence_pins: dict[str, Any], kind: str
) -> None:
    table, pin = r_data("sparse"), incidence_pins["firth"][kind]
    matrix, outcome = matrix_of(table, kind), table["y"].to_numpy(dtype=float)
    fit = fit_firth(matrix, outcome)
    assert fit.coefficients == pytest.approx(pin["estimate"], rel=1e-8)
    assert np.sqrt(np.diag(fit.covariance)) == pytest.approx(pin["se"], rel=1e-8)
    assert fit.log_likelihood == pytest.approx(pin["log_likelihood"], rel=1e-10)
    for place in range(matrix.shape[1]):
        low, high = profile_interval(matrix, outcome, fit, place)
        assert (low, high) == pytest.approx((pin["lower"][place], pin["upper"][place]), rel=2e-7, abs=1e-9)
        assert penalised_ratio_p(matrix, outcome, fit, place) == pytest.approx(pin["p"][place], rel=1e-6)


def test_units_of_the_covariates_do_not_matter(r_data: Callable[[str], pd.DataFrame]) -> None:
    table = r_data("sparse")
    matrix, outcome = matrix_of(table, "separated"), table["y"].to_numpy(dtype=float)
    factor = np.array([1.0, 1e4, 1e-3, 2.0])
    one, other = fit_firth(matrix, outcome), fit_firth(matrix * factor, outcome)
    assert other.coefficients * factor == pytest.approx(one.coefficients, rel=1e-8)
    assert other.log_likelihood == pytest.approx(one.log_likelihood + np.log(factor).sum(), rel=1e-9)
    limits = np.array(profile_interval(matrix * factor, outcome, other, 1)) * factor[1]
    assert limits == pytest.approx(profile_interval(matrix, outcome, one, 1), rel=1e-7)


def test_collinear_columns_are_refused() -> None:
    x = np.column_stack([np.ones(20), np.arange(20) % 2, np.arange(20) % 2]).astype(float)
    with pytest.raises(InestimableError, match="collinear"):
        fit_firth(x, (np.arange(20) % 3 == 0).astype(float))


def test_small_samples_are_less_biased_than_maximum_likelihood_and_covered() -> None:
    rng = np.random.default_rng(12)
    truth, replicates, n = 1.0, 70, 80
    penalised, likely, covered = [], [], 0
    for _ in range(replicates):
        x = np.column_stack([np.ones(n), rng.random(n) < 0.3, rng.normal(size=n)]).astype(float)
        y = (rng.random(n) < 1 / (1 + np.exp(1.2 - truth * x[:, 1] - 0.5 * x[:, 2]))).astype(float)
        fit = fit_firth(x, y)
        low, high = profile_interval(x, y, fit, 1)
        penalised.append(fit.coefficients[1])
        covered += low < truth < high
        try:
            likely.append(logistic_coefficients(x, y, np.ones(n))[1])
        except InestimableError:
            likely.append(10.0)  # separated: infinite
    error = np.std(penalised) / np.sqrt(replicates)
    assert abs(np.mean(penalised) - truth) < 3 * error
    assert np.mean(likely) - truth > abs(np.mean(penalised) - truth)
    assert abs(covered / replicates - 0.95) < 0.015 + 3 * np.sqrt(0.95 * 0.05 / replicates)


def test_penalised_p_values_hold_the_null() -> None:
    rng = np.random.default_rng(3)
    n, rejected = 60, 0
    for _ in range(150):
        x = np.column_stack([np.ones(n), rng.random(n) < 0.25]).astype(float)
        y = (rng.random(n) < 0.25).astype(float)
        rejected += penalised_ratio_p(x, y, fit_firth(x, y), 1) < 0.05
    assert rejected / 150 < 0.05 + 0.015 + 3 * np.sqrt(0.95 * 0.05 / 150)
