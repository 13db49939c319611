"""Claims about the learnt axis: the discriminant of the mixture that scikit-learn finds, and halves don't overlap."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from cohort.analysis.subgroups.axis import CLIP, RIDGE, random_halves, separating_axes


def test_the_axis_is_the_discriminant_of_the_tied_mixture_of_scikit_learn() -> None:
    rng = np.random.default_rng(5)
    learning = rng.standard_normal((3, 400, 4))
    learning[:, :160, 0] += 2.5
    learning[:, :160, 1] -= 1
    axes = separating_axes(learning, np.random.default_rng(1))
    for values, axis in zip(learning, axes, strict=True):
        model = GaussianMixture(
            2, covariance_type="tied", n_init=5, tol=1e-8, max_iter=2000, random_state=0, reg_covar=RIDGE
        )
        model.fit(np.clip(values, -CLIP, CLIP))
        discriminant = np.linalg.solve(model.covariances_, model.means_[1] - model.means_[0])
        cosine = abs(discriminant @ axis) / np.linalg.norm(discriminant)
        assert cosine == pytest.approx(1, abs=1e-4)


def test_the_axis_has_length_one_and_points_to_higher_markers() -> None:
    axes = separating_axes(np.random.default_rng(2).standard_normal((4, 150, 5)), np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(axes, axis=1), 1)
    assert (axes.sum(axis=1) >= 0).all()


def test_extreme_values_are_clipped_before_learning() -> None:
    rng = np.random.default_rng(6)
    learning = rng.standard_normal((1, 300, 3))
    learning[0, :120, 0] += 3
    extreme = learning.copy()
    extreme[0, 0] = [CLIP, CLIP, CLIP]
    further = learning.copy()
    further[0, 0] = [400.0, 400.0, 400.0]
    one, other = (separating_axes(x, np.random.default_rng(1)) for x in (extreme, further))
    np.testing.assert_allclose(one, other)


@pytest.mark.parametrize("people", [10, 11])
def test_halves_are_disjoint_and_of_the_same_size(people: int) -> None:
    halves = random_halves(people, 20, np.random.default_rng(3))
    assert halves.shape == (20, 2, 5)
    assert all(len(set(split.ravel())) == 10 for split in halves)
    assert len({tuple(sorted(split[0])) for split in halves}) > 1
