"""The rule of the verdicts, as a table of cases."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from cohort.analysis.verdicts import (
    Side,
    benjamini_hochberg,
    difference_bounds,
    judge_direction,
    judge_family,
    judge_size,
    verdict_table,
)
from cohort.errors import AnalysisError
from cohort.results import Estimate, NotTestable


def ratio(value: float, error: float, measure: str = "odds ratio", **more: object) -> Estimate:
    base = Estimate("x", measure, value, error, scale="log", null=1.0, n=1000)
    return dataclasses.replace(base, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "error", "claimed", "status"),
    [
        (1.50, 0.10, "above", "supported"),
        (1.50, 0.10, "below", "contradicted"),
        (0.60, 0.10, "below", "supported"),
        (0.60, 0.10, "above", "contradicted"),
        (1.50, 0.30, "above", "inconclusive"),
        (1.00, 0.30, "above", "inconclusive"),
        (1.00, 0.05, "above", "no relevant effect"),
        # Different from 1 and too small to matter: equivalence comes first.
        (1.10, 0.02, "above", "no relevant effect"),
        (1.10, 0.02, "below", "no relevant effect"),
        # The 90 % interval just inside and just outside 0.8 to 1.25: ln 1.25 / 1.645 = 0.1357.
        (1.00, 0.135, "above", "no relevant effect"),
        (1.00, 0.137, "above", "inconclusive"),
        # The 95 % interval just above and just over 1: ln 1.5 / 1.96 = 0.2069.
        (1.50, 0.206, "above", "supported"),
        (1.50, 0.208, "above", "inconclusive"),
    ],
)
def test_direction_follows_the_rule(value: float, error: float, claimed: Side, status: str) -> None:
    verdict = judge_direction(ratio(value, error), claim="IP-09", claimed=claimed)
    assert verdict.status == status
    assert (verdict.n_needed is not None) == (status == "inconclusive")
    assert f"{value:.2f}" in verdict.reason
    assert (verdict.claim, verdict.question) == ("IP-09", "direction")


@pytest.mark.parametrize(
    ("value", "error", "size", "status"),
    [
        (3.0, 0.10, 3, "supported"),
        (3.0, 0.20, 3, "supported"),
        (3.0, 0.21, 3, "inconclusive"),
        (1.3, 0.10, 3, "contradicted"),
        (6.0, 0.10, 3, "contradicted"),
        (2.0, 0.10, 3, "inconclusive"),
        (1.3, 0.50, 3, "inconclusive"),
        (0.35, 0.05, 1 / 3, "supported"),
    ],
)
def test_size_follows_the_rule(value: float, error: float, size: float, status: str) -> None:
    verdict = judge_size(ratio(value, error), claim="IP-10", size=size)
    assert verdict.status == status
    assert verdict.question == "size"


def test_differences_are_judged_by_bounds_in_standard_deviations() -> None:
    small = Estimate("x", "difference in mean ln CRP", 0.02, 0.03, null=0.0, n=1000)
    bounds = difference_bounds(1.1)
    assert judge_direction(small, claim="c", claimed="above", equivalence=bounds).status == "no relevant effect"
    assert judge_direction(small, claim="c", claimed="above").status == "inconclusive"
    large = dataclasses.replace(small, value=-0.3)
    assert judge_direction(large, claim="c", claimed="above", equivalence=bounds).status == "contradicted"
    assert judge_size(large, claim="c", size=-0.28).status == "supported"


def test_an_effect_per_raw_unit_is_never_called_irrelevant() -> None:
    tiny = ratio(1.01, 0.01, "odds ratio per unit")
    assert judge_direction(tiny, claim="c", claimed="above").status == "inconclusive"
    per_sd = ratio(1.01, 0.01, "odds ratio per SD")
    assert judge_direction(per_sd, claim="c", claimed="above").status == "no relevant effect"


def test_t_quantiles_of_few_degrees_of_freedom_widen_the_verdict() -> None:
    assert judge_direction(ratio(1.5, 0.19), claim="c", claimed="above").status == "supported"
    assert judge_direction(ratio(1.5, 0.19, df=4.0), claim="c", claimed="above").status == "inconclusive"


@pytest.mark.parametrize("broken", [ratio(math.inf, 1.0), ratio(1.2, math.nan), ratio(1.2, 0.0), ratio(0.0, 0.1)])
def test_what_is_not_finite_is_not_testable(broken: Estimate) -> None:
    for verdict in (judge_direction(broken, claim="c", claimed="above"), judge_size(broken, claim="c", size=3)):
        assert verdict.status == "not testable with this cohort"
        assert "not finite" in verdict.reason


def test_not_testable_keeps_its_reason() -> None:
    absent = NotTestable("MS", "no variable 'has_multiple_sclerosis'")
    for verdict in (judge_direction(absent, claim="c", claimed="above"), judge_size(absent, claim="c", size=3)):
        assert (verdict.status, verdict.reason) == ("not testable with this cohort", absent.reason)


def test_a_verdict_on_a_synthetic_cohort_says_that_it_is_not_of_the_world() -> None:
    for synthetic in (True, False):
        verdict = judge_direction(ratio(1.5, 0.1), claim="c", claimed="above", synthetic=synthetic)
        assert verdict.synthetic == synthetic
        table = verdict_table([verdict])
        assert ("synthetic" in table.note) == synthetic


def test_questions_without_an_answer_are_errors() -> None:
    with pytest.raises(AnalysisError, match="no direction"):
        judge_direction(ratio(1.5, 0.1, null=None), claim="c", claimed="above")
    with pytest.raises(AnalysisError, match="do not hold"):
        judge_direction(Estimate("x", "d", 0.1, 0.1, null=0.0), claim="c", claimed="above", equivalence=(0.8, 1.25))
    with pytest.raises(AnalysisError, match="not zero"):
        judge_size(ratio(1.5, 0.1), claim="c", size=0)


def test_benjamini_hochberg_equals_r() -> None:
    # R 4.2.2: p.adjust(c(0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205), "BH")
    p = [0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205]
    expected = [0.008, 0.032, 0.0672, 0.0672, 0.0672, 0.08, 0.0845714, 0.205]
    assert benjamini_hochberg(p) == pytest.approx(expected, abs=1e-6)
    q = benjamini_hochberg([0.01, np.nan, 0.02])
    assert q[[0, 2]] == pytest.approx([0.02, 0.02])
    assert np.isnan(q[1])


def test_in_a_family_a_verdict_also_needs_its_q_value() -> None:
    borderline, clear = ratio(1.5, 0.205, label="borderline"), ratio(2.5, 0.1, label="clear")
    null = [ratio(1.05, 0.3, label=f"null {i}") for i in range(8)]
    alone = judge_direction(borderline, claim="c", claimed="above")
    family = judge_family([borderline, clear, *null, NotTestable("MS", "absent")], claimed="above")
    assert alone.status == "supported"
    assert [v.status for v in family[:3]] == ["inconclusive", "supported", "inconclusive"]
    assert "q = " in family[0].reason
    assert "among 10 tests" in family[1].reason
    assert family[0].n_needed is not None
    assert family[-1].status == "not testable with this cohort"
    assert family[1].claim == "clear"


def test_a_family_can_find_that_nothing_matters() -> None:
    family = judge_family([ratio(1.0, 0.03, label=str(i)) for i in range(5)], claimed="above")
    assert {v.status for v in family} == {"no relevant effect"}


def test_a_family_of_nothing_is_rarely_called_something() -> None:
    rng = np.random.default_rng(9)
    wrong = 0
    for _ in range(400):
        results = [ratio(math.exp(rng.normal(0, 0.2)), 0.2, label=str(i)) for i in range(20)]
        wrong += any(v.status in ("supported", "contradicted") for v in judge_family(results, claimed="above"))
    assert wrong / 400 <= 0.05 + 0.015 + 3 * math.sqrt(0.05 * 0.95 / 400)


def test_table_of_verdicts_has_a_row_each() -> None:
    verdicts = [
        judge_direction(ratio(1.5, 0.3), claim="IP-09", claimed="above"),
        judge_size(ratio(1.3, 0.1), claim="IP-10", size=3),
    ]
    data = verdict_table(verdicts).data
    assert data["claim"].tolist() == ["IP-09", "IP-10"]
    assert data["verdict"].tolist() == ["inconclusive", "contradicted"]
    assert data["n_needed"].notna().tolist() == [True, False]
    assert verdict_table([]).data.empty
