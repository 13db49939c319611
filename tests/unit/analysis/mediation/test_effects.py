"""Natural and interventional effects: exact, against R, against truth by intervention, and where assumptions fail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy import special

from cohort.analysis.imputation import imputed
from cohort.analysis.mediation import interventional_effects, natural_effects
from cohort.analysis.sampling import design_of
from cohort.results import Estimate, NotTestable, Result

World = Callable[..., pd.DataFrame]
PARTS = ("total effect", "natural direct effect", "natural indirect effect")
MEASURES = {"rd": "risk difference", "rr": "risk ratio", "or": "odds ratio"}


def number(result: Result) -> float:
    assert isinstance(result, Estimate), result
    return result.value


def effects(people: pd.DataFrame, mediators: list[str], **options: Any) -> dict[str, Result]:
    chosen = {"outcome": "y", "exposure": "a", "adjustment": ["c"], "replicates": 10, "seed": 1} | options
    return natural_effects(people, mediators=mediators, design=design_of(people), **chosen)


def test_linear_models_give_products_of_coefficients(linear_world: World) -> None:
    people = linear_world(np.random.default_rng(3), 300)
    a, m, c, y = (people[name].to_numpy() for name in "amcy")
    one = np.ones(300)
    to_m = np.linalg.lstsq(np.column_stack([one, a, c]), m, rcond=None)[0]
    to_y = np.linalg.lstsq(np.column_stack([one, a, c, m, a * m]), y, rcond=None)[0]
    found = effects(people, ["m"])
    direct = to_y[1] + to_y[4] * (to_m[0] + to_m[2] * c.mean())
    assert number(found["natural direct effect, mean difference"]) == pytest.approx(direct, abs=1e-10)
    assert number(found["natural indirect effect, mean difference"]) == pytest.approx(
        to_m[1] * (to_y[3] + to_y[4]), abs=1e-10
    )
    assert number(found["pure indirect effect, mean difference"]) == pytest.approx(to_m[1] * to_y[3], abs=1e-10)


@pytest.mark.parametrize(("mediator", "pin"), [("bmi", "continuous"), ("obese", "binary")])
def test_a_yes_no_outcome_agrees_with_r(
    abused_people: pd.DataFrame, mediation_pins: dict[str, Any], mediator: str, pin: str
) -> None:
    found = effects(abused_people, [mediator], outcome="depressed", exposure="abused", adjustment=["age"])
    for short, measure in MEASURES.items():
        for effect, part in zip(PARTS, ("total", "direct", "indirect"), strict=True):
            value = number(found[f"{effect}, {measure}"])
            value = value if short == "rd" else np.log(value)
            assert value == pytest.approx(mediation_pins[pin][short][part], abs=2e-7)


@pytest.mark.parametrize("ordered", [True, False])
def test_smoking_in_categories_agrees_with_r(
    abused_people: pd.DataFrame, mediation_pins: dict[str, Any], ordered: bool
) -> None:
    words = pd.CategoricalDtype(["never", "former", "current"], ordered=ordered)
    people = abused_people.assign(smoking=abused_people["smoking"].astype(words))
    found = effects(people, ["smoking"], outcome="crp", exposure="abused", adjustment=["age"])
    pins = mediation_pins["ordered" if ordered else "multinomial"]
    for effect, part in zip(PARTS, ("total", "direct", "indirect"), strict=True):
        assert number(found[f"{effect}, mean difference"]) == pytest.approx(pins[part], abs=2e-6)


def test_interventional_effects_agree_with_r(abused_people: pd.DataFrame, mediation_pins: dict[str, Any]) -> None:
    found = interventional_effects(
        abused_people, outcome="depressed", exposure="abused", mediators=["smoker", "obese"], adjustment=["age"],
        design=design_of(abused_people), replicates=10, seed=1,
    )  # fmt: skip
    values = [number(result) for key, result in found.items() if key.endswith("risk difference")]
    assert values == pytest.approx(list(mediation_pins["interventional"].values()), abs=1e-9)


@pytest.mark.parametrize("draws", [None, 30])
def test_parts_add_up_on_differences_and_multiply_on_ratios(abused_people: pd.DataFrame, draws: int | None) -> None:
    found = interventional_effects(
        abused_people, outcome="depressed", exposure="abused", mediators=["smoking", "bmi", "crp"],
        design=design_of(abused_people), replicates=3, draws=draws, seed=1,
    )  # fmt: skip
    for measure, combine in (("risk difference", np.sum), ("risk ratio", np.prod), ("odds ratio", np.prod)):
        total, *parts = (number(result) for key, result in found.items() if key.endswith(measure))
        assert len(parts) == 5
        assert combine(parts) == pytest.approx(total, rel=1e-9)


def test_draws_agree_with_the_exact_average(abused_people: pd.DataFrame) -> None:
    given: dict[str, Any] = {"outcome": "depressed", "exposure": "abused", "adjustment": ["age"], "replicates": 3}
    exact = effects(abused_people, ["smoking", "bmi"], **given)
    drawn = effects(abused_people, ["smoking", "bmi"], draws=400, **given)
    key = "natural indirect effect, risk difference"
    assert number(drawn[key]) == pytest.approx(number(exact[key]), abs=0.001)


def binary_world(rng: np.random.Generator, n: int, a: float | None = None, m_as: float | None = None) -> pd.DataFrame:
    """Return a world with an interaction and a yes/no outcome; a and m_as intervene on exposure and mediator."""
    c = rng.normal(size=n)
    seen = (rng.random(n) < special.expit(0.5 * c)).astype(float)
    errors, u = rng.normal(size=n), rng.random(n)
    exposure = seen if a is None else np.full(n, a)
    m = 0.8 * (exposure if m_as is None else m_as) + 0.4 * c + errors
    risk = special.expit(-1 + 0.4 * exposure + 0.5 * m + 0.3 * exposure * m + 0.3 * c)
    return pd.DataFrame({"c": c, "a": exposure, "m": m, "y": (u < risk).astype(float) if a is None else risk})


def test_recovers_the_truth_by_intervention_for_a_yes_no_outcome() -> None:
    arms = [binary_world(np.random.default_rng(0), 200_000, *at)["y"].mean() for at in ((0, 0), (1, 0), (1, 1))]
    truth = {"natural direct effect": arms[1] - arms[0], "natural indirect effect": arms[2] - arms[1]}
    people = binary_world(np.random.default_rng(8), 6000)
    found = effects(people, ["m"], replicates=10)
    for effect, value in truth.items():
        result = found[f"{effect}, risk difference"]
        assert isinstance(result, Estimate)
        assert abs(result.value - value) < 3 * result.standard_error
        assert result.standard_error < 0.02
    ratio = arms[2] / arms[1]
    assert number(found["natural indirect effect, risk ratio"]) == pytest.approx(ratio, rel=0.1)


def test_interventional_effects_recover_paths_through_ordered_mediators() -> None:
    rng = np.random.default_rng(5)
    a = rng.integers(2, size=4000).astype(float)
    first = 0.8 * a + rng.normal(size=4000)
    second = 0.5 * first + 0.3 * a + rng.normal(size=4000)
    people = pd.DataFrame({"a": a, "m1": first, "m2": second})
    people["y"] = 0.2 * a + 0.4 * first + 0.6 * second + rng.normal(size=4000)
    found = interventional_effects(
        people, outcome="y", exposure="a", mediators=["m1", "m2"], design=design_of(people), replicates=25, seed=1,
        interaction=False,
    )  # fmt: skip
    # What passes m1 and then m2 counts to m2: 0.6 (0.3 + 0.8 * 0.5).
    through = "interventional indirect effect through"
    truth = {"total effect": 0.94, "interventional direct effect": 0.2, f"{through} m1": 0.32, f"{through} m2": 0.42}
    for effect, value in truth.items():
        result = found[f"{effect}, mean difference"]
        assert isinstance(result, Estimate)
        assert abs(result.value - value) < 3 * result.standard_error < 0.15


def misses(world: World, worlds: int, seed: int, truth: float, n: int = 150, **knobs: float) -> int:
    """Return in how many worlds the interval of the indirect effect leaves out the truth."""
    missed = 0
    for child in np.random.SeedSequence(seed).spawn(worlds):
        people = world(np.random.default_rng(child), n, **knobs)
        found = effects(people, ["m"], replicates=60, interaction=False)["natural indirect effect, mean difference"]
        low, high = found.interval() if isinstance(found, Estimate) else (0.0, 0.0)
        missed += not low <= truth <= high
    return missed


def test_finds_no_indirect_effect_where_there_is_none(linear_world: World) -> None:
    # 5 % of 40 worlds and three Monte-Carlo standard errors.
    assert misses(linear_world, 40, 11, truth=0.0, n=100, to_mediator=0.0) <= 6


@pytest.mark.slow
def test_intervals_cover_in_nineteen_of_twenty_worlds(linear_world: World) -> None:
    missed = misses(linear_world, 500, 12, truth=0.4)
    assert abs(missed / 500 - 0.05) <= 0.015 + 3 * np.sqrt(0.05 * 0.95 / 500)
    assert misses(linear_world, 500, 13, truth=0.0, to_mediator=0.0) / 500 <= 0.05 + 0.03


def test_an_unmeasured_cause_of_mediator_and_outcome_biases_the_parts_not_the_total(linear_world: World) -> None:
    people = linear_world(np.random.default_rng(2), 5000, hidden=1.0)
    found = effects(people, ["m"], replicates=25)
    direct, total = (found[f"{name}, mean difference"] for name in ("natural direct effect", "total effect"))
    assert isinstance(direct, Estimate)
    assert isinstance(total, Estimate)
    assert direct.interval()[1] < 0.3  # truth 0.5
    assert abs(total.value - 0.9) < 3 * total.standard_error


def test_a_share_is_given_only_where_both_parts_point_the_same_way(linear_world: World) -> None:
    people = linear_world(np.random.default_rng(2), 1000)
    share = effects(people, ["m"], replicates=50)["proportion mediated"]
    assert isinstance(share, Estimate)
    assert abs(share.value - 0.4 / 0.9) < 3 * share.standard_error < 0.5
    opposed = effects(people.assign(y=people["y"] - 1.6 * people["a"]), ["m"], replicates=25)["proportion mediated"]
    assert isinstance(opposed, NotTestable)
    assert "opposite" in opposed.reason
    none = effects(people.assign(y=people["c"] + people["a"] * 0), ["m"], replicates=25)["proportion mediated"]
    assert isinstance(none, NotTestable)


def test_the_number_of_workers_changes_no_number(linear_world: World) -> None:
    people = linear_world(np.random.default_rng(4), 120)
    with parallel_config(backend="threading"):  # processes take seconds to start
        assert effects(people, ["m"], replicates=60) == effects(people, ["m"], replicates=60, workers=2)


def test_survey_weights_and_units_count(linear_world: World) -> None:
    rng = np.random.default_rng(6)
    people = linear_world(rng, 400)
    unit = np.arange(400) // 20
    people = people.assign(y=people["y"] + people["a"] * rng.normal(size=20)[unit])
    survey = people.assign(survey_weight=rng.uniform(1, 4, 400), survey_stratum=unit // 4, survey_psu=unit.astype(str))
    key = "total effect, mean difference"
    plain, found = (effects(table, ["m"], replicates=100)[key] for table in (people, survey))
    assert isinstance(plain, Estimate)
    assert isinstance(found, Estimate)
    assert found.df == 15
    assert found.standard_error > 1.3 * plain.standard_error
    assert "primary sampling units" in dict(found.details)["bootstrap"]
    clusters = effects(people.assign(family=unit), ["m"], cluster="family", replicates=100)
    clustered = clusters["total effect, mean difference"]
    assert isinstance(clustered, Estimate)
    assert clustered.standard_error > 1.3 * plain.standard_error


def test_imputation_is_carried_through(linear_world: World) -> None:
    people = linear_world(np.random.default_rng(9), 600)
    whole = effects(people, ["m"], replicates=50)["natural indirect effect, mean difference"]
    # Who is exposed and has a high c lacks the mediator more often.
    gone = np.random.default_rng(1).random(600) < special.expit(-2 + people["a"] + people["c"])
    people = people.assign(m=people["m"].mask(gone))
    design = design_of(people)

    def analysis(table: pd.DataFrame) -> dict[str, Result]:
        return natural_effects(table, outcome="y", exposure="a", mediators=["m"], adjustment=["c"], design=design,
                               replicates=50, seed=1)  # fmt: skip

    found = imputed(people, analysis, ["y", "a", "m", "c"], design=design, m=5, iterations=3, seed=2)
    result = found["natural indirect effect, mean difference"]
    assert isinstance(result, Estimate)
    assert isinstance(whole, Estimate)
    assert result.n == 600
    assert abs(result.value - 0.4) < 3 * result.standard_error
    assert result.standard_error > whole.standard_error
    assert dict(result.details)["imputations"] == "5"


def test_says_why_there_is_no_result(linear_world: World) -> None:
    people = linear_world(np.random.default_rng(4), 60)
    cases = {
        "no variable 'bmi'": (people, ["bmi"]),
        "single value": (people.assign(m=1.0), ["m"]),
        "no mediator": (people, []),
        "fewer than 5": (people.assign(m=(people.index < 3).astype(float)), ["m"]),
        "collinear": (people.assign(m=people["a"] * 2 + people["c"]), ["m"]),
    }
    for reason, (table, mediators) in cases.items():
        found = effects(table, mediators)
        assert found
        assert all(isinstance(result, NotTestable) and reason in result.reason for result in found.values()), reason
