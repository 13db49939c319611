"""The sensitivity analyses of notebook 01 on made-up people: each says what it must, and refuses what it cannot say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.autoimmunity import adjustment_sets
from cohort.analysis.autoimmunity_sensitivity import (
    bias_analysis,
    equivalence_table,
    negative_control,
    specifications,
)
from cohort.analysis.sampling import design_of
from cohort.results import Estimate, NotTestable


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    """Return people in whom seeing doctors, which nobody measured, brings disease, depression and injuries together."""
    rng = np.random.default_rng(5)
    n = 9000
    seen = rng.normal(size=n)
    any_disease = rng.random(n) < 1 / (1 + np.exp(2.3 - 0.7 * seen))
    low = rng.random(n) < 1 / (1 + np.exp(2.0 - 0.7 * seen))
    return pd.DataFrame(
        {
            "age_years": rng.uniform(20, 70, n),
            "sex": pd.Categorical(rng.choice(["female", "male"], n)),
            "has_any_autoimmune_disease": any_disease,
            "autoimmune_disease_count": any_disease.astype(int) + (any_disease & (rng.random(n) < 0.2)),
            "has_depression": low,
            "phq9_total": np.where(low, rng.integers(10, 22, n), rng.integers(0, 10, n)),
            "has_accidental_injury": rng.random(n) < 1 / (1 + np.exp(2.0 - 0.7 * seen)),
            "is_eligible": True,
        }
    )


def test_the_negative_control_shows_what_adjustment_leaves(people: pd.DataFrame) -> None:
    depression, injury = negative_control(people, design_of(people), ["age_years", "sex"])
    assert isinstance(depression, Estimate)
    assert isinstance(injury, Estimate)
    assert injury.interval()[0] > 1
    honest = people.assign(has_accidental_injury=np.random.default_rng(1).random(len(people)) < 0.1)
    control = negative_control(honest, design_of(honest), ["age_years", "sex"])[1]
    assert isinstance(control, Estimate)
    assert control.interval()[0] < 1 < control.interval()[1]
    absent = negative_control(people.drop(columns="has_accidental_injury"), design_of(people), [])[1]
    assert isinstance(absent, NotTestable)


def test_the_specifications_leave_out_what_the_cohort_lacks(people: pd.DataFrame) -> None:
    curve = specifications(people, design_of(people), adjustment_sets(people))
    tested = {choices for choices, _ in curve.estimates()}
    assert curve.main in tested
    assert {choices[0] for choices in tested} == {"PHQ-9 of 10 or more", "PHQ-9 of 15 or more"}
    assert {choices[3] for choices in tested} == {"everybody", "no antidepressant"}


def test_a_register_is_no_self_report(people: pd.DataFrame) -> None:
    recorded, corrected = bias_analysis(people, design_of(people), ["age_years"], sources=["register"])
    assert isinstance(recorded, Estimate)
    assert isinstance(corrected, NotTestable)
    assert "register" in corrected.reason
    _, believed = bias_analysis(people, design_of(people), ["age_years"], sources=["self_report", "register"])
    assert isinstance(believed, Estimate)
    assert believed.standard_error > recorded.standard_error


def test_three_answers_and_cannot_tell() -> None:
    results = [
        Estimate("none", "odds ratio", 1.0, 0.05, scale="log", null=1.0),
        Estimate("threefold", "odds ratio", 3.0, 0.05, scale="log", null=1.0),
        Estimate("who knows", "odds ratio", 1.7, 0.6, scale="log", null=1.0),
        NotTestable("absent", "this cohort has no variable 'x'"),
    ]
    table = equivalence_table(results).data.set_index("disease")
    small = table[["p inside 0.8 to 1.25", "p inside 2 to 4.5"]] < 0.05
    assert small.loc["none"].tolist() == [True, False]
    assert small.loc["threefold"].tolist() == [False, True]
    assert small.loc["who knows"].tolist() == [False, False]
    assert table.loc["who knows", ["3 inside the interval", "1 inside the interval"]].tolist() == ["yes", "yes"]
    assert "no variable" in table.loc["absent", "not testable"]
