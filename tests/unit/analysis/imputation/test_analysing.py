"""Claims about analyses of imputed tables: the truth back where complete cases miss it, refusals in words, all told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special

from cohort.analysis import design_of, interaction, mean_difference, odds_ratio, standardised_contrasts
from cohort.analysis.imputation import Variable, beside_complete_cases, imputed
from cohort.results import Estimate, NotTestable, Result

VARIABLES = ["y", Variable("x", "normal"), "z"]


def people_at_random(seed: int, n: int = 1000, slope: float = 0.5) -> pd.DataFrame:
    """Return people whose exposure is missing more often when the outcome is high."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n)
    x = 0.5 * z + rng.normal(size=n)
    y = slope * x + 0.5 * z + rng.normal(size=n)
    x[rng.random(n) < special.expit(0.8 * y - 1)] = np.nan
    return pd.DataFrame({"x": x, "y": y, "z": z})


def slope_of(table: pd.DataFrame) -> Result:
    return mean_difference(table, outcome="y", exposure="x", adjustment=["z"], design=design_of(table))


def estimate(found: Result) -> Estimate:
    assert isinstance(found, Estimate), found
    return found


def replicates(count: int, slope: float, n: int) -> tuple[list[Estimate], list[Estimate]]:
    """Return results of imputation and of complete cases on draws of people."""
    pooled, complete = [], []
    for seed in range(count):
        table = people_at_random(seed, n, slope)
        found = imputed(table, slope_of, VARIABLES, design=design_of(table), m=10, iterations=1, seed=seed)
        pooled.append(estimate(found))
        complete.append(estimate(slope_of(table)))
    return pooled, complete


def test_the_truth_comes_back_where_complete_cases_miss_it() -> None:
    pooled, complete = replicates(20, slope=0.5, n=1000)
    error = np.std([one.value for one in pooled], ddof=1) / np.sqrt(20)
    assert np.mean([one.value for one in pooled]) == pytest.approx(0.5, abs=3 * error)
    assert np.mean([one.value for one in complete]) < 0.5 - 3 * error
    covered = [low <= 0.5 <= high for low, high in (one.interval() for one in pooled)]
    assert np.mean(covered) >= 0.95 - 0.015 - 3 * np.sqrt(0.05 * 0.95 / 20)


def test_no_effect_is_found_no_more_often_than_it_should() -> None:
    pooled, _ = replicates(20, slope=0.0, n=200)
    rejected = np.mean([one.p_value() < 0.05 for one in pooled])
    assert rejected <= 0.05 + 0.015 + 3 * np.sqrt(0.05 * 0.95 / 20)


def test_nothing_missing_gives_exactly_the_complete_result() -> None:
    table = people_at_random(1).dropna().reset_index(drop=True)
    assert imputed(table, slope_of, VARIABLES, design=design_of(table), seed=1) == slope_of(table)


def test_details_say_what_was_imputed() -> None:
    table = people_at_random(1)
    table["c"] = "none"
    table["z"] = table["z"].clip(lower=-1)
    table.loc[table["z"] == -1, "c"] = "below"
    found = estimate(
        imputed(
            table,
            slope_of,
            ["y", "x", Variable("z", censoring="c")],
            design=design_of(table),
            auxiliaries=["income"],
            m=3,
            iterations=2,
            seed=1,
        )
    )
    told = dict(found.details)
    assert told["imputed"] == "z 18 % beyond a limit; x 31 %"
    assert told["imputations"] == "3"
    assert 0.05 < float(told["fraction of missing information"]) < 1
    assert told["auxiliary variables not there"] == "income"
    assert found.n == 1000


def test_what_cannot_be_imputed_is_not_testable_with_the_label_of_the_analysis() -> None:
    table = people_at_random(1)
    found = imputed(table, slope_of, [*VARIABLES, "income"], design=design_of(table), seed=1)
    complete = estimate(slope_of(table))
    assert found == NotTestable(
        complete.label,
        "no multiple imputation: this cohort has no variable 'income'",
        complete.measure,
        complete.estimand,
        complete.claims,
    )
    empty = table.assign(x=np.nan)
    found = imputed(empty, slope_of, VARIABLES, design=design_of(table), seed=1)
    assert isinstance(found, NotTestable)
    assert found.reason == "no multiple imputation: 'x' is missing for everybody"


