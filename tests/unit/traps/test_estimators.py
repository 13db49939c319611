"""Designs and corrections against numbers worked out otherwise, under no effect, and where their assumption fails."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from scipy import special, stats
from statsmodels.discrete.conditional_models import ConditionalLogit

from cohort.results import Estimate, NotTestable, Result
from cohort.traps.estimators import (
    delta_adjusted_odds_ratio,
    difference,
    joint_excess_risk,
    probability_of,
    share,
    two_stage,
    wald_ratio,
    within_plates,
    within_siblings,
)


def number(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def pairs(effect: float, n: int = 3000, seed: int = 1) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    family = np.repeat(np.arange(n), 2)
    shared = np.repeat(draw.normal(size=n), 2)
    exposed = draw.random(2 * n) < special.expit(-1 + shared)
    ill = draw.random(2 * n) < special.expit(-1 + shared + effect * exposed)
    return pd.DataFrame({"family": family, "exposed": exposed, "ill": ill})


@pytest.mark.parametrize("effect", [0.0, 0.7])
def test_siblings_as_conditional_logistic_regression(effect: float) -> None:
    table = pairs(effect)
    found = number(within_siblings(table, "family", "exposed", "ill"))
    apart = table[table.groupby("family")["ill"].transform("sum") == 1]  # the others say nothing
    model = ConditionalLogit(apart["ill"].astype(int), apart[["exposed"]].astype(float), groups=apart["family"])
    fitted = model.fit(disp=False)
    assert math.log(found.value) == pytest.approx(fitted.params.iloc[0], abs=1e-4)
    assert found.standard_error == pytest.approx(fitted.bse.iloc[0], rel=1e-3)
    assert abs(math.log(found.value) - effect) < 3 * found.standard_error


def test_siblings_who_differ_in_a_cause_of_their_own_stay_confounded() -> None:
    draw = np.random.default_rng(2)
    own = draw.normal(size=12_000)
    table = pd.DataFrame(
        {
            "family": np.repeat(np.arange(6000), 2),
            "exposed": draw.random(12_000) < special.expit(own),
            "ill": draw.random(12_000) < special.expit(own),
        }
    )
    assert number(within_siblings(table, "family", "exposed", "ill")).interval()[0] > 1


def test_a_second_marker_corrects_for_the_error_of_the_first() -> None:
    draw = np.random.default_rng(3)
    n = 40_000
    age = draw.normal(size=n)
    cause = 0.5 * age + draw.normal(size=n)
    table = pd.DataFrame(
        {
            "first": cause + draw.normal(size=n),
            "second": 0.6 * cause + draw.normal(size=n),
            "shares_error": cause,
            "y": 0.4 * cause + 0.3 * age + draw.normal(size=n),
            "nothing": 0.3 * age + draw.normal(size=n),
            "age": age,
        }
    )
    table["shares_error"] = table["first"] + draw.normal(size=n)
    crude = number(difference(table, "first", "y", ("age",)))
    right = number(two_stage(table, "first", "second", "y", ("age",)))
    assert crude.value == pytest.approx(0.2, abs=0.02)  # half of the variance is error
    assert right.value == pytest.approx(0.4, abs=3 * right.standard_error)
    null = number(two_stage(table, "first", "second", "nothing", ("age",)))
    assert abs(null.value) < 3 * null.standard_error
    wrong = number(two_stage(table, "first", "shares_error", "y", ("age",)))
    assert wrong.value == pytest.approx(0.2, abs=0.02)  # an instrument with the same error corrects nothing


def test_excess_risk_of_a_table_without_covariates() -> None:
    cells = {(0, 0): (10, 100), (1, 0): (15, 100), (0, 1): (20, 100), (1, 1): (40, 100)}
    rows = [(a, b, ill) for (a, b), (ills, n) in cells.items() for ill in [1] * ills + [0] * (n - ills)]
    table = pd.DataFrame(rows, columns=["a", "b", "ill"])
    found = number(joint_excess_risk(table, "a", "b", "ill", ()))
    assert found.value == pytest.approx((0.40 - 0.15 - 0.20 + 0.10) / 0.10)
    risks = np.array([0.40, 0.15, 0.20, 0.10])
    slope = np.array([1, -1, -1, 1 - found.value]) / 0.10
    error = math.sqrt(float(slope**2 @ (risks * (1 - risks) / 100)))
    assert found.standard_error == pytest.approx(error, rel=0.01)


def test_forms_that_did_not_come_back() -> None:
    draw = np.random.default_rng(4)
    n = 60_000
    ill = draw.random(n) < 0.2
    exposed = draw.random(n) < np.where(ill, 0.4, 0.25)
    back = draw.random(n) < special.expit(1 - 1.2 * exposed - 0.5 * ill)
    told = exposed & back
    kept = np.ones(n, dtype=bool)
    truth = 0.4 * 0.75 / (0.6 * 0.25)
    right = number(delta_adjusted_odds_ratio(told, ill, back, kept, (-1.2, -1.2), seed=1))
    assert abs(math.log(right.value / truth)) < 3 * right.standard_error
    complete = number(delta_adjusted_odds_ratio(told, ill, back, kept, (0.0, 0.0), seed=1))
    cells = np.bincount(2 * exposed[back] + ill[back], minlength=4)
    assert complete.value == pytest.approx(cells[3] * cells[0] / (cells[1] * cells[2]))
    assert complete.standard_error == pytest.approx(math.sqrt((1 / cells).sum()), rel=0.05)
    wrong = number(delta_adjusted_odds_ratio(told, ill, back, kept, (-1.2, 0.5), seed=1))
    assert abs(math.log(wrong.value / truth)) > 3 * wrong.standard_error


def test_a_wald_ratio_by_hand() -> None:
    outcome = Estimate("", "odds ratio", math.exp(0.06), 0.01, scale="log", n=10)
    exposure = Estimate("", "difference", 0.3, 0.02)
    found = number(wald_ratio(outcome, exposure, unit=2.0))
    assert found.value == pytest.approx(math.exp(0.4))
    assert found.standard_error == pytest.approx(2 / 0.3 * math.hypot(0.01, 0.2 * 0.02))
    assert isinstance(wald_ratio(NotTestable("", "none"), exposure, 1.0), NotTestable)


def test_an_exact_interval() -> None:
    found = number(share(np.array([True] * 3 + [False] * 37)))
    exact = stats.binomtest(3, 40).proportion_ci(method="exact")
    assert found.interval() == pytest.approx((exact.low, exact.high))
    assert number(share(np.ones(10, dtype=bool))).interval()[1] == 1.0


def test_plate_means_take_what_plates_add() -> None:
    draw = np.random.default_rng(5)
    plate = np.repeat(np.arange(100), 80)
    ill = draw.random(len(plate)) < np.where(plate % 2, 0.3, 0.05)
    table = pd.DataFrame({"plate": plate, "ill": ill, "y": 0.5 * (plate % 2) + draw.normal(size=len(plate))})
    naive, right = number(difference(table, "ill", "y")), number(within_plates(table, "ill", "y"))
    assert naive.interval()[0] > 0.1
    assert right.interval()[0] < 0 < right.interval()[1]
    dummies = pd.get_dummies(table["plate"], dtype=float).to_numpy()
    design = np.column_stack([table["ill"].astype(float), dummies])
    assert right.value == pytest.approx(np.linalg.lstsq(design, table["y"], rcond=None)[0][0])


def test_probabilities_of_staying_add_up() -> None:
    draw = np.random.default_rng(6)
    score = draw.normal(size=8000)
    table = pd.DataFrame({"score": score, "stayed": draw.random(8000) < special.expit(1 - score)})
    p = probability_of(table, "stayed", ("score",), np.ones(8000, dtype=bool))
    assert p.sum() == pytest.approx(table["stayed"].sum())
    assert np.abs(p - special.expit(1 - score)).max() < 0.1
