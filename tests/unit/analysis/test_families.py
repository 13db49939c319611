"""Families: units equal svyglm and the cluster sandwich, siblings equal clogit, pairs are read both ways."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.design import design_of
from cohort.analysis.families import (
    KIN_AGE,
    KIN_EXPOSURE,
    familial_association,
    families_of,
    family_design,
    is_survey,
    kin_table,
)
from cohort.analysis.regression import odds_ratio
from cohort.analysis.variables import InestimableError
from cohort.results import Estimate, NotTestable, Result


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def with_relations(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return people with identifiers and the pairs that join each to the first of the family."""
    people = table.assign(participant_id=[f"p{i}" for i in range(len(table))])
    first = people.groupby("family")["participant_id"].transform("first")
    pairs = pd.DataFrame({"participant_id": first, "relative_id": people["participant_id"], "kind": "sibling"})
    return people, pairs[first != people["participant_id"]].reset_index(drop=True)


def test_families_as_units_equal_svyglm_and_the_cluster_sandwich(
    r_data: Callable[[str], pd.DataFrame], incidence_pins: dict[str, Any]
) -> None:
    people, pairs = with_relations(r_data("siblings"))
    pin = incidence_pins["families"]
    design = family_design(design_of(people), families_of(people, pairs))
    result = estimate(odds_ratio(people, outcome="y", exposure="x", adjustment=["z"], design=design))
    assert math.log(result.value) == pytest.approx(pin["estimate"][1], rel=1e-9)
    assert result.standard_error == pytest.approx(pin["svyglm_se"][1], rel=1e-9)
    assert result.standard_error == pytest.approx(pin["se"][1], rel=1e-9)
    assert result.df == pin["df"]
    assert dict(result.details)["design"] == "simple sample, families as units"
    assert not is_survey(design)


PEOPLE = pd.DataFrame(
    {
        "participant_id": list("abcdef"),
        "has_ra": pd.array([True, False, None, False, True, False], dtype="boolean"),
        "age_years": [30.0, 34, 60, 62, 33, 50],
    }
)
PAIRS = pd.DataFrame(
    [("a", "b", "sibling"), ("a", "c", "parent"), ("a", "d", "parent"), ("b", "e", "sibling"), ("f", "zz", "sibling"),
     ("a", "f", "partner")],
    columns=["participant_id", "relative_id", "kind"],
)  # fmt: skip


def test_siblings_count_both_ways_and_parents_one_way() -> None:
    siblings = kin_table(PEOPLE, PAIRS, "has_ra", kin="sibling")
    assert siblings[KIN_EXPOSURE].tolist() == [0.0, 1.0, pd.NA, pd.NA, 0.0, pd.NA]
    assert siblings[KIN_AGE].tolist()[:2] == [34.0, 31.5]
    parents = kin_table(PEOPLE, PAIRS, "has_ra", kin="parent")
    # One parent has not, of the other it is not known: neither yes nor no.
    assert parents[KIN_EXPOSURE].isna().all()
    known = kin_table(PEOPLE.assign(has_ra=[0, 0, 1, 0, 0, 0]), PAIRS, "has_ra", kin="parent")
    assert known[KIN_EXPOSURE].tolist()[0] == 1.0
    assert known[KIN_EXPOSURE][1:].isna().all()


def test_what_else_relatives_have_is_told_and_can_be_held() -> None:
    people, pairs = simulated(np.random.default_rng(5), 1500, effect=1.0, shared=1.2)
    table = kin_table(people, pairs, "has_ra", kin="sibling", also=["has_depression"])
    swapped = people["has_depression"].to_numpy(dtype=float).reshape(-1, 2)[:, ::-1].ravel()
    assert table["relative_has_depression"].to_numpy(dtype=float) == pytest.approx(swapped)
    design = design_of(people)
    plain, held = (
        estimate(
            familial_association(
                people, pairs, outcome="has_depression", exposure="has_ra", kin="sibling", adjustment=adjustment,
                design=design,
            )["odds ratio"]
        )
        for adjustment in ((), ("relative_has_depression",))
    )  # fmt: skip
    assert 1 < held.value < plain.value


def test_a_family_is_everybody_whom_a_chain_of_relations_joins() -> None:
    assert families_of(PEOPLE, PAIRS).tolist() == [0] * 6
    assert families_of(PEOPLE, PAIRS, kinds=["sibling"]).tolist() == [0, 0, 1, 2, 0, 3]
    assert families_of(PEOPLE, PAIRS.iloc[:0]).tolist() == list(range(6))


def test_a_cohort_without_relatives_is_refused_in_words() -> None:
    table = PEOPLE.assign(y=[0, 1] * 3)
    none = PAIRS.iloc[:0]
    for result in familial_association(
        table, none, outcome="y", exposure="has_ra", kin="sibling", design=design_of(table)
    ).values():
        assert isinstance(result, NotTestable)
        assert result.reason == "this cohort records no relatives"
    with pytest.raises(InestimableError, match="nobody in this cohort has a parent in it"):
        kin_table(table, PAIRS[PAIRS["kind"] == "sibling"], "has_ra", kin="parent")


def simulated(
    rng: np.random.Generator, families: int, *, effect: float, shared: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return pairs of siblings with a shared cause of exposure and outcome."""
    family = np.repeat(np.arange(families), 2)
    u = shared * rng.normal(size=families)[family]
    x = rng.random(2 * families) < 1 / (1 + np.exp(0.7 - u))
    y = rng.random(2 * families) < 1 / (1 + np.exp(1.0 - effect * x - u))
    table = pd.DataFrame({"family": family, "has_ra": x, "has_depression": y})
    return with_relations(table.assign(age_years=40 + rng.normal(size=2 * families), z=rng.normal(size=2 * families)))


def test_familial_association_finds_what_is_shared_and_holds_its_error_rate() -> None:
    rng = np.random.default_rng(8)
    rejected = 0
    for _ in range(60):
        # Nothing that joins depression to the disease is shared, but depression runs in families.
        people, pairs = simulated(rng, 250, effect=0.0, shared=0.0)
        u = np.repeat(rng.normal(size=250), 2) * 2
        people["has_depression"] = rng.random(500) < 1 / (1 + np.exp(1 - u))
        result = estimate(
            familial_association(
                people, pairs, outcome="has_depression", exposure="has_ra", kin="sibling",
                adjustment=["age_years", KIN_AGE], design=design_of(people),
            )["odds ratio"]
        )  # fmt: skip
        rejected += not result.interval()[0] < 1 < result.interval()[1]
    assert rejected / 60 < 0.05 + 0.015 + 3 * math.sqrt(0.95 * 0.05 / 60)
    people, pairs = simulated(rng, 3000, effect=0.0, shared=1.2)
    found = familial_association(
        people, pairs, outcome="has_depression", exposure="has_ra", kin="sibling", adjustment=[],
        design=design_of(people),
    )  # fmt: skip
    ratio, risk = estimate(found["odds ratio"]), estimate(found["risk ratio"])
    assert ratio.interval()[0] > 1.2
    assert 1 < risk.value < ratio.value
    assert ratio.label == "Depression, a sibling has has_ra"
    assert ratio.estimand.startswith("conditional odds ratio of depression in people of whom a sibling has")
