"""Notebook 01's imputation: it repairs what complete cases lose, and says what it cannot do."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.autoimmunity import adjustment_sets, odds_ratios
from cohort.analysis.autoimmunity_missing import (
    exposures_table,
    imputations_of,
    imputed_odds_ratios,
)
from cohort.analysis.imputation import Imputations
from cohort.analysis.sampling import design_of
from cohort.results import Estimate, NotTestable


def people(seed: int, n: int = 4000) -> pd.DataFrame:
    """Return people whose education is missing where they are depressed and ill: complete cases are biased."""
    rng = np.random.default_rng(seed)
    age = rng.uniform(20, 70, n)
    low = rng.random(n) < 0.4
    ill = rng.random(n) < np.where(low, 0.2, 0.1)
    depressed = rng.random(n) < 1 / (1 + np.exp(1.8 - np.log(2.0) * ill - 0.8 * low - 0.01 * (age - 45)))
    education = pd.Series(pd.Categorical(np.where(low, "low", "high"), categories=["low", "middle", "high"]))
    lost = rng.random(n) < np.where(depressed & ill, 0.7, 0.1)
    return pd.DataFrame(
        {
            "age_years": age,
            "sex": pd.Categorical(rng.choice(["female", "male"], n)),
            "education": education.mask(lost),
            "has_psoriasis": pd.array(ill, dtype="boolean"),
            "has_any_autoimmune_disease": pd.array(ill, dtype="boolean"),
            "has_depression": pd.array(depressed, dtype="boolean"),
            "is_eligible": True,
        }
    )


@pytest.fixture(scope="module")
def analysed() -> tuple[pd.DataFrame, Imputations, dict, list]:
    table = people(3)
    design, sets = design_of(table), adjustment_sets(table)
    found = odds_ratios(table, design, sets)
    drawn = imputations_of(table, design, sets, m=10)
    assert isinstance(drawn, Imputations)
    return table, drawn, found, imputed_odds_ratios(table, design, drawn, found["full"], sets)


def test_imputation_recovers_the_odds_ratio_that_complete_cases_miss(analysed: tuple) -> None:
    _, _, found, filled = analysed
    complete, whole = found["full"][0], filled[0]
    assert isinstance(complete, Estimate)
    assert isinstance(whole, Estimate)
    assert complete.interval()[1] < 2.0
    assert whole.interval()[0] < 2.0 < whole.interval()[1]
    assert whole.n == 4000
    assert complete.n < 3700


def test_who_has_any_disease_follows_from_the_single_ones(analysed: tuple) -> None:
    table, _, found, _ = analysed
    unknown = table.assign(
        has_any_autoimmune_disease=table["has_any_autoimmune_disease"].mask(np.arange(len(table)) < 400),
        has_psoriasis=table["has_psoriasis"].mask(np.arange(len(table)) < 200),
    )
    design, sets = design_of(unknown), adjustment_sets(unknown)
    drawn = imputations_of(unknown, design, sets, m=5)
    filled = imputed_odds_ratios(unknown, design, drawn, found["full"], sets)
    psoriasis = next(one for one in filled if one.label == "Psoriasis")
    assert isinstance(filled[0], Estimate)
    assert isinstance(psoriasis, Estimate)
    # The only disease: everybody's answer to "any" is that to it.
    assert filled[0].n == psoriasis.n == 4000
    assert filled[0].value == pytest.approx(psoriasis.value, rel=1e-9)


def test_every_exposure_stands_in_one_row_under_every_analysis(analysed: tuple) -> None:
    table, _, found, filled = analysed
    made = exposures_table(table, design_of(table), adjustment_sets(table), found, filled)
    rows = made.data.set_index("exposure")
    assert list(rows.index) == ["Any autoimmune disease", "Psoriasis"]
    assert (rows != "").all().all()
    whole = filled[0]
    assert isinstance(whole, Estimate)
    assert rows.loc["Psoriasis", "imputed"].startswith(f"{whole.value:.2f}")
    assert set(made.rests_on_counts) < set(rows.columns)
    assert rows.loc["Psoriasis", "verdict"] == "supported"


def test_without_an_outcome_nothing_is_imputed() -> None:
    table = people(1, 300).drop(columns="has_depression")
    design, sets = design_of(table), adjustment_sets(table)
    drawn = imputations_of(table, design, sets, m=2)
    assert isinstance(drawn, NotTestable)
    assert "has_depression" in drawn.reason
    filled = imputed_odds_ratios(table, design, drawn, odds_ratios(table, design, sets)["full"], sets)
    assert all(isinstance(one, NotTestable) for one in filled)
