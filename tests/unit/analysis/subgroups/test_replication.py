"""Claims about replication: groups agree better than one population, which doesn't itself, and a threshold fools it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from cohort.analysis.subgroups.preparation import PreparedMarkers, prepare_markers
from cohort.analysis.subgroups.replication import Replication, agreement, one_population, replication, replication_table
from cohort.results import NotTestable


def prepared(values: np.ndarray) -> PreparedMarkers:
    names = [f"m{i}" for i in range(values.shape[1])]
    table = pd.DataFrame(np.exp(0.4 * values), columns=names)
    return prepare_markers(table, names, (), rng=np.random.default_rng(2))


def replicated(values: np.ndarray, **kwargs: pd.Series) -> Replication:
    found = replication(prepared(values), rng=np.random.default_rng(1), halves=3, draws=19, **kwargs)
    assert isinstance(found, Replication)
    return found


def test_two_groups_are_found_again_in_halves_and_sites_better_than_in_one_population() -> None:
    rng = np.random.default_rng(3)
    values = rng.standard_normal((400, 4)) + 3.0 * (rng.random((400, 1)) < 0.4) * np.array([1, 1, 0, 0])
    site = pd.Series(np.repeat(["A", "B", "C"], [180, 180, 40]))
    found = replicated(values, sites=site)
    assert found.halves.rand.mean() > 0.9
    assert found.halves.jaccard.mean() > 0.95
    assert found.halves.profiles.min() > 0.95
    assert found.p_value == 0.05
    # Site C has too few people.
    assert found.pairs == (("A", "B"), ("B", "A"))
    assert found.sites is not None
    assert found.sites.rand.min() > 0.85
    table = replication_table([found])
    assert table.data["parts"].tolist() == ["random halves", "2 pairs of sites"]


def test_one_long_population_agrees_highly_and_no_better_than_its_null() -> None:
    rng = np.random.default_rng(4)
    values = 2.0 * rng.standard_normal((400, 1)) + rng.standard_normal((400, 4))
    found = replicated(values)
    # Here is what a paper would report.
    assert found.halves.rand.mean() > 0.6
    assert found.p_value > 0.05
    assert found.words.startswith("The groups are found again as well as a continuum")


@pytest.mark.slow
def test_the_p_value_is_uniform_enough_in_gaussian_copulas() -> None:
    p = []
    for seed in range(100):
        rng = np.random.default_rng(seed)
        values = rng.standard_normal((300, 1)) + rng.standard_normal((300, 4))
        values[:, 0] = np.exp(0.5 * values[:, 0])
        p.append(replicated(values).p_value)
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 100)


def test_a_threshold_response_agrees_better_than_a_gaussian_copula_so_that_replication_alone_names_nothing() -> None:
    rng = np.random.default_rng(5)
    cause = rng.standard_normal((400, 1))
    found = replicated(4 / (1 + np.exp(-10 * cause)) + 0.5 * rng.standard_normal((400, 4)))
    assert found.p_value == 0.05
    assert found.words.endswith("Only the gate names.")


def test_the_one_population_keeps_distributions_and_correlations() -> None:
    rng = np.random.default_rng(6)
    values = np.exp(rng.standard_normal((3000, 1)) + rng.standard_normal((3000, 3)))
    drawn = one_population(values, rng)
    places = [0.1, 0.5, 0.9]
    np.testing.assert_allclose(np.quantile(drawn, places, axis=0), np.quantile(values, places, axis=0), rtol=0.15)
    np.testing.assert_allclose(stats.spearmanr(drawn)[0], stats.spearmanr(values)[0], atol=0.05)


def test_unrelated_people_do_not_agree_and_few_people_are_refused() -> None:
    rng = np.random.default_rng(7)
    one, two = rng.standard_normal((10, 200, 5)), rng.standard_normal((10, 200, 5))
    # Five round directions: k-means cuts each half elsewhere.
    assert agreement(one, two, 2, rng).rand.mean() < 0.4
    few = replication(prepared(rng.standard_normal((100, 3))), rng=rng)
    assert isinstance(few, NotTestable)
    assert replication_table([few]).data.loc[0, "finding"].startswith("not testable")
