"""Claims about mixtures: they describe in a fixed order, agree with scikit-learn, and never overrule the gate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.mixture import GaussianMixture

from cohort.analysis.subgroups.gate import GateResult, discrete_subgroups
from cohort.analysis.subgroups.mixtures import MixtureDescription, describe_mixtures, ordered_classes
from cohort.analysis.subgroups.preparation import PreparedMarkers, prepare_markers
from cohort.results import NotTestable

NAMES = ("a", "b", "c")


def prepared(apart: float, n: int = 500) -> PreparedMarkers:
    rng = np.random.default_rng(3)
    values = rng.standard_normal((n, 3)) + apart * (rng.random((n, 1)) < 0.35) * np.array([1.0, 0.7, 0.0])
    return prepare_markers(pd.DataFrame(np.exp(0.5 * values), columns=list(NAMES)), NAMES, (), rng=rng)


@pytest.fixture(scope="module")
def apart() -> PreparedMarkers:
    return prepared(5.0)


@pytest.fixture(scope="module")
def gate(apart: PreparedMarkers) -> GateResult | NotTestable:
    return discrete_subgroups(apart, rng=np.random.default_rng(1), splits=4, draws=59)


@pytest.fixture(scope="module")
def described(apart: PreparedMarkers, gate: GateResult | NotTestable) -> MixtureDescription:
    found = describe_mixtures(apart, gate, rng=np.random.default_rng(2), most_classes=3)
    assert isinstance(found, MixtureDescription)
    return found


def test_two_distant_groups_are_described_as_two_classes(described: MixtureDescription) -> None:
    assert described.classes == 2
    best = described.table.sort_values("bic").iloc[0]
    assert best["entropy"] > 0.9
    assert "Groups may be named." in described.words
    shares = described.assignment.value_counts(normalize=True)
    assert shares[2] == pytest.approx(0.35, abs=0.06)


def test_bic_agrees_with_scikit_learn(apart: PreparedMarkers, described: MixtureDescription) -> None:
    values = apart.scalings["log"]
    one = described.table.query("classes == 1").set_index("covariance")["bic"]
    for shape in ("full", "tied", "diag"):
        model = GaussianMixture(1, covariance_type=shape, reg_covar=1e-4).fit(values)
        assert one[shape] == pytest.approx(model.bic(values), rel=1e-9)
    two = described.table.query("classes == 2 and covariance == 'full'")["parameters"].item()
    assert two == 2 * 3 + 2 * 6 + 1


def test_classes_are_ordered_by_the_first_marker_whatever_the_start(
    apart: PreparedMarkers, gate: GateResult | NotTestable, described: MixtureDescription
) -> None:
    first = described.profiles.query("marker == 'a'")["mean"]
    assert first.is_monotonic_increasing
    for seed in (7, 8, 9):
        again = describe_mixtures(apart, gate, rng=np.random.default_rng(seed), most_classes=3)
        assert isinstance(again, MixtureDescription)
        pd.testing.assert_series_equal(again.assignment, described.assignment)
        assert again.words == described.words
    values = apart.scalings["log"]
    model = GaussianMixture(2, random_state=0).fit(values)
    labels = ordered_classes(model, values)[1]
    model.means_, model.weights_ = model.means_[::-1], model.weights_[::-1]
    model.precisions_cholesky_ = model.precisions_cholesky_[::-1]
    np.testing.assert_array_equal(ordered_classes(model, values)[1], labels)


def test_profiles_are_close_to_the_means_of_the_people_assigned(
    apart: PreparedMarkers, described: MixtureDescription
) -> None:
    values = pd.DataFrame(apart.scalings["log"], columns=list(NAMES), index=apart.index)
    direct = values.groupby(described.assignment).mean()
    stated = described.profiles.pivot_table(index="class", columns="marker", values="mean")
    np.testing.assert_allclose(stated.to_numpy(), direct[list(NAMES)].to_numpy(), atol=0.1)
    assert described.profiles.groupby("class")["people"].first().sum() == apart.n


def test_classes_that_bic_prefers_in_one_population_get_no_name() -> None:
    rng = np.random.default_rng(6)
    skewed = np.exp(0.6 * (rng.standard_normal((600, 3)) + 2 * rng.exponential(size=(600, 1))))
    one = prepare_markers(pd.DataFrame(skewed, columns=list(NAMES)), NAMES, (), rng=rng)
    gate = discrete_subgroups(one, rng=rng, splits=4, draws=59)
    found = describe_mixtures(one, gate, rng=rng, most_classes=3)
    assert isinstance(found, MixtureDescription)
    assert found.classes >= 2
    assert "no group is named" in found.words
    assert "tier 1" in found.words


def test_a_gate_that_could_not_be_asked_is_said_and_too_few_people_are_refused(apart: PreparedMarkers) -> None:
    untested = NotTestable("Discrete subgroups", "the gate needs at least 2 markers, this cohort gives 1")
    found = describe_mixtures(apart, untested, rng=np.random.default_rng(1), most_classes=2, shapes=("tied",))
    assert isinstance(found, MixtureDescription)
    assert found.words.endswith("the gate could not be asked: the gate needs at least 2 markers, this cohort gives 1.")
    assert isinstance(describe_mixtures(prepared(0.0, 100), untested, rng=np.random.default_rng(1)), NotTestable)
