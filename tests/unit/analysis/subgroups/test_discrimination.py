"""Claims about areas under the curve and calibration: they agree with pROC and glm."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from cohort.analysis.subgroups.discrimination import auc_influence, calibration_curve, calibration_line


def test_area_variance_and_covariance_are_those_of_proc(invented: pd.DataFrame, model_pins: dict[str, Any]) -> None:
    pin = model_pins["delong"]
    outcome = invented["yes"].to_numpy(dtype=float)
    (first, of_first), (second, of_second) = (auc_influence(outcome, invented[name].to_numpy()) for name in ("c", "a"))
    assert (first, second) == pytest.approx(pin["auc"], rel=1e-12)
    assert (np.sum(of_first**2), np.sum(of_second**2)) == pytest.approx(pin["var"], rel=1e-9)
    assert np.sum(of_first * of_second) == pytest.approx(pin["cov"], rel=1e-9)


def test_calibration_is_that_of_glm(invented: pd.DataFrame, model_pins: dict[str, Any]) -> None:
    predicted = expit(-0.6 + 0.8 * invented["c"].to_numpy())
    slope, large = calibration_line(invented["yes"].to_numpy(dtype=float), predicted)
    assert slope == pytest.approx(model_pins["calibration"]["slope"], rel=1e-5)
    assert large == pytest.approx(model_pins["calibration"]["large"], rel=1e-5)


def test_true_probabilities_lie_on_the_line_and_doubled_logits_do_not() -> None:
    rng = np.random.default_rng(2)
    logit = rng.standard_normal(20_000) - 1
    outcome = (rng.random(20_000) < expit(logit)).astype(float)
    (slope, _), (large, _) = calibration_line(outcome, expit(logit))
    assert (slope, large) == pytest.approx((1, 0), abs=0.06)
    (too_extreme, _), _ = calibration_line(outcome, expit(2 * logit))
    assert too_extreme == pytest.approx(0.5, abs=0.03)
    curve = calibration_curve(outcome, expit(logit))
    assert ((curve["lower"] < curve["predicted"]) & (curve["predicted"] < curve["upper"])).sum() >= 9
    assert curve["people"].tolist() == [2000] * 10


def test_equal_scores_are_worth_a_coin_and_have_no_slope() -> None:
    outcome = np.repeat([0.0, 1.0], 20)
    assert auc_influence(outcome, np.full(40, 0.3))[0] == 0.5
    (slope, _), _ = calibration_line(outcome, np.full(40, 0.3))
    assert np.isnan(slope)