def test_an_analysis_that_fails_on_an_imputed_table_is_not_testable() -> None:
    table = people_at_random(1)
    found = imputed(
        table,
        lambda t: mean_difference(t, outcome="y", exposure="w", design=design_of(table)),
        VARIABLES,
        design=design_of(table),
        m=4,
        iterations=1,
        seed=1,
    )
    assert isinstance(found, NotTestable)
    assert found.reason == "the analysis fails in 4 of 4 imputed tables: this cohort has no variable 'w'"


@pytest.fixture
def survey_people() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 600
    z = rng.normal(size=n)
    table = pd.DataFrame({"z": z, "ra": rng.random(n) < 0.3, "infection": rng.random(n) < 0.4})
    logit = -1 + 0.8 * table["ra"] + 0.4 * z + 0.5 * table["infection"]
    table["ill"] = pd.array(rng.random(n) < special.expit(logit), dtype="boolean")
    table["ra"] = table["ra"].astype("boolean").mask(rng.random(n) < 0.2)
    table["survey_weight"] = rng.uniform(1, 4, n)
    table["survey_stratum"] = rng.integers(0, 5, n)
    table["survey_psu"] = rng.integers(0, 6, n)
    table["is_eligible"] = rng.random(n) < 0.9
    return table


def test_survey_design_and_several_results_go_through(survey_people: pd.DataFrame) -> None:
    design = design_of(survey_people)
    found = imputed(
        survey_people,
        lambda t: standardised_contrasts(t, outcome="ill", exposure="ra", adjustment=["z"], design=design),
        ["ill", "ra", "z"],
        design=design,
        m=5,
        iterations=2,
        seed=1,
    )
    assert list(found) == ["risk ratio", "risk difference", "odds ratio"]
    ratio = estimate(found["risk ratio"])
    assert ratio.n == int(survey_people["is_eligible"].sum())
    told = dict(ratio.details)
    assert told["design"] == "survey design, linearised"
    assert told["imputation and sampling design"].endswith("sampling units do not")
    # 30 units in 5 strata less the covariates leave few degrees of freedom; imputation leaves fewer.
    complete = standardised_contrasts(survey_people, outcome="ill", exposure="ra", adjustment=["z"], design=design)
    assert ratio.df < estimate(complete["risk ratio"]).df


def test_interaction_is_pooled_measure_by_measure(survey_people: pd.DataFrame) -> None:
    design = design_of(survey_people)
    found = imputed(
        survey_people,
        lambda t: interaction(t, outcome="ill", exposure="ra", modifier="infection", design=design),
        ["ill", "ra", "infection"],
        design=design,
        m=3,
        iterations=1,
        seed=1,
    )
    assert all(isinstance(one, Estimate) for one in found.values())
    assert found["both"].measure == "odds ratio, both"


def test_imputing_within_groups_is_told(survey_people: pd.DataFrame) -> None:
    table = survey_people.drop(columns=["survey_weight", "survey_stratum", "survey_psu"])
    design = design_of(table)

    def analysis(frame: pd.DataFrame) -> Result:
        return odds_ratio(frame, outcome="ill", exposure="ra", adjustment=["z", "infection"], design=design)

    options: dict[str, Any] = {"design": design, "m": 3, "iterations": 1, "seed": 1}
    found = estimate(imputed(table, analysis, ["ill", "ra", "z"], by="infection", **options))
    assert dict(found.details)["imputed within groups"] == "2"
    assert (
        dict(found.details)["imputed"]
        == dict(estimate(imputed(table, analysis, ["ill", "ra", "z"], **options)).details)["imputed"]
    )


def test_complete_cases_stand_beside_the_imputation(survey_people: pd.DataFrame) -> None:
    design = design_of(survey_people)

    def analysis(table: pd.DataFrame) -> Result:
        return odds_ratio(table, outcome="ill", exposure="ra", adjustment=["z"], design=design)

    pooled = imputed(survey_people, analysis, ["ill", "ra", "z"], design=design, m=3, iterations=1, seed=1)
    table = beside_complete_cases(analysis(survey_people), pooled)
    assert table.data["analysis"].tolist() == ["complete cases", "imputed"]
    assert table.counts == ("n",)
    assert table.data["n"].iloc[0] < table.data["n"].iloc[1]
    assert table.data["estimate"].iloc[1] == estimate(pooled).value
    refused = beside_complete_cases(analysis(survey_people), NotTestable("RA", "no variable"))
    assert refused.data["reason"].iloc[1] == "no variable"
