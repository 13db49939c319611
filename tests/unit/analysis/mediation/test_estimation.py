"""Models of all bootstrap samples at once are those of each sample by itself, and what has no estimate says so."""

from __future__ import annotations

import dataclasses
import warnings

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.fitting import logistic_coefficients
from cohort.analysis.mediation.estimation import (
    fit_models,
    linear_coefficients,
    linear_samples,
    logistic_samples,
    refit_models,
)
from cohort.analysis.mediation.integration import integration_for, mean_outcome, mediator_points, steepness
from cohort.analysis.mediation.models import People
from cohort.analysis.mediation.preparation import people_of
from cohort.analysis.sampling import FloatArray, design_of
from cohort.analysis.variables import InestimableError


def people_from(table: pd.DataFrame, outcome: str, mediators: list[str]) -> People:
    return people_of(
        table, outcome=outcome, exposure="abused", mediators=mediators, adjustment=["age"], design=design_of(table),
        domain=None, interaction=True,
    )  # fmt: skip


@pytest.fixture
def matrix() -> FloatArray:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(80, 2))
    return np.column_stack([np.ones(80), x, x[:, 0] * x[:, 1] + 50])


@pytest.fixture
def weights() -> FloatArray:
    return np.random.default_rng(2).multinomial(80, np.full(80, 1 / 80), size=6).astype(float)


def test_least_squares_of_samples_are_those_of_each(matrix: FloatArray, weights: FloatArray) -> None:
    outcome = matrix @ [1, 2, -1, 0.5] + np.random.default_rng(3).normal(size=80)
    beta, sd = linear_samples(matrix, outcome, weights)
    for sample, weight in enumerate(weights):
        alone, spread = linear_coefficients(matrix, outcome, weight)
        assert beta[sample] == pytest.approx(alone, rel=1e-8)
        assert sd[sample] == pytest.approx(spread, rel=1e-10)


def test_logistic_samples_are_those_of_each(matrix: FloatArray, weights: FloatArray) -> None:
    outcome = (np.random.default_rng(3).random(80) < 1 / (1 + np.exp(-matrix[:, 1]))).astype(float)
    start = logistic_coefficients(matrix, outcome, np.ones(80))
    beta = logistic_samples(matrix, outcome, weights, start)
    for sample, weight in enumerate(weights):
        drawn = weight > 0
        assert beta[sample] == pytest.approx(
            logistic_coefficients(matrix[drawn], outcome[drawn], weight[drawn]), rel=1e-7, abs=1e-9
        )


def test_a_sample_without_estimate_is_marked_and_spoils_no_other(matrix: FloatArray, weights: FloatArray) -> None:
    outcome = (np.random.default_rng(3).random(80) < 0.5).astype(float)
    start = logistic_coefficients(matrix, outcome, np.ones(80))
    whole = logistic_samples(matrix, outcome, weights, start)
    odd = weights.copy()
    odd[2] = np.where((matrix[:, 1] > 0) == (outcome == 1), weights[2], 0)  # separated
    odd[4] = 0.0
    odd[4, :2] = 40.0  # two people and four columns
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = logistic_samples(matrix, outcome, odd, start)
        beta, sd = linear_samples(matrix, matrix[:, 1] + outcome, odd)
    assert np.isnan(found[[2, 4]]).all()
    assert found[[0, 1, 3, 5]] == pytest.approx(whole[[0, 1, 3, 5]], rel=1e-6)
    assert np.isnan(beta[4]).all()
    assert np.isnan(sd[4])
    assert np.isfinite(beta[[0, 1, 2, 3, 5]]).all()


@pytest.mark.parametrize("ordered", [True, False])
def test_categories_of_samples_are_those_of_each(abused_people: pd.DataFrame, ordered: bool) -> None:
    words = pd.CategoricalDtype(["never", "former", "current"], ordered=ordered)
    people = people_from(abused_people.assign(smoking=abused_people["smoking"].astype(words)), "crp", ["smoking"])
    times = np.random.default_rng(1).multinomial(400, np.full(400, 1 / 400), size=2).astype(float)
    times[1, np.asarray(people.mediators[0].values) == 1] = 0.0  # nobody is left who smoked formerly
    both = refit_models(people, fit_models(people), people.sample_weights(times))
    alone = refit_models(people, fit_models(people), people.sample_weights(times[:1]))
    assert both.mediators[0].coefficients[0] == pytest.approx(alone.mediators[0].coefficients[0])
    assert both.mediators[0].thresholds[0] == pytest.approx(alone.mediators[0].thresholds[0])
    assert np.isfinite(both.outcome.coefficients[0]).all()
    assert np.isnan(both.outcome.coefficients[1]).all()


