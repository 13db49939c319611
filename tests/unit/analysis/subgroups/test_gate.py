"""Claims about the gate: silent on one population where the usual methods speak, loud on groups that are there."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture
from threadpoolctl import threadpool_limits

from cohort.analysis.subgroups.gap import BandwidthTest, gap_tests
from cohort.analysis.subgroups.gate import (
    FEWEST_PEOPLE,
    GAP_ALONE,
    THRESHOLD,
    WORDING,
    GateResult,
    decide,
    discrete_subgroups,
    missed_separations,
    parallel_analysis,
    tier_of_groups,
)
from cohort.analysis.subgroups.preparation import PreparedMarkers, prepare_markers
from cohort.results import NotTestable

NAMES = ("a", "b", "c", "d")
World = Callable[[np.random.Generator, int], np.ndarray]


def gaussian(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.exp(0.1 * (0.8 * rng.standard_normal((n, 4)) + 0.6 * rng.standard_normal((n, 1))))


def log_normal(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.exp(1.1 * (0.8 * rng.standard_normal((n, 4)) + 0.6 * rng.standard_normal((n, 1))))


def severity(rng: np.random.Generator, n: int) -> np.ndarray:
    """Return markers that rise with a skewed severity, as inflammation does: a continuum without groups."""
    return np.exp(0.6 * (rng.standard_normal((n, 4)) + rng.exponential(size=(n, 1)) * np.array([1.0, 1.0, 0.7, 0.4])))


def two_groups(rng: np.random.Generator, n: int, apart: float = 3.0) -> np.ndarray:
    shift = apart / np.sqrt(2) * np.array([1.0, 1.0, 0.0, 0.0])
    return np.exp(0.5 * (rng.standard_normal((n, 4)) + (rng.random((n, 1)) < 0.4) * shift))


def prepared_from(values: np.ndarray, rng: np.random.Generator) -> PreparedMarkers:
    return prepare_markers(pd.DataFrame(values, columns=list(NAMES)), NAMES, (), rng=rng)


def verdict(world: World, seed: int, n: int = 400) -> GateResult:
    rng = np.random.default_rng(seed)
    result = discrete_subgroups(prepared_from(world(rng, n), rng), rng=rng, splits=4, draws=59)
    assert isinstance(result, GateResult)
    return result


@pytest.mark.parametrize("world", [gaussian, log_normal, severity])
def test_one_population_passes_neither_part(world: World) -> None:
    """Twelve data sets each: at a true error rate of 5 % three or more would come once in fifty runs."""
    tiers = [verdict(world, 100 + seed).tier for seed in range(12)]
    assert sum(tier >= 2 for tier in tiers) <= 1, tiers


def test_groups_three_and_a_half_sd_apart_are_found() -> None:
    tiers = [verdict(lambda rng, n: two_groups(rng, n, 3.5), 200 + seed).tier for seed in range(8)]
    assert sum(tier == 3 for tier in tiers) >= 7, tiers


@pytest.mark.slow
@pytest.mark.parametrize("people", [500, 1000])
@pytest.mark.parametrize("world", [gaussian, log_normal, severity])
def test_the_error_rate_stays_below_five_percent(world: World, people: int) -> None:
    tiers = np.array([verdict(world, 5000 + seed, people).tier for seed in range(200)])
    for least in (2, 3):
        assert np.mean(tiers >= least) <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.slow
def test_power_rises_with_the_distance_and_the_number_of_people() -> None:
    def share(apart: float, people: int) -> float:
        tiers = [verdict(lambda rng, n: two_groups(rng, n, apart), 7000 + seed, people).tier for seed in range(60)]
        return float(np.mean(np.array(tiers) == 3))

    assert share(3.0, 1000) >= 0.5
    assert share(3.0, 1000) > share(3.0, 400)
    assert share(4.0, 400) >= 0.95
    assert share(1.5, 1000) <= 0.05


def test_usual_methods_find_groups_in_one_skewed_population_and_the_gate_does_not() -> None:
    """Silhouette above 0.25 on raw values, and the smallest BIC of a mixture: both name groups in every data set."""
    silhouettes, classes, tiers = [], [], []
    with threadpool_limits(limits=1):
        for seed in range(5):
            raw = log_normal(np.random.default_rng(300 + seed), 400)
            labels = KMeans(2, n_init=3, random_state=0).fit_predict(raw)
            silhouettes.append(silhouette_score(raw, labels))
            bic = [GaussianMixture(k, random_state=0, reg_covar=1e-4).fit(raw).bic(raw) for k in (1, 2, 3)]
            classes.append(1 + int(np.argmin(bic)))
            tiers.append(verdict(log_normal, 300 + seed).tier)
    assert min(silhouettes) > 0.25
    assert min(classes) >= 2
    assert max(tiers) <= 1


def test_the_same_seed_gives_the_same_result() -> None:
    one, two = verdict(two_groups, 11), verdict(two_groups, 11)
    assert (one.shape_z, one.gap_z, one.parallel_p, one.wording) == (
        two.shape_z,
        two.gap_z,
        two.parallel_p,
        two.wording,
    )
    np.testing.assert_array_equal(one.illustration.null_bandwidths, two.illustration.null_bandwidths)


def test_the_order_of_the_markers_does_not_matter() -> None:
    rng = np.random.default_rng(4)
    prepared = prepared_from(two_groups(rng, 400, 2.8), rng)
    turned = PreparedMarkers(
        **{
            **vars(prepared),
            "scalings": {name: values[:, ::-1] for name, values in prepared.scalings.items()},
            "markers": prepared.markers[::-1],
        }
    )
    results = [discrete_subgroups(p, rng=np.random.default_rng(5), splits=4, draws=59) for p in (prepared, turned)]
    one, two = results
    assert isinstance(one, GateResult)
    assert isinstance(two, GateResult)
    assert one.tier == two.tier
    assert one.shape == pytest.approx(two.shape, abs=0.05)
    assert one.illustration.weights == pytest.approx(two.illustration.weights, abs=0.02)


def test_the_order_of_the_people_changes_the_halves_but_not_the_verdict() -> None:
    rng = np.random.default_rng(4)
    prepared = prepared_from(two_groups(rng, 400, 3.8), rng)
    order = rng.permutation(prepared.n)
    shuffled = {name: values[order] for name, values in prepared.scalings.items()}
    turned = PreparedMarkers(**{**vars(prepared), "scalings": shuffled})
    tiers = [discrete_subgroups(p, rng=np.random.default_rng(5), splits=4, draws=59) for p in (prepared, turned)]
    assert [result.tier for result in tiers if isinstance(result, GateResult)] == [3, 3]


def test_the_short_way_finds_the_tier_of_the_gate() -> None:
    worlds: tuple[World, ...] = (severity, lambda r, n: two_groups(r, n, 2.6), lambda r, n: two_groups(r, n, 4.0))
    found = []
    for world in worlds:
        prepared = prepared_from(world(np.random.default_rng(6), 400), np.random.default_rng(6))
        gate = discrete_subgroups(prepared, rng=np.random.default_rng(7), splits=4, draws=59)
        assert isinstance(gate, GateResult)
        short = tier_of_groups(prepared, rng=np.random.default_rng(7), splits=4, draws=59)
        assert short == max(gate.tier, 1)
        assert tier_of_groups(prepared, rng=np.random.default_rng(7), splits=4, draws=59, threshold=9.0) == 1
        found.append(short)
    assert {1, 3} <= set(found)


@pytest.mark.parametrize(
    ("shape", "gap", "p", "tier"),
    [(1.29, 1.29, 0.9, 3), (1.29, 1.28, 0.9, 2), (1.28, 3.0, 0.05, 1), (1.28, 3.0, 0.06, 0), (-1.0, -1.0, 0.005, 1)],
)
def test_tiers_follow_the_recipe_at_the_thresholds(shape: float, gap: float, p: float, tier: int) -> None:
    assert THRESHOLD == 1.28
    assert decide(shape, gap, p) == tier


def test_groups_under_one_scaling_alone_are_not_groups() -> None:
    rng = np.random.default_rng(4)
    grouped, single = (
        prepared_from(world(rng, 400), rng) for world in (lambda r, n: two_groups(r, n, 4.0), log_normal)
    )
    mixed = {"log": grouped.scalings["log"], "box-cox": single.scalings["box-cox"]}
    result = discrete_subgroups(PreparedMarkers(**{**vars(grouped), "scalings": mixed}), rng=rng, splits=4, draws=59)
    assert isinstance(result, GateResult)
    assert result.shape_z["log"] > THRESHOLD > result.shape_z["box-cox"]
    assert result.shape == result.shape_z["box-cox"]
    assert result.gap == min(result.gap_z.values())
    assert result.tier <= 1


def test_people_who_learnt_the_axis_are_never_placed_along_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first marker holds each person's number and the axis is the first marker, so that places are people."""
    rng = np.random.default_rng(1)
    prepared = prepared_from(gaussian(rng, 250), rng)
    values = {name: np.column_stack([np.arange(250.0), rng.standard_normal(250)]) for name in prepared.scalings}
    learnt: list[np.ndarray] = []

    def first_marker(learning: np.ndarray, _: np.random.Generator) -> np.ndarray:
        learnt.append(learning[:, :, 0])
        return np.tile([1.0, 0.0], (len(learning), 1))

    placed: list[np.ndarray] = []

    def recorded(samples: np.ndarray, rng: np.random.Generator, draws: int) -> list[BandwidthTest]:
        placed.append(samples)
        return gap_tests(samples, rng, draws)

    monkeypatch.setattr("cohort.analysis.subgroups.gate.separating_axes", first_marker)
    monkeypatch.setattr("cohort.analysis.subgroups.gate.gap_tests", recorded)
    changed = PreparedMarkers(**{**vars(prepared), "scalings": values, "markers": ("a", "b")})
    discrete_subgroups(changed, rng=rng, splits=3, draws=19)
    pairs = [pair for one, other in zip(learnt, placed, strict=True) for pair in zip(one, other, strict=True)]
    assert len(pairs) == 12
    assert all(set(one).isdisjoint(other) and len({*one, *other}) == 250 for one, other in pairs)


