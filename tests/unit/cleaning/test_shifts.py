"""The shift between groups of results, found from the whole distribution."""

from __future__ import annotations

import numpy as np
import pytest

from cohort.cleaning.shifts import best_shifts, counts, log_density


def two_peaks(rng: np.random.Generator, size: int, positive: float) -> np.ndarray:
    """Return logarithms of antibody results: few in those never infected, many in the others."""
    infected = rng.random(size) < positive
    return np.where(infected, rng.normal(4.6, 0.6, size), rng.normal(1.0, 0.6, size))


@pytest.mark.parametrize("shift", [-0.4, 0.0, 0.4, 2.3])
def test_a_shift_is_found_although_more_people_were_infected(shift: float) -> None:
    rng = np.random.default_rng(1)
    logs = np.concatenate([two_peaks(rng, 3000, 0.5), two_peaks(rng, 300, 0.65) + shift])
    table = counts(logs, np.repeat([0, 1], [3000, 300]), 2)
    (found,), (score,) = best_shifts(table[1:], log_density(table[0]), 4.0)
    assert found == pytest.approx(shift, abs=0.11)
    assert (score > 4) == (shift != 0)


def test_without_a_shift_the_score_is_small() -> None:
    rng = np.random.default_rng(2)
    logs, groups = rng.normal(0, 1, 44_000), np.repeat(np.arange(101), [4000, *[400] * 100])
    table = counts(logs, groups, 101)
    shifts, scores = best_shifts(table[1:], log_density(table[0]), 1.5)
    assert np.mean(scores > 2) < 0.12
    assert abs(float(shifts.mean())) < 0.03


def test_one_density_for_each_group_gives_the_same_as_one_by_one() -> None:
    rng = np.random.default_rng(3)
    table = counts(rng.normal(0, 1, 600), np.repeat([0, 1, 2], 200), 3)
    together = best_shifts(table[:2], log_density(table[1:]), 1.0)
    for group in (0, 1):
        alone = best_shifts(table[[group]], log_density(table[group + 1]), 1.0)
        assert (together[0][group], together[1][group]) == (alone[0][0], pytest.approx(alone[1][0]))
