"""Claims about batches: a crossed plate is taken out and leaves the group alone, an aliased one is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.subgroups.batches import (
    BatchOverlap,
    batch_overlap,
    batch_table,
    batches_of,
    within_batches,
    without_batch_shifts,
)
from cohort.results import Estimate, NotTestable

MARKER = "il6_pg_ml"


def measured(
    seed: int,
    *,
    effect: float = 0.0,
    high_share: tuple[float, float] = (0.5, 0.5),
    shift: float = 0.8,
    people: int = 1600,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return people on twenty plates, ten of which read high, and their laboratory results.

    ``high_share`` is the share of those without and with depression who were measured on the plates that read high.
    """
    rng = np.random.default_rng(seed)
    depressed = rng.random(people) < 0.3
    high = rng.random(people) < np.where(depressed, high_share[1], high_share[0])
    plate = rng.integers(10, size=people) + 10 * high
    ids = pd.Series([f"p{number:05d}" for number in range(people)], dtype="string")
    age = rng.normal(50, 10, people)
    value = np.exp(rng.standard_normal(people) + 0.02 * (age - 50) + effect * depressed + shift * high)
    table = pd.DataFrame(
        {"participant_id": ids, "age_years": age, "has_depression": pd.array(depressed, dtype="boolean"), MARKER: value}
    )
    labs = pd.DataFrame(
        {"participant_id": ids, "visit": "t0", "analyte": "il6", "value": value, "plate": [f"P{k:02d}" for k in plate],
         "site": "A"}
    )  # fmt: skip
    return table, labs


def looked_at(table: pd.DataFrame, labs: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, BatchOverlap]]:
    batches = batches_of(labs, table["participant_id"], [MARKER, "crp_mg_l"], "t0")
    return batches, batch_overlap(table, batches, "has_depression", design_of(table))


@pytest.mark.parametrize("effect", [0.0, 0.4])
def test_a_difference_within_plates_recovers_the_truth_where_the_naive_one_does_not(effect: float) -> None:
    naive, within = [], []
    for seed in range(20):
        table, labs = measured(seed, effect=effect, high_share=(0.4, 0.6))
        batches, overlap = looked_at(table, labs)
        found = within_batches(
            table, design_of(table), batches, overlap, by="has_depression", adjustment=["age_years"]
        )[MARKER]  # fmt: skip
        assert isinstance(found, Estimate)
        truth = effect / float(np.log(table[MARKER]).std())
        low, high = found.interval()
        within.append(low <= truth <= high)
        logs = np.log(table[MARKER]).groupby(table["has_depression"]).mean()
        naive.append(float(logs[True] - logs[False]) - effect)
    assert np.mean(within) > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 20)
    assert np.mean(naive) == pytest.approx(0.8 * 0.2, abs=0.04)


def test_shifts_are_taken_out_and_the_group_and_age_stay() -> None:
    table, labs = measured(5, effect=0.5, high_share=(0.4, 0.6), people=6000)
    batches, overlap = looked_at(table, labs)
    corrected, notes = without_batch_shifts(
        table, batches, overlap, by="has_depression", covariates=["age_years"], rng=np.random.default_rng(1)
    )
    assert overlap[MARKER].between > 0.1
    assert looked_at(corrected, labs)[1][MARKER].between < 0.005
    matrix = np.column_stack([np.ones(6000), table["has_depression"].to_numpy(dtype=float), table["age_years"]])
    slope = np.linalg.lstsq(matrix, np.log(corrected[MARKER]), rcond=None)[0]
    assert slope[1] == pytest.approx(0.5, abs=0.08)
    assert slope[2] == pytest.approx(0.02, abs=0.004)
    assert "Interleukin-6 0.4" in notes[0]
    assert table[MARKER].equals(measured(5, effect=0.5, high_share=(0.4, 0.6), people=6000)[0][MARKER])


def test_where_no_plate_reads_high_next_to_nothing_is_taken_out() -> None:
    table, labs = measured(6, shift=0.0)
    batches, overlap = looked_at(table, labs)
    corrected, _ = without_batch_shifts(
        table, batches, overlap, by="has_depression", covariates=["age_years"], rng=np.random.default_rng(1)
    )
    assert float(np.abs(np.log(corrected[MARKER] / table[MARKER])).max()) < 0.1


def test_aliased_plates_are_refused_and_left_as_they_are() -> None:
    table, labs = measured(7, high_share=(0.0, 1.0))
    batches, overlap = looked_at(table, labs)
    assert overlap[MARKER].aliased
    within = within_batches(table, design_of(table), batches, overlap, by="has_depression", adjustment=[])
    refused = within[MARKER]
    assert isinstance(refused, NotTestable)
    assert "aliased" in refused.reason
    assert "measure some people of both kinds on the same plates" in refused.reason
    kept, notes = without_batch_shifts(
        table, batches, overlap, by="has_depression", covariates=[], rng=np.random.default_rng(1)
    )
    assert kept is table
    assert notes == ()
    assert "refused: aliased" in batch_table(overlap, {}, within).data.to_string()


def test_crossed_plates_explain_nothing_of_depression() -> None:
    shares = [looked_at(*measured(seed))[1][MARKER].explained for seed in range(20)]
    assert np.median(shares) < 0.01
    assert not any(looked_at(*measured(seed))[1][MARKER].aliased for seed in range(3))


def test_sites_stand_in_for_plates_and_without_either_there_is_nothing_to_say() -> None:
    table, labs = measured(8)
    sites = batches_of(labs.assign(plate=pd.NA), table["participant_id"], [MARKER], "t0")
    assert sites.attrs["batch"] == {MARKER: "site"}
    none = batches_of(labs.assign(plate=pd.NA, site=pd.NA), table["participant_id"], [MARKER], "t0")
    assert none.empty or none.shape[1] == 0
    assert batch_overlap(table, none, "has_depression", design_of(table)) == {}
    assert "not testable" in batch_table({}, {}, {}).data.to_string()
    assert batch_overlap(table.drop(columns="has_depression"), sites, "has_depression", design_of(table)) == {}
