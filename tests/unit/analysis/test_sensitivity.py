"""E-values as VanderWeele & Ding 2017 print them."""

from __future__ import annotations

import math

import pytest

from cohort.analysis.sensitivity import EValue, e_value, e_value_of_risk_ratio
from cohort.results import Estimate, NotTestable


def ratio(
    value: float, low: float, high: float, measure: str = "risk ratio", n: int = 1000, events: int = 50
) -> Estimate:
    return Estimate("x", measure, value, 0.1, scale="log", null=1.0, n=n, events=events, bounds=(low, high))


@pytest.mark.parametrize(
    ("estimate", "point", "limit"),
    [
        # VanderWeele & Ding 2017, Ann Intern Med 167:268: breast feeding and infant death from respiratory infection.
        (ratio(3.9, 1.8, 8.7), 7.26, 3.0),
        # The same authors' second example, a protective ratio of 0.80 (0.71 to 0.91), by its inverse.
        (ratio(0.80, 0.71, 0.91), 1.81, 1.43),
        (ratio(1.2, 0.9, 1.6), 1.69, 1.0),
        (ratio(1.0, 0.8, 1.25), 1.0, 1.0),
    ],
)
def test_e_value_of_a_risk_ratio(estimate: Estimate, point: float, limit: float) -> None:
    found = e_value(estimate)
    assert isinstance(found, EValue)
    assert (found.point, found.limit) == pytest.approx((point, limit), abs=0.006)


def test_odds_ratio_counts_as_risk_ratio_only_when_the_outcome_is_rare() -> None:
    rare = e_value(ratio(4.0, 2.25, 7.1, "odds ratio", events=50))
    common = e_value(ratio(4.0, 2.25, 7.1, "odds ratio", events=300))
    told = e_value(ratio(4.0, 2.25, 7.1, "odds ratio", events=50), common_outcome=True)
    assert isinstance(rare, EValue)
    assert isinstance(common, EValue)
    assert isinstance(told, EValue)
    assert rare.point == pytest.approx(e_value_of_risk_ratio(4.0))
    assert (common.point, common.limit) == pytest.approx((e_value_of_risk_ratio(2.0), e_value_of_risk_ratio(1.5)))
    assert told.point == common.point
    assert "square root" in common.note


def test_difference_of_means_needs_a_standard_deviation() -> None:
    difference = Estimate("x", "difference in mean ln CRP", 0.5, 0.1, null=0.0, n=100)
    found = e_value(difference, sd=1.0)
    assert isinstance(found, EValue)
    assert found.point == pytest.approx(e_value_of_risk_ratio(math.exp(0.455)))
    assert isinstance(e_value(difference), NotTestable)
    assert isinstance(e_value(NotTestable("x", "absent")), NotTestable)
