"""The truth is what an intervention does, in the same people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.errors import CohortError
from cohort.synthetic import Scenario, contrast, intervene, load_scenario, population_values, simulate, true_effects
from cohort.synthetic.history import DISEASES

N = 60_000


@pytest.fixture(scope="module")
def effects() -> pd.DataFrame:
    return true_effects("literature_like", N, seed=1)


def _row(table: pd.DataFrame, exposure: str, outcome: str, measure: str) -> pd.Series:
    effect = table.estimand.str.startswith("average effect") | ~table.estimand.str.contains("natural")
    found = table[effect & (table.exposure == exposure) & (table.outcome == outcome) & (table.measure == measure)]
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
        world.with_changes({"early_onset_psoriasis.rate": 1e6, "dep_onset.rate_ratio_after.psoriasis": 1.0}),
        world.with_changes({"early_onset_psoriasis.rate": 1e-9, "dep_onset.rate_ratio_after.psoriasis": 1.0}),
        "dep",
    )
    assert abs(_row(effects, "has_psoriasis", "depression_latent", "risk difference")["value"] - difference) < 4 * error


def test_any_autoimmune_disease_equals_a_mixture_of_worlds_by_what_strikes_next(effects: pd.DataFrame) -> None:
    """The risk of each person, written out, with the disease of the least hazard left and with none."""
    world = load_scenario("literature_like")
    nature = simulate(world, N, seed=300).nodes
    shares = [nature[f"onset_{name}"] / nature["age"] for name in DISEASES]
    left = np.column_stack(
        [share ** world.knob(f"early_onset_{name}.age_shape") for share, name in zip(shares, DISEASES, strict=True)]
    )
    own = left < 1
    given = own | ((left == left.min(axis=1, keepdims=True)) & ~own.any(axis=1, keepdims=True))
    moved = {"pain", "inflam", "trp", "kyn_trp", *DISEASES}
    base = np.full(N, world.knob("dep.intercept"))
    for cause, ratio in world.knob("dep.odds_ratio").items():
        if cause not in moved:
            value = (nature[cause] - world.reference.get(cause, 0.0)) / world.scale.get(cause, 1.0)
            base += np.log(ratio) * value
    base += np.log(world.knob("dep.odds_ratio_african")) * (nature["ancestry"] > 0)
    base += world.knob("dep.age_squared") * (nature["age"] - 48) ** 2
    direct = np.log([world.knob(f"dep.odds_ratio.{name}") for name in DISEASES])
    raised = np.array([world.knob(f"inflam.slope.{name}") for name in DISEASES])
    # A glucocorticoid lowers inflammation; who takes one in a world is drawn with odds, so its mean is put in here.
    steroid = world.knobs["glucocorticoid"]
    steroid_log_odds = np.array([np.log(steroid["odds_ratio"].get(name, 1.0)) for name in DISEASES])
    steroid_base = steroid["intercept"] + np.log(steroid["odds_ratio"]["age"]) * (nature["age"] - 48)

    def drugged(ill: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(steroid_base + ill @ steroid_log_odds)))

    lowering = world.knob("inflam.slope.glucocorticoid")
    inflam = nature["inflam"] - own @ raised - lowering * nature["glucocorticoid"]
    pain = nature["pain"] - world.knob("pain.slope.aid") * own.any(axis=1)
    kyn_per_inflam = world.knob("kyn_trp.slope.inflam")
    log = {name: np.log(world.knob(f"dep.odds_ratio.{name}")) for name in ("inflam", "pain", "kyn_trp", "trp")}
    kyn_noise = nature["kyn_trp"] - kyn_per_inflam * nature["inflam"]
    by_kyn = world.knob("trp.slope.kyn_trp") / world.scale["kyn_trp"]
    trp_noise = nature["trp"] - by_kyn * (nature["kyn_trp"] - 3.33)

    def risk(ill: np.ndarray) -> float:
        level = inflam + ill @ raised + lowering * drugged(ill)
        kyn = (kyn_noise + kyn_per_inflam * level - 3.33) / world.scale["kyn_trp"]
        trp = (trp_noise + world.knob("trp.slope.kyn_trp") * kyn - 4.20) / world.scale["trp"]
        hurting = log["pain"] * (pain + world.knob("pain.slope.aid") * ill.any(axis=1))
        chemistry = log["inflam"] * level + log["kyn_trp"] * kyn + log["trp"] * trp
        return float((1 / (1 + np.exp(-(base + ill @ direct + chemistry + hurting)))).mean())

    expected = risk(given) - risk(np.zeros_like(given))
    found = _row(effects, "has_any_autoimmune_disease", "depression_latent", "risk difference")
    assert abs(found["value"] - expected) < 4 * found["monte_carlo_se"] + 0.001


def test_in_worlds_without_an_effect_the_truth_is_exactly_no_effect() -> None:
    null = true_effects("no_autoimmune_effect", 5000, seed=1)
    sets_disease = null.exposure.str.contains("autoimmune|diabetes|sclerosis|arthritis|lupus|psoriasis|bowel|celiac")
    autoimmune = null[sets_disease & null.outcome.isin(["depression_latent", "has_depression"])]
    assert len(autoimmune) > 50
    assert (autoimmune.loc[autoimmune.measure == "risk difference", "value"] == 0).all()
    assert (autoimmune.loc[autoimmune.measure == "odds ratio", "value"] == 1).all()
    total = true_effects("total_null", 5000, seed=1)
    assert _row(total, "is_cmv_seropositive", "has_depression", "odds ratio")["value"] == 1
    assert _row(total, "has_any_autoimmune_disease", "depression_latent", "odds ratio")["value"] == 1
    assert _row(total, "chronic_inflammation_ln", "has_depression", "odds ratio")["value"] == 1
    assert _row(total, "has_childhood_trauma", "depression_latent", "odds ratio")["value"] > 1.5


@pytest.mark.slow
def test_in_the_world_of_the_articles_three_diseases_treble_the_odds() -> None:
    table = true_effects("seed_claims", 150_000, seed=1)
    for disease in ("autoimmune_thyroid_disease", "type_1_diabetes", "multiple_sclerosis"):
        assert _row(table, f"has_{disease}", "depression_latent", "odds ratio")["value"] == pytest.approx(3, rel=0.05)
    assert _row(table, "has_psoriasis", "depression_latent", "odds ratio")["value"] < 2


def test_the_error_of_the_truth_is_the_spread_over_seeds() -> None:
    asked = ["has_any_autoimmune_disease"]
    tables = [true_effects("literature_like", 8192, seed=seed, exposures=asked) for seed in range(12)]
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


def test_half_of_the_severely_depressed_are_inflamed_in_the_world_of_the_articles() -> None:
    measured = simulate("seed_claims", 200_000, seed=9, nodes=["phq9", "crp_obs"]).nodes
    severe = measured["phq9"].sum(axis=1) >= 20
    assert (measured["crp_obs"][severe] > 3).mean() == pytest.approx(0.5, abs=0.03)


def test_direct_and_indirect_effects_are_those_of_the_equations_in_the_linear_case() -> None:
    """Trauma on CRP: each path is a product of the numbers of the scenario, added up."""
    changes = {"inflam.sex_by_bmi": 0.0, "dep_onset.rate_ratio.trauma": 1.0}
    world = load_scenario("literature_like").with_changes(changes)
    table = true_effects(world, 40_000, seed=1, exposures=["has_childhood_trauma"])
    paths = table[table.estimand.str.contains("BMI and smoking$") & (table.outcome == "ln_crp_latent")]
    direct = paths[paths.estimand.str.contains("direct effect, not")]["value"].iloc[0]
    indirect = paths[paths.estimand.str.contains("indirect")]["value"].iloc[0]
    knob = world.knob
    education = knob("education.slope.trauma")
    diet, activity = (education * knob(f"{name}.slope.education") for name in ("diet", "activity"))
    by_gut = knob("microbiome.slope.diet") * diet * knob("inflam.slope.microbiome")
    expected = knob("inflam.slope.trauma") + education * knob("inflam.slope.education") + by_gut
    expected += diet * knob("inflam.slope.diet") + activity * knob("inflam.slope.activity")
    # Type 2 diabetes, and so statins, follow weight, which is a mediator and held; autoimmune disease follows smoking.
    assert direct == pytest.approx(expected, abs=0.002)
    weight = knob("bmi.slope.trauma") + education * knob("bmi.slope.education")
    weight += diet * knob("bmi.slope.diet") + activity * knob("bmi.slope.activity")
    smokers = [intervene(world, {"trauma": value}, 40_000, 1).nodes["smoking"].mean() for value in (1, 0)]
    by_weight = weight * (knob("inflam.slope.bmi") + knob("microbiome.slope.bmi") * knob("inflam.slope.microbiome"))
    by_smoking = (smokers[0] - smokers[1]) * knob("inflam.slope.smoking")
    assert indirect == pytest.approx(by_weight + by_smoking, abs=0.006)
    total = _row(table, "has_childhood_trauma", "ln_crp_latent", "mean difference")["value"]
    assert direct + indirect == pytest.approx(total, abs=1e-9)


def test_a_joint_effect_is_that_of_four_worlds_drawn_apart() -> None:
    table = true_effects(
        "additive_synergy", 60_000, seed=1, exposures=["has_any_autoimmune_disease", "hospital_infection_count"]
    )
    joint = table[table.estimand.str.startswith("effect of two") & (table.outcome == "depression_latent")]
    value = joint.set_index("measure")["value"]
    risks = [
        intervene("additive_synergy", {"aid": a, "hosp_infection": b}, 60_000, 7).nodes["dep"].mean()
        for a, b in ((1, 1), (1, 0), (0, 1), (0, 0))
    ]
    excess = (risks[0] - risks[1] - risks[2] + risks[3]) / risks[3]
    assert value["relative excess risk due to interaction"] == pytest.approx(excess, abs=0.06)
    assert value["risk ratio of the first alone"] == pytest.approx(1.45, abs=0.04)
    assert value["risk ratio of the second alone"] == pytest.approx(1.62, abs=0.04)
    assert value["ratio of odds ratios"] == pytest.approx(1.0, abs=0.05)
    assert value["relative excess risk due to interaction"] == pytest.approx(0.22, abs=0.06)


def test_a_contrast_on_any_node_and_what_it_refuses() -> None:
    table = contrast("literature_like", {"smoking": 1}, {"smoking": 0}, "inflam", n=8192)
    assert table["measure"].tolist() == ["mean difference"]
    direct = load_scenario("literature_like").knob("inflam.slope.smoking")
    assert table["value"].iloc[0] == pytest.approx(direct, abs=0.02)  # and a little by disease
    with pytest.raises(CohortError, match="no node 'smokin'"):
        contrast("literature_like", {"smokin": 1}, {}, "inflam")
    with pytest.raises(CohortError, match="several values per person"):
        contrast("literature_like", {"smoking": 1}, {}, "phq9")
    with pytest.raises(CohortError, match="'shoe size' is not declared"):
        true_effects("literature_like", 100, exposures=["shoe size"])


def test_latent_classes_are_declared_with_their_shares() -> None:
    table = population_values("true_three_subgroups", 20_000, seed=1)
    classes = table[table.outcome == "immune markers"]
    assert classes.loc[classes.measure == "number of subgroups", "value"].tolist() == [3.0]
    assert classes.loc[classes.measure == "prevalence", "value"].tolist() == pytest.approx([0.55, 0.27, 0.18])
    assert (
        population_values("continuum_only", 20_000, seed=1).query("measure == 'number of subgroups'").value == 1
    ).all()
