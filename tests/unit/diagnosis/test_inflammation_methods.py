"""Methods on inflammation and depression on one cohort each: the naive errs as declared, the right one does not."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from cohort.results import Estimate, Result
from cohort.synthetic import load_scenario

Asked = list[tuple[str, dict[str, str]]]
Run = Callable[[str, int, Asked], list[Result]]


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def away(result: Result, truth: float) -> float:
    """Return the distance from the truth in standard errors, with its sign; of ratios on the log scale."""
    found = estimate(result)
    value = math.log(found.value) if found.scale == "log" else found.value
    return (value - truth) / found.standard_error


def test_body_mass_and_earlier_depression_make_inflammation_seem_to_depress(on_people: Run) -> None:
    crude, without, right, gene = on_people(
        "bmi_confounding",
        40_000,
        [("inflammation_crude", {}), ("inflammation_adjusted", {"without": "BMI and earlier depression"}),
         ("inflammation_adjusted", {}), ("crp_by_gene", {})],
    )  # fmt: skip
    assert away(crude, 0.0) > 10
    assert away(without, 0.0) > 3
    assert abs(away(right, 0.0)) < 2
    assert abs(away(gene, 0.0)) < 2
    assert estimate(gene).standard_error > estimate(right).standard_error


@pytest.fixture
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cohort.diagnosis.inflammation_methods.BOOTSTRAP", 30)


@pytest.mark.usefixtures("few_resamples")
def test_time_tells_which_came_first(on_people: Run) -> None:
    at_once, inflamed, crude, depressed = on_people(
        "reverse_causation",
        6000,
        [("cross_section", {}), ("inflammation_first", {}), ("inflamed_after_depression", {}),
         ("depression_first", {})],
    )  # fmt: skip
    assert away(at_once, 0.0) > 5
    assert abs(away(inflamed, 0.0)) < 2
    assert away(crude, 0.272) > 3
    assert abs(away(depressed, 0.272)) < 2
    assert away(depressed, 0.0) > 3


@pytest.mark.usefixtures("few_resamples")
def test_what_inflammation_does_in_time_is_found_where_it_does_something(on_people: Run) -> None:
    world = load_scenario("reverse_causation").with_changes({"dep_2.odds_ratio_inflam_before": 2.0})
    (found,) = on_people(world, 6000, [("inflammation_first", {})])  # type: ignore[arg-type]
    assert away(found, 0.0) > 3


def test_an_infection_on_the_day_is_left_out_and_obese_women_are_not(on_people: Run) -> None:
    crude, well, high, recorded = on_people(
        "acute_infections",
        60_000,
        [("fatigue_crude", {}), ("fatigue_of_the_well", {}),
         ("obese_women_left_out", {"left_out": "CRP above 10 mg/L"}), ("obese_women_left_out", {})],
    )  # fmt: skip
    truth, share = 0.211, 0.0865
    assert away(crude, truth) > 3
    assert abs(away(well, truth)) < 2
    assert estimate(well).n > 55_000
    assert estimate(high).interval()[0] > 2 * share
    low, up = estimate(recorded).interval()
    assert low < share < up


def test_who_has_a_high_value_is_left_out_by_the_other_rule(on_people: Run) -> None:
    asked: Asked = [("fatigue_of_the_well", {"left_out": rule}) for rule in ("recorded infection", "CRP above 10 mg/L")]
    recorded, high = (estimate(one) for one in on_people("acute_infections", 5000, asked))
    assert recorded.n != high.n
    assert min(recorded.n, high.n) > 4000
