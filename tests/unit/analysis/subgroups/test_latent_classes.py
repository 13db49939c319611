"""Claims about latent classes of numbers and categories: they agree with stepmix and bear missing values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.subgroups.latent_classes import latent_classes
from cohort.analysis.subgroups.models import fit_mixture
from cohort.errors import AnalysisError


def test_mixed_classes_have_the_likelihood_that_stepmix_finds(
    invented: pd.DataFrame, stepmix_pins: dict[str, Any]
) -> None:
    found = latent_classes(
        invented[["c"]].to_numpy(), invented[["yes", "kind"]].to_numpy(), 2, np.random.default_rng(1),
        starts=5, tolerance=1e-10,
    )  # fmt: skip
    assert found.converged
    assert found.log_likelihood == pytest.approx(stepmix_pins["mixed_log_likelihood"], abs=0.01)
    np.testing.assert_allclose(np.sort(found.weights), stepmix_pins["mixed_weights"], atol=0.003)


def test_numbers_alone_give_the_diagonal_gaussian_mixture(invented: pd.DataFrame) -> None:
    values = invented[list("abcd")].to_numpy()
    found = latent_classes(values, None, 3, np.random.default_rng(1), starts=5)
    model, _ = fit_mixture(values, "diag", 3, starts=5, seed=1, ridge=1e-8)
    assert found.log_likelihood == pytest.approx(model.score(values) * len(values), abs=0.05)
    assert np.all(np.diff(found.means[:, 0]) > 0)
    assert found.bic() == pytest.approx(26 * np.log(450) - 2 * found.log_likelihood)


def test_classes_are_recovered_with_a_fifth_of_values_missing_at_random() -> None:
    rng = np.random.default_rng(2)
    ill = rng.random(1500) < 0.4
    numbers = rng.standard_normal((1500, 2)) + 2.5 * ill[:, None]
    categories = (rng.random((1500, 2)) < np.where(ill, 0.8, 0.2)[:, None]).astype(np.int64)
    numbers[rng.random((1500, 2)) < 0.2] = np.nan
    categories[rng.random((1500, 2)) < 0.2] = -1
    known = ~np.isnan(numbers).all(axis=1) | (categories >= 0).any(axis=1)
    found = latent_classes(numbers[known], categories[known], 2, rng, starts=3)
    assert found.weights[1] == pytest.approx(0.4, abs=0.04)
    np.testing.assert_allclose(found.means, [[0, 0], [2.5, 2.5]], atol=0.2)
    for probability in found.probabilities:
        np.testing.assert_allclose(probability[:, 1], [0.2, 0.8], atol=0.06)


def test_one_class_is_preferred_in_one_population_and_two_where_variables_correlate_within_it() -> None:
    rng = np.random.default_rng(3)
    apart = rng.standard_normal((600, 3))
    together = rng.standard_normal((600, 1)) + rng.standard_normal((600, 3))
    prefers = [
        int(np.argmin([latent_classes(values, None, k, rng, starts=3).bic() for k in (1, 2)])) + 1
        for values in (apart, together)
    ]
    # The second is the failing assumption: one continuum, but not independent within a class.
    assert prefers == [1, 2]


def test_nobody_without_variables() -> None:
    with pytest.raises(AnalysisError, match="at least one variable"):
        latent_classes(np.array([[1.0], [np.nan]]), None, 1, np.random.default_rng(1))
    with pytest.raises(AnalysisError, match="need a variable"):
        latent_classes(np.empty((3, 0)), None, 1, np.random.default_rng(1))
