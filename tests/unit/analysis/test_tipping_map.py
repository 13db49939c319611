"""The tipping-point map: right where the delta is the true one, wrong where values are taken as missing at random."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.tipping_map import TippingMap, tipping_map
from cohort.results import NotTestable

DELTAS = (-1.0, 0.0, 1.0)


def people_of(people: int, seed: int, *, effect: float, unlike: float) -> pd.DataFrame:
    """Return people of whom many ill gave no answer, at e to ``unlike`` times the odds of the exposure."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=people)
    exposed = rng.random(people) < 1 / (1 + np.exp(0.8 - 0.3 * z))
    ill = rng.random(people) < 1 / (1 + np.exp(1.5 - effect * exposed - 0.3 * z))
    # P(no answer) such that its odds ratio for the exposure among the ill is e to unlike.
    silent = ill & (rng.random(people) < 1 / (1 + np.exp(1.0 - unlike * exposed)))
    told = pd.array(exposed, dtype="boolean")
    told[silent] = pd.NA
    return pd.DataFrame({"z": z, "exposed": told, "ill": pd.array(ill, dtype="boolean")})


def mapped(table: pd.DataFrame, **options: object) -> TippingMap:
    found = tipping_map(
        table, outcome="ill", exposure="exposed", adjustment=["z"], design=design_of(table), m=4, seed=1,
        **{"deltas": DELTAS, **options},  # type: ignore[arg-type]
    )  # fmt: skip
    assert isinstance(found, TippingMap)
    return found


def test_the_cell_of_the_true_deltas_holds_the_truth_and_missing_at_random_does_not() -> None:
    found = mapped(people_of(20_000, 3, effect=0.7, unlike=1.0))
    cells = found.cells.set_index(["without", "with"])
    right, at_random = cells.loc[(0.0, 1.0)], found.at_random
    assert right["lower"] < math.exp(0.7) < right["upper"]
    assert at_random["upper"] < math.exp(0.7), "the ill who answered were the less exposed"


def test_no_effect_stays_none_where_values_are_missing_at_random() -> None:
    excluded = []
    for seed in range(12):
        found = mapped(people_of(1500, seed, effect=0.0, unlike=0.0), deltas=(0.0,))
        excluded.append(found.at_random["interval"] != "includes no effect")
    assert np.mean(excluded) < 0.05 + 3 * math.sqrt(0.05 * 0.95 / 12)


def test_the_estimate_rises_with_one_delta_and_falls_with_the_other() -> None:
    table = people_of(3000, 5, effect=0.3, unlike=0.0)
    table.loc[table.index[::9], "exposed"] = pd.NA
    grid = mapped(table).cells.pivot_table(index="with", columns="without", values="estimate")
    assert (np.diff(grid.to_numpy(), axis=0) > 0).all()
    assert (np.diff(grid.to_numpy(), axis=1) < 0).all()


def test_words_and_table_say_where_the_conclusion_changes() -> None:
    found = mapped(people_of(3000, 8, effect=0.25, unlike=0.0))
    assert len(found.table().data) == 9
    assert found.words.startswith("With values missing at random the 95 % interval")
    assert found.missing[0] == 0 < found.missing[1]


@pytest.mark.parametrize(("change", "reason"), [("drop", "no variable 'exposed'"), ("fill", "nothing hangs on them")])
def test_what_cannot_be_mapped_says_why(change: str, reason: str) -> None:
    table = people_of(500, 1, effect=0.0, unlike=0.0)
    table = table.drop(columns="exposed") if change == "drop" else table.assign(exposed=table["exposed"].fillna(False))
    found = tipping_map(table, outcome="ill", exposure="exposed", design=design_of(table), seed=1)
    assert isinstance(found, NotTestable)
    assert reason in found.reason
