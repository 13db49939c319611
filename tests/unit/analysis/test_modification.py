"""Effect modification: published numbers of additive interaction, R's delta method and MOVER, both scales."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis import model_frame
from cohort.analysis.design import design_of
from cohort.analysis.interaction import RERI
from cohort.analysis.modification import (
    ADDITIVE,
    NO_JOINT_EXCESS,
    SYNERGY,
    additive_interaction,
    by_stratum,
    contrast_of_strata,
)
from cohort.analysis.regression import odds_ratio
from cohort.results import Estimate, NotTestable, Result


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def oral_cancer() -> pd.DataFrame:
    """Return smoking, alcohol and oral cancer of Rothman & Keller 1972 (J Chronic Dis 25:711)."""
    cells = [(1, 1, 225, 166), (1, 0, 8, 18), (0, 1, 6, 12), (0, 0, 3, 20)]
    rows = [(s, a, ill) for s, a, cases, others in cells for ill, n in ((1, cases), (0, others)) for _ in range(n)]
    return pd.DataFrame(rows, columns=["smoking", "alcohol", "cancer"])


@pytest.fixture
def small_cells_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The published table has a cell of three people."""
    monkeypatch.setattr(model_frame, "MINIMUM_CELL", 1)


@pytest.mark.usefixtures("small_cells_allowed")
def test_published_example_of_hosmer_and_lemeshow_and_of_zou(incidence_pins: dict[str, Any]) -> None:
    table, pin = oral_cancer(), incidence_pins["interaction"]
    found = additive_interaction(
        table, outcome="cancer", exposure="smoking", modifier="alcohol", design=design_of(table)
    )
    reri, proportion, synergy = (estimate(found[name]) for name in ADDITIVE)
    # Hosmer & Lemeshow 1992: 3.74 (-1.84 to 9.32), 0.41 (-0.07 to 0.90), 1.87 (0.65 to 5.42).
    assert f"{reri.value:.2f}" == "3.74"
    assert dict(reri.details)["delta-method interval"] == "-1.84 to 9.32"
    # Zou 2008: the same with the MOVER interval -11.43 to 21.87.
    assert [f"{end:.2f}" for end in reri.interval()] == ["-11.43", "21.87"]
    assert [f"{end:.2f}" for end in proportion.interval()] == ["-0.07", "0.90"]
    assert [f"{end:.2f}" for end in synergy.interval()] == ["0.65", "5.42"]
    for result, name in ((proportion, "proportion"), (synergy, "synergy")):
        assert (result.value, *result.interval()) == pytest.approx(pin[name], rel=1e-6)
    assert reri.value - 1.959963984540054 * reri.standard_error == pytest.approx(pin["reri"][1], rel=1e-6)
    assert reri.interval() == pytest.approx(pin["mover"], rel=1e-6)


def people(
    rng: np.random.Generator, n: int, *, excess: float = 0.0, unequal: float = 0.0, log_scale: bool = False
) -> pd.DataFrame:
    """Return a risk of 0.10 to which x adds 0.08, m 0.05 and both ``excess`` more; or log odds with a product term."""
    z = rng.normal(size=n)
    x, m = rng.random(n) < 1 / (1 + np.exp(0.5 - 0.3 * z)), rng.random(n) < 0.4
    risk = 0.10 + 0.08 * x + 0.05 * m + excess * x * m
    if log_scale:
        risk = 1 / (1 + np.exp(1.5 - 0.7 * x - 0.4 * m - unequal * x * m))
    sex = pd.Categorical(np.where(m, "female", "male"))
    return pd.DataFrame({"x": x, "m": m, "z": z, "sex": sex, "y": rng.random(n) < risk})


@pytest.mark.parametrize("excess", [0.0, 0.12])
def test_additive_interaction_of_risks_is_recovered(excess: float) -> None:
    rng = np.random.default_rng(14)
    values, covered, replicates = [], 0, 50
    for _ in range(replicates):
        table = people(rng, 4000, excess=excess)
        found = additive_interaction(
            table, outcome="y", exposure="x", modifier="m", design=design_of(table), standardised=True
        )
        result = estimate(found[RERI])
        low, high = result.interval()
        values.append(result.value)
        covered += low < excess / 0.10 < high
    assert abs(np.mean(values) - excess / 0.10) < 3 * np.std(values) / math.sqrt(replicates) + 0.02
    assert covered / replicates > 0.95 - 0.015 - 3 * math.sqrt(0.95 * 0.05 / replicates)


