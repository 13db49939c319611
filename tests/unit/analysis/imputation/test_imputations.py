"""Claims about chained equations: complete tables in their dtypes, the same numbers always, odd cases told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.imputation import Derived, Variable, chains, impute, impute_within, pairwise_products, square
from cohort.analysis.imputation.imputations import Imputations, completed_tables
from cohort.analysis.variables import InestimableError

People = Callable[..., pd.DataFrame]
ALL = ("age", "crp", "children", "ill", "smoking", "education", "site", "sport")


def draws_of(imputations: Imputations) -> np.ndarray:
    return np.concatenate([values.ravel() for values in imputations.draws.values()])


def test_every_kind_of_column_is_completed_in_its_dtype(mixed_people: People) -> None:
    table = mixed_people()
    imputations = impute(table, ALL, m=3, iterations=3, seed=1)
    completed = imputations.completed(2)
    assert not completed[list(ALL)].isna().any().any()
    pd.testing.assert_series_equal(completed.dtypes, table.dtypes)
    assert completed.index.equals(table.index)
    for name in ALL:
        known = table[name].notna()
        pd.testing.assert_series_equal(completed.loc[known, name], table.loc[known, name])
    assert list(completed["education"].cat.categories) == ["low", "middle", "high", "unknown"]
    assert "unknown" not in set(completed["education"])
    assert {one.name: one.method for one in imputations.plan.visited} == {
        "crp": "predictive mean matching",
        "children": "predictive mean matching",
        "ill": "logistic",
        "smoking": "multinomial",
        "education": "multinomial",
        "site": "logistic",
        "sport": "logistic",
    }


def test_the_table_is_left_as_it_was(mixed_people: People) -> None:
    table = mixed_people()
    before = table.copy(deep=True)
    list(impute(table, ALL, m=2, iterations=1, seed=1).tables())
    pd.testing.assert_frame_equal(table, before)


def test_matching_imputes_values_that_occur(mixed_people: People) -> None:
    table = mixed_people()
    completed = impute(table, ALL, m=2, iterations=2, seed=1).completed(1)
    assert set(completed["crp"]) <= set(table["crp"].dropna())
    assert set(completed["children"]) <= set(table["children"].dropna())


def test_the_same_seed_gives_the_same_numbers_in_blocks_of_any_size_and_on_two_workers(
    mixed_people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = mixed_people().assign(limit="none")
    table.loc[table["crp"] < 0.6, ["crp", "limit"]] = [0.6, "below"]
    variables = [Variable("crp", censoring="limit", log=True) if name == "crp" else name for name in ALL]

    def numbers(workers: int = 1, seed: int = 5) -> np.ndarray:
        derived = (square("age"), *pairwise_products(["ill", "crp"]))
        return draws_of(impute(table, variables, derived=derived, m=5, iterations=3, seed=seed, workers=workers))

    one = numbers()
    np.testing.assert_array_equal(one, numbers())
    np.testing.assert_array_equal(one, numbers(workers=2))
    monkeypatch.setattr(chains, "BLOCK_BYTES", 1)
    np.testing.assert_array_equal(one, numbers())
    assert not np.array_equal(one, numbers(seed=6))


def test_more_imputations_leave_the_first_as_they_are(mixed_people: People) -> None:
    few, many = (impute(mixed_people(), ALL, m=m, iterations=2, seed=5) for m in (2, 6))
    pd.testing.assert_frame_equal(few.completed(1), many.completed(1))


def test_people_outside_the_domain_are_neither_imputed_nor_donors(mixed_people: People) -> None:
    table = mixed_people()
    inside = pd.Series(np.arange(len(table)) < 200, index=table.index)
    table.loc[~inside & table["crp"].notna(), "crp"] = 1e6
    completed = impute(table, ALL, domain=inside, m=1, iterations=2, seed=1).completed(0)
    pd.testing.assert_frame_equal(completed.loc[~inside], table.loc[~inside])
    assert completed.loc[inside, "crp"].max() < 1e6


def test_nothing_missing_gives_the_table_itself(mixed_people: People) -> None:
    table = mixed_people(share=0.0)
    imputations = impute(table, ALL, m=3, seed=1)
    assert imputations.is_complete
    pd.testing.assert_frame_equal(imputations.completed(1), table)


def limited(n: int = 1000) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    z = rng.normal(size=n)
    truth = np.exp(0.6 * z + 0.8 * rng.normal(size=n))
    table = pd.DataFrame({"z": z, "truth": truth, "crp": truth, "crp_censoring": "none"})
    table.loc[table["crp"] < 0.7, ["crp", "crp_censoring"]] = [0.7, "below"]
    table.loc[table["crp"] > 6, ["crp", "crp_censoring"]] = [6.0, "above"]
    gone = rng.random(n) < 0.1
    table.loc[gone, "crp"] = np.nan
    return table


def test_values_beyond_limits_are_drawn_beyond_them_and_missing_ones_anywhere() -> None:
    table = limited()
    imputations = impute(table, ["z", Variable("crp", censoring="crp_censoring", log=True)], m=5, seed=1)
    for completed in imputations.tables():
        below = (table["crp_censoring"] == "below") & table["crp"].notna()
        above = (table["crp_censoring"] == "above") & table["crp"].notna()
        assert (completed.loc[below, "crp"] <= 0.7).all()
        assert (completed.loc[above, "crp"] >= 6).all()
        assert completed.loc[table["crp"].isna(), "crp"].between(0.7, 6).mean() < 0.95
        assert set(completed.loc[below | above, "crp_censoring"]) == {"none"}
        assert np.log(completed["crp"]).std() == pytest.approx(np.log(table["truth"]).std(), rel=0.08)
    assert table["crp_censoring"].eq("below").any()


def test_bounds_of_single_people_are_kept() -> None:
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"z": rng.normal(size=200)})
    table["x"] = table["z"] + rng.normal(size=200)
    table["at_least"], table["at_most"] = np.floor(table["x"]), np.floor(table["x"]) + 1
    table.loc[:59, "x"] = np.nan
    table.loc[:9, "at_most"] = np.nan
    table.loc[20:29, ["at_least", "at_most"]] = np.nan
    imputations = impute(table, ["z", Variable("x", lower="at_least", upper="at_most")], m=4, seed=1)
    drawn = imputations.draws["x"]
    known = table.loc[:59]
    assert (drawn >= known["at_least"].fillna(-np.inf).to_numpy()).all()
    assert (drawn <= known["at_most"].fillna(np.inf).to_numpy()).all()


def test_derived_columns_follow_from_imputed_values(mixed_people: People) -> None:
    table = mixed_people()
    ratio = Derived("crp per child", ("crp", "children"), lambda crp, children: crp / (1 + children))
    twice = Derived("twice that", ("crp per child",), lambda x: 2 * x)
    smoker = Derived("smoker × crp", ("smoking", "crp"), lambda smoking, crp: (smoking == "current") * crp)
    completed = impute(table, ALL, derived=(ratio, twice, smoker), m=2, iterations=2, seed=1).completed(1)
    expected = completed["crp"] / (1 + completed["children"].astype(float))
    np.testing.assert_allclose(completed["crp per child"], expected)
    np.testing.assert_allclose(completed["twice that"], 2 * expected)
    np.testing.assert_allclose(completed["smoker × crp"], (completed["smoking"] == "current") * completed["crp"])


def test_a_derived_column_predicts_all_but_what_it_is_made_of(mixed_people: People) -> None:
    plan = impute(mixed_people(), ALL, derived=pairwise_products(["ill", "crp"]), m=1, iterations=1, seed=1).plan
    place = plan.places["ill × crp"][0]
    assert place in plan.predictors["children"]
    assert place not in plan.predictors["crp"]
    assert place not in plan.predictors["ill"]


def test_an_interaction_needs_its_products_in_the_imputation_or_groups_of_the_modifier() -> None:
    found: dict[str, list[float]] = {"nothing": [], "products": [], "groups": []}
    variables = [Variable("x", "normal"), "y"]
    for seed in range(12):
        rng = np.random.default_rng(seed)
        n = 1500
        m = rng.random(n) < 0.5
        x = rng.normal(size=n)
        table = pd.DataFrame({"x": x, "m": m, "y": 0.2 * x + 0.8 * x * m + rng.normal(size=n)})
        table.loc[rng.random(n) < 0.4, "x"] = np.nan
        options: dict[str, Any] = {"m": 4, "iterations": 2, "seed": seed}
        tables = {
            "nothing": impute(table, [*variables, "m"], **options).tables(),
            "products": impute(
                table, [*variables, "m"], derived=pairwise_products(["x", "m", "y"]), **options
            ).tables(),
            "groups": completed_tables(impute_within(table, variables, "m", **options)),
        }
        for name, some in tables.items():
            for completed in some:
                product = completed["x"] * completed["m"]
                design = np.column_stack([np.ones(n), completed["x"], completed["m"], product]).astype(float)
                found[name].append(float(np.linalg.lstsq(design, completed["y"].to_numpy())[0][3]))
    means = {name: np.mean(slopes) for name, slopes in found.items()}
    assert means["nothing"] < 0.66
    # x is spread more widely where its slope is flat, which the products do not know.
    assert means["products"] == pytest.approx(0.74, abs=0.03)
    assert means["groups"] == pytest.approx(0.8, abs=0.04)


def test_groups_are_imputed_from_themselves_alone(mixed_people: People) -> None:
    table = mixed_people()
    table["crp"] = table["crp"].where(table["age"] < 50, table["crp"] + 1000)
    table["old"] = table["age"] >= 50
    twice = Derived("twice", ("crp",), lambda crp: 2 * crp)
    parts = impute_within(table, ["age", "crp", "ill"], "old", derived=[twice], m=2, iterations=2, seed=1)
    assert len(parts) == 2
    for completed in completed_tables(parts):
        assert not completed[["crp", "ill", "twice"]].isna().any().any()
        assert (completed.loc[~table["old"], "crp"] < 1000).all()
        assert (completed.loc[table["old"], "crp"] > 1000).all()
    with pytest.raises(InestimableError, match="'smoking', within whose groups"):
        impute_within(table, ["age", "crp"], "smoking", m=1, seed=1)
    few = table.assign(group=["a"] * 298 + ["b"] * 2)
    few.loc[few["group"] == "b", "crp"] = [1.0, np.nan]
    with pytest.raises(InestimableError, match="within a group of 'group': fewer than 5"):
        impute_within(few, ["age", "crp"], "group", m=1, seed=1)


def test_predictors_can_be_chosen(mixed_people: People) -> None:
    variables = [Variable("crp", predictors=("age",)), "age", "ill"]
    plan = impute(mixed_people(), variables, m=1, iterations=1, seed=1).plan
    assert plan.predictors["crp"].tolist() == [0, *plan.places["age"]]
    with pytest.raises(InestimableError, match="'income' cannot predict 'crp'"):
        impute(mixed_people(), [Variable("crp", predictors=("income",)), "age"], m=1, seed=1)


def test_weights_and_strata_of_a_survey_predict(mixed_people: People) -> None:
    table = mixed_people()
    rng = np.random.default_rng(1)
    table["survey_weight"] = rng.uniform(1, 5, len(table))
    table["survey_stratum"] = rng.integers(0, 4, len(table))
    table["survey_psu"] = rng.integers(0, 2, len(table))
    plan = impute(table, ALL, design=design_of(table), m=1, iterations=1, seed=1).plan
    assert plan.fixed.shape[1] == 4
    assert plan.design_words == "the logarithm of the weight and the stratum predicts; sampling units do not"
    table["survey_stratum"] = rng.integers(0, 100, len(table))
    plan = impute(table, ALL, design=design_of(table), m=1, iterations=1, seed=1).plan
    assert plan.design_words == "the logarithm of the weight predicts; strata and sampling units do not"


def test_people_without_weight_are_left_alone(mixed_people: People) -> None:
    table = mixed_people().assign(survey_weight=1.0)
    table.loc[table.index[:50], "survey_weight"] = 0.0
    completed = impute(table, ALL, m=1, iterations=1, seed=1).completed(0)
    pd.testing.assert_frame_equal(completed.iloc[:50], table.iloc[:50])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"crp": np.nan}, "'crp' is missing for everybody"),
        ({"crp": np.inf}, "'crp' has infinite values"),
        ({"crp": pd.Timestamp("2020-01-01")}, "dates"),
    ],
)
def test_columns_that_cannot_be_imputed_are_refused(mixed_people: People, change: dict, reason: str) -> None:
    with pytest.raises(InestimableError, match=reason):
        impute(mixed_people().assign(**change), ALL, m=1, seed=1)


def test_further_reasons_why_it_cannot_be(mixed_people: People) -> None:
    table = mixed_people()
    few = table.assign(crp=table["crp"].where(np.arange(len(table)) < 4))
    cases: dict[str, tuple[pd.DataFrame, list[str | Variable]]] = {
        "no variable 'income'": (table, ["age", "income"]),
        "stands twice": (table, ["age", "age"]),
        "fewer than 5 people have 'crp'": (few, ["age", "crp"]),
        "not positive": (table.assign(crp=table["crp"] - 1), ["age", Variable("crp", log=True)]),
        "holds levels": (table, ["age", Variable("smoking", "normal")]),
        "holds numbers": (table, ["age", Variable("crp", "logistic")]),
        "more than two levels": (table, ["age", Variable("smoking", "logistic")]),
        "has limits": (table.assign(c="none"), [Variable("crp", "normal", censoring="c")]),
        "for too few people for": (table.iloc[:12], ["age", "crp", "smoking", "education", "site", "sport", "ill"]),
        "nobody is in the domain": (table.iloc[:0], ["age"]),
    }
    for reason, (frame, variables) in cases.items():
        try:
            impute(frame, variables, m=1, seed=1)
        except InestimableError as found:
            assert reason in str(found)  # noqa: PT017
        else:
            pytest.fail(f"not refused: {reason}")
    with pytest.raises(InestimableError, match="is not finite"):
        impute(table, ["age", "crp"], derived=[Derived("d", ("age",), lambda x: x / 0 * np.inf)], m=1, seed=1)
    with pytest.raises(InestimableError, match="no delta"):
        impute(table, ["age", "smoking"], delta={"smoking": 1.0}, m=1, seed=1)


def test_one_person_is_complete_or_refused() -> None:
    one = pd.DataFrame({"age": [50.0], "crp": [1.0]})
    assert impute(one, ["age", "crp"], m=1, seed=1).is_complete
    with pytest.raises(InestimableError, match="missing for everybody"):
        impute(one.assign(crp=np.nan), ["age", "crp"], m=1, seed=1)


def test_a_constant_is_imputed_as_what_it_is(mixed_people: People) -> None:
    table = mixed_people().assign(dose=20.0, always=pd.array([True] * 300, dtype="boolean"))
    table.loc[table.index[:40], ["dose", "always"]] = pd.NA
    completed = impute(table, [*ALL, "dose", "always"], m=2, iterations=2, seed=1).completed(1)
    assert (completed["dose"] == 20.0).all()
    assert completed["always"].all()


def test_collinear_predictors_draw_nothing_wild(mixed_people: People) -> None:
    table = mixed_people()
    table["age_months"] = 12 * table["age"]
    table["sum"] = table["age"] + table["age_months"]
    variables = [Variable("crp", "normal"), *(name for name in ALL if name != "crp"), "age_months", "sum"]
    completed = impute(table, variables, m=3, iterations=4, seed=1).completed(1)
    plain = impute(table, variables[:-2], m=3, iterations=4, seed=1).completed(1)
    gone = table["crp"].isna()
    assert completed.loc[gone, "crp"].std() == pytest.approx(plain.loc[gone, "crp"].std(), rel=0.2)


def test_two_incomplete_columns_of_the_same_are_refused(mixed_people: People) -> None:
    table = mixed_people()
    table["twice"] = 2 * table["crp"]
    with pytest.raises(InestimableError, match="'twice' is determined by 'crp'"):
        impute(table, [*ALL, "twice"], m=1, seed=1)


def test_perfect_prediction_and_a_level_of_one_person_do_no_harm() -> None:
    rng = np.random.default_rng(2)
    n = 400
    exposed = rng.random(n) < 0.3
    table = pd.DataFrame(
        {"z": rng.normal(size=n), "exposed": exposed, "ill": pd.array(exposed & (rng.random(n) < 0.2))}
    )
    table["ill"] = table["ill"].astype("boolean").mask(rng.random(n) < 0.3)
    words = np.where(rng.random(n) < 0.5, "a", "b").astype(object)
    words[0] = "rare"
    table["word"] = pd.Categorical(words)
    table.loc[rng.random(n) < 0.2, "word"] = np.nan
    table.loc[0, "word"] = "rare"
    imputations = impute(table, ["z", "exposed", "ill", "word"], m=20, iterations=5, seed=1)
    drawn = np.stack([completed["ill"].to_numpy(dtype=float) for completed in imputations.tables()])
    gone = table["ill"].isna().to_numpy()
    # Nobody without the exposure is ill; the imputed ones hardly ever are.
    assert drawn[:, gone & ~exposed].mean() < 0.02
    known = ~gone & exposed
    assert drawn[:, gone & exposed].mean() == pytest.approx(drawn[0, known].mean(), abs=0.12)
    # A level of one person tells nothing of who has it, and is not drawn.
    assert all((completed["word"] == "rare").sum() == 1 for completed in imputations.tables())


def test_a_rare_level_is_imputed_as_rarely_as_it_is_seen() -> None:
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.normal(size=(1000, 8)), columns=list("abcdefgh"))
    table["ill"] = pd.array(rng.random(1000) < 0.02, dtype="boolean")
    table.loc[rng.random(1000) < 0.4, "ill"] = pd.NA
    drawn = impute(table, list(table.columns), m=40, iterations=1, seed=1).draws["ill"]
    assert drawn.mean() == pytest.approx(table["ill"].mean(), abs=0.006)


def test_auxiliaries_that_the_cohort_lacks_are_left_out_and_named(mixed_people: People) -> None:
    table = mixed_people().assign(empty=np.nan, same=1.0, day=pd.Timestamp("2020-01-01"))
    plan = impute(
        table, ["age", "crp"], auxiliaries=["ill", "income", "empty", "same", "day"], m=1, iterations=1, seed=1
    ).plan
    assert plan.left_out == ("income", "empty", "same", "day")
    assert [one.name for one in plan.coded] == ["age", "crp", "ill"]


def test_trace_holds_every_round_of_every_chain(mixed_people: People) -> None:
    trace = impute(mixed_people(), ALL, m=3, iterations=4, seed=1).trace
    assert len(trace) == 3 * 4 * 7
    assert list(trace.columns) == ["variable", "imputation", "iteration", "mean", "sd"]
    assert trace["mean"].notna().all()
