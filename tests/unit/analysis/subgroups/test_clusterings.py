"""Claims about clusterings: they agree with fpc and scikit-learn, and stability is no sign of a group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from cohort.analysis.subgroups.clusterings import (
    adjusted_rand,
    bootstrap_jaccard,
    crossed,
    jaccard,
    k_means,
    matched,
)


@pytest.mark.parametrize("clusters", [2, 3])
def test_bootstrap_jaccard_means_are_those_of_clusterboot(
    invented: pd.DataFrame, model_pins: dict[str, Any], clusters: int
) -> None:
    values = invented[list("abcd")].to_numpy()
    pin = model_pins["clusterboot"][clusters - 2]
    labels = k_means(values[None], clusters, np.random.default_rng(1), starts=20).labels[0]
    assert np.bincount(labels).tolist() == pytest.approx(pin["size"], abs=1)
    found = bootstrap_jaccard(values, labels, clusters, np.random.default_rng(2), draws=100, starts=3)
    # Both are means over random resamples: the standard error of their difference is about 0.004.
    np.testing.assert_allclose(found.mean(axis=0), pin["mean"], atol=0.015)


def test_one_round_population_is_cut_in_two_as_stably_as_two_groups() -> None:
    rng = np.random.default_rng(4)
    one = rng.standard_normal((500, 3)) * np.array([3.0, 1.0, 1.0])
    labels = k_means(one[None], 2, rng).labels[0]
    assert bootstrap_jaccard(one, labels, 2, rng, draws=20).mean(axis=0).min() > 0.85


def test_adjusted_rand_is_that_of_scikit_learn_and_zero_for_unrelated_labels() -> None:
    rng = np.random.default_rng(5)
    first, second = rng.integers(3, size=(20, 300)), rng.integers(3, size=(20, 300))
    second[:10] = np.where(rng.random((10, 300)) < 0.7, first[:10], second[:10])
    found = adjusted_rand(crossed(first, second, 3))
    direct = [adjusted_rand_score(a, b) for a, b in zip(first, second, strict=True)]
    np.testing.assert_allclose(found, direct, atol=1e-12)
    assert abs(found[10:].mean()) < 0.01


def test_the_jaccard_index_is_intersection_over_union_among_those_inside() -> None:
    first, second = np.array([[0, 0, 1, 1, 1]]), np.array([[0, 1, 1, 1, 0]])
    inside = np.array([[True, True, True, True, False]])
    np.testing.assert_allclose(jaccard(crossed(first, second, 2, inside))[0], [[1 / 2, 1 / 4], [0, 2 / 3]])
    assert matched(jaccard(crossed(first, second, 2, inside))).tolist() == [[0, 1]]


def test_clusters_are_numbered_by_the_first_marker_whatever_the_start() -> None:
    rng = np.random.default_rng(1)
    values = np.vstack([rng.standard_normal((50, 2)) + place for place in ([6, 0], [0, 6], [-6, 0])])
    for seed in range(4):
        found = k_means(values[None], 3, np.random.default_rng(seed))
        assert np.all(np.diff(found.centres[0, :, 0]) > 0)
        np.testing.assert_array_equal(found.labels[0], np.repeat([2, 1, 0], 50))