def test_odds_ratios_stand_for_risks_only_when_the_outcome_is_rare() -> None:
    rng = np.random.default_rng(3)
    common = people(rng, 20_000)
    common["y"] = rng.random(20_000) < 0.3 + 0.3 * common["x"] + 0.25 * common["m"]
    shared: dict[str, Any] = {"outcome": "y", "exposure": "x", "modifier": "m", "design": design_of(common)}
    by_odds = estimate(additive_interaction(common, **shared)[RERI])
    by_risk = estimate(additive_interaction(common, **shared, standardised=True)[RERI])
    assert by_risk.interval()[0] < 0 < by_risk.interval()[1]
    assert by_odds.interval()[0] > 3


def test_measures_agree_with_one_another_and_with_weights() -> None:
    table = people(np.random.default_rng(7), 5000, excess=0.08)
    weighted = table.assign(survey_weight=2.0)
    for standardised in (False, True):
        plain, survey = (
            additive_interaction(
                t, outcome="y", exposure="x", modifier="m", adjustment=["z"], design=design_of(t),
                standardised=standardised,
            )
            for t in (table, weighted)
        )  # fmt: skip
        reri, proportion, synergy = (estimate(plain[name]) for name in ADDITIVE)
        both = reri.value / proportion.value
        assert synergy.value == pytest.approx((both - 1) / (both - 1 - reri.value))
        for name in ADDITIVE:
            assert estimate(survey[name]).value == pytest.approx(estimate(plain[name]).value)
            assert estimate(survey[name]).standard_error == pytest.approx(estimate(plain[name]).standard_error, rel=0.1)


def test_a_synergy_index_needs_exposures_that_raise_the_risk() -> None:
    table = people(np.random.default_rng(7), 5000).assign(x=lambda t: ~t["x"])
    found = additive_interaction(table, outcome="y", exposure="x", modifier="m", design=design_of(table))
    synergy = found[SYNERGY]
    assert isinstance(synergy, NotTestable)
    assert synergy.reason == NO_JOINT_EXCESS
    assert isinstance(found[RERI], Estimate)


def test_strata_have_models_of_their_own_and_are_compared_on_both_scales() -> None:
    table = people(np.random.default_rng(8), 20_000, unequal=0.6, log_scale=True)
    found = by_stratum(
        table, outcome="y", exposure="x", modifier="sex", adjustment=["z", "sex"], design=design_of(table)
    )
    women, men = (estimate(result) for result in found["odds ratio"])
    assert [women.label, men.label] == ["Sex: female", "Sex: male"]
    own = odds_ratio(
        table, outcome="y", exposure="x", adjustment=["z"], design=design_of(table), domain=table["sex"] == "female"
    )
    assert women.value == estimate(own).value
    ratio = estimate(contrast_of_strata([men, women], label="women against men"))
    assert ratio.interval()[0] < math.exp(0.6) < ratio.interval()[1]
    assert ratio.interval()[0] > 1
    difference = estimate(contrast_of_strata(found["risk difference"][::-1]))
    assert difference.measure == "difference of risk differences"
    assert difference.value > 0
    yes_no = by_stratum(table, outcome="y", exposure="x", modifier="m", adjustment=["z"], design=design_of(table))
    assert [result.label.split(": ")[1] for result in yes_no["odds ratio"]] == ["no", "yes"]
    assert estimate(yes_no["odds ratio"][1]).value == women.value


def test_equal_effects_seldom_differ_between_strata() -> None:
    rng = np.random.default_rng(9)
    rejected = 0
    for _ in range(40):
        table = people(rng, 1500, log_scale=True)
        found = by_stratum(table, outcome="y", exposure="x", modifier="m", design=design_of(table))
        low, high = estimate(contrast_of_strata(found["odds ratio"])).interval()
        rejected += not low < 1 < high
    assert rejected / 40 < 0.05 + 0.015 + 3 * math.sqrt(0.95 * 0.05 / 40)


def test_what_a_cohort_lacks_is_said() -> None:
    table = people(np.random.default_rng(10), 400)
    design = design_of(table)
    absent = additive_interaction(table, outcome="y", exposure="x", modifier="q", design=design)
    assert {type(result) for result in absent.values()} == {NotTestable}
    number = additive_interaction(table, outcome="y", exposure="x", modifier="z", design=design)[RERI]
    assert isinstance(number, NotTestable)
    assert number.reason == "'z' is not a yes/no exposure"
    strata = by_stratum(table, outcome="y", exposure="x", modifier="z", design=design)["odds ratio"]
    assert len(strata) == 1
    assert isinstance(strata[0], NotTestable)
    contrast = contrast_of_strata(strata)
    assert isinstance(contrast, NotTestable)
    assert "strata need a yes/no variable or categories" in contrast.reason
