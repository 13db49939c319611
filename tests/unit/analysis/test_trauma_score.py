"""Bands of the trauma questionnaire, and a score whose slope is that of the trauma behind it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.exposure_columns import exposure_columns
from cohort.analysis.regression import mean_difference
from cohort.analysis.trauma_score import SUBSCALES, LatentTrauma, latent_trauma, trauma_columns
from cohort.codebook import load_codebook
from cohort.results import Estimate, NotTestable

LOADINGS = np.array([0.8, 0.7, 0.5, 0.9, 0.6])


def cohort_of(rng: np.random.Generator, people: int, *, effect: float, recall: float = 0.0) -> pd.DataFrame:
    """Return subscales of one trauma; with ``recall`` the outcome colours the memory of all of them."""
    trauma = rng.normal(size=people)
    outcome = effect * trauma + rng.normal(size=people)
    remembered = trauma + recall * outcome
    values = remembered[:, None] * LOADINGS + rng.normal(size=(people, 5)) * np.sqrt(1 - LOADINGS**2)
    return pd.DataFrame(values, columns=list(SUBSCALES)).assign(y=outcome)


def slope_of(table: pd.DataFrame) -> Estimate:
    design = design_of(table)
    latent = latent_trauma(table, design)
    assert isinstance(latent, LatentTrauma)
    found = mean_difference(table.assign(latent=latent.score), outcome="y", exposure="latent", design=design)
    assert isinstance(found, Estimate)
    return found


def test_the_subscales_are_those_of_the_codebook() -> None:
    assert tuple(score.column for score in load_codebook().instruments["ctq_sf"].subscales) == SUBSCALES


@pytest.mark.parametrize("effect", [0.4, 0.0])
def test_the_slope_of_the_score_is_that_of_the_trauma_behind_it(effect: float) -> None:
    rng = np.random.default_rng(2)
    found = [slope_of(cohort_of(rng, 400, effect=effect)) for _ in range(36)]
    errors = np.array([one.value - effect for one in found])
    assert abs(errors.mean()) < 3 * errors.std() / 6
    inside = [one.interval()[0] < effect < one.interval()[1] for one in found]
    assert abs(np.mean(inside) - 0.95) <= 0.015 + 3 * np.sqrt(0.95 * 0.05 / 36)


def test_memory_that_the_outcome_colours_is_not_corrected() -> None:
    found = slope_of(cohort_of(np.random.default_rng(3), 5000, effect=0.0, recall=0.3))
    assert found.interval()[0] > 0.1


def test_bands_need_all_subscales() -> None:
    rows = pd.DataFrame([[5, 5, 5, 5, 5], [9, 5, 5, 5, 5], [13, 10, 5, 5, 5], [5, 5, 13, 5, np.nan]],
                        columns=list(SUBSCALES), dtype=float)  # fmt: skip
    made = trauma_columns(rows)
    assert made["trauma_severity"].astype("string").fillna("unknown").tolist() == ["none", "low", "moderate", "unknown"]
    assert made["trauma_kind_count"].fillna(-1).tolist() == [0, 0, 2, -1]
    assert made["has_severe_trauma"].tolist()[:3] == [False, False, False]
    assert trauma_columns(rows.drop(columns="ctq_sexual_abuse")) == {}


def test_few_people_or_absent_subscales_give_a_reason() -> None:
    table = cohort_of(np.random.default_rng(1), 30, effect=0.0)
    few, none = latent_trauma(table, design_of(table)), latent_trauma(table[["y"]], design_of(table))
    assert isinstance(few, NotTestable)
    assert "fewer than 50" in few.reason
    assert isinstance(none, NotTestable)
    assert "ctq_emotional_abuse" in none.reason


def test_the_burden_counts_known_serologies_alone() -> None:
    yes = pd.array([True, True, None], dtype="boolean")
    table = pd.DataFrame({"is_cmv_seropositive": yes, "is_hsv1_seropositive": pd.array([False, True, True], "boolean")})
    assert exposure_columns(table)["pathogen_burden"].fillna(-1).tolist() == [1, 2, -1]
    assert "pathogen_burden" not in exposure_columns(table[["is_cmv_seropositive"]])
