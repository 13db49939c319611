"""Methods on one large cohort each: the right one recovers the truth, the naive one errs as its scenario declares."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from cohort.analysis.recruitment import CLINIC_ONLY, SCREENED_CONTROLS
from cohort.diagnosis import METHODS, Sample, choose, draw
from cohort.diagnosis.sample import ANY
from cohort.results import Estimate, NotTestable, Result
from cohort.synthetic import Scenario, load_scenario

THYROID, TYPE_1 = "has_autoimmune_thyroid_disease", "has_type_1_diabetes"


def on(world: str | Scenario, people: int, asked: list[tuple[str, dict[str, str]]], seed: int = 21) -> list[Result]:
    """Return the results of methods on one cohort of complete values."""
    scenario = load_scenario(world) if isinstance(world, str) else world
    chosen = [choose(METHODS, name, options, "complete") for name, options in asked]
    columns = ["has_current_depression", *(column for one in chosen for column in one.columns)]
    sample = draw("complete", scenario, people, seed, columns)
    return [one.analyse(sample) for one in chosen]


def log_of(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return math.log(result.value)


def away(result: Result, truth: float) -> float:
    """Return the distance of a log ratio from the truth in standard errors."""
    assert isinstance(result, Estimate), result
    return abs(log_of(result) - truth) / result.standard_error


def test_shared_causes_make_a_crude_odds_ratio_from_nothing() -> None:
    crude, right = on("no_autoimmune_effect", 60_000, [("crude_odds_ratio", {}), ("standardised", {})])
    assert log_of(crude) > 0.1
    assert away(crude, 0) > 3
    assert away(right, 0) < 2


def test_a_threefold_effect_is_recovered() -> None:
    options = {"exposure": THYROID, "other_diseases": "yes"}
    (right,) = on("seed_claims", 40_000, [("standardised", options)])
    assert away(right, math.log(3)) < 2
    assert away(right, math.log(1.7)) > 4


def test_in_a_clinic_weights_recover_what_the_people_at_hand_turn_round() -> None:
    asked = [("crude_odds_ratio", {}), ("selection_weighted", {}), ("population_effect", {})]
    crude, weighted, refused = on("clinic_selection", 4000, asked)
    assert log_of(crude) < -1
    assert away(weighted, math.log(1.5)) < 2
    assert isinstance(refused, NotTestable)
    assert refused.reason == CLINIC_ONLY


def test_in_a_population_nothing_is_refused() -> None:
    world = load_scenario("clinic_selection").with_changes(
        {"recruitment.share_population": 1.0, "recruitment.share_clinic": 0.0}
    )
    (found,) = on(world, 20_000, [("population_effect", {})])
    assert away(found, math.log(1.5)) < 2


def test_controls_screened_for_illness_are_seen_in_the_protocol_and_matched_in_the_cases() -> None:
    asked = [("case_control", {}), ("same_screen", {}), ("population_effect", {})]
    naive, right, refused = on("screened_controls", 8000, asked)
    assert log_of(naive) > math.log(2)
    assert away(right, math.log(1.23)) < 2
    assert isinstance(refused, NotTestable)
    assert refused.reason == SCREENED_CONTROLS


def test_a_screened_control_stands_for_those_who_were_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def keeps(table: pd.DataFrame, **_: object) -> dict[str, Result]:
        seen.append(table)
        return {"odds ratio": NotTestable("", "kept")}

    monkeypatch.setattr("cohort.diagnosis.methods.standardised_contrasts", keeps)
    on("screened_controls", 500, [("same_screen", {})])
    (table,) = seen
    by_arm = table.groupby("has_current_depression")["survey_weight"].unique()
    assert by_arm[True].tolist() == [1.0]
    assert by_arm[False].tolist() == [pytest.approx(1 / 0.11)]
    assert not table["has_lifetime_depression"].any()
    assert table["passes_screen"].all()


def test_the_same_screen_is_not_for_a_cohort_whose_controls_had_none() -> None:
    (found,) = on("literature_like", 1000, [("same_screen", {})])
    assert isinstance(found, NotTestable)
    assert "no control of this cohort was screened" in found.reason


def test_a_drug_confirms_what_the_depressed_report_too_often() -> None:
    reported = {"exposure": THYROID, "record": "self-report"}
    asked = [("crude_odds_ratio", reported), ("standardised", reported), ("confirmed", {})]
    crude, adjusted, confirmed = on("differential_self_report", 60_000, asked)
    assert log_of(crude) > 0.2
    assert log_of(adjusted) > log_of(confirmed)
    assert away(confirmed, 0) < 2


def test_what_the_lack_of_the_liability_does_can_be_seen() -> None:
    """With the cause that no analyst has, the same people give a smaller odds ratio."""
    asked = [("confirmed", {}), ("confirmed", {"liability": "yes"})]
    without, with_it = on("differential_self_report", 60_000, asked)
    assert 0.0 < log_of(without) - log_of(with_it) < 0.08


def test_beliefs_about_the_record_widen_the_interval() -> None:
    reported = {"exposure": THYROID, "record": "self-report"}
    plain, believed = on("differential_self_report", 5000, [("standardised", reported), ("bias_analysis", {})])
    assert isinstance(plain, Estimate)
    assert isinstance(believed, Estimate)
    assert believed.standard_error > 1.5 * plain.standard_error


def test_onset_and_insulin_tell_type_1_from_type_2() -> None:
    recorded = {"exposure": TYPE_1, "record": "self-report"}
    crude, rule = on("diabetes_mix_up", 120_000, [("crude_odds_ratio", recorded), ("onset_rule", {})])
    assert away(crude, 0) > 1.5
    assert away(rule, 0) < 2


def test_risks_that_multiply_interact_on_one_scale_and_not_on_the_other() -> None:
    product, excess, naive = on(
        "additive_synergy",
        60_000,
        [("product_of_odds_ratios", {}), ("excess_risk", {}), ("product_read_as_excess", {})],
    )
    assert away(product, 0) < 2
    assert isinstance(excess, Estimate)
    assert isinstance(naive, Estimate)
    assert abs(excess.value - 0.27) < 2 * excess.standard_error
    assert naive.value == pytest.approx(math.exp(log_of(product)) - 1)


def test_many_tests_of_nothing() -> None:
    crude, controlled = on("total_null", 3000, [("many_tests", {}), ("many_tests_controlled", {})])
    assert isinstance(crude, Estimate)
    assert isinstance(controlled, Estimate)
    assert crude.value > 0.07
    assert controlled.value <= 0.05


def test_the_person_table_and_cleaned_raw_files_give_the_same_result() -> None:
    world = load_scenario("literature_like")
    asked = ("standardised", "confirmed", "trauma_crp_total", "trauma_crp_over_adjusted")
    samples: list[Sample] = [draw(source, world, 3000, 4, ()) for source in ("clean", "raw")]  # type: ignore[arg-type]
    for name in asked:
        clean, raw = (choose(METHODS, name, {}, "clean").analyse(sample) for sample in samples)
        assert isinstance(clean, Estimate), clean
        assert isinstance(raw, Estimate), raw
        assert raw.value == pytest.approx(clean.value, rel=1e-9)
        assert raw.n == clean.n


def test_every_method_runs_on_every_kind_of_data_it_names() -> None:
    world = load_scenario("literature_like")
    for source in ("complete", "clean"):
        chosen = [choose(METHODS, name, {}, source) for name, one in METHODS.items() if source in one.sources]  # type: ignore[arg-type]
        sample = draw(source, world, 800, 2, [c for one in chosen for c in one.columns])  # type: ignore[arg-type]
        for one in chosen:
            assert isinstance(one.analyse(sample), Estimate | NotTestable), one.label


def test_a_label_names_the_options_that_were_changed() -> None:
    assert choose(METHODS, "standardised", {"exposure": ANY}, "clean").label == "standardised"
    assert (
        choose(METHODS, "standardised", {"measure": "risk ratio"}, "clean").label == "standardised[measure=risk ratio]"
    )