def test_a_sample_in_which_a_mediator_has_no_model_has_no_outcome_either(abused_people: pd.DataFrame) -> None:
    people = dataclasses.replace(people_from(abused_people, "crp", ["smoker"]), interaction=False)
    times = np.ones((2, 400))
    smoker = np.asarray(people.mediators[0].values)
    times[1, (people.exposure == 1) & (smoker == 0)] = 0.0  # all the exposed who are left smoke: separation
    found = refit_models(people, fit_models(people), people.sample_weights(times))
    assert np.isnan(found.mediators[0].coefficients[1]).all()
    assert np.isnan(found.outcome.coefficients[1]).all()
    assert np.isfinite(found.outcome.coefficients[0]).all()


def test_people_drawn_often_weigh_as_if_repeated(abused_people: pd.DataFrame) -> None:
    people = people_from(abused_people, "depressed", ["smoker", "bmi"])
    times = np.random.default_rng(1).integers(0, 3, size=400)
    weights = people.sample_weights(times[None].astype(float))
    found = refit_models(people, fit_models(people), weights)
    repeated = people_from(abused_people.loc[np.repeat(abused_people.index, times)].reset_index(), "depressed",
                           ["smoker", "bmi"])  # fmt: skip
    again = fit_models(repeated)
    for one, other in zip((*found.mediators, found.outcome), (*again.mediators, again.outcome), strict=True):
        assert one.coefficients == pytest.approx(other.coefficients, rel=1e-6, abs=1e-8)


def test_says_why_there_is_no_model() -> None:
    x = np.arange(6.0)
    with pytest.raises(InestimableError, match="collinear"):
        linear_coefficients(np.column_stack([np.ones(6), x, 2 * x]), x, np.ones(6))
    with pytest.raises(InestimableError, match="no more people"):
        linear_coefficients(np.column_stack([np.ones(2), [0.0, 1.0]]), np.array([1.0, 2.0]), np.ones(2))


@pytest.mark.parametrize("slope", [0.05, 0.2, 0.5])
def test_there_are_as_many_nodes_as_the_slopes_want(abused_people: pd.DataFrame, slope: float) -> None:
    rng = np.random.default_rng(4)
    logit = slope * (abused_people["bmi"] - 26) + 0.5 * abused_people["abused"]
    people = people_from(abused_people.assign(ill=rng.random(400) < 1 / (1 + np.exp(-logit))), "ill", ["bmi"])
    fitted, ends = fit_models(people), (0.0, 1.0)
    steep = steepness(people, fitted, ends)
    by_bmi, by_both = fitted.outcome.coefficients[0, 0, -2:]
    assert steep == pytest.approx(max(abs(by_bmi), abs(by_bmi + by_both)) * fitted.mediators[0].sd[0])
    how = integration_for(people, fitted, ends, draws=None, seed=np.random.SeedSequence(1), own=False)
    means = []
    for nodes in (how.nodes, 60):
        fine = type(how)(nodes)
        points = mediator_points(people, fitted.mediators, 1.0, fine)
        means.append(float(mean_outcome(people, people.weights[None], fitted.outcome, 0.0, points)[0]))
    assert means[0] == pytest.approx(means[1], abs=2e-7 if steep < 0.8 else 3e-6)
    assert how.nodes < 60


def test_a_number_that_a_later_yes_no_mediator_follows_gets_nodes_for_a_logit(abused_people: pd.DataFrame) -> None:
    people = people_from(abused_people, "crp", ["bmi", "smoker"])
    fitted = fit_models(people)
    how = integration_for(people, fitted, (0.0, 1.0), draws=None, seed=np.random.SeedSequence(1), own=False)
    assert steepness(people, fitted, (0.0, 1.0)) > 0
    assert how.nodes > 2
    linear = people_from(abused_people, "crp", ["bmi"])
    assert steepness(linear, fit_models(linear), (0.0, 1.0)) == 0
