"""Table 1 shows the right numbers, no small count, and no p value."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.description import missingness, table_one, weighted_quantiles
from cohort.analysis.design import design_of
from cohort.disclosure import Disclosure

OFF = Disclosure.off()


@pytest.fixture
def people() -> pd.DataFrame:
    """Return 200 people, half of them depressed, with every kind of variable."""
    rng = np.random.default_rng(2)
    n = 200
    depressed = np.arange(n) < 100
    return pd.DataFrame({
        "age_years": rng.normal(50, 10, n) + 5 * depressed,
        "sex": pd.Categorical(np.where(np.arange(n) % 4 == 0, "male", "female"), ["female", "male"]),
        "crp_mg_l": rng.lognormal(0.3, 1.1, n),
        "has_rheumatoid_arthritis": pd.array(np.arange(n) % 70 == 0, dtype="boolean"),
        "bmi_kg_m2": np.where(np.arange(n) % 10 == 0, np.nan, rng.normal(27, 3, n)),
        "has_depression": pd.array(depressed, dtype="boolean"),
    })  # fmt: skip


def cell(data: pd.DataFrame, variable: str, column: str, level: str = "") -> str:
    found = data[data["variable"].str.startswith(variable) & (data["level"] == level)]
    assert len(found) == 1
    return str(found.iloc[0][column])


def test_table_one_shows_what_pandas_computes(people: pd.DataFrame) -> None:
    table = table_one(people, "has_depression", design_of(people), disclosure=OFF)
    data = table.data
    cases = people[people["has_depression"]]
    assert cell(data, "People", "Depression: yes") == "100"
    assert cell(data, "Age", "Depression: yes") == f"{cases['age_years'].mean():.1f} ({cases['age_years'].std():.1f})"
    crp = np.quantile(people["crp_mg_l"], [0.25, 0.5, 0.75], method="averaged_inverted_cdf")
    assert cell(data, "C-reactive", "all") == f"{crp[1]:.1f} ({crp[0]:.1f} to {crp[2]:.1f})"
    assert cell(data, "C-reactive", "statistic") == "median (quartiles)"
    assert cell(data, "Sex", "all", "male") == "50 (25.0 %)"
    assert cell(data, "Body mass", "missing") == "20"
    assert "p" not in data.columns


def test_standardised_differences_are_those_of_the_definition(people: pd.DataFrame) -> None:
    rng = np.random.default_rng(6)
    people["smoking"] = pd.Categorical(np.where(rng.random(200) < 0.3, "current", "never"), ["never", "current"])
    data = table_one(people, "has_depression", design_of(people), disclosure=OFF).data
    groups = [people[~people["has_depression"]], people[people["has_depression"]]]
    age = [group["age_years"] for group in groups]
    expected = abs(age[0].mean() - age[1].mean()) / np.sqrt((age[0].var() + age[1].var()) / 2)
    assert data.loc[data["variable"].str.startswith("Age"), "standardised_difference"].iloc[0] == pytest.approx(
        expected
    )
    share = [(group["smoking"] == "current").mean() for group in groups]
    binary = abs(share[0] - share[1]) / np.sqrt(sum(p * (1 - p) for p in share) / 2)
    found = data.loc[data["variable"] == "Smoking", "standardised_difference"].dropna()
    assert found.tolist() == pytest.approx([binary])


def test_small_counts_and_what_would_give_them_away_are_not_shown(people: pd.DataFrame) -> None:
    disease = ["has_rheumatoid_arthritis"]
    data = table_one(people, "has_depression", design_of(people), disease).data
    shown = [cell(data, "Rheumatoid", column, "yes") for column in ("all", "Depression: no", "Depression: yes")]
    # 1 + 2 = 3: with "<5" in all three columns it would be known that there are at least 2 in all.
    assert sorted(shown) == ["<5", "not shown", "not shown"]
    assert (
        cell(table_one(people, None, design_of(people), disease, disclosure=OFF).data, "Rheumatoid", "all", "yes")
        == "3 (1.5 %)"
    )
    people.loc[people.index % 50 == 0, "sex"] = "male"
    shown = cell(table_one(people, None, design_of(people)).data, "Sex", "all", "male")
    count = (people["sex"] == "male").sum()
    rounded = 5 * round(count / 5)
    assert shown == f"{rounded} ({100 * rounded / 200:.1f} %)"


def test_weights_go_into_means_and_shares(survey_people: pd.DataFrame) -> None:
    table = table_one(survey_people, None, design_of(survey_people), ["bmi", "smoking", "shoe_size"])
    inside = survey_people["is_eligible"] & (survey_people["survey_weight"] > 0)
    weighted = survey_people[inside].dropna(subset=["bmi"])
    mean = np.average(weighted["bmi"], weights=weighted["survey_weight"])
    assert cell(table.data, "bmi", "all").startswith(f"{mean:.1f} (")
    chosen = survey_people[inside]
    share = chosen.loc[chosen["smoking"] == "current", "survey_weight"].sum() / chosen["survey_weight"].sum()
    assert f"({100 * share:.1f} %)" in cell(table.data, "Smoking", "all", "current")
    assert "Weighted" in table.note
    assert "shoe_size" in table.note


def test_a_cohort_without_the_grouping_variable_gets_one_column(people: pd.DataFrame) -> None:
    table = table_one(people.drop(columns="has_depression"), "has_depression", design_of(people))
    assert "standardised_difference" not in table.data
    assert "no variable 'has_depression'" in table.note


def test_people_whose_group_is_unknown_count_in_all_and_are_told(people: pd.DataFrame) -> None:
    people.loc[:9, "has_depression"] = pd.NA
    table = table_one(people, "has_depression", design_of(people), ["age_years"])
    assert cell(table.data, "People", "all") == "200"
    assert cell(table.data, "People", "Depression: yes") == "90"
    assert "not known for 10" in table.note


def test_weighted_quantiles_repeat_people_by_their_weight() -> None:
    values, weights = np.array([1.0, 5.0, 2.0, 9.0]), np.array([3.0, 1.0, 2.0, 2.0])
    repeated = np.repeat(values, weights.astype(int))
    for at in (0.1, 0.25, 0.5, 0.75, 0.9):
        expected = np.quantile(repeated, at, method="averaged_inverted_cdf")
        assert weighted_quantiles(values, weights, [at])[0] == expected


def test_missingness_counts_the_domain_and_knows_absent_columns(people: pd.DataFrame) -> None:
    people["is_eligible"] = people.index < 50
    found = missingness(people, ["bmi_kg_m2", "ctq_total"])
    assert found["missing"].tolist() == [5, 50]
    assert found["share"].tolist() == [0.1, 1.0]
