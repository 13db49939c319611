"""Claims about the panel as a test: a panel that tells nothing is judged so, and claims without data say why."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.subgroups.classifier import Comparison
from cohort.analysis.subgroups.panel_test import (
    claim_results,
    claim_verdicts,
    depression_from_panel,
    performance_table,
)
from cohort.results import Estimate, NotTestable

UNASKED = NotTestable("Discrete subgroups", "the gate was not asked")


def people(shift: float, n: int = 900) -> pd.DataFrame:
    rng = np.random.default_rng(5)
    ill = rng.random(n) < 0.35
    age = rng.uniform(20, 80, n)
    table = pd.DataFrame(
        {"has_depression": ill, "age_years": age, "sex": pd.Categorical(rng.choice(["female", "male"], n))}
    )
    table["crp_mg_l"] = np.exp(rng.standard_normal(n) + 0.1 * shift * ill + 0.01 * age)
    table["il6_pg_ml"] = np.exp(rng.standard_normal(n) + shift * ill)
    table.loc[rng.random(n) < 0.1, "il6_pg_ml"] = np.nan
    table["tnf_alpha_pg_ml"] = np.where(rng.random(n) < 0.2, np.exp(rng.standard_normal(n)), np.nan)
    return table.assign(is_eligible=rng.random(n) < 0.95)


def asked(shift: float) -> Comparison:
    found = depression_from_panel(people(shift), seed=1, repeats=1)
    assert isinstance(found, Comparison)
    return found


def test_a_marker_that_tells_supports_what_the_panel_adds_and_the_unmeasured_one_is_left_out() -> None:
    found = asked(1.0)
    assert found.performances["panel"].columns == ("crp_mg_l", "il6_pg_ml")
    judged = {
        verdict.claim: verdict.status for verdict in claim_verdicts(claim_results(found, UNASKED), synthetic=True)
    }
    assert judged["IP-43"] == judged["IP-44"] == "supported"
    assert judged["IP-41"] == judged["IP-42"] == "not testable with this cohort"
    table = performance_table(found)
    assert table.data["predictors"].tolist() == ["panel", "CRP alone", "age, sex and BMI", "age, sex, BMI and panel"]
    assert "Unweighted" in table.note


def test_a_panel_of_noise_supports_nothing() -> None:
    results = claim_results(asked(0.0), UNASKED)
    assert "supported" not in [verdict.status for verdict in claim_verdicts(results, synthetic=True)]
    gain = results["IP-43"]
    assert isinstance(gain, Estimate)
    assert gain.claims == ("IP-43",)


@pytest.mark.parametrize("gone", ["has_depression", "crp_mg_l"])
def test_a_cohort_without_the_columns_gets_a_reason(gone: str) -> None:
    table = people(1.0).drop(columns=gone)
    if gone == "crp_mg_l":
        table = table.drop(columns=["il6_pg_ml", "tnf_alpha_pg_ml"])
    found = depression_from_panel(table, seed=1)
    assert isinstance(found, NotTestable)
    results = claim_results(found, UNASKED)
    assert isinstance(results["IP-43"], NotTestable)
    assert performance_table(found).data.iloc[0, 0].startswith("not testable: this cohort has no")
