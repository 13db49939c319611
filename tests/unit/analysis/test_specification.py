"""Specification curves: every combination once, none invented, the summary true to the estimates."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.regression import odds_ratio
from cohort.analysis.sampling import design_of
from cohort.analysis.specification import SpecificationCurve, at_least, holds, specification_curve
from cohort.results import Estimate, NotTestable


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(11)
    age = rng.normal(50, 10, 3000)
    ill = rng.random(3000) < 1 / (1 + np.exp(2 - 0.05 * (age - 50)))
    score = rng.poisson(4 + 0.1 * (age - 40).clip(0) + 2 * ill)
    return pd.DataFrame({"ill": ill, "score": score, "age": age, "low": score >= 10, "few": np.arange(3000) < 3})


def curve_of(people: pd.DataFrame) -> SpecificationCurve:
    table = people.assign(very_low=at_least(people, "score", 13))
    return specification_curve(
        table,
        design_of(table),
        outcomes={"low": "low", "very low": "very_low"},
        exposures={"ill": "ill", "hardly anybody": "few", "unknown": "absent"},
        adjustments={"unadjusted": (), "age": ("age",), "age and illness": ("age", "ill")},
        samples={"everybody": None, "over 50": people["age"] > 50},
        main=("low", "ill", "age", "everybody"),
    )


def test_every_combination_stands_there_once_and_says_what_the_regression_says(people: pd.DataFrame) -> None:
    curve = curve_of(people)
    choices = [one.choices for one in curve.specifications]
    assert len(choices) == len(set(choices)) == 2 * 3 * 3 * 2
    by_choice = dict(curve.estimates())
    alone = odds_ratio(people, outcome="low", exposure="ill", adjustment=["age"], design=design_of(people))
    assert isinstance(alone, Estimate)
    assert by_choice[curve.main].value == alone.value
    # The exposure is not adjusted for itself.
    assert by_choice["low", "ill", "age and illness", "everybody"].value == alone.value


def test_what_cannot_be_estimated_is_counted_and_not_drawn(people: pd.DataFrame) -> None:
    curve = curve_of(people)
    refused = [one for one in curve.specifications if isinstance(one.result, NotTestable)]
    assert {one.choices[1] for one in refused} == {"hardly anybody", "unknown"}
    assert len(refused) + len(curve.estimates()) == len(curve.specifications)
    assert f"{len(curve.estimates())} of 36" in curve.summary().note


def test_the_summary_is_that_of_the_estimates(people: pd.DataFrame) -> None:
    curve = curve_of(people)
    values = [estimate.value for _, estimate in curve.estimates()]
    assert values == sorted(values)
    table = curve.summary().data.set_index(["choice", "held at"])
    assert table.loc[("all", ""), "median"] == pytest.approx(np.median(values))
    over = [estimate for choices, estimate in curve.estimates() if choices[3] == "over 50"]
    assert table.loc[("sample", "over 50"), "largest"] == max(one.value for one in over)
    above = sum(one.interval()[0] > 1 for one in over)
    assert table.loc[("sample", "over 50"), "interval above 1"] == f"{above} of {len(over)}"


def test_a_main_analysis_that_is_no_combination_is_refused(people: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="none of the combinations"):
        specification_curve(
            people, design_of(people), outcomes={"low": "low"}, exposures={"ill": "ill"}, adjustments={"none": ()},
            samples={"all": None}, main=("low", "ill", "age", "all"),
        )  # fmt: skip


def test_a_cut_off_leaves_missing_missing() -> None:
    table = pd.DataFrame({"score": pd.array([9, 10, None], dtype="Int64")})
    assert at_least(table, "score", 10).tolist() == [False, True, pd.NA]
    assert at_least(table, "absent", 10).isna().all()
    assert holds(table, "score", 9, 9).tolist() == [True, False, False]
    assert not holds(table, "absent", 0, 1).any()
