"""Alpha and omega: pinned to R, recovering known values, near zero without a common trait, honest where they fail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.reliability import (
    MISFIT_SRMR,
    EndShare,
    cronbach_alpha,
    describe_reliability,
    item_rest_correlations,
    mcdonald_omega,
    share_at,
)
from cohort.results import Estimate, NotTestable, Result

FOLDER = Path(__file__).parent / "r_reliability"
ITEMS = [f"item_{number}" for number in range(1, 7)]
SURVEY = ["survey_weight", "survey_stratum", "survey_psu"]


@pytest.fixture(scope="module")
def pins() -> dict[str, Any]:
    return dict(json.loads((FOLDER / "pins.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "items.csv")


def number(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def congeneric(rng: np.random.Generator, n: int, loadings: list[float], errors: list[float]) -> pd.DataFrame:
    """Return items that measure one trait: loading times trait plus an error of this variance."""
    trait = rng.normal(size=(n, 1))
    values = trait * np.array(loadings) + rng.normal(size=(n, len(loadings))) * np.sqrt(errors)
    return pd.DataFrame(values, columns=[f"item_{place}" for place in range(1, len(loadings) + 1)])


# --- pinned to R (r_reliability/pins.R) --------------------------------------------------------------------------


def test_alpha_and_item_rest_correlations_are_those_of_psych(people: pd.DataFrame, pins: dict[str, Any]) -> None:
    simple = people.drop(columns=SURVEY)
    alpha = number(cronbach_alpha(simple, ITEMS, design_of(simple)))
    assert alpha.n == pins["n"]
    assert alpha.value == pytest.approx(pins["alpha"], abs=1e-12)
    rest = item_rest_correlations(simple, ITEMS, design_of(simple))
    assert [value for _, value in rest] == pytest.approx(pins["item_rest"], abs=1e-12)


def test_omega_is_that_of_maximum_likelihood_in_r(people: pd.DataFrame, pins: dict[str, Any]) -> None:
    simple = people.drop(columns=SURVEY)
    omega = number(mcdonald_omega(simple, ITEMS, design_of(simple)))
    assert omega.value == pytest.approx(pins["omega"], abs=1e-6)
    assert omega.value == pytest.approx(pins["lavaan"]["value"], abs=1e-7)
    # lavaan divides by n where we divide by n - 1.
    assert omega.standard_error == pytest.approx(pins["lavaan"]["se"] * np.sqrt(pins["n"] / (pins["n"] - 1)), rel=1e-4)
    assert float(dict(omega.details)["SRMR"]) == pytest.approx(pins["lavaan"]["srmr"], abs=5e-4)
    # psych divides by the observed variance of the sum, we by that of the model.
    z = simple[ITEMS].dropna()
    z = (z - z.mean()) / z.std()
    assert number(mcdonald_omega(z, ITEMS, design_of(z))).value == pytest.approx(pins["omega_standardised"], abs=0.002)


def test_weights_strata_and_units_are_honoured_as_in_survey_and_lavaan(
    people: pd.DataFrame, pins: dict[str, Any]
) -> None:
    alpha = number(cronbach_alpha(people, ITEMS, design_of(people)))
    assert alpha.value == pytest.approx(pins["alpha_survey"], abs=1e-12)
    assert alpha.standard_error == pytest.approx(pins["alpha_survey_se"], rel=1e-9)
    assert alpha.df == pins["df"]
    weights_only = people.drop(columns=["survey_stratum", "survey_psu"])
    omega = number(mcdonald_omega(weights_only, ITEMS, design_of(weights_only)))
    assert omega.value == pytest.approx(pins["lavaan_weighted"]["value"], abs=1e-7)
    stretched = pins["lavaan_weighted"]["se"] * np.sqrt(pins["n"] / (pins["n"] - 1))
    assert omega.standard_error == pytest.approx(stretched, rel=3e-4)


# --- known truth -------------------------------------------------------------------------------------------------


def test_alpha_and_omega_recover_parallel_items_with_right_coverage() -> None:
    """Five parallel items, loading 1, error variance 1.5: alpha = omega = 25 / (25 + 7.5)."""
    truth = 25 / 32.5
    rng = np.random.default_rng(11)
    estimates, inside = [], []
    for _ in range(150):
        people = congeneric(rng, 250, [1.0] * 5, [1.5] * 5)
        design = design_of(people)
        pair = [number(make(people, list(people), design)) for make in (cronbach_alpha, mcdonald_omega)]
        estimates.append([one.value for one in pair])
        inside.append([one.interval()[0] <= truth <= one.interval()[1] for one in pair])
    values = np.array(estimates)
    monte_carlo = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    assert (np.abs(values.mean(axis=0) - truth) < 3 * monte_carlo + 0.003).all()
    coverage = np.array(inside).mean(axis=0)
    assert (np.abs(coverage - 0.95) < 0.015 + 3 * np.sqrt(0.95 * 0.05 / len(values))).all()


def test_omega_recovers_congeneric_items_where_alpha_is_too_low() -> None:
    loadings, errors = [2.0, 1.0, 0.5, 0.3], [1.0, 1.0, 1.0, 1.0]
    truth = sum(loadings) ** 2 / (sum(loadings) ** 2 + sum(errors))
    people = congeneric(np.random.default_rng(5), 20_000, loadings, errors)
    omega, alpha = (number(make(people, list(people), design_of(people))) for make in (mcdonald_omega, cronbach_alpha))
    low, high = omega.interval()
    assert low < truth < high
    assert high - low < 0.02
    assert alpha.interval()[1] < truth


def test_alpha_of_independent_items_is_zero() -> None:
    rng = np.random.default_rng(6)
    covered = []
    for _ in range(150):
        people = pd.DataFrame(rng.normal(size=(300, 5)), columns=ITEMS[:5])
        low, high = number(cronbach_alpha(people, ITEMS[:5], design_of(people))).interval()
        covered.append(low <= 0 <= high)
    assert abs(np.mean(covered) - 0.95) < 0.015 + 3 * np.sqrt(0.95 * 0.05 / 150)


# --- where the assumption fails ----------------------------------------------------------------------------------


def described(people: pd.DataFrame, items: list[str]) -> tuple[tuple[str, ...], float, Result]:
    table = people.assign(total=people[items].sum(axis=1))
    found = describe_reliability(table, items, design_of(table), score="total", limits=(-99, 99))
    return found.flags, found.srmr, found.alpha


def test_two_traits_are_told() -> None:
    rng = np.random.default_rng(8)
    parts = [congeneric(rng, 800, [1.0] * 4, [0.8] * 4) for _ in range(2)]
    people = pd.concat([parts[0], parts[1].add_prefix("second_")], axis=1)
    flags, srmr, _ = described(people, list(people))
    assert srmr > MISFIT_SRMR
    assert any("One factor does not fit" in flag for flag in flags)
    assert described(parts[0], list(parts[0]))[0] == ()


def test_an_item_that_was_not_reversed_is_told() -> None:
    people = congeneric(np.random.default_rng(9), 800, [1.0] * 5, [1.0] * 5)
    wrong = people.assign(item_3=-people["item_3"])
    flags, _, alpha = described(wrong, list(wrong))
    right = described(people, list(people))
    assert flags[0].startswith("item_3 run against the rest")
    assert number(alpha).value < number(right[2]).value - 0.2
    assert right[0] == ()


# --- what cannot be had ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "columns", "reason"),
    [
        (30, ITEMS[:4], "fewer than 50 people answered all items"),
        (200, [*ITEMS[:4], "absent"], "this cohort does not have item 'absent'"),
        (200, ITEMS[:1], "fewer than"),
    ],
)
def test_too_little_is_not_testable(n: int, columns: list[str], reason: str) -> None:
    people = congeneric(np.random.default_rng(1), n, [1.0] * 4, [1.0] * 4)
    for make in (cronbach_alpha, mcdonald_omega):
        result = make(people, columns, design_of(people))
        assert isinstance(result, NotTestable)
        assert reason in result.reason


def test_an_item_without_variation_gives_no_omega() -> None:
    people = congeneric(np.random.default_rng(1), 200, [1.0] * 4, [1.0] * 4).assign(item_2=1.0)
    result = mcdonald_omega(people, list(people), design_of(people))
    assert isinstance(result, NotTestable)
    assert "same answer from everybody" in result.reason


def test_people_who_left_an_item_out_are_not_counted() -> None:
    people = congeneric(np.random.default_rng(1), 200, [1.0] * 4, [1.0] * 4)
    people.loc[:19, "item_1"] = np.nan
    assert number(cronbach_alpha(people, list(people), design_of(people))).n == 180


# --- floor and ceiling -------------------------------------------------------------------------------------------


def test_shares_at_the_ends_count_only_known_scores() -> None:
    table = pd.DataFrame({"total": [0.0] * 30 + [5.0] * 70 + [np.nan] * 20})
    assert share_at(table, "total", 0, design_of(table)) == EndShare(0.3, 30, 100)
    assert share_at(table, "total", 27, design_of(table)) == EndShare(0.0, 0, 100)
    assert share_at(table, "absent", 27, design_of(table)).people == 0


def test_shares_at_the_ends_are_weighted_and_of_the_eligible() -> None:
    table = pd.DataFrame(
        {"total": [0.0, 5.0, 0.0, 5.0], "survey_weight": [3.0, 1.0, 9.0, 0.0], "is_eligible": [True, True, False, True]}
    )
    assert share_at(table, "total", 0, design_of(table)) == EndShare(0.75, 1, 2)


def test_a_floor_effect_is_told() -> None:
    people = congeneric(np.random.default_rng(3), 400, [1.0] * 4, [1.0] * 4)
    table = people.assign(total=np.where(np.arange(400) < 100, 0.0, 1.0))
    found = describe_reliability(table, list(people), design_of(table), score="total", limits=(0, 9))
    assert found.flags == ("Floor effect (over 15 % of the people at that end).",)