def test_the_words_are_those_of_the_tier_and_lower_tiers_say_what_was_missed() -> None:
    found, silent = verdict(lambda rng, n: two_groups(rng, n, 4.0), 5), verdict(log_normal, 5)
    assert found.wording == WORDING[3]
    assert found.may_name_groups
    assert silent.tier == 1
    assert silent.wording.startswith(WORDING[1])
    assert silent.wording.endswith(missed_separations(400))
    assert "of groups shifted by 1.5 SD in three of six markers are missed" in silent.wording
    assert not silent.may_name_groups
    assert GAP_ALONE not in silent.wording


@pytest.mark.parametrize(("people", "side"), [(300, "more"), (700, "fewer"), (5000, "fewer")])
def test_what_was_missed_is_said_relative_to_the_numbers_measured(people: int, side: str) -> None:
    assert re.match(
        rf"With (more|fewer) people, {side} groups are missed than at n = (500|2,000), where ",
        missed_separations(people),
    )


def test_parallel_analysis_keeps_its_error_rate_and_sees_a_shared_factor() -> None:
    rng = np.random.default_rng(8)
    independent = [parallel_analysis(rng.exponential(size=(200, 4)), rng, 59) for _ in range(60)]
    assert np.mean(np.array(independent) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)
    shared = rng.standard_normal((300, 1)) + rng.standard_normal((300, 4))
    assert parallel_analysis(np.exp(shared), rng) == pytest.approx(1 / 200)


