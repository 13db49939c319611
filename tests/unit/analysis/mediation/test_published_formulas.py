"""Against closed forms of Valeri & VanderWeele 2013 and nested integrals, all computed in base R."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.mediation import interventional_effects, natural_effects
from cohort.analysis.sampling import design_of
from cohort.results import Estimate, Result

R = Path(__file__).resolve().parent / "r"
NAMES = {
    "direct": "natural direct effect",
    "indirect": "natural indirect effect",
    "total_direct": "total direct effect",
    "pure_indirect": "pure indirect effect",
}


@pytest.fixture(scope="module")
def pins() -> dict[str, Any]:
    """Return what r/valeri_vanderweele.R printed: base R 4.2.2."""
    return dict(json.loads((R / "valeri_vanderweele.json").read_text(encoding="utf-8")))


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def effects(people: pd.DataFrame, outcome: str, mediators: list[str], replicates: int = 5) -> dict[str, Result]:
    return natural_effects(
        people, outcome=outcome, exposure="abused", mediators=mediators, adjustment=["age"], design=design_of(people),
        replicates=replicates, seed=1,
    )  # fmt: skip


def test_linear_models_agree_with_the_closed_form_and_its_delta_method(
    abused_people: pd.DataFrame, pins: dict[str, Any]
) -> None:
    found = effects(abused_people, "crp", ["bmi"], replicates=1500)
    for short, name in NAMES.items():
        result = estimate(found[f"{name}, mean difference"])
        assert result.value == pytest.approx(pins["linear"]["estimate"][short], abs=1e-9)
        # The bootstrap needs no normal errors and the delta method no samples: they agree to a few percent.
        assert result.standard_error == pytest.approx(pins["linear"]["se"][short], rel=0.10)


def test_an_interventional_effect_of_one_mediator_is_the_natural_one(
    abused_people: pd.DataFrame, pins: dict[str, Any]
) -> None:
    found = interventional_effects(
        abused_people, outcome="crp", exposure="abused", mediators=["bmi"], adjustment=["age"],
        design=design_of(abused_people), replicates=5, seed=1,
    )  # fmt: skip
    direct, indirect = list(found.values())[1:3]
    assert estimate(direct).value == pytest.approx(pins["linear"]["estimate"]["direct"], abs=1e-9)
    assert estimate(indirect).value == pytest.approx(pins["linear"]["estimate"]["indirect"], abs=1e-9)


def test_sampling_weights_enter_models_and_means(abused_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    row = np.arange(len(abused_people))
    weighted = abused_people.assign(survey_weight=1.0 + row % 4, survey_stratum=row // 100, survey_psu=row // 10)
    found = effects(weighted, "crp", ["bmi"])
    for short, name in NAMES.items():
        assert estimate(found[f"{name}, mean difference"]).value == pytest.approx(pins["weighted"][short], abs=1e-9)


def test_a_rare_outcome_agrees_with_the_closed_form_of_odds_ratios(pins: dict[str, Any]) -> None:
    people = pd.read_csv(R / "rare.csv", encoding="utf-8")
    assert people["ill"].mean() < 0.015
    found = effects(people, "ill", ["bmi"], replicates=150)
    for short in ("direct", "indirect"):
        by_odds, by_risk = (estimate(found[f"{NAMES[short]}, {what}"]) for what in ("odds ratio", "risk ratio"))
        # The closed form holds as the risk goes to none, at the mean of the covariate.
        error = pins["rare"]["se"][short]
        for result in (by_odds, by_risk):
            assert np.log(result.value) == pytest.approx(pins["rare"]["estimate"][short], abs=0.15 * error)
            assert result.standard_error == pytest.approx(error, rel=0.25)


def test_a_common_outcome_is_beyond_that_closed_form() -> None:
    rng = np.random.default_rng(1)
    people = pd.read_csv(R / "rare.csv", encoding="utf-8")
    logit = -1.0 + 0.8 * people["abused"] + 0.5 * (people["bmi"] - 26)
    common = people.assign(ill=rng.random(len(people)) < 1 / (1 + np.exp(-logit)))
    found = effects(common, "ill", ["bmi"], replicates=3)
    # By the closed form 0.5 * 2 = 1; an odds ratio averaged over the mediator's spread is nearer to none.
    assert np.log(estimate(found["natural indirect effect, odds ratio"]).value) < 0.75


def test_ordered_mediators_agree_with_nested_integrals(abused_people: pd.DataFrame, pins: dict[str, Any]) -> None:
    found = effects(abused_people, "depressed", ["smoker", "bmi"])
    for short, name in (("total", "total effect"), *list(NAMES.items())[:2]):
        assert estimate(found[f"{name}, risk difference"]).value == pytest.approx(pins["ordered"][short], abs=2e-7)
