"""What natural effects assume: a consequence of the exposure must not act on both mediator and outcome beside them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import special

from cohort.analysis.mediation import interventional_effects, natural_effects
from cohort.analysis.sampling import design_of
from cohort.results import Estimate, Result


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def intermediate_world(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Return a world in which the exposure a makes smoking l likelier, which raises mediator m and outcome y.

    Through m or l passes 0.5 * 0.4 by m alone and 0.4 (0.5 + 1.0 * 0.4) by l, in all 0.56; the direct effect is 0.3.
    """
    a = rng.integers(2, size=n).astype(float)
    smokes = rng.random(n) < 0.3 + 0.4 * a
    m = 0.5 * a + 1.0 * smokes + rng.normal(size=n)
    y = 0.3 * a + 0.4 * m + 0.5 * smokes + rng.normal(size=n)
    return pd.DataFrame({"a": a, "l": smokes, "m": m, "y": y})


def effects(people: pd.DataFrame, mediators: list[str], **options: Any) -> dict[str, Result]:
    return natural_effects(
        people, outcome="y", exposure="a", mediators=mediators, design=design_of(people), replicates=25, seed=1,
        interaction=False, **options,
    )  # fmt: skip


def test_a_consequence_of_the_exposure_that_acts_on_both_biases_the_parts_unless_it_is_a_mediator() -> None:
    people = intermediate_world(np.random.default_rng(1), 6000)
    key = "natural indirect effect, mean difference"
    # Through m by any way: 0.4 (0.5 + 0.4 * 1.0) = 0.36. Left out, smoking confounds m and y; held, it closes a way.
    left_out = estimate(effects(people, ["m"])[key])
    held = estimate(effects(people, ["m"], adjustment=["l"])[key])
    assert left_out.interval()[0] > 0.36
    assert held.interval()[1] < 0.36
    both = effects(people, ["l", "m"])
    for name, truth in (("natural direct effect", 0.3), ("natural indirect effect", 0.56), ("total effect", 0.86)):
        result = estimate(both[f"{name}, mean difference"])
        assert abs(result.value - truth) < 3 * result.standard_error < 0.15


def test_an_interventional_effect_needs_no_mediator_to_be_without_such_a_cause() -> None:
    people = intermediate_world(np.random.default_rng(2), 6000)
    found = interventional_effects(
        people, outcome="y", exposure="a", mediators=["l", "m"], design=design_of(people), replicates=25, seed=1,
        interaction=False,
    )  # fmt: skip
    # What passes smoking and then m counts to m: 0.4 * 0.5 to smoking, 0.36 to m.
    for name, truth in (("through l", 0.20), ("through m", 0.36)):
        (result,) = (estimate(one) for key, one in found.items() if name in key)
        assert abs(result.value - truth) < 3 * result.standard_error < 0.1


@pytest.mark.parametrize(("level", "risk"), [(-5.0, 0.012), (-0.5, 0.42)])
def test_risks_are_recovered_whether_the_outcome_is_rare_or_common(level: float, risk: float) -> None:
    def world(rng: np.random.Generator, n: int, a: float | None = None, as_if: float | None = None) -> pd.DataFrame:
        exposure = rng.integers(2, size=n).astype(float) if a is None else np.full(n, a)
        m = 0.8 * (exposure if as_if is None else as_if) + rng.normal(size=n)
        chance = special.expit(level + 0.3 * exposure + 0.6 * m)
        return pd.DataFrame({"a": exposure, "m": m, "y": rng.random(n) < chance, "chance": chance})

    arms = [world(np.random.default_rng(3), 300_000, *at)["chance"].mean() for at in ((0, 0), (1, 0), (1, 1))]
    people = world(np.random.default_rng(7), 12_000)
    assert people["y"].mean() == pytest.approx(risk, rel=0.15)
    found = natural_effects(people, outcome="y", exposure="a", mediators=["m"], design=design_of(people),
                            replicates=25, seed=1, interaction=False)  # fmt: skip
    for name, truth in (("direct", arms[1] / arms[0]), ("indirect", arms[2] / arms[1])):
        result = estimate(found[f"natural {name} effect, risk ratio"])
        assert abs(np.log(result.value / truth)) < 3 * result.standard_error < 0.6


def test_without_effects_of_the_mediator_nothing_passes_it() -> None:
    rng = np.random.default_rng(5)
    a = rng.integers(2, size=2000).astype(float)
    m, second = a + rng.normal(size=2000), rng.random(2000) < 0.3 + 0.3 * a
    people = pd.DataFrame({"a": a, "m": m, "second": second, "y": rng.random(2000) < 0.3 + 0.2 * a})
    found = interventional_effects(people, outcome="y", exposure="a", mediators=["second", "m"], replicates=25, seed=1,
                                   design=design_of(people))  # fmt: skip
    for key, result in found.items():
        if "indirect" in key and "difference" in key:
            assert abs(estimate(result).value) < 3 * estimate(result).standard_error < 0.06
    assert estimate(found["interventional direct effect, risk difference"]).interval()[0] > 0.05
