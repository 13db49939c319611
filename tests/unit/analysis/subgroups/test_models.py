"""Claims about models side by side: they agree with mclust and never overrule the gate."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.subgroups.gate import GateResult, discrete_subgroups
from cohort.analysis.subgroups.mixtures import ordered_classes
from cohort.analysis.subgroups.models import (
    CONTINUUM,
    K_MEANS,
    ModelComparison,
    choices_table,
    compare_models,
    fit_mixture,
    free_parameters,
    models_table,
)
from cohort.analysis.subgroups.preparation import PreparedMarkers, prepare_markers
from cohort.results import NotTestable

NAMES = ("a", "b", "c")
FULL = "Gaussian mixture, a covariance for each class"


def prepared(values: np.ndarray) -> PreparedMarkers:
    table = pd.DataFrame(np.exp(0.5 * values), columns=list(NAMES))
    return prepare_markers(table, NAMES, (), rng=np.random.default_rng(2))


def compared(values: np.ndarray, **kwargs: Any) -> tuple[ModelComparison, GateResult]:
    ready = prepared(values)
    gate = discrete_subgroups(ready, rng=np.random.default_rng(1), splits=2, draws=19)
    found = compare_models(
        ready, gate, rng=np.random.default_rng(3), most_classes=3, starts=2, resamples=10, references=5, **kwargs
    )
    assert isinstance(found, ModelComparison)
    assert isinstance(gate, GateResult)
    return found, gate


@pytest.fixture(scope="module")
def one_skewed_population() -> tuple[ModelComparison, GateResult]:
    rng = np.random.default_rng(6)
    severity = rng.exponential(size=(400, 1))
    return compared(rng.standard_normal((400, 3)) + 1.5 * severity)


@pytest.fixture(scope="module")
def two_distant_groups() -> tuple[ModelComparison, GateResult]:
    rng = np.random.default_rng(3)
    member = rng.random((400, 1)) < 0.35
    return compared(rng.standard_normal((400, 3)) + 5.0 * member * np.array([1.0, 0.7, 0.0]))


@pytest.mark.parametrize("shape", ["full", "tied", "diag"])
def test_bic_is_that_of_mclust(invented: pd.DataFrame, model_pins: dict[str, Any], shape: str) -> None:
    values = invented[list("abcd")].to_numpy()
    for classes in (1, 2, 3):
        model, converged = fit_mixture(values, shape, classes, starts=10, seed=1, ridge=1e-8, tolerance=1e-9)
        ours = free_parameters(shape, classes, 4) * np.log(450) - 2 * model.score(values) * 450
        theirs = -model_pins["bic"][shape][classes - 1]  # mclust gives 2 log L - p log n
        assert converged
        if (shape, classes) == ("diag", 2):
            # mclust starts once, from a tree, and stays at a lower maximum here.
            assert ours < theirs - 40
        else:
            # Three full classes, which BIC doesn't choose, have two maxima 0.24 apart.
            assert ours == pytest.approx(theirs, abs=0.3 if (shape, classes) == ("full", 3) else 0.02)


def test_classes_and_icl_are_those_of_mclust(invented: pd.DataFrame, model_pins: dict[str, Any]) -> None:
    values = invented[list("abcd")].to_numpy()
    model, _ = fit_mixture(values, "tied", 3, starts=10, seed=1, ridge=1e-8)
    labels = ordered_classes(model, values)[1] + 1
    assert np.mean(labels == np.array(model_pins["class"])) > 0.995
    posterior = model.predict_proba(values)
    bic = free_parameters("tied", 3, 4) * np.log(450) - 2 * model.score(values) * 450
    assert bic - 2 * np.log(posterior.max(axis=1)).sum() == pytest.approx(-model_pins["icl"], abs=0.5)


def test_two_distant_groups_are_two_by_every_method_and_the_gate(
    two_distant_groups: tuple[ModelComparison, GateResult],
) -> None:
    found, gate = two_distant_groups
    chosen = found.choices.set_index(["method", "criterion"])["classes"]
    assert gate.tier == 3
    assert chosen[FULL, "BIC"] == 2
    assert chosen[K_MEANS, "silhouette"] == 2
    assert chosen[K_MEANS, "bootstrap Jaccard"] >= 2
    low, high = (found.labels[FULL].value_counts(normalize=True).sort_index()).tolist()
    assert (low, high) == pytest.approx((0.65, 0.35), abs=0.06)


def test_methods_alone_find_groups_in_one_skewed_population_and_the_table_lets_only_the_gate_name_them(
    one_skewed_population: tuple[ModelComparison, GateResult],
) -> None:
    found, gate = one_skewed_population
    chosen = found.choices.set_index(["method", "criterion"])["classes"]
    assert chosen[FULL, "BIC"] > 1
    assert chosen[K_MEANS, "bootstrap Jaccard"] > 1
    assert not gate.may_name_groups
    table = choices_table(found)
    assert "Only the gate names groups" in table.note
    assert table.data.iloc[-1]["method"] == "the gate"
    assert table.data.iloc[-1]["would say"] == gate.wording


def test_one_factor_beats_classes_without_correlation_where_there_is_one_factor() -> None:
    rng = np.random.default_rng(8)
    found, _ = compared(rng.standard_normal((400, 1)) + 0.8 * rng.standard_normal((400, 3)), shapes=("diag",))
    table = found.table.set_index("method")
    assert table.loc[CONTINUUM, "bic"] < found.table["bic"].drop(found.table.index[-1]).min()
    # Three markers and one factor fit the covariance exactly: the likelihood is that of one Gaussian.
    ready = prepared(rng.standard_normal((400, 1)) + 0.8 * rng.standard_normal((400, 3))).scalings["log"]
    one, _ = fit_mixture(ready, "full", 1, starts=1, seed=1)
    assert np.isfinite(one.score(ready))


def test_the_same_seed_gives_the_same_numbers_and_labels_start_with_the_lowest_first_marker(
    two_distant_groups: tuple[ModelComparison, GateResult],
) -> None:
    found, _ = two_distant_groups
    rng = np.random.default_rng(3)
    member = rng.random((400, 1)) < 0.35
    values = rng.standard_normal((400, 3)) + 5.0 * member * np.array([1.0, 0.7, 0.0])
    again, _ = compared(values)
    pd.testing.assert_frame_equal(found.table, again.table)
    pd.testing.assert_frame_equal(found.labels, again.labels)
    first = pd.Series(values[:, 0], index=found.labels.index)
    for name in found.labels:
        assert first.groupby(found.labels[name]).mean().is_monotonic_increasing


def test_too_few_people_are_refused_in_words() -> None:
    few = prepared(np.random.default_rng(1).standard_normal((100, 3)))
    found = compare_models(few, NotTestable("gate", "no"), rng=np.random.default_rng(1))
    assert isinstance(found, NotTestable)
    assert choices_table(found).data.iloc[0, 0].startswith("not testable: models need")
    assert models_table(found).data.iloc[0, 0].startswith("not testable: models need")
