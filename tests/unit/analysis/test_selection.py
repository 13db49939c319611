"""Selection bias: the factor in a simulated clinic, what would explain an estimate, and refusals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.regression import odds_ratio
from cohort.analysis.sampling import design_of
from cohort.analysis.selection import (
    SelectionNeeded,
    corrected_for_selection,
    selection_needed,
    selection_odds_ratio,
    selection_strength,
    selection_table,
)
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable


def clinic(truth: float, seed: int) -> pd.DataFrame:
    """Return everybody with the probability of reaching the clinic, which either illness raises (union selection)."""
    rng = np.random.default_rng(seed)
    ill = rng.random(400_000) < 0.09
    low = rng.random(400_000) < 1 / (1 + np.exp(1.5 - math.log(truth) * ill))
    reach = 1 - (1 - 0.02) * (1 - 0.25 * ill) * (1 - 0.25 * low)
    return pd.DataFrame({"ill": ill, "low": low, "reach": reach, "is_selected": rng.random(400_000) < reach})


@pytest.mark.parametrize("truth", [1.0, 1.5])
def test_the_known_factor_recovers_the_odds_ratio_of_the_population(truth: float) -> None:
    people = clinic(truth, seed=1)
    there = people[people["is_selected"]].reset_index(drop=True)
    seen = odds_ratio(there, outcome="low", exposure="ill", design=design_of(there))
    assert isinstance(seen, Estimate)
    assert seen.interval()[1] < 0.4
    reach = people.groupby(["ill", "low"])["reach"].mean()
    factor = selection_odds_ratio(reach[True, True], reach[True, False], reach[False, True], reach[False, False])
    corrected = corrected_for_selection(seen, factor)
    assert isinstance(corrected, Estimate)
    low, high = corrected.interval()
    assert low < truth < high


def test_weights_of_one_over_the_probability_recover_it_too() -> None:
    people = clinic(1.5, seed=2)
    there = people[people["is_selected"]].reset_index(drop=True)
    weighted = there.assign(survey_weight=1 / there["reach"])
    found = odds_ratio(weighted, outcome="low", exposure="ill", design=design_of(weighted))
    assert isinstance(found, Estimate)
    low, high = found.interval()
    assert low < 1.5 < high


def test_selection_that_multiplies_changes_no_odds_ratio() -> None:
    assert selection_odds_ratio(0.3 * 0.4, 0.3 * 0.1, 0.2 * 0.4, 0.2 * 0.1) == pytest.approx(1)


@pytest.mark.parametrize("ratio", [1.2, 3.0, 0.25])
def test_four_paths_of_that_strength_reach_the_ratio(ratio: float) -> None:
    r = selection_strength(ratio)
    assert (r**2 / (2 * r - 1)) ** 2 == pytest.approx(max(ratio, 1 / ratio))


def test_an_interval_that_holds_no_effect_needs_no_selection() -> None:
    found = selection_needed(Estimate("MS", "odds ratio", 1.2, 0.2, scale="log", null=1.0))
    assert isinstance(found, SelectionNeeded)
    assert (found.limit_factor, found.limit_strength) == (1.0, 1.0)
    protective = selection_needed(Estimate("MS", "odds ratio", 0.5, 0.1, scale="log", null=1.0))
    assert isinstance(protective, SelectionNeeded)
    assert protective.limit_factor == pytest.approx(0.5 * math.exp(1.959964 * 0.1), rel=1e-6)


def test_what_is_no_ratio_is_not_told() -> None:
    difference = Estimate("BMI", "mean difference", 0.3, 0.1, null=0.0)
    assert isinstance(selection_needed(difference), NotTestable)
    assert isinstance(corrected_for_selection(difference, 0.5), NotTestable)
    absent = NotTestable("MS", "this cohort has no variable 'x'")
    assert corrected_for_selection(absent, 0.5) is absent
    table = selection_table([absent, Estimate("RA", "odds ratio", 1.5, 0.1, scale="log", null=1.0)])
    assert table.data["estimate"].tolist() == ["MS", "RA"]
    with pytest.raises(AnalysisError, match="probability"):
        selection_odds_ratio(0.5, 0.0, 0.5, 0.5)
