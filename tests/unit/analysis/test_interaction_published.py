"""Published interactions on the additive scale: oral cancer, asbestos and smoking, exposures that are turned round."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cohort.analysis import model_frame
from cohort.analysis.interaction import RERI, interaction
from cohort.analysis.modification import ADDITIVE, SYNERGY, additive_interaction
from cohort.analysis.sampling import design_of
from cohort.results import Estimate, NotTestable, Result


def estimate(result: Result) -> Estimate:
    assert isinstance(result, Estimate), result
    return result


@pytest.fixture
def oral_cancer(monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Return smoking, alcohol and oral cancer of Rothman & Keller 1972 (J Chronic Dis 25:711); one cell holds three."""
    monkeypatch.setattr(model_frame, "MINIMUM_CELL", 1)
    cells = [(1, 1, 225, 166), (1, 0, 8, 18), (0, 1, 6, 12), (0, 0, 3, 20)]
    rows = [(s, a, ill) for s, a, cases, others in cells for ill, n in ((1, cases), (0, others)) for _ in range(n)]
    return pd.DataFrame(rows, columns=["smoking", "alcohol", "cancer"])


def both_tables(table: pd.DataFrame, exposure: str, modifier: str, **options: Any) -> tuple[dict[str, Result], ...]:
    given: dict[str, Any] = {"outcome": "cancer", "exposure": exposure, "modifier": modifier}
    return (
        interaction(table, design=design_of(table), **given),
        additive_interaction(table, design=design_of(table), **given, **options),
    )


def test_oral_cancer_as_hosmer_and_lemeshow_print_it(oral_cancer: pd.DataFrame) -> None:
    # Epidemiology 3:452: odds ratios 2.96, 3.33 and 9.04; excess 3.74 (-1.84 to 9.32), share 0.41 (-0.07 to 0.90),
    # synergy 1.87 (0.65 to 5.42). Knol & VanderWeele 2012 (Int J Epidemiol 41:514) want all of them told together.
    found, measures = both_tables(oral_cancer, "smoking", "alcohol")
    told = [f"{estimate(found[name]).value:.2f}" for name in ("exposure alone", "modifier alone", "both", RERI)]
    assert told == ["2.96", "3.33", "9.04", "3.74"]
    assert [f"{end:.2f}" for end in estimate(found[RERI]).interval()] == ["-1.84", "9.32"]
    published = {"0.41": ("-0.07", "0.90"), "1.87": ("0.65", "5.42")}
    for name in ADDITIVE[1:]:
        result = estimate(measures[name])
        assert tuple(f"{end:.2f}" for end in result.interval()) == published[f"{result.value:.2f}"]


def test_woolfs_intervals_of_the_joint_odds_ratios(oral_cancer: pd.DataFrame) -> None:
    # In a saturated model an odds ratio has Woolf's variance, the sum of the reciprocals of its four cells.
    found, _ = both_tables(oral_cancer, "smoking", "alcohol")
    for name, cells in (("exposure alone", (8, 18)), ("modifier alone", (6, 12)), ("both", (225, 166))):
        result = estimate(found[name])
        assert result.value == pytest.approx(cells[0] * 20 / (cells[1] * 3))
        assert result.standard_error == pytest.approx(math.sqrt(sum(1 / n for n in (*cells, 3, 20))))


def test_asbestos_and_smoking_by_ratios_of_published_rates() -> None:
    # Hammond, Selikoff & Seidman 1979 (Ann N Y Acad Sci 330:473): deaths of lung cancer in 100,000, and their ratios
    # 5.17, 10.85 and 53.24 against neither.
    rows = [
        (asbestos, smoking, ill, weight / 20)
        for asbestos, smoking, rate in ((0, 0, 11.3), (1, 0, 58.4), (0, 1, 122.6), (1, 1, 601.6))
        for ill, weight in ((1, rate), (0, 100_000 - rate))
        for _ in range(20)
    ]
    table = pd.DataFrame(rows, columns=["asbestos", "smoking", "cancer", "survey_weight"])
    _, found = both_tables(table, "asbestos", "smoking", standardised=True)
    excess = 53.24 - 5.17 - 10.85 + 1
    expected = (excess, excess / 53.24, 52.24 / (4.17 + 9.85))
    assert [estimate(found[name]).value for name in ADDITIVE] == pytest.approx(expected, rel=2e-3)


def test_an_exposure_that_is_turned_round_turns_the_excess(oral_cancer: pd.DataFrame) -> None:
    # Knol et al. 2011 (Eur J Epidemiol 26:433): an excess of 0.26 becomes -0.37 when a protective exposure is turned
    # round. It is divided by minus the odds ratio of that exposure alone; the synergy index has no meaning before.
    turned = oral_cancer.assign(smoking=1 - oral_cancer["smoking"])
    found, measures = both_tables(oral_cancer, "smoking", "alcohol")
    other, before = both_tables(turned, "smoking", "alcohol")
    alone = estimate(other["exposure alone"]).value
    assert alone == pytest.approx(1 / estimate(found["exposure alone"]).value)
    assert estimate(measures[RERI]).value == pytest.approx(-estimate(before[RERI]).value / alone)
    assert isinstance(before[SYNERGY], NotTestable)
    assert np.sign(estimate(before[RERI]).value) == -1
