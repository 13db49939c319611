"""Splines by two other roads: the basis and test of R's ``rms``, and the same curves by ``splines::ns``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.dose_response import DoseResponse, dose_response_curve
from cohort.analysis.fitting import logistic_coefficients
from cohort.analysis.sampling import FloatArray, design_of
from cohort.analysis.splines import place_knots, spline_basis

HERE = Path(__file__).resolve().parent
AT = [20, 24.5, 27, 31, 36]
AGE = 40.0


@pytest.fixture(scope="module")
def pins() -> dict[str, Any]:
    """Return what r/splines_rms.R printed: R 4.2.2, rms 6.5-0, splines 4.2.2."""
    return dict(json.loads((HERE / "r" / "splines_rms.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Return the invented people of mediation/r/mediation.csv."""
    return pd.read_csv(HERE / "mediation" / "r" / "mediation.csv", encoding="utf-8")


def with_splines(people: pd.DataFrame, count: int) -> FloatArray:
    knots = place_knots(people["bmi"], count)
    return np.column_stack([np.ones(len(people)), spline_basis(people["bmi"], knots), people["age"]])


def at_values(people: pd.DataFrame, count: int) -> FloatArray:
    basis = spline_basis(AT, place_knots(people["bmi"], count))
    return np.column_stack([np.ones(len(AT)), basis, np.full(len(AT), AGE)])


@pytest.mark.parametrize("count", [3, 4, 5])
def test_the_basis_is_that_of_rms(people: pd.DataFrame, pins: dict[str, Any], count: int) -> None:
    pin = pins[f"knots{count}"]
    knots = place_knots(people["bmi"], count)
    assert knots == pytest.approx(pin["knots"], abs=1e-9)
    np.testing.assert_allclose(spline_basis(AT, knots), pin["rcs"], atol=1e-10)


@pytest.mark.parametrize("count", [3, 4, 5])
def test_the_curves_are_those_of_natural_splines(people: pd.DataFrame, pins: dict[str, Any], count: int) -> None:
    pin, matrix, shown = pins[f"knots{count}"], with_splines(people, count), at_values(people, count)
    linear, *_ = np.linalg.lstsq(matrix, people["crp"].to_numpy(), rcond=None)
    assert shown @ linear == pytest.approx(pin["ns_linear"], abs=1e-9)
    logistic = logistic_coefficients(matrix, people["depressed"].to_numpy(dtype=float), np.ones(len(people)))
    assert shown @ logistic == pytest.approx(pin["ns_logistic"], abs=1e-8)


@pytest.mark.parametrize("count", [3, 4, 5])
def test_the_test_of_non_linearity_is_that_of_rms(people: pd.DataFrame, pins: dict[str, Any], count: int) -> None:
    pin = pins[f"knots{count}"]
    found = dose_response_curve(
        people, outcome="depressed", exposure="bmi", adjustment=["age"], design=design_of(people), knots=count
    )
    assert isinstance(found, DoseResponse)
    assert found.non_linearity.df1 == count - 2
    assert found.non_linearity.statistic * (count - 2) == pytest.approx(pin["logistic_chi2"], rel=1e-5)
    assert found.non_linearity.p == pytest.approx(pin["logistic_p"], rel=1e-5)


@pytest.mark.parametrize("count", [3, 4, 5])
def test_bends_explain_as_much_as_in_rms(people: pd.DataFrame, pins: dict[str, Any], count: int) -> None:
    # The package's own test of a linear model uses a sandwich (pinned in test_dose_response.py), rms equal variances.
    matrix, crp = with_splines(people, count), people["crp"].to_numpy()
    straight = matrix[:, [0, 1, -1]]
    left = [float(np.linalg.lstsq(one, crp, rcond=None)[1][0]) for one in (straight, matrix)]
    df = len(people) - matrix.shape[1]
    assert (left[0] - left[1]) / (count - 2) / (left[1] / df) == pytest.approx(pins[f"knots{count}"]["linear_F"])
