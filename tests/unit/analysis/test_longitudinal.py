"""Two processes over waves: exact in the linear case, truth by intervention, reverse causation, and a hidden cause."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from scipy import special

from cohort.analysis.imputation import imputed
from cohort.analysis.longitudinal import later_effect
from cohort.analysis.sampling import design_of
from cohort.results import Estimate, NotTestable, Result


def two_processes(
    rng: np.random.Generator,
    n: int,
    *,
    forth: float = 0.0,
    back: float = 0.4,
    hidden: float = 0.0,
    shock: float = 0.0,
    yes: bool = False,
    set_to: float | None = None,
) -> pd.DataFrame:
    """Return inflammation x and depression y at three waves: x acts on later y by ``forth``, y on later x by ``back``.

    ``hidden`` is an unmeasured cause of x at the first wave and of later y, ``shock`` one of x and y at the same later
    wave; ``set_to`` intervenes on x at the first.
    """
    u = rng.normal(size=n)
    before = rng.normal(size=n)
    y: Any = before + rng.normal(size=n)
    x: Any = back * before + hidden * u + rng.normal(size=n) + 0.3 * y * bool(back)
    table = {"y0": y, "x0": x}
    x = x if set_to is None else np.full(n, set_to)
    for wave in (1, 2):
        score = 0.5 * y + forth * x + hidden * u
        common = shock * rng.normal(size=n) if shock else 0.0
        x, y = 0.5 * x + back * y + common + rng.normal(size=n), score + common + rng.normal(size=n)
        table |= {f"x{wave}": x, f"y{wave}": y}
    found = pd.DataFrame(table)
    if yes:
        found["y2"] = special.expit(score - 0.5) if set_to is not None else rng.random(n) < special.expit(score - 0.5)
    return found


def forth(table: pd.DataFrame, waves: int = 2, **options: Any) -> dict[str, Result]:
    given = {"exposure": ["x0", "x1"][: waves - 1], "outcome": ["y0", "y1", "y2"][:waves], "replicates": 50, "seed": 1}
    return later_effect(table, design=design_of(table), **(given | options))


def back(table: pd.DataFrame) -> Estimate:
    return estimate(forth(table, exposure=["y0"], outcome=["x0", "x1"])["mean difference"])


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


def test_two_waves_give_the_slope_per_standard_deviation() -> None:
    table = two_processes(np.random.default_rng(1), 400)
    matrix = np.column_stack([np.ones(400), table["x0"], table["y0"]])
    slope = np.linalg.lstsq(matrix, table["y1"], rcond=None)[0][1]
    assert estimate(forth(table)["mean difference"]).value == pytest.approx(slope * table["x0"].std(), abs=1e-10)


def test_reverse_causation_is_seen_for_what_it_is() -> None:
    table = two_processes(np.random.default_rng(2), 3000)
    naive = np.corrcoef(table["x1"], table["y1"])[0, 1]
    assert naive > 0.15
    low, high = estimate(forth(table)["mean difference"]).interval()
    assert low < 0 < high
    low, high = estimate(forth(table, 3)["mean difference"]).interval()
    assert low < 0 < high
    reverse = back(table)
    assert abs(reverse.value - 0.4 * table["y0"].std()) < 3 * reverse.standard_error
    assert reverse.interval()[0] > 0.3


@pytest.mark.parametrize("shock", [0.0, 1.0])
def test_recovers_the_truth_by_intervention_over_three_waves(shock: float) -> None:
    table = two_processes(np.random.default_rng(3), 4000, forth=0.3, shock=shock)
    found = estimate(forth(table, 3, values=(0.0, 1.0), replicates=25)["mean difference"])
    # 0.3 to y1 and half of it on to y2, then 0.5 to x1 and 0.3 to y2.
    assert abs(found.value - 0.3) < 3 * found.standard_error < 0.15


def test_recovers_risks_over_three_waves() -> None:
    risks = [two_processes(np.random.default_rng(0), 200_000, forth=0.6, yes=True, set_to=at)["y2"].mean()
             for at in (0.0, 1.0)]  # fmt: skip
    table = two_processes(np.random.default_rng(4), 5000, forth=0.6, yes=True)
    yes = table.assign(y2=table["y2"].astype(float))
    found = forth(yes, 3, values=(0.0, 1.0), replicates=25)
    difference, ratio = estimate(found["risk difference"]), estimate(found["odds ratio"])
    assert abs(difference.value - (risks[1] - risks[0])) < 3 * difference.standard_error < 0.08, found
    assert abs(np.log(ratio.value) - (special.logit(risks[1]) - special.logit(risks[0]))) < 3 * ratio.standard_error


def missed(worlds: int, n: int) -> int:
    """Return in how many worlds without effect the interval leaves out none."""
    count = 0
    for one in np.random.SeedSequence(7).spawn(worlds):
        low, high = estimate(forth(two_processes(np.random.default_rng(one), n))["mean difference"]).interval()
        count += not low <= 0 <= high
    return count


def test_finds_no_effect_where_there_is_none() -> None:
    assert missed(40, 200) <= 7  # 50 replicates make percentile intervals a little short


@pytest.mark.slow
def test_intervals_leave_out_no_effect_in_at_most_one_world_of_twenty() -> None:
    assert missed(500, 400) / 500 <= 0.05 + 0.025 + 3 * np.sqrt(0.05 * 0.95 / 500)


def test_a_hidden_cause_of_both_makes_an_effect_of_none() -> None:
    table = two_processes(np.random.default_rng(5), 3000, hidden=0.7)
    assert estimate(forth(table)["mean difference"]).interval()[0] > 0.1


def test_the_number_of_workers_changes_no_number() -> None:
    table = two_processes(np.random.default_rng(6), 100)
    with parallel_config(backend="threading"):
        assert forth(table, 3) == forth(table, 3, workers=2)


def test_imputation_is_carried_through() -> None:
    table = two_processes(np.random.default_rng(8), 400, forth=0.4)
    gone = np.random.default_rng(1).random(400) < special.expit(-1.5 + table["y0"])
    table = table.assign(y1=table["y1"].mask(gone))
    design = design_of(table)
    found = imputed(
        table, lambda t: later_effect(t, exposure=["x0"], outcome=["y0", "y1"], design=design, replicates=25, seed=1),
        ["y0", "x0", "y1", "y2"], design=design, m=4, iterations=3, seed=1,
    )["mean difference"]  # fmt: skip
    result = estimate(found)
    assert result.n == 400
    assert abs(result.value - 0.4 * table["x0"].std()) < 3 * result.standard_error


def test_says_why_there_is_no_result() -> None:
    table = two_processes(np.random.default_rng(9), 50)
    for reason, changed in {"no variable": table.drop(columns="y0"), "single value": table.assign(x0=1.0)}.items():
        found = forth(changed)["mean difference"]
        assert isinstance(found, NotTestable)
        assert reason in found.reason
    with pytest.raises(ValueError, match="one wave more"):
        forth(table, outcome=["y1"])
