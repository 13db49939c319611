"""Autoimmune diseases beside depression: one row per disease, also for those that a cohort does not ask about."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.comorbidity import (
    ADJUSTMENTS,
    adjustments,
    comorbidity,
    comorbidity_by_adjustment,
    comorbidity_table,
    diseases_of,
)
from cohort.analysis.design import design_of
from cohort.codebook import load_codebook
from cohort.results import Estimate, NotTestable, tidy


@pytest.fixture
def patients() -> pd.DataFrame:
    """Return 6000 people in whom rheumatoid arthritis triples the odds of depression, and age is behind both."""
    rng = np.random.default_rng(8)
    n = 6000
    age = rng.normal(50, 12, n)
    ra = rng.random(n) < 1 / (1 + np.exp(2.6 - 0.05 * (age - 50)))
    ms = np.arange(n) % 1500 == 0
    depression = rng.random(n) < 1 / (1 + np.exp(2.0 - math.log(3) * ra - 0.04 * (age - 50)))
    return pd.DataFrame({
        "age_years": age, "sex": rng.choice(["female", "male"], n), "smoking": rng.choice(["never", "current"], n),
        "has_rheumatoid_arthritis": ra, "has_multiple_sclerosis": ms, "has_any_autoimmune_disease": ra | ms,
        "has_thyroid_disease": rng.random(n) < 0.1, "has_depression": depression,
    })  # fmt: skip


def test_every_autoimmune_disease_has_a_row_with_its_label_and_claim(patients: pd.DataFrame) -> None:
    results = comorbidity(patients, design_of(patients))
    labels = [result.label for result in results]
    autoimmune = [disease.label for disease in load_codebook().diseases.values() if disease.autoimmune]
    assert labels == ["Any autoimmune disease", *autoimmune, "Thyroid disease, any"]
    found = dict(zip(labels, results, strict=True))
    assert found["Any autoimmune disease"].claims == ("IP-09",)
    assert found["Thyroid disease, any"].claims == ("IP-10",)
    assert isinstance(found["Rheumatoid arthritis"], Estimate)
    few, absent = found["Multiple sclerosis"], found["Celiac disease"]
    assert isinstance(few, NotTestable)
    assert few.reason.startswith("fewer than 5 people")
    assert isinstance(absent, NotTestable)
    assert "no variable 'has_celiac_disease'" in absent.reason


def test_adjustment_moves_the_estimate_to_the_truth(patients: pd.DataFrame) -> None:
    found = comorbidity_by_adjustment(patients, design_of(patients), diseases=["rheumatoid_arthritis"])
    assert tuple(found) == ADJUSTMENTS
    crude, adjusted = found["crude"][1], found["age and sex"][1]
    assert isinstance(crude, Estimate)
    assert isinstance(adjusted, Estimate)
    assert crude.value > adjusted.value
    assert crude.interval()[0] > 3
    assert adjusted.interval()[0] < 3 < adjusted.interval()[1]


def test_full_adjustment_is_the_measured_part_of_the_graph(patients: pd.DataFrame) -> None:
    assert adjustments(patients) == {
        "crude": (),
        "age and sex": ("age_years", "sex"),
        "full": ("age_years", "sex", "smoking"),
    }


def test_a_cohort_without_age_says_so_rather_than_leaving_it_out(patients: pd.DataFrame) -> None:
    found = comorbidity_by_adjustment(patients.drop(columns="age_years"), design_of(patients))
    result = found["age and sex"][0]
    assert isinstance(result, NotTestable)
    assert "'age_years'" in result.reason


def test_table_has_a_row_per_disease_and_adjustment(patients: pd.DataFrame) -> None:
    found = comorbidity_by_adjustment(patients, design_of(patients))
    table = comorbidity_table(found)
    given = {r.label for results in found.values() for r in results if isinstance(r, Estimate)}
    silent = len(diseases_of(patients)) + 1 - len(given)
    assert len(table.data) == len(ADJUSTMENTS) * len(given) + silent
    assert silent > 0
    assert table.data["disease"].iloc[:3].tolist() == ["Any autoimmune disease"] * 3
    first = table.data.iloc[0]
    assert first["odds_ratio"] == tidy(found["crude"]).loc[0, "estimate"]
    assert set(table.counts) <= set(table.data.columns)
    assert table.data.loc[table.data["odds_ratio"].isna(), "reason"].str.len().gt(0).all()
    empty = comorbidity_table({"crude": comorbidity(patients[["sex"]], design_of(patients))})
    assert empty.data["odds_ratio"].isna().all()
