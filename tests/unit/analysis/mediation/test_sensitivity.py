"""What an unmeasured cause of mediator and outcome does, and that the sensitivity analyses undo it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis.mediation import (
    ErrorCorrelation,
    corrected_for_confounder,
    error_correlation,
    mediational_e_value,
    natural_effects,
)
from cohort.analysis.sampling import design_of
from cohort.analysis.sensitivity import EValue
from cohort.results import Estimate, NotTestable

World = Callable[..., pd.DataFrame]


def curve(people: pd.DataFrame, **options: Any) -> ErrorCorrelation | NotTestable:
    given = {"outcome": "y", "exposure": "a", "mediator": "m", "adjustment": ["c"], "replicates": 25, "seed": 1}
    return error_correlation(people, design=design_of(people), **(given | options))


def test_agrees_with_r(abused_people: pd.DataFrame, mediation_pins: dict[str, Any]) -> None:
    found = curve(
        abused_people, outcome="crp", exposure="abused", mediator="bmi", adjustment=["age"], rhos=[0.3], replicates=5
    )
    assert isinstance(found, ErrorCorrelation)
    assert found.at(0.3)[0] == pytest.approx(mediation_pins["rho"]["at"], abs=1e-9)
    assert found.break_even.value == pytest.approx(mediation_pins["rho"]["even"], abs=1e-9)


def test_at_no_correlation_it_is_the_product_of_coefficients(linear_world: World) -> None:
    people = linear_world(np.random.default_rng(3), 300)
    found = curve(people)
    plain = natural_effects(people, outcome="y", exposure="a", mediators=["m"], adjustment=["c"], interaction=False,
                            design=design_of(people), replicates=5, seed=1)  # fmt: skip
    indirect = plain["natural indirect effect, mean difference"]
    assert isinstance(found, ErrorCorrelation)
    assert isinstance(indirect, Estimate)
    assert found.at_zero.value == pytest.approx(indirect.value, abs=1e-10)


def test_the_true_correlation_repairs_what_a_hidden_cause_spoils(linear_world: World) -> None:
    people = linear_world(np.random.default_rng(2), 6000, hidden=1.0)
    found = curve(people, rhos=[0.5])  # errors u + e1 and u + e2 of equal spread
    assert isinstance(found, ErrorCorrelation)
    assert found.at_zero.interval()[0] > 0.7  # truth 0.4
    indirect, low, high = found.at(0.5)
    assert low < 0.4 < high
    assert abs(indirect - 0.4) < 0.06
    assert list(found.table().data.columns) == ["rho", "indirect", "lower", "upper"]


def test_refuses_what_is_no_number(abused_people: pd.DataFrame) -> None:
    given = {"exposure": "abused", "adjustment": ["age"]}
    for names in ({"outcome": "depressed", "mediator": "bmi"}, {"outcome": "crp", "mediator": "obese"}):
        assert isinstance(curve(abused_people, **given, **names), NotTestable)
    with pytest.raises(ValueError, match="between -1 and 1"):
        curve(abused_people, rhos=[1.0])


def test_the_bias_formula_repairs_the_parts() -> None:
    # Given the mediator, the share with the cause u is made to be 0.7 without and 0.3 with exposure.
    rng = np.random.default_rng(4)
    n = 5000
    a = rng.integers(2, size=n).astype(float)
    m = (rng.random(n) < 0.3 + 0.3 * a).astype(float)
    u = (rng.random(n) < np.where(a == 1, 0.3, 0.7)).astype(float)
    people = pd.DataFrame({"a": a, "m": m, "y": 0.5 * a + 1.0 * m + 0.8 * u + rng.normal(size=n)})
    found = natural_effects(people, outcome="y", exposure="a", mediators=["m"], design=design_of(people),
                            interaction=False, replicates=15, seed=1)  # fmt: skip
    fixed = corrected_for_confounder(found, effect_on_outcome=0.8, share_exposed=0.3, share_unexposed=0.7)
    direct = fixed["natural direct effect, mean difference"]
    assert isinstance(direct, Estimate)
    assert abs(direct.value - 0.5) < 3 * direct.standard_error
    before = sum(found[key].value for key in fixed)  # type: ignore[union-attr]
    assert sum(result.value for result in fixed.values()) == pytest.approx(before)  # type: ignore[union-attr]
    with pytest.raises(ValueError, match="share"):
        corrected_for_confounder(found, effect_on_outcome=0.8, share_exposed=1.3, share_unexposed=0.7)


def test_the_bias_factor_of_ratios() -> None:
    # (1 + 0.6) / (1 + 0.2) by hand, for a cause with risk ratio 3 and shares 0.3 and 0.1.
    given = {
        f"natural {part}direct effect, risk ratio": Estimate("", "", 1.5, 0.1, "log", null=1.0) for part in ("", "in")
    }
    fixed = corrected_for_confounder(given, effect_on_outcome=3, share_exposed=0.3, share_unexposed=0.1)
    values = [result.value for result in fixed.values() if isinstance(result, Estimate)]
    assert values == pytest.approx([1.5 * 1.2 / 1.6, 1.5 * 1.6 / 1.2])


def test_e_value_of_an_indirect_effect() -> None:
    # Risk ratio 1.5 by hand: 1.5 + sqrt(1.5 * 0.5) = 2.366.
    found = mediational_e_value(Estimate("", "natural indirect effect, risk ratio", 1.5, 0.3, "log", null=1.0))
    assert isinstance(found, EValue)
    assert found.point == pytest.approx(2.366, abs=1e-3)
    assert found.limit == 1.0
