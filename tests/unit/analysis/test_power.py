"""What a cohort could show: the minimum detectable effect is found with the power it promises."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.power import (
    MinimumDetectable,
    SmallestEffect,
    detectable_odds_ratio,
    minimum_detectable_difference,
    minimum_detectable_odds_ratio,
    n_needed,
    smallest_difference,
    smallest_odds_ratio_per_sd,
)
from cohort.analysis.regression import mean_difference
from cohort.analysis.verdicts import judge_direction, judge_size
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable


def test_minimum_detectable_odds_ratio_is_found_in_four_of_five_samples() -> None:
    n, exposed, risk = 12_000, 0.2, 0.1
    found = minimum_detectable_odds_ratio(n, exposure_prevalence=exposed, outcome_risk=risk)
    rng = np.random.default_rng(4)
    risk_exposed = found * risk / (1 - risk + found * risk)
    sizes = rng.binomial(n, exposed, 20_000)
    a, c = rng.binomial(sizes, risk_exposed), rng.binomial(n - sizes, risk)
    b, d = sizes - a, n - sizes - c
    z = np.log(a * d / (b * c)) / np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    assert (np.abs(z) > 1.96).mean() == pytest.approx(0.8, abs=0.02)


@pytest.mark.parametrize(
    ("change", "direction"), [({"n": 6000}, -1), ({"power": 0.9}, 1), ({"design_effect": 2.0}, 1), ({"alpha": 0.01}, 1)]
)
def test_minimum_detectable_odds_ratio_moves_as_it_must(change: dict[str, float], direction: int) -> None:
    base = {"n": 3000, "exposure_prevalence": 0.1, "outcome_risk": 0.08}
    difference = minimum_detectable_odds_ratio(**{**base, **change}) - minimum_detectable_odds_ratio(**base)
    assert math.copysign(1, difference) == direction


def test_nothing_is_detectable_with_too_few() -> None:
    assert minimum_detectable_odds_ratio(30, exposure_prevalence=0.05, outcome_risk=0.05) == math.inf
    with pytest.raises(AnalysisError, match="between 0 and 1"):
        minimum_detectable_odds_ratio(100, exposure_prevalence=0, outcome_risk=0.1)
    with pytest.raises(AnalysisError, match="power and alpha"):
        minimum_detectable_odds_ratio(100, exposure_prevalence=0.5, outcome_risk=0.1, power=1)


def test_minimum_detectable_difference_is_the_textbook_one() -> None:
    # Cohen 1988: about 64 per group show d = 0.5 with 80 % power (63 by the normal approximation).
    assert minimum_detectable_difference(126, exposure_prevalence=0.5) == pytest.approx(0.5, abs=0.001)
    twice = minimum_detectable_difference(126, exposure_prevalence=0.5, sd=3, design_effect=4)
    assert twice == pytest.approx(3.0, abs=0.006)


def test_a_cohort_tells_its_own_minimum(survey_people: pd.DataFrame) -> None:
    survey = detectable_odds_ratio(survey_people, design_of(survey_people), outcome="ill", exposure="ra")
    plain = survey_people.drop(columns="survey_weight")
    simple = detectable_odds_ratio(plain, design_of(plain), outcome="ill", exposure="ra")
    assert isinstance(survey, MinimumDetectable)
    assert isinstance(simple, MinimumDetectable)
    assert simple.design_effect == 1
    assert survey.design_effect > 1.1
    assert survey.odds_ratio > simple.odds_ratio > 1.5
    rare = plain.assign(rare=np.arange(len(plain)) < 3)
    few = detectable_odds_ratio(rare, design_of(rare), outcome="ill", exposure="rare")
    assert isinstance(few, NotTestable)
    assert "fewer than 5" in few.reason


ESTIMATE = Estimate("x", "odds ratio", 1.5, 0.3, scale="log", null=1.0, n=1000)


def test_smallest_difference_is_the_textbook_one_in_a_simple_sample_and_is_found_in_four_of_five() -> None:
    rng = np.random.default_rng(3)
    exposed = np.arange(400) % 4 == 0

    def cohort(shift: float) -> pd.DataFrame:
        return pd.DataFrame({"is_ssri_user": exposed, "ln_crp": rng.normal(0, 2, 400) + shift * exposed})

    table = cohort(0.0)
    found = smallest_difference(table, design_of(table), outcome="ln_crp", exposure="is_ssri_user")
    assert isinstance(found, SmallestEffect)
    textbook = minimum_detectable_difference(400, exposure_prevalence=0.25, sd=table["ln_crp"].std())
    assert found.value == pytest.approx(textbook, rel=0.05)
    assert found.in_sd == pytest.approx(found.value / table["ln_crp"].std())
    hits = []
    for _ in range(250):
        table = cohort(textbook)
        result = mean_difference(table, outcome="ln_crp", exposure="is_ssri_user", design=design_of(table))
        assert isinstance(result, Estimate)
        hits.append(result.p_value() < 0.05)
    assert np.mean(hits) == pytest.approx(0.8, abs=0.015 + 3 * math.sqrt(0.8 * 0.2 / 250))


def test_smallest_odds_ratio_per_sd_falls_with_more_people_and_needs_the_variables() -> None:
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"ln_crp": rng.normal(size=4000), "has_depression": rng.random(4000) < 0.2})
    whole, part = (
        smallest_odds_ratio_per_sd(some, design_of(some), outcome="has_depression", exposure="ln_crp")
        for some in (table, table.head(1000).copy())
    )
    assert isinstance(whole, SmallestEffect)
    assert isinstance(part, SmallestEffect)
    # Var(log OR per SD) is about 1 / (n p (1 - p)).
    assert math.log(whole.value) == pytest.approx(2.80 / math.sqrt(4000 * 0.2 * 0.8), rel=0.06)
    assert math.log(part.value) / math.log(whole.value) == pytest.approx(2, rel=0.15)
    absent = smallest_odds_ratio_per_sd(table, design_of(table), outcome="has_depression", exposure="ctq_total")
    assert isinstance(absent, NotTestable)


def test_n_needed_decides_if_the_estimate_stays() -> None:
    for estimate in (ESTIMATE, dataclasses.replace(ESTIMATE, value=1.02), dataclasses.replace(ESTIMATE, value=0.7)):
        people = n_needed(estimate, equivalence=(0.8, 1.25))
        assert people is not None
        for n, decided in ((people, True), (0.9 * people, False)):
            shrunk = dataclasses.replace(estimate, standard_error=0.3 * math.sqrt(1000 / n), n=int(n))
            verdict = judge_direction(shrunk, claim="c", claimed="above")
            assert (verdict.status != "inconclusive") == decided


def test_n_needed_decides_a_size() -> None:
    people = n_needed(ESTIMATE, size_range=(2.0, 4.5))
    assert people is not None
    shrunk = dataclasses.replace(ESTIMATE, standard_error=0.3 * math.sqrt(1000 / people))
    assert judge_size(shrunk, claim="c", size=3).status == "contradicted"
    assert judge_size(ESTIMATE, claim="c", size=3).n_needed == people


def test_n_needed_is_none_where_no_number_would_do() -> None:
    assert n_needed(dataclasses.replace(ESTIMATE, value=1.0)) is None
    assert n_needed(dataclasses.replace(ESTIMATE, n=0)) is None
    one, twenty = n_needed(ESTIMATE), n_needed(ESTIMATE, tests=20)
    assert one is not None
    assert twenty is not None
    assert twenty > one
