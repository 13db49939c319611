"""On replicate synthetic cohorts the adjusted interval covers the truth at its nominal rate, the crude one does not.

The cohorts, their number and the seed were fixed before the method was run on them.
"""

from __future__ import annotations

import pytest

from cohort.diagnosis import METHODS, Diagnosis, diagnose, summarise

REPLICATES, PEOPLE, SEED = 200, 5000, 20261122


def runs(method: str, replicates: int = REPLICATES) -> Diagnosis:
    return diagnose("literature_like", method, people=PEOPLE, replicates=replicates, seed=SEED)


def test_the_adjusted_interval_covers_the_truth_at_its_nominal_rate() -> None:
    for method in ("standardised_odds_ratio", "standardised_risk_difference"):
        found = runs(method)
        coverage, error = found.value("coverage"), found.error("coverage")
        assert abs(coverage - 0.95) <= 0.015 + 3 * error, found.as_text()
        assert found.value("not testable") == 0


def test_the_crude_interval_does_not() -> None:
    found = runs("crude_odds_ratio")
    assert found.value("coverage") + 3 * found.error("coverage") < 0.95 - 0.015, found.as_text()
    assert found.value("bias") > 3 * found.error("bias")


def test_workers_do_not_change_the_numbers() -> None:
    one = diagnose("literature_like", "crude_odds_ratio", people=1500, replicates=8, seed=3, workers=1)
    two = diagnose("literature_like", "crude_odds_ratio", people=1500, replicates=8, seed=3, workers=2)
    assert one.estimates.equals(two.estimates)


def test_an_unknown_method_is_named_with_those_that_exist() -> None:
    with pytest.raises(Exception, match="standardised_odds_ratio"):
        diagnose("literature_like", "magic", people=400, replicates=2, seed=1)
    assert "magic" not in METHODS


def test_a_biased_method_is_seen_to_be_biased() -> None:
    found = runs("crude_odds_ratio", 20)
    shifted = found.estimates.assign(estimate=found.estimates["estimate"] + 1)
    before, after = (summarise(e, 0.0).set_index("diagnosand")["value"]["bias"] for e in (found.estimates, shifted))
    assert after - before == pytest.approx(1.0)