def test_independent_markers_show_no_structure() -> None:
    assert verdict(lambda rng, n: np.exp(rng.standard_normal((n, 4))), 3).tier == 0


def test_too_few_people_or_markers_are_not_testable_and_say_why() -> None:
    rng = np.random.default_rng(1)
    few = discrete_subgroups(prepared_from(gaussian(rng, FEWEST_PEOPLE - 1), rng), rng=rng)
    assert isinstance(few, NotTestable)
    assert few.reason == "the gate needs at least 200 people with all markers, this cohort has fewer"
    table = pd.DataFrame(gaussian(rng, 300), columns=list(NAMES))[["a"]]
    one = discrete_subgroups(prepare_markers(table, ("a", "b"), (), rng=rng), rng=rng)
    assert isinstance(one, NotTestable)
    assert one.reason == "the gate needs at least 2 markers, this cohort gives 1 (b: not measured in this cohort)"


def test_the_illustration_is_a_density_on_one_grid_with_its_null() -> None:
    seen = verdict(lambda rng, n: two_groups(rng, n, 4.0), 5).illustration
    width = seen.grid[1] - seen.grid[0]
    for density in (seen.kernel, seen.one_peak, seen.two_groups):
        assert density.shape == seen.grid.shape
        assert float(np.sum(density) * width) == pytest.approx(1, abs=0.03)
    assert seen.null_bandwidths.shape == (59,)
    assert seen.bandwidth > np.quantile(seen.null_bandwidths, 0.95)
    assert sum(weight**2 for weight in seen.weights.values()) == pytest.approx(1)
    assert min(seen.weights["a"], seen.weights["b"]) > max(abs(seen.weights["c"]), abs(seen.weights["d"]))
    assert seen.held_out.mean() == pytest.approx(0, abs=1e-9)
