"""The truth is what an intervention does, in the same people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.synthetic import Scenario, load_scenario, population_values, simulate, true_effects
from cohort.synthetic.immune import DISEASES, WAITING

N = 60_000


@pytest.fixture(scope="module")
def effects() -> pd.DataFrame:
    return true_effects("literature_like", N, seed=1)


def _row(table: pd.DataFrame, exposure: str, outcome: str, measure: str) -> pd.Series:
    found = table[(table.exposure == exposure) & (table.outcome == outcome) & (table.measure == measure)]
    assert len(found) == 1
    return found.iloc[0]


def _brute_force(exposed: Scenario, unexposed: Scenario, node: str) -> tuple[float, float]:
    """Return the difference in means, with its error, between other people in two worlds with a fixed exposure."""
    a = simulate(exposed, N, seed=100).nodes[node].astype(float)
    b = simulate(unexposed, N, seed=200).nodes[node].astype(float)
    return a.mean() - b.mean(), np.sqrt(a.var() / N + b.var() / N)


def test_trauma_on_crp_equals_a_world_in_which_everybody_was_maltreated(effects: pd.DataFrame) -> None:
    world = load_scenario("literature_like")
    difference, error = _brute_force(
        world.with_changes({"trauma.moderate_at": [-99.0] * 5}),
        world.with_changes({"trauma.moderate_at": [99.0] * 5}),
        "crp_true",
    )
    assert (
        abs(_row(effects, "has_childhood_trauma", "ln_crp_latent", "mean difference")["value"] - difference) < 4 * error
    )


def test_psoriasis_on_depression_equals_a_world_in_which_its_hazard_is_without_end(effects: pd.DataFrame) -> None:
    world = load_scenario("literature_like")
    difference, error = _brute_force(
        world.with_changes({"waiting_for_psoriasis.rate": 1e6}),
        world.with_changes({"waiting_for_psoriasis.rate": 1e-9}),
        "dep",
    )
    assert abs(_row(effects, "has_psoriasis", "depression_latent", "risk difference")["value"] - difference) < 4 * error


def test_any_autoimmune_disease_equals_a_mixture_of_worlds_by_what_strikes_next(effects: pd.DataFrame) -> None:
    """The risk of each person, written out, with the disease of the least hazard left and with none."""
    world = load_scenario("literature_like")
    nature = simulate(world, N, seed=300).nodes
    left = np.column_stack([nature[name] ** world.knob(f"{name}.age_shape") for name in WAITING])
    own = left < 1
    given = own | ((left == left.min(axis=1, keepdims=True)) & ~own.any(axis=1, keepdims=True))
    base = np.full(N, world.knob("dep.intercept"))
    for cause, ratio in world.knob("dep.odds_ratio").items():
        if cause not in {"pain", "inflam", *DISEASES}:
            base += np.log(ratio) * (nature[cause] - world.reference.get(cause, 0.0))
    base += np.log(world.knob("dep.odds_ratio_not_european")) * (nature["ancestry"] > 0)
    base += world.knob("dep.age_squared") * (nature["age"] - 48) ** 2
    direct = np.log([world.knob(f"dep.odds_ratio.{name}") for name in DISEASES])
    raised = np.array([world.knob(f"inflam.slope.{name}") for name in DISEASES])
    inflam = nature["inflam"] - own @ raised
    pain = nature["pain"] - world.knob("pain.slope.aid") * own.any(axis=1)

    def risk(ill: np.ndarray) -> float:
        inflamed = np.log(world.knob("dep.odds_ratio.inflam")) * (inflam + ill @ raised)
        hurting = np.log(world.knob("dep.odds_ratio.pain")) * (pain + world.knob("pain.slope.aid") * ill.any(axis=1))
        return float((1 / (1 + np.exp(-(base + ill @ direct + inflamed + hurting)))).mean())

    expected = risk(given) - risk(np.zeros_like(given))
    found = _row(effects, "has_any_autoimmune_disease", "depression_latent", "risk difference")
    assert abs(found["value"] - expected) < 4 * found["monte_carlo_se"] + 0.001


def test_in_worlds_without_an_effect_the_truth_is_exactly_no_effect() -> None:
    null = true_effects("no_autoimmune_effect", 5000, seed=1)
    autoimmune = null[~null.exposure.isin(["has_childhood_trauma", "is_cmv_seropositive"])]
    assert (autoimmune.loc[autoimmune.measure == "risk difference", "value"] == 0).all()
    assert (autoimmune.loc[autoimmune.measure == "odds ratio", "value"] == 1).all()
    total = true_effects("total_null", 5000, seed=1)
    assert _row(total, "is_cmv_seropositive", "has_depression", "odds ratio")["value"] == pytest.approx(1, abs=0.01)
    assert _row(total, "has_any_autoimmune_disease", "depression_latent", "odds ratio")["value"] == 1
    assert _row(total, "has_childhood_trauma", "depression_latent", "odds ratio")["value"] > 1.5


def test_in_the_world_of_the_articles_three_diseases_treble_the_odds() -> None:
    table = true_effects("seed_claims", 150_000, seed=1)
    for disease in ("autoimmune_thyroid_disease", "type_1_diabetes", "multiple_sclerosis"):
        assert _row(table, f"has_{disease}", "depression_latent", "odds ratio")["value"] == pytest.approx(3, rel=0.05)
    assert _row(table, "has_psoriasis", "depression_latent", "odds ratio")["value"] < 2


def test_the_error_of_the_truth_is_the_spread_over_seeds() -> None:
    tables = [true_effects("literature_like", 8192, seed=seed) for seed in range(12)]
    rows = [_row(t, "has_any_autoimmune_disease", "depression_latent", "odds ratio") for t in tables]
    spread = np.std([row["value"] for row in rows], ddof=1)
    told = np.mean([row["monte_carlo_se"] for row in rows])
    assert 0.5 < spread / told < 1.8


def test_measured_depression_has_a_weaker_truth_than_depression_itself(effects: pd.DataFrame) -> None:
    measured = _row(effects, "has_any_autoimmune_disease", "has_depression", "odds ratio")["value"]
    itself = _row(effects, "has_any_autoimmune_disease", "depression_latent", "odds ratio")["value"]
    assert 1.15 < measured < itself < 1.5


def test_the_association_in_the_population_is_confounded(effects: pd.DataFrame) -> None:
    population = population_values("literature_like", N, seed=1)
    crude = _row(population, "has_any_autoimmune_disease", "has_depression", "odds ratio")
    causal = _row(effects, "has_any_autoimmune_disease", "has_depression", "odds ratio")["value"]
    assert crude["value"] - 2 * crude["monte_carlo_se"] > causal
    prevalence = _row(population, "has_any_autoimmune_disease", "", "prevalence")["value"]
    assert prevalence == pytest.approx(0.098, abs=0.005)
