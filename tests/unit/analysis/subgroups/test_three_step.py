"""Claims about class means of an outside variable: they agree with stepmix and are not drawn together."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.subgroups.three_step import class_means
from cohort.errors import AnalysisError


def uncertain(rng: np.random.Generator, n: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """Return classes of two thirds and one third, and posteriors from one marker that lies 2 SD apart."""
    upper = rng.random(n) < 1 / 3
    marker = rng.standard_normal(n) + 2.0 * upper
    odds = np.exp(2.0 * marker - 2.0) / 2
    return upper, np.column_stack([1 / (1 + odds), odds / (1 + odds)])


def test_means_are_those_of_stepmix(invented: pd.DataFrame, stepmix_pins: dict[str, Any]) -> None:
    found = class_means(np.array(stepmix_pins["posterior"]), invented["score"].to_numpy())
    np.testing.assert_allclose(found.means, stepmix_pins["bch_means"], atol=1e-5)


def test_a_difference_is_recovered_with_its_error_where_the_naive_one_is_drawn_to_zero() -> None:
    corrected, naive, errors = [], [], []
    rng = np.random.default_rng(2)
    for _ in range(200):
        upper, posterior = uncertain(rng)
        found = class_means(posterior, 1.0 * upper + rng.standard_normal(len(upper)))
        difference, error = found.difference(1, 0)
        corrected.append(difference)
        errors.append(error)
        naive.append(found.naive[1] - found.naive[0])
    assert np.mean(corrected) == pytest.approx(1.0, abs=3 * np.std(corrected) / np.sqrt(200))
    assert np.mean(naive) < 0.75
    assert np.mean(errors) == pytest.approx(np.std(corrected), rel=0.15)


def test_the_test_of_no_difference_keeps_its_level() -> None:
    rng = np.random.default_rng(3)
    p = [class_means(uncertain(rng, 600)[1], rng.standard_normal(600)).p_value() for _ in range(400)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.025)


def test_a_variable_that_follows_the_marker_within_classes_is_over_corrected() -> None:
    rng = np.random.default_rng(4)
    upper = rng.random(20_000) < 1 / 3
    marker = rng.standard_normal(20_000) + 2.0 * upper
    odds = np.exp(2.0 * marker - 2.0) / 2
    found = class_means(np.column_stack([1 / (1 + odds), odds / (1 + odds)]), marker)
    # The truth is 2: the failing assumption of the method.
    assert found.difference(1, 0)[0] > 2.3


def test_classes_that_nobody_is_assigned_to_are_refused() -> None:
    with pytest.raises(AnalysisError, match="too uncertain"):
        class_means(np.full((50, 2), 0.5), np.zeros(50))
